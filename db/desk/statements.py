"""The desk's SQL: strings and codecs for the driver, made once from the columns (DESIGN §6).

Made here and not by SQLAlchemy's compiler, which makes the same strings (a test holds them together) but
takes a quarter of a second to load: longer than the window takes to open.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from commandcenter.domain.clock import from_ms, to_ms
from commandcenter.domain.record import REGISTRY, Kind
from db.columns import ColumnShape, columns_of

Encoder = Callable[[Any], Any]


def _json_in(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)


# How a Python value becomes the driver's, and back; a shape not named here is the same on both sides.
_ENCODERS: dict[ColumnShape, Encoder] = {
    "reference": lambda value: value.bytes,
    "instant": to_ms,
    "codes": _json_in,
    "json": _json_in,
}
_DECODERS: dict[ColumnShape, Encoder] = {
    "reference": lambda value: UUID(bytes=value),
    "instant": from_ms,
    "codes": lambda value: tuple(json.loads(value)),
    "json": json.loads,
    "flag": bool,
}


def insert_sql(table: str, columns: Sequence[str], *, or_ignore: bool = False) -> str:
    """``INSERT INTO table (columns) VALUES (?, …)``."""
    names = ", ".join(f'"{name}"' for name in columns)
    marks = ", ".join("?" * len(columns))
    return f'INSERT {"OR IGNORE " if or_ignore else ""}INTO "{table}" ({names}) VALUES ({marks})'


@dataclass(frozen=True)
class RowCodec:
    """One record kind's statements, and its rows to and from the driver."""

    kind: Kind
    columns: tuple[str, ...]
    insert: str
    select: str  # by id
    select_all: str
    encoders: tuple[tuple[str, Encoder | None], ...]
    decoders: tuple[tuple[str, Encoder | None], ...]

    def parameters(self, values: Mapping[str, Any]) -> list[Any]:
        """The driver's parameters of an insert, in column order; a value not given is NULL."""
        out = []
        for name, encode in self.encoders:
            value = values.get(name)
            out.append(value if encode is None or value is None else encode(value))
        return out

    def row(self, raw: Sequence[Any]) -> dict[str, Any]:
        """A row as Python has it, by column name."""
        return {
            name: value if decode is None or value is None else decode(value)
            for (name, decode), value in zip(self.decoders, raw, strict=True)
        }

    def update(self, names: Sequence[str]) -> str:
        """``UPDATE kind SET names… WHERE id = ?``."""
        assignments = ", ".join(f'"{name}" = ?' for name in names)
        return f'UPDATE "{self.kind.name}" SET {assignments} WHERE id = ?'

    def encode(self, name: str, value: Any) -> Any:
        """One value as the driver takes it."""
        encode = dict(self.encoders)[name]
        return value if encode is None or value is None else encode(value)


def _codec(kind: Kind) -> RowCodec:
    columns = columns_of(kind)
    names = tuple(name for name, _ in columns)
    quoted = ", ".join(f'"{name}"' for name in names)
    return RowCodec(
        kind=kind,
        columns=names,
        insert=insert_sql(kind.name, names),
        select=f'SELECT {quoted} FROM "{kind.name}" WHERE id = ?',
        select_all=f'SELECT {quoted} FROM "{kind.name}"',
        encoders=tuple((name, _ENCODERS.get(shape)) for name, shape in columns),
        decoders=tuple((name, _DECODERS.get(shape)) for name, shape in columns),
    )


CODECS: dict[str, RowCodec] = {name: _codec(kind) for name, kind in REGISTRY.items()}
# Every column of the desk's own tables, in the tables' order.
INSERTED: dict[str, tuple[str, ...]] = {
    "journal": ("seq", "id", "device", "n", "row", "bytes", "hash", "epoch", "number"),  # the rest later
    "private_value": ("change_id", "row_id", "incident_id", "body"),
    "timeline": (
        *("happened_at", "row_id", "kind", "machine"),
        *("importance", "channel", "desk_id", "struck_id"),
    ),
    "incident_timeline": ("incident_id", "happened_at", "row_id", "kind", "machine"),
    "engagement": (
        *("deployment_id", "team_id", "incident_id", "step", "step_id", "since_at", "strength"),
        *("knowingly", "ordered_at", "under_way_at", "arrived_at", "ended_at"),
    ),
    "occupancy": (
        *("shelter_id", "state", "since_at", "opened_at", "incident_id", "people"),
        *("counted_at", "elderly", "children", "care"),
    ),
    "day_count": ("day", "kind", "machine", "importance", "channel", "desk_id", "count"),
}
JOURNAL_INSERT = insert_sql("journal", INSERTED["journal"])
PRIVATE_INSERT = insert_sql("private_value", INSERTED["private_value"])
TIMELINE_INSERT = insert_sql("timeline", INSERTED["timeline"])
INCIDENT_TIMELINE_INSERT = insert_sql("incident_timeline", INSERTED["incident_timeline"], or_ignore=True)
DAY_COUNT_ADD = (
    insert_sql("day_count", INSERTED["day_count"])
    + " ON CONFLICT (day, machine, kind, importance, channel, desk_id)"
    " DO UPDATE SET count = count + excluded.count"
)
FACT_KINDS: tuple[str, ...] = tuple(name for name, kind in REGISTRY.items() if kind.nature == "fact")
