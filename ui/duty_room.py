"""The duty room: the shell brought to life with lanes, names, pages and keys."""

from __future__ import annotations

import importlib
import logging
import threading
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication, QWidget

from commandcenter.domain.change import ChangeSet
from commandcenter.domain.clock import SHANGHAI, day_number, to_ms
from commandcenter.domain.record import REGISTRY
from commandcenter.runtime import DataDirectory, Desktop, keep_log
from commandcenter.words import Words
from db.queries.log import DayCounts, LogFilter, day_counts
from ui.app import look, make_shell, translate
from ui.bridge import Bridge
from ui.chair import Chair
from ui.directory import LiveDirectory
from ui.line_keeper import LineKeeper
from ui.live import Live
from ui.shell.window import Shell
from ui.sync_room import SyncRoom
from ui.theme import Theme, apply
from ui.workbench import Page, Workbench

if TYPE_CHECKING:
    from commandcenter.services.workplace import Workplace
    from ui.seat import SeatPanel
    from ui.welfare_watch import WelfareWatch

log = logging.getLogger(__name__)

# The rail's pages: module and class. Loaded behind the first page, or when wanted sooner.
MAKERS = {
    "overview": ("ui.pages.overview", "OverviewPage"),
    "log": ("ui.pages.log", "LogPage"),
    "incident": ("ui.incidents_room", "IncidentsRoom"),
    "team": ("ui.pages.teams", "TeamsPage"),
    "shelter": ("ui.pages.shelters", "SheltersPage"),
    "monitor": ("ui.pages.monitor", "MonitorPage"),
    "search": ("ui.pages.search", "SearchPage"),
    "register": ("ui.pages.registers", "RegistersPage"),
    "exchange": ("ui.pages.exchange", "ExchangePage"),
    "audit": ("ui.pages.audit", "AuditPage"),
    "settings": ("ui.pages.settings", "SettingsPage"),
    "administration": ("ui.pages.administration", "AdministrationPage"),
}
LATER = (*(module for module, _ in MAKERS.values()), "ui.forms.strike", "ui.forms.open_incident", "ui.seat")
# what they ask for that knows no Qt, and takes its time (see ui.app.BEHIND)
LATER_BEHIND = (
    "numpy",
    "commandcenter.services.incidents",
    "commandcenter.services.readings",
    "commandcenter.services.audit_sentences",
    "commandcenter.sync.membership",
    "commandcenter.protocol.administration",
    "db.desk.verify",
    "db.queries.audit",
    "db.queries.search",
    "db.queries.file_facts",
)
SEARCH_KEYS = ("Ctrl+F", "F3")
WRITER_AFTER_MS = 50
WAIT_MS = 50
LATER_MS = 200


class DutyRoom(QObject):
    """Owns the lanes; gives the shell its pages, and tells every part what concerns it."""

    def __init__(
        self,
        app: QApplication,
        shell: Shell,
        words: Words,
        theme: Theme,
        directory: DataDirectory,
        profile: str,
        now: Callable[[], datetime],
    ) -> None:
        super().__init__()
        self._app, self._folder, self._now = app, directory, now
        keep_log(directory)
        self.live = Live()
        self.desktop = Desktop(directory, profile=profile, changed=self.live.tell)
        self.bridge = Bridge(self.desktop)
        self.names = LiveDirectory(self.bridge, words)
        self.live.changed.connect(self._heard)
        self.chair = Chair(self.bridge, self.names, self)
        self.names.changed.connect(self.chair.names_changed)
        self.names.changed.connect(self._names_changed)
        self.bridge.failed.connect(self._failed)
        self.bridge.saved.connect(lambda: self.shell.status.set_saved(self._now()))
        self.sync = SyncRoom(self.bridge, self.live, self.page, self._now, self)
        self.sync.follow(self.desktop.sync)
        self.welfare: WelfareWatch | None = None
        self._seat: SeatPanel | None = None
        self._asked_seat = False
        self._is_open = False
        self._day = 0
        self.names.read()
        self._furnish(shell, words, theme, "log")
        # The first lines come from a reader; a line typed before the writer has opened waits in its queue.
        self._writing = False
        QTimer.singleShot(WRITER_AFTER_MS if directory.database.is_file() else 0, self._begin_writing)
        self.bridge.deliver(self, self.desktop.ready, self._opened, self._not_opened)
        QTimer.singleShot(1500, self._load_the_rest)
        self._minute = QTimer(self, interval=20_000)  # a new day begins a new count
        self._minute.timeout.connect(self._day_may_have_turned)
        self._minute.start()

    def _begin_writing(self) -> None:
        if not self._writing:
            self._writing = True
            self.desktop.start()

    def _load_the_rest(self) -> None:
        """Listen for a second start; import the other pages' modules, so that the first look at them does
        not wait: what knows no Qt on a thread, then the screens one by one."""
        from ui.single import Listener

        self._listener = Listener(self._folder.path, self._come_forward, self)

        def load() -> None:
            for module in LATER_BEHIND:
                importlib.import_module(module)

        threading.Thread(target=load, name="loader", daemon=True).start()
        self._later = list(LATER)
        self._loading = QTimer(self, interval=LATER_MS)
        self._loading.timeout.connect(self._load_one)
        self._loading.start()

    def _load_one(self) -> None:
        importlib.import_module(self._later.pop(0))
        if not self._later:
            self._loading.stop()

    # ---- furnishing

    def _furnish(self, shell: Shell, words: Words, theme: Theme, page: str) -> None:
        """Connect a window: its log box, its pages, its keys."""
        self.shell = shell
        self.workbench = Workbench(
            words=words,
            theme=theme,
            bridge=self.bridge,
            live=self.live,
            directory=self.names,
            now=self._now,
            desktop=self.desktop,
        )
        self.workbench.setParent(shell)
        self.chair.furnish(shell, self.workbench, self.sign_in)
        self.workbench.seated.connect(self.chair.seated)
        self.sync.furnish(shell, self.workbench)
        if self.welfare is not None:
            self.welfare.furnish(shell, self.workbench)
        self.pages: dict[str, Page] = {}
        self.keeper = LineKeeper(shell, self.workbench, self._now)
        self.workbench.open_requested.connect(self.open)
        self.workbench.page_requested.connect(shell.show_page)
        self.workbench.said.connect(self._say)
        self.workbench.problem.connect(self._problem)
        self.workbench.progress.connect(self._progress)
        self.workbench.context_changed.connect(self._context_changed)
        self.workbench.seat_requested.connect(self.choose_seat)
        self.workbench.preference_chosen.connect(self._preference_chosen)
        shell.header.duty_clicked.connect(self.choose_seat)
        shell.page_changed.connect(self._page_changed)
        shell.page_again.connect(lambda name: self.page(name).to_start())
        for key in SEARCH_KEYS:
            shortcut = QShortcut(QKeySequence(key), shell)
            shortcut.activated.connect(self._to_search)
        self.page(page)
        shell.show_page(page)
        self._context_changed()
        if not self._now_is_unread():
            self._names_changed()

    def _now_is_unread(self) -> bool:
        return self.names.now.device is None

    def page(self, name: str) -> Page:
        """The page of the rail with this name, made when first wanted."""
        if name not in self.pages:
            module, maker = MAKERS[name]
            made: Page = getattr(importlib.import_module(module), maker)(self.workbench)
            self.pages[name] = made
            self.shell.add_page(name, made)
        return self.pages[name]

    def _page_changed(self, name: str) -> None:
        self.page(name)
        self._context_changed()

    def _context_changed(self) -> None:
        """The box writes into the incident of the page shown; the overlay shows its keys."""
        current = self.pages.get(self.shell.page())
        if current is None:
            return
        incident = current.incident()
        if incident is None:
            self.shell.logbox.set_context(None)
        else:
            card = self.names.card(incident)
            label = f"{card.code} {card.name}" if card else ""
            self.shell.logbox.set_context(str(incident), label)
        self.shell.set_key_hints((*self.chair.hints(), *self.sync.hints(), *current.key_hints()))

    def _preference_chosen(self, key: str, value: Any) -> None:
        """Another language, look or scale: the window is furnished anew; what is typed stays."""
        if self.shell.logbox.pending():  # its answer belongs to the box that asked
            QTimer.singleShot(WAIT_MS, lambda: self._preference_chosen(key, value))
            return
        preferences = {**self.names.now.preferences, key: value}
        language = str(preferences.get("language") or self.workbench.words.language)
        words = self.workbench.words
        if language != words.language:
            words = Words(language)
            translate(self._app, language)
        theme = look(preferences)
        old, page = self.shell, self.shell.page()
        focus: QWidget | None = old.focusWidget()
        in_page = focus is not None and old.stack.isAncestorOf(focus)
        draft = old.logbox.draft()
        self.keeper.keep()
        self.names.set_words(words)
        apply(self._app, theme)
        shell = make_shell(words, theme, self._now, self.names.now.late_after_s)
        shell.logbox.restore(draft)
        if old.isMaximized() or old.isFullScreen():
            shell.setWindowState(old.windowState())
        else:
            shell.setGeometry(old.geometry())
        self._seat = None
        self._furnish(shell, words, theme, page)
        shell.status.take_state(old.status)
        shell.show()
        if in_page:
            self.pages[page].focus_field((key, value))
        old.hide()
        old.deleteLater()
        self._count_today()

    # ---- opening and news

    def _opened(self, workplace: Workplace) -> None:
        self._is_open = True
        self.names.read()
        self._count_today()
        self.shell.status.set_saved(self._now())  # what the file holds is durable
        self.sync.watch.read()
        self._watch_the_field()
        self.desktop.sync.begin()  # this program holds the lock

    def _watch_the_field(self) -> None:
        from ui.welfare_watch import WelfareWatch

        self.welfare = WelfareWatch(self.bridge, self.live, self._now, self)
        self.welfare.furnish(self.shell, self.workbench)
        self.welfare.read()

    def _not_opened(self, error: BaseException) -> None:
        log.error("the desk's file cannot be opened", exc_info=error)
        sentence = self.workbench.sentence(error)
        self.shell.strip.show_message(sentence, problem=True)
        self.shell.status.set_unsaved(sentence)

    def _heard(self, change_set: ChangeSet) -> None:
        self.names.heard(change_set)
        if any(REGISTRY[kind].nature == "fact" for kind in change_set.touched if kind in REGISTRY):
            self._count_today()

    def _names_changed(self) -> None:
        now, header = self.names.now, self.shell.header
        product = self.names.product()
        header.set_product(product)
        self.shell.setWindowTitle(product)
        header.set_desk(self.names.name("desk", now.device))
        duty = self.chair.said_of_duty(self.names.name("person", now.person))
        header.set_duty(duty, strong=self.chair.idle.on)
        self.shell.status.set_desk(self.names.name("desk", now.device))
        self._context_changed()
        # not before the writer is there to hear the answer, and the first lines have been painted
        if self._is_open and not self._asked_seat and now.device is not None:
            self._asked_seat = True
            if now.person is None or self.chair.idle.on:
                self.choose_seat()

    def _count_today(self) -> None:
        today = day_number(to_ms(self._now()))
        self._day = today

        def counted(counts: DayCounts) -> None:
            self.shell.status.set_today(counts.total)

        self.bridge.ask(
            self, lambda connection: day_counts(connection, LogFilter(day=today)), counted, topic="today"
        )

    def _day_may_have_turned(self) -> None:
        if day_number(to_ms(self._now())) != self._day:
            self._count_today()

    def _failed(self, error: BaseException) -> None:
        self._problem(self.workbench.sentence(error))

    def _problem(self, sentence: str) -> None:
        """What went wrong stays in sight until it is put away."""
        self.shell.strip.show_message(sentence, problem=True)

    def _say(self, sentence: str) -> None:
        """What went well is said where nothing moves for it."""
        self.shell.strip.clear()
        self.shell.status.show_note(sentence)

    def _progress(self, sentence: str, cancel: Callable[[], None]) -> None:
        self.shell.strip.show_message(
            sentence, action_label=self.workbench.words("export.cancel"), action=cancel
        )

    # ---- going places

    def open(self, kind: str, id_: UUID) -> None:
        """Show a record where it stands."""
        if kind == "incident":
            name = "incident"
        elif kind in REGISTRY and REGISTRY[kind].nature == "fact":
            name = "log"
        else:
            name = "register"
        page = self.page(name)
        self.shell.show_page(name)
        page.open(kind, id_)
        self._context_changed()

    def _to_search(self) -> None:
        page = self.page("search")
        self.shell.show_page("search")
        page.focus_field()

    def choose_seat(self) -> None:
        """Ask who sits here; the log box goes on taking lines meanwhile."""
        from ui.seat import SeatPanel

        if self._seat is None:
            self._seat = SeatPanel(self.workbench, self.shell)
        self._seat.open_panel()

    def sign_in(self) -> None:
        """The same, asked for by a key: the cursor goes there, a half-typed line waits where it is."""
        self.choose_seat()
        if self._seat is not None:
            self._seat.focus_panel()

    def _come_forward(self) -> None:
        window = self.shell
        window.setWindowState(window.windowState() & ~Qt.WindowState.WindowMinimized)
        window.show()
        window.raise_()
        window.activateWindow()
        self._say(self.workbench.words("unavailable.window_is_open"))

    # ---- the end

    def close(self) -> None:
        """Keep the draft, finish what was handed in, end the lanes."""
        self._begin_writing()
        self.keeper.keep()
        self.desktop.close()

    def local_time(self) -> datetime:
        """Now, as people here read it."""
        return self._now().astimezone(SHANGHAI)

    def current(self) -> QWidget:
        """The page shown."""
        return self.pages[self.shell.page()]
