"""The question: one sentence with yes and no inside a panel, in the place of a dialog."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from ui.shell.chip import Chip, Label
from ui.theme import SPACE, TYPE
from ui.workbench import Workbench


class Question(QWidget):
    """One sentence, yes and no, in the place of a dialog."""

    answered = Signal(bool)

    def __init__(self, workbench: Workbench) -> None:
        super().__init__()
        px = workbench.theme.px
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, px(SPACE.s))
        column.setSpacing(px(SPACE.s))
        self.sentence = Label(workbench.theme, size=TYPE.body)
        self.sentence.setWordWrap(True)
        self.yes = Chip(workbench.theme, key="Enter")
        self.yes.show_text(workbench.words("registers.yes"), "accent", bold=True)
        self.no = Chip(workbench.theme, workbench.words("registers.no"), key="Esc")
        self.yes.clicked.connect(lambda: self._answer(True))
        self.no.clicked.connect(lambda: self._answer(False))
        row = QHBoxLayout()
        row.setSpacing(px(SPACE.s))
        row.addWidget(self.yes)
        row.addWidget(self.no)
        row.addStretch(1)
        column.addWidget(self.sentence)
        column.addLayout(row)
        self.setVisible(False)

    def ask(self, sentence: str) -> None:
        """Show it; Enter is yes, Esc is no."""
        self.sentence.setText(sentence)
        self.yes.setAccessibleDescription(sentence)
        self.setVisible(True)
        self.yes.setFocus(Qt.FocusReason.OtherFocusReason)

    def _answer(self, yes: bool) -> None:
        self.setVisible(False)
        self.answered.emit(yes)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc is no."""
        if event.key() == Qt.Key.Key_Escape:
            self._answer(False)
        else:
            super().keyPressEvent(event)
