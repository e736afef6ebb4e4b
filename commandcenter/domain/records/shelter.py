"""The shelter (避灾点、应急避难场所): where people can stay, how many, who has the key."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from commandcenter.domain import fields
from commandcenter.domain.record import Card, define
from commandcenter.domain.rules import INSIDE_MAX

AREA_MAX = 10_000_000  # square metres


@define("shelter", title="name", register=True)
@dataclass(frozen=True, kw_only=True)
class Shelter(Card):
    """``capacity`` (people, as declared) and ``effective_area_m2`` are both stated; neither is ever worked
    out from the other. ``shelter_grade`` is the official one of its class: A, B, C of a natural-disaster
    shelter, classes Ⅰ to Ⅲ or plain of an earthquake shelter."""

    code: str | None = fields.text(merge="once", searchable=True, max_length=20)
    name: str = fields.text(required=True, searchable=True, max_length=60)
    shelter_class: str = fields.code("shelter_class", required=True)
    shelter_grade: str | None = fields.code("shelter_grade")
    organisation_id: UUID | None = fields.reference("organisation")
    place: str | None = fields.text(searchable=True)
    capacity: int | None = fields.integer(minimum=0, maximum=INSIDE_MAX)
    effective_area_m2: int | None = fields.integer(minimum=0, maximum=AREA_MAX)
    facilities: tuple[str, ...] = fields.codes("facility")
    indoor: bool = fields.flag()
    keyholder: str | None = fields.text(personal=True, searchable=True, max_length=60)
    keyholder_phone: str | None = fields.text(personal=True, searchable=True, max_length=40)
    source: str | None = fields.text()
    sample: bool = fields.flag()
