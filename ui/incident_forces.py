"""The forces of an incident's page: who was sent and how far they are, and the panel that sends more."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QBoxLayout, QWidget

from db.queries.teams import Sent, sent_to
from ui.incident_panels import IncidentPanel
from ui.rows_list import Row, RowsView
from ui.shell.chip import Chip, Label
from ui.shell.keys import KeyHint
from ui.team_dispatch import DispatchPanel
from ui.team_steps import StepPanel, advance
from ui.team_words import clock, state_text, times
from ui.theme import TYPE, Theme
from ui.workbench import Workbench

KEY = "Alt+D"
MOST_ROWS = 5


class IncidentForces(IncidentPanel):
    """Lives at the page's side; its panels come out at ``place``, and it says when they come or go."""

    concerns = frozenset({"team"})

    def __init__(
        self, workbench: Workbench, page: QWidget, place: QBoxLayout, shown: Callable[[], UUID | None]
    ) -> None:
        words, theme = workbench.words, workbench.theme
        super().__init__(workbench, page, place, shown, words("teams.forces.title"))
        self._sent: dict[UUID, Sent] = {}
        self.sums = Label(theme, "", ink="muted", size=TYPE.small)
        self.more = Chip(theme, words("teams.keys.dispatch"), key=KEY)
        self.head.addWidget(self.sums)
        self.head.addWidget(self.more)
        self.view = RowsView(theme, words("teams.forces.name"))
        self._empty = Label(theme, words("teams.forces.empty"), ink="muted", size=TYPE.small)
        self._empty.setContentsMargins(theme.px(12), theme.px(8), theme.px(12), theme.px(4))
        self._empty.setWordWrap(True)
        self.body.addWidget(self.view)
        self.body.addWidget(self._empty)
        self.dispatch, self.step = DispatchPanel(workbench), StepPanel(workbench)
        for panel in (self.dispatch, self.step):
            place.insertWidget(0, panel)
            panel.closed.connect(self._panel_closed)
        self.more.clicked.connect(self.open_dispatch)
        self.view.pressed.connect(self._act)
        self.view.opened.connect(lambda: self._act("t"))
        QShortcut(QKeySequence(KEY), page).activated.connect(self.open_dispatch)
        self._fit()

    def _panel_closed(self) -> None:
        self.moved.emit()
        self.view.setFocus(Qt.FocusReason.OtherFocusReason)

    def is_open(self) -> bool:
        """Whether one of the panels is out."""
        return self.dispatch.is_open() or self.step.is_open()

    def open_dispatch(self) -> None:
        """Choose who is sent here."""
        if (id_ := self._shown()) is not None:
            self.dispatch.open_for(id_)
            self.moved.emit()

    def close_panels(self) -> None:
        """Another incident is shown."""
        self.dispatch.close_panel()
        self.step.close_panel()

    def read(self) -> None:
        """Read this incident's forces."""
        id_ = self._shown()
        if id_ is not None:
            self.workbench.bridge.ask(
                self, lambda connection: (id_, sent_to(connection, id_)), self._show, topic="forces"
            )
            self.dispatch.read()

    def _show(self, found: tuple[UUID, tuple[Sent, ...]]) -> None:
        if found[0] != self._shown():
            return
        words, now = self.words, self.workbench.now()
        self._sent = {one.engagement.deployment_id: one for one in found[1]}
        rows = []
        for id_, one in self._sent.items():
            made = one.engagement
            people = "" if made.strength is None else words("teams.people", count=made.strength)
            parts = (clock(made.since_at, now), people, times(words, made, now))
            rows.append(
                Row(
                    id=id_,
                    title=one.team or words("log.step_text.unknown_team"),
                    detail=" · ".join(part for part in parts if part),
                    tag=state_text(words, made.step),
                    quiet=not made.open,
                )
            )
        self.view.show_rows(rows)
        open_ = [one.engagement for one in found[1] if one.engagement.open]
        people_count = sum(one.strength or 0 for one in open_)
        self.sums.setText(
            words("teams.forces.sum", teams=len(open_), people=people_count) if found[1] else ""
        )
        self._fit()

    def _act(self, letter: str) -> None:
        row = self.view.current()
        one = self._sent.get(row.id) if row is not None else None
        if letter == "d":
            self.open_dispatch()
        if one is None or not one.engagement.open:
            return
        if letter == "a":
            advance(self.workbench, self, one.team, one.engagement)
        elif letter in "tc":
            self.step.open_for(one.team, one.engagement, cancel=letter == "c")
            self.moved.emit()

    def own_hints(self) -> list[KeyHint]:
        """The keys of the forces."""
        group = self.words("teams.forces.title")
        keys = ((f"D / {KEY}", "dispatch"), ("A", "advance"), ("T", "later"), ("C", "cancel"))
        return [KeyHint(key, self.words(f"teams.keys.{name}"), group) for key, name in keys]

    def _fit(self) -> None:
        count = len(self._sent)
        self.view.setVisible(count > 0)
        self._empty.setVisible(count == 0)
        self.view.setFixedHeight(self.workbench.theme.px(52) * max(1, min(count, MOST_ROWS)))

    def set_theme(self, theme: Theme) -> None:
        """Take another look or scale."""
        super().set_theme(theme)
        if hasattr(self, "dispatch"):  # the base calls this while it is being made
            self.dispatch.set_theme(theme)
            self.step.set_theme(theme)
            self._fit()
