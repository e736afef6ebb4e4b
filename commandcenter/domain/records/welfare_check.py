"""The welfare check (平安询问): a team in the field was asked how it is, and answered or did not."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from commandcenter.domain import fields
from commandcenter.domain.record import Fact, define
from commandcenter.domain.rules import not_ahead


@define(
    "welfare_check",
    machine=True,
    public=True,
    rules=(not_ahead("happened_at"),),
    of="team_id",
    indexed=("deployment_id",),
)
@dataclass(frozen=True, kw_only=True)
class WelfareCheck(Fact):
    """Routine, and therefore hidden in the log by default: a night of ten teams has three hundred. What a
    team says besides is a line of its own, or the ``note``."""

    team_id: UUID = fields.reference("team", required=True)
    deployment_id: UUID = fields.reference(required=True)
    outcome: str = fields.code("welfare_outcome", required=True)
    note: str | None = fields.text(max_length=1_000, personal=True, searchable=True)
