"""The head of the sync page: state, the three lists with their counts, and the foot that sums one up."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from commandcenter.services.exchange_sentences import ExchangeWords
from commandcenter.sync.state import SyncState
from db.queries.exchange import ExchangeFilter, RefusedPage, WaitingPage
from ui.exchange_words import Seen
from ui.shell.chip import Chip, Label
from ui.sync_watch import SyncWatch
from ui.sync_words import compared, why
from ui.theme import SPACE, TYPE
from ui.workbench import Workbench

TABS = ("waiting", "refused", "exceptions")


class ExchangeHead(QWidget):
    """Owns the chips and the foot; the page puts them in their places."""

    tab_wanted = Signal(str)
    all_wanted = Signal()

    def __init__(self, workbench: Workbench) -> None:
        super().__init__()
        self._workbench, self._words = workbench, workbench.words
        theme, words, px = workbench.theme, workbench.words, workbench.theme.px
        self.state = Label(theme, size=TYPE.line, bold=True)
        self.hint = Label(theme, ink="muted", size=TYPE.small, elided=True)
        self.hint.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.tabs: dict[str, Chip] = {}
        for tab in TABS:
            chip = Chip(theme, words(f"exchange.tab.{tab}"), key=words(f"exchange.tab.{tab}_key"))
            chip.clicked.connect(lambda _on=False, tab=tab: self.tab_wanted.emit(tab))
            self.tabs[tab] = chip
        self.all = Chip(theme, key="A")
        self.all.clicked.connect(self.all_wanted)
        self.all.setVisible(False)
        self.foot = Label(theme, ink="muted", size=TYPE.small, elided=True)
        self.foot.setMinimumHeight(px(SPACE.control))
        row = QHBoxLayout(self)
        row.setContentsMargins(px(SPACE.xs), 0, px(SPACE.xs), 0)
        row.setSpacing(px(SPACE.l))
        row.addWidget(self.state)
        row.addWidget(self.hint, 1)

    def show_state(self, watch: SyncWatch | None, put: ExchangeWords) -> None:
        """How it stands with the centre, what that means here, and when both were last found equal."""
        words, now = self._words, self._workbench.now()
        state = SyncState() if watch is None else watch.state
        text = words(f"exchange.state.{state.state}")
        if state.state != "not_enrolled" and state.since is not None:
            text = words("exchange.status.since", state=text, since=put.when(state.since, now))
        self.state.setText(text)
        said = [why(put, state), words(f"exchange.hint.{state.state}"), compared(put, state, now)]
        self.hint.setText(" ".join(part for part in said if part))
        self.hint.setToolTip(self.hint.text())

    def show_counts(self, filter_: ExchangeFilter, seen: Seen, *, alone: bool) -> int:
        """The counts of all lists; returns how many of this one were dealt with."""
        words, page, backlog = self._words, seen.page, seen.backlog
        counts = {
            "waiting": 0 if alone else backlog.waiting,
            "refused": backlog.refused,
            "exceptions": backlog.exceptions,
        }
        for tab, chip in self.tabs.items():
            on, count = tab == filter_.list, counts[tab]
            label = words(f"exchange.tab.{tab}")
            text = f"{label} {count:,}" if count else label
            chip.show_text(text, "accent" if on else "plain", bold=on)
        done, parts = self._summed(seen, alone)
        if page.more:
            parts.append(words("exchange.foot.more"))
        self.foot.setText(words("exchange.and").join(parts))
        self.all.setVisible(bool(done))
        on = filter_.answered
        text = words("exchange.detail.show_all", count=f"{done:,}")
        self.all.show_text(text, "accent" if on else "plain", bold=on)
        return done

    def _summed(self, seen: Seen, alone: bool) -> tuple[int, list[str]]:
        words, page = self._words, seen.page
        if isinstance(page, WaitingPage):
            parts = []
            if page.changes:
                at = "" if page.oldest_at is None else seen.oldest
                parts.append(words("exchange.foot.waiting", count=f"{page.changes:,}", at=at))
            if page.shipped and not alone:
                parts.append(words("exchange.foot.shipped", count=f"{page.shipped:,}"))
            return 0, parts
        if isinstance(page, RefusedPage):
            total = {"open": f"{page.open:,}", "answered": f"{page.answered:,}"}
            any_ = page.open or page.answered
            return page.answered, [words("exchange.foot.refused", **total)] if any_ else []
        key = "exceptions_aside" if page.aside else "exceptions"
        total = {"open": f"{page.open:,}", "aside": f"{page.aside:,}"}
        return page.aside, [words(f"exchange.foot.{key}", **total)] if page.open or page.aside else []
