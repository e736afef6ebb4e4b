"""The centre's way to its database: one file of SQLite, or PostgreSQL; and how news of the feed arrives.

A write is ``with engine.begin()``: on SQLite that is BEGIN IMMEDIATE, so that one who reads and then writes
never finds himself overtaken. A read is ``with reading(engine)``: BEGIN, which waits for nobody.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import sqlite3
import threading
import time
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import psycopg
from sqlalchemy import URL, Connection, Engine, Select, create_engine, event, func, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, DisconnectionError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from commandcenter.domain.errors import Unavailable

CentreEngine = Engine  # its name for those who speak no SQL
FILE = "centre.sqlite3"
CHANNEL = "feed"

CONNECTIONS = 14  # of a process; two processes and a backup fit into PostgreSQL's hundred easily
POOL_WAIT_S = 5.0
BUSY_MS = 15_000
LOCK_MS = 10_000
STATEMENT_MS = 60_000
# A checkpoint is somebody's commit made longer; this many pages are 16 MB.
FENCE_PAGES = 4_000
RETRY_S = 0.5
KEEPALIVE = {"keepalives_idle": 15, "keepalives_interval": 5, "keepalives_count": 3}

_READING = "licheng_reading"
_OF_A_READER: dict[str, dict[str, Any]] = {
    "sqlite": {_READING: True},
    "postgresql": {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True},
}


def open_centre(database_url: str | None, data_dir: Path, *, connections: int = CONNECTIONS) -> Engine:
    """The engine of the centre whose folder is ``data_dir``: its file, or the PostgreSQL of ``database_url``.

    ``connections``: at most so many at once. Nothing is read or written yet.

    Unavailable ``cannot_make_directory``, ``not_a_database_url``."""
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise Unavailable("cannot_make_directory", path=str(data_dir), reason=reason) from error
    if database_url is None:
        return _on_file(data_dir / FILE, connections)
    return _on_postgresql(database_url, connections)


def _on_file(file: Path, connections: int) -> Engine:
    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            file, timeout=BUSY_MS / 1000, isolation_level=None, check_same_thread=False
        )
        try:
            _write_ahead(connection)
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute(f"PRAGMA wal_autocheckpoint={FENCE_PAGES}")
            connection.execute("PRAGMA cache_size=-16000")
            connection.execute("PRAGMA temp_store=MEMORY")
            connection.execute("PRAGMA trusted_schema=OFF")
        except BaseException:
            connection.close()
            raise
        return connection

    engine = create_engine(
        URL.create("sqlite", database=str(file)),
        creator=connect,
        poolclass=QueuePool,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=POOL_WAIT_S,
        hide_parameters=True,  # what somebody wrote stands in no log
    )
    event.listen(engine, "begin", _begin)
    return engine


def _begin(connection: Connection) -> None:
    if connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT":
        return
    reads = connection.get_execution_options().get(_READING, False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def _write_ahead(connection: sqlite3.Connection) -> None:
    """SQLite does not wait for the lock that the first change of the mode takes, so it is waited for here."""
    ends = time.monotonic() + BUSY_MS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL").fetchall()
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > ends:
                raise
        time.sleep(0.02)


def _on_postgresql(database_url: str, connections: int) -> Engine:
    try:
        url = make_url(database_url)
    except ArgumentError as error:
        raise Unavailable("not_a_database_url") from error
    if url.get_backend_name() != "postgresql":
        raise Unavailable("not_a_database_url")
    options = {
        "synchronous_commit": "on",
        "lock_timeout": LOCK_MS,
        "statement_timeout": STATEMENT_MS,
        "idle_in_transaction_session_timeout": STATEMENT_MS,
    }
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        isolation_level="READ COMMITTED",
        pool_size=connections,
        max_overflow=0,
        pool_timeout=POOL_WAIT_S,
        pool_use_lifo=True,
        hide_parameters=True,
        connect_args={
            "application_name": "licheng-centre",
            "connect_timeout": 5,
            **KEEPALIVE,
            "options": " ".join(f"-c {name}={value}" for name, value in options.items()),
        },
    )
    event.listen(engine, "connect", _in_utc)
    return engine


def _in_utc(connection: Any, _: ConnectionPoolEntry) -> None:
    connection.execute("SET TIME ZONE 'UTC'")
    connection.commit()


@contextlib.contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection that only reads, everything as of one moment; it never waits for a writer."""
    with engine.connect() as connection:
        yield connection.execution_options(**_OF_A_READER[engine.dialect.name])


@contextlib.contextmanager
def looking(engine: Engine) -> Iterator[Connection]:
    """A connection for one question: no transaction is begun for it."""
    with engine.connect() as connection:
        yield connection.execution_options(isolation_level="AUTOCOMMIT")


@contextlib.contextmanager
def apart(engine: Engine) -> Iterator[Connection]:
    """A connection without a transaction, for who begins several one after another."""
    with engine.connect() as connection:
        yield connection


def is_away(error: BaseException) -> bool:
    """Whether the error is the database that does not answer, is busy or has no connection left: the same
    request may succeed later. Any other error of it is a bug."""
    if isinstance(error, Unavailable | PoolTimeout | DisconnectionError | InterfaceError):
        return True
    if isinstance(error, DBAPIError):
        return isinstance(error, OperationalError) or error.connection_invalidated
    return isinstance(error, psycopg.OperationalError | sqlite3.OperationalError)


def connections_in_use(engine: Engine) -> int:
    """How many connections of the pool are out."""
    pool = engine.pool
    return pool.checkedout() if isinstance(pool, QueuePool) else 0


def schema_of(engine: Engine) -> str | None:
    """The revision of the newest migration that the database has; None where it has no schema."""
    with reading(engine) as connection:
        if not engine.dialect.has_table(connection, "alembic_version"):
            return None
        found: str | None = connection.execute(_REVISION).scalar()
        return found


_REVISION = text("SELECT version_num FROM alembic_version")


# --- news


class Listener(Protocol):
    """What the reader of the feed waits on, on a thread of its own."""

    def wait(self, timeout_s: float) -> bool:
        """Wait until something may have been numbered: True; or until the time is over: False."""

    def wake(self) -> None:
        """End the wait now; from any thread."""

    def close(self) -> None:
        """Give up what is held; a wait under way ends."""


_listeners: weakref.WeakKeyDictionary[Engine, weakref.WeakSet[_InProcess]] = weakref.WeakKeyDictionary()
_listeners_lock = threading.Lock()


def listen(engine: Engine) -> Listener:
    """A listener to the feed: PostgreSQL tells every process (:func:`telling`); beside a file somebody has to
    :func:`announce` it."""
    if engine.dialect.name == "postgresql":
        return _OnChannel(engine)
    listener = _InProcess()
    with _listeners_lock:
        _listeners.setdefault(engine, weakref.WeakSet()).add(listener)
    return listener


_NOTIFY = text(f"NOTIFY {CHANNEL}")


def tell(connection: Connection) -> None:
    """Within a transaction that numbers nothing: PostgreSQL tells every process when it is committed."""
    if connection.dialect.name == "postgresql":
        connection.execute(_NOTIFY)


def telling(statement: Select[Any]) -> dict[str, Select[Any]]:
    """{dialect: a question asked by the transaction that numbers something}: PostgreSQL tells every process
    when that is committed."""
    return {
        "sqlite": statement,
        "postgresql": statement.add_columns(func.pg_notify(CHANNEL, "").label("told")),
    }


def announce(engine: Engine) -> None:
    """After the commit, beside a file: tell this process's listeners. PostgreSQL has told them already."""
    with _listeners_lock:
        told = list(_listeners.get(engine, ()))
    for listener in told:
        listener.wake()


class _InProcess:
    def __init__(self) -> None:
        self._event = threading.Event()

    def wait(self, timeout_s: float) -> bool:
        heard = self._event.wait(timeout_s)
        self._event.clear()
        return heard

    def wake(self) -> None:
        self._event.set()

    def close(self) -> None:
        self._event.set()


class _OnChannel:
    """A connection of its own; one that breaks is made anew, and the reader looks once more after it: what
    was told in between was told to nobody."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: psycopg.Connection[Any] | None = None
        self._inside, self._outside = socket.socketpair()
        self._inside.setblocking(False)
        self._outside.setblocking(False)
        self._closed = False
        self._lock = threading.Lock()

    def wait(self, timeout_s: float) -> bool:
        if self._closed:
            return False
        if self._connection is None:
            # a new connection: the reader looks at once, whatever was told to nobody meanwhile
            return self._connect(timeout_s)
        try:
            with selectors.DefaultSelector() as selector:
                selector.register(self._connection.fileno(), selectors.EVENT_READ)
                selector.register(self._inside, selectors.EVENT_READ)
                heard = {key.fileobj for key, _ in selector.select(timeout_s)}
            if self._inside in heard:
                self._drain()
            list(self._connection.notifies(timeout=0))
            return bool(heard)
        except (psycopg.Error, OSError, ValueError):
            self._drop()
            return True

    def _connect(self, timeout_s: float) -> bool:
        arguments, parameters = self._engine.dialect.create_connect_args(self._engine.url)
        options: dict[str, Any] = {**parameters, **KEEPALIVE}
        options |= {"application_name": "licheng-centre-feed", "connect_timeout": 5, "autocommit": True}
        try:
            self._connection = psycopg.connect(*arguments, **options)
            self._connection.execute(f"LISTEN {CHANNEL}")
        except psycopg.Error:
            self._drop()
            with selectors.DefaultSelector() as selector:
                selector.register(self._inside, selectors.EVENT_READ)
                selector.select(min(RETRY_S, timeout_s))
            self._drain()
            return False
        return True

    def _drain(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while self._inside.recv(4096):
                pass

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(psycopg.Error, OSError):
                connection.close()

    def wake(self) -> None:
        with self._lock, contextlib.suppress(BlockingIOError):
            if not self._closed:
                self._outside.send(b"!")

    def close(self) -> None:
        """Called by the thread that waits, or after it has ended."""
        self._drop()
        with self._lock:
            self._closed = True
            self._inside.close()
            self._outside.close()
