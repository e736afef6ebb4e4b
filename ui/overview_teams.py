"""The teams on the overview: a small tile each, the most engaged first, by number, shape and word."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from ui.shell.composing import is_enter
from ui.team_tiles import Tile
from ui.team_words import FREE, LOOKS
from ui.theme import SPACE, TYPE, Theme

WIDE, HIGH, GAP = 74, 34, 6


class TeamChips(QWidget):
    """Arrows move, Enter or a click opens the board of teams with that team chosen."""

    opened = Signal(object)  # the team's id

    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__()
        self._theme = theme
        self._tiles: list[Tile] = []
        self._at = 0
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_tiles(self, tiles: Sequence[Tile]) -> None:
        """Show these; the one the keyboard is on stays it."""
        chosen = self._tiles[self._at].id if self._at < len(self._tiles) else None
        before = len(self._tiles)
        self._tiles = list(tiles)
        self._at = next((at for at, tile in enumerate(tiles) if tile.id == chosen), 0)
        if before != len(tiles):
            self._fit()
        self.update()

    def tiles(self) -> list[Tile]:
        """What is shown."""
        return self._tiles

    def _columns(self) -> int:
        px = self._theme.px
        return max(1, (self.width() + px(GAP)) // (px(WIDE) + px(GAP)))

    def _fit(self) -> None:
        rows = -(-len(self._tiles) // self._columns())
        px = self._theme.px
        self.setFixedHeight(max(px(HIGH), rows * (px(HIGH) + px(GAP)) - px(GAP)))

    def sizeHint(self) -> QSize:
        """As high as its rows."""
        return QSize(self._theme.px(WIDE) * 8, self.height())

    def box(self, at: int) -> QRectF:
        """Where a tile is painted."""
        px, columns = self._theme.px, self._columns()
        wide = (self.width() + px(GAP)) / columns - px(GAP)
        row, column = divmod(at, columns)
        return QRectF(column * (wide + px(GAP)), row * (px(HIGH) + px(GAP)), wide, px(HIGH))

    def _at_point(self, point: QPoint) -> int:
        return next((at for at in range(len(self._tiles)) if self.box(at).contains(point)), -1)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The tiles."""
        theme, px = self._theme, self._theme.px
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for at, tile in enumerate(self._tiles):
            ground, ink, edge = LOOKS.get(tile.state, LOOKS[FREE])
            rect = self.box(at).adjusted(0.5, 0.5, -0.5, -0.5)
            on = self.hasFocus() and at == self._at
            pen = QPen(theme.colour("accent" if on else edge), px(SPACE.mark if on else SPACE.hair))
            painter.setPen(pen)
            painter.setBrush(theme.colour(ground))
            painter.drawRoundedRect(rect, px(SPACE.radius_s), px(SPACE.radius_s))
            painter.setPen(theme.colour(ink))
            engaged = tile.state != FREE
            painter.setFont(theme.font(TYPE.small, bold=engaged, figures=True))
            number = tile.name.split(" ", 1)[0]
            text = f"{number} {tile.state_text}"
            inner = rect.adjusted(px(SPACE.xs), 0, -px(SPACE.xs), 0)
            shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(inner.width()))
            painter.drawText(inner, Qt.AlignmentFlag.AlignCenter, shown)
        painter.end()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows move, Enter opens."""
        steps = {
            Qt.Key.Key_Left: -1,
            Qt.Key.Key_Right: 1,
            Qt.Key.Key_Up: -self._columns(),
            Qt.Key.Key_Down: self._columns(),
        }
        step = steps.get(Qt.Key(event.key()))
        if step is not None and self._tiles:
            self._at = max(0, min(len(self._tiles) - 1, self._at + step))
            self.setAccessibleDescription(self._said(self._at))
            self.update()
        elif is_enter(event) and self._tiles:
            self.opened.emit(self._tiles[self._at].id)
        else:
            super().keyPressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A click opens."""
        at = self._at_point(event.position().toPoint())
        if at >= 0 and event.button() == Qt.MouseButton.LeftButton:
            self._at = at
            self.opened.emit(self._tiles[at].id)

    def _said(self, at: int) -> str:
        tile = self._tiles[at]
        return "\n".join(part for part in (tile.name, tile.state_text, tile.where, tile.mark) if part)

    def event(self, event: QEvent) -> bool:
        """What a tile says in whole."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            at = self._at_point(event.pos())
            if at >= 0:
                QToolTip.showText(event.globalPos(), self._said(at), self)
            else:
                QToolTip.hideText()
            return True
        return super().event(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """More or fewer columns."""
        super().resizeEvent(event)
        self._fit()

    def set_theme(self, theme: Theme) -> None:
        """Take another look or scale."""
        self._theme = theme
        self._fit()
        self.update()
