"""The proof of the engagement projection: the latest step decides; one exception for two places."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from commandcenter.domain.codes import DEPLOYMENT_STEPS
from commandcenter.domain.projections.engagement import (
    ENDS,
    Engagement,
    StepSeen,
    double,
    engagement,
    most_engaged,
    next_step,
)

BEGIN = datetime(2026, 7, 28, 6, 0, tzinfo=UTC)
TEAM, INCIDENT, OTHER = UUID(int=1), UUID(int=2), UUID(int=3)


def step(name: str, minute: int, id_: int = 0, **more: object) -> StepSeen:
    """A step at a minute."""
    return StepSeen(
        happened_at=BEGIN + timedelta(minutes=minute),
        id=UUID(int=id_ or minute + 100),
        team_id=TEAM,
        incident_id=INCIDENT,
        step=name,
        **more,  # type: ignore[arg-type]
    )


def stands(number: int, *steps: StepSeen) -> Engagement:
    """The deployment of this number."""
    made = engagement(UUID(int=number), steps)
    assert made is not None
    return made


@given(order=st.permutations(range(4)))
def test_the_whole_way_in_any_order(order: list[int]) -> None:
    way = [step("ordered", 0), step("under_way", 4), step("arrived", 19), step("returned", 139)]
    made = stands(9, *(way[at] for at in order))
    assert (made.step, made.open) == ("returned", False)
    assert (made.turnout, made.travel) == (timedelta(minutes=4), timedelta(minutes=15))
    assert made.on_scene(BEGIN) == timedelta(hours=2)


def test_at_one_instant_the_larger_id_is_the_later_step() -> None:
    assert stands(9, step("arrived", 5, 8), step("working", 5, 9)).step == "working"
    assert stands(9, step("arrived", 5, 9), step("working", 5, 8)).step == "arrived"


def test_nothing_counts_nothing_is() -> None:
    assert engagement(UUID(int=9), []) is None


def test_a_time_before_its_beginning_is_no_duration() -> None:
    made = stands(9, step("under_way", 4), step("ordered", 6))
    assert made.turnout is None


def test_the_most_engaged_comes_first_and_ended_ones_do_not_count() -> None:
    working = stands(1, step("ordered", 9), step("working", 10))
    ordered = stands(2, step("ordered", 1))
    over = stands(3, step("ordered", 0), step("returned", 2))
    older = stands(4, step("ordered", 0))
    assert most_engaged([ordered, over, working, older]) == [working, older, ordered]


def test_two_who_did_not_know_make_one_exception_with_one_id() -> None:
    one, two = stands(1, step("ordered", 0)), stands(2, step("ordered", 3))
    found, again = double([one, two]), double([two, one])
    assert found is not None
    assert found == again
    assert [part.deployment_id for part in found.engagements] == [UUID(int=1), UUID(int=2)]
    third = stands(3, step("ordered", 4, knowingly=True))
    assert double([one, third]) is None, "whoever sent it second knew"
    assert double([one, two, third]) == found
    assert double([one, stands(2, step("ordered", 3), step("cancelled", 5))]) is None
    assert double([one, stands(2, step("ordered", 3), step("acknowledged", 5, knowingly=True))]) is None


def test_every_step_leads_on_but_the_last() -> None:
    way, now = [], "ordered"
    while now:
        way.append(now)
        now = next_step(now) or ""
    assert way == [name for name in DEPLOYMENT_STEPS if name != "cancelled"]
    assert all(next_step(end) is None for end in ENDS)
