"""The days of a log list: which day a position is on, how a day is written, what "07-28" means."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from commandcenter.domain.clock import EPOCH, SHANGHAI, date_of
from commandcenter.words import Words
from db.queries.log import DayCounts
from ui.shell.when import LAST_YEAR_AFTER, DayWords

_FORMS = tuple(
    re.compile(form, re.ASCII)
    for form in (
        r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})",
        r"(?:(?P<year>\d{4})[-/.])?(?P<month>\d{1,2})[-/.](?P<day>\d{1,2})",
        r"(?:(?P<year>\d{4})\u5e74)?(?P<month>\d{1,2})\u6708(?P<day>\d{1,2})[\u65e5\u53f7]?",
        r"(?P<month>\d{2})(?P<day>\d{2})",
    )
)


@dataclass(frozen=True)
class DayError:
    """Why a typed day is none: "unreadable" or "no_such_day"."""

    code: str


def number_of(day: date) -> int:
    """The day number that the counts use (1970-01-01 = 0)."""
    return (day - EPOCH.date()).days


def day_index(counts: DayCounts, position: int) -> int:
    """The index in ``counts.days`` of the day that holds ``position``; -1 where nothing is counted."""
    return min(bisect_right(counts.first, position) - 1, len(counts.days) - 1)


def is_first_of_day(counts: DayCounts, position: int) -> bool:
    """Whether the line at ``position`` is the topmost of its day."""
    index = day_index(counts, position)
    return index >= 0 and counts.first[index] == position


def position_of_day(counts: DayCounts, day: int) -> int | None:
    """The topmost position of ``day``, or of the nearest earlier day with lines, or of the oldest."""
    if not counts.days:
        return None
    for index, counted in enumerate(counts.days):  # newest first
        if counted <= day:
            return counts.first[index]
    return counts.first[-1]


def parse_day(text: str, today: date, words: Words) -> date | DayError:
    """The date ``text`` names. Without a year it is the one closest behind ``today``."""
    plain = unicodedata.normalize("NFKC", text).strip()
    folded = plain.casefold()
    if folded in words("log.go.today").casefold().split():
        return today
    back = DayWords.of(words).back.get(folded)
    if back is not None:
        return today - timedelta(days=back)
    found = next((match for form in _FORMS if (match := form.fullmatch(plain))), None)
    if found is None:
        return DayError("unreadable")
    part = found.groupdict()
    year = part.get("year")
    try:
        result = date(int(year or today.year), int(part["month"]), int(part["day"]))
        if year is None and result - today > LAST_YEAR_AFTER:
            result = result.replace(year=result.year - 1)
    except ValueError:
        return DayError("no_such_day")
    return result


def day_text(day: date, today: date, words: Words) -> str:
    """A day as the list writes it: with its weekday in this year, with the year in another."""
    if day.year == today.year:
        weekday = words(f"log.weekday.{day.isoweekday()}")
        return words("log.date", month=day.month, day=day.day, weekday=weekday)
    return words("log.date_year", year=day.year, month=day.month, day=day.day)


def day_at(counts: DayCounts, position: int) -> date | None:
    """The date of the line at ``position``; None where nothing is counted."""
    index = day_index(counts, position)
    return None if index < 0 else date_of(counts.days[index])


def clock_text(instant: datetime) -> str:
    """HH:mm:ss in Asia/Shanghai."""
    local = instant.astimezone(SHANGHAI)
    return f"{local.hour:02}:{local.minute:02}:{local.second:02}"


def whole_text(instant: datetime, words: Words) -> str:
    """Date, weekday and time of day in Asia/Shanghai."""
    local = instant.astimezone(SHANGHAI)
    return words(
        "log.whole",
        year=local.year,
        month=local.month,
        day=local.day,
        time=local.strftime("%H:%M:%S"),
        weekday=words(f"log.weekday.{local.isoweekday()}"),
    )
