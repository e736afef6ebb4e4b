"""The values of a field on their way into an editor and back: text there, what JSON has here."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Any

from commandcenter.domain.fields import FieldType, plain
from ui.forms.editors import Unreadable

SEPARATOR = ","  # of the codes of a set


def as_text(type_: FieldType, value: Any) -> str | None:
    """A value of the row as its editor takes it."""
    raw = plain(type_, value)
    if raw is None or raw == "" or raw == [] or raw is False:
        return None
    if raw is True:
        return "1"
    if isinstance(raw, list):
        return SEPARATOR.join(sorted(raw))
    return str(raw)


def as_plain(type_: FieldType, text: str | None, words: Callable[..., str]) -> Any:
    """What an editor holds, as JSON has it. Unreadable where it is not of the field's shape."""
    if type_.shape == "flag":
        return text == "1"
    if type_.shape == "codes":
        return text.split(SEPARATOR) if text else []
    if text is None:
        return None
    if type_.shape == "integer":
        digits = unicodedata.normalize("NFKC", text).strip()
        if not digits.lstrip("-").isdecimal() or len(digits) > 15:
            raise Unreadable(words("registers.not_a_number"))
        return int(digits)
    return text
