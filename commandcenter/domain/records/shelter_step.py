"""The shelter step (避灾点状态): a shelter was opened, is full, has room again, was closed."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from commandcenter.domain import fields
from commandcenter.domain.record import Fact, define
from commandcenter.domain.rules import not_ahead


@define(
    "shelter_step",
    public=True,
    rules=(not_ahead("happened_at"),),
    of="shelter_id",
    indexed=("shelter_id",),
)
@dataclass(frozen=True, kw_only=True)
class ShelterStep(Fact):
    """``knowingly``: closed although people were still counted in it."""

    shelter_id: UUID = fields.reference("shelter", required=True)
    step: str = fields.code("shelter_step", required=True)
    knowingly: bool = fields.flag()
    note: str | None = fields.text(max_length=1_000, personal=True, searchable=True)
