"""The shelter flow (进出人数): people came into a shelter, or left it, since it was last counted."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from commandcenter.domain import fields
from commandcenter.domain.record import Fact, define
from commandcenter.domain.rules import INSIDE_MAX, not_ahead


@define(
    "shelter_flow",
    public=True,
    rules=(not_ahead("happened_at"),),
    of="shelter_id",
    indexed=("shelter_id",),
)
@dataclass(frozen=True, kw_only=True)
class ShelterFlow(Fact):
    """``flow`` says which way."""

    shelter_id: UUID = fields.reference("shelter", required=True)
    flow: str = fields.code("shelter_flow", required=True)
    people: int = fields.integer(required=True, minimum=1, maximum=INSIDE_MAX)
    note: str | None = fields.text(max_length=1_000, personal=True, searchable=True)
