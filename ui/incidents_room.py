"""The incidents' place in the rail: the board, and one incident in front of it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout

from ui.pages.incident import IncidentPage
from ui.pages.incidents import IncidentsPage
from ui.shell.keys import KeyHint
from ui.workbench import Page, Workbench

BACK_KEYS = ("Alt+Left", "Backspace")


class IncidentsRoom(Page):
    """Shows the board until an incident is opened; Backspace or Alt+Left leads back."""

    def __init__(self, workbench: Workbench) -> None:
        super().__init__(workbench)
        self.board = IncidentsPage(workbench)
        self.one = IncidentPage(workbench)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.board)
        self._stack.addWidget(self.one)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._stack)
        self.setFocusProxy(self.board)
        for key in BACK_KEYS:
            shortcut = QShortcut(QKeySequence(key), self.one)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(self.back)

    def open(self, kind: str, id_: UUID) -> None:
        """Show one incident."""
        self.one.show_incident(id_)
        self._stack.setCurrentWidget(self.one)
        self.setFocusProxy(self.one)
        self.one.setFocus()
        self.workbench.context_changed.emit()

    def back(self) -> None:
        """Show the board again."""
        self._stack.setCurrentWidget(self.board)
        self.setFocusProxy(self.board)
        self.board.setFocus()
        self.workbench.context_changed.emit()

    def to_start(self) -> None:
        """From an incident to the board."""
        if self._stack.currentWidget() is self.one:
            self.back()

    def incident(self) -> UUID | None:
        """The incident shown; None on the board."""
        return self.one.incident() if self._stack.currentWidget() is self.one else None

    def key_hints(self) -> Sequence[KeyHint]:
        """The keys of what is in front."""
        if self._stack.currentWidget() is self.one:
            group = self.words("pages.incident")
            return (*self.one.key_hints(), KeyHint("Backspace", self.words("pages.back"), group))
        return self.board.key_hints()
