"""The table of the audit trail: one row an entry, newest first; rows keep their places by id."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QKeyEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QStyle, QStyledItemDelegate, QTableView
from PySide6.QtWidgets import QStyleOptionViewItem as Option

from commandcenter.services.audit_sentences import AuditWords, time_text
from commandcenter.words import Words
from db.queries.audit import AuditLine
from ui.theme import SPACE, TYPE, Theme

Index = QModelIndex | QPersistentModelIndex
NOWHERE = QModelIndex()
COLUMNS = ("at", "who", "desk", "number", "action", "subject", "content", "result")
WIDTHS = {"at": 192, "who": 104, "desk": 88, "number": 82, "action": 168, "subject": 230, "result": 108}
SPARED = ("number", "result", "desk")  # what a narrow table leaves out first
CONTENT_MIN = 200
FIGURES = ("at", "number")
MOST_STEPS = 40


class AuditRow(NamedTuple):
    """One entry in words, made on a reader's thread."""

    line: AuditLine
    cells: tuple[str, ...]


def row_of(line: AuditLine, put: AuditWords) -> AuditRow:
    """An entry in words."""
    cells = (
        time_text(line.at),
        put.who(line),
        put.desk(line),
        put.number(line),
        put.action(line),
        put.subject(line),
        put.content(line),
        put.result(line),
    )
    return AuditRow(line, cells)


class AuditModel(QAbstractTableModel):
    """Applies differences by id, so that what is chosen stays chosen."""

    def __init__(self, words: Words) -> None:
        super().__init__()
        self._words = words
        self.rows: list[AuditRow] = []

    def show(self, rows: Sequence[AuditRow]) -> None:
        """Show these."""
        wanted = {row.line.id for row in rows}
        gone = [at for at, row in enumerate(self.rows) if row.line.id not in wanted]
        if len(gone) > MOST_STEPS:
            self.beginResetModel()
            self.rows = list(rows)
            self.endResetModel()
            return
        for at in reversed(gone):
            self.beginRemoveRows(NOWHERE, at, at)
            del self.rows[at]
            self.endRemoveRows()
        at = 0
        while at < len(rows):  # both are in one order: what is not here comes in runs
            if at < len(self.rows) and self.rows[at].line.id == rows[at].line.id:
                at += 1
                continue
            here = self.rows[at].line.id if at < len(self.rows) else None
            end = at
            while end < len(rows) and rows[end].line.id != here:
                end += 1
            self.beginInsertRows(NOWHERE, at, end - 1)
            self.rows[at:at] = rows[at:end]
            self.endInsertRows()
            at = end
        for at, row in enumerate(rows):
            if self.rows[at] != row:
                self.rows[at] = row
                self.dataChanged.emit(self.index(at, 0), self.index(at, len(COLUMNS) - 1))

    def rowCount(self, parent: Index = NOWHERE) -> int:
        """How many entries are here."""
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = NOWHERE) -> int:
        """The columns."""
        return 0 if parent.isValid() else len(COLUMNS)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Cells in words; the whole row for a screen reader."""
        row = self.rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return row.cells[index.column()]
        if role == Qt.ItemDataRole.ToolTipRole and COLUMNS[index.column()] in ("subject", "content"):
            return row.cells[index.column()]
        if role == Qt.ItemDataRole.AccessibleTextRole and index.column() == 0:
            return self.sentence(row)
        return None

    def sentence(self, row: AuditRow) -> str:
        """An entry in one line."""
        cells = dict(zip(COLUMNS, row.cells, strict=True))
        return self._words("audit.row", time=cells.pop("at"), **cells).strip()

    def refused(self) -> str:
        """What stands in the last column of what the centre refused."""
        return self._words("audit.refused")

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        """The columns' names."""
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self._words(f"audit.column.{COLUMNS[section]}")
        return None


class _Cells(QStyledItemDelegate):
    """Paints a cell: what was done in the strongest ink, access events with a mark before it."""

    def __init__(self, model: AuditModel, theme: Theme, view: QTableView) -> None:
        super().__init__(view)
        self._model, self._theme, self._view = model, theme, view

    def sizeHint(self, option: Option, index: Index) -> QSize:
        """One row."""
        return QSize(self._theme.px(40), self._theme.px(SPACE.row - 5))

    def paint(self, painter: QPainter, option: Option, index: Index) -> None:
        """One cell."""
        theme, px = self._theme, self._theme.px
        row, column = self._model.rows[index.row()], COLUMNS[index.column()]
        state: QStyle.StateFlag = option.state
        rect = QRect(option.rect)
        painter.save()
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, theme.colour("selection"))
            if index.column() == 0:
                ink = "accent" if self._view.hasFocus() else "edge"
                painter.fillRect(rect.left(), rect.top(), px(SPACE.mark), rect.height(), theme.colour(ink))
        hair = px(SPACE.hair)
        painter.fillRect(rect.left(), rect.bottom() + 1 - hair, rect.width(), hair, theme.colour("line_soft"))
        box = rect.adjusted(px(SPACE.m if index.column() == 0 else SPACE.s), 0, -px(SPACE.xs), 0)
        strong = column == "action" and row.line.access is not None
        bad = column in ("action", "result") and _bad(row.line)
        font = QFont(theme.font(TYPE.body, bold=strong or bad, figures=column in FIGURES))
        painter.setFont(font)
        ink = "danger" if bad else "text" if column in ("at", "who", "action", "subject") else "muted"
        painter.setPen(theme.colour(ink))
        text = row.cells[index.column()]
        text = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, box.width())
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, text)
        painter.restore()


def _bad(line: AuditLine) -> bool:
    """What an auditor looks for first: what failed, was refused, or cannot be read."""
    access = line.access or {}
    return not line.action or line.refused or access.get("result", "done") != "done"


class AuditView(QTableView):
    """The list on screen; near its end it asks for older entries."""

    opened = Signal()  # Enter or a double click
    chosen = Signal(object)  # AuditRow or None
    more_wanted = Signal()
    pressed_letter = Signal(str)

    def __init__(self, model: AuditModel, theme: Theme, name: str) -> None:
        super().__init__()
        self._model, self._theme = model, theme
        self.setModel(model)
        # what an auditor looks for first is read in full, in every language
        refused = QFontMetrics(theme.font(TYPE.body, bold=True)).horizontalAdvance(model.refused())
        self._refused_width = refused + theme.px(SPACE.s + SPACE.m)
        self._cells = _Cells(model, theme, self)
        self.setItemDelegate(self._cells)
        self.setAccessibleName(name)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setCornerButtonEnabled(False)
        self.setTabKeyNavigation(False)
        self.setFrameShape(QTableView.Shape.NoFrame)
        # letters are keys here: an input method would swallow them
        self.setAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled, False)
        self.verticalHeader().setVisible(False)
        height = theme.px(SPACE.row - 5)
        self.verticalHeader().setMinimumSectionSize(height)
        self.verticalHeader().setDefaultSectionSize(height)
        heads = self.horizontalHeader()
        heads.setHighlightSections(False)
        heads.setSectionsClickable(False)
        heads.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        heads.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        heads.setMinimumSectionSize(1)
        heads.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        heads.setFont(theme.font(TYPE.small))
        heads.setFixedHeight(theme.px(30))
        heads.setStyleSheet(
            f"QHeaderView::section {{ padding: 0 0 0 {theme.px(SPACE.s)}px; }}"
            f"QHeaderView::section:first {{ padding-left: {theme.px(SPACE.m)}px; }}"
        )
        self.doubleClicked.connect(lambda _index: self.opened.emit())
        self.selectionModel().currentRowChanged.connect(lambda _now, _before: self._tell())
        model.modelReset.connect(self._tell)
        model.rowsRemoved.connect(lambda *_: self._tell())
        self.verticalScrollBar().valueChanged.connect(self._scrolled)

    def current(self) -> AuditRow | None:
        """The entry chosen."""
        at = self.currentIndex().row()
        return self._model.rows[at] if 0 <= at < len(self._model.rows) else None

    def choose(self, id_: UUID | None) -> None:
        """Choose an entry; the newest where it is not here."""
        at = next((at for at, row in enumerate(self._model.rows) if row.line.id == id_), 0)
        if self._model.rows:
            self.setCurrentIndex(self._model.index(at, 0))

    def _tell(self) -> None:
        self.chosen.emit(self.current())

    def _scrolled(self, value: int) -> None:
        bar = self.verticalScrollBar()
        if self._model.rows and value >= bar.maximum() - self.viewport().height():
            self.more_wanted.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The content takes what the others leave; what has no room is read below."""
        super().resizeEvent(event)
        px, room = self._theme.px, self.viewport().width()
        shown = list(COLUMNS)
        for spared in SPARED:
            if sum(px(WIDTHS.get(name, CONTENT_MIN)) for name in shown) > room:
                shown.remove(spared)
        fixed = {name: px(width) for name, width in WIDTHS.items() if name in shown}
        if "result" in fixed:
            fixed["result"] = max(fixed["result"], self._refused_width)
        if room - sum(fixed.values()) < px(CONTENT_MIN):  # still too narrow: the subject gives way
            fixed["subject"] = max(px(90), fixed["subject"] - (px(CONTENT_MIN) - room + sum(fixed.values())))
        for at, name in enumerate(COLUMNS):
            self.setColumnHidden(at, name not in shown)
            self.setColumnWidth(at, fixed.get(name, max(px(90), room - sum(fixed.values()))))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter opens; Home and End are the newest and the oldest here; letters are the page's keys."""
        letter = unicodedata.normalize("NFKC", event.text()).casefold()
        key, last = event.key(), len(self._model.rows) - 1
        plain = not event.modifiers() & (
            Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier
        )
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.opened.emit()
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_End) and last >= 0:
            self.setCurrentIndex(self._model.index(0 if key == Qt.Key.Key_Home else last, 0))
        elif plain and letter in ("j", "k") and last >= 0:
            at = self.currentIndex().row() + (1 if letter == "j" else -1)
            self.setCurrentIndex(self._model.index(max(0, min(last, at)), 0))
        elif plain and letter.isalpha():
            self.pressed_letter.emit(letter)
        elif event.text() and plain:
            event.ignore()
        else:
            super().keyPressEvent(event)
