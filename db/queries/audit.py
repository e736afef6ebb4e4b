"""The audit trail's queries: every entry of the journal, changes and access events as one list by time.

Chain and audit are one thing: the chained entries themselves are listed, so nothing can stand in the list and
not in the chain. An entry's id begins with the millisecond in which it was minted, whichever desk minted it:
the order of ids is the order of time and needs no index of its own. Rows that ship are nobody's act and are
left out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from commandcenter.domain.access import AUDITORS, acting_roles, may_audit
from commandcenter.domain.change import Change, Edit, Grow, Sealed, decode
from commandcenter.domain.clock import day_span, from_ms, instant_text
from commandcenter.domain.codes import ACCESS_ACTIONS
from commandcenter.domain.opened import sealed_fields
from db.desk import local
from db.desk.engine import Connection
from db.queries.purge import anything_destroyed, destroyed_in

What = Literal["all", "access", "changes"]
CHANGES = ("added", "edited")
ACTIONS = (*ACCESS_ACTIONS, *CHANGES)
PAGE = 200
NEWEST = b"\xff" * 16
# An entry's keys are sorted and "at" comes first (commandcenter.domain.change): where its value stands.
_AT = 'substr(j.bytes, 1, 7) = CAST(\'{"at":"\' AS BLOB) AND substr(j.bytes, 8, 24)'
# "by" follows it, or the batch where there is one: sought there, a million entries take a second, not six.
_BY = "(substr(j.bytes, 33, 44) = ? OR substr(j.bytes, 80, 44) = ?)"


@dataclass(frozen=True, kw_only=True)
class AuditFilter:
    """Which entries are meant; the default is all of them."""

    what: What = "all"
    action: str | None = None  # an access action, "added" or "edited"
    person_id: UUID | None = None  # who did it, or whom an access event concerns
    desk_id: UUID | None = None
    day: int | None = None  # one Asia/Shanghai day (day number)


@dataclass(frozen=True, kw_only=True)
class AuditField:
    """A field that an entry set or changed. Personal values are not here: only that there was one."""

    name: str
    to: Any = None
    former: Any = None
    personal: bool = False
    destroyed: str = ""  # the number of the certificate by which the personal value was destroyed
    added: tuple[str, ...] = ()  # of a field that holds a set
    dropped: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class AuditLine:
    """One entry. ``action`` is "" where its bytes are no entry: that is for ``verify`` to say, and shown."""

    id: UUID
    action: str
    kind: str = ""
    row: UUID | None = None  # the record changed; of an access event its subject, if it has one
    by: UUID | None = None
    desk: UUID | None = None
    n: int | None = None  # its number in that desk's chain
    number: tuple[int, int] | None = None  # the centre's: epoch and number
    group: UUID | None = None
    at: datetime | None = None
    offset_ms: int | None = None
    refused: bool = False  # by the centre
    fields: tuple[AuditField, ...] = ()
    access: Mapping[str, Any] | None = None  # an access event's values as its entry has them

    @property
    def sealed(self) -> bool:
        """Whether personal values were concerned."""
        return any(field.personal for field in self.fields)


@dataclass(frozen=True, kw_only=True)
class AuditPage:
    """Entries, newest first, and whether older ones stand behind them."""

    lines: tuple[AuditLine, ...]
    more: bool


def may_read(connection: Connection) -> bool:
    """Whether whoever sits at this desk may read the audit trail (domain.access)."""
    values = local.everything(connection)
    seated = local.seated(values)
    roles: tuple[str, ...] = ()
    auditors = 0
    for id_, retired, held in connection.execute("SELECT id, retired, roles FROM person"):
        of_person = tuple(json.loads(held or "[]"))
        if seated is not None and id_ == seated.bytes:
            roles = of_person
        auditors += not retired and not AUDITORS.isdisjoint(of_person)
    alone = not auditors and not values.get(local.ENROLLED)
    return may_audit(acting_roles(roles, passwords=local.wants_password(values)), alone=alone)


def page(
    connection: Connection, filter_: AuditFilter, before: UUID | None = None, limit: int = PAGE
) -> AuditPage:
    """The newest ``limit`` entries of a filter, of those older than ``before`` (an entry's id) if given."""
    source, where, parameters = _conditions(filter_)
    last = NEWEST if before is None else before.bytes
    found = connection.execute(
        f"SELECT {_COLUMNS} FROM {source} WHERE {where} AND {_key(source)} < ?"
        f" ORDER BY {_key(source)} DESC LIMIT ?",
        (*parameters, last, limit + 1),
    ).fetchall()
    gone = _gone(connection)
    return AuditPage(lines=tuple(_line(raw, gone) for raw in found[:limit]), more=len(found) > limit)


def count(connection: Connection, filter_: AuditFilter) -> int:
    """How many entries a filter has."""
    source, where, parameters = _conditions(filter_)
    found = connection.execute(f"SELECT count(*) FROM {source} WHERE {where}", parameters).fetchone()
    return int(found[0])


def lines(connection: Connection, filter_: AuditFilter) -> Iterator[AuditLine]:
    """Every entry of a filter, oldest first, as an export has them."""
    source, where, parameters = _conditions(filter_)
    gone = _gone(connection)
    for raw in connection.execute(
        f"SELECT {_COLUMNS} FROM {source} WHERE {where} ORDER BY {_key(source)}", parameters
    ):
        yield _line(raw, gone)


# {field: the certificate's number} of what was destroyed of a change.
_Gone = Callable[[UUID], Mapping[str, str]]


def _gone(connection: Connection) -> _Gone:
    """Asks of a change what was destroyed of it, and of none where nothing ever was."""
    if not anything_destroyed(connection):
        return lambda _change: {}
    return lambda change: destroyed_in(connection, change)


_COLUMNS = "j.id, j.device, j.n, j.epoch, j.number, j.absent, j.bytes"


def _key(source: str) -> str:
    """The column that the list runs along: the smaller table's where there are two."""
    return "a.id" if source.startswith("access_event") else "j.id"


def _conditions(filter_: AuditFilter) -> tuple[str, str, list[Any]]:
    """(FROM, WHERE, parameters). What stands only in the bytes is found there by its one canonical form: in a
    string a quotation mark is escaped, so ``"by":"…"`` is that key and nothing else."""
    source = "journal AS j"
    # what has left this desk's sight has left its audit trail too
    clauses = ["j.device IS NOT NULL", "j.absent IS NOT 'hidden'"]
    parameters: list[Any] = []
    access = filter_.what == "access" or filter_.action in ACCESS_ACTIONS
    if access:
        # an access event's row is its change: the small table leads, however long the journal is
        source = "access_event AS a JOIN journal AS j ON j.id = a.id"
        if filter_.what == "changes":
            clauses.append("0")
    elif filter_.what == "changes" or filter_.action is not None:
        clauses.append("instr(j.bytes, ?) = 0")
        parameters.append(b'"kind":"access_event"')
    if filter_.action in ACCESS_ACTIONS:
        clauses.append("a.action = ?")
        parameters.append(filter_.action)
    elif filter_.action is not None:
        if access:
            clauses.append("0")
        clauses.append("instr(j.bytes, ?) > 0")
        parameters.append(b'"set":{' if filter_.action == "added" else b'"edit":{')
    if filter_.person_id is not None:
        clauses.append(f"({_BY} OR j.id IN (SELECT e.id FROM access_event AS e WHERE e.subject_id = ?))")
        parameters += [f',"by":"{filter_.person_id}"'.encode()] * 2 + [filter_.person_id.bytes]
    if filter_.desk_id is not None:
        clauses.append("j.device = ?")
        parameters.append(filter_.desk_id.bytes)
    if filter_.day is not None:
        first, end = day_span(filter_.day)
        clauses.append(f"{_AT} >= ? AND substr(j.bytes, 8, 24) < ?")
        parameters += [instant_text(from_ms(edge)).encode() for edge in (first, end)]
    return source, " AND ".join(clauses), parameters


def _line(raw: tuple[Any, ...], gone: _Gone) -> AuditLine:
    id_, device, n, epoch, number, absent, data = raw
    known: dict[str, Any] = {
        "id": UUID(bytes=id_),
        "desk": None if device is None else UUID(bytes=device),
        "n": n,
        "number": None if number is None else (epoch or 0, number),
        "refused": absent == "refused",
    }
    try:
        change = decode(data)
    except ValueError:
        return AuditLine(**known, action="")
    known |= {
        "by": change.by,
        "group": change.group,
        "at": change.at,
        "offset_ms": change.offset_ms,
    }
    if change.kind == "access_event" and change.set is not None:
        access = {name: None if isinstance(value, Sealed) else value for name, value in change.set.items()}
        return AuditLine(
            **known,
            action=str(access.get("action") or ""),
            kind=str(access.get("subject_kind") or ""),
            row=_id(access.get("subject_id")),
            access=access,
        )
    return AuditLine(
        **known,
        action="added" if change.set is not None else "edited",
        kind=change.kind,
        row=change.row,
        fields=tuple(_fields(change, gone)),
    )


def _id(text: Any) -> UUID | None:
    try:
        return None if text is None else UUID(text)
    except (ValueError, TypeError, AttributeError):  # another program's bytes
        return None


def _fields(change: Change, gone_of: _Gone) -> Iterator[AuditField]:
    gone = gone_of(change.id) if sealed_fields(change) else {}
    for name, value in (change.set or {}).items():
        sealed = isinstance(value, Sealed)
        to = None if sealed else value
        yield AuditField(name=name, to=to, personal=sealed, destroyed=gone.get(name, ""))
    for name, edit in (change.edit or {}).items():
        if isinstance(edit, Grow):
            yield AuditField(name=name, added=edit.add, dropped=tuple(sorted(edit.drop)))
        elif isinstance(edit, Edit):
            sealed = isinstance(edit.to, Sealed) or isinstance(edit.former, Sealed)
            yield AuditField(
                name=name,
                to=None if sealed else edit.to,
                former=None if sealed else edit.former,
                personal=sealed,
                destroyed=gone.get(name, ""),
            )
