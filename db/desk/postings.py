"""The index's alphabet: the pieces a text is found by, and postings, which say where a piece stands."""

from __future__ import annotations

import re
import sys
from array import array
from collections.abc import Iterable, Iterator, Sequence
from zlib import crc32

BLOCK_BITS = 13
BLOCK = 1 << BLOCK_BITS
LIST_MAX = BLOCK // 64  # more places than this are kept as a bitmap, which is quicker to intersect
BITMAP_BYTES = BLOCK // 8  # a posting of this length is a bitmap, any other a list of places
# A posting's key is block << PIECE_BITS | piece.
PIECE_BITS = 24
PAIR = 0x20_0000  # below it single characters by code point, from it hashes of pairs
PAIR_HASH = 0xFFFF
FACET = 0x40_0000
FACET_HASH = 0x1F_FFFF
ORDER = 0x80_0000  # the block's places by time, oldest first; absent where they stand so anyway

_letters = re.compile(r"[0-9a-z]{3,}")
_digits = re.compile(r"[0-9]{4,}")


class Pieces(dict[str, int]):
    """A piece of text -> its number; remembered, because a duty room says the same things again."""

    def __missing__(self, text: str) -> int:
        number = self[text] = piece(text)
        return number


def piece(text: str) -> int:
    """The number of a piece of text: a character's is its own, a pair's may be shared."""
    if len(text) == 1:
        return ord(text)
    return PAIR | crc32(text.encode("utf-8", "surrogatepass")) & PAIR_HASH


def facet(name: str, value: str = "") -> int:
    """The number of what the log is filtered by: kind, channel, desk, important."""
    return FACET | crc32(f"{name}={value}".encode()) & FACET_HASH


def pieces_of(folded: str) -> set[str]:
    """Every piece that a document has."""
    out = set(folded)
    out.update(map(str.__add__, folded, folded[1:]))
    out.update(_runs(folded))
    return out


def _runs(folded: str) -> Iterator[str]:
    # Digits and Latin letters are few, so pairs of them stand everywhere; longer pieces tell them apart.
    for pattern, size in ((_letters, 3), (_digits, 4)):
        for run in pattern.finditer(folded):
            text = run.group()
            for start in range(len(text) - size + 1):
                yield text[start : start + size]


def pieces_for(word: str) -> set[str]:
    """The pieces that every document with ``word`` in it has: the longest there are, no more than needed."""
    fours = {run for run in _runs(word) if len(run) == 4}
    threes = {run for run in _runs(word) if not any(run in four for four in fours)}
    longer = fours | threes
    pairs = {pair for pair in map(str.__add__, word, word[1:]) if not any(pair in run for run in longer)}
    out = longer | pairs
    # one hash alone might be shared with something common; characters share nothing
    return out if len(out) > 1 else out | set(word)


def packed(places: Sequence[int]) -> bytes:
    """A posting: up to ``LIST_MAX`` places as 16-bit numbers, more as a bitmap (little-endian both)."""
    if len(places) > LIST_MAX:
        flags = bytearray(BITMAP_BYTES)
        for place in places:
            flags[place >> 3] |= 1 << (place & 7)
        return bytes(flags)
    return shorts(places)


def shorts(numbers: Iterable[int]) -> bytes:
    """Numbers below 65,536, two bytes each, little-endian."""
    out = array("H", numbers)
    if sys.byteorder == "big":
        out.byteswap()
    return out.tobytes()


def numbers(data: bytes) -> array[int]:
    """The inverse of :func:`shorts`."""
    out = array("H")
    out.frombytes(data)
    if sys.byteorder == "big":
        out.byteswap()
    return out


def in_all(postings: Sequence[bytes], wanted: int) -> list[int]:
    """The places that stand in every posting, last first; none unless there are ``wanted`` postings."""
    if len(postings) < wanted:
        return []
    lists: list[bytes] = []
    both = -1  # all ones
    for data in postings:
        if len(data) == BITMAP_BYTES:
            both &= int.from_bytes(data, "little")
        else:
            lists.append(data)
    if not lists or not both:
        return bits(both)
    lists.sort(key=len)
    places = set(numbers(lists[0]))
    for data in lists[1:]:
        if not places:
            return []
        places.intersection_update(numbers(data))
    if both > 0:
        flags = both.to_bytes(BITMAP_BYTES, "little")
        places = {place for place in places if flags[place >> 3] >> (place & 7) & 1}
    return sorted(places, reverse=True)


def bits(flags: int) -> list[int]:
    """The positions of the ones, highest first."""
    out: list[int] = []
    text = bin(flags)
    length, at = len(text) - 1, text.find("1", 2)
    while at >= 0:
        out.append(length - at)
        at = text.find("1", at + 1)
    return out
