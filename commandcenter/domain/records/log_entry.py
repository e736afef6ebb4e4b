"""The log entry (值班记录): one line of the duty log, written once."""

from __future__ import annotations

from dataclasses import dataclass

from commandcenter.domain import fields
from commandcenter.domain.record import Fact, define
from commandcenter.domain.rules import late_wants_reason, not_ahead

TEXT_MAX = 4000


@define(
    "log_entry",
    rules=(not_ahead("happened_at"), late_wants_reason("happened_at", "late_reason")),
)
@dataclass(frozen=True, kw_only=True)
class LogEntry(Fact):
    """What was said or done, through which channel, to or by whom. ``text`` carries a caller's words."""

    text: str = fields.text(
        required=True, max_length=TEXT_MAX, multiline=True, personal=True, searchable=True
    )
    channel: str | None = fields.code("channel")
    direction: str | None = fields.code("direction")
    counterpart: str | None = fields.text(personal=True, searchable=True)
    importance: str = fields.code("importance", default="normal")
    late_reason: str | None = fields.text(personal=True)
