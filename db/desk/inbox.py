"""The desk's inbox: what somebody here has dealt with, of what the centre refused and of the exceptions."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from commandcenter.domain.clock import to_ms
from db.desk import local
from db.desk.engine import Connection

ASIDE = "exchange.aside"  # exceptions that somebody here has seen and that nothing closes: their ids
ASIDE_MAX = 2_000  # the oldest go first


def answer(connection: Connection, group: UUID, now: datetime | None) -> bool:
    """Somebody has dealt with a refused group; ``now`` None: not after all. False if there is none."""
    cursor = connection.execute(
        "UPDATE refusal SET answered_at = ? WHERE group_id = ?",
        (None if now is None else to_ms(now), group.bytes),
    )
    return bool(cursor.rowcount)


def answered(connection: Connection, group: UUID) -> bool:
    """Whether somebody has dealt with it."""
    found = connection.execute(
        "SELECT answered_at FROM refusal WHERE group_id = ?", (group.bytes,)
    ).fetchone()
    return found is not None and found[0] is not None


def aside(connection: Connection) -> frozenset[UUID]:
    """The exceptions put aside at this desk."""
    return frozenset(UUID(id_) for id_ in local.get(connection, ASIDE) or ())


def put_aside(connection: Connection, id_: UUID, away: bool) -> None:
    """Put an exception aside, or bring it back."""
    kept = [one for one in local.get(connection, ASIDE) or () if one != str(id_)]
    local.put(connection, ASIDE, [*kept, str(id_)][-ASIDE_MAX:] if away else kept)
