"""The news: what came from other desks while this one was at something else; one sound at most."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QElapsedTimer, QObject, QTimer, Signal
from PySide6.QtWidgets import QApplication

from commandcenter.domain.change import ChangeSet
from commandcenter.domain.record import REGISTRY
from db.queries.news import News, Piece, begin, since
from ui.bridge import Bridge
from ui.live import Live

READ_AFTER_MS = 150
KEPT = 200  # pieces held for the list; the count goes on
QUIET_MS = 10_000  # between two sounds


class NewsKeeper(QObject):
    """One for the program's life. Nothing on the screen moves for it but a number on the rail."""

    changed = Signal()

    def __init__(self, bridge: Bridge, live: Live, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._after: int | None = None
        self._again = False
        self._reading = False
        self.pieces: list[Piece] = []  # the newest first
        self.count = 0
        self.sounds = True
        self.sound: Callable[[], None] = QApplication.beep
        self.looking: Callable[[], bool] = lambda: False  # whether somebody sees what comes as it comes
        self._sounded = QElapsedTimer()
        self._timer = QTimer(self, singleShot=True, interval=READ_AFTER_MS)
        self._timer.timeout.connect(self._read)
        live.changed.connect(self._heard)
        bridge.ask(self, begin, self._begun)

    def seen(self, count: int | None = None) -> None:
        """Somebody has looked at what came: at the ``count`` oldest of it, or at everything."""
        left = 0 if count is None else max(0, self.count - count)
        if left != self.count:
            self.pieces, self.count = self.pieces[:left], left
            self.changed.emit()

    def _begun(self, after: int) -> None:
        self._after = after

    def _heard(self, change_set: ChangeSet) -> None:
        if REGISTRY.keys() & change_set.touched.keys() and not self._timer.isActive():
            self._timer.start()

    def _read(self) -> None:
        after = self._after
        if after is None or self._reading:
            self._again = self._reading
            return
        self._reading = True
        self._bridge.ask(self, lambda connection: since(connection, after), self._came, self._failed)

    def _failed(self, _error: BaseException) -> None:
        self._reading = False  # the next change asks again

    def _came(self, news: News) -> None:
        self._reading = False
        self._after = max(self._after or 0, news.upto)
        if self._again:
            self._again = False
            self._timer.start()
        if not news.pieces:
            return
        if any(piece.important for piece in news.pieces):
            self._sound()
        if not self.looking():
            self.pieces = [*news.pieces, *self.pieces][:KEPT]
            self.count += len(news.pieces)
            self.changed.emit()

    def _sound(self) -> None:
        if self.sounds and (not self._sounded.isValid() or self._sounded.hasExpired(QUIET_MS)):
            self._sounded.start()
            self.sound()
