"""The preview's model: the file's rows as they are, what each would do, and the cells that are wrong."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from commandcenter.documents.intake_columns import Columns
from commandcenter.documents.intake_proposal import Proposal, Proposed
from commandcenter.documents.intake_table import Faulty, RawCell, Table
from commandcenter.domain.record import Kind
from commandcenter.words import Words
from ui.register_words import field_label
from ui.theme import Theme

Index = QModelIndex | QPersistentModelIndex
NOWHERE = QModelIndex()
ROW, WHAT = 0, 1
MARK = "\u25b2 "  # a wrong cell is marked by a shape too
ERROR = "#"


def cell_text(cell: RawCell) -> str:
    """A cell as the file shows it, on one line."""
    if cell is None:
        return ""
    if isinstance(cell, Faulty):
        return ERROR
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, datetime):
        return f"{cell:%Y-%m-%d %H:%M}"
    if isinstance(cell, float) and cell == int(cell):
        return str(int(cell))
    return " ".join(str(cell).split())


class PreviewModel(QAbstractTableModel):
    """Row, what it would do, the columns that are imported, problems. At most the wrong rows if asked."""

    def __init__(self, words: Words, theme: Theme) -> None:
        super().__init__()
        self._words, self._theme = words, theme
        self._kind: Kind | None = None
        self._table: Table | None = None
        self._columns: Columns | None = None
        self._used: list[int] = []
        self._all: tuple[Proposed, ...] = ()
        self.rows: list[Proposed] = []
        self.only_wrong = False

    def show(self, kind: Kind, table: Table, columns: Columns, proposal: Proposal | None) -> None:
        """Show another proposal; None: nothing yet."""
        self.beginResetModel()
        self._kind, self._table, self._columns = kind, table, columns
        self._used = [at for at, name in enumerate(columns.fields) if name]
        self._all = () if proposal is None else proposal.rows
        self._filter()
        self.endResetModel()

    def clear(self) -> None:
        """Show nothing."""
        self.beginResetModel()
        self._table, self._columns, self._all, self.only_wrong = None, None, (), False
        self._filter()
        self.endResetModel()

    def show_only_wrong(self, on: bool) -> None:
        """Show the rows with a problem only, or all."""
        self.beginResetModel()
        self.only_wrong = on
        self._filter()
        self.endResetModel()

    def wrong_count(self) -> int:
        """The rows with a problem."""
        return sum(bool(row.problems) for row in self._all)

    def _filter(self) -> None:
        self.rows = [row for row in self._all if row.problems or not self.only_wrong]

    def rowCount(self, parent: Index = NOWHERE) -> int:
        """How many are shown."""
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = NOWHERE) -> int:
        """Number, what, the used columns, problems."""
        return 0 if parent.isValid() or self._table is None else len(self._used) + 3

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """The fields' labels."""
        if orientation != Qt.Orientation.Horizontal or role != Qt.ItemDataRole.DisplayRole:
            return None
        if section in (ROW, WHAT):
            return self._words("import.row" if section == ROW else "import.what")
        if section == len(self._used) + 2:
            return self._words("import.problems")
        if self._kind is None or self._columns is None:
            return None
        return field_label(self._words, self._kind.name, self._columns.fields[self._used[section - 2]])

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """A cell's text, its sentence, and its inks."""
        row = self.rows[index.row()]
        wrong = self._problem_at(row, index.column())
        match role:
            case Qt.ItemDataRole.DisplayRole:
                text = self._text(row, index.column())
                return MARK + text if wrong else text
            case Qt.ItemDataRole.ToolTipRole | Qt.ItemDataRole.AccessibleDescriptionRole:
                return self.sentences(row) if wrong or index.column() == len(self._used) + 2 else None
            case Qt.ItemDataRole.BackgroundRole if wrong:
                return self._theme.brush("danger_soft")
            case Qt.ItemDataRole.ForegroundRole:
                quiet = row.status in ("same", "double", "skip")
                ink = "danger_soft_text" if wrong else "muted" if quiet else "text"
                return self._theme.brush(ink)
            case Qt.ItemDataRole.TextAlignmentRole if index.column() == ROW:
                return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None

    def _problem_at(self, row: Proposed, column: int) -> bool:
        if not 2 <= column < len(self._used) + 2:
            return False
        at = self._used[column - 2]
        return any(problem.column == at for problem in row.problems)

    def _text(self, row: Proposed, column: int) -> str:
        if column == ROW:
            return str(row.row)
        if column == WHAT:
            return self._words(f"import.status.{row.status}")
        if column == len(self._used) + 2:
            return self.sentences(row)
        at = self._used[column - 2]
        cells = self._table.rows[row.row - 1] if self._table is not None else ()
        return cell_text(cells[at]) if at < len(cells) else ""

    def sentences(self, row: Proposed) -> str:
        """A row's problems in words, each with its column."""
        said = []
        for problem in row.problems:
            sentence = self._words.sentence(problem.error)
            name = problem.error.field or ""
            if self._columns is not None and problem.column >= 0:
                name = self._columns.fields[problem.column]
            if name and self._kind is not None:
                label = field_label(self._words, self._kind.name, name)
                sentence = self._words("import.problem_at", column=label, sentence=sentence)
            said.append(sentence)
        return " ".join(said)
