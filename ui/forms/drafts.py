"""The keeper of drafts: what is being typed in a form goes to the disk within a second."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QObject, QTimer

from commandcenter.services.desk_affairs import KeepDraft
from ui.workbench import Workbench

KEEP_AFTER_MS = 700  # with the write itself: as of one second earlier


class DraftKeeper(QObject):
    """Keeps the newest body of each key. What was typed first is never held back by what follows."""

    def __init__(self, workbench: Workbench, parent: QObject) -> None:
        super().__init__(parent)
        self._workbench = workbench
        self._waiting: dict[str, Mapping[str, Any] | None] = {}
        self._timer = QTimer(self, singleShot=True, interval=KEEP_AFTER_MS)
        self._timer.timeout.connect(self.flush)

    def find(self, key: str) -> Mapping[str, Any] | None:
        """The body kept under ``key``, or None."""
        return self._workbench.directory.draft(key)

    def keep(self, key: str, body: Mapping[str, Any] | None) -> None:
        """Keep ``body`` soon; None (sent or emptied) at once."""
        if body is None and self.find(key) is None and key not in self._waiting:
            return
        self._waiting[key] = body
        self._workbench.directory.note_draft(key, body)
        if body is None:
            self.flush()
        elif not self._timer.isActive():
            self._timer.start()

    def flush(self) -> None:
        """Hand over what waits."""
        self._timer.stop()
        waiting, self._waiting = self._waiting, {}
        for key, body in waiting.items():
            command = KeepDraft(key=key, body=None if body is None else dict(body))
            self._workbench.bridge.execute(self, command)
