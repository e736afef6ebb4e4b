"""The access event (访问记录): what somebody did that changed no record: signed in, exported, looked."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from commandcenter.domain import fields
from commandcenter.domain.record import Fact, define
from commandcenter.domain.rules import not_ahead

EXTENT_MAX = 200


@define("access_event", machine=True, strikable=False, rules=(not_ahead("happened_at"),))
@dataclass(frozen=True, kw_only=True)
class AccessEvent(Fact):
    """Written by the program and never struck: an audit trail has no corrections. The subject is the person
    who signed in, the card that was opened, or only the kind of what was exported. ``extent`` says in codes
    what of it (``form=xlsx channel=phone``), never in words that somebody typed."""

    action: str = fields.code("access_action", required=True)
    subject_kind: str | None = fields.text(max_length=40)
    subject_id: UUID | None = fields.reference()
    count: int | None = fields.integer(minimum=0)
    extent: str | None = fields.text(max_length=EXTENT_MAX)
    purpose: str | None = fields.text(personal=True)
    result: str = fields.code("access_result", default="done")
