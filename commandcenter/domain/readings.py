"""The notion of a reading: what a station measured at an instant, in thousandths of the quantity's unit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from commandcenter.domain.errors import Refused

Key = tuple[UUID, str, datetime]
Series = tuple[UUID, str]

BUFFERED = timedelta(days=7)  # how long a desk keeps what no centre took
KEPT_RAW = timedelta(days=90)
# A day less than is kept, so that nothing arrives in an hour that is being thinned out.
OLDEST = KEPT_RAW - timedelta(days=1)
AHEAD = timedelta(minutes=2)  # what a desk believes of a station's clock
AHEAD_AT_CENTRE = timedelta(minutes=5)  # and the centre of a desk's


@dataclass(frozen=True, kw_only=True)
class Quantity:
    """What can be measured: its unit, limits in thousandths of it, and after how long no news is stale."""

    unit: str
    minimum: int
    maximum: int
    stale_after: timedelta


_HOUR = timedelta(hours=1)
QUANTITIES: dict[str, Quantity] = {
    "rain": Quantity(unit="mm", minimum=0, maximum=1_000_000, stale_after=_HOUR),
    "level": Quantity(unit="m", minimum=-500_000, maximum=9_000_000, stale_after=_HOUR),
    "flow": Quantity(unit="m3/s", minimum=-100_000_000, maximum=200_000_000, stale_after=_HOUR),
    "wind_speed": Quantity(unit="m/s", minimum=0, maximum=150_000, stale_after=_HOUR),
    "temperature": Quantity(unit="degC", minimum=-60_000, maximum=70_000, stale_after=_HOUR),
    "pressure": Quantity(unit="hPa", minimum=800_000, maximum=1_100_000, stale_after=_HOUR),
    "humidity": Quantity(unit="%", minimum=0, maximum=100_000, stale_after=_HOUR),
}


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One value. ``value`` in thousandths of the quantity's unit; ``received_at``: when a desk took it;
    ``source_id``: the desk that did, None where only the centre knows."""

    station_id: UUID
    quantity: str
    observed_at: datetime
    value: int
    received_at: datetime
    source_id: UUID | None = None

    @property
    def key(self) -> Key:
        """A reading is there once under this."""
        return self.station_id, self.quantity, self.observed_at

    @property
    def series(self) -> Series:
        """Whose it is the newest of, or not."""
        return self.station_id, self.quantity


@dataclass(frozen=True, kw_only=True)
class Hour:
    """What an hour's readings come to; ``total`` / ``count`` is their mean, in thousandths too."""

    station_id: UUID
    quantity: str
    hour_at: datetime
    minimum: int
    maximum: int
    total: int
    count: int


def validate(reading: Reading, now: datetime, *, ahead: timedelta = AHEAD) -> None:
    """Refused ``unknown_code``, ``not_in_range``, ``in_the_future``, ``reading_too_old``. ``ahead``: how far
    past ``now`` a time may be."""
    quantity = QUANTITIES.get(reading.quantity)
    if quantity is None:
        raise Refused("unknown_code", field="quantity", code=reading.quantity)
    if not quantity.minimum <= reading.value <= quantity.maximum:
        raise Refused("not_in_range", field="value", minimum=quantity.minimum, maximum=quantity.maximum)
    if reading.observed_at > now + ahead:
        raise Refused("in_the_future", field="observed_at")
    if reading.received_at > now + ahead:
        raise Refused("in_the_future", field="received_at")
    if reading.observed_at < now - OLDEST:
        raise Refused("reading_too_old", field="observed_at", days=OLDEST.days)


def stands(here: Reading, came: Reading) -> Reading:
    """Which of two readings of one key stands, whichever came first: of one source the one taken later, its
    correction; of two the one whose source has been there longer (the lower id)."""
    return min(here, came, key=_place)


def _place(reading: Reading) -> tuple[int, float, int]:
    source = -1 if reading.source_id is None else reading.source_id.int
    return source, -reading.received_at.timestamp(), -reading.value


def entered(readings: Iterable[Reading], there: Mapping[Key, Reading] | None = None) -> dict[Key, Reading]:
    """What stands when ``readings`` are entered beside those that are there."""
    out = dict(there or {})
    for one in readings:
        out[one.key] = stands(out[one.key], one) if one.key in out else one
    return out


def newest(readings: Iterable[Reading]) -> dict[Series, Reading]:
    """The newest of each series."""
    out: dict[Series, Reading] = {}
    for one in entered(readings).values():
        if one.series not in out or one.observed_at > out[one.series].observed_at:
            out[one.series] = one
    return out


def stale(reading: Reading, now: datetime) -> bool:
    """Whether the newest of a series is so old that the station is to be doubted."""
    quantity = QUANTITIES.get(reading.quantity)
    return quantity is None or now - reading.observed_at > quantity.stale_after
