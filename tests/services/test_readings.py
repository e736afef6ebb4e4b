"""Tests of a desk's readings on its real file: entered once, buffered seven days, corrected, settled."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commandcenter.domain.errors import Refused
from commandcenter.domain.readings import Reading, entered
from commandcenter.domain.readings import newest as newest_of
from commandcenter.runtime import new_id
from commandcenter.services.readings import EnterReading
from commandcenter.services.workplace import Workplace
from db.desk import readings
from tests.domain.test_readings import READINGS
from tests.services.desk import START, Desk

STATION = new_id()


def rain(value: int, minutes: int = 0) -> EnterReading:
    """Rain at the station."""
    at = START + timedelta(minutes=minutes)
    return EnterReading(station_id=STATION, quantity="rain", observed_at=at, value=value)


def kept(workplace: Workplace) -> list[Reading]:
    """The whole series."""
    far = timedelta(days=400)
    return readings.between(workplace.connection, STATION, "rain", START - far, START + far, 10_000)


def test_the_same_again_is_nothing_and_another_value_is_a_correction(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    with desk.working() as workplace:
        assert workplace.execute(rain(100)).changes == 0
        desk.clock.move(minutes=5)
        workplace.execute(rain(100))
        assert [(one.value, one.received_at) for one in kept(workplace)] == [(100, START)]
        workplace.execute(rain(120))
        assert [one.value for one in kept(workplace)] == [120]
        assert readings.newest(workplace.connection) == kept(workplace)
        with pytest.raises(Refused) as refused:
            workplace.execute(rain(-1))
        assert refused.value.code == "not_in_range"


def test_seven_days_are_buffered_and_what_is_dropped_is_counted(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    with desk.working() as workplace:
        workplace.execute(rain(1))
        desk.clock.move(days=3)
        workplace.execute(rain(2, 10))
        desk.clock.move(days=4)
        connection = workplace.connection
        assert readings.drop_old(connection, desk.clock.now()) == 0
        desk.clock.move(seconds=1)
        assert readings.drop_old(connection, desk.clock.now()) == 1
        assert readings.counted(connection, readings.DROPPED) == 1
        assert [one.value for one in readings.unsent(connection, 10)] == [2]
        readings.settle(connection, readings.unsent(connection, 10))
        desk.clock.move(days=30)
        assert readings.drop_old(connection, desk.clock.now()) == 0  # sent: not lost, and the newest stays
        assert [one.value for one in kept(workplace)] == [2]


def test_a_correction_made_while_the_first_is_under_way_is_sent_too(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    with desk.working() as workplace:
        workplace.execute(rain(1))
        under_way = readings.unsent(workplace.connection, 10)
        desk.clock.move(seconds=1)
        workplace.execute(rain(2))
        readings.take(workplace.connection, under_way)  # and the stream tells the first one
        readings.settle(workplace.connection, under_way)
        assert [one.value for one in readings.unsent(workplace.connection, 10)] == [2]
        last = readings.unsent(workplace.connection, 10)
        readings.settle(workplace.connection, last)
        readings.take(workplace.connection, last)
        desk.clock.move(seconds=1)
        workplace.execute(rain(3))  # still its own to correct
        assert [one.value for one in readings.unsent(workplace.connection, 10)] == [3]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(READINGS, st.randoms(use_true_random=False))
def test_the_file_keeps_what_the_rule_says(tmp_path: Path, said: list[Reading], random: object) -> None:
    shuffled = said * 2
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    with Desk(tmp_path).working() as workplace:
        connection = workplace.connection
        connection.execute("DELETE FROM reading")
        connection.execute("DELETE FROM reading_newest")
        for one in shuffled:
            readings.enter(connection, [one])
        waiting = readings.unsent(connection, 100)
        assert {one.key: one for one in waiting} == entered(said)
        assert {one.series: one for one in readings.newest(connection)} == newest_of(said)
