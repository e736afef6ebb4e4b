"""The filter bar of the audit trail: chips that take what the chosen entry has, and how many there are."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar, get_args

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QWidget

from commandcenter.domain.clock import date_of, day_number, to_ms
from commandcenter.services.audit_sentences import AuditWords
from db.queries.audit import CHANGES, AuditFilter, AuditLine, What
from ui.shell.chip import Chip, Label
from ui.theme import SPACE, TYPE, Theme

# chip -> its key with Alt anywhere on the page; alone on the list
KEYS = {"all": "A", "access": "V", "changes": "G", "action": "T", "person": "P", "desk": "M", "day": "D"}
T = TypeVar("T")
WHATS: tuple[What, ...] = get_args(What)


class AuditFilterBar(QWidget):
    """Every change is one ``changed``."""

    changed = Signal(object)  # AuditFilter

    def __init__(self, theme: Theme, put: AuditWords) -> None:
        super().__init__()
        self._put, self._filter, self._total = put, AuditFilter(), -1
        self._line: AuditLine | None = None
        words, px = put.words, theme.px
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(px(SPACE.s))
        self.chips: dict[str, Chip] = {}
        for name in KEYS:
            chip = Chip(theme)
            chip.setToolTip(words(f"audit.filter.{name}_tip"))
            chip.clicked.connect(lambda _on=False, name=name: self.press(name))
            self.chips[name] = chip
            row.addWidget(chip)
        row.addStretch(1)
        self.count = Label(theme, "", ink="muted", size=TYPE.small)
        row.addWidget(self.count)
        self.setAccessibleName(words("audit.filter.name"))
        self._show()

    def bind(self, page: QWidget) -> None:
        """Make Alt and a letter work wherever the focus is on ``page``."""
        for name, key in KEYS.items():
            shortcut = QShortcut(QKeySequence(f"Alt+{key}"), page)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(lambda name=name: self.press(name))

    def filter(self) -> AuditFilter:
        """What is shown now."""
        return self._filter

    def set_words(self, put: AuditWords) -> None:
        """Take other names."""
        self._put = put
        self._show()

    def set_line(self, line: AuditLine | None) -> None:
        """The entry chosen: what its chips would take."""
        self._line = line

    def set_count(self, total: int) -> None:
        """How many entries there are; -1 while they are being counted."""
        self._total = total
        self._show()

    def press(self, name: str) -> None:
        """What a chip or its key does. KeyError if there is no such chip."""
        now, line = self._filter, self._line
        if name == "all":
            wanted = AuditFilter()
        elif name in WHATS:
            what: What = "access" if name == "access" else "changes"
            wanted = replace(now, what="all" if now.what == what else what)
            if now.action is not None and (now.action in CHANGES) != (what == "changes"):
                wanted = replace(wanted, action=None)  # the two exclude one another
        elif name == "action":
            wanted = replace(now, action=_other(now.action, None if line is None else line.action or None))
        elif name == "person":
            wanted = replace(now, person_id=_other(now.person_id, None if line is None else line.by))
        elif name == "desk":
            wanted = replace(now, desk_id=_other(now.desk_id, None if line is None else line.desk))
        elif name == "day":
            day = None if line is None or line.at is None else day_number(to_ms(line.at))
            wanted = replace(now, day=_other(now.day, day))
        else:
            raise KeyError(name)
        if wanted != now:
            self._filter, self._total = wanted, -1
            self._show()
            self.changed.emit(wanted)

    def _show(self) -> None:
        words, now = self._put.words, self._filter
        none = words("audit.filter.any")
        said = {
            "action": none if now.action is None else self._put.action_word(now.action),
            "person": none if now.person_id is None else self._put.name("person", now.person_id),
            "desk": none if now.desk_id is None else self._put.name("desk", now.desk_id),
            "day": none if now.day is None else date_of(now.day).isoformat(),
        }
        for name, chip in self.chips.items():
            text = words(f"audit.filter.{name}")
            if name in said:
                text, on = f"{text} {said[name]}", said[name] != none
            elif name == "all":
                on = now == AuditFilter()
            else:
                on = now.what == name
            chip.show_text(text, "accent" if on else "plain", bold=on)
        if self._total < 0:
            self.count.setText(words("audit.counting"))
        else:
            self.count.setText(words("audit.count", count=f"{self._total:,}"))


def _other(now: T | None, chosen: T | None) -> T | None:
    """Take what the chosen entry has; nothing where something is taken already."""
    return chosen if now is None else None
