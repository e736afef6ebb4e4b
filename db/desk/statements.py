"""The desk's SQL, compiled once from the tables: strings and codecs for the driver (DESIGN §6)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Table, insert
from sqlalchemy.dialects import sqlite

from commandcenter.domain.clock import from_ms, to_ms
from commandcenter.domain.record import REGISTRY, Kind
from db import tables
from db.types import Id, Instant, Json

# the qmark style is what the standard library's driver takes
_dialect = sqlite.dialect(paramstyle="qmark")

Encoder = Callable[[Any], Any]


def _json_in(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)


def encoder_of(type_: object) -> Encoder | None:
    """How a Python value becomes the driver's; None where it already is."""
    if isinstance(type_, Id):
        return lambda value: value.bytes
    if isinstance(type_, Instant):
        return to_ms
    if isinstance(type_, Json):
        return _json_in
    return None


def decoder_of(type_: object, shape: str = "") -> Encoder | None:
    """How the driver's value becomes Python's; None where it already is."""
    if isinstance(type_, Id):
        return lambda value: UUID(bytes=value)
    if isinstance(type_, Instant):
        return from_ms
    if isinstance(type_, Json):
        return (lambda value: tuple(json.loads(value))) if shape == "codes" else json.loads
    if shape == "flag":
        return bool
    return None


def insert_sql(table: Table, *, or_ignore: bool = False) -> str:
    """``INSERT INTO table (every column) VALUES (?, …)``, compiled by SQLAlchemy for SQLite."""
    statement = insert(table)
    if or_ignore:
        statement = statement.prefix_with("OR IGNORE")
    return str(statement.compile(dialect=_dialect))


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
    table = tables.RECORDS[kind.name]
    columns = tuple(column.name for column in table.columns)
    quoted = ", ".join(f'"{name}"' for name in columns)
    shapes = {name: type_.shape for name, type_ in kind.types.items()}
    return RowCodec(
        kind=kind,
        columns=columns,
        insert=insert_sql(table),
        select=f'SELECT {quoted} FROM "{kind.name}" WHERE id = ?',
        select_all=f'SELECT {quoted} FROM "{kind.name}"',
        encoders=tuple((column.name, encoder_of(column.type)) for column in table.columns),
        decoders=tuple(
            (column.name, decoder_of(column.type, shapes.get(column.name, ""))) for column in table.columns
        ),
    )


CODECS: dict[str, RowCodec] = {name: _codec(kind) for name, kind in REGISTRY.items()}
JOURNAL_INSERT = insert_sql(tables.journal)
PRIVATE_INSERT = insert_sql(tables.private_value)
TIMELINE_INSERT = insert_sql(tables.timeline)
INCIDENT_TIMELINE_INSERT = insert_sql(tables.incident_timeline, or_ignore=True)
DAY_COUNT_ADD = (
    insert_sql(tables.day_count)
    + " ON CONFLICT (day, machine, kind, importance, channel, desk_id) DO UPDATE SET count = count + 1"
)
FACT_KINDS: tuple[str, ...] = tuple(name for name, kind in REGISTRY.items() if kind.nature == "fact")
