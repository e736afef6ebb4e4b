"""The lanes' items: points and bars over time, packed into rows so that none hides another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

MOST_ROWS = 6


class Part(NamedTuple):
    """A stretch of a bar. ``tone``: how much it is filled: 0 waiting, 1 on the way, 2 there, 3 over."""

    begin: float
    end: float
    text: str
    tone: int


class Item(NamedTuple):
    """A fact, or what several facts make. A point has no parts; times are seconds since 1970."""

    id: UUID  # the fact it leads to
    begin: float
    end: float
    text: str
    parts: tuple[Part, ...] = ()
    strong: bool = False
    open: bool = False  # it goes on until now


@dataclass
class Lane:
    """A lane: its name and its items in the order of time, with the row each one stands in."""

    key: str
    label: str
    items: list[Item]
    rows: int = 1
    row_of: list[int] = field(default_factory=list)
    left_out: int = 0  # bars that found no row: the list has them

    def pack(self, most: int = MOST_ROWS) -> None:
        """Bars side by side in time share a row; those that go on until now find theirs first."""
        if not any(item.parts for item in self.items):
            self.items.sort(key=lambda item: item.begin)
            self.row_of = [0] * len(self.items)
            return
        ends: list[list[tuple[float, float]]] = []
        kept: list[tuple[Item, int]] = []
        for item in sorted(self.items, key=lambda item: (not item.open, item.begin, item.id)):
            if not item.parts:
                kept.append((item, 0))
                continue
            row = next(
                (at for at, taken in enumerate(ends) if all(_apart(item, one) for one in taken)), len(ends)
            )
            if row == most:
                continue
            if row == len(ends):
                ends.append([])
            ends[row].append((item.begin, item.end))
            kept.append((item, row))
        self.left_out = len(self.items) - len(kept)
        kept.sort(key=lambda one: (one[0].begin, one[0].id))
        self.items = [item for item, _ in kept]
        self.row_of = [row for _, row in kept]
        self.rows = max(1, len(ends))


def _apart(item: Item, taken: tuple[float, float]) -> bool:
    return item.end <= taken[0] or item.begin >= taken[1]


def packed(lanes: Sequence[Lane], most: int = MOST_ROWS) -> list[Lane]:
    """Only those that have something, packed into at most so many rows each."""
    found = [lane for lane in lanes if lane.items]
    for lane in found:
        lane.pack(most)
    return found
