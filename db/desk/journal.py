"""The journal's reader: what came after a line, for those who did not write it."""

from __future__ import annotations

from collections.abc import Container
from uuid import UUID

import msgspec

from commandcenter.domain.change import ChangeSet
from db.desk.engine import Connection


class _Entry(msgspec.Struct):
    kind: str


_entry = msgspec.json.Decoder(_Entry)


def kind_in(data: bytes) -> str:
    """The kind that an entry's bytes name, without reading the rest; "" where they are no entry: that is
    for ``verify`` to say and stops nobody's work."""
    try:
        return _entry.decode(data).kind
    except (msgspec.MsgspecError, TypeError):
        return ""


def newest(connection: Connection) -> int:
    """The sequence number of the newest entry in this file; 0 if there is none."""
    return int(connection.execute("SELECT coalesce(max(seq), 0) FROM journal").fetchone()[0])


def tail(connection: Connection, after: int, own: Container[int] = ()) -> ChangeSet:
    """What the entries after ``after`` touched, but those whose sequence numbers are in ``own``."""
    touched: dict[str, set[UUID]] = {}
    last = after
    for seq, row, data in connection.execute(
        'SELECT seq, coalesce("row", id), bytes FROM journal WHERE seq > ? ORDER BY seq', (after,)
    ):
        last = seq
        if seq not in own:
            touched.setdefault(kind_in(data), set()).add(UUID(bytes=row))
    return ChangeSet({kind: frozenset(ids) for kind, ids in touched.items()}, last)
