"""The strike (更正): a fact declared wrong, with the reason and, if there is one, what replaces it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from commandcenter.domain import fields
from commandcenter.domain.record import Fact, define
from commandcenter.domain.rules import not_ahead


@define("strike", machine=True, strikable=False, rules=(not_ahead("happened_at"),))
@dataclass(frozen=True, kw_only=True)
class Strike(Fact):
    """Of several strikes of one fact the first (``happened_at``, id) counts; it cannot be struck itself."""

    target_id: UUID = fields.reference(required=True)
    reason: str = fields.text(required=True)
    replacement_id: UUID | None = fields.reference()
