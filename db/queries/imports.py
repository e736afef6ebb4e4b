"""The import's queries: a register's cards, the names that cells refer to them by, past imports."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from commandcenter.domain.merge import heads_out
from commandcenter.domain.record import kind_of
from db.desk import local
from db.desk.engine import Connection
from db.desk.statements import CODECS

IMPORTS = "imports"  # among the desk's own affairs: the newest ones, so that they can be undone
NAMED_BY = ("code", "key", "name", "name_en")


def cards(connection: Connection, kind: str) -> list[dict[str, Any]]:
    """The cards of a register that are in use, with their heads as stored."""
    codec = CODECS[kind_of(kind).name]
    return [
        codec.row(raw) for raw in connection.execute(f"{codec.select_all} WHERE retired IS NOT 1 ORDER BY id")
    ]


def heads(kind: str, row: dict[str, Any], fields: set[str]) -> dict[str, list[UUID]]:
    """The changes whose values of these fields a row shows: the bases of an edit made in sight of it."""
    found = heads_out(kind_of(kind), row["heads"])
    out: dict[str, list[UUID]] = {}
    for name in fields:
        shown = found.get(name, [])
        out[name] = [id_ for ids in shown.values() for id_ in ids] if isinstance(shown, dict) else shown
    return out


def named(connection: Connection, kind: str, folded: Callable[[str], str]) -> dict[str, set[UUID]]:
    """The cards in use by each of their names and codes, folded."""
    types = kind_of(kind).types
    columns = [name for name in NAMED_BY if name in types and types[name].shape == "text"]
    found: dict[str, set[UUID]] = {}
    quoted = ", ".join(f'"{name}"' for name in columns)
    if not columns:
        return found
    for id_, *names in connection.execute(f'SELECT id, {quoted} FROM "{kind}" WHERE retired IS NOT 1'):
        for name in names:
            if name:
                found.setdefault(folded(name), set()).add(UUID(bytes=id_))
    return found


def past(connection: Connection) -> list[dict[str, Any]]:
    """The imports made at this desk that can still be undone or were, newest first."""
    entries: list[dict[str, Any]] = local.get(connection, IMPORTS, [])
    return list(reversed(entries))
