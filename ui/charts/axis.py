"""The axis of time under a chart: days and times of day in Asia/Shanghai, 24 hours, in the language shown."""

from __future__ import annotations

from collections.abc import Sequence

import pyqtgraph as pg

from commandcenter.words import Words
from ui.charts.words import tick_text, ticks_of

ROOM = 74  # pixels of a tick and its words


class ClockAxis(pg.AxisItem):  # type: ignore[misc]
    """Ticks on whole minutes, hours and days here; a day's name stands at its midnight."""

    def __init__(self, words: Words) -> None:
        super().__init__(orientation="bottom")
        self._words = words
        self.room = ROOM
        self.enableAutoSIPrefix(False)

    def tickValues(self, minimum: float, maximum: float, size: float) -> list[tuple[float, list[float]]]:
        """The ticks of one level, as many as there is room for."""
        step, ticks = ticks_of(minimum, maximum, size / self.room)
        return [(float(step), ticks)]

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        """A time of day, or the day where it begins."""
        return [tick_text(self._words, value) for value in values]
