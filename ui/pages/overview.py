"""The overview: how things stand in figures, open incidents, teams, the latest lines, and charts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from uuid import UUID

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QScrollArea, QVBoxLayout, QWidget

from commandcenter.domain.change import ChangeSet
from commandcenter.domain.clock import day_number, to_ms
from commandcenter.domain.record import REGISTRY
from db.queries import series
from db.queries.log import LogFilter, LogLine
from db.queries.overview import Overview, overview
from db.queries.series import StationNow
from ui.charts.board import ChartBoard
from ui.charts.hints import chart_hints
from ui.charts.sources import count_sources, station_source
from ui.incident_rows import board_row
from ui.line_source import DeskLines
from ui.overview_figures import CONCERNS, figures
from ui.overview_teams import TeamChips
from ui.overview_tiles import FigureTiles
from ui.panel import HEAD, Panel
from ui.shell.chip import Label
from ui.shell.keys import KeyHint
from ui.tables.board import BoardView
from ui.tables.log_table import LogTable
from ui.team_tiles import Tile
from ui.team_words import SHAPES, since_text, state_of, state_text
from ui.theme import SPACE, TYPE, Theme
from ui.workbench import Page, Workbench

# the kinds of which people see lines in the log
LINES = frozenset(kind for kind, one in REGISTRY.items() if one.nature == "fact" and not one.machine)
SPAN = timedelta(hours=24)
MOST_CHARTS = 4
MOST_STATIONS = 2
MINUTE_MS = 20_000
WIDE_FROM = 1080
MOST_INCIDENTS = 7
FEWEST_INCIDENTS = 2
ROWS_HEAD = 28
CHART_HIGH = 230
LOG_HIGH = 260


class OverviewPage(Page):
    """Tab goes from part to part; every part opens what it shows."""

    kinds = frozenset({"incident", "incident_event", "organisation", "team", "station"}) | LINES | CONCERNS

    def __init__(self, workbench: Workbench) -> None:
        super().__init__(workbench)
        theme, words = workbench.theme, self.words
        self._found: Overview | None = None
        self._day = 0
        self._stations: tuple[StationNow, ...] = ()
        self.tiles = FigureTiles(theme)
        self.incidents = Panel(theme, words("overview.incidents"), flush=True)
        self._order = Label(theme, words("overview.order"), ink="muted", size=TYPE.small, elided=True)
        self._order.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.incidents.head.addWidget(self._order, 1)
        self.board = BoardView(words, theme, workbench.now)
        self._no_incidents = self._nothing("overview.no_incidents")
        self.incidents.body.addWidget(self.board, 1)
        self.incidents.body.addWidget(self._no_incidents, 1)
        self.latest = Panel(theme, words("overview.latest"), flush=True)
        names = workbench.directory.name
        self.lines = LogTable(words, theme, DeskLines(workbench.desktop), names, now=workbench.now)
        self.lines.wording.hidden = lambda: workbench.directory.hidden
        self.latest.body.addWidget(self.lines, 1)
        self.forces = Panel(theme, words("teams.name"))
        self._sums = Label(theme, "", ink="muted", size=TYPE.small, elided=True)
        self._sums.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.forces.head.addWidget(self._sums, 2)
        self.teams = TeamChips(theme, words("teams.name"))
        self._no_teams = self._nothing("teams.empty")
        self.forces.body.addWidget(self.teams)
        self.forces.body.addWidget(self._no_teams)
        self.charts = ChartBoard(workbench, columns=2, span=SPAN)
        self._set_charts()
        self._compose()
        self._connect()
        self.setFocusProxy(self.board)
        self.set_theme(theme)

    def _nothing(self, key: str) -> Label:
        label = Label(self.workbench.theme, self.words(key), ink="muted", size=TYPE.line, elided=True)
        label.setToolTip(self.words(key))
        label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        label.setVisible(False)
        return label

    def _compose(self) -> None:
        self._left, self._right = QVBoxLayout(), QVBoxLayout()
        for part, stretch in ((self.incidents, 0), (self.latest, 1)):
            self._left.addWidget(part, stretch)
        for other, stretch in ((self.forces, 0), (self.charts, 1)):
            self._right.addWidget(other, stretch)
        self._row = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._row.addLayout(self._left, 5)
        self._row.addLayout(self._right, 6)
        ground = QWidget()
        self._column = QVBoxLayout(ground)
        self._column.addWidget(self.tiles)
        self._column.addLayout(self._row, 1)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setWidget(ground)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._scroll)

    def _connect(self) -> None:
        workbench = self.workbench
        self.tiles.opened.connect(workbench.page_requested)
        self.board.wanted.connect(partial(workbench.open_requested.emit, "incident"))
        self.board.new_wanted.connect(lambda: workbench.page_requested.emit("incident"))
        self.lines.opened.connect(self._open_line)
        self.lines.failed.connect(workbench.say_error)
        self.teams.opened.connect(self._open_team)
        workbench.directory.changed.connect(self._renamed)
        self._minute = QTimer(self, interval=MINUTE_MS)
        self._minute.timeout.connect(self._time_goes_on)
        self.charts.moved.connect(self._fit)
        self.lines.set_filter(LogFilter())

    # ---- reading

    def refresh(self, change_set: ChangeSet | None) -> None:
        """Read again what is concerned; nothing moves but what moved."""
        if change_set is None:
            self.lines.refresh()
            self.charts.refresh(whole=True)
        else:
            if facts := frozenset[UUID]().union(*(change_set.of(kind) for kind in LINES)):
                self.lines.refresh(facts)
            self.charts.heard(change_set)
        if change_set is None or change_set.of("station"):
            self.workbench.bridge.ask(self, series.stations, self._show_charts, topic="stations")
        self._day = day_number(to_ms(self.workbench.now()))
        self.workbench.bridge.ask(self, partial(overview, day=self._day), self._show, topic="overview")

    def _show_charts(self, stations: Sequence[StationNow]) -> None:
        self._stations = tuple(stations[:MOST_STATIONS])
        self._set_charts()

    def _set_charts(self) -> None:
        """The stations' charts, then what is counted: people in shelters only where there are shelters."""
        shelters = self._found is not None and bool(self._found.more["shelter"].shelters)
        counted = [one for one in count_sources(self.words) if shelters or one.key != "people"]
        measured = [station_source(self.words, one) for one in self._stations]
        self.charts.set_sources([*measured, *counted][:MOST_CHARTS])

    def _show(self, found: Overview) -> None:
        self._found = found
        words, teams = self.words, found.forces.teams
        self.tiles.show_figures(figures(words, found))
        self.board.show_rows([board_row(self.workbench, card) for card in found.incidents])
        self.board.setVisible(bool(found.incidents))
        self._no_incidents.setVisible(not found.incidents)
        self.teams.show_tiles([self._tile(found, at) for at in range(len(teams))])
        self.teams.setVisible(bool(teams))
        self._no_teams.setVisible(not teams)
        self._set_charts()
        self.forces.title.setText(f"{words('teams.name')} {len(teams)}")
        out = [state_of(team) for team in teams if team.first is not None]
        counted = [(state, out.count(state)) for state in SHAPES if state in out]
        parts = [words("teams.free_count", count=len(teams) - len(out))] if teams else []
        parts += [words("teams.of_state", state=state_text(words, state), count=n) for state, n in counted]
        self._sums.setText(" · ".join(parts))
        self._fit()

    def _tile(self, found: Overview, at: int) -> Tile:
        team, words = found.forces.teams[at], self.words
        number, title = "", ""
        where = ""
        if team.first is not None:
            number, title = found.forces.incidents.get(team.first.incident_id, ("", ""))
            where = f"{since_text(words, team.first.since_at, self.workbench.now())} {title or number}"
        state = state_of(team)
        return Tile(
            id=team.id,
            state=state,
            state_text=state_text(words, state),
            name=f"{team.values['code'] or ''} {team.values['name'] or ''}".strip(),
            detail="",
            where=where,
            mark=words("teams.double") if team.double is not None else "",
        )

    def _renamed(self) -> None:
        self.lines.renamed()
        if self._found is not None:
            self._show(self._found)

    def _time_goes_on(self) -> None:
        if day_number(to_ms(self.workbench.now())) != self._day:
            self.refresh(None)
        elif self._found is not None:
            self.teams.show_tiles(
                [self._tile(self._found, at) for at in range(len(self._found.forces.teams))]
            )

    def showEvent(self, event: QShowEvent) -> None:
        """Seen: the time goes on."""
        super().showEvent(event)
        self._minute.start()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks."""
        super().hideEvent(event)
        self._minute.stop()

    # ---- going on from here

    def _open_line(self, line: LogLine) -> None:
        self.workbench.open_requested.emit(line.kind, line.id)

    def _open_team(self, id_: UUID) -> None:
        teams = self._found.forces.teams if self._found is not None else ()
        team = next((team for team in teams if team.id == id_), None)
        if team is not None and team.first is not None:
            self.workbench.open_requested.emit("incident", team.first.incident_id)
        else:
            self.workbench.open_requested.emit("team", id_)

    # ---- room and look

    def _fit(self) -> None:
        """Side by side where there is room; the list of incidents as high as it is long, within reason."""
        px = self.workbench.theme.px
        wide = self.width() >= px(WIDE_FROM)
        way = QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom
        if self._row.direction() != way:
            self._row.setDirection(way)
        count = 0 if self._found is None else len(self._found.incidents)
        rows = max(FEWEST_INCIDENTS, min(count, MOST_INCIDENTS))
        self.incidents.setFixedHeight(px(HEAD) + px(ROWS_HEAD) + rows * px(SPACE.row) + px(SPACE.s))
        chart_rows = -(-len(self.charts.charts) // max(1, self.charts.columns()))
        self.charts.setMinimumHeight(chart_rows * px(CHART_HIGH))
        self.latest.setMinimumHeight(px(LOG_HIGH))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Below one another on a narrow page."""
        super().resizeEvent(event)
        self._fit()

    def set_theme(self, theme: Theme) -> None:
        """Take another look or scale."""
        gap = theme.px(SPACE.m)
        self._column.setContentsMargins(gap, gap, gap, gap)
        for layout in (self._column, self._left, self._right, self._row):
            layout.setSpacing(gap)
        for part in (self.tiles, self.incidents, self.latest, self.forces):
            part.set_theme(theme)
        for other in (self.board, self.lines, self.teams, self.charts):
            other.set_theme(theme)
        self._fit()

    def key_hints(self) -> Sequence[KeyHint]:
        """The page's keys."""
        words = self.words
        group = words("overview.keys.group")
        keys = (("Tab", "parts"), ("Enter", "open"), ("↑ ↓ ← →", "move"))
        own = [KeyHint(key, words(f"overview.keys.{name}"), group) for key, name in keys]
        return [*own, *chart_hints(words)]
