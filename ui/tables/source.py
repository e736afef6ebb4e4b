"""The seam between a log list and its data: what is asked for, and how answers reach the GUI thread."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any, Protocol
from uuid import UUID

import shiboken6
from PySide6.QtCore import QObject, Qt, Signal

from db.queries.log import DayCounts, LogFilter, LogLine


class LineSource(Protocol):
    """Where lines come from. Every answer is a future that a reader thread completes.

    The futures may be cancelled while they wait; an exception in one is shown, never raised.
    """

    def counts(self, filter_: LogFilter, /) -> Future[DayCounts]:
        """Lines per day under the filter, as of now."""

    def page(self, counts: DayCounts, first: int, wanted: int) -> Future[list[LogLine]]:
        """Up to ``wanted`` lines from position ``first`` (0 = newest), newest first."""

    def position(self, counts: DayCounts, happened_at: datetime, id_: UUID, /) -> Future[int]:
        """Where a line stands under the counts' filter, or would stand."""

    def lines(self, ids: Sequence[UUID], /) -> Future[list[LogLine]]:
        """The lines with these ids, wherever they stand; what is not here is left out."""


Then = Callable[[list[Any]], None]
Failed = Callable[[BaseException], None]


@dataclass
class _Waiting:
    asker: weakref.ref[Asker]
    lane: str
    futures: Sequence[Future[Any]]
    then: Then
    left: int = field(default=0)


class _Post(QObject):
    """Takes a ticket on any thread and hands it to the GUI thread.

    There is one for the life of the process: an object that a worker emits on must not be destroyed
    meanwhile, nor on that worker. Workers hold tickets only, never a widget or a callback.
    """

    arrived = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.waiting: dict[int, _Waiting] = {}
        self.tickets = count(1)
        self.arrived.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def _deliver(self, ticket: int) -> None:
        waiting = self.waiting.get(ticket)
        if waiting is None:
            return  # a newer question was asked, or the asker is gone
        waiting.left -= 1
        if waiting.left > 0:
            return
        del self.waiting[ticket]
        asker = waiting.asker()
        if asker is not None:
            asker.answer(waiting.lane, waiting.futures, waiting.then)


class _Posts:
    """The one post of the process, made by the first asker (on the GUI thread)."""

    post: _Post | None = None


class Asker:
    """One view's questions. On each lane a new question drops the one before; after ``close`` all are.

    Lives on the GUI thread with its ``owner``; answers for an owner that Qt has destroyed are dropped.
    ``failed`` takes the first exception among a question's futures.
    """

    def __init__(self, owner: QObject, failed: Failed) -> None:
        self._owner = owner
        if _Posts.post is None:
            _Posts.post = _Post()
        self._post = _Posts.post
        self._failed = failed
        self._lanes: dict[str, int] = {}
        self._closed = False

    def ask(self, lane: str, futures: Sequence[Future[Any]], then: Then) -> None:
        """Call ``then`` with the results, in order, on the GUI thread, unless something newer is asked."""
        self.drop(lane)
        if self._closed:
            for future in futures:
                future.cancel()
            return
        ticket = next(self._post.tickets)
        self._lanes[lane] = ticket
        self._post.waiting[ticket] = _Waiting(weakref.ref(self), lane, tuple(futures), then, len(futures))
        arrived = self._post.arrived
        for future in futures:
            future.add_done_callback(lambda _, ticket=ticket: arrived.emit(ticket))  # type: ignore[misc]

    def drop(self, lane: str) -> None:
        """Forget the lane's question and cancel what of it has not begun."""
        waiting = self._post.waiting.pop(self._lanes.pop(lane, 0), None)
        for future in waiting.futures if waiting else ():
            future.cancel()

    def busy(self, lane: str) -> bool:
        """Whether the lane's question is still open."""
        return lane in self._lanes

    def close(self) -> None:
        """Forget every question; nothing is delivered any more."""
        self._closed = True
        for lane in list(self._lanes):
            self.drop(lane)

    def answer(self, lane: str, futures: Sequence[Future[Any]], then: Then) -> None:
        """What the post calls on the GUI thread, once everything asked for has come."""
        del self._lanes[lane]
        if not shiboken6.isValid(self._owner) or any(future.cancelled() for future in futures):
            return
        wrong = next((error for future in futures if (error := future.exception()) is not None), None)
        if wrong is not None:
            self._failed(wrong)
        else:
            then([future.result() for future in futures])
