"""The laws of the occupancy projection."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from commandcenter.domain.projections.occupancy import (
    CountSeen,
    FlowSeen,
    Occupancy,
    StepSeen,
    occupancy,
    standing,
)

BEGIN = datetime(2017, 7, 29, 12, 0, tzinfo=UTC)
ID = UUID(int=1)
Fact = StepSeen | CountSeen | FlowSeen


def at(minutes: int) -> datetime:
    return BEGIN + timedelta(minutes=minutes)


def step(minutes: int, code: str, n: int = 0) -> StepSeen:
    return StepSeen(happened_at=at(minutes), id=UUID(int=minutes * 1000 + n), step=code)


def count(minutes: int, people: int, n: int = 1) -> CountSeen:
    return CountSeen(happened_at=at(minutes), id=UUID(int=minutes * 1000 + n), people=people)


def flow(minutes: int, people: int, n: int = 2) -> FlowSeen:
    return FlowSeen(happened_at=at(minutes), id=UUID(int=minutes * 1000 + n), people=people)


def made(*facts: Fact) -> Occupancy | None:
    """As the desk makes it: the last count since the opening, the flows after it."""
    stands = standing(fact for fact in facts if isinstance(fact, StepSeen))
    if stands is None:
        return None
    counts = sorted(
        (fact for fact in facts if isinstance(fact, CountSeen)), key=lambda one: (one.happened_at, one.id)
    )
    return occupancy(
        ID, stands, counts[-1] if counts else None, [fact for fact in facts if isinstance(fact, FlowSeen)]
    )


def test_a_day_in_a_shelter() -> None:
    day: list[Fact] = [step(0, "opened"), flow(5, 30), flow(9, 12), count(20, 40), flow(25, 7), flow(30, -2)]
    now = made(*day)
    assert now is not None
    assert (now.state, now.people, now.opened_at, now.counted_at) == ("opened", 45, at(0), at(20))
    now = made(*day, step(31, "full"), step(40, "available"))
    assert now is not None
    assert (now.state, now.people, now.since_at, now.opened_at) == ("opened", 45, at(40), at(0))
    closed = made(*day, step(50, "closed"))
    assert closed is not None
    assert (closed.state, closed.people, closed.opened_at, closed.counted_at) == ("closed", 0, None, None)
    again = made(*day, step(50, "closed"), step(60, "opened"), flow(61, 3))
    assert again is not None
    assert (again.people, again.opened_at, again.counted_at) == (3, at(60), None), "it begins with nobody"
    assert made(flow(3, 5), count(4, 5)) is None, "never opened"


def test_what_is_open_is_not_opened_anew() -> None:
    now = made(step(0, "opened"), flow(1, 10), step(5, "opened"))
    assert now is not None
    assert (now.people, now.opened_at) == (10, at(0))


facts_ = st.lists(
    st.tuples(st.integers(0, 60), st.sampled_from(["opened", "full", "available", "closed", "count", "flow"]))
    .flatmap(lambda pair: st.tuples(st.just(pair[0]), st.just(pair[1]), st.integers(-20, 60)))
    .map(lambda said: _fact(*said)),
    max_size=14,
    unique_by=lambda fact: (fact.happened_at, fact.id),
)


def _fact(minutes: int, what: str, people: int) -> Fact:
    if what == "count":
        return count(minutes, abs(people), n=100 + abs(people))
    if what == "flow":
        return flow(minutes, people, n=200 + people)
    return step(minutes, what, n=300)


@given(facts=facts_, seed=st.randoms(use_true_random=False))
def test_no_order_of_arrival_matters(facts: list[Fact], seed: object) -> None:
    shuffled = list(facts)
    seed.shuffle(shuffled)  # type: ignore[attr-defined]
    assert made(*shuffled) == made(*facts)


@given(facts=facts_)
def test_it_is_the_same_as_told_one_after_the_other(facts: list[Fact]) -> None:
    """An independent telling: everybody's place is walked through once."""
    people, is_open = 0, False
    for fact in sorted(facts, key=lambda one: (one.happened_at, one.id)):
        if isinstance(fact, StepSeen):
            if fact.step == "closed":
                people, is_open = 0, False
            elif not is_open:
                people, is_open = 0, True
        elif is_open:
            people = fact.people if isinstance(fact, CountSeen) else people + fact.people
    now = made(*facts)
    assert (now.people if now is not None else 0, now is not None and now.is_open) == (people, is_open)
