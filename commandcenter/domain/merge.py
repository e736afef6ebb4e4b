"""How an edit meets a row: heads per field, what is current afterwards, and which fields clash.

A field's heads are its accepted values that no other change names as base (DESIGN §5.3), kept oldest
first; the last one is current. Heads of a growing set are kept per value: the adds not yet dropped.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from commandcenter.domain.change import Edit, Grow
from commandcenter.domain.errors import Refused
from commandcenter.domain.record import Kind

Heads = Mapping[str, Any]  # {field: [ids]}, for a growing set {field: {value: [ids]}}


@dataclass(frozen=True, kw_only=True)
class Merged:
    """What a row becomes: the values to write, all its heads, and the fields with more than one head."""

    values: Mapping[str, Any]
    heads: dict[str, Any]
    clashes: tuple[str, ...]


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


def merge(
    kind: Kind,
    row: Mapping[str, Any],
    heads: Heads,
    change_id: UUID,
    edits: Mapping[str, Edit | Grow],
) -> Merged:
    """Apply ``edits``. Refused ``stale`` for a guarded field not based on what is current, ``already_set``
    for a ``once`` field that has a value. A ``last`` field takes the edit and keeps every unseen head."""
    values: dict[str, Any] = {}
    new_heads = dict(heads)
    for name, edit in edits.items():
        rule = kind.types[name].merge
        before = heads.get(name)
        if isinstance(edit, Grow):
            new_heads[name] = grown(before or {}, change_id, edit)
            values[name] = tuple(sorted(new_heads[name]))
            continue
        before = before or []
        if rule == "once" and row.get(name) not in (None, ""):
            raise Refused("already_set", field=name)
        if rule == "guarded" and before and before[-1] not in edit.on:
            raise Refused("stale", field=name)
        new_heads[name] = [head for head in before if head not in edit.on] + [change_id]
        values[name] = edit.to
    clashes = tuple(name for name in edits if kind.types[name].merge != "grow" and len(new_heads[name]) > 1)
    return Merged(values=values, heads=new_heads, clashes=clashes)


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
