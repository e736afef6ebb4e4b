"""The chip and the label: the two small parts most of the frame is made of."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QAbstractButton, QLabel, QWidget

from ui.theme import SPACE, TYPE, Theme


class Label(QLabel):
    """A text in one ink and one size of the theme; plain text only."""

    def __init__(
        self,
        theme: Theme,
        text: str = "",
        *,
        ink: str = "text",
        size: int = TYPE.body,
        bold: bool = False,
        figures: bool = False,
        elided: bool = False,
    ) -> None:
        super().__init__()
        self._elided = elided
        self._ink, self._size, self._bold, self._figures = ink, size, bold, figures
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setText(text)
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """Take another look or scale."""
        self._theme = theme
        self.setFont(theme.font(self._size, bold=self._bold, figures=self._figures))
        self.set_ink(self._ink)

    def minimumSizeHint(self) -> QSize:
        """An elided text may become as narrow as it must."""
        hint = super().minimumSizeHint()
        return QSize(self._theme.px(SPACE.l), hint.height()) if self._elided else hint

    def paintEvent(self, event: QPaintEvent) -> None:
        """The text, shortened with an ellipsis where it is elided and too long."""
        if not self._elided:
            super().paintEvent(event)
            return
        painter = QPainter(self)
        painter.setPen(self._theme.colour(self._ink))
        text = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width())
        painter.drawText(self.rect(), self.alignment(), text)
        painter.end()

    def set_ink(self, ink: str) -> None:
        """Write in another colour token."""
        self._ink = ink
        palette = self.palette()
        palette.setColor(QPalette.ColorRole.WindowText, self._theme.colour(ink))
        self.setPalette(palette)


class Chip(QAbstractButton):
    """A small framed word with an optional caption before it and a key after it: "channel phone Alt+1".

    Tones: "plain", "accent" (chosen), "strong" (must be seen), "danger", "flat" (no frame).
    """

    def __init__(self, theme: Theme, text: str = "", *, caption: str = "", key: str = "") -> None:
        super().__init__()
        self._theme = theme
        self._caption, self._key, self._tone = caption, key, "plain"
        self._max_width = 0
        self._bold = False
        self.setText(text)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(" ".join(part for part in (caption, text) if part))

    def set_theme(self, theme: Theme) -> None:
        """Take another look or scale."""
        self._theme = theme
        self.updateGeometry()
        self.update()

    def show_text(self, text: str, tone: str = "plain", *, bold: bool = False) -> None:
        """Show another word in another tone."""
        if (text, tone, bold) == (self.text(), self._tone, self._bold):
            return
        self._tone, self._bold = tone, bold
        self.setText(text)
        self.setAccessibleName(" ".join(part for part in (self._caption, text) if part))
        self.updateGeometry()
        self.update()

    def tone(self) -> str:
        """The tone shown now."""
        return self._tone

    def set_max_text_width(self, pixels_at_100: int) -> None:
        """Shorten the word with an ellipsis beyond this width; the whole is in the tool tip."""
        self._max_width = pixels_at_100
        self.updateGeometry()

    def _parts(self) -> list[tuple[str, bool, bool, str]]:
        """(text, bold, figures, ink) of each part shown."""
        c = {"accent": "accent_soft_text", "strong": "strong_text", "danger": "danger_soft_text"}
        ink = c.get(self._tone, "text")
        quiet = ink if self._tone in c else "muted"
        if not self.isEnabled():
            ink = quiet = "faint"
        text = self.text()
        if self._max_width:
            metrics = self._metrics(self._bold, False)
            text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, self._theme.px(self._max_width))
        parts = [(self._caption, False, False, quiet), (text, self._bold, False, ink)]
        parts.append((self._key, False, True, quiet))
        return [part for part in parts if part[0]]

    def _metrics(self, bold: bool, figures: bool) -> QFontMetricsF:
        size = TYPE.tiny if figures else TYPE.small
        return QFontMetricsF(self._theme.font(size, bold=bold, figures=figures))

    def sizeHint(self) -> QSize:
        """As wide as its words."""
        parts = self._parts()
        gap = self._theme.px(SPACE.s)
        width = sum(self._metrics(b, f).horizontalAdvance(t) for t, b, f, _ in parts)
        width += gap * 2 + self._theme.px(6) * max(0, len(parts) - 1)
        return QSize(round(width + 2), self._theme.px(SPACE.control - 2))

    def minimumSizeHint(self) -> QSize:
        """The same: a chip is never cut."""
        return self.sizeHint()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter presses it like the space bar."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.isEnabled():
            self.click()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Frame, words, and a ring when it has the focus."""
        theme, px = self._theme, self._theme.px
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        ground = {"accent": "accent_soft", "strong": "strong", "danger": "danger_soft"}.get(self._tone)
        edge = {"accent": "accent", "strong": "strong", "danger": "danger"}.get(self._tone, "line")
        if (
            ground is None
            and self.isEnabled()
            and self.underMouse()
            and self.focusPolicy() != Qt.FocusPolicy.NoFocus
        ):
            ground = "raised"
        painter.setBrush(theme.colour(ground) if ground else Qt.BrushStyle.NoBrush)
        if self.hasFocus():
            painter.setPen(QPen(theme.colour("accent"), px(SPACE.focus)))
        elif self._tone == "flat":
            painter.setPen(Qt.PenStyle.NoPen)
        else:
            painter.setPen(QPen(theme.colour(edge), px(SPACE.hair)))
        painter.drawRoundedRect(rect, px(SPACE.radius_s), px(SPACE.radius_s))
        x = float(px(SPACE.s))
        for text, bold, figures, ink in self._parts():
            size = TYPE.tiny if figures else TYPE.small
            painter.setFont(theme.font(size, bold=bold, figures=figures))
            painter.setPen(theme.colour(ink))
            width = self._metrics(bold, figures).horizontalAdvance(text) + 1
            box = QRectF(x, 0, width, self.height())
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextDontClip, text)
            x += width - 1 + px(6)
        painter.end()


def repaint_all(root: QWidget, theme: Theme) -> None:
    """Give every chip and label under ``root`` another theme."""
    for chip in root.findChildren(Chip):
        chip.set_theme(theme)
    for label in root.findChildren(Label):
        label.set_theme(theme)
