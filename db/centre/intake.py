"""The centre's intake: groups are judged, numbered and written in one transaction, or refused for ever.

The order within it (DESIGN §5.4): read what is known, lock the touched rows in id order, judge every group in
memory, take the numbers from the locked head row, write, commit. So numbers are committed in their order and
no reader passes one by.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Connection, bindparam, func, insert, select, update

from commandcenter.domain import change as entries
from commandcenter.domain import digest
from commandcenter.domain.change import GENESIS, Change, Private, link
from commandcenter.domain.clock import from_ms
from commandcenter.domain.errors import Refused
from commandcenter.domain.opened import NOTHING_GONE
from commandcenter.domain.purge import Destruction, signers
from commandcenter.domain.record import REGISTRY
from commandcenter.protocol.messages import ENTRY_BYTES_MAX, Beside, Note, Offered, PushRequest, Sent, Verdict
from db.centre import again, former, purge, rows
from db.centre.chains import Segments
from db.centre.digests import NO_SCOPE, Sums
from db.centre.engine import telling
from db.centre.judgement import Arrived, Bench, Caller, Desired, audience, decide, doubtful, named_by, one
from db.centre.many import insert_many
from db.centre.tables import epoch as epochs
from db.centre.tables import feed_head
from db.tables import RECORDS, journal, private_value, refusal

_REFUSED = select(refusal.c.group_id, refusal.c.code, refusal.c.arguments).where(
    refusal.c.group_id.in_(bindparam("ids", expanding=True))
)
_HEAD = telling(select(feed_head.c.epoch, feed_head.c.n, feed_head.c.hash).with_for_update())
_HEAD_UPDATE = update(feed_head).values(n=bindparam("b_n"), hash=bindparam("b_hash"))
_REFUSAL = insert(refusal)
_PERSONS = select(RECORDS["person"].c.id, RECORDS["person"].c.roles).where(
    RECORDS["person"].c.id.in_(bindparam("ids", expanding=True))
)
_LATE = select(RECORDS["setting"].c.value).where(RECORDS["setting"].c.key == "late_after_s")
LATE_AFTER_S = 1800


@dataclass(frozen=True, kw_only=True)
class Placed:
    """An accepted entry and what is written with it."""

    arrived: Arrived
    segment: UUID | None  # in whose chain it is filed
    hash: bytes | None
    order: tuple[int, int] | None = None
    note: Note | None = None


@dataclass
class Outcome:
    """What one request came to."""

    verdicts: list[Verdict] = field(default_factory=list)
    fork: bool = False
    numbered: int = 0
    head: int | None = None  # the newest number given
    taken: list[UUID] = field(default_factory=list)


def arrived(sent: Sent | Offered) -> Arrived:
    """An entry read. Refused ``entry_malformed``."""
    data = bytes(sent.e)
    try:
        if len(data) > ENTRY_BYTES_MAX:
            raise ValueError(f"{len(data)} bytes")
        change = entries.decode(data)
        private = {name: _private(value) for name, value in sent.p.items()}
    except (ValueError, TypeError) as error:
        raise Refused("entry_malformed", reason=str(error)) from None
    before = bytes.fromhex(sent.b) if isinstance(sent, Sent) and sent.b else None
    return Arrived(data=data, change=change, private=private, before=before)


def _private(value: Beside) -> Private:
    return Private(salt=bytes.fromhex(value.s), value=value.v, former=value.f)


@dataclass
class Intake:
    """One transaction's intake, on the caller's connection."""

    connection: Connection
    caller: Caller
    now: datetime
    is_code: Callable[[str, str], bool]
    shipped: Callable[[], frozenset[UUID]]
    outcome: Outcome = field(default_factory=Outcome)

    def push(self, request: PushRequest, groups: Sequence[Sequence[Arrived]]) -> Outcome:
        """Judge the groups in their order, number and write what is accepted."""
        gone = purge.known(self.connection, [entry for group in groups for entry in group])
        groups = [[purge.stripped(entry, gone) for entry in group] for group in groups]
        everything = [entry for group in groups for entry in group]
        known = self._known(everything)
        # before the rows are read: what completes an entry changes one
        completed = self._completed(everything, known, gone)
        refused = self._refused([group[0].change.group for group in groups])
        desired, bench = self._prepare(everything, gone)
        placed: list[Placed] = []
        turned_away: list[dict[str, Any]] = []
        segments = Segments(self.connection)
        for group in groups:
            id_ = group[0].change.group
            filed = [
                segments.file(entry, new=entry.change.id not in known and id_ not in refused)
                for entry in group
            ]
            if all(entry.change.id in known for entry in group):
                self.outcome.verdicts.append(Verdict(group=id_, verdict="accepted"))
                continue
            verdict = self._judge(bench, group, refused.get(id_), desired, known)
            self.outcome.verdicts.append(verdict)
            if verdict.verdict == "refused":
                if id_ not in refused:
                    refused[id_] = (verdict.code, verdict.arguments)
                    turned_away.append(
                        {
                            "group_id": id_,
                            "device": group[0].change.device or NO_SCOPE,
                            "code": verdict.code,
                            "arguments": verdict.arguments,
                            "refused_at": self.now,
                            "answered_at": None,
                        }
                    )
                continue
            for entry, (segment, hash_) in zip(group, filed, strict=True):
                if entry.change.id not in known:
                    known[entry.change.id] = False
                    placed.append(
                        Placed(
                            arrived=entry,
                            segment=segment,
                            hash=hash_,
                            note=Note(doubtful=True)
                            if doubtful(entry.change, from_ms(request.now), self.now)
                            else None,
                        )
                    )
        self.outcome.fork = segments.forked
        self._write(desired, placed)
        again.tell_again(self.connection, completed)
        purge.enforce(self.connection, [entry.change for entry in completed])
        segments.flush()
        if turned_away:
            self.connection.execute(_REFUSAL, turned_away)
        return self.outcome

    def _judge(
        self,
        bench: Bench,
        group: Sequence[Arrived],
        before: tuple[str, dict[str, Any]] | None,
        desired: Desired,
        known: Mapping[UUID, bool],
    ) -> Verdict:
        id_ = group[0].change.group
        if before is not None:  # a refusal is final
            return Verdict(group=id_, verdict="refused", code=before[0], arguments=before[1])
        try:
            again_ = any(known.get(named, False) for e in group for named in (e.change.id, id_))
            self._whole(group, partly=again_)
            if again_:  # the rest of a group that was accepted before a restore: not judged again
                merged = False
                for entry in group:
                    if entry.change.id not in known:  # what is here stands already
                        merged = one(bench, self.caller, entry, desired, judged=False) or merged
            else:
                merged = decide(bench, self.caller, group, desired)
        except Refused as no:
            desired.drop()
            return Verdict(group=id_, verdict="refused", code=no.code, arguments=_plain(no))
        desired.keep()
        return Verdict(group=id_, verdict="merged" if merged else "accepted")

    def _whole(self, group: Sequence[Arrived], *, partly: bool) -> None:
        id_ = group[0].change.group
        if not (partly or group[0].change.id == id_) or any(e.change.group != id_ for e in group):
            raise Refused("not_a_group")
        for entry in group:
            device = entry.change.device
            if device is not None and device not in self.caller.devices:
                raise Refused("not_your_chain")

    def offer(self, offered: Sequence[Offered]) -> Outcome:
        """Take entries that a restored centre lacks: not judged again, in the order of their numbers."""
        read = [(arrived(entry), (entry.epoch, entry.n)) for entry in offered]
        lost = former.lacking(self.connection)
        gone = purge.known(self.connection, [entry for entry, _ in read], taken=True)
        read = [(purge.stripped(entry, gone), order) for entry, order in read]
        known = self._known([entry for entry, _ in read])
        completed = self._completed([entry for entry, _ in read], known, gone)
        desired, bench = self._prepare([entry for entry, _ in read], gone)
        placed: list[Placed] = []
        edited: dict[tuple[str, UUID], None] = {}
        for entry, order in sorted(read, key=lambda pair: pair[1]):
            change = entry.change
            if change.id not in known and not lost(*order):
                continue  # it never had that number, or never lost it: who wrote it pushes it
            self.outcome.taken.append(change.id)
            if change.id in known:
                continue
            kind = REGISTRY[change.kind]
            if kind.nature == "card" and change.edit is not None:
                edited[kind.name, change.row] = None
            elif kind.nature == "fact" or desired.rows.get((kind.name, change.row)) is None:
                one(bench, self.caller, entry, desired, judged=False)
                desired.keep()
            known[change.id] = True
            placed.append(Placed(arrived=entry, segment=change.device, hash=None, order=order))
        self._write(desired, placed)
        for name, row in edited:
            was = audience(desired.rows.get((name, row))) if name == "incident" else ()
            now = again.refold(self.connection, name, row)
            if name == "incident":
                last = [one_.arrived.change.id for one_ in placed if one_.arrived.change.row == row][-1:]
                again.tell_sight(self.connection, last, was, audience(now))
        again.tell_again(self.connection, completed)
        purge.enforce(self.connection, [entry.change for entry in completed])
        return self.outcome

    # --- what is asked before

    def _completed(
        self, arrived_: Sequence[Arrived], known: Mapping[UUID, bool], gone: Destruction
    ) -> list[Arrived]:
        return [e for e in arrived_ if e.change.id in known and again.complete(self.connection, e, gone)]

    def _known(self, arrived_: Sequence[Arrived]) -> dict[UUID, bool]:
        ids = {id_ for entry in arrived_ for id_ in (entry.change.id, entry.change.group)}
        return former.taken_again(self.connection, sorted(ids))

    def _refused(self, groups: Sequence[UUID]) -> dict[UUID, tuple[str, dict[str, Any]]]:
        found = self.connection.execute(_REFUSED, {"ids": list(groups)})
        return {group: (code, arguments) for group, code, arguments in found}

    def _prepare(
        self, arrived_: Sequence[Arrived], gone: Destruction = NOTHING_GONE
    ) -> tuple[Desired, Bench]:
        wanted = purge.cards_of(self.connection, arrived_)
        named: dict[str, set[UUID]] = {}
        persons: set[UUID] = set()
        for entry in arrived_:
            change = entry.change
            kind = REGISTRY.get(change.kind)
            if kind is None:
                raise Refused("unknown_kind", kind=change.kind)
            if kind.nature == "card":
                wanted.setdefault(kind.name, set()).add(change.row)
            for name, id_ in named_by(change, self.caller):
                named.setdefault(name, set()).add(id_)
            if change.by is not None:
                persons.add(change.by)
            persons.update(signers(change))
        found: dict[tuple[str, UUID], rows.Row | None] = {}
        for name in sorted(wanted):
            read = rows.read(self.connection, name, wanted[name], lock=True)
            found.update({(name, id_): row for id_, row in read.items()})
        for name, ids in named.items():
            for id_, row in rows.read(self.connection, name, ids).items():
                found.setdefault((name, id_), row)
        roles: dict[UUID, tuple[str, ...]] = {}
        if persons:
            asked = self.connection.execute(_PERSONS, {"ids": sorted(persons)})
            roles = {id_: tuple(codes or ()) for id_, codes in asked}
        late = self.connection.execute(_LATE).scalar()
        bench = Bench(
            is_code=self.is_code,
            shipped=self.shipped,
            late_after_s=int(late) if late else LATE_AFTER_S,
            roles_of=roles,
            gone=gone,
        )
        return Desired(rows=found), bench

    # --- what is written after

    def _write(self, desired: Desired, placed: Sequence[Placed]) -> None:
        if not placed:
            return
        epoch, n, head = self.connection.execute(_HEAD[self.connection.dialect.name]).one()[:3]
        before = self._rows_before(desired)
        lines: list[dict[str, Any]] = []
        beside: list[dict[str, Any]] = []
        sums = Sums()
        for entry in placed:
            n += 1
            change = entry.arrived.change
            head = link(bytes(head), entry.arrived.data)
            row = desired.rows.get((change.kind, change.row)) or {}
            note = self._note(entry, change, before, desired)
            incident = change.row if change.kind == "incident" else row.get("incident_id")
            lines.append(
                {
                    "seq": n,
                    "id": change.id,
                    "device": entry.segment,
                    "n": change.n,
                    "row": None if change.row == change.id else change.row,
                    "bytes": entry.arrived.data,
                    "hash": entry.hash,
                    "epoch": epoch,
                    "number": n,
                    "order_epoch": entry.order[0] if entry.order else None,
                    "order_number": entry.order[1] if entry.order else None,
                    "note": None if note is None else msgspec.to_builtins(note),
                    "scope_id": row.get("scope_id"),
                    "incident_id": incident,
                    "kind": change.kind,
                }
            )
            if entry.arrived.private:
                beside.append(again.beside(change, entry.arrived.private, incident))
            if REGISTRY[change.kind].nature == "fact":
                order = entry.order or (epoch, n)
                sums.add(change.kind, row.get("scope_id"), digest.of_fact(change.row, order))
        self.connection.execute(_HEAD_UPDATE, {"b_n": n, "b_hash": head})
        insert_many(self.connection, journal, lines)
        insert_many(self.connection, private_value, beside)
        self._write_rows(desired, before, sums)
        sums.flush(self.connection)
        purge.enforce(self.connection, [entry.arrived.change for entry in placed])
        self.outcome.numbered, self.outcome.head = len(placed), n

    def _rows_before(self, desired: Desired) -> dict[tuple[str, UUID], rows.Row]:
        """The changed cards as they still stand in the database."""
        out: dict[tuple[str, UUID], rows.Row] = {}
        by_kind: dict[str, set[UUID]] = {}
        for name, id_ in desired.changed:
            by_kind.setdefault(name, set()).add(id_)
        for name, ids in by_kind.items():
            out.update({(name, id_): row for id_, row in rows.read(self.connection, name, ids).items()})
        return out

    def _write_rows(self, desired: Desired, before: Mapping[tuple[str, UUID], rows.Row], sums: Sums) -> None:
        new: dict[str, list[rows.Row]] = {}
        changed: dict[str, list[rows.Row]] = {}
        for name, id_ in desired.new:
            row = desired.rows[name, id_]
            assert row is not None
            new.setdefault(name, []).append(row)
            if "heads" in row:
                sums.add(name, row["scope_id"], digest.of_card(id_, row["heads"]))
        for name, id_ in desired.changed:
            row = desired.rows[name, id_]
            assert row is not None
            changed.setdefault(name, []).append(row)
            was = before[name, id_]
            sums.add(name, was["scope_id"], digest.of_card(id_, was["heads"]), -1)
            sums.add(name, row["scope_id"], digest.of_card(id_, row["heads"]))
        for name in sorted(new.keys() | changed.keys()):
            rows.write(self.connection, name, new.get(name, ()), changed.get(name, ()))

    def _note(
        self,
        entry: Placed,
        change: Change,
        before: Mapping[tuple[str, UUID], rows.Row],
        desired: Desired,
    ) -> Note | None:
        """The remark on an entry; who gains or loses sight of an incident is said by its last edit here."""
        key = (change.kind, change.row)
        moved = change.edit is not None and {"scope_id", "shared_ids"} & change.edit.keys()
        if change.kind != "incident" or not moved:
            return entry.note
        was, is_ = set(audience(before.get(key))), set(audience(desired.rows.get(key)))
        doubt = entry.note is not None and entry.note.doubtful
        return Note(doubtful=doubt, gain=tuple(sorted(is_ - was)), loss=tuple(sorted(was - is_)))


def _plain(no: Refused) -> dict[str, Any]:
    """A refusal's arguments as JSON has them; no values of personal fields stand in refusals."""
    out: dict[str, Any] = {
        name: value if isinstance(value, str | int | bool) or value is None else str(value)
        for name, value in no.values.items()
    }
    if no.field:
        out["field"] = no.field
    return out


def open_feed(connection: Connection, epoch: int) -> None:
    """The first head of an empty centre; nothing where there is one."""
    if connection.execute(select(func.count()).select_from(feed_head)).scalar():
        return
    connection.execute(insert(epochs), {"epoch": epoch, "after": 0})
    connection.execute(insert(feed_head), {"id": 1, "epoch": epoch, "n": 0, "hash": GENESIS})
