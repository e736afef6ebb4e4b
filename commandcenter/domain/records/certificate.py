"""The certificate of destruction (销毁证明): whose words were destroyed, why, and by whose signatures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from commandcenter.domain import fields
from commandcenter.domain.errors import Refused
from commandcenter.domain.fields import Value
from commandcenter.domain.record import Fact, Situation, define
from commandcenter.domain.rules import not_ahead

ASSESSMENT_MAX = 2000
CHANGES_MAX = 1000  # of one certificate: 40 bytes each, and an entry has its limit


def names_something(
    row: Mapping[str, Value] | None, patch: Mapping[str, Value], situation: Situation
) -> None:
    """Refuse a certificate that destroys nothing, or more than an entry holds."""
    for name in ("change_ids", "field_names"):
        if not patch.get(name):
            raise Refused("required", field=name)
    for name in ("change_ids", "row_ids"):
        items = patch.get(name) or ()
        if isinstance(items, tuple) and len(items) > CHANGES_MAX:
            raise Refused("too_large", field=name, maximum=CHANGES_MAX)


def two_persons(row: Mapping[str, Value] | None, patch: Mapping[str, Value], situation: Situation) -> None:
    """Refuse one who approves what they assessed themselves."""
    if patch.get("assessed_by_id") == patch.get("approved_by_id"):
        raise Refused("two_persons_sign", field="approved_by_id")


@define(
    "certificate",
    public=True,
    strikable=False,
    rules=(not_ahead("happened_at"), names_something, two_persons),
)
@dataclass(frozen=True, kw_only=True)
class Certificate(Fact):
    """Destroys the personal values that the changes ``change_ids`` stated of the fields ``field_names``
    (sorted, with commas), and what later edits of the cards ``row_ids`` repeat of them as former values.
    What it does is said in ``domain.purge``; it cannot be struck, for what is gone does not come back.
    ``assessment`` stands in clear in the chain for ever and names nobody."""

    number: str = fields.text(required=True, max_length=40)
    change_ids: tuple[str, ...] = fields.references("change")
    row_ids: tuple[str, ...] = fields.references("card")
    field_names: str = fields.text(required=True, max_length=400)
    basis: str = fields.code("purge_basis", required=True)
    assessment: str = fields.text(required=True, max_length=ASSESSMENT_MAX, multiline=True)
    assessed_by_id: UUID = fields.reference("person", required=True)
    approved_by_id: UUID = fields.reference("person", required=True)
