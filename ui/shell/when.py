"""The time field's reader: what an officer types ("12:40", "y 1240", "07-28 12:40") as an instant."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from commandcenter.domain.clock import SHANGHAI
from commandcenter.words import Words

AHEAD_ALLOWED = timedelta(minutes=2)
# a month-day more than this far ahead was meant for last year (December, typed in January)
LAST_YEAR_AFTER = timedelta(days=180)

# patterns are compiled at their first use (re keeps them): nothing of it before the first paint
_CLOCK = r"(?P<hour>\d{1,2})(?::(?P<minute>\d{2})(?::(?P<second>\d{2}))?)"
_PACKED = r"(?P<hour4>\d{2})(?P<minute4>\d{2})"
_DATE = r"(?:(?P<year>\d{4})[-/.])?(?P<month>\d{1,2})[-/.](?P<day>\d{1,2})"
_WHEN = rf"(?:(?P<back>[^\d\s]+)\s*|{_DATE}\s+)?(?:{_CLOCK}|{_PACKED})"
_LEADING = (
    r"\s*((?:[^\d\s]{1,9}\s*|[\d\-/.]{3,10}\s+)?\d{1,2}[:\uff1a]\d{2})(?=[\s,;\uff0c\u3002\u3001\uff1b])"
)


class WhenError(NamedTuple):
    """Why a typed time is none: "unreadable", "impossible" (25:00, 02-30) or "future"."""

    code: str


class DayWords(NamedTuple):
    """The words that put a bare time on an earlier day: {word: days back}, case-folded."""

    back: dict[str, int]

    @classmethod
    def of(cls, words: Words) -> DayWords:
        """Read from the catalogue: ``shell.when.back_1``, ``back_2``, words divided by spaces."""
        return cls(
            {word.casefold(): days for days in (1, 2) for word in words(f"shell.when.back_{days}").split()}
        )


def parse_when(text: str, now: datetime, day_words: DayWords) -> datetime | WhenError:
    """The instant ``text`` names, aware UTC, read in Asia/Shanghai; ``now`` is aware.

    A bare time is today's. Yesterday is never guessed: a time more than two minutes ahead is the error
    "future" unless a day word or a date says otherwise. Full-width digits and colons are read as ASCII.
    """
    import unicodedata

    plain = unicodedata.normalize("NFKC", text).strip()
    found = re.fullmatch(_WHEN, plain, re.ASCII)
    if found is None:
        return WhenError("unreadable")
    part = found.groupdict()
    local = now.astimezone(SHANGHAI)
    day = local.date()
    if part["back"] is not None:
        back = day_words.back.get(part["back"].casefold())
        if back is None:
            return WhenError("unreadable")
        day -= timedelta(days=back)
    hour = int(part["hour"] or part["hour4"])
    minute, second = int(part["minute"] or part["minute4"]), int(part["second"] or 0)
    try:
        if part["month"] is not None:
            day = day.replace(
                year=int(part["year"] or day.year), month=int(part["month"]), day=int(part["day"])
            )
        result = datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=SHANGHAI)
        if part["month"] is not None and part["year"] is None and result - local > LAST_YEAR_AFTER:
            result = result.replace(year=result.year - 1)
    except ValueError:
        return WhenError("impossible")
    if result - local > AHEAD_ALLOWED:
        return WhenError("future")
    return result.astimezone(UTC)


def leading_when(text: str, now: datetime, day_words: DayWords) -> tuple[str, datetime] | None:
    """The time a line begins with and its instant, or None: only with a colon and followed by a gap.

    It is only ever offered: a line may begin with a time by which something is due.
    """
    found = re.match(_LEADING, text)
    if found is None:
        return None
    written = found.group(1)
    instant = parse_when(written, now, day_words)
    return None if isinstance(instant, WhenError) else (written, instant)


def write_when(instant: datetime, now: datetime) -> str:
    """``instant`` as this reader reads it back on any later day: "07-28 12:40", with the year if another."""
    local, today = instant.astimezone(SHANGHAI), now.astimezone(SHANGHAI)
    clock = "%H:%M:%S" if local.second else "%H:%M"
    date = "%m-%d " if local.year == today.year else "%Y-%m-%d "
    return local.strftime(date + clock)
