"""The desk's connections to its SQLite file: how they are opened, and what their errors mean."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from commandcenter.domain.errors import Unavailable

# The driver is this one line: another build of SQLite (or SQLCipher) with the same DB-API takes its place.
connect = sqlite3.connect

Connection = sqlite3.Connection
StoreError = sqlite3.Error
BUSY_MS = 5000
# Checkpoints run when the writer is idle; this is only the fence for a process that never is.
FENCE_PAGES = 16_000


def open_writer(file: Path) -> Connection:
    """The read-write connection: every commit on the disk before it returns. Nothing is written yet, so a
    file that turns out not to be ours is left as it was; :func:`write_ahead` follows when it is."""
    with explained(file):
        connection = connect(file, timeout=BUSY_MS / 1000, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute(f"PRAGMA wal_autocheckpoint={FENCE_PAGES}")
            _common(connection)
        except BaseException:
            connection.close()
            raise
        return connection


def write_ahead(connection: Connection) -> None:
    """Keep a write-ahead log from now on; a file that has one already is not written to.

    SQLite does not wait for the lock this takes, so at everybody's first start it is waited for here."""
    ends = time.monotonic() + BUSY_MS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL").fetchall()
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > ends:
                raise
        time.sleep(0.02)


def open_reader(file: Path) -> Connection:
    """A connection that cannot write; it sees what was committed when each of its reads began."""
    with explained(file):
        uri = f"{file.absolute().as_uri()}?mode=ro"
        connection = connect(
            uri, uri=True, timeout=BUSY_MS / 1000, isolation_level=None, check_same_thread=False
        )
        try:
            connection.execute("PRAGMA query_only=ON")
            _common(connection)
        except BaseException:
            connection.close()
            raise
        return connection


def _common(connection: Connection) -> None:
    connection.execute("PRAGMA cache_size=-16000")
    connection.execute("PRAGMA temp_store=MEMORY")
    connection.execute("PRAGMA trusted_schema=OFF")


_MEANINGS = {
    sqlite3.SQLITE_BUSY: "database_locked",
    sqlite3.SQLITE_LOCKED: "database_locked",
    sqlite3.SQLITE_FULL: "disk_full",
    sqlite3.SQLITE_READONLY: "database_read_only",
    sqlite3.SQLITE_PERM: "database_read_only",
    sqlite3.SQLITE_CANTOPEN: "database_cannot_open",
    sqlite3.SQLITE_NOTADB: "database_damaged",
    sqlite3.SQLITE_CORRUPT: "database_damaged",
    sqlite3.SQLITE_IOERR: "disk_error",
}


@contextmanager
def explained(file: Path) -> Iterator[None]:
    """Turn the driver's errors that are the world's doing into ``Unavailable``; a bug stays a bug."""
    try:
        yield
    except sqlite3.Error as error:
        meaning = _MEANINGS.get((getattr(error, "sqlite_errorcode", None) or 0) & 0xFF)
        if meaning is None:
            raise
        raise Unavailable(meaning, file=file.name, reason=str(error)) from error


def checkpoint(connection: Connection) -> None:
    """Fold the write-ahead log into the file, as far as no reader is in the way; nobody waits for it."""
    connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()


def was_interrupted(error: BaseException) -> bool:
    """Whether the error is the end of a read that was given up."""
    return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT
