"""The slices: every entry once and in order, groups whole where they fit, the cursor moved by the last."""

from __future__ import annotations

from uuid import UUID

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from commandcenter.protocol.messages import FeedPage, HistoryPage, Numbered
from commandcenter.sync.slices import FEWEST, MOST, Pace, part, slices


def page_of(sizes: list[int]) -> list[Numbered]:
    """Entries of groups of these sizes; a group of none is an own entry that is only named."""
    out: list[Numbered] = []
    for number, size in enumerate(sizes):
        group = UUID(int=number + 1)
        if not size:
            out.append(Numbered(n=len(out) + 1, epoch=1, id=group))
        for member in range(size):
            id_ = group if member == 0 else UUID(int=(number << 20) + member)
            said = {"id": str(id_)} if member == 0 else {"id": str(id_), "group": str(group)}
            out.append(Numbered(n=len(out) + 1, epoch=1, e=msgspec.Raw(msgspec.json.encode(said))))
    return out


@given(st.lists(st.integers(0, 60), max_size=20), st.integers(FEWEST, 50))
def test_every_entry_once_and_groups_whole(sizes: list[int], size: int) -> None:
    entries = page_of(sizes)
    pace = Pace()
    pace.size = size
    cut = list(slices(entries, pace))
    assert [entry for slice_ in cut for entry in slice_] == entries
    assert all(len(slice_) <= size for slice_ in cut)
    assert all(cut) or cut == [[]]
    starts = {0}
    at = 0
    for length in sizes:
        at += max(1, length)
        starts.add(at)
    at = 0
    for slice_ in cut:
        inside = [start for start in starts if at < start <= at + len(slice_)]
        at += len(slice_)
        assert at in starts or not inside, "a group was cut though a whole one would have fitted"


def test_only_the_last_slice_moves_the_cursor() -> None:
    entries = page_of([1, 1])
    page = FeedPage(epoch=1, head=9, now=0, entries=entries, to=9, digests=[])
    first = part(page, entries[:1], last=False, at=4)
    assert (first.to, first.entries, first.digests) == (4, entries[:1], None)
    assert part(page, entries[1:], last=True, at=4).to == 9
    history = HistoryPage(epoch=1, head=9, now=0, entries=entries, next=7)
    assert part(history, entries[:1], last=False, at=4).next == 4
    assert part(history, entries[1:], last=True, at=4).next == 7


def test_slices_follow_what_the_writer_takes() -> None:
    pace = Pace()
    pace.took(40, 0.080)
    assert pace.size == FEWEST
    for _ in range(40):
        pace.took(pace.size, pace.size * 1e-5)
    assert pace.size == MOST
    pace.took(2, 0.0001)  # says nothing
    assert pace.size == MOST
