"""The panel that takes down what somebody read off a gauge: which station, what, how much, when, who said."""

from __future__ import annotations

import unicodedata
from decimal import Decimal, InvalidOperation
from uuid import UUID

from commandcenter.domain.clock import parse_instant
from commandcenter.domain.codes import QUANTITIES
from commandcenter.services.code_words import code_label
from commandcenter.services.levels import TellLevel
from commandcenter.services.workplace import Outcome
from ui.forms.choice import Choice
from ui.forms.editors import Editor, LineText, Unreadable, WhenText
from ui.forms.labelled import Labelled
from ui.forms.ranking import Option
from ui.forms.reasoned import ReasonedPanel
from ui.register_field import Reference
from ui.workbench import Workbench

KEY = "tell"


class TellPanel(ReasonedPanel):
    """Enter takes it down; Esc leaves it, what was typed stays."""

    def __init__(self, workbench: Workbench) -> None:
        words = workbench.words
        super().__init__(workbench, words("monitor.tell.value"))
        self.title.setText(words("monitor.tell.title"))
        self.setAccessibleName(words("monitor.tell.title"))
        self.about.setText(words("monitor.tell.about"))
        self.station = Reference(workbench, words("monitor.tell.station"), "station")
        self.quantity = Choice(workbench, words("monitor.tell.quantity"), self._quantities)
        self.when = WhenText(workbench, words("monitor.tell.at"))
        self.told_by = LineText(workbench, words("monitor.tell.told_by"))
        rows: tuple[tuple[str, str, Editor], ...] = (
            ("station_id", "station", self.station),
            ("quantity", "quantity", self.quantity),
            ("happened_at", "at", self.when),
            ("told_by", "told_by", self.told_by),
        )
        for name, caption, editor in rows:
            self.add_row(name, Labelled(words(f"monitor.tell.{caption}"), editor))
        for editor in (self.when, self.told_by):
            editor.entered.connect(self.submit)
        self.send.setText(words("monitor.tell.send"))
        self.hint.setText(words("monitor.tell.hint"))

    def _quantities(self) -> list[Option]:
        return [
            Option(value=code, text=code_label(self.words, "quantity", code), detail="", names=())
            for code in QUANTITIES
        ]

    def open_for(self, station: UUID | None, quantity: str) -> None:
        """Ask for a value of this series; None: of a station still to be chosen."""
        self._show(KEY, {})
        if station is not None:
            self.station.put(str(station))
        if station is not None or not self.quantity.raw():
            self.quantity.put(quantity)

    def _send(self) -> None:
        station = self._read("station_id")
        quantity = self._read("quantity")
        at = self._read("happened_at")
        if station is False or quantity is False or at is False:
            return
        value = thousandths(self.reason.raw())
        for name, said in (("reason", value), ("station_id", station), ("quantity", quantity)):
            if said is None:
                self.rows[name].refuse(self.words(f"monitor.tell.missing.{name}"))
                self.rows[name].editor.setFocus()
                return
        assert value is not None
        self._sending = True
        command = TellLevel(
            station_id=UUID(str(station)),
            quantity=str(quantity),
            value=value,
            happened_at=None if at is None else parse_instant(str(at)),
            told_by=self.told_by.value(),
        )
        self.workbench.bridge.execute(self, command, self._noted, self._failed)

    def _read(self, name: str) -> str | bool | None:
        """What a row holds; False where it cannot be read, which is said."""
        editor = self.rows[name].editor
        try:
            return editor.value()
        except Unreadable as error:
            self.rows[name].refuse(str(error))
            editor.setFocus()
            return False

    def _noted(self, _outcome: Outcome) -> None:
        self._sent()
        self.workbench.said.emit(self.words("monitor.tell.noted"))


def thousandths(text: str) -> int | None:
    """A decimal number as people type it, in thousandths; None where it is none, or finer than that."""
    plain = unicodedata.normalize("NFKC", text).strip().replace("\u3002", ".")
    try:
        value = Decimal(plain) * 1000
    except InvalidOperation:
        return None
    return int(value) if value.is_finite() and value == value.to_integral_value() else None
