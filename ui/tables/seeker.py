"""The seeker: how a log list finds one line by its id, while lines come and filters change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from db.queries.log import DayCounts, LogLine
from ui.tables.source import Asker, LineSource

if TYPE_CHECKING:
    from ui.tables.window import LineWindow


@dataclass
class _Sought:
    """``again``: the counts may be read anew for it, once."""

    id: UUID
    happened_at: datetime | None
    again: bool = True


class Seeker:
    """Looks for one line at a time, under the counts of the moment; a newer wish replaces an older."""

    def __init__(self, window: LineWindow, source: LineSource, asker: Asker) -> None:
        self._window, self._source, self._asker = window, source, asker
        self._sought: _Sought | None = None

    def seek(self, id_: UUID, happened_at: datetime | None) -> None:
        """Look for this line; its time is looked up where not given."""
        self._sought = _Sought(id_, happened_at)
        self.go_on()

    def go_on(self) -> None:
        """Begin, or begin again after the counts were exchanged."""
        sought, counts = self._sought, self._window.counts
        if sought is None or self._window.exchanging():
            return  # the window comes back to it when it has done
        if counts is None:
            self._window.refresh()
        elif sought.happened_at is None:
            self._asker.ask("find", [self._source.lines([sought.id])], self._learn_time)
        else:
            place = self._source.position(counts, sought.happened_at, sought.id)
            self._asker.ask("find", [place], lambda got: self._look_at(counts, got[0]))

    def _learn_time(self, results: list[Any]) -> None:
        if self._sought is None:
            return
        if results[0]:
            self._sought.happened_at = results[0][0].happened_at
            self.go_on()
        else:
            self._give_up(self._sought)

    def _look_at(self, counts: DayCounts, position: int) -> None:
        """Does the line stand at that position?"""
        if position < counts.total:
            page = self._source.page(counts, position, 1)
            self._asker.ask("find", [page], lambda got: self._arrive(counts, position, got[0]))
        else:
            self._arrive(counts, position, [])

    def _arrive(self, counts: DayCounts, position: int, lines: list[LogLine]) -> None:
        sought = self._sought
        if sought is None or self._window.exchanging():
            return
        if lines and lines[0].id == sought.id and counts is self._window.counts:
            self._sought = None
            self._window.arrive(position, lines[0])
        elif sought.again:
            sought.again = False
            self._window.refresh()  # it may be newer than the counts
        else:
            self._give_up(sought)

    def _give_up(self, sought: _Sought) -> None:
        self._sought = None
        self._window.hidden.emit(sought.id)
