"""The desk's store: one transaction is rows, projections, timeline and journal together, or nothing."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from commandcenter.domain import change as entries
from commandcenter.domain.access import DISTRICT, Scopes, may_write, require
from commandcenter.domain.change import GENESIS, Change, ChangeSet, Edit, Grow, Private
from commandcenter.domain.errors import Refused
from commandcenter.domain.merge import created, heads_out, merge
from commandcenter.domain.record import Kind, Situation, kind_of, make, settled, validate, values_of
from db.desk import projections, purge, statements
from db.desk.engine import Connection, explained

GROUP_MAX = 500


@dataclass(frozen=True, kw_only=True)
class Author:
    """Who changes something, at which desk, in which roles, and by which clock."""

    person: UUID | None
    roles: tuple[str, ...]
    device: UUID
    scope: UUID | None
    offset_ms: int | None
    scopes: Scopes = DISTRICT  # whose rows the desk writes


@dataclass(frozen=True, kw_only=True)
class Mint:
    """Where new ids and salts come from; a scripted exercise brings its own."""

    new_id: Callable[[], UUID]
    new_salt: Callable[[], bytes] = field(default=lambda: os.urandom(entries.SALT_BYTES))


@dataclass
class Transaction:
    """What a command's handler writes through. Everything in it is one group of changes."""

    connection: Connection
    author: Author
    situation: Situation
    mint: Mint
    group: UUID | None = None
    batch: UUID | None = None
    ids: list[UUID] = field(default_factory=list)  # the rows made or edited, in order
    changes: int = 0
    touched: dict[str, set[UUID]] = field(default_factory=dict)
    seq: int = 0
    _head: tuple[int, bytes] | None = None

    @property
    def now(self) -> datetime:
        """The instant of the command."""
        return self.situation.now

    def get(self, kind: str, id_: UUID) -> dict[str, Any] | None:
        """The row as the desk sees it, by column; None if there is none."""
        codec = statements.CODECS[kind_of(kind).name]
        raw = self.connection.execute(codec.select, (id_.bytes,)).fetchone()
        return None if raw is None else codec.row(raw)

    def need(self, kind: str, id_: UUID, field_: str | None = None) -> dict[str, Any]:
        """The row; Refused ``unknown_row`` if there is none."""
        row = self.get(kind, id_)
        if row is None:
            raise Refused("unknown_row", field=field_, kind=kind, id=str(id_))
        return row

    def fact(self, id_: UUID) -> tuple[str, dict[str, Any]] | None:
        """(kind, row) of the fact with this id, whichever kind it is."""
        found = projections.find_fact(self.connection, id_.bytes)
        return None if found is None else (found[0], self.need(found[0], id_))

    def struck(self, id_: UUID) -> bool:
        """Whether a strike of this fact stands."""
        found = self.connection.execute("SELECT 1 FROM strike WHERE target_id = ?", (id_.bytes,)).fetchone()
        return found is not None

    def id_by(self, kind: str, field_: str, value: str) -> UUID | None:
        """The id of the card whose text field has this value; None if there is none."""
        if field_ not in kind_of(kind).types:
            raise Refused("unknown_field", field=field_, kind=kind)
        found = self.connection.execute(
            f'SELECT id FROM "{kind}" WHERE "{field_}" = ? LIMIT 1', (value,)
        ).fetchone()
        return None if found is None else UUID(bytes=found[0])

    def count_up(self, name: str) -> int:
        """The next number of a local counter; a number is never given twice."""
        (n,) = self.connection.execute(
            "INSERT INTO counter (name, n) VALUES (?, 1)"
            " ON CONFLICT (name) DO UPDATE SET n = n + 1 RETURNING n",
            (name,),
        ).fetchone()
        return int(n)

    def add(self, kind_name: str, values: Mapping[str, Any], id_: UUID | None = None) -> UUID:
        """Create a record. Refused where a role, a field or a rule says no."""
        kind = kind_of(kind_name)
        change_id = self.mint.new_id()
        row_id = id_ or change_id
        given = dict(values)
        require(kind.name, "add", self.author.roles, given, by=self.author.person, row_id=row_id)
        if given.get("scope_id") is None:
            given["scope_id"] = self.author.scope
        self._is_ours(kind, given["scope_id"], given.get("incident_id"))
        full = values_of(make(kind.name, row_id, given))
        validate(kind, None, full, self.situation)
        set_, private = entries.seal_created(kind, full, self.mint.new_salt)
        self._append(kind, change_id, row_id, private, full, set_=set_)
        self._insert(kind, change_id, row_id, full)
        return row_id

    def edit(
        self,
        kind_name: str,
        id_: UUID,
        wanted: Mapping[str, Any],
        bases: Mapping[str, Iterable[UUID]] | None = None,
    ) -> bool:
        """Change a card's fields. ``bases``: for each field the changes whose values were on the screen (of
        a set all the adds); what is not given is based on what is current. False if nothing differed."""
        kind = kind_of(kind_name)
        if kind.nature != "card":
            raise Refused("facts_are_struck", kind=kind.name)
        require(kind.name, "edit", self.author.roles)
        row = self.need(kind.name, id_)
        heads = heads_out(kind, row["heads"])
        said = {
            name: settled(kind.types[name], value) for name, value in wanted.items() if name in kind.types
        }
        # choosing the value that is current already settles a field that has several
        patch = {
            name: value
            for name, value in {**wanted, **said}.items()
            if row.get(name) != value or (isinstance(heads.get(name), list) and len(heads[name]) > 1)
        }
        require(kind.name, "edit", self.author.roles, patch, by=self.author.person, row_id=id_)
        about = id_ if kind.name == "incident" else row.get("incident_id")
        for whose in {row["scope_id"], patch.get("scope_id", row["scope_id"])}:
            self._is_ours(kind, whose, about)
        validate(kind, row, patch, self.situation)
        change_id = self.mint.new_id()
        edits: dict[str, Edit | Grow] = {}
        for name, value in patch.items():
            on_screen = None if bases is None or name not in bases else tuple(bases[name])
            if kind.types[name].merge == "grow":
                grow = _grow(heads.get(name, {}), value, on_screen)
                if grow.add or grow.drop:
                    edits[name] = grow
            else:
                seen = heads.get(name, [])[-1:] if on_screen is None else on_screen
                edits[name] = Edit(to=value, former=row.get(name), on=self._with_own_bases(name, seen))
        if not edits:
            return False
        merged = merge(kind, row, heads, change_id, edits)
        sealed, private = entries.seal_edited(kind, edits, self.mint.new_salt)
        private = purge.left(self.connection, change_id, id_, private)
        self._append(kind, change_id, id_, private, row, edit=sealed)
        codec = statements.CODECS[kind.name]
        names = [*merged.values, "heads"]
        values = [codec.encode(name, value) for name, value in merged.values.items()]
        values.append(codec.encode("heads", merged.heads))
        self.connection.execute(codec.update(names), (*values, id_.bytes))
        return True

    def _is_ours(self, kind: Kind, whose: Any, incident_id: Any) -> None:
        """Refused ``not_your_scope`` where this desk writes neither that scope nor in that incident."""
        scopes = self.author.scopes
        if None in scopes:
            return
        incident = None if incident_id is None else self.get("incident", incident_id)
        part = () if incident is None else (incident["scope_id"], *map(UUID, incident["shared_ids"] or ()))
        if not may_write(kind.name, whose, part, scopes, None):
            raise Refused("not_your_scope", kind=kind.name)

    def _with_own_bases(self, name: str, seen: Iterable[UUID]) -> tuple[UUID, ...]:
        """An edit over an own unsent value is based on it *and its bases* (DESIGN §5.2). Whatever has no
        number of the centre's is unsent, also of the device that this desk was before a restore."""
        out: dict[UUID, None] = {}
        for id_ in seen:
            out[id_] = None
            raw = self.connection.execute(
                "SELECT bytes FROM journal WHERE id = ? AND number IS NULL AND device IS NOT NULL",
                (id_.bytes,),
            ).fetchone()
            edit = (entries.decode(raw[0]).edit or {}).get(name) if raw else None
            if isinstance(edit, Edit):
                out.update(dict.fromkeys(edit.on))
        return tuple(out)

    def _append(
        self,
        kind: Kind,
        change_id: UUID,
        row_id: UUID,
        private: Mapping[str, Private],
        values: Mapping[str, Any],
        *,
        set_: Mapping[str, Any] | None = None,
        edit: Mapping[str, Edit | Grow] | None = None,
    ) -> None:
        if self.changes >= GROUP_MAX:
            raise Refused("group_too_large", max=GROUP_MAX)
        if self.group is None:
            self.group = change_id
        author = self.author
        if self._head is None:
            head = self.connection.execute(
                "SELECT n, hash FROM chain WHERE device = ?", (author.device.bytes,)
            ).fetchone()
            self._head = head or (0, GENESIS)
        n = self._head[0] + 1
        data = entries.encode(
            Change(
                id=change_id,
                group=self.group,
                batch=self.batch,
                device=author.device,
                n=n,
                kind=kind.name,
                row=row_id,
                by=author.person,
                at=self.now,
                offset_ms=author.offset_ms,
                set=set_,
                edit=edit,
            )
        )
        self._head = (n, entries.link(self._head[1], data))
        cursor = self.connection.execute(
            statements.JOURNAL_INSERT,
            (
                None,
                change_id.bytes,
                author.device.bytes,
                n,
                None if row_id == change_id else row_id.bytes,
                data,
                self._head[1],
                None,
                None,
            ),
        )
        self.seq = cursor.lastrowid or 0
        keep_private(self.connection, kind, change_id, row_id, private, values)
        self.changes += 1
        self.ids.append(row_id)
        self.touched.setdefault(kind.name, set()).add(row_id)

    def _insert(self, kind: Kind, change_id: UUID, row_id: UUID, values: Mapping[str, Any]) -> None:
        insert_row(
            self.connection,
            kind,
            change_id,
            row_id,
            values,
            {
                "typed_by_id": self.author.person,
                "typed_desk_id": self.author.device,
                "typed_at": self.now,
                "typed_offset_ms": self.author.offset_ms,
            },
        )
        projections.keep(self.connection, kind, row_id, values, self.author.device, fresh=row_id == change_id)

    def next_group(self) -> Transaction:
        """What follows is a group of its own, accepted or refused by itself, in the same transaction."""
        return replace(self, group=None, ids=[], changes=0, touched={}, seq=self.seq, _head=self._head)

    def close(self) -> None:
        """Write the chain's new head; the last statement before the commit."""
        if self._head is not None and self.changes:
            self.connection.execute(
                "INSERT INTO chain (device, n, hash) VALUES (?, ?, ?)"
                " ON CONFLICT (device) DO UPDATE SET n = excluded.n, hash = excluded.hash",
                (self.author.device.bytes, *self._head),
            )

    def change_set(self) -> ChangeSet:
        """What this transaction touched."""
        return ChangeSet({kind: frozenset(ids) for kind, ids in self.touched.items()}, self.seq)


def _grow(before: Mapping[str, list[UUID]], wanted: Iterable[str], on_screen: Iterable[UUID] | None) -> Grow:
    """The adds and drops that make the set ``wanted``; what was not on the screen is not dropped. A form that
    names no add of the set says nothing of what it showed: then what is current counts as seen."""
    items = set(wanted)
    seen = set(on_screen or ()) or None
    drop = {
        item: tuple(id_ for id_ in ids if seen is None or id_ in seen)
        for item, ids in before.items()
        if item not in items
    }
    return Grow(
        add=tuple(sorted(items - before.keys())), drop={item: ids for item, ids in drop.items() if ids}
    )


def insert_row(
    connection: Connection,
    kind: Kind,
    change_id: UUID,
    row_id: UUID,
    values: Mapping[str, Any],
    stamps: Mapping[str, Any],
) -> None:
    """Write a new record's row with who typed it where and when."""
    full = {**values, "id": row_id, **stamps}
    if kind.nature == "card":
        full["heads"] = created(kind, change_id, values)
    codec = statements.CODECS[kind.name]
    connection.execute(codec.insert, codec.parameters(full))


_private_encoder = msgspec.json.Encoder(order="sorted")


def keep_private(
    connection: Connection,
    kind: Kind,
    change_id: UUID,
    row_id: UUID,
    private: Mapping[str, Private],
    values: Mapping[str, Any],
) -> None:
    """Lay the personal values of one change beside the chain, by event, so that they can be purged."""
    if not private:
        return
    body = {
        name: {"salt": value.salt.hex(), "value": value.value, "former": value.former}
        for name, value in private.items()
    }
    incident = row_id if kind.name == "incident" else values.get("incident_id")
    connection.execute(
        statements.PRIVATE_INSERT,
        (
            change_id.bytes,
            row_id.bytes,
            None if incident is None else incident.bytes,
            _private_encoder.encode(body),
        ),
    )


@contextmanager
def immediate(connection: Connection, file: Path) -> Iterator[None]:
    """One ``BEGIN IMMEDIATE`` … ``COMMIT``; rolled back whole on any error."""
    with explained(file):
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            connection.execute("COMMIT")
        except BaseException:
            # a full disk may have rolled back already
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
