"""The teams' queries: every team with what it is bound by, and the forces of one incident."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from commandcenter.domain.projections.engagement import Double, Engagement, double, most_engaged
from db.desk import engagements
from db.desk.engine import Connection
from db.desk.statements import CODECS


@dataclass(frozen=True, kw_only=True)
class TeamNow:
    """A team and its open deployments, the most engaged first. ``values``: the card by column."""

    id: UUID
    values: Mapping[str, Any]
    engagements: tuple[Engagement, ...]
    double: Double | None

    @property
    def first(self) -> Engagement | None:
        """What it is shown by; None where it is free."""
        return self.engagements[0] if self.engagements else None


@dataclass(frozen=True, kw_only=True)
class Forces:
    """The teams, and what the incidents they are at are called."""

    teams: tuple[TeamNow, ...]
    incidents: Mapping[UUID, tuple[str, str]]  # (number, title)


def forces(connection: Connection) -> Forces:
    """Every team but those that are retired and free: the most engaged first, then by their numbers."""
    bound: dict[UUID, list[Engagement]] = {}
    for one in engagements.read(connection, "ended_at IS NULL"):
        bound.setdefault(one.team_id, []).append(one)
    teams = []
    codec = CODECS["team"]
    for raw in connection.execute(codec.select_all):
        values = codec.row(raw)
        mine = bound.get(values["id"], [])
        if values["retired"] and not mine:
            continue
        ordered = tuple(most_engaged(mine))
        teams.append(TeamNow(id=values["id"], values=values, engagements=ordered, double=double(ordered)))
    numbered = {team.id: _place(team.values) for team in teams}
    everything = most_engaged(one for ones in bound.values() for one in ones)
    order = {one.deployment_id: at for at, one in enumerate(everything)}
    teams.sort(
        key=lambda team: (order[team.first.deployment_id] if team.first else len(order), numbered[team.id])
    )
    return Forces(teams=tuple(teams), incidents=_incidents(connection, bound))


def _place(values: Mapping[str, Any]) -> tuple[int, str, bytes]:
    """By number as people count, then by name."""
    code = str(values["code"] or "")
    number = int(code) if code.isdecimal() and code.isascii() else 10**9
    return number, code or values["name"] or "", values["id"].bytes


def _incidents(connection: Connection, bound: Mapping[UUID, list[Engagement]]) -> dict[UUID, tuple[str, str]]:
    out = {}
    for id_ in {one.incident_id for ones in bound.values() for one in ones}:
        found = connection.execute("SELECT number, title FROM incident WHERE id = ?", (id_.bytes,)).fetchone()
        if found is not None:
            out[id_] = (found[0] or "", found[1] or "")
    return out


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A team at an incident."""

    team: str
    engagement: Engagement


def sent_to(connection: Connection, incident: UUID) -> tuple[Sent, ...]:
    """An incident's forces: those that are there, the most engaged first, then those that were."""
    found = engagements.read(connection, "incident_id = ?", (incident.bytes,))
    over = sorted((one for one in found if not one.open), key=lambda one: one.since_at, reverse=True)
    out = []
    for one in (*most_engaged(found), *over):
        name = connection.execute("SELECT name FROM team WHERE id = ?", (one.team_id.bytes,)).fetchone()
        out.append(Sent(team=name[0] or "" if name else "", engagement=one))
    return tuple(out)
