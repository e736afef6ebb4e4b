"""The proof that a power cut at any write boundary loses nothing acknowledged: the real driver, traced."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.campaigns.acknowledged import Lost
from tests.campaigns.power import HOWS, cuts, record
from tests.campaigns.trace import Disk, Step

SAVES = 20


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the traced run lies."""
    return tmp_path_factory.mktemp("power")


@pytest.fixture(scope="module")
def run(folder: Path) -> list[Step]:
    """A writer's whole run: first start, saves, drafts, index, checkpoints, close."""
    return record(folder, SAVES)


def test_the_run_has_everything_that_can_go_wrong(run: list[Step]) -> None:
    written = {(step.what, Path(step.path).name) for step in run}
    for due in (
        ("write", "desk.sqlite3-journal"),  # the first start, before the write-ahead log
        ("write", "desk.sqlite3-wal"),
        ("sync", "desk.sqlite3-wal"),
        ("write", "desk.sqlite3"),  # checkpoints
        ("sync", "desk.sqlite3"),
        ("remove", "desk.sqlite3-wal"),  # the close
    ):
        assert due in written
    # the log is begun again from its start after a checkpoint, over its older frames
    starts = [step for step in run if step.path.endswith("-wal") and step.what == "write" and not step.offset]
    assert len(starts) > 2
    said = b"".join(step.data for step in run if step.what == "said")
    assert said.count(b'"id"') == SAVES


def test_no_acknowledged_line_is_lost_at_any_write_boundary(run: list[Step], folder: Path) -> None:
    """At each boundary with nothing but what was synced, and with a part of the rest, another each time."""
    tally = cuts(run, folder, [7], lambda chance: ["least", chance.choice(HOWS)])
    assert tally.saves == SAVES
    assert tally.boundaries > 400
    assert tally.cuts > 400


def test_a_disk_that_lies_is_noticed(run: list[Step], folder: Path) -> None:
    """The check can fail: a disk that never syncs loses lines."""
    with pytest.raises(Lost):
        cuts(run, folder, [7], lambda chance: ["least"], lies=True)


def test_the_replayed_disk() -> None:
    disk, chance = Disk(), random.Random(1)
    for step in (
        Step("make", "/d/a"),
        Step("write", "/d/a", b"synced", 0),
        Step("sync", "/d/a"),
        Step("write", "/d/a", b"late", 6),
    ):
        disk.do(step)
    assert disk.cut(chance, "least") == {}, "its folder was not synced: the name is not there"
    assert disk.cut(chance, "most") == {"/d/a": b"syncedlate"}
    disk.do(Step("sync", "/d"))
    assert disk.cut(chance, "least") == {"/d/a": b"synced"}
    assert {disk.cut(chance, "some")["/d/a"] for _ in range(50)} == {b"synced", b"syncedlate"}
    disk.do(Step("cut", "/d/a", offset=3))
    disk.do(Step("write", "/d/a", b"!", 5))
    assert disk.cut(chance, "most") == {"/d/a": b"syn\0\0!"}
    disk.do(Step("rename", "/d/a", to="/d/b"))
    assert disk.cut(chance, "least") == {"/d/a": b"synced"}
    assert disk.cut(chance, "most") == {"/d/b": b"syn\0\0!"}
    disk.do(Step("remove", "/d/b"))
    disk.do(Step("sync", "/d"))
    assert disk.cut(chance, "least") == {}
    disk.do(Step("make", "/d/c"))
    disk.do(Step("write", "/d/c", b"x" * 4096, 0))
    assert {len(disk.cut(chance, "torn").get("/d/c", b"")) for _ in range(100)} == set(range(0, 4096, 512))
