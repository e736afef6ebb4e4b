"""The desk's half of the readings: pushes what is buffered, takes the newest that the centre tells, fetches
ranges that somebody wants to see."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol, TypeVar
from uuid import UUID

from commandcenter.domain.clock import from_ms, to_ms, whole_ms
from commandcenter.domain.errors import Refused
from commandcenter.domain.readings import QUANTITIES, Hour, Reading
from commandcenter.protocol.readings import (
    PUSH_MAX,
    NewestReadings,
    ReadingsPush,
    lines,
    newest_readings,
    readings_answer,
    readings_page,
)
from commandcenter.sync.client import Centre, NoAnswer, TooLarge, unavailable
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


@dataclass(frozen=True)
class _Range:
    """What somebody wants to see, and where to say how much of it came."""

    station: UUID
    since: datetime
    until: datetime
    came: Future[int]


@dataclass
class ReadingsExchange:
    """:meth:`run` belongs to the worker's thread, :meth:`told` to the listener's, :meth:`range` to any."""

    ask_writer: AskWriter
    centre: Centre
    now: Callable[[], datetime] = lambda: whole_ms(datetime.now(UTC))
    ask_newest: bool = False  # there are more than the stream tells
    again: Callable[[], None] = lambda: None  # asks for a :meth:`run` now
    _wanted: deque[_Range] = field(default_factory=deque)
    _most: int = PUSH_MAX
    _tidy_at: float = field(default=float("-inf"))
    _not_before: float = field(default=float("-inf"))

    def range(self, station: UUID, since: datetime, until: datetime) -> Future[int]:
        """Have everything that was measured at a station from ``since`` to before ``until`` here: how many
        readings and hours came. What was fetched before is not asked for again. Unavailable."""
        wanted = _Range(station, since, until, Future())
        self._wanted.append(wanted)
        self.again()
        return wanted.came

    def unanswered(self, no: NoAnswer) -> None:
        """The centre is away: whoever waits for a range is told."""
        while self._wanted:
            self._wanted.popleft().came.set_exception(unavailable(no, self.centre.url))

    def stop(self) -> None:
        """Nothing more will come."""
        while self._wanted:
            self._wanted.popleft().came.cancel()

    def run(self) -> None:
        """Push until nothing waits. NoAnswer: it all waits on. Asks the centre nothing where nothing does."""
        while self._wanted:
            self._fetch(self._wanted[0])
            self._wanted.popleft()
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

    def _fetch(self, wanted: _Range) -> None:
        try:
            came = self._fetched(wanted)
        except NoAnswer as no:
            self._wanted.popleft()
            wanted.came.set_exception(unavailable(no, self.centre.url))
            raise
        except Exception as error:
            self._wanted.popleft()
            wanted.came.set_exception(error)
            raise
        wanted.came.set_result(came)

    def _fetched(self, wanted: _Range) -> int:
        station, now = wanted.station, self.now()

        def missing(workplace: Workplace) -> list[tuple[str, datetime, datetime]]:
            connection = workplace.connection
            known = store.quantities_of(connection, station) or list(QUANTITIES)
            return [
                (quantity, *hole)
                for quantity in known
                for hole in store.holes(connection, station, quantity, wanted.since, wanted.until, now)
            ]

        came = 0
        for quantity, since, until in self.ask_writer(missing):
            came += self._hole(station, quantity, since, until)

            def noted(workplace: Workplace) -> None:
                with immediate(workplace.connection, workplace.file):
                    store.fetched(workplace.connection, station, quantity, since, until, now)  # noqa: B023  at once

            self.ask_writer(noted)
        return came

    def _hole(self, station: UUID, quantity: str, since: datetime, until: datetime) -> int:
        came, next_ = 0, to_ms(since)
        while True:
            asked = {"from": next_, "to": to_ms(until)}
            page = self.centre.get(
                "/v1/readings", readings_page, station=str(station), quantity=quantity, **asked
            )
            found = [one.reading() for one in page.readings]
            hours = [
                Hour(
                    station_id=station,
                    quantity=quantity,
                    hour_at=from_ms(one.hour),
                    minimum=one.minimum,
                    maximum=one.maximum,
                    total=one.total,
                    count=one.count,
                )
                for one in page.hours
            ]
            for first in range(0, len(found), SLICE):
                self.ask_writer(_of(found[first : first + SLICE]))
            for first in range(0, len(hours), SLICE):
                self.ask_writer(_of([], hours[first : first + SLICE]))
            came += len(found) + len(hours)
            if page.next is None:
                return came
            next_ = page.next

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


def _of(readings: list[Reading], hours: Sequence[Hour] = ()) -> Callable[[Workplace], None]:
    def taken(workplace: Workplace) -> None:
        with immediate(workplace.connection, workplace.file):
            store.take(workplace.connection, readings)
            store.take_hours(workplace.connection, hours)

    return taken
