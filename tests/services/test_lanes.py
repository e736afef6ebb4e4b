"""The proof of the lanes: operators first, nothing dropped at the end, questions that can be given up."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future
from contextlib import closing
from pathlib import Path

import pytest

from commandcenter.domain.errors import Refused, Unavailable
from commandcenter.lanes import ReaderLanes, WriterLane
from commandcenter.services.log import WriteLogEntry
from commandcenter.services.workplace import Workplace
from db.desk import engine
from db.desk.engine import Connection
from tests.services.desk import Desk

SOON_S = 10.0
FOREVER = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"


@pytest.fixture
def lane(desk: Desk) -> Iterator[WriterLane]:
    """A started writer lane."""
    running = WriterLane(desk.open, lambda change_set: None)
    running.start()
    running.ready.result(SOON_S)
    yield running
    running.close(SOON_S)


@pytest.fixture
def readers(desk: Desk, lane: WriterLane) -> Iterator[ReaderLanes]:
    """The readers beside it."""
    running = ReaderLanes(desk.file, lane.ready)
    yield running
    running.close()


def test_operators_go_before_background_work(lane: WriterLane) -> None:
    done: list[str] = []
    gate = threading.Event()

    def work(name: str) -> Callable[[Workplace], None]:
        return lambda workplace: done.append(name)

    def hold(workplace: Workplace) -> None:
        gate.wait(SOON_S)

    lane.submit(hold)
    futures = [lane.submit(work(f"background {number}"), background=True) for number in range(3)]
    futures += [lane.submit(work(f"operator {number}")) for number in range(3)]
    gate.set()
    for future in futures:
        future.result(SOON_S)
    assert done == [f"{who} {number}" for who in ("operator", "background") for number in range(3)]


def test_commands_are_carried_out_in_order(desk: Desk, lane: WriterLane) -> None:
    sent = [lane.execute(WriteLogEntry(text=f"第{number}条")) for number in range(30)]
    ids = [future.result(SOON_S).ids[0] for future in sent]
    with desk.reading() as connection:
        stored = connection.execute("SELECT id FROM journal WHERE n > 1 ORDER BY seq").fetchall()
    assert [id_.bytes for id_ in ids] == [id_ for (id_,) in stored]


def test_close_drains(desk: Desk) -> None:
    lane = WriterLane(desk.open, lambda change_set: None)
    lane.start()
    sent = [lane.execute(WriteLogEntry(text=f"第{number}条")) for number in range(100)]
    assert lane.close(SOON_S)
    assert all(future.done() and future.exception() is None for future in sent)
    with desk.reading() as connection:
        assert connection.execute("SELECT count(*) FROM log_entry").fetchone() == (100,)
    late = lane.execute(WriteLogEntry(text="太晚"))
    assert late.cancelled()


def test_close_says_when_it_is_late(desk: Desk, lane: WriterLane, caplog: pytest.LogCaptureFixture) -> None:
    gate = threading.Event()
    held = lane.submit(lambda workplace: gate.wait(SOON_S))
    assert not lane.close(0.05)
    assert "missed its deadline" in caplog.text
    gate.set()
    assert held.result(SOON_S) is True
    assert lane.close(SOON_S)


def test_a_refusal_ends_one_command_only(lane: WriterLane) -> None:
    with pytest.raises(Refused, match="required"):
        lane.execute(WriteLogEntry(text=" ")).result(SOON_S)

    def broken(workplace: Workplace) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        lane.submit(broken).result(SOON_S)
    assert lane.execute(WriteLogEntry(text="一条")).result(SOON_S).changes == 1


def test_a_file_that_cannot_be_opened_fails_what_waits(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.file.write_text("这不是数据库\n" * 500)
    lane = WriterLane(desk.open, lambda change_set: None)
    early = lane.execute(WriteLogEntry(text="太早"))
    readers = ReaderLanes(desk.file, lane.ready)
    asked = readers.ask(lambda connection: connection.execute("SELECT 1").fetchone())
    lane.start()
    for future in (lane.ready, early, asked):
        with pytest.raises(Unavailable, match="database_damaged"):
            future.result(SOON_S)
    assert lane.close(SOON_S)
    readers.close()


def test_idle_work_that_finds_the_file_locked_waits_and_goes_on(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Another process holds the lock for longer than the index waits; the lane must outlive it."""
    monkeypatch.setattr(engine, "BUSY_MS", 50)
    lane = WriterLane(desk.open, lambda change_set: None)
    lane.start()
    workplace = lane.ready.result(SOON_S)
    lane.submit(lambda workplace: setattr(workplace._indexer, "_lull_s", 0.0)).result(SOON_S)
    with closing(sqlite3.connect(desk.file, isolation_level=None)) as other:
        gate = threading.Event()
        held = lane.submit(lambda workplace: gate.wait(SOON_S))
        waiting = lane.execute(WriteLogEntry(text="要编入索引"))
        gate.set()
        waiting.result(SOON_S)
        other.execute("PRAGMA busy_timeout = 5000")
        other.execute("BEGIN IMMEDIATE")
        other.execute("UPDATE local SET value = value")
        time.sleep(0.5)
        assert held.done()
        other.execute("COMMIT")
    assert lane.execute(WriteLogEntry(text="照常")).result(SOON_S).changes == 1
    assert workplace.device == desk.device()
    assert lane.close(SOON_S)


def test_idle_work_that_the_world_forbids_does_not_end_the_lane(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk meets the index first: it is told as Unavailable, and the lane goes on."""
    failed = threading.Event()

    def full(self: Workplace, budget_s: float) -> bool:
        failed.set()
        raise Unavailable("disk_full", file=desk.file.name)

    monkeypatch.setattr(Workplace, "idle", full)
    lane = WriterLane(desk.open, lambda change_set: None)
    lane.start()
    assert failed.wait(SOON_S)
    assert lane.execute(WriteLogEntry(text="照常")).result(SOON_S).changes == 1
    assert lane.close(SOON_S)


def test_a_question_given_up_is_interrupted(readers: ReaderLanes) -> None:
    began = threading.Event()

    def endless(connection: Connection) -> object:
        began.set()
        return connection.execute(FOREVER).fetchone()

    answer = readers.ask(endless)
    assert began.wait(SOON_S)
    time.sleep(0.05)
    readers.cancel(answer)
    with pytest.raises(CancelledError):
        answer.result(SOON_S)
    # both connections go on
    for _ in range(4):
        assert readers.ask(lambda connection: connection.execute("SELECT 1").fetchone()).result(SOON_S) == (
            1,
        )


def test_a_question_given_up_before_its_turn_is_not_asked(readers: ReaderLanes) -> None:
    asked: list[int] = []
    gate = threading.Event()
    holding = [readers.ask(lambda connection: gate.wait(SOON_S)) for _ in range(2)]
    answer: Future[None] = readers.ask(lambda connection: asked.append(1))
    readers.cancel(answer)
    gate.set()
    for future in holding:
        future.result(SOON_S)
    assert readers.ask(lambda connection: 7).result(SOON_S) == 7
    assert answer.cancelled()
    assert asked == []


def test_a_reader_cannot_write(readers: ReaderLanes) -> None:
    for sql in ("DELETE FROM log_entry", "PRAGMA user_version = 9", "CREATE TABLE boat (n)"):
        with pytest.raises((Unavailable, sqlite3.OperationalError)):
            readers.ask(lambda connection, sql=sql: connection.execute(sql)).result(SOON_S)  # type: ignore[misc]


def test_the_readers_end_with_questions_open(desk: Desk, lane: WriterLane) -> None:
    readers = ReaderLanes(desk.file, lane.ready)
    began = threading.Event()

    def endless(connection: Connection) -> object:
        began.set()
        return connection.execute(FOREVER).fetchone()

    answer = readers.ask(endless)
    assert began.wait(SOON_S)
    time.sleep(0.05)
    readers.close()
    with pytest.raises(CancelledError):
        answer.result(SOON_S)
