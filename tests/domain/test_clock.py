"""The proof of the notion of time: milliseconds of UTC, Asia/Shanghai days whatever the machine."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commandcenter.domain.clock import (
    DAY_MS,
    SHANGHAI,
    date_of,
    day_number,
    day_of,
    day_span,
    from_ms,
    instant_text,
    parse_instant,
    to_ms,
    whole_ms,
)

moments = st.integers(-(10**13), 2 * 10**14)
anywhere = st.datetimes(
    min_value=datetime(1, 1, 3),  # noqa: DTZ001 - the strategy wants a naive bound
    max_value=datetime(9999, 12, 29),  # noqa: DTZ001
    timezones=st.timedeltas(timedelta(hours=-23), timedelta(hours=23)).map(
        lambda offset: timezone(timedelta(minutes=offset // timedelta(minutes=1)))
    ),
)


@given(moments)
def test_milliseconds_and_back(ms: int) -> None:
    instant = from_ms(ms)
    assert to_ms(instant) == ms
    assert instant.utcoffset() == timedelta(0)
    assert parse_instant(instant_text(instant)) == instant
    assert instant_text(instant)[-5:-1].lstrip(".").isdigit()


@given(anywhere)
def test_any_time_is_cut_to_the_millisecond_before_it(instant: datetime) -> None:
    cut = whole_ms(instant)
    assert timedelta(0) <= instant - cut < timedelta(milliseconds=1)
    assert cut.tzinfo is UTC
    assert from_ms(to_ms(instant)) == cut
    assert parse_instant(instant_text(instant)) == cut


def test_a_time_without_a_zone_is_read_as_here(monkeypatch: pytest.MonkeyPatch) -> None:
    for zone in ("UTC", "America/New_York"):
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        typed = datetime(2026, 7, 28, 12, 40)  # noqa: DTZ001 - what a person types
        assert instant_text(whole_ms(typed)) == "2026-07-28T04:40:00.000Z"
    monkeypatch.undo()
    time.tzset()


def test_a_finer_time_is_cut_when_it_is_read() -> None:
    assert parse_instant("2026-07-28T06:31:40.123999Z") == from_ms(
        to_ms(parse_instant("2026-07-28T06:31:40.123Z"))
    )


@pytest.mark.parametrize(
    "text", ["", "Z", "now", "2026-07-28T06:31:40.123", "2026-07-28T06:31:40+08:00", "2026-13-01T00:00:00Z"]
)
def test_what_is_no_instant(text: str) -> None:
    with pytest.raises(ValueError):
        parse_instant(text)


@given(moments)
def test_a_moment_lies_in_its_shanghai_day(ms: int) -> None:
    day = day_number(ms)
    start, end = day_span(day)
    assert start <= ms < end
    assert end - start == DAY_MS
    local = from_ms(ms).astimezone(SHANGHAI)
    assert date_of(day) == local.date()
    assert day_of(from_ms(ms)) == int(local.strftime("%Y%m%d"))
    assert from_ms(start).astimezone(SHANGHAI).hour == 0
