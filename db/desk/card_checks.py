"""The verification's cards: each as its entries make it, and what no card can be made of."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from commandcenter.domain.change import Change
from commandcenter.domain.errors import Refused
from commandcenter.domain.merge import created, merge, standing
from commandcenter.domain.opened import Opened, readable, unknown_fields
from commandcenter.domain.record import REGISTRY, Kind, settled


@dataclass(frozen=True, kw_only=True)
class Stored:
    """An entry of a card; ``order``: the number it was first given, None while it is unsent."""

    seq: int
    order: tuple[int, int] | None
    change: Change
    opened: Opened


@dataclass(frozen=True, kw_only=True)
class Made:
    """A card: what its row has to say (None: nothing to compare), and what is wrong with its entries."""

    kind: str
    row: UUID
    due: Mapping[str, Any] | None = None
    finding: str | None = None
    detail: str = ""


def make(
    cards: Mapping[tuple[str, UUID], list[Stored]], partly: Collection[tuple[str, UUID]]
) -> Iterator[Made]:
    """Each card in the order of its entries' numbers, the unsent ones last. ``partly``: those of which
    entries went out of sight, so that the one that made them may not be here."""
    for (name, row), stored in cards.items():
        stored.sort(key=lambda one: (one.order is None, one.order or (0, 0), one.seq))
        kind = REGISTRY[name]
        creation = next((one.change for one in stored if one.change.set is not None), None)
        made = standing(kind, [one.opened for one in stored])
        if creation is None or made is None:
            if (name, row) not in partly:
                yield Made(kind=name, row=row, finding="edit_of_nothing", detail=f"n {stored[0].change.n}")
            continue
        refusal = _judged(kind, stored) if all(one.order is None for one in stored) else None
        full: dict[str, Any] = {field: settled(type_, None) for field, type_ in kind.types.items()}
        values = readable(made.values)
        full |= {field: settled(kind.types[field], value) for field, value in values.items()}
        full |= stamps(creation) | {"heads": made.heads}
        if unknown_fields(kind, [one.change for one in stored]) is None:
            full["extra"] = None
        finding = None if refusal is None else "edit_refused"
        yield Made(kind=name, row=row, due=full, finding=finding, detail=refusal or "")


def _judged(kind: Kind, stored: list[Stored]) -> str | None:
    """Why one of these edits could not be made; nobody but this desk has judged them, each after the one
    before it."""
    heads: dict[str, Any] = {}
    row: dict[str, Any] = {}
    for one in stored:
        if one.opened.set is not None:
            row, heads = dict(one.opened.set), created(kind, one.change.id, one.opened.set)
            continue
        try:
            merged = merge(kind, row, heads, one.change.id, one.opened.edit or {})
        except Refused as refusal:
            return f"n {one.change.n}: {refusal}"
        row |= merged.values
        heads = merged.heads
    return None


def stamps(change: Change) -> dict[str, Any]:
    """Who typed the record where and when, as its row says it."""
    return {
        "id": change.row,
        "typed_by_id": change.by,
        "typed_desk_id": change.device,
        "typed_at": change.at,
        "typed_offset_ms": change.offset_ms,
    }
