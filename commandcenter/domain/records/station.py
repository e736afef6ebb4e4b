"""The station (监测站点): where something is measured, by whom, and from which level on it warns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from commandcenter.domain import fields
from commandcenter.domain.errors import Refused
from commandcenter.domain.fields import Value
from commandcenter.domain.record import Card, Situation, define

LEVELS = ("warning_level", "guarantee_level")
# Millimetres: what a river or a reservoir in the world comes to, above or below its datum.
LEVEL_MIN, LEVEL_MAX = -500_000, 9_000_000


def level_has_source(
    row: Mapping[str, Value] | None, patch: Mapping[str, Value], situation: Situation
) -> None:
    """Refuse a level of which nobody says where it comes from: a warning line is never invented."""
    after = {**(row or {}), **patch}
    stated = any(name in patch and patch[name] is not None for name in LEVELS)
    taken = "level_source" in patch and any(after.get(name) is not None for name in LEVELS)
    if (stated or taken) and not str(after.get("level_source") or "").strip():
        raise Refused("required", field="level_source")


@define("station", title="name", register=True, rules=(level_has_source,))
@dataclass(frozen=True, kw_only=True)
class Station(Card):
    """Its id is the ``station_id`` of readings. ``warning_level`` (警戒水位) and ``guarantee_level``
    (保证水位) are in millimetres, thousandths of the readings' metre, above the datum that
    ``level_source`` names."""

    code: str | None = fields.text(merge="once", searchable=True, max_length=20)
    name: str = fields.text(required=True, searchable=True, max_length=60)
    station_kind: str = fields.code("station_kind", required=True)
    organisation_id: UUID | None = fields.reference("organisation")
    place: str | None = fields.text(searchable=True)
    warning_level: int | None = fields.integer(minimum=LEVEL_MIN, maximum=LEVEL_MAX)
    guarantee_level: int | None = fields.integer(minimum=LEVEL_MIN, maximum=LEVEL_MAX)
    level_source: str | None = fields.text()
    source: str | None = fields.text()
    sample: bool = fields.flag()
