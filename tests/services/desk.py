"""The tests' desk: a real file in a real folder, with a clock that stands still until it is moved."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from commandcenter.runtime import DataDirectory, new_id
from commandcenter.services.command import Command
from commandcenter.services.incidents import OpenIncident
from commandcenter.services.log import WriteLogEntry
from commandcenter.services.workplace import Outcome, Workplace
from db.desk.engine import Connection, open_reader
from db.desk.store import Mint
from db.desk.verify import Anchor, Verification, head, verify

START = datetime(2026, 7, 28, 6, 31, 40, 123_000, tzinfo=UTC)


@dataclass
class MovedClock:
    """A clock that the test moves."""

    instant: datetime = START
    offset: int | None = None

    def now(self) -> datetime:
        """The instant it was moved to."""
        return self.instant

    def offset_ms(self) -> int | None:
        """What the test says was measured."""
        return self.offset

    def move(self, **by: float) -> None:
        """Go on by a ``timedelta``'s arguments."""
        self.instant += timedelta(**by)


@dataclass
class Desk:
    """One data directory under test."""

    path: Path
    profile: str = "empty"
    clock: MovedClock = field(default_factory=MovedClock)

    @property
    def directory(self) -> DataDirectory:
        """The directory as the program sees it."""
        return DataDirectory(self.path)

    @property
    def file(self) -> Path:
        """The database."""
        return self.directory.database

    def open(self) -> Workplace:
        """The file opened for writing; the caller closes it."""
        self.directory.make()
        return Workplace(
            self.file,
            clock=self.clock,
            mint=Mint(new_id=new_id),
            backups=self.directory.backups,
            profile=self.profile,
        )

    @contextmanager
    def working(self) -> Iterator[Workplace]:
        """The file opened for writing, and closed."""
        workplace = self.open()
        try:
            yield workplace
        finally:
            workplace.close()

    def execute(self, command: Command) -> Outcome:
        """One command by a program that ends with it."""
        with self.working() as workplace:
            return workplace.execute(command)

    def write(self, text: str) -> UUID:
        """One line of the log; its id."""
        return self.execute(WriteLogEntry(text=text)).ids[0]

    def open_incident(self, title: str = "内涝", code: str = "11A01") -> UUID:
        """One incident; its id."""
        return self.execute(OpenIncident(title=title, event_code=code)).ids[0]

    @contextmanager
    def raw(self) -> Iterator[sqlite3.Connection]:
        """A connection of somebody who is not the program; committed at the end."""
        with closing(sqlite3.connect(self.file)) as connection, connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A reader's connection."""
        connection = open_reader(self.file)
        try:
            yield connection
        finally:
            connection.close()

    def verify(self, *anchors: Anchor) -> Verification:
        """What ``verify`` finds."""
        with self.reading() as connection:
            return verify(connection, anchors)

    def device(self) -> UUID:
        """This desk's id."""
        with self.working() as workplace:
            return workplace.device

    def anchor(self) -> Anchor:
        """The newest head, as somebody outside would hold it."""
        device = self.device()
        with self.reading() as connection:
            n, hash_ = head(connection, device)
        return Anchor(device=device, n=n, hash=hash_)

    def codes(self, *anchors: Anchor) -> set[str]:
        """The findings' codes."""
        return {finding.code for finding in self.verify(*anchors).findings}
