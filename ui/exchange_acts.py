"""The acts of the sync page: choose a value, write another, put aside; told when they are on the disk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from commandcenter.services.command import Command
from commandcenter.services.deployments import KeepDeployment
from commandcenter.services.exceptions import AnswerRefusal, ChooseValue, KeepReplacement, PutAside
from commandcenter.services.exchange_sentences import ExchangeWords
from db.queries.clash import Clash, Value
from db.queries.exchange import RefusedGroup
from ui.workbench import Workbench

if TYPE_CHECKING:
    from commandcenter.sync.content import Compared


class ExchangeActs(QObject):
    """Every act names what was on the screen: the Clash as it was shown, whatever came since."""

    settled = Signal(str)  # one sentence about what was done
    compared = Signal(str)  # one sentence about what a comparison came to
    failed = Signal(object)

    def __init__(self, workbench: Workbench, parent: QObject) -> None:
        super().__init__(parent)
        self._workbench, self._words = workbench, workbench.words

    def compare(self) -> None:
        """Compare what the rows here say with what the centre's say, and mend what differs."""
        words = self._words

        def done(found: Compared) -> None:
            count, rows = len(found.differences), f"{found.rows:,}"
            if any(not one.mended for one in found.differences):
                self.compared.emit(words("exchange.compare.left", count=count, rows=rows))
            elif count:
                self.compared.emit(words("exchange.compare.mended", count=count, rows=rows))
            elif found.undecided:
                self.compared.emit(words("exchange.compare.undecided", rows=rows))
            else:
                self.compared.emit(words("exchange.compare.same", rows=rows))

        self.compared.emit(words("exchange.compare.asking"))
        answer = self._workbench.desktop.sync.compare()
        self._workbench.bridge.deliver(self, answer, done, self.failed.emit)

    def choose(self, clash: Clash, value: Value, put: ExchangeWords) -> None:
        """Take one of the values shown."""
        words = self._words
        if clash.what == "field":
            said = words("exchange.choose.chosen", value=put.of_clash(clash, value))
            self._settle(clash, value.value, said)
        elif clash.what == "replacement":
            others = [other.id for other in clash.values if other.id != value.id]
            reason = words("exchange.choose.reason")
            command = KeepReplacement(keep_id=value.id, others=others, reason=reason)
            self._execute(command, words("exchange.choose.kept"))
        elif clash.what == "team":
            others = [other.id for other in clash.values if other.id != value.id]
            keep = KeepDeployment(
                keep_id=value.id, others=others, reason=words("exchange.choose.team_reason")
            )
            self._execute(keep, words("exchange.choose.team_kept"))

    def write(self, clash: Clash, value: Any, put: ExchangeWords) -> None:
        """Take another value in the place of all those shown."""
        said = put.value(clash.kind, clash.field, value)
        self._settle(clash, value, self._words("exchange.choose.chosen", value=said))

    def answer(self, about: object) -> None:
        """Put a refused group or a double number aside, or bring it back."""
        command: Command
        if isinstance(about, RefusedGroup):
            away = about.answered_at is None
            command = AnswerRefusal(group_id=about.id, answered=away)
        elif isinstance(about, Clash) and about.what in ("number", "team"):
            away = not about.aside
            command = PutAside(clash_id=about.id, away=away)
        else:
            return
        self._execute(command, self._words(f"exchange.resend.{'put_away' if away else 'brought_back'}"))

    def _settle(self, clash: Clash, value: Any, said: str) -> None:
        bases = [one.id for one in clash.values]
        command = ChooseValue(kind=clash.kind, id=clash.row, field=clash.field, value=value, bases=bases)
        self._execute(command, said)

    def _execute(self, command: Command, said: str) -> None:
        self._workbench.bridge.execute(
            self, command, lambda _outcome: self.settled.emit(said), self.failed.emit
        )
