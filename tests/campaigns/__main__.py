"""The campaigns' command line: ``python3 dev.py campaign kill``, ``power`` or ``cycles``."""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from tests.campaigns import cycles, kill, power
from tests.campaigns.acknowledged import Lost
from tests.simulation import drive

EVERY = 10
Tally = kill.Tally | power.Tally | cycles.Tally


def _say(tally: Tally, done: int) -> None:
    if done % EVERY == 0:
        sys.stderr.write(f"\r{json.dumps(asdict(tally))}")
        sys.stderr.flush()


def main(arguments: list[str] | None = None) -> int:
    """0 if nothing was lost, 1 with what was; the folder is then kept."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns", description=__doc__)
    campaigns = parser.add_subparsers(dest="campaign", required=True)
    kills = campaigns.add_parser("kill", help="kill a writing process at random moments")
    kills.add_argument("--times", type=int, default=1000)
    kills.add_argument("--seed", type=int, default=1)
    cuts = campaigns.add_parser("power", help="cut the power at every write boundary of a traced run")
    cuts.add_argument("--seeds", type=int, default=500, help="how many different cuts at each boundary")
    cuts.add_argument("--saves", type=int, default=20)
    worlds = campaigns.add_parser("simulation", help="simulate many desks with bad luck")
    worlds.add_argument("--runs", type=int, default=10_000)
    worlds.add_argument("--seed", type=int, default=0)
    worlds.add_argument("--processes", type=int, default=2)
    rounds = campaigns.add_parser("cycles", help="three desks and a centre, something bad, and then calm")
    rounds.add_argument("--times", type=int, default=300)
    rounds.add_argument("--seed", type=int, default=1)
    rounds.add_argument("--database", choices=cycles.DATABASES, help="default: in turn")
    options = parser.parse_args(arguments)
    if options.campaign == "simulation":
        return drive.many(range(options.seed, options.seed + options.runs), options.processes)
    folder = Path(tempfile.mkdtemp(prefix=f"campaign-{options.campaign}-"))
    tally: Tally
    try:
        if options.campaign == "kill":
            tally = kill.campaign(options.times, options.seed, folder, lambda tally: _say(tally, tally.kills))
        elif options.campaign == "cycles":
            databases = (options.database,) if options.database else cycles.DATABASES
            tally = cycles.campaign(
                options.times,
                options.seed,
                folder,
                databases,
                patient=True,
                progress=lambda tally: _say(tally, tally.cycles),
            )
        else:
            tally = power.cuts(
                power.record(folder, options.saves),
                folder,
                range(options.seeds),
                _hows,
                progress=lambda tally: _say(tally, tally.boundaries),
            )
    except Lost as lost:
        sys.stderr.write(f"\n{folder}: {lost}\n")
        sys.stdout.write(json.dumps({"campaign": options.campaign, "lost": str(lost)}) + "\n")
        return 1
    sys.stderr.write("\n")
    sys.stdout.write(json.dumps({"campaign": options.campaign, **asdict(tally)}) + "\n")
    return 0


def _hows(chance: random.Random) -> tuple[str, ...]:
    return ("least", "most", "torn", "some")


if __name__ == "__main__":
    sys.exit(main())
