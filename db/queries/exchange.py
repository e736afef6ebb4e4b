"""The sync page's queries: the groups that wait, and those that the centre refused, with their changes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

from commandcenter.domain.change import Change, Edit, Grow, Sealed, decode, opened
from commandcenter.domain.clock import from_ms, to_ms
from commandcenter.domain.fields import plain
from commandcenter.domain.record import REGISTRY
from db.desk import local, outbox
from db.desk.engine import Connection
from db.desk.standing import private_of
from db.queries.purge import destroyed_in

PAGE = 200
MOST_CHANGES = 20  # of one group that are read; the count says how many there are
# Shipped rows go up too, without an author: they are counted apart.
_WAITS = "seq > ? AND number IS NULL AND absent IS NULL"


class _Head(msgspec.Struct):
    id: UUID
    group: UUID | None = None


_head = msgspec.json.Decoder(_Head)


@dataclass(frozen=True, kw_only=True)
class Said:
    """A field that a change states. ``hidden``: its words are not for this desk, or were destroyed."""

    name: str
    to: Any = None  # as JSON has it
    former: Any = None
    added: tuple[str, ...] = ()  # of a field that holds a set
    dropped: tuple[str, ...] = ()
    hidden: bool = False
    destroyed: str = ""  # the number of the certificate by which its words were destroyed


@dataclass(frozen=True, kw_only=True)
class Stated:
    """One change with what it says. ``created``: it made the record."""

    id: UUID
    kind: str
    row: UUID
    created: bool
    by: UUID | None
    desk: UUID | None
    at: datetime | None
    fields: tuple[Said, ...]

    def value(self, name: str) -> Any:
        """What it says of a field; None if nothing."""
        return next((said.to for said in self.fields if said.name == name), None)


@dataclass(frozen=True, kw_only=True)
class Group:
    """The changes of one command: the first of them, and how many there are."""

    id: UUID
    changes: tuple[Stated, ...]
    count: int

    @property
    def at(self) -> datetime | None:
        """When it was typed."""
        return self.changes[0].at if self.changes else None


@dataclass(frozen=True, kw_only=True)
class WaitingPage:
    """Groups in the order in which they are sent, and what all that waits comes to."""

    groups: tuple[Group, ...]
    changes: int  # of all groups, shown here or not, but those that ship
    shipped: int  # rows that come with the program and are sent once
    oldest_at: datetime | None
    after: int  # the journal's line that the page ends with; the next page begins behind it
    more: bool


@dataclass(frozen=True, kw_only=True)
class RefusedGroup:
    """A group that the centre refused. ``answered_at``: since when somebody has dealt with it."""

    group: Group
    code: str
    arguments: Mapping[str, Any]
    refused_at: datetime
    answered_at: datetime | None

    @property
    def id(self) -> UUID:
        """The group's id."""
        return self.group.id


@dataclass(frozen=True, kw_only=True)
class RefusedPage:
    """Refused groups, the newest first."""

    groups: tuple[RefusedGroup, ...]
    open: int  # that nobody has dealt with, shown here or not
    answered: int
    more: bool


@dataclass(frozen=True, kw_only=True)
class ExchangeFilter:
    """Which of the three lists is meant, and whether with what was dealt with."""

    list: Literal["waiting", "refused", "exceptions"] = "waiting"
    answered: bool = False


@dataclass(frozen=True, kw_only=True)
class Backlog:
    """What the status line counts."""

    waiting: int = 0
    oldest_at: datetime | None = None
    refused: int = 0
    exceptions: int = 0


# --- waiting


def waiting(connection: Connection, after: int = 0, limit: int = PAGE) -> WaitingPage:
    """The groups that the centre has not numbered, oldest first, behind line ``after`` of the journal."""
    count, shipped, oldest = waiting_count(connection)
    low = max(after, int(local.get(connection, outbox.LOW_WATER, 0)))
    groups: list[tuple[UUID, list[Stated]]] = []
    counts: dict[UUID, int] = {}
    last, more = low, False
    for seq, data in connection.execute(
        f"SELECT seq, bytes FROM journal WHERE {_WAITS} AND device IS NOT NULL ORDER BY seq", (low,)
    ):
        head = _head.decode(data)
        id_ = head.group or head.id
        if not groups or groups[-1][0] != id_:
            if len(groups) == limit:
                more = True
                break
            groups.append((id_, []))
        counts[id_] = counts.get(id_, 0) + 1
        if counts[id_] <= MOST_CHANGES:
            groups[-1][1].append(stated(connection, decode(data)))
        last = seq
    return WaitingPage(
        groups=tuple(Group(id=id_, changes=tuple(said), count=counts[id_]) for id_, said in groups),
        changes=count,
        shipped=shipped,
        oldest_at=oldest,
        after=last,
        more=more,
    )


def waiting_count(connection: Connection) -> tuple[int, int, datetime | None]:
    """(changes that wait, shipped rows that wait, when the oldest change was typed)."""
    low = int(local.get(connection, outbox.LOW_WATER, 0))
    total, typed, first = connection.execute(
        "SELECT count(*), count(device), min(CASE WHEN device IS NULL THEN NULL ELSE seq END)"
        f" FROM journal WHERE {_WAITS}",
        (low,),
    ).fetchone()
    oldest = None
    if first is not None:
        data = connection.execute("SELECT bytes FROM journal WHERE seq = ?", (first,)).fetchone()[0]
        oldest = decode(data).at
    return typed, total - typed, oldest


# --- refused


def refused(
    connection: Connection,
    *,
    answered: bool = False,
    before: tuple[datetime, UUID] | None = None,
    limit: int = PAGE,
) -> RefusedPage:
    """The groups in the inbox, newest first; ``answered``: also those that somebody has dealt with.
    ``before``: (refused_at, group id) of the last one shown."""
    where = ["1" if answered else "answered_at IS NULL"]
    parameters: list[Any] = []
    if before is not None:
        where.append("(refused_at, group_id) < (?, ?)")
        parameters += [to_ms(before[0]), before[1].bytes]
    found = connection.execute(
        "SELECT group_id, code, arguments, refused_at, answered_at FROM refusal"
        f" WHERE {' AND '.join(where)} ORDER BY refused_at DESC, group_id DESC LIMIT ?",
        (*parameters, limit + 1),
    ).fetchall()
    still, done = refused_count(connection)
    return RefusedPage(
        groups=tuple(_refused(connection, raw) for raw in found[:limit]),
        open=still,
        answered=done,
        more=len(found) > limit,
    )


def refused_group(connection: Connection, id_: UUID) -> RefusedGroup | None:
    """One refused group with all its changes; None if there is none."""
    raw = connection.execute(
        "SELECT group_id, code, arguments, refused_at, answered_at FROM refusal WHERE group_id = ?",
        (id_.bytes,),
    ).fetchone()
    return None if raw is None else _refused(connection, raw, most=None)


def _refused(connection: Connection, raw: tuple[Any, ...], most: int | None = MOST_CHANGES) -> RefusedGroup:
    id_, code, arguments, refused_at, answered_at = raw
    group = UUID(bytes=id_)
    ids = outbox.group_ids(connection, group)
    return RefusedGroup(
        group=Group(
            id=group,
            changes=tuple(_changes(connection, ids[:most])),
            count=len(ids),
        ),
        code=code,
        arguments=json.loads(arguments or "{}"),
        refused_at=from_ms(refused_at),
        answered_at=None if answered_at is None else from_ms(answered_at),
    )


def _changes(connection: Connection, ids: list[UUID]) -> Iterator[Stated]:
    for id_ in ids:
        data = connection.execute("SELECT bytes FROM journal WHERE id = ?", (id_.bytes,)).fetchone()
        if data is not None:
            yield stated(connection, decode(data[0]))


# --- what a change says


def stated(connection: Connection, change: Change) -> Stated:
    """A change with its values, personal ones from beside the chain where they are here."""
    return Stated(
        id=change.id,
        kind=change.kind,
        row=change.row,
        created=change.set is not None,
        by=change.by,
        desk=change.device,
        at=change.at,
        fields=tuple(_fields(connection, change)),
    )


def _fields(connection: Connection, change: Change) -> Iterator[Said]:
    kind = REGISTRY.get(change.kind)
    types = {} if kind is None else kind.types
    personal = kind is not None and kind.personal()
    private = private_of(connection, change.id) if personal else {}
    gone = destroyed_in(connection, change.id) if personal else {}
    for name, value in (change.set or {}).items():
        yield _said(types.get(name), name, value, None, private.get(name), gone.get(name, ""))
    for name, edit in (change.edit or {}).items():
        if isinstance(edit, Grow):
            yield Said(name=name, added=edit.add, dropped=tuple(sorted(edit.drop)))
        elif isinstance(edit, Edit):
            yield _said(types.get(name), name, edit.to, edit.former, private.get(name), gone.get(name, ""))


def _said(type_: Any, name: str, to: Any, former: Any, private: Any, gone: str) -> Said:
    sealed = isinstance(to, Sealed) or isinstance(former, Sealed)
    if not sealed:
        return Said(name=name, to=to, former=former)
    if type_ is None or private is None:
        return Said(name=name, hidden=True, destroyed=gone)
    return Said(
        name=name,
        to=plain(type_, opened(type_, to, private)),
        former=plain(type_, opened(type_, former, private, former=True)),
    )


def refused_count(connection: Connection) -> tuple[int, int]:
    """(refused groups that nobody has dealt with, those that somebody has)."""
    still, done = connection.execute(
        "SELECT count(*) - count(answered_at), count(answered_at) FROM refusal"
    ).fetchone()
    return still, done
