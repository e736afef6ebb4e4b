"""Backup and restore of the centre's database: a checked copy of the file, or what pg_dump makes."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
from pathlib import Path

from psycopg.conninfo import make_conninfo
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from commandcenter.domain.errors import Unavailable
from db.centre.engine import CHANNEL, CentreEngine, is_away, reading

SUFFIXES = {"sqlite": ".sqlite3", "postgresql": ".dump"}
_FOLDERS = ("/usr/lib/postgresql/{major}/bin", "/usr/pgsql-{major}/bin", "/usr/local/pgsql/bin")


def suffix_of(engine: CentreEngine) -> str:
    """How a backup's name ends."""
    return SUFFIXES[engine.dialect.name]


def copy_to(engine: CentreEngine, target: Path) -> None:
    """A whole and checked copy of the database as of one moment, or no file at all; writers go on.

    Unavailable ``file_exists``, ``cannot_write_file``, ``database_damaged``, ``postgres_program_missing``,
    ``postgres_program_failed``."""
    if target.exists():
        raise Unavailable("file_exists", file=str(target))
    partial = target.with_name(target.name + ".partial")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        partial.unlink(missing_ok=True)
        if engine.dialect.name == "postgresql":
            _dump(engine, partial)
        else:
            _vacuum(engine, partial)
            check_file(partial)
        with partial.open("rb") as stream:
            os.fsync(stream.fileno())
        partial.replace(target)
    except OSError as error:
        raise Unavailable(
            "cannot_write_file", path=str(target), reason=error.strerror or str(error)
        ) from error
    except sqlite3.OperationalError as error:
        raise Unavailable("cannot_write_file", path=str(target), reason=str(error)) from error
    finally:
        partial.unlink(missing_ok=True)


def _vacuum(engine: CentreEngine, target: Path) -> None:
    connection = engine.raw_connection()
    try:
        driver = connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        driver.execute("VACUUM INTO ?", (str(target),))
    finally:
        connection.close()


def check_file(file: Path) -> None:
    """Unavailable unless ``file`` is a whole centre's database: ``no_such_file``, ``database_damaged``,
    ``not_a_centre_file``."""
    if not file.is_file():
        raise Unavailable("no_such_file", file=str(file))
    try:
        connection = sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
        try:
            (verdict,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
            heads = (
                connection.execute("SELECT count(*) FROM feed_head").fetchone() if tables >= _OURS else (0,)
            )
        finally:
            connection.close()
    except sqlite3.DatabaseError as error:
        raise Unavailable("database_damaged", file=file.name, reason=str(error)) from error
    if verdict != "ok":
        raise Unavailable("database_damaged", file=file.name, reason=str(verdict))
    if heads != (1,):
        raise Unavailable("not_a_centre_file", file=file.name)


_OURS = {"feed_head", "epoch", "journal", "alembic_version"}


def fold_in(file: Path) -> None:
    """Fold a file's write-ahead log in, so that the file alone is the whole."""
    if not file.exists():
        return
    try:
        connection = sqlite3.connect(file)
        try:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        finally:
            connection.close()
    except sqlite3.DatabaseError as error:
        raise Unavailable("database_damaged", file=file.name, reason=str(error)) from error


def load_dump(engine: CentreEngine, dump: Path) -> None:
    """Put a dump in the place of all that PostgreSQL has, in one transaction."""
    if not dump.is_file():
        raise Unavailable("no_such_file", file=str(dump))
    _call(engine, "pg_restore", "--clean", "--if-exists", "--no-owner", "--single-transaction", str(dump))


def others_connected(engine: CentreEngine) -> int:
    """How many connections of serving processes PostgreSQL has beside ours."""
    with reading(engine) as connection:
        return int(connection.execute(_OTHERS, {"name": f"licheng-centre-{CHANNEL}"}).scalar_one())


_OTHERS = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = :name"
)


def epoch_of(engine: CentreEngine) -> int:
    """The newest epoch that this database has begun; 0 where it is none or cannot be read."""
    try:
        with reading(engine) as connection:
            return int(connection.execute(text("SELECT max(epoch) FROM epoch")).scalar() or 0)
    except SQLAlchemyError as error:
        if is_away(error) or "epoch" in str(error.__cause__):
            return 0
        raise


# --- PostgreSQL's own programs


def _dump(engine: CentreEngine, target: Path) -> None:
    _call(engine, "pg_dump", "-Fc", "--no-owner", f"--file={target}")
    _run([_program(engine, "pg_restore"), "--list", str(target)], {})  # a torn file has no whole list


def _call(engine: CentreEngine, name: str, *arguments: str) -> None:
    _, parameters = engine.dialect.create_connect_args(engine.url)
    secret = parameters.pop("password", None)
    parameters.pop("context", None)  # the driver's own
    where = make_conninfo(**parameters)
    _run(
        [_program(engine, name), *arguments, f"--dbname={where}"],
        {} if secret is None else {"PGPASSWORD": str(secret)},  # never on a command line, which all can read
    )


def _run(command: list[str], environment: dict[str, str]) -> None:
    done = subprocess.run(
        command,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=False,
    )
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise Unavailable(
            "postgres_program_failed", program=Path(command[0]).name, reason=said[0] if said else "?"
        )


def _program(engine: CentreEngine, name: str) -> str:
    """PostgreSQL's program of the server's version or a newer one: an older pg_dump refuses the server."""
    with reading(engine) as connection:
        major = int(connection.execute(text("SHOW server_version_num")).scalar_one()) // 10000
    beside = (Path(folder.format(major=major)) / name for folder in _FOLDERS)
    for found in (*(str(path) for path in beside), shutil.which(name)):
        if found is not None and Path(found).is_file() and _major_of(found) >= major:
            return found
    raise Unavailable("postgres_program_missing", program=name, version=major)


def _major_of(program: str) -> int:
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    found = re.search(r"(\d+)", done.stdout)
    return int(found[1]) if found else 0
