"""The watch over synchronisation: brings its state to the GUI thread and counts what waits for somebody."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from commandcenter.domain.change import ChangeSet
from commandcenter.sync.state import SyncState
from db.desk.engine import Connection
from db.queries.clashes import clash_count
from db.queries.exchange import Backlog, refused_count, waiting_count
from ui.bridge import Bridge
from ui.live import Live

COUNT_AFTER_MS = 600  # while changes pour in they are counted now and then
AGES_EVERY_MS = 5_000


class Synchronising(Protocol):
    """What the watch needs of the runtime: see commandcenter.desk_sync.DeskSync."""

    def watch(self, heard: Callable[[SyncState], None]) -> None: ...


def backlog(connection: Connection) -> Backlog:
    """What waits, and since when; what was refused; what has several values."""
    count, _, oldest = waiting_count(connection)
    return Backlog(
        waiting=count,
        oldest_at=oldest,
        refused=refused_count(connection)[0],
        exceptions=clash_count(connection),
    )


class SyncWatch(QObject):
    """One for the program's life. ``changed``: state, counts, or only the ages are others now."""

    changed = Signal()
    _told = Signal(object)

    def __init__(self, bridge: Bridge, live: Live, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self.state = SyncState()
        self.backlog = Backlog()
        self._told.connect(self._take, Qt.ConnectionType.QueuedConnection)
        self._count = QTimer(self, singleShot=True, interval=COUNT_AFTER_MS)
        self._count.timeout.connect(self.read)
        self._ages = QTimer(self, interval=AGES_EVERY_MS)
        self._ages.timeout.connect(self._grow_older)
        self._ages.start()
        live.changed.connect(self._heard)

    def follow(self, synchronising: Synchronising) -> None:
        """Hear of its states, the one now and every other; it may tell from any thread."""
        synchronising.watch(self.tell)

    def tell(self, state: SyncState) -> None:
        """Synchronisation has come to this state."""
        self._told.emit(state)

    def read(self) -> None:
        """Count anew."""
        self._bridge.ask(self, backlog, self._counted, topic="backlog")

    def _take(self, state: SyncState) -> None:
        if state != self.state:
            self.state = state
            self.changed.emit()
            self._count.start()

    def _heard(self, _change_set: ChangeSet) -> None:
        if not self._count.isActive():
            self._count.start()

    def _counted(self, counted: Backlog) -> None:
        if counted != self.backlog:
            self.backlog = counted
            self.changed.emit()

    def _grow_older(self) -> None:
        if self.backlog.waiting:
            self.changed.emit()
