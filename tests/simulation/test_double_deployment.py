"""The proof that two desks who sent one team without knowing see one exception, the same, settled once."""

from __future__ import annotations

from uuid import UUID

from commandcenter.services.deployments import DispatchTeam, KeepDeployment
from commandcenter.services.incidents import OpenIncident
from commandcenter.services.registers import AddCard
from db.queries.clash import Clash
from db.queries.clashes import clashes
from tests.simulation.world import STREET_A, Machine, World


def doubles(machine: Machine) -> list[Clash]:
    """The teams in two places, as this desk lists them."""
    return [clash for clash in clashes(machine.connection).clashes if clash.what == "team"]


def made(ids: list[UUID] | None) -> UUID:
    """The first row a command made."""
    assert ids is not None
    return ids[0]


def test_one_exception_everywhere_the_same_settled_once() -> None:
    world = World(7)
    district, street, third = world.add_machine(), world.add_machine(STREET_A), world.add_machine()
    for machine in world.machines:
        machine.clock.error *= 0
    team = made(world.do(district, AddCard(kind="team", fields={"name": "一队", "category": "unit"})))
    world.quiet()
    for machine in (district, street):  # neither hears of the other
        incident = made(world.do(machine, OpenIncident(title=world.value(), event_code="11A01")))
        assert world.do(machine, DispatchTeam(incident_id=incident, team_ids=[team]))
        assert doubles(machine) == []
    world.quiet()
    world.check()
    seen = [doubles(machine) for machine in world.machines]
    assert [len(found) for found in seen] == [1, 1, 1]
    assert len({found[0].id for found in seen}) == 1
    (clash,) = seen[2]
    assert [value.id for value in seen[0][0].values] == [value.id for value in clash.values]
    assert [value.hidden for value in seen[1][0].values].count(True) == 1, "the district's incident"
    keep, other = (value.id for value in clash.values)
    assert world.do(third, KeepDeployment(keep_id=keep, others=[other], reason="重复"))
    assert doubles(third) == []
    world.quiet()
    world.check()
    assert [doubles(machine) for machine in world.machines] == [[], [], []]
