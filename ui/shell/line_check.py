"""The box's own checks: what can be refused before a line leaves the box, and what is said beside it."""

from __future__ import annotations

from datetime import datetime, timedelta

from commandcenter.domain.clock import SHANGHAI
from commandcenter.words import Words
from ui.shell.draft import BIDI_MARKS, Limits, LineDraft, code_point, first_control
from ui.shell.when import AHEAD_ALLOWED, WhenError

When = datetime | WhenError | None


def is_late(when: When, now: datetime, late_after: timedelta) -> bool:
    """Whether a line that happened at ``when`` needs a reason for being written only now."""
    return isinstance(when, datetime) and now - when > late_after


def fault(
    draft: LineDraft, when: When, *, now: datetime, late_after: timedelta, limits: Limits, words: Words
) -> tuple[str, str] | None:
    """(field of the draft, sentence) of the first thing wrong with a line, or None."""
    if not draft.text.strip():
        return "text", words("shell.logbox.refused_empty")
    if len(draft.text) > limits.max_chars:
        count = f"{len(draft.text):,}"
        return "text", words("shell.logbox.refused_too_long", count=count, max=f"{limits.max_chars:,}")
    for field, value in (
        ("text", draft.text),
        ("counterpart", draft.counterpart),
        ("late_reason", draft.late_reason),
    ):
        sign = first_control(value)
        if sign is not None:
            return field, words("shell.logbox.refused_control", sign=code_point(sign))
    if isinstance(when, WhenError):
        return "happened_at", words(f"shell.when.{when.code}")
    if when is not None and when - now > AHEAD_ALLOWED:
        return "happened_at", words("shell.when.future")
    if is_late(when, now, late_after) and not draft.late_reason.strip():
        return "late_reason", words("shell.logbox.refused_no_reason")
    return None


def hint(draft: LineDraft, when: When, *, offered: str | None, elsewhere: str | None, words: Words) -> str:
    """What stands above the box while it is in use: first what is particular to this line, then the keys.

    ``offered`` is the time the text begins with, ``elsewhere`` the page's incident if the line has another.
    """
    parts = []
    if isinstance(when, datetime):
        at = when.astimezone(SHANGHAI).strftime("%m-%d %H:%M")
        parts.append(words("shell.logbox.happened_shown", at=at))
    elif when is not None:
        parts.append(words(f"shell.when.{when.code}"))
    elif offered is not None:
        parts.append(words("shell.logbox.offer_time", time=offered))
    if elsewhere is not None:
        parts.append(words("shell.logbox.elsewhere", incident=elsewhere))
    if any(sign in BIDI_MARKS for sign in draft.text):
        parts.append(words("shell.logbox.has_bidi"))
    if draft.after is not None:
        parts.append(words("shell.logbox.next_kept"))
    return "    ".join([*parts, words("shell.logbox.keys")])
