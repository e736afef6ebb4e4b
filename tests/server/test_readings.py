"""Tests of the centre's readings on both databases: entered once, ranges, old hours, and the streams."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from commandcenter.domain.clock import to_ms
from commandcenter.domain.readings import KEPT_RAW, Hour, Reading, entered
from commandcenter.domain.readings import newest as newest_of
from commandcenter.protocol import readings as messages
from commandcenter.protocol.readings import Line, NewestReadings, ReadingsPush
from commandcenter.runtime import new_id
from db.centre import readings
from db.centre.engine import CentreEngine
from db.tables import reading, reading_hour, reading_newest
from tests.domain.test_readings import READINGS
from tests.server.databases import KINDS, at_once, centre_database
from tests.server.running import Client, Events, Running, district_desk, now, running

STATION, OTHER = new_id(), new_id()
FAR = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC), 10_000)


@pytest.fixture(scope="module", params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """Both kinds."""
    with centre_database(request, tmp_path_factory) as made:
        yield made


def emptied(engine: Engine) -> None:
    """No readings."""
    with engine.begin() as connection:
        for table in (reading, reading_newest, reading_hour):
            connection.execute(table.delete())


def at(when: datetime, value: int, **other: object) -> Reading:
    """Rain at the station."""
    said = {"station_id": STATION, "quantity": "rain", "received_at": when, "source_id": UUID(int=1)}
    return Reading(observed_at=when, value=value, **{**said, **other})  # type: ignore[arg-type]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(READINGS, st.randoms(use_true_random=False), st.integers(1, 7))
def test_twice_and_in_any_order_is_once(
    database: Engine, said: list[Reading], random: object, batch: int
) -> None:
    emptied(database)
    shuffled = said * 2
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    for first in range(0, len(shuffled), batch):
        with database.begin() as connection:
            readings.enter(connection, shuffled[first : first + batch])
    with database.begin() as connection:
        found = [
            one
            for station, quantity in {one.series for one in said}
            for one in readings.between(connection, station, quantity, *FAR)
        ]
        assert {one.key: one for one in found} == entered(said)
        assert {one.series: one for one in readings.newest(connection)} == newest_of(said)


def test_many_enter_the_same_at_once(database: Engine) -> None:
    emptied(database)
    start = now()
    said = [at(start + timedelta(seconds=n), n) for n in range(200)]

    def work(number: int) -> None:
        with database.begin() as connection:
            readings.enter(connection, said[number:] + said[:number])

    assert at_once(4, work) == [None] * 4
    with database.begin() as connection:
        assert readings.between(connection, STATION, "rain", *FAR) == said


def test_old_hours_are_thinned_out_once(database: Engine) -> None:
    emptied(database)
    hour = datetime(2026, 3, 1, 4, tzinfo=UTC)
    with database.begin() as connection:
        readings.enter(connection, [at(hour + timedelta(minutes=n), n * 10) for n in range(90)])

    def thin(when: datetime) -> int:
        with database.begin() as connection:
            return readings.thin_out(connection, when)

    assert thin(hour + KEPT_RAW + timedelta(minutes=59)) == 0  # only whole hours
    assert thin(hour + KEPT_RAW + timedelta(minutes=60)) == 60
    assert thin(hour + KEPT_RAW + timedelta(minutes=61)) == 0
    done = at_once(2, lambda number: thin(hour + KEPT_RAW + timedelta(hours=2)))
    assert sorted(done) == [0, 30]  # type: ignore[type-var]
    with database.begin() as connection:
        assert readings.between(connection, STATION, "rain", *FAR) == []
        said = {"station_id": STATION, "quantity": "rain"}
        first = Hour(hour_at=hour, minimum=0, maximum=590, total=17_700, count=60, **said)  # type: ignore[arg-type]
        later = hour + timedelta(hours=1)
        second = Hour(hour_at=later, minimum=600, maximum=890, total=22_350, count=30, **said)  # type: ignore[arg-type]
        assert readings.hours(connection, STATION, "rain", *FAR) == [first, second]
        readings.enter(connection, [at(hour, -5)])  # one more of an hour that is folded already
    assert thin(hour + KEPT_RAW + timedelta(hours=2)) == 1
    with database.begin() as connection:
        again = readings.hours(connection, STATION, "rain", *FAR)[0]
    assert (again.minimum, again.maximum, again.total, again.count) == (-5, 590, 17_695, 61)


def line(value: int, back_s: int = 0, station: UUID = STATION, quantity: str = "rain") -> Line:
    """A reading of just now."""
    ms = to_ms(now()) - back_s * 1000
    return Line(station, quantity, ms, value, ms)


def pushed(client: Client, *lines: Line) -> messages.ReadingsAnswer:
    """What the centre says to them."""
    answer = client.post("/v1/readings", ReadingsPush(list(lines)))
    assert answer.status_code == 200, answer.text
    return messages.readings_answer.decode(answer.content)


def test_pushed_and_fetched_page_by_page(engine: CentreEngine) -> None:
    with running(engine) as centre, centre.client() as client:
        lines = [line(n, back_s=100 - n) for n in range(7)]
        bad = [line(-1), line(1, quantity="gold"), line(1, back_s=-3600), line(1, back_s=90 * 86_400)]
        answer = pushed(client, *bad, *lines)
        codes = ["not_in_range", "unknown_code", "in_the_future", "reading_too_old"]
        assert (answer.taken, [one.code for one in answer.refused]) == (7, codes)
        assert pushed(client, *lines).refused == []
        got: list[Line] = []
        asked = {"station": str(STATION), "quantity": "rain", "to": to_ms(now()) + 1, "limit": 3}
        since: int | None = 0
        while since is not None:
            page = messages.readings_page.decode(
                client.get("/v1/readings", **asked, **{"from": since}).content
            )
            assert len(page.readings) <= 3
            got += page.readings
            since = page.next
        assert got == lines
        newest = messages.newest_readings.decode(client.get("/v1/readings/newest").content)
        assert newest == NewestReadings([lines[-1]])


def test_who_may_not(centre: Running) -> None:
    with centre.client(district_desk(roles=("wall",))) as wall:
        answer = wall.post("/v1/readings", ReadingsPush([line(1)]))
        assert (answer.status_code, answer.json()["code"]) == (403, "read_only")
        assert wall.get("/v1/readings/newest").status_code == 200
    with Client(centre.address) as nobody:
        assert nobody.get("/v1/readings/newest").status_code == 401


def test_the_newest_are_told_every_two_seconds_at_most(engine: CentreEngine) -> None:
    with running(engine) as centre, centre.client() as author, centre.client() as reader:
        events = Events(reader)
        events.wait(lambda got: len(got) == 1)
        told_at: list[float] = []
        ends = time.monotonic() + 6
        value = 0
        while time.monotonic() < ends:
            value += 1
            pushed(author, line(value), line(value, station=OTHER, quantity="level"))
            if len(events.of("readings")) > len(told_at):
                told_at.append(time.monotonic())
            time.sleep(0.05)
        assert 2 <= len(told_at) <= 4
        assert all(b - a > 1.8 for a, b in pairwise(told_at))
        events.wait(lambda got: {one[3] for one in got[-1][1].get("readings", [])} == {value}, 6)
        with centre.client() as late:  # a stream that opens has them all
            others = Events(late)
            others.wait(lambda got: [name for name, _ in got[:2]] == ["hello", "readings"])
            assert {one[3] for one in others.of("readings")[0]["readings"]} == {value}
