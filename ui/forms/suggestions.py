"""The list of suggestions under a choice field: painted rows, moved through from the field, never focused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import shiboken6
from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, QTimer
from PySide6.QtGui import QFontMetrics, QHideEvent, QPainter
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from ui.forms.ranking import Option
from ui.theme import SPACE, TYPE, Theme

ROWS_MAX = 9
Index = QModelIndex | QPersistentModelIndex
NOWHERE = QModelIndex()


class _Options(QAbstractListModel):
    """The options found."""

    def __init__(self) -> None:
        super().__init__()
        self.options: list[Option] = []

    def show(self, options: Sequence[Option]) -> None:
        """Other options."""
        self.beginResetModel()
        self.options = list(options)
        self.endResetModel()

    def rowCount(self, parent: Index = NOWHERE) -> int:
        """How many."""
        return 0 if parent.isValid() else len(self.options)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """What a screen reader says of a row."""
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return None
        option = self.options[index.row()]
        return " ".join(part for part in (option.code, option.text, option.mark, option.detail) if part)


class _Painter(QStyledItemDelegate):
    """Code, name, tag, and the rest quieter at the right."""

    def __init__(self, theme: Theme, code_width: int) -> None:
        super().__init__()
        self.theme = theme
        self.code_width = code_width

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """One row."""
        return QSize(self.theme.px(120), self.theme.px(SPACE.control + 4))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint one option."""
        model = index.model()
        assert isinstance(model, _Options)
        found, theme, px = model.options[index.row()], self.theme, self.theme.px
        rect = QRect(option.rect)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        if chosen:
            painter.fillRect(rect, theme.colour("selection"))
            painter.fillRect(
                QRect(rect.left(), rect.top(), px(SPACE.mark), rect.height()), theme.colour("accent")
            )
        x, right = rect.left() + px(SPACE.m), rect.right() - px(SPACE.s)
        middle = Qt.AlignmentFlag.AlignVCenter
        ink = "selection_text" if chosen else "text"
        quiet = theme.colour("muted")

        def write(text: str, font: Any, colour: str, left: int, room: int) -> int:
            metrics = QFontMetrics(font)
            shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, max(0, room))
            painter.setFont(font)
            painter.setPen(theme.colour(colour) if colour else quiet)
            painter.drawText(QRect(left, rect.top(), max(0, room), rect.height()), middle, shown)
            return metrics.horizontalAdvance(shown)

        if self.code_width:
            write(found.code, theme.font(TYPE.small, figures=True), "muted", x, self.code_width)
            x += self.code_width + px(SPACE.s)
        x += write(found.text, theme.font(TYPE.body), ink, x, right - x) + px(SPACE.s)
        if found.mark:
            x += write(found.mark, theme.font(TYPE.small, bold=True), "accent", x, right - x) + px(SPACE.s)
        if found.detail and right - x > px(40):
            font = theme.font(TYPE.small)
            width = min(right - x, QFontMetrics(font).horizontalAdvance(found.detail) + 1)
            write(found.detail, font, "muted", right - width, width)


class Suggestions(QListView):
    """A child of the window, so that the keyboard stays in the field."""

    def __init__(self, theme: Theme, name: str, window: QWidget) -> None:
        super().__init__(window)
        self._theme = theme
        self._field: QWidget | None = None
        self._follow = QTimer(self, interval=60)
        self._follow.timeout.connect(self._place)
        self._options = _Options()
        self.setModel(self._options)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName(name)
        self.setUniformItemSizes(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(True)
        self.setVisible(False)
        c, px = theme.colours, theme.px
        self.setStyleSheet(
            f"QListView {{ background: {c.panel}; border: {px(SPACE.hair)}px solid {c.edge};"
            f" border-radius: {px(SPACE.radius_s)}px; padding: {px(2)}px; }}"
        )

    def show_options(self, options: Sequence[Option], field: QWidget, *, marked: str | None = None) -> None:
        """Show these under (or, where there is no room, over) ``field``.

        Marked is the first, or with ``marked`` the option of that value and nothing where there is none."""
        px = self._theme.px
        metrics = QFontMetrics(self._theme.font(TYPE.small, figures=True))
        code_width = max((metrics.horizontalAdvance(option.code) for option in options), default=0)
        code_width += px(SPACE.xs) if code_width else 0
        self._painter = _Painter(self._theme, code_width)
        self.setItemDelegate(self._painter)
        self._options.show(options)
        row = 0 if marked is None else next((i for i, o in enumerate(options) if o.value == marked), -1)
        self.setCurrentIndex(self._options.index(row) if row >= 0 else QModelIndex())
        self._field = field
        self._place()
        self.setVisible(True)
        self.raise_()
        self.scrollTo(self.currentIndex())
        self._follow.start()

    def _place(self) -> None:
        """Where the field is now; it may move while the list is out."""
        field, window, px = self._field, self.parentWidget(), self._theme.px
        if field is None or window is None or not shiboken6.isValid(field):
            return
        options = self._options.options
        at = field.mapTo(window, field.rect().bottomLeft())
        width = min(max(field.width(), px(360)), window.width() - px(SPACE.l))
        rows = min(ROWS_MAX, max(1, len(options)))
        height = rows * px(SPACE.control + 4) + px(8)
        below = window.height() - at.y() - px(SPACE.s)
        above = at.y() - field.height() - px(SPACE.s)
        if height <= below or below >= above:
            top, height = at.y() + px(2), min(height, below)
        else:
            height = min(height, above)
            top = at.y() - field.height() - height - px(2)
        left = max(px(SPACE.s), min(at.x(), window.width() - width - px(SPACE.s)))
        if self.geometry() != QRect(left, top, width, height):
            self.setGeometry(left, top, width, height)

    def hideEvent(self, event: QHideEvent) -> None:
        """Nothing to follow any more."""
        super().hideEvent(event)
        self._follow.stop()

    def options(self) -> list[Option]:
        """What is shown, best first."""
        return self._options.options

    def marked(self) -> Option | None:
        """The option marked now."""
        row = self.currentIndex().row()
        return self._options.options[row] if 0 <= row < len(self._options.options) else None

    def step(self, rows: int) -> None:
        """Mark another, staying within the list."""
        count = self._options.rowCount()
        if count:
            row = max(0, min(count - 1, self.currentIndex().row() + rows))
            self.setCurrentIndex(self._options.index(row))
