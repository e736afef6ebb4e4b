"""The bridge: the GUI thread hands commands and questions over, and answers come back to their owners."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import shiboken6
from PySide6.QtCore import QObject, Qt, Signal

from commandcenter.domain.errors import Answerable
from db.desk.engine import Connection

# the commands' half of the program is loaded on the writer's thread; the first lines do not wait for it
if TYPE_CHECKING:
    from commandcenter.services.command import Command
    from commandcenter.services.workplace import Outcome

log = logging.getLogger(__name__)
T = TypeVar("T")
Failed = Callable[[BaseException], None]


class Lanes(Protocol):
    """What the bridge needs of the runtime: see commandcenter.runtime.Desktop."""

    def execute(self, command: Command) -> Future[Outcome]: ...

    def ask(self, question: Callable[[Connection], T]) -> Future[T]: ...

    def cancel(self, answer: Future[Any]) -> None: ...


class Bridge(QObject):
    """Lives on the GUI thread. A result whose owner is gone is dropped; a newer question with the same
    owner and topic gives the older one up."""

    _landed = Signal(object)
    saved = Signal()  # a command's changes are on the disk
    failed = Signal(object)  # an error nobody handled: the shell says so

    def __init__(self, lanes: Lanes) -> None:
        super().__init__()
        self._lanes = lanes
        self._open: dict[tuple[int, str], Future[Any]] = {}
        self._landed.connect(self._land, Qt.ConnectionType.QueuedConnection)

    def execute(
        self,
        owner: QObject,
        command: Command,
        done: Callable[[Outcome], None] | None = None,
        failed: Failed | None = None,
    ) -> Future[Outcome]:
        """Carry out a command; ``done`` runs on this thread once it is on the disk."""

        def carried_out(outcome: Outcome) -> None:
            if outcome.changes:
                self.saved.emit()
            if done is not None:
                done(outcome)

        future = self._lanes.execute(command)
        self._return(owner, future, carried_out, failed)
        return future

    def ask(
        self,
        owner: QObject,
        question: Callable[[Connection], T],
        done: Callable[[T], None],
        failed: Failed | None = None,
        *,
        topic: str = "",
    ) -> Future[T]:
        """Ask a reader; with a ``topic`` an older question of the same owner and topic is cancelled."""
        key = (id(owner), topic)
        if topic:
            older = self._open.pop(key, None)
            if older is not None and not older.done():
                self._lanes.cancel(older)
        future = self._lanes.ask(question)
        if topic:
            self._open[key] = future
        self._return(owner, future, done, failed)
        return future

    def deliver(
        self, owner: QObject, future: Future[T], done: Callable[[T], None], failed: Failed | None = None
    ) -> None:
        """Bring the result of any future to its owner on this thread."""
        self._return(owner, future, done, failed)

    def _return(self, owner: QObject, future: Future[Any], done: Any, failed: Failed | None) -> None:
        def over(finished: Future[Any]) -> None:
            # on a worker thread, or here if it was done already: the signal brings it to the GUI thread
            if shiboken6.isValid(self):
                self._landed.emit((owner, finished, done, failed))

        future.add_done_callback(over)

    def _land(self, landed: tuple[QObject, Future[Any], Any, Failed | None]) -> None:
        owner, future, done, failed = landed
        for key in [key for key, held in self._open.items() if held is future]:
            del self._open[key]
        if not shiboken6.isValid(owner) or future.cancelled():
            return
        error = future.exception()
        if error is None:
            if done is not None:
                done(future.result())
        elif isinstance(error, CancelledError):
            return
        elif failed is not None:
            failed(error)
        else:
            if not isinstance(error, Answerable):
                log.error("a command or question failed", exc_info=error)
            self.failed.emit(error)
