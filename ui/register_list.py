"""The generic list: the cards of one register as rows, sorted, filtered, and changed by id."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
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

from commandcenter.domain.fields import FieldType
from commandcenter.domain.record import Kind
from db.desk.engine import Connection
from db.queries.registers import rows
from ui.forms.ranking import Initials, folded
from ui.register_words import CardWords
from ui.theme import SPACE, TYPE, Theme

Index = QModelIndex | QPersistentModelIndex
Sort = tuple[int, str]
MOST_STEPS = 40  # rows that come and go one by one; more at once is read as another list


@dataclass(frozen=True, kw_only=True)
class CardRow:
    """One card as the list shows it. ``heads``: per field the changes whose values these are."""

    id: UUID
    values: Mapping[str, Any]
    heads: Mapping[str, Any]
    cells: tuple[str, ...]
    keys: tuple[Sort, ...]
    found_by: tuple[str, ...]  # folded
    retired: bool


@dataclass(frozen=True, kw_only=True)
class CardList:
    """What a reader brings: the cards of a kind in their own order, and the initials of their names."""

    kind: str
    columns: tuple[str, ...]
    rows: tuple[CardRow, ...]
    initials: Initials


def columns_of(kind: Kind) -> tuple[str, ...]:
    """The fields a list shows, the card's title first; not what is long, nor what every card shares."""
    shown = [
        name
        for name, type_ in kind.types.items()
        if name not in ("retired", "scope_id", kind.title) and not type_.multiline
    ]
    return tuple(([kind.title] if kind.title else []) + shown)


def read_cards(connection: Connection, kind: Kind, words: CardWords) -> CardList:
    """All cards of a kind, retired ones too, put into words. For a reader thread."""
    columns = columns_of(kind)
    found = [card_row(kind, columns, row, words) for row in rows(connection, kind.name)]
    found.sort(key=lambda row: (_natural(kind, row), row.id.bytes))
    names = [text for row in found for text in row.found_by]
    return CardList(kind=kind.name, columns=columns, rows=tuple(found), initials=Initials.of(names))


def card_row(kind: Kind, columns: Sequence[str], row: Mapping[str, Any], words: CardWords) -> CardRow:
    """One row of the database in words."""
    cells = tuple(words.cell(kind.types[name], row.get(name)) for name in columns)
    texts = [text for name, text in zip(columns, cells, strict=True) if kind.types[name].shape != "flag"]
    return CardRow(
        id=row["id"],
        values={name: row.get(name) for name in kind.types},
        heads=row.get("heads") or {},
        cells=cells,
        keys=tuple(
            _key(kind.types[name], row.get(name), cell) for name, cell in zip(columns, cells, strict=True)
        ),
        found_by=tuple(folded(text) for text in texts if text),
        retired=bool(row.get("retired")),
    )


def _key(type_: FieldType, value: Any, cell: str) -> Sort:
    """Empty cells last; numbers and times by their size, text by its characters."""
    if value is None or value == () or cell == "":
        return 1, ""
    if isinstance(value, datetime):
        return 0, value.isoformat()
    if type_.shape == "integer":
        return 0, f"{int(value) + 2**63:020d}"
    return 0, "".join(_reading(sign) for sign in unicodedata.normalize("NFKC", cell).casefold())


@lru_cache(maxsize=30_000)
def _reading(sign: str) -> str:
    """A Chinese character by its commonest reading, so that names stand as in a dictionary."""
    if sign < "\u2e80":
        return sign
    from pypinyin import lazy_pinyin

    return f"{lazy_pinyin(sign)[0]}{sign}"


def _natural(kind: Kind, row: CardRow) -> tuple[Sort, ...]:
    """The order before anybody sorts: by code or number where the kind has one, else by title."""
    first = next((name for name in ("code", "number", "key") if name in kind.types), kind.title)
    value = row.values.get(first)
    title = row.cells[0] if row.cells else ""
    return (_key(kind.types[first], value, "" if value is None else str(value)), (0, title)) if first else ()


class CardModel(QAbstractTableModel):
    """The rows that pass filter and retirement, in the order chosen. Selection stays with the card."""

    replaced = Signal()  # so much changed at once that indexes are new: choose again by id

    def __init__(self, title: Callable[[str], str]) -> None:
        super().__init__()
        self._title = title
        self._list: CardList | None = None
        self._shown: list[CardRow] = []
        self._place: dict[UUID, int] = {}
        self._text, self._retired = "", False
        self._sorted: tuple[int, Qt.SortOrder] | None = None

    # ---- what is shown

    def take(self, cards: CardList) -> None:
        """Show what was read; the same kind again changes only the rows that differ."""
        fresh = self._list is None or self._list.kind != cards.kind
        self._list = cards
        if fresh:
            self._sorted = None
            self._reset(self._arranged())
        else:
            self._exchange(self._arranged())

    def set_filter(self, text: str, *, retired: bool) -> None:
        """Only cards that have ``text`` in a cell, or begin a name's initials with it somewhere."""
        self._text, self._retired = text, retired
        self._exchange(self._arranged())

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """By a column, empty cells last; column -1: the kind's own order."""
        self._sorted = None if column < 0 else (column, order)
        self._exchange(self._arranged())

    def row(self, at: int) -> CardRow | None:
        """The card in a row."""
        return self._shown[at] if 0 <= at < len(self._shown) else None

    def place(self, id_: UUID | None) -> int | None:
        """The row a card stands in; None if it is not shown."""
        return None if id_ is None else self._place.get(id_)

    def card(self, id_: UUID | None) -> CardRow | None:
        """A card of this list, shown or not."""
        if self._list is None or id_ is None:
            return None
        return next((row for row in self._list.rows if row.id == id_), None)

    def counts(self) -> tuple[int, int, int]:
        """(shown, in use, retired)."""
        rows_ = self._list.rows if self._list else ()
        retired = sum(row.retired for row in rows_)
        return len(self._shown), len(rows_) - retired, retired

    def _arranged(self) -> list[CardRow]:
        if self._list is None:
            return []
        query = folded(self._text)
        latin = query.isascii() and query.isalnum()
        initials = self._list.initials

        def fits(row: CardRow) -> bool:
            if row.retired and not self._retired:
                return False
            if not query:
                return True
            return any(query in text or (latin and initials.find(text, query) >= 0) for text in row.found_by)

        found = [row for row in self._list.rows if fits(row)]
        if self._sorted is not None:
            column, order = self._sorted
            down = order == Qt.SortOrder.DescendingOrder
            found.sort(key=lambda row: row.keys[column][1], reverse=down)
            found.sort(key=lambda row: row.keys[column][0])
        return found

    def _exchange(self, wanted: list[CardRow]) -> None:
        """From what is shown to what is wanted, row by row where that is little."""
        keep = {row.id for row in wanted}
        have = {row.id for row in self._shown}
        if len(keep ^ have) > MOST_STEPS:
            self._reset(wanted)
            return
        for at in range(len(self._shown) - 1, -1, -1):
            if self._shown[at].id not in keep:
                self.beginRemoveRows(QModelIndex(), at, at)
                del self._shown[at]
                self.endRemoveRows()
        for at, row in enumerate(wanted):
            if row.id not in have:
                place = min(at, len(self._shown))
                self.beginInsertRows(QModelIndex(), place, place)
                self._shown.insert(place, row)
                self.endInsertRows()
        self._reorder(wanted)

    def _reorder(self, wanted: list[CardRow]) -> None:
        before = {row.id: row for row in self._shown}
        if [row.id for row in self._shown] != [row.id for row in wanted]:
            self.layoutAboutToBeChanged.emit()
            places = {row.id: at for at, row in enumerate(wanted)}
            old = self.persistentIndexList()
            new = [self.index(places[self._shown[index.row()].id], index.column()) for index in old]
            self._shown = list(wanted)
            self.changePersistentIndexList(old, new)
            self.layoutChanged.emit()
        self._shown = list(wanted)
        self._place = {row.id: at for at, row in enumerate(wanted)}
        last = self.columnCount() - 1
        for at, row in enumerate(wanted):
            if before[row.id] != row:
                self.dataChanged.emit(self.index(at, 0), self.index(at, last))

    def _reset(self, wanted: list[CardRow]) -> None:
        self.beginResetModel()
        self._shown = wanted
        self._place = {row.id: at for at, row in enumerate(wanted)}
        self.endResetModel()
        self.replaced.emit()

    # ---- Qt's questions

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """The rows shown."""
        return 0 if parent.isValid() else len(self._shown)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """The kind's columns."""
        return 0 if parent.isValid() or self._list is None else len(self._list.columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The cell's words; the whole row for a screen reader."""
        row = self.row(index.row())
        if row is None or index.column() >= len(row.cells):
            return None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return row.cells[index.column()]
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return " ".join(cell for cell in row.cells if cell)
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """The fields' labels."""
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole and self._list:
            return self._title(self._list.columns[section])
        return None


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
            least = heads.horizontalAdvance(title) + theme.px(SPACE.l + SPACE.m)
            wanted.append(min(max(widest + theme.px(SPACE.l), least), theme.px(360)))
        spare = room - sum(wanted)
        if spare >= 0:
            wanted = [width + min(spare // count, theme.px(96)) for width in wanted]
            wanted[-1] += room - sum(wanted)
        else:
            wanted = _squeezed(wanted, room)
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
