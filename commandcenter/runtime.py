"""The composition root of a desktop process: data directory, clock, ids, lanes, and one way to each."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from commandcenter.desk_sync import DeskSync
from commandcenter.domain.errors import Unavailable
from commandcenter.lock import Lock
from commandcenter.sync.state import SyncState

# The window wants the directory and its lock before it paints, and everything else after: what loads the
# database's half of the program is imported where it is used.
if TYPE_CHECKING:
    import uuid
    from concurrent.futures import Future

    from commandcenter.domain.change import ChangeSet
    from commandcenter.services.command import Command
    from commandcenter.services.workplace import Outcome, Workplace
    from db.desk.engine import Connection
    from db.desk.verify import Anchor

T = TypeVar("T")

CLOSE_S = 10.0
APPLICATION = "licheng-command-centre"


class SystemClock:
    """The machine's clock, and how far it was from the centre's when that was last measured."""

    def __init__(self) -> None:
        self._offset_ms: int | None = None

    def measured(self, offset_ms: int | None) -> None:
        """centre − desk in milliseconds; None: not known."""
        self._offset_ms = offset_ms

    def now(self) -> datetime:
        """The current instant."""
        return datetime.now(UTC)

    def offset_ms(self) -> int | None:
        """None: never measured."""
        return self._offset_ms


def new_id() -> uuid.UUID:
    """A UUIDv7: sorts by age, unique without asking anybody."""
    import uuid

    from uuid_utils import uuid7

    return uuid.UUID(bytes=uuid7().bytes)


def default_directory() -> Path:
    """The user's data directory on this system."""
    import platformdirs

    return Path(platformdirs.user_data_dir(APPLICATION, appauthor=False))


class DataDirectory(NamedTuple):
    """The folder of one desk: its database and what lies beside it."""

    path: Path

    @property
    def database(self) -> Path:
        """The desk's SQLite file."""
        return self.path / "desk.sqlite3"

    @property
    def backups(self) -> Path:
        """Copies kept before upgrades and restores."""
        return self.path / "backups"

    @property
    def anchors(self) -> Path:
        """Heads of the chain noted outside the database, one JSON object a line."""
        return self.path / "anchors.jsonl"

    def make(self) -> None:
        """Make the folder. Unavailable ``cannot_make_directory``."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Unavailable(
                "cannot_make_directory", path=str(self.path), reason=error.strerror or str(error)
            ) from error

    def note_anchor(
        self, connection: Connection, device: uuid.UUID, why: str, **more: object
    ) -> tuple[int, str]:
        """Write the chain's head beside the database, where a changed database cannot change it."""
        import json

        from commandcenter.domain.clock import instant_text
        from db.desk.verify import head

        n, hash_ = head(connection, device)
        line = {
            "at": instant_text(datetime.now(UTC)),
            "device": str(device),
            "n": n,
            "hash": hash_,
            "why": why,
            **more,
        }
        with self.anchors.open("a+b") as stream:
            stream.seek(0, os.SEEK_END)
            torn = False
            if stream.tell():
                stream.seek(-1, os.SEEK_END)
                torn = stream.read(1) != b"\n"  # by a crash: it must not take this line with it
            stream.write(b"\n" * torn + json.dumps(line).encode() + b"\n")
            stream.flush()
            os.fsync(stream.fileno())
        return n, hash_

    def known_anchors(self) -> list[Anchor]:
        """The anchors noted so far; a line torn by a crash is passed over.

        A restore is noted with the heads of what was restored: of the anchors before it only those count
        that the restored file can still meet, for what came after them is known to lie in the kept copy."""
        import json
        import uuid

        from db.desk.verify import Anchor

        if not self.anchors.exists():
            return []
        found: list[Anchor] = []
        for line in self.anchors.read_bytes().split(b"\n"):
            with contextlib.suppress(ValueError, KeyError, TypeError, AttributeError):
                raw = json.loads(line)
                if "restored" in raw:
                    restored = {uuid.UUID(device): int(n) for device, n in raw["restored"].items()}
                    found = [anchor for anchor in found if anchor.n <= restored.get(anchor.device, 0)]
                if int(raw["n"]):
                    found.append(
                        Anchor(device=uuid.UUID(raw["device"]), n=int(raw["n"]), hash=str(raw["hash"]))
                    )
        return found

    def restore(self, source: Path, prepare: Callable[[DataDirectory], None]) -> Path | None:
        """Put a backup in the database's place; what was there is kept. Returns where.

        ``prepare`` is handed a directory of its own with the backup in it, before it takes the place.
        Unavailable ``directory_in_use`` while somebody has the former one open, or as the backup is."""
        import shutil

        from db.desk.backup import check_file, copy_whole

        check_file(source)
        self.make()
        with Lock(self.path, "restore"):
            arriving = DataDirectory(self.path / "arriving")
            shutil.rmtree(arriving.path, ignore_errors=True)  # of a restore that was cut off
            copy_whole(source, arriving.database)
            prepare(arriving)
            kept = self._keep_former() if self.database.exists() else None
            # one step: whoever is cut off before it has the former desk, after it the backup's
            arriving.database.replace(self.database)
            shutil.rmtree(arriving.path, ignore_errors=True)
        return kept

    def _keep_former(self) -> Path:
        """Give the database a second name, so that it may be replaced; a damaged one keeps its log."""
        import shutil

        from db.desk.backup import fold_in

        self.backups.mkdir(exist_ok=True)
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
        kept = self.backups / f"before-restore-{stamp}.sqlite3"
        parts = [self.database.with_name(self.database.name + suffix) for suffix in ("-wal", "-shm")]
        try:
            fold_in(self.database)
            if any(part.exists() and part.stat().st_size for part in parts):
                raise Unavailable("directory_in_use", purpose="restore")
        except Unavailable as error:
            if error.code != "database_damaged":
                raise
            for part in parts:
                if part.exists():
                    part.replace(kept.with_name(part.name.replace(self.database.name, kept.name)))
        try:
            os.link(self.database, kept)
        except OSError:  # a file system without second names
            shutil.copyfile(self.database, kept)
        return kept


class Desktop:
    """One process on a data directory: hand in commands, ask questions, hear of changes."""

    def __init__(
        self,
        directory: DataDirectory,
        *,
        profile: str = "licheng",
        changed: Callable[[ChangeSet], None] = lambda change_set: None,
    ) -> None:
        """``changed`` is called on the writer thread after every commit, own or another process's."""
        from commandcenter.lanes import ReaderLanes, WriterLane

        directory.make()
        self.directory = directory
        self.clock = SystemClock()
        self._writer = WriterLane(lambda: open_workplace(directory, profile, self.clock), self._committed)
        self._readers = ReaderLanes(directory.database, self._writer.ready)
        self._changed = changed
        self._sync = DeskSync(self)
        self._writer.ready.add_done_callback(self._tell_what_came_between)

    def _tell_what_came_between(self, ready: Future[Workplace]) -> None:
        """On the writer's thread: what others committed after a reader's first look and before its own."""
        from db.desk.journal import tail

        seen = self._readers.seen_early
        if seen is not None and ready.exception() is None:
            between = tail(ready.result().connection, seen)
            if between.touched:
                self._changed(between)

    def _committed(self, change_set: ChangeSet) -> None:
        """On the writer's thread after every commit of an operator's, here or in another process."""
        self._sync.committed()
        self._changed(change_set)

    @property
    def sync(self) -> DeskSync:
        """This desk's exchange with its centre."""
        return self._sync

    def sync_state(self) -> SyncState:
        """Where it stands with its centre."""
        return self._sync.state

    def submit(self, work: Callable[[Workplace], T]) -> Future[T]:
        """Run ``work`` on the writer's thread, behind the operator's commands."""
        return self._writer.submit(work, background=True)

    def operator_waits(self) -> bool:
        """Whether an operator's command waits for the writer now."""
        return self._writer.operator_waits()

    def tell(self, change_set: ChangeSet) -> None:
        """Tell of what the centre sent; on the writer's thread."""
        self._changed(change_set)

    @property
    def ready(self) -> Future[Workplace]:
        """Done when the file is open, or failed with why it is not."""
        return self._writer.ready

    def start(self) -> None:
        """Open the file on the writer thread."""
        self._writer.start()

    def execute(self, command: Command) -> Future[Outcome]:
        """Carry out a command; done means on the disk."""
        return self._writer.execute(command)

    def ask(self, question: Callable[[Connection], T]) -> Future[T]:
        """Ask a reader."""
        return self._readers.ask(question)

    def cancel(self, answer: Future[Any]) -> None:
        """Give up a question."""
        self._readers.cancel(answer)

    def busy(self) -> bool:
        """Whether anything handed in or asked is under way."""
        return self._writer.busy() or self._readers.busy()

    def note_anchor(self, why: str) -> Future[tuple[int, str]]:
        """Note the chain's head beside the database: before a print, an export, at the end."""
        return self._writer.submit(
            lambda workplace: self.directory.note_anchor(workplace.connection, workplace.device, why)
        )

    def backup(self, target: Path) -> Future[tuple[int, str]]:
        """Copy the database to ``target``, check the copy, and note the head it ends with."""

        from db.desk.backup import backup

        def work(workplace: Workplace) -> tuple[int, str]:
            backup(workplace.connection, self.directory.database, target)
            return self.directory.note_anchor(workplace.connection, workplace.device, "backup")

        return self._writer.submit(work)

    def close(self) -> None:
        """Finish what was handed in, note the head, end the lanes."""
        self._sync.close()
        self.note_anchor("close")
        self._readers.close()
        self._writer.close(CLOSE_S)


def open_workplace(directory: DataDirectory, profile: str, clock: SystemClock | None = None) -> Workplace:
    """The directory's file, opened for writing on this thread."""
    from commandcenter.services.workplace import Workplace
    from commandcenter.sync.known import known_before
    from db.desk.store import Mint

    directory.make()
    clock = clock or SystemClock()
    workplace = Workplace(
        directory.database,
        clock=clock,
        mint=Mint(new_id=new_id),
        backups=directory.backups,
        profile=profile,
    )
    clock.measured(known_before(workplace.connection).offset_ms)
    return workplace


def keep_log(directory: DataDirectory) -> None:
    """Write warnings and errors to a file that rotates; no personal data goes there."""
    import logging
    import logging.handlers

    folder = directory.path / "logs"
    folder.mkdir(exist_ok=True)
    handler = logging.handlers.RotatingFileHandler(
        folder / "commandcenter.log", maxBytes=2_000_000, backupCount=5, encoding="utf-8", delay=True
    )
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(threadName)s %(name)s: %(message)s"))
    handler.setLevel(logging.INFO)
    root = logging.getLogger()
    for talking in root.handlers:  # the terminal hears of what is wrong only
        talking.setLevel(logging.WARNING)
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    logging.getLogger("alembic").setLevel(logging.WARNING)

    import threading

    def thread_failed(failure: threading.ExceptHookArgs) -> None:
        if failure.exc_value is not None:
            logging.getLogger(__name__).critical("thread failed", exc_info=failure.exc_value)

    threading.excepthook = thread_failed
