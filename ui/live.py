"""The live signal: what commits touched, gathered and told to the views at most ten times a second."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from commandcenter.domain.change import ChangeSet

EVERY_MS = 100


class Live(QObject):
    """``tell`` may be called from any thread; ``changed`` comes on the GUI thread, the first at once."""

    changed = Signal(object)  # ChangeSet
    _told = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._gathered: ChangeSet | None = None
        self._timer = QTimer(self, singleShot=True, interval=EVERY_MS)
        self._timer.timeout.connect(self._flush)
        self._told.connect(self._gather, Qt.ConnectionType.QueuedConnection)

    def tell(self, change_set: ChangeSet) -> None:
        """A commit touched these."""
        self._told.emit(change_set)

    def _gather(self, change_set: ChangeSet) -> None:
        self._gathered = change_set if self._gathered is None else self._gathered | change_set
        if not self._timer.isActive():
            self._flush()

    def _flush(self) -> None:
        if self._gathered is None:
            return
        gathered, self._gathered = self._gathered, None
        self._timer.start()
        self.changed.emit(gathered)
