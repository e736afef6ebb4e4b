"""The teams' exceptions: one team sent to several places by people who did not know of one another."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from commandcenter.domain.projections.engagement import Engagement, double
from db.desk import engagements
from db.desk.engine import Connection
from db.queries.clash import Clash, Value

KINDS = ("deployment_step", "time_confirmation")


def found(connection: Connection) -> Iterator[Clash]:
    """Teams that several people sent to several places without knowing of one another."""
    bound: dict[UUID, list[Engagement]] = {}
    for one in engagements.read(connection, "ended_at IS NULL AND NOT knowingly"):
        bound.setdefault(one.team_id, []).append(one)
    for team, mine in bound.items():
        doubled = double(mine)
        if doubled is not None:
            values = tuple(_sent(connection, one) for one in doubled.engagements)
            yield Clash(id=doubled.id, what="team", kind="team", row=team, values=values)


def _sent(connection: Connection, one: Engagement) -> Value:
    """A deployment, by the incident it is at and by who ordered it."""
    there = connection.execute(
        "SELECT number, title FROM incident WHERE id = ?", (one.incident_id.bytes,)
    ).fetchone()
    by, desk = connection.execute(
        "SELECT typed_by_id, typed_desk_id FROM deployment_step WHERE deployment_id = ?"
        " ORDER BY happened_at, id LIMIT 1",
        (one.deployment_id.bytes,),
    ).fetchone()
    return Value(
        id=one.deployment_id,
        value=None if there is None else f"{there[0] or ''} {there[1] or ''}".strip(),
        hidden=there is None,
        by=None if by is None else UUID(bytes=by),
        desk=None if desk is None else UUID(bytes=desk),
        at=one.ordered_at or one.since_at,
    )
