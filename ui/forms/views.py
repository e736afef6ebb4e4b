"""The views of a field while nobody edits it: words, a framed word, a grade; Enter, F2 or a click begins."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QEnterEvent,
    QFocusEvent,
    QFont,
    QFontMetrics,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QTextLayout,
    QTextOption,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui.shell.composing import is_enter
from ui.shell.grade import grade_size, paint_grade
from ui.theme import SPACE, TYPE, Theme


def _begins(event: QKeyEvent) -> bool:
    return is_enter(event) or event.key() == Qt.Key.Key_F2


class View(QWidget):
    """What every view is: it can be focused, shows that, and says when it should be edited."""

    begun = Signal()

    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__()
        self._theme = theme
        self._name = name
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.IBeamCursor)

    def show_text(self, text: str, placeholder: str = "") -> None:
        """Show words, or quieter ones where there are none."""
        self.setAccessibleName(f"{self._name} {text or placeholder}")

    def set_theme(self, theme: Theme) -> None:
        """Take another look or scale."""
        self._theme = theme
        self.updateGeometry()
        self.update()

    def event(self, event: QEvent) -> bool:
        """Enter and F2 are this field's, not the window's."""
        pressed = event if isinstance(event, QKeyEvent) else None
        if pressed is not None and event.type() == QEvent.Type.ShortcutOverride and _begins(pressed):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter and F2 begin."""
        if _begins(event) and not event.isAutoRepeat():
            self.begun.emit()
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A click begins."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.begun.emit()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show the ring."""
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Take it away."""
        super().focusOutEvent(event)
        self.update()

    def enterEvent(self, event: QEnterEvent) -> None:
        """Under the mouse it shows that it can be edited."""
        super().enterEvent(event)
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        """No longer."""
        super().leaveEvent(event)
        self.update()

    def _paint_frame(self, painter: QPainter, *, always: bool = False) -> None:
        theme, px = self._theme, self._theme.px
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        hovered = self.underMouse()
        painter.setBrush(theme.colour("raised") if hovered else Qt.BrushStyle.NoBrush)
        if self.hasFocus():
            painter.setPen(QPen(theme.colour("accent"), px(SPACE.focus)))
        elif always or hovered:
            painter.setPen(QPen(theme.colour("line"), px(SPACE.hair)))
        else:
            return
        painter.drawRoundedRect(rect, px(SPACE.radius_s), px(SPACE.radius_s))


class WordsView(View):
    """Words in one size; wrapped, or on one line with an ellipsis; framed like a chip if wanted."""

    def __init__(
        self,
        theme: Theme,
        name: str,
        *,
        size: int = TYPE.body,
        bold: bool = False,
        figures: bool = False,
        wrapped: bool = False,
        framed: bool = False,
    ) -> None:
        super().__init__(theme, name)
        self._size, self._bold, self._figures = size, bold, figures
        self._wrapped, self._framed = wrapped, framed
        self._text, self._empty = "", True
        across = QSizePolicy.Policy.Maximum if framed else QSizePolicy.Policy.Preferred
        policy = QSizePolicy(across, QSizePolicy.Policy.Fixed if not wrapped else QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(wrapped)
        self.setSizePolicy(policy)

    def show_text(self, text: str, placeholder: str = "") -> None:
        """Show words."""
        super().show_text(text, placeholder)
        self._text, self._empty = text or placeholder, not text
        self.setToolTip("" if self._wrapped else text)
        self.updateGeometry()
        self.update()

    def text(self) -> str:
        """What stands there."""
        return "" if self._empty else self._text

    def _font(self) -> QFont:
        return self._theme.font(self._size, bold=self._bold and not self._empty, figures=self._figures)

    def _pads(self) -> tuple[int, int]:
        return self._theme.px(SPACE.s - 2), self._theme.px(SPACE.xs)

    def _layouts(self, width: int) -> tuple[list[tuple[QTextLayout, float]], float]:
        """Laid out paragraphs with their tops, and the height of all."""
        option = QTextOption(Qt.AlignmentFlag.AlignLeft)
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        out, y = [], 0.0
        leading = QFontMetrics(self._font()).lineSpacing() * 1.15
        for paragraph in self._text.split("\n"):
            layout = QTextLayout(paragraph, self._font())
            layout.setTextOption(option)
            layout.beginLayout()
            top, line_y = y, 0.0
            while (line := layout.createLine()).isValid():
                line.setLineWidth(max(1, width))
                line.setPosition(QPointF(0, line_y))
                line_y += leading
            layout.endLayout()
            y += max(line_y, leading)
            out.append((layout, top))
        return out, y

    def hasHeightForWidth(self) -> bool:
        """Wrapped words need more rows when narrower."""
        return self._wrapped

    def heightForWidth(self, width: int) -> int:
        """All rows."""
        across, down = self._pads()
        return round(self._layouts(width - 2 * across)[1]) + 2 * down

    def sizeHint(self) -> QSize:
        """As wide as the words, one row."""
        across, down = self._pads()
        metrics = QFontMetrics(self._font())
        width = metrics.horizontalAdvance(self._text) + 2 * across + 2
        if self._wrapped:
            width = min(width, self._theme.px(280))
            return QSize(width, self.heightForWidth(width))
        return QSize(width, max(self._theme.px(SPACE.control - 2), metrics.height() + 2 * (down - 1)))

    def minimumSizeHint(self) -> QSize:
        """A few signs."""
        return QSize(
            self._theme.px(48), self.sizeHint().height() if not self._wrapped else self._theme.px(24)
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        """The words."""
        painter = QPainter(self)
        self._paint_frame(painter, always=self._framed)
        across, down = self._pads()
        painter.setPen(self._theme.colour("faint" if self._empty else "text"))
        if self._wrapped:
            for layout, top in self._layouts(self.width() - 2 * across)[0]:
                layout.draw(painter, QPointF(across, down + top))
        else:
            font = self._font()
            painter.setFont(font)
            room = self.width() - 2 * across
            text = self._text.replace("\n", " ")
            if QFontMetrics(font).horizontalAdvance(text) > room + 1:
                text = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, room)
            rect = QRectF(across, 0, room + 2, self.height())
            painter.drawText(rect, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine, text)
        painter.end()


class GradeView(View):
    """The badge of a grade; a quiet word where there is none."""

    def __init__(self, theme: Theme, name: str, bars: Callable[[str], int]) -> None:
        """``bars``: how many are filled for a grade's word; 0: it is none."""
        super().__init__(theme, name)
        self._bars, self._word = 0, ""
        self._bars_of = bars
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def show_text(self, text: str, placeholder: str = "") -> None:
        """Show another grade."""
        super().show_text(text, placeholder)
        self._word = text or placeholder
        self._bars = self._bars_of(text)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """The badge and room for the ring."""
        pad = self._theme.px(SPACE.focus) * 2
        if self._bars:
            size = grade_size(self._word, self._theme)
        else:
            metrics = QFontMetrics(self._theme.font(TYPE.body))
            width = metrics.horizontalAdvance(self._word) + self._theme.px(SPACE.s) * 2
            size = QSize(width, self._theme.px(SPACE.control))
        return QSize(size.width() + pad, size.height() + pad)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Bars and word."""
        painter = QPainter(self)
        pad = self._theme.px(SPACE.focus)
        inside = self.rect().adjusted(pad, pad, -pad, -pad)
        if self._bars:
            paint_grade(painter, inside, self._bars, self._word, self._theme)
            self._paint_frame_over(painter)
        else:
            self._paint_frame(painter, always=True)
            painter.setFont(self._theme.font(TYPE.body))
            painter.setPen(self._theme.colour("muted"))
            painter.drawText(inside, Qt.AlignmentFlag.AlignCenter, self._word)
        painter.end()

    def _paint_frame_over(self, painter: QPainter) -> None:
        if self.hasFocus():
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(self._theme.colour("accent"), self._theme.px(SPACE.focus)))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            radius = self._theme.px(SPACE.radius_s + 1)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), radius, radius)
