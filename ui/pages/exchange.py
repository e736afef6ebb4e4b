"""The sync page: what waits to be sent, what the centre refused, and fields with several values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from commandcenter.domain.change import ChangeSet
from commandcenter.domain.record import REGISTRY
from db.desk.engine import Connection
from db.queries.clash import Clash
from db.queries.clashes import clash_id
from db.queries.exchange import PAGE, ExchangeFilter, Group, RefusedGroup, refused_group
from ui.exchange_acts import ExchangeActs
from ui.exchange_clash import ClashDetail
from ui.exchange_group import GroupDetail
from ui.exchange_head import ExchangeHead
from ui.exchange_resend import Now, ResendPanel, read_now
from ui.exchange_words import Seen, exchange_words, look
from ui.export import EXCHANGE, Exporter
from ui.panel import Panel
from ui.rows_list import Row, RowsView
from ui.shell.chip import Label
from ui.shell.keys import KeyHint
from ui.theme import SPACE, TYPE
from ui.workbench import Page, Workbench

READ_AFTER_MS = 250
KEYS = {"w": "waiting", "r": "refused", "x": "exceptions"}


class ExchangePage(Page):
    """Three lists, one shown; the chosen row beside it, with what can be done about it."""

    kinds = frozenset(REGISTRY)

    def __init__(self, workbench: Workbench) -> None:
        super().__init__(workbench)
        self._put = exchange_words(self.words, workbench.directory)
        self._filter = ExchangeFilter()
        self._limit = PAGE
        self._more = False
        self._wanted: UUID | None = None  # to be chosen when it is read
        self._next_at: int | None = None  # the row to go on with after one was settled here
        self._aside = 0
        self._shown = ""
        self.acts = ExchangeActs(workbench, self)
        self.exporter = Exporter(workbench, self, EXCHANGE)
        self._compose()
        self._reader = QTimer(self, singleShot=True, interval=READ_AFTER_MS)
        self._reader.timeout.connect(self._read)
        self._connect()
        self.setFocusProxy(self.list)
        self.head.show_state(self.workbench.sync, self._put)
        self._show_detail(None)

    def _compose(self) -> None:
        theme, words, px = self.workbench.theme, self.words, self.workbench.theme.px
        self.head = ExchangeHead(self.workbench)
        self.panel = Panel(theme, words("exchange.name"), flush=True)
        self.panel.title.setVisible(False)
        for chip in (*self.head.tabs.values(), self.head.all):
            self.panel.head.addWidget(chip)
        self.panel.head.addStretch(1)
        self.list = RowsView(theme, words("exchange.tab.name"))
        self.empty = Label(theme, ink="muted", size=TYPE.line)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setWordWrap(True)
        self.empty.setContentsMargins(px(SPACE.l), 0, px(SPACE.l), 0)
        self.group = GroupDetail(theme, self._put)
        self.clash = ClashDetail(self.workbench, self._put)
        self.resend = ResendPanel(self.workbench, self._put)
        self.nothing = Label(theme, ink="muted", size=TYPE.body)
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.nothing.setWordWrap(True)
        self.side = QStackedWidget()
        for part in (self.nothing, self.group, self.clash, self.resend):
            self.side.addWidget(part)
        left = QVBoxLayout()
        left.setSpacing(0)
        for widget, stretch in ((self.list, 1), (self.empty, 1)):
            left.addWidget(widget, stretch)
        feet = QHBoxLayout()
        feet.setContentsMargins(px(SPACE.m), 0, px(SPACE.m), 0)
        feet.addWidget(self.head.foot, 1)
        left.addLayout(feet)
        ground = QWidget()
        row = QHBoxLayout(ground)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        line = QWidget()
        line.setFixedWidth(px(SPACE.hair))
        line.setAutoFillBackground(True)
        palette = line.palette()
        palette.setColor(line.backgroundRole(), theme.colour("line"))
        line.setPalette(palette)
        row.addLayout(left, 4)
        row.addWidget(line)
        row.addWidget(self.side, 5)
        self.panel.body.addWidget(ground, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(px(SPACE.m), px(SPACE.m), px(SPACE.m), px(SPACE.m))
        column.setSpacing(px(SPACE.s))
        column.addWidget(self.head)
        column.addWidget(self.panel, 1)

    def _connect(self) -> None:
        self.list.chosen.connect(self._show_detail)
        self.list.opened.connect(self._open_record)
        self.list.pressed.connect(self._pressed)
        self.list.more_wanted.connect(self._wants_more)
        self.group.resend_wanted.connect(self.open_resend)
        self.group.answer_wanted.connect(self.answer)
        self.clash.aside_wanted.connect(self.answer)
        self.clash.value_chosen.connect(lambda clash, value: self.acts.choose(clash, value, self._put))
        self.clash.another_written.connect(lambda clash, value: self.acts.write(clash, value, self._put))
        self.acts.settled.connect(self._settled)
        self.acts.compared.connect(self.workbench.said)
        self.acts.failed.connect(self._failed)
        QShortcut(QKeySequence("F5"), self).activated.connect(self.acts.compare)
        self.head.tab_wanted.connect(self.show_tab)
        self.head.all_wanted.connect(self.toggle_all)
        for detail in (self.group, self.clash):
            detail.open_wanted.connect(self._open_record)
            detail.left.connect(self._to_list)
        self.resend.left.connect(self._resend_left)
        self.resend.sent.connect(self._resent)
        self.workbench.directory.changed.connect(self._names_changed)
        if watch := self.workbench.sync:
            watch.changed.connect(self._state_changed)
        for key, way in (("Ctrl+E", self.exporter.save), ("Ctrl+P", self.exporter.print)):
            QShortcut(QKeySequence(key), self).activated.connect(lambda way=way: self._leave_by(way))
        for letter, tab in KEYS.items():
            shortcut = QShortcut(QKeySequence(f"Alt+{letter.upper()}"), self)
            shortcut.activated.connect(lambda tab=tab: self.show_tab(tab))

    # ---- reading

    def refresh(self, change_set: ChangeSet | None) -> None:
        """Read again: at once where it is shown first, soon where changes pour in."""
        if change_set is None:
            self._read()
        elif not self._reader.isActive():
            self._reader.start()

    def _read(self) -> None:
        filter_, limit, put, now = self._filter, self._limit, self._put, self.workbench.now()
        self.workbench.bridge.ask(
            self, lambda connection: look(connection, filter_, limit, put, now), self._show, topic="list"
        )

    def _show(self, seen: Seen) -> None:
        if seen.tab != self._filter.list:
            return
        self._more = seen.page.more
        self._aside = self.head.show_counts(self._filter, seen, alone=self._alone())
        if self._shown != seen.tab:  # another list: nothing of the one before is chosen
            self.list.show_rows(())
            self._shown = seen.tab
        had = self.list.current() is not None
        self.list.show_rows(seen.rows)
        if self._wanted is not None and self.list.choose(self._wanted):
            self._wanted = self._next_at = None
        elif self.list.current() is None and self._next_at is not None:
            self.list.choose_at(self._next_at)
            self._next_at = None
        elif self.list.current() is None and not had and self._wanted is None and not self._gone():
            self.list.choose_at(0)
        self._show_empty(not seen.rows)

    def _gone(self) -> bool:
        """Whether the detail still says that what was chosen is settled."""
        return self.nothing.text() == self.words("exchange.foot.gone") and bool(self.list.rows())

    def _alone(self) -> bool:
        return self.workbench.sync is None or self.workbench.sync.state.state == "not_enrolled"

    def _show_empty(self, empty: bool) -> None:
        focused = self.list.hasFocus() or self.empty.hasFocus()
        if empty:
            tab = self._filter.list
            key = f"exchange.none.{tab}"
            if tab == "waiting" and self._alone():
                key += "_alone"
            elif tab == "refused" and self._aside:
                key += "_answered"
            elif tab == "exceptions" and self._aside:
                key += "_aside"
            self.empty.setText(self.words(key, count=f"{self._aside:,}") if self._aside else self.words(key))
            self.nothing.setText("")
        self.empty.setVisible(empty)
        # an empty list keeps the keyboard: the page's keys go on working
        self.list.setMaximumHeight(0 if empty else 16_777_215)
        if focused:
            self.list.setFocus(Qt.FocusReason.OtherFocusReason)

    def _wants_more(self) -> None:
        if self._more and len(self.list.rows()) >= self._limit:
            self._limit += PAGE
            self._read()

    # ---- state

    def _state_changed(self) -> None:
        self.head.show_state(self.workbench.sync, self._put)
        if self.isVisible() and not self._reader.isActive():
            self._reader.start()

    def _names_changed(self) -> None:
        self._put = exchange_words(self.words, self.workbench.directory)
        for part in (self.group, self.clash, self.resend):
            part.set_words(self._put)
        self.head.show_state(self.workbench.sync, self._put)
        if self.isVisible():
            self._read()
        else:
            self._stale = True

    # ---- which list

    def show_tab(self, tab: str) -> None:
        """Show another of the three lists."""
        if tab != self._filter.list:
            self._filter = ExchangeFilter(list=tab)  # type: ignore[arg-type]
            self._limit = PAGE
            self._next_at = None
            self.nothing.setText("")
            self._read()
        self.list.setFocus(Qt.FocusReason.OtherFocusReason)

    def tab(self) -> str:
        """The list shown."""
        return self._filter.list

    def toggle_all(self) -> None:
        """With what was dealt with, or without."""
        if self._filter.list != "waiting":
            self._filter = replace(self._filter, answered=not self._filter.answered)
            self._read()

    def show_clash(self, kind: str, id_: UUID, field: str) -> None:
        """The exceptions, with the one of this field chosen."""
        self._wanted = clash_id(id_, field)
        self.show_tab("exceptions")
        if self.list.choose(self._wanted):
            self._wanted = None
        self.list.setFocus(Qt.FocusReason.OtherFocusReason)

    # ---- the chosen one

    def _show_detail(self, row: Row | None) -> None:
        if self.resend.group_id() is not None:
            return  # somebody types there: it stays until sent or left
        now = self.workbench.now()
        about = None if row is None else row.about
        if isinstance(about, Clash):
            self.clash.show_clash(about, now)
            self.side.setCurrentWidget(self.clash)
        elif isinstance(about, RefusedGroup):
            self.group.show_refused(about, now)
            self.side.setCurrentWidget(self.group)
        elif isinstance(about, Group):
            self.group.show_waiting(about, now)
            self.side.setCurrentWidget(self.group)
        elif not self.clash.writing():
            before = self.side.currentWidget()
            was = before in (self.group, self.clash) and self._next_at is None and self._shown == self.tab()
            key = "foot.gone" if was else f"detail.nothing_{self._filter.list}"
            self.nothing.setText(self.words(f"exchange.{key}"))
            self.side.setCurrentWidget(self.nothing)

    def _about(self) -> Any:
        row = self.list.current()
        return None if row is None else row.about

    def _open_record(self) -> None:
        about = self._about()
        if isinstance(about, Clash):
            self.workbench.open_requested.emit(about.kind, about.row)
        elif isinstance(about, Group | RefusedGroup):
            group = about if isinstance(about, Group) else about.group
            known = [one for one in group.changes if one.kind in REGISTRY]
            if known:
                self.workbench.open_requested.emit(known[0].kind, known[0].row)

    def _pressed(self, sign: str) -> None:
        if sign in KEYS:
            self.show_tab(KEYS[sign])
        elif sign == "a":
            self.toggle_all()
        elif sign == "e":
            self.open_resend()
        elif sign == "d":
            self.answer()
        elif sign == "t":
            if self.side.currentWidget() is self.clash:
                self.clash.write_another()
        elif sign == "c":
            self._copy()
        elif sign.isdecimal() and sign != "0" and self.side.currentWidget() is self.clash:
            self.clash.choose(int(sign) - 1)

    def _to_list(self) -> None:
        self.list.setFocus(Qt.FocusReason.OtherFocusReason)

    def _copy(self) -> None:
        row = self.list.current()
        if row is not None:
            QApplication.clipboard().setText(f"{row.title}\n{row.detail}")
            self.workbench.said.emit(self.words("exchange.copied"))

    # ---- acts

    def answer(self) -> None:
        """Put the chosen one aside, or bring it back."""
        self.acts.answer(self._about())

    def _settled(self, sentence: str) -> None:
        """One was dealt with here: say so and go on with the next."""
        if self.clash.writing():
            self._to_list()
        self.clash.close_box()
        self._next_at = max(0, self.list.currentIndex().row())
        self.workbench.said.emit(sentence)
        if self.workbench.sync is not None:
            self.workbench.sync.read()
        self._read()

    def _failed(self, error: BaseException) -> None:
        if self.clash.writing():
            self.clash.refuse(self.workbench.sentence(error))
        else:
            self.workbench.say_error(error)

    # ---- edit and resend

    def open_resend(self) -> None:
        """Put what was refused into boxes; what stands there now is read first."""
        about = self._about()
        if not isinstance(about, RefusedGroup) or about.answered_at is not None:
            return

        def question(connection: Connection) -> tuple[RefusedGroup | None, dict[tuple[UUID, str], Now]]:
            whole = refused_group(connection, about.id)
            return whole, {} if whole is None else read_now(connection, whole)

        def show(read: tuple[RefusedGroup | None, dict[tuple[UUID, str], Now]]) -> None:
            whole, now = read
            if whole is not None and whole.answered_at is None:
                self.side.setCurrentWidget(self.resend)
                self.resend.open_for(whole, now)

        self.workbench.bridge.ask(self, question, show, topic="resend")

    def _resend_left(self) -> None:
        self._to_list()
        self._show_detail(self.list.current())

    def _resent(self, _group: UUID) -> None:
        self._to_list()
        self._settled(self.words("exchange.resend.sent"))

    # ---- paper

    def _leave_by(self, way: Callable[[ExchangeFilter], None]) -> None:
        if not self.list.rows():
            self.workbench.said.emit(self.words("exchange.export_empty"))
        else:
            way(self._filter)

    def focus_field(self, about: object = None) -> None:
        """The keyboard in the list."""
        self._to_list()

    def key_hints(self) -> Sequence[KeyHint]:
        """The page's keys."""
        words, group = self.words, self.words("exchange.keys.group")
        hints = (
            ("W R X", "tabs"),
            ("↑ ↓  J / K", "move"),
            ("1…9", "choose"),
            ("T", "other"),
            ("E", "resend"),
            ("D", "answer"),
            ("A", "all"),
            ("Enter", "open"),
            ("C", "copy"),
            ("Ctrl+E", "save"),
            ("Ctrl+P", "print"),
            ("F5", "compare"),
        )
        return tuple(KeyHint(key, words(f"exchange.keys.{name}"), group) for key, name in hints)
