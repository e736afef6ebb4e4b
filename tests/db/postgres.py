"""The tests' PostgreSQL: a cluster in a folder of its own, on a socket only, ended with the tests."""

from __future__ import annotations

import getpass
import itertools
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import URL, create_engine, text

INSTALLED = Path("/usr/lib/postgresql")
# Nothing here outlives the tests, so nothing waits for the disk.
OPTIONS = (
    "-c listen_addresses= -c fsync=off -c full_page_writes=off -c shared_buffers=16MB -c max_connections=20"
)
# As an office runs it: a commit is on the disk.
DURABLE = "-c listen_addresses= -c fsync=on -c synchronous_commit=on -c full_page_writes=on"


@dataclass
class Cluster:
    """A running cluster, reached through the socket in ``folder``."""

    folder: Path
    user: str
    _serial: Iterator[int] = field(default_factory=itertools.count)

    def url(self, database: str) -> URL:
        """Where SQLAlchemy finds ``database``."""
        return URL.create(
            "postgresql+psycopg", username=self.user, database=database, query={"host": str(self.folder)}
        )

    def new_database(self) -> URL:
        """An empty database of the caller's own."""
        name = f"test_{next(self._serial)}"
        engine = create_engine(self.url("postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        engine.dispose()
        return self.url(name)

    def restart(self) -> None:
        """End it as a power cut would, every connection with it, and start it again."""
        command: list[str | Path] = [programs() / "pg_ctl", "-D", self.folder / "data", "-w", "-t", "60"]
        command += ["-m", "immediate", "-l", self.folder / "server.log", "restart"]
        _run(command, _owner(), self.folder)


def programs() -> Path:
    """The folder of the newest installed PostgreSQL's programs."""
    found = sorted(INSTALLED.glob("*/bin"), key=lambda path: int(re.sub(r"\D", "", path.parent.name) or 0))
    if not found:
        raise FileNotFoundError(f"no PostgreSQL in {INSTALLED}: run `python3 dev.py test`, it installs one")
    return found[-1]


def _owner() -> str | None:
    """Whom the cluster belongs to where the tests run as root, as whom PostgreSQL will not start."""
    import pwd

    if os.geteuid():
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _run(arguments: Sequence[str | Path], owner: str | None, folder: Path) -> None:
    # to a file: a server that was started keeps its starter's standard output open
    with (folder / "said.log").open("a+b") as said:
        done = subprocess.run(
            arguments, user=owner, cwd=folder, stdin=subprocess.DEVNULL, stdout=said, stderr=said, check=False
        )
        if done.returncode:
            said.seek(0)
            raise RuntimeError(f"{arguments[0]} ended with {done.returncode}: {said.read().decode()}")


@contextmanager
def cluster(options: str = OPTIONS) -> Iterator[Cluster]:
    """Make a cluster, start it with these ``options``, and at the end stop and remove it."""
    owner = _owner()
    bin_ = programs()
    # not below pytest's folder: that is closed to others, and a socket's path has to be short
    folder = Path(tempfile.mkdtemp(prefix="licheng-pg-"))
    data = folder / "data"
    user = owner or getpass.getuser()
    try:
        if owner is not None:
            shutil.chown(folder, owner)
        _run(
            [bin_ / "initdb", "-D", data, "-A", "trust", "-U", user, "-E", "UTF8", "--locale=C", "--no-sync"],
            owner,
            folder,
        )
        how = f"{options} -k {folder}"
        start: list[str | Path] = [
            bin_ / "pg_ctl",
            "-D",
            data,
            "-w",
            "-t",
            "60",
            "-l",
            folder / "server.log",
            "-o",
            how,
            "start",
        ]
        _run(start, owner, folder)
        try:
            yield Cluster(folder=folder, user=user)
        finally:
            _run([bin_ / "pg_ctl", "-D", data, "-w", "-m", "immediate", "stop"], owner, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
