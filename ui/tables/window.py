"""The window of a log list: the positions on screen, the lines that stand there, the one chosen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from PySide6.QtCore import QObject, QTimer, Signal

from db.queries.log import DayCounts, LogFilter, LogLine
from ui.tables.days import number_of, position_of_day
from ui.tables.seeker import Seeker
from ui.tables.source import Asker, LineSource

AHEAD = 100  # lines read before they are needed, above and below
KEEP = 3 * AHEAD  # lines kept on either side of the screen; the rest is forgotten
RETRIES = 5
IDLE_MS = 25
POINTED_AT_MAX = 500


@dataclass(frozen=True)
class Row:
    """What stands at a position; ``line`` is None while its page is on the way."""

    position: int
    line: LogLine | None


class LineWindow(QObject):
    """Positions count from the newest line = 0. Nothing here blocks, and memory has a fixed bound.

    A position means something only under the counts it was read with; when lines come, counts, the place
    on screen and the lines there are exchanged together (``refresh``).
    """

    changed = Signal()  # other lines are on screen, or the same ones changed
    scale_changed = Signal()  # top or total
    chosen = Signal(object)  # LogLine or None
    counted = Signal(int)
    unseen_changed = Signal(int)
    hidden = Signal(object)  # the id that was to be chosen: the filter does not have it
    failed = Signal(object)

    def __init__(self, source: LineSource, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._source = source
        self._asker = Asker(self, self._fail)
        self.filter = LogFilter()
        self.counts: DayCounts | None = None
        self.top = 0
        self.full = 1  # rows wholly visible
        self.lines: dict[int, LogLine] = {}
        self.others: dict[UUID, LogLine] = {}  # lines that those on screen point at
        self.chosen_position: int | None = None
        self.chosen_line: LogLine | None = None
        self.unseen = 0
        self.held = False  # the scroll bar's handle is being dragged
        self._idle = QTimer(self, singleShot=True, interval=IDLE_MS)
        self._idle.timeout.connect(self._look_ahead)
        self._asked = (0, 0)
        self._mistrusted: DayCounts | None = None  # counts found older than a page, read again once
        self._again = False
        self._tries = 0
        self._seeker = Seeker(self, source, self._asker)
        self._restart = False  # the next exchange is for another filter

    # ---- what is on screen

    @property
    def total(self) -> int:
        """How many lines the filter has."""
        return 0 if self.counts is None else self.counts.total

    @property
    def last_top(self) -> int:
        """The lowest place one can scroll to."""
        return max(0, self.total - self.full)

    def rows(self) -> list[Row]:
        """What stands on screen now, from the top; one row more than fits, for the cut one below."""
        last = min(self.total, self.top + self.full + 1)
        return [Row(position, self.lines.get(position)) for position in range(self.top, last)]

    # ---- what the reader does

    def set_filter(self, filter_: LogFilter) -> None:
        """Show other lines. A chosen line stays chosen and in sight; one the filter lacks leaves its time."""
        self.filter = filter_
        self._restart = True
        self._begin()

    def set_full(self, rows: int) -> None:
        """How many rows fit wholly."""
        if rows != self.full:
            self.full = max(1, rows)
            self.set_top(self.top)
            self._ensure()
            self.changed.emit()
            self.scale_changed.emit()

    def set_top(self, position: int) -> None:
        """Scroll so that ``position`` is on top, as far as there are lines."""
        position = max(0, min(position, self.last_top))
        if position != self.top:
            self.top = position
            self._see(min(self.unseen, position))
            self._ensure()
            self.changed.emit()
            self.scale_changed.emit()

    def choose(self, position: int, *, show: bool = True) -> None:
        """Choose the line at ``position`` and, unless told otherwise, scroll it into sight."""
        if self.total == 0:
            return
        position = max(0, min(position, self.total - 1))
        self.chosen_position = position
        line = self.lines.get(position)
        if line is not None:
            self._choose_line(line)
        else:
            self.chosen_line = None  # known when its page comes
        if show:
            self.reveal(position)
        self.changed.emit()

    def reveal(self, position: int) -> None:
        """Scroll as little as needed to see ``position`` whole."""
        if position < self.top:
            self.set_top(position)
        elif position >= self.top + self.full:
            self.set_top(position - self.full + 1)

    def move(self, by: int) -> None:
        """Choose the line ``by`` further down; the first in sight when none is chosen yet."""
        if self.chosen_position is None:
            self.choose(self.top)
        else:
            self.choose(self.chosen_position + by)

    def go_to_day(self, day: date) -> int | None:
        """Choose the topmost line of ``day`` (else of the nearest earlier one); its position."""
        position = None if self.counts is None else position_of_day(self.counts, number_of(day))
        if position is not None:
            self.set_top(position)
            self.choose(position)
        return position

    def go_to_line(self, id_: UUID, happened_at: datetime | None = None) -> None:
        """Choose a line anywhere, by its id; ``hidden`` is emitted where the filter does not have it."""
        self._seeker.seek(id_, happened_at)

    def arrive(self, position: int, line: LogLine) -> None:
        """Choose a line just read, and show it in the middle unless it is in sight."""
        self._keep({position: line})
        if not self.top <= position < self.top + self.full:
            self.set_top(position - self.full // 2)
        self.choose(position)

    def exchanging(self) -> bool:
        """Whether counts and lines are being exchanged: positions are about to change."""
        return self._asker.busy("exchange")

    def close(self) -> None:
        """No answer is taken any more."""
        self._idle.stop()
        self._asker.close()

    # ---- pages

    def _ensure(self) -> None:
        """Ask for what is on screen and not here yet; then for what lies around it."""
        counts = self.counts
        if counts is None:
            return
        first, last = self.top, min(self.total, self.top + self.full + 1)
        if any(position not in self.lines for position in range(first, last)):
            asked = self._asker.busy("page") and self._asked[0] <= first and last <= self._asked[1]
            if not asked:
                self._asker.drop("above")
                self._asker.drop("below")
                self._asked = (first, last)
                page = self._source.page(counts, first, last - first)
                self._asker.ask("page", [page], lambda results, at=first: self._take(at, results[0]))  # type: ignore[misc]
            return
        self._asker.drop("page")
        if not self._idle.isActive():
            self._idle.start()

    def _look_ahead(self) -> None:
        """Read what lies around the screen. Later than the screen itself: painting comes first."""
        counts = self.counts
        if counts is None or self._asker.busy("page"):
            return
        first, last = self.top, min(self.total, self.top + self.full + 1)
        # each page overlaps a line that is here already: if they differ, lines have come meanwhile
        edge = first
        while edge > max(0, first - AHEAD // 2) and edge - 1 in self.lines:
            edge -= 1
        if edge > max(0, first - AHEAD // 2) and not self._asker.busy("above"):
            start = max(0, edge - AHEAD)
            page = self._source.page(counts, start, edge - start + 1)
            self._asker.ask("above", [page], lambda results: self._take(start, results[0]))
        end = last
        while end < min(self.total, last + AHEAD // 2) and end in self.lines:
            end += 1
        if end < min(self.total, last + AHEAD // 2) and not self._asker.busy("below"):
            page = self._source.page(counts, end - 1, AHEAD + 1)
            below = end - 1
            self._asker.ask("below", [page], lambda results: self._take(below, results[0]))

    def _take(self, first: int, lines: list[LogLine]) -> None:
        fresh = {first + index: line for index, line in enumerate(lines) if first + index < self.total}
        differs = any(at in self.lines and self.lines[at].id != line.id for at, line in fresh.items())
        if differs and self._mistrusted is not self.counts:
            self._mistrusted = self.counts
            self.refresh()  # the page is newer than the counts
            return
        self._keep(fresh)
        if self.chosen_position in fresh:
            self._choose_line(fresh[self.chosen_position])
        shown = range(self.top, self.top + self.full + 1)
        if any(position in shown for position in fresh):
            self.changed.emit()
        if all(position in self.lines for position in range(self.top, min(self.total, shown.stop))):
            self._ensure()

    def _keep(self, fresh: dict[int, LogLine]) -> None:
        self.lines |= fresh
        low, high = self.top - KEEP, self.top + self.full + KEEP
        if len(self.lines) > 2 * KEEP:
            self.lines = {at: line for at, line in self.lines.items() if low <= at < high}
        wanted = {
            line.struck.replacement_id
            for line in fresh.values()
            if line.struck is not None and line.struck.replacement_id is not None
        }
        if not wanted:
            return
        if len(self.others) > POINTED_AT_MAX:
            self.others.clear()
        self.others |= {line.id: line for line in fresh.values() if line.id in wanted}
        unknown = [id_ for id_ in wanted if id_ not in self.others]
        if unknown:
            self._asker.ask("others", [self._source.lines(unknown)], self._learn)

    def _learn(self, results: list[Any]) -> None:
        self.others |= {line.id: line for line in results[0]}
        self.changed.emit()

    # ---- lines that come

    def refresh(self, change_ids: frozenset[UUID] = frozenset()) -> None:
        """The log changed: read the scale and what is on screen again, and exchange them together.

        With the newest line in sight new ones appear on top; elsewhere the same lines stay where they are.
        """
        for id_ in change_ids & self.others.keys():
            del self.others[id_]
        if self.exchanging() or self.held:
            self._again = True
        else:
            self._begin()

    def release(self) -> None:
        """The handle was let go: take what came while it was held."""
        self.held = False
        if self._again:
            self.refresh()

    def _begin(self) -> None:
        self._again = False
        self._tries = 0
        self._asker.ask("exchange", [self._source.counts(self.filter)], lambda got: self._place(got[0]))

    def _place(self, counts: DayCounts) -> None:
        """With the new scale: where do the top line and the chosen line stand now?"""
        before = self.top
        anchor = self.lines.get(before) if before > 0 and not self._restart else None
        chosen = self.chosen_line
        sought = [line for line in (anchor, chosen) if line is not None]
        if not sought:
            self._fetch(counts, before, None, None, chosen)
            return
        places = [self._source.position(counts, line.happened_at, line.id) for line in sought]

        def placed(results: list[Any]) -> None:
            anchored = results[0] if anchor is not None else None
            self._fetch(counts, before, anchored, results[-1] if chosen is not None else None, chosen)

        self._asker.ask("exchange", places, placed)

    def _fetch(
        self, counts: DayCounts, before: int, anchored: int | None, place: int | None, chosen: LogLine | None
    ) -> None:
        """Read what will be on screen."""
        last_top = max(0, counts.total - self.full)
        if self._restart:
            top = 0 if place is None or place < self.full else place - self.full // 2
        elif anchored is not None:
            top = anchored
        else:
            top = before
            was = self.chosen_position
            if before == 0 and place is not None and was is not None and was < self.full <= place:
                top = place - self.full + 1  # what is being read does not leave the screen
        top = max(0, min(top, last_top))
        first = max(0, top - AHEAD // 4)
        wanted = min(counts.total, top + self.full + 1 + AHEAD // 4) - first
        futures: list[Any] = [self._source.page(counts, first, wanted)] if wanted > 0 else []
        if place is not None and not first <= place < first + wanted and place < counts.total:
            futures.append(self._source.page(counts, place, 1))  # is it in this filter?

        def fetched(results: list[Any]) -> None:
            lines = dict(enumerate(results[0], first)) if wanted > 0 else {}
            if len(results) > 1 and results[1] and place is not None:
                lines[place] = results[1][0]
            self._exchange(counts, before, top, lines, place, chosen)

        if futures:
            self._asker.ask("exchange", futures, fetched)
        else:
            fetched([])

    def _exchange(
        self,
        counts: DayCounts,
        before: int,
        top: int,
        lines: dict[int, LogLine],
        place: int | None,
        chosen: LogLine | None,
    ) -> None:
        moved = self.top != before or self.chosen_line is not chosen
        if not self._restart and moved and self._tries < RETRIES:
            self._tries += 1
            self._place(counts)  # the reader moved on meanwhile
            return
        if not self._restart and self.held:
            self._again = True
            return
        for lane in ("page", "above", "below"):
            self._asker.drop(lane)
        if not self._restart and self.top != before:  # never still: what was read may not be what is seen
            top = max(0, min(self.top + top - before, counts.total - self.full))
            before = self.top
        came = 0 if self._restart else top - before
        restart, self._restart = self._restart, False
        self.counts, self.top = counts, top
        self.lines = {}
        self._keep(lines)
        self._settle_choice(lines, place, restart)
        self._see(0 if restart or top == 0 else min(top, max(0, self.unseen + came)))
        self.counted.emit(self.total)
        self.changed.emit()
        self.scale_changed.emit()
        self._ensure()
        if self._again:
            self._begin()
        else:
            self._seeker.go_on()

    def _settle_choice(self, lines: dict[int, LogLine], place: int | None, restart: bool) -> None:
        if self.chosen_line is None:
            if self.chosen_position is not None and (restart or self.chosen_position >= self.total):
                self.chosen_position = None
            elif self.chosen_position in lines:
                self._choose_line(lines[self.chosen_position])
            return
        found = next((at for at, line in lines.items() if line.id == self.chosen_line.id), None)
        if found is not None:
            self.chosen_position = found
            self._choose_line(lines[found])
        elif restart:
            self.chosen_position = None
            self.chosen_line = None
            self.chosen.emit(None)
        else:
            self.chosen_position = place

    def _choose_line(self, line: LogLine) -> None:
        if line != self.chosen_line:
            self.chosen_line = line
            self.chosen.emit(line)

    def _see(self, unseen: int) -> None:
        if unseen != self.unseen:
            self.unseen = unseen
            self.unseen_changed.emit(unseen)

    def _fail(self, error: BaseException) -> None:
        self.failed.emit(error)
