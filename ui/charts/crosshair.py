"""The crosshair of a chart: a line at a time, a dot at its value, and what is read there."""

from __future__ import annotations

import math
from typing import Any

import pyqtgraph as pg

from ui.theme import TYPE, Theme

LONGEST = 120  # characters of what is said beside the line


class Crosshair:
    """Stands in a plot; says nothing until it is told where."""

    def __init__(self, item: Any) -> None:
        """``item``: the PlotItem."""
        self._box = item.getViewBox()
        self._line = pg.InfiniteLine(angle=90, movable=False)
        self._dot = pg.ScatterPlotItem(symbol="o")
        self._text = pg.TextItem()
        for part in (self._line, self._dot, self._text):
            item.addItem(part, ignoreBounds=True)
        self._text.setZValue(20)
        self.said = ""
        self.hide()

    def say(self, x: float, y: float, text: str) -> None:
        """Stand at ``x`` (seconds since 1970) with a dot at ``y``, none where that is no number."""
        (left, right), (_low, high) = self._box.viewRange()
        self._line.setPos(x)
        self._line.show()
        if math.isnan(y):
            self._dot.setData([], [])
        else:
            self._dot.setData([x], [y])
        self.said = text
        self._text.setText(text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}\u2026")
        self._text.setAnchor((1.05 if x > (left + right) / 2 else -0.05, 0.0))
        self._text.setPos(x, high)
        self._text.show()

    def hide(self) -> None:
        """Nothing is read."""
        self.said = ""
        self._line.hide()
        self._text.hide()
        self._dot.setData([], [])

    def set_theme(self, theme: Theme) -> None:
        """Take another look or scale."""
        self._line.setPen(pg.mkPen(theme.colour("edge"), width=1))
        self._dot.setPen(pg.mkPen(theme.colour("text")))
        self._dot.setBrush(theme.colour("accent"))
        self._dot.setSize(theme.px(7))
        self._text.setColor(theme.colour("text"))
        self._text.fill = pg.mkBrush(theme.colour("raised"))
        self._text.border = pg.mkPen(theme.colour("line"))
        self._text.setFont(theme.font(TYPE.small, figures=True))
