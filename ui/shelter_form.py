"""The form of a shelter: heads counted, people who came or left, a shelter closed; Enter goes on."""

from __future__ import annotations

import unicodedata
from itertools import pairwise

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from commandcenter.domain.clock import parse_instant
from commandcenter.domain.errors import Refused
from commandcenter.domain.records.head_count import GROUPS
from commandcenter.services.command import Command
from commandcenter.services.shelters import CloseShelter, CountHeads, MovePeople
from commandcenter.services.workplace import Outcome
from db.queries.shelters import ShelterNow
from ui.forms.editors import LineText, Unreadable, WhenText
from ui.forms.labelled import Labelled
from ui.forms.reasoned import ReasonedPanel
from ui.shelter_words import name_text
from ui.workbench import Workbench


class ShelterForm(ReasonedPanel):
    """Enter in the last field notes it; Esc leaves it, what was typed stays."""

    def __init__(self, workbench: Workbench) -> None:
        super().__init__(workbench, workbench.words("shelters.form.note"))
        words = self.words
        self.setAccessibleName(words("shelters.name"))
        self.numbers = {
            name: LineText(workbench, words(f"shelters.form.{name}")) for name in ("people", *GROUPS)
        }
        for name, editor in self.numbers.items():
            self.add_row(name, Labelled(words(f"shelters.form.{name}"), editor))
            editor.entered.connect(lambda name=name: self._next(name))
        # numbers are what one comes for; the note stands after them
        self.body.removeWidget(self.rows["reason"])
        self.body.insertWidget(self.body.count() - 1, self.rows["reason"])
        self.when = WhenText(workbench, words("shelters.form.at"))
        self.add_row("happened_at", Labelled(words("shelters.form.at"), self.when))
        self.when.entered.connect(self.submit)
        order = (*self.numbers.values(), self.reason, self.when)
        for before, after in pairwise(editor.focusProxy() for editor in order):
            if before is not None and after is not None:
                QWidget.setTabOrder(before, after)
        self.send.setText(words("shelters.form.send"))
        self.hint.setText(words("shelters.form.hint"))
        self._one: ShelterNow | None = None
        self._mode = "count"
        self._knowingly = False

    def open_for(self, one: ShelterNow, mode: str) -> None:
        """Ask what is to be noted of this shelter. ``mode``: "count", "in", "out" or "close"."""
        words = self.words
        self.close_panel()
        self._one, self._mode, self._knowingly = one, mode, False
        self.title.setText(words(f"shelters.form.{mode}"))
        people = f"{max(0, one.people):,}"
        if mode in ("count", "in") and one.free is not None:
            about = words(
                "shelters.form.about_room", shelter=name_text(one), people=people, free=f"{one.free:,}"
            )
        else:
            about = words("shelters.form.about_people", shelter=name_text(one), people=people)
        self.about.setText(about)
        self.rows["people"].setVisible(mode != "close")
        for name in GROUPS:
            self.rows[name].setVisible(mode == "count")
        self._show(f"shelter:{mode}:{one.id}", {})
        first = self.reason if mode == "close" else self.numbers["people"]
        first.setFocus(Qt.FocusReason.OtherFocusReason)

    def _next(self, name: str) -> None:
        """Enter: the next number, and from the last one it is noted."""
        order = ("people", *GROUPS) if self._mode == "count" else ("people",)
        at = order.index(name)
        if at + 1 < len(order):
            self.numbers[order[at + 1]].setFocus(Qt.FocusReason.TabFocusReason)
        else:
            self.submit()

    def _number(self, name: str) -> int | None:
        raw = unicodedata.normalize("NFKC", self.numbers[name].raw()).strip().replace(",", "")
        if not raw:
            return None
        if not raw.isdecimal() or len(raw) > 9:
            raise Unreadable(self.words("shelters.form.not_a_number"))
        return int(raw)

    def _send(self) -> None:
        assert self._one is not None
        said: dict[str, int | None] = {}
        wanted = (
            () if self._mode == "close" else ("people", *GROUPS) if self._mode == "count" else ("people",)
        )
        for name in wanted:
            try:
                said[name] = self._number(name)
            except Unreadable as error:
                self.rows[name].refuse(str(error))
                self.numbers[name].setFocus()
                return
        if wanted and said["people"] is None:
            self.rows["people"].refuse(self.words("shelters.form.people_missing"))
            self.numbers["people"].setFocus()
            return
        try:
            typed = self.when.value()
        except Unreadable as error:
            self.rows["happened_at"].refuse(str(error))
            self.when.setFocus()
            return
        self._sending = True
        at = None if typed is None else parse_instant(typed)
        id_, note = self._one.id, self.reason.value()
        people = said.get("people") or 0
        command: Command
        if self._mode == "close":
            command = CloseShelter(shelter_id=id_, knowingly=self._knowingly, happened_at=at, note=note)
        elif self._mode == "count":
            groups = {name: said[name] for name in GROUPS}
            command = CountHeads(shelter_id=id_, people=people, happened_at=at, note=note, **groups)
        else:
            command = MovePeople(shelter_id=id_, flow=self._mode, people=people, happened_at=at, note=note)
        self.workbench.bridge.execute(self, command, self._noted, self._not_noted)

    def _noted(self, _outcome: Outcome) -> None:
        self._sent()

    def _not_noted(self, error: BaseException) -> None:
        if isinstance(error, Refused) and error.code == "people_inside" and not self._knowingly:
            self._sending = False
            self._knowingly = True  # a second Enter is the deliberate one
            count = error.values.get("count", "")
            self.rows["reason"].refuse(self.words("shelters.form.people_inside", count=count))
            self.reason.setFocus(Qt.FocusReason.OtherFocusReason)
            return
        self._failed(error)
