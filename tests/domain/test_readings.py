"""Tests of the readings' rules: limits, times, and that any order of entering comes to the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commandcenter.domain.errors import Refused
from commandcenter.domain.readings import OLDEST, Reading, entered, newest, stale, validate

NOW = datetime(2026, 7, 28, 6, 0, tzinfo=UTC)
FEW = st.integers(0, 2)

READINGS = st.lists(
    st.builds(
        lambda station, quantity, observed, value, received, source: Reading(
            station_id=UUID(int=station),
            quantity=quantity,
            observed_at=NOW + timedelta(minutes=observed),
            value=value,
            received_at=NOW + timedelta(seconds=received),
            source_id=UUID(int=source),
        ),
        FEW,
        st.sampled_from(["rain", "level"]),
        FEW,
        st.integers(0, 5),
        FEW,
        FEW,
    ),
    max_size=30,
)


def a_reading(**other: object) -> Reading:
    """One of now."""
    said: dict[str, object] = {
        "station_id": UUID(int=1),
        "quantity": "rain",
        "observed_at": NOW,
        "value": 12_500,
        "received_at": NOW,
        "source_id": UUID(int=9),
    }
    return Reading(**{**said, **other})  # type: ignore[arg-type]


@given(READINGS, st.randoms(use_true_random=False))
def test_twice_and_in_any_order_is_once(readings: list[Reading], random: object) -> None:
    shuffled = readings * 2
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert entered(shuffled) == entered(readings)
    assert newest(shuffled) == newest(readings)
    assert entered(shuffled, entered(readings)) == entered(readings)


def test_a_source_corrects_its_own_and_no_other() -> None:
    first = a_reading()
    corrected = a_reading(value=99, received_at=NOW + timedelta(seconds=1))
    other = a_reading(value=5, received_at=NOW + timedelta(hours=1), source_id=UUID(int=10))
    assert list(entered([first, corrected, other]).values()) == [corrected]


@pytest.mark.parametrize(
    ("other", "code"),
    [
        ({}, None),
        ({"quantity": "gold"}, "unknown_code"),
        ({"value": -1}, "not_in_range"),
        ({"value": 1_000_001}, "not_in_range"),
        ({"observed_at": NOW + timedelta(minutes=2)}, None),
        ({"observed_at": NOW + timedelta(minutes=2, seconds=1)}, "in_the_future"),
        ({"received_at": NOW + timedelta(minutes=3)}, "in_the_future"),
        ({"observed_at": NOW - OLDEST}, None),
        ({"observed_at": NOW - OLDEST - timedelta(seconds=1)}, "reading_too_old"),
    ],
)
def test_limits(other: dict[str, object], code: str | None) -> None:
    if code is None:
        validate(a_reading(**other), NOW)
        return
    with pytest.raises(Refused) as refused:
        validate(a_reading(**other), NOW)
    assert refused.value.code == code


def test_what_is_stale() -> None:
    assert not stale(a_reading(), NOW + timedelta(hours=1))
    assert stale(a_reading(), NOW + timedelta(hours=1, seconds=1))
