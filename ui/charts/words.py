"""The words of charts: how old a value is, a day as people here write it, a value with its unit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from commandcenter.domain.clock import SHANGHAI
from commandcenter.words import Words

MINUTE = 60
HOUR = 3_600
DAY = 86_400
JUST_NOW = 60
# Where a tick may stand: every so many seconds.
STEPS = (
    *(MINUTE * n for n in (1, 5, 10, 30)),
    *(HOUR * n for n in (1, 2, 3, 6, 12)),
    *(DAY * n for n in (1, 2, 7, 14, 28, 91, 364)),
)
OFFSET = 8 * HOUR  # Asia/Shanghai knows no summer time


def age_text(words: Words, age: timedelta) -> str:
    """How long ago: 刚刚, 2 分前, 3 小时前, 2 天前."""
    seconds = int(age.total_seconds())
    if seconds < JUST_NOW:
        return words("charts.age.now")
    if seconds < HOUR:
        return words("charts.age.minutes", count=seconds // MINUTE)
    if seconds < 2 * DAY:
        return words("charts.age.hours", count=seconds // HOUR)
    return words("charts.age.days", count=seconds // DAY)


def span_text(words: Words, span: timedelta) -> str:
    """How long: 20 分钟, 1 小时."""
    seconds = int(span.total_seconds())
    if seconds % HOUR:
        return words("charts.span.minutes", count=seconds // MINUTE)
    return words("charts.span.hours", count=seconds // HOUR)


def local(x: float) -> datetime:
    """Seconds since 1970 as the clocks here show them."""
    return datetime.fromtimestamp(x, UTC).astimezone(SHANGHAI)


def day_text(words: Words, at: datetime) -> str:
    """The day without its year."""
    return words("charts.day", month=at.month, day=at.day)


def value_text(value: float, decimals: int) -> str:
    """The value with as many decimals as its series has, thousands apart."""
    return f"{value:,.{decimals}f}"


def ticks_of(minimum: float, maximum: float, most: float) -> tuple[int, list[float]]:
    """Whole minutes, hours or days here within a span, at most about ``most``; how far they are apart."""
    span = maximum - minimum
    step = next((step for step in STEPS if span / step <= max(1.0, most)), STEPS[-1])
    at = -(-(minimum + OFFSET) // step) * step - OFFSET
    ticks = []
    while at <= maximum:
        ticks.append(float(at))
        at += step
    return step, ticks


def tick_text(words: Words, value: float) -> str:
    """A time of day, or the day where it begins."""
    at = local(value)
    return day_text(words, at) if (at.hour, at.minute) == (0, 0) else f"{at:%H:%M}"
