"""The endpoints of the readings, and the newest of them for every open stream."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from commandcenter.domain.clock import from_ms, to_ms, whole_ms
from commandcenter.domain.errors import Refused
from commandcenter.domain.readings import AHEAD_AT_CENTRE, Reading, Series, validate
from commandcenter.protocol.readings import (
    RANGE_MAX,
    TELL_EVERY_S,
    TOLD_MAX,
    HourLine,
    NewestReadings,
    ReadingsAnswer,
    ReadingsPage,
    ReadingsPush,
    RefusedReading,
    lines,
    readings_push,
)
from commandcenter.server.endpoints import READ_ONLY, Gate
from commandcenter.server.stream import event
from commandcenter.server.threads import Lane, Threads
from commandcenter.server.wire import (
    Packed,
    Turned,
    accepts_gzip,
    body_of,
    decoded,
    id_in,
    number_in,
    packed,
    response,
    token_of,
    word_in,
)
from db.centre import readings as store
from db.centre.engine import CentreEngine, announce, reading, tell

if TYPE_CHECKING:
    from commandcenter.server.application import Endpoint
    from db.centre.judgement import Caller

_MS = timedelta(milliseconds=1)
_MS_MAX = 8_000_000_000_000


def _now() -> datetime:
    return whole_ms(datetime.now(UTC))


class Fresh:
    """What the streams are told: :meth:`due` on the hub's thread, :attr:`whole` on the loop's."""

    def __init__(self, engine: CentreEngine) -> None:
        self._engine = engine
        self._told: dict[Series, Reading] = {}
        self._at = float("-inf")
        self.whole = b""  # for a stream that opens: all there is

    def due(self) -> bytes:
        """The event with what is newer than what was told last; empty where nothing is, or it is too soon."""
        if time.monotonic() - self._at < TELL_EVERY_S:
            return b""
        self._at = time.monotonic()
        with reading(self._engine) as connection:
            found = store.newest(connection)
        news = [one for one in found if self._told.get(one.series) != one]
        if not news:
            return b""
        self._told = {one.series: one for one in found}
        self.whole = _event(found)
        return _event(news)


def _event(readings: list[Reading]) -> bytes:
    if len(readings) > TOLD_MAX:
        return event("readings", NewestReadings(more=True))
    return event("readings", NewestReadings(lines(readings)))


class Readings:
    """``/v1/readings``. Stations are a register: whoever is known here reads all of them."""

    def __init__(
        self, engine: CentreEngine, gate: Gate, threads: Threads, *, now: Callable[[], datetime] = _now
    ) -> None:
        self._engine = engine
        self._gate = gate
        self._threads = threads
        self._now = now

    def endpoints(self) -> dict[str, dict[str, Endpoint]]:
        """{path: {method: endpoint}}."""
        return {
            "/v1/readings": {"GET": self.range, "POST": self.push},
            "/v1/readings/newest": {"GET": self.newest},
        }

    async def push(self, request: Request) -> Response:
        """A desk's readings; those that cannot be are named, and hold up nothing."""
        token = token_of(request)
        body, encoding = await body_of(request)

        def work(caller: Caller) -> Any:
            if READ_ONLY.intersection(caller.roles):
                raise Turned(403, "read_only")
            return self._enter(caller, decoded(body, encoding, readings_push))

        return await self._answer(request, self._threads.writes, token, work)

    def _enter(self, caller: Caller, push: ReadingsPush) -> ReadingsAnswer:
        now = self._now()
        good: list[Reading] = []
        refused: list[RefusedReading] = []
        for index, one in enumerate(push.readings):
            said = one.reading(caller.device)
            try:
                validate(said, now, ahead=AHEAD_AT_CENTRE)
            except Refused as no:
                refused.append(RefusedReading(index, no.code))
            else:
                good.append(said)
        if good:
            with self._engine.begin() as connection:
                store.enter(connection, good)
                tell(connection)
            announce(self._engine)
        return ReadingsAnswer(len(good), refused)

    async def range(self, request: Request) -> Response:
        """``?station=&quantity=&from=&to=&limit=``: a series from ``from`` to before ``to``, ascending."""
        token = token_of(request)
        station, quantity = id_in(request, "station"), word_in(request, "quantity")
        since = from_ms(number_in(request, "from", most=_MS_MAX))
        until = from_ms(number_in(request, "to", most=_MS_MAX))
        limit = max(1, number_in(request, "limit", RANGE_MAX, most=RANGE_MAX))
        return await self._answer(
            request,
            self._threads.reads,
            token,
            lambda caller: self._page(station, quantity, since, until, limit),
        )

    def _page(
        self, station: UUID, quantity: str, since: datetime, until: datetime, limit: int
    ) -> ReadingsPage:
        with reading(self._engine) as connection:
            hours = store.hours(connection, station, quantity, since, until, limit)
            left = limit - len(hours)
            found = store.between(connection, station, quantity, since, until, left) if left else []
        page = ReadingsPage(
            lines(found),
            [HourLine(to_ms(one.hour_at), one.minimum, one.maximum, one.total, one.count) for one in hours],
        )
        if len(hours) + len(found) == limit:
            last = found[-1].observed_at if found else hours[-1].hour_at
            page.next = to_ms(last + _MS)
        return page

    async def newest(self, request: Request) -> Response:
        """The newest of every series."""
        token = token_of(request)

        def work(caller: Caller) -> Any:
            with reading(self._engine) as connection:
                return NewestReadings(lines(store.newest(connection)))

        return await self._answer(request, self._threads.reads, token, work)

    async def _answer(
        self, request: Request, lane: Lane, token: str, work: Callable[[Caller], Any]
    ) -> Response:
        gzip = accepts_gzip(request)

        def whole() -> Packed:
            caller = self._gate.caller(token)
            request.state.device = str(caller.device)
            return packed(work(caller), gzip=gzip)

        return response(await lane.run(whole))
