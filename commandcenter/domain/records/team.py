"""The team (救援队伍): who can be sent, what they can do, how many they are, how they are called."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from commandcenter.domain import fields
from commandcenter.domain.record import Card, define
from commandcenter.domain.rules import PEOPLE_MAX

EQUIPMENT_MAX = 1_000


@define("team", title="name", register=True)
@dataclass(frozen=True, kw_only=True)
class Team(Card):
    """``category`` is the legal kind (突发事件应对法 §39–41), ``capabilities`` what it can do: one team has
    many (一专多能). ``strength`` is how many people can be sent."""

    code: str | None = fields.text(merge="once", searchable=True, max_length=20)
    name: str = fields.text(required=True, searchable=True, max_length=60)
    category: str = fields.code("team_category", required=True)
    capabilities: tuple[str, ...] = fields.codes("capability")
    strength: int | None = fields.integer(minimum=0, maximum=PEOPLE_MAX)
    duty_phone: str | None = fields.text(personal=True, searchable=True, max_length=40)
    place: str | None = fields.text(personal=True, searchable=True)
    organisation_id: UUID | None = fields.reference("organisation")
    equipment: str | None = fields.text(
        max_length=EQUIPMENT_MAX, multiline=True, personal=True, searchable=True
    )
    sample: bool = fields.flag()
