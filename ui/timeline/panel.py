"""The lanes of one incident: read, put into words, and shown above its list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QHideEvent, QShowEvent

from commandcenter.domain.projections.engagement import Engagement
from commandcenter.words import Words
from db.queries.lanes import IncidentLanes, LanePoint, incident_lanes
from db.queries.log import LogLine
from db.queries.teams import Sent
from ui.panel import Panel
from ui.shell.chip import Chip, Label
from ui.shell.keys import KeyHint
from ui.theme import TYPE, Theme
from ui.timeline import shelters
from ui.timeline.lane import Item, Lane, Part
from ui.timeline.lanes import LanesView
from ui.workbench import Workbench

KEY = "Alt+T"
TICK_MS = 20_000
# (field of the engagement, the step that begins there, how much the bar is filled)
PHASES = (("ordered_at", "ordered", 0), ("under_way_at", "under_way", 1), ("arrived_at", "arrived", 2))


class LanesPanel(Panel):
    """``jumped`` asks for a row of the list. Hidden where nothing is there to be shown."""

    jumped = Signal(object)
    shown = Signal()  # it came or went

    def __init__(
        self, workbench: Workbench, incident: Callable[[], UUID | None], body: Callable[[LogLine], str]
    ) -> None:
        """``incident``: which one is shown; ``body``: what a line of the log says."""
        words, theme = workbench.words, workbench.theme
        super().__init__(theme, words("incident.lanes.title"), flush=True)
        self.workbench, self.words = workbench, words
        self._incident, self._body = incident, body
        self._found: IncidentLanes | None = None
        self._room = True
        self.hint = Label(theme, words("incident.lanes.hint"), ink="muted", size=TYPE.small, elided=True)
        self.whole = Chip(theme, words("incident.lanes.whole"), key="0")
        self.view = LanesView(words, theme, workbench.now)
        self.head.addWidget(self.hint, 2)
        self.head.addWidget(self.whole)
        self.body.addWidget(self.view)
        self.whole.clicked.connect(self.view.whole)
        self.view.jumped.connect(self.jumped)
        self._timer = QTimer(self, interval=TICK_MS)
        self._timer.timeout.connect(self._make)
        self.setVisible(False)

    def read(self) -> None:
        """Read this incident's facts by lane."""
        if (id_ := self._incident()) is not None:
            self.workbench.bridge.ask(
                self, lambda connection: (id_, incident_lanes(connection, id_)), self._show, topic="lanes"
            )

    def forget(self) -> None:
        """Another incident is shown."""
        self._found = None
        self.view.forget()
        self._arrange()

    def give_room(self, room: bool, rows: int) -> None:
        """Whether the page is high enough for it, and how many rows a lane may have."""
        self._room = room
        if rows != self.view.most_rows:
            self.view.most_rows = rows
            self._make()
        self._arrange()

    def _show(self, found: tuple[UUID, IncidentLanes]) -> None:
        if found[0] == self._incident():
            self._found = found[1]
            self._make()

    def _make(self) -> None:
        if self._found is not None:
            now = self.workbench.now().timestamp()
            self.view.show_lanes(lanes_of(self.words, self._found, now, self._body), self._found.first)
            self._arrange()

    def _arrange(self) -> None:
        wanted = self._room and bool(self.view.lanes())
        if wanted == self.isHidden():
            self.setVisible(wanted)
            self.shown.emit()

    def showEvent(self, event: QShowEvent) -> None:
        """Seen: now moves on."""
        super().showEvent(event)
        self._timer.start()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks."""
        super().hideEvent(event)
        self._timer.stop()

    def key_hints(self) -> Sequence[KeyHint]:
        """The lanes' keys."""
        words, group = self.words, self.words("incident.lanes.title")
        keys = (
            (KEY, "focus"),
            ("← → ↑ ↓", "move"),
            ("Shift ← →", "pan"),
            ("+ / - / 0", "zoom"),
            ("Enter", "jump"),
        )
        return [KeyHint(key, words(f"incident.lanes.keys.{name}"), group) for key, name in keys]

    def set_theme(self, theme: Theme) -> None:
        """Take another look or scale."""
        super().set_theme(theme)
        if hasattr(self, "view"):  # the base calls this while it is being made
            self.view.set_theme(theme)


def lanes_of(words: Words, found: IncidentLanes, now: float, body: Callable[[LogLine], str]) -> list[Lane]:
    """The lanes in their order: reports, orders, the incident's own stages, teams, then whatever else."""
    by_lane: dict[str, list[Item]] = {"report": [], "order": [], "stage": []}
    for point in found.points:
        by_lane[point.lane].append(_point(words, point))
    lanes = [Lane(key, words(f"incident.lanes.{key}"), items) for key, items in by_lane.items()]
    teams = [_team(words, one, now) for one in found.sent]
    lanes.append(Lane("teams", words("incident.lanes.teams"), teams))
    held = [line for kind in shelters.KINDS for line in found.lines.get(kind, ())]
    lanes.append(Lane("shelters", words("incident.lanes.shelters"), shelters.bars(words, held, now)))
    by_label: dict[str, Lane] = {}
    for kind, lines in found.lines.items():
        if kind not in shelters.KINDS:
            label = words.label("log.kind", kind)
            lane = by_label.setdefault(label, Lane(kind, label, []))
            lane.items += [_line(line, body) for line in lines]
    return [*lanes, *by_label.values()]


def _point(words: Words, point: LanePoint) -> Item:
    text = words.label("log.incident_event", point.event) if point.event else point.text
    return Item(id=point.id, begin=point.at, end=point.at, text=text, strong=point.urgent)


def _line(line: LogLine, body: Callable[[LogLine], str]) -> Item:
    at = line.happened_at.timestamp()
    return Item(id=line.id, begin=at, end=at, text=body(line))


def _team(words: Words, one: Sent, now: float) -> Item:
    made = one.engagement
    end = made.ended_at.timestamp() if made.ended_at is not None else now
    parts = tuple(_parts(words, made, end))
    begin = parts[0].begin if parts else made.since_at.timestamp()
    name = one.team or words("log.step_text.unknown_team")
    if not parts:
        parts = (Part(begin, max(begin, end), words.label("codes.deployment_step", made.step), 0),)
    return Item(
        id=made.step_id, begin=begin, end=max(begin, end), text=name, parts=parts, open=made.ended_at is None
    )


def _parts(words: Words, made: Engagement, end: float) -> list[Part]:
    """A stretch for each phase that is known, up to the next one; a phase said to begin later is left out."""
    begins = [
        (at.timestamp(), step, tone)
        for field, step, tone in PHASES
        if (at := getattr(made, field)) is not None and at.timestamp() <= end
    ]
    begins.sort()
    out = []
    for place, (at, step, tone) in enumerate(begins):
        until = begins[place + 1][0] if place + 1 < len(begins) else end
        over = 3 if made.ended_at is not None else tone
        out.append(Part(at, until, words.label("codes.deployment_step", step), over))
    return out
