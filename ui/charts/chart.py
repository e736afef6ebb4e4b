"""The chart: one series over time, with its levels, what was told, and the log's lines as marks."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QPainter, QPaintEvent, QPen

from commandcenter.words import Words
from ui.charts.axis import ClockAxis
from ui.charts.buffer import Buffer
from ui.charts.crosshair import Crosshair
from ui.charts.marks import Marks
from ui.charts.spec import ChartMark, Points, Spec
from ui.charts.words import age_text, day_text, local, span_text, value_text
from ui.panel import Panel
from ui.shell.chip import Label
from ui.shell.composing import is_enter
from ui.theme import SPACE, TYPE, Theme

# Antialiased lines wider than a pixel cost a second a frame on a wall; OpenGL is not there on every machine.
pg.setConfigOptions(antialias=False, useOpenGL=False, segmentedLineMode="on", exitCleanup=False)

AXIS_LEFT = 46
DRAW_MS = 250
STEP = 0.1  # of the span shown, for an arrow
ZOOM = 1.5
SHORTEST_S = 120.0


class Chart(Panel):
    """Arrows move along the time, + and - come closer and go away, 0 shows all; Tab goes along the marks."""

    mark_opened = Signal(object)  # the id of a line of the log

    def __init__(self, words: Words, theme: Theme, spec: Spec, now: Callable[[], datetime]) -> None:
        super().__init__(theme, spec.title, flush=True)
        self._words, self._now = words, now
        self.spec = spec
        self.buffer = Buffer(gaps=spec.style == "line")
        self._told: tuple[tuple[float, float], ...] = ()
        self._since = self._until = now().timestamp()
        self.follows = True  # all of it is shown, and what comes
        self._peak = 1.0
        self._drawn: tuple[Any, ...] = ()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._soon = QTimer(self, singleShot=True, interval=DRAW_MS)
        self._soon.timeout.connect(self._draw)
        self.value = Label(theme, "", size=TYPE.line, bold=True, figures=True)
        self.age = Label(theme, "", ink="muted", size=TYPE.small)
        self.head.addWidget(self.value)
        self.head.addWidget(self.age)
        self._make_plot()
        self.body.addWidget(self.plot, 1)
        self.empty = Label(theme, words("charts.no_value"), ink="muted", size=TYPE.small)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setParent(self.plot)
        self.empty.hide()
        self.set_theme(theme)

    def _make_plot(self) -> None:
        self._axis = ClockAxis(self._words)
        self.plot = pg.PlotWidget(axisItems={"bottom": self._axis}, background=None)
        self.plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.plot.setFrameShape(pg.PlotWidget.Shape.NoFrame)
        item = self.plot.getPlotItem()
        item.setMenuEnabled(False)
        item.hideButtons()
        item.setMouseEnabled(x=True, y=False)
        item.disableAutoRange()
        item.setClipToView(True)
        item.setDownsampling(auto=True, mode="peak")
        for name in ("left", "bottom"):  # painting its words costs more than the line itself
            item.getAxis(name).setCacheMode(pg.AxisItem.CacheMode.DeviceCoordinateCache)
        self._box = item.getViewBox()
        self._box.setDefaultPadding(0)
        self._curve = item.plot([], [], connect="finite")
        self._levels: list[Any] = []
        self._told_dots = pg.ScatterPlotItem(symbol="o")
        item.addItem(self._told_dots, ignoreBounds=True)
        self._marks = Marks(item, self.mark_opened.emit)
        self.cross = Crosshair(item)
        self._box.sigRangeChangedManually.connect(self._moved_by_hand)
        self.plot.scene().sigMouseMoved.connect(self._hover)
        self.plot.viewport().installEventFilter(self)

    # ---- what it shows

    def set_span(self, since: datetime, until: datetime) -> None:
        """The range of time that is all of it; shown unless somebody has moved along."""
        self._since, self._until = since.timestamp(), until.timestamp()
        left, right = self.span()
        pixel = (right - left) / max(1, self.plot.width())
        if self.follows and max(abs(left - self._since), abs(right - self._until)) >= pixel:
            self._box.setXRange(self._since, self._until, padding=0)

    def show_points(self, points: Points) -> None:
        """Show these and no others."""
        self.buffer.replace(points)
        self._draw()

    def add_points(self, points: Points) -> None:
        """Put newer ones after them; what the range has left behind goes. The line is drawn a few times a
        second at most, however often something comes."""
        self.buffer.drop_before(self._since)
        self.buffer.extend(points)
        if not self._soon.isActive():
            self._soon.start()
        self.tick()

    def show_marks(self, marks: Sequence[ChartMark]) -> None:
        """Show these lines of the log; the one chosen stays chosen."""
        self._marks.show(marks)
        self._place_marks()

    def show_told(self, told: Points) -> None:
        """Show what people told of it, as points of their own."""
        self._told = tuple(told)
        self._place_marks()

    def set_spec(self, spec: Spec) -> None:
        """Other words, or other levels."""
        if spec != self.spec:
            self.spec = spec
            self.title.setText(spec.title)
            self._make_levels()
            self._draw()

    def tick(self) -> None:
        """The time goes on: how old the newest value is, and whether it is too old."""
        measured = self.buffer.newest()
        newest = max((*self._told[-1:], *([measured] if measured else [])), default=None)
        words, spec = self._words, self.spec
        if (nothing := newest is None) == self.empty.isHidden():
            self.empty.setVisible(nothing)
            self.plot.getPlotItem().getAxis("left").setStyle(showValues=not nothing)
        if newest is None:
            self.value.setText("")
            self.age.setText("")
            self.setAccessibleName(f"{spec.title} {words('charts.no_value')}")
            return
        value = value_text(newest[1], spec.decimals)
        age = self._now() - datetime.fromtimestamp(newest[0], UTC)
        told = age_text(words, age) if spec.style == "line" else ""
        stale = spec.stale_after is not None and age > spec.stale_after
        if stale and spec.stale_after is not None:
            told = words("charts.silent", age=told, span=span_text(words, spec.stale_after))
        self.value.setText(words("charts.value", value=value, unit=spec.unit))
        self.value.set_ink("faint" if stale else "text")
        self.age.set_ink("faint" if stale else "muted")
        self.age.setText(told)
        self.age.setVisible(bool(told))
        said = words("charts.summary", title=spec.title, value=value, unit=spec.unit, age=told)
        self.setAccessibleName(said)

    def _draw(self) -> None:
        xs, ys = self.buffer.arrays()
        if self.spec.style != "line" and len(xs):
            until = max(float(xs[-1]), min(self._until, self._now().timestamp()))
            xs, ys = np.append(np.repeat(xs, 2)[1:], until), np.repeat(ys, 2)
        self._curve.setData(xs, ys, connect="finite")
        self._fit_height(ys)
        self.tick()

    def _fit_height(self, ys: Any) -> None:
        """From nought, or from the least, to a little above the most; the levels are always in sight."""
        seen = [float(value) for value, _ in self.spec.levels] + [value for _, value in self._told]
        if len(ys) and not np.all(np.isnan(ys)):
            seen += [float(np.nanmin(ys)), float(np.nanmax(ys))]
        if not seen:
            seen = [0.0, 1.0]
        low, high = min(seen), max(seen)
        if self.spec.from_zero:
            low = min(0.0, low)
        room = (high - low) or max(1.0, abs(high) * 0.1)
        low = low if self.spec.from_zero and low == 0.0 else low - room * 0.08
        high += room * 0.18  # the marks stand above the line
        if (low, high) != self._drawn:
            self._drawn = (low, high)
            self._peak = high - room * 0.06
            self._box.setYRange(low, high, padding=0)
            self._place_marks()

    def _place_marks(self) -> None:
        theme, px = self._theme, self._theme.px
        self._marks.place(theme, self._peak)
        pen = pg.mkPen(theme.colour("text"), width=1)
        ring = theme.colour("panel")
        self._told_dots.setData(
            x=[x for x, _ in self._told], y=[y for _, y in self._told], size=px(9), pen=pen, brush=ring
        )

    # ---- moving along

    def span(self) -> tuple[float, float]:
        """From when to when is in sight, in seconds since 1970."""
        left, right = self._box.viewRange()[0]
        return float(left), float(right)

    def whole(self) -> None:
        """Show all of it again, and what comes."""
        self.follows = True
        self._box.setXRange(self._since, self._until, padding=0)

    def pan(self, share: float) -> None:
        """Move by a share of what is in sight: to the right where it is positive."""
        left, right = self.span()
        step = (right - left) * share
        self.follows = False
        self._box.setXRange(left + step, right + step, padding=0)

    def zoom(self, factor: float) -> None:
        """Come closer (a factor above one) or go away, about the middle."""
        left, right = self.span()
        half = max(SHORTEST_S, min((right - left) / factor, self._until - self._since)) / 2
        middle = (left + right) / 2
        self.follows = False
        self._box.setXRange(middle - half, middle + half, padding=0)

    def _moved_by_hand(self, *_: Any) -> None:
        self.follows = False

    # ---- marks

    def marks(self) -> tuple[ChartMark, ...]:
        """The marks shown."""
        return self._marks.all

    def chosen_mark(self) -> ChartMark | None:
        """The mark the keyboard is on; None for none."""
        return self._marks.chosen()

    def choose_mark(self, at: int) -> None:
        """Put the keyboard on a mark and say it; -1 for none."""
        self._marks.choose(at)
        self._place_marks()
        mark = self.chosen_mark()
        if mark is None:
            self.cross.hide()
            return
        left, right = self.span()
        if not left <= mark.at <= right:
            self.follows = False
            half = (right - left) / 2
            self._box.setXRange(mark.at - half, mark.at + half, padding=0)
        said = self._words("charts.mark", at=self._time(mark.at), text=mark.text)
        self.cross.say(mark.at, self._peak, said)

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Tab goes along the marks in sight, then on."""
        at = self._marks.beside(forward)
        if self.hasFocus() and 0 <= at < len(self._marks.all):
            self.choose_mark(at)
            return True
        self.choose_mark(-1)
        return super().focusNextPrevChild(forward)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The chart's keys; all others are the page's."""
        key = event.key()
        sign = event.text()
        if key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self.pan(STEP if key == Qt.Key.Key_Right else -STEP)
        elif sign in ("+", "=", "\uff0b"):
            self.zoom(ZOOM)
        elif sign in ("-", "_", "\uff0d", "\u2014"):
            self.zoom(1 / ZOOM)
        elif sign in ("0", "\uff10"):
            self.whole()
        elif is_enter(event) and (mark := self.chosen_mark()) is not None:
            self.mark_opened.emit(mark.id)
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """No mark is chosen any more."""
        super().focusOutEvent(event)
        self.choose_mark(-1)
        self.update()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """The frame shows where the keys go."""
        super().focusInEvent(event)
        self.update()

    # ---- reading a value

    def _time(self, x: float) -> str:
        at = local(x)
        if at.date() == local(self._now().timestamp()).date():
            return f"{at:%H:%M}"
        return self._words("charts.at", day=day_text(self._words, at), time=f"{at:%H:%M}")

    def _hover(self, where: QPointF) -> None:
        if self._box.sceneBoundingRect().contains(where):
            self.read_at(float(self._box.mapSceneToView(where).x()))
        else:
            self.cross.hide()

    def read_at(self, x: float) -> str:
        """Show the value at a time (seconds since 1970), and the words of a mark near it; what was said, ""
        where there is none."""
        found = self.buffer.nearest(x) if self.spec.style == "line" else self.buffer.before(x)
        left, right = self.span()
        near = (right - left) / max(1, self.plot.width()) * self._theme.px(6)
        mark = self._marks.near(x, near)
        said = []
        at = x if self.spec.style != "line" or found is None else found[0]
        if found is not None and left <= at <= right:
            value = value_text(found[1], self.spec.decimals)
            said.append(self._words("charts.reading", at=self._time(at), value=value, unit=self.spec.unit))
        if any(abs(told - x) <= near for told, _ in self._told):
            said.append(self._words("charts.told"))
        if mark is not None:
            said.append(self._words("charts.mark", at=self._time(mark.at), text=mark.text))
        if not said:
            self.cross.hide()
            return ""
        self.cross.say(at, found[1] if found is not None else math.nan, "\n".join(said))
        return "\n".join(said)

    def eventFilter(self, watched: Any, event: QEvent) -> bool:
        """The pointer has left: nothing is read any more."""
        if event.type() == QEvent.Type.Leave:
            self.cross.hide()
        elif event.type() == QEvent.Type.Resize:
            self.empty.setGeometry(self.plot.rect())
        return super().eventFilter(watched, event)

    # ---- look

    def _make_levels(self) -> None:
        item, theme = self.plot.getPlotItem(), self._theme
        for line in self._levels:
            item.removeItem(line)
        self._levels = []
        for value, text in self.spec.levels:
            pen = pg.mkPen(theme.colour("text"), width=1, style=Qt.PenStyle.DashLine)
            line = pg.InfiniteLine(
                pos=value,
                angle=0,
                movable=False,
                pen=pen,
                label=text,
                labelOpts={"position": 0.02, "anchors": [(0, 1), (0, 1)], "color": theme.colour("text")},
            )
            line.label.setFont(theme.font(TYPE.small, bold=True))
            item.addItem(line, ignoreBounds=True)
            self._levels.append(line)

    def set_theme(self, theme: Theme) -> None:
        """Take another look or scale."""
        super().set_theme(theme)
        if not hasattr(self, "empty"):  # the base calls this while it is being made
            return
        px = theme.px
        for label in (self.title, self.value, self.age, self.empty):
            label.set_theme(theme)
        item = self.plot.getPlotItem()
        item.layout.setContentsMargins(px(SPACE.xs), px(SPACE.xs), px(SPACE.m), px(SPACE.xs))
        for name in ("left", "bottom"):
            axis = item.getAxis(name)
            axis.setPen(pg.mkPen(theme.colour("line")))
            axis.setTextPen(pg.mkPen(theme.colour("muted")))
            axis.setStyle(tickFont=theme.font(TYPE.tiny, figures=True), tickLength=0, tickTextOffset=px(6))
        item.getAxis("left").setWidth(px(AXIS_LEFT))
        item.getAxis("bottom").setHeight(px(24))
        item.getAxis("left").enableAutoSIPrefix(False)
        item.getAxis("left").setGrid(110)
        item.getAxis("left").setTickDensity(0.5)
        self.plot.setBackground(theme.colour("panel"))
        self._axis.room = px(74)
        self._curve.setPen(pg.mkPen(theme.colour("accent"), width=1))
        filled = self.spec.style == "filled"
        self._curve.setFillLevel(0.0 if filled else None)
        self._curve.setBrush(theme.colour("accent_soft") if filled else None)
        self.cross.set_theme(theme)
        self._make_levels()
        self._place_marks()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The panel, and around it where the keys go."""
        super().paintEvent(event)
        if self.hasFocus():
            theme, px = self._theme, self._theme.px
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(theme.colour("accent"), px(SPACE.focus)))
            painter.drawRoundedRect(
                QRectF(self.rect()).adjusted(1, 1, -1, -1), px(SPACE.radius), px(SPACE.radius)
            )
            painter.end()
