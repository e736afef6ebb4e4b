"""The marks of a chart: lines of the log as triangles over the time, one of them under the keyboard."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import pyqtgraph as pg

from ui.charts.spec import ChartMark
from ui.theme import Theme


class Marks:
    """Stand in a plot; ``clicked`` is told the id of the line whose mark was."""

    def __init__(self, item: Any, clicked: Callable[[UUID], object]) -> None:
        """``item``: the PlotItem."""
        self.all: tuple[ChartMark, ...] = ()
        self._at = -1
        self._clicked = clicked
        self._triangles = pg.ScatterPlotItem(symbol="t", hoverable=True)
        item.addItem(self._triangles, ignoreBounds=True)
        self._triangles.sigClicked.connect(self._was_clicked)

    def show(self, marks: Sequence[ChartMark]) -> None:
        """Hold these; the one chosen stays chosen."""
        chosen = self.chosen()
        self.all = tuple(marks)
        id_ = None if chosen is None else chosen.id
        self._at = next((at for at, mark in enumerate(self.all) if mark.id == id_), -1)

    def chosen(self) -> ChartMark | None:
        """The one the keyboard is on."""
        return self.all[self._at] if 0 <= self._at < len(self.all) else None

    def choose(self, at: int) -> None:
        """Put the keyboard on one; -1 for none."""
        self._at = at if 0 <= at < len(self.all) else -1

    def beside(self, forward: bool) -> int:
        """The place of the next one, or the one before; outside of them where there is none."""
        if forward:
            return self._at + 1
        return (len(self.all) if self._at < 0 else self._at) - 1

    def near(self, x: float, slack: float) -> ChartMark | None:
        """The one nearest to a time, within ``slack`` seconds."""
        mark = min(self.all, key=lambda mark: abs(mark.at - x), default=None)
        return mark if mark is not None and abs(mark.at - x) <= slack else None

    def place(self, theme: Theme, height: float) -> None:
        """Stand at a height of the value axis."""
        inks = ["accent" if at == self._at else "muted" for at in range(len(self.all))]
        self._triangles.setData(
            x=[mark.at for mark in self.all],
            y=[height] * len(self.all),
            data=list(self.all),
            size=theme.px(9),
            pen=None,
            brush=[theme.colour(ink) for ink in inks] or None,
        )

    def _was_clicked(self, _scatter: Any, points: Any, _event: Any = None) -> None:
        if len(points):
            self._clicked(points[0].data().id)
