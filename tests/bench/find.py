"""The bench of a search: the newest 50 hits with their text, for 1, 2, 3 and 5 characters."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from commandcenter.domain.folding import fold
from db.desk.engine import Connection, open_reader, open_writer
from db.desk.search import Indexer, pending
from db.queries.log import LogFilter
from db.queries.search import search

LENGTHS = (1, 2, 3, 5)
QUERIES = 120
GOAL_MS, GOAL_FILTER_MS = 10, 20
FILTERS = (LogFilter(important=True), LogFilter(channel="fax"))


def index(file: Path) -> None:
    """Bring the text index of ``file`` up to date, as the writer does when it is idle."""
    connection = open_writer(file)
    try:
        indexer = Indexer(connection, lull_s=0)
        while indexer.more(0.2):
            pass
        assert pending(connection) == 0
    finally:
        connection.close()


def queries(connection: Connection, length: int, chance: random.Random) -> list[str]:
    """Parts of lines that are there, and one in eight that is put together and mostly is not."""
    newest = connection.execute("SELECT max(rowid) FROM journal").fetchone()[0]
    texts: list[str] = []
    while len(texts) < QUERIES:
        row = connection.execute(
            "SELECT l.text FROM journal AS j JOIN log_entry AS l ON l.id = j.id WHERE j.seq >= ? LIMIT 1",
            (chance.randrange(newest),),
        ).fetchone()
        if row is None or len(row[0]) <= length:
            continue
        at = chance.randrange(len(row[0]) - length)
        part = row[0][at : at + length]
        if len(texts) % 8 == 7:
            part = "".join(chance.choice("".join(texts) or part) for _ in range(length))
        if fold(part).strip() == fold(part) and part:
            texts.append(part)
    return texts


def measure(file: Path, rounds: int) -> Iterator[dict[str, Any]]:
    """Rows of the bench: p50 and p99 for each length, without and with a filter. Times in ms."""
    index(file)
    connection = open_reader(file)
    chance = random.Random(20260728)
    try:
        asked = {length: queries(connection, length, chance) for length in LENGTHS}
        for length in LENGTHS:
            yield from _rows(
                f"search {length} characters", _times(connection, asked[length], [None], rounds), GOAL_MS
            )
        for length in LENGTHS:
            times = _times(connection, asked[length], list(FILTERS), rounds)
            yield from _rows(f"search {length} characters, filtered", times, GOAL_FILTER_MS)
    finally:
        connection.close()


def _times(
    connection: Connection, texts: list[str], filters: Sequence[LogFilter | None], rounds: int
) -> list[float]:
    taken = []
    for _ in range(max(1, rounds // 2)):
        for text in texts:
            for filter_ in filters:
                begin = time.perf_counter()
                search(connection, f'"{text}"', filter_)
                taken.append((time.perf_counter() - begin) * 1e3)
    return sorted(taken)


def _rows(name: str, times: list[float], goal: float) -> Iterator[dict[str, Any]]:
    for part in (0.5, 0.99):
        value = times[min(len(times) - 1, int(len(times) * part))]
        yield {
            "name": f"{name}, p{part * 100:.0f}",
            "value": value,
            "unit": "ms",
            "limit": None,
            "ratio": None,
            "goal": goal,
            "holds": value <= goal,
        }
