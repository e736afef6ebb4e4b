"""The proof of whose a deployment step is: every desk reads it and its strike, nobody writes another's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from commandcenter.domain.errors import Refused
from commandcenter.services.command import HANDLERS, Command
from commandcenter.services.deployments import DispatchTeam
from commandcenter.services.incidents import OpenIncident
from commandcenter.services.log import ConfirmTime, StrikeFact
from commandcenter.services.registers import AddCard
from db.desk.store import Transaction
from db.queries.log import lines_by_id
from tests.simulation.world import STREET_A, STREET_B, World


@dataclass(frozen=True, kw_only=True)
class Forge(Command):
    """A step as a program would write it that keeps no rule."""

    values: dict[str, Any]


@pytest.fixture
def forging() -> Iterator[None]:
    """Such a program."""

    def forge(tx: Transaction, command: Forge) -> None:
        tx.add("deployment_step", {"happened_at": tx.now, "step": "ordered", **command.values})

    HANDLERS[Forge] = forge
    yield
    del HANDLERS[Forge]


def honest(world: World) -> World:
    """With clocks that go right."""
    for machine in world.machines:
        machine.clock.error *= 0
    return world


def refusals(world: World, at: int) -> list[str]:
    """Why this desk's groups were refused, but for what ships: this centre ships nothing."""
    found = world.machines[at].connection.execute("SELECT code FROM refusal ORDER BY group_id")
    return [code for (code,) in found if code != "not_shipped"]


def test_a_step_of_a_team_that_the_centre_has_not_got(forging: None) -> None:
    world = World(3)
    desk = world.add_machine()
    honest(world)
    world.do(
        desk, Forge(values={"team_id": UUID(int=1), "deployment_id": UUID(int=2), "incident_id": UUID(int=3)})
    )
    world.quiet()
    assert refusals(world, 0) == ["unknown_row"]
    world.check()


def test_a_street_does_not_send_anothers_team_to_an_incident_that_is_not_its_own(forging: None) -> None:
    world = World(3)
    district, street = world.add_machine(), world.add_machine(STREET_A)
    honest(world)
    (team,) = world.do(district, AddCard(kind="team", fields={"name": "一队", "category": "unit"})) or []
    world.quiet()
    made = {"team_id": team, "deployment_id": UUID(int=2), "incident_id": UUID(int=3), "scope_id": STREET_A}
    world.do(street, Forge(values=made))
    world.quiet()
    assert refusals(world, 1) == ["not_your_scope"]
    assert world.rows(district, "deployment_step") == []
    world.check()


def test_a_strike_goes_wherever_its_step_goes_and_its_words_do_not() -> None:
    world = World(3)
    district, one, other = world.add_machine(), world.add_machine(STREET_A), world.add_machine(STREET_B)
    honest(world)
    (team,) = world.do(district, AddCard(kind="team", fields={"name": "一队", "category": "unit"})) or []
    world.quiet()
    incident, *_ = world.do(one, OpenIncident(title="甲街内涝", event_code="11A01")) or []
    (step,) = world.do(one, DispatchTeam(incident_id=incident, team_ids=[team], note="带泵")) or []
    world.quiet()
    assert world.desk_rows(one, "deployment_step")[step]["note"] == "带泵"
    assert world.desk_rows(other, "deployment_step")[step]["note"] is None
    assert world.rows(other, "incident") == []
    engaged = "SELECT step FROM engagement"
    assert [m.connection.execute(engaged).fetchall() for m in world.machines] == [[("ordered",)]] * 3
    world.do(one, StrikeFact(target_id=step, reason="派错"))
    world.quiet()
    assert [m.connection.execute(engaged).fetchall() for m in world.machines] == [[]] * 3
    assert [row["reason"] for row in world.desk_rows(other, "strike").values()] == [None]
    world.check()


def test_a_step_of_a_doubtful_time_decides_nothing_anywhere() -> None:
    world = World(3)
    right, wrong = world.add_machine(), world.add_machine()
    honest(world)
    (team,) = world.do(right, AddCard(kind="team", fields={"name": "一队", "category": "unit"})) or []
    incident, *_ = world.do(right, OpenIncident(title="内涝", event_code="11A01")) or []
    world.quiet()
    wrong.clock.error, wrong.clock.offset = timedelta(hours=3), None  # nobody measured it
    assert world.do(wrong, DispatchTeam(incident_id=incident, team_ids=[team]))
    engaged = "SELECT step FROM engagement"
    assert wrong.connection.execute(engaged).fetchall() == [("ordered",)], "until the centre says so"
    world.quiet()
    assert [m.connection.execute(engaged).fetchall() for m in world.machines] == [[], []]
    assert len(world.rows(right, "deployment_step")) == 1, "it stays readable"
    (line,) = lines_by_id(right.connection, world.rows(right, "deployment_step"))
    assert line.doubtful
    world.check()
    # somebody vouches for it: then it decides, everywhere, at a street's desk too
    street = world.add_machine(STREET_B)
    street.clock.error *= 0
    assert world.do(right, ConfirmTime(target_id=line.id))
    world.quiet()
    assert [m.connection.execute(engaged).fetchall() for m in world.machines] == [[("ordered",)]] * 3
    (line,) = lines_by_id(right.connection, [line.id])
    assert not line.doubtful
    with pytest.raises(Refused, match="time_not_doubtful"):
        right.workplace.execute(ConfirmTime(target_id=line.id))
    world.check()
