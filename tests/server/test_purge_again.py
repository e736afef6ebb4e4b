"""Certificates that arrive another way than what was written with them: what the simulation found."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Engine, select

from commandcenter.domain import digest
from commandcenter.domain.change import decode
from commandcenter.protocol.messages import OfferRequest
from db.centre import rows
from db.tables import RECORDS
from db.tables import digest as digests
from tests.db.purging import night
from tests.server.databases import KINDS, centre_database
from tests.server.test_purge import caller, round_, store_of
from tests.services.desk import Desk


@pytest.fixture(params=KINDS)
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """An empty centre's database."""
    with centre_database(request, tmp_path_factory) as made:
        yield made


@pytest.mark.parametrize("first", range(1, 4))
def test_a_certificate_offered_with_an_edit_leaves_the_digest_right(
    engine: Engine, tmp_path: Path, first: int
) -> None:
    """A restored centre: the card is there, and an edit of it comes in one offer with the certificate."""
    with Desk(tmp_path / "desk").working() as workplace:
        made = night(workplace)
    store = store_of(engine)
    of_card = [one for one in made.offered if decode(bytes(one.e)).row == made.incident]
    rest = [one for one in made.offered if one not in of_card[:first]]
    for part in (of_card[:first], rest):
        store.offer(caller(UUID(int=9)), OfferRequest(position=store.head(), entries=part))
    with engine.begin() as connection:
        ids = connection.execute(select(RECORDS["incident"].c.id)).scalars().all()
        total = 0
        for id_, row in rows.read(connection, "incident", ids).items():
            total = digest.plus(total, digest.of_card(id_, row["heads"]))
        kept = connection.execute(select(digests.c.count, digests.c.sum).where(digests.c.kind == "incident"))
        assert [tuple(one) for one in kept] == [(len(ids), total)]


def test_a_group_of_which_the_certificate_is_here_already(engine: Engine, tmp_path: Path) -> None:
    """Others' offers bring certificates ahead of all; what was written with them comes from their desk."""
    desk = Desk(tmp_path / "desk")
    with desk.working() as workplace:
        made = night(workplace)
    store = store_of(engine)
    ahead = [one for one in made.offered if decode(bytes(one.e)).kind == "certificate"]
    store.offer(caller(UUID(int=9)), OfferRequest(position=store.head(), entries=ahead))
    round_(store, desk)
    with desk.working() as workplace:
        left = "SELECT code, arguments FROM refusal"
        assert workplace.connection.execute(left).fetchall() == []
