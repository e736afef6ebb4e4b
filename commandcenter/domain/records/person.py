"""The person: who sits at a desk, signs or is called, and in which roles."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from commandcenter.domain import fields
from commandcenter.domain.record import Card, define


@define("person", title="name", register=True)
@dataclass(frozen=True, kw_only=True)
class Person(Card):
    """``roles`` is a set of role codes; what each may do stands in ``access``."""

    name: str = fields.text(required=True, personal=True, searchable=True, max_length=40)
    roles: tuple[str, ...] = fields.codes("role")
    organisation_id: UUID | None = fields.reference("organisation")
    phone: str | None = fields.text(personal=True, searchable=True, max_length=40)
    sample: bool = fields.flag()
