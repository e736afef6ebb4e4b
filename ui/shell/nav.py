"""The rail on the left: one entry for each page there is, with its sign, name and key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QVBoxLayout, QWidget

from commandcenter.words import Words
from ui import icons
from ui.theme import SPACE, TYPE, Theme

MOST_KEYED = 10
MOST_COUNTED = 99


class PageEntry(NamedTuple):
    """A page of the rail: its id, its name in the language shown, its icon's name (ui.icons)."""

    id: str
    label: str
    icon: str


def page_key(index: int) -> str:
    """The key of the page at ``index``: Ctrl+1 ... Ctrl+9, Ctrl+0; "" beyond."""
    return f"Ctrl+{(index + 1) % 10}" if index < MOST_KEYED else ""


class RailButton(QAbstractButton):
    """One entry; it gives up its icon where the height is short."""

    def __init__(self, theme: Theme, entry: PageEntry, key: str) -> None:
        super().__init__()
        self._theme, self._entry, self._key = theme, entry, key
        self._badge = ""
        self.setText(entry.label)
        self.setCheckable(True)
        self.setAccessibleName(f"{entry.label} {key}".strip())
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)

    def set_badge(self, count: int, tip: str = "") -> None:
        """A number at its corner, none for 0: it moves nothing and takes no focus."""
        self._badge = "" if not count else str(count) if count <= MOST_COUNTED else f"{MOST_COUNTED}+"
        self.setToolTip(tip)
        self.setAccessibleDescription(tip)
        self.update()

    def badge(self) -> str:
        """The number shown, "" for none."""
        return self._badge

    def _paint_badge(self, painter: QPainter) -> None:
        theme, px = self._theme, self._theme.px
        painter.setFont(theme.font(TYPE.tiny, bold=True, figures=True))
        height = px(16)
        width = max(height, painter.fontMetrics().horizontalAdvance(self._badge) + px(SPACE.s))
        box = QRectF(self.width() - width - px(SPACE.s), px(SPACE.xs), width, height)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("strong"))
        painter.drawRoundedRect(box, height / 2, height / 2)
        painter.setPen(theme.colour("strong_text"))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, self._badge)

    def set_theme(self, theme: Theme) -> None:
        """Take another look or scale."""
        self._theme = theme
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """The rail's width, three lines high."""
        return QSize(self._theme.px(SPACE.rail), self._theme.px(SPACE.rail_item))

    def minimumSizeHint(self) -> QSize:
        """The name alone, on a small screen at a large scale."""
        return QSize(self._theme.px(SPACE.rail), self._theme.px(20))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter opens; up and down go along the rail."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        elif event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.focusNextPrevChild(event.key() == Qt.Key.Key_Down)
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Ground, mark, icon, name, key."""
        theme, px, on = self._theme, self._theme.px, self.isChecked()
        painter = QPainter(self)
        if on:
            painter.fillRect(self.rect(), theme.brush("accent_soft"))
            painter.fillRect(QRect(0, 0, px(SPACE.mark), self.height()), theme.brush("accent"))
        elif self.underMouse():
            painter.fillRect(self.rect(), theme.brush("raised"))
        ink = theme.colour("accent_soft_text" if on else "muted")
        name, key = theme.font(TYPE.small + 1, bold=on), theme.font(TYPE.tiny, figures=True)
        with_icon = self.height() >= px(62)
        with_key = self.height() >= px(34)
        lines = 18 + (14 if with_key else 0) + (SPACE.icon + SPACE.xs if with_icon else 0)
        top = (self.height() - px(lines)) // 2
        if with_icon:
            box = QRectF((self.width() - px(SPACE.icon)) / 2, top, px(SPACE.icon), px(SPACE.icon))
            icons.paint(painter, box, self._entry.icon, ink)
            top += px(SPACE.icon + SPACE.xs)
        painter.setPen(ink)
        painter.setFont(name)
        width = self.width() - px(SPACE.xs)
        label = painter.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, width)
        painter.drawText(QRect(0, top, self.width(), px(18)), Qt.AlignmentFlag.AlignCenter, label)
        painter.setFont(key)
        painter.setPen(theme.colour("muted" if on else "faint"))
        below = QRect(0, top + px(18), self.width(), px(14))
        if with_key:
            painter.drawText(below, Qt.AlignmentFlag.AlignCenter, self._key)
        if self._badge:
            self._paint_badge(painter)
        if self.hasFocus():
            inset = px(SPACE.focus)
            painter.setPen(QPen(theme.colour("accent"), px(SPACE.focus)))
            painter.drawRect(self.rect().adjusted(inset, inset, -inset, -inset))
        painter.end()


class Rail(QWidget):
    """The entries of the pages given, no others."""

    chosen = Signal(str)

    def __init__(self, words: Words, theme: Theme, pages: Sequence[PageEntry]) -> None:
        super().__init__()
        self._theme = theme
        self._buttons: dict[str, RailButton] = {}
        self.setAccessibleName(words("shell.nav.name"))
        column = self._column = QVBoxLayout(self)
        column.setSpacing(0)
        for index, entry in enumerate(pages):
            button = RailButton(theme, entry, page_key(index))
            button.clicked.connect(lambda _on=False, page=entry.id: self.chosen.emit(page))
            self._buttons[entry.id] = button
            column.addWidget(button)
        column.addStretch(1)
        self.set_theme(theme)

    def show_page(self, page_id: str) -> None:
        """Mark the page shown. KeyError if it is not on the rail."""
        self._buttons[page_id].setChecked(True)
        for other, button in self._buttons.items():
            button.setChecked(other == page_id)

    def button(self, page_id: str) -> RailButton:
        """The entry of a page. KeyError if it is not on the rail."""
        return self._buttons[page_id]

    def set_theme(self, theme: Theme) -> None:
        """Take another look or scale."""
        self._theme = theme
        self.setFixedWidth(theme.px(SPACE.rail))
        self._column.setContentsMargins(0, theme.px(SPACE.s), theme.px(SPACE.hair), 0)
        for button in self._buttons.values():
            button.set_theme(theme)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The ground and the line on its right."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._theme.brush("chrome"))
        hair = self._theme.px(SPACE.hair)
        painter.fillRect(self.width() - hair, 0, hair, self.height(), self._theme.brush("line"))
        painter.end()
