"""One incident: its head, its fields edited in place, its timeline, and the panels that close and strike."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import shiboken6
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QFontMetrics, QHideEvent, QKeySequence, QResizeEvent, QShortcut
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
from ui.incident_forces import IncidentForces
from ui.line_source import DeskLines
from ui.panel import Panel
from ui.purge_act import KEY as PURGE
from ui.purge_act import PurgeAct
from ui.shell.chip import Chip, Label
from ui.shell.keys import KeyHint
from ui.tables.line_detail import LineDetail
from ui.tables.log_table import LogTable
from ui.theme import SPACE, TYPE, Theme
from ui.workbench import Page, Workbench

FACTS = frozenset(kind for kind, definition in REGISTRY.items() if definition.nature == "fact")
KINDS = ("all", "log_entry", "deployment_step", "strike", "incident_event")
SIDE = 400
SIDE_SHARE = 0.34
LOW, VERY_LOW = 500, 400


def timeline_filter(id_: UUID, kind: str, machine: bool) -> LogFilter:
    """The lines of one chip. What the program writes is only its own chip's unless asked for."""
    if kind == "all":
        return LogFilter(incident_id=id_, machine=machine)
    return LogFilter(incident_id=id_, machine=True, kind=kind)


class IncidentPage(Page):
    """Opened by ``show_incident``. A line typed in the log box belongs to the incident shown."""

    kinds = FACTS | {"incident", "team"}

    def __init__(self, workbench: Workbench) -> None:
        super().__init__(workbench)
        theme = workbench.theme
        self._id: UUID | None = None
        self._card: IncidentCard | None = None
        self._kind, self._machine = "all", False
        self._narrow = False
        ok = Label(theme, "", ink="accent", size=TYPE.small)
        self.owner = IncidentFields(workbench, self, ok)
        self.fields = self.owner.fields
        self.head = IncidentHead(workbench, self.fields, ok)
        self.closing = ClosingPanel(workbench)
        self.strike = StrikePanel(workbench)
        self._compose()
        self.head.close_wanted.connect(self.ask_closing)
        self.forces.moved.connect(self._arrange)
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
        ):
            QShortcut(QKeySequence(key), self).activated.connect(act)
        self.purge = PurgeAct(
            workbench, self, self._left, lambda: None if self._id is None else ("incident", self._id)
        )
        self.setFocusProxy(self.table)
        self.set_theme(theme)
        self._show_chips({})

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
        self.chips = {kind: Chip(theme) for kind in (*KINDS, "machine")}
        for kind, chip in self.chips.items():
            self.timeline.head.addWidget(chip)
            chip.clicked.connect(lambda _on=False, kind=kind: self._chip_clicked(kind))
        self.timeline.body.addWidget(self.table, 1)
        self.timeline.body.addWidget(self.detail)
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
        self.forces = IncidentForces(workbench, self, left, self.incident)
        for panel in (self.forces, *self.notes, self.place, self.times):
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
            self.forces.close_panels()
            self._id, self._card = id_, None
            self._kind, self._machine = "all", False
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
        elif self._id not in change_set.of("incident") and not change_set.of("team"):
            return
        self._read()

    def _read(self) -> None:
        id_ = self._id
        assert id_ is not None
        machine = self._machine

        def question(connection: Connection) -> tuple[IncidentCard | None, dict[str, int]]:
            filters = {kind: timeline_filter(id_, kind, machine) for kind in KINDS}
            counted = {kind: day_counts(connection, filter_).total for kind, filter_ in filters.items()}
            return incident(connection, id_), counted

        self.workbench.bridge.ask(self, question, self._show, topic="incident")
        self.forces.read()

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
        self._show_chips(counted)

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
        if kind == "machine":
            self._machine, self._kind = not self._machine, "all"
        else:
            self._kind = kind
        self.table.set_filter(timeline_filter(self._id, self._kind, self._machine))
        self._read()

    def _filter_key(self, name: str) -> None:
        """The list's letters that mean a chip here: A all of them, S the program's own lines too."""
        if name in ("all", "machine"):
            self.show_kind(name)
        elif name == "day":
            self.forces.open_dispatch()

    def _chip_clicked(self, kind: str) -> None:
        if kind in KINDS and self._narrow:  # the only one there is room for: it leads to the next
            kind = KINDS[(KINDS.index(kind) + 1) % len(KINDS)]
            self.show_kind(kind)
            self.chips[kind].setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self.show_kind(kind)

    def _fit_chips(self) -> None:
        """All chips where there is room for them, else the chosen one alone."""
        px = self.workbench.theme.px
        room = self.timeline.width() - px(SPACE.m) * 2 - self.timeline.title.minimumSizeHint().width()
        room -= QFontMetrics(self.timeline.title.font()).horizontalAdvance(self.timeline.title.text())
        wanted = sum(chip.sizeHint().width() + px(SPACE.s) for chip in self.chips.values())
        self._narrow = wanted > room
        for kind, chip in self.chips.items():
            chip.setVisible(not self._narrow or kind in (self._kind, "machine"))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The side takes a third at most; the chips take what room there is."""
        super().resizeEvent(event)
        self._scroll.setFixedWidth(min(self.workbench.theme.px(SIDE), round(self.width() * SIDE_SHARE)))
        self._arrange()
        QTimer.singleShot(0, self._fit_later)

    def _fit_later(self) -> None:
        if shiboken6.isValid(self):
            self._fit_chips()

    def _show_chips(self, counted: dict[str, int]) -> None:
        for kind, chip in self.chips.items():
            here = self._machine if kind == "machine" else kind == self._kind
            count = f" {counted[kind]}" if kind in counted else ""
            chip.show_text(
                self.words(f"incident.line_kind.{kind}") + count, "accent" if here else "plain", bold=here
            )
        self._fit_chips()

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
        if self._kind != "all":
            self.show_kind("all")
        elif not self._machine:
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
        out = self.closing.is_open() or self.strike.is_open() or self.forces.is_open()
        low = out and self.height() < px(LOW)
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
        return None if self._id is None else timeline_filter(self._id, self._kind, self._machine)

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
        for other in (self.detail, self.head, self.closing, self.strike, self.table, self.owner, self.forces):
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
        own += self.forces.key_hints(words("teams.forces.title"))
        own.append(KeyHint("Ctrl+E", words("export.keys.save"), group))
        own.append(KeyHint("Ctrl+P", words("export.keys.print"), group))
        own.append(KeyHint(PURGE, words("purge.title"), group))
        return own
