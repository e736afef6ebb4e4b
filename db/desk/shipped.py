"""The rows that ship: entered with ids made from their code and bytes, so that twice is once (DESIGN §3)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from commandcenter.domain import change as entries
from commandcenter.domain.change import SALT_BYTES, Change
from commandcenter.domain.record import kind_of, make, values_of
from db.desk import statements
from db.desk.engine import Connection
from db.desk.store import insert_row, keep_private


def plant(connection: Connection, kind_name: str, row_id: UUID, values: Mapping[str, Any]) -> bool:
    """Enter one shipped row: no device, time or person. False if it is here already."""
    kind = kind_of(kind_name)
    full = values_of(make(kind_name, row_id, values))
    # A shipped value is the same everywhere, and so must its salt be: nothing of it is secret.
    names = iter(name for name in kind.types if kind.types[name].personal and full.get(name))

    def salt() -> bytes:
        return hashlib.sha256(b"shipped" + row_id.bytes + next(names).encode()).digest()[:SALT_BYTES]

    set_, private = entries.seal_created(kind, full, salt)
    change_id = entries.shipped_id(row_id, kind_name, set_)
    known = connection.execute("SELECT 1 FROM journal WHERE id = ?", (change_id.bytes,)).fetchone()
    if known:
        return False
    data = entries.encode(Change(id=change_id, group=change_id, kind=kind_name, row=row_id, set=set_))
    connection.execute(
        statements.JOURNAL_INSERT,
        (None, change_id.bytes, None, None, row_id.bytes, data, None, None, None),
    )
    keep_private(connection, kind, change_id, row_id, private, full)
    insert_row(connection, kind, change_id, row_id, full, {})
    return True
