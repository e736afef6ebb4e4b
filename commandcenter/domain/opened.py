"""An entry opened: its values as a row has them, its sealed ones taken from what lies beside the chain."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from commandcenter.domain import change as entries
from commandcenter.domain.change import Change, Edit, Grow, Private, Sealed
from commandcenter.domain.errors import Refused
from commandcenter.domain.purge import Destruction
from commandcenter.domain.record import REGISTRY, Kind, make, settled, values_of

NOTHING_GONE = Destruction()


@dataclass(frozen=True, kw_only=True)
class Opened:
    """An entry as a row takes it: ``set`` for the one that made the row, else ``edit``."""

    id: UUID
    set: Mapping[str, Any] | None = None
    edit: Mapping[str, Edit | Grow] | None = None


def opened(kind: Kind, change: Change, private: Mapping[str, Private]) -> Opened:
    """The entry with its values; fields that are not known here are left out. A sealed value that this
    reader does not have stays sealed: it is a value all the same, and has its place among the heads.
    ValueError or TypeError if a value is not of its field's shape."""
    if change.set is not None:
        values = {
            name: _open(kind, name, value, private)
            for name, value in change.set.items()
            if name in kind.types
        }
        return Opened(id=change.id, set=values)
    edits = {
        name: Edit(to=_open(kind, name, edit.to, private), on=edit.on) if isinstance(edit, Edit) else edit
        for name, edit in (change.edit or {}).items()
        if name in kind.types
    }
    return Opened(id=change.id, edit=edits)


def _open(kind: Kind, name: str, value: Any, private: Mapping[str, Private]) -> Any:
    if isinstance(value, Sealed) and name not in private:
        return value
    return entries.opened(kind.types[name], value, private.get(name))


def readable(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values as a row keeps them: None for what stayed sealed."""
    return {name: None if isinstance(value, Sealed) else value for name, value in values.items()}


def all_values(kind: Kind, row: UUID, said: Mapping[str, Any]) -> dict[str, Any]:
    """Every field of a new record; what was not said takes its default."""
    required, defaults = _of_kind(kind.name)
    if all(said.get(name) not in (None, "", ()) for name in required) and said.keys() <= defaults.keys():
        types, full = kind.types, dict(defaults)  # what making the record comes to
        for name, value in said.items():
            value = settled(types[name], value)
            if value is not None:
                full[name] = value
        return full
    values = {name: value for name, value in said.items() if value is not None}
    try:
        return dict(values_of(make(kind.name, row, values)))
    except Refused:  # a required value that was not said: an entry of another program
        return {**{name: settled(type_, None) for name, type_ in kind.types.items()}, **values}


@cache
def _of_kind(name: str) -> tuple[tuple[str, ...], dict[str, Any]]:
    """(the fields that a record must have, {field: its default} in the definition's order)."""
    types = REGISTRY[name].types
    given = {field.name: field.default for field in dataclasses.fields(REGISTRY[name].record)}
    defaults = {name: None if given[name] is dataclasses.MISSING else given[name] for name in types}
    return tuple(name for name, type_ in types.items() if type_.required), defaults


def unknown_fields(kind: Kind, changes: Iterable[Change]) -> dict[str, Any] | None:
    """What a newer program's fields say, as JSON has it; None if nothing."""
    out: dict[str, Any] = {}
    for change in changes:
        for name, value in (change.set or {}).items():
            if name not in kind.types and not isinstance(value, Sealed):
                out[name] = value
        for name, edit in (change.edit or {}).items():
            if name not in kind.types and isinstance(edit, Edit) and not isinstance(edit.to, Sealed):
                out[name] = edit.to
    return out or None


def sealed_fields(change: Change) -> dict[str, tuple[Sealed | None, Sealed | None]]:
    """The fields of which the entry has sealed values: {field: (what it states, the former one)}."""
    out: dict[str, tuple[Sealed | None, Sealed | None]] = {}
    for name, value in (change.set or {}).items():
        if isinstance(value, Sealed):
            out[name] = (value, None)
    for name, edit in (change.edit or {}).items():
        if isinstance(edit, Edit) and (isinstance(edit.to, Sealed) or isinstance(edit.former, Sealed)):
            out[name] = (
                edit.to if isinstance(edit.to, Sealed) else None,
                edit.former if isinstance(edit.former, Sealed) else None,
            )
    return out


def seals_hold(
    change: Change, private: Mapping[str, Private], *, partly: bool = False, gone: Destruction = NOTHING_GONE
) -> bool:
    """Whether every sealed value of the entry lies in ``private`` and is the one that was sealed, and
    nothing else lies there. ``partly``: some may be missing, for who tells did not have them to see;
    ``gone``: what certificates destroyed may be missing too."""
    sealed = sealed_fields(change)
    for name, (stated, repeated) in sealed.items():
        beside = private.get(name)
        for value, former in ((stated, False), (repeated, True)):
            if value is None:
                continue
            missing = beside is None or (former and beside.former is None)
            if missing and (partly or gone.takes(change.id, change.row, name, former=former)):
                continue
            if (
                beside is None
                or entries.seal(beside.salt, beside.former if former else beside.value) != value
            ):
                return False
    return private.keys() <= sealed.keys()
