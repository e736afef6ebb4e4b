"""The desk's half of the readings: pushes what is buffered, takes the newest that the centre tells."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol, TypeVar

from commandcenter.domain.clock import whole_ms
from commandcenter.domain.errors import Refused
from commandcenter.domain.readings import Reading
from commandcenter.protocol.readings import (
    PUSH_MAX,
    NewestReadings,
    ReadingsPush,
    lines,
    newest_readings,
    readings_answer,
)
from commandcenter.sync.client import Centre, TooLarge
from db.desk import readings as store
from db.desk.store import immediate

if TYPE_CHECKING:
    from commandcenter.services.workplace import Workplace

T = TypeVar("T")
log = logging.getLogger(__name__)

TIDY_S = 3600.0
NOT_TAKEN_S = 600.0  # a centre that takes none is asked again so much later
SLICE = 200  # readings taken at once: the operator comes between


class AskWriter(Protocol):
    """Runs work on the writer, behind the operator's commands, and waits for it."""

    def __call__(self, work: Callable[[Workplace], T]) -> T: ...


@dataclass
class ReadingsExchange:
    """:meth:`run` belongs to the worker's thread, :meth:`told` to the listener's."""

    ask_writer: AskWriter
    centre: Centre
    now: Callable[[], datetime] = lambda: whole_ms(datetime.now(UTC))
    ask_newest: bool = False  # there are more than the stream tells
    _most: int = PUSH_MAX
    _tidy_at: float = field(default=float("-inf"))
    _not_before: float = field(default=float("-inf"))

    def run(self) -> None:
        """Push until nothing waits. NoAnswer: it all waits on. Asks the centre nothing where nothing does."""
        if time.monotonic() >= self._tidy_at:
            self._tidy_at = time.monotonic() + TIDY_S
            self.ask_writer(self._tidied)
        if time.monotonic() >= self._not_before:
            try:
                while self._push():
                    pass
            except Refused as no:
                self._not_before = time.monotonic() + NOT_TAKEN_S
                log.warning("the centre takes no readings: %s", no.code)
        if self.ask_newest:
            self._take(self.centre.get("/v1/readings/newest", newest_readings))
            self.ask_newest = False

    def told(self, newest: NewestReadings) -> bool:
        """Take what the stream tells; False where there is more, to be asked for."""
        self._take(newest)
        self.ask_newest = self.ask_newest or newest.more
        return not newest.more

    def _push(self) -> bool:
        most = self._most
        waiting = self.ask_writer(lambda workplace: store.unsent(workplace.connection, most))
        if not waiting:
            return False
        try:
            answer = self.centre.post(
                "/v1/readings", ReadingsPush(lines(waiting)), readings_answer, may_refuse=True
            )
        except TooLarge:
            if len(waiting) == 1:
                raise Refused("centre_refused", reason="too_large") from None
            self._most = len(waiting) // 2
            return True
        if answer.refused:
            log.warning(
                "%s readings refused: %s",
                len(answer.refused),
                sorted({one.code for one in answer.refused}),
            )

        def settled(workplace: Workplace) -> None:
            with immediate(workplace.connection, workplace.file):
                store.settle(workplace.connection, waiting, len(answer.refused))

        self.ask_writer(settled)
        return len(waiting) == most

    def _take(self, newest: NewestReadings) -> None:
        readings = [one.reading() for one in newest.readings]
        for first in range(0, len(readings), SLICE):
            self.ask_writer(_of(readings[first : first + SLICE]))

    def _tidied(self, workplace: Workplace) -> None:
        with immediate(workplace.connection, workplace.file):
            dropped = store.drop_old(workplace.connection, self.now())
        if dropped:
            log.warning("%s readings dropped: no centre took them for seven days", dropped)


def _of(readings: list[Reading]) -> Callable[[Workplace], None]:
    def taken(workplace: Workplace) -> None:
        with immediate(workplace.connection, workplace.file):
            store.take(workplace.connection, readings)

    return taken
