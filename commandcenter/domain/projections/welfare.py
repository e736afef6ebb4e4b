"""The welfare clock (平安钟): when a team in the field was last heard of, and when it is to be asked.

It is asked after an interval without a word; two askings without an answer escalate. Any step that the team
reports is a word from it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

# Where a deployment stands while its team is out and may need help.
WATCHED = ("under_way", "arrived", "working")
MISSES = 2  # so many askings without an answer, and somebody above must know
AFTER_S = 1_200  # what the setting says until the district decides

State = Literal["heard", "due", "escalated"]
RANK: dict[State, int] = {"heard": 0, "due": 1, "escalated": 2}


@dataclass(frozen=True, kw_only=True)
class CheckSeen:
    """A check as the clock needs it: neither struck nor of a doubtful time."""

    happened_at: datetime
    id: UUID
    answered: bool


@dataclass(frozen=True, kw_only=True)
class Welfare:
    """How the clock of one deployment stands. ``asked_at``: when the interval that runs now began."""

    state: State
    heard_at: datetime
    asked_at: datetime
    due_at: datetime
    misses: int


def welfare(
    since_at: datetime,
    checks: Iterable[CheckSeen],
    now: datetime,
    interval: timedelta,
    held: timedelta = timedelta(),
) -> Welfare:
    """``since_at``: the deployment's latest step; ``held``: for how long somebody was about to write down the
    answer since the interval began, which counts for nobody. An interval that passes unasked after the one
    at whose end the team was due is a miss, and so is an asking without an answer."""
    ordered = sorted(checks, key=lambda check: (check.happened_at, check.id))
    heard_at = max((check.happened_at for check in ordered if check.answered), default=since_at)
    heard_at = max(heard_at, since_at)
    unanswered = [
        check.happened_at for check in ordered if not check.answered and check.happened_at > heard_at
    ]
    asked_at = max([heard_at, *unanswered])
    lapsed = max(0, (now - asked_at - held) // interval)
    misses = len(unanswered) + max(0, lapsed - 1)
    state: State = "escalated" if misses >= MISSES else "due" if lapsed or unanswered else "heard"
    due_at = asked_at + interval + held
    return Welfare(state=state, heard_at=heard_at, asked_at=asked_at, due_at=due_at, misses=misses)
