"""Two desks and a centre for interface tests: one desk in a real directory, the other in memory."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from uuid import UUID

from commandcenter.runtime import DataDirectory
from commandcenter.services.command import Command
from commandcenter.services.first_start import shipped_changes
from commandcenter.services.reference import is_code
from commandcenter.services.workplace import Workplace
from db.centre.store import CentreStore
from db.desk import exchange, local
from db.desk.store import Mint
from tests.simulation.world import Clock, Machine, World


class Exchanged:
    """``here`` is the desk whose file is in ``folder``, ``there`` another one of the district."""

    def __init__(self, folder: Path) -> None:
        self.world = World(seed=1)
        self.world.store = CentreStore(
            self.world.store.engine, is_code=is_code, shipped=shipped_changes, now=lambda: self.world.now
        )
        self.directory = DataDirectory(folder)
        self.directory.make()
        self.there = self.world.add_machine()
        self.here = self._real()
        self.settle()

    def _real(self) -> Machine:
        world = self.world
        clock = Clock(world)
        workplace = Workplace(
            self.directory.database,
            clock=clock,
            mint=Mint(new_id=world.new_id, new_salt=world.salt),
            backups=self.directory.backups,
            profile="empty",
        )
        machine = Machine(
            world=world,
            name="here",
            scope=None,
            clock=clock,
            workplace=workplace,
            devices={workplace.device},
        )
        local.put(workplace.connection, exchange.SCOPES, [])
        world.machines.append(machine)
        world.committed["here"] = []
        return machine

    def settle(self) -> None:
        """The cable holds until nothing moves any more."""
        for _ in range(200):
            moved = [self.world.step(machine, calm=True) for machine in self.world.machines]
            if not any(moved):
                return
        raise AssertionError("the desks never came to rest")

    def do(self, machine: Machine, command: Command) -> UUID:
        """One command at a desk, a second later; the first row's id."""
        self.world.now += timedelta(seconds=1)
        outcome = machine.workplace.execute(command)
        return outcome.ids[0] if outcome.ids else UUID(int=0)

    def refuse(self, machine: Machine, group: UUID, code: str, **arguments: object) -> None:
        """The centre says no to a group of this desk."""
        from db.desk import outbox

        workplace = machine.workplace
        workplace.exchange(
            lambda connection, _device: exchange.Taken(
                change_set=outbox.refuse(connection, group, code, arguments, self.world.now)
            )
        )

    def close(self) -> None:
        """Let the file go."""
        self.here.workplace.close()
