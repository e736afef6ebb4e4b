"""The ranking of choices: what an officer types, by name, code or pinyin initials, against what there is."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

SHOWN_MAX = 60


@dataclass(frozen=True, kw_only=True)
class Option:
    """One thing that can be chosen. ``value``: what is kept; ``names``: what else it is found by."""

    value: str
    text: str
    code: str = ""  # shown before the text
    detail: str = ""  # shown behind it, quieter
    mark: str = ""  # shown as a tag
    names: tuple[str, ...] = ()


@lru_cache(maxsize=50_000)
def folded(text: str) -> str:
    """``text`` as it is compared: NFKC, case-folded, without white space."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


@lru_cache(maxsize=30_000)
def _letters(sign: str) -> str:
    """The first letters of all readings of one Chinese character; another sign stands for itself."""
    if sign < "\u2e80":
        return sign
    from pypinyin import Style, pinyin

    read = pinyin(sign, style=Style.FIRST_LETTER, heteronym=True)
    return "".join(sorted({part[:1] for part in read[0] if part})) or sign


@dataclass(frozen=True)
class Initials:
    """The first letters of every reading of every character of some names."""

    letters: Mapping[str, str]

    @classmethod
    def of(cls, names: Iterable[str]) -> Initials:
        """Read from the dictionary; the first call loads it (about 0.2 s): never on the GUI thread."""
        return cls({sign: _letters(sign) for sign in {s for name in names for s in folded(name)}})

    def find(self, name: str, query: str) -> int:
        """Where ``query`` (folded) stands in the initials of ``name`` (folded); -1 if nowhere."""
        if name.isascii():
            return -1  # it has none; its letters were compared already
        read = [self.letters.get(sign, "") for sign in name]
        first, rest = query[0], query[1:]
        for start in range(len(read) - len(rest)):
            if first in read[start] and all(q in read[start + 1 + at] for at, q in enumerate(rest)):
                return start
        return -1


NO_INITIALS = Initials({})


def rank(options: Sequence[Option], typed: str, initials: Initials = NO_INITIALS) -> list[Option]:
    """The options that fit what was typed, best first; all in their own order where nothing was."""
    query = folded(typed)
    if not query:
        return list(options[:SHOWN_MAX])
    latin = query.isascii() and query.isalpha()
    found: list[tuple[int, int, Option]] = []
    for index, option in enumerate(options):
        place = _place(option, query, initials if latin else NO_INITIALS)
        if place is not None:
            found.append((place, index, option))
    found.sort(key=lambda entry: entry[:2])
    return [option for _, _, option in found[:SHOWN_MAX]]


def _place(option: Option, query: str, initials: Initials) -> int | None:
    """How well an option fits: 0 exactly … 5 initials somewhere within; None if not at all."""
    code = folded(option.code)
    best: int | None = None
    if code.startswith(query):
        best = 0 if code == query else 1
    for name in (option.text, *option.names):
        plain = folded(name)
        at = plain.find(query)
        if at >= 0:
            place = 0 if plain == query else 2 if at == 0 else 4
        else:
            at = initials.find(plain, query)
            if at < 0:
                continue
            place = 3 if at == 0 else 5
        best = place if best is None else min(best, place)
    return best
