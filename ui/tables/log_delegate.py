"""The painter of a log list's cells: time and date, tag, text with its marks, names."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from ui.tables.log_model import COUNTERPART, INCIDENT, TAG, TEXT, TIME, WHO, Index, LogModel
from ui.tables.wording import Run, Shown, spans
from ui.theme import SPACE, TYPE, Theme

# More than the widest screen shows; measuring a text of 4,000 signs to cut it costs a millisecond.
CHARACTERS = 400
STRUCK_SHARE = 0.45  # of the cell, at least, when the words after it need room

WIDTHS = {TIME: 96, TAG: 74, INCIDENT: 150, COUNTERPART: 170, WHO: 170}  # pixels at 100 %


class _Pen:
    """A font with its measures: asking Qt for them again and again is what costs."""

    def __init__(self, font: QFont) -> None:
        self.font = font
        self.metrics = QFontMetricsF(font)
        self.ascent = self.metrics.ascent()
        self.height = self.metrics.height()


class LogDelegate(QStyledItemDelegate):
    """Paints from the model's words; never touches a line."""

    def __init__(self, model: LogModel, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._model = model
        self._view = parent
        self.highlight = ""
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """Take another look or scale."""
        self._theme = theme
        px = self._px = theme.px
        self.row_height = px(SPACE.row)
        self._pad = px(SPACE.s)
        struck = theme.font(TYPE.line)
        struck.setStrikeOut(True)
        self._pens = {
            "line": _Pen(theme.font(TYPE.line)),
            "bold": _Pen(theme.font(TYPE.line, bold=True)),
            "struck": _Pen(struck),
            "small": _Pen(theme.font(TYPE.small)),
            "small_bold": _Pen(theme.font(TYPE.small, bold=True)),
            "body": _Pen(theme.font(TYPE.body)),
            "clock": _Pen(theme.font(TYPE.line, figures=True)),
            "number": _Pen(theme.font(TYPE.small, figures=True)),
            "date": _Pen(theme.font(TYPE.tiny)),
        }
        names = (
            "text muted faint accent accent_soft selection line line_soft edge strong strong_text bar_empty mid"
        )
        self._inks: dict[str, QColor] = {name: theme.colour(name) for name in names.split()}

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """One height for all rows."""
        return QSize(self._px(WIDTHS.get(index.column(), 200)), self.row_height)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """One cell."""
        rect: QRect = option.rect  # type: ignore[attr-defined]
        state: QStyle.StateFlag = option.state  # type: ignore[attr-defined]
        column, row = index.column(), index.row()
        inks = self._inks
        selected = bool(state & QStyle.StateFlag.State_Selected)
        if selected:
            painter.fillRect(rect, inks["selection"])
        shown = self._model.shown(row)
        date, begins = self._model.head(row)
        hair = self._px(SPACE.hair)
        painter.fillRect(rect.left(), rect.bottom() + 1 - hair, rect.width(), hair, inks["line_soft"])
        if begins and row > 0:
            painter.fillRect(rect.left(), rect.top() - hair, rect.width(), hair, inks["edge"])
        if column == TIME:
            if selected:
                ink = inks["accent" if self._view.hasFocus() else "edge"]
                painter.fillRect(rect.left(), rect.top(), self._px(SPACE.mark), rect.height() - hair, ink)
            self._time(painter, rect, shown, date)
        elif shown is None:
            if column == TEXT:  # a calm bar where words will stand
                width = rect.width() * (35 + row * 29 % 40) // 100
                height = self._px(SPACE.s)
                painter.fillRect(
                    rect.left() + self._pad, rect.center().y() - height // 2, width, height, inks["line_soft"]
                )
        elif column == TEXT:
            self._text(painter, rect, shown)
        elif column == TAG:
            self._tag(painter, rect, shown)
        else:
            pen, ink_name = {
                INCIDENT: ("number", "muted"),
                COUNTERPART: ("body", "muted"),
                WHO: ("small", "muted"),
            }[column]
            self._plain(painter, rect, shown.cells()[column], self._pens[pen], inks[ink_name])

    # ---- cells

    def _time(self, painter: QPainter, rect: QRect, shown: Shown | None, date: str) -> None:
        left = rect.left() + self._pad + self._px(SPACE.mark)
        clock, small = self._pens["clock"], self._pens["date"]
        middle = rect.top() + rect.height() / 2
        baseline = middle - clock.height / 2 + clock.ascent
        if date:
            gap = clock.height * 0.92 + small.height * 0.96
            baseline = middle - gap / 2 + clock.ascent - clock.height * 0.04
            painter.setFont(small.font)
            painter.setPen(self._inks["accent"])
            painter.drawText(QPointF(left, middle + gap / 2 - small.height + small.ascent), date)
        if shown is None:
            return
        painter.setFont(clock.font)
        painter.setPen(self._inks["muted" if shown.quiet else "text"])
        painter.drawText(QPointF(left, baseline), shown.time)

    def _tag(self, painter: QPainter, rect: QRect, shown: Shown) -> None:
        if shown.tag:
            self._badge(painter, rect, shown.tag, "plain")

    def _badge(self, painter: QPainter, rect: QRect | QRectF, text: str, kind: str) -> float:
        """A small framed word, its left side on the rectangle's; returns the x behind it."""
        pen = self._pens["small" if kind in ("plain", "late") else "small_bold"]
        inks, inner = self._inks, self._px(6)
        area = QRectF(rect)
        room = area.width() - self._pad - 2 * inner
        words = pen.metrics.elidedText(text, Qt.TextElideMode.ElideRight, room)
        width, height = pen.metrics.horizontalAdvance(words) + 2 * inner, self._px(21)
        box = QRectF(area.left() + 0.5, round(area.center().y() - height / 2) + 0.5, round(width), height - 1)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        frame = QPen(inks["line" if kind == "plain" else "edge"], self._px(SPACE.hair))
        if kind == "late":
            frame.setStyle(Qt.PenStyle.DashLine)
        if kind == "urgent":
            painter.setBrush(inks["strong"])
            frame.setColor(inks["strong"])
        elif kind == "important":
            frame.setColor(inks["text"])
        painter.setPen(frame)
        painter.drawRoundedRect(box, self._px(SPACE.radius_s), self._px(SPACE.radius_s))
        ink = {"urgent": "strong_text", "important": "text"}.get(kind, "muted")
        painter.setPen(inks[ink])
        painter.setFont(pen.font)
        baseline = box.center().y() - pen.height / 2 + pen.ascent
        painter.drawText(QPointF(box.left() + inner, baseline), words)
        painter.restore()
        return box.right()

    def _plain(self, painter: QPainter, rect: QRect, text: str, pen: _Pen, ink: QColor) -> None:
        if not text:
            return
        room = rect.width() - self._pad
        text = text[:CHARACTERS]
        if pen.metrics.horizontalAdvance(text) > room:
            text = pen.metrics.elidedText(text, Qt.TextElideMode.ElideRight, room)
        painter.setFont(pen.font)
        painter.setPen(ink)
        middle = rect.top() + rect.height() / 2
        painter.drawText(QPointF(rect.left(), middle - pen.height / 2 + pen.ascent), text)

    def _text(self, painter: QPainter, rect: QRect, shown: Shown) -> None:
        x = float(rect.left())
        right = rect.right() - self._pad * 2
        gap = self._px(6)
        if shown.badge:
            x = self._badge(painter, QRectF(x, rect.top(), right - x, rect.height()), shown.badge_text, shown.badge)
            x += gap
        if shown.late_text:
            x = self._badge(painter, QRectF(x, rect.top(), right - x, rect.height()), shown.late_text, "late") + gap
        self._runs(painter, rect, x, right, shown)

    def _runs(self, painter: QPainter, rect: QRect, x: float, right: float, shown: Shown) -> None:
        pieces = _cut(shown.runs)
        pens = [self._pen_of(run, shown) for run in pieces]
        widths = [pen.metrics.horizontalAdvance(run.text) for run, pen in zip(pieces, pens, strict=True)]
        room = right - x
        limits = [right] * len(pieces)
        if sum(widths) > room and pieces and pieces[0].ink in ("struck", "mark") and pieces[-1].ink != "struck":
            # the struck words give way to what replaces them, but never wholly
            tail = next((at for at, run in enumerate(pieces) if run.ink not in ("struck", "mark")), len(pieces))
            share = max(room * STRUCK_SHARE, room - sum(widths[tail:]))
            limits[:tail] = [x + share] * tail
        middle = rect.top() + rect.height() / 2
        cut_at = 0.0
        for run, pen, width, limit in zip(pieces, pens, widths, limits, strict=True):
            if cut_at and limit <= cut_at:
                continue
            text = run.text
            if x + width > limit + 0.5:
                text = pen.metrics.elidedText(text, Qt.TextElideMode.ElideRight, max(0.0, limit - x))
                cut_at = limit
                width = pen.metrics.horizontalAdvance(text)
            self._mark_hits(painter, rect, x, text, pen, run)
            painter.setFont(pen.font)
            painter.setPen(self._ink_of(run, shown))
            painter.drawText(QPointF(x, middle - pen.height / 2 + pen.ascent), text)
            x += width
            if cut_at == right:
                return

    def _pen_of(self, run: Run, shown: Shown) -> _Pen:
        if run.ink == "struck":
            return self._pens["struck"]
        return self._pens["bold" if shown.badge and run.ink == "text" else "line"]

    def _ink_of(self, run: Run, shown: Shown) -> QColor:
        return self._inks[{"text": "text", "muted": "muted", "struck": "faint", "mark": "accent"}[run.ink]]

    def _mark_hits(self, painter: QPainter, rect: QRect, x: float, text: str, pen: _Pen, run: Run) -> None:
        if not self.highlight or run.ink == "mark":
            return
        height, under = self._px(21), self._px(SPACE.focus)
        top = rect.center().y() - height // 2
        for first, last in spans(text, self.highlight):
            begin = x + pen.metrics.horizontalAdvance(text[:first])
            width = pen.metrics.horizontalAdvance(text[first:last])
            painter.fillRect(QRectF(begin, top, width, height), self._inks["accent_soft"])
            painter.fillRect(QRectF(begin, top + height - under, width, under), self._inks["accent"])


def _cut(runs: tuple[Run, ...]) -> list[Run]:
    """The runs, each short enough to be measured; those of one ink that are too long end in an ellipsis."""
    out: list[Run] = []
    counts: dict[bool, int] = {}
    for run in runs:
        struck = run.ink in ("struck", "mark")
        left = CHARACTERS - counts.get(struck, 0)
        counts[struck] = counts.get(struck, 0) + len(run.text)
        if left > 0:
            out.append(run if len(run.text) <= left else Run(run.text[:left] + "…", run.ink))
    return out
