"""The head count (清点人数): how many people are in a shelter, and how many of them need more care."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from commandcenter.domain import fields
from commandcenter.domain.errors import Refused
from commandcenter.domain.fields import Value
from commandcenter.domain.record import Fact, Situation, define
from commandcenter.domain.rules import INSIDE_MAX, not_ahead

GROUPS = ("elderly", "children", "care")


def parts_within(row: Mapping[str, Value] | None, patch: Mapping[str, Value], situation: Situation) -> None:
    """Refuse a group of more people than there are."""
    people = patch.get("people")
    for name in GROUPS:
        part = patch.get(name)
        if isinstance(part, int) and isinstance(people, int) and part > people:
            raise Refused("too_large", field=name, maximum=people)


@define(
    "head_count",
    public=True,
    rules=(not_ahead("happened_at"), parts_within),
    of="shelter_id",
    indexed=("shelter_id",),
)
@dataclass(frozen=True, kw_only=True)
class HeadCount(Fact):
    """``people`` is everybody; the groups are "of which", as reports say it (137 人，其中老人 41、儿童 22):
    somebody may be in two of them or in none. ``care``: in need of medical or nursing care."""

    shelter_id: UUID = fields.reference("shelter", required=True)
    people: int = fields.integer(required=True, minimum=0, maximum=INSIDE_MAX)
    elderly: int | None = fields.integer(minimum=0, maximum=INSIDE_MAX)
    children: int | None = fields.integer(minimum=0, maximum=INSIDE_MAX)
    care: int | None = fields.integer(minimum=0, maximum=INSIDE_MAX)
    note: str | None = fields.text(max_length=1_000, personal=True, searchable=True)
