"""The rows of facts: captions on the left, what they say on the right, some of it to copy."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QWidget

from ui.shell.chip import Chip, Label
from ui.shell.flow import Flow
from ui.theme import SPACE, TYPE
from ui.workbench import Workbench


class Rows(QWidget):
    """Captions on the left, what they say on the right."""

    def __init__(self, workbench: Workbench) -> None:
        super().__init__()
        self._theme = workbench.theme
        px = self._theme.px
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(px(SPACE.m))
        self._grid.setVerticalSpacing(px(SPACE.s))
        self._grid.setColumnStretch(1, 1)
        self._captions: list[Label] = []

    def caption_width(self) -> int:
        """How wide the captions are."""
        return max(label.sizeHint().width() for label in self._captions)

    def set_caption_width(self, width: int) -> None:
        """Let the right side begin where others do."""
        self._grid.setColumnMinimumWidth(0, width)

    def add(self, caption: str, part: QWidget) -> None:
        """One more row."""
        row = self._grid.rowCount()
        label = Label(self._theme, caption, ink="muted", size=TYPE.small)
        label.setMinimumHeight(self._theme.px(SPACE.control))
        label.setBuddy(part)
        self._captions.append(label)
        self._grid.addWidget(label, row, 0, Qt.AlignmentFlag.AlignTop)
        self._grid.addWidget(part, row, 1)


class Copied(QWidget):
    """A text with a chip that copies it."""

    def __init__(self, workbench: Workbench, text: str, *, figures: bool = False) -> None:
        super().__init__()
        self._workbench, self._text = workbench, text
        self._label = Label(workbench.theme, text, figures=figures, elided=True)
        self._label.setToolTip(text)
        self.copy = Chip(workbench.theme, workbench.words("settings.copy"))
        self.copy.setToolTip(workbench.words("settings.copy_tip"))
        self.copy.clicked.connect(self._copy)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._label, 1)
        row.addWidget(self.copy)

    def show_text(self, shown: str, text: str) -> None:
        """Show something, copy something longer."""
        self._text = text
        self._label.setText(shown)
        self._label.setToolTip(text)

    def text(self) -> str:
        """What is copied."""
        return self._text

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._text)
        self._workbench.said.emit(self._workbench.words("settings.copied"))


def flowing(workbench: Workbench, parts: Sequence[QWidget]) -> QWidget:
    """Parts in a row that goes on in the next where the width ends."""
    ground = QWidget()
    flow = Flow(workbench.theme.px(SPACE.s), ground)
    for part in parts:
        flow.addWidget(part)
    policy = ground.sizePolicy()
    policy.setHeightForWidth(True)
    ground.setSizePolicy(policy)
    return ground


def hint(workbench: Workbench, text: str) -> Label:
    """A quiet sentence."""
    label = Label(workbench.theme, text, ink="muted", size=TYPE.small)
    label.setWordWrap(True)
    return label
