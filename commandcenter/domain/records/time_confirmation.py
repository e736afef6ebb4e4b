"""The confirmation of a time (时间确认): the centre doubted a fact's time, and somebody vouches for it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from commandcenter.domain import fields
from commandcenter.domain.record import Fact, define
from commandcenter.domain.rules import not_ahead


@define(
    "time_confirmation",
    machine=True,
    strikable=False,
    rules=(not_ahead("happened_at"),),
    indexed=("target_id",),
)
@dataclass(frozen=True, kw_only=True)
class TimeConfirmation(Fact):
    """From now on the target decides as any other fact (DESIGN §3). A time that is wrong is struck and
    written anew instead."""

    target_id: UUID = fields.reference(required=True)
    # the target's kind where every desk reads that: the confirmation must go wherever its target goes
    target_kind: str | None = fields.text(max_length=40)
