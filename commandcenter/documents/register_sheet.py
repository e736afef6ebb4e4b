"""The export of a register: its cards as a table under the titles that the import knows again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from commandcenter.documents.chain_text import chain_text
from commandcenter.documents.delimited import write_csv
from commandcenter.documents.excel import write_xlsx
from commandcenter.documents.intake_columns import fields_of
from commandcenter.documents.sheet import Cancelling, Cell, Column, Progress, Row, Sheet
from commandcenter.domain.errors import Refused
from commandcenter.domain.fields import FieldType
from commandcenter.domain.record import Kind, kind_of
from commandcenter.services.code_words import code_label
from commandcenter.services.reference import shipped_row_id
from commandcenter.words import Words
from db.desk.engine import Connection
from db.queries.imports import cards
from db.queries.registers import directory

WRITERS = {".xlsx": write_xlsx, ".csv": write_csv}
_WIDE = 20


@dataclass(frozen=True, kw_only=True)
class RegisterFilter:
    """Which register is meant."""

    kind: str


def export_register(
    connection: Connection,
    path: Path,
    filter_: RegisterFilter,
    *,
    words: Words,
    chain: tuple[int, str],
    now: datetime,
    progress: Progress | None = None,
    cancelled: Cancelling | None = None,
) -> int:
    """Write the cards of a register that are in use to ``path`` (.xlsx, .csv); returns how many.

    The columns are the fields that the import takes, under their labels, so that the file can be brought
    back; text is never a formula. The connection sees one state throughout. Refused ``not_a_register``,
    ``unknown_format``; Cancelled; Unavailable."""
    kind = kind_of(filter_.kind)
    writer = WRITERS.get(path.suffix.lower())
    if not kind.register:
        raise Refused("not_a_register", kind=kind.name)
    if writer is None:
        raise Refused("unknown_format", field="file", suffix=path.suffix)
    connection.execute("BEGIN")
    try:
        names = directory(connection, shipped_row_id("setting", "late_after_s"))
        often = Counter(card.name for card in names.cards.values())
        called = {
            id_: (card.name if often[card.name] == 1 or not card.code else card.code) or card.code or ""
            for id_, card in names.cards.items()
        }
        district = next(
            (card.name for card in names.of_kind("organisation") if card.detail == "district"), ""
        )
        fields = fields_of(kind)
        found = cards(connection, kind.name)
        made = Sheet(
            title=words("import.list.title", place=district, kind=words.label(kind.name, "name")),
            subtitle=(words("import.list.in_use"),),
            columns=tuple(_column(kind, name, words) for name in fields),
            rows=(
                Row(cells=tuple(_cell(kind.types[name], card[name], called, words) for name in fields))
                for card in found
            ),
            count=len(found),
            printed_at=now,
            printed_by=_called(called, names.person),
            desk=_called(called, names.device),
            chain_head=chain_text(connection, chain, words),
            annotated=False,
            language=words.language,
        )
        writer(made, path, progress=progress, cancelled=cancelled)
        return len(found)
    finally:
        connection.execute("ROLLBACK")


def _called(called: Mapping[UUID, str], id_: UUID | None) -> str:
    return "" if id_ is None else called.get(id_, "")


def _column(kind: Kind, name: str, words: Words) -> Column:
    type_ = kind.types[name]
    shape = {"instant": "time", "integer": "integer"}.get(type_.shape, "text")
    width = _WIDE if type_.max_length > 100 and type_.shape == "text" else 8
    return Column(
        key=name,
        title=words.label(f"{kind.name}.fields", name),
        kind="time" if shape == "time" else "integer" if shape == "integer" else "text",
        width=width,
    )


def _cell(type_: FieldType, value: Any, called: Mapping[UUID, str], words: Words) -> Cell:
    """A value as it is read back: names and labels, several with a comma between them."""
    match type_.shape:
        case "reference":
            return _called(called, value) or None
        case "code":
            return None if value is None else code_label(words, type_.table, value)
        case "codes" if type_.target:
            return ", ".join(called.get(UUID(id_), "") for id_ in value or ()) or None
        case "codes":
            return ", ".join(code_label(words, type_.table, code) for code in value or ()) or None
        case "flag":
            return words("import.yes").split()[0] if value else None
        case _:
            cell: Cell = value
            return cell
