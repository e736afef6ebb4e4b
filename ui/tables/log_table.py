"""The log list: a screen of rows over any number of lines, with a scroll bar that reaches them all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

from PySide6.QtCore import QItemSelectionModel, QModelIndex, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QGuiApplication, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QScrollBar, QWidget

from commandcenter.domain.clock import SHANGHAI
from commandcenter.words import Words
from db.queries.log import LogFilter, LogLine
from ui.shell.chip import Chip, Label, repaint_all
from ui.tables.days import day_at, day_text
from ui.tables.log_model import LogModel
from ui.tables.log_view import LogView
from ui.tables.overlays import DayTip, GoToDay
from ui.tables.source import LineSource
from ui.tables.window import LineWindow
from ui.tables.wording import Names, Wording
from ui.theme import SPACE, TYPE, Theme

# Rows on their way are shown as bars only after this: most pages are here before, and nothing flickers.
PATIENCE_MS = 40
NOTICE_MS = 4000


class LogTable(QWidget):
    """Newest on top. It asks the source, never waits, and keeps what is chosen by its id.

    Keys: arrows, J K, Page, Home, End, Enter (``opened``), X (``strike_requested``), O
    (``incident_requested``), C (copies), G (a day), and the letters of the filters (``filter_key``).
    """

    opened = Signal(object)  # LogLine
    strike_requested = Signal(object)  # UUID
    confirm_requested = Signal(object)  # UUID: its time is doubtful, and somebody vouches for it
    incident_requested = Signal(object)  # UUID
    line_chosen = Signal(object)  # LogLine or None
    counted = Signal(int)
    hidden = Signal(object)  # UUID: asked for by show_line, but the filter does not have it
    failed = Signal(object)  # the exception
    filter_key = Signal(str)  # "all", "important", "own", "machine", "channel", "day"
    painted = Signal()  # every row on screen was painted with its line

    def __init__(
        self,
        words: Words,
        theme: Theme,
        source: LineSource,
        names: Names,
        *,
        now: Callable[[], datetime],
        parent: QWidget | None = None,
    ) -> None:
        """``names``: (kind, id) -> what a person, desk or incident is called; asks nothing of a database."""
        super().__init__(parent)
        self._words, self._theme, self._now = words, theme, now
        self.window_ = LineWindow(source, self)
        self.wording = Wording(words, names, self.window_.others)
        self.model = LogModel(self.wording)
        self.view = LogView(self.model, theme)
        self.bar = QScrollBar(Qt.Orientation.Vertical)
        self.bar.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setFocusProxy(self.view)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.view, 1)
        layout.addWidget(self.bar)
        self._tip = DayTip(theme, self)
        self._go = GoToDay(words, theme, self._today, self)
        self._new = Chip(theme)
        self._new.setParent(self)
        self._said = Label(theme, "", ink="muted", size=TYPE.line)
        self._said.setParent(self)
        self._said.setAlignment(Qt.AlignmentFlag.AlignCenter)
        for overlay in (self._new, self._said):
            overlay.setVisible(False)
        self._patience = QTimer(self, singleShot=True, interval=PATIENCE_MS)
        self._notice = QTimer(self, singleShot=True, interval=NOTICE_MS)
        self._connect()
        self.set_words(words)

    def _connect(self) -> None:
        window, view = self.window_, self.view
        window.changed.connect(self._sync)
        window.scale_changed.connect(self._sync_bar)
        window.chosen.connect(self.line_chosen)
        window.counted.connect(self._count)
        window.unseen_changed.connect(self._show_unseen)
        window.hidden.connect(self.hidden)
        window.failed.connect(self._fail)
        view.acted.connect(self._act)
        view.scrolled.connect(lambda rows: window.set_top(window.top + rows))
        view.row_pressed.connect(self._press)
        view.row_opened.connect(self._open_row)
        view.resized.connect(lambda: window.set_full(view.full_rows()))
        view.painted.connect(self._was_painted)
        self.bar.valueChanged.connect(self._scroll_to)
        self.bar.sliderPressed.connect(self._hold)
        self.bar.sliderReleased.connect(self._release)
        self._new.clicked.connect(self.go_to_newest)
        self._go.wanted.connect(self.go_to_day)
        self._go.closed.connect(self.view.setFocus)
        self._patience.timeout.connect(lambda: self._show_rows(force=True))
        self._notice.timeout.connect(lambda: self._say(""))

    # ---- what the owner does

    def set_filter(self, filter_: LogFilter) -> None:
        """Show these lines; the first call also begins the reading."""
        self.view.set_columns(incident=filter_.incident_id is None, counterpart=True, who=True)
        self.window_.set_filter(filter_)

    def refresh(self, change_ids: frozenset[UUID] = frozenset()) -> None:
        """The log changed."""
        self.window_.refresh(change_ids)

    def show_line(self, id_: UUID, happened_at: datetime | None = None) -> None:
        """Choose a line and scroll it into sight, wherever it stands; ``hidden`` if the filter lacks it."""
        self.window_.go_to_line(id_, happened_at)

    def go_to_newest(self) -> None:
        """To the top, the newest line chosen."""
        self.window_.set_top(0)
        self.window_.choose(0)
        self.view.setFocus(Qt.FocusReason.OtherFocusReason)

    def go_to_day(self, day: date) -> None:
        """To the topmost line of a day; says so where it has none."""
        position = self.window_.go_to_day(day)
        if position is None or self.window_.counts is None:
            return
        found = day_at(self.window_.counts, position)
        if found is not None and found != day:
            texts = [day_text(each, self._today(), self._words) for each in (day, found)]
            self._say(self._words("log.go.none_that_day", day=texts[0], found=texts[1]))
            self._notice.start()

    def ask_day(self) -> None:
        """Open the field for a day."""
        self._go.move(
            self._theme.px(SPACE.s), self.view.y() + self.view.viewport().y() + self._theme.px(SPACE.s)
        )
        self._go.open_field()

    def chosen_line(self) -> LogLine | None:
        """The chosen line, as far as it is known."""
        return self.window_.chosen_line

    def set_highlight(self, words: str) -> None:
        """Mark these words in the text."""
        self.view.painter.highlight = words
        self.view.viewport().update()

    def set_header_visible(self, visible: bool) -> None:
        """Without the columns' names on a small panel."""
        self.view.horizontalHeader().setVisible(visible)

    def renamed(self) -> None:
        """Names in the directory changed."""
        self.model.reword()

    def set_words(self, words: Words) -> None:
        """Take another language."""
        self._words = words
        self.wording.words = words
        self._go.set_words(words)
        self.view.setAccessibleName(words("log.name"))
        self.bar.setAccessibleName(words("log.name"))
        self.model.reword()
        self._show_rows(force=False)
        self._say_what_is_missing()
        self._show_unseen(self.window_.unseen)

    def set_theme(self, theme: Theme) -> None:
        """Take another look or scale."""
        self._theme = theme
        self.view.set_theme(theme)
        self._tip.set_theme(theme)
        self._go.set_theme(theme)
        repaint_all(self, theme)
        self.window_.set_full(self.view.full_rows())
        self._place_overlays()

    def close_list(self) -> None:
        """No answer is taken any more; also done when the widget is closed."""
        self.window_.close()

    # ---- rows

    def _today(self) -> date:
        return self._now().astimezone(SHANGHAI).date()

    def _sync(self) -> None:
        self._show_rows(force=False)

    def _show_rows(self, *, force: bool) -> None:
        rows = self.window_.rows()
        if not force and any(row.line is None for row in rows):
            if not self._patience.isActive() and not self._showing_bars():
                self._patience.start()
                return
            if not self._showing_bars():
                return
        else:
            self._patience.stop()
        self.model.show(rows, self.window_.counts, self._today())
        self._mark_chosen()
        self._say_what_is_missing()

    def _showing_bars(self) -> bool:
        return self.model.rowCount() > 0 and not self.model.filled()

    def _mark_chosen(self) -> None:
        line, position = self.window_.chosen_line, self.window_.chosen_position
        row = self.model.row_of(line.id) if line is not None else None
        if row is None and line is None and position is not None:
            row = next(
                (r for r in range(self.model.rowCount()) if self.model.row(r).position == position), None
            )
        index = QModelIndex() if row is None else self.model.index(row, 0)
        selection = self.view.selectionModel()
        if row is None:
            selection.clear()
        elif selection.currentIndex() != index or not selection.isRowSelected(row, QModelIndex()):
            flags = QItemSelectionModel.SelectionFlag
            selection.setCurrentIndex(index, flags.ClearAndSelect | flags.Rows)

    def _press(self, row: int) -> None:
        shown = self.model.row(row)
        position = shown.position
        if shown.line is not None:  # what was pressed is the line that was seen, wherever it stands by now
            id_ = shown.line.id
            lines = self.window_.lines.items()
            position = next((at for at, line in lines if line.id == id_), position)
        self.window_.choose(position, show=False)

    def _open_row(self, row: int) -> None:
        self._press(row)
        self._act("open")

    def _was_painted(self) -> None:
        rows = self.model.rowCount()
        if rows and self.model.filled() and self.model.row(0).position == self.window_.top:
            self.painted.emit()

    # ---- scrolling

    def _sync_bar(self) -> None:
        window, bar = self.window_, self.bar
        bar.blockSignals(True)
        if not bar.isSliderDown():
            bar.setRange(0, window.last_top)
            bar.setPageStep(window.full)
            bar.setSingleStep(3)
        bar.setValue(window.top)
        bar.blockSignals(False)
        bar.setVisible(window.total > window.full)

    def _scroll_to(self, value: int) -> None:
        self.window_.set_top(value)
        if self.bar.isSliderDown():
            self._show_tip()

    def _show_tip(self) -> None:
        counts = self.window_.counts
        day = None if counts is None else day_at(counts, self.bar.value())
        if day is None:
            return
        share = self.bar.value() / max(1, self.bar.maximum())
        height = self._theme.px(32)
        middle = round(share * (self.bar.height() - height)) + height // 2
        text = day_text(day, self._today(), self._words)
        self._tip.show_at(text, self.bar.x() - self._theme.px(SPACE.s), self.bar.y() + middle)

    def _hold(self) -> None:
        self.window_.held = True
        self._show_tip()

    def _release(self) -> None:
        self._tip.setVisible(False)
        self.window_.release()

    # ---- keys

    def _act(self, action: str) -> None:
        window = self.window_
        page = max(1, window.full - 1)
        steps = {"down": 1, "up": -1, "page_down": page, "page_up": -page}
        if action in steps:
            window.move(steps[action])
        elif action == "home":
            self.go_to_newest()
        elif action == "end":
            window.choose(window.total - 1)
        elif action == "go":
            self.ask_day()
        elif action.startswith("filter_"):
            self.filter_key.emit(action.removeprefix("filter_"))
        elif window.chosen_line is not None:
            self._act_on(window.chosen_line, action)

    def _act_on(self, line: LogLine, action: str) -> None:
        if action == "open":
            self.opened.emit(line)
        elif action == "strike":
            self.strike_requested.emit(line.id)
        elif action == "confirm":
            if line.doubtful:
                self.confirm_requested.emit(line.id)
        elif action == "incident":
            self.incident_requested.emit(line.id)
        elif action == "copy":
            QGuiApplication.clipboard().setText(self.wording.copied(line))

    # ---- what lies over the rows

    def _count(self, total: int) -> None:
        self.counted.emit(total)
        self._say_what_is_missing()

    def _fail(self, error: BaseException) -> None:
        if self.window_.counts is None:
            self._say(self._words("log.unreadable"))
        self.failed.emit(error)

    def _say_what_is_missing(self) -> None:
        if self._notice.isActive():
            return
        if self.window_.counts is None or self.window_.total:
            self._say("")
            return
        empty = replace(self.window_.counts.filter, incident_id=None, machine=False) == LogFilter()
        self._say(self._words("log.empty" if empty else "log.empty_filtered"))

    def _say(self, sentence: str) -> None:
        self._said.setText(sentence)
        self._said.setVisible(bool(sentence))
        self._place_overlays()

    def _show_unseen(self, unseen: int) -> None:
        self._new.show_text(self._words("log.new_lines", count=unseen), "strong", bold=True)
        self._new.setVisible(unseen > 0)
        self._place_overlays()

    def _place_overlays(self) -> None:
        view, px = self.view.geometry(), self._theme.px
        top = view.top() + self.view.viewport().y()
        self._new.resize(self._new.sizeHint())
        self._new.move(view.center().x() - self._new.width() // 2, top + px(SPACE.s))
        self._new.raise_()
        height = px(SPACE.row)
        notice = self.window_.total > 0
        self._said.setGeometry(
            view.left(), view.bottom() - height if notice else top + height, view.width(), height
        )
        self._said.setAutoFillBackground(notice)
        self._said.raise_()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the overlays in their places."""
        super().resizeEvent(event)
        self._place_overlays()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Take no answer any more."""
        self.close_list()
        super().closeEvent(event)
