"""The panel: a framed ground with a title, what stands at its right, and its body."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from ui.shell.chip import Label
from ui.theme import SPACE, TYPE, Theme

HEAD = 42


class Panel(QWidget):
    """Put parts into ``head`` (right of the title) and ``body``. ``flush``: the body reaches the frame."""

    def __init__(self, theme: Theme, title: str = "", *, flush: bool = False) -> None:
        super().__init__()
        self._theme, self._flush = theme, flush
        column = self._column = QVBoxLayout(self)
        column.setSpacing(0)
        self._top = QWidget()
        self.head = QHBoxLayout(self._top)
        self.title = Label(theme, title, size=TYPE.line, bold=True, elided=True)
        self.head.addWidget(self.title, 1)
        column.addWidget(self._top)
        self._inner = QWidget()
        self.body = QVBoxLayout(self._inner)
        column.addWidget(self._inner, 1)
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """Take another look or scale (chips and labels are told by the shell)."""
        self._theme = theme
        px = theme.px
        hair = px(SPACE.hair)
        self._column.setContentsMargins(hair, hair, hair, hair)
        self._top.setFixedHeight(px(HEAD))
        self.head.setContentsMargins(px(SPACE.m), 0, px(SPACE.m), 0)
        self.head.setSpacing(px(SPACE.s))
        side, foot = (0, px(SPACE.xs)) if self._flush else (px(SPACE.m), px(SPACE.m))
        self.body.setContentsMargins(side, 0 if self._flush else px(SPACE.m), side, foot)
        self.body.setSpacing(0 if self._flush else px(SPACE.s))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Ground, frame, and the line below the head."""
        theme, px = self._theme, self._theme.px
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.colour("line"), px(SPACE.hair)))
        painter.setBrush(theme.colour("panel"))
        rect = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(rect, px(SPACE.radius), px(SPACE.radius))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        hair = px(SPACE.hair)
        painter.fillRect(
            hair, self._top.geometry().bottom(), self.width() - 2 * hair, hair, theme.colour("line")
        )
        painter.end()
