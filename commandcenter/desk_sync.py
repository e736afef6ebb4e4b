"""The desk's exchange with its centre, as the runtime has it: who begins it, how it is watched and ended."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar
from uuid import UUID

from commandcenter.domain.errors import Answerable
from commandcenter.sync.state import SyncState

# A window paints before it synchronises: what speaks HTTP is imported on a thread when it is used.
if TYPE_CHECKING:
    from commandcenter.domain.change import ChangeSet
    from commandcenter.services.workplace import Workplace
    from commandcenter.sync.membership import Membership
    from commandcenter.sync.synchroniser import Synchroniser
    from db.desk.engine import Connection
    from db.desk.exchange import Taken

T = TypeVar("T")
log = logging.getLogger(__name__)

Heard = Callable[[SyncState], None]
Arrived = Callable[[frozenset[UUID]], None]


class Clock(Protocol):
    """What is told of the centre's clock."""

    def measured(self, offset_ms: int | None) -> None: ...


class Directory(Protocol):
    """Where the desk's files lie."""

    @property
    def path(self) -> Path: ...


class Desk(Protocol):
    """What it needs of the runtime: see commandcenter.runtime.Desktop."""

    @property
    def directory(self) -> Directory: ...

    @property
    def clock(self) -> Clock: ...

    def submit(self, work: Callable[[Workplace], T]) -> Future[T]: ...

    def ask(self, question: Callable[[Connection], T]) -> Future[T]: ...

    def tell(self, change_set: ChangeSet) -> None: ...


class DeskSync:
    """Nothing happens before :meth:`begin`, which is for the holder of the directory's lock only."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._lock = threading.Lock()
        self._running: Synchroniser | None = None
        self._closed = False
        self._state = SyncState()
        self._watching: list[Heard] = []
        self._told: list[Arrived] = []

    @property
    def state(self) -> SyncState:
        """As it is now."""
        return self._state

    @property
    def live(self) -> bool:
        """Whether the centre tells of what is new by itself."""
        running = self._running
        return running is not None and running.round.by_stream

    def watch(self, heard: Heard) -> None:
        """Tell ``heard`` the state now and whenever it changes; on any thread."""
        with self._lock:
            self._watching.append(heard)
        heard(self._state)

    def watch_arrivals(self, arrived: Arrived) -> None:
        """Tell ``arrived`` which rows others made or changed; on the writer's thread."""
        self._told.append(arrived)

    def begin(self) -> None:
        """Exchange with the centre from now on, if the desk is enrolled. Returns at once."""
        threading.Thread(target=self._begin, name="sync-begin", daemon=True).start()

    def committed(self) -> None:
        """Something was written here: the worker's flag."""
        running = self._running
        if running is not None:
            running.committed()

    def try_now(self) -> None:
        """Do not wait until the next try is due."""
        running = self._running
        if running is not None:
            running.try_now()

    def enrol(self, url: str, code: str) -> Future[None]:
        """Become a desk of the centre at ``url``, and begin."""
        done: Future[None] = Future()

        def work() -> None:
            from commandcenter.sync.enrolment import enrol

            try:
                self._end()
                try:
                    enrol(self._desk.directory.path, url, code, self._ask_writer)
                finally:
                    self._begin()
                done.set_result(None)
            except BaseException as error:  # noqa: BLE001  it belongs to the one who asked
                done.set_exception(error)

        threading.Thread(target=work, name="enrol", daemon=True).start()
        return done

    def sign_in(self) -> Callable[[str, str], UUID] | None:
        """The centre's word on who somebody is, for commandcenter.services.sign_in; None: there is none."""
        from commandcenter.sync import membership as memberships
        from commandcenter.sync.enrolment import centre_says

        found = memberships.load(self._desk.directory.path)
        return None if found is None else centre_says(found)

    def close(self) -> None:
        """End the threads, within three seconds."""
        with self._lock:
            self._closed = True
        self._end()

    def _begin(self) -> None:
        from commandcenter.sync import membership as memberships

        try:
            found = memberships.load(self._desk.directory.path)
            if found is not None:
                self._start(found)
        except CancelledError:
            pass  # the program ended meanwhile
        except Answerable as error:
            log.error("no exchange with the centre: %s", error)
            self._heard(SyncState(state="no_answer", reason=error.code))
        except Exception:
            log.exception("the exchange with the centre did not begin")
            self._heard(SyncState(state="no_answer", reason="fault"))

    def _start(self, membership: Membership) -> None:
        from commandcenter.sync.enrolment import joined
        from commandcenter.sync.known import known_before
        from commandcenter.sync.synchroniser import Synchroniser

        self._ask_writer(joined(membership))
        before = self._ask_writer(lambda workplace: known_before(workplace.connection))
        running = Synchroniser(
            self._desk.directory.path,
            membership,
            ask_writer=self._ask_writer,
            ask_reader=lambda question: self._desk.ask(question).result(),
            taken=self._taken,
            measured=self._desk.clock.measured,
            heard=self._heard,
            before=before,
        )
        with self._lock:
            if self._closed or self._running is not None:
                return
            self._running = running
        self._heard(running.standing.state)
        running.start()

    def _end(self) -> None:
        with self._lock:
            running, self._running = self._running, None
        if running is not None:
            running.stop()

    def _ask_writer(self, work: Callable[[Workplace], T]) -> T:
        return self._desk.submit(work).result()

    def _taken(self, taken: Taken) -> None:
        if taken.change_set.touched:
            self._safely(self._desk.tell, taken.change_set)
        if taken.shown:
            for arrived in self._told:
                self._safely(arrived, taken.shown)

    def _heard(self, state: SyncState) -> None:
        with self._lock:
            self._state = state
            watching = list(self._watching)
        for heard in watching:
            self._safely(heard, state)

    def _safely(self, tell: Callable[[Any], None], what: object) -> None:
        """It stands, whatever becomes of those who are told."""
        try:
            tell(what)
        except Exception:
            log.exception("what the centre said could not be told")
