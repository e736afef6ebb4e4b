"""The generic list on screen: one row a card, the columns that have room, sorted by any of them."""

from __future__ import annotations

from uuid import UUID

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from ui.register_model import CardModel, Index
from ui.theme import SPACE, TYPE, Theme

COLUMN_MIN = 104  # pixels at 100 %


class _Painter(QStyledItemDelegate):
    """Cells on one line, the first in the strongest ink, retired cards struck and quiet."""

    def __init__(self, model: CardModel, theme: Theme, view: QWidget) -> None:
        super().__init__(view)
        self._model, self._view = model, view
        self.theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """One height for all."""
        text = self._model.data(index) or ""
        width = option.fontMetrics.horizontalAdvance(text)
        return QSize(width + self.theme.px(SPACE.l), self.theme.px(SPACE.row - 3))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """One cell."""
        rect: QRect = option.rect
        state: QStyle.StateFlag = option.state
        theme, px = self.theme, self.theme.px
        row = self._model.row(index.row())
        if row is None:
            return
        hair, first = px(SPACE.hair), index.column() == 0
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, theme.colour("selection"))
            if first:
                ink = "accent" if self._view.hasFocus() else "edge"
                painter.fillRect(rect.left(), rect.top(), px(SPACE.mark), rect.height(), theme.colour(ink))
        painter.fillRect(rect.left(), rect.bottom() + 1 - hair, rect.width(), hair, theme.colour("line_soft"))
        font = theme.font(TYPE.body, bold=first and not row.retired)
        font.setStrikeOut(row.retired and first)
        painter.setFont(font)
        painter.setPen(theme.colour("text" if first and not row.retired else "muted"))
        box = rect.adjusted(px(SPACE.m if first else SPACE.s), 0, -px(SPACE.xs), 0)
        text = row.cells[index.column()] if index.column() < len(row.cells) else ""
        text = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, box.width())
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, text)


class CardView(QTableView):
    """The list on screen: one row chosen, no cell of its own."""

    opened = Signal()  # Enter or F2 or a double click
    chosen = Signal(object)  # UUID or None

    def __init__(self, model: CardModel, theme: Theme, name: str) -> None:
        super().__init__()
        self._model = model
        self._painter = _Painter(model, theme, self)
        self.setModel(model)
        self.setItemDelegate(self._painter)
        self.setAccessibleName(name)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setCornerButtonEnabled(False)
        self.setTabKeyNavigation(False)
        self.setFrameShape(QTableView.Shape.NoFrame)
        # letters are keys here: an input method would swallow them
        self.setAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled, False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalHeader().setVisible(False)
        heads = self.horizontalHeader()
        heads.setHighlightSections(False)
        heads.setSectionsClickable(True)
        heads.setSortIndicatorShown(True)
        heads.setSortIndicatorClearable(True)
        heads.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        heads.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        heads.setMinimumSectionSize(1)
        heads.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        heads.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        heads.sortIndicatorChanged.connect(self._sort)
        model.modelReset.connect(self._fit)
        self.doubleClicked.connect(lambda _index: self.opened.emit())
        self.selectionModel().currentRowChanged.connect(lambda now, _before: self._current(now.row()))
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """Take another look or scale."""
        self._painter.theme = theme
        height = theme.px(SPACE.row - 3)
        self.verticalHeader().setMinimumSectionSize(height)
        self.verticalHeader().setDefaultSectionSize(height)
        heads = self.horizontalHeader()
        heads.setFont(theme.font(TYPE.small))
        heads.setFixedHeight(theme.px(30))
        heads.setStyleSheet(
            f"QHeaderView::section {{ padding: 0 0 0 {theme.px(SPACE.s)}px; }}"
            f"QHeaderView::section:first {{ padding-left: {theme.px(SPACE.m)}px; }}"
        )
        self._fit()
        self.viewport().update()

    def _sort(self, column: int, order: Qt.SortOrder) -> None:
        self._model.sort(column, order)

    def sort_next(self) -> None:
        """Sort by the next column, after the last by none: the key of the sortable heads."""
        heads, count = self.horizontalHeader(), self._model.columnCount()
        column = heads.sortIndicatorSection()
        column = 0 if not 0 <= column < count else column + 1
        heads.setSortIndicator(column if column < count else -1, Qt.SortOrder.AscendingOrder)

    def _current(self, at: int) -> None:
        row = self._model.row(at)
        self.chosen.emit(None if row is None else row.id)

    def choose(self, id_: UUID | None) -> bool:
        """Choose a card and bring it into sight; False if it is not shown."""
        at = self._model.place(id_)
        if at is None:
            return False
        index = self._model.index(at, 0)
        self.setCurrentIndex(index)
        self.scrollTo(index)
        return True

    def current(self) -> UUID | None:
        """The card chosen."""
        row = self._model.row(self.currentIndex().row()) if self.currentIndex().isValid() else None
        return None if row is None else row.id

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The columns share the width."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Each column as wide as its words need, the rest shared; too little is taken from the widest."""
        count = self._model.columnCount()
        if not count:
            return
        theme, room = self._painter.theme, self.viewport().width()
        head, body = theme.font(TYPE.small), theme.font(TYPE.body, bold=True)
        heads, cells = QFontMetrics(head), QFontMetrics(body)
        wanted = []
        for column in range(count):
            title = str(self._model.headerData(column, Qt.Orientation.Horizontal) or "")
            sample = [self._model.row(at) for at in range(min(60, self._model.rowCount()))]
            widest = max((cells.horizontalAdvance(row.cells[column]) for row in sample if row), default=0)
            named = heads.horizontalAdvance(title) + theme.px(SPACE.l + SPACE.m)
            wanted.append(min(max(widest + theme.px(SPACE.l), named), theme.px(360)))
        least = theme.px(COLUMN_MIN)
        shown = count
        while shown > 2 and wanted[0] + sum(min(width, least) for width in wanted[1:shown]) > room:
            shown -= 1  # what has no room is read in the form
        for column in range(count):
            self.setColumnHidden(column, column >= shown)
        wanted = wanted[:shown]
        spare = room - sum(wanted)
        if spare >= 0:
            wanted = [width + min(spare // shown, theme.px(96)) for width in wanted]
            wanted[-1] += room - sum(wanted)
        else:
            first = min(wanted[0], room // 2)
            wanted = [first, *_squeezed(wanted[1:], room - first)]
            wanted[-1] = room - sum(wanted[:-1])
        for column, width in enumerate(wanted):
            self.setColumnWidth(column, width)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter and F2 open the form."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_F2):
            self.opened.emit()
        elif event.text() and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            event.ignore()  # letters are the page's keys, not a jump to a row
        else:
            super().keyPressEvent(event)


def _squeezed(wanted: list[int], room: int) -> list[int]:
    """Widths that fit ``room``: the widest give way first."""
    low, high = 0, max(wanted)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if sum(min(w, middle) for w in wanted) <= room else (low, middle - 1)
    return [min(width, low) for width in wanted]
