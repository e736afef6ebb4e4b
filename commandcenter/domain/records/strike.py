"""The strike (更正): a fact declared wrong, with the reason and, if there is one, what replaces it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from commandcenter.domain import fields
from commandcenter.domain.errors import Refused
from commandcenter.domain.fields import Value
from commandcenter.domain.record import Fact, Situation, define
from commandcenter.domain.rules import not_ahead


def not_by_itself(row: Mapping[str, Value] | None, patch: Mapping[str, Value], situation: Situation) -> None:
    """Refuse a strike that names its target as what replaces it."""
    if patch.get("replacement_id") is not None and patch.get("replacement_id") == patch.get("target_id"):
        raise Refused("replaces_itself", field="replacement_id")


@define(
    "strike",
    machine=True,
    strikable=False,
    rules=(not_ahead("happened_at"), not_by_itself),
    indexed=("target_id", "replacement_id"),
)
@dataclass(frozen=True, kw_only=True)
class Strike(Fact):
    """Of several strikes of one fact the first (``happened_at``, id) counts; it cannot be struck itself."""

    target_id: UUID = fields.reference(required=True)
    reason: str = fields.text(required=True, personal=True)
    replacement_id: UUID | None = fields.reference()
    # the target's kind where every desk reads that: the strike must go wherever its target goes
    target_kind: str | None = fields.text(max_length=40)
