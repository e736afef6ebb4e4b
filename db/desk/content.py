"""The desk's content digests: what its rows say, hashed; and a row made anew from its entries.

Reading is for a reader's connection, a piece of a kind at a time; what writes runs in the caller's
transaction, a few rows at a time.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from commandcenter.domain import change as entries
from commandcenter.domain import digest
from commandcenter.domain.change import Change, ChangeSet, Private
from commandcenter.domain.merge import heads_out, standing
from commandcenter.domain.opened import readable
from commandcenter.domain.purge import Destruction
from commandcenter.domain.record import Kind, settled
from commandcenter.protocol.messages import HistoryPage, Numbered, Position
from db.desk import exchange, projections, purge, statements
from db.desk.engine import Connection
from db.desk.exchange import Taken
from db.desk.new_facts import fact_row
from db.desk.search import forget, renew
from db.desk.standing import card_row, entries_of, private_of, replace_row

_AT_ONCE = 250
_MARKS = ", ".join("?" * _AT_ONCE)
_END = b"\xff" * 16
_UNSENT = (
    f"SELECT id FROM journal WHERE id IN ({_MARKS}) AND number IS NULL AND absent IS NULL"
    f' UNION SELECT "row" FROM journal WHERE "row" IN ({_MARKS}) AND number IS NULL AND absent IS NULL'
)
_BYTES = f"SELECT id, bytes FROM journal WHERE id IN ({_MARKS})"
_BESIDE = f"SELECT change_id, body FROM private_value WHERE change_id IN ({_MARKS})"
# The rows that entries here speak of, in a range of ids; of which kind is asked of the bytes.
_SPOKEN_OF = (
    "SELECT id FROM journal"
    ' WHERE id > ?1 AND id <= ?2 AND "row" IS NULL AND absent IS NULL AND instr(bytes, ?3)'
    ' UNION SELECT "row" FROM journal'
    ' WHERE "row" > ?1 AND "row" <= ?2 AND absent IS NULL AND instr(bytes, ?3) ORDER BY 1'
)
_ENTRY = "SELECT bytes, number FROM journal WHERE id = ? AND absent IS NULL"
_LINE = "SELECT kind FROM timeline WHERE happened_at = ? AND row_id = ?"
# what a reader of bytes that another hand wrote may stumble over
_UNREADABLE = (ValueError, TypeError, KeyError, AttributeError, OverflowError)

Sums = dict[UUID | None, tuple[int, int]]


@dataclass(frozen=True, kw_only=True)
class Piece:
    """What this desk's rows of a piece of a kind say. ``whole``: nothing of its history is still to come."""

    position: Position
    whole: bool
    sums: Sums  # {scope: (rows, the sum of their hashes)}


def piece(connection: Connection, kind: Kind, after: UUID | None, through: UUID | None) -> Piece:
    """The rows with ids after ``after`` up to ``through`` (None: to the end) as the centre has to have them:
    without what is unsent. Outside a transaction; reads only, in one view."""
    sums: Sums = {}
    connection.execute("BEGIN")
    try:
        here = exchange.position(connection)
        whole = exchange.history_state(connection) is None and exchange.next_fill(connection) is None
        for raw_rows in _chunks(connection, kind, after, through):
            for scope, hash_ in _hashes(connection, kind, raw_rows):
                count, total = sums.get(scope, (0, 0))
                sums[scope] = count + 1, digest.plus(total, hash_)
    finally:
        connection.execute("ROLLBACK")
    return Piece(position=here, whole=whole, sums=sums)


def _range(after: UUID | None, through: UUID | None) -> tuple[bytes, bytes]:
    return b"" if after is None else after.bytes, _END if through is None else through.bytes


def _chunks(
    connection: Connection, kind: Kind, after: UUID | None, through: UUID | None
) -> Iterator[list[Sequence[Any]]]:
    cursor = connection.execute(
        f"{statements.CODECS[kind.name].select_all} WHERE id > ? AND id <= ? ORDER BY id",
        _range(after, through),
    )
    while found := cursor.fetchmany(_AT_ONCE):
        yield found


def _hashes(
    connection: Connection, kind: Kind, raw_rows: Sequence[Sequence[Any]]
) -> Iterator[tuple[UUID | None, int]]:
    """(scope, hash) of rows; one that cannot be read is left out, and so the sum is another one."""
    rows: list[Mapping[str, Any]] = []
    for raw in raw_rows:
        with contextlib.suppress(*_UNREADABLE):
            row = statements.CODECS[kind.name].row(raw)
            if kind.nature == "card":
                row["heads"] = heads_out(kind, row["heads"])
            rows.append(row)
    unsent = {UUID(bytes=id_) for (id_,) in _many(connection, _UNSENT, [row["id"] for row in rows], 2)}
    if unsent:
        rows = [
            due
            for row in rows
            if (due := _at_centre(connection, kind, row["id"]) if row["id"] in unsent else row) is not None
        ]
    changes: dict[UUID, Change] = {}
    private: dict[UUID, dict[str, Private]] = {}
    gone = Destruction()
    if kind.personal():
        by = {digest.stated_by(kind, row, name): row["id"] for row in rows for name in kind.personal()}
        named = {id_: of for id_, of in by.items() if id_ is not None}
        changes, private = _entries(connection, list(named))
        if purge.anything(connection):
            for id_, of in named.items():
                if more := purge.destruction(connection, id_, of):
                    gone |= more
    for one in rows:
        with contextlib.suppress(*_UNREADABLE):
            yield one["scope_id"], digest.of_content(kind, one, private, changes, gone)


def _at_centre(connection: Connection, kind: Kind, row: UUID) -> dict[str, Any] | None:
    """A card without its unsent edits; None for what the centre does not have yet."""
    if kind.nature == "fact":
        return None
    stored = [entry for entry in entries_of(connection, kind, row) if entry.order is not None]
    made = standing(kind, [entry.opened for entry in stored])
    if made is None:
        return None
    creation = next(entry.change for entry in stored if entry.change.set is not None)
    values = {name: settled(kind.types[name], value) for name, value in readable(made.values).items()}
    return {
        **{name: settled(type_, None) for name, type_ in kind.types.items()},
        **values,
        "id": row,
        "typed_by_id": creation.by,
        "typed_desk_id": creation.device,
        "typed_at": creation.at,
        "typed_offset_ms": creation.offset_ms,
        "heads": made.heads,
    }


def _entries(
    connection: Connection, ids: Sequence[UUID]
) -> tuple[dict[UUID, Change], dict[UUID, dict[str, Private]]]:
    changes: dict[UUID, Change] = {}
    private: dict[UUID, dict[str, Private]] = {}
    for id_, data in _many(connection, _BYTES, ids):
        with contextlib.suppress(*_UNREADABLE):
            changes[UUID(bytes=id_)] = entries.decode(data)
    for id_, body in _many(connection, _BESIDE, ids):
        with contextlib.suppress(*_UNREADABLE):
            private[UUID(bytes=id_)] = {
                name: Private(salt=bytes.fromhex(value["salt"]), value=value["value"], former=value["former"])
                for name, value in json.loads(body).items()
            }
    return changes, private


def _many(connection: Connection, sql: str, ids: Sequence[UUID], times: int = 1) -> Iterator[tuple[Any, ...]]:
    for begin in range(0, len(ids), _AT_ONCE):
        part = [id_.bytes for id_ in ids[begin : begin + _AT_ONCE]]
        part += part[-1:] * (_AT_ONCE - len(part))
        yield from connection.execute(sql, part * times)


# --- mended


def take_again(connection: Connection, device: UUID, page: HistoryPage) -> Taken:
    """A page of a kind whose content differs: what is missing is entered, and a personal value that is not
    the centre's gives way to it."""
    if page.epoch == exchange.position(connection).epoch:
        for entry in page.entries:
            if entry.p:
                _give_way(connection, entry)
    return exchange.take_refill(connection, device, page)


def _give_way(connection: Connection, entry: Numbered) -> None:
    id_ = entry.id or entries.decode(bytes(entry.e)).id
    here = connection.execute("SELECT body FROM private_value WHERE change_id = ?", (id_.bytes,)).fetchone()
    if here is None:
        return
    said = {name: (one.s, one.v, one.f) for name, one in entry.p.items()}
    try:
        kept = {
            name: (value["salt"], value["value"], value["former"])
            for name, value in json.loads(here[0]).items()
        }
    except _UNREADABLE:
        kept = {}
    if kept != said:
        connection.execute("DELETE FROM private_value WHERE change_id = ?", (id_.bytes,))


def amiss(connection: Connection, kind: Kind, after: UUID | None, through: UUID | None) -> list[UUID]:
    """The rows of a piece that are not as their entries here make them, those that are missing, and those of
    which no entry speaks. Outside a transaction; reads only, in one view."""
    connection.execute("BEGIN")
    try:
        named = b'"kind":"%s"' % kind.name.encode()
        spoken = connection.execute(_SPOKEN_OF, (*_range(after, through), named)).fetchall()
        there = connection.execute(
            f'SELECT id FROM "{kind.name}" WHERE id > ? AND id <= ?', _range(after, through)
        ).fetchall()
        ids = sorted({UUID(bytes=id_) for (id_,) in (*spoken, *there)})
        return [id_ for id_ in ids if _is_amiss(connection, kind, id_)]
    finally:
        connection.execute("ROLLBACK")


def _is_amiss(connection: Connection, kind: Kind, row: UUID) -> bool:
    raw = connection.execute(statements.CODECS[kind.name].select, (row.bytes,)).fetchone()
    try:
        if kind.nature == "card":
            due = card_row(kind, row, entries_of(connection, kind, row))
        else:
            fact = _fact(connection, kind, row)
            due = None if fact is None else fact[1]
    except _UNREADABLE:
        return False  # the entry itself is not as it was written: nothing can be made of it
    return (None if raw is None else list(raw)) != due


def _fact(connection: Connection, kind: Kind, row: UUID) -> tuple[Change, list[Any], dict[str, Any]] | None:
    """(its entry, its row as the driver takes it, its values); None where no entry makes it."""
    found = connection.execute(_ENTRY, (row.bytes,)).fetchone()
    change = None if found is None else entries.decode(found[0])
    if change is None or change.kind != kind.name or change.set is None:
        return None
    values, raw = fact_row(kind, change, private_of(connection, row))
    return change, raw, values


def make_anew(connection: Connection, kind: Kind, rows: Sequence[UUID]) -> Taken:
    """Let rows say what their entries here say. What followed from a row stands: it was made from the entry
    too, and where a line of the timeline is missing it is entered."""
    for row in rows:
        if kind.nature == "card":
            values = card_row(kind, row, entries_of(connection, kind, row))
            if values is None:
                connection.execute(f'DELETE FROM "{kind.name}" WHERE id = ?', (row.bytes,))
            else:
                replace_row(connection, kind, values)
        else:
            _fact_anew(connection, kind, row)
        renew(connection, kind.name, row.bytes)
    return Taken(change_set=ChangeSet({kind.name: frozenset(rows)}))


def _fact_anew(connection: Connection, kind: Kind, row: UUID) -> None:
    made = _fact(connection, kind, row)
    if made is None:
        try:
            projections.forget(connection, kind, row)
        except _UNREADABLE:
            connection.execute(f'DELETE FROM "{kind.name}" WHERE id = ?', (row.bytes,))
            forget(connection, row.bytes)
        return
    change, raw, values = made
    replace_row(connection, kind, raw)
    happened = statements.CODECS[kind.name].encode("happened_at", values["happened_at"])
    if connection.execute(_LINE, (happened, row.bytes)).fetchone() is None:
        projections.keep(connection, kind, row, values, change.device)
