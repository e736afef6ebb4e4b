"""The proof of what happens when the world says no: a sentence, exit 3, and the file left as it was."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from commandcenter.domain.errors import Unavailable
from commandcenter.services.log import WriteLogEntry
from db.desk import engine, upgrade
from db.desk.upgrade import SCHEMA
from tests.cli.terminal import Answer, do, here, listed, process
from tests.services.desk import Desk

NOBODY = 65534
LINE = "这一条写不进去"


def refuses(answer: Answer, *codes: str) -> None:
    """The world's no: exit 3, one code, one sentence, nothing else, no trace of a fault."""
    assert (answer.code, answer.document.get("unavailable") in codes) == (3, True), answer
    assert set(answer.document) == {"unavailable", "sentence"}
    assert 5 < len(answer.document["sentence"]) < 200
    assert "{" not in answer.document["sentence"]
    assert "Traceback" not in answer.stderr


def folder_bytes(desk: Desk) -> dict[str, bytes]:
    """Everything in the directory but the map of the write-ahead log and the anchors."""
    return {
        path.name: path.read_bytes()
        for path in sorted(desk.path.iterdir())
        if path.is_file() and not path.name.endswith("-shm")
    }


VERBS: dict[str, Callable[[Path], Answer]] = {
    "do": lambda data: do(data, "WriteLogEntry", text=LINE),
    "list": lambda data: here("list", "log_entry", "--data", data),
    "search": lambda data: here("search", "条", "--data", data),
    "verify": lambda data: here("verify", "--data", data),
    "rebuild": lambda data: here("rebuild", "--data", data),
    "backup": lambda data: here("backup", data / "copy.sqlite3", "--data", data),
}
every_verb = pytest.mark.parametrize("verb", VERBS)


def no_database(desk: Desk) -> None:
    """Another program's text under our name."""
    desk.file.write_text("这不是数据库\n" * 500, encoding="utf-8")


def head_gone(desk: Desk) -> None:
    """The first page overwritten."""
    with desk.file.open("r+b") as stream:
        stream.write(bytes(4096))


def half_gone(desk: Desk) -> None:
    """Cut short by a copy that did not finish."""
    os.truncate(desk.file, desk.file.stat().st_size // 2 // 4096 * 4096)


def newer(desk: Desk) -> None:
    """Written by the next program."""
    with desk.raw() as connection:
        connection.execute(f"PRAGMA user_version = {SCHEMA + 1}")


def other_database(desk: Desk) -> None:
    """Somebody's SQLite file, in SQLite's ordinary mode."""
    desk.file.unlink()
    with closing(sqlite3.connect(desk.file)) as connection:
        connection.executescript("CREATE TABLE song (title TEXT); INSERT INTO song VALUES ('甲')")


def newer_in_another_mode(desk: Desk) -> None:
    """Written by the next program, which keeps no write-ahead log."""
    newer(desk)
    with desk.raw() as connection:
        assert connection.execute("PRAGMA journal_mode=DELETE").fetchone() == ("delete",)


FILES: dict[str, tuple[Callable[[Desk], None], str]] = {
    "no database": (no_database, "database_damaged"),
    "its head gone": (head_gone, "database_damaged"),
    "its half gone": (half_gone, "database_damaged"),
    "newer": (newer, "database_newer"),
    "another's": (other_database, "not_a_desk_file"),
    "newer, in another mode": (newer_in_another_mode, "database_newer"),
}


@every_verb
@pytest.mark.parametrize("what", FILES)
def test_a_file_that_is_not_ours_to_write(desk: Desk, what: str, verb: str) -> None:
    desk.write("一条")
    spoil, code = FILES[what]
    spoil(desk)
    before = folder_bytes(desk)
    refuses(VERBS[verb](desk.path), code)
    assert folder_bytes(desk) == before


def test_damage_in_the_middle_is_said_and_left_alone(desk: Desk) -> None:
    for number in range(40):
        desk.write(f"第{number}条")
    with desk.raw() as connection:
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'log_entry'").fetchone()
    with desk.file.open("r+b") as stream:
        stream.seek((page - 1) * 4096)
        stream.write(b"\xff" * 4096)
    before = desk.file.read_bytes()
    for verb in ("do", "list", "verify"):
        refuses(VERBS[verb](desk.path), "database_damaged")
        assert desk.file.read_bytes() == before


def test_a_directory_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    refuses(do(tmp_path / "file", "WriteLogEntry", text=LINE), "cannot_make_directory")
    refuses(do(tmp_path / "file" / "below", "WriteLogEntry", text=LINE), "cannot_make_directory")


def test_a_database_that_is_a_directory(tmp_path: Path) -> None:
    (tmp_path / "desk.sqlite3").mkdir()
    refuses(do(tmp_path, "WriteLogEntry", text=LINE), "database_cannot_open")


@contextmanager
def as_somebody_else(folder: Path) -> Iterator[None]:
    """Root may write everything; so be nobody for a while, where the test is root."""
    if os.geteuid():
        yield
        return
    for path in (folder, *folder.rglob("*")):
        os.chown(path, NOBODY, NOBODY)
    os.setegid(NOBODY)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


@pytest.fixture
def reachable(desk: Desk) -> Iterator[Desk]:
    """A desk in a folder that anybody can reach, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="licheng-desk-"))
    folder.chmod(0o755)
    desk.write("一条")
    there = Desk(folder / "desk")
    shutil.copytree(desk.path, there.path)
    yield there
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755)
    shutil.rmtree(folder)


def test_a_read_only_file(reachable: Desk) -> None:
    before = folder_bytes(reachable)
    with as_somebody_else(reachable.path):
        reachable.file.chmod(0o444)
        refuses(VERBS["do"](reachable.path), "database_read_only")
    assert reachable.file.read_bytes() == before["desk.sqlite3"]


def test_a_read_only_folder(reachable: Desk) -> None:
    before = folder_bytes(reachable)
    with as_somebody_else(reachable.path):
        reachable.file.chmod(0o444)
        reachable.path.chmod(0o555)
        refuses(VERBS["do"](reachable.path), "database_read_only", "database_cannot_open")
        reachable.file.chmod(0o644)
        refuses(VERBS["do"](reachable.path), "database_read_only", "database_cannot_open")
    assert folder_bytes(reachable) == before


def test_a_file_that_may_not_be_read(reachable: Desk) -> None:
    with as_somebody_else(reachable.path):
        reachable.file.chmod(0o000)
        refuses(VERBS["do"](reachable.path), "database_cannot_open", "database_read_only")


def test_a_folder_that_cannot_be_made(reachable: Desk) -> None:
    with as_somebody_else(reachable.path):
        reachable.path.chmod(0o555)
        refuses(do(reachable.path / "new", "WriteLogEntry", text=LINE), "cannot_make_directory")


def test_a_locked_database(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.write("一条")
    monkeypatch.setattr(engine, "BUSY_MS", 100)
    with closing(sqlite3.connect(desk.file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        before = folder_bytes(desk)
        refuses(VERBS["do"](desk.path), "database_locked")
        assert folder_bytes(desk) == before
        assert [row["text"] for row in listed(desk.path, "log_entry")] == ["一条"], "reading goes on"
        other.execute("ROLLBACK")
    assert VERBS["do"](desk.path).code == 0


# --- a full disk


@pytest.fixture
def narrow(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A desk whose file may not grow any more: SQLite's own way to be full."""
    desk.write("一条")
    real = engine.connect

    def connect(*arguments: object, **keywords: object) -> sqlite3.Connection:
        connection: sqlite3.Connection = real(*arguments, **keywords)  # type: ignore[call-overload]
        connection.execute("PRAGMA max_page_count = 1")  # never less than there are
        return connection

    monkeypatch.setattr(engine, "connect", connect)
    monkeypatch.setattr(upgrade, "connect", connect)
    return desk


def test_a_full_disk_keeps_what_is_there(narrow: Desk) -> None:
    saved = ["一条"]
    for number in range(200):
        answer = do(narrow.path, "WriteLogEntry", text=f"{number} " + "长" * 1000)
        if answer.code:
            refuses(answer, "disk_full")
            break
        saved.append(f"{number} " + "长" * 1000)
    else:
        pytest.fail("the disk was never full")
    before = narrow.file.read_bytes()
    refuses(do(narrow.path, "WriteLogEntry", text="长" * 4000), "disk_full")
    assert narrow.file.read_bytes() == before
    assert [row["text"] for row in listed(narrow.path, "log_entry")] == saved
    assert narrow.codes() == set()


def test_an_open_window_survives_a_full_disk(narrow: Desk) -> None:
    with narrow.working() as workplace:

        def fill() -> None:
            for _ in range(200):
                workplace.execute(WriteLogEntry(text="长" * 2000))

        with pytest.raises(Unavailable, match="disk_full"):
            fill()
        assert not workplace.connection.in_transaction
        workplace.connection.execute("PRAGMA max_page_count = 100000")
        workplace.execute(WriteLogEntry(text="腾出空间之后"))
    assert narrow.codes() == set()


FAULTS = {
    "no space": ("pwrite64:error=ENOSPC:when={n}+", ("disk_full", "disk_error")),
    "no sync": ("fdatasync:error=EIO:when={n}+", ("disk_error",)),
    "a bad disk": ("pwrite64:error=EIO:when={n}+", ("disk_error",)),
}


@pytest.mark.parametrize(
    ("what", "n"), [("no space", 10), ("no space", 14), ("no space", 23), ("no sync", 2), ("a bad disk", 15)]
)
def test_the_system_refuses_to_write(desk: Desk, what: str, n: int) -> None:
    """A real process whose calls fail as those of a full or broken disk do, from the n-th on."""
    desk.write("一条")
    before = desk.file.read_bytes()
    fault, codes = FAULTS[what]
    answer = process(
        ["do", "WriteLogEntry", f'{{"text": "{LINE}"}}', "--data", desk.path],
        prefix=["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"inject={fault.format(n=n)}"],
    )
    refuses(answer, *codes)
    assert desk.file.read_bytes() == before
    assert [row["text"] for row in listed(desk.path, "log_entry")] == ["一条"]
    assert desk.codes() == set()
    assert VERBS["do"](desk.path).code == 0, "and when there is space again, it goes on"
