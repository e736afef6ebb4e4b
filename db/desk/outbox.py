"""The desk's outbox: what the centre has not numbered yet, and what it refused."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from commandcenter.domain import change as entries
from commandcenter.domain.change import GENESIS, ChangeSet
from commandcenter.domain.clock import to_ms
from commandcenter.domain.record import REGISTRY
from commandcenter.protocol.messages import PUSH_BYTES, Beside, Offered, Position, Sent
from db.desk import local, projections
from db.desk.engine import Connection
from db.desk.search import renew
from db.desk.standing import entries_of, write_card

# Every own entry up to this line of the journal has its number or its refusal: where looking begins.
LOW_WATER = "centre.low_water"
_UNSENT = (
    "SELECT seq, id, device, n, bytes FROM journal WHERE seq > ? AND number IS NULL AND absent IS NULL"
    " ORDER BY seq"
)
_FIRST_UNSENT = (
    "SELECT seq FROM journal WHERE seq > ? AND number IS NULL AND absent IS NULL ORDER BY seq LIMIT 1"
)
# only where entries between were refused or sent already: a walk over the newest lines, not over the file
_HASH_AT = "SELECT hash FROM journal WHERE device = ? AND n = ? ORDER BY seq DESC LIMIT 1"
# Of an epoch that the centre does not know, or behind where the next epoch after its own began: the same
# rule as the centre's (db.centre.former).
_MAY_LACK = (
    "{0}epoch <> ?1 AND ({0}epoch NOT IN (SELECT json_extract(b.value, '$[0]') FROM json_each(?2) AS b)"
    " OR {0}number > (SELECT json_extract(b.value, '$[1]') FROM json_each(?2) AS b"
    " WHERE json_extract(b.value, '$[0]') > {0}epoch ORDER BY json_extract(b.value, '$[0]') LIMIT 1))"
)
_TO_OFFER = (
    "SELECT id, bytes, coalesce(order_epoch, epoch) AS e, coalesce(order_number, number) AS o FROM journal"
    f" WHERE {_MAY_LACK.format('')} AND (e, o) > (?3, ?4) ORDER BY e, o"
)
_CERTIFICATES_TO_OFFER = (
    "SELECT j.id, j.bytes, coalesce(j.order_epoch, j.epoch) AS e, coalesce(j.order_number, j.number) AS o"
    f" FROM certificate AS c JOIN journal AS j ON j.id = c.id WHERE {_MAY_LACK.format('j.')}"
    " ORDER BY e, o"
)
_PLACE = (
    "SELECT bytes, coalesce(order_epoch, epoch), coalesce(order_number, number) FROM journal"
    " WHERE id = ? AND number IS NOT NULL"
)


class _Head(msgspec.Struct):
    id: UUID
    group: UUID | None = None


_head = msgspec.json.Decoder(_Head)


@dataclass(frozen=True, kw_only=True)
class Parcel:
    """The next groups to push, of one chain, in its order. ``through``: the journal's line of the last entry;
    ``more``: there is more behind it."""

    groups: list[list[Sent]]
    through: int
    more: bool

    @property
    def changes(self) -> int:
        """How many entries."""
        return sum(map(len, self.groups))

    @property
    def size(self) -> int:
        """The bytes of the entries."""
        return sum(len(entry.e) for group in self.groups for entry in group)

    def changes_of(self, group: UUID) -> int:
        """How many entries the group with this id has."""
        return sum(len(entries_) for entries_ in self.groups if _head.decode(entries_[0].e).id == group)


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """What waits to be sent: how many changes, in how many groups, and since when."""

    changes: int
    groups: int
    oldest_at: datetime | None


def next_parcel(connection: Connection, limit: int = PUSH_BYTES, after: int = 0) -> Parcel | None:
    """The oldest unsent groups behind the journal's line ``after``, at most ``limit`` bytes of entries but at
    least one group; None: nothing."""
    low = max(after, int(local.get(connection, LOW_WATER, 0)))
    groups: list[list[Sent]] = []
    current: UUID | None = None
    first_device: object = None
    previous: tuple[object, int] | None = None  # whose chain, and how far it came in this parcel
    size = through = 0
    more = False
    for seq, id_, of_device, n, data in connection.execute(_UNSENT, (low,)):
        head = _head.decode(data)
        group = head.group or head.id
        if group != current:
            if groups and (size >= limit or of_device != first_device):
                more = True
                break
            first_device = of_device
            current = group
            groups.append([])
        before = ""
        if of_device is not None and previous != (of_device, n - 1):
            before = _hash_before(connection, of_device, n).hex()
        previous = (of_device, n)
        groups[-1].append(Sent(e=msgspec.Raw(data), p=beside(connection, id_), b=before))
        size += len(data)
        through = seq
    return Parcel(groups=groups, through=through, more=more) if groups else None


def is_waiting(connection: Connection) -> bool:
    """Whether an own entry has neither its number nor its refusal."""
    low = int(local.get(connection, LOW_WATER, 0))
    return connection.execute(_FIRST_UNSENT, (low,)).fetchone() is not None


def _hash_before(connection: Connection, device: bytes, n: int) -> bytes:
    if n == 1:
        return GENESIS
    found = connection.execute(_HASH_AT, (device, n - 1)).fetchone()
    return GENESIS if found is None or found[0] is None else bytes(found[0])


def beside(connection: Connection, change_id: bytes) -> dict[str, Beside]:
    """The personal values beside an entry, as they travel."""
    raw = connection.execute("SELECT body FROM private_value WHERE change_id = ?", (change_id,)).fetchone()
    if raw is None:
        return {}
    return {
        name: Beside(s=value["salt"], v=value["value"], f=value["former"])
        for name, value in json.loads(raw[0]).items()
    }


def raise_low_water(connection: Connection) -> None:
    """Look for unsent entries only behind those that are settled."""
    low = int(local.get(connection, LOW_WATER, 0))
    found = connection.execute(_FIRST_UNSENT, (low,)).fetchone()
    newest = connection.execute("SELECT coalesce(max(seq), 0) FROM journal").fetchone()[0]
    now = newest if found is None else found[0] - 1
    if now > low:
        local.put(connection, LOW_WATER, now)


def lower_water(connection: Connection) -> None:
    """Look everywhere again: after a change of what counts as sent."""
    local.put(connection, LOW_WATER, 0)


def waiting(connection: Connection) -> Waiting:
    """How much waits; reads what is behind the low-water mark only."""
    low = int(local.get(connection, LOW_WATER, 0))
    changes, groups, oldest = 0, set(), None
    for *_, data in connection.execute(_UNSENT, (low,)):
        head = _head.decode(data)
        groups.add(head.group or head.id)
        if changes == 0:
            oldest = entries.decode(data).at
        changes += 1
    return Waiting(changes=changes, groups=len(groups), oldest_at=oldest)


def group_ids(connection: Connection, group: UUID) -> list[UUID]:
    """The changes of a group, in their order: they stand together in the journal."""
    first = connection.execute("SELECT seq, device FROM journal WHERE id = ?", (group.bytes,)).fetchone()
    if first is None:
        return []
    found = []
    for id_, data in connection.execute(
        "SELECT id, bytes FROM journal WHERE seq >= ? AND device IS ? ORDER BY seq", first
    ):
        head = _head.decode(data)
        if (head.group or head.id) != group:
            break
        found.append(UUID(bytes=id_))
    return found


def refuse(
    connection: Connection, group: UUID, code: str, arguments: Mapping[str, Any], now: datetime
) -> ChangeSet:
    """The centre said no to a group, for ever: its changes make no rows any more and lie in the inbox.

    Nothing where it was told already, or where the feed knows better: a number is the centre's last word."""
    touched: dict[str, set[UUID]] = {}
    cards: dict[tuple[str, UUID], None] = {}
    for id_ in group_ids(connection, group):
        data, number, absent = connection.execute(
            "SELECT bytes, number, absent FROM journal WHERE id = ?", (id_.bytes,)
        ).fetchone()
        if number is not None or absent is not None:
            continue
        change = entries.decode(data)
        connection.execute("UPDATE journal SET absent = 'refused' WHERE id = ?", (id_.bytes,))
        kind = REGISTRY.get(change.kind)
        if kind is None:
            continue
        touched.setdefault(kind.name, set()).add(change.row)
        if kind.nature == "fact":
            projections.forget(connection, kind, change.row)
        else:
            cards[kind.name, change.row] = None
    for name, row in cards:
        kind = REGISTRY[name]
        write_card(connection, kind, row, entries_of(connection, kind, row))
        renew(connection, name, row.bytes)
    if touched:
        device = connection.execute("SELECT device FROM journal WHERE id = ?", (group.bytes,)).fetchone()[0]
        connection.execute(
            "INSERT OR IGNORE INTO refusal (group_id, device, code, arguments, refused_at)"
            " VALUES (?, ?, ?, ?, ?)",
            (
                group.bytes,
                device or bytes(16),
                code,
                json.dumps(dict(arguments), ensure_ascii=False, sort_keys=True),
                to_ms(now),
            ),
        )
    return ChangeSet({name: frozenset(ids) for name, ids in touched.items()})


def to_offer(
    connection: Connection,
    epoch: int,
    began: Sequence[tuple[int, int]],
    above: Position | None = None,
    limit: int = PUSH_BYTES,
) -> list[Offered]:
    """Entries of another epoch than ``epoch`` that a restored centre may lack, in the order of their first
    numbers, after ``above``. ``began``: (epoch, the number after which it began), of all that the centre
    knows. What has its new number since is none of them, unless a later restore may have lost that one too.
    Before all others the certificates: what they destroyed the restored centre is not to tell anybody."""
    out: list[Offered] = []
    size = 0
    start = (0, 0) if above is None else (above.epoch, above.n)
    known = json.dumps(sorted(began))
    if above is None:
        for _, data, order_epoch, order_number in connection.execute(_CERTIFICATES_TO_OFFER, (epoch, known)):
            out.append(Offered(e=msgspec.Raw(data), epoch=order_epoch, n=order_number))
    for id_, data, order_epoch, order_number in connection.execute(_TO_OFFER, (epoch, known, *start)):
        out.append(Offered(e=msgspec.Raw(data), epoch=order_epoch, n=order_number, p=beside(connection, id_)))
        size += len(data)
        if size >= limit:
            break
    return out


def offered(connection: Connection, ids: Sequence[UUID], limit: int = PUSH_BYTES) -> list[Offered]:
    """These entries with the number they were first given, at most ``limit`` bytes of them."""
    out: list[Offered] = []
    size = 0
    for id_ in ids:
        found = connection.execute(_PLACE, (id_.bytes,)).fetchone()
        if found is None or size >= limit:
            continue
        data, epoch, number = found
        out.append(Offered(e=msgspec.Raw(data), epoch=epoch, n=number, p=beside(connection, id_.bytes)))
        size += len(data)
    return out
