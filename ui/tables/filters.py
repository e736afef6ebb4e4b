"""The filter bar of a log list: which lines are shown, and how many there are."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from uuid import UUID

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QWidget

from commandcenter.domain.clock import date_of
from commandcenter.domain.codes import CHANNELS
from commandcenter.words import Words
from db.queries.log import LogFilter
from ui.shell.chip import Chip, Label, repaint_all
from ui.tables.days import number_of
from ui.theme import SPACE, TYPE, Theme

# chip -> its key with Alt anywhere on the page; alone on the list
KEYS = {"all": "A", "important": "I", "own": "M", "machine": "S", "channel": "L", "day": "D"}


class FilterBar(QWidget):
    """Chips that say what is shown; every change is one ``filter_changed``."""

    filter_changed = Signal(object)  # LogFilter

    def __init__(
        self, words: Words, theme: Theme, *, desk_id: UUID | None = None, parent: QWidget | None = None
    ) -> None:
        """``desk_id``: this desk; None leaves out the chip for its own lines."""
        super().__init__(parent)
        self._words, self._theme, self._desk_id = words, theme, desk_id
        self._filter = LogFilter()
        self._total: int | None = None
        self._day: date | None = None  # of the chosen line
        self.chips = {name: Chip(theme) for name in KEYS}
        self.count = Label(theme, "", ink="muted", size=TYPE.small)
        self._layout = QHBoxLayout(self)
        for name, chip in self.chips.items():
            self._layout.addWidget(chip)
            chip.clicked.connect(lambda _=False, name=name: self.press(name))
        self._layout.addStretch(1)
        self._layout.addWidget(self.count)
        self.chips["own"].setVisible(desk_id is not None)
        self.set_theme(theme)
        self.set_words(words)

    def bind(self, page: QWidget) -> None:
        """Make Alt and a letter work wherever the focus is on ``page``."""
        for name, key in KEYS.items():
            shortcut = QShortcut(QKeySequence(f"Alt+{key}"), page)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(lambda name=name: self.press(name))

    def set_desk(self, desk_id: UUID | None) -> None:
        """This desk, once it is known."""
        self._desk_id = desk_id
        self.chips["own"].setVisible(desk_id is not None)

    def filter(self) -> LogFilter:
        """What is shown now."""
        return self._filter

    def set_filter(self, filter_: LogFilter) -> None:
        """Show another filter without saying it back."""
        self._filter = filter_
        self._show()

    def set_count(self, total: int | None) -> None:
        """How many lines there are; None while they are being counted."""
        self._total = total
        self._show()

    def set_day(self, day: date | None) -> None:
        """The day of the chosen line: what the day chip would choose."""
        self._day = day

    def press(self, name: str) -> None:
        """What a chip or its key does. KeyError if there is no such chip."""
        now = self._filter
        if name == "all":
            wanted = LogFilter(incident_id=now.incident_id, kind=now.kind)
        elif name == "important":
            wanted = replace(now, important=not now.important)
        elif name == "own":
            wanted = replace(now, desk_id=None if now.desk_id else self._desk_id)
        elif name == "machine":
            wanted = replace(now, machine=not now.machine)
        elif name == "channel":
            ring = (None, *CHANNELS)
            wanted = replace(now, channel=ring[(ring.index(now.channel) + 1) % len(ring)])
        elif name == "day":
            day = None if now.day is not None or self._day is None else number_of(self._day)
            wanted = replace(now, day=day)
        else:
            raise KeyError(name)
        if wanted != now:
            self._filter = wanted
            self._total = None
            self._show()
            self.filter_changed.emit(wanted)

    def set_words(self, words: Words) -> None:
        """Take another language."""
        self._words = words
        self.setAccessibleName(words("log.filter.name"))
        for name, chip in self.chips.items():
            chip.setToolTip(words(f"log.filter.{name}_tip"))
        self._show()

    def set_theme(self, theme: Theme) -> None:
        """Take another look or scale."""
        self._theme = theme
        pad = theme.px(SPACE.s)
        self._layout.setContentsMargins(theme.px(SPACE.m), pad, theme.px(SPACE.m), pad)
        self._layout.setSpacing(pad)
        repaint_all(self, theme)

    def _show(self) -> None:
        words, now = self._words, self._filter
        plain = LogFilter(incident_id=now.incident_id, kind=now.kind)
        channel = words("log.filter.any_channel")
        if now.channel is not None:
            channel = words.label("log.channel", now.channel)
        day = words("log.filter.any_day") if now.day is None else date_of(now.day).isoformat()
        shown = {
            "all": (words("log.filter.all"), now == plain),
            "important": (words("log.filter.important"), now.important),
            "own": (words("log.filter.own"), now.desk_id is not None),
            "machine": (words("log.filter.machine"), now.machine),
            "channel": (f"{words('log.filter.channel')} {channel}", now.channel is not None),
            "day": (f"{words('log.filter.day')} {day}", now.day is not None),
        }
        for name, (text, on) in shown.items():
            self.chips[name].show_text(text, "accent" if on else "plain", bold=on)
        if self._total is None:
            self.count.setText(words("log.counting"))
        else:
            self.count.setText(words("log.count", count=f"{self._total:,}"))
