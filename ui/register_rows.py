"""The rows of a register: cards read and put into words on a reader's thread, in their own order."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from commandcenter.domain.fields import FieldType
from commandcenter.domain.record import Kind
from db.desk.engine import Connection
from db.queries.purge import gone_from
from db.queries.registers import row as row_of
from db.queries.registers import rows
from ui.forms.ranking import Initials, folded
from ui.register_words import CardWords

Sort = tuple[int, str]


@dataclass(frozen=True, kw_only=True)
class CardRow:
    """One card as the list shows it. ``heads``: per field the changes whose values these are."""

    id: UUID
    values: Mapping[str, Any]
    heads: Mapping[str, Any]
    cells: tuple[str, ...]
    keys: tuple[Sort, ...]
    found_by: tuple[str, ...]  # folded
    retired: bool
    sealed: frozenset[str] = frozenset()  # the fields whose words are not for this desk
    gone: Mapping[str, str] = field(default_factory=dict)  # {field: what stands in place of destroyed words}


@dataclass(frozen=True, kw_only=True)
class CardList:
    """What a reader brings: the cards of a kind in their own order, and the initials of their names."""

    kind: str
    columns: tuple[str, ...]
    rows: tuple[CardRow, ...]
    initials: Initials


def columns_of(kind: Kind) -> tuple[str, ...]:
    """The fields a list shows, the card's title first; not what is long, nor what every card shares."""
    shown = [
        name
        for name, type_ in kind.types.items()
        if name not in ("retired", "scope_id", kind.title) and not type_.multiline
    ]
    return tuple(([kind.title] if kind.title else []) + shown)


def field_order(kind: Kind) -> list[str]:
    """The fields of a form: the title first, then as defined, and whose the card is last."""
    names = [name for name in kind.types if name not in ("retired", "scope_id")]
    names.sort(key=lambda name: name != kind.title)
    return [*names, "scope_id"]


def read_cards(connection: Connection, kind: Kind, words: CardWords) -> CardList:
    """All cards of a kind, retired ones too, put into words. For a reader thread."""
    columns = columns_of(kind)
    raw = rows(connection, kind.name)
    gone = gone_from(connection, kind.name, raw)
    found = [card_row(kind, columns, row, words, gone.get(row["id"], {})) for row in raw]
    found.sort(key=lambda row: (_natural(kind, row), row.id.bytes))
    names = [text for row in found for text in row.found_by]
    return CardList(kind=kind.name, columns=columns, rows=tuple(found), initials=Initials.of(names))


def read_card(connection: Connection, kind: Kind, id_: UUID, words: CardWords) -> CardRow | None:
    """One card put into words; None if there is none. For a reader thread."""
    found = row_of(connection, kind.name, id_)
    if found is None:
        return None
    gone = gone_from(connection, kind.name, [found]).get(id_, {})
    return card_row(kind, columns_of(kind), found, words, gone)


def card_row(
    kind: Kind, columns: Sequence[str], row: Mapping[str, Any], words: CardWords, gone: Mapping[str, str]
) -> CardRow:
    """One row of the database in words. ``gone``: {field: the certificate that destroyed what stood
    there}."""
    cells = tuple(words.cell_of(kind.types[name], name, row, gone.get(name, "")) for name in columns)
    texts = [text for name, text in zip(columns, cells, strict=True) if kind.types[name].shape != "flag"]
    return CardRow(
        id=row["id"],
        values={name: row.get(name) for name in kind.types},
        heads=row.get("heads") or {},
        cells=cells,
        keys=tuple(
            _key(kind.types[name], row.get(name), cell) for name, cell in zip(columns, cells, strict=True)
        ),
        found_by=tuple(folded(text) for text in texts if text),
        retired=bool(row.get("retired")),
        sealed=frozenset(
            name
            for name, type_ in kind.types.items()
            if name not in gone and words.not_for_this_desk(type_, name, row)
        ),
        gone={name: words.destroyed(number) for name, number in gone.items()},
    )


def _key(type_: FieldType, value: Any, cell: str) -> Sort:
    """Empty cells last; numbers and times by their size, text by its characters."""
    if value is None or value == () or cell == "":
        return 1, ""
    if isinstance(value, datetime):
        return 0, value.isoformat()
    if type_.shape == "integer":
        return 0, f"{int(value) + 2**63:020d}"
    return 0, "".join(_reading(sign) for sign in unicodedata.normalize("NFKC", cell).casefold())


@lru_cache(maxsize=30_000)
def _reading(sign: str) -> str:
    """A Chinese character by its commonest reading, so that names stand as in a dictionary."""
    if sign < "\u2e80":
        return sign
    from pypinyin import lazy_pinyin

    return f"{lazy_pinyin(sign)[0]} {sign}"


def _natural(kind: Kind, row: CardRow) -> tuple[Sort, ...]:
    """The order before anybody sorts: by code or number where the kind has one, else by title."""
    first = next((name for name in ("code", "number", "key") if name in kind.types), kind.title)
    value = row.values.get(first)
    title = row.cells[0] if row.cells else ""
    return (_key(kind.types[first], value, "" if value is None else str(value)), (0, title)) if first else ()
