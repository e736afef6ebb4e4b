"""The message strip: one sentence above the page, in the place of a dialog."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from commandcenter.words import Words
from ui.shell.chip import Chip, Label
from ui.theme import SPACE, Theme


class MessageStrip(QWidget):
    """Hidden until something is to be said; takes no focus by itself and covers nothing."""

    closed = Signal()

    def __init__(self, words: Words, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._action: Callable[[], None] | None = None
        self._problem = False
        row = self._row = QHBoxLayout(self)
        self._sentence = Label(theme)
        self._sentence.setWordWrap(True)
        self._sentence.setMinimumWidth(1)
        self._act = Chip(theme)
        self._act.clicked.connect(self._acted)
        self._close = Chip(theme, words("shell.strip.close"))
        self._close.clicked.connect(self.clear)
        row.addWidget(self._sentence, 1)
        row.addWidget(self._act)
        row.addWidget(self._close)
        self.setAccessibleName(words("shell.strip.name"))
        self.set_theme(theme)
        self.setVisible(False)

    def show_message(
        self,
        sentence: str,
        *,
        problem: bool = False,
        action_label: str = "",
        action: Callable[[], None] | None = None,
    ) -> None:
        """Say one sentence, with at most one action; it stays until closed or replaced."""
        self._action, self._problem = action, problem
        self._sentence.setText(sentence)
        self._sentence.set_ink("danger_soft_text" if problem else "accent_soft_text")
        self._act.show_text(action_label, "accent", bold=True)
        self._act.setVisible(action is not None and bool(action_label))
        self.setAccessibleDescription(sentence)
        self.setVisible(True)
        self.update()

    def sentence(self) -> str:
        """What is said now, "" if nothing."""
        return "" if self.isHidden() else self._sentence.text()

    def clear(self) -> None:
        """Say nothing."""
        self._action = None
        self.setVisible(False)
        self.closed.emit()

    def _acted(self) -> None:
        action = self._action
        self.clear()
        if action is not None:
            action()

    def set_theme(self, theme: Theme) -> None:
        """Take another look or scale (chips and labels are told by the shell)."""
        self._theme = theme
        px = theme.px
        self._row.setContentsMargins(px(SPACE.l), px(SPACE.xs), px(SPACE.m), px(SPACE.xs))
        self._row.setSpacing(px(SPACE.s))
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc closes it."""
        if event.key() == Qt.Key.Key_Escape:
            self.clear()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The ground, a mark on the left and the line below."""
        painter, colour, px = QPainter(self), self._theme.colour, self._theme.px
        painter.fillRect(self.rect(), colour("danger_soft" if self._problem else "accent_soft"))
        mark = colour("danger" if self._problem else "accent")
        painter.fillRect(0, 0, px(SPACE.mark), self.height(), mark)
        painter.end()
