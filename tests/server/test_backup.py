"""Tests of the centre's backups: whole, rotated, known, and restored in a drill on either database."""

from __future__ import annotations

import json
import logging
import shutil
import sqlite3
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from commandcenter.domain.errors import Unavailable
from commandcenter.server import backup
from commandcenter.server.backup import Nightly, back_up, folder_of, last_good, next_time, superfluous
from db.centre import backup as copies
from db.centre.engine import FILE, CentreEngine, open_centre
from tests.cli.terminal import here
from tests.db.postgres import Cluster
from tests.server.running import Pen, made_store, now, running, wait_until


def name(day: datetime) -> str:
    """A backup's name."""
    return f"centre-{day.strftime('%Y%m%dT%H%M%SZ')}.sqlite3"


def test_seven_days_and_four_weeks_are_kept() -> None:
    newest = datetime(2026, 11, 23, 18, 30, tzinfo=UTC)
    nights = [newest - timedelta(days=days) for days in range(60)]
    extra = newest - timedelta(minutes=20)
    names = [name(night) for night in (*nights, extra)] + ["before-restore-20200101T000000Z.sqlite3", "x"]
    gone = superfluous(names)
    kept = [name(night) for night in nights if name(night) not in gone]
    assert name(extra) in gone  # of a day the newest
    assert kept[:7] == [name(night) for night in nights[:7]]
    # of the two weeks before those the newest day each: Sundays in the duty room's time
    assert kept[7:] == [name(newest - timedelta(days=days)) for days in (9, 16)]
    assert superfluous(kept) == [] and not {"x", "before-restore-20200101T000000Z.sqlite3"} & set(gone)


def test_the_night_is_the_duty_rooms() -> None:
    evening = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)  # 02:00 there
    assert next_time(evening, "02:30") == evening + timedelta(minutes=30)
    assert next_time(evening + timedelta(minutes=30), "02:30") == evening + timedelta(days=1, minutes=30)


def test_a_backup_is_whole_while_others_write(engine: CentreEngine, tmp_path: Path) -> None:
    store, pen, end = made_store(engine), Pen(), threading.Event()

    def work() -> None:
        while not end.is_set():
            store.push(pen.caller, pen.request("x", "y", position=store.head()))

    writer = threading.Thread(target=work)
    writer.start()
    try:
        wait_until(lambda: store.head().n > 10)
        known = [back_up(engine, tmp_path / "b", now() + timedelta(seconds=second)) for second in range(3)]
    finally:
        end.set()
        writer.join(10)
    assert last_good(tmp_path / "b") == known[-1]
    assert known[-1]["bytes"] > 0 and not list((tmp_path / "b").glob("*.partial"))
    engine.dispose()
    if engine.dialect.name == "sqlite":
        copies.check_file(tmp_path / "b" / str(known[-1]["file"]))


def test_a_backup_that_is_torn_is_none(file_engine: CentreEngine, tmp_path: Path) -> None:
    store, pen = made_store(file_engine), Pen()
    store.push(pen.caller, pen.request(*["x" * 300] * 200, position=store.head()))
    known = back_up(file_engine, tmp_path / "b", now())
    file_engine.dispose()
    whole = tmp_path / "b" / str(known["file"])
    with whole.open("r+b") as stream:
        stream.seek(40_000)
        stream.write(b"\0" * 8000)
    with pytest.raises(Unavailable, match="database_damaged"):
        copies.check_file(whole)
    (tmp_path / "text").write_text("no database at all, but long enough to be looked at " * 100)
    with pytest.raises(Unavailable, match="database_damaged"):
        copies.check_file(tmp_path / "text")
    sqlite3.connect(tmp_path / "other").execute("CREATE TABLE x (y)").connection.close()
    with pytest.raises(Unavailable, match="not_a_centre_file"):
        copies.check_file(tmp_path / "other")
    whole.unlink()
    assert last_good(tmp_path / "b") is None


def test_every_night_and_again_after_one_that_failed(
    file_engine: CentreEngine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    made_store(file_engine)
    clock = [datetime(2026, 11, 23, 18, 29, 59, tzinfo=UTC)]
    fails, done = [True], []

    def one(engine: CentreEngine, folder: Path, at: datetime) -> dict[str, object]:
        done.append(at)
        if fails.pop() if fails else False:
            raise Unavailable("cannot_write_file", path="x", reason="full")
        return back_up(engine, folder, at)

    monkeypatch.setattr(backup, "back_up", one)
    chores: list[int] = []
    nightly = Nightly(file_engine, tmp_path / "b", chores=lambda: chores.append(1), now=lambda: clock[0])
    with caplog.at_level(logging.INFO):
        nightly.start()
        monkeypatch.setattr(nightly._end, "wait", lambda timeout: time.sleep(0.005))
        time.sleep(1.1)
        for step in (timedelta(seconds=1), timedelta(minutes=31), timedelta(days=1)):
            count = len(done)
            clock[0] += step
            wait_until(lambda count=count: len(done) == count + 1)  # type: ignore[misc]
        wait_until(lambda: caplog.text.count("backup made") == 2)
        nightly.close()
    file_engine.dispose()
    assert [record.__dict__.get("code") for record in caplog.records if record.levelname == "ERROR"] == [
        "cannot_write_file"
    ]
    assert len(list((tmp_path / "b").glob("centre-*.sqlite3"))) == 2 and len(chores) == 3
    caplog.clear()


def drill(data: Path, database: list[str], url: str | None) -> None:
    """Back up, lose something, restore: what was backed up is there, in a new epoch, and numbers go on."""
    pen = Pen()
    with running(open_centre(url, data)) as centre, centre.client(pen.caller) as client:
        client.push(pen, "a", "b")
        before = centre.store.head()
        assert client.get("/v1/status").json()["last_backup"] is None
    made = here("centre", "backup", "--data", data, *database)
    assert made.code == 0, made
    with (
        running(open_centre(url, data), last_backup=lambda: last_good(folder_of(data))) as centre,
        centre.client(pen.caller) as client,
    ):
        client.push(pen, "c")
        assert client.get("/v1/status").json()["last_backup"] == made.document
    file = folder_of(data) / made.document["file"]
    epochs = [before.epoch]
    for _ in range(2):  # the second time from the same file: its epoch is not one that was there before
        answer = here("centre", "restore", file, "--data", data, *database)
        assert answer.code == 0, answer
        assert answer.document["n"] == 2 and Path(answer.document["kept"]).is_file()
        epochs.append(answer.document["epoch"])
        time.sleep(1.1)  # what is kept is named by the second
    assert epochs == sorted(set(epochs))
    with running(open_centre(url, data)) as centre, centre.client(pen.caller) as client:
        page = client.get("/v1/feed", epoch=before.epoch, n=3).json()
        assert page["epoch"] == epochs[-1] and page["began"][-1] == {"epoch": epochs[-1], "after": 2}
        restored = client.get("/v1/feed", epoch=epochs[-1], n=0).json()["entries"]
        assert [entry["n"] for entry in restored] == [1, 2, 3]
        said = restored[-1]["e"]["set"]
        assert (said["action"], said["count"]) == ("centre_restored", 2), "the trail says so"
        fresh = Pen()
        with centre.client(fresh.caller) as other:
            assert other.push(fresh, "d").json()["head"] == 4


def test_the_drill_on_a_file(tmp_path: Path) -> None:
    data = tmp_path / "centre"
    drill(data, [], None)
    kept = sorted(folder_of(data).glob("before-restore-*.sqlite3"))
    connection = sqlite3.connect(kept[0])
    assert connection.execute("SELECT n FROM feed_head").fetchone() == (4,), "a, b, the backup's own entry, c"
    connection.close()
    assert not (data / "arriving").exists()


@pytest.mark.postgres
def test_the_drill_on_postgresql(postgres: Cluster, tmp_path: Path) -> None:
    url = postgres.new_database().render_as_string(False)
    drill(tmp_path / "centre", ["--database", url], url)


@pytest.mark.postgres
def test_nothing_is_restored_under_a_running_centre(postgres: Cluster, tmp_path: Path) -> None:
    url = postgres.new_database().render_as_string(False)
    with running(open_centre(url, tmp_path / "centre")):
        made = here("centre", "backup", "--data", tmp_path / "centre", "--database", url)
        file = folder_of(tmp_path / "centre") / made.document["file"]
        answer = here("centre", "restore", file, "--data", tmp_path / "centre", "--database", url)
        assert (answer.code, answer.document["unavailable"]) == (3, "centre_is_running")


@pytest.mark.postgres
def test_a_missing_program_is_told_in_a_sentence(
    postgres: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = postgres.new_database().render_as_string(False)
    monkeypatch.setattr(copies, "_FOLDERS", ())
    monkeypatch.setattr(shutil, "which", lambda name: None)
    answer = here("centre", "backup", "--data", tmp_path / "centre", "--database", url, "--lang", "en")
    assert (answer.code, answer.document["unavailable"]) == (3, "postgres_program_missing")
    assert "postgresql-client-" in answer.document["sentence"]


def test_what_is_no_backup_is_not_restored(tmp_path: Path) -> None:
    data = tmp_path / "centre"
    made = here("centre", "backup", tmp_path / "copy", "--data", data)
    assert made.code == 0 and made.document["bytes"] > 0
    again = here("centre", "backup", tmp_path / "copy", "--data", data)
    assert (again.code, again.document["unavailable"]) == (3, "file_exists")
    before = (data / FILE).read_bytes()
    for wrong, code in ((tmp_path / "none", "no_such_file"), (Path(__file__), "database_damaged")):
        answer = here("centre", "restore", wrong, "--data", data)
        assert (answer.code, answer.document["unavailable"]) == (3, code)
    assert (data / FILE).read_bytes() == before


def test_the_last_good_one_may_be_unreadable(tmp_path: Path) -> None:
    assert last_good(tmp_path) is None
    (tmp_path / "last_good.json").write_text("{")
    assert last_good(tmp_path) is None
    (tmp_path / "last_good.json").write_text(json.dumps({"file": "gone"}))
    assert last_good(tmp_path) is None
