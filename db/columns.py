"""The columns of a record's table, made from its definition: what both the tables and the desk's SQL say."""

from __future__ import annotations

from typing import Literal

import commandcenter.domain.records  # noqa: F401  fills the registry
from commandcenter.domain.fields import Shape
from commandcenter.domain.record import Kind

ColumnShape = Shape | Literal["json"]

# Who wrote the row first, where, when by that desk's clock, and how far that clock was off. Taken from the
# entry that created the row, so that every fact says it without opening the journal.
STAMPS: tuple[tuple[str, ColumnShape], ...] = (
    ("typed_by_id", "reference"),
    ("typed_desk_id", "reference"),
    ("typed_at", "instant"),
    ("typed_offset_ms", "integer"),
)


def columns_of(kind: Kind) -> tuple[tuple[str, ColumnShape], ...]:
    """(name, shape) of each column, in order: id, the fields, what a newer program added, the stamps, and
    of a card the heads of its fields."""
    columns: list[tuple[str, ColumnShape]] = [("id", "reference")]
    columns += [(name, type_.shape) for name, type_ in kind.types.items()]
    columns.append(("extra", "json"))  # fields of a newer program, kept and sent back untouched
    columns += STAMPS
    if kind.nature == "card":
        columns.append(("heads", "json"))
    return tuple(columns)
