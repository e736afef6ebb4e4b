"""The panel that closes an incident, or reopens a closed one with its reason."""

from __future__ import annotations

from PySide6.QtCore import Signal

from commandcenter.services.incidents import CloseIncident, ReopenIncident
from commandcenter.services.workplace import Outcome
from db.queries.incidents import IncidentCard
from ui.forms.offered import title_text
from ui.forms.reasoned import ReasonedPanel
from ui.workbench import Workbench


class ClosingPanel(ReasonedPanel):
    """Closing takes a reason if there is one; reopening needs it."""

    done = Signal()

    def __init__(self, workbench: Workbench) -> None:
        super().__init__(workbench, workbench.words("forms.closing.reason"))
        self._card: IncidentCard | None = None
        self._reopening = False

    def open_for(self, card: IncidentCard) -> None:
        """Ask, about the incident as it stands on the screen."""
        self._card = card
        self._reopening = card.values["state"] == "closed"
        way = "reopen" if self._reopening else "close"
        words = self.words
        self.setAccessibleName(words(f"forms.closing.{way}"))
        self.title.setText(words(f"forms.closing.{way}"))
        self.about.setText(f"{card.values['number']}  {title_text(card, words)}")
        caption = words("forms.closing.reason" if self._reopening else "forms.closing.reason_optional")
        self.rows["reason"].caption.setText(caption)
        self.send.setText(words(f"forms.closing.{way}_send"))
        self.hint.setText(words("forms.closing.hint"))
        self._show(f"{way}:{card.id}", {})

    def _send(self) -> None:
        card, reason = self._card, self.reason.value()
        assert card is not None
        heads = card.values["heads"].get("state", [])
        base = heads[0] if len(heads) == 1 else None
        command: CloseIncident | ReopenIncident
        if self._reopening:
            if reason is None:
                self.rows["reason"].refuse(self.words("forms.closing.reason_missing"))
                self.reason.setFocus()
                return
            command = ReopenIncident(id=card.id, reason=reason, base=base)
        else:
            command = CloseIncident(id=card.id, reason=reason, base=base)
        self._sending = True
        self.workbench.bridge.execute(self, command, self._closed, self._failed)

    def _closed(self, _outcome: Outcome) -> None:
        self._sent()
        self.done.emit()
