"""The schema's age: a file made anew, brought up to date after a copy was kept, or refused as newer."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from commandcenter.domain.errors import Unavailable
from db.desk.engine import Connection, connect, explained

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy.engine import Connection as CoreConnection

# How many migrations this program knows; kept in the file as user_version, so that an ordinary start need
# not load Alembic. A test holds it to the migrations' number.
SCHEMA = 4


def ensure(connection: Connection, file: Path, backups: Path) -> bool:
    """Bring the file to this program's schema. True if it was made anew.

    Unavailable ``database_newer`` if a newer program wrote it, ``not_a_desk_file`` if it is some other
    SQLite database. Before an upgrade a copy is kept in ``backups``.
    """
    with explained(file):
        version, tables = _age(connection)
        if version == SCHEMA:
            return False
        if version > SCHEMA:
            raise Unavailable("database_newer", file=file.name)
        if version == 0 and tables:
            raise Unavailable("not_a_desk_file", file=file.name)

        def keep(was: int) -> None:
            keep_copy(connection, file, backups / f"before-upgrade-{was}-to-{SCHEMA}.sqlite3")

        _upgrade(file, keep)
        return version == 0


def is_settled(connection: Connection) -> bool:
    """Whether the file can be read as it is: of this schema, with its write-ahead log, and a desk."""
    if connection.execute("PRAGMA user_version").fetchone() != (SCHEMA,):
        return False
    if connection.execute("PRAGMA journal_mode").fetchone() != ("wal",):
        return False
    return connection.execute("SELECT 1 FROM local WHERE key = 'device'").fetchone() is not None


def _age(connection: Connection) -> tuple[int, int]:
    """(schema, things in the file), both as of one moment: another process may be making the file."""
    connection.execute("BEGIN")
    try:
        # the first read begins the view, and user_version alone would not always be one
        (things,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
    finally:
        connection.execute("ROLLBACK")
    return int(version), int(things)


def keep_copy(connection: Connection, file: Path, target: Path) -> None:
    """A consistent copy of the file, complete or not there at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(target.name + ".partial")
    partial.unlink(missing_ok=True)
    try:
        with explained(file):
            copy = connect(partial)
            try:
                connection.backup(copy)
            finally:
                copy.close()
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def configuration(connection: CoreConnection) -> Config:
    """Alembic's configuration for one open connection; there is no ini file."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "db:migrations")
    config.attributes["connection"] = connection
    return config


def revisions() -> tuple[str, ...]:
    """The migrations in order, oldest first."""
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", "db:migrations")
    found = ScriptDirectory.from_config(config).walk_revisions()
    return tuple(reversed([script.revision for script in found]))


def _upgrade(file: Path, keep: Callable[[int], None]) -> None:
    from alembic import command
    from sqlalchemy import create_engine, event
    from sqlalchemy.exc import DBAPIError
    from sqlalchemy.pool import StaticPool

    def raw() -> sqlite3.Connection:
        return connect(file, isolation_level=None, check_same_thread=False, timeout=30)

    engine = create_engine("sqlite://", creator=raw, poolclass=StaticPool)
    # the driver would commit before each DDL statement; this way an upgrade is one transaction
    event.listen(engine, "begin", lambda core: core.exec_driver_sql("BEGIN IMMEDIATE"))
    try:
        with engine.begin() as core:
            (version,) = core.exec_driver_sql("PRAGMA user_version").one()
            if version < SCHEMA:  # another process may have been faster
                if version:
                    keep(version)  # nobody else writes now: the copy is what the upgrade begins with
                command.upgrade(configuration(core), "head")
                core.exec_driver_sql(f"PRAGMA user_version = {SCHEMA}")
    except DBAPIError as error:
        raise error.orig or error from error  # a full disk is one whoever meets it
    finally:
        engine.dispose()
