"""The idle desk: after a while without key or mouse, or at once, names and phones are hidden."""

from __future__ import annotations

import time
from collections.abc import Callable

import shiboken6
from PySide6.QtCore import QEvent, QObject, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QWindow

AFTER_S = 600
# What a hand does. An input method takes keys before the window sees them and hands over text.
_DONE = frozenset(
    {
        QEvent.Type.KeyPress,
        QEvent.Type.InputMethod,
        QEvent.Type.MouseButtonPress,
        QEvent.Type.MouseMove,
        QEvent.Type.Wheel,
        QEvent.Type.TouchBegin,
        QEvent.Type.TabletPress,
    }
)
_PRESSED = _DONE - {QEvent.Type.MouseMove, QEvent.Type.Wheel}


def awake_s() -> float:
    """Seconds since some moment, those in which the machine slept included where the system counts them."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)


class Idle(QObject):
    """Counts what hands do in the window that has the focus, and says when names are hidden and shown.

    It listens to the focus object and its window only: a filter over the whole application would see every
    paint. ``locks``: only whoever signs in shows names again (``show_names``); else any key or click does."""

    masked = Signal(bool)

    def __init__(self, parent: QObject | None = None, *, now: Callable[[], float] = awake_s) -> None:
        super().__init__(parent)
        self.locks = False
        self.on = False
        self._exempt = False
        self._now = now
        self._after = float(AFTER_S)
        self._held: dict[int, QObject] = {}
        self._last = now()  # when somebody last did something
        self._spent: float | None = None  # how long nobody had when the count was held
        self._heard: list[QObject] = []
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self._look)
        self._start()
        app = QGuiApplication.instance()
        if isinstance(app, QGuiApplication):
            app.focusObjectChanged.connect(self._listen)
            app.focusWindowChanged.connect(self._listen)
        self._listen()

    # ---- what it is told

    def set_after(self, seconds: float) -> None:
        """After how long without a hand."""
        if seconds != self._after:
            self._after = seconds
            self._start()

    def set_exempt(self, exempt: bool) -> None:
        """A wall session is looked at and never touched: it does not hide anything."""
        self._exempt = exempt
        self._start()

    def hold(self, who: QObject) -> None:
        """The count stands still while ``who`` is open; it is not begun again by that."""
        if not self._held:
            self._spent = self._now() - self._last
        self._held[id(who)] = who
        self._timer.stop()

    def release(self, who: QObject) -> None:
        """It goes on from where it stood."""
        if self._held.pop(id(who), None) is not None and not self._held:
            self._last = self._now() - (self._spent or 0.0)
            self._spent = None
            self._start()

    def release_all(self) -> None:
        """Whoever held it is gone."""
        for who in list(self._held.values()):
            self.release(who)

    def held(self) -> bool:
        """Whether the count stands still."""
        return bool(self._held)

    def hide_names(self) -> None:
        """Now."""
        if not self.on:
            self.on = True
            self._timer.stop()
            self.masked.emit(True)

    def show_names(self) -> None:
        """Somebody is known to be here."""
        self._last = self._now()
        if self.on:
            self.on = False
            self.masked.emit(False)
        self._start()

    # ---- what it counts

    def _start(self) -> None:
        if not (self.on or self._held or self._exempt):
            left = self._after - (self._now() - self._last)
            self._timer.start(max(0, min(round(left * 1000) + 1, 2**31 - 1)))
        else:
            self._timer.stop()

    def _look(self) -> None:
        if self._now() - self._last >= self._after:
            self.hide_names()
        else:
            self._start()

    def _listen(self, _what: object = None) -> None:
        app = QGuiApplication.instance()
        if not isinstance(app, QGuiApplication):
            return
        window: QWindow | None = app.focusWindow()
        wanted = [part for part in (app.focusObject(), window) if part is not None]
        for part in self._heard:
            if shiboken6.isValid(part) and part not in wanted:
                part.removeEventFilter(self)
        for part in wanted:
            if part not in self._heard:
                part.installEventFilter(self)
        self._heard = wanted

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Note a hand; nothing is kept from anybody."""
        if event.type() in _DONE:
            self._done(pressed=event.type() in _PRESSED)
        return False

    def _done(self, *, pressed: bool) -> None:
        if self._held:
            self._spent = 0.0
        self._last = self._now()
        if self.on and pressed and not self.locks:
            self.show_names()
