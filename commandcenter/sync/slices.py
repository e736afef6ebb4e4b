"""The slices of a page: as much as the writer takes in a few milliseconds, so that nobody waits for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

import msgspec

from commandcenter.protocol.messages import LEFT_OUT, FeedPage, HistoryPage, Numbered

P = TypeVar("P", FeedPage, HistoryPage)
TARGET_S = 0.008
FEWEST, MOST = 10, 500


class _Head(msgspec.Struct):
    id: object = None
    group: object = None


_head = msgspec.json.Decoder(_Head)


class Pace:
    """How many entries the writer takes in a slice, as it was measured."""

    def __init__(self) -> None:
        self.size = 40

    def took(self, entries: int, seconds: float) -> None:
        """A slice of so many entries kept the writer for so long."""
        if entries >= FEWEST or seconds > TARGET_S:
            fits = entries * TARGET_S / max(seconds, 1e-4)
            # a slow disk shrinks the slices at once, a fast one lets them grow little by little
            grown = min(fits, self.size * 1.5)
            self.size = round(min(MOST, max(FEWEST, grown)))


def slices(entries: Sequence[Numbered], pace: Pace) -> Iterator[Sequence[Numbered]]:
    """``entries`` in slices of about ``pace.size``, read anew for each, cut between two groups where that is
    possible; one empty slice where there are none."""
    groups = [_group(entry) for entry in entries]
    begin = 0
    while True:
        end = min(begin + pace.size, len(entries))
        end = _between(groups, begin, end)
        yield entries[begin:end]
        begin = end
        if begin == len(entries):
            return


def _between(groups: Sequence[object], begin: int, end: int) -> int:
    """The last cut between two groups after ``begin`` and up to ``end``; ``end`` if there is none."""
    for cut in range(end, begin, -1):
        if cut == len(groups) or groups[cut] is None or groups[cut] != groups[cut - 1]:
            return cut
    return end


def _group(entry: Numbered) -> object:
    """The group's id; None: an own entry that is only named."""
    if entry.e is LEFT_OUT:
        return None
    head = _head.decode(entry.e)
    return head.group or head.id


def part(page: P, entries: Sequence[Numbered], *, last: bool, at: int) -> P:
    """The page with a slice of its entries. Only the last moves the cursor, which stands ``at``."""
    if last:
        return msgspec.structs.replace(page, entries=list(entries))
    if isinstance(page, FeedPage):
        return msgspec.structs.replace(page, entries=list(entries), to=at, more=True, digests=None)
    return msgspec.structs.replace(page, entries=list(entries), next=at)
