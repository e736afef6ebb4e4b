"""The incident event: what happened to an incident that has no record of its own (opened, graded, …)."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from commandcenter.domain import fields
from commandcenter.domain.record import Fact, define
from commandcenter.domain.rules import not_ahead


@define("incident_event", machine=True, rules=(not_ahead("happened_at"),), indexed=("subject_id",))
@dataclass(frozen=True, kw_only=True)
class IncidentEvent(Fact):
    """Codes and parameters, never sentences: the event, the code before and after, the fact concerned."""

    event: str = fields.code("incident_event", required=True)
    before: str | None = fields.text(max_length=40)
    after: str | None = fields.text(max_length=40)
    subject_id: UUID | None = fields.reference()
    reason: str | None = fields.text(personal=True)
