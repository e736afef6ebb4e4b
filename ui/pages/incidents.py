"""The board of incidents: the open ones, worst first, the closed ones, and the panel that opens another."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QHBoxLayout

from commandcenter.domain.change import ChangeSet
from db.desk.engine import Connection
from db.queries.incidents import IncidentCard, board
from ui.forms.open_incident import OpenIncidentPanel
from ui.incident_rows import board_row
from ui.panel import Panel
from ui.shell.chip import Chip, Label
from ui.shell.keys import KeyHint
from ui.tables.board import BoardView
from ui.theme import SPACE, TYPE, Theme
from ui.workbench import Page, Workbench

PANEL_WIDTH = 470
BOTH_FROM = 980  # narrower, the panel takes the board's place


def _both(connection: Connection) -> dict[bool, list[IncidentCard]]:
    return {closed: board(connection, closed=closed) for closed in (False, True)}


class IncidentsPage(Page):
    """Enter opens an incident, N begins a new one."""

    kinds = frozenset({"incident", "log_entry", "strike", "incident_event", "organisation"})

    def __init__(self, workbench: Workbench) -> None:
        super().__init__(workbench)
        theme, words = workbench.theme, self.words
        self._cards: dict[bool, list[IncidentCard]] = {False: [], True: []}
        self._read = False
        self._closed = False
        self.panel = Panel(theme, words("incident.board.open"), flush=True)
        self._which = {False: Chip(theme), True: Chip(theme)}
        self._order = Label(theme, "", ink="muted", size=TYPE.small, elided=True)
        self._new = Chip(theme, words("incident.board.new"), key="N")
        self.panel.head.addWidget(self._order)
        for chip in (*self._which.values(), self._new):
            self.panel.head.addWidget(chip)
        self.view = BoardView(words, theme, workbench.now)
        self._empty = Label(theme, "", ink="muted", size=TYPE.line)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.panel.body.addWidget(self.view, 1)
        self.panel.body.addWidget(self._empty, 1)
        self.opening = OpenIncidentPanel(workbench)
        self._row = QHBoxLayout(self)
        self._row.addWidget(self.panel, 1)
        self._row.addWidget(self.opening)
        self._which[False].clicked.connect(lambda: self.show_closed(False))
        self._which[True].clicked.connect(lambda: self.show_closed(True))
        self._new.clicked.connect(self.begin)
        self.view.wanted.connect(lambda id_: workbench.open_requested.emit("incident", id_))
        self.view.new_wanted.connect(self.begin)
        self.view.other_wanted.connect(lambda: self.show_closed(not self._closed))
        self.opening.closed.connect(self._panel_closed)
        self.opening.done.connect(self._opened)
        workbench.directory.changed.connect(self._show_rows)
        shortcut = QShortcut(QKeySequence("N"), self.panel)
        shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        shortcut.activated.connect(self.begin)
        self.setFocusProxy(self.view)
        self.set_theme(theme)
        self._show_rows()

    # ---- reading

    def refresh(self, change_set: ChangeSet | None) -> None:
        """Read both lists again; nothing moves but what moved."""
        self.workbench.bridge.ask(self, _both, self._show, topic="board")

    def _show(self, cards: dict[bool, list[IncidentCard]]) -> None:
        self._cards, self._read = cards, True
        self._show_rows()

    def _show_rows(self) -> None:
        words = self.words
        rows = [board_row(self.workbench, card) for card in self._cards[self._closed]]
        self.view.show_rows(rows)
        way = "closed" if self._closed else "open"
        self.panel.title.setText(words(f"incident.board.{way}"))
        self._order.setText(words(f"incident.board.order_{way}"))
        for closed, chip in self._which.items():
            name = words(
                f"incident.board.{'closed' if closed else 'open'}_count", count=len(self._cards[closed])
            )
            here = closed == self._closed
            chip.show_text(name, "accent" if here else "plain", bold=here)
        empty = self._read and not rows
        self._empty.setText(words("incident.board.empty_closed" if self._closed else "incident.board.empty"))
        self._empty.setVisible(empty)

    def show_closed(self, closed: bool) -> None:
        """Show the closed ones, or the open ones."""
        if closed != self._closed:
            self._closed = closed
            self._show_rows()
            self.view.scrollToTop()

    # ---- the panel

    def begin(self) -> None:
        """Show the panel for a new incident, with what was being typed."""
        self.opening.open_panel()
        self._arrange()

    def _panel_closed(self) -> None:
        self._arrange()
        self.view.setFocus(Qt.FocusReason.OtherFocusReason)

    def _opened(self, id_: UUID) -> None:
        self.show_closed(False)
        self.workbench.open_requested.emit("incident", id_)

    def _arrange(self) -> None:
        px = self.workbench.theme.px
        out = self.opening.is_open()
        both = self.width() >= px(BOTH_FROM)
        self.panel.setVisible(not out or both)
        if both:
            self.opening.setFixedWidth(px(PANEL_WIDTH))
        else:
            self.opening.setMinimumWidth(0)
            self.opening.setMaximumWidth(16_777_215)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A narrow page shows one of the two."""
        super().resizeEvent(event)
        self._arrange()

    def set_theme(self, theme: Theme) -> None:
        """Take another look or scale."""
        px = theme.px
        self._row.setContentsMargins(px(SPACE.m), px(SPACE.m), px(SPACE.m), px(SPACE.m))
        self._row.setSpacing(px(SPACE.m))
        for part in (self.panel, self.view, self.opening):
            part.set_theme(theme)
        self._arrange()

    def key_hints(self) -> Sequence[KeyHint]:
        """The board's keys."""
        words = self.words
        group = words("incident.keys.board")
        keys = (("↑ ↓", "move"), ("Enter", "open"), ("N", "new"), ("← →", "which"))
        return [KeyHint(key, words(f"incident.keys.{name}"), group) for key, name in keys]
