"""One incident: its head, its fields edited in place, its timeline, and the panels that close and strike."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import shiboken6
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QHideEvent, QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from commandcenter.domain.change import ChangeSet
from commandcenter.domain.record import REGISTRY
from db.desk.engine import Connection
from db.queries.incidents import IncidentCard, incident
from db.queries.log import LogFilter, LogLine, day_counts
from ui.export import Exporter
from ui.forms.closing import ClosingPanel
from ui.forms.incident_fields import IncidentFields
from ui.forms.incident_head import IncidentHead
from ui.forms.strike import StrikePanel
from ui.incident_chips import KINDS, KindChips
from ui.incident_forces import IncidentForces
from ui.incident_panels import IncidentPanels
from ui.line_source import DeskLines
from ui.panel import Panel
from ui.purge_act import KEY as PURGE
from ui.purge_act import PurgeAct
from ui.shell.chip import Label
from ui.shell.keys import KeyHint
from ui.tables.line_detail import LineDetail
from ui.tables.log_table import LogTable
from ui.theme import SPACE, TYPE, Theme
from ui.timeline.lane import MOST_ROWS
from ui.timeline.panel import KEY as LANES_KEY
from ui.timeline.panel import LanesPanel
from ui.workbench import Page, Workbench

FACTS = frozenset(kind for kind, definition in REGISTRY.items() if definition.nature == "fact")
SIDE = 400
SIDE_SHARE = 0.34
LOW, VERY_LOW = 500, 400
# the page's height from which the lanes have room, all of their rows, and also under a panel
LANES_FROM, LANES_WHOLE, LANES_AND_PANEL = 620, 800, 900
FEW_ROWS = 3


def timeline_filter(id_: UUID, kind: str, machine: bool) -> LogFilter:
    """The lines of one chip. What the program writes is only its own chip's unless asked for."""
    if kind == "all":
        return LogFilter(incident_id=id_, machine=machine)
    return LogFilter(incident_id=id_, machine=True, kind=kind)


class IncidentPage(Page):
    """Opened by ``show_incident``. A line typed in the log box belongs to the incident shown."""

    def __init__(self, workbench: Workbench) -> None:
        super().__init__(workbench)
        theme = workbench.theme
        self._id: UUID | None = None
        self._card: IncidentCard | None = None
        ok = Label(theme, "", ink="accent", size=TYPE.small)
        self.owner = IncidentFields(workbench, self, ok)
        self.fields = self.owner.fields
        self.head = IncidentHead(workbench, self.fields, ok)
        self.closing = ClosingPanel(workbench)
        self.strike = StrikePanel(workbench)
        self._compose()
        self.kinds = FACTS | {"incident"} | self.panels.concerns
        self.head.close_wanted.connect(self.ask_closing)
        for side_panel in self.panels:
            side_panel.moved.connect(self._arrange)
        for panel in (self.closing, self.strike):
            panel.closed.connect(self._panel_closed)
        workbench.directory.changed.connect(self._renamed)
        self.exporter = Exporter(workbench, self)
        # of the whole window while this page is shown: the cursor is mostly in the log box
        for key, act in (
            ("Alt+K", self.ask_closing),
            ("Alt+A", lambda: self.show_kind("all")),
            ("Ctrl+E", self._save),
            ("Ctrl+P", self._print),
            (LANES_KEY, lambda: self.lanes.view.setFocus(Qt.FocusReason.ShortcutFocusReason)),
        ):
            QShortcut(QKeySequence(key), self).activated.connect(act)
        self.purge = PurgeAct(
            workbench, self, self._left, lambda: None if self._id is None else ("incident", self._id)
        )
        self.setFocusProxy(self.table)
        self.set_theme(theme)

    def _compose(self) -> None:
        workbench, words = self.workbench, self.words
        theme = workbench.theme
        self.table = LogTable(
            words, theme, DeskLines(workbench.desktop), workbench.directory.name, now=workbench.now
        )
        self.table.wording.hidden = lambda: workbench.directory.hidden
        self.table.strike_requested.connect(self._ask_strike)
        self.table.failed.connect(workbench.say_error)
        self.table.line_chosen.connect(self._show_chosen)
        self.table.hidden.connect(self._loosen)
        self.table.filter_key.connect(self._filter_key)
        self.detail = LineDetail(words, theme, self.table.wording)
        self.detail.setVisible(False)
        self.table.opened.connect(lambda _line: self.detail.setFocus(Qt.FocusReason.OtherFocusReason))
        self.detail.left.connect(self._focus_timeline)
        self.detail.jump_to.connect(self._jump)
        self.timeline = Panel(theme, words("incident.panel.timeline"), flush=True)
        self._kinds = KindChips(words, theme, self.timeline)
        self.chips = self._kinds.chips
        self._kinds.wanted.connect(self.show_kind)
        self.timeline.body.addWidget(self.table, 1)
        self.timeline.body.addWidget(self.detail)
        self.lanes = LanesPanel(workbench, self.incident, self.table.wording.body)
        self.lanes.jumped.connect(self._jump)
        self.lanes.shown.connect(self._arrange)
        self.place = Panel(theme, words("incident.panel.place"))
        self.times = Panel(theme, words("incident.panel.times"))
        pair = self._pair = QHBoxLayout()
        for name in ("street_id", "community_id"):
            pair.addWidget(self.fields[name], 1, Qt.AlignmentFlag.AlignTop)
        self.place.body.addLayout(pair)
        self.place.body.addWidget(self.fields["place"])
        times = self._times = QHBoxLayout()
        for name in ("occurred_at", "reported_at"):
            times.addWidget(self.fields[name], 1, Qt.AlignmentFlag.AlignTop)
        self.times.body.addLayout(times)
        self.notes = [Panel(theme, words(f"incident.fields.{name}")) for name in ("known", "to_verify")]
        for panel, name in zip(self.notes, ("known", "to_verify"), strict=True):
            panel.head.addWidget(self.owner.oks[name])
            panel.body.addWidget(self.fields[name])
        side = self._side = QWidget()
        column = self._column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        left = self._left = QVBoxLayout()
        self.panels = IncidentPanels(workbench, self, left, self.incident)
        self.forces = self.panels.one(IncidentForces)
        for panel in (*self.panels, *self.notes, self.place, self.times):
            column.addWidget(panel)
        column.addStretch(1)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setWidget(side)
        for part in (self.table, self._scroll):
            part.setMinimumHeight(1)  # on a low page the head keeps its rows
        left.addWidget(self.closing)
        left.addWidget(self.lanes)
        left.addWidget(self.timeline, 1)
        left.addWidget(self.strike)
        left.addStretch(0)  # alone on a low page, a panel stands at the top
        row = self._row = QHBoxLayout()
        row.addLayout(left, 1)
        row.addWidget(self._scroll)
        outer = self._outer = QVBoxLayout(self)
        outer.addWidget(self.head)
        outer.addLayout(row, 1)

    # ---- what the room does

    def show_incident(self, id_: UUID) -> None:
        """Show this incident; half-typed texts of the one before stay its drafts."""
        if id_ != self._id:
            if self._card is not None:
                self.owner.let_go()
            for panel in (self.closing, self.strike):
                panel.close_panel()
            self.panels.close_panels()
            self._id, self._card = id_, None
            self._kinds.reset()
            self.lanes.forget()
            self.table.set_filter(timeline_filter(id_, "all", False))
        self._read()

    def incident(self) -> UUID | None:
        """The incident that a line typed here belongs to."""
        return self._id

    # ---- reading

    def refresh(self, change_set: ChangeSet | None) -> None:
        """Read again what concerns this incident."""
        if self._id is None:
            return
        if change_set is None:
            self.table.refresh()
        elif facts := frozenset[UUID]().union(*(change_set.of(kind) for kind in FACTS)):
            self.table.refresh(facts)
        elif (
            self._id not in change_set.of("incident") and not change_set.touched.keys() & self.panels.concerns
        ):
            return
        self._read()

    def _read(self) -> None:
        self._read_list()
        self.lanes.read()
        self.panels.read()

    def _read_list(self) -> None:
        id_ = self._id
        assert id_ is not None
        machine = self._kinds.machine

        def question(connection: Connection) -> tuple[IncidentCard | None, dict[str, int]]:
            filters = {kind: timeline_filter(id_, kind, machine) for kind in KINDS}
            counted = {kind: day_counts(connection, filter_).total for kind, filter_ in filters.items()}
            return incident(connection, id_), counted

        self.workbench.bridge.ask(self, question, self._show, topic="incident")

    def _show(self, found: tuple[IncidentCard | None, dict[str, int]]) -> None:
        card, counted = found
        if card is None:
            self.workbench.problem.emit(self.words("incident.gone"))
            return
        if card.id != self._id:
            return
        self._card = card
        self.head.show_card(card)
        self.owner.show(card)
        self._kinds.show_counts(counted)

    def _renamed(self) -> None:
        self.table.renamed()
        self.detail.renamed()
        if self._card is not None:
            self.head.show_card(self._card)
            self.owner.show(self._card)

    # ---- the timeline

    def show_kind(self, kind: str) -> None:
        """Show the lines of one chip; "machine" takes the program's own lines in or leaves them out."""
        if self._id is None:
            return
        self._kinds.choose(kind)
        self.table.set_filter(timeline_filter(self._id, self._kinds.kind, self._kinds.machine))
        self._read_list()

    def _filter_key(self, name: str) -> None:
        """The list's letters that mean a chip here: A all of them, S the program's own lines too."""
        if name in ("all", "machine"):
            self.show_kind(name)
        elif name == "day":
            self.forces.open_dispatch()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The side takes a third at most; the chips take what room there is."""
        super().resizeEvent(event)
        self._scroll.setFixedWidth(min(self.workbench.theme.px(SIDE), round(self.width() * SIDE_SHARE)))
        self._arrange()
        QTimer.singleShot(0, self._fit_later)

    def _fit_later(self) -> None:
        if shiboken6.isValid(self):
            self._kinds.fit()

    def _focus_timeline(self) -> None:
        self.table.view.setFocus(Qt.FocusReason.OtherFocusReason)

    def _show_chosen(self, line: LogLine | None) -> None:
        """The chosen line whole; without one, and while the strike panel says it, the list has the room."""
        self.detail.set_line(line)
        high = self.height() >= self.workbench.theme.px(LOW)
        self.detail.setVisible(line is not None and high and not self.strike.is_open())

    def _jump(self, id_: UUID) -> None:
        self.table.show_line(id_)
        self._focus_timeline()

    def _loosen(self, id_: UUID) -> None:
        """A line asked for that the chip hides: all lines, then also the program's own."""
        if self._kinds.kind != "all":
            self.show_kind("all")
        elif not self._kinds.machine:
            self.show_kind("machine")
        else:
            return
        self.table.show_line(id_)

    def _ask_strike(self, id_: UUID) -> None:
        line: LogLine | None = self.table.chosen_line()
        if line is not None and line.id == id_:
            self.strike.open_for(line, self.table.wording.body(line))
            self._arrange()
            QTimer.singleShot(0, self._reveal_chosen)

    def _reveal_chosen(self) -> None:
        """What is being struck stays in sight over the panel."""
        if shiboken6.isValid(self) and self.table.window_.chosen_position is not None:
            self.table.window_.reveal(self.table.window_.chosen_position)

    def _panel_closed(self) -> None:
        self._arrange()
        self._focus_timeline()

    def _arrange(self) -> None:
        """On a low page a panel takes the place of what it would crush."""
        px = self.workbench.theme.px
        out = self.closing.is_open() or self.strike.is_open() or self.panels.is_open()
        low = out and self.height() < px(LOW)
        rows = MOST_ROWS if self.height() >= px(LANES_WHOLE) else FEW_ROWS
        self.lanes.give_room(self.height() >= px(LANES_AND_PANEL if out else LANES_FROM), rows)
        self.timeline.setVisible(not low)
        self._scroll.setVisible(not low)
        self._show_chosen(self.table.chosen_line())
        self.head.setVisible(not (out and self.height() < px(VERY_LOW)))

    # ---- closing

    def ask_closing(self) -> None:
        """Ask whether to close the incident, or to reopen the closed one."""
        if self._card is not None:
            self.closing.open_for(self._card)
            self._arrange()

    # ---- paper

    def shown(self) -> LogFilter | None:
        """The lines the timeline shows now; None before an incident is here."""
        return None if self._id is None else timeline_filter(self._id, self._kinds.kind, self._kinds.machine)

    def _save(self) -> None:
        if (filter_ := self.shown()) is not None:
            self.exporter.save(filter_)

    def _print(self) -> None:
        if (filter_ := self.shown()) is not None:
            self.exporter.print(filter_)

    # ---- look

    def set_theme(self, theme: Theme) -> None:
        """Take another look or scale."""
        px = theme.px
        gap = px(SPACE.m)
        self._outer.setContentsMargins(gap, gap, gap, gap)
        for layout in (self._outer, self._row, self._left, self._column):
            layout.setSpacing(gap)
        for pair in (self._pair, self._times):
            pair.setSpacing(px(SPACE.s))
        for part in (self.timeline, self.place, self.times, *self.notes):
            part.set_theme(theme)
        inset = px(SPACE.m) - px(SPACE.s - 2)  # a field's own frame stands outside its words
        for panel in (self.place, self.times, *self.notes):
            panel.body.setContentsMargins(inset, px(SPACE.s), inset, px(SPACE.s))
        for other in (
            self.detail,
            self.head,
            self.closing,
            self.strike,
            self.table,
            self.owner,
            self.panels,
            self.lanes,
            self._kinds,
        ):
            other.set_theme(theme)

    def hideEvent(self, event: QHideEvent) -> None:
        """What is half typed is on the disk before the page goes."""
        super().hideEvent(event)
        self.owner.flush()

    def key_hints(self) -> Sequence[KeyHint]:
        """The page's keys."""
        words = self.words
        group = words("incident.keys.page")
        keys = (
            ("Tab", "move"),
            ("Enter / F2", "edit"),
            ("Esc", "leave"),
            ("Alt+K", "close"),
            ("Enter", "whole"),
            ("X", "strike"),
            ("A / S", "kinds"),
        )
        own = [KeyHint(key, words(f"incident.keys.{name}"), group) for key, name in keys]
        own += self.panels.key_hints()
        own += self.lanes.key_hints()
        own.append(KeyHint("Ctrl+E", words("export.keys.save"), group))
        own.append(KeyHint("Ctrl+P", words("export.keys.print"), group))
        own.append(KeyHint(PURGE, words("purge.title"), group))
        return own
