"""The model of a log list: only the rows on screen, changed by their ids and never reset."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from db.queries.log import DayCounts, LogLine
from ui.tables.days import day_at, day_text, is_first_of_day, whole_text
from ui.tables.window import Row
from ui.tables.wording import Shown, Wording

COLUMNS = ("time", "tag", "text", "incident", "counterpart", "who")
TIME, TAG, TEXT, INCIDENT, COUNTERPART, WHO = range(len(COLUMNS))
TIP_CHARACTERS = 800
Index = QModelIndex | QPersistentModelIndex
NOWHERE = QModelIndex()


class LogModel(QAbstractTableModel):
    """Row r is the r-th row on screen. Its size is the screen's, whatever the log's."""

    def __init__(self, wording: Wording) -> None:
        super().__init__()
        self.wording = wording
        self._rows: list[Row] = []
        self._heads: list[tuple[str, bool]] = []  # (date or "", the day begins here)
        self._shown: dict[UUID, tuple[LogLine, Shown]] = {}

    # ---- what is painted

    def row(self, row: int) -> Row:
        """The position and line of a row."""
        return self._rows[row]

    def shown(self, row: int) -> Shown | None:
        """The row in words; None while its page is on the way."""
        line = self._rows[row].line
        if line is None:
            return None
        known = self._shown.get(line.id)
        if known is None or known[0] is not line:
            known = (line, self.wording.shown(line))
            self._shown[line.id] = known
        return known[1]

    def head(self, row: int) -> tuple[str, bool]:
        """(the date to write here or "", whether a day begins with this row)."""
        return self._heads[row]

    def row_of(self, id_: UUID | None) -> int | None:
        """The row that shows a line."""
        if id_ is None:
            return None
        return next((at for at, row in enumerate(self._rows) if row.line and row.line.id == id_), None)

    def filled(self) -> bool:
        """Whether every row has its line."""
        return all(row.line is not None for row in self._rows)

    # ---- changing

    def show(self, rows: Sequence[Row], counts: DayCounts | None, today: date) -> None:
        """Show these rows: rows of lines that stay are moved or changed, not replaced."""
        new = list(rows)
        heads = self._headings(new, counts, today)
        old_keys, new_keys = [_key(row) for row in self._rows], [_key(row) for row in new]
        if old_keys != new_keys:
            self._move(old_keys, new_keys, new)
        changed = [
            at
            for at, (row, line) in enumerate(zip(new, self._rows, strict=True))
            if row != line or at >= len(self._heads) or heads[at] != self._heads[at]
        ]
        everything = old_keys != new_keys
        self._rows, self._heads = new, heads
        ids = {row.line.id for row in new if row.line}
        self._shown = {id_: known for id_, known in self._shown.items() if id_ in ids}
        if new and (changed or everything):
            first, last = (0, len(new) - 1) if everything else (changed[0], changed[-1])
            self.dataChanged.emit(self.index(first, 0), self.index(last, len(COLUMNS) - 1))

    def _move(self, old: list[object], new: list[object], rows: list[Row]) -> None:
        """Bring the rows into the new order and number."""
        if set(old) & set(new):
            from difflib import SequenceMatcher

            blocks = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
        else:  # a jump: the same rows with other lines
            blocks = [("replace", 0, len(old), 0, len(new))]
        for tag, i1, i2, j1, j2 in reversed(blocks):
            if tag == "equal":
                continue
            same = min(i2 - i1, j2 - j1)
            self._rows[i1 : i1 + same] = rows[j1 : j1 + same]
            if i2 - i1 > same:
                self.beginRemoveRows(QModelIndex(), i1 + same, i2 - 1)
                del self._rows[i1 + same : i2], self._heads[i1 + same : i2]
                self.endRemoveRows()
            elif j2 - j1 > same:
                self.beginInsertRows(QModelIndex(), i1 + same, i1 + (j2 - j1) - 1)
                self._rows[i1 + same : i1 + same] = rows[j1 + same : j2]
                self._heads[i1 + same : i1 + same] = [("", False)] * (j2 - j1 - same)
                self.endInsertRows()

    def _headings(self, rows: list[Row], counts: DayCounts | None, today: date) -> list[tuple[str, bool]]:
        out = []
        for at, row in enumerate(rows):
            begins = counts is not None and is_first_of_day(counts, row.position)
            day = day_at(counts, row.position) if counts is not None and (begins or at == 0) else None
            out.append(("" if day is None else day_text(day, today, self.wording.words), begins))
        return out

    def reword(self) -> None:
        """Names or the language changed: the same lines in other words."""
        self._shown.clear()
        if self._rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._rows) - 1, len(COLUMNS) - 1))
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(COLUMNS) - 1)

    # ---- Qt's side

    def rowCount(self, parent: Index = NOWHERE) -> int:
        """The rows on screen."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = NOWHERE) -> int:
        """Always the same columns; the view hides what does not fit."""
        return 0 if parent.isValid() else len(COLUMNS)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Words for whoever reads, tips for whoever points."""
        if not index.isValid():
            return None
        shown, line = self.shown(index.row()), self._rows[index.row()].line
        if shown is None or line is None:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return shown.cells()[index.column()]
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self.wording.row_text(line)
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._tip(line, index.column(), shown)
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        """The columns' names."""
        if orientation != Qt.Orientation.Horizontal or role != Qt.ItemDataRole.DisplayRole:
            return None
        return self.wording.words(f"log.column.{COLUMNS[section]}")

    def _tip(self, line: LogLine, column: int, shown: Shown) -> str:
        if column == TIME:
            parts = [whole_text(line.happened_at, self.wording.words)]
        elif column == TEXT:
            body = "".join(run.text for run in self.wording.one_line(line_body(self.wording, line), "text"))
            parts = [body, self.wording.late_sentence(line), self.wording.struck_sentence(line)]
        else:
            parts = [shown.cells()[column]]
        # rich text on purpose: it wraps, and what an operator typed must not be taken for markup
        text = "\n".join(part for part in parts if part)
        import html

        return f"<p style='white-space:pre-wrap'>{html.escape(text)}</p>" if text else ""


def line_body(wording: Wording, line: LogLine) -> str:
    """The words of a line, cut to what a tool tip can hold."""
    body = wording.body(line)
    return body if len(body) <= TIP_CHARACTERS else body[:TIP_CHARACTERS] + "…"


def _key(row: Row) -> object:
    return row.position if row.line is None else row.line.id
