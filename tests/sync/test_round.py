"""The round: what was accepted goes out once, pages are committed together, and the operator comes first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import msgspec
import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from commandcenter.protocol.messages import FeedPage, Numbered, Position, PushRequest
from commandcenter.runtime import DataDirectory, open_workplace
from commandcenter.services.log import WriteLogEntry
from commandcenter.services.workplace import Workplace
from commandcenter.sync import membership as memberships
from commandcenter.sync.client import Centre, NoAnswer, Packed
from commandcenter.sync.follower import AT_ONCE, Follower, Told, joined
from commandcenter.sync.round import Round
from db.desk.exchange import Taken
from tests.sync.centre import CentreProcess

T = TypeVar("T")
PROFILE = "licheng"
LINES = 700  # of 1,500 characters: more than two parcels
TEXT = "水位上涨" * 370


class AtOnce:
    """A writer with nobody else there."""

    def __init__(self, workplace: Workplace) -> None:
        self._workplace = workplace

    def __call__(self, work: Callable[[Workplace], T]) -> T:
        """Do it."""
        return work(self._workplace)


class Losing(Centre):
    """Loses the answers of ``lose`` pushes."""

    lose = 0

    def _sent(self, request: requests.Request) -> tuple[int, requests.Response]:
        said = super()._sent(request)
        if request.url.endswith("/v1/push") and self.lose:
            self.lose -= 1
            raise requests.ConnectionError("the answer was lost")
        return said


@pytest.fixture
def two(centre: CentreProcess, tmp_path: Path) -> Iterator[tuple[Workplace, Losing, Round]]:
    """A desk's file, its way to the centre, and a round."""
    folder = tmp_path / "a"
    assert centre.enrol(folder).code == 0
    member = memberships.load(folder)
    assert member is not None
    way = Losing(member.url, member.token)
    with closing(open_workplace(DataDirectory(folder), PROFILE)) as workplace:
        yield workplace, way, Round(AtOnce(workplace), way, member.device)
        way.close()


def ids_of(request: PushRequest) -> list[str]:
    return [msgspec.json.decode(entry.e)["id"] for group in request.groups for entry in group]


def unsent(workplace: Workplace) -> int:
    asked = "SELECT count(*) FROM journal WHERE number IS NULL AND absent IS NULL"
    (count,) = workplace.connection.execute(asked).fetchone()
    return int(count)


def test_what_was_accepted_goes_out_once(
    two: tuple[Workplace, Losing, Round], monkeypatch: pytest.MonkeyPatch
) -> None:
    workplace, way, round_ = two
    sent: list[str] = []
    plain = way.packed

    def packed(message: Any) -> Packed:
        if isinstance(message, PushRequest):
            sent.extend(ids_of(message))
        return plain(message)

    monkeypatch.setattr(way, "packed", packed)
    round_.run()
    assert unsent(workplace) == 0
    sent.clear()
    for n in range(LINES):
        workplace.execute(WriteLogEntry(text=f"{n} {TEXT}"))
    round_.run()
    assert unsent(workplace) == 0 and round_.equal
    assert len(sent) == len(set(sent)) == LINES
    assert round_.tally.refused == 0


def test_a_lost_answer_doubles_nothing(two: tuple[Workplace, Losing, Round]) -> None:
    workplace, way, round_ = two
    round_.run()
    for n in range(30):
        workplace.execute(WriteLogEntry(text=f"{n}"))
    way.lose = 1
    with pytest.raises(NoAnswer):
        round_.run()
    assert unsent(workplace) == 30
    workplace.execute(WriteLogEntry(text="又一条"))
    round_.run()
    assert unsent(workplace) == 0 and round_.equal
    (count,) = workplace.connection.execute("SELECT count(*) FROM log_entry").fetchone()
    assert count == 31


@pytest.mark.parametrize("hurried", [False, True])
def test_slices_are_committed_together_until_somebody_waits(
    centre: CentreProcess, tmp_path: Path, *, hurried: bool
) -> None:
    for name in "ab":
        assert centre.enrol(tmp_path / name).code == 0
    count = 200
    commits: list[int] = []
    for name in "ab":
        folder = tmp_path / name
        member = memberships.load(folder)
        assert member is not None
        way = Centre(member.url, member.token)
        with closing(open_workplace(DataDirectory(folder), PROFILE)) as workplace, closing(way):
            if name == "a":
                for n in range(count):
                    workplace.execute(WriteLogEntry(text=f"{n}"))

            def taken(taken: Taken) -> None:
                commits.append(taken.new_lines)

            round_ = Round(AtOnce(workplace), way, member.device, taken=taken, hurried=lambda: hurried)
            round_.taking.pace.size = 20
            round_.run()
    came = [new for new in commits if new]
    assert sum(came) >= count
    if hurried:
        assert len(came) > 3, "each slice by itself"
    else:
        assert max(came) > 20, "several slices in one commit"


# --- what the stream tells


def told(prev: int, to: int, epoch: int = 7) -> Told:
    entries = [Numbered(n=n, epoch=epoch, id=UUID(int=n)) for n in range(prev + 1, to + 1)]
    page = FeedPage(epoch=epoch, head=to, now=0, entries=entries, to=to, more=True)
    return Position(epoch=epoch, n=prev), page


@given(st.lists(st.tuples(st.integers(1, 30), st.booleans()), min_size=1, max_size=20))
def test_joined_groups_are_whole_and_follow_one_another(sizes: list[tuple[int, bool]]) -> None:
    groups: list[Told] = []
    at = 0
    for size, gap in sizes:
        at += gap
        groups.append(told(at, at + size))
        at += size
    waiting, found = list(groups), []
    while waiting:
        asked, page = joined(waiting)
        numbers = [entry.n for entry in page.entries]
        assert numbers == list(range(asked.n + 1, page.to + 1)), "nothing between is missing"
        assert len(numbers) < AT_ONCE + 30
        found += numbers
    assert found == [entry.n for _, page in groups for entry in page.entries]


class Held:
    """A writer that works when it is told to."""

    def __init__(self) -> None:
        self.work: list[tuple[Callable[[Any], None], Future[None]]] = []

    def submit(self, work: Callable[[Any], None]) -> Future[None]:
        """Kept."""
        self.work.append((work, Future()))
        return self.work[-1][1]

    def go(self) -> None:
        """Do the oldest."""
        work, future = self.work.pop(0)
        try:
            work(None)
        except Exception as error:  # noqa: BLE001  as the writer does
            future.set_exception(error)
        else:
            future.set_result(None)


def test_what_comes_while_the_writer_is_busy_is_taken_together() -> None:
    writer = Held()
    pages: list[tuple[int, int]] = []
    done: list[bool] = []

    def take(workplace: Any, asked: Position, page: FeedPage) -> bool:
        pages.append((asked.n, page.to))
        return True

    follower = Follower(writer.submit, take, done.append)
    for n in range(5):
        follower.told(*told(n, n + 1))
    assert len(writer.work) == 1
    writer.go()
    follower.told(*told(9, 10))  # one is missing between
    for n in (5, 6):
        follower.told(*told(n, n + 1))
    while writer.work:
        writer.go()
    assert pages == [(0, 5), (9, 10), (5, 7)] and done == [True] * 3


def test_what_cannot_be_taken_is_pulled(caplog: pytest.LogCaptureFixture) -> None:
    writer = Held()
    done: list[bool] = []

    def take(workplace: Any, asked: Position, page: FeedPage) -> bool:
        raise OSError("the disk is full")

    follower = Follower(writer.submit, take, done.append)
    follower.told(*told(0, 1))
    writer.go()
    assert done == [False] and not writer.work
    follower.told(*told(1, 2))
    assert len(writer.work) == 1, "it goes on"
    assert "it is pulled" in caplog.text
    caplog.clear()
