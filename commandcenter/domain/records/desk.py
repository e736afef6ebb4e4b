"""The desk (席位): a workstation of the duty room; its id is the device that chains its changes."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from commandcenter.domain import fields
from commandcenter.domain.record import Card, define


@define("desk", title="name", register=True)
@dataclass(frozen=True, kw_only=True)
class Desk(Card):
    """``number`` is the part of spoken numbers that tells desks apart."""

    number: int = fields.integer(required=True, minimum=1, maximum=99)
    name: str | None = fields.text(max_length=40)
    organisation_id: UUID | None = fields.reference("organisation")
