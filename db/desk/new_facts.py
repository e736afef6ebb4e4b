"""The facts that are new at this desk: written together, a statement for each table and not for each fact."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from commandcenter.domain.change import Change, Private
from commandcenter.domain.opened import all_values, opened, readable, unknown_fields
from commandcenter.domain.record import Kind
from commandcenter.protocol.messages import Numbered
from db.desk import projections, statements
from db.desk.engine import Connection
from db.desk.journal import newest
from db.desk.store import keep_private

# Facts that change what stands elsewhere: each by itself, after all before it.
BY_ITSELF = frozenset({"strike", "time_confirmation", "incident_event", "certificate"})
_NUMBER = (
    "UPDATE journal SET epoch = ?, number = ?, order_epoch = ?, order_number = ?, absent = NULL, note = ?"
    " WHERE id = ?"
)
_note_encoder = msgspec.json.Encoder()


class NewFact(NamedTuple):
    """A fact that is new here, and what is written of it."""

    entry: Numbered
    change: Change
    kind: Kind
    private: dict[str, Private]
    values: dict[str, Any]
    row: list[Any]


def new_fact(entry: Numbered, change: Change, kind: Kind, private: dict[str, Private]) -> NewFact:
    """The fact of an entry, for :func:`write`."""
    return NewFact(entry, change, kind, private, *fact_row(kind, change, private))


def write(connection: Connection, facts: Sequence[NewFact]) -> int:
    """Enter facts, none of a kind that goes by itself, into journal, rows and projections in their order.
    Returns the journal's last line."""
    connection.executemany(
        statements.JOURNAL_INSERT, [line(one.entry, one.change, bytes(one.entry.e)) for one in facts]
    )
    seq = newest(connection)
    by_kind: dict[str, list[list[Any]]] = {}
    for one in facts:
        if one.entry.order is not None or one.entry.note is not None:
            give_number(connection, one.entry, one.change.id)
        if one.private:
            keep_beside(connection, one.kind, one.change, one.private)
        by_kind.setdefault(one.kind.name, []).append(one.row)
    for name, rows in by_kind.items():
        connection.executemany(statements.CODECS[name].insert, rows)
    projections.keep_many(
        connection, [(one.kind, one.change.row, one.values, one.change.device) for one in facts]
    )
    return seq


def fact_row(kind: Kind, change: Change, private: dict[str, Private]) -> tuple[dict[str, Any], list[Any]]:
    """(the fact's values, its row as the driver takes it)."""
    said = opened(kind, change, private).set or {}
    values = readable(all_values(kind, change.row, said))
    full = {
        **values,
        "id": change.row,
        "extra": unknown_fields(kind, (change,)),
        "typed_by_id": change.by,
        "typed_desk_id": change.device,
        "typed_at": change.at,
        "typed_offset_ms": change.offset_ms,
    }
    return values, statements.CODECS[kind.name].parameters(full)


def line(entry: Numbered, change: Change, data: bytes) -> tuple[Any, ...]:
    """An entry that came from the centre as the journal's insert takes it."""
    return (
        None,
        change.id.bytes,
        None if change.device is None else change.device.bytes,
        change.n,
        None if change.row == change.id else change.row.bytes,
        data,
        None,
        entry.epoch,
        entry.n,
    )


def give_number(connection: Connection, entry: Numbered, change: UUID) -> None:
    """Note an entry's number, and what the centre remarks on it."""
    order = entry.order or (None, None)
    note = None if entry.note is None else _note_encoder.encode(entry.note).decode()
    connection.execute(_NUMBER, (entry.epoch, entry.n, *order, note, change.bytes))


def keep_beside(connection: Connection, kind: Kind, change: Change, private: dict[str, Private]) -> None:
    """Lay an entry's personal values beside the chain."""
    incident = (change.set or {}).get("incident_id")
    named = {"incident_id": None if incident is None else UUID(incident)}
    keep_private(connection, kind, change.id, change.row, private, named)
