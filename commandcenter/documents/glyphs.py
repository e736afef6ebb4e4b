"""The glyphs of the paper's font: what it can print, and how the rest is written out instead."""

from __future__ import annotations

import re
import struct
import unicodedata
from functools import lru_cache
from importlib.resources import as_file, files
from pathlib import Path

_FONT = "NotoSansSC-Regular.otf"
_BREAKS = re.compile(r"\r\n|[\n\u2028\u2029]")
# An unseen character that only picks the look of the one before it (emoji or text, an ideograph's variant).
_SELECTORS = frozenset(map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def font_folder() -> Path:
    """The folder of the fonts that ship with the program: Noto Sans SC and Noto Serif SC, Regular."""
    with as_file(files("pylopdf_fonts_zh_cn") / _FONT) as font:
        return font.parent


@lru_cache(maxsize=1)
def printable() -> frozenset[str]:
    """The characters Noto Sans SC has a glyph for, less those that are unseen or turn the reading."""
    return frozenset(
        char for char in map(chr, covered(font_folder() / _FONT)) if unicodedata.category(char) not in _UNSEEN
    )


def on_paper(text: str) -> str:
    """``text`` with nothing left that the font would drop, hide, or print as an empty box.

    Line breaks stay, a tab is four spaces. A character without a glyph is written ``[U+1F525 FIRE]`` (an
    ideograph ``[U+20BB7]``), one that is unseen, such as a bidi mark, ``[U+202E RIGHT-TO-LEFT OVERRIDE]``.
    Only variation selectors are left out: paper has one look for a character.
    """
    have = printable()
    if have.issuperset(text):
        return text
    text = _BREAKS.sub("\n", text).replace("\t", "    ")
    return "".join(char if char in have or char == "\n" else _written_out(char) for char in text)


def _written_out(char: str) -> str:
    if char in _SELECTORS:
        return ""
    name = unicodedata.name(char, "")
    if not name or name.endswith(f"-{ord(char):04X}"):  # CJK UNIFIED IDEOGRAPH-20BB7: says nothing more
        return f"[U+{ord(char):04X}]"
    return f"[U+{ord(char):04X} {name}]"


def covered(font: Path) -> frozenset[int]:
    """The code points an OpenType font file has a glyph for: its cmap table's format 12 ("Segmented
    coverage", Microsoft and Apple OpenType specification, cmap). ValueError if it has none."""
    with font.open("rb") as file:
        (tables,) = struct.unpack(">4xH6x", file.read(12))
        records = [struct.unpack(">4s4xLL", file.read(16)) for _ in range(tables)]
        place = {tag: (offset, length) for tag, offset, length in records}
        if b"cmap" not in place:
            raise ValueError(f"no cmap in {font.name}")
        file.seek(place[b"cmap"][0])
        cmap = file.read(place[b"cmap"][1])
    (encodings,) = struct.unpack_from(">2xH", cmap)
    for number in range(encodings):
        (start,) = struct.unpack_from(">4xL", cmap, 4 + 8 * number)
        (form,) = struct.unpack_from(">H", cmap, start)
        if form == 12:
            (groups,) = struct.unpack_from(">L", cmap, start + 12)
            found: set[int] = set()
            for first, last, _ in struct.iter_unpack(">LLL", cmap[start + 16 : start + 16 + 12 * groups]):
                found.update(range(first, last + 1))
            return frozenset(found)
    raise ValueError(f"no format 12 cmap in {font.name}")
