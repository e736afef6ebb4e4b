"""The bench's window: the program as a user starts it, and its frames while changes of others pour in.

``python -m tests.bench.sync_window FOLDER``: told and asked like tests.bench.sync_desk. A frame is what lies
between two paintings of the log's list, which is asked for sixty times a second: what keeps the GUI thread
keeps the frame.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any
from uuid import UUID

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal

from commandcenter.runtime import DataDirectory
from tests.bench.sync_place import PROFILE
from ui.app import Application

FRAME_MS = 16
LONGEST_S = 600.0


def waited() -> float:
    """Seconds in which the window's thread could have run and had no processor: what else the machine did."""
    return int(Path(f"/proc/self/task/{os.getpid()}/schedstat").read_text().split()[1]) / 1e9


class Frames(QObject):
    """Asks a widget to be painted and notes when it was."""

    def __init__(self, widget: Any) -> None:
        super().__init__(widget)
        self._widget = widget
        self.painted: list[float] = []
        widget.installEventFilter(self)
        self._timer = QTimer(self, interval=FRAME_MS)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(widget.update)
        self._timer.start()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Each painting."""
        if event.type() == QEvent.Type.Paint:
            self.painted.append(time.perf_counter())
        return False

    def between(self, began: float, ended: float) -> list[float]:
        """The frames that end in this span, in seconds."""
        return [
            after - before
            for before, after in zip(self.painted, self.painted[1:], strict=False)
            if began <= after <= ended
        ]


class Window(QObject):
    """The program, with an eye on its frames and on what comes. Its exchange begins when it is told."""

    told = Signal(object)

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.application = Application(DataDirectory(folder), PROFILE)
        self.application.furnished.connect(self._furnished)
        self._came: set[UUID] = set()
        self._first = self._last = self._waited = 0.0
        self._news = threading.Condition()
        self.told.connect(self._do, Qt.ConnectionType.QueuedConnection)
        self.application.show()

    def _furnished(self, room: Any) -> None:
        self._room = room
        sync = room.desktop.sync
        self._begin, sync.begin = sync.begin, lambda: None
        sync.watch_arrivals(self._arrived)
        table = room.page("log").list.table
        self._frames = Frames(table.view.viewport())
        QTimer.singleShot(4_000, lambda: threading.Thread(target=self._listen, daemon=True).start())

    def _arrived(self, rows: frozenset[UUID]) -> None:
        now = time.perf_counter()
        with self._news:
            if not self._came:
                self._first, self._waited = now, waited()
            self._last = now
            self._came |= rows
            self._news.notify_all()

    def _listen(self) -> None:
        say({"ready": True, "platform": self.application.app.platformName()})
        for line in sys.stdin:
            self.told.emit(json.loads(line))
        self.told.emit(["end"])

    def _do(self, what: list[Any]) -> None:
        verb, *arguments = what
        if verb == "end":
            self.application.app.quit()
        elif verb == "begin":
            self._begin()
            say(time.perf_counter())
        elif verb == "quiet":
            began = time.perf_counter()
            QTimer.singleShot(
                int(arguments[0] * 1e3),
                lambda: say(self._frames.between(began, time.perf_counter())),
            )
        else:
            threading.Thread(target=self._rows, args=arguments, daemon=True).start()

    def _rows(self, count: int) -> None:
        """When so many rows have come: (rows a second, the frames meanwhile)."""
        with self._news:
            if not self._news.wait_for(lambda: len(self._came) >= count, LONGEST_S):
                raise TimeoutError(f"{len(self._came)} of {count}")
        span = max(1e-3, self._last - self._first)
        frames = self._frames.between(self._first, self._last)
        say({"rate": count / span, "frames": frames, "waited": (waited() - self._waited) / span})


def main() -> int:
    """Do what standard input says until it ends."""
    window = Window(Path(sys.argv[1]))
    code = window.application.app.exec()
    window.application.close()
    return code


def say(what: Any) -> None:
    """One line."""
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
