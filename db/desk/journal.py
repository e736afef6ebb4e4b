"""The journal's reader: what came after a line, for those who did not write it."""

from __future__ import annotations

from uuid import UUID

from commandcenter.domain import change as entries
from commandcenter.domain.change import ChangeSet
from db.desk.engine import Connection


def newest(connection: Connection) -> int:
    """The sequence number of the newest entry in this file; 0 if there is none."""
    return int(connection.execute("SELECT coalesce(max(seq), 0) FROM journal").fetchone()[0])


def tail(connection: Connection, after: int) -> ChangeSet:
    """What the entries after ``after`` touched."""
    touched: dict[str, set[UUID]] = {}
    last = after
    for seq, data in connection.execute(
        "SELECT seq, bytes FROM journal WHERE seq > ? ORDER BY seq", (after,)
    ):
        change = entries.decode(bytes(data))
        touched.setdefault(change.kind, set()).add(change.row)
        last = seq
    return ChangeSet({kind: frozenset(ids) for kind, ids in touched.items()}, last)
