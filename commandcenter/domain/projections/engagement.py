"""The engagement projection: where each deployment stands, what a team does, who was sent to two places.

A deployment is its latest step, a team all its open deployments, the most engaged shown first (DESIGN §3).
Facts are ordered by (``happened_at``, id), never by arrival.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import NAMESPACE_OID, UUID, uuid5

from commandcenter.domain.codes import DEPLOYMENT_STEPS

ENDS = ("returned", "cancelled")
# the way there and back, in its order; ``cancelled`` may end it anywhere
WAY = tuple(step for step in DEPLOYMENT_STEPS if step != "cancelled")


@dataclass(frozen=True, kw_only=True)
class StepSeen:
    """A step as the projection needs it: neither struck nor of a doubtful time."""

    happened_at: datetime
    id: UUID
    team_id: UUID
    incident_id: UUID
    step: str
    strength: int | None = None
    knowingly: bool = False


@dataclass(frozen=True, kw_only=True)
class Engagement:
    """Where a deployment stands. The times are those of the first step of their kind."""

    deployment_id: UUID
    team_id: UUID
    incident_id: UUID
    step: str
    step_id: UUID
    since_at: datetime
    strength: int | None
    knowingly: bool
    ordered_at: datetime | None
    under_way_at: datetime | None
    arrived_at: datetime | None
    ended_at: datetime | None

    @property
    def open(self) -> bool:
        """Whether the team is still bound by it."""
        return self.step not in ENDS

    @property
    def turnout(self) -> timedelta | None:
        """From the order to setting out."""
        return _between(self.ordered_at, self.under_way_at)

    @property
    def travel(self) -> timedelta | None:
        """From setting out to arriving."""
        return _between(self.under_way_at, self.arrived_at)

    def on_scene(self, now: datetime) -> timedelta | None:
        """From arriving to the end, or until ``now``."""
        return _between(self.arrived_at, self.ended_at or now)


def _between(begin: datetime | None, end: datetime | None) -> timedelta | None:
    """None where one is missing, or the end was said to be before the beginning."""
    return None if begin is None or end is None or end < begin else end - begin


def engagement(deployment_id: UUID, steps: Iterable[StepSeen]) -> Engagement | None:
    """Where a deployment stands by those of its steps that count; None where none does. Its team and its
    incident are the first step's."""
    ordered = sorted(steps, key=lambda step: (step.happened_at, step.id))
    if not ordered:
        return None
    first, last = ordered[0], ordered[-1]
    at: dict[str, datetime] = {}
    for step in ordered:
        at.setdefault(step.step, step.happened_at)
    return Engagement(
        deployment_id=deployment_id,
        team_id=first.team_id,
        incident_id=first.incident_id,
        step=last.step,
        step_id=last.id,
        since_at=last.happened_at,
        strength=next((s.strength for s in reversed(ordered) if s.strength is not None), None),
        knowingly=any(step.knowingly for step in ordered),
        ordered_at=at.get("ordered"),
        under_way_at=at.get("under_way"),
        arrived_at=at.get("arrived"),
        ended_at=last.happened_at if last.step in ENDS else None,
    )


def most_engaged(engagements: Iterable[Engagement]) -> list[Engagement]:
    """The open ones, the most engaged first; of two that stand alike the older."""
    found = [one for one in engagements if one.open]
    return sorted(found, key=lambda one: (-rank(one.step), one.since_at, one.deployment_id))


def rank(step: str) -> int:
    """How far along the way; -1 for a cancelled one, or a newer program's."""
    return WAY.index(step) if step in WAY else -1


def next_step(step: str) -> str | None:
    """The step that follows; None at the end."""
    at = rank(step)
    return WAY[at + 1] if 0 <= at < len(WAY) - 1 else None


@dataclass(frozen=True, kw_only=True)
class Double:
    """One team sent to several places by people who did not know of one another. ``id`` is made from the
    deployments, so that every side has the same; it is gone when one of them ends, or says it was known."""

    id: UUID
    team_id: UUID
    engagements: tuple[Engagement, ...]


def double(engagements: Sequence[Engagement]) -> Double | None:
    """The exception among one team's deployments; None where there is none. Who was sent knowingly is no part
    of it."""
    unknowing = [one for one in engagements if one.open and not one.knowingly]
    if len(unknowing) < 2:
        return None
    unknowing.sort(key=lambda one: (one.ordered_at or one.since_at, one.deployment_id))
    ids = "".join(sorted(str(one.deployment_id) for one in unknowing))
    return Double(
        id=uuid5(NAMESPACE_OID, f"team{ids}"), team_id=unknowing[0].team_id, engagements=tuple(unknowing)
    )
