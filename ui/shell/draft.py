"""The half-typed line: what the log box holds, as plain values that can be kept and brought back."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

ALLOWED_CONTROLS = "\n\t"
# Qt's documents use these for themselves, or swap the bytes of a text that begins with one
NOT_HELD = "\ufdd0\ufdd1\ufffe"
BIDI_MARKS = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


class Choice(NamedTuple):
    """One value of an option: its code and its label in the language shown."""

    code: str
    label: str


class Limits(NamedTuple):
    """What the box holds a line to before anybody else does: characters are Unicode code points."""

    max_chars: int = 4_000
    count_from: int = 3_500
    paste_chars: int = 100_000


class LineDraft(NamedTuple):
    """A line as typed. ``happened_text`` is the time field as written, read or not; ``after`` is a next
    line that was begun while this one was being saved and refused."""

    text: str = ""
    incident_id: str | None = None
    incident_label: str = ""
    channel: str | None = None
    direction: str | None = None
    counterpart: str = ""
    importance: str | None = None
    happened_at: datetime | None = None
    happened_text: str = ""
    late_reason: str = ""
    after: LineDraft | None = None

    @property
    def blank(self) -> bool:
        """Whether nothing was typed; chosen options alone are no line."""
        return not (self.text or self.counterpart or self.happened_text or self.late_reason)


def first_control(text: str) -> str | None:
    """The first control character a line may not hold (all but LF and TAB), or None."""
    import unicodedata

    return next((s for s in text if s not in ALLOWED_CONTROLS and unicodedata.category(s) == "Cc"), None)


def first_not_held(text: str) -> str | None:
    """The first character Qt's editor cannot hold as it is, or None. CR before LF is a line's end."""
    plain = text.replace("\r\n", "\n")
    return next((s for s in plain if s == "\r" or s in NOT_HELD), None)


def code_point(sign: str) -> str:
    """A character by its number, as a sentence can name it: "U+0007"."""
    return f"U+{ord(sign):04X}"
