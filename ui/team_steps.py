"""The panel of a deployment's next step, told later or from elsewhere: when, a word on it, or why it ends."""

from __future__ import annotations

from PySide6.QtCore import QObject

from commandcenter.domain.clock import parse_instant
from commandcenter.domain.projections.engagement import Engagement, next_step
from commandcenter.services.command import Command
from commandcenter.services.deployments import AdvanceDeployment, CancelDeployment
from commandcenter.services.workplace import Outcome
from ui.forms.editors import Unreadable, WhenText
from ui.forms.labelled import Labelled
from ui.forms.reasoned import ReasonedPanel
from ui.team_words import clock
from ui.workbench import Workbench


def advance(workbench: Workbench, owner: QObject, team: str, one: Engagement) -> bool:
    """Note the next step now and say it with its time. False at the end of the way."""
    step = next_step(one.step)
    if step is None:
        return False
    words = workbench.words

    def noted(_outcome: Outcome) -> None:
        workbench.said.emit(
            words(
                "teams.noted",
                team=team,
                step=words(f"log.step_text.{step}"),
                at=clock(workbench.now(), workbench.now()),
            )
        )

    command = AdvanceDeployment(deployment_id=one.deployment_id, step=step)
    workbench.bridge.execute(owner, command, noted, workbench.say_error)
    return True


class StepPanel(ReasonedPanel):
    """Enter notes the step; Esc leaves it, what was typed stays."""

    def __init__(self, workbench: Workbench) -> None:
        super().__init__(workbench, workbench.words("teams.step.note"))
        self.setAccessibleName(self.words("teams.step.title"))
        self.when = WhenText(workbench, self.words("teams.step.at"))
        self.add_row("happened_at", Labelled(self.words("teams.step.at"), self.when))
        self.when.entered.connect(self.submit)
        self._one: Engagement | None = None
        self._step: str | None = None
        self._team = ""

    def open_for(self, team: str, one: Engagement, *, cancel: bool = False) -> bool:
        """Ask when the next step was, or why the team is stood down. False at the end of the way."""
        words = self.words
        step = "cancelled" if cancel else next_step(one.step)
        if step is None:
            return False
        self._one, self._step, self._team = one, step, team
        self.title.setText(words("teams.step.cancel" if cancel else "teams.step.title"))
        word = words.label("codes.deployment_step", step)
        self.about.setText(words("teams.step.about", team=team, step=word))
        self.send.setText(words("teams.step.send", step=word))
        self.hint.setText(words("teams.step.hint_cancel" if cancel else "teams.step.hint"))
        self._show(f"step:{one.deployment_id}:{step}", {})
        return True

    def _send(self) -> None:
        assert self._one is not None
        reason = self.reason.value()
        try:
            said = self.when.value()
        except Unreadable as error:
            self.rows["happened_at"].refuse(str(error))
            self.when.setFocus()
            return
        at = None if said is None else parse_instant(said)
        command: Command
        if self._step == "cancelled":
            if reason is None:
                self.rows["reason"].refuse(self.words("teams.step.reason_missing"))
                self.reason.setFocus()
                return
            command = CancelDeployment(deployment_id=self._one.deployment_id, reason=reason, happened_at=at)
        else:
            command = AdvanceDeployment(
                deployment_id=self._one.deployment_id, step=self._step, happened_at=at, note=reason
            )
        self._sending = True
        self.workbench.bridge.execute(self, command, self._noted, self._failed)

    def _noted(self, _outcome: Outcome) -> None:
        self._sent()
