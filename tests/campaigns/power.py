"""The campaign of power cuts: at every write boundary of a real run, what was synced is all there is."""

from __future__ import annotations

import random
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.campaigns.acknowledged import Ledger, Lost, check
from tests.campaigns.trace import Disk, Step, traced

HOWS = ("least", "most", "torn", "some")


@dataclass
class Tally:
    """What a campaign has seen."""

    saves: int = 0
    boundaries: int = 0
    cuts: int = 0
    seconds: float = 0.0


def record(folder: Path, saves: int) -> list[Step]:
    """A writer's whole run from the first start to the close, as steps."""
    place = folder / "traced"
    place.mkdir(parents=True)
    command = [sys.executable, "-m", "tests.campaigns.writer", str(place), "workplace", str(saves)]
    return traced(command, place, folder / "trace.log")


def boundaries(steps: Iterable[Step], disk: Disk) -> Iterator[Ledger]:
    """Replay; at each point where a cut may find something new, what had been acknowledged by then."""
    ledger, output = Ledger(), b""
    for step in steps:
        if step.what == "said":
            output += step.data
            whole, _, output = output.rpartition(b"\n")
            ledger.read(whole + b"\n") if whole else None
        if disk.do(step) or step.what == "said":
            yield ledger


def lay_out(files: dict[str, bytes], origin: Path, folder: Path) -> None:
    """Write what the cut left into a folder of its own."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, content in files.items():
        target = folder / Path(name).relative_to(origin)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


def cuts(
    steps: list[Step],
    folder: Path,
    seeds: Iterable[int],
    hows: Callable[[random.Random], Iterable[str]],
    *,
    lies: bool = False,
    progress: Callable[[Tally], None] = lambda tally: None,
) -> Tally:
    """Cut the power at every boundary, as ``hows`` says, once with every seed. Lost if anything is.

    A state of the disk that was checked before, with no more acknowledged, is not checked again."""
    tally = Tally(saves=sum(step.data.count(b'"id"') for step in steps if step.what == "said"))
    origin = folder.resolve() / "traced"
    seen: set[int] = set()
    started = time.monotonic()
    for seed in seeds:
        chance = random.Random(seed)
        tally.boundaries = 0
        for ledger in boundaries(steps, disk := Disk(lies)):
            tally.boundaries += 1
            for how in hows(chance):
                files = disk.cut(chance, how)
                state = hash((tuple(sorted(files.items())), len(ledger.lines), ledger.draft))
                if state in seen:
                    continue
                seen.add(state)
                lay_out(files, origin, folder / "cut")
                try:
                    check(folder / "cut", ledger)
                except Exception as error:
                    where = f"boundary {tally.boundaries}, {how}, seed {seed}"
                    raise Lost(f"{where}, in {folder / 'cut'}: {error!r}") from error
                tally.cuts += 1
            tally.seconds = time.monotonic() - started
            progress(tally)
    return tally
