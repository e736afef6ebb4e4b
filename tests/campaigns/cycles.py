"""The campaign of cycles: three desks and a centre in processes of their own, something bad, and then calm.

In each cycle a desk is cut off, the same field is edited at it and elsewhere, all three write, and meanwhile
the centre, its database or a desk is killed, or a link fails. When the cable holds again all sides have to
hold the same, and every word that somebody was told is saved, once.
"""

from __future__ import annotations

import contextlib
import json
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

from commandcenter.server.accounts import create_account
from db.centre.engine import open_centre, reading
from db.centre.feed import head
from tests.campaigns.acknowledged import Lost
from tests.campaigns.agreement import Said, agree, sound
from tests.campaigns.desk_process import DeskProcess, Killed
from tests.campaigns.proxy import Link, Weather, links
from tests.cli.terminal import ROOT
from tests.db.postgres import Cluster, cluster
from tests.sync.centre import CentreProcess

Database = Literal["sqlite", "postgresql"]
DATABASES: tuple[Database, ...] = ("sqlite", "postgresql")
CYCLES_A_WORLD = 15  # then new files: the check reads the whole of them every time
FIELDS = ("known", "place", "to_verify")
LINKS_FAIL: tuple[Weather, ...] = ("cut", "hole", "deaf", "torn", "pass")  # pass: but slowly
CALM_S = 45.0
LOGIN, PASSWORD = "lin", "correct horse battery"
LOAD = 40
MISTAKE = re.compile(r'Traceback| ERROR | CRITICAL |"level": "(error|critical)"')


@dataclass
class Tally:
    """What a campaign has seen. ``changes``: acknowledged ones; lost and doubled ones end it."""

    cycles: int = 0
    acknowledged: int = 0
    lost: int = 0
    doubled: int = 0
    clashes: int = 0  # fields that two desks edited without seeing one another
    seconds: float = 0.0
    longest_calm_s: float = 0.0  # until all were equal
    resets: int = 0  # connections that broke
    verified: int = 0  # entries of desks' files that verify read
    troubles: dict[str, int] = field(default_factory=dict)


@dataclass
class World:
    """Three desks, their links and their centre. ``chance`` decides everything that is not time's."""

    folder: Path
    database: Database
    chance: random.Random
    tally: Tally
    cluster: Cluster | None
    centre: CentreProcess
    links: list[Link]
    desks: list[DeskProcess]
    said: Said = field(default_factory=Said)
    incidents: list[UUID] = field(default_factory=list)  # that are argued about
    patient: bool = False
    _opened: UUID | None = None
    _serial: Iterator[int] = field(default_factory=count)
    _after: list[Future[dict[str, Any]]] = field(default_factory=list)
    _bag: list[str] = field(default_factory=list)
    _noted: Counter[int] = field(default_factory=Counter)

    def account(self, person: UUID) -> None:
        """What an administrator gives somebody."""
        engine = open_centre(self.centre.database, self.centre.folder, connections=1)
        try:
            with engine.begin() as connection:
                create_account(
                    connection, person_id=person, login=LOGIN, password=PASSWORD, now=datetime.now(UTC)
                )
        finally:
            engine.dispose()

    # --- a cycle

    def cycle(self) -> None:
        """One of them. Lost."""
        chance = self.chance
        if chance.random() < 0.4:
            self.choose()
        trio = chance.sample(range(3), 3)
        cut = trio[: chance.choice((1, 1, 2))]
        self.argue(cut, trio[len(cut)])
        loads = [self.load(number) for number in range(3)]
        script = self.script() if chance.random() < 0.25 else None
        time.sleep(chance.random() * 0.2)
        self.loud(self.from_bag())
        if chance.random() < 0.6:
            self.link_fails(chance.randrange(3), chance.choice(LINKS_FAIL))
        for link in self.links:
            link.set("pass", reset=link.weather == "hole" and chance.random() < 0.5)
        if self.patient and chance.random() < 0.03:
            self.tally.troubles["forgotten"] = self.tally.troubles.get("forgotten", 0) + 1
            chance.choice(self.links).set("pass", forget=True)
        while loads or self._after:
            self.finished((loads or self._after).pop())
        if script is not None:
            self.scripted(script)
        self.calm(hurried=chance.random() < 0.7)
        self.check()
        assert self._opened is not None
        self.incidents = [*self.incidents[-5:], self._opened]  # now all know it
        self.tally.cycles += 1

    def argue(self, cut: list[int], other: int) -> None:
        """The desks in ``cut`` lose their links, and edit with ``other`` the field that all have before
        them; each of them opens an incident."""
        incident, name = self.chance.choice(self.incidents), self.chance.choice(FIELDS)
        on = {n: self.desks[n].ask("look", id=str(incident), field=name)["heads"] for n in (*cut, other)}
        for number in cut:
            self.links[number].set(self.chance.choice(("cut", "hole")))
            self.tally.troubles["off"] = self.tally.troubles.get("off", 0) + 1
        doing, values = [], set()
        for number in (*cut, other):
            value = f"{self.text()} {name} 甲乙丙{number}"
            values.add(value)
            desk = self.desks[number]
            doing.append(desk.tell("edit", id=str(incident), field=name, to=value, on=on[number]))
            if number in cut or self.chance.random() < 0.3:
                opened = desk.tell("open", title=self.text() + "断线中")
                doing.append(opened)
        for one in doing:
            one.result(30)
        self._opened = UUID(opened.result()["id"])
        self.said.standing[incident, name] = values
        self.tally.clashes += 1

    def choose(self) -> None:
        """Somebody settles a field that has several values, having seen them all."""
        open_ = sorted(key for key, values in self.said.standing.items() if len(values) > 1)
        if not open_:
            return
        incident, name = self.chance.choice(open_)
        desk, value = self.chance.choice(self.desks), self.text() + "选定"
        seen = desk.ask("look", id=str(incident), field=name)["heads"]
        desk.ask("edit", id=str(incident), field=name, to=value, on=seen)
        self.said.standing[incident, name] = {value}
        self.until_equal(hurried=False)

    def load(self, number: int) -> Future[dict[str, Any]]:
        """A desk writes for a while."""
        return self.desks[number].tell(
            "load",
            seed=self.chance.randrange(2**32),
            name=self.text(),
            incident=str(self.chance.choice(self.incidents)),
            count=self.chance.randrange(LOAD // 2, LOAD * 3 // 2),
            pause_s=0.03,
        )

    def finished(self, load: Future[dict[str, Any]]) -> None:
        """Wait until it has written, or was killed."""
        with contextlib.suppress(Killed):
            load.result(60)

    def script(self) -> subprocess.Popen[bytes]:
        """A script writes beside an open desk."""
        folder = self.chance.choice(self.desks).folder
        document = json.dumps({"text": self.text() + "脚本"})
        command = [sys.executable, "-m", "commandcenter", "do", "WriteLogEntry", document]
        return subprocess.Popen(
            [*command, "--data", str(folder)], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
        )

    def scripted(self, script: subprocess.Popen[bytes]) -> None:
        """It ended, and was told what it wrote."""
        out, _ = script.communicate(timeout=60)
        assert script.returncode == 0, out
        self.said.changes.update(map(UUID, json.loads(out)["ids"]))

    def text(self) -> str:
        """Words that were never typed before."""
        return f"{self.database} {next(self._serial)}"

    # --- what is bad

    def from_bag(self) -> str:
        """Each of the loud ones comes as often as the others."""
        if not self._bag:
            self._bag = ["centre killed", "centre killed", "desk killed", "link fails"]
            if self.cluster is not None:
                self._bag += ["database restarted", "database restarted"]
            self.chance.shuffle(self._bag)
        return self._bag.pop()

    def loud(self, what: str) -> None:
        """While all write."""
        self.tally.troubles[what] = self.tally.troubles.get(what, 0) + 1
        match what:
            case "centre killed":
                self.centre.stop(signal.SIGKILL)
                time.sleep(self.chance.random() * 0.3)
                self.centre.start()
            case "database restarted":
                assert self.cluster is not None
                self.cluster.restart()
            case "desk killed":
                number = self.chance.randrange(3)
                self.desks[number].kill()
                self.desks[number].start()
                self._after.append(self.load(number))
            case "link fails":
                self.link_fails(self.chance.randrange(3), self.chance.choice(LINKS_FAIL))

    def link_fails(self, number: int, weather: Weather) -> None:
        """For a moment."""
        name = "slow" if weather == "pass" else weather
        self.tally.troubles[name] = self.tally.troubles.get(name, 0) + 1
        chance, link = self.chance, self.links[number]
        if weather == "pass":
            link.set("pass", delay_s=chance.uniform(0.02, 0.2), bytes_per_s=chance.randrange(20_000, 200_000))
        else:
            link.set(weather, torn_after=chance.randrange(4_000))
        time.sleep(chance.uniform(0.2, 0.6))

    # --- calm

    def calm(self, *, hurried: bool) -> None:
        """Until all are equal. Lost where that takes too long."""
        began = time.monotonic()
        self.until_equal(hurried=hurried)
        self.tally.longest_calm_s = max(self.tally.longest_calm_s, time.monotonic() - began)

    def until_equal(self, *, hurried: bool) -> None:
        """``hurried``: somebody presses the button that tries now."""
        ends = time.monotonic() + CALM_S
        if hurried:
            for desk in self.desks:
                desk.ask("try")
        engine = open_centre(self.centre.database, self.centre.folder, connections=1)
        try:
            while True:
                states = [desk.ask("state") for desk in self.desks]
                with reading(engine) as connection:
                    here = head(connection)
                at = [here.epoch, here.n]
                if all(self._rests(state, at) for state in states):
                    break
                if time.monotonic() > ends:
                    raise Lost(f"not equal after {CALM_S} s: the centre at {at}, the desks {states}")
                time.sleep(0.02)
        finally:
            engine.dispose()
        refilled = [state["refilled"] for state in states]
        if any(refilled):
            raise Lost(f"digests differed, and kinds were fetched again: {refilled}")

    @staticmethod
    def _rests(state: dict[str, Any], at: list[int]) -> bool:
        live = state["state"] == "online" and state["live"]
        return bool(live and not state["unsent"] and not state["waiting"] and state["at"] == at)

    def check(self) -> None:
        """All sides hold the same. Lost."""
        for number, desk in enumerate(self.desks):
            for ack in desk.acks[self._noted[number] :]:
                self.said.note(ack)
                self._noted[number] += 1
                self.tally.acknowledged += len(ack["ack"])
        engine = open_centre(self.centre.database, self.centre.folder, connections=1)
        try:
            agree(engine, [desk.folder for desk in self.desks], self.said)
        finally:
            engine.dispose()

    def end(self) -> None:
        """Close every window and the centre; the files are sound."""
        for desk in self.desks:
            desk.stop()
            self.tally.verified += sound(desk.folder)
        self.centre.stop()
        self.tally.resets += sum(link.resets for link in self.links)
        for file in (*self.folder.glob("?.log"), *self.folder.glob("?/logs/*"), self.centre.log):
            wrong = [line for line in file.read_text().splitlines() if MISTAKE.search(line)]
            if wrong:  # what the world does is a warning, a mistake of ours an error
                raise Lost(f"{file} tells of a mistake: {wrong[:3]}")


@contextmanager
def world(
    folder: Path, database: Database, chance: random.Random, tally: Tally, postgres: Cluster | None
) -> Iterator[World]:
    """Three desks, enrolled through their links, at a centre that nobody has troubled yet."""
    folder.mkdir(parents=True)
    url = None
    if database == "postgresql":
        assert postgres is not None
        url = postgres.new_database().render_as_string(hide_password=False)
    centre = CentreProcess(folder / "centre", database=url)
    desks = [DeskProcess(folder / name) for name in "abc"]
    with ExitStack() as stack:
        stack.callback(centre.stop, signal.SIGKILL)
        opening = []
        for desk in desks:
            stack.callback(desk.abandon)
            opening.append(desk.begin())
        centre.start()
        cables = stack.enter_context(links(centre.port, 3))
        for ready in opening:
            ready.result(60)
        made = World(
            folder,
            database,
            chance,
            tally,
            postgres if url else None,
            centre=centre,
            links=cables,
            desks=desks,
        )
        officer = UUID(desks[0].ask("officer", name="值班员")["id"])
        for desk, link in zip(desks, cables, strict=True):
            desk.ask("enrol", url=link.url, code=centre.code())
        made.until_equal(hurried=True)
        made.account(officer)
        for desk in desks:
            desk.ask("sign in", login=LOGIN, password=PASSWORD)
            made.incidents.append(UUID(desk.ask("open", title=made.text() + "开始")["id"]))
        made.until_equal(hurried=False)
        yield made


def campaign(
    times: int,
    seed: int,
    folder: Path,
    databases: tuple[Database, ...] = DATABASES,
    *,
    patient: bool = False,
    progress: Callable[[Tally], None] = lambda tally: None,
    postgres: Cluster | None = None,
) -> Tally:
    """So many cycles, in worlds that take the databases in turn. ``patient``: now and then a connection is
    forgotten on the way, which a desk notices after half a minute. Lost if anything is."""
    tally = Tally()
    chance = random.Random(seed)
    began = time.monotonic()
    with ExitStack() as stack:
        if "postgresql" in databases and postgres is None:
            postgres = stack.enter_context(cluster())
        for i in count():
            left = min(CYCLES_A_WORLD, times - tally.cycles)
            if left <= 0:
                break
            database = databases[i % len(databases)]
            with world(folder / f"{i}-{database}", database, chance, tally, postgres) as here:
                here.patient = patient
                for _ in range(left):
                    here.cycle()
                    tally.seconds = time.monotonic() - began
                    progress(tally)
                here.end()
    return tally
