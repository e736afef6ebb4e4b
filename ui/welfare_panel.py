"""The panel of a welfare check: Enter, it answered; Shift+Enter, it did not; its clock waits meanwhile."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QPushButton

from commandcenter.services.welfare import CheckWelfare
from commandcenter.services.workplace import Outcome
from ui.forms.reasoned import ReasonedPanel
from ui.shell.composing import is_enter
from ui.team_words import clock, span
from ui.welfare_watch import Asked, WelfareWatch
from ui.workbench import Workbench

SHIFT = Qt.KeyboardModifier.ShiftModifier


class WelfarePanel(ReasonedPanel):
    """Esc puts it off: the clock goes on from where it stood."""

    def __init__(self, workbench: Workbench) -> None:
        super().__init__(workbench, workbench.words("teams.welfare.note"))
        words = self.words
        self.setAccessibleName(words("teams.welfare.title"))
        self.title.setText(words("teams.welfare.title"))
        self.send.setText(words("teams.welfare.answered"))
        self.hint.setText(words("teams.welfare.hint"))
        self.silent = QPushButton(words("teams.welfare.no_answer"))
        self.silent.clicked.connect(lambda: self._note("no_answer"))
        self._feet.insertWidget(1, self.silent)
        self._asked: Asked | None = None
        self._watch: WelfareWatch | None = None
        self.closed.connect(self._let_go)

    def open_for(self, watch: WelfareWatch, asked: Asked) -> None:
        """Ask how this team is."""
        self._let_go()
        self._asked, self._watch = asked, watch
        watch.hold(asked.deployment_id)
        now, heard = self.workbench.now(), asked.welfare.heard_at
        said = {"team": asked.watched.team, "where": asked.watched.where}
        sentence = self.words("teams.welfare.about", **said, at=clock(heard, now), span=span(now - heard))
        if asked.welfare.misses:
            sentence += self.words("teams.welfare.misses", count=asked.welfare.misses)
        self.about.setText(sentence)
        self._show(f"welfare:{asked.deployment_id}", {})

    def _let_go(self) -> None:
        if self._asked is not None and self._watch is not None:
            self._watch.release(self._asked.deployment_id)
        self._asked = None

    def _send(self) -> None:
        self._note("answered")

    def _note(self, outcome: str) -> None:
        if self._asked is None or self._sending or self.reason.composing():
            return
        self._sending = True
        command = CheckWelfare(
            deployment_ids=[self._asked.deployment_id], outcome=outcome, note=self.reason.value()
        )
        self.workbench.bridge.execute(self, command, self._noted, self._failed)

    def _noted(self, _outcome: Outcome) -> None:
        self._sent()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Shift+Enter: nobody answered."""
        if (
            isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.KeyPress
            and is_enter(event)
            and event.modifiers() & SHIFT
        ):
            if not event.isAutoRepeat():
                self._note("no_answer")
            return True
        return super().eventFilter(watched, event)
