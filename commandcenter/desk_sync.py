"""The desk's exchange with its centre, as the runtime has it: who begins it, how it is watched and ended."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, wait
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar
from uuid import UUID

from commandcenter.domain.errors import Answerable, Refused
from commandcenter.sync.state import SyncState

# A window paints before it synchronises: what speaks HTTP is imported on a thread when it is used.
if TYPE_CHECKING:
    from commandcenter.domain.change import ChangeSet
    from commandcenter.protocol.admission import SignInAnswer
    from commandcenter.services.workplace import Workplace
    from commandcenter.sync.administration import Administering, Session
    from commandcenter.sync.content import Compared
    from commandcenter.sync.enrolment import Course, Step
    from commandcenter.sync.membership import Belonging, Membership
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

    def operator_waits(self) -> bool: ...

    def tell(self, change_set: ChangeSet) -> None: ...


class DeskSync:
    """Nothing happens before :meth:`begin`, which is for the holder of the directory's lock only."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._lock = threading.Lock()
        self._running: Synchroniser | None = None
        self._closed = False
        self._enrolling: Enrolling | None = None
        self._session: Session | None = None
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

    def compare(self) -> Future[Compared]:
        """Compare what the rows here say with the centre's, and mend what differs. Refused ``not_enrolled``,
        Unavailable."""
        running = self._running
        return _not_enrolled() if running is None else running.compare()

    def readings_range(self, station_id: UUID, since: datetime, until: datetime) -> Future[int]:
        """Have what was measured at a station from ``since`` to before ``until`` here; how many readings
        came. What was fetched once is not asked for again. Refused ``not_enrolled``, Unavailable."""
        running = self._running
        return _not_enrolled() if running is None else running.readings_range(station_id, since, until)

    def enrol(
        self, url: str, code: str, told: Callable[[Step, str], None] = lambda step, key: None
    ) -> Enrolling:
        """Become a desk of the centre at ``url``, and begin. ``told``: see
        :class:`commandcenter.sync.enrolment.Course`; on a thread of its own. One at a time."""
        enrolling = Enrolling(self, url, code, told)
        with self._lock:
            before, self._enrolling = self._enrolling, enrolling
        if before is not None:
            before.cancel()
        threading.Thread(target=enrolling.work, name="enrol", args=(before,), daemon=True).start()
        return enrolling

    def belonging(self) -> Future[Belonging | None]:
        """Which centre this desk belongs to, read on a thread of its own; None: to none.
        Unavailable ``membership_damaged``."""
        from commandcenter.sync.membership import belonging

        return _apart("belonging", lambda: belonging(self._desk.directory.path))

    def enrolled_by(self, url: str, code: str, course: Course) -> None:
        """The part of :meth:`enrol` that waits for the centre."""
        from commandcenter.domain.change import ChangeSet
        from commandcenter.sync.enrolment import enrol

        self._end()
        try:
            membership = enrol(self._desk.directory.path, url, code, self._ask_writer, course)
        finally:
            self._begin()
        card = ChangeSet(touched={"desk": frozenset({membership.device})})
        self._ask_writer(lambda workplace: self._desk.tell(card))  # who sits where is read anew

    def sign_in(self) -> Callable[[str, str], UUID] | None:
        """The centre's word on who somebody is, for commandcenter.services.sign_in; None: there is none."""
        from commandcenter.sync import membership as memberships
        from commandcenter.sync.enrolment import centre_says

        found = memberships.load(self._desk.directory.path)
        return None if found is None else centre_says(found, self._signed_in)

    def _signed_in(self, answer: SignInAnswer) -> None:
        from commandcenter.sync.administration import Session

        self._session = Session(answer.person, answer.session, answer.until)

    def may_administer(self, person: UUID | None) -> bool:
        """Whether the centre itself has said who sits here, in this program's life."""
        from commandcenter.sync.administration import is_good

        return is_good(self._session, person)

    def administer(self, person: UUID | None, errand: Callable[[Administering], T]) -> Future[T]:
        """Ask something of the centre in the session of who sits here, on a thread of its own. Refused
        ``not_enrolled``, ``session_over``, and as commandcenter.sync.administration.Administering."""

        def work() -> T:
            from commandcenter.sync import membership as memberships
            from commandcenter.sync.administration import Administering, is_good

            found, session = memberships.load(self._desk.directory.path), self._session
            if found is None:
                raise Refused("not_enrolled")
            if session is None or not is_good(session, person):
                raise Refused("session_over")
            asking = Administering(found, session)
            try:
                return errand(asking)
            finally:
                asking.close()

        return _apart("administration", work)

    def close(self) -> None:
        """End the threads, within three seconds."""
        with self._lock:
            self._closed = True
            enrolling = self._enrolling
        if enrolling is not None:
            enrolling.cancel()
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
            submit=self._desk.submit,
            hurried=self._desk.operator_waits,
            ask_reader=self._ask_reader,
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

    def _ask_reader(self, question: Callable[[Connection], T]) -> T:
        return self._desk.ask(question).result()

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


class Enrolling:
    """An enrolment under way."""

    def __init__(self, sync: DeskSync, url: str, code: str, told: Callable[[Step, str], None]) -> None:
        self.done: Future[None] = Future()
        self._sync, self._url, self._code, self._told = sync, url, code, told
        self._course: Course | None = None
        self._given_up = False

    def cancel(self) -> bool:
        """Give it up; False where it is too late."""
        self._given_up = True
        return self._course is None or self._course.cancel()

    def work(self, before: Enrolling | None) -> None:
        """The whole of it, on this thread."""
        from commandcenter.sync.enrolment import Course

        self._course = Course(self._told)
        if self._given_up:
            self._course.cancel()
        try:
            if before is not None:
                wait([before.done])
            self._sync.enrolled_by(self._url, self._code, self._course)
        except BaseException as error:  # noqa: BLE001  it belongs to the one who asked
            self.done.set_exception(error)
        else:
            self.done.set_result(None)


def _not_enrolled() -> Future[Any]:
    refused: Future[Any] = Future()
    refused.set_exception(Refused("not_enrolled"))
    return refused


def _apart(name: str, work: Callable[[], T]) -> Future[T]:
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001  it belongs to the one who asked
            future.set_exception(error)

    threading.Thread(target=run, name=name, daemon=True).start()
    return future
