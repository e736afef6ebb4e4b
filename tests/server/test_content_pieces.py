"""The centre's content digests, a piece at a time, against what desks say: with destroyed values too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Engine

from commandcenter.domain.digest import plus
from commandcenter.domain.record import REGISTRY
from commandcenter.services.log import WriteLogEntry
from commandcenter.services.workplace import Workplace
from db.centre import content as centre_content
from db.centre.engine import reading
from db.centre.judgement import Caller
from db.desk import content
from tests.db.purging import night
from tests.server.databases import KINDS, centre_database
from tests.server.test_purge import caller, round_, store_of
from tests.services.desk import Desk


@pytest.fixture(params=KINDS)
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """An empty centre's database."""
    with centre_database(request, tmp_path_factory) as made:
        yield made


def compared(engine: Engine, workplace: Workplace, who: Caller, most: int) -> dict[str, int]:
    """{kind: how many rows} after every piece was found the same on both sides."""
    counts: dict[str, int] = {}
    for name, kind in REGISTRY.items():
        after: UUID | None = None
        while True:
            with reading(engine) as connection:
                held, through = centre_content.piece(connection, who, kind, after, most)
            theirs = {one.scope: (one.count, one.sum) for one in held if one.count}
            mine = content.piece(workplace.connection, kind, after, through).sums
            assert mine == theirs, (name, after)
            counts[name] = counts.get(name, 0) + sum(count for count, _ in theirs.values())
            after = through
            if through is None:
                break
    return counts


def test_piece_by_piece_and_as_one(engine: Engine, tmp_path: Path) -> None:
    store = store_of(engine)
    one, other = Desk(tmp_path / "one"), Desk(tmp_path / "other")
    with one.working() as workplace:
        night(workplace)  # with certificates over some of it
        for n in range(20):
            workplace.execute(WriteLogEntry(text=f"第{n}行"))
    for desk in (one, other, one):
        round_(store, desk)
    for desk in (one, other):
        with desk.working() as workplace:
            who = caller(workplace.device)
            counts = compared(engine, workplace, who, 3)
            assert counts["log_entry"] == 21 and counts["incident"] == 1 and counts["certificate"] == 3
            assert counts == compared(engine, workplace, who, 1000)
            workplace.execute(WriteLogEntry(text="未发"))
            assert counts == compared(engine, workplace, who, 5), "what is unsent is not the centre's"


def test_the_sum_of_the_pieces_is_the_whole(engine: Engine, tmp_path: Path) -> None:
    store, desk = store_of(engine), Desk(tmp_path / "one")
    with desk.working() as workplace:
        for n in range(10):
            workplace.execute(WriteLogEntry(text=f"第{n}行"))
    round_(store, desk)
    who, kind = caller(UUID(int=9)), REGISTRY["log_entry"]
    with reading(engine) as connection:
        (whole,), through = centre_content.piece(connection, who, kind, None, 1000)
        assert through is None and whole.count == 10
        total, after = 0, None
        for _ in range(3):
            held, after = centre_content.piece(connection, who, kind, after, 4)
            total = plus(total, sum(one.sum for one in held))
        assert after is None and total == whole.sum
        assert centre_content.fields_of("no_such_kind") == []
