"""The table of incidents: grade, title, place, class, time elapsed; rows keep their places by id."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from PySide6.QtCore import (
    QAbstractTableModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QFont, QFontMetrics, QKeyEvent, QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import QHeaderView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QTableView

from commandcenter.domain.clock import SHANGHAI
from commandcenter.domain.codes import GRADES
from commandcenter.words import Words
from ui.shell.composing import is_enter
from ui.shell.grade import grade_size, paint_grade
from ui.theme import SPACE, TYPE, Theme

Index = QModelIndex | QPersistentModelIndex
NOWHERE = QModelIndex()
COLUMNS = ("grade", "title", "number", "place", "class", "elapsed", "lines", "verify")
WIDTHS = {"number": 172, "place": 230, "class": 230, "elapsed": 90, "lines": 64, "verify": 76}
# what a narrow table leaves out first
SPARED = ("class", "number", "lines", "verify", "place")
TITLE_MIN = 220
MINUTE_MS = 60_000


@dataclass(frozen=True, kw_only=True)
class BoardRow:
    """One incident in words. ``since``: from when its time counts; ``until``: when it stopped counting."""

    id: UUID
    bars: int
    grade: str
    title: str
    number: str
    place: str
    class_: str
    since: datetime | None
    until: datetime | None
    lines: int
    verify: str  # "" where nothing is to be verified


def elapsed_text(words: Words, since: datetime | None, until: datetime, *, seconds: bool = False) -> str:
    """From ``since`` to ``until`` as h:mm by the minutes of the clock (or h:mm:ss), with days from two on."""
    if since is None:
        return "–"
    if seconds:
        total = max(0, int((until - since).total_seconds()))
    else:
        total = max(0, (int(until.timestamp()) // 60 - int(since.timestamp()) // 60) * 60)
    hours, rest = divmod(total, 3600)
    days = hours // 24 if hours >= 48 else 0
    text = f"{hours - days * 24}:{rest // 60:02d}" + (f":{rest % 60:02d}" if seconds else "")
    return words("incident.days", days=days, rest=text) if days else text


class BoardModel(QAbstractTableModel):
    """Applies differences by id: rows that stay are moved, never made anew."""

    def __init__(self, words: Words, now: Callable[[], datetime]) -> None:
        super().__init__()
        self._words, self._now = words, now
        self.rows: list[BoardRow] = []

    def show(self, rows: Sequence[BoardRow]) -> None:
        """Show these."""
        wanted = {row.id for row in rows}
        for at in range(len(self.rows) - 1, -1, -1):
            if self.rows[at].id not in wanted:
                self.beginRemoveRows(NOWHERE, at, at)
                del self.rows[at]
                self.endRemoveRows()
        for at, row in enumerate(rows):
            if at < len(self.rows) and self.rows[at].id == row.id:
                continue
            stands = next((i for i in range(at, len(self.rows)) if self.rows[i].id == row.id), None)
            if stands is None:
                self.beginInsertRows(NOWHERE, at, at)
                self.rows.insert(at, row)
                self.endInsertRows()
            else:
                self.beginMoveRows(NOWHERE, stands, stands, NOWHERE, at)
                self.rows.insert(at, self.rows.pop(stands))
                self.endMoveRows()
        for at, row in enumerate(rows):
            if self.rows[at] != row:
                self.rows[at] = row
                self.dataChanged.emit(self.index(at, 0), self.index(at, len(COLUMNS) - 1))

    def row_of(self, id_: UUID | None) -> int:
        """Where an incident stands; -1 if nowhere."""
        return next((at for at, row in enumerate(self.rows) if row.id == id_), -1)

    def rowCount(self, parent: Index = NOWHERE) -> int:
        """How many incidents."""
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = NOWHERE) -> int:
        """The columns."""
        return 0 if parent.isValid() else len(COLUMNS)

    def elapsed(self, row: BoardRow) -> str:
        """The time elapsed as it stands now."""
        return elapsed_text(self._words, row.since, row.until or self._now())

    def text(self, row: BoardRow, column: str) -> str:
        """A cell in words."""
        if column == "elapsed":
            return self.elapsed(row)
        if column == "lines":
            return str(row.lines)
        found = {"grade": row.grade, "title": row.title, "number": row.number, "place": row.place}
        return {**found, "class": row.class_, "verify": row.verify}[column]

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Cells in words; the whole row for a screen reader."""
        row, column = self.rows[index.row()], COLUMNS[index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return self.text(row, column)
        if role == Qt.ItemDataRole.ToolTipRole and column in ("title", "place", "class"):
            return self.text(row, column)
        if role == Qt.ItemDataRole.AccessibleTextRole and column == "grade":
            return self._words(
                "incident.board.row",
                grade=row.grade,
                title=row.title,
                number=row.number,
                place=row.place,
                elapsed=self.elapsed(row),
                lines=row.lines,
            )
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        """The columns' names."""
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self._words(f"incident.column.{COLUMNS[section]}")
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        return None


class _Cells(QStyledItemDelegate):
    """Paints a cell: the badge, the title bold, figures of one width."""

    def __init__(self, model: BoardModel, theme: Theme) -> None:
        super().__init__()
        self._model, self._theme = model, theme

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """One row."""
        return QSize(self._theme.px(40), self._theme.px(SPACE.row))

    def _style(self, column: str, row: BoardRow) -> tuple[QFont, str]:
        theme = self._theme
        if column == "title":
            return theme.font(TYPE.line, bold=True), "text"
        if column == "elapsed":
            return theme.font(TYPE.line, figures=True), "text" if row.until is None else "muted"
        if column in ("number", "lines"):
            return theme.font(TYPE.body, figures=True), "muted"
        return theme.font(TYPE.body), "muted"

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """One cell."""
        theme, px = self._theme, self._theme.px
        row, column = self._model.rows[index.row()], COLUMNS[index.column()]
        rect = QRect(option.rect)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        if chosen:
            painter.fillRect(rect, theme.colour("selection"))
            if index.column() == 0:
                edge = QRect(rect.left(), rect.top(), px(SPACE.mark), rect.height())
                painter.fillRect(edge, theme.colour("accent"))
        hair = px(SPACE.hair)
        painter.fillRect(rect.left(), rect.bottom() - hair + 1, rect.width(), hair, theme.colour("line_soft"))
        inside = rect.adjusted(px(SPACE.m if index.column() == 0 else SPACE.s), 0, -px(SPACE.xs), 0)
        if column == "grade" and row.bars:
            paint_grade(painter, inside, row.bars, row.grade, theme)
        elif column == "verify":
            self._paint_verify(painter, inside, row.verify)
        else:
            font, ink = self._style(column, row)
            text = self._model.text(row, column)
            painter.setFont(font)
            painter.setPen(theme.colour("selection_text" if chosen and ink == "text" else ink))
            shown = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, inside.width())
            painter.drawText(inside, Qt.AlignmentFlag.AlignVCenter, shown)
        painter.restore()

    def _paint_verify(self, painter: QPainter, rect: QRect, word: str) -> None:
        if not word:
            return
        theme, px = self._theme, self._theme.px
        font = theme.font(TYPE.small, bold=True)
        metrics = QFontMetrics(font)
        height = px(SPACE.control - 4)
        width = min(metrics.horizontalAdvance(word) + px(SPACE.s) * 2, rect.width())
        box = QRectF(rect.left(), rect.center().y() - height / 2 + 1, width, height)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.colour("edge"), px(SPACE.hair), Qt.PenStyle.DashLine))
        painter.drawRoundedRect(box, px(SPACE.radius_s), px(SPACE.radius_s))
        painter.setFont(font)
        painter.setPen(theme.colour("text"))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, word)


class BoardView(QTableView):
    """Up and down, Enter and double click open, N begins a new one, left and right change the list."""

    wanted = Signal(object)  # UUID: open this incident
    new_wanted = Signal()
    other_wanted = Signal()

    def __init__(self, words: Words, theme: Theme, now: Callable[[], datetime]) -> None:
        super().__init__()
        self._words, self._theme, self._now = words, theme, now
        self.board = BoardModel(words, now)
        self.setModel(self.board)
        self.setAccessibleName(words("incident.name"))
        self.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QTableView.SelectionMode.SingleSelection)
        self.setEditTriggers(QTableView.EditTrigger.NoEditTriggers)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setVerticalScrollMode(QTableView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalHeader().setVisible(False)
        head = self.horizontalHeader()
        head.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        head.setHighlightSections(False)
        head.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.doubleClicked.connect(lambda index: self.wanted.emit(self.board.rows[index.row()].id))
        self._minute = QTimer(self, singleShot=True)
        self._minute.timeout.connect(self._tick)
        self.set_theme(theme)

    def show_rows(self, rows: Sequence[BoardRow]) -> None:
        """Show these; what is chosen stays chosen, wherever it stands now."""
        self.board.show(rows)
        if self.chosen() is None and rows and self.hasFocus():
            self.choose(rows[0].id)
        if not self._minute.isActive():
            self._tick()

    def chosen(self) -> UUID | None:
        """The incident chosen."""
        at = self.currentIndex().row()
        return self.board.rows[at].id if 0 <= at < len(self.board.rows) else None

    def choose(self, id_: UUID) -> None:
        """Choose an incident, if it is here."""
        at = self.board.row_of(id_)
        if at >= 0:
            self.setCurrentIndex(self.board.index(at, 0))

    def set_theme(self, theme: Theme) -> None:
        """Take another look or scale."""
        self._theme = theme
        self._cells = _Cells(self.board, theme)
        self.setItemDelegate(self._cells)
        self.verticalHeader().setDefaultSectionSize(theme.px(SPACE.row))
        head, px = self.horizontalHeader(), theme.px
        # the cells begin where their column's name begins
        head.setStyleSheet(
            f"QHeaderView::section {{ font-size: {px(TYPE.small)}px; padding: 0 0 0 {px(SPACE.s)}px; }}"
            f"QHeaderView::section:first {{ padding-left: {px(SPACE.m)}px; }}"
        )
        head.setFixedHeight(px(28))
        self._fit()

    def _tick(self) -> None:
        """Once a minute, and only the cells in sight."""
        first, last = self.rowAt(0), self.rowAt(self.viewport().height() - 1)
        if self.isVisible() and first >= 0:
            column = COLUMNS.index("elapsed")
            for at in range(first, (last if last >= 0 else self.board.rowCount() - 1) + 1):
                if self.board.rows[at].until is None:
                    self.update(self.board.index(at, column))
        now = self._now().astimezone(SHANGHAI)
        self._minute.start(MINUTE_MS - now.second * 1000 - now.microsecond // 1000 + 20)

    def _fit(self) -> None:
        px, room = self._theme.px, self.viewport().width()
        widths = {column: px(width) for column, width in WIDTHS.items()}
        # as wide as the widest grade of this language
        words = [self._words.label("codes.grade", grade) for grade in (*GRADES, "none")]
        widths["grade"] = max(grade_size(word, self._theme).width() for word in words) + px(
            SPACE.l + SPACE.xs
        )
        shown = [column for column in COLUMNS if column != "title"]
        for column in SPARED:
            if sum(widths[each] for each in shown) + px(TITLE_MIN) <= room:
                break
            shown.remove(column)
        for at, column in enumerate(COLUMNS):
            self.setColumnHidden(at, column != "title" and column not in shown)
            if column != "title":
                self.setColumnWidth(at, widths[column])
        taken = sum(widths[each] for each in shown)
        self.setColumnWidth(COLUMNS.index("title"), max(px(80), room - taken))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The title takes what is left; a narrow table leaves columns out."""
        super().resizeEvent(event)
        self._fit()

    def event(self, event: QEvent) -> bool:
        """Coming in by keyboard, the first is chosen."""
        if event.type() == QEvent.Type.FocusIn and self.chosen() is None and self.board.rows:
            self.choose(self.board.rows[0].id)
        return super().event(event)

    def keyboardSearch(self, search: str) -> None:
        """Letters are keys here, not a search."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The board's keys; letters also in the Chinese state."""
        letter = unicodedata.normalize("NFKC", event.text()).casefold()
        chosen = self.chosen()
        if is_enter(event):
            if chosen is not None and not event.isAutoRepeat():
                self.wanted.emit(chosen)
        elif letter == "n" and not event.modifiers() & ~Qt.KeyboardModifier.ShiftModifier:
            self.new_wanted.emit()
        elif event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self.other_wanted.emit()
        else:
            super().keyPressEvent(event)

    def row_rect(self, id_: UUID) -> QRect:
        """Where an incident's row is painted, in the viewport."""
        at = self.board.row_of(id_)
        return QRect(
            QPoint(0, self.rowViewportPosition(at)), QSize(self.viewport().width(), self.rowHeight(at))
        )
