"""The log page: the duty log, its filters and the chosen line, with striking and opening beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import UUID

from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout

from commandcenter.domain.change import ChangeSet
from commandcenter.domain.record import REGISTRY
from db.queries.log import LogFilter, LogLine, lines_by_id
from ui.export import Exporter
from ui.line_source import DeskLines
from ui.purge_act import KEY as PURGE
from ui.purge_act import PurgeAct
from ui.shell.keys import KeyHint
from ui.tables.log_list import LogList
from ui.theme import SPACE
from ui.workbench import Page, Workbench

if TYPE_CHECKING:  # made when first wanted: the lines come before the forms
    from ui.forms.open_incident import OpenIncidentPanel
    from ui.forms.strike import StrikePanel

FACTS = frozenset(kind for kind, definition in REGISTRY.items() if definition.nature == "fact")


class LogPage(Page):
    """What the officer looks at all night."""

    kinds = FACTS

    def __init__(self, workbench: Workbench) -> None:
        super().__init__(workbench)
        px = workbench.theme.px
        directory = workbench.directory
        self.list = LogList(
            workbench.words,
            workbench.theme,
            DeskLines(workbench.desktop),
            directory.name,
            now=workbench.now,
            desk_id=directory.now.device,
        )
        self.list.table.wording.hidden = lambda: directory.hidden
        self.list.setAccessibleName(workbench.words("log.name"))
        self.exporter = Exporter(workbench, self)
        self._strike: StrikePanel | None = None
        self._opening: OpenIncidentPanel | None = None
        self._left = QVBoxLayout()
        self._left.setSpacing(px(SPACE.m))
        self._left.addWidget(self.list, 1)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(px(SPACE.m), px(SPACE.m), px(SPACE.m), px(SPACE.m))
        self._row.setSpacing(px(SPACE.m))
        self._row.addLayout(self._left, 1)
        self.list.strike_requested.connect(self._ask_strike)
        self.list.confirm_requested.connect(self._confirm)
        self.list.incident_requested.connect(self._ask_incident)
        self.list.failed.connect(workbench.say_error)
        directory.changed.connect(self._names_changed)
        for key, act in (("Ctrl+E", self._save), ("Ctrl+P", self._print)):
            # of the whole window while this page is shown: the cursor is mostly in the log box
            QShortcut(QKeySequence(key), self).activated.connect(act)
        self.purge = PurgeAct(workbench, self, self._left, self._chosen)
        self.setFocusProxy(self.list)

    def _chosen(self) -> tuple[str, UUID] | None:
        line = self.list.table.chosen_line()
        return None if line is None else (line.kind, line.id)

    def refresh(self, change_set: ChangeSet | None) -> None:
        """The log changed, or is shown for the first time."""
        if change_set is None:
            self.list.show_filter(self.list.filters.filter())
        else:
            self.list.refresh(frozenset().union(*(change_set.of(kind) for kind in FACTS)))

    def _names_changed(self) -> None:
        self.list.filters.set_desk(self.workbench.directory.now.device)
        self.list.table.renamed()
        self.list.detail.renamed()

    def open(self, kind: str, id_: UUID) -> None:
        """Show a line where it stands, in a filter that has it."""

        def show(found: list[LogLine]) -> None:
            if not found:
                return
            line = found[0]
            current = self.list.filters.filter()
            plain = LogFilter(machine=current.machine or line.machine)
            if current != plain and not _has(current, line):
                self.list.show_filter(plain)
            self.list.table.show_line(line.id, line.happened_at)
            self.list.table.view.setFocus()

        self.workbench.bridge.ask(self, lambda connection: lines_by_id(connection, [id_]), show, topic="open")

    def choose(self, place: int) -> None:
        """Choose the line at a place of the screen, from the top; the last one where there are fewer."""
        self.list.table.view.row_pressed.emit(min(place, self.list.table.model.rowCount() - 1))

    def _confirm(self, id_: UUID) -> None:
        from commandcenter.services.log import ConfirmTime

        self.workbench.bridge.execute(
            self,
            ConfirmTime(target_id=id_),
            lambda _outcome: self.workbench.said.emit(self.words("time_confirmation.line")),
            self.workbench.say_error,
        )

    def _ask_strike(self, id_: UUID) -> None:
        line = self.list.table.chosen_line()
        if line is not None and line.id == id_ and self._strike_panel().open_for(line):
            self.list.detail.hide()  # the panel shows the line whole, and a small screen has room for one

    def _ask_incident(self, id_: UUID) -> None:
        line = self.list.table.chosen_line()
        if line is not None and line.id == id_ and line.kind == "log_entry":
            self._opening_panel().open_panel(line)

    def _strike_panel(self) -> StrikePanel:
        if self._strike is None:
            from ui.forms.strike import StrikePanel

            self._strike = StrikePanel(self.workbench)
            self._strike.hide()
            self._strike.closed.connect(self._panel_closed)
            self._left.addWidget(self._strike)
        return self._strike

    def _opening_panel(self) -> OpenIncidentPanel:
        if self._opening is None:
            from ui.forms.open_incident import OpenIncidentPanel

            self._opening = OpenIncidentPanel(self.workbench)
            self._opening.hide()
            self._opening.closed.connect(self._panel_closed)
            self._opening.done.connect(lambda id_: self.workbench.open_requested.emit("incident", id_))
            self._row.addWidget(self._opening)
        return self._opening

    def close_panels(self) -> None:
        """Put the panels beside the list away; what was typed in them is kept."""
        for panel in (self._strike, self._opening):
            if panel is not None:
                panel.close_panel()

    def _panel_closed(self) -> None:
        self.list.detail.show()
        self.list.table.view.setFocus()

    def _save(self) -> None:
        self.exporter.save(self._shown())

    def _print(self) -> None:
        self.exporter.print(self._shown())

    def _shown(self) -> LogFilter:
        return replace(self.list.filters.filter())

    def key_hints(self) -> Sequence[KeyHint]:
        """The list's keys and the page's own."""
        words = self.words
        group = words("log.keys.group")
        hints = [
            ("Enter", "open"),
            ("X", "strike"),
            ("V", "confirm"),
            ("O", "incident"),
            ("C", "copy"),
            ("Home", "newest"),
            ("End", "oldest"),
            ("G", "day"),
            ("J / K", "move"),
            ("A I M S L D", "filters"),
        ]
        own = [KeyHint(key, words(f"log.keys.{name}"), group) for key, name in hints]
        own.append(KeyHint("Ctrl+E", words("export.keys.save"), group))
        own.append(KeyHint("Ctrl+P", words("export.keys.print"), group))
        own.append(KeyHint(PURGE, words("purge.title"), group))
        return own


def _has(filter_: LogFilter, line: LogLine) -> bool:
    """Whether a line stands in a filter."""
    values = line.values
    return (
        (filter_.machine or not line.machine)
        and (not filter_.important or values.get("importance", "normal") != "normal")
        and filter_.channel in (None, values.get("channel"))
        and filter_.desk_id in (None, values.get("typed_desk_id"))
        and filter_.kind in (None, line.kind)
        and filter_.day is None
    )
