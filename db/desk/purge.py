"""The desk's destruction of personal values: what certificates in effect name goes, wherever it lies here.

A certificate is in effect once the centre has numbered it. Everything runs inside the caller's transaction,
but :func:`scrub`, which makes the file itself forget.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import msgspec

from commandcenter.domain import change as entries
from commandcenter.domain.change import Change, Private
from commandcenter.domain.purge import KIND, Destruction, Order, order_of
from commandcenter.domain.record import REGISTRY, Kind
from db.desk import local, statements
from db.desk.engine import Connection
from db.desk.search import renew
from db.desk.standing import entries_of, private_of, write_card

TO_SCRUB = "purge.to_scrub"  # values were destroyed, and the file's freed pages may still say them
_ANY = "SELECT 1 FROM destroyed LIMIT 1"
_OF = "SELECT field, former FROM destroyed WHERE target_id = ?"
_PUT = "INSERT OR IGNORE INTO destroyed (target_id, field, former, certificate_id) VALUES (?, ?, ?, ?)"
_OF_ROW = 'SELECT id, bytes, absent FROM journal WHERE "row" = ?1 OR id = ?1'
_ROW_OF = 'SELECT coalesce("row", id) FROM journal WHERE id = ?'
_body_encoder = msgspec.json.Encoder(order="sorted")
LEAST = 2  # characters: a single one is in every draft


def anything(connection: Connection) -> bool:
    """Whether any certificate is in effect here."""
    return connection.execute(_ANY).fetchone() is not None


def destruction(connection: Connection, change: UUID, row: UUID) -> Destruction:
    """What is destroyed of one change."""
    values = {name for name, former in connection.execute(_OF, (change.bytes,)) if not former}
    formers = {name for name, former in connection.execute(_OF, (row.bytes,)) if former}
    return Destruction(
        {change: frozenset(values)} if values else {}, {row: frozenset(formers)} if formers else {}
    )


def left(
    connection: Connection, change: UUID, row: UUID, private: Mapping[str, Private]
) -> dict[str, Private]:
    """What may be kept of the personal values of a change that enters."""
    if not private or not anything(connection):
        return dict(private)
    return destruction(connection, change, row).left(change, row, private)


def in_effect(connection: Connection) -> list[Order]:
    """The certificates in effect here, from their entries; one that cannot be read destroys nothing."""
    found = connection.execute(
        f'SELECT j.bytes FROM "{KIND}" AS c JOIN journal AS j ON j.id = c.id'
        " WHERE j.number IS NOT NULL AND j.absent IS NULL ORDER BY j.id"
    )
    out = []
    for (data,) in found:
        with contextlib.suppress(ValueError):
            change = entries.decode(data)
            out.append(order_of(change.id, change.set or {}))
    return out


# --- a certificate takes effect


@dataclass
class _Gone:
    """What a destruction came to: the rows to be made anew, the words that went."""

    rows: dict[tuple[str, UUID], set[str]] = field(default_factory=dict)
    words: set[str] = field(default_factory=set)


def take(connection: Connection, certificate: Change) -> dict[str, set[UUID]]:
    """Destroy what a numbered certificate names, here and of whatever comes later. Returns {kind: rows}."""
    return _carry_out(connection, order_of(certificate.id, certificate.set or {}))


def _lines(order: Order) -> list[tuple[bytes, str, bool, bytes]]:
    id_ = order.certificate.bytes
    return [(change.bytes, name, False, id_) for change in order.changes for name in order.fields] + [
        (row.bytes, name, True, id_) for row in order.rows for name in order.fields
    ]


def _carry_out(connection: Connection, order: Order) -> dict[str, set[UUID]]:
    connection.executemany(_PUT, _lines(order))
    rows = set(order.rows)
    for change in order.changes:
        found = connection.execute(_ROW_OF, (change.bytes,)).fetchone()
        if found is not None:
            rows.add(UUID(bytes=found[0]))
    gone = _Gone()
    (before,) = connection.execute("PRAGMA secure_delete").fetchone()
    connection.execute("PRAGMA secure_delete=ON").fetchall()  # what is freed is overwritten
    try:
        for row in sorted(rows):
            _strip(connection, row, gone)
        touched: dict[str, set[UUID]] = {}
        for (name, row), fields in gone.rows.items():
            _make_anew(connection, REGISTRY[name], row, fields)
            touched.setdefault(name, set()).add(row)
        if gone.words:
            _cut_drafts(connection, gone.words)
            local.put(connection, TO_SCRUB, True)
    finally:
        connection.execute(f"PRAGMA secure_delete={before}").fetchall()
    return touched


def _strip(connection: Connection, row: UUID, gone: _Gone) -> None:
    """Take what is destroyed of a record's changes from beside the chain, refused and hidden ones too."""
    for id_, data, absent in connection.execute(_OF_ROW, (row.bytes,)).fetchall():
        change = UUID(bytes=id_)
        private = private_of(connection, change)
        kept = destruction(connection, change, row).left(change, row, private)
        if kept == private:
            continue
        for name, value in private.items():
            here = kept.get(name)
            went = [value.former] if here is not None else [value.value, value.former]
            gone.words.update(word for word in went if isinstance(word, str))
        if kept:
            connection.execute("UPDATE private_value SET body = ? WHERE change_id = ?", (body_of(kept), id_))
        else:
            connection.execute("DELETE FROM private_value WHERE change_id = ?", (id_,))
        kind = entries.decode(data).kind
        if kind in REGISTRY and absent is None:
            gone.rows.setdefault((kind, row), set()).update(private.keys() - kept.keys())


def body_of(private: Mapping[str, Private]) -> bytes:
    """Values as they lie beside the chain."""
    return _body_encoder.encode(
        {
            name: {"salt": value.salt.hex(), "value": value.value, "former": value.former}
            for name, value in private.items()
        }
    )


def _make_anew(connection: Connection, kind: Kind, row: UUID, fields: set[str]) -> None:
    """Let the row say what its entries still say."""
    if kind.nature == "card":
        write_card(connection, kind, row, entries_of(connection, kind, row))
    elif fields:
        connection.execute(
            statements.CODECS[kind.name].update(sorted(fields)), (*[None] * len(fields), row.bytes)
        )
    renew(connection, kind.name, row.bytes)


def _cut_drafts(connection: Connection, words: Iterable[str]) -> None:
    """Half-typed texts lose what they repeat of destroyed words, and nothing else."""
    gone = sorted((word for word in words if len(word) >= LEAST), key=len, reverse=True)
    for key, body in connection.execute("SELECT key, body FROM draft").fetchall():
        now = _without(was := json.loads(body), gone)
        if now != was:
            connection.execute("UPDATE draft SET body = ? WHERE key = ?", (json.dumps(now), key))


def _without(value: Any, words: list[str]) -> Any:
    if isinstance(value, dict):
        return {name: _without(one, words) for name, one in value.items()}
    if isinstance(value, list):
        return [_without(one, words) for one in value]
    if isinstance(value, str):
        for word in words:
            value = value.replace(word, "")
    return value


# --- kept = rebuilt


def rebuild(connection: Connection) -> int:
    """Make the table of what is destroyed anew from the certificates, and carry them out again. Returns how
    many there are."""
    connection.execute("DELETE FROM destroyed")
    orders = in_effect(connection)
    for order in orders:
        _carry_out(connection, order)
    return len(orders)


def differing(connection: Connection) -> int:
    """How many lines of the table are not as the certificates say, and how many it lacks; reads only."""
    due = {line for order in in_effect(connection) for line in _lines(order)}
    kept = {
        (target, name, bool(former), certificate)
        for target, name, former, certificate in connection.execute(
            "SELECT target_id, field, former, certificate_id FROM destroyed"
        )
    }
    return len(due ^ kept)


# --- the file itself


def wants_scrub(connection: Connection) -> bool:
    """Whether the file's freed pages or its log may still say what was destroyed."""
    return bool(local.get(connection, TO_SCRUB))


def size(connection: Connection) -> int:
    """The file's bytes."""
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    (bytes_,) = connection.execute("PRAGMA page_size").fetchone()
    return int(pages * bytes_)


def scrub(connection: Connection) -> bool:
    """Write the file anew without its freed pages and empty its write-ahead log. Outside a transaction.

    False where another process was reading: the log could not be emptied yet, and it is tried again."""
    connection.execute("VACUUM")
    (busy, _, _) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if busy:
        return False
    local.put(connection, TO_SCRUB, None)
    return True
