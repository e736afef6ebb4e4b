"""Backup and restore of a desk's file: a copy checked before it is called one."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from commandcenter.domain.errors import Unavailable
from db.desk import purge
from db.desk.engine import Connection, connect, explained
from db.desk.upgrade import SCHEMA, keep_copy


def check_file(file: Path) -> None:
    """Unavailable unless ``file`` is a whole desk database of this or an older schema."""
    if not file.is_file():
        raise Unavailable("no_such_file", file=str(file))
    with explained(file):
        connection = connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)
        try:
            (verdict,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
            (version,) = connection.execute("PRAGMA user_version").fetchone()
        finally:
            connection.close()
    if verdict != "ok":
        raise Unavailable("database_damaged", file=file.name, reason=str(verdict))
    if version == 0:
        raise Unavailable("not_a_desk_file", file=file.name)
    if version > SCHEMA:
        raise Unavailable("database_newer", file=file.name)


def backup(connection: Connection, file: Path, target: Path) -> None:
    """Copy the open database to ``target`` and check the copy; refuses to overwrite."""
    if target.exists():
        raise Unavailable("file_exists", file=str(target))
    if purge.wants_scrub(connection):  # a copy has the freed pages too
        with explained(file):
            purge.scrub(connection)
    try:
        keep_copy(connection, file, target)
    except OSError as error:
        raise Unavailable("cannot_write_file", path=str(target), reason=error.strerror) from error
    except sqlite3.OperationalError as error:
        raise Unavailable("cannot_write_file", path=str(target), reason=str(error)) from error
    check_file(target)


def copy_whole(source: Path, target: Path) -> None:
    """A copy of ``source`` with what stands in its write-ahead log, on the disk when this returns."""
    with explained(source):
        connection = connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)
        try:
            keep_copy(connection, source, target)
        finally:
            connection.close()


def fold_in(file: Path) -> None:
    """Fold a desk's write-ahead log in, so that the file alone is the whole. Where another process has it
    open the log stays beside it."""
    with explained(file):
        connection = connect(file)
        try:
            connection.execute("PRAGMA user_version").fetchone()  # opens the file and its log
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        finally:
            connection.close()


def carry_counters(connection: Connection, former: Path) -> None:
    """Raise this file's counters to those of ``former``, so that no spoken number is given twice.

    A former file that cannot be read has nothing to say: what it gave is then not known here."""
    try:
        other = connect(f"{former.absolute().as_uri()}?mode=ro", uri=True)
        try:
            found = other.execute("SELECT name, n FROM counter").fetchall()
        finally:
            other.close()
    except sqlite3.DatabaseError:
        return
    connection.executemany(
        "INSERT INTO counter (name, n) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET n = max(n, excluded.n)",
        found,
    )
