"""The grade of an incident: its word with filled bars, no numeral and no colour."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui.theme import SPACE, TYPE, Theme

BARS = 4
_BAR, _GAP, _TALL, _PAD = 5, 2, 11, 8


def grade_size(word: str, theme: Theme) -> QSize:
    """The size of the badge for ``word``, in pixels."""
    metrics = QFontMetricsF(theme.font(TYPE.body, bold=True))
    bars = theme.px(_BAR) * BARS + theme.px(_GAP) * (BARS - 1)
    width = theme.px(_PAD) * 2 + bars + theme.px(SPACE.xs + 1) + metrics.horizontalAdvance(word)
    return QSize(round(width + 1), theme.px(SPACE.control))


def paint_grade(painter: QPainter, rect: QRect | QRectF, filled: int, word: str, theme: Theme) -> None:
    """Draw the badge left-aligned and centred in height within ``rect``; ``filled`` of four bars.

    For item delegates and :class:`GradeBadge` alike. ValueError if ``filled`` is not 0 to 4.
    """
    if not 0 <= filled <= BARS:
        raise ValueError(f"{filled} bars of {BARS}")
    px = theme.px
    size = grade_size(word, theme)
    area = QRectF(rect)
    box = QRectF(area.left(), area.center().y() - size.height() / 2, size.width(), size.height())
    box = box.intersected(QRectF(area.left(), box.top(), area.width(), box.height()))
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(theme.colour("edge"), px(SPACE.hair)))
    painter.setBrush(theme.colour("panel"))
    painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), px(SPACE.radius_s), px(SPACE.radius_s))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    x = round(box.left()) + px(_PAD)
    top = round(box.center().y() - px(_TALL) / 2)
    for bar in range(BARS):
        painter.fillRect(
            QRect(x, top, px(_BAR), px(_TALL)), theme.colour("text" if bar < filled else "bar_empty")
        )
        x += px(_BAR) + px(_GAP)
    painter.setFont(theme.font(TYPE.body, bold=True))
    painter.setPen(theme.colour("text"))
    x += px(SPACE.xs + 1) - px(_GAP)
    text = QRectF(x, box.top(), box.right() - x, box.height())
    painter.drawText(text, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, word)
    painter.restore()


class GradeBadge(QWidget):
    """The badge as a widget."""

    def __init__(self, theme: Theme, filled: int, word: str) -> None:
        super().__init__()
        self._theme = theme
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.set_grade(filled, word)

    def set_grade(self, filled: int, word: str) -> None:
        """Show another grade. ValueError if ``filled`` is not 0 to 4."""
        if not 0 <= filled <= BARS:
            raise ValueError(f"{filled} bars of {BARS}")
        self._filled, self._word = filled, word
        self.setAccessibleName(word)
        self.updateGeometry()
        self.update()

    def set_theme(self, theme: Theme) -> None:
        """Take another look or scale."""
        self._theme = theme
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """As wide as the word needs."""
        return grade_size(self._word, self._theme)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Bars and word."""
        painter = QPainter(self)
        paint_grade(painter, self.rect(), self._filled, self._word, self._theme)
        painter.end()
