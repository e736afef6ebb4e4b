"""The proof that a restore that is cut off leaves one whole desk: the former one, or the backup's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from commandcenter.services.log import WriteLogEntry
from tests.cli.terminal import ROOT, do, here, listed
from tests.services.desk import Desk

FORMER, LATER = "备份之前", "备份之后"


def killed_at(call: str, number: int, arguments: list[str]) -> int:
    """Run a verb whose process is killed as it makes its n-th call of a kind; the exit code."""
    prefix = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"inject={call}:signal=KILL:when={number}"]
    command = [*prefix, sys.executable, "-m", "commandcenter", *arguments]
    done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return done.returncode


@pytest.fixture
def desk_with_backup(desk: Desk, tmp_path: Path) -> tuple[Desk, Path]:
    """A desk with one line in the backup and one after it."""
    kept = tmp_path / "kept.sqlite3"
    desk.write(FORMER)
    assert here("backup", kept, "--data", desk.path).code == 0
    desk.write(LATER)
    return desk, kept


@pytest.mark.parametrize(
    ("call", "number"), [("rename", 1), ("rename", 2), ("fsync", 1), ("link", 1), ("rmdir", 1)]
)
def test_a_restore_killed_half_way(desk_with_backup: tuple[Desk, Path], call: str, number: int) -> None:
    desk, kept = desk_with_backup
    device = desk.device()
    killed_at(call, number, ["restore", str(kept), "--data", str(desk.path)])
    texts = [row["text"] for row in listed(desk.path, "log_entry")]
    assert texts in ([FORMER, LATER], [FORMER]), "neither the former desk nor the backup's"
    assert desk.codes() == set()
    assert (desk.device() == device) == (texts == [FORMER, LATER]), "a restored desk goes on in a new chain"
    # and it can be done again
    assert here("restore", kept, "--data", desk.path).code == 0
    assert [row["text"] for row in listed(desk.path, "log_entry")] == [FORMER]
    assert do(desk.path, "WriteLogEntry", text="照常").code == 0
    assert desk.codes() == set()


def test_the_former_desk_is_kept_with_its_write_ahead_log(desk_with_backup: tuple[Desk, Path]) -> None:
    """A window that was killed left its last lines in the log only."""
    desk, kept = desk_with_backup
    script = (
        "import os, pathlib, commandcenter.runtime as r, commandcenter.services.log as l\n"
        f"w = r.open_workplace(r.DataDirectory(pathlib.Path({str(desk.path)!r})), 'empty')\n"
        "w.execute(l.WriteLogEntry(text='只在日志里'))\n"
        "os._exit(9)\n"
    )
    assert subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False).returncode == 9
    assert desk.file.with_name(desk.file.name + "-wal").stat().st_size
    answer = here("restore", kept, "--data", desk.path)
    former = Path(answer.document["kept"])
    assert here("restore", former, "--data", desk.path).code == 0
    texts = [row["text"] for row in listed(desk.path, "log_entry")]
    assert texts == [FORMER, LATER, "只在日志里"]


def test_a_damaged_desk_is_set_aside_as_it_is(desk_with_backup: tuple[Desk, Path]) -> None:
    desk, kept = desk_with_backup
    desk.file.write_bytes(b"damaged" * 1000)
    answer = here("restore", kept, "--data", desk.path)
    assert answer.code == 0
    assert Path(answer.document["kept"]).read_bytes() == b"damaged" * 1000
    assert [row["text"] for row in listed(desk.path, "log_entry")] == [FORMER]
    assert desk.codes() == set()


def test_what_is_no_backup_is_not_restored(desk_with_backup: tuple[Desk, Path], tmp_path: Path) -> None:
    desk, _ = desk_with_backup
    other = tmp_path / "other.sqlite3"
    other.write_bytes(b"no database" * 1000)
    answer = here("restore", other, "--data", desk.path)
    assert (answer.code, answer.document["unavailable"]) == (3, "database_damaged")
    answer = here("restore", tmp_path / "none.sqlite3", "--data", desk.path)
    assert (answer.code, answer.document["unavailable"]) == (3, "no_such_file")
    assert [row["text"] for row in listed(desk.path, "log_entry")] == [FORMER, LATER]


def test_a_desk_that_is_being_written_to_is_not_replaced(desk_with_backup: tuple[Desk, Path]) -> None:
    desk, kept = desk_with_backup
    with desk.working() as at:
        at.execute(WriteLogEntry(text="还开着"))
        reading = at.connection.execute("SELECT id FROM log_entry")
        reading.fetchone()
        answer = here("restore", kept, "--data", desk.path)
        assert (answer.code, answer.document["unavailable"]) == (3, "directory_in_use")
        reading.close()
    assert [row["text"] for row in listed(desk.path, "log_entry")] == [FORMER, LATER, "还开着"]
