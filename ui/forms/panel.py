"""The panel: the framed ground that a page's parts stand on, with a head line."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from ui.shell.chip import Label
from ui.theme import SPACE, TYPE, Theme


def paint_panel(painter: QPainter, widget: QWidget, theme: Theme) -> None:
    """Fill ``widget`` with the panel's colour, framed and rounded."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(theme.colour("line"), theme.px(SPACE.hair)))
    painter.setBrush(theme.colour("panel"))
    rect = QRectF(widget.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
    painter.drawRoundedRect(rect, theme.px(SPACE.radius), theme.px(SPACE.radius))


class Panel(QFrame):
    """A framed ground; with a title it has a head line, to whose right end parts can be added."""

    def __init__(self, theme: Theme, title: str = "") -> None:
        super().__init__()
        self._theme = theme
        self.setAccessibleName(title)
        self._outer = QVBoxLayout(self)
        self.head = QWidget()
        self.head_row = QHBoxLayout(self.head)
        self.title = Label(theme, title, bold=True)
        self.head_row.addWidget(self.title)
        self.head_row.addStretch(1)
        self.head.setVisible(bool(title))
        self.body = QVBoxLayout()
        self._outer.addWidget(self.head)
        self._outer.addLayout(self.body, 1)
        self._padded = True
        self._space()

    def set_padded(self, padded: bool) -> None:
        """Whether the body keeps a margin; a list goes to the frame."""
        self._padded = padded
        self._space()

    def add_right(self, part: QWidget) -> None:
        """Add a part at the right end of the head."""
        self.head_row.addWidget(part, 0, Qt.AlignmentFlag.AlignVCenter)

    def _space(self) -> None:
        px = self._theme.px
        hair = px(SPACE.hair)
        self._outer.setContentsMargins(hair, hair, hair, hair)
        self._outer.setSpacing(0)
        self.head_row.setContentsMargins(px(SPACE.m), 0, px(SPACE.s), 0)
        self.head_row.setSpacing(px(SPACE.s))
        self.head.setFixedHeight(px(SPACE.row - 1))
        side = px(SPACE.s) if self._padded else 0
        self.body.setContentsMargins(side, side, side, side)
        self.body.setSpacing(px(SPACE.s))

    def set_theme(self, theme: Theme) -> None:
        """Take another look or scale (labels and chips are told by the shell)."""
        self._theme = theme
        self._space()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Ground, frame and the line beneath the head."""
        painter = QPainter(self)
        paint_panel(painter, self, self._theme)
        if not self.head.isHidden():
            y = self.head.geometry().bottom()
            hair = self._theme.px(SPACE.hair)
            painter.fillRect(hair, y, self.width() - 2 * hair, hair, self._theme.colour("line_soft"))
        painter.end()
