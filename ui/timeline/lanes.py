"""The swim lanes: points and bars over time, to be moved along, looked into and jumped from."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QSizePolicy, QToolTip, QWidget

from commandcenter.words import Words
from ui.charts.words import day_text, local
from ui.shell.composing import is_enter
from ui.theme import SPACE, Theme
from ui.timeline.lane import MOST_ROWS, Item, Lane, packed
from ui.timeline.painting import DOT, LABEL, ROW, RULER, paint

SHORTEST_S, ZOOM, STEP = 300.0, 1.5, 0.15
ROOM = 0.04  # of the span, before the first and after now


class LanesView(QWidget):
    """Arrows go from item to item, with Shift along the time; + and - come closer or go away, 0 shows all."""

    jumped = Signal(object)  # the id of the fact to be shown in the list
    resized_lanes = Signal()  # it needs another height

    def __init__(self, words: Words, theme: Theme, now: Callable[[], datetime]) -> None:
        super().__init__()
        self.words, self.theme, self._now = words, theme, now
        self._lanes: list[Lane] = []
        self.most_rows = MOST_ROWS
        self._since, self._until = 0.0, 1.0
        self._span: tuple[float, float] | None = None  # what somebody moved to; None: all of it
        self._chosen: tuple[int, int] | None = None  # lane, item
        self._drag: tuple[QPointF, tuple[float, float], bool] | None = None
        self.setAccessibleName(words("incident.lanes.name"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.set_theme(theme)

    # ---- what is shown

    def show_lanes(self, lanes: Sequence[Lane], first: float | None) -> None:
        """Show these, from ``first`` (seconds since 1970) until now; the item chosen stays chosen."""
        chosen = self.chosen()
        heights = [lane.rows for lane in self._lanes]
        self._lanes = packed(lanes, self.most_rows)
        self._chosen = None if chosen is None else self._find(chosen.id)
        until = self._now().timestamp()
        since = min(first if first is not None else until, until) - SHORTEST_S
        room = (until - since) * ROOM
        self._since, self._until = since - room, until + room
        if heights != [lane.rows for lane in self._lanes]:
            self._fit()
        self.update()

    def lanes(self) -> list[Lane]:
        """The lanes shown."""
        return self._lanes

    def whole(self) -> None:
        """Show all of it, and what comes."""
        self._span = None
        self.update()

    def forget(self) -> None:
        """Another incident is shown."""
        self._span = self._chosen = None
        self.show_lanes([], None)

    def span(self) -> tuple[float, float]:
        """From when to when is in sight, in seconds since 1970."""
        return self._span or (self._since, self._until)

    def chosen(self) -> Item | None:
        """The item the keyboard is on."""
        if self._chosen is None:
            return None
        lane, at = self._chosen
        return self._lanes[lane].items[at]

    def _find(self, id_: UUID) -> tuple[int, int] | None:
        for at, lane in enumerate(self._lanes):
            for number, item in enumerate(lane.items):
                if item.id == id_:
                    return at, number
        return None

    # ---- where things stand

    def x_of(self, at: float) -> float:
        """Where a time (seconds since 1970) stands, in pixels."""
        left, right = self.span()
        begin = self.theme.px(LABEL)
        return begin + (at - left) / (right - left) * max(1, self.width() - begin - self.theme.px(SPACE.m))

    def _time_at(self, x: float) -> float:
        left, right = self.span()
        begin = self.theme.px(LABEL)
        return left + (x - begin) / max(1, self.width() - begin - self.theme.px(SPACE.m)) * (right - left)

    def tops(self) -> list[int]:
        """Where each lane begins, and where the last one ends."""
        px, top = self.theme.px, self.theme.px(RULER)
        tops: list[int] = []
        for lane in self._lanes:
            tops.append(top)
            top += lane.rows * px(ROW)
        return [*tops, top]

    def box(self, lane: int, at: int) -> QRectF:
        """Where an item is painted: a bar from its beginning to its end, a point around its dot."""
        px, item = self.theme.px, self._lanes[lane].items[at]
        top = self.tops()[lane] + self._lanes[lane].row_of[at] * px(ROW)
        if item.parts:
            begin, end = self.x_of(item.begin), self.x_of(item.end)
            return QRectF(begin, top + px(4), max(px(4), end - begin), px(ROW) - px(8))
        dot = px(DOT)
        return QRectF(self.x_of(item.begin) - dot / 2, top + (px(ROW) - dot) / 2, dot, dot)

    def at_point(self, point: QPointF) -> tuple[int, int] | None:
        """The item under the pointer (lane, item); the nearest of several points."""
        tops = self.tops()
        lane = next((n for n in range(len(self._lanes)) if tops[n] <= point.y() < tops[n + 1]), None)
        if lane is None or point.x() < self.theme.px(LABEL):
            return None
        slack = self.theme.px(4)
        near = [
            (abs(box.center().x() - point.x()), n)
            for n in range(len(self._lanes[lane].items))
            if (box := self.box(lane, n).adjusted(-slack, -slack, slack, slack)).contains(point)
        ]
        return (lane, min(near)[1]) if near else None

    # ---- moving

    def pan(self, share: float) -> None:
        """Along by a share of what is in sight."""
        left, right = self.span()
        step = (right - left) * share
        self._span = (left + step, right + step)
        self.update()

    def zoom(self, factor: float, about: float | None = None) -> None:
        """Closer (above one) or away, about a time or the middle; never farther than all of it."""
        left, right = self.span()
        length = max(SHORTEST_S, (right - left) / factor)
        if length >= self._until - self._since:
            self.whole()
            return
        about = (left + right) / 2 if about is None else about
        share = (about - left) / (right - left)
        self._span = (about - share * length, about + (1 - share) * length)
        self.update()

    def choose(self, lane: int, at: int) -> None:
        """Put the keyboard on an item, bring it into sight and say it."""
        self._chosen = (lane, at)
        item = self._lanes[lane].items[at]
        left, right = self.span()
        if not (left <= item.begin <= right):
            half = (right - left) / 2
            self._span = (item.begin - half, item.begin + half)
        self.setAccessibleDescription(self.said(item))
        self.update()

    def said(self, item: Item) -> str:
        """Its time and its words, a line for each part."""
        at = local(item.begin)
        today = at.date() == local(self._now().timestamp()).date()
        time = f"{at:%H:%M}"
        if not today:
            time = self.words("charts.at", day=day_text(self.words, at), time=time)
        lines = [self.words("charts.mark", at=time, text=item.text)]
        for part in item.parts:
            lines.append(self.words("charts.mark", at=f"{local(part.begin):%H:%M}", text=part.text))
        return "\n".join(lines)

    def _go(self, lanes: int, items: int) -> None:
        if not self._lanes:
            return
        if self._chosen is None:
            self.choose(0, len(self._lanes[0].items) - 1)
            return
        lane, at = self._chosen
        if items:
            self.choose(lane, max(0, min(len(self._lanes[lane].items) - 1, at + items)))
        else:
            here = self._lanes[lane].items[at].begin
            lane = max(0, min(len(self._lanes) - 1, lane + lanes))
            times = [item.begin for item in self._lanes[lane].items]
            place = bisect_left(times, here)
            near = [n for n in (place - 1, place) if 0 <= n < len(times)]
            self.choose(lane, min(near, key=lambda n: abs(times[n] - here)))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The lanes' keys; all others are the page's."""
        key, sign = event.key(), event.text()
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        chosen = self.chosen()
        if key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            way = 1 if key == Qt.Key.Key_Right else -1
            if shift:
                self.pan(way * STEP)
            else:
                self._go(0, way)
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self._go(1 if key == Qt.Key.Key_Down else -1, 0)
        elif sign in ("+", "=", "\uff0b"):
            self.zoom(ZOOM)
        elif sign in ("-", "_", "\uff0d", "\u2014"):
            self.zoom(1 / ZOOM)
        elif sign in ("0", "\uff10"):
            self.whole()
        elif is_enter(event) and chosen is not None:
            self.jumped.emit(chosen.id)
        else:
            super().keyPressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """The wheel comes closer and goes away, about the pointer."""
        turned = event.angleDelta().y() or event.angleDelta().x()
        if turned:
            self.zoom(ZOOM if turned > 0 else 1 / ZOOM, self._time_at(event.position().x()))
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Held, the time is dragged along."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._drag = (event.position(), self.span(), False)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag, or show that something can be clicked."""
        if self._drag is None:
            over = self.at_point(event.position()) is not None
            self.setCursor(Qt.CursorShape.PointingHandCursor if over else Qt.CursorShape.ArrowCursor)
            return
        start, (left, right), moved = self._drag
        by = event.position().x() - start.x()
        if moved or abs(by) >= QApplication.startDragDistance():
            self._drag = (start, (left, right), True)
            shift = -by / max(1, self.width() - self.theme.px(LABEL)) * (right - left)
            self._span = (left + shift, right + shift)
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A click leads to the row."""
        drag, self._drag = self._drag, None
        if drag is not None and not drag[2] and (found := self.at_point(event.position())) is not None:
            self.choose(*found)
            self.jumped.emit(self._lanes[found[0]].items[found[1]].id)

    def event(self, event: QEvent) -> bool:
        """What an item says in whole."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            found = self.at_point(QPointF(event.pos()))
            if found is None:
                QToolTip.hideText()
            else:
                QToolTip.showText(event.globalPos(), self.said(self._lanes[found[0]].items[found[1]]), self)
            return True
        return super().event(event)

    # ---- look

    def _fit(self) -> None:
        self.setFixedHeight(self.tops()[-1] + self.theme.px(SPACE.s))
        self.resized_lanes.emit()

    def sizeHint(self) -> QSize:
        """As high as its lanes."""
        return QSize(self.theme.px(400), self.height())

    def set_theme(self, theme: Theme) -> None:
        """Take another look or scale."""
        self.theme = theme
        self._fit()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Ruler, lanes, items, now."""
        painter = QPainter(self)
        paint(painter, self, self._now().timestamp())
        painter.end()
