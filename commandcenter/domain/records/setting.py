"""The setting: one value the district has chosen, by key, with where it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from commandcenter.domain import fields
from commandcenter.domain.errors import Refused
from commandcenter.domain.fields import Value
from commandcenter.domain.record import Card, Situation, define

# key -> (smallest, largest) of settings that are whole numbers
WHOLE_NUMBERS = {
    "late_after_s": (60, 86_400),
    "idle_after_s": (30, 86_400),
    "welfare_after_s": (60, 86_400),
}


def known_number(row: Mapping[str, Value] | None, patch: Mapping[str, Value], situation: Situation) -> None:
    """Refuse a value that its key cannot take."""
    key = str(patch.get("key", (row or {}).get("key")))
    if "value" not in patch or key not in WHOLE_NUMBERS:
        return
    least, most = WHOLE_NUMBERS[key]
    value = str(patch["value"] or "")
    if not value.isascii() or not value.isdigit() or not least <= int(value) <= most:
        raise Refused("not_in_range", field="value", minimum=least, maximum=most)


@define("setting", title="key", register=True, rules=(known_number,))
@dataclass(frozen=True, kw_only=True)
class Setting(Card):
    """A value kept as text; ``source`` says which document or who decided it."""

    key: str = fields.text(required=True, merge="once", max_length=60)
    value: str | None = fields.text(max_length=400)
    source: str | None = fields.text(max_length=200)
