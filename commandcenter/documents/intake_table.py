"""The intake of other people's tables: a file read in a limited process of its own into plain cells."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from commandcenter.documents.sheet import Cancelled
from commandcenter.domain.errors import Refused, Unavailable

TIME_S = 60.0
LOOK_S = 0.1  # how often a person who cancels is heard
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Faulty:
    """A cell in which the spreadsheet itself shows an error (#N/A, #REF!): it has no value to take."""


# A datetime is as the sheet says it: without a zone.
RawCell = str | int | float | bool | datetime | Faulty | None


@dataclass(frozen=True, kw_only=True)
class Table:
    """One sheet. ``rows[n]`` is its line n + 1, empty ones included; cells at a line's end may be missing."""

    file: str  # its name, without the folder
    sheet: str  # "" of a text file
    sheets: tuple[str, ...]  # all that can be asked for
    rows: tuple[tuple[RawCell, ...], ...]

    @property
    def width(self) -> int:
        """The cells of the longest line."""
        return max(map(len, self.rows), default=0)


def read_table(
    path: Path, sheet: str | None = None, *, cancelled: Callable[[], bool] = lambda: False
) -> Table:
    """Read one sheet of ``path`` (.xlsx, .xlsm, .xlsb, .xls, .csv, .txt); None: the first that has cells.

    The file is somebody else's: it is opened by a process of its own (``intake_child``) that may use so much
    memory and time and no more; what brings that down does not bring this program down. On Windows, which has
    no such limit on memory for a process that limits itself, size, cells and time are limited all the same.

    Refused ``import_…`` with one sentence; Unavailable ``no_such_file``; Cancelled."""
    if not path.is_file():
        raise Unavailable("no_such_file", file=str(path))
    command = [sys.executable, "-m", "commandcenter.documents.intake_child", str(path.resolve())]
    command += [] if sheet is None else [sheet]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    ) as child:
        try:
            said = _heard(child, path.name, cancelled)
        except BaseException:
            child.kill()
            raise
    try:
        answer: dict[str, Any] = msgspec.msgpack.decode(said)
    except msgspec.DecodeError:  # it was brought down: by its limits, or by the reader it used
        raise Refused("import_unreadable", file=path.name) from None
    if "refused" in answer:
        raise Refused(answer["refused"], **{"file": path.name, **answer["values"]})
    return Table(
        file=path.name,
        sheet=answer["sheet"],
        sheets=tuple(answer["sheets"]),
        rows=tuple(tuple(map(_cell, row)) for row in answer["rows"]),
    )


def _heard(child: subprocess.Popen[bytes], file: str, cancelled: Callable[[], bool]) -> bytes:
    end = time.monotonic() + TIME_S
    while True:
        try:
            return child.communicate(timeout=LOOK_S)[0]
        except subprocess.TimeoutExpired:
            if cancelled():
                raise Cancelled from None
            if time.monotonic() > end:
                raise Refused("import_too_slow", file=file, seconds=int(TIME_S)) from None


def _cell(said: Any) -> RawCell:
    """A cell as the child says it: a time as [its text], an error as []."""
    if isinstance(said, list):
        return datetime.fromisoformat(said[0]) if said else Faulty()
    value: RawCell = said
    return value
