"""The board of teams: every team by state, the most engaged first; one key notes how far a team has come."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from uuid import UUID

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QVBoxLayout

from commandcenter.domain.change import ChangeSet
from commandcenter.services.code_words import code_label
from db.queries.teams import Forces, TeamNow, forces
from ui.panel import Panel
from ui.shell.chip import Label
from ui.shell.keys import KeyHint
from ui.team_steps import StepPanel, advance
from ui.team_tiles import TeamTiles, Tile
from ui.team_words import FREE, SHAPES, clock, since_text, state_of, state_text, times, welfare_text
from ui.theme import SPACE, TYPE, Theme
from ui.welfare_panel import WelfarePanel
from ui.welfare_watch import Asked
from ui.workbench import Page, Workbench

MINUTE_MS = 20_000


class TeamsPage(Page):
    """A advances the chosen team's most engaged deployment, T with another time, C stands it down; W asks how
    it is, or how whoever was not heard of for longest is."""

    kinds = frozenset({"team", "deployment_step", "strike", "time_confirmation", "incident"})

    def __init__(self, workbench: Workbench) -> None:
        super().__init__(workbench)
        theme, words = workbench.theme, self.words
        self._found: Forces | None = None
        self.panel = Panel(theme, words("teams.name"))
        self.sums = Label(theme, "", ink="muted", size=TYPE.small, elided=True)
        self.panel.head.addWidget(self.sums, 2)
        self.sums.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.tiles = TeamTiles(theme, words("teams.name"))
        self._empty = Label(theme, words("teams.empty"), ink="muted", size=TYPE.line)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setVisible(False)
        self.detail = Label(theme, "", ink="muted", size=TYPE.small)
        self.detail.setWordWrap(True)
        self.detail.setAccessibleName(words("teams.detail"))
        self.panel.body.addWidget(self.tiles, 1)
        self.panel.body.addWidget(self._empty, 1)
        self.panel.body.addWidget(self.detail)
        self.step = StepPanel(workbench)
        self.ask = WelfarePanel(workbench)
        self._watching = False
        self._column = QVBoxLayout(self)
        self._column.addWidget(self.panel, 1)
        self._column.addWidget(self.step)
        self._column.addWidget(self.ask)
        self.tiles.opened.connect(self._open_chosen)
        self.tiles.acted.connect(self._act)
        self.tiles.chosen.connect(self._show_detail)
        for form in (self.step, self.ask):
            form.closed.connect(lambda: self.tiles.setFocus(Qt.FocusReason.OtherFocusReason))
        self._minute = QTimer(self, interval=MINUTE_MS)  # how long each has been where it is
        self._minute.timeout.connect(self._show_tiles)
        self.setFocusProxy(self.tiles)
        self.set_theme(theme)

    # ---- reading

    def refresh(self, change_set: ChangeSet | None) -> None:
        """Read every team and what it is bound by; the chosen one stays chosen."""
        self.workbench.bridge.ask(self, forces, self._show, topic="teams")

    def _show(self, found: Forces) -> None:
        self._found = found
        self._show_tiles()

    def _show_tiles(self) -> None:
        if self._found is None:
            return
        words, teams = self.words, self._found.teams
        self.tiles.show_tiles([self._tile(team) for team in teams])
        self.panel.title.setText(f"{words('teams.name')} {len(teams)}")
        counted = Counter(state_of(team) for team in teams)
        states = [FREE, *SHAPES]
        self.sums.setText(
            " · ".join(
                words("teams.of_state", state=state_text(words, state), count=counted[state])
                for state in states
                if counted[state]
            )
        )
        self.tiles.setVisible(bool(teams))
        self._empty.setVisible(not teams)
        self.detail.setVisible(bool(teams))

    def _tile(self, team: TeamNow) -> Tile:
        words, values = self.words, team.values
        parts = [words("teams.sample")] if values["sample"] else []
        if values["strength"] is not None:
            parts.append(words("teams.people", count=values["strength"]))
        parts.append(code_label(words, "team_category", values["category"]))
        mark = ""
        if team.double is not None:
            mark = words("teams.double")
        elif (asked := self._asked(team)) is not None:
            mark = welfare_text(words, asked, self.workbench.now())
        elif len(team.engagements) > 1:
            mark = words("teams.jobs", count=len(team.engagements))
        code = str(values["code"] or "")
        return Tile(
            id=team.id,
            state=state_of(team),
            state_text=state_text(words, state_of(team)),
            name=f"{code} {values['name'] or ''}".strip(),
            detail=" · ".join(parts),
            where=self._where(team),
            mark=mark,
        )

    def _where(self, team: TeamNow) -> str:
        one, now = team.first, self.workbench.now()
        if one is None or self._found is None:
            return " ".join(self._capabilities(team))
        number, title = self._found.incidents.get(one.incident_id, ("", ""))
        since = since_text(self.words, one.since_at, now)
        return f"{since} {title or number}"

    def _capabilities(self, team: TeamNow) -> list[str]:
        codes = team.values["capabilities"] or ()
        return [code_label(self.words, "capability", code) for code in sorted(codes)]

    def _team(self) -> TeamNow | None:
        tile = self.tiles.current()
        teams = self._found.teams if self._found is not None else ()
        return next((team for team in teams if tile is not None and team.id == tile.id), None)

    def _show_detail(self, _tile: Tile | None) -> None:
        team = self._team()
        if team is None or self._found is None:
            self.detail.setText(self.words("teams.none_chosen"))
            return
        words, now = self.words, self.workbench.now()
        values = team.values
        capabilities = self._capabilities(team)
        hidden = self.workbench.directory.hidden
        own = [values["place"], values["duty_phone"], values["equipment"]] if not hidden else []
        lines = [" · ".join(str(part) for part in (values["name"], *capabilities, *own) if part)]
        for one in team.engagements:
            number, title = self._found.incidents.get(one.incident_id, ("", ""))
            state = state_text(words, one.step)
            parts = (
                f"{state} {clock(one.since_at, now)}",
                f"{number} {title}".strip(),
                times(words, one, now),
            )
            lines.append(" · ".join(part for part in parts if part))
        self.detail.setText("\n".join(lines))

    def _asked(self, team: TeamNow) -> Asked | None:
        """Of its deployments the one whose team is to be asked most urgently."""
        watch = self.workbench.welfare
        mine = {one.deployment_id for one in team.engagements}
        return next((one for one in (watch.due() if watch else ()) if one.deployment_id in mine), None)

    # ---- acting

    def _open_chosen(self) -> None:
        team = self._team()
        if team is not None and team.first is not None:
            self.workbench.open_requested.emit("incident", team.first.incident_id)
        elif team is not None:
            self.workbench.open_requested.emit("team", team.id)

    def _act(self, letter: str) -> None:
        if letter == "n":
            self.workbench.page_requested.emit("register")
            return
        team = self._team()
        if letter == "w":
            self._ask_welfare(team)
            return
        if team is None or letter not in "atc":
            return
        name = str(team.values["name"] or "")
        if team.first is None:
            self.workbench.said.emit(self.words("teams.is_free", team=name))
        elif letter == "a":
            advance(self.workbench, self, name, team.first)
        else:
            self.step.open_for(name, team.first, cancel=letter == "c")

    def _ask_welfare(self, team: TeamNow | None) -> None:
        watch = self.workbench.welfare
        if watch is None:
            return
        one = None if team is None else self._asked(team)
        if one is None and team is not None and not watch.due():  # asked before its time
            one = next((found for e in team.engagements if (found := watch.of(e.deployment_id))), None)
        one = one or next(iter(watch.due()), None)
        if one is None:
            self.workbench.said.emit(self.words("teams.welfare.nobody"))
            return
        self.tiles.choose(one.watched.engagement.team_id)
        self.step.close_panel()
        self.ask.open_for(watch, one)

    def open(self, kind: str, id_: UUID) -> None:
        """Show a team."""
        self.tiles.choose(id_)

    # ---- the rest

    def showEvent(self, event: QShowEvent) -> None:
        """The minutes count while they are seen."""
        super().showEvent(event)
        if not self._watching and self.workbench.welfare is not None:
            self._watching = True
            self.workbench.welfare.changed.connect(self._show_tiles)
        self._show_tiles()
        self._minute.start()

    def hideEvent(self, event: QHideEvent) -> None:
        """And only then."""
        super().hideEvent(event)
        self._minute.stop()

    def set_theme(self, theme: Theme) -> None:
        """Take another look or scale."""
        gap = theme.px(SPACE.m)
        self._column.setContentsMargins(gap, gap, gap, gap)
        self._column.setSpacing(gap)
        for part in (self.panel, self.tiles, self.step, self.ask):
            part.set_theme(theme)

    def key_hints(self) -> Sequence[KeyHint]:
        """The board's keys."""
        words = self.words
        group = words("teams.keys.group")
        keys = (("↑ ↓ ← →", "move"), ("Enter", "open"), ("A", "advance"), ("T", "later"), ("C", "cancel"))
        more = (("W", "welfare"), ("N", "new"))
        return [KeyHint(key, words(f"teams.keys.{name}"), group) for key, name in (*keys, *more)]
