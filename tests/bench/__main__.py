"""The bench's table: each speed the program promises, as a ratio to a limit taken in the same run."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from tests.bench import charts, find, jump, million, save, start, sync, sync_frames, tables

MILLION = 1_000_000


def row(
    name: str, value: float, unit: str, goal: float, *, limit: float | None = None, at_most: bool = True
) -> dict[str, Any]:
    """One line: ``ratio`` is value / limit where there is a limit, and ``goal`` is then for the ratio."""
    ratio = None if limit is None else value / limit
    measured = value if ratio is None else ratio
    return {
        "name": name,
        "value": value,
        "unit": unit,
        "limit": limit,
        "ratio": ratio,
        "goal": goal,
        "holds": measured <= goal if at_most else measured >= goal,
    }


def saves(folder: Path, rounds: int) -> Iterator[dict[str, Any]]:
    """A line saved."""
    taken = save.measure(folder / "save", rounds)
    append = save.median(taken["append"]) * 1e3
    yield row("save p50", save.median(taken["save"]) * 1e3, "ms", 2.5, limit=append)
    yield row("save p99", save.percentile(taken["save"], 0.99) * 1e3, "ms", 20)
    yield row("idle text index after a save, p99", save.percentile(taken["index"], 0.99) * 1e3, "ms", 20)


def starts(folder: Path, big: Path, rounds: int) -> Iterator[dict[str, Any]]:
    """The window opened, on a young file and on one of a million lines."""
    young = folder / "young"
    million.build(young / "desk.sqlite3", 500)
    found = start.measure({"500 lines": young, "1,000,000 lines": big.parent}, rounds)
    bare = found["bare"] * 1e3
    for name in ("500 lines", "1,000,000 lines"):
        yield row(f"shell painted, {name}", found[f"painted {name}"] * 1e3, "ms", 1.3, limit=bare)
        yield row(f"box and newest lines, {name}", found[f"lines {name}"] * 1e3, "ms", 3, limit=bare)


def main() -> int:
    """``python3 dev.py bench [--json FILE] [--lines N] [--rounds N] [--keep DIR] [NAME …]``"""
    parser = argparse.ArgumentParser(prog="dev.py bench")
    parser.add_argument(
        "names",
        nargs="*",
        help="save, start, search, jump; default: these; import; charts; sync; frames: of sync's table",
    )
    parser.add_argument("--json", type=Path, default=None, metavar="FILE")
    parser.add_argument("--lines", type=int, default=MILLION)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--changes", type=int, default=20_000, help="of sync: lines in bulk")
    parser.add_argument("--seconds", type=float, default=60, help="of charts: how long they are watched")
    parser.add_argument("--keep", type=Path, default=None, metavar="DIR", help="keep the big file here")
    options = parser.parse_args()
    names = options.names or ["save", "start", "search", "jump"]
    found: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="licheng-bench-") as scratch:
        folder = Path(scratch)
        big = (options.keep or folder) / "big" / "desk.sqlite3"
        if set(names) & {"start", "search", "jump"} and not big.exists():
            sys.stderr.write(f"building {options.lines:,} lines …\n")
            million.build(big, options.lines)
        parts: dict[str, Callable[[], Iterable[dict[str, Any]]]] = {
            "save": lambda: saves(folder, max(4, options.rounds * 3)),
            "start": lambda: starts(folder, big, options.rounds),
            "search": lambda: find.measure(big, options.rounds),
            "jump": lambda: jump.measure(big, options.rounds),
            "frames": lambda: (
                sync.as_row(sync.Line(*line), row) for line in sync_frames.alone(folder, options.changes)
            ),
            "import": lambda: (row(name, value, "s", goal) for name, value, goal in tables.measure(folder)),
            "charts": lambda: (
                row(*line) for line in charts.measure(folder / "charts", options.rounds, options.seconds)
            ),
            "sync": lambda: (sync.as_row(line, row) for line in sync.measure(folder, options.changes)),
        }
        for name in names:
            if name in ("start", "search", "jump"):
                warm(big)
            for line in parts[name]():
                found.append(line)
                tell(line)
    if options.json is not None:
        options.json.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return 0 if all(line["holds"] for line in found) else 1


def warm(file: Path) -> None:
    """Read the file once, so that its pages are in the system's memory, as they are during a night.

    What a page read from a cold disk costs is the disk's affair, and was no part of the stock view's."""
    with file.open("rb") as stream:
        while stream.read(1 << 24):
            pass


def tell(line: dict[str, Any]) -> None:
    """One line of the table."""
    against = ""
    if line["ratio"] is not None:
        against = f"{line['limit']:10.3f}  {line['ratio']:6.2f} ×"
    mark = "" if line["goal"] is None else f"goal {line['goal']:<6} {'holds' if line['holds'] else 'MISSES'}"
    sys.stdout.write(f"{line['name']:48} {line['value']:10.3f} {line['unit']:3} {against:22} {mark}".rstrip())
    sys.stdout.write("\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
