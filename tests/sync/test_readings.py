"""Tests of readings between real desks and a real centre: entered at one, the newest at the other."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from commandcenter.domain.clock import to_ms, whole_ms
from commandcenter.domain.errors import Unavailable
from commandcenter.domain.readings import BUFFERED
from commandcenter.runtime import Desktop, new_id
from commandcenter.services.readings import EnterReading
from commandcenter.sync import listener, worker
from db.desk import readings
from tests.sync.centre import CentreProcess, until
from tests.sync.test_live import desk, quiet


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """What goes beside the journal is looked at often, and a centre that came back is found soon."""
    monkeypatch.setattr(worker, "BESIDE_S", 0.2)
    monkeypatch.setattr(worker, "LONGEST_S", 1.0)
    monkeypatch.setattr(listener, "LONGEST_S", 1.0)


def values(desktop: Desktop) -> list[int]:
    """The newest values here."""
    return [one.value for one in desktop.ask(readings.newest).result(10)]


def waiting(desktop: Desktop) -> int:
    """How many are still to be sent."""
    return len(desktop.ask(lambda connection: readings.unsent(connection, 100)).result(10))


def test_a_reading_goes_from_desk_to_desk(centre: CentreProcess, tmp_path: Path) -> None:
    for name in "ab":
        assert centre.enrol(tmp_path / name).code == 0
    at = whole_ms(datetime.now(UTC))
    station = new_id()

    def rain(value: int) -> EnterReading:
        return EnterReading(station_id=station, quantity="rain", observed_at=at, value=value)

    with desk(tmp_path / "a") as a:
        quiet(a)
        with desk(tmp_path / "b") as b:
            quiet(b)
            b.execute(rain(100)).result(10)
            until(lambda: waiting(b) == 0, "never sent")
            until(lambda: values(a) == [100], f"never came: {values(a)}")
            b.execute(rain(130)).result(10)  # corrected
            until(lambda: values(a) == [130], f"not corrected: {values(a)}")
            centre.stop()
            b.execute(rain(150)).result(10)
            assert waiting(b) == 1
            centre.start()
            until(lambda: values(a) == [150], "never came after it was away", 40)
            until(lambda: waiting(b) == 0, "never settled")
            assert a.sync_state().state == b.sync_state().state == "online"


def test_a_range_is_fetched_once(centre: CentreProcess, tmp_path: Path) -> None:
    for name in "ab":
        assert centre.enrol(tmp_path / name).code == 0
    now = whole_ms(datetime.now(UTC))
    station = new_id()
    old = now - timedelta(days=30)
    with desk(tmp_path / "a") as a:
        quiet(a)
        for n in range(20):
            at = old + timedelta(minutes=n)
            said = {"station_id": station, "quantity": "rain", "observed_at": at, "value": n * 10}
            a.execute(EnterReading(**said)).result(10)  # type: ignore[arg-type]
        a.execute(EnterReading(station_id=station, quantity="level", observed_at=now, value=1_500)).result(10)
        until(lambda: waiting(a) == 0, "never sent")
    hour = now.replace(minute=0, second=0, microsecond=0) - timedelta(days=100)
    with closing(sqlite3.connect(centre.folder / "centre.sqlite3")) as file, file:
        key = (station.bytes, "rain", to_ms(hour))
        file.execute("INSERT INTO reading_hour VALUES (?, ?, ?, 1, 9, 50, 10)", key)

    def asked() -> list[str]:
        return [line for line in centre.requests() if line == "GET /v1/readings"]

    with desk(tmp_path / "b") as b:
        quiet(b)
        until(lambda: len(values(b)) == 2, "the newest of both never came")

        def here(since: datetime, to: datetime) -> list[int]:
            found = b.ask(lambda c: readings.between(c, station, "rain", since, to, 100)).result(10)
            return [one.value for one in found]

        first, last = old + timedelta(minutes=5), old + timedelta(minutes=10)
        assert here(first, last) == []
        assert b.sync.readings_range(station, first, last).result(20) == 5
        assert here(first, last) == [50, 60, 70, 80, 90]
        before = len(asked())
        assert b.sync.readings_range(station, first, last).result(20) == 0
        assert len(asked()) == before, "it is here"
        # what lies around it, and an hour of which only figures are left; one hole on either side
        assert b.sync.readings_range(station, hour, now + timedelta(days=1)).result(20) == 15 + 1 + 1
        assert len(here(old, now)) == 20
        (figures,) = b.ask(lambda c: readings.hours(c, station, "rain", hour, now, 10)).result(10)
        assert (figures.minimum, figures.maximum, figures.total, figures.count) == (1, 9, 50, 10)
        before = len(asked())
        assert b.sync.readings_range(station, hour, now - timedelta(seconds=1)).result(20) == 0
        assert len(asked()) == before

        def tidied(days: float) -> int:
            when = now + timedelta(days=days)
            return b.submit(lambda w: readings.drop_old(w.connection, when)).result(10)

        tidied(BUFFERED.days - 1)
        assert len(here(old, now)) == 20, "somebody wanted to see it this week"
        tidied(BUFFERED.days + 1)
        assert here(old, now) == [190], "of each series the newest stays"
        assert b.sync.readings_range(station, old, old + timedelta(minutes=3)).result(20) == 3
        centre.stop()
        with pytest.raises(Unavailable):
            b.sync.readings_range(station, hour - timedelta(days=1), hour).result(20)


def test_holes(tmp_path: Path) -> None:
    """Within the last week others may still bring some: there a range is asked for again after an hour."""
    with desk(tmp_path / "a") as a:
        station, now = new_id(), whole_ms(datetime.now(UTC))

        def at(days: float) -> datetime:
            return now - timedelta(days=days)

        def holes(since: float, to: float, when: datetime = now) -> list[tuple[datetime, datetime]]:
            question = readings.holes
            return a.ask(lambda c: question(c, station, "rain", at(since), at(to), when)).result(10)

        def note(since: float, to: float) -> None:
            noted = readings.fetched
            a.submit(lambda w: noted(w.connection, station, "rain", at(since), at(to), now)).result(10)

        assert holes(30, -1) == [(at(30), now)]
        note(20, 10)
        note(3, 1)
        assert holes(30, 0) == [(at(30), at(20)), (at(10), at(3)), (at(1), now)]
        assert holes(19, 11) == holes(2, 1.5) == []
        later = now + timedelta(hours=2)
        assert holes(19, 11, later) == []
        assert holes(2, 1.5, later) == [(at(2), at(1.5))]
        note(25, 2)
        assert holes(30, 1) == [(at(30), at(25))]
