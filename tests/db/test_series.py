"""The proof of the series' queries: ranges only, struck lines nowhere, a team with two jobs is one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from commandcenter.domain.errors import Refused
from commandcenter.runtime import DataDirectory, new_id
from commandcenter.services.command import Command
from commandcenter.services.deployments import AdvanceDeployment, CancelDeployment, DispatchTeam
from commandcenter.services.incidents import OpenIncident
from commandcenter.services.levels import TellLevel
from commandcenter.services.log import StrikeFact, WriteLogEntry
from commandcenter.services.readings import EnterReading
from commandcenter.services.registers import AddCard
from commandcenter.services.samples import SampleClock
from commandcenter.services.workplace import Workplace
from db.desk import engagements
from db.desk.store import Mint
from db.queries import series
from db.queries.lanes import incident_lanes

BEGIN = datetime(2026, 7, 28, 2, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


class Place:
    """A desk whose clock is set by hand."""

    def __init__(self, folder: Path) -> None:
        self.clock = SampleClock(BEGIN)
        directory = DataDirectory(folder)
        directory.make()
        self.workplace = Workplace(
            directory.database, clock=self.clock, mint=Mint(new_id=new_id), backups=directory.backups
        )
        self.connection = self.workplace.connection

    def do(self, command: Command, minutes: float = 0) -> UUID:
        """Carry out a command so many minutes after the beginning; the first row's id."""
        self.clock.at = BEGIN + MINUTE * minutes
        outcome = self.workplace.execute(command)
        return outcome.ids[0] if outcome.ids else UUID(int=0)

    def team(self, name: str) -> UUID:
        """A team."""
        return self.do(AddCard(kind="team", fields={"name": name, "category": "professional"}))

    def deployment(self, team: UUID) -> UUID:
        """What a team is bound by."""
        return engagements.of_team(self.connection, team)[0].deployment_id


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A desk."""
    made = Place(tmp_path / "desk")
    yield made
    made.workplace.close()


def station(place: Place, **more: Any) -> UUID:
    """A river station."""
    return place.do(AddCard(kind="station", fields={"name": "金鸡", "station_kind": "river", **more}))


def measured(place: Place, id_: UUID, quantity: str = "level", count: int = 5) -> None:
    """A reading each ten minutes."""
    for at in range(count):
        observed = BEGIN + MINUTE * 10 * at
        place.do(
            EnterReading(station_id=id_, quantity=quantity, observed_at=observed, value=1000 + at),
            at * 10 + 1,
        )


def test_a_station_and_what_it_measured_in_a_range(place: Place) -> None:
    id_ = station(place, warning_level=5_200, level_source="某文件")
    other = new_id()
    measured(place, id_)
    measured(place, other, "rain", 2)
    found = series.stations(place.connection)
    assert [(one.station_id, one.quantity, one.newest and one.newest.value) for one in found] == [
        (id_, "level", 1004),
        (other, "rain", 1001),
    ]
    assert found[0].values is not None and found[0].values["warning_level"] == 5_200
    assert found[1].values is None
    points = series.measured(place.connection, id_, "level", BEGIN + MINUTE * 10, BEGIN + MINUTE * 40)
    assert points == tuple(((BEGIN + MINUTE * 10 * at).timestamp(), 1 + at / 1000) for at in (1, 2, 3))


def test_a_retired_station_is_not_shown(place: Place) -> None:
    from commandcenter.services.registers import RetireCard

    id_ = station(place)
    measured(place, id_)
    place.do(RetireCard(kind="station", id=id_), 60)
    assert series.stations(place.connection) == ()


@pytest.mark.parametrize("level", ["warning_level", "guarantee_level"])
def test_a_level_without_its_source_is_refused(place: Place, level: str) -> None:
    """A warning line is never invented."""
    from commandcenter.services.registers import EditCard

    with pytest.raises(Refused, match="required") as said:
        station(place, **{level: 5_000})
    assert said.value.field == "level_source"
    id_ = station(place, **{level: 5_000, "level_source": "某文件"})
    with pytest.raises(Refused, match="required"):
        place.do(EditCard(kind="station", id=id_, fields={"level_source": None}))
    place.do(EditCard(kind="station", id=id_, fields={"level_source": None, level: None}))


def test_what_was_told_is_of_its_series_until_it_is_struck(place: Place) -> None:
    id_ = station(place)
    place.do(TellLevel(station_id=id_, value=5_310, told_by="护堤员"), 10)
    wrong = place.do(TellLevel(station_id=id_, value=9_310), 20)
    place.do(TellLevel(station_id=id_, value=12_000, quantity="rain"), 30)
    place.do(StrikeFact(target_id=wrong, reason="听误"), 40)
    found = series.told(place.connection, id_, "level", BEGIN, BEGIN + HOUR)
    assert found == (((BEGIN + MINUTE * 10).timestamp(), 5.31),)
    shown = [(one.quantity, one.newest) for one in series.stations(place.connection)]
    assert shown == [("level", None), ("rain", None)]


def test_lines_per_hour_leave_out_what_was_struck(place: Place) -> None:
    for minute in (5, 6, 70, 190):
        last = place.do(WriteLogEntry(text="一行"), minute)
    place.do(StrikeFact(target_id=last, reason="误记"), 191)
    points = series.lines_per_hour(place.connection, BEGIN, BEGIN + HOUR * 4)
    assert points == tuple(((BEGIN + HOUR * at).timestamp(), n) for at, n in enumerate((2.0, 1.0, 0.0, 0.0)))


def test_teams_out_over_time(place: Place) -> None:
    """A step at each change; one with two jobs counts once; what ended before the range is not there."""
    one, two, three = (place.team(name) for name in ("甲队", "乙队", "丙队"))
    fire = place.do(OpenIncident(title="起火", event_code="11A02"))
    flood = place.do(OpenIncident(title="积水", event_code="11A02"))
    place.do(DispatchTeam(incident_id=fire, team_ids=[three]), 1)
    place.do(CancelDeployment(deployment_id=place.deployment(three), reason="误派"), 2)
    place.do(DispatchTeam(incident_id=fire, team_ids=[one]), 30)
    place.do(DispatchTeam(incident_id=flood, team_ids=[one], knowingly=True), 70)
    place.do(DispatchTeam(incident_id=flood, team_ids=[two]), 80)
    first = next(
        each.deployment_id for each in engagements.of_team(place.connection, one) if each.incident_id == fire
    )
    place.do(CancelDeployment(deployment_id=first, reason="已灭"), 90)
    place.do(CancelDeployment(deployment_id=place.deployment(two), reason="已退"), 100)
    begin, end = BEGIN + HOUR, BEGIN + HOUR * 2
    points = series.teams_out(place.connection, begin, end)
    assert points == tuple(
        ((BEGIN + MINUTE * minute).timestamp(), count) for minute, count in ((60, 1.0), (80, 2.0), (100, 1.0))
    )


def test_only_important_lines_that_stand_are_marks(place: Place) -> None:
    place.do(WriteLogEntry(text="平常"), 1)
    kept = place.do(WriteLogEntry(text="要紧", importance="important"), 2)
    struck = place.do(WriteLogEntry(text="误", importance="urgent"), 3)
    place.do(StrikeFact(target_id=struck, reason="误记"), 4)
    place.do(WriteLogEntry(text="以后", importance="urgent"), 120)
    (mark,) = series.marks(place.connection, BEGIN, BEGIN + HOUR)
    assert (mark.id, mark.text, mark.at) == (kept, "要紧", BEGIN + MINUTE * 2)


def test_the_lanes_of_an_incident(place: Place) -> None:
    """Important lines, orders, stages and teams of this incident and no other; struck ones nowhere."""
    fire = place.do(OpenIncident(title="起火", event_code="11A02"))
    flood = place.do(OpenIncident(title="积水", event_code="11A02"))
    one = place.team("甲队")

    def line(text: str, minute: float, incident: UUID = fire, **more: Any) -> UUID:
        return place.do(WriteLogEntry(text=text, incident_id=incident, **more), minute)

    line("平常", 1)
    report = line("三人被困", 2, importance="urgent")
    order = line("请速到场", 3, direction="outgoing")
    struck = line("误", 4, importance="urgent")
    place.do(StrikeFact(target_id=struck, reason="误记"), 5)
    line("别处", 6, flood, importance="urgent")
    place.do(DispatchTeam(incident_id=fire, team_ids=[one]), 7)
    place.do(AdvanceDeployment(deployment_id=place.deployment(one), step="acknowledged"), 8)
    found = incident_lanes(place.connection, fire)
    assert [(point.id, point.lane, point.urgent) for point in found.points if point.lane != "stage"] == [
        (report, "report", True),
        (order, "order", False),
    ]
    assert [point.event for point in found.points if point.lane == "stage"] == ["opened"]
    assert [(sent.team, sent.engagement.step) for sent in found.sent] == [("甲队", "acknowledged")]
    assert found.last == (BEGIN + MINUTE * 8).timestamp()
    assert found.lines == {}
