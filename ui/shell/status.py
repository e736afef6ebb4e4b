"""The status line: is it saved, who else knows, which desk, how many lines."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from commandcenter.domain.clock import SHANGHAI
from commandcenter.words import Words
from ui.shell.chip import Label
from ui.shell.reach import ReachChips
from ui.theme import SPACE, TYPE, Theme

NOTE_MS = 12_000
SAVE_LEAST = 104


class StatusLine(QWidget):
    """Plain sentences told by the caller; each state has a shape before its word."""

    reach_clicked = Signal()
    needs_clicked = Signal()

    def __init__(self, words: Words, theme: Theme) -> None:
        super().__init__()
        self._words, self._theme = words, theme
        row = self._row = QHBoxLayout(self)
        self._save = Label(theme, size=TYPE.small, ink="muted", elided=True)
        self._save.setAccessibleName(words("shell.status.save_name"))
        self.reach = ReachChips(words, theme)
        self.reach.clicked.connect(self.reach_clicked)
        self.reach.needs_clicked.connect(self.needs_clicked)
        self._desk = Label(theme, size=TYPE.small, ink="muted")
        self._counts = Label(theme, size=TYPE.small, ink="muted")
        self._keys = Label(theme, words("shell.status.keys"), size=TYPE.small, ink="faint")
        self._note = Label(theme, size=TYPE.small, ink="accent", elided=True)
        self._note.setAccessibleName(words("shell.status.note_name"))
        self._note_timer = QTimer(self, singleShot=True, interval=NOTE_MS)
        self._note_timer.timeout.connect(lambda: self._note.setText(""))
        for part in (self._save, self.reach, self._desk):
            row.addWidget(part)
        row.addWidget(self._note, 4)
        row.addStretch(1)
        row.addWidget(self._counts)
        row.addWidget(self._keys)
        self._counts.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._state: tuple[str, object] | None = None
        self.set_theme(theme)
        self.set_local_only()

    def set_saved(self, at: datetime) -> None:
        """Everything typed is durable; ``at`` is the last commit, aware."""
        self._state = ("saved", at)
        clock = at.astimezone(SHANGHAI).strftime("%H:%M:%S")
        self._save.set_ink("muted")
        self._save.setText(self._words("shell.status.saved", at=clock))

    def set_saving(self) -> None:
        """A commit is under way."""
        self._save.set_ink("text")
        self._save.setText(self._words("shell.status.saving"))

    def set_unsaved(self, reason: str) -> None:
        """Something is not durable, and why."""
        self._state = ("unsaved", reason)
        self._save.set_ink("danger")
        self._save.setText(self._words("shell.status.unsaved", reason=reason))

    def take_state(self, other: StatusLine) -> None:
        """Say what ``other`` says of saving: the window is furnished anew, the file is the same."""
        match other._state:
            case ("saved", datetime() as at):
                self.set_saved(at)
            case ("unsaved", str() as reason):
                self.set_unsaved(reason)

    def show_note(self, sentence: str) -> None:
        """Something was done: say so for a while, where nothing moves for it."""
        self._note.setText(sentence)
        self._note.setToolTip(sentence)
        self._note_timer.start()

    def set_local_only(self) -> None:
        """This desk works alone."""
        self.set_reach(self._words("shell.status.local_only"))

    def set_reach(self, sentence: str) -> None:
        """How far the log reaches: alone, in touch, cut off."""
        self.reach.show_state(sentence)

    def set_desk(self, label: str) -> None:
        """The desk's name."""
        self._desk.setText(label)

    def set_counts(self, counts: Sequence[str]) -> None:
        """What is counted, each already a phrase."""
        self._counts.setText(" · ".join(counts))

    def set_today(self, lines: int) -> None:
        """How many lines today's log has."""
        self.set_counts([self._words("shell.status.today", count=f"{lines:,}")])

    def texts(self) -> tuple[str, str, str, str]:
        """(save state, reach, desk, counts) as shown."""
        return (self._save.text(), self.reach.text(), self._desk.text(), self._counts.text())

    def set_theme(self, theme: Theme) -> None:
        """Take another look or scale (labels are told by the shell)."""
        self._theme = theme
        self._row.setContentsMargins(theme.px(SPACE.m), theme.px(SPACE.hair), theme.px(SPACE.m), 0)
        self._row.setSpacing(theme.px(SPACE.l))
        self.reach.set_theme(theme)
        self._save.setMinimumWidth(theme.px(SAVE_LEAST))  # where it is narrow the reach is said in short
        self.setFixedHeight(theme.px(SPACE.status))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The ground and the line above it."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._theme.brush("chrome"))
        painter.fillRect(0, 0, self.width(), self._theme.px(SPACE.hair), self._theme.brush("line_soft"))
        painter.end()
