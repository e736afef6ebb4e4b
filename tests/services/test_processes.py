"""The proof of several processes on one directory: nothing lost, one chain, and each hears of the others."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, Queue
from uuid import UUID

import pytest

from commandcenter.domain.change import ChangeSet
from commandcenter.lanes import POLL_S
from commandcenter.lock import Lock
from commandcenter.runtime import DataDirectory, Desktop, open_workplace
from commandcenter.services.log import WriteLogEntry
from tests.campaigns.acknowledged import Ledger, check, merged
from tests.services.desk import Desk

ROOT = Path(__file__).parents[2]
PROCESSES, LINES = 4, 50
# a commit is noticed at the next look; the rest is for a machine that is busy with other tests
NOTICED_S = POLL_S + 5


def writers(folder: Path, how: str) -> list[Ledger]:
    """Several writing processes at once, from the start of each to its end; what each was told."""
    command = [sys.executable, "-m", "tests.campaigns.writer", str(folder), how, str(LINES)]
    running = [
        subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        for _ in range(PROCESSES)
    ]
    ledgers = []
    for process in running:
        out, _ = process.communicate(timeout=100)
        assert process.returncode == 0
        ledgers.append(Ledger())
        ledgers[-1].read(out)
    return ledgers


def one_chain(folder: Path) -> int:
    """The chain's length; there is one, without gap or fork."""
    with Desk(folder).raw() as connection:
        (devices,) = connection.execute("SELECT count(DISTINCT device) FROM journal WHERE n > 0").fetchone()
        assert devices == 1
        numbers = [n for (n,) in connection.execute("SELECT n FROM journal WHERE n > 0 ORDER BY seq")]
        assert numbers == list(range(1, len(numbers) + 1))
        assert connection.execute("SELECT n FROM chain").fetchall() == [(len(numbers),)]
    return len(numbers)


@pytest.mark.parametrize("how", ["workplace", "desktop"])
def test_four_processes_at_once(tmp_path: Path, how: str) -> None:
    """Also the first start is everybody's: whoever comes first makes the file."""
    ledgers = writers(tmp_path, how)
    assert all(ledger.closed and len(ledger.lines) == LINES for ledger in ledgers)
    ledger = merged(ledgers)
    assert len(ledger.lines) == PROCESSES * LINES
    assert len(ledger.incidents) == PROCESSES * 5
    struck = len(ledger.strikes)
    assert check(tmp_path, ledger) == PROCESSES * LINES + struck
    with Desk(tmp_path).raw() as connection:
        numbers = [number for (number,) in connection.execute("SELECT number FROM incident")]
        assert len(set(numbers)) == PROCESSES * 5, "a spoken number was given twice"
        assert connection.execute("SELECT count(*) FROM desk").fetchone() == (1,)
    assert one_chain(tmp_path) > PROCESSES * LINES


@contextmanager
def desktop(folder: Path) -> Iterator[tuple[Desktop, Queue[ChangeSet]]]:
    """A running desktop process's lanes, and what it hears of."""
    heard: Queue[ChangeSet] = Queue()
    running = Desktop(DataDirectory(folder), profile="empty", changed=heard.put)
    running.start()
    running.ready.result(30)
    try:
        yield running, heard
    finally:
        running.close()


def hears(heard: Queue[ChangeSet], kind: str, id_: UUID) -> float:
    """Wait until a change set names the row; seconds it took."""
    started = time.monotonic()
    while True:
        left = started + NOTICED_S - time.monotonic()
        try:
            if id_ in heard.get(timeout=max(left, 0.001)).of(kind):
                return time.monotonic() - started
        except Empty:
            pytest.fail(f"not noticed within {NOTICED_S} s")


def test_a_desktop_hears_of_another_process(desk: Desk) -> None:
    with desktop(desk.path) as (running, heard):
        command = [sys.executable, "-m", "commandcenter", "do", "WriteLogEntry", '{"text": "别的进程"}']
        done = subprocess.run(
            [*command, "--data", str(desk.path)], cwd=ROOT, capture_output=True, check=True, text=True
        )
        id_ = UUID(done.stdout.split('"ids": ["')[1][:36])
        hears(heard, "log_entry", id_)
        seen = running.ask(
            lambda connection: connection.execute(
                "SELECT text FROM log_entry WHERE id = ?", (id_.bytes,)
            ).fetchone()
        )
        assert seen.result(10) == ("别的进程",)


def test_a_desktop_hears_of_others_among_its_own(desk: Desk) -> None:
    """Own and others' commits come in between one another; each is told, none is skipped over."""
    with desktop(desk.path) as (running, heard):
        own: set[UUID] = set()
        others: set[UUID] = set()
        for number in range(20):
            if number % 3:
                own.add(running.execute(WriteLogEntry(text=f"自己{number}")).result(10).ids[0])
            else:
                others.add(desk.write(f"别人{number}"))
        told: set[UUID] = set()
        ends = time.monotonic() + NOTICED_S
        while not told >= own | others and time.monotonic() < ends:
            try:
                told |= heard.get(timeout=0.1).of("log_entry")
            except Empty:
                continue
        assert told == own | others
    assert desk.codes() == set()


def test_the_end_of_a_desktop_is_an_anchor(desk: Desk) -> None:
    with desktop(desk.path) as (running, _):
        running.execute(WriteLogEntry(text="一条"))
    (anchor,) = desk.directory.known_anchors()
    assert anchor == desk.anchor()


def test_nobody_restores_under_an_open_window(desk: Desk, tmp_path: Path) -> None:
    kept = tmp_path / "kept.sqlite3"
    with desktop(desk.path) as (running, _):
        running.backup(kept).result(30)
    lock = Lock(desk.path, "run")
    assert lock.take()
    try:
        assert not Lock(desk.path, "run").take()
        from commandcenter.domain.errors import Unavailable

        with pytest.raises(Unavailable, match="directory_in_use"):
            desk.directory.restore(kept, lambda arriving: None)
    finally:
        lock.release()
    assert desk.directory.restore(kept, lambda arriving: None) is not None
    open_workplace(desk.directory, "empty").close()
    assert desk.codes() == set()
