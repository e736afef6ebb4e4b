"""The welfare clock's query: the teams in the field, when each was last heard of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from commandcenter.domain.clock import from_ms, to_ms
from commandcenter.domain.projections.engagement import Engagement
from commandcenter.domain.projections.welfare import AFTER_S, WATCHED, CheckSeen
from db.desk import engagements
from db.desk.counting import counts
from db.desk.engine import Connection

SETTING = "welfare_after_s"
KINDS = frozenset(
    {"deployment_step", "welfare_check", "strike", "time_confirmation", "team", "setting", "incident"}
)
# since the latest step only: before it the step itself was a word from the team
_CHECKS = (
    "SELECT c.happened_at, c.id, c.outcome FROM welfare_check AS c WHERE c.deployment_id = ?"
    f" AND c.happened_at >= ? AND {counts('c')}"
)


@dataclass(frozen=True, kw_only=True)
class Watched:
    """A team in the field. ``where``: its incident's title, or number."""

    team: str
    where: str
    engagement: Engagement
    checks: tuple[CheckSeen, ...]


@dataclass(frozen=True, kw_only=True)
class Field:
    """Everybody in the field, and after how long without a word one is asked."""

    interval: timedelta
    watched: tuple[Watched, ...]


def field(connection: Connection) -> Field:
    """The open deployments whose teams are out, the longest where they are first."""
    row = connection.execute("SELECT value FROM setting WHERE key = ? AND NOT retired", (SETTING,)).fetchone()
    interval = timedelta(seconds=int(row[0]) if row is not None and row[0] else AFTER_S)
    marks = ", ".join("?" * len(WATCHED))
    found = engagements.read(connection, f"ended_at IS NULL AND step IN ({marks})", WATCHED)
    return Field(interval=interval, watched=tuple(_watched(connection, one) for one in found))


def _watched(connection: Connection, one: Engagement) -> Watched:
    team = connection.execute("SELECT name FROM team WHERE id = ?", (one.team_id.bytes,)).fetchone()
    there = connection.execute(
        "SELECT title, number FROM incident WHERE id = ?", (one.incident_id.bytes,)
    ).fetchone()
    checks = connection.execute(_CHECKS, (one.deployment_id.bytes, to_ms(one.since_at)))
    return Watched(
        team=(team[0] or "") if team else "",
        where=(there[0] or there[1] or "") if there else "",
        engagement=one,
        checks=tuple(
            CheckSeen(happened_at=from_ms(at), id=UUID(bytes=id_), answered=outcome == "answered")
            for at, id_, outcome in checks
        ),
    )
