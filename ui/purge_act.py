"""The act on a page that destroys personal data: its key, and the panel once it is wanted."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from uuid import UUID

from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QBoxLayout, QWidget

from ui.workbench import Workbench

if TYPE_CHECKING:
    from ui.purge_panel import PurgePanel

KEY = "Ctrl+Shift+D"
Target = tuple[str, UUID]  # kind, id


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
        """Open the panel; nothing where nothing is chosen."""
        target = self._chosen()
        if target is None:
            return
        if self.panel is None:
            from ui.purge_panel import PurgePanel

            self.panel = PurgePanel(self._workbench)
            self._place.addWidget(self.panel)
            self.panel.done.connect(self._said)
        self.panel.open_for(*target)

    def _said(self, certificate: UUID) -> None:
        from db.queries.registers import row

        def tell(found: dict[str, object] | None) -> None:
            number = "" if found is None else str(found["number"])
            self._workbench.said.emit(self._workbench.words("purge.done", number=number))

        assert self.panel is not None
        self._workbench.bridge.ask(
            self.panel, lambda connection: row(connection, "certificate", certificate), tell, topic="number"
        )
