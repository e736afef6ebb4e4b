"""The told level (人工报告水情): what somebody read off a gauge and told, beside what the station sends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from commandcenter.domain import fields
from commandcenter.domain.errors import Refused
from commandcenter.domain.fields import Value
from commandcenter.domain.readings import QUANTITIES
from commandcenter.domain.record import Fact, Situation, define
from commandcenter.domain.rules import not_ahead


def measurable(row: Mapping[str, Value] | None, patch: Mapping[str, Value], situation: Situation) -> None:
    """Refuse a value that its quantity cannot have."""
    quantity = QUANTITIES.get(str(patch.get("quantity", (row or {}).get("quantity"))))
    value = patch.get("value")
    if quantity is None or not isinstance(value, int):
        return  # the code table and the field say what is wrong
    if not quantity.minimum <= value <= quantity.maximum:
        raise Refused("not_in_range", field="value", minimum=quantity.minimum, maximum=quantity.maximum)


@define(
    "told_level",
    public=True,
    rules=(not_ahead("happened_at"), measurable),
    of="station_id",
    indexed=("station_id",),
)
@dataclass(frozen=True, kw_only=True)
class ToldLevel(Fact):
    """A reading is telemetry; this was told by a person, and can be struck (DESIGN §3). ``value`` in
    thousandths of the quantity's unit, as readings have it."""

    station_id: UUID = fields.reference("station", required=True)
    quantity: str = fields.code("quantity", required=True)
    value: int = fields.integer(required=True)
    told_by: str | None = fields.text(personal=True, searchable=True)
    note: str | None = fields.text(max_length=1_000, personal=True, searchable=True)
