"""The proof of the synchronisation: many desks, bad luck, and the laws of DESIGN §5 at every quiet point."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from tests.simulation.drive import run
from tests.simulation.variants import VARIANTS
from tests.simulation.world import STREET_A, STREET_B, Machine, World

PARTS = 8
RUNS = 200
BUDGET = 240  # runs within which every broken variant has to be found


@pytest.mark.parametrize("part", range(PARTS))
def test_no_run_breaks_a_law(part: int) -> None:
    for seed in range(part, RUNS, PARTS):
        try:
            run(seed)
        except Exception as error:
            raise AssertionError(f"seed {seed} broke a law") from error


@pytest.mark.parametrize("name", VARIANTS)
def test_a_broken_rule_is_found(name: str) -> None:
    for seed in range(BUDGET):
        try:
            run(seed, variant=VARIANTS[name])
        except Exception:  # noqa: BLE001  whatever shows it
            return
    pytest.fail(f"{name}: not found in {BUDGET} runs")


ACTIONS = (
    "write_line",
    "open_incident",
    "open_form",
    "commit_form",
    "strike",
    "attach",
    "send_team",
    "shelter_people",
    "close_or_reopen",
    "card",
    "share",
)


class Desks(RuleBasedStateMachine):
    """The same world, driven and shrunk by Hypothesis."""

    @initialize(
        seed=st.integers(0, 2**20), scopes=st.lists(st.sampled_from((None, STREET_A, STREET_B)), max_size=2)
    )
    def begin(self, seed: int, scopes: list[object]) -> None:
        self.world = World(seed)
        self.world.add_machine()
        for scope in scopes:
            self.world.add_machine(scope)  # type: ignore[arg-type]

    def _machine(self, number: int) -> Machine:
        return self.world.machines[number % len(self.world.machines)]

    @rule(number=st.integers(0, 4), action=st.sampled_from(ACTIONS))
    def act(self, number: int, action: str) -> None:
        machine = self._machine(number)
        if action != "share" or machine.scope is None:
            getattr(self.world, action)(machine)

    @rule(number=st.integers(0, 4))
    def step(self, number: int) -> None:
        self.world.step(self._machine(number))

    @rule(number=st.integers(0, 4))
    def arrive_late(self, number: int) -> None:
        self.world.arrive_late(self._machine(number))

    @rule(number=st.integers(0, 4))
    def jump_clock(self, number: int) -> None:
        self.world.jump_clock(self._machine(number))

    @rule()
    def back_up(self) -> None:
        self.world.back_up()

    @precondition(lambda self: self.world.restores < 2)
    @rule()
    def restore(self) -> None:
        self.world.restore()

    @precondition(lambda self: len(self.world.machines) < 4)
    @rule(scope=st.sampled_from((None, STREET_A)))
    def join(self, scope: object) -> None:
        self.world.add_machine(scope)  # type: ignore[arg-type]

    @rule()
    def quiet(self) -> None:
        self.world.quiet()
        self.world.check()

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.world.quiet()
            self.world.check()


Desks.TestCase.settings = settings(
    max_examples=40,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
TestDesks = Desks.TestCase
