"""The driver: a whole run from one seed, and the command that makes many."""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from multiprocessing import Pool

from tests.simulation.world import STREET_A, STREET_B, Machine, World


def run(
    seed: int, steps: int = 60, variant: Callable[[], AbstractContextManager[object]] = nullcontext
) -> World:
    """One run: desks, operators, faults, and the laws asked at every quiet point."""
    with variant():
        world = World(seed)
        chance = world.random
        world.add_machine()
        world.add_machine(chance.choice((None, STREET_A)))
        if chance.random() < 0.5:
            world.add_machine(chance.choice((None, STREET_B)))
        restores, images = chance.random() < 0.35, chance.random() < 0.3
        for _ in range(steps):
            machine = chance.choice(world.machines)
            luck = chance.random()
            if luck < 0.50:
                world.act(machine)
            elif luck < 0.85:
                world.step(machine)
            elif luck > 0.99:
                world.quiet()
                world.check()
            else:
                _fate(world, machine, luck, restores=restores, images=images)
        world.quiet()
        world.check()
    return world


def _fate(world: World, machine: Machine, luck: float, *, restores: bool, images: bool) -> None:
    """What happens to people without their doing; ``luck`` between 0.85 and 0.99."""
    if luck < 0.88:
        world.arrive_late(machine)
    elif luck < 0.90:
        world.jump_clock(machine)
    elif luck < 0.94:
        world.back_up()
    elif luck < 0.96 and restores:
        world.restore()
    elif 0.95 < luck < 0.965 and images:
        world.put_back(machine)
    elif 0.965 < luck < 0.975 and images:
        world.clone(machine)
    elif 0.975 < luck < 0.985 and len(world.machines) < 4:
        world.add_machine(world.random.choice((None, STREET_A)))


def _one(seed: int) -> str | None:
    try:
        run(seed)
    except Exception:  # noqa: BLE001  every way to fail is told with its seed
        return f"seed {seed}\n{traceback.format_exc()}"
    return None


def many(seeds: range, processes: int) -> int:
    """Runs with these seeds; 1 if one broke a law, told with its seed."""
    began = time.monotonic()
    broken = 0
    with Pool(processes) as pool:
        for done, failure in enumerate(pool.imap_unordered(_one, seeds, chunksize=8), 1):
            if failure is not None:
                broken += 1
                if broken <= 5:
                    sys.stdout.write(failure + "\n")
            if done % 500 == 0:
                sys.stderr.write(f"{done} runs, {broken} broken, {time.monotonic() - began:.0f} s\n")
    sys.stdout.write(f"{len(seeds)} runs, {broken} broken, {time.monotonic() - began:.0f} s\n")
    return 1 if broken else 0


def main(arguments: list[str] | None = None) -> int:
    """``--runs N --seed FIRST``: see :func:`many`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args(arguments)
    return many(range(options.seed, options.seed + options.runs), options.processes)


if __name__ == "__main__":
    sys.exit(main())
