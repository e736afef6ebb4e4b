"""The header: what this is, which desk, who is on duty, and what time it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from commandcenter.domain.clock import SHANGHAI
from commandcenter.words import Words
from ui.shell.chip import Chip, Label
from ui.theme import SPACE, TYPE, Theme

# a timer may fire a hair early; asking just after the second shows the right one
_AFTER_THE_SECOND_MS = 15


class Header(QWidget):
    """One row. The clock asks ``now`` once a second; badges go into ``badges``."""

    duty_clicked = Signal()

    def __init__(self, words: Words, theme: Theme, *, now: Callable[[], datetime]) -> None:
        super().__init__()
        self._words, self._theme, self._now = words, theme, now
        self.setAccessibleName(words("shell.header.name"))
        row = self._row = QHBoxLayout(self)
        self._product = Label(theme, words("shell.product"), size=TYPE.title, bold=True, elided=True)
        self._desk = Chip(theme)
        self._desk.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._desk.setVisible(False)
        self.badges = QHBoxLayout()
        self._duty = Chip(theme, caption=words("shell.header.duty"))
        self._duty.setToolTip(words("shell.header.duty_tip"))
        self._duty.clicked.connect(self.duty_clicked)
        self.set_duty("")
        self._clock = Label(theme, size=TYPE.clock, bold=True, figures=True)
        self._clock.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._date = Label(theme, ink="muted")
        row.addWidget(self._product)
        row.addWidget(self._desk)
        row.addLayout(self.badges)
        row.addStretch(1)
        for part in (self._duty, self._clock, self._date):
            row.addWidget(part)
        self._timer = QTimer(self, singleShot=True, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        self.set_theme(theme)
        self._tick()

    def set_product(self, name: str) -> None:
        """What this is called here: by the district's name, once that is known."""
        self._product.setText(name)

    def set_desk(self, label: str) -> None:
        """The desk's name, "" for none."""
        self._desk.show_text(label)
        self._desk.setVisible(bool(label))

    def set_duty(self, name: str, *, strong: bool = False) -> None:
        """Who is on duty; without a name the chip asks for one. ``strong``: it must be seen."""
        shown = name or self._words("shell.header.nobody")
        self._duty.show_text(shown, "plain" if name and not strong else "strong", bold=True)

    def clock_text(self) -> str:
        """The time shown, "14:32:07"."""
        return self._clock.text()

    def date_text(self) -> str:
        """The date shown."""
        return self._date.text()

    def set_theme(self, theme: Theme) -> None:
        """Take another look or scale (chips and labels are told by the shell)."""
        self._theme = theme
        px = theme.px
        self._row.setContentsMargins(px(SPACE.l), 0, px(SPACE.m), px(SPACE.hair))
        self._row.setSpacing(px(SPACE.m))
        self.badges.setSpacing(px(SPACE.s))
        self.setFixedHeight(theme.px(SPACE.header) + theme.px(SPACE.hair))
        metrics = QFontMetrics(theme.font(TYPE.clock, bold=True, figures=True))
        self._clock.setFixedWidth(metrics.horizontalAdvance("00:00:00") + theme.px(SPACE.xs))
        self.update()

    def _tick(self) -> None:
        words, local = self._words, self._now().astimezone(SHANGHAI)
        self._clock.setText(local.strftime("%H:%M:%S"))
        month, weekday = words(f"shell.month.{local.month}"), words(f"shell.weekday.{local.isoweekday()}")
        self._date.setText(words("shell.header.date", month=month, day=local.day, weekday=weekday))
        self._timer.start(1000 - local.microsecond // 1000 + _AFTER_THE_SECOND_MS)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The ground and the line below it."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._theme.brush("chrome"))
        hair = self._theme.px(SPACE.hair)
        painter.fillRect(0, self.height() - hair, self.width(), hair, self._theme.brush("line"))
        painter.end()
