"""The messages of the readings: pushed by a desk, told on the stream, fetched by range. No float in any.

POST /v1/readings         ReadingsPush -> ReadingsAnswer
GET  /v1/readings         ?station=&quantity=&from=&to=&limit= -> ReadingsPage
GET  /v1/readings/newest  -> NewestReadings; the event ``readings`` on the stream is one too
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated
from uuid import UUID

import msgspec

from commandcenter.domain.clock import from_ms, to_ms
from commandcenter.domain.readings import Reading

PUSH_MAX = 2_000  # readings of one push
RANGE_MAX = 5_000  # of one page
TOLD_MAX = 1_000  # of one event, about 90 KB; where there are more they are asked for
TELL_EVERY_S = 2.0

Ms = Annotated[int, msgspec.Meta(ge=0, le=8_000_000_000_000)]  # until 2223
Code = Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
Milli = Annotated[int, msgspec.Meta(ge=-(2**53), le=2**53)]


class Line(msgspec.Struct, array_like=True, frozen=True):
    """One reading: [station, quantity, observed, value in thousandths, received]; times in ms since 1970."""

    station: UUID
    quantity: Code
    observed: Ms
    value: Milli
    received: Ms

    def reading(self, source: UUID | None = None) -> Reading:
        """As the domain has it."""
        return Reading(
            station_id=self.station,
            quantity=self.quantity,
            observed_at=from_ms(self.observed),
            value=self.value,
            received_at=from_ms(self.received),
            source_id=source,
        )


class HourLine(msgspec.Struct, array_like=True, frozen=True):
    """An hour whose readings were thinned out: [its beginning, minimum, maximum, total, count]."""

    hour: int
    minimum: int
    maximum: int
    total: int
    count: int


class ReadingsPush(msgspec.Struct):
    """Readings of a desk, in any order and as often as it likes."""

    readings: Annotated[list[Line], msgspec.Meta(max_length=PUSH_MAX)]


class RefusedReading(msgspec.Struct):
    """``index``: which of those pushed."""

    index: int
    code: str


class ReadingsAnswer(msgspec.Struct, omit_defaults=True):
    """All but the refused are at the centre now."""

    taken: int
    refused: list[RefusedReading] = []


class ReadingsPage(msgspec.Struct, omit_defaults=True):
    """A range of one series, ascending: first the hours that were thinned out. ``next``: from when the next
    page is asked, None at the end."""

    readings: list[Line] = []
    hours: list[HourLine] = []
    next: int | None = None


class NewestReadings(msgspec.Struct, omit_defaults=True):
    """The newest of each series, or on the stream of those that have a newer one. ``more``: there are too
    many to be told, ask for them."""

    readings: list[Line] = []
    more: bool = False


def line(reading: Reading) -> Line:
    """A reading as it travels."""
    return Line(
        reading.station_id,
        reading.quantity,
        to_ms(reading.observed_at),
        reading.value,
        to_ms(reading.received_at),
    )


def lines(readings: Iterable[Reading]) -> list[Line]:
    """Readings as they travel."""
    return [line(one) for one in readings]


readings_push = msgspec.json.Decoder(ReadingsPush)
readings_answer = msgspec.json.Decoder(ReadingsAnswer)
readings_page = msgspec.json.Decoder(ReadingsPage)
newest_readings = msgspec.json.Decoder(NewestReadings)
