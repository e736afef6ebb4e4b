"""The verification's cards at the centre: each as its entries make it, a page of cards after the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, or_, select

from commandcenter.domain import change as entries
from commandcenter.domain.change import Change
from commandcenter.domain.record import REGISTRY
from db.centre import rows
from db.tables import RECORDS, journal

CARDS_PAGE = 100
_UNREADABLE = (ValueError, TypeError, KeyError, AttributeError, OverflowError)
_FIRST = UUID(int=0)
_IDS = {
    name: select(table.c.id)
    .where(table.c.id > bindparam("after"))
    .order_by(table.c.id)
    .limit(bindparam("most"))
    for name, table in RECORDS.items()
}
_ENTRIES = select(
    *(journal.c.seq, journal.c.epoch, journal.c.order_epoch, journal.c.order_number, journal.c.bytes)
).where(
    or_(
        journal.c.row.in_(bindparam("rows", expanding=True)),
        journal.c.id.in_(bindparam("ids", expanding=True)),
    )
)


def cards(
    connection: Connection,
    found: Callable[..., None],
    good: Callable[[str, rows.Row, Mapping[str, Any]], None],
) -> None:
    """Compare every card with its entries. ``found``: what is told of one that differs; ``good`` is called
    with every card as it stands and as it is due."""
    for kind in (kind for kind in REGISTRY.values() if kind.nature == "card"):
        after = _FIRST
        while ids := list(
            connection.execute(_IDS[kind.name], {"after": after, "most": CARDS_PAGE}).scalars()
        ):
            after = ids[-1]
            said = _entries(connection, ids)
            changes = [change.id for stored in said.values() for change in stored]
            private = rows.private_of(connection, changes) if kind.personal() else {}
            for id_, row in rows.read(connection, kind.name, ids).items():
                try:
                    due = rows.folded(kind, id_, said.get(id_, []), private)
                    if due is None:
                        found("row_without_entry", kind=kind.name, row=id_, detail="1")
                        continue
                    wrong = differing(due, row)
                except _UNREADABLE as error:
                    found("row_altered", kind=kind.name, row=id_, detail=str(error))
                    continue
                if wrong:
                    found("row_altered", kind=kind.name, row=id_, detail=", ".join(wrong))
                good(kind.name, row, due)


def _entries(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, list[Change]]:
    """{card: its entries in the order of their first numbers}; what is no entry was told before."""
    found: dict[UUID, list[tuple[tuple[int, int], Change]]] = {}
    for seq, epoch, order_epoch, order_number, data in connection.execute(
        _ENTRIES, {"rows": ids, "ids": ids}
    ):
        try:
            change = entries.decode(bytes(data))
        except ValueError:
            continue
        order = (order_epoch or epoch, order_number or seq)
        found.setdefault(change.row, []).append((order, change))
    return {
        row: [change for _, change in sorted(stored, key=lambda one: one[0])] for row, stored in found.items()
    }


def differing(due: Mapping[str, Any], row: Mapping[str, Any]) -> list[str]:
    """The columns of a row that do not say what they have to."""
    return sorted(name for name, value in due.items() if row.get(name) != value)


def stamps(change: Change) -> dict[str, Any]:
    """Who typed the record where and when, as its row says it."""
    return {
        "id": change.row,
        "typed_by_id": change.by,
        "typed_desk_id": change.device,
        "typed_at": change.at,
        "typed_offset_ms": change.offset_ms,
    }
