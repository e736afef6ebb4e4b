"""Two desks that are open beside one centre: what is written at one is seen at the other, and who asks."""

from __future__ import annotations

import json
import signal
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from commandcenter.domain.errors import Refused, Unavailable
from commandcenter.runtime import DataDirectory, Desktop
from commandcenter.services.desk_affairs import KeepDraft
from commandcenter.services.log import WriteLogEntry
from db.centre.admission import withdraw_device
from db.centre.engine import open_centre
from db.queries.registers import rows
from tests.cli.terminal import here
from tests.sync.centre import CentreProcess, sync, until
from tests.sync.stranger import Asked, Reply, passed_on, stranger


@contextmanager
def desk(folder: Path) -> Iterator[Desktop]:
    """A desk's program without its window."""
    desktop = Desktop(DataDirectory(folder))
    desktop.start()
    try:
        desktop.ready.result(20)
        desktop.sync.begin()
        yield desktop
    finally:
        began = time.monotonic()
        desktop.close()
        assert time.monotonic() - began < 3.5


def lines(desktop: Desktop) -> list[str]:
    """The texts of the log."""
    found: list[dict[str, Any]] = desktop.ask(lambda c: rows(c, "log_entry")).result()
    return [row["text"] for row in found]


def quiet(*desks: Desktop) -> None:
    """Until all are online, live, and nothing waits."""
    for one in desks:
        until(lambda one=one: one.sync_state().state == "online", f"never online: {one.sync_state()}")  # type: ignore[misc]
        until(lambda one=one: one.sync_state().waiting == 0, f"still waits: {one.sync_state()}")  # type: ignore[misc]
        until(lambda one=one: one.sync.live, "no stream")  # type: ignore[misc]
    time.sleep(0.5)


def test_a_line_is_seen_at_once_and_nobody_asks(centre: CentreProcess, tmp_path: Path) -> None:
    """One push, and the stream does the rest."""
    for name in "ab":
        assert centre.enrol(tmp_path / name).code == 0
    with desk(tmp_path / "a") as a, desk(tmp_path / "b") as b:
        quiet(a, b)
        before = len(centre.requests())
        arrived: list[object] = []
        b.sync.watch_arrivals(arrived.append)
        a.execute(WriteLogEntry(text="东海街道来电")).result(10)
        until(lambda: lines(b) == ["东海街道来电"], f"never came: {lines(b)}")
        until(lambda: a.sync_state().waiting == 0, "never settled")
        assert len(arrived) == 1
        time.sleep(3)  # an idle desk asks nothing
        assert centre.requests()[before:] == ["POST /v1/push"]


def test_the_centre_is_killed_and_comes_back(centre: CentreProcess, tmp_path: Path) -> None:
    """Each goes on alone, and says so; then both agree."""
    for name in "ab":
        assert centre.enrol(tmp_path / name).code == 0
    with desk(tmp_path / "a") as a, desk(tmp_path / "b") as b:
        quiet(a, b)
        centre.stop(signal.SIGKILL)
        until(lambda: a.sync_state().state == "no_answer", "still thinks it is online")
        a.execute(WriteLogEntry(text="甲")).result(10)
        b.execute(WriteLogEntry(text="乙")).result(10)
        until(lambda: a.sync_state().waiting == 1, "not counted")
        assert a.sync_state().oldest_at is not None
        centre.start()
        until(lambda: set(lines(a)) == set(lines(b)) == {"甲", "乙"}, "never agreed", 60)
        until(lambda: a.sync_state().state == b.sync_state().state == "online", "not online")
        until(lambda: a.sync_state().waiting == 0, "still waits")


def test_another_process_writes_beside_the_open_desk(centre: CentreProcess, tmp_path: Path) -> None:
    """``do`` beside a window: the window's exchange carries it."""
    for name in "ab":
        assert centre.enrol(tmp_path / name).code == 0
    with desk(tmp_path / "a") as a, desk(tmp_path / "b") as b:
        quiet(a, b)
        here("do", "WriteLogEntry", '{"text": "脚本写的"}', "--data", tmp_path / "a")
        until(lambda: lines(b) == ["脚本写的"], "never came")


def test_much_at_once(centre: CentreProcess, tmp_path: Path) -> None:
    """More than the stream tells, and more than a page: pulled, and nobody's command waits for it."""
    count = 2_500
    for name in "ab":
        assert centre.enrol(tmp_path / name).code == 0
    with desk(tmp_path / "a") as a:
        quiet(a)
        with desk(tmp_path / "b") as b:
            quiet(b)
            for done in [a.execute(WriteLogEntry(text=f"批{n}")) for n in range(count)]:
                done.result(60)
            waits: list[float] = []
            while len(lines(b)) < count:
                began = time.perf_counter()
                b.execute(KeepDraft(key="x", body={"n": len(waits)})).result(10)
                waits.append(time.perf_counter() - began)
                assert len(waits) < 10_000
                time.sleep(0.02)
            assert sorted(waits)[len(waits) // 2] < 0.05
            until(lambda: a.sync_state().waiting == 0, "never settled")
        assert centre.enrol(tmp_path / "c").code == 0
        with desk(tmp_path / "c") as c:  # a new desk: what is newest first, and live meanwhile
            shares: list[float | None] = []
            c.sync.watch(lambda state: shares.append(state.history))
            until(lambda: len(lines(c)) == count, "history never came", 60)
            quiet(c)
            assert c.sync_state().history is None
            a.execute(WriteLogEntry(text="最后一条")).result(10)
            until(lambda: "最后一条" in lines(c), "never came")


def test_what_differs_is_fetched_again(centre: CentreProcess, tmp_path: Path) -> None:
    """A row that a fault took from this desk's file: the digests say so, and it comes back."""
    for name in "ab":
        assert centre.enrol(tmp_path / name).code == 0
    assert sync(tmp_path / "a").code == 0
    here("do", "WriteLogEntry", '{"text": "一条"}', "--data", tmp_path / "a")
    assert sync(tmp_path / "a").code == 0
    assert sync(tmp_path / "b").code == 0
    with closing(sqlite3.connect(tmp_path / "b" / "desk.sqlite3")) as file, file:
        (id_,) = file.execute("SELECT id FROM log_entry").fetchone()
        file.execute("DELETE FROM log_entry")
        file.execute("DELETE FROM journal WHERE id = ?", (id_,))
        file.execute("DELETE FROM private_value WHERE change_id = ?", (id_,))
        file.execute("DELETE FROM timeline WHERE row_id = ?", (id_,))
        file.execute("DELETE FROM digest WHERE kind = 'log_entry'")
    with desk(tmp_path / "b") as b:
        quiet(b)
        assert lines(b) == ["一条"]
        assert b.sync_state().refilled == 1
        recorded = "SELECT action, subject_kind, extent FROM access_event WHERE action = 'content_differed'"
        found = b.ask(lambda connection: connection.execute(recorded).fetchall()).result(10)
        assert found == [("content_differed", "log_entry", "digest")]


def test_the_states_that_somebody_has_to_mend(centre: CentreProcess, tmp_path: Path) -> None:
    """A token that was replaced, and a desk that was withdrawn: the line is kept, the state says why."""
    data = tmp_path / "a"
    assert centre.enrol(data).code == 0
    old = (data / "centre.json").read_bytes()
    assert centre.enrol(data).code == 0
    new = (data / "centre.json").read_bytes()
    (data / "centre.json").write_bytes(old)
    with desk(data) as a:
        until(lambda: a.sync_state().state == "sign_in_again", f"not told: {a.sync_state()}")
        a.execute(WriteLogEntry(text="仍可记")).result(10)
        until(lambda: a.sync_state().waiting > 0, "not counted")
    (data / "centre.json").write_bytes(new)
    with desk(data) as a:
        quiet(a)
        engine = open_centre(None, centre.folder)
        with engine.begin() as connection:
            withdraw_device(connection, a.ready.result().device, datetime.now(UTC))
        engine.dispose()
        a.execute(WriteLogEntry(text="停用之后")).result(10)
        until(lambda: a.sync_state().state == "withdrawn", f"not told: {a.sync_state()}")
        until(lambda: a.sync_state().waiting == 1, "not counted")


def test_the_clock_is_measured_and_kept(centre: CentreProcess, tmp_path: Path) -> None:
    data = tmp_path / "a"
    assert centre.enrol(data).code == 0
    with desk(data) as a:
        quiet(a)
        assert abs(a.sync_state().offset_ms or 0) < 500
        assert a.clock.offset_ms() is not None
        assert a.sync_state().equal_at is not None
        equal = a.sync_state().equal_at
    centre.stop()
    with desk(data) as a:
        until(lambda: a.sync_state().reason == "unreachable", f"not told: {a.sync_state()}")
        assert a.clock.offset_ms() is not None
        again = a.sync_state().equal_at
        assert again is not None and equal is not None and again >= equal
    centre.start()


@pytest.mark.parametrize("silent", ["stream", "everything"])
def test_it_ends_in_time_while_a_read_hangs(centre: CentreProcess, tmp_path: Path, silent: str) -> None:
    """``desk`` measures how long it takes to close."""
    data = tmp_path / "a"
    assert centre.enrol(data).code == 0

    def reply(asked: Asked) -> Reply | None:
        if silent == "everything" or asked.path == "/v1/stream":
            return None
        return passed_on(asked, centre.url)

    with stranger(reply) as server:
        raw = json.loads((data / "centre.json").read_text())
        (data / "centre.json").write_text(json.dumps({**raw, "url": server.url}))
        with desk(data) as a:
            until(lambda: any(one.path == "/v1/stream" for one in server.asked), "no stream asked for")
            if silent == "stream":  # a proxy that keeps the stream: the desk asks by itself
                until(lambda: a.sync_state().state == "online", "never online")
                asked = len(server.asked)
                until(lambda: len(server.asked) > asked + 1, "does not ask", 20)
        assert not [one.name for one in threading.enumerate() if one.name in ("sync", "listener", "writer")]


def test_a_desk_enrols_while_it_is_open(centre: CentreProcess, tmp_path: Path) -> None:
    with desk(tmp_path / "a") as a:
        assert a.sync_state().state == "not_enrolled"
        with pytest.raises(Refused) as raised:
            a.sync.enrol(centre.url, "2222-2222-2222-2222-2223").done.result(20)
        assert raised.value.code == "code_mistyped"
        a.execute(WriteLogEntry(text="接入之前")).result(10)
        a.sync.enrol(centre.url, centre.code()).done.result(20)
        quiet(a)
        assert a.sync_state().refused == 0
        with pytest.raises(Unavailable):
            a.sync.enrol("http://127.0.0.1:1", centre.code()).done.result(20)
        quiet(a)  # as it was before
