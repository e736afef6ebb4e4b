"""What a chart is told: its words, its levels, its marks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal
from uuid import UUID

Style = Literal["line", "step", "filled"]
Points = Sequence[tuple[float, float]]


@dataclass(frozen=True, kw_only=True)
class ChartMark:
    """A line of the log at its time (seconds since 1970)."""

    id: UUID
    at: float
    text: str


@dataclass(frozen=True, kw_only=True)
class Spec:
    """What a chart shows, apart from its points. ``levels``: (value, words) of lines that warn, never
    invented; ``stale_after``: after how long no news is told; None where a value stands until the next."""

    title: str
    unit: str
    style: Style = "line"
    decimals: int = 0
    levels: tuple[tuple[float, str], ...] = ()
    stale_after: timedelta | None = None
    from_zero: bool = True
