"""The keys of charts, for the overlay of a page that has some."""

from __future__ import annotations

from commandcenter.words import Words
from ui.shell.keys import KeyHint


def chart_hints(words: Words) -> list[KeyHint]:
    """Pan, zoom, whole, marks, open."""
    keys = (("\u2190 \u2192", "pan"), ("+ / -", "zoom"), ("0", "whole"), ("Tab", "marks"), ("Enter", "open"))
    return [KeyHint(key, words(f"charts.keys.{name}"), words("charts.keys.group")) for key, name in keys]
