"""The small things that lie over a log list: the day under the handle, the field for a day, new lines."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from commandcenter.words import Words
from ui.shell.chip import Label
from ui.shell.composing import TextLine
from ui.tables.days import DayError, parse_day
from ui.theme import SPACE, TYPE, Theme


class DayTip(QWidget):
    """A filled label that shows a day at once, where the handle of the scroll bar is."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._text = ""
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setVisible(False)

    def set_theme(self, theme: Theme) -> None:
        """Take another look or scale."""
        self._theme = theme
        self.resize(self.sizeHint())
        self.update()

    def text(self) -> str:
        """What it shows."""
        return self._text

    def show_at(self, text: str, right: int, middle: int) -> None:
        """Show ``text``, its right side at ``right``, kept within the parent."""
        self._text = text
        self.resize(self.sizeHint())
        parent = self.parentWidget()
        lowest = parent.height() - self.height() if parent is not None else 0
        self.move(right - self.width(), max(0, min(middle - self.height() // 2, lowest)))
        self.setVisible(True)
        self.raise_()
        self.update()

    def sizeHint(self) -> QSize:
        """As wide as its words."""
        metrics = QFontMetricsF(self._theme.font(TYPE.body, bold=True))
        pad = self._theme.px(SPACE.m)
        return QSize(round(metrics.horizontalAdvance(self._text)) + 2 * pad, self._theme.px(32))

    def paintEvent(self, event: QPaintEvent) -> None:
        """A filled box and the day."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.colour("strong"))
        radius = self._theme.px(SPACE.radius)
        painter.drawRoundedRect(QRectF(self.rect()), radius, radius)
        painter.setPen(self._theme.colour("strong_text"))
        painter.setFont(self._theme.font(TYPE.body, bold=True))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self._text)
        painter.end()


class GoToDay(QFrame):
    """A field for a day: "07-28", "20260728", a day word. Enter goes there, Esc closes it."""

    wanted = Signal(object)  # a date
    closed = Signal()

    def __init__(self, words: Words, theme: Theme, today: Callable[[], date], parent: QWidget) -> None:
        super().__init__(parent)
        self._words, self._theme, self._today = words, theme, today
        self.field = TextLine()
        self.said = Label(theme, "", ink="danger", size=TYPE.small)
        self._layout = QHBoxLayout(self)
        self._layout.addWidget(self.field)
        self._layout.addWidget(self.said)
        self.field.sent.connect(self._send)
        self.field.left.connect(self.close_field)
        self.field.textEdited.connect(lambda _: self._say(""))
        self.set_words(words)
        self.set_theme(theme)
        self.setVisible(False)

    def set_words(self, words: Words) -> None:
        """Take another language."""
        self._words = words
        self.field.setPlaceholderText(words("log.go.placeholder"))
        self.field.setAccessibleName(words("log.go.name"))

    def set_theme(self, theme: Theme) -> None:
        """Take another look or scale."""
        self._theme = theme
        self.field.setFont(theme.font(TYPE.body))
        self.field.setFixedWidth(theme.px(200))
        self.said.set_theme(theme)
        pad = theme.px(SPACE.s)
        self._layout.setContentsMargins(pad, pad, pad, pad)
        self.adjustSize()

    def open_field(self) -> None:
        """Show the field, empty, ready to type."""
        self.field.clear()
        self._say("")
        self.setVisible(True)
        self.raise_()
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def close_field(self) -> None:
        """Hide it and say so."""
        self.setVisible(False)
        self.closed.emit()

    def _send(self) -> None:
        day = parse_day(self.field.text(), self._today(), self._words)
        if isinstance(day, DayError):
            self._say(self._words(f"log.go.{day.code}"))
            return
        self.close_field()
        self.wanted.emit(day)

    def _say(self, sentence: str) -> None:
        self.said.setText(sentence)
        self.said.setVisible(bool(sentence))
        self.field.setProperty("refused", bool(sentence))
        self.field.style().unpolish(self.field)
        self.field.style().polish(self.field)
        self.adjustSize()

    def paintEvent(self, event: QPaintEvent) -> None:
        """A raised panel."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._theme.colour("edge"), self._theme.px(SPACE.hair)))
        painter.setBrush(self._theme.colour("raised"))
        radius = self._theme.px(SPACE.radius)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)
        painter.end()
