"""The words of codes, from whichever catalogue has their table."""

from __future__ import annotations

from commandcenter.services.reference import event_codes
from commandcenter.words import Words


def code_label(words: Words, table: str, code: str) -> str:
    """What a code of ``table`` means; the code itself where nobody knows."""
    for group in (f"codes.{table}", f"log.{table}"):
        if words.has(f"{group}.{code}"):
            return words(f"{group}.{code}")
    found = event_codes().get(code) if table == "event_code" else None
    if found is None:
        return code
    return found.name_en if words.language == "en" else found.name
