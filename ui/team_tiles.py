"""The tiles of the board of teams: one a team, brighter the more it is engaged."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtCore import Signal as QtSignal
from PySide6.QtGui import QFont, QKeyEvent, QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyle, QStyledItemDelegate
from PySide6.QtWidgets import QStyleOptionViewItem as Option

from ui.shell.composing import is_enter
from ui.team_words import FREE, LOOKS
from ui.theme import SPACE, TYPE, Theme

Index = QModelIndex | QPersistentModelIndex
NOWHERE = QModelIndex()
WIDE, HIGH, GAP = 216, 66, 8


class Tile(NamedTuple):
    """A team in words. ``state``: a code; ``mark``: what must be seen."""

    id: UUID
    state: str
    state_text: str
    name: str
    detail: str  # category and strength
    where: str  # since when, and at which incident; of a free one what it can do
    mark: str = ""


class TilesModel(QAbstractListModel):
    """The tiles; another order is told as such, the view finds what was chosen by its id."""

    def __init__(self) -> None:
        super().__init__()
        self.tiles: list[Tile] = []

    def show(self, tiles: Sequence[Tile]) -> None:
        """Show these."""
        if [tile.id for tile in tiles] != [tile.id for tile in self.tiles]:
            self.beginResetModel()
            self.tiles = list(tiles)
            self.endResetModel()
            return
        for at, tile in enumerate(tiles):
            if self.tiles[at] != tile:
                self.tiles[at] = tile
                self.dataChanged.emit(self.index(at, 0), self.index(at, 0))

    def rowCount(self, parent: Index = NOWHERE) -> int:
        """How many."""
        return 0 if parent.isValid() else len(self.tiles)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """What a screen reader says, and the whole of what may be cut."""
        tile = self.tiles[index.row()]
        parts = (tile.name, tile.state_text, tile.detail, tile.where, tile.mark)
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return " ".join(part for part in parts if part)
        return "\n".join(part for part in parts if part) if role == Qt.ItemDataRole.ToolTipRole else None


class _Painter(QStyledItemDelegate):
    """Name and state, category and strength, since when and where."""

    def __init__(self, model: TilesModel, view: TeamTiles) -> None:
        super().__init__(view)
        self._model, self._view = model, view

    def sizeHint(self, option: Option, index: Index) -> QSize:
        """As large as its place in the grid."""
        return self._view.gridSize()

    def paint(self, painter: QPainter, option: Option, index: Index) -> None:
        """One tile."""
        theme, px = self._view.theme, self._view.theme.px
        tile = self._model.tiles[index.row()]
        ground, ink, edge = self._view.looks.get(tile.state, LOOKS[FREE])
        quiet = "muted" if ground in ("panel", "raised") else ink
        gap = px(GAP)
        rect = QRectF(option.rect).adjusted(0.5, 0.5, -gap - 0.5, -gap - 0.5)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.colour(edge), px(SPACE.hair)))
        painter.setBrush(theme.colour(ground))
        painter.drawRoundedRect(rect, px(SPACE.radius_s), px(SPACE.radius_s))
        if chosen:
            painter.setPen(QPen(theme.colour("accent"), px(SPACE.mark)))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            inset = px(SPACE.mark) / 2
            painter.drawRoundedRect(
                rect.adjusted(inset, inset, -inset, -inset), px(SPACE.radius_s), px(SPACE.radius_s)
            )
        box = rect.toRect().adjusted(px(9), px(4), -px(9), -px(4))
        line = box.height() // 3
        rows = [QRect(box.left(), box.top() + at * line, box.width(), line) for at in range(3)]
        state = self._write(painter, rows[0], tile.state_text, TYPE.small, ink, right=True, bold=True)
        rows[0].setRight(rows[0].right() - state - px(SPACE.s))
        calm = ground == LOOKS[FREE][0]
        named = "text" if calm else ink
        self._write(painter, rows[0], tile.name, TYPE.body, named, bold=not calm)
        self._write(painter, rows[1], tile.detail, TYPE.small, quiet)
        if tile.mark:
            width = self._write(painter, rows[2], tile.mark, TYPE.small, ink, right=True, bold=True)
            rows[2].setRight(rows[2].right() - width - px(SPACE.s))
        self._write(painter, rows[2], tile.where, TYPE.small, quiet if calm else ink)
        painter.restore()

    def _write(
        self,
        painter: QPainter,
        box: QRect,
        text: str,
        size: int,
        ink: str,
        *,
        right: bool = False,
        bold: bool = False,
    ) -> int:
        """Write within ``box``, shortened where it must be; returns the width."""
        theme = self._view.theme
        font = theme.font(size, bold=bold)
        font.setFeature(QFont.Tag.fromString("tnum"), 1)
        painter.setFont(font)
        painter.setPen(theme.colour(ink))
        metrics = painter.fontMetrics()
        shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, box.width())
        side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | side, shown)
        return metrics.horizontalAdvance(shown)


class TeamTiles(QListView):
    """Arrows move; Enter opens; letters are the page's keys."""

    chosen = QtSignal(object)  # Tile or None
    opened = QtSignal()
    acted = QtSignal(str)  # a letter, as the Latin state has it

    def __init__(self, theme: Theme, name: str, looks: Mapping[str, tuple[str, str, str]] = LOOKS) -> None:
        super().__init__()
        self.theme, self.looks = theme, looks
        self._tiles = TilesModel()
        self._chosen: UUID | None = None
        self._showing = False
        self.setModel(self._tiles)
        self._painter = _Painter(self._tiles, self)
        self.setItemDelegate(self._painter)
        self.setAccessibleName(name)
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(True)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setUniformItemSizes(True)
        self.setFrameShape(QListView.Shape.NoFrame)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled, False)
        self.doubleClicked.connect(lambda _index: self.opened.emit())
        self.selectionModel().currentChanged.connect(self._moved)
        self.set_theme(theme)

    def show_tiles(self, tiles: Sequence[Tile]) -> None:
        """Show these; what is chosen stays chosen wherever it stands now."""
        self._showing = True
        self._tiles.show(tiles)
        at = next((at for at, tile in enumerate(tiles) if tile.id == self._chosen), -1)
        if at >= 0:
            self.setCurrentIndex(self._tiles.index(at, 0))
        else:
            self._chosen = None
        self._showing = False
        self.chosen.emit(self.current())

    def tiles(self) -> list[Tile]:
        """What is shown."""
        return self._tiles.tiles

    def current(self) -> Tile | None:
        """The tile chosen; None for none."""
        at = self.currentIndex().row()
        return self.tiles()[at] if 0 <= at < len(self.tiles()) else None

    def choose(self, id_: UUID) -> bool:
        """Choose a team and show it. False if it is not here."""
        at = next((at for at, tile in enumerate(self.tiles()) if tile.id == id_), -1)
        if at >= 0:
            self.setCurrentIndex(self._tiles.index(at, 0))
        return at >= 0

    def choose_at(self, at: int) -> None:
        """Choose the tile at a place, if there are so many."""
        if at < len(self.tiles()):
            self.setCurrentIndex(self._tiles.index(at, 0))

    def _moved(self, _now: QModelIndex, _before: QModelIndex) -> None:
        if not self._showing:
            tile = self.current()
            self._chosen = None if tile is None else tile.id
            self.chosen.emit(tile)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter opens, letters act, the rest moves."""
        sign = unicodedata.normalize("NFKC", event.text()).casefold()
        plain = event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
        if is_enter(event):
            self.opened.emit()
        elif plain and len(sign) == 1 and sign.isalpha():
            if not event.isAutoRepeat():
                self.acted.emit(sign)
        elif event.text() and plain:
            event.ignore()
        elif not self.currentIndex().isValid() and event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Right):
            if self.tiles():
                self.setCurrentIndex(self._tiles.index(0, 0))
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """As many columns as there is room for, of one width."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        px = self.theme.px
        # the list keeps room for a scroll bar also where it shows none
        room = max(1, self.width() - self.verticalScrollBar().sizeHint().width() - px(2))
        columns = max(1, room // px(WIDE))
        self.setGridSize(QSize(room // columns, px(HIGH)))

    def set_theme(self, theme: Theme) -> None:
        """Take another look or scale."""
        self.theme = theme
        self._fit()
        self.viewport().update()
