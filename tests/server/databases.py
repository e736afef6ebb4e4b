"""The databases that the centre's tests run on: an empty centre of either kind, and who comes at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import pytest
from alembic import command
from sqlalchemy import Engine

from commandcenter.domain.errors import Refused
from db.centre.admission_tables import account, attempt, centre_key, device, enrolment_code
from db.centre.engine import open_centre
from db.desk.upgrade import configuration
from tests.db.postgres import Cluster

T = TypeVar("T")
KINDS = ("sqlite", pytest.param("postgresql", marks=pytest.mark.postgres))


@contextmanager
def centre_database(request: pytest.FixtureRequest, folders: pytest.TempPathFactory) -> Iterator[Engine]:
    """A database of the kind ``request.param``, with the centre's tables."""
    url = None
    if request.param == "postgresql":
        cluster: Cluster = request.getfixturevalue("postgres")
        url = cluster.new_database().render_as_string(hide_password=False)
    made = open_centre(url, folders.mktemp("centre"))
    try:
        with made.begin() as connection:
            command.upgrade(configuration(connection), "head")
        yield made
    finally:
        made.dispose()


def empty(engine: Engine) -> None:
    """Nobody may speak, as before the first start."""
    with engine.begin() as connection:
        for table in (account, attempt, centre_key, device, enrolment_code):
            connection.execute(table.delete())


def at_once(count: int, work: Callable[[int], T]) -> list[T | Refused]:
    """``work(0)`` … begun at one moment on threads of their own; a refusal is an answer too."""
    gate = threading.Barrier(count)

    def one(number: int) -> T | Refused:
        gate.wait()
        try:
            return work(number)
        except Refused as refused:
            return refused

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def refusal(work: Callable[[], object]) -> Refused:
    """What ``work`` is refused with."""
    with pytest.raises(Refused) as caught:
        work()
    return caught.value
