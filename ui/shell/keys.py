"""The overlay of keys: every action by group, over the page, gone with Esc."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from PySide6.QtCore import QRect, QRectF, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QWidget

from commandcenter.words import Words
from ui.theme import SPACE, TYPE, Theme


class KeyHint(NamedTuple):
    """One action as the overlay shows it: its key, what it does, the group it belongs to."""

    key: str
    label: str
    group: str


class KeyOverlay(QWidget):
    """A panel of columns painted over its parent; it keeps to the parent's size and scrolls if it must."""

    closed = Signal()

    def __init__(self, words: Words, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._covered = parent
        self._words, self._theme = words, theme
        self._groups: list[tuple[str, list[KeyHint]]] = []
        self._scroll = 0
        self._height = 0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(words("shell.keys.title"))
        self.setVisible(False)

    def show_hints(self, hints: Sequence[KeyHint]) -> None:
        """Show these actions; groups in the order they first appear."""
        groups: dict[str, list[KeyHint]] = {}
        for hint in hints:
            groups.setdefault(hint.group, []).append(hint)
        self._groups = list(groups.items())
        self.setAccessibleDescription("; ".join(f"{hint.key} {hint.label}" for hint in hints))
        self._scroll = 0
        self.setGeometry(self._covered.rect())
        self.setVisible(True)
        self.raise_()
        self.setFocus(Qt.FocusReason.PopupFocusReason)

    def close_overlay(self) -> None:
        """Say so, that the focus may go back to where it was, and only then hide."""
        self.closed.emit()
        self.setVisible(False)

    def set_theme(self, theme: Theme) -> None:
        """Take another look or scale."""
        self._theme = theme
        self.update()

    # ---- measures

    def _fonts(self) -> tuple[QFontMetrics, QFontMetrics]:
        return (
            QFontMetrics(self._theme.font(TYPE.small + 1)),
            QFontMetrics(self._theme.font(TYPE.small, figures=True)),
        )

    def columns(self) -> list[list[tuple[str, list[KeyHint]]]]:
        """The groups dealt to one to three columns of about equal height."""
        text, keys = self._fonts()
        px = self._theme.px
        hints = [hint for _, group in self._groups for hint in group]
        widest = max((text.horizontalAdvance(hint.label) for hint in hints), default=0)
        widest += max((keys.horizontalAdvance(hint.key) for hint in hints), default=0) + px(SPACE.l * 3)
        room = self.width() - px(SPACE.l * 6)
        count = max(1, min(3, len(self._groups), room // max(1, widest)))
        columns: list[list[tuple[str, list[KeyHint]]]] = [[] for _ in range(count)]
        loads = [0] * count
        for group in self._groups:
            at = loads.index(min(loads))
            columns[at].append(group)
            loads[at] += len(group[1]) + 2
        return columns

    def content_height(self) -> int:
        """How high the panel is with everything in it, in pixels."""
        px = self._theme.px
        rows = max((sum(len(hints) + 2 for _, hints in column) for column in self.columns()), default=0)
        return rows * self._row() + px(SPACE.header) + px(SPACE.l)

    def _row(self) -> int:
        return self._theme.px(22)

    def paintEvent(self, event: QPaintEvent) -> None:
        """A veil over the page, the panel, and the columns."""
        theme, px = self._theme, self._theme.px
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        veil = theme.colour("bg")
        veil.setAlphaF(0.82)
        painter.fillRect(self.rect(), veil)
        text, keys = self._fonts()
        columns = self.columns()
        key_width = max((keys.horizontalAdvance(h.key) for _, g in self._groups for h in g), default=0)
        label_width = max((text.horizontalAdvance(h.label) for _, g in self._groups for h in g), default=0)
        column = max(key_width + label_width + px(SPACE.l * 2), px(220))
        width = min(column * len(columns) + px(SPACE.l) * (len(columns) + 1), self.width() - px(SPACE.l))
        self._height = self.content_height()
        height = min(self._height, self.height() - px(SPACE.l) * 2)
        self._scroll = max(0, min(self._scroll, self._height - height))
        panel = QRectF((self.width() - width) / 2, (self.height() - height) / 2, width, height)
        painter.setPen(QPen(theme.colour("edge"), px(SPACE.hair)))
        painter.setBrush(theme.colour("panel"))
        painter.drawRoundedRect(panel, px(SPACE.radius), px(SPACE.radius))
        self._paint_title(painter, panel)
        painter.setClipRect(panel.adjusted(1, px(SPACE.header - 8), -1, -px(SPACE.s)))
        x = round(panel.left()) + px(SPACE.l)
        for groups in columns:
            y = round(panel.top()) + px(SPACE.header - 4) - self._scroll
            for name, hints in groups:
                painter.setFont(theme.font(TYPE.small + 1, bold=True))
                painter.setPen(theme.colour("accent"))
                painter.drawText(QRect(x, y, column, self._row()), Qt.AlignmentFlag.AlignVCenter, name)
                y += self._row()
                for hint in hints:
                    self._paint_hint(painter, QRect(x, y, column - px(SPACE.l), self._row()), hint, key_width)
                    y += self._row()
                y += self._row()
            x += column + px(SPACE.l)
        painter.end()

    def _paint_title(self, painter: QPainter, panel: QRectF) -> None:
        theme, px = self._theme, self._theme.px
        box = panel.adjusted(px(SPACE.l), 0, -px(SPACE.l), 0)
        box.setHeight(px(SPACE.header - 8))
        painter.setFont(theme.font(TYPE.title - 2, bold=True))
        painter.setPen(theme.colour("text"))
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, self._words("shell.keys.title"))
        painter.setFont(theme.font(TYPE.small))
        painter.setPen(theme.colour("muted"))
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
        painter.drawText(box, flags, self._words("shell.keys.close"))

    def _paint_hint(self, painter: QPainter, box: QRect, hint: KeyHint, key_width: int) -> None:
        theme, px = self._theme, self._theme.px
        text, _ = self._fonts()
        base = box.center().y() + (text.ascent() - text.descent()) // 2
        painter.setFont(theme.font(TYPE.small, figures=True))
        painter.setPen(theme.colour("text"))
        painter.drawText(box.left(), base, hint.key)
        painter.setFont(theme.font(TYPE.small + 1))
        painter.setPen(theme.colour("muted"))
        painter.drawText(box.left() + key_width + px(SPACE.l), base, hint.label)

    # ---- hands

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc or the question mark closes; arrows scroll."""
        step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 10, Qt.Key.Key_PageUp: -10}
        if event.key() == Qt.Key.Key_Escape or event.text() in ("?", "\uff1f"):
            self.close_overlay()
        elif event.key() in step:
            self._scroll += step[Qt.Key(event.key())] * self._row()
            self.update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """The wheel scrolls."""
        self._scroll -= event.angleDelta().y() // 2
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A click anywhere closes it."""
        self.close_overlay()
