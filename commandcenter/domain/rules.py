"""The rules that several record types share: pure, of (row before, patch, situation)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from commandcenter.domain.errors import Refused
from commandcenter.domain.fields import Value
from commandcenter.domain.record import Rule, Situation

# Clocks of two desks and a wrist watch differ; more than this ahead is a slip of the finger.
AHEAD = timedelta(minutes=2)
PEOPLE_MAX = 9_999  # of one team
INSIDE_MAX = 999_999  # of one shelter


def not_ahead(field: str) -> Rule:
    """Refuse a time more than two minutes ahead of the desk's clock, corrected by its offset."""

    def rule(row: Mapping[str, Value] | None, patch: Mapping[str, Value], situation: Situation) -> None:
        value = patch.get(field)
        if isinstance(value, datetime) and value > situation.corrected + AHEAD:
            raise Refused("in_the_future", field=field)

    return rule


def late_wants_reason(field: str, reason: str) -> Rule:
    """Refuse a fact dated back further than the setting allows without a reason (突发事件应对法 §61)."""

    def rule(row: Mapping[str, Value] | None, patch: Mapping[str, Value], situation: Situation) -> None:
        value = patch.get(field)
        if not isinstance(value, datetime) or row is not None:
            return
        late = situation.corrected - value > timedelta(seconds=situation.late_after_s)
        if late and not str(patch.get(reason) or "").strip():
            raise Refused("late_without_reason", field=reason, minutes=situation.late_after_s // 60)

    return rule


def in_order(begin: str, end: str) -> Rule:
    """Refuse an end before its begin, whichever of the two the patch brings."""

    def rule(row: Mapping[str, Value] | None, patch: Mapping[str, Value], situation: Situation) -> None:
        before = row or {}
        first = patch.get(begin, before.get(begin))
        last = patch.get(end, before.get(end))
        touched = begin in patch or end in patch
        if touched and isinstance(first, datetime) and isinstance(last, datetime) and last < first:
            raise Refused("end_before_begin", field=end if end in patch else begin)

    return rule
