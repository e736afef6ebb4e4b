"""The list of the seat panel: persons with their roles, and the field that finds them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QInputMethodEvent, QKeyEvent, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from ui.shell.composing import TextLine, belongs_to_input_method
from ui.shell.editor import BOX_KEYS
from ui.theme import SPACE, TYPE, Theme

Index = QModelIndex | QPersistentModelIndex
ROW = 46
_STEPS = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 5, Qt.Key.Key_PageUp: -5}


@dataclass(frozen=True, kw_only=True)
class Sitter:
    """One line of the list; ``id`` None: nobody."""

    id: UUID | None
    name: str
    detail: str
    seated: bool


class Sitters(QAbstractListModel):
    """The persons found."""

    def __init__(self) -> None:
        super().__init__()
        self.sitters: list[Sitter] = []

    def show(self, sitters: list[Sitter]) -> None:
        """Other lines."""
        self.beginResetModel()
        self.sitters = sitters
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """How many."""
        return 0 if parent.isValid() else len(self.sitters)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """What a screen reader says."""
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return None
        sitter = self.sitters[index.row()]
        return f"{sitter.name} {sitter.detail}"


class SitterPainter(QStyledItemDelegate):
    """The name, what the person is beneath it, and whether they sit here now."""

    def __init__(self, theme: Theme, seated: str) -> None:
        super().__init__()
        self._theme, self._seated = theme, seated

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Two lines."""
        return QSize(self._theme.px(200), self._theme.px(ROW))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """One person."""
        theme, px = self._theme, self._theme.px
        model = index.model()
        assert isinstance(model, Sitters)
        sitter = model.sitters[index.row()]
        rect = QRect(option.rect)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, theme.colour("selection"))
            painter.fillRect(
                QRect(rect.left(), rect.top(), px(SPACE.mark), rect.height()), theme.colour("accent")
            )
        hair = px(SPACE.hair)
        painter.fillRect(rect.left(), rect.bottom() + 1 - hair, rect.width(), hair, theme.colour("line_soft"))
        box = rect.adjusted(px(SPACE.l), 0, -px(SPACE.l), 0)
        middle = Qt.AlignmentFlag.AlignVCenter
        if sitter.seated:
            painter.setFont(theme.font(TYPE.small, bold=True))
            painter.setPen(theme.colour("accent"))
            painter.drawText(box, middle | Qt.AlignmentFlag.AlignRight, self._seated)
            box.setRight(box.right() - painter.fontMetrics().horizontalAdvance(self._seated) - px(SPACE.s))
        painter.setFont(theme.font(TYPE.line, bold=sitter.id is not None))
        painter.setPen(theme.colour("text" if sitter.id is not None else "muted"))
        name_width = min(
            box.width(), max(px(150), painter.fontMetrics().horizontalAdvance(sitter.name) + px(SPACE.m))
        )
        name = painter.fontMetrics().elidedText(sitter.name, Qt.TextElideMode.ElideRight, box.width())
        painter.drawText(box, middle, name)
        box.setLeft(box.left() + name_width)
        painter.setFont(theme.font(TYPE.small))
        painter.setPen(theme.colour("muted"))
        detail = painter.fontMetrics().elidedText(sitter.detail, Qt.TextElideMode.ElideRight, box.width())
        painter.drawText(box, middle, detail)


class NameLine(TextLine):
    """The field that finds a person: arrows move in the list, and the keys of the log box go to the box."""

    stepped = Signal(int)
    box_wanted = Signal()

    def event(self, event: QEvent) -> bool:
        """Leave the box's keys to the window."""
        override = event.type() == QEvent.Type.ShortcutOverride
        if override and isinstance(event, QKeyEvent) and event.text() in BOX_KEYS and not self.composing():
            event.ignore()
            return False
        return super().event(event)

    def inputMethodEvent(self, event: QInputMethodEvent) -> None:
        """The box's key as the Chinese state of an input method brings it; no name has that sign."""
        if event.commitString() in BOX_KEYS:
            super().inputMethodEvent(QInputMethodEvent())
            self.box_wanted.emit()
        else:
            super().inputMethodEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows, and signs that came as text only."""
        step = _STEPS.get(Qt.Key(event.key()))
        if self.composing() and belongs_to_input_method(event):
            event.accept()
        elif step is not None:
            self.stepped.emit(step)
        elif event.text() in BOX_KEYS:
            self.box_wanted.emit()
        else:
            super().keyPressEvent(event)
