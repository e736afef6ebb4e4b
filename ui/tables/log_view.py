"""The view of a log list: Qt's table over the rows on screen, its keys and its wheel."""

from __future__ import annotations

import unicodedata

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, Qt, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from ui.tables.log_model import COUNTERPART, INCIDENT, TEXT, WHO, LogModel
from ui.tables.log_painter import WIDTHS, LogPainter
from ui.theme import SPACE, TYPE, Theme

WHEEL_ROWS = 3
NOTCH = 120  # what one step of a wheel sends

# the columns that go first where there is little room: below this width, in pixels at 100 %
LEAVES_BELOW = {COUNTERPART: 860, INCIDENT: 700, WHO: 520}

_KEYS = {
    Qt.Key.Key_Down: "down",
    Qt.Key.Key_Up: "up",
    Qt.Key.Key_PageDown: "page_down",
    Qt.Key.Key_PageUp: "page_up",
    Qt.Key.Key_Home: "home",
    Qt.Key.Key_End: "end",
    Qt.Key.Key_Return: "open",
    Qt.Key.Key_Enter: "open",
}
_LETTERS = {
    "j": "down",
    "k": "up",
    "x": "strike",
    "v": "confirm",
    "o": "incident",
    "c": "copy",
    "g": "go",
    "a": "filter_all",
    "i": "filter_important",
    "m": "filter_own",
    "s": "filter_machine",
    "l": "filter_channel",
    "d": "filter_day",
}
_PLAIN = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier


def action_of(event: QKeyEvent) -> str | None:
    """What a key means here; None where it means nothing. Full-width letters count as letters."""
    if event.modifiers() == Qt.KeyboardModifier.ControlModifier:
        return {Qt.Key.Key_C: "copy", Qt.Key.Key_Home: "home", Qt.Key.Key_End: "end"}.get(Qt.Key(event.key()))
    shift_only = event.modifiers() == Qt.KeyboardModifier.ShiftModifier and bool(event.text())
    if event.modifiers() not in _PLAIN and not shift_only:
        return None
    if event.key() in _KEYS and not shift_only:
        return _KEYS[Qt.Key(event.key())]
    return _LETTERS.get(unicodedata.normalize("NFKC", event.text()).casefold())


class LogView(QTableView):
    """Says what was pressed; where it scrolls to is decided elsewhere. Its own scroll bars never move."""

    acted = Signal(str)
    scrolled = Signal(int)
    row_pressed = Signal(int)
    row_opened = Signal(int)
    resized = Signal()
    painted = Signal()

    def __init__(self, model: LogModel, theme: Theme) -> None:
        super().__init__()
        self._model = model
        self._theme = theme
        self._wheel = 0
        self._columns_wanted = frozenset({INCIDENT, COUNTERPART, WHO})
        self.setModel(model)
        self.painter = LogPainter(model, theme, self)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAutoScroll(False)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setCornerButtonEnabled(False)
        self.setTabKeyNavigation(False)
        self.setFrameShape(QTableView.Shape.NoFrame)
        self.setAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled, False)
        rows, heads = self.verticalHeader(), self.horizontalHeader()
        rows.setVisible(False)
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        heads.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        heads.setSectionResizeMode(TEXT, QHeaderView.ResizeMode.Stretch)
        heads.setMinimumSectionSize(1)
        heads.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        heads.setHighlightSections(False)
        heads.setSectionsClickable(False)
        heads.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """Take another look or scale."""
        self._theme = theme
        self.painter.set_theme(theme)
        rows, heads = self.verticalHeader(), self.horizontalHeader()
        rows.setMinimumSectionSize(self.painter.row_height)
        rows.setDefaultSectionSize(self.painter.row_height)
        heads.setFont(theme.font(TYPE.small))
        # the cells begin where their column's name begins
        heads.setStyleSheet(
            f"QHeaderView::section {{ font-size: {theme.px(TYPE.small)}px; padding: 0 0 0 {theme.px(1)}px; }}"
            f"QHeaderView::section:first {{ padding-left: {theme.px(SPACE.s) + theme.px(SPACE.mark)}px; }}"
        )
        heads.setFixedHeight(theme.px(28))
        for column, width in WIDTHS.items():
            self.setColumnWidth(column, theme.px(width))
        self._fit_columns()
        self.viewport().update()

    def set_columns(self, incident: bool, counterpart: bool, who: bool) -> None:
        """Which of the columns after the text are wanted, where there is room."""
        wanted = {INCIDENT: incident, COUNTERPART: counterpart, WHO: who}
        self._columns_wanted = frozenset(column for column, on in wanted.items() if on)
        self._fit_columns()

    def full_rows(self) -> int:
        """How many rows are wholly visible; at least one."""
        return max(1, self.viewport().height() // self.painter.row_height)

    def _fit_columns(self) -> None:
        for column, width in LEAVES_BELOW.items():
            hide = column not in self._columns_wanted or self.width() < self._theme.px(width)
            if self.isColumnHidden(column) != hide:
                self.setColumnHidden(column, hide)

    # ---- Qt's side

    def scrollTo(
        self,
        index: QModelIndex | QPersistentModelIndex,
        hint: QAbstractItemView.ScrollHint = QAbstractItemView.ScrollHint.EnsureVisible,
    ) -> None:
        """Nothing: the rows are the screen."""

    def keyboardSearch(self, search: str) -> None:
        """Nothing: letters are keys here."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The list's keys; others go on to the page."""
        action = action_of(event)
        if action is None:
            event.ignore()
        else:
            event.accept()
            if not event.isAutoRepeat() or action in ("up", "down", "page_up", "page_down"):
                self.acted.emit(action)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Three rows a notch; a touch pad scrolls by what it has gathered."""
        pixels = event.pixelDelta().y()
        if pixels:
            self._wheel += pixels * NOTCH // self.painter.row_height
        else:
            self._wheel += event.angleDelta().y() * WHEEL_ROWS
        rows = int(self._wheel / NOTCH)
        self._wheel -= rows * NOTCH
        if rows:
            self.scrolled.emit(-rows)
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the row under the pointer."""
        row = self.rowAt(round(event.position().y()))
        if row >= 0 and event.button() in (Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton):
            self.row_pressed.emit(row)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Nothing: dragging over rows chooses none."""

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Nothing: the press has chosen."""

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Open the row."""
        row = self.rowAt(round(event.position().y()))
        if row >= 0 and event.button() == Qt.MouseButton.LeftButton:
            self.row_opened.emit(row)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """More or fewer rows and columns fit."""
        super().resizeEvent(event)
        self._fit_columns()
        self.resized.emit()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show the ring."""
        super().focusInEvent(event)
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Take the ring away."""
        super().focusOutEvent(event)
        self.viewport().update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The rows, and a ring when the list has the focus.

        In one call: Qt's own loop comes back to Python for every cell, and each time waits for whatever
        thread holds the interpreter."""
        painter = QPainter(self.viewport())
        self._paint_rows(painter, event.rect())
        if self.hasFocus():
            width = self._theme.px(SPACE.hair)
            painter.setPen(QPen(self._theme.colour("accent"), width))
            ring: QRect = self.viewport().rect()
            painter.drawRect(ring.adjusted(0, 0, -width, -width))
        painter.end()
        self.painted.emit()

    def _paint_rows(self, painter: QPainter, wanted: QRect) -> None:
        columns = [
            (column, self.columnViewportPosition(column), self.columnWidth(column))
            for column in range(self._model.columnCount())
            if not self.isColumnHidden(column)
        ]
        chosen = {index.row() for index in self.selectionModel().selectedRows()}
        height = self.painter.row_height
        first = max(0, wanted.top() // height)
        for row in range(first, min(self._model.rowCount(), wanted.bottom() // height + 1)):
            top = row * height
            for column, left, width in columns:
                rect = QRect(left, top, width, height)
                self.painter.paint_cell(painter, rect, row, column, row in chosen)
