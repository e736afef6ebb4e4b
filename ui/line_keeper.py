"""The line's keeper: what is typed in the log box is kept as a draft, and sent lines become entries."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from PySide6.QtCore import QObject, QTimer

from commandcenter.domain.errors import Answerable, Unavailable
from ui.drafts import LOG_BOX, to_json
from ui.shell.draft import LineDraft
from ui.shell.window import Shell
from ui.workbench import Workbench

if TYPE_CHECKING:
    from commandcenter.services.workplace import Outcome

# A crash loses what was typed in the last second at most; the promise leaves room for the commit.
KEEP_AFTER_MS = 700
FIRST_WORDS = 40  # characters of a line just written that the status line repeats


class LineKeeper(QObject):
    """Sits between the shell's log box and the lanes."""

    def __init__(self, shell: Shell, workbench: Workbench, now: Callable[[], datetime]) -> None:
        super().__init__(shell)
        self._shell, self._workbench, self._now = shell, workbench, now
        self._changed: LineDraft | None = None
        self._first_words = ""
        self._timer = QTimer(self, singleShot=True, interval=KEEP_AFTER_MS)
        self._timer.timeout.connect(self.keep)
        shell.logbox.draft_changed.connect(self._draft_changed)
        shell.logbox.submitted.connect(self._send)

    def _draft_changed(self, draft: LineDraft) -> None:
        self._changed = draft
        if not self._timer.isActive():  # not restarted: fast typing must not put it off
            self._timer.start()

    def keep(self) -> None:
        """Keep the draft now."""
        self._timer.stop()
        if self._changed is None:
            return
        from commandcenter.services.desk_affairs import KeepDraft

        draft, self._changed = self._changed, None
        self._workbench.bridge.execute(
            self, KeepDraft(key=LOG_BOX, body=to_json(draft)), failed=self._draft_failed
        )

    def _draft_failed(self, error: BaseException) -> None:
        if isinstance(error, Unavailable):
            self._shell.status.set_unsaved(self._workbench.words.sentence(error))

    def _send(self, draft: LineDraft) -> None:
        from commandcenter.services.log import WriteLogEntry

        self._shell.status.set_saving()
        self._first_words = " ".join(draft.text.split())[:FIRST_WORDS]
        self._changed = None  # the command lets the draft go in its own transaction
        command = WriteLogEntry(
            text=draft.text,
            incident_id=None if draft.incident_id is None else UUID(draft.incident_id),
            channel=draft.channel,
            direction=draft.direction,
            counterpart=draft.counterpart or None,
            importance=draft.importance or "normal",
            happened_at=draft.happened_at,
            late_reason=draft.late_reason or None,
            draft=LOG_BOX,
        )
        self._workbench.bridge.execute(self, command, self._sent, self._refused)

    def _sent(self, outcome: Outcome) -> None:
        self._shell.logbox.accepted()
        self._shell.status.set_saved(self._now())
        # also for whoever has scrolled away or reads another page: the list does not jump for it
        note = self._workbench.words("shell.status.written", text=self._first_words)
        self._shell.status.show_note(note)

    def _refused(self, error: BaseException) -> None:
        words = self._workbench.words
        sentence = words.sentence(error) if isinstance(error, Answerable) else words("refused.fault")
        field = error.field if isinstance(error, Answerable) else None
        self._shell.logbox.refuse(field or "text", sentence)
        self._shell.status.set_unsaved(sentence)
