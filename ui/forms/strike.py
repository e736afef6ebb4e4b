"""The panel that strikes a fact: what is wrong with it, and what should have stood there."""

from __future__ import annotations

from PySide6.QtCore import Signal

from commandcenter.domain.errors import Refused
from commandcenter.domain.record import kind_of
from commandcenter.services.log import StrikeFact
from commandcenter.services.workplace import Outcome
from db.queries.log import LogLine
from ui.forms.editors import NoteText
from ui.forms.labelled import Labelled
from ui.forms.reasoned import ReasonedPanel
from ui.workbench import Workbench

SHOWN_CHARS = 240


class StrikePanel(ReasonedPanel):
    """Enter in the reason, or Ctrl+Enter anywhere, strikes; both lines stay, linked."""

    done = Signal(object)  # UUID of the struck line

    def __init__(self, workbench: Workbench) -> None:
        super().__init__(workbench, workbench.words("forms.strike.reason"))
        words = self.words
        self.setAccessibleName(words("forms.strike.title"))
        self.title.setText(words("forms.strike.title"))
        self.send.setText(words("forms.strike.send"))
        self.hint.setText(words("forms.strike.hint"))
        self.text = NoteText(workbench, words("forms.strike.replacement"), rows=(1, 5), breaks=True)
        self.add_row("replacement_text", Labelled(words("forms.strike.replacement"), self.text))
        self._line: LogLine | None = None

    def open_for(self, line: LogLine, shown: str = "") -> bool:
        """Ask for the reason to strike ``line``; ``shown``: it in words, where it has none
        of its own. False where it cannot be."""
        if line.struck is not None or not kind_of(line.kind).strikable:
            code = "already_struck" if line.struck is not None else "cannot_be_struck"
            self.workbench.say_error(Refused(code, field="target_id"))
            return False
        if self.is_open() and self._line is not None and self._line.id == line.id:
            self.reason.setFocus()
            return True
        self._keep()
        self._drafts.flush()
        self._line = line
        text = (line.text or shown).replace("\n", " ")
        self.about.setText(text if len(text) <= SHOWN_CHARS else text[:SHOWN_CHARS] + "…")
        replaceable = line.kind == "log_entry"
        self.rows["replacement_text"].setVisible(replaceable)
        self._show(f"strike:{line.id}", {"replacement_text": line.text} if replaceable else {})
        return True

    def _body(self) -> dict[str, str] | None:
        assert self._line is not None
        typed = self.reason.raw() or self.text.raw() != (self._line.text or "")
        return super()._body() if typed else None

    def _send(self) -> None:
        assert self._line is not None
        line = self._line
        reason = self.reason.value()
        if reason is None:
            self.rows["reason"].refuse(self.words("forms.strike.reason_missing"))
            self.reason.setFocus()
            return
        text = self.text.raw()
        # the text as it stood, or emptied, replaces nothing: the line is struck and that is all
        replacing = text if line.kind == "log_entry" and text.strip() and text != line.text else None
        self._sending = True
        command = StrikeFact(target_id=line.id, reason=reason, replacement_text=replacing)
        self.workbench.bridge.execute(self, command, self._struck, self._failed)

    def _struck(self, _outcome: Outcome) -> None:
        assert self._line is not None
        struck = self._line.id
        self._sent()
        self.done.emit(struck)
