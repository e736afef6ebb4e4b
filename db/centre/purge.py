"""The centre's destruction of personal values: what certificates name goes, and what comes later is stripped.

A certificate is in effect from its own transaction on. Everything here runs inside the caller's transaction,
but :func:`scrub`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

import msgspec
from sqlalchemy import Connection, Engine, bindparam, delete, insert, select, text, update
from sqlalchemy.exc import DatabaseError

from commandcenter.domain.change import Change, Private, decode
from commandcenter.domain.opened import sealed_fields
from commandcenter.domain.purge import KIND, Destruction, order_of, ordered
from commandcenter.domain.record import REGISTRY
from db.centre import again, rows
from db.centre.engine import is_away, reading
from db.centre.judgement import Arrived
from db.centre.many import insert_many
from db.tables import destroyed, journal, local, private_value

_ANY = select(destroyed.c.target_id).limit(1)
_OF = select(destroyed.c.target_id, destroyed.c.field, destroyed.c.former).where(
    destroyed.c.target_id.in_(bindparam("ids", expanding=True))
)
_NAMING = (
    select(destroyed.c.certificate_id)
    .where(destroyed.c.target_id.in_(bindparam("ids", expanding=True)))
    .distinct()
)
_KEPT = select(destroyed.c.target_id, destroyed.c.field, destroyed.c.former).where(
    destroyed.c.certificate_id == bindparam("certificate")
)
_OF_ROW = select(journal.c.id, journal.c.kind).where(
    (journal.c.row == bindparam("of_row")) | (journal.c.id == bindparam("of_row"))
)
_ROWS = select(journal.c.id, journal.c.row, journal.c.kind).where(
    journal.c.id.in_(bindparam("ids", expanding=True))
)
_CERTIFICATES = (
    select(journal.c.epoch, journal.c.seq, journal.c.order_epoch, journal.c.order_number, journal.c.bytes)
    .where(journal.c.kind == KIND)
    .order_by(journal.c.seq)
)
_UPDATE = (
    update(private_value)
    .where(private_value.c.change_id == bindparam("b_id"))
    .values(body=bindparam("b_body"))
)
_DELETE = delete(private_value).where(private_value.c.change_id == bindparam("b_id"))
TO_SCRUB = "purge.to_scrub"  # values were destroyed, and freed pages may still say them
_WANTS = select(local.c.value).where(local.c.key == TO_SCRUB)
_DONE = delete(local).where(local.c.key == TO_SCRUB)
_NOTED = insert(local).values(key=TO_SCRUB, value=True)
_AT_ONCE = 5000
_body_encoder = msgspec.json.Encoder(order="sorted")


def anything(connection: Connection) -> bool:
    """Whether any certificate is in effect."""
    return connection.execute(_ANY).first() is not None


def destruction(connection: Connection, ids: Iterable[UUID]) -> Destruction:
    """What certificates in effect destroy of these changes and rows."""
    wanted = sorted(set(ids))
    values: dict[UUID, set[str]] = {}
    formers: dict[UUID, set[str]] = {}
    for begin in range(0, len(wanted), _AT_ONCE):
        part = wanted[begin : begin + _AT_ONCE]
        for target, name, former in connection.execute(_OF, {"ids": part}):
            (formers if former else values).setdefault(target, set()).add(name)
    return Destruction(
        {id_: frozenset(names) for id_, names in values.items()},
        {id_: frozenset(names) for id_, names in formers.items()},
    )


def known(connection: Connection, arrived: Sequence[Arrived], *, taken: bool = False) -> Destruction:
    """What is destroyed of these entries. ``taken``: certificates among them count too, for they are taken
    without being judged."""
    found = ordered(entry.change for entry in arrived) if taken else Destruction()
    if anything(connection):
        found |= destruction(
            connection, [id_ for entry in arrived for id_ in (entry.change.id, entry.change.row)]
        )
    return found


def stripped(entry: Arrived, gone: Destruction) -> Arrived:
    """An entry without what is destroyed of it."""
    if not gone or not entry.private:
        return entry
    kept = gone.left(entry.change.id, entry.change.row, entry.private)
    return entry if kept == entry.private else replace(entry, private=kept)


def cards_of(connection: Connection, arrived: Iterable[Arrived]) -> dict[str, set[UUID]]:
    """{kind: the cards} that certificates among these entries will make anew: they are locked with the rest,
    before any number is taken."""
    ids: set[UUID] = set()
    for entry in arrived:
        if entry.change.kind == KIND and entry.change.set is not None:
            order = order_of(entry.change.id, entry.change.set)
            ids.update(order.changes, order.rows)
    out: dict[str, set[UUID]] = {}
    if ids:
        for id_, row, kind in connection.execute(_ROWS, {"ids": sorted(ids)}):
            if REGISTRY[kind].nature == "card":
                out.setdefault(kind, set()).add(row or id_)
    return out


# --- a certificate takes effect


def enforce(connection: Connection, numbered: Sequence[Change]) -> None:
    """Behind the lock on the feed's head, after everything was written: certificates among these entries
    take effect, and of the others goes what a certificate names that came in between."""
    if not numbered:
        return
    orders = [
        order_of(change.id, change.set)
        for change in numbered
        if change.kind == KIND and change.set is not None
    ]
    wanted: set[UUID] = set()
    for order in orders:
        lines = [(change, name, False) for change in order.changes for name in order.fields]
        lines += [(row, name, True) for row in order.rows for name in order.fields]
        there = {tuple(line) for line in connection.execute(_KEPT, {"certificate": order.certificate})}
        new = [
            {"target_id": target, "field": name, "former": former, "certificate_id": order.certificate}
            for target, name, former in dict.fromkeys(lines)
            if (target, name, former) not in there
        ]
        if new:
            insert_many(connection, destroyed, new)
        wanted.update(order.rows)
        for id_, row, _ in connection.execute(_ROWS, {"ids": list(order.changes)}):
            wanted.add(row or id_)
    if not orders:
        # beside a file nobody else writes meanwhile
        if connection.dialect.name == "sqlite" or not anything(connection):
            return
        gone = destruction(connection, [id_ for one in numbered for id_ in (one.id, one.row)])
        named = gone.values.keys() | gone.formers.keys()
        wanted.update(one.row for one in numbered if one.id in named or one.row in named)
    _without_trace(connection, on=True)
    try:
        for row in sorted(wanted):
            _strip(connection, row)
    finally:
        _without_trace(connection, on=False)


def _strip(connection: Connection, row: UUID) -> None:
    found = connection.execute(_OF_ROW, {"of_row": row}).all()
    ids = [id_ for id_, _ in found]
    private = rows.private_of(connection, ids)
    if not private:
        return
    gone = destruction(connection, [*ids, row])
    changed = False
    for id_, values in private.items():
        kept = gone.left(id_, row, values)
        if kept == values:
            continue
        changed = True
        if kept:
            connection.execute(_UPDATE, {"b_id": id_, "b_body": body_of(kept)})
        else:
            connection.execute(_DELETE, {"b_id": id_})
    if not changed:
        return
    connection.execute(_DONE)
    connection.execute(_NOTED)
    kind = REGISTRY[found[0].kind]
    if kind.nature == "card":  # its heads may be new as well, and the digest counts them
        again.refold(connection, kind.name, row)
        return
    made = rows.refold(connection, kind, row)
    if made is not None:
        made.pop("heads")
        rows.write(connection, kind.name, [], [made])


def body_of(private: Mapping[str, Private]) -> bytes:
    """Values as they lie beside the chain."""
    return _body_encoder.encode(
        {
            name: {"salt": value.salt.hex(), "value": value.value, "former": value.former}
            for name, value in private.items()
        }
    )


def _without_trace(connection: Connection, *, on: bool) -> None:
    """A file overwrites what it frees meanwhile; PostgreSQL's rows go at its next VACUUM."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"PRAGMA secure_delete={'ON' if on else 'OFF'}").fetchall()


# --- the feed


def emptied(connection: Connection, bare: Sequence[tuple[UUID, UUID, bytes]]) -> set[UUID]:
    """Of these entries (id, row, bytes), which have no personal values here, those that certificates took all
    of them from: nobody is asked for the rest."""
    if not bare or not anything(connection):
        return set()
    gone = destruction(connection, [id_ for id_, _, _ in bare])
    return {
        id_
        for id_, row, data in bare
        if id_ in gone.values and all(gone.takes(id_, row, name) for name in sealed_fields(decode(data)))
    }


def naming(connection: Connection, ids: Iterable[UUID]) -> list[UUID]:
    """The certificates that name one of these changes or rows."""
    wanted = sorted(set(ids))
    if not wanted or not anything(connection):
        return []
    out: set[UUID] = set()
    for begin in range(0, len(wanted), _AT_ONCE):
        out.update(connection.execute(_NAMING, {"ids": wanted[begin : begin + _AT_ONCE]}).scalars())
    return sorted(out)


# --- a restore, and the database itself


def certificates(engine: Engine) -> list[tuple[bytes, tuple[int, int]]]:
    """All certificates that this database knows, with the number each was first given; none where it is
    damaged."""
    try:
        with reading(engine) as connection:
            return [
                (bytes(data), (order_epoch or epoch, order_number or seq))
                for epoch, seq, order_epoch, order_number, data in connection.execute(_CERTIFICATES)
            ]
    except DatabaseError as error:
        if is_away(error) and engine.dialect.name == "postgresql":
            raise
        return []


def scrub(engine: Engine) -> bool:
    """Make the database forget what its freed pages may still say, if something was destroyed since it last
    did: a file is written anew and its log emptied, PostgreSQL frees its dead rows. False: nothing was."""
    with engine.begin() as core:
        if not core.execute(_WANTS).scalar():
            return False
        core.execute(_DONE)
    connection = engine.raw_connection()
    try:
        driver = connection.driver_connection
        if isinstance(driver, sqlite3.Connection):
            driver.execute("VACUUM")
            driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            return True
    finally:
        connection.close()
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as core:
        core.execute(text("VACUUM"))
    return True
