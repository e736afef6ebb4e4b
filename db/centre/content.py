"""The centre's content digests: what its rows say, hashed a piece at a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, select

from commandcenter.domain import change as entries
from commandcenter.domain import digest
from commandcenter.domain.change import Change
from commandcenter.domain.purge import Destruction
from commandcenter.domain.record import REGISTRY, Kind
from commandcenter.protocol.messages import Held
from db.centre import purge, rows
from db.centre.judgement import Caller
from db.tables import RECORDS, journal

PIECE = 500  # rows of one answer: about a tenth of a second
_FIRST = UUID(int=0)
_IDS = {
    name: select(table.c.id)
    .where(table.c.id > bindparam("after"))
    .order_by(table.c.id)
    .limit(bindparam("most"))
    for name, table in RECORDS.items()
}
_IDS_WITHIN = {
    name: select(table.c.id)
    .where((table.c.id > bindparam("after")) & table.c.scope_id.in_(bindparam("scopes", expanding=True)))
    .order_by(table.c.id)
    .limit(bindparam("most"))
    for name, table in RECORDS.items()
}
_BYTES = select(journal.c.id, journal.c.bytes).where(journal.c.id.in_(bindparam("ids", expanding=True)))


def sees_all(kind: Kind, caller: Caller) -> bool:
    """Whether a desk sees every row of a kind."""
    return caller.district or kind.public


def piece(
    connection: Connection, caller: Caller, kind: Kind, after: UUID | None, most: int = PIECE
) -> tuple[list[Held], UUID | None]:
    """(the digests of what the desk sees whole of the ``most`` rows after ``after``, the last of them; None:
    there are no more). Of the scopes that are its own also those that hold nothing."""
    asked: dict[str, Any] = {"after": after or _FIRST, "most": most}
    own = sorted(scope for scope in caller.scopes if scope is not None)
    sums: dict[UUID | None, tuple[int, int]] = {}
    statement = _IDS[kind.name]
    if not sees_all(kind, caller):
        statement, asked["scopes"] = _IDS_WITHIN[kind.name], own
        sums = dict.fromkeys(own, (0, 0))
    ids = list(connection.execute(statement, asked).scalars())
    found = rows.read(connection, kind.name, ids)
    changes: dict[UUID, Change] = {}
    private: Mapping[UUID, Any] = {}
    gone = Destruction()
    if kind.personal():
        by = {digest.stated_by(kind, row, name) for row in found.values() for name in kind.personal()}
        named = [id_ for id_ in by if id_ is not None]
        changes = {
            id_: entries.decode(bytes(data))
            for begin in range(0, len(named), PIECE)
            for id_, data in connection.execute(_BYTES, {"ids": named[begin : begin + PIECE]})
        }
        private = rows.private_of(connection, named)
        if purge.anything(connection):
            gone = purge.destruction(connection, [*named, *found])
    for row in found.values():
        count, total = sums.get(row["scope_id"], (0, 0))
        hash_ = digest.of_content(kind, row, private, changes, gone)
        sums[row["scope_id"]] = count + 1, digest.plus(total, hash_)
    held = [Held(kind.name, scope, count, total) for scope, (count, total) in sums.items()]
    return held, ids[-1] if len(ids) == most else None


def fields_of(kind: str) -> list[str]:
    """The fields that this program knows of a kind; none of a kind that it does not know."""
    return sorted(REGISTRY[kind].types) if kind in REGISTRY else []
