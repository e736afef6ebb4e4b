"""The tiles on top of the overview: a figure each, what it is of, and one key away the page it comes from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QSizePolicy, QWidget

from ui.shell.composing import is_enter
from ui.theme import SPACE, TYPE, Theme

HIGH = 106
NARROW = 150


class Figure(NamedTuple):
    """What a tile says. ``page``: the page of the rail that it opens; ``urgent``: it must be seen."""

    page: str
    caption: str
    figure: str
    note: str
    urgent: bool = False


class FigureTile(QAbstractButton):
    """Enter and a click open its page."""

    def __init__(self, theme: Theme, figure: Figure) -> None:
        super().__init__()
        self._theme, self.figure = theme, figure
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.show_figure(figure)

    def show_figure(self, figure: Figure) -> None:
        """Say something else."""
        self.figure = figure
        self.setText(figure.caption)
        self.setToolTip(figure.note)
        self.setAccessibleName(f"{figure.caption} {figure.figure}")
        self.setAccessibleDescription(figure.note)
        self.update()

    def sizeHint(self) -> QSize:
        """Three lines."""
        return QSize(self._theme.px(NARROW), self._theme.px(HIGH))

    def minimumSizeHint(self) -> QSize:
        """The note may be cut."""
        return QSize(self._theme.px(90), self._theme.px(HIGH))

    def set_theme(self, theme: Theme) -> None:
        """Take another look or scale."""
        self._theme = theme
        self.updateGeometry()
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter opens; left and right go along the tiles."""
        if is_enter(event):
            self.click()
        elif event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self.focusNextPrevChild(event.key() == Qt.Key.Key_Right)
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Caption, figure, note."""
        theme, px = self._theme, self._theme.px
        one = self.figure
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        on = self.hasFocus()
        painter.setPen(QPen(theme.colour("accent" if on else "line"), px(SPACE.focus if on else SPACE.hair)))
        painter.setBrush(theme.colour("raised" if self.underMouse() else "panel"))
        rect = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        painter.drawRoundedRect(rect, px(SPACE.radius), px(SPACE.radius))
        box = self.rect().adjusted(px(SPACE.l), px(SPACE.s + 2), -px(SPACE.m), -px(SPACE.s))
        lines = (QRect(box), QRect(box), QRect(box))
        lines[0].setHeight(px(20))
        lines[1].setTop(box.top() + px(20))
        lines[1].setHeight(px(44))
        lines[2].setTop(box.bottom() - px(20))
        texts = (
            (one.caption, theme.font(TYPE.body), "muted"),
            (one.figure, theme.font(TYPE.figure - 4, bold=True, figures=True), "text"),
            (one.note, theme.font(TYPE.small, bold=one.urgent), "text" if one.urgent else "muted"),
        )
        for line, (text, font, ink) in zip(lines, texts, strict=True):
            painter.setFont(font)
            painter.setPen(theme.colour(ink))
            shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, line.width())
            painter.drawText(line, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)
        painter.end()


class FigureTiles(QWidget):
    """The row of them; a tile that stays keeps the focus."""

    opened = Signal(str)  # the page wanted

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.tiles: dict[str, FigureTile] = {}
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self.set_theme(theme)

    def show_figures(self, figures: Sequence[Figure]) -> None:
        """Show these, in this order."""
        wanted = [figure.caption for figure in figures]
        for caption in [caption for caption in self.tiles if caption not in wanted]:
            tile = self.tiles.pop(caption)
            self._row.removeWidget(tile)
            tile.hide()
            tile.deleteLater()
        for at, figure in enumerate(figures):
            if figure.caption in self.tiles:
                self.tiles[figure.caption].show_figure(figure)
                continue
            tile = FigureTile(self._theme, figure)
            tile.clicked.connect(lambda _on=False, tile=tile: self.opened.emit(tile.figure.page))
            self.tiles[figure.caption] = tile
            self._row.insertWidget(at, tile, 1)

    def set_theme(self, theme: Theme) -> None:
        """Take another look or scale."""
        self._theme = theme
        self._row.setSpacing(theme.px(SPACE.m))
        for tile in self.tiles.values():
            tile.set_theme(theme)
