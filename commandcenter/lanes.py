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
from typing import Any, TypeVar

from commandcenter.domain.change import ChangeSet
from commandcenter.domain.errors import Unavailable
from commandcenter.services.command import Command
from commandcenter.services.workplace import Outcome, Workplace
from db.desk.engine import Connection, StoreError, explained, open_reader, was_interrupted

log = logging.getLogger(__name__)
T = TypeVar("T")

POLL_S = 0.2  # how soon another process's commit is noticed
SLICE_S = 0.008  # idle work never keeps an operator's command waiting longer than about this
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

    def busy(self) -> bool:
        """Whether something handed in is not done yet."""
        with self._wake:
            return bool(self._queue) or self._working

    def close(self, deadline_s: float) -> bool:
        """Carry out what was handed in, close the file, end. False if the deadline was missed."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join(deadline_s)
        if self._thread.is_alive():
            log.error("the writer lane missed its deadline of %s s", deadline_s)
            return False
        return True

    def _command(self, workplace: Workplace, command: Command) -> Outcome:
        outcome = workplace.execute(command)
        if outcome.changes:
            self._changed(outcome.change_set)
        return outcome

    def _run(self) -> None:
        try:
            workplace = self._open()
        except BaseException as error:  # noqa: BLE001  whoever waits is told
            self.ready.set_exception(error)
            with self._wake:
                self._closing = True
                waiting, self._queue = self._queue, []
            for *_, future in waiting:
                future.set_exception(error)
            return
        self.ready.set_result(workplace)
        try:
            while self._step(workplace):
                pass
        finally:
            workplace.close()

    def _step(self, workplace: Workplace) -> bool:
        with self._wake:
            item = heapq.heappop(self._queue) if self._queue else None
            self._working = item is not None
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
        waiting = self._idle(workplace)
        with self._wake:
            if not self._queue and not self._closing:
                self._wake.wait(0.001 if waiting else POLL_S)
        return True

    def _idle(self, workplace: Workplace) -> bool:
        """One slice of idle work. True if more is waiting."""
        try:
            others = workplace.changes_by_others()
            if others is not None:
                self._changed(others)
            return workplace.idle(SLICE_S)
        except (StoreError, Unavailable):
            # a lock held by another process, a full disk: the next slice tries again, the log says so
            log.warning("idle work is waiting", exc_info=True)
            time.sleep(POLL_S)
            return False


class ReaderLanes:
    """Two read-only connections; a question runs on either, and can be cancelled while it runs."""

    def __init__(self, file: Path, ready: Future[Workplace], count: int = 2) -> None:
        self._file = file
        self._ready = ready
        self._local = threading.local()
        self._running: dict[Future[Any], Connection] = {}
        self._lock = threading.Lock()
        self._asked = 0
        self._closed = False
        self._connections: list[Connection] = []
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="reader")

    def ask(self, question: Callable[[Connection], T]) -> Future[T]:
        """Answer ``question`` with a connection that sees one consistent state."""
        answer: Future[T] = Future()
        with self._lock:
            if self._closed:
                answer.cancel()
                return answer
            self._asked += 1
        answer.add_done_callback(self._answered)
        self._pool.submit(self._answer, question, answer)
        return answer

    def _answered(self, answer: Future[Any]) -> None:
        with self._lock:
            self._asked -= 1

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
            self._ready.result()
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
            connection = open_reader(self._file)
            self._local.connection = connection
            with self._lock:
                self._connections.append(connection)
        return connection

    def busy(self) -> bool:
        """Whether a question is waiting or being answered."""
        with self._lock:
            return self._asked > 0

    def close(self) -> None:
        """Interrupt what runs, end the threads, close the connections."""
        with self._lock:
            self._closed = True
            for connection in self._running.values():
                connection.interrupt()
        self._pool.shutdown(wait=True, cancel_futures=True)
        for connection in self._connections:
            connection.close()
