"""The list of two-line rows: differences go in by id; what is chosen and what is seen stay where they are."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyle, QStyledItemDelegate
from PySide6.QtWidgets import QStyleOptionViewItem as Option

from ui.theme import SPACE, TYPE, Theme

Index = QModelIndex | QPersistentModelIndex
NOWHERE = QModelIndex()
ROW = 52


class Row(NamedTuple):
    """One row in words. ``about``: what it stands for."""

    id: UUID
    title: str
    detail: str
    tag: str = ""  # at the right
    quiet: bool = False
    about: Any = None


class RowsModel(QAbstractListModel):
    """The rows."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[Row] = []

    def show(self, rows: Sequence[Row]) -> None:
        """Show these: rows that stay keep their identity, so that what is chosen stays chosen."""
        wanted = [row.id for row in rows]
        known = set(wanted)
        for at in reversed(range(len(self.rows))):
            if self.rows[at].id not in known:
                self.beginRemoveRows(NOWHERE, at, at)
                del self.rows[at]
                self.endRemoveRows()
        here = {row.id for row in self.rows}
        if [row.id for row in self.rows] != [id_ for id_ in wanted if id_ in here]:
            self.beginResetModel()  # another order: the view chooses again by id
            self.rows = list(rows)
            self.endResetModel()
            return
        for at, row in enumerate(rows):
            if at < len(self.rows) and self.rows[at].id == row.id:
                if self.rows[at] != row:
                    self.rows[at] = row
                    self.dataChanged.emit(self.index(at, 0), self.index(at, 0))
            else:
                self.beginInsertRows(NOWHERE, at, at)
                self.rows.insert(at, row)
                self.endInsertRows()

    def rowCount(self, parent: Index = NOWHERE) -> int:
        """How many."""
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """What a screen reader says."""
        row = self.rows[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return " ".join(part for part in (row.title, row.tag, row.detail) if part)
        if role == Qt.ItemDataRole.ToolTipRole:
            return row.title
        return None


class _Painter(QStyledItemDelegate):
    """Title, what stands at its right, and the line beneath."""

    def __init__(self, model: RowsModel, theme: Theme, view: QListView) -> None:
        super().__init__(view)
        self._model, self._theme, self._view = model, theme, view

    def sizeHint(self, option: Option, index: Index) -> QSize:
        """Two lines."""
        return QSize(self._theme.px(160), self._theme.px(ROW))

    def paint(self, painter: QPainter, option: Option, index: Index) -> None:
        """One row."""
        theme, px = self._theme, self._theme.px
        row = self._model.rows[index.row()]
        rect = QRect(option.rect)
        painter.save()
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        if chosen:
            painter.fillRect(rect, theme.colour("selection"))
            ink = "accent" if self._view.hasFocus() else "edge"
            painter.fillRect(rect.left(), rect.top(), px(SPACE.mark), rect.height(), theme.colour(ink))
        hair = px(SPACE.hair)
        painter.fillRect(rect.left(), rect.bottom() + 1 - hair, rect.width(), hair, theme.colour("line_soft"))
        box = rect.adjusted(px(SPACE.m), px(SPACE.xs), -px(SPACE.m), -px(SPACE.xs))
        upper, lower = QRect(box), QRect(box)
        upper.setBottom(box.top() + box.height() // 2 + px(2))
        lower.setTop(upper.bottom())
        middle = Qt.AlignmentFlag.AlignVCenter
        if row.tag:
            painter.setFont(theme.font(TYPE.small, bold=not row.quiet))
            painter.setPen(theme.colour("muted" if row.quiet else "text"))
            painter.drawText(upper, middle | Qt.AlignmentFlag.AlignRight, row.tag)
            upper.setRight(upper.right() - painter.fontMetrics().horizontalAdvance(row.tag) - px(SPACE.s))
        painter.setFont(theme.font(TYPE.body, bold=not row.quiet))
        painter.setPen(theme.colour("muted" if row.quiet else "text"))
        elide = painter.fontMetrics().elidedText
        painter.drawText(upper, middle, elide(row.title, Qt.TextElideMode.ElideRight, upper.width()))
        painter.setFont(theme.font(TYPE.small))
        painter.setPen(theme.colour("muted"))
        elide = painter.fontMetrics().elidedText
        painter.drawText(lower, middle, elide(row.detail, Qt.TextElideMode.ElideRight, lower.width()))
        painter.restore()


class RowsView(QListView):
    """The list on screen. Nothing it shows moves while rows come and go above it."""

    chosen = Signal(object)  # Row or None
    opened = Signal()  # Enter or a double click
    pressed = Signal(str)  # a letter or a digit, as the Latin state has it
    left = Signal()  # Esc
    more_wanted = Signal()

    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__()
        self._theme = theme
        self.model_of_rows = RowsModel()
        self._chosen: UUID | None = None
        self._showing = False
        self.setModel(self.model_of_rows)
        self._painter = _Painter(self.model_of_rows, theme, self)
        self.setItemDelegate(self._painter)
        self.setAccessibleName(name)
        self.setUniformItemSizes(True)
        self.setFrameShape(QListView.Shape.NoFrame)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        # letters are keys here: an input method would swallow them
        self.setAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled, False)
        self.doubleClicked.connect(lambda _index: self.opened.emit())
        self.selectionModel().currentChanged.connect(self._moved)
        self.verticalScrollBar().valueChanged.connect(self._scrolled)

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Show these. A chosen row that is gone leaves nothing chosen: no key may meet another one."""
        bar = self.verticalScrollBar()
        anchor = self._anchor() if bar.value() or self.hasFocus() else None
        before = self._chosen
        self._showing = True
        self.model_of_rows.show(rows)
        at = next((at for at, row in enumerate(self.rows()) if row.id == before), None)
        if at is None:
            self.setCurrentIndex(NOWHERE)
            self.clearSelection()
            self._chosen = None
        else:
            self.setCurrentIndex(self.model_of_rows.index(at, 0))
        self._showing = False
        self.doItemsLayout()
        if anchor is not None:
            for id_, offset in anchor:
                found = next((at for at, row in enumerate(self.rows()) if row.id == id_), None)
                if found is not None:
                    top = self.visualRect(self.model_of_rows.index(found, 0)).top()
                    bar.setValue(bar.value() + top - offset)
                    break
        self.chosen.emit(self.current())

    def _anchor(self) -> list[tuple[UUID, int]]:
        """Where the chosen row and those seen stand: the first of them that stays is put back there."""
        found = []
        current = self.currentIndex()
        rect = self.visualRect(current)
        if current.isValid() and self.viewport().rect().intersects(rect):
            found.append((self.rows()[current.row()].id, rect.top()))
        first = self.indexAt(self.viewport().rect().topLeft())
        for at in range(max(0, first.row()), min(len(self.rows()), first.row() + 40)):
            found.append((self.rows()[at].id, self.visualRect(self.model_of_rows.index(at, 0)).top()))
        return found

    def rows(self) -> list[Row]:
        """What is shown."""
        return self.model_of_rows.rows

    def current(self) -> Row | None:
        """The row chosen; None for none."""
        at = self.currentIndex().row()
        return self.rows()[at] if 0 <= at < len(self.rows()) else None

    def choose(self, id_: UUID) -> bool:
        """Choose a row and show it. False if it is not here."""
        at = next((at for at, row in enumerate(self.rows()) if row.id == id_), None)
        if at is None:
            return False
        self.setCurrentIndex(self.model_of_rows.index(at, 0))
        return True

    def choose_at(self, at: int) -> None:
        """Choose the row at a place, the last where there are fewer."""
        if self.rows():
            self.setCurrentIndex(self.model_of_rows.index(max(0, min(at, len(self.rows()) - 1)), 0))

    def _moved(self, now: QModelIndex, _before: QModelIndex) -> None:
        if self._showing:
            return
        row = self.current()
        self._chosen = None if row is None else row.id
        self.chosen.emit(row)

    def _scrolled(self, value: int) -> None:
        bar = self.verticalScrollBar()
        if self.rows() and value >= bar.maximum() - self.viewport().height():
            self.more_wanted.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter opens, Esc leaves, arrows and J, K move; letters and digits are the page's keys."""
        sign = unicodedata.normalize("NFKC", event.text()).casefold()
        key, last = event.key(), len(self.rows()) - 1
        plain = not event.modifiers() & (
            Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier
        )
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.opened.emit()
        elif key == Qt.Key.Key_Escape:
            self.left.emit()
        elif last >= 0 and plain and sign in ("j", "k"):
            self.choose_at(self.currentIndex().row() + (1 if sign == "j" else -1))
        elif last >= 0 and key in (Qt.Key.Key_Down, Qt.Key.Key_Up) and not self.currentIndex().isValid():
            self.choose_at(0)
        elif plain and len(sign) == 1 and sign.isalnum():
            if not event.isAutoRepeat():
                self.pressed.emit(sign)
        elif event.text() and plain:
            event.ignore()
        else:
            super().keyPressEvent(event)
