"""The tests of what every writer promises: the count, cancelling, and a place that cannot be written."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Protocol

import pytest

from commandcenter.documents.delimited import write_csv
from commandcenter.documents.destination import replacing
from commandcenter.documents.excel import write_xlsx
from commandcenter.documents.pdf import write_pdf
from commandcenter.documents.sheet import Cancelled, Cancelling, Progress, Row, Sheet
from commandcenter.domain.errors import Unavailable
from commandcenter.words import LANGUAGES, Words
from tests.documents.samples import many, row, sheet


class Writer(Protocol):
    def __call__(
        self,
        sheet: Sheet,
        path: Path,
        *,
        progress: Progress | None = None,
        cancelled: Cancelling | None = None,
    ) -> None: ...


@pytest.fixture(params=[write_pdf, write_xlsx, write_csv], ids=["pdf", "xlsx", "csv"])
def write(request: pytest.FixtureRequest) -> Writer:
    writer: Writer = request.param
    return writer


def listing(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


@pytest.mark.parametrize("stored", [2, 4])
def test_another_number_of_rows_than_counted_leaves_no_file(
    write: Writer, stored: int, tmp_path: Path
) -> None:
    with pytest.raises(Unavailable) as caught:
        write(sheet(many(stored), 3), tmp_path / "list")
    assert caught.value.code == "count_differs"
    assert caught.value.values == {"expected": 3, "found": stored}
    assert listing(tmp_path) == []


def test_an_endless_query_is_noticed_at_the_first_row_too_many(write: Writer, tmp_path: Path) -> None:
    read = 0

    def endless() -> Iterator[Row]:
        nonlocal read
        while True:
            read += 1
            yield row(read, "又一条")

    with pytest.raises(Unavailable):
        write(sheet(endless(), 10), tmp_path / "list")
    assert read == 11


def test_cancelling_half_way_leaves_the_older_file_as_it_was(write: Writer, tmp_path: Path) -> None:
    target = tmp_path / "list"
    target.write_bytes(b"older")
    asked = 0

    def cancelled() -> bool:
        nonlocal asked
        asked += 1
        return asked == 3

    with pytest.raises(Cancelled):
        write(sheet(many(1000), 1000), target, cancelled=cancelled)
    assert target.read_bytes() == b"older"
    assert listing(tmp_path) == ["list"]


def test_progress_ends_at_the_count_and_never_goes_back(write: Writer, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    write(sheet(iter(many(600)), 600), tmp_path / "list", progress=lambda done, of: told.append((done, of)))
    assert told[-1] == (600, 600)
    assert len(told) >= 3
    assert told == sorted(told)


def test_an_older_file_is_replaced(write: Writer, tmp_path: Path) -> None:
    target = tmp_path / "值班日志"
    target.write_bytes(b"older")
    write(sheet(many(2), 2), target)
    assert target.read_bytes() != b"older"
    assert listing(tmp_path) == ["值班日志"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_places_that_cannot_be_written_are_told_in_words(
    write: Writer, language: str, tmp_path: Path
) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"older")
    (tmp_path / "folder").mkdir()
    long = tmp_path / ("值" * 100)
    reasons = {}
    for target in (file / "list", tmp_path / "missing" / "list", tmp_path / "folder", long):
        with pytest.raises(Unavailable) as caught:
            write(sheet(many(2), 2, language=language), target)
        assert caught.value.code == "cannot_write_file"
        assert caught.value.values["path"] == str(target)
        reasons[target.name] = str(caught.value.values["reason"])
    assert len(set(reasons.values())) == 3 and all(reasons.values())
    assert listing(tmp_path) == ["file", "folder"]
    assert file.read_bytes() == b"older"


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_the_writers_raise_has_a_sentence(language: str) -> None:
    words = Words(language)
    for error in (
        Unavailable("cannot_write_file", path="a", reason="b"),
        Unavailable("count_differs", expected=3, found=2),
        Unavailable("too_many_rows", count=3, limit=2),
        Unavailable("cell_too_long", row=3, limit=2),
    ):
        sentence = words.sentence(error)
        assert all(str(value) in sentence for value in error.values.values())


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no device that is always full")
def test_a_full_disk_is_told_and_the_older_file_stays(tmp_path: Path) -> None:
    target = tmp_path / "list"
    target.write_bytes(b"older")

    def write_until_full() -> None:
        full = os.open("/dev/full", os.O_WRONLY)
        try:
            with replacing(target, "en") as file:
                file.write(b"half a page")
                os.dup2(full, file.fileno())  # the disk runs full under the open file
        finally:
            os.close(full)

    with pytest.raises(Unavailable) as caught:
        write_until_full()
    assert isinstance(caught.value.__cause__, OSError)
    assert caught.value.__cause__.errno == errno.ENOSPC
    assert "full" in str(caught.value.values["reason"])
    assert target.read_bytes() == b"older" and listing(tmp_path) == ["list"]


def test_rows_that_do_not_fit_are_our_fault_and_leave_nothing(write: Writer, tmp_path: Path) -> None:
    naive = datetime(2026, 7, 28, 6, 31)  # noqa: DTZ001 - the fault under test
    for wrong in (Row(cells=("少一格",)), Row(cells=(naive, "", 0, ""))):
        with pytest.raises(ValueError):
            write(sheet([wrong], 1), tmp_path / "list")
    with pytest.raises(ValueError):
        write(replace(sheet([row(1, "x", struck=True)], 1), annotated=False), tmp_path / "list")
    assert listing(tmp_path) == []
