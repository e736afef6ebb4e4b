"""The board of charts: several series over one span of time, kept up to date while seen."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QGridLayout, QWidget

from commandcenter.domain.change import ChangeSet
from db.desk.engine import Connection
from db.queries import series
from db.queries.series import Mark, Points
from ui.charts.chart import Chart
from ui.charts.sources import Source
from ui.charts.spec import ChartMark
from ui.theme import SPACE, Theme
from ui.workbench import Workbench

TICK_MS = 10_000
WHOLE_EVERY = 30  # ticks: what came late, between points that are here, is seen by then
NARROWEST = 380
MILLISECOND = 0.001

Found = dict[str, tuple[bool, Points, Points]]


def _ask(
    sources: Sequence[tuple[Source, timedelta | None]], span: timedelta, until: float, connection: Connection
) -> tuple[Found, tuple[Mark, ...]]:
    """Read each source: the whole span, or only what is newer than (seconds before ``until``)."""
    end = datetime.fromtimestamp(until, UTC)
    found: Found = {}
    for source, newer in sources:
        since = end - (span if newer is None else newer)
        # a second more: what is observed now is not left out
        last = end + timedelta(seconds=1)
        told = () if source.told is None else source.told(connection, end - span, last)
        found[source.key] = (newer is None, source.read(connection, since, last), told)
    return found, series.marks(connection, end - span, end + timedelta(seconds=1))


class ChartBoard(QWidget):
    """Charts in as many columns as there is room for; hidden, it reads nothing."""

    moved = Signal()  # there are more or fewer rows

    def __init__(self, workbench: Workbench, *, columns: int, span: timedelta) -> None:
        """``columns``: at most so many."""
        super().__init__()
        self.workbench, self._most, self._span = workbench, columns, span
        self.charts: dict[str, Chart] = {}
        self._sources: dict[str, Source] = {}
        self._columns = 0
        self._ticks = 0
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._timer = QTimer(self, interval=TICK_MS)
        self._timer.timeout.connect(self._tick)
        self.set_theme(workbench.theme)

    # ---- what is shown

    def set_sources(self, sources: Sequence[Source]) -> None:
        """Show these, in this order; a chart that stays keeps its points and where it stands."""
        wanted = {source.key: source for source in sources}
        for key in [key for key in self.charts if key not in wanted]:
            chart = self.charts.pop(key)
            self._grid.removeWidget(chart)
            chart.hide()
            chart.deleteLater()
        fresh = []
        workbench = self.workbench
        for key, source in wanted.items():
            if key not in self.charts:
                chart = Chart(workbench.words, workbench.theme, source.spec, workbench.now)
                chart.mark_opened.connect(partial(workbench.open_requested.emit, "log_entry"))
                self.charts[key] = chart
                fresh.append(key)
            self.charts[key].set_spec(source.spec)
        self.charts = {key: self.charts[key] for key in wanted}
        changed = list(self._sources) != list(wanted)
        self._sources = wanted
        if changed:
            self._arrange(force=True)
        if fresh:
            self._read(fresh, whole=True)

    def set_span(self, span: timedelta) -> None:
        """Show so much of the time up to now, in every chart."""
        self._span = span
        now = self.workbench.now()
        for chart in self.charts.values():
            chart.set_span(now - span, now)
            chart.whole()
        self._read(list(self._sources), whole=True)

    def heard(self, change_set: ChangeSet) -> None:
        """Something was changed: what it concerns is read again."""
        touched = change_set.touched.keys()
        self._read([key for key, source in self._sources.items() if source.kinds & touched], whole=False)

    def refresh(self, *, whole: bool = False) -> None:
        """Read what is new, or everything."""
        self._read(list(self._sources), whole=whole)

    def _read(self, keys: Sequence[str], *, whole: bool) -> None:
        if not keys:
            return
        until = self.workbench.now().timestamp()
        asked: list[tuple[Source, timedelta | None]] = []
        for key in keys:
            source = self._sources[key]
            newest = self.charts[key].buffer.newest() if source.grows and not whole else None
            newer = None if newest is None else timedelta(seconds=max(0.0, until - newest[0] - MILLISECOND))
            asked.append((source, newer))
        question = partial(_ask, asked, self._span, until)
        # a question about all of them gives up an older one about all of them, and no other
        topic = "charts:" + ",".join(sorted(keys))
        self.workbench.bridge.ask(self, question, self._show, topic=topic)

    def _show(self, read: tuple[Found, tuple[Mark, ...]]) -> None:
        found, marks = read
        now = self.workbench.now()
        said = [ChartMark(id=mark.id, at=mark.at.timestamp(), text=self._said(mark)) for mark in marks]
        for key, chart in self.charts.items():
            chart.set_span(now - self._span, now)
            chart.show_marks(said)
            if key in found:
                whole, points, told = found[key]
                chart.show_told(told)
                if whole:
                    chart.show_points(points)
                else:
                    chart.add_points(points)

    def _said(self, mark: Mark) -> str:
        return self.workbench.words("charts.hidden") if self.workbench.directory.hidden else mark.text

    def _tick(self) -> None:
        self._ticks += 1
        self.refresh(whole=self._ticks % WHOLE_EVERY == 0)
        for chart in self.charts.values():
            chart.tick()

    # ---- room

    def columns(self) -> int:
        """How many stand side by side."""
        return self._columns

    def _arrange(self, *, force: bool = False) -> None:
        px = self.workbench.theme.px
        columns = max(1, min(self._most, self.width() // px(NARROWEST), len(self.charts) or 1))
        if columns == self._columns and not force:
            return
        self._columns = columns
        for at, chart in enumerate(self.charts.values()):
            self._grid.addWidget(chart, at // columns, at % columns)
        self.moved.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """More or fewer columns."""
        super().resizeEvent(event)
        self._arrange()

    def showEvent(self, event: QShowEvent) -> None:
        """Seen: catch up, and go on reading."""
        super().showEvent(event)
        self._timer.start()
        self.refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks: nothing is read."""
        super().hideEvent(event)
        self._timer.stop()

    def set_theme(self, theme: Theme) -> None:
        """Take another look or scale."""
        self._grid.setSpacing(theme.px(SPACE.m))
        for chart in self.charts.values():
            chart.set_theme(theme)
