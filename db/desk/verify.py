"""The verification: bytes, chain, anchors, sealed values, and that every row equals what its entries say."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from commandcenter.domain import change as entries
from commandcenter.domain.change import GENESIS, Change, Private
from commandcenter.domain.clock import to_ms
from commandcenter.domain.merge import heads_out
from commandcenter.domain.opened import all_values, readable, sealed_fields
from commandcenter.domain.opened import opened as open_entry
from commandcenter.domain.purge import Destruction
from commandcenter.domain.record import REGISTRY
from db.desk import card_checks, projections, purge, statements, verify_heads
from db.desk.card_checks import Stored, stamps
from db.desk.engine import Connection

MOST_FINDINGS = 100
# what a reader of bytes that another hand wrote may stumble over
_UNREADABLE = (ValueError, TypeError, KeyError, AttributeError, OverflowError)


@dataclass(frozen=True, kw_only=True)
class Anchor:
    """A chain's head that somebody holds outside the file: entry ``n`` of ``device`` had this hash.

    ``hash`` is hex, whole or its first 16 or more digits as a printed page has them.
    """

    device: UUID
    n: int
    hash: str


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is not as it was written. ``n``: the entry's number in its device's chain."""

    code: str
    device: UUID | None = None
    n: int | None = None
    kind: str = ""
    row: UUID | None = None
    detail: str = ""


@dataclass(kw_only=True)
class Verification:
    """What was checked and what was found. ``heads``: {device: (n, hash in hex)} as the file has them."""

    entries: int = 0
    rows: int = 0
    heads: dict[UUID, tuple[int, str]] = field(default_factory=dict)
    anchors: int = 0
    anchored: dict[UUID, int] = field(default_factory=dict)  # the newest entry an anchor vouches for
    findings: list[Finding] = field(default_factory=list)
    purged: int = 0

    def found(self, finding: Finding) -> None:
        """Note a finding; a thousand of one kind say no more than a hundred."""
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(finding)


@dataclass(frozen=True, kw_only=True)
class _Place:
    """Where an entry stands besides its own chain: its number from the centre, and whether it makes a row."""

    order: tuple[int, int] | None
    absent: str | None
    foreign: bool  # it came numbered from the centre: its chain is another desk's and not whole here


class _Run:
    def __init__(
        self, connection: Connection, result: Verification, shipped: Collection[UUID] | None
    ) -> None:
        self.connection = connection
        self.result = result
        self.shipped = shipped
        self.previous: dict[UUID, tuple[int, bytes]] = {}
        self.seen: dict[str, int] = dict.fromkeys(REGISTRY, 0)
        self.cards: dict[tuple[str, UUID], list[Stored]] = {}
        self.made: dict[tuple[str, UUID], Mapping[str, Any]] = {}
        self.partly: set[tuple[str, UUID]] = set()  # cards of which entries went out of sight
        self.sealed = 0  # entries with values beside the chain that are there
        self.wanted: dict[UUID, dict[int, str]] = {}
        self.gone = Destruction()  # what the certificates in effect destroyed
        for order in purge.in_effect(connection):
            self.gone |= order.destruction()

    def entry(
        self, seq: int, columns: tuple[Any, ...], data: bytes, hash_: bytes | None, place: _Place
    ) -> None:
        id_, device, n, row = columns
        try:
            change = entries.decode(data)
            if change.kind in REGISTRY:
                entries.check_values(REGISTRY[change.kind], change)
        except ValueError as error:
            number = n if isinstance(n, int) else None
            self.result.found(Finding(code="entry_unreadable", n=number, detail=str(error)))
            return
        said = (
            change.id.bytes,
            None if change.device is None else change.device.bytes,
            change.n,
            None if change.row == change.id else change.row.bytes,
        )
        if said != (id_, device, n, row):
            self.result.found(_about(change, Finding(code="entry_misfiled")))
        if change.device is None:
            if not self._ships(change):
                self.result.found(Finding(code="shipped_altered", kind=change.kind, row=change.row))
        elif not place.foreign:
            number = n if isinstance(n, int) else change.n or 0
            self._link(change, number, data, hash_ if isinstance(hash_, bytes) else None)
        try:
            self._apply(seq, change, place)
        except _UNREADABLE as error:
            self.result.found(_about(change, Finding(code="entry_unreadable", detail=str(error))))

    def _ships(self, change: Change) -> bool:
        """Whether this can be a row that ships. They are in no chain, so what else stands without a device
        is nobody's word: registers ship, and only with the ids of what did ship."""
        kind = REGISTRY.get(change.kind)
        due = entries.shipped_id(change.row, change.kind, change.set, change.edit)
        may = kind is not None and kind.register and (self.shipped is None or change.id in self.shipped)
        return may and change.id == due and (change.by, change.at, change.offset_ms) == (None, None, None)

    def _link(self, change: Change, n: int, data: bytes, hash_: bytes | None) -> None:
        assert change.device is not None
        last, previous = self.previous.get(change.device, (0, GENESIS))
        if n != last + 1:
            self.result.found(Finding(code="chain_gap", device=change.device, n=n, detail=f"{last} -> {n}"))
        due = entries.link(previous, data)
        if due != hash_:
            self.result.found(
                Finding(code="entry_altered", device=change.device, n=n, kind=change.kind, row=change.row)
            )
        # go on from what the file says, so that one altered entry is one finding
        kept = hash_ if hash_ is not None else due
        self.previous[change.device] = (n, kept)
        wanted = self.wanted.get(change.device, {}).get(n)
        if wanted is not None and not kept.hex().startswith(wanted):
            self.result.found(Finding(code="anchor_differs", device=change.device, n=n, detail=wanted))

    def _apply(self, seq: int, change: Change, place: _Place) -> None:
        kind = REGISTRY.get(change.kind)
        if kind is None:
            return  # a newer program's kind: its entries are chained and checked, its rows are not known here
        private = self._private(change, place)
        if place.absent is not None:
            if place.absent == "hidden":
                self.partly.add((kind.name, change.row))
            return
        said = open_entry(kind, change, private)
        if kind.nature == "card":
            stored = self.cards.setdefault((kind.name, change.row), [])
            if change.set is not None and any(one.change.set is not None for one in stored):
                # a second one would put other values in the first one's place
                self.result.found(_about(change, Finding(code="row_made_twice")))
                return
            stored.append(Stored(seq=seq, order=place.order, change=change, opened=said))
        elif change.set is not None:
            self.seen[kind.name] += 1
            full = readable(all_values(kind, change.row, said.set or {})) | stamps(change)
            if not change.set.keys() - kind.types.keys():
                full["extra"] = None
            self._compare(kind.name, change.row, full, change)

    def _private(self, change: Change, place: _Place) -> dict[str, Private]:
        sealed = sealed_fields(change)
        if not sealed:
            return {}
        raw = self.connection.execute(
            "SELECT body, row_id, incident_id FROM private_value WHERE change_id = ?", (change.id.bytes,)
        ).fetchone()
        if raw is None:
            for name in sealed:
                # not this desk's to see, or no longer: the centre does not send it, and it was taken away
                self._missing(change, name, unseen=place.foreign or place.absent == "hidden")
            return {}
        self.sealed += 1
        if raw[1] != change.row.bytes or not self._of_its_event(change, raw[2]):
            self._altered(change, "row_id, incident_id")
        try:
            body = json.loads(raw[0])
            strangers = sorted(map(str, body.keys() - sealed.keys()))
        except _UNREADABLE:
            body, strangers = None, ["unreadable"]
        if strangers:
            self._altered(change, ", ".join(strangers))
        out: dict[str, Private] = {}
        for name, (to, former) in sealed.items() if isinstance(body, dict) else ():
            if name not in body:
                self._missing(change, name)
                continue
            try:
                value = body[name]
                salt = bytes.fromhex(value["salt"])
                private = Private(salt=salt, value=value["value"], former=value["former"])
                same = to is None or entries.seal(salt, private.value) == to
                if former is not None and (private.former is not None or not self._former_gone(change, name)):
                    same = same and entries.seal(salt, private.former) == former
                self._still_there(change, name, private)
                out[name] = private
            except _UNREADABLE:
                same = False
            if not same:
                self._altered(change, name)
        return out

    def _of_its_event(self, change: Change, incident_id: object) -> bool:
        """Whether values lie where a purge of their event finds them."""
        if change.kind == "incident":
            return incident_id == change.row.bytes
        said = (change.set or {}).get("incident_id")
        return incident_id == (None if said is None else UUID(said).bytes)

    def _missing(self, change: Change, name: str, *, unseen: bool = False) -> None:
        """A value is gone: as a certificate says, or it was taken away."""
        if self.gone.takes(change.id, change.row, name):
            self.result.purged += 1
        elif not unseen:
            self.result.found(_about(change, Finding(code="value_missing", detail=name)))

    def _former_gone(self, change: Change, name: str) -> bool:
        gone = self.gone.takes(change.id, change.row, name, former=True)
        self.result.purged += gone
        return gone

    def _still_there(self, change: Change, name: str, private: Private) -> None:
        """What a certificate says was destroyed is not to be found."""
        former = private.former is not None and self.gone.takes(change.id, change.row, name, former=True)
        if former or self.gone.takes(change.id, change.row, name):
            self.result.found(_about(change, Finding(code="value_not_destroyed", detail=name)))

    def _altered(self, change: Change, name: str) -> None:
        self.result.found(_about(change, Finding(code="value_altered", detail=name)))

    def _compare(self, kind: str, row_id: UUID, due: Mapping[str, Any], change: Change | None) -> None:
        codec = statements.CODECS[kind]
        raw = self.connection.execute(codec.select, (row_id.bytes,)).fetchone()
        n = change.n if change else None
        if raw is None:
            self.result.found(Finding(code="row_missing", n=n, kind=kind, row=row_id))
            return
        self.result.rows += 1
        try:
            row = codec.row(raw)
            if "heads" in row:
                row["heads"] = heads_out(codec.kind, row["heads"])
        except _UNREADABLE as error:
            self.result.found(
                Finding(code="row_altered", n=n, kind=kind, row=row_id, detail=f"unreadable: {error}")
            )
            return
        differing = sorted(name for name, value in due.items() if row.get(name) != value)
        if differing:
            self.result.found(
                Finding(code="row_altered", n=n, kind=kind, row=row_id, detail=", ".join(differing))
            )
        if codec.kind.nature == "fact" and isinstance(due["happened_at"], datetime):
            line = self.connection.execute(
                "SELECT kind FROM timeline WHERE happened_at = ? AND row_id = ?",
                (to_ms(due["happened_at"]), row_id.bytes),
            ).fetchone()
            if line is None or line[0] != kind:
                self.result.found(Finding(code="line_missing", n=n, kind=kind, row=row_id))

    def _heads(self) -> None:
        stored = {
            device: (n, hash_)
            for device, n, hash_ in self.connection.execute("SELECT device, n, hash FROM chain")
        }
        due = {device.bytes: head for device, head in self.previous.items()}
        for device in stored.keys() | due.keys():
            last, kept = due.get(device, (0, GENESIS))
            n, hash_ = stored.get(device, (0, b""))
            owner = UUID(bytes=device) if isinstance(device, bytes) and len(device) == 16 else None
            if not isinstance(n, int):
                self.result.found(Finding(code="head_differs", device=owner, n=last))
            elif last < n:
                self.result.found(Finding(code="newest_missing", device=owner, n=n, detail=f"{last}"))
            elif kept != hash_ or last != n:
                self.result.found(Finding(code="head_differs", device=owner, n=n))
        for n, detail in verify_heads.contradictions(self.connection):
            self.result.found(Finding(code="centre_contradicts", n=n, detail=detail))

    def _beside(self) -> None:
        (beside,) = self.connection.execute("SELECT count(*) FROM private_value").fetchone()
        if beside > self.sealed:
            self.result.found(
                Finding(code="row_without_entry", kind="private_value", detail=f"{beside - self.sealed}")
            )
        if count := purge.differing(self.connection):
            self.result.found(Finding(code="projection_differs", detail=f"destroyed: {count}"))

    def finish(self) -> None:
        for card in card_checks.make(self.cards, self.partly):
            if card.finding is not None:
                self.result.found(
                    Finding(code=card.finding, kind=card.kind, row=card.row, detail=card.detail)
                )
            if card.due is not None:
                self.seen[card.kind] += 1
                self.made[card.kind, card.row] = card.due
        for (kind, row_id), due in self.made.items():
            self._compare(kind, row_id, due, None)
        for kind, seen in self.seen.items():
            (stored,) = self.connection.execute(f'SELECT count(*) FROM "{kind}"').fetchone()
            if stored > seen:
                self.result.found(Finding(code="row_without_entry", kind=kind, detail=f"{stored - seen}"))
        self._beside()
        facts = sum(self.seen[kind] for kind in statements.FACT_KINDS)
        (lines,) = self.connection.execute("SELECT count(*) FROM timeline").fetchone()
        if lines != facts:
            self.result.found(Finding(code="projection_differs", detail=f"{facts} facts, {lines} lines"))
        for name, count in projections.differing(self.connection).items():
            self.result.found(Finding(code="projection_differs", detail=f"{name}: {count}"))
        self._heads()
        self.result.heads = {device: (n, hash_.hex()) for device, (n, hash_) in self.previous.items()}
        for device_id, wanted in self.wanted.items():
            last = self.previous.get(device_id, (0, b""))[0]
            newest = max(wanted)
            if newest > last:
                self.result.found(
                    Finding(code="older_than_anchor", device=device_id, n=newest, detail=f"{last}")
                )
            self.result.anchored[device_id] = min(newest, last)


def _about(change: Change, finding: Finding) -> Finding:
    return replace(finding, device=change.device, n=change.n, kind=change.kind, row=change.row)


def verify(
    connection: Connection,
    anchors: Iterable[Anchor] = (),
    progress: Callable[[int], None] | None = None,
    shipped: Collection[UUID] | None = None,
) -> Verification:
    """Check the whole file; reads only, in one consistent view. Time: about 12,000 entries a second.

    ``shipped``: the ids of the changes that came with the program, of all editions; without it a row that
    somebody added in their manner passes for one."""
    result = Verification()
    connection.execute("BEGIN")
    try:
        run = _Run(connection, result, shipped)
        for anchor in anchors:
            run.wanted.setdefault(anchor.device, {})[anchor.n] = anchor.hash.lower()
            result.anchors += 1
        cursor = connection.execute(
            "SELECT seq, id, device, n, row, bytes, hash, coalesce(order_epoch, epoch),"
            " coalesce(order_number, number), absent FROM journal ORDER BY seq"
        )
        for seq, id_, device, n, row, data, hash_, epoch, number, absent in cursor:
            place = _Place(
                order=None if number is None else (epoch, number),
                absent=absent,
                foreign=hash_ is None and number is not None,
            )
            # a column of another type was not written by the program: no entry stands there
            bytes_ = data if isinstance(data, bytes) else b""
            run.entry(seq, (id_, device, n, row), bytes_, hash_, place)
            result.entries += 1
            if progress is not None and result.entries % 1000 == 0:
                progress(result.entries)
        run.finish()
    finally:
        connection.execute("ROLLBACK")
    return result


def head(connection: Connection, device: UUID) -> tuple[int, str]:
    """The newest (n, hash in hex) of a device's chain, for a page or a file that somebody else holds."""
    row = connection.execute("SELECT n, hash FROM chain WHERE device = ?", (device.bytes,)).fetchone()
    return (0, GENESIS.hex()) if row is None else (row[0], row[1].hex())


def heads(connection: Connection) -> dict[UUID, int]:
    """The newest number of every device's chain in this file."""
    return {UUID(bytes=device): n for device, n in connection.execute("SELECT device, n FROM chain")}
