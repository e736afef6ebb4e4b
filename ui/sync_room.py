"""The room's synchronisation: state and news brought to whatever window stands there, and their keys."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

import shiboken6
from PySide6.QtCore import QObject
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication, QWidget

from ui.bridge import Bridge
from ui.exchange_words import exchange_words
from ui.live import Live
from ui.news import NewsKeeper
from ui.shell.keys import KeyHint
from ui.sync_watch import SyncWatch
from ui.sync_words import reach
from ui.workbench import Page, Workbench

if TYPE_CHECKING:
    from ui.news_panel import NewsPanel
    from ui.pages.exchange import ExchangePage
    from ui.shell.window import Shell
    from ui.sync_watch import Synchronising

NEWS_KEY, PAGE_KEY = "F4", "F8"
NEWS_PAGE = "log"


class SyncRoom(QObject):
    """One for the program's life; a window that is furnished anew is handed over."""

    def __init__(
        self,
        bridge: Bridge,
        live: Live,
        page: Callable[[str], Page],
        now: Callable[[], datetime],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.watch = SyncWatch(bridge, live, self)
        self.news = NewsKeeper(bridge, live, self)
        self.news.looking = self._looking
        self._page, self._now = page, now
        self._shell: Shell | None = None
        self._workbench: Workbench | None = None
        self._panel: NewsPanel | None = None
        self._needed = 0
        self._listed = 0
        self.watch.changed.connect(self._say)
        self.news.changed.connect(self._count)

    def follow(self, synchronising: Synchronising) -> None:
        """Hear how it stands with the centre."""
        self.watch.follow(synchronising)

    def furnish(self, shell: Shell, workbench: Workbench) -> None:
        """Give a window its state, its badge and its keys."""
        self._shell, self._workbench, self._panel = shell, workbench, None
        workbench.sync = self.watch
        workbench.clash_requested.connect(self.show_clash)
        workbench.directory.changed.connect(self._preferred)
        shell.status.reach_clicked.connect(self.show_page)
        shell.status.needs_clicked.connect(self.show_needs)
        for key, act in ((NEWS_KEY, self.toggle_news), (PAGE_KEY, self.to_page)):
            shortcut = QShortcut(QKeySequence(key), shell)
            shortcut.setAutoRepeat(False)
            shortcut.activated.connect(act)
        shell.page_changed.connect(self._put_news_away)
        self._preferred()
        self._say()
        self._count()

    def hints(self) -> tuple[KeyHint, ...]:
        """Its keys, for the overlay."""
        if self._workbench is None:
            return ()
        words = self._workbench.words
        group = words("shell.keys.group_everywhere")
        return (
            KeyHint(NEWS_KEY, words("exchange.keys.news"), group),
            KeyHint(PAGE_KEY, words("exchange.keys.page"), group),
        )

    # ---- state

    def _say(self) -> None:
        shell, workbench = self._shell, self._workbench
        if shell is None or workbench is None:
            return
        put = exchange_words(workbench.words, workbench.directory)
        said = reach(put, self.watch.state, self.watch.backlog, self._now())
        shell.status.reach.show_state(said.long, said.short, said.tone, said.tip)
        needed = self.watch.backlog.refused + self.watch.backlog.exceptions
        shell.status.reach.show_needs(said.needs, said.needs_quiet, rose=needed > self._needed)
        self._needed = needed

    def show_page(self) -> None:
        """The sync page."""
        if self._shell is not None:
            self._page("exchange")
            self._shell.show_page("exchange")

    def show_needs(self) -> None:
        """The sync page, with what waits for somebody."""
        self.show_page()
        backlog = self.watch.backlog
        self._exchange().show_tab("refused" if backlog.refused else "exceptions")

    def to_page(self) -> None:
        """By key: on a field with several values to that one, else to the page."""
        part: QWidget | None = QApplication.focusWidget()
        while part is not None:
            open_clash = getattr(part, "open_clash", None)
            if open_clash is not None and open_clash():
                return
            part = part.parentWidget()
        self.show_page()

    def show_clash(self, kind: str, id_: UUID, field: str) -> None:
        """The exceptions, at this field."""
        self.show_page()
        self._exchange().show_clash(kind, id_, field)

    def _exchange(self) -> ExchangePage:
        from ui.pages.exchange import ExchangePage

        page = self._page("exchange")
        assert isinstance(page, ExchangePage)
        return page

    # ---- news

    def _looking(self) -> bool:
        """Whether the log is in front with the keyboard in it: then what comes is seen as it comes."""
        shell = self._shell
        if shell is None or shell.page() != NEWS_PAGE:
            return False
        focus = QApplication.focusWidget()
        return focus is not None and shell.stack.isAncestorOf(focus)

    def _preferred(self) -> None:
        if self._workbench is not None:
            self.news.sounds = self._workbench.directory.now.preferences.get("sound") is not False

    def _count(self) -> None:
        shell, workbench = self._shell, self._workbench
        if shell is None or workbench is None:
            return
        count = self.news.count
        tip = workbench.words("exchange.news.badge", count=f"{count:,}") if count else ""
        shell.rail.button(NEWS_PAGE).set_badge(count, tip)

    def _put_news_away(self) -> None:
        """Another page: the list lay over the one before."""
        if self._panel is not None and shiboken6.isValid(self._panel) and self._panel.isVisible():
            self._panel.hide_panel()

    def toggle_news(self) -> None:
        """Show what came, or put it away."""
        shell, workbench = self._shell, self._workbench
        if shell is None or workbench is None:
            return
        if self._panel is None or not shiboken6.isValid(self._panel):
            from ui.news_panel import NewsPanel

            self._panel = NewsPanel(workbench, shell)
            self._panel.closed.connect(self._news_seen)
        if self._panel.isVisible():
            self._panel.close_panel()
        elif not self.news.pieces:
            workbench.said.emit(workbench.words("exchange.news.empty"))
        else:
            self._listed = self.news.count
            self._panel.open_panel(self.news.pieces, self.news.count)

    def _news_seen(self) -> None:
        """What came while the list was open is still to be seen."""
        self.news.seen(self._listed)


if TYPE_CHECKING:
    from ui.pages.exchange import ExchangePage
