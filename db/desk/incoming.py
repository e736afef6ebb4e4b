"""The desk's intake: numbered entries enter its journal and its rows, in slices that keep nobody waiting.

Rows follow from the set of entries and their numbers (``domain.merge.standing``), so an entry may come
twice, late, or with another number after the centre was restored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from commandcenter.domain import change as entries
from commandcenter.domain import digest
from commandcenter.domain.change import Change, ChangeSet, Private
from commandcenter.domain.merge import applied, created, heads_out
from commandcenter.domain.opened import all_values, opened, readable, unknown_fields
from commandcenter.domain.purge import KIND as CERTIFICATE
from commandcenter.domain.record import REGISTRY, Kind, settled
from commandcenter.protocol.messages import LEFT_OUT, Beside, Note, Numbered
from db.desk import projections, purge, statements
from db.desk.digests import Digests
from db.desk.engine import Connection
from db.desk.new_facts import BY_ITSELF, NewFact, fact_row, give_number, keep_beside, line, new_fact, write
from db.desk.sight import hide_card
from db.desk.standing import (
    Stored,
    entries_of,
    heads_at_centre,
    private_of,
    scope_at_centre,
    write_card,
)

PUBLIC = frozenset(name for name, kind in REGISTRY.items() if kind.public)
_AT_ONCE = 64  # ids in one question
_KNOWN_COLUMNS = "SELECT id, bytes, epoch, number, order_epoch, order_number, absent, device FROM journal"
_KNOWN = f"{_KNOWN_COLUMNS} WHERE id = ?"
_KNOWN_MANY = f"{_KNOWN_COLUMNS} WHERE id IN ({', '.join('?' * _AT_ONCE)})"
# other entries of a row that are unsent, or have their place behind the one given
_BEHIND = (
    'SELECT 1 FROM journal WHERE ("row" = ?1 OR id = ?1) AND absent IS NULL AND id <> ?2 AND (number IS NULL'
    " OR (coalesce(order_epoch, epoch), coalesce(order_number, number)) > (?3, ?4)) LIMIT 1"
)


@dataclass
class Incoming:
    """One slice of the feed on its way into the file, inside the caller's transaction."""

    connection: Connection
    device: UUID
    touched: dict[str, set[UUID]] = field(default_factory=dict)
    seq: int = 0
    new_lines: int = 0
    elsewhere: bool = False  # an entry of this desk's own chain that it never wrote: somebody goes on in it
    owed: list[UUID] = field(default_factory=list)  # entries whose personal values the centre lacks
    gained: list[UUID] = field(default_factory=list)  # incidents to be fetched whole
    lost: list[UUID] = field(default_factory=list)
    shown: set[UUID] = field(default_factory=set)  # rows that came from other desks

    def __post_init__(self) -> None:
        self._digests = Digests(self.connection)
        self._known: dict[UUID, tuple[Any, ...] | None] = {}  # as the slice began, each looked at once
        self._new_facts: list[NewFact] = []  # to be written together

    def take(self, numbered: Sequence[Numbered], scopes: frozenset[UUID] = frozenset()) -> ChangeSet:
        """Apply entries in the order given. ``scopes``: those of this desk, for whom gain and loss count."""
        changes = [entries.decode(bytes(entry.e)) if entry.e is not LEFT_OUT else None for entry in numbered]
        ids = [
            entry.id if change is None else change.id for entry, change in zip(numbered, changes, strict=True)
        ]
        self._look_up([id_ for id_ in ids if id_ is not None])
        for entry, change, id_ in zip(numbered, changes, ids, strict=True):
            assert id_ is not None
            self._one(entry, change, id_)
            if entry.lacks:
                self._flush()
                if private_of(self.connection, id_):
                    self.owed.append(id_)
            if entry.unseen:
                self._flush()
                self._unseen(entry)
                self._known.clear()  # it may have hidden others
            if entry.note is not None and (entry.note.gain or entry.note.loss):
                self._flush()
                self._sight(entry, entry.note, scopes)
        self._flush()
        self._digests.flush()
        return ChangeSet({kind: frozenset(ids) for kind, ids in self.touched.items()}, self.seq)

    def _look_up(self, ids: Sequence[UUID]) -> None:
        """What of these is here, in few questions."""
        self._known = dict.fromkeys(ids)
        for begin in range(0, len(ids), _AT_ONCE):
            part = [id_.bytes for id_ in ids[begin : begin + _AT_ONCE]]
            part += part[-1:] * (_AT_ONCE - len(part))
            for found in self.connection.execute(_KNOWN_MANY, part):
                self._known[UUID(bytes=found[0])] = found

    def _one(self, entry: Numbered, change: Change | None, id_: UUID) -> None:
        if id_ in self._known:
            known = self._known.pop(id_)
        else:  # a second time in this slice
            self._flush()
            known = self.connection.execute(_KNOWN, (id_.bytes,)).fetchone()
        if known is not None:
            self._flush()
            self._again(entry, change or entries.decode(known[1]), known)
            return
        if change is None:
            raise LookupError(f"entry {id_} is named and not here")
        self.elsewhere = self.elsewhere or change.device == self.device
        self.new_lines += 1
        kind = REGISTRY.get(change.kind)
        if kind is not None and kind.nature == "fact" and kind.name not in BY_ITSELF:
            self._new_facts.append(new_fact(entry, change, kind, self._private(entry, change)))
            self._count_fact(kind, change, _order(entry))
            self._touch(kind, change.row)
            self.shown.add(change.row)
            return
        self._flush()
        self._new(entry, change, bytes(entry.e))

    def _flush(self) -> None:
        """Write the new facts that were gathered."""
        if self._new_facts:
            self.seq = write(self.connection, self._new_facts)
            self._new_facts = []

    def _new(self, entry: Numbered, change: Change, data: bytes) -> None:
        cursor = self.connection.execute(statements.JOURNAL_INSERT, line(entry, change, data))
        self.seq = cursor.lastrowid or 0
        if entry.order is not None or entry.note is not None:
            give_number(self.connection, entry, change.id)
        kind = REGISTRY.get(change.kind)
        if kind is None:
            return  # a newer program's kind: kept, and sent on, until this program is the newer one
        private = self._private(entry, change)
        if private:
            keep_beside(self.connection, kind, change, private)
        if kind.nature == "fact":
            self._fact(kind, change, private, _order(entry))
        else:
            self._card(kind, change, private, entry)
        self._touch(kind, change.row)
        self.shown.add(change.row)
        self._destroy(change)

    def _again(self, entry: Numbered, change: Change, known: tuple[Any, ...]) -> None:
        _, _, epoch, number, order_epoch, order_number, absent, _ = known
        before = None if number is None else (order_epoch or epoch, order_number or number)
        same_place = before == _order(entry) and absent is None
        if (epoch, number) == (entry.epoch, entry.n) and same_place and not entry.p:
            return  # twice
        kind = REGISTRY.get(change.kind)
        was = None
        if kind is not None and kind.nature == "card":
            was = entries_of(self.connection, kind, change.row)
        give_number(self.connection, entry, change.id)
        if kind is None:
            return
        if kind.nature == "fact":  # the centre calls its time doubtful, or no longer does
            projections.renew_of(self.connection, kind.name, change.row.bytes)
            if entry.note is not None and entry.note.doubtful:
                self._touch(kind, change.row)
        private = self._private(entry, change)
        had = not private or private_of(self.connection, change.id)
        if private and not had:
            keep_beside(self.connection, kind, change, private)
        if same_place and had:
            return
        if kind.nature == "fact":
            if absent is not None or not had:
                self._fact_again(
                    kind, change, private, count=before is None or absent is not None, entry=entry
                )
            elif before is None:
                self._count_fact(kind, change, _order(entry))
            elif before != _order(entry):
                scope = _scope_of(kind, change)
                self._digests.add(kind.name, scope, digest.of_fact(change.row, before), -1)
                self._count_fact(kind, change, _order(entry))
        else:
            self._card_again(kind, change.row, was)
        self._touch(kind, change.row)
        self._destroy(change)

    def _private(self, entry: Numbered, change: Change) -> dict[str, Private]:
        """An entry's personal values but those that a certificate destroyed."""
        return purge.left(self.connection, change.id, change.row, _private(entry.p)) if entry.p else {}

    def _destroy(self, change: Change) -> None:
        """A certificate is in effect from here on: it has its number."""
        if change.kind == CERTIFICATE:
            for name, rows in purge.take(self.connection, change).items():
                self.touched.setdefault(name, set()).update(rows)

    # --- facts

    def _fact(self, kind: Kind, change: Change, private: dict[str, Private], order: tuple[int, int]) -> None:
        self._insert_fact(kind, change, private)
        self._count_fact(kind, change, order)

    def _insert_fact(self, kind: Kind, change: Change, private: dict[str, Private]) -> None:
        values, row = fact_row(kind, change, private)
        self.connection.execute(statements.CODECS[kind.name].insert, row)
        projections.keep(self.connection, kind, change.row, values, change.device)

    def _fact_again(
        self, kind: Kind, change: Change, private: dict[str, Private], *, count: bool, entry: Numbered
    ) -> None:
        """A fact that was refused or out of sight, or whose words were not for this desk, stands now."""
        projections.forget(self.connection, kind, change.row)
        self._insert_fact(kind, change, private or private_of(self.connection, change.id))
        if count:
            self._count_fact(kind, change, _order(entry))

    def _count_fact(self, kind: Kind, change: Change, order: tuple[int, int]) -> None:
        self._digests.add(kind.name, _scope_of(kind, change), digest.of_fact(change.row, order))

    # --- cards

    def _card(self, kind: Kind, change: Change, private: dict[str, Private], entry: Numbered) -> None:
        row = change.row
        behind = self.connection.execute(_BEHIND, (row.bytes, change.id.bytes, *_order(entry))).fetchone()
        codec = statements.CODECS[kind.name]
        raw = self.connection.execute(codec.select, (row.bytes,)).fetchone()
        if behind or (raw is None) != (change.set is not None) or unknown_fields(kind, (change,)):
            stored = entries_of(self.connection, kind, row)
            self._card_again(kind, row, [one for one in stored if one.change.id != change.id])
            return
        said = opened(kind, change, private)
        if change.set is not None:
            heads = created(kind, change.id, said.set or {})
            full = readable(all_values(kind, change.row, said.set or {}))
            full |= {
                "id": row,
                "heads": heads,
                "typed_by_id": change.by,
                "typed_desk_id": change.device,
                "typed_at": change.at,
                "typed_offset_ms": change.offset_ms,
            }
            self.connection.execute(codec.insert, codec.parameters(full))
            self._digests.add(kind.name, full.get("scope_id"), digest.of_card(row, heads))
            return
        before = codec.row(raw)
        heads = heads_out(kind, before["heads"])
        self._digests.add(kind.name, before["scope_id"], digest.of_card(row, heads), -1)
        merged = applied(kind, heads, change.id, said.edit or {})
        values = {name: settled(kind.types[name], value) for name, value in readable(merged.values).items()}
        names = [*values, "heads"]
        parameters = [codec.encode(name, value) for name, value in values.items()]
        self.connection.execute(
            codec.update(names), (*parameters, codec.encode("heads", merged.heads), row.bytes)
        )
        scope = values.get("scope_id", before["scope_id"])
        self._digests.add(kind.name, scope, digest.of_card(row, merged.heads))

    def _card_again(self, kind: Kind, row: UUID, was: list[Stored] | None) -> None:
        """Make the row anew from its entries; ``was``: what they were before."""
        if was is not None and (heads := heads_at_centre(kind, was)) is not None:
            self._digests.add(kind.name, scope_at_centre(kind, was), digest.of_card(row, heads), -1)
        stored = entries_of(self.connection, kind, row)
        heads = heads_at_centre(kind, stored)
        if heads is not None:
            self._digests.add(kind.name, scope_at_centre(kind, stored), digest.of_card(row, heads))
        write_card(self.connection, kind, row, stored)

    # --- sight

    def _unseen(self, entry: Numbered) -> None:
        """An entry of a card that is out of sight, an own one or the one by which it went: it has its number
        and makes no row here. Whose the card is cannot be told here: what came after may never come."""
        id_ = entry.id if entry.e is LEFT_OUT else entries.decode(bytes(entry.e)).id
        assert id_ is not None
        (data,) = self.connection.execute("SELECT bytes FROM journal WHERE id = ?", (id_.bytes,)).fetchone()
        change = entries.decode(data)
        kind = REGISTRY.get(change.kind)
        if kind is not None:
            self._digests.flush()
            hide_card(self.connection, kind, change.row, self._digests)
            self._touch(kind, change.row)

    def _sight(self, entry: Numbered, note: Note, scopes: frozenset[UUID]) -> None:
        """An incident came into sight, or went: the centre says so, nobody derives it."""
        id_ = entry.id if entry.e is LEFT_OUT else entries.decode(bytes(entry.e)).row
        if entry.e is LEFT_OUT and id_ is not None:
            raw = self.connection.execute(
                'SELECT coalesce("row", id) FROM journal WHERE id = ?', (id_.bytes,)
            )
            found = raw.fetchone()
            id_ = None if found is None else UUID(bytes=found[0])
        if id_ is None:
            return
        if scopes & set(note.loss):
            self.gained = [incident for incident in self.gained if incident != id_]
            self.lost.append(id_)
        elif scopes & set(note.gain):
            self.lost = [incident for incident in self.lost if incident != id_]
            self.gained.append(id_)

    def _touch(self, kind: Kind, row: UUID) -> None:
        self.touched.setdefault(kind.name, set()).add(row)


def _order(entry: Numbered) -> tuple[int, int]:
    return entry.order or (entry.epoch, entry.n)


def _private(beside: dict[str, Beside]) -> dict[str, Private]:
    return {
        name: Private(salt=bytes.fromhex(value.s), value=value.v, former=value.f)
        for name, value in beside.items()
    }


def _scope_of(kind: Kind, change: Change) -> UUID | None:
    said = (change.set or {}).get("scope_id")
    return None if said is None else UUID(said)
