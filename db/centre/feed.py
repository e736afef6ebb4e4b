"""The feed: the numbered entries in their order, each desk its own part of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Connection, bindparam, select

from commandcenter.domain import access
from commandcenter.domain.record import REGISTRY
from commandcenter.protocol.messages import (
    GROUP_MAX,
    Beside,
    Epoch,
    Held,
    Note,
    Numbered,
    Position,
)
from db.centre import purge, rows
from db.centre.digests import NO_SCOPE
from db.centre.judgement import Caller, audience
from db.centre.tables import epoch as epochs
from db.centre.tables import feed_head
from db.tables import digest, journal

# What is said of another fact, and names its kind.
ABOUT_FACTS = frozenset(name for name, kind in REGISTRY.items() if "target_kind" in kind.types)
PUBLIC = tuple(name for name, kind in REGISTRY.items() if kind.public)
CARDS = tuple(name for name, kind in REGISTRY.items() if kind.nature == "card")
FACTS = tuple(name for name, kind in REGISTRY.items() if kind.nature == "fact")

_COLUMNS = (
    *(journal.c.seq, journal.c.id, journal.c.device, journal.c.bytes, journal.c.epoch),
    *(journal.c.order_epoch, journal.c.order_number, journal.c.note),
    *(journal.c.scope_id, journal.c.incident_id, journal.c.kind, journal.c.row),
)
_AFTER = (
    select(*_COLUMNS)
    .where(journal.c.seq > bindparam("after"))
    .order_by(journal.c.seq)
    .limit(bindparam("most"))
)
_CARDS = (
    select(*_COLUMNS)
    .where(
        (journal.c.seq > bindparam("after"))
        & (journal.c.seq <= bindparam("until"))
        & journal.c.kind.in_(CARDS)
    )
    .order_by(journal.c.seq)
    .limit(bindparam("most"))
)
_FACTS = (
    select(*_COLUMNS)
    .where((journal.c.seq < bindparam("before")) & journal.c.kind.in_(FACTS))
    .order_by(journal.c.seq.desc())
    .limit(bindparam("most"))
)
_OF_KIND = (
    select(*_COLUMNS)
    .where((journal.c.seq > bindparam("after")) & (journal.c.kind == bindparam("of_kind")))
    .order_by(journal.c.seq)
    .limit(bindparam("most"))
)
_OF_INCIDENT = (
    select(*_COLUMNS)
    .where((journal.c.seq > bindparam("after")) & (journal.c.incident_id == bindparam("incident")))
    .order_by(journal.c.seq)
    .limit(bindparam("most"))
)
_NAMED = (
    select(*_COLUMNS)
    .where(journal.c.id.in_(bindparam("ids", expanding=True)) & (journal.c.seq > bindparam("after")))
    .order_by(journal.c.seq)
)
_HEAD = select(feed_head.c.epoch, feed_head.c.n)
_EPOCHS = select(epochs.c.epoch, epochs.c.after).order_by(epochs.c.epoch)
_DIGESTS = select(digest).order_by(digest.c.kind, digest.c.scope_id)


class Released(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of the feed as it lies in the journal, before it is asked who may have it."""

    n: int
    epoch: int
    id: UUID
    row: UUID
    group: UUID
    device: UUID | None
    kind: str
    scope_id: UUID | None
    incident_id: UUID | None
    data: bytes
    order: tuple[int, int] | None
    note: Note | None
    beside: dict[str, Beside]
    purged: bool = False  # it has no personal values any more: certificates destroyed all it had


_SEALED = b'{"#":'  # how a sealed value begins; nothing else in an entry does


class _Group(msgspec.Struct):
    group: UUID | None = None
    device: UUID | None = None  # as its writer says; the journal files a chain that forked under another


class _Target(msgspec.Struct):
    target_kind: str | None = None


class _About(msgspec.Struct):
    set: _Target | None = None


_group = msgspec.json.Decoder(_Group)
_about = msgspec.json.Decoder(_About)


def _goes_with(kind: str, data: bytes) -> str:
    """The kind whose readers may have an entry: its own; of what is said of another fact that one's, where it
    is public."""
    said = _about.decode(data).set if kind in ABOUT_FACTS else None
    return said.target_kind if said is not None and said.target_kind in PUBLIC else kind


def head(connection: Connection) -> Position:
    """The newest number given."""
    epoch, n = connection.execute(_HEAD).one()
    return Position(epoch=epoch, n=n)


def began(connection: Connection, epoch: int, current: int) -> list[Epoch]:
    """All epochs, for a desk that stands in another than the newest."""
    if epoch == current:
        return []
    return [Epoch(epoch=e, after=after) for e, after in connection.execute(_EPOCHS)]


def released(connection: Connection, after: int, most: int) -> list[Released]:
    """The entries after a number, ascending, whosever they are; a group is not cut."""
    found = connection.execute(_AFTER, {"after": after, "most": most + GROUP_MAX}).all()
    return _released(connection, _uncut(found, most))


def certificates(connection: Connection, found: Sequence[Released], after: int = 0) -> list[Released]:
    """The certificates behind number ``after`` that took something from these entries and are not among them:
    they travel ahead, so that nobody has an entry without its words and without the reason."""
    ids = purge.naming(connection, [id_ for entry in found for id_ in (entry.id, entry.row)])
    missing = sorted(set(ids) - {entry.id for entry in found})
    if not missing:
        return []
    lines = connection.execute(_NAMED, {"ids": missing, "after": after}).all()
    return _released(connection, lines)


def cards(connection: Connection, after: int, until: int, most: int) -> list[Released]:
    """The entries of cards after a number, ascending."""
    return _released(
        connection, connection.execute(_CARDS, {"after": after, "until": until, "most": most}).all()
    )


def facts(connection: Connection, before: int, most: int) -> list[Released]:
    """The entries of facts before a number, the newest first."""
    return _released(connection, connection.execute(_FACTS, {"before": before, "most": most}).all())


def of_kind(connection: Connection, kind: str, after: int, most: int) -> list[Released]:
    """The entries of a kind after a number, ascending."""
    return _released(
        connection, connection.execute(_OF_KIND, {"of_kind": kind, "after": after, "most": most}).all()
    )


def of_incident(connection: Connection, incident: UUID, after: int, most: int) -> list[Released]:
    """Everything of an incident after a number, ascending."""
    return _released(
        connection,
        connection.execute(_OF_INCIDENT, {"incident": incident, "after": after, "most": most}).all(),
    )


def _uncut(found: Sequence[Any], most: int) -> Sequence[Any]:
    if len(found) <= most:
        return found
    end = most
    last = _group_of(found[end - 1])
    while end < len(found) and _group_of(found[end]) == last:
        end += 1
    return found[:end]


def _group_of(line: Any) -> UUID:
    return _group.decode(line.bytes).group or line.id


def _released(connection: Connection, found: Sequence[Any]) -> list[Released]:
    personal = {name for name in {line.kind for line in found} if REGISTRY[name].personal()}
    private = rows.beside_of(connection, [line.id for line in found if line.kind in personal])
    bare = [line for line in found if line.kind in personal and line.id not in private]
    purged = purge.emptied(connection, [(line.id, line.row or line.id, bytes(line.bytes)) for line in bare])
    return [
        Released(
            n=line.seq,
            epoch=line.epoch,
            id=line.id,
            row=line.row or line.id,
            group=said.group or line.id,
            device=said.device,
            kind=line.kind,
            scope_id=line.scope_id,
            incident_id=line.incident_id,
            data=bytes(line.bytes),
            order=None if line.order_number is None else (line.order_epoch, line.order_number),
            note=None if line.note is None else msgspec.convert(line.note, Note),
            beside=private.get(line.id, {}),
            purged=line.id in purged,
        )
        for line in found
        for said in (_group.decode(line.bytes),)
    ]


class Sight:
    """What one desk may see, asked for many entries at once."""

    def __init__(self, connection: Connection, caller: Caller, entries: Iterable[Released]) -> None:
        self.caller = caller
        self._audiences: dict[UUID, tuple[UUID, ...]] = {}
        if not caller.district:
            named = {entry.incident_id for entry in entries if entry.incident_id is not None}
            incidents = rows.read(connection, "incident", named)
            self._audiences = {id_: audience(incident) for id_, incident in incidents.items()}

    def numbered(self, entry: Released, *, whole: bool = False) -> Numbered | None:
        """The entry as this desk gets it; None: not for it. Its own it gets whatever its scope is now, by
        name only, unless ``whole``."""
        caller = self.caller
        own = entry.device is not None and entry.device in caller.devices
        scopes = self._audiences.get(entry.incident_id, ()) if entry.incident_id else ()
        sees = caller.district or access.may_see(
            _goes_with(entry.kind, entry.data), entry.scope_id, scopes, caller.scopes, caller.district_id
        )
        concerned = entry.note is not None and not caller.scopes.isdisjoint(
            (*entry.note.gain, *entry.note.loss)
        )
        if not (own or sees or concerned):
            return None
        out = Numbered(n=entry.n, epoch=entry.epoch, order=entry.order, note=entry.note)
        out.lacks = not entry.beside and not entry.purged and _SEALED in entry.data
        out.unseen = not sees and entry.kind in CARDS
        if own and not whole:
            out.id = entry.id
            if entry.order is not None:  # told again: a disk cloned from its writer's may lack the values
                out.p = entry.beside
            return out
        out.e = msgspec.Raw(entry.data)
        personal = caller.district or access.may_see_personal(
            entry.kind, entry.scope_id, scopes, caller.scopes, caller.district_id
        )
        if entry.beside and (personal or own):
            out.p = entry.beside
        return out


def digests(connection: Connection, caller: Caller) -> list[Held]:
    """The digests of what this desk sees whole: its scopes, and the registers of all."""
    out = []
    for kind, scope, count, sum_ in connection.execute(_DIGESTS):
        whose = None if scope == NO_SCOPE else scope
        whole = caller.district or kind in PUBLIC or (whose is not None and whose in caller.scopes)
        if whole and (count or sum_):
            out.append(Held(kind=kind, scope=whose, count=count, sum=sum_))
    return out
