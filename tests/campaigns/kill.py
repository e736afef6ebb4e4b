"""The campaign of kills: a writing process is killed at random moments; nothing it acknowledged is lost."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from commandcenter.runtime import DataDirectory, open_workplace
from tests.campaigns.acknowledged import Ledger, check, index_is_whole

ROOT = Path(__file__).parents[2]
KILLS_A_FILE = 20  # then a new file: the check reads the whole of it every time
LONGEST_S = 0.6


@dataclass
class Tally:
    """What a campaign has seen."""

    kills: int = 0
    acknowledged: int = 0
    in_file: int = 0
    seconds: float = 0.0
    before_ready: int = 0  # kills while the file was being opened
    kinds: dict[str, int] = field(default_factory=dict)


def kill_once(folder: Path, how: str, ledger: Ledger, chance: random.Random) -> tuple[int, bool]:
    """Start a writer, kill it at a random moment. Returns (acknowledgements, whether it had begun)."""
    command = [sys.executable, "-m", "tests.campaigns.writer", str(folder), how, "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL) as writer:
        assert writer.stdout is not None
        output = b""
        if chance.random() < 0.9:  # most begin to write first; some are met while opening
            output = writer.stdout.readline()
            time.sleep(chance.random() ** 2 * LONGEST_S)
        else:
            time.sleep(chance.random() * 1.2)
        writer.kill()
        output += writer.stdout.read()
        writer.wait()
    if writer.returncode != -signal.SIGKILL:
        raise AssertionError(f"the writer ended by itself with {writer.returncode}")
    ledger.begun = True
    return ledger.read(output), bool(output)


def campaign(
    times: int, seed: int, folder: Path, progress: Callable[[Tally], None] = lambda tally: None
) -> Tally:
    """Kill ``times`` writers, every second one the whole desktop with its idle work. Lost if anything is."""
    chance = random.Random(seed)
    tally = Tally()
    started = time.monotonic()
    ledger, place = Ledger(), folder / "0"
    for i in range(times):
        if i % KILLS_A_FILE == 0:
            if i:
                index_is_whole(place)
            ledger, place = Ledger(), folder / str(i)
            if chance.random() < 0.5:  # else the first start is killed too
                open_workplace(DataDirectory(place), "empty").close()
        how = "desktop" if i % 2 else "workplace"
        acknowledged, begun = kill_once(place, how, ledger, chance)
        tally.in_file = check(place, ledger)
        tally.kills += 1
        tally.acknowledged += acknowledged
        tally.before_ready += not begun
        tally.kinds[how] = tally.kinds.get(how, 0) + 1
        tally.seconds = time.monotonic() - started
        progress(tally)
    index_is_whole(place)
    return tally
