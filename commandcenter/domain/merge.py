"""How an edit meets a row: heads per field, what is current afterwards, and which fields clash.

A field's heads are its values that no other change names as base (DESIGN §5.3), kept in the order of their
numbers; the last one is current. Heads of a growing set are kept per value: the adds not yet dropped.

What a row is follows from the set of its entries and their numbers, whatever the order in which they came
(:func:`standing`). :func:`applied` is the short way for an entry that comes after all others; a test holds
the two together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from commandcenter.domain.change import Edit, Grow
from commandcenter.domain.errors import Refused
from commandcenter.domain.opened import Opened
from commandcenter.domain.record import Kind

Heads = Mapping[str, Any]  # {field: [ids]}, for a growing set {field: {value: [ids]}}


@dataclass(frozen=True, kw_only=True)
class Merged:
    """What a row becomes: the values to write, all its heads, and the fields with more than one head."""

    values: Mapping[str, Any]
    heads: dict[str, Any]
    clashes: tuple[str, ...]


def heads_out(kind: Kind, stored: Mapping[str, Any] | None) -> dict[str, Any]:
    """Heads as JSON keeps them, with their ids as UUIDs."""
    out: dict[str, Any] = {}
    for name, value in (stored or {}).items():
        if isinstance(value, dict):
            out[name] = {item: [UUID(id_) for id_ in ids] for item, ids in value.items()}
        else:
            out[name] = [UUID(id_) for id_ in value]
    return out


def heads_in(heads: Heads) -> dict[str, Any]:
    """Heads as JSON keeps them."""
    return {
        name: {item: [str(id_) for id_ in ids] for item, ids in value.items()}
        if isinstance(value, Mapping)
        else [str(id_) for id_ in value]
        for name, value in heads.items()
    }


def created(kind: Kind, change_id: UUID, values: Mapping[str, Any]) -> dict[str, Any]:
    """The heads of a card just created: the creating change for every field that was given."""
    heads: dict[str, Any] = {}
    for name, value in values.items():
        if value is None or value == () or value is False:
            continue
        if kind.types[name].merge == "grow":
            heads[name] = {item: [change_id] for item in value}
        else:
            heads[name] = [change_id]
    return heads


def judge(kind: Kind, row: Mapping[str, Any], heads: Heads, edits: Mapping[str, Edit | Grow]) -> None:
    """Refused ``stale`` for a guarded field not based on what is current, ``already_set`` for a ``once``
    field that has a value. Only whoever accepts an edit judges it: an accepted one is applied as it is."""
    for name, edit in edits.items():
        if isinstance(edit, Grow):
            continue
        rule = kind.types[name].merge
        before = heads.get(name) or []
        if rule == "once" and row.get(name) not in (None, ""):
            raise Refused("already_set", field=name)
        if rule == "guarded" and before and before[-1] not in edit.on:
            raise Refused("stale", field=name)


def applied(kind: Kind, heads: Heads, change_id: UUID, edits: Mapping[str, Edit | Grow]) -> Merged:
    """What an accepted edit makes of a row whose other entries all come before it; unseen heads stay."""
    values: dict[str, Any] = {}
    new_heads = dict(heads)
    for name, edit in edits.items():
        before = heads.get(name)
        if isinstance(edit, Grow):
            new_heads[name] = grown(before or {}, change_id, edit)
            values[name] = tuple(sorted(new_heads[name]))
        else:
            new_heads[name] = [head for head in before or [] if head not in edit.on] + [change_id]
            values[name] = edit.to
    clashes = tuple(name for name in edits if kind.types[name].merge != "grow" and len(new_heads[name]) > 1)
    return Merged(values=values, heads=new_heads, clashes=clashes)


def merge(
    kind: Kind,
    row: Mapping[str, Any],
    heads: Heads,
    change_id: UUID,
    edits: Mapping[str, Edit | Grow],
) -> Merged:
    """Judge the edits and apply them."""
    judge(kind, row, heads, edits)
    return applied(kind, heads, change_id, edits)


def grown(before: Mapping[str, list[UUID]], change_id: UUID, edit: Grow) -> dict[str, list[UUID]]:
    """A set's heads per value after its adds and drops; a drop ends only the adds that it names."""
    after = {value: list(ids) for value, ids in before.items()}
    for value, ids in edit.drop.items():
        left = [id_ for id_ in after.get(value, []) if id_ not in ids]
        if left:
            after[value] = left
        else:
            after.pop(value, None)
    for value in edit.add:
        after.setdefault(value, []).append(change_id)
    return after


def standing(kind: Kind, entries: Sequence[Opened]) -> Merged | None:
    """A card as all its entries make it, in the order of their numbers; None while the one that made it is
    not among them. ``values`` has every field that an entry speaks of."""
    if not any(entry.set is not None for entry in entries):
        return None
    said: dict[str, list[tuple[UUID, Any]]] = {}
    for entry in entries:
        for name, value in (entry.set or {}).items():
            if name in kind.types and value is not None and value != () and value is not False:
                said.setdefault(name, []).append((entry.id, value))
        for name, edit in (entry.edit or {}).items():
            if name in kind.types:
                said.setdefault(name, []).append((entry.id, edit))
    values: dict[str, Any] = {}
    heads: dict[str, Any] = {}
    for name, statements in said.items():
        if kind.types[name].merge == "grow":
            heads[name] = _grown_from(statements)
            values[name] = tuple(sorted(heads[name]))
        else:
            heads[name], values[name] = _last_of(statements)
    clashes = tuple(name for name in heads if kind.types[name].merge != "grow" and len(heads[name]) > 1)
    return Merged(values=values, heads=heads, clashes=clashes)


def _last_of(statements: Sequence[tuple[UUID, Any]]) -> tuple[list[UUID], Any]:
    named = {base for _, said in statements if isinstance(said, Edit) for base in said.on}
    heads = [id_ for id_, _ in statements if id_ not in named] or [statements[-1][0]]
    current = next(said for id_, said in reversed(statements) if id_ == heads[-1])
    return heads, current.to if isinstance(current, Edit) else current


def _grown_from(statements: Sequence[tuple[UUID, Any]]) -> dict[str, list[UUID]]:
    gone: dict[str, set[UUID]] = {}
    for _, said in statements:
        if isinstance(said, Grow):
            for value, ids in said.drop.items():
                gone.setdefault(value, set()).update(ids)
    out: dict[str, list[UUID]] = {}
    for id_, said in statements:
        added: Iterable[str] = said.add if isinstance(said, Grow) else said
        for value in added:
            if id_ not in gone.get(value, ()):
                out.setdefault(value, []).append(id_)
    return out
