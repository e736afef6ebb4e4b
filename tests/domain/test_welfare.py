"""The laws of the welfare clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from commandcenter.domain.projections.welfare import CheckSeen, welfare

BEGIN = datetime(2026, 7, 29, 3, 0, tzinfo=UTC)
EVERY = timedelta(minutes=20)


def at(minutes: float) -> datetime:
    return BEGIN + timedelta(minutes=minutes)


def check(minutes: float, *, answered: bool) -> CheckSeen:
    return CheckSeen(happened_at=at(minutes), id=UUID(int=int(minutes * 60)), answered=answered)


def test_it_asks_at_the_end_of_the_interval_and_escalates_after_two_misses() -> None:
    def state(minutes: float, *checks: CheckSeen) -> tuple[str, int]:
        made = welfare(BEGIN, checks, at(minutes), EVERY)
        return made.state, made.misses

    assert state(19.99) == ("heard", 0)
    assert state(20) == ("due", 0)
    assert state(39.9) == ("due", 0)
    assert state(40) == ("due", 1)
    assert state(60) == ("escalated", 2)
    no = check(21, answered=False)
    assert state(22, no) == ("due", 1), "asked in vain, it is still to be asked"
    assert state(23, no, check(22.5, answered=False)) == ("escalated", 2)
    assert state(24, no, check(22.5, answered=False), check(23.5, answered=True)) == ("heard", 0)
    assert state(43.4, check(23.5, answered=True)) == ("heard", 0)
    assert state(43.5, check(23.5, answered=True)) == ("due", 0)


def test_a_step_is_a_word_from_the_team() -> None:
    before = check(10, answered=False)
    made = welfare(at(15), [before], at(34.9), EVERY)
    assert (made.state, made.misses, made.heard_at) == ("heard", 0, at(15))


checks_ = st.lists(
    st.builds(
        lambda minutes, answered: check(minutes, answered=answered), st.integers(0, 300), st.booleans()
    ),
    max_size=8,
)


@given(checks=checks_, now=st.integers(0, 400), held=st.integers(0, 90), more=st.integers(0, 60))
def test_laws(checks: list[CheckSeen], now: int, held: int, more: int) -> None:
    """No order of arrival matters; an answer ends every ask; held time delays, by exactly so much."""
    hold = timedelta(minutes=held)
    made = welfare(BEGIN, checks, at(now), EVERY, hold)
    assert welfare(BEGIN, checks[::-1], at(now), EVERY, hold) == made
    assert welfare(BEGIN, [*checks, check(now, answered=True)], at(now), EVERY).state == "heard" or any(
        not one.answered and one.happened_at > at(now) for one in checks
    )
    later = welfare(BEGIN, checks, at(now + more), EVERY, hold + timedelta(minutes=more))
    assert (later.state, later.misses) == (made.state, made.misses)
    if made.state == "heard":
        assert at(now) < made.due_at
