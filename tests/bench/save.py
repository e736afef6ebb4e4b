"""The bench of a save: command to commit on the disk, against an append of 4,096 bytes + fdatasync."""

from __future__ import annotations

import os
import statistics
import time
from pathlib import Path

from commandcenter.runtime import SystemClock, new_id
from commandcenter.services.log import WriteLogEntry
from commandcenter.services.workplace import Workplace
from db.desk.store import Mint

BLOCK = b"x" * 4096
TEXT = "浮桥街道某小区地下室进水约 0.8 m，有 2 人未出，已通知常泰消防站派员前往处置，后续情况待报 {n}"
WARM, ROUND = 200, 50
# Windows and macOS have the stronger one only
sync = getattr(os, "fdatasync", os.fsync)


def measure(folder: Path, rounds: int) -> dict[str, list[float]]:
    """Seconds of each "append" and each "save", in interleaved rounds; idle work runs between saves.

    The text index follows in idle slices, as in the program: what it costs is "index", per save."""
    folder.mkdir(parents=True, exist_ok=True)
    workplace = Workplace(
        folder / "desk.sqlite3",
        clock=SystemClock(),
        mint=Mint(new_id=new_id),
        backups=folder / "backups",
        profile="empty",
    )
    taken: dict[str, list[float]] = {"append": [], "save": [], "index": []}
    file = os.open(folder / "append", os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    number = 0

    def save() -> float:
        nonlocal number
        number += 1
        command = WriteLogEntry(
            text=TEXT.format(n=number), channel="phone", direction="incoming", counterpart="示例"
        )
        begin = time.perf_counter()
        workplace.execute(command)
        return time.perf_counter() - begin

    def append() -> float:
        begin = time.perf_counter()
        os.write(file, BLOCK)
        sync(file)
        return time.perf_counter() - begin

    try:
        for _ in range(WARM):
            save()
            append()
        for _ in range(rounds):
            taken["append"] += [append() for _ in range(ROUND)]
            for _ in range(ROUND):
                taken["save"].append(save())
                begin = time.perf_counter()
                workplace.idle(0.008)
                taken["index"].append(time.perf_counter() - begin)
    finally:
        os.close(file)
        workplace.close()
    return taken


def percentile(values: list[float], part: float) -> float:
    """The value below which ``part`` (0 to 1) of the values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]


def median(values: list[float]) -> float:
    """The middle value."""
    return statistics.median(values)
