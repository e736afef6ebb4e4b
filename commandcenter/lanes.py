"""The lanes: one writer thread that owns the read-write connection, and readers that cannot write."""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from commandcenter.domain.change import ChangeSet
from commandcenter.domain.errors import Unavailable
from db.desk.engine import Connection, StoreError, explained, open_reader, was_interrupted
from db.desk.journal import newest
from db.desk.upgrade import is_settled

if TYPE_CHECKING:  # loaded by the writer when it opens the file
    from commandcenter.services.command import Command
    from commandcenter.services.workplace import Outcome, Workplace

log = logging.getLogger(__name__)
T = TypeVar("T")

POLL_S = 0.2  # how soon another process's commit is noticed
SLICE_S = 0.008  # idle work never keeps an operator's command waiting longer than about this
# What was done is hardly ever the last of its kind: the next slice of a page, the push of what was just
# written. Idle work, with a commit of its own, waits until it is quiet for so long, but not for ever.
QUIET_S = 0.02
LEFT_S = 1.0
OPERATOR, BACKGROUND = 0, 1


class WriterLane:
    """Carries out commands in order on its own thread; when idle it indexes, checkpoints and listens."""

    def __init__(self, open_workplace: Callable[[], Workplace], changed: Callable[[ChangeSet], None]) -> None:
        """``changed`` is called on this thread with what each commit touched, own or another process's."""
        self.ready: Future[Workplace] = Future()
        self._open = open_workplace
        self._changed = changed
        self._queue: list[tuple[int, int, Callable[[Workplace], Any], Future[Any]]] = []
        self._order = itertools.count()
        self._wake = threading.Condition()
        self._closing = False
        self._working = False
        self._unquiet = False  # something was done since the last idle work
        self._idle_at = 0.0  # when that was (monotonic clock)
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)

    def start(self) -> None:
        """Open the file and begin; ``ready`` tells how it went."""
        self._thread.start()

    def execute(self, command: Command) -> Future[Outcome]:
        """Carry out a command; its future is done when it is on the disk."""
        return self.submit(lambda workplace: self._command(workplace, command))

    def submit(self, work: Callable[[Workplace], T], *, background: bool = False) -> Future[T]:
        """Run ``work`` on the writer thread; operators' commands go before background work."""
        future: Future[T] = Future()
        with self._wake:
            if self._closing:
                future.cancel()
                return future
            rank = BACKGROUND if background else OPERATOR
            heapq.heappush(self._queue, (rank, next(self._order), work, future))
            self._wake.notify()
        return future

    def operator_waits(self) -> bool:
        """Whether an operator's command waits to be carried out; asked by background work, without a lock."""
        queue = self._queue
        return bool(queue) and queue[0][0] == OPERATOR

    def busy(self) -> bool:
        """Whether something handed in is not done yet."""
        with self._wake:
            return bool(self._queue) or self._working

    def close(self, deadline_s: float) -> bool:
        """Carry out what was handed in, close the file, end. False if the deadline was missed."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        if self._thread.ident is not None:  # never started: nothing to wait for
            self._thread.join(deadline_s)
        if self._thread.is_alive():
            log.error("the writer lane missed its deadline of %s s", deadline_s)
            return False
        return True

    def _command(self, workplace: Workplace, command: Command) -> Outcome:
        outcome = workplace.execute(command)
        if outcome.changes:
            self._tell(outcome.change_set)
        return outcome

    def _tell(self, change_set: ChangeSet) -> None:
        """Tell of a commit. It stands, whatever becomes of those who are told."""
        try:
            self._changed(change_set)
        except Exception:
            log.exception("a commit could not be told")

    def _run(self) -> None:
        try:
            workplace = self._open()
        except BaseException as error:  # noqa: BLE001  whoever waits is told
            self.ready.set_exception(error)
            self._give_up(error)
            return
        self.ready.set_result(workplace)
        try:
            while self._step(workplace):
                pass
        except BaseException as error:
            log.critical("the writer lane ended", exc_info=True)
            self._give_up(error)
            raise
        finally:
            workplace.close()

    def _give_up(self, error: BaseException) -> None:
        """Nothing more is carried out: whoever waits is told why, whoever comes is turned away."""
        with self._wake:
            self._closing = True
            waiting, self._queue = self._queue, []
        for *_, future in waiting:
            if future.set_running_or_notify_cancel():
                future.set_exception(error)

    def _step(self, workplace: Workplace) -> bool:
        with self._wake:
            if not self._queue and not self._closing and self._unquiet:
                self._unquiet = time.monotonic() < self._idle_at + LEFT_S and self._wake.wait(QUIET_S)
            item = heapq.heappop(self._queue) if self._queue else None
            self._working = item is not None
            self._unquiet = self._unquiet or item is not None
            if item is None and self._closing:
                return False
        if item is not None:
            _, _, work, future = item
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(work(workplace))
                except BaseException as error:  # noqa: BLE001  it belongs to the one who asked
                    future.set_exception(error)
            return True
        self._unquiet = False
        waiting = self._idle(workplace)
        self._idle_at = time.monotonic()
        with self._wake:
            if not self._queue and not self._closing:
                self._wake.wait(0.001 if waiting else POLL_S)
        return True

    def _idle(self, workplace: Workplace) -> bool:
        """One slice of idle work. True if more is waiting."""
        try:
            others = workplace.changes_by_others()
            if others is not None and others.touched:
                self._tell(others)
            return workplace.idle(SLICE_S)
        except (StoreError, Unavailable):
            # a lock held by another process, a full disk: the next slice tries again, the log says so
            log.warning("idle work is waiting", exc_info=True)
        except Exception:
            # our fault; but the operator's next line matters more than the work that waits
            log.exception("idle work failed")
        with self._wake:
            if not self._queue and not self._closing:
                self._wake.wait(POLL_S)
        return False


class ReaderLanes:
    """Two read-only connections; a question runs on either, and can be cancelled while it runs."""

    def __init__(self, file: Path, ready: Future[Workplace], count: int = 2) -> None:
        self._file = file
        self._ready = ready
        self._local = threading.local()
        self._running: dict[Future[Any], Connection] = {}
        self._waiting: set[Future[Any]] = set()  # asked, and not done
        self._lock = threading.Lock()
        self._closed = False
        self.seen_early: int | None = None  # the newest entry there was when a reader came before the writer
        self._connections: list[Connection] = []
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="reader")

    def ask(self, question: Callable[[Connection], T]) -> Future[T]:
        """Answer ``question`` with a connection that sees one consistent state."""
        answer: Future[T] = Future()
        with self._lock:
            if self._closed:
                answer.cancel()
                return answer
            self._waiting.add(answer)
            self._pool.submit(self._answer, question, answer)
        answer.add_done_callback(self._answered)
        return answer

    def _answered(self, answer: Future[Any]) -> None:
        with self._lock:
            self._waiting.discard(answer)

    def cancel(self, answer: Future[Any]) -> None:
        """A newer question makes this one pointless; it is interrupted if it is being asked."""
        answer.cancel()
        with self._lock:
            connection = self._running.get(answer)
            if connection is not None:
                connection.interrupt()

    def _answer(self, question: Callable[[Connection], T], answer: Future[T]) -> None:
        if not answer.set_running_or_notify_cancel():
            return
        try:
            connection = self._connection()
            with self._lock:
                self._running[answer] = connection
            try:
                with explained(self._file):
                    result = question(connection)
            finally:
                with self._lock:
                    del self._running[answer]
            answer.set_result(result)
        except BaseException as error:  # noqa: BLE001  it belongs to the one who asked
            answer.set_exception(CancelledError() if was_interrupted(error) else error)

    def _connection(self) -> Connection:
        connection: Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._open_early()
            if connection is None:
                self._ready.result()
                connection = open_reader(self._file)
            self._local.connection = connection
            with self._lock:
                self._connections.append(connection)
        elif self._ready.done():
            self._ready.result()
        return connection

    def _open_early(self) -> Connection | None:
        """A file to which nothing need be done is read at once, while the writer is still opening it.

        None if there is no such file; what is wrong with it the writer will tell."""
        if self._ready.done() or not self._file.is_file():
            return None
        try:
            connection = open_reader(self._file)
        except Unavailable:
            return None
        try:
            settled = is_settled(connection)
            seen = newest(connection) if settled else 0
        except StoreError:
            settled = False
        if not settled:
            connection.close()
            return None
        with self._lock:
            self.seen_early = seen if self.seen_early is None else min(self.seen_early, seen)
        return connection

    def busy(self) -> bool:
        """Whether a question is waiting or being answered."""
        with self._lock:
            return bool(self._waiting)

    def close(self) -> None:
        """Interrupt what runs, end the threads, close the connections."""
        with self._lock:
            self._closed = True
            for connection in self._running.values():
                connection.interrupt()
        self._pool.shutdown(wait=True, cancel_futures=True)
        with self._lock:
            unasked = list(self._waiting)
        for answer in unasked:  # those that no thread came to
            answer.cancel()
        for connection in self._connections:
            connection.close()
