"""What is this desk's to see, at the desk: rows go out of sight with an incident, or with a scope."""

from __future__ import annotations

from uuid import UUID

from commandcenter.domain import digest
from commandcenter.domain.change import ChangeSet
from commandcenter.domain.merge import standing
from commandcenter.domain.record import REGISTRY, Kind
from db.desk import projections, statements
from db.desk.digests import Digests
from db.desk.engine import Connection
from db.desk.search import renew
from db.desk.standing import entries_of, heads_at_centre, scope_at_centre, write_card

PUBLIC = frozenset(name for name, kind in REGISTRY.items() if kind.public)


def lose(connection: Connection, incident: UUID, scopes: frozenset[UUID]) -> ChangeSet:
    """An incident is no longer this desk's to see: its rows go, and the personal values with them. What is of
    the desk's own scopes stays, and so do the bytes in the chain; unsent work stays until it is judged."""
    touched: dict[str, set[UUID]] = {}
    digests = Digests(connection)
    for name in statements.FACT_KINDS:
        kind = REGISTRY[name]
        codec = statements.CODECS[name]
        for raw in connection.execute(
            f"{codec.select_all} WHERE incident_id = ?", (incident.bytes,)
        ).fetchall():
            row = codec.row(raw)
            if row["scope_id"] in scopes:
                continue
            if kind.public or row.get("target_kind") in PUBLIC:
                _conceal(connection, kind, row["id"])
                continue
            if _fact_goes(connection, kind, row["id"], row["scope_id"], digests):
                touched.setdefault(name, set()).add(row["id"])
    kind = REGISTRY["incident"]
    if scope_at_centre(kind, entries_of(connection, kind, incident)) not in scopes:
        hide_card(connection, kind, incident, digests)
        touched.setdefault("incident", set()).add(incident)
    digests.flush()
    return ChangeSet({name: frozenset(ids) for name, ids in touched.items()})


def leave(connection: Connection, now: frozenset[UUID]) -> ChangeSet:
    """Of all scopes only ``now`` are this desk's to see from here on: what is of others goes, but what it
    wrote itself and incidents it takes part in. Reads every fact once: for the day the tree changes."""
    change_set = ChangeSet({})
    seen: set[UUID] = set()
    kind = REGISTRY["incident"]
    for (raw,) in connection.execute("SELECT id FROM incident").fetchall():
        id_ = UUID(bytes=raw)
        made = standing(
            kind, [one.opened for one in entries_of(connection, kind, id_) if one.order is not None]
        )
        shared = () if made is None else made.values.get("shared_ids") or ()
        if made is None or made.values.get("scope_id") in now or not now.isdisjoint(map(_id, shared)):
            seen.add(id_)
        else:
            change_set |= lose(connection, id_, now)
    digests = Digests(connection)
    touched: dict[str, set[UUID]] = {}
    for kind in REGISTRY.values():
        if kind.name != "incident":
            gone = _facts_go if kind.nature == "fact" else _cards_go
            if ids := gone(connection, kind, now, seen, digests):
                touched[kind.name] = ids
    digests.flush()
    return change_set | ChangeSet({name: frozenset(ids) for name, ids in touched.items()})


def _id(value: UUID | str) -> UUID:
    return value if isinstance(value, UUID) else UUID(value)


def _facts_go(
    connection: Connection,
    kind: Kind,
    now: frozenset[UUID],
    seen: set[UUID],
    digests: Digests,
) -> set[UUID]:
    target = "target_kind" if "target_kind" in kind.types else "NULL"
    scopes, incidents = {id_.bytes for id_ in now}, {id_.bytes for id_ in seen}
    away = [
        (UUID(bytes=id_), None if scope is None else UUID(bytes=scope), target in PUBLIC)
        for id_, scope, incident, target in connection.execute(
            f'SELECT f.id, f.scope_id, f.incident_id, {target} FROM "{kind.name}" AS f'
            " JOIN journal AS j ON j.id = f.id WHERE j.hash IS NULL"
        )
        if scope not in scopes and incident not in incidents
    ]
    touched = set()
    for id_, scope, public in away:
        if kind.public or public:
            _conceal(connection, kind, id_)
            touched.add(id_)
        elif _fact_goes(connection, kind, id_, scope, digests):
            touched.add(id_)
    return touched


def _cards_go(
    connection: Connection,
    kind: Kind,
    now: frozenset[UUID],
    seen: set[UUID],
    digests: Digests,
) -> set[UUID]:
    """Registers are read by all, their personal fields by their own scope."""
    touched = set()
    personal = bool(kind.personal())
    for (raw,) in connection.execute(f'SELECT id FROM "{kind.name}"').fetchall():
        id_ = UUID(bytes=raw)
        stored = entries_of(connection, kind, id_)
        if scope_at_centre(kind, stored) in now:
            continue
        if not kind.public:
            hide_card(connection, kind, id_, digests)
        elif personal:
            for entry in stored:
                if entry.order is not None:
                    _forget_words(connection, entry.change.id)
            write_card(connection, kind, id_, entries_of(connection, kind, id_))
            renew(connection, kind.name, id_.bytes)
        else:
            continue
        touched.add(id_)
    return touched


def _fact_goes(connection: Connection, kind: Kind, row: UUID, scope: UUID | None, digests: Digests) -> bool:
    """Whether it went: what is unsent stays until it is judged."""
    order = connection.execute(
        "SELECT coalesce(order_epoch, epoch), coalesce(order_number, number) FROM journal"
        " WHERE id = ? AND number IS NOT NULL",
        (row.bytes,),
    ).fetchone()
    if order is None:
        return False
    projections.forget(connection, kind, row)
    digests.add(kind.name, scope, digest.of_fact(row, order), -1)
    _hide(connection, row)
    return True


def _conceal(connection: Connection, kind: Kind, row: UUID) -> None:
    """Every desk reads this fact; its words were the incident's. Who wrote it keeps them."""
    personal = kind.personal()
    if personal and _forget_words(connection, row):
        sets = ", ".join(f'"{name}" = NULL' for name in personal)
        connection.execute(f'UPDATE "{kind.name}" SET {sets} WHERE id = ?', (row.bytes,))
        renew(connection, kind.name, row.bytes)


def _forget_words(connection: Connection, change: UUID) -> bool:
    """Take the personal values of somebody else's entry away; False of one that was written here, whose chain
    is this desk's to keep whole."""
    (own,) = connection.execute(
        "SELECT hash IS NOT NULL FROM journal WHERE id = ?", (change.bytes,)
    ).fetchone()
    if not own:
        connection.execute("DELETE FROM private_value WHERE change_id = ?", (change.bytes,))
    return not own


def hide_card(connection: Connection, kind: Kind, row: UUID, digests: Digests) -> None:
    """Take what the centre has of a card out of sight; an unsent edit stays until it is judged."""
    stored = entries_of(connection, kind, row)
    heads = heads_at_centre(kind, stored)
    if heads is not None:
        digests.add(kind.name, scope_at_centre(kind, stored), digest.of_card(row, heads), -1)
    for entry in stored:
        if entry.order is not None:
            _hide(connection, entry.change.id)
    write_card(connection, kind, row, entries_of(connection, kind, row))
    renew(connection, kind.name, row.bytes)


def _hide(connection: Connection, change: UUID) -> None:
    connection.execute("UPDATE journal SET absent = 'hidden' WHERE id = ?", (change.bytes,))
    connection.execute("DELETE FROM private_value WHERE change_id = ?", (change.bytes,))
