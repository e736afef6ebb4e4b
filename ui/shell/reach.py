"""The status line's connection: how far the log reaches, and what waits for somebody."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from commandcenter.words import Words
from ui.shell.chip import Chip
from ui.theme import SPACE, Theme

BLINK_MS = 700
BLINKS = 16  # then it stands still: it has been seen, or nobody is there
HEIGHT = 20


class StateChip(Chip):
    """Says the long sentence where it has the room, else the short one."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        self._short = ""
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def show_state(self, long: str, short: str, tone: str) -> None:
        """Say this."""
        self._short = short
        self.show_text(long, tone)
        self.updateGeometry()
        self.update()

    def minimumSizeHint(self) -> QSize:
        """The short sentence is never cut."""
        whole = self.sizeHint()
        return QSize(min(whole.width(), self._width_of(self._short or self.text())), whole.height())

    def _width_of(self, text: str) -> int:
        return round(
            self._metrics(self._bold, False).horizontalAdvance(text) + self._theme.px(SPACE.s) * 2 + 2
        )

    def _parts(self) -> list[tuple[str, bool, bool, str]]:
        parts = super()._parts()
        if self._short and self.width() < self._width_of(self.text()):
            return [(self._short, *parts[0][1:])]
        return parts

    def sizeHint(self) -> QSize:
        """The long sentence."""
        return QSize(self._width_of(self.text()), self._theme.px(HEIGHT))


class ReachChips(QWidget):
    """Two chips: the state, and what needs a person now. Only the second may blink, and only at first."""

    clicked = Signal()
    needs_clicked = Signal()

    def __init__(self, words: Words, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._needs: tuple[str, str] = ("", "")
        self._left = 0
        row = self._row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        self.state = StateChip(theme)
        self.needs = Chip(theme)
        self._names = (words("shell.status.reach_name"), words("shell.status.needs_name"))
        self.needs.setVisible(False)
        self.state.clicked.connect(self.clicked)
        self.needs.clicked.connect(self.needs_clicked)
        for chip in (self.state, self.needs):
            chip.setCursor(Qt.CursorShape.PointingHandCursor)
            row.addWidget(chip)
        self._timer = QTimer(self, interval=BLINK_MS)
        self._timer.timeout.connect(self._blink)
        self.set_theme(theme)

    def show_state(self, long: str, short: str = "", tone: str = "flat", tip: str = "") -> None:
        """Say how far the log reaches; ``short`` where there is no room."""
        self.state.show_state(long, short or long, tone)
        self.state.setToolTip(tip)
        self.state.setAccessibleName(f"{self._names[0]} {long}")
        self.state.setAccessibleDescription(tip)

    def show_needs(self, sentence: str, quiet: str, *, rose: bool) -> None:
        """Say what waits for somebody, "" for nothing; ``rose``: something came, so it blinks a while."""
        self._needs = (sentence, quiet)
        self.needs.setVisible(bool(sentence))
        if not sentence:
            self._stop()
        elif rose:
            self._left = BLINKS
            self._timer.start()
        self._paint_needs()
        self.needs.setAccessibleName(f"{self._names[1]} {sentence}")

    def text(self) -> str:
        """What is said of the reach, in full."""
        return self.state.text()

    def needs_text(self) -> str:
        """What is said to wait for somebody, "" for nothing."""
        return self._needs[0]

    def blinking(self) -> bool:
        """Whether it asks for somebody just now."""
        return self._timer.isActive()

    def set_theme(self, theme: Theme) -> None:
        """Take another look or scale (chips are told by the shell)."""
        self._theme = theme
        self._row.setSpacing(theme.px(SPACE.xs))
        for chip in (self.state, self.needs):
            chip.setFixedHeight(theme.px(HEIGHT))

    def _stop(self) -> None:
        self._left = 0
        self._timer.stop()

    def _blink(self) -> None:
        self._left -= 1
        if self._left <= 0:
            self._stop()
        self._paint_needs()

    def _paint_needs(self) -> None:
        hollow = self._timer.isActive() and self._left % 2 == 1
        sentence, quiet = self._needs
        self.needs.show_text(quiet if hollow else sentence, "plain" if hollow else "strong", bold=True)
