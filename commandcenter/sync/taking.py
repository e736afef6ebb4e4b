"""Taking: what the centre sent enters the file, slice by slice on the writer, the operator always first."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TypeVar
from uuid import UUID

from commandcenter.sync.slices import P, Pace, part, slices
from db.desk.engine import Connection
from db.desk.exchange import Taken

if TYPE_CHECKING:
    from commandcenter.services.workplace import Workplace

T = TypeVar("T")
# Slices are committed together for as long as no operator waits: a commit costs the disk as much as a slice
# costs the writer. Another process that wants to write waits no longer than for this.
TOGETHER_S = 0.05

Take = Callable[[Connection, UUID], Taken]


class AskWriter(Protocol):
    """Runs work on the writer, behind the operator's commands, and waits for it."""

    def __call__(self, work: Callable[[Workplace], T]) -> T: ...


@dataclass
class Taking:
    """``taken`` hears of each commit on the writer's thread; ``hurried`` says whether an operator's command
    waits for the writer now."""

    ask_writer: AskWriter
    taken: Callable[[Taken], None] = lambda taken: None
    hurried: Callable[[], bool] = lambda: False
    pace: Pace = field(default_factory=Pace)
    new_lines: int = 0

    def once(self, work: Take) -> Taken:
        """Something short, in one transaction."""
        return self._committed(work)

    def page(self, page: P, at: int, take: Callable[[Connection, UUID, P], Taken]) -> Taken:
        """A page in slices; what the last one came to, or the one that ended it."""
        parts = slices(page.entries, self.pace)
        left = len(page.entries)
        last = Taken()
        over = False

        def several(connection: Connection, device: UUID) -> Taken:
            nonlocal left, last, over
            began = time.perf_counter()
            whole = Taken()
            while True:
                entries = next(parts)
                left -= len(entries)
                at_work = time.perf_counter()
                last = take(connection, device, part(page, entries, last=left == 0, at=at))
                now = time.perf_counter()
                if entries:
                    self.pace.took(len(entries), now - at_work)
                whole = whole.and_then(last)
                over = left == 0 or last.met_epoch or last.ask_whole
                if over or last.renew or now - began > TOGETHER_S or self.hurried():
                    return whole

        while not over:
            self._committed(several)
        return last

    def on_writer(self, workplace: Workplace, work: Take) -> Taken:
        """One transaction; on the writer's thread."""
        taken = workplace.exchange(work)
        if taken.renew:
            workplace.begin_new_chain()
        self.taken(taken)
        self.new_lines += taken.new_lines
        return taken

    def _committed(self, work: Take) -> Taken:
        return self.ask_writer(lambda workplace: self.on_writer(workplace, work))
