"""The chips over an incident's list: which kinds of facts it shows, and how many there are of each."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QWidget

from commandcenter.words import Words
from ui.panel import Panel
from ui.shell.chip import Chip
from ui.theme import SPACE, Theme

KINDS = ("all", "log_entry", "deployment_step", "strike", "incident_event")


class KindChips(QWidget):
    """Stand in a panel's head; where there is no room for all of them the chosen one stands alone, and leads
    to the next. It is no widget of its own, only their owner."""

    wanted = Signal(str)  # one of KINDS, or "machine"

    def __init__(self, words: Words, theme: Theme, panel: Panel) -> None:
        super().__init__(panel)
        self.setVisible(False)
        self._words, self._theme, self._panel = words, theme, panel
        self.kind, self.machine = "all", False
        self._narrow = False
        self.chips = {kind: Chip(theme) for kind in (*KINDS, "machine")}
        for kind, chip in self.chips.items():
            panel.head.addWidget(chip)
            chip.clicked.connect(lambda _on=False, kind=kind: self._clicked(kind))
        self.show_counts({})

    def reset(self) -> None:
        """All kinds that people wrote."""
        self.kind, self.machine = "all", False

    def choose(self, kind: str) -> None:
        """One of KINDS; "machine" takes the program's own lines in or leaves them out."""
        if kind == "machine":
            self.machine, self.kind = not self.machine, "all"
        else:
            self.kind = kind

    def _clicked(self, kind: str) -> None:
        if kind in KINDS and self._narrow:  # the only one there is room for: it leads to the next
            kind = KINDS[(KINDS.index(kind) + 1) % len(KINDS)]
            self.wanted.emit(kind)
            self.chips[kind].setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self.wanted.emit(kind)

    def show_counts(self, counted: dict[str, int]) -> None:
        """What is chosen, and how many there are."""
        for kind, chip in self.chips.items():
            here = self.machine if kind == "machine" else kind == self.kind
            count = f" {counted[kind]}" if kind in counted else ""
            chip.show_text(
                self._words(f"incident.line_kind.{kind}") + count, "accent" if here else "plain", bold=here
            )
        self.fit()

    def fit(self) -> None:
        """All chips where there is room for them, else the chosen one alone."""
        px, title = self._theme.px, self._panel.title
        room = self._panel.width() - px(SPACE.m) * 2 - title.minimumSizeHint().width()
        room -= QFontMetrics(title.font()).horizontalAdvance(title.text())
        wanted = sum(chip.sizeHint().width() + px(SPACE.s) for chip in self.chips.values())
        self._narrow = wanted > room
        for kind, chip in self.chips.items():
            chip.setVisible(not self._narrow or kind in (self.kind, "machine"))

    def set_theme(self, theme: Theme) -> None:
        """Take another look or scale (the chips are told by the shell)."""
        self._theme = theme
