"""The log list whole: filter bar, rows and the chosen line, wired to one another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from uuid import UUID

import shiboken6
from PySide6.QtCore import QRectF, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QVBoxLayout, QWidget

from commandcenter.domain.clock import SHANGHAI
from commandcenter.words import Words
from db.queries.log import LogFilter, LogLine
from ui.tables.filters import FilterBar
from ui.tables.line_detail import LineDetail
from ui.tables.log_table import LogTable
from ui.tables.source import LineSource
from ui.tables.wording import Names
from ui.theme import SPACE, Theme


class LogList(QWidget):
    """What a page about the log is made of. ``show_filter`` begins the reading."""

    strike_requested = Signal(object)  # UUID
    confirm_requested = Signal(object)  # UUID
    incident_requested = Signal(object)  # UUID
    filter_changed = Signal(object)  # LogFilter
    failed = Signal(object)  # the exception

    def __init__(
        self,
        words: Words,
        theme: Theme,
        source: LineSource,
        names: Names,
        *,
        now: Callable[[], datetime],
        desk_id: UUID | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self.filters = FilterBar(words, theme, desk_id=desk_id)
        self.table = LogTable(words, theme, source, names, now=now)
        self.detail = LineDetail(words, theme, self.table.wording)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 1, 1, 1)
        layout.setSpacing(0)
        layout.addWidget(self.filters)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.detail)
        self.setFocusProxy(self.table)
        self.filters.bind(self)
        self.filters.filter_changed.connect(self._take_filter)
        self.table.counted.connect(self.filters.set_count)
        self.table.filter_key.connect(self.filters.press)
        self.table.line_chosen.connect(self._show_chosen)
        self.table.opened.connect(lambda _: self.detail.setFocus())
        self.table.strike_requested.connect(self.strike_requested)
        self.table.confirm_requested.connect(self.confirm_requested)
        self.table.incident_requested.connect(self.incident_requested)
        self.table.hidden.connect(self._loosen)
        self.table.failed.connect(self.failed)
        self.detail.left.connect(self.table.view.setFocus)
        self.detail.jump_to.connect(self._jump)

    def show_line(self, id_: UUID, happened_at: datetime | None = None) -> None:
        """Choose a line wherever it stands; a filter that hides it gives way."""
        self.table.show_line(id_, happened_at)

    def show_filter(self, filter_: LogFilter) -> None:
        """Show these lines."""
        self.filters.set_filter(filter_)
        self.filters.set_count(None)
        self.table.set_filter(filter_)

    def refresh(self, change_ids: frozenset[UUID] = frozenset()) -> None:
        """The log changed."""
        self.table.refresh(change_ids)

    def set_words(self, words: Words) -> None:
        """Take another language."""
        self.filters.set_words(words)
        self.table.set_words(words)
        self.detail.set_words(words)

    def set_theme(self, theme: Theme) -> None:
        """Take another look or scale."""
        self._theme = theme
        for part in (self.filters, self.table, self.detail):
            part.set_theme(theme)
        self.update()

    def close_list(self) -> None:
        """No answer is taken any more; also done when the widget is closed."""
        self.table.close_list()

    def _take_filter(self, filter_: LogFilter) -> None:
        self.table.set_filter(filter_)
        self.filter_changed.emit(filter_)

    def _show_chosen(self, line: LogLine | None) -> None:
        grows = line is not None and self.detail.empty()
        self.detail.set_line(line)
        if grows:
            QTimer.singleShot(0, self._reveal_chosen)
        self.filters.set_day(None if line is None else line.happened_at.astimezone(SHANGHAI).date())

    def _reveal_chosen(self) -> None:
        """The strip that grew for the chosen line must not cover it."""
        if shiboken6.isValid(self) and self.table.window_.chosen_position is not None:
            self.table.window_.reveal(self.table.window_.chosen_position)

    def _loosen(self, id_: UUID) -> None:
        now = self.filters.filter()
        plain = LogFilter(incident_id=now.incident_id)
        wider = plain if now not in (plain, replace(plain, machine=True)) else replace(plain, machine=True)
        if wider != now:
            self.show_filter(wider)
            self.filter_changed.emit(wider)
            self.table.show_line(id_)

    def _jump(self, id_: UUID) -> None:
        self.table.show_line(id_)
        self.table.view.setFocus()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The panel they lie on."""
        theme = self._theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.colour("line"), theme.px(SPACE.hair)))
        painter.setBrush(theme.colour("panel"))
        radius = theme.px(SPACE.radius)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)
        painter.end()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Take no answer any more."""
        self.close_list()
        super().closeEvent(event)
