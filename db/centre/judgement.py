"""The centre's judgement of one group: every rule that a desk keeps, asked again, for a desk is not trusted.

Works in memory on rows that were read and locked before, so that a refused group leaves no trace.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from commandcenter.domain import access
from commandcenter.domain import change as entries
from commandcenter.domain.change import Change, Edit, Private, Sealed
from commandcenter.domain.errors import Refused
from commandcenter.domain.merge import applied, created, judge
from commandcenter.domain.opened import (
    NOTHING_GONE,
    Opened,
    all_values,
    opened,
    readable,
    seals_hold,
    unknown_fields,
)
from commandcenter.domain.purge import KIND as CERTIFICATE
from commandcenter.domain.purge import Destruction, require_signers, signers
from commandcenter.domain.record import REGISTRY, Kind, Situation, validate

Row = dict[str, Any]
Key = tuple[str, UUID]


@dataclass(frozen=True, kw_only=True)
class Caller:
    """The desk that speaks: its ids (a chain may have been renewed), whose it is, and what it sees."""

    device: UUID
    devices: frozenset[UUID]
    scope_id: UUID | None
    roles: tuple[str, ...]  # of the machine; ``unsigned`` among them: nobody needs to sign in there
    scopes: frozenset[UUID | None]
    district_id: UUID | None
    # its chain's length when it enrolled: what it wrote before, when it worked alone and nobody had a
    # password, is judged as that desk judged it
    alone_until: int = 0

    @property
    def district(self) -> bool:
        """Whether it sees and writes everything."""
        return access.is_district(self.scopes, self.district_id)


@dataclass(frozen=True, kw_only=True)
class Arrived:
    """An entry as it came: its bytes, decoded, and the personal values beside it."""

    data: bytes
    change: Change
    private: Mapping[str, Private]
    before: bytes | None = None  # its chain's hash before it; None: it follows the one before it in the push


@dataclass
class Desired:
    """What the accepted entries make of the rows so far: what the next group is judged against."""

    rows: dict[Key, Row | None]  # None: there is none
    new: set[Key] = field(default_factory=set)
    changed: set[Key] = field(default_factory=set)
    _before: list[tuple[Key, Row | None, bool]] = field(default_factory=list)

    def put(self, key: Key, row: Row, *, new: bool = False) -> None:
        """A row as an entry leaves it."""
        self._before.append((key, self.rows.get(key), key in self.changed))
        self.rows[key] = row
        if new:
            self.new.add(key)
        elif key not in self.new:
            self.changed.add(key)

    def keep(self) -> None:
        """The group was accepted."""
        self._before.clear()

    def drop(self) -> None:
        """The group was refused: as if it had never been looked at."""
        for key, row, changed in reversed(self._before):
            self.rows[key] = row
            if row is None:
                self.new.discard(key)
            if not changed:
                self.changed.discard(key)
        self._before.clear()


@dataclass(frozen=True, kw_only=True)
class Bench:
    """What judging needs besides the rows: codes, what ships, the settings and who is who."""

    is_code: Callable[[str, str], bool]
    shipped: Callable[[], frozenset[UUID]]
    late_after_s: int
    roles_of: Mapping[UUID, tuple[str, ...]]
    gone: Destruction = NOTHING_GONE  # what certificates destroyed of these entries


def situation(bench: Bench, change: Change) -> Situation:
    """The entry's own clock decides what is late or ahead, not when it arrived."""
    assert change.at is not None
    return Situation(
        now=change.at,
        late_after_s=bench.late_after_s,
        is_code=bench.is_code,
        offset_ms=change.offset_ms,
    )


def decide(bench: Bench, caller: Caller, group: Sequence[Arrived], desired: Desired) -> bool:
    """Enter a group into ``desired``, every rule asked. True if a field has several values now.

    Refused: the whole group; ``desired`` is to be dropped."""
    merged = False
    for arrived in group:
        merged = one(bench, caller, arrived, desired, judged=True) or merged
    return merged


def one(bench: Bench, caller: Caller, arrived: Arrived, desired: Desired, *, judged: bool) -> bool:
    """Enter one entry. ``judged`` False: it was accepted before, and is applied as it is."""
    change = arrived.change
    kind = REGISTRY[change.kind]
    try:
        entries.check_values(kind, change)
        said = opened(kind, change, arrived.private)
    except (ValueError, TypeError) as error:
        raise Refused("entry_malformed", reason=str(error)) from None
    if not seals_hold(change, arrived.private, partly=not judged, gone=bench.gone):
        raise Refused("seal_broken", kind=kind.name)
    key = (kind.name, change.row)
    row = desired.rows.get(key)
    if change.set is not None:
        return _created(bench, caller, arrived, kind, said, row, desired, judged=judged)
    if row is None:
        raise Refused("unknown_row", kind=kind.name, id=str(change.row))
    if kind.nature != "card":
        raise Refused("facts_are_struck", kind=kind.name)
    edits = said.edit or {}
    patch = {
        name: edit.to
        if isinstance(edit, Edit)
        else tuple(sorted((set(row[name]) | set(edit.add)) - set(edit.drop)))
        for name, edit in edits.items()
    }
    if judged:
        _may(bench, caller, change, kind, "edit", patch, row, desired)
        validate(kind, row, _still_said(patch), situation(bench, change))
        judge(kind, row, row["heads"], edits)
    result = applied(kind, row["heads"], change.id, edits)
    extra = {**(row.get("extra") or {}), **(unknown_fields(kind, (change,)) or {})}
    desired.put(key, {**row, **readable(result.values), "heads": result.heads, "extra": extra or None})
    return bool(result.clashes)


def _created(
    bench: Bench,
    caller: Caller,
    arrived: Arrived,
    kind: Kind,
    said: Opened,
    row: Row | None,
    desired: Desired,
    *,
    judged: bool,
) -> bool:
    change = arrived.change
    if row is not None:
        raise Refused("row_exists", kind=kind.name, id=str(change.row))
    sealed = all_values(kind, change.row, said.set or {})
    values = readable(sealed)
    if change.device is None:
        if change.id not in bench.shipped() or change.by is not None or change.at is not None:
            raise Refused("not_shipped", kind=kind.name)
    elif judged:
        _may(bench, caller, change, kind, "add", values, None, desired)
        validate(kind, None, _still_said(sealed), situation(bench, change))
    full: Row = {
        **values,
        "id": change.row,
        "extra": unknown_fields(kind, (change,)),
        "typed_by_id": change.by,
        "typed_desk_id": change.device,
        "typed_at": change.at,
        "typed_offset_ms": change.offset_ms,
    }
    if kind.nature == "card":
        full["heads"] = created(kind, change.id, sealed)
    desired.put((kind.name, change.row), full, new=True)
    return False


def _still_said(values: Mapping[str, Any]) -> dict[str, Any]:
    """What there is to be judged: a value that was destroyed before it came was judged at its desk."""
    return {name: value for name, value in values.items() if not isinstance(value, Sealed)}


def _may(
    bench: Bench,
    caller: Caller,
    change: Change,
    kind: Kind,
    action: str,
    patch: Mapping[str, Any],
    row: Row | None,
    desired: Desired,
) -> None:
    if kind.name == "desk" and change.row in caller.devices and "scope_id" not in (patch if row else {}):
        return  # its own card: a chain that goes on under a new id brings one
    alone = change.n is not None and change.n <= caller.alone_until
    held = () if change.by is None else _roles(bench, desired, change.by)
    # a machine states its own card, also where nobody is signed in: a new chain begins with it
    own = change.by is None and kind.name == "desk" and change.row in caller.devices
    free = alone or own or access.UNSIGNED in caller.roles
    roles = access.acting_roles(held, passwords=not free) if change.by is None or free else held
    access.require(kind.name, action, roles, patch, by=change.by, row_id=change.row)
    if kind.name == CERTIFICATE:
        roles_of = {id_: _roles(bench, desired, id_) for id_ in signers(change)}
        require_signers(patch, change.by, roles_of, district=caller.district)
    thing = _thing_of(kind, patch, desired)
    if caller.district or alone:
        return
    incident = _incident_of(kind, change.row, row if row is not None else patch, desired)
    scopes = audience(incident)
    if kind.name == "incident" and (row is None or {"scope_id", "shared_ids"} & patch.keys()):
        scopes = ()  # who only takes part in it says nothing of whose it is
    concerned = {patch.get("scope_id", (row or {}).get("scope_id")), (row or patch).get("scope_id")}
    if thing is not None:  # whatever the entry says: what is counted of a card is that card's
        concerned.add(thing["scope_id"])
    for whose in concerned:
        if not access.may_write(kind.name, whose, scopes, caller.scopes, caller.district_id):
            raise Refused("not_your_scope", kind=kind.name)


def _roles(bench: Bench, desired: Desired, person: UUID) -> tuple[str, ...]:
    """Somebody's roles, as the groups before this one in the same push leave them."""
    row = desired.rows.get(("person", person))
    return bench.roles_of.get(person, ()) if row is None else tuple(row["roles"] or ())


def named_by(change: Change, caller: Caller) -> Iterator[tuple[str, UUID]]:
    """(kind, id) of the cards that a new entry is judged with besides its own."""
    said = change.set or {}
    if not caller.district and isinstance(incident := said.get("incident_id"), str):
        yield "incident", UUID(incident)
    kind = REGISTRY.get(change.kind)
    if kind is not None and kind.of and isinstance(thing := said.get(kind.of), str):
        yield kind.types[kind.of].target, UUID(thing)


def _thing_of(kind: Kind, values: Mapping[str, Any], desired: Desired) -> Row | None:
    """The card that a fact counts; Refused ``unknown_row`` where the centre has not got it."""
    if not kind.of:
        return None
    target = kind.types[kind.of].target
    thing = desired.rows.get((target, values[kind.of]))
    if thing is None:
        raise Refused("unknown_row", field=kind.of, kind=target, id=str(values[kind.of]))
    return thing


def _incident_of(kind: Kind, row_id: UUID, values: Mapping[str, Any], desired: Desired) -> Row | None:
    if kind.name == "incident":
        return desired.rows.get(("incident", row_id))
    incident_id = values.get("incident_id")
    return None if incident_id is None else desired.rows.get(("incident", incident_id))


def audience(incident: Row | None) -> tuple[UUID, ...]:
    """The scopes that see an incident: its owner's and those that take part."""
    if incident is None:
        return ()
    owner = incident.get("scope_id")
    shared = tuple(UUID(id_) for id_ in incident.get("shared_ids") or ())
    return shared if owner is None else (owner, *shared)


def doubtful(change: Change, desk_now: datetime, centre_now: datetime) -> bool:
    """Whether the desk's clock was more than five minutes off what the entry says it was (DESIGN §3)."""
    measured = centre_now - desk_now
    said = timedelta(milliseconds=change.offset_ms or 0)
    return abs(measured - said) > timedelta(minutes=5)
