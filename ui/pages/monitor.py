"""The monitoring page: every station's series and what is counted here, over a span of time one chooses."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from commandcenter.domain.change import ChangeSet
from db.queries import series
from db.queries.series import StationNow
from ui.charts.board import ChartBoard
from ui.charts.hints import chart_hints
from ui.charts.sources import count_sources, station_source
from ui.monitor_tell import TellPanel
from ui.shell.chip import Chip, Label
from ui.shell.keys import KeyHint
from ui.theme import SPACE, TYPE, Theme
from ui.workbench import Page, Workbench

HOURS = (1, 6, 24, 168)
FIRST = 24
COLUMNS = 3
CHART_HIGH = 240
MOST_STATIONS = 24


class MonitorPage(Page):
    """The digits 1 to 4 choose the span; Tab goes from chart to chart."""

    kinds = frozenset({"station", "log_entry", "strike", "deployment_step", "told_level"})

    def __init__(self, workbench: Workbench) -> None:
        super().__init__(workbench)
        theme, words = workbench.theme, self.words
        self._hours = FIRST
        self.title = Label(theme, words("monitor.title"), size=TYPE.title, bold=True)
        self.said = Label(theme, "", ink="muted", size=TYPE.small, elided=True)
        self.chips = {hours: Chip(theme, key=str(at)) for at, hours in enumerate(HOURS, 1)}
        head = self._head = QHBoxLayout()
        head.addWidget(self.title)
        head.addWidget(self.said, 1)
        for hours, chip in self.chips.items():
            chip.clicked.connect(lambda _on=False, hours=hours: self.show_hours(hours))
            head.addWidget(chip)
        self.charts = ChartBoard(workbench, columns=COLUMNS, span=timedelta(hours=FIRST))
        self.charts.set_sources(count_sources(words))
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        ground = QWidget()
        self._ground = QVBoxLayout(ground)
        self._ground.setContentsMargins(0, 0, 0, 0)
        self._ground.addWidget(self.charts, 1)
        self._scroll.setWidget(ground)
        self.ask = TellPanel(workbench)
        self.tell = Chip(theme, words("monitor.tell.title"), key="T")
        self.tell.clicked.connect(self.open_tell)
        head.addWidget(self.tell)
        self._column = QVBoxLayout(self)
        self._column.addLayout(head)
        self._column.addWidget(self.ask)
        self._column.addWidget(self._scroll, 1)
        self.ask.closed.connect(lambda: self.setFocus(Qt.FocusReason.OtherFocusReason))
        self.charts.moved.connect(self._fit)
        self._show_hours()
        self._focus_first()
        self.set_theme(theme)

    # ---- reading

    def refresh(self, change_set: ChangeSet | None) -> None:
        """Read what is concerned."""
        if change_set is None:
            self.charts.refresh(whole=True)
        else:
            self.charts.heard(change_set)
        if change_set is None or change_set.of("station") or change_set.of("told_level"):
            self.workbench.bridge.ask(self, series.stations, self._show, topic="stations")

    def _show(self, stations: Sequence[StationNow]) -> None:
        words = self.words
        shown = stations[:MOST_STATIONS]
        self.charts.set_sources([*(station_source(words, one) for one in shown), *count_sources(words)])
        self.said.setText(
            words("monitor.stations", count=len(stations)) if stations else words("monitor.none")
        )
        self._focus_first()
        self._fit()

    def _focus_first(self) -> None:
        first = next(iter(self.charts.charts.values()), None)
        if first is not None and self.focusProxy() is not first:
            self.setFocusProxy(first)

    # ---- the span

    def hours(self) -> int:
        """How many hours are shown."""
        return self._hours

    def show_hours(self, hours: int) -> None:
        """Show so many hours up to now, in every chart."""
        self._hours = hours
        self._show_hours()
        self.charts.set_span(timedelta(hours=hours))

    def _show_hours(self) -> None:
        for hours, chip in self.chips.items():
            here = hours == self._hours
            chip.show_text(self.words(f"monitor.hours.{hours}"), "accent" if here else "plain", bold=here)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """A digit chooses the span, also a full-width one."""
        sign = unicodedata.normalize("NFKC", event.text())
        plain = event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
        if plain and len(sign) == 1 and sign in "1234":
            self.show_hours(HOURS[int(sign) - 1])
        elif plain and sign.casefold() == "t":
            self.open_tell()
        else:
            super().keyPressEvent(event)

    # ---- what people tell

    def open_tell(self) -> None:
        """Take down what somebody read off a gauge: of the chart the keyboard is on, if it is a station's."""
        on = next((key for key, chart in self.charts.charts.items() if chart.hasFocus()), "")
        station, _, quantity = on.partition(":")
        self.ask.open_for(UUID(station) if quantity else None, quantity or "level")

    # ---- room and look

    def _fit(self) -> None:
        rows = -(-len(self.charts.charts) // max(1, self.charts.columns()))
        self.charts.setMinimumHeight(rows * self.workbench.theme.px(CHART_HIGH))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Rows as high as they can be read."""
        super().resizeEvent(event)
        self._fit()

    def set_theme(self, theme: Theme) -> None:
        """Take another look or scale."""
        gap = theme.px(SPACE.m)
        self._column.setContentsMargins(gap, gap, gap, gap)
        self._column.setSpacing(gap)
        self._head.setSpacing(theme.px(SPACE.s))
        self.charts.set_theme(theme)
        self.ask.set_theme(theme)
        self._fit()

    def key_hints(self) -> Sequence[KeyHint]:
        """The page's keys."""
        words = self.words
        own = [KeyHint("1 2 3 4", words("monitor.keys.span"), words("monitor.title"))]
        own.append(KeyHint("T", words("monitor.tell.title"), words("monitor.title")))
        return [*own, *chart_hints(words)]
