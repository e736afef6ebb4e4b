"""The act on a page that destroys personal data: its key, why it may not be done here, and its panel."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from uuid import UUID

from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QBoxLayout, QWidget

from db.desk import local
from ui.directory import LiveDirectory
from ui.register_words import SCOPES
from ui.shell.chip import Chip
from ui.workbench import Workbench

if TYPE_CHECKING:
    from ui.purge_panel import PurgePanel

KEY = "Ctrl+Shift+D"
Target = tuple[str, UUID]  # kind, id


def forbidden(directory: LiveDirectory) -> str:
    """The code of the refusal that a certificate would meet at this desk, whoever signs; "" for none. Who may
    sign is asked of the two people themselves: it is not the seat that signs."""
    values = directory.now.preferences
    if not local.wants_password(values):
        return "nobody_can_sign"
    if values.get(SCOPES):  # a certificate reaches every scope: only a desk of the district gives one
        return "district_only"
    return ""


class PurgeChip(Chip):
    """The act as a button: where it may not be done it is quiet, and its tip says why."""

    def __init__(self, workbench: Workbench) -> None:
        super().__init__(workbench.theme, workbench.words("purge.act"), key=KEY)
        self._workbench = workbench
        workbench.directory.changed.connect(self._allow)
        self._allow()

    def _allow(self) -> None:
        code, words = forbidden(self._workbench.directory), self._workbench.words
        self.setEnabled(not code)
        self.setToolTip(words(f"refused.{code}") if code else words("purge.act_tip"))


class PurgeAct:
    """The act on a page: its key opens the panel for what is chosen there. The panel is made when it is first
    wanted."""

    def __init__(
        self, workbench: Workbench, page: QWidget, place: QBoxLayout, chosen: Callable[[], Target | None]
    ) -> None:
        self._workbench, self._place, self._chosen = workbench, place, chosen
        self.panel: PurgePanel | None = None
        key = QShortcut(QKeySequence(KEY), page)
        key.activated.connect(self.open)

    def open(self) -> None:
        """Open the panel; one sentence where nothing is chosen, or no certificate can be given here."""
        words = self._workbench.words
        if code := forbidden(self._workbench.directory):
            self._workbench.problem.emit(words(f"refused.{code}"))
            return
        target = self._chosen()
        if target is None:
            self._workbench.said.emit(words("purge.none_chosen"))
            return
        self.open_for(*target)

    def open_for(self, kind: str, row: UUID) -> None:
        """Open the panel about a record."""
        if self.panel is None:
            from ui.purge_panel import PurgePanel

            self.panel = PurgePanel(self._workbench)
            self._place.addWidget(self.panel)
            self.panel.done.connect(self._said)
        self.panel.open_for(kind, row)

    def _said(self, certificate: UUID) -> None:
        from db.queries.registers import row

        def tell(found: dict[str, object] | None) -> None:
            number = "" if found is None else str(found["number"])
            self._workbench.said.emit(self._workbench.words("purge.done", number=number))

        assert self.panel is not None
        self._workbench.bridge.ask(
            self.panel, lambda connection: row(connection, "certificate", certificate), tell, topic="number"
        )
