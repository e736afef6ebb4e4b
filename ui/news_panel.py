"""The panel of what came: who, where, what; over the page's right side, gone with Esc."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import shiboken6
from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QApplication, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from commandcenter.domain.record import REGISTRY
from commandcenter.services.exchange_sentences import ExchangeWords
from commandcenter.services.sentences import said_by
from db.queries.news import Piece
from ui.exchange_words import exchange_words
from ui.rows_list import Row, RowsView
from ui.shell.chip import Chip, Label
from ui.tables.wording import visible
from ui.theme import SPACE, TYPE
from ui.workbench import Workbench

WIDTH = 460


def news_row(piece: Piece, put: ExchangeWords, now: datetime) -> Row:
    """One piece in words."""
    words, change, line = put.words, piece.change, piece.line
    incident = None
    if line is not None and line.kind != "log_entry":
        title = said_by(line, words)
        incident = line.values.get("incident_id")
    elif line is not None:
        title = put.value("log_entry", "text", line.text, hidden=not line.text, destroyed=line.destroyed)
        incident = line.values.get("incident_id")
    else:
        title = put.change(change)
    where = "" if incident is None else put.value("log_entry", "incident_id", str(incident))
    person = put.person(change.by)
    detail = words("exchange.and").join(
        part for part in (put.when(change.at, now), put.desk(change.desk), person, where) if part
    )
    tag = words("exchange.news.important") if piece.important else ""
    return Row(piece.id, visible(words, " ".join(title.split())), detail, tag=tag, about=piece)


class NewsPanel(QWidget):
    """Opened by a key or a click, never by itself: it takes no focus that nobody gave it."""

    closed = Signal()

    def __init__(self, workbench: Workbench, window: QWidget) -> None:
        super().__init__(window)
        self._workbench, self._window = workbench, window
        self._covered = window.findChild(QStackedWidget) or window
        self._before: QWidget | None = None
        theme, words, px = workbench.theme, workbench.words, workbench.theme.px
        self.setAccessibleName(words("exchange.news.name"))
        self.title = Label(theme, size=TYPE.line, bold=True)
        self.close_chip = Chip(theme, words("exchange.news.close"), key="Esc")
        self.close_chip.clicked.connect(self.close_panel)
        self.list = RowsView(theme, words("exchange.news.name"))
        self.list.opened.connect(self._open)
        self.list.left.connect(self.close_panel)
        self.foot = Label(theme, words("exchange.news.keys"), ink="muted", size=TYPE.small, elided=True)
        head = QHBoxLayout()
        head.setContentsMargins(px(SPACE.m), 0, px(SPACE.m), 0)
        head.addWidget(self.title, 1)
        head.addWidget(self.close_chip)
        feet = QHBoxLayout()
        feet.setContentsMargins(px(SPACE.m), 0, px(SPACE.m), 0)
        feet.addWidget(self.foot, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(px(1), px(SPACE.s), px(1), px(SPACE.s))
        column.setSpacing(px(SPACE.s))
        column.addLayout(head)
        column.addWidget(self.list, 1)
        column.addLayout(feet)
        self._covered.installEventFilter(self)
        self.setVisible(False)

    def open_panel(self, pieces: Sequence[Piece], count: int) -> None:
        """Show what came, with the keyboard in it."""
        words, now = self._workbench.words, self._workbench.now()
        put = exchange_words(words, self._workbench.directory)
        self.title.setText(words("exchange.news.title", count=f"{count:,}"))
        more = count > len(pieces)
        self.foot.setText(
            words("exchange.news.more", count=len(pieces)) if more else words("exchange.news.keys")
        )
        self._before = QApplication.focusWidget()
        self._place()
        self.setVisible(True)
        self.raise_()
        self.list.show_rows([news_row(piece, put, now) for piece in pieces])
        self.list.choose_at(0)
        self.list.setFocus(Qt.FocusReason.PopupFocusReason)

    def close_panel(self) -> None:
        """Away; the focus goes back to where it was."""
        before, self._before = self._before, None
        if before is not None and shiboken6.isValid(before) and before.isVisible():
            before.setFocus(Qt.FocusReason.OtherFocusReason)
        self.hide_panel()

    def hide_panel(self) -> None:
        """Away, and the focus stays where it went."""
        self.setVisible(False)
        self.closed.emit()

    def _open(self) -> None:
        row = self.list.current()
        if row is None:
            return
        change = row.about.change
        self._before = None
        self.hide_panel()
        if change.kind in REGISTRY:
            self._workbench.open_requested.emit(change.kind, change.row)

    def _place(self) -> None:
        theme, area = self._workbench.theme, self._covered.geometry()
        width = min(theme.px(WIDTH), area.width() - theme.px(SPACE.m) * 2)
        top_left = self._covered.mapTo(self._window, self._covered.rect().topLeft())
        gap = theme.px(SPACE.m)
        left = top_left.x() + area.width() - width - gap
        self.setGeometry(left, top_left.y() + gap, width, area.height() - 2 * gap)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """It keeps to the page's place."""
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        """Ground and frame."""
        theme = self._workbench.theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.colour("edge"), theme.px(SPACE.hair)))
        painter.setBrush(theme.colour("panel"))
        rect = self.rect().adjusted(0, 0, -1, -1)
        painter.drawRoundedRect(rect, theme.px(SPACE.radius), theme.px(SPACE.radius))
        painter.end()
