"""The verification of the centre: bytes, chains, seals, digests, and that every row is what its entries say.

Reads in one consistent view, a page of entries after the other, and keeps no more than a page, a line for
each chain and a sum for each kind and scope.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, func, select

from commandcenter.domain import change as entries
from commandcenter.domain import digest as hashes
from commandcenter.domain.change import GENESIS, Change, Edit, Private, Sealed, link
from commandcenter.domain.opened import all_values, opened, readable, unknown_fields
from commandcenter.domain.purge import Destruction
from commandcenter.domain.record import REGISTRY, Kind
from commandcenter.domain.signed_head import SignedHead
from db.centre import heads, purge, rows, verify_rows
from db.centre.digests import NO_SCOPE
from db.centre.tables import epoch as epochs
from db.tables import RECORDS, chain, digest, journal, private_value

PAGE = 500
MOST_FINDINGS = 100
UNREADABLE = (ValueError, TypeError, KeyError, AttributeError, OverflowError)
# What certificates destroyed of these changes and rows: such a value is missing rightly.
Destroyed = Callable[[Connection, Sequence[UUID]], Destruction]

_LINES = (
    select(
        *(journal.c.seq, journal.c.id, journal.c.device, journal.c.n, journal.c.row, journal.c.bytes),
        *(journal.c.hash, journal.c.epoch, journal.c.number, journal.c.order_epoch, journal.c.order_number),
        *(journal.c.scope_id, journal.c.incident_id, journal.c.kind),
    )
    .where(journal.c.seq > bindparam("after"))
    .order_by(journal.c.seq)
    .limit(bindparam("most"))
)
_BYTES = select(journal.c.bytes).where(journal.c.id == bindparam("b_id"))
_EPOCHS = select(epochs.c.epoch, epochs.c.after).order_by(epochs.c.after, epochs.c.epoch)
_CHAINS = select(chain.c.device, chain.c.n, chain.c.hash)
_DIGESTS = select(digest.c.kind, digest.c.scope_id, digest.c.count, digest.c.sum)
_PRIVATE_COUNT = select(func.count()).select_from(private_value)
_COUNTS = {name: select(func.count()).select_from(table) for name, table in RECORDS.items()}


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is not as it was written. ``n``: the entry's number in the feed."""

    code: str
    n: int | None = None
    device: UUID | None = None
    kind: str = ""
    row: UUID | None = None
    detail: str = ""


@dataclass(kw_only=True)
class Verification:
    """What was checked and what was found. ``unlinked``: entries whose place in their desk's chain the feed's
    chain alone vouches for, because the one before them was refused, or not offered again after a restore;
    ``certified``: values missing because a certificate destroyed them; ``lacking``: values that did not
    come back after a restore yet; ``beyond``: signed heads that name what a restore left behind."""

    entries: int = 0
    rows: int = 0
    chains: int = 0
    unlinked: int = 0
    certified: int = 0
    lacking: int = 0
    heads: int = 0
    beyond: int = 0
    epoch: int = 0
    n: int = 0
    hash: str = ""
    findings: list[Finding] = field(default_factory=list)

    def found(self, code: str, **said: Any) -> None:
        """Note a finding; a thousand of one kind say no more than a hundred."""
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(Finding(code=code, **said))


def verify(
    connection: Connection,
    held: Sequence[SignedHead] = (),
    *,
    shipped: Collection[UUID] | None = None,
    destroyed: Destroyed = purge.destruction,
) -> Verification:
    """Check everything on a connection that reads (:func:`db.centre.engine.reading`). ``held``: heads that
    somebody else keeps, their signatures checked by the caller; ``shipped``: the ids of the changes that come
    with the program, of all editions."""
    run = _Run(connection, shipped, destroyed)
    run.expect(held)
    after = 0
    while lines := connection.execute(_LINES, {"after": after, "most": PAGE}).all():
        run.page(lines)
        after = lines[-1].seq
    run.finish()
    return run.result


class _Run:
    def __init__(
        self, connection: Connection, shipped: Collection[UUID] | None, destroyed: Destroyed
    ) -> None:
        self.connection = connection
        self.shipped = shipped
        self.destroyed = destroyed
        self.result = Verification()
        self.began: list[tuple[int, int]] = [(e, a) for e, a in connection.execute(_EPOCHS)]
        self.next = 1  # the number that comes now
        self.head: bytes | None = GENESIS  # of the feed's chain; None: it cannot be known any more
        self.ends: dict[UUID, tuple[int, bytes]] = {}  # {chain: its newest entry with a hash}
        self.forked: set[UUID | None] = set()  # desks whose chain went on twice
        self.broken: dict[tuple[UUID | None, UUID], dict[str, Any]] = {}  # where a chain first does not join
        self.facts: dict[str, int] = {}
        self.sealed = 0
        self.sums: dict[tuple[str, UUID], tuple[int, int]] = {}
        self.wanted: dict[int, list[SignedHead]] = {}

    def expect(self, held: Sequence[SignedHead]) -> None:
        """Sort the heads by the number at which each has to stand, those out of reach aside."""
        known = {epoch: at for at, (epoch, _) in enumerate(self.began)}
        for head in held:
            self.result.heads += 1
            at = known.get(head.epoch)
            if at is None:  # an epoch that this database does not know of was begun after it was copied
                newer = not self.began or head.epoch > self.began[-1][0]
                code = "older_than_head" if newer else "head_differs"
                self.result.found(code, n=head.n, detail=f"{head.epoch}")
            elif at + 1 < len(self.began) and head.n > self.began[at + 1][1]:
                self.result.beyond += 1
            else:
                self.wanted.setdefault(head.n, []).append(head)
        self._meets(0)

    # --- the feed

    def page(self, lines: Sequence[Any]) -> None:
        """A page of entries in the order of the feed."""
        decoded: list[tuple[Any, Change]] = []
        for line in lines:
            self._between(line.seq)
            data = bytes(line.bytes)
            if self.head is not None:
                self.head = link(self.head, data)
            self._meets(line.seq)
            self.next = line.seq + 1
            self.result.entries += 1
            try:
                change = entries.decode(data)
                if change.kind in REGISTRY:
                    entries.check_values(REGISTRY[change.kind], change)
            except ValueError as error:
                self.result.found("entry_unreadable", n=line.seq, detail=str(error))
                continue
            self._place(line, change)
            if change.device is None:
                if not self._ships(change):
                    self.result.found("shipped_altered", n=line.seq, kind=change.kind, row=change.row)
            else:
                self._link(line, change, data)
            if change.kind in REGISTRY:
                decoded.append((line, change))
        self._rows(decoded)

    def _between(self, n: int) -> None:
        """The numbers before ``n`` that nothing has now: what was told again stands in the chain there."""
        while self.next < n:
            stood = heads.stood_at(self.connection, self.next)
            data: Any = None
            if stood is not None:
                data = self.connection.execute(_BYTES, {"b_id": stood}).scalar()
            if data is None:
                self.result.found("feed_gap", n=self.next, detail=f"{self.next}–{n - 1}")
                self.head = None
                self.next = n
                return
            if self.head is not None:
                self.head = link(self.head, bytes(data))
            self._meets(self.next)
            self.next += 1

    def _meets(self, n: int) -> None:
        for head in self.wanted.pop(n, ()):
            if self.head is not None and self.head.hex() != head.hash:
                self.result.found("head_differs", n=n, detail=f"({head.epoch}, {head.n}) {head.hash[:16]}")

    def _place(self, line: Any, change: Change) -> None:
        """Whether the columns beside the bytes say what the bytes do."""
        row = None if change.row == change.id else change.row
        said = (change.id, change.n, row, change.kind)
        own = line.device == change.device or (line.device is not None and line.device.version == 5)
        if said != (line.id, line.n, line.row, line.kind) or not own:
            self.result.found("entry_misfiled", n=line.seq, kind=change.kind, row=change.row)
        due = 0
        for epoch, after in self.began:
            if after < line.seq:
                due = max(due, epoch)
        if line.epoch != due or line.number != line.seq:
            self.result.found("epoch_differs", n=line.seq, detail=f"{line.epoch}, {due}")

    def _ships(self, change: Change) -> bool:
        kind = REGISTRY.get(change.kind)
        due = entries.shipped_id(change.row, change.kind, change.set, change.edit)
        may = kind is not None and kind.register and (self.shipped is None or change.id in self.shipped)
        return may and change.id == due and (change.by, change.at, change.offset_ms) == (None, None, None)

    def _link(self, line: Any, change: Change, data: bytes) -> None:
        """Its place in its desk's chain, where the entry before it is here."""
        if line.hash is None or line.order_number is not None or line.device is None or change.n is None:
            self.result.unlinked += 1
            return
        if line.device != change.device:
            self.forked.add(change.device)
        last, previous = self.ends.get(line.device, (0, GENESIS))
        hash_ = bytes(line.hash)
        if change.n <= last:
            self.result.found("chain_twice", n=line.seq, device=line.device, detail=f"{last}, {change.n}")
        elif change.n == last + 1:
            if link(previous, data) != hash_:
                said = {"n": line.seq, "device": line.device, "kind": change.kind, "row": change.row}
                self.broken.setdefault((change.device, line.device), said)
        else:  # a refused group lies between, which is in the chain and not here
            self.result.unlinked += 1
        self.ends[line.device] = (change.n, hash_)

    # --- what the entries make

    def _rows(self, decoded: Sequence[tuple[Any, Change]]) -> None:
        ids: dict[str, set[UUID]] = {}
        for _, change in decoded:
            ids.setdefault(change.kind, set()).add(change.row)
        stored = {name: rows.read(self.connection, name, wanted) for name, wanted in ids.items()}
        private = rows.private_of(self.connection, [change.id for _, change in decoded])
        named = [id_ for _, change in decoded for id_ in {change.id, change.row}]
        gone = self.destroyed(self.connection, named) if named else Destruction()
        for line, change in decoded:
            kind = REGISTRY[change.kind]
            beside = private.get(change.id, {})
            self.sealed += change.id in private
            self._seals(line, change, beside, gone)
            row = stored[kind.name].get(change.row)
            if row is None:
                self.result.found("row_missing", n=line.seq, kind=kind.name, row=change.row)
            elif kind.nature == "fact":
                self._fact(line, change, kind, beside, row)

    def _fact(
        self, line: Any, change: Change, kind: Kind, beside: Mapping[str, Private], row: rows.Row
    ) -> None:
        self.facts[kind.name] = self.facts.get(kind.name, 0) + 1
        self.result.rows += 1
        try:
            said = opened(kind, change, beside)
            due = readable(all_values(kind, change.row, said.set or {}))
            due |= verify_rows.stamps(change) | {"extra": unknown_fields(kind, (change,))}
            differing = verify_rows.differing(due, row)
            if differing:  # as it is made of all its entries, once it was completed
                again = rows.folded(kind, change.row, [change], {change.id: beside})
                differing = verify_rows.differing({**(again or due), "heads": None}, {**row, "heads": None})
        except UNREADABLE as error:
            differing = [str(error)]
        if differing:
            detail = ", ".join(differing)
            self.result.found("row_altered", n=line.seq, kind=kind.name, row=change.row, detail=detail)
        if (line.scope_id, line.incident_id) != (row.get("scope_id"), row.get("incident_id")):
            self.result.found("entry_misfiled", n=line.seq, kind=kind.name, row=change.row)
        order = (line.epoch, line.seq)
        if line.order_number is not None:
            order = (line.order_epoch, line.order_number)
        self.add(kind.name, row.get("scope_id"), hashes.of_fact(change.row, order))

    def _seals(self, line: Any, change: Change, beside: Mapping[str, Private], gone: Destruction) -> None:
        n, lacks = line.seq, line.order_number is not None and not beside
        sealed: set[str] = set()
        for name, said in {**(change.set or {}), **(change.edit or {})}.items():
            parts = [(said.to, False), (said.former, True)] if isinstance(said, Edit) else [(said, False)]
            for value, former in parts:
                if not isinstance(value, Sealed):
                    continue
                sealed.add(name)
                found = beside.get(name)
                plain = None if found is None else found.former if former else found.value
                if gone.takes(change.id, change.row, name, former=former):
                    self.result.certified += plain is None
                    if plain is not None:
                        self.result.found("value_not_destroyed", n=n, kind=change.kind, row=change.row)
                    continue
                if plain is None and lacks:  # whoever offered it again had not these values to see
                    self.result.lacking += 1
                    continue
                if found is not None and plain is not None and entries.seal(found.salt, plain) == value:
                    continue
                code = "value_missing" if plain is None else "value_altered"
                self.result.found(code, n=n, kind=change.kind, row=change.row, detail=name)
        for name in sorted(beside.keys() - sealed):
            self.result.found("value_altered", n=n, kind=change.kind, row=change.row, detail=name)

    def add(self, kind: str, scope: UUID | None, hash_: int) -> None:
        """One row more in the digest that is due."""
        count, total = self.sums.get((kind, scope or NO_SCOPE), (0, 0))
        self.sums[kind, scope or NO_SCOPE] = (count + 1, hashes.plus(total, hash_))

    # --- the end

    def finish(self) -> None:
        """What only the whole tells."""
        epoch, n, hash_ = heads.newest(self.connection)
        self.result.epoch, self.result.n, self.result.hash = epoch, n, hash_.hex()
        self._between(n + 1)
        if self.next != n + 1:
            self.result.found("newest_beyond_head", n=self.next - 1, detail=f"{n}")
        elif self.head is not None and self.head != hash_:
            self.result.found("feed_head_differs", n=n)
        named = [e for e, _ in self.began]
        if not named or named != sorted(set(named)) or named[-1] != epoch or self.began[-1][1] > n:
            self.result.found("epochs_differ", n=n, detail=", ".join(map(str, named)))
        for left in self.wanted.values():
            for head in left:
                self.result.found("older_than_head", n=head.n, detail=f"({head.epoch}, {head.n})")
        self._chains()
        verify_rows.cards(self.connection, self.result.found, self._card)
        for kind in (kind for kind in REGISTRY.values() if kind.nature == "fact"):
            self._count(kind.name, self.facts.get(kind.name, 0), _COUNTS[kind.name])
        self._count("private_value", self.sealed, _PRIVATE_COUNT)
        self._digests()

    def _card(self, kind: str, row: rows.Row, due: Mapping[str, Any]) -> None:
        self.result.rows += 1
        self.add(kind, row.get("scope_id"), hashes.of_card(row["id"], due["heads"]))

    def _count(self, kind: str, seen: int, statement: Any) -> None:
        stored = int(self.connection.execute(statement).scalar_one())
        if stored > seen:
            self.result.found("row_without_entry", kind=kind, detail=f"{stored - seen}")

    def _chains(self) -> None:
        whole = self.head == heads.newest(self.connection)[2]
        for (device, _), said in self.broken.items():
            # Two copies of a disk, of which what lay between was refused or lost in a restore, do not join
            # either; then the feed's chain has to say that nothing was altered since.
            if whole and (device in self.forked or len(self.began) > 1):
                self.result.unlinked += 1
            else:
                self.result.found("entry_altered", **said)
        for device, n, hash_ in self.connection.execute(_CHAINS):
            self.result.chains += 1
            last, kept = self.ends.pop(device, (0, GENESIS))
            if last > n or (last == n and kept != bytes(hash_)):
                self.result.found("chain_head_differs", device=device, n=last, detail=f"{n}")
        for device, (last, _) in self.ends.items():
            self.result.found("chain_head_differs", device=device, n=last, detail="0")

    def _digests(self) -> None:
        kept = {
            (kind, scope): (count, sum_) for kind, scope, count, sum_ in self.connection.execute(_DIGESTS)
        }
        for kind, scope in sorted(kept.keys() | self.sums.keys(), key=str):
            if kept.get((kind, scope), (0, 0)) != self.sums.get((kind, scope), (0, 0)):
                self.result.found("digest_differs", kind=kind, row=None if scope == NO_SCOPE else scope)
