"""The bench's place: a centre as an office starts it, desks' folders enrolled at it, and their processes."""

from __future__ import annotations

import json
import os
import random
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from commandcenter.runtime import DataDirectory, new_id, open_workplace
from commandcenter.server import admission
from commandcenter.services.first_start import district_of
from commandcenter.services.log import WriteLogEntry
from commandcenter.services.workplace import Workplace
from commandcenter.sync import membership as memberships
from commandcenter.sync.client import Centre
from commandcenter.sync.enrolment import enrol
from commandcenter.sync.membership import Membership
from commandcenter.sync.round import Round
from db.centre.engine import apart, open_centre
from db.desk.journal import newest
from tests.bench.million import NEWEST, Script

T = TypeVar("T")
ROOT = Path(__file__).resolve().parents[2]
PROFILE = "licheng"
OF_ONE_DEVICE = 3
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


def environment() -> dict[str, str]:
    """This process's, without a proxy: everything here is on one machine."""
    return {name: value for name, value in os.environ.items() if name.lower() not in PROXIES}


class Child:
    """A process that says one JSON document a line."""

    def __init__(self, *arguments: object, log: Path, **more: str) -> None:
        """``more``: variables of its environment."""
        with log.open("ab") as said:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *map(str, arguments)],
                cwd=ROOT,
                env={**environment(), **more},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=said,
            )
        self.log = log

    def hear(self) -> Any:
        """What it says next."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(self.log.read_text()[-3000:])
        return json.loads(line)

    def tell(self, *what: object) -> None:
        """One line to it."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(what).encode() + b"\n")
        self.process.stdin.flush()

    def ask(self, *what: object) -> Any:
        """One line to it and one back."""
        self.tell(*what)
        return self.hear()

    def memory(self) -> int:
        """The bytes it keeps in memory."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise LookupError("VmRSS")

    def end(self) -> None:
        """Nothing more to tell it; wait."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.terminate()
            self.process.wait(20)
        self.process.stdout.close()


@dataclass
class Place:
    """A centre that answers at ``url``, and what lies in ``folder``."""

    folder: Path
    database: str | None
    process: Child
    url: str

    def code(self) -> str:
        """An enrolment code of the district."""
        district = district_of(PROFILE)
        assert district is not None
        engine = open_centre(self.database, self.folder / "centre")
        try:
            with engine.begin() as connection:
                return admission.new_code(
                    connection, scope_id=district, roles=("desk",), by=None, now=datetime.now(UTC)
                )
        finally:
            engine.dispose()

    def tokens(self, count: int) -> list[str]:
        """Tokens for so many streams."""
        engine = open_centre(self.database, self.folder / "centre")
        out: list[str] = []
        try:
            while len(out) < count:
                code = self.code()
                with apart(engine) as connection:
                    one = admission.redeem_code(
                        connection,
                        code=code,
                        device=new_id(),
                        public_key=secrets.token_bytes(32),
                        name="bench",
                        now=datetime.now(UTC),
                        address="",
                    )
                out += [one.token] * OF_ONE_DEVICE
        finally:
            engine.dispose()
        return out[:count]

    def desk(self, name: str) -> Path:
        """An enrolled desk's folder that stands at the feed's head."""
        folder = self.folder / name
        with closing(open_workplace(DataDirectory(folder), PROFILE)) as workplace:
            enrol(folder, self.url, self.code(), AtOnce(workplace))
        self.round(folder)
        return folder

    def round(self, folder: Path) -> list[float]:
        """One round of the desk in ``folder``; when each of its requests was answered."""
        member, answered = self.member(folder), []
        centre = Centre(self.url, member.token)
        centre.session.hooks["response"].append(lambda *_, **__: answered.append(time.perf_counter()))
        with closing(open_workplace(DataDirectory(folder), PROFILE)) as workplace:
            Round(AtOnce(workplace), centre, member.device).run()
        centre.close()
        return answered

    def member(self, folder: Path) -> Membership:
        """How the desk in ``folder`` is known."""
        found = memberships.load(folder)
        assert found is not None
        return found

    def child(self, module: str, *arguments: object, **more: str) -> Child:
        """A process of the bench. ``more``: variables of its environment."""
        return Child(f"tests.bench.{module}", *arguments, log=self.folder / f"{module}.log", **more)


class AtOnce:
    """A desk's writer where nobody else is."""

    def __init__(self, workplace: Workplace) -> None:
        self._workplace = workplace

    def __call__(self, work: Callable[[Workplace], T]) -> T:
        """Do it."""
        return work(self._workplace)


@contextmanager
def place(folder: Path, database: str | None) -> Iterator[Place]:
    """A centre on a fresh database: the PostgreSQL of ``database``, or a file."""
    folder.mkdir(parents=True)
    arguments: list[object] = ["commandcenter", "serve", "--listen", "127.0.0.1:0", "--backup-at", "never"]
    arguments += ["--data", folder / "centre", *(("--database", database) if database else ())]
    process = Child(*arguments, log=folder / "centre.log")
    try:
        yield Place(folder, database, process, process.hear()["listening"])
    finally:
        process.process.terminate()
        process.end()


def write_lines(folder: Path, count: int) -> int:
    """So many lines of a duty room's log at the desk in ``folder``, indexed and folded in, by its own
    functions but without waiting for the disk. Returns the bytes of an entry and its words, on average."""
    script = Script(random.Random(count), NEWEST)
    with closing(open_workplace(DataDirectory(folder), PROFILE)) as workplace:
        connection = workplace.connection
        connection.execute("PRAGMA synchronous=OFF")
        before = newest(connection)
        for _ in range(count):
            workplace.execute(WriteLogEntry(text=script.text(), channel="phone", direction="incoming"))
        while workplace.idle(1.0):
            pass
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (size,) = connection.execute(
            "SELECT avg(length(j.bytes) + length(p.body)) FROM journal AS j"
            " JOIN private_value AS p ON p.change_id = j.id WHERE j.seq > ?",
            (before,),
        ).fetchone()
    return int(size)
