"""The notion of time: instants are aware UTC datetimes of whole milliseconds; people see Asia/Shanghai."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Protocol

# China has one time zone and no summer time since 1991, so a fixed offset is exact for anything this
# program writes, and needs no zone database on the machine.
SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


class Clock(Protocol):
    """What tells the time; the tests and exercises bring their own."""

    def now(self) -> datetime:
        """The current instant."""

    def offset_ms(self) -> int | None:
        """The last measured difference centre − desk in milliseconds; None if never measured."""


def to_ms(instant: datetime) -> int:
    """Whole milliseconds since 1970-01-01 UTC (rounded down)."""
    return (instant - EPOCH) // MILLISECOND


def from_ms(ms: int) -> datetime:
    """The instant ``ms`` milliseconds after 1970-01-01 UTC."""
    return EPOCH + timedelta(milliseconds=ms)


def whole_ms(instant: datetime) -> datetime:
    """``instant`` in UTC, cut to whole milliseconds. A naive time is read as Asia/Shanghai."""
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=SHANGHAI)
    instant = instant.astimezone(UTC)
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)


def instant_text(instant: datetime) -> str:
    """RFC 3339 in UTC with three decimals: ``2026-07-28T06:31:40.000Z``."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_instant(text: str) -> datetime:
    """The instant written by :func:`instant_text`, in whole milliseconds. ValueError if it is not one."""
    if not text.endswith("Z"):
        raise ValueError(f"not an instant in UTC: {text!r}")
    instant = datetime.fromisoformat(text[:-1] + "+00:00")
    if instant.tzinfo is UTC and not instant.microsecond % 1000:  # as nearly all are written
        return instant
    return whole_ms(instant)


def day_of(instant: datetime) -> int:
    """The day in Asia/Shanghai, as the number yyyymmdd."""
    local = instant.astimezone(SHANGHAI)
    return local.year * 10000 + local.month * 100 + local.day


DAY_MS = 86_400_000
_SHANGHAI_MS = 8 * 3_600_000


def day_number(ms: int) -> int:
    """The Asia/Shanghai day of an instant in milliseconds, counted from 1970-01-01 = 0."""
    return (ms + _SHANGHAI_MS) // DAY_MS


def day_span(day: int) -> tuple[int, int]:
    """The first millisecond of day number ``day`` and that of the day after."""
    start = day * DAY_MS - _SHANGHAI_MS
    return start, start + DAY_MS


def date_of(day: int) -> date:
    """The calendar date of day number ``day``."""
    return date(1970, 1, 1) + timedelta(days=day)
