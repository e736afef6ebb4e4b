"""The deployments' commands: send teams, note how far they are, stand them down."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from commandcenter.domain.errors import Refused
from commandcenter.domain.projections.engagement import Engagement, next_step, rank
from commandcenter.services.command import Command, filled_in_now, handles
from db.desk import engagements
from db.desk.store import Transaction

TEAMS_MAX = 100  # sent by one command


@dataclass(frozen=True, kw_only=True)
class DispatchTeam(Command):
    """Order teams to an incident. ``knowingly``: also those that are out already; their first job goes on."""

    incident_id: UUID
    team_ids: list[UUID]
    knowingly: bool = False
    happened_at: datetime | None = None
    note: str | None = None


@handles(DispatchTeam)
def dispatch_team(tx: Transaction, command: DispatchTeam) -> None:
    """An order for each team, all of them or none."""
    incident = tx.need("incident", command.incident_id, "incident_id")
    if incident["state"] == "closed":
        raise Refused("incident_is_closed", field="incident_id")
    wanted = list(dict.fromkeys(command.team_ids))
    if not wanted:
        raise Refused("required", field="team_ids")
    if len(wanted) > TEAMS_MAX:
        raise Refused("group_too_large", field="team_ids", max=TEAMS_MAX)
    happened_at = command.happened_at or filled_in_now(tx)
    for id_ in wanted:
        team = tx.need("team", id_, "team_ids")
        _may_go(tx, team, command)
        busy = bool(engagements.of_team(tx.connection, id_))
        tx.add(
            "deployment_step",
            {
                "scope_id": team["scope_id"],
                "happened_at": happened_at,
                "incident_id": command.incident_id,
                "team_id": id_,
                "deployment_id": tx.mint.new_id(),
                "step": "ordered",
                "strength": team["strength"],
                "knowingly": busy,
                "note": command.note,
            },
        )


def _may_go(tx: Transaction, team: dict[str, Any], command: DispatchTeam) -> None:
    """Refuse a team that is retired, there already, or busy where that was not known."""
    if team["retired"]:
        raise Refused("team_is_retired", field="team_ids", team=team["name"])
    for one in engagements.of_team(tx.connection, team["id"]):
        there = tx.get("incident", one.incident_id)
        if one.incident_id == command.incident_id:
            raise Refused("team_is_there", field="team_ids", team=team["name"])
        if not command.knowingly:
            number = (there or {}).get("number") or ""
            raise Refused("team_busy", field="team_ids", team=team["name"], incident=number)


@dataclass(frozen=True, kw_only=True)
class AdvanceDeployment(Command):
    """Note the next step of a deployment, or a later ``step``. ``happened_at`` absent: now."""

    deployment_id: UUID
    step: str | None = None
    happened_at: datetime | None = None
    strength: int | None = None
    note: str | None = None


@handles(AdvanceDeployment)
def advance_deployment(tx: Transaction, command: AdvanceDeployment) -> None:
    """A step further along the way, never back: what was wrong is struck."""
    now = _open(tx, command.deployment_id)
    step = command.step or next_step(now.step)
    if step is None or step == "cancelled" or (rank(step) >= 0 and rank(step) <= rank(now.step)):
        raise Refused("step_not_ahead", field="step")
    _note(tx, now, step, command.happened_at, strength=command.strength, note=command.note)


@dataclass(frozen=True, kw_only=True)
class CancelDeployment(Command):
    """Stand a team down, wherever it is."""

    deployment_id: UUID
    reason: str
    happened_at: datetime | None = None


@handles(CancelDeployment)
def cancel_deployment(tx: Transaction, command: CancelDeployment) -> None:
    """The last step of it, with the reason."""
    now = _open(tx, command.deployment_id)
    if not command.reason.strip():
        raise Refused("required", field="reason")
    _note(tx, now, "cancelled", command.happened_at, note=command.reason)


@dataclass(frozen=True, kw_only=True)
class KeepDeployment(Command):
    """Of several deployments of one team, ordered by people who did not know of one another, keep one: the
    ``others`` are stood down, for ``reason``."""

    keep_id: UUID
    others: list[UUID]
    reason: str


@handles(KeepDeployment)
def keep_deployment(tx: Transaction, command: KeepDeployment) -> None:
    """What is over already stays as it is."""
    kept = _open(tx, command.keep_id, "keep_id")
    if command.keep_id in command.others:
        raise Refused("replaces_itself", field="keep_id")
    for other in command.others:
        now = engagements.of_deployment(tx.connection, other)
        if now is None or now.team_id != kept.team_id:
            raise Refused("unknown_row", field="others", kind="deployment_step", id=str(other))
        if now.open:
            cancel_deployment(tx, CancelDeployment(deployment_id=other, reason=command.reason))


def _open(tx: Transaction, deployment_id: UUID, field: str = "deployment_id") -> Engagement:
    now = engagements.of_deployment(tx.connection, deployment_id)
    if now is None:
        raise Refused("unknown_row", field=field, kind="deployment_step", id=str(deployment_id))
    if not now.open:
        raise Refused("deployment_is_over", field=field)
    return now


def _note(tx: Transaction, now: Engagement, step: str, happened_at: datetime | None, **more: Any) -> None:
    if happened_at is not None and happened_at < now.since_at:
        raise Refused("step_before_last", field="happened_at")
    team = tx.need("team", now.team_id, "deployment_id")
    tx.add(
        "deployment_step",
        {
            "scope_id": team["scope_id"],
            # another desk's clock may have been ahead: what is noted after a step did not happen before it
            "happened_at": happened_at or max(filled_in_now(tx), now.since_at),
            "incident_id": now.incident_id,
            "team_id": now.team_id,
            "deployment_id": now.deployment_id,
            "step": step,
            **more,
        },
    )
