"""The timeline projection: where a fact stands in the log, on incidents, and whether it is struck."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from commandcenter.domain.record import Kind


@dataclass(frozen=True, kw_only=True)
class Placement:
    """A fact's line in the log: when, what, and what the log is filtered by."""

    happened_at: datetime
    row_id: UUID
    kind: str
    machine: bool
    importance: str
    channel: str
    incident_id: UUID | None


@dataclass(frozen=True, kw_only=True)
class StrikeSeen:
    """A strike as the projection needs it."""

    happened_at: datetime
    id: UUID
    replacement_id: UUID | None


def placed(kind: Kind, row_id: UUID, values: Mapping[str, Any]) -> Placement | None:
    """The line of a fact; None for a card."""
    if kind.nature != "fact":
        return None
    return Placement(
        happened_at=values["happened_at"],
        row_id=row_id,
        kind=kind.name,
        machine=kind.machine,
        importance=values.get("importance") or "normal",
        channel=values.get("channel") or "",
        incident_id=values.get("incident_id"),
    )


def attached(kind: Kind, values: Mapping[str, Any]) -> tuple[UUID, UUID] | None:
    """(incident, fact) where this fact puts another one on an incident's timeline; else None.

    A line is written before anybody knows that it begins an incident; being a fact it is not edited, so
    the incident's event names it. A struck event counts nowhere: its line goes off the timeline again.
    """
    if kind.name != "incident_event" or values.get("event") not in ("opened", "attached"):
        return None
    incident_id, subject_id = values.get("incident_id"), values.get("subject_id")
    if incident_id is None or subject_id is None:
        return None
    return incident_id, subject_id


def effective(strikes: Iterable[StrikeSeen]) -> StrikeSeen | None:
    """Of several strikes of one fact the one that counts: the first by (``happened_at``, id)."""
    return min(strikes, key=lambda strike: (strike.happened_at, strike.id), default=None)
