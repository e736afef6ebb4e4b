"""The hits of a search as a list: kind, time, the words found marked, and the incident."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QPointF,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QFont, QFontMetrics, QFontMetricsF, QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from commandcenter.domain.clock import SHANGHAI
from commandcenter.domain.folding import spans
from commandcenter.domain.record import REGISTRY
from commandcenter.services.sentences import destroyed_text
from commandcenter.words import Words
from db.queries.search import Hit
from ui.directory import HIDDEN, LiveDirectory
from ui.register_words import field_label, kind_label
from ui.tables.wording import visible
from ui.theme import SPACE, TYPE, Theme

Index = QModelIndex | QPersistentModelIndex
BEFORE = 16  # characters shown before the first word found
CHARACTERS = 400  # more than the widest screen shows
TIME, TAG, INCIDENT = 116, 88, 168  # widths at 100 %


@dataclass(frozen=True, kw_only=True)
class ShownHit:
    """A hit in words. ``marks``: where the words found stand in ``text``."""

    time: str
    tag: str
    text: str
    marks: tuple[tuple[int, int], ...]
    incident: str
    struck: bool


class HitModel(QAbstractListModel):
    """The newest hits of one search."""

    def __init__(self, words: Words, directory: LiveDirectory, now: Callable[[], datetime]) -> None:
        super().__init__()
        self._words, self._directory, self._now = words, directory, now
        self._query = ""
        self._hits: tuple[Hit, ...] = ()
        self._struck: frozenset[UUID] = frozenset()
        self._shown: dict[int, ShownHit] = {}

    def show(self, query: str, hits: Sequence[Hit], struck: frozenset[UUID] = frozenset()) -> None:
        """Other hits. The first ones, where they are the same, stay: more of them are only added."""
        fresh = tuple(hits)
        same = query == self._query and struck >= self._struck and fresh[: len(self._hits)] == self._hits
        if same and self._hits:
            if len(fresh) > len(self._hits):
                self.beginInsertRows(QModelIndex(), len(self._hits), len(fresh) - 1)
                self._hits, self._struck = fresh, struck
                self.endInsertRows()
            return
        self.beginResetModel()
        self._query, self._hits, self._struck = query, fresh, struck
        self._shown.clear()
        self.endResetModel()

    def names_changed(self) -> None:
        """An incident or a card is called something else now."""
        self._shown.clear()
        if self._hits:
            self.dataChanged.emit(self.index(0), self.index(len(self._hits) - 1))

    def hit(self, row: int) -> Hit | None:
        """The hit in a row."""
        return self._hits[row] if 0 <= row < len(self._hits) else None

    def row_of(self, id_: UUID | None) -> int | None:
        """Where a record stands."""
        return next((row for row, hit in enumerate(self._hits) if hit.id == id_), None)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """How many hits."""
        return 0 if parent.isValid() else len(self._hits)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """What a screen reader says."""
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return None
        shown = self.shown(index.row())
        return " ".join(part for part in (shown.time, shown.tag, shown.text, shown.incident) if part)

    def shown(self, row: int) -> ShownHit:
        """The hit in words, made when it is first seen."""
        if row not in self._shown:
            self._shown[row] = self._put(self._hits[row])
        return self._shown[row]

    def _put(self, hit: Hit) -> ShownHit:
        words = self._words
        text = self._text(hit)
        found = spans(text, self._query)
        if found and found[0][0] > BEFORE * 3:  # the word is far in: begin near it
            cut = found[0][0] - BEFORE
            text = "…" + text[cut : cut + CHARACTERS]
            found = spans(text, self._query)
        text = text[:CHARACTERS]
        return ShownHit(
            time=words("search.shipped") if hit.happened_at is None else self._time(hit.happened_at),
            tag=kind_label(words, hit.kind),
            text=text,
            marks=tuple((start, min(end, len(text))) for start, end in found if start < len(text)),
            incident="" if hit.incident_id is None else self._directory.name("incident", hit.incident_id),
            struck=hit.id in self._struck,
        )

    def _text(self, hit: Hit) -> str:
        """The record's own words, and the field that has the word where that is another."""
        kind, words = REGISTRY[hit.kind], self._words
        if self._directory.hidden and kind.register and kind.personal():
            return HIDDEN
        first = kind.title or next(iter(kind.searchable()))
        parts = [str(hit.values.get(first) or "") or destroyed_text(hit.gone.get(first), words)]
        if hit.field != first:
            found = str(hit.values.get(hit.field) or "")
            parts.append(words("search.field", field=field_label(words, hit.kind, hit.field), text=found))
        whole = "   ".join(part for part in parts if part)
        return visible(words, " ".join(whole.replace("\n", f" {words('log.line_break')} ").split()))

    def _time(self, at: datetime) -> str:
        local, now = at.astimezone(SHANGHAI), self._now().astimezone(SHANGHAI)
        return f"{local:%m-%d %H:%M}" if local.year == now.year else f"{local:%Y-%m-%d}"


class _Painter(QStyledItemDelegate):
    """Time, tag, text with its marks, incident."""

    def __init__(self, model: HitModel, theme: Theme, view: QWidget) -> None:
        super().__init__(view)
        self._model, self._theme, self._view = model, theme, view

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """One row."""
        return QSize(self._theme.px(200), self._theme.px(SPACE.row))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """One hit."""
        theme, px = self._theme, self._theme.px
        rect = QRect(option.rect)
        shown = self._model.shown(index.row())
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, theme.colour("selection"))
            mark = QRect(rect.left(), rect.top(), px(SPACE.mark), rect.height())
            painter.fillRect(mark, theme.colour("accent"))
        hair = px(SPACE.hair)
        painter.fillRect(rect.left(), rect.bottom() + 1 - hair, rect.width(), hair, theme.colour("line_soft"))
        middle = Qt.AlignmentFlag.AlignVCenter
        x = rect.left() + px(SPACE.m)
        painter.setFont(theme.font(TYPE.body, figures=True))
        painter.setPen(theme.colour("text"))
        painter.drawText(QRect(x, rect.top(), px(TIME), rect.height()), middle, shown.time)
        x += px(TIME)
        self._tag(painter, QRect(x, rect.top(), px(TAG) - px(SPACE.s), rect.height()), shown.tag)
        x += px(TAG)
        right = rect.right() - px(SPACE.m)
        if shown.incident and rect.width() > px(760):
            box = QRect(right - px(INCIDENT), rect.top(), px(INCIDENT), rect.height())
            font = theme.font(TYPE.small, figures=True)
            painter.setFont(font)
            painter.setPen(theme.colour("muted"))
            number = QFontMetrics(font).elidedText(shown.incident, Qt.TextElideMode.ElideRight, box.width())
            painter.drawText(box, middle | Qt.AlignmentFlag.AlignRight, number)
            right -= px(INCIDENT) + px(SPACE.s)
        self._text(painter, QRect(x, rect.top(), right - x, rect.height()), shown)

    def _tag(self, painter: QPainter, box: QRect, text: str) -> None:
        theme, px = self._theme, self._theme.px
        font = theme.font(TYPE.small)
        metrics = QFontMetrics(font)
        text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, box.width() - px(12))
        frame = QRectF(box.left() + 0.5, 0, metrics.horizontalAdvance(text) + px(12), px(21))
        frame.moveTop(box.center().y() - px(21) / 2 + 0.5)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.colour("line"), px(SPACE.hair)))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(frame, px(SPACE.radius_s), px(SPACE.radius_s))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setFont(font)
        painter.setPen(theme.colour("muted"))
        painter.drawText(frame, Qt.AlignmentFlag.AlignCenter, text)

    def _text(self, painter: QPainter, box: QRect, shown: ShownHit) -> None:
        theme = self._theme
        font = theme.font(TYPE.line)
        font.setStrikeOut(shown.struck)
        bold = QFont(font)
        bold.setWeight(QFont.Weight.Bold)
        plain_metrics, bold_metrics = QFontMetricsF(font), QFontMetricsF(bold)
        x, right = float(box.left()), float(box.right())
        middle = box.top() + box.height() / 2
        baseline = middle - plain_metrics.height() / 2 + plain_metrics.ascent()
        for text, marked in _pieces(shown):
            metrics = bold_metrics if marked else plain_metrics
            width = metrics.horizontalAdvance(text)
            if x + width > right:
                text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, right - x)
                width = metrics.horizontalAdvance(text)
            if marked:
                ground = QRectF(x, middle - metrics.height() / 2, width, metrics.height())
                painter.fillRect(ground, theme.colour("accent_soft"))
                # a line below: the mark is seen without colour too
                painter.fillRect(
                    QRectF(x, ground.bottom() - theme.px(2), width, theme.px(2)), theme.colour("accent")
                )
            painter.setFont(bold if marked else font)
            ink = "accent_soft_text" if marked else "muted" if shown.struck else "text"
            painter.setPen(theme.colour(ink))
            painter.drawText(QPointF(x, baseline), text)
            x += width
            if x >= right - 1:
                break


def _pieces(shown: ShownHit) -> list[tuple[str, bool]]:
    out: list[tuple[str, bool]] = []
    at = 0
    for start, end in shown.marks:
        if start > at:
            out.append((shown.text[at:start], False))
        out.append((shown.text[start:end], True))
        at = end
    if at < len(shown.text):
        out.append((shown.text[at:], False))
    return out


class HitView(QListView):
    """The list on screen; it is moved through from the field, and by itself."""

    opened = Signal()

    def __init__(self, model: HitModel, theme: Theme, name: str) -> None:
        super().__init__()
        self._model = model
        self.setModel(model)
        self._painter = _Painter(model, theme, self)
        self.setItemDelegate(self._painter)
        self.setAccessibleName(name)
        self.setFrameShape(QListView.Shape.NoFrame)
        self.setUniformItemSizes(True)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled, False)
        self.doubleClicked.connect(lambda _index: self.opened.emit())

    def marked(self) -> UUID | None:
        """The record marked."""
        hit = self.marked_hit()
        return None if hit is None else hit.id

    def marked_hit(self) -> Hit | None:
        """The hit marked."""
        return self._model.hit(self.currentIndex().row()) if self.currentIndex().isValid() else None

    def mark(self, id_: UUID | None) -> None:
        """Mark a record; the newest hit where it is not among them."""
        row = self._model.row_of(id_) or 0
        if self._model.rowCount():
            self.setCurrentIndex(self._model.index(row))
            self.scrollTo(self._model.index(row))

    def step(self, by: int) -> bool:
        """Mark another; False at the end."""
        count, row = self._model.rowCount(), self.currentIndex().row()
        wanted = max(0, min(count - 1, row + by))
        if not count or wanted == row:
            return False
        self.setCurrentIndex(self._model.index(wanted))
        return True

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter opens; letters are not a jump to a row."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.opened.emit()
        elif event.text() and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            event.ignore()
        else:
            super().keyPressEvent(event)
