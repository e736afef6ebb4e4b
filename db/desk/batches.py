"""The batches: the journal's entries of one import at this desk, and what its edits replaced."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from commandcenter.domain.change import Change, Edit, Grow, Private, decode, opened
from commandcenter.domain.merge import heads_out
from commandcenter.domain.record import Kind
from db.desk.engine import Connection

PAGE = 400


def entries(connection: Connection, batch: UUID, after: int, last: int) -> Iterator[tuple[int, Change]]:
    """The batch's entries between two lines of the journal, with their lines, in order."""
    page = [(after, b"")]
    while page:
        page = connection.execute(
            "SELECT seq, bytes FROM journal WHERE seq > ? AND seq <= ? AND instr(bytes, ?)"
            " ORDER BY seq LIMIT ?",
            (page[-1][0], last, f'"batch":"{batch}"'.encode(), PAGE),
        ).fetchall()
        for seq, data in page:
            change = decode(data)
            if change.batch == batch:
                yield seq, change


def restored(connection: Connection, kind: Kind, change: Change, row: dict[str, Any]) -> dict[str, Any]:
    """What makes an edit's fields what they were before it: {field: value}. A field that somebody has
    changed since, one that is set once, and one whose former words were destroyed keep what they have."""
    out: dict[str, Any] = {}
    heads = heads_out(kind, row["heads"])
    for name, edit in (change.edit or {}).items():
        type_ = kind.types.get(name)
        if type_ is None or type_.merge == "once":
            continue
        if isinstance(edit, Grow):
            out[name] = tuple(sorted(set(row[name] or ()) - set(edit.add) | set(edit.drop)))
        elif heads.get(name) == [change.id] and isinstance(edit, Edit):
            private = _private(connection, change.id, name) if type_.personal else None
            if type_.personal and edit.former is not None and (private is None or private.former is None):
                continue
            out[name] = opened(type_, edit.former, private, former=True)
    return out


def _private(connection: Connection, change: UUID, name: str) -> Private | None:
    found = connection.execute(
        "SELECT body FROM private_value WHERE change_id = ?", (change.bytes,)
    ).fetchone()
    body = json.loads(found[0]).get(name) if found else None
    if body is None:
        return None
    return Private(salt=bytes.fromhex(body["salt"]), value=body["value"], former=body["former"])
