"""The rows that ship: entered with ids made from their code and bytes, so that twice is once (DESIGN §3)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from commandcenter.domain import change as entries
from commandcenter.domain.change import SALT_BYTES, Change, Private
from commandcenter.domain.record import kind_of, make, values_of
from db.desk import statements
from db.desk.engine import Connection
from db.desk.store import insert_row, keep_private


@dataclass(frozen=True, kw_only=True)
class Shipped:
    """One shipped row: its change, the personal values beside it, and all its values."""

    change: Change
    private: Mapping[str, Private]
    values: Mapping[str, Any]


def shipped(kind_name: str, row_id: UUID, values: Mapping[str, Any]) -> Shipped:
    """The row's change, the same wherever it is made: no device, time or person."""
    kind = kind_of(kind_name)
    full = values_of(make(kind_name, row_id, values))
    # A shipped value is the same everywhere, and so must its salt be: nothing of it is secret.
    names = iter(name for name in kind.types if kind.types[name].personal and full.get(name) is not None)

    def salt() -> bytes:
        return hashlib.sha256(b"shipped" + row_id.bytes + next(names).encode()).digest()[:SALT_BYTES]

    set_, private = entries.seal_created(kind, full, salt)
    id_ = entries.shipped_id(row_id, kind_name, set_)
    change = Change(id=id_, group=id_, kind=kind_name, row=row_id, set=set_)
    return Shipped(change=change, private=private, values=full)


def plant(connection: Connection, kind_name: str, row_id: UUID, values: Mapping[str, Any]) -> bool:
    """Enter one shipped row. False if it is here already."""
    kind = kind_of(kind_name)
    row = shipped(kind_name, row_id, values)
    id_ = row.change.id
    if connection.execute("SELECT 1 FROM journal WHERE id = ?", (id_.bytes,)).fetchone():
        return False
    connection.execute(
        statements.JOURNAL_INSERT,
        (None, id_.bytes, None, None, row_id.bytes, entries.encode(row.change), None, None, None),
    )
    keep_private(connection, kind, id_, row_id, row.private, row.values)
    insert_row(connection, kind, id_, row_id, row.values, {})
    return True
