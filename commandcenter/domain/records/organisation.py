"""The organisation: the district, its streets and communities, and the units the duty room talks to."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from commandcenter.domain import fields
from commandcenter.domain.record import Card, define


@define("organisation", title="name", register=True)
@dataclass(frozen=True, kw_only=True)
class Organisation(Card):
    """``code`` is the statistical division code (6, 9 or 12 digits) where there is one."""

    code: str | None = fields.text(merge="once", searchable=True, max_length=20)
    name: str = fields.text(required=True, searchable=True, max_length=60)
    name_en: str | None = fields.text(searchable=True, max_length=80)
    level: str = fields.code("organisation_level", required=True)
    parent_id: UUID | None = fields.reference("organisation")
    duty_phone: str | None = fields.text(personal=True, searchable=True, max_length=40)
