"""A card as its entries in the journal make it: what the centre has, and what the screen shows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from commandcenter.domain import change as entries
from commandcenter.domain.change import Change, Private
from commandcenter.domain.merge import standing
from commandcenter.domain.opened import Opened, opened, readable, unknown_fields
from commandcenter.domain.record import Kind, settled
from db.desk import statements
from db.desk.engine import Connection

_OF_ROW = (
    "SELECT id, bytes, coalesce(order_epoch, epoch), coalesce(order_number, number), seq FROM journal"
    ' WHERE ("row" = ?1 OR id = ?1) AND absent IS NULL'
)
_PRIVATE = "SELECT body FROM private_value WHERE change_id = ?"


@dataclass(frozen=True, kw_only=True)
class Stored:
    """An entry of a row with its place: the number it was first given; None while it is unsent."""

    change: Change
    opened: Opened
    order: tuple[int, int] | None
    seq: int


def private_of(connection: Connection, change: UUID) -> dict[str, Private]:
    """The personal values beside an entry; nothing where they are not here."""
    raw = connection.execute(_PRIVATE, (change.bytes,)).fetchone()
    if raw is None:
        return {}
    return {
        name: Private(salt=bytes.fromhex(value["salt"]), value=value["value"], former=value["former"])
        for name, value in json.loads(raw[0]).items()
    }


def entries_of(connection: Connection, kind: Kind, row: UUID) -> list[Stored]:
    """The entries that make a card: the numbered ones in their order, then the unsent as they were made."""
    found = []
    for id_, data, epoch, number, seq in connection.execute(_OF_ROW, (row.bytes,)):
        change = entries.decode(data)
        private = private_of(connection, UUID(bytes=id_)) if kind.personal() else {}
        order = None if number is None else (epoch, number)
        found.append(Stored(change=change, opened=opened(kind, change, private), order=order, seq=seq))
    return sorted(found, key=lambda entry: (entry.order is None, entry.order or (0, 0), entry.seq))


def heads_at_centre(kind: Kind, stored: Sequence[Stored]) -> Mapping[str, Any] | None:
    """The heads of the server layer: what the numbered entries alone make; None: no row there."""
    made = standing(kind, [entry.opened for entry in stored if entry.order is not None])
    return None if made is None else made.heads


def scope_at_centre(kind: Kind, stored: Sequence[Stored]) -> UUID | None:
    """Whose row it is in the server layer."""
    made = standing(kind, [entry.opened for entry in stored if entry.order is not None])
    return None if made is None else made.values.get("scope_id")


def card_row(kind: Kind, row: UUID, stored: Sequence[Stored]) -> list[Any] | None:
    """The card's row as these entries make it, as the driver takes it; None where none of them creates it."""
    made = standing(kind, [entry.opened for entry in stored])
    if made is None:
        return None
    creation = next(entry.change for entry in stored if entry.change.set is not None)
    full: dict[str, Any] = {name: settled(type_, None) for name, type_ in kind.types.items()}
    full |= {name: settled(kind.types[name], value) for name, value in readable(made.values).items()}
    full |= {
        "id": row,
        "extra": unknown_fields(kind, (entry.change for entry in stored)),
        "typed_by_id": creation.by,
        "typed_desk_id": creation.device,
        "typed_at": creation.at,
        "typed_offset_ms": creation.offset_ms,
        "heads": made.heads,
    }
    return statements.CODECS[kind.name].parameters(full)


def write_card(connection: Connection, kind: Kind, row: UUID, stored: Sequence[Stored]) -> None:
    """Make the card's row say what these entries make of it; no row where none of them creates it."""
    values = card_row(kind, row, stored)
    if values is None:
        connection.execute(f'DELETE FROM "{kind.name}" WHERE id = ?', (row.bytes,))
        return
    replace_row(connection, kind, values)


def replace_row(connection: Connection, kind: Kind, values: Sequence[Any]) -> None:
    """Write a whole row, as the driver takes it, in the place of the one with its id."""
    names = ", ".join(f'"{name}"' for name in statements.CODECS[kind.name].columns)
    marks = ", ".join("?" * len(values))
    connection.execute(f'INSERT OR REPLACE INTO "{kind.name}" ({names}) VALUES ({marks})', values)
