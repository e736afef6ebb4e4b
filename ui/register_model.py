"""The model of a register: the cards that pass the filter, in the order chosen, changed by id."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal

from ui.forms.ranking import Initials, folded
from ui.register_rows import CardList, CardRow

Index = QModelIndex | QPersistentModelIndex
MOST_STEPS = 40  # rows that come and go one by one; more at once is read as another list


def initials_pattern(query: str, initials: Initials) -> re.Pattern[str] | None:
    """What a name's signs must be for ``query`` to be their initials; None where it cannot be.

    Asking each name's readings sign by sign takes half a second over 20,000 names; this takes 20 ms."""
    if not (query.isascii() and query.isalnum()):
        return None
    classes = []
    for letter in query:
        signs = "".join(sign for sign, letters in initials.letters.items() if letter in letters)
        if not signs:
            return None
        classes.append(f"[{re.escape(signs)}]")
    return re.compile("".join(classes))


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
        by_letters = initials_pattern(query, self._list.initials)

        def fits(row: CardRow) -> bool:
            if row.retired and not self._retired:
                return False
            if not query:
                return True
            return any(
                query in text or (by_letters is not None and by_letters.search(text)) for text in row.found_by
            )

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
