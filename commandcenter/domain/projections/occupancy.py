"""The occupancy projection: whether a shelter is open, since when, and how many people are in it.

People = the last head count + those who came − those who left after it (DESIGN §3). A shelter that is opened
begins with nobody, and so does what is closed. Facts are ordered by (``happened_at``, id), never by arrival.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

State = Literal["closed", "opened", "full"]


@dataclass(frozen=True, kw_only=True)
class StepSeen:
    """A step as the projection needs it: neither struck nor of a doubtful time. So are the others."""

    happened_at: datetime
    id: UUID
    step: str
    incident_id: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class CountSeen:
    """A head count."""

    happened_at: datetime
    id: UUID
    people: int
    elderly: int | None = None
    children: int | None = None
    care: int | None = None


@dataclass(frozen=True, kw_only=True)
class FlowSeen:
    """People who came, or left where ``people`` is negative."""

    happened_at: datetime
    id: UUID
    people: int


@dataclass(frozen=True, kw_only=True)
class Occupancy:
    """``since_at``: of the state; ``opened_at``: of the opening that stands; ``counted_at`` and the groups:
    of the last head count since then. ``people`` below zero: more left than came, somebody must count."""

    shelter_id: UUID
    state: State
    since_at: datetime
    opened_at: datetime | None
    incident_id: UUID | None
    people: int
    counted_at: datetime | None
    elderly: int | None
    children: int | None
    care: int | None

    @property
    def is_open(self) -> bool:
        """Whether people are taken in or were."""
        return self.state != "closed"


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What the steps alone make of a shelter. ``begin``: the place of the step that opened it."""

    state: State
    since_at: datetime
    opened_at: datetime | None
    incident_id: UUID | None
    begin: tuple[datetime, UUID] | None


def standing(steps: Iterable[StepSeen]) -> Standing | None:
    """None where no step counts. An opening of what is open already opens nothing anew."""
    state: State = "closed"
    since: datetime | None = None
    opened: StepSeen | None = None
    for step in sorted(steps, key=lambda one: (one.happened_at, one.id)):
        before = state
        if step.step == "closed":
            state, opened = "closed", None
        elif step.step == "full":
            state = "full"
        else:  # opened, or available again
            state = "opened"
        if state != "closed" and before == "closed":
            opened = step
        if state != before or since is None:
            since = step.happened_at
    if since is None:
        return None
    return Standing(
        state=state,
        since_at=since,
        opened_at=None if opened is None else opened.happened_at,
        incident_id=None if opened is None else opened.incident_id,
        begin=None if opened is None else (opened.happened_at, opened.id),
    )


def occupancy(
    shelter_id: UUID, stands: Standing, count: CountSeen | None, flows: Iterable[FlowSeen]
) -> Occupancy:
    """``count``: the last head count since the opening; ``flows``: those since then, earlier ones are passed
    over."""
    base = stands.begin
    if count is not None and base is not None and (count.happened_at, count.id) < base:
        count = None
    after = base if count is None else (count.happened_at, count.id)
    people = 0 if count is None else count.people
    if stands.state == "closed" or after is None:
        people, count = 0, None
    else:
        people += sum(flow.people for flow in flows if (flow.happened_at, flow.id) > after)
    return Occupancy(
        shelter_id=shelter_id,
        state=stands.state,
        since_at=stands.since_at,
        opened_at=stands.opened_at,
        incident_id=stands.incident_id,
        people=people,
        counted_at=None if count is None else count.happened_at,
        elderly=None if count is None else count.elderly,
        children=None if count is None else count.children,
        care=None if count is None else count.care,
    )
