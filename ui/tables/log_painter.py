"""The painter of a log list's cells: time and date, tag, text with its marks, names."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetricsF, QPainter, QPen, QPixmap, QStaticText
from PySide6.QtWidgets import QWidget

from ui.tables.log_model import COUNTERPART, INCIDENT, TAG, TEXT, TIME, WHO, LogModel
from ui.tables.wording import Run, Shown, spans
from ui.theme import SPACE, TYPE, Theme

# More than the widest screen shows; measuring a text of 4,000 signs to cut it costs a millisecond.
CHARACTERS = 400
CACHED = 400
WIDEST = 1.6  # no sign is wider, in font sizes: a short text need not be measured
STRUCK_TOO = ("struck", "mark", "break")  # what a struck text is made of
STRUCK_SHARE = 0.45  # of the cell, at least, when the words after it need room

WIDTHS = {TIME: 96, TAG: 74, INCIDENT: 150, COUNTERPART: 170, WHO: 170}  # pixels at 100 %


class _Pen:
    """A font with its measures: asking Qt for them again and again is what costs."""

    def __init__(self, font: QFont) -> None:
        self.font = font
        self.metrics = QFontMetricsF(font)
        self.ascent = self.metrics.ascent()
        self.height = self.metrics.height()


class LogPainter:
    """Paints from the model's words; never touches a line."""

    def __init__(self, model: LogModel, theme: Theme, view: QWidget) -> None:
        self._model = model
        self._view = view
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
        self._clock_step = self._pens["clock"].metrics.horizontalAdvance("00:00:00") / 8
        self._struck_ink = theme.colour("faint")
        self._badges: dict[tuple[str, str, int, float], QPixmap] = {}
        self._texts: dict[tuple[str, str, int], QStaticText] = {}
        names = "text muted faint accent accent_soft selection line line_soft edge strong strong_text"
        self._inks: dict[str, QColor] = {name: theme.colour(name) for name in names.split()}
        self._grounds: dict[str, QBrush] = {name: theme.brush(name) for name in names.split()}

    def paint_cell(self, painter: QPainter, rect: QRect, row: int, column: int, selected: bool) -> None:
        """One cell."""
        inks = self._grounds
        if selected:
            painter.fillRect(rect, inks["selection"])
        self._struck_ink = self._inks["muted" if selected else "faint"]  # faint is too little on a selection
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
            name = {INCIDENT: "number", COUNTERPART: "body", WHO: "small"}[column]
            self._plain(painter, rect, shown.cells()[column], name)

    # ---- cells

    def _time(self, painter: QPainter, rect: QRect, shown: Shown | None, date: str) -> None:
        left = float(rect.left() + self._pad + self._px(SPACE.mark))
        clock, small = self._pens["clock"], self._pens["date"]
        middle = rect.top() + rect.height() / 2
        baseline = middle - clock.height / 2 + clock.ascent
        if date:
            gap = self._px(6)
            high, low = clock.metrics.capHeight(), small.metrics.capHeight()
            baseline = middle - (high + gap + low) / 2 + high
            painter.setFont(small.font)
            painter.setPen(self._inks["accent"])
            painter.drawText(QPointF(left, baseline + gap + low), date)
        if shown is None:
            return
        painter.setFont(clock.font)
        painter.setPen(self._inks["muted" if shown.quiet else "text"])
        for part in (shown.time[:3], shown.time[3:6], shown.time[6:]):  # few different ones, shaped once each
            painter.drawStaticText(
                QPointF(left, baseline - clock.ascent), self._laid_out(part, "clock", rect.width())
            )
            left += self._clock_step * len(part)

    def _tag(self, painter: QPainter, rect: QRect, shown: Shown) -> None:
        if shown.tag:
            self._badge(painter, rect, shown.tag, "plain")

    def _badge(self, painter: QPainter, rect: QRect | QRectF, text: str, kind: str) -> float:
        """A small framed word, its left side on the rectangle's; returns the x behind it."""
        ratio = painter.device().devicePixelRatio()
        key = (text, kind, int(rect.width()), ratio)
        picture = self._badges.get(key)
        if picture is None:
            if len(self._badges) >= CACHED:
                self._badges.clear()
            picture = self._badges[key] = self._draw_badge(text, kind, rect.width(), ratio)
        size = picture.deviceIndependentSize()
        top = rect.top() + (rect.height() - size.height()) // 2
        painter.drawPixmap(QPointF(rect.left(), top), picture)
        return rect.left() + size.width()

    def _draw_badge(self, text: str, kind: str, room: float, ratio: float) -> QPixmap:
        pen = self._pens["small" if kind in ("plain", "late") else "small_bold"]
        inks, inner = self._inks, self._px(6)
        words = pen.metrics.elidedText(text, Qt.TextElideMode.ElideRight, room - self._pad - 2 * inner)
        width, height = round(pen.metrics.horizontalAdvance(words)) + 2 * inner, self._px(21)
        picture = QPixmap(math.ceil((width + 1) * ratio), math.ceil(height * ratio))
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        box = QRectF(0.5, 0.5, width, height - 1)
        painter = QPainter(picture)
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
        painter.setPen(inks[{"urgent": "strong_text", "important": "text"}.get(kind, "muted")])
        painter.setFont(pen.font)
        baseline = box.center().y() - pen.height / 2 + pen.ascent
        painter.drawText(QPointF(box.left() + inner, baseline), words)
        painter.end()
        return picture

    def _laid_out(self, text: str, name: str, room: int) -> QStaticText:
        """``text`` cut to ``room`` and shaped once: names and numbers come again and again."""
        key = (text, name, room)
        laid = self._texts.get(key)
        if laid is None:
            if len(self._texts) >= CACHED:
                self._texts.clear()
            pen = self._pens[name]
            cut = pen.metrics.elidedText(text[:CHARACTERS], Qt.TextElideMode.ElideRight, room)
            laid = QStaticText(cut)
            laid.setTextFormat(Qt.TextFormat.PlainText)
            laid.setPerformanceHint(QStaticText.PerformanceHint.AggressiveCaching)
            laid.prepare(font=pen.font)
            self._texts[key] = laid
        return laid

    def _plain(self, painter: QPainter, rect: QRect, text: str, name: str) -> None:
        if text:
            pen = self._pens[name]
            painter.setFont(pen.font)
            painter.setPen(self._inks["muted"])
            top = rect.top() + (rect.height() - pen.height) / 2
            painter.drawStaticText(
                QPointF(rect.left(), top), self._laid_out(text, name, rect.width() - self._pad)
            )

    def _text(self, painter: QPainter, rect: QRect, shown: Shown) -> None:
        x = float(rect.left())
        right = rect.right() - self._pad * 2
        gap = self._px(6)
        if shown.badge:
            x = self._badge(
                painter, QRectF(x, rect.top(), right - x, rect.height()), shown.badge_text, shown.badge
            )
            x += gap
        if shown.late_text:
            x = (
                self._badge(painter, QRectF(x, rect.top(), right - x, rect.height()), shown.late_text, "late")
                + gap
            )
        self._runs(painter, rect, x, right, shown)

    def _runs(self, painter: QPainter, rect: QRect, x: float, right: float, shown: Shown) -> None:
        pieces = _cut(shown.runs)
        pens = [self._pen_of(run, shown) for run in pieces]
        if len(pieces) == 1 and len(pieces[0].text) * pens[0].font.pixelSize() * WIDEST < right - x:
            run, pen = pieces[0], pens[0]
            self._mark_hits(painter, rect, x, run.text, pen, run)
            painter.setFont(pen.font)
            painter.setPen(self._ink_of(run))
            painter.drawText(QPointF(x, rect.top() + (rect.height() - pen.height) / 2 + pen.ascent), run.text)
            return
        widths = [pen.metrics.horizontalAdvance(run.text) for run, pen in zip(pieces, pens, strict=True)]
        room = right - x
        limits = [right] * len(pieces)
        if sum(widths) > room and pieces and pieces[0].ink in STRUCK_TOO and pieces[-1].ink != "struck":
            # the struck words give way to what replaces them, but never wholly
            tail = next((at for at, run in enumerate(pieces) if run.ink not in STRUCK_TOO), len(pieces))
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
            painter.setPen(self._ink_of(run))
            painter.drawText(QPointF(x, middle - pen.height / 2 + pen.ascent), text)
            x += width
            if cut_at == right:
                return

    def _pen_of(self, run: Run, shown: Shown) -> _Pen:
        if run.ink == "struck":
            return self._pens["struck"]
        return self._pens["bold" if shown.badge and run.ink == "text" else "line"]

    def _ink_of(self, run: Run) -> QColor:
        if run.ink in ("struck", "break"):
            return self._struck_ink
        return self._inks["accent" if run.ink == "mark" else run.ink]

    def _mark_hits(self, painter: QPainter, rect: QRect, x: float, text: str, pen: _Pen, run: Run) -> None:
        if not self.highlight or run.ink in ("mark", "break"):
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
        struck = run.ink in STRUCK_TOO
        left = CHARACTERS - counts.get(struck, 0)
        counts[struck] = counts.get(struck, 0) + len(run.text)
        if left > 0:
            out.append(run if len(run.text) <= left else Run(run.text[:left] + "…", run.ink))
    return out
