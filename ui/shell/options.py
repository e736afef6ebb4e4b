"""The option row of the log box: channel, direction, counterpart, importance, when it happened, why late."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from commandcenter.words import Words
from ui.shell.chip import Chip, Label
from ui.shell.composing import TextLine
from ui.shell.draft import Choice, LineDraft
from ui.shell.flow import Flow
from ui.theme import SPACE, TYPE, Theme

NARROW = 900
NONE_SHOWN = "–"


class ChoiceChip(Chip):
    """A chip that goes round a list of choices; None is "nothing said"."""

    changed = Signal()

    def __init__(
        self, theme: Theme, caption: str, choices: Sequence[Choice], key: str, *, optional: bool = True
    ) -> None:
        super().__init__(theme, caption=caption, key=key)
        self._choices = tuple(choices)
        self._optional = optional
        self._chosen: str | None = None
        self.clicked.connect(self.cycle)
        self.choose(None, quiet=True)

    def chosen(self) -> str | None:
        """The code chosen, or None."""
        return self._chosen

    def choose(self, code: str | None, *, quiet: bool = False, shown: str | None = None) -> None:
        """Choose a code (an unknown one is kept and shown as it is); ``shown`` is what to show for None."""
        self._chosen = code
        visible = code if code is not None else shown
        label = next((c.label for c in self._choices if c.code == visible), visible or NONE_SHOWN)
        ordinary = visible is None or (not self._optional and self._is_first(visible))
        self.show_text(label, "plain" if ordinary else "accent", bold=not ordinary)
        if not quiet:
            self.changed.emit()

    def _is_first(self, code: str) -> bool:
        return bool(self._choices) and self._choices[0].code == code

    def cycle(self) -> None:
        """The next choice; after the last comes nothing, where that is allowed."""
        codes: list[str | None] = [choice.code for choice in self._choices]
        if self._optional:
            codes.insert(0, None)
        current = self._chosen if self._chosen in codes else codes[0]
        self.choose(codes[(codes.index(current) + 1) % len(codes)])

    def choose_nth(self, index: int) -> None:
        """The choice at ``index``; the same again takes it back."""
        if index < len(self._choices):
            code = self._choices[index].code
            self.choose(None if self._optional and code == self._chosen else code)

    def count(self) -> int:
        """How many choices there are."""
        return len(self._choices)


class OptionRow(QWidget):
    """Chips and small fields; it knows nothing of time: what was read is told to it."""

    changed = Signal()
    when_typed = Signal(str)
    sent = Signal()
    left = Signal()

    def __init__(
        self,
        words: Words,
        theme: Theme,
        channels: Sequence[Choice],
        directions: Sequence[Choice],
        importances: Sequence[Choice],
    ) -> None:
        super().__init__()
        self._words, self._theme = words, theme
        self._importances = tuple(importances)
        self._marked = False
        self._keys_shown: list[Label] = []
        self.channel = ChoiceChip(theme, words("shell.logbox.channel"), channels, "Alt+1…")
        self.direction = ChoiceChip(theme, words("shell.logbox.direction"), directions, "Alt+D")
        self.importance = ChoiceChip(
            theme, words("shell.logbox.importance"), importances, "Alt+I", optional=False
        )
        self.importance.choose(None, quiet=True, shown=self._normal())
        keyed = "  ".join(f"Alt+{n} {c.label}" for n, c in enumerate(channels[:9], 1))
        self.channel.setToolTip(keyed)
        self.channel.setAccessibleDescription(keyed)
        self.counterpart = self._field("counterpart", 170)
        self.when = self._field("happened_at", 104, figures=True)
        self.reason = self._field("late_reason", 220)
        self.when.setPlaceholderText(words("shell.logbox.happened_at_hint"))
        flow = self._flow = Flow(theme.px(SPACE.s), self)
        self._cells: dict[str, QWidget] = {}
        for name, key, part in (
            ("channel", "", self.channel),
            ("direction", "", self.direction),
            ("counterpart", "Alt+C", self.counterpart),
            ("importance", "", self.importance),
            ("happened_at", "Alt+T", self.when),
            ("late_reason", "Alt+R", self.reason),
        ):
            cell = part if isinstance(part, Chip) else self._cell(name, key, part)
            self._cells[name] = cell
            flow.addWidget(cell)
        self._cells["late_reason"].setVisible(False)
        for chip in (self.channel, self.direction, self.importance):
            chip.changed.connect(self.changed)
        for line in (self.counterpart, self.when, self.reason):
            line.sent.connect(self.sent)
            line.left.connect(self.left)
        self.counterpart.textChanged.connect(self.changed)
        self.reason.textChanged.connect(self.changed)
        self.when.textChanged.connect(self.when_typed)

    def _field(self, name: str, width: int, *, figures: bool = False) -> TextLine:
        field = TextLine()
        field.setProperty("width_at_100", width)
        field.setProperty("figures", figures)
        field.setFixedWidth(self._theme.px(width))
        field.setFont(self._theme.font(TYPE.body, figures=figures))
        field.setAccessibleName(self._words(f"shell.logbox.{name}"))
        return field

    def _cell(self, name: str, key: str, field: TextLine) -> QWidget:
        cell = QWidget()
        row = QHBoxLayout(cell)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(self._theme.px(SPACE.xs))
        caption = Label(self._theme, self._words(f"shell.logbox.{name}"), ink="muted", size=TYPE.small)
        caption.setBuddy(field)
        row.addWidget(caption)
        row.addWidget(field)
        hint = Label(self._theme, key, ink="muted", size=TYPE.tiny, figures=True)
        self._keys_shown.append(hint)
        field.setToolTip(key)
        row.addWidget(hint)
        return cell

    def set_theme(self, theme: Theme) -> None:
        """Take another look or scale (chips and labels are told by the shell)."""
        self._theme = theme
        self._flow.setSpacing(theme.px(SPACE.s))
        for field in (self.counterpart, self.when, self.reason):
            field.setFont(theme.font(TYPE.body, figures=bool(field.property("figures"))))
        self._fit()

    def _fit(self) -> None:
        """Where it is narrow, shorter fields without their keys make two rows of three."""
        narrow = self.width() < self._theme.px(NARROW)
        for field in (self.counterpart, self.when, self.reason):
            share = 0.6 if narrow and field is not self.when else 1.0
            field.setFixedWidth(self._theme.px(int(field.property("width_at_100")) * share))
        for key in self._keys_shown:
            key.setVisible(not narrow)
        self.setMinimumHeight(self._flow.heightForWidth(self.width()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Width decides how long the fields are."""
        super().resizeEvent(event)
        self._fit()

    def keys(self) -> dict[str, Callable[[], None]]:
        """The keys of the row and what each does."""
        keys: dict[str, Callable[[], None]] = {
            "Alt+D": self.direction.cycle,
            "Alt+I": self.cycle_importance,
            "Alt+C": self.counterpart.setFocus,
            "Alt+R": lambda: self.reason.setFocus() if self.reason_shown() else None,
        }
        for index in range(min(9, self.channel.count())):
            keys[f"Alt+{index + 1}"] = partial(self.channel.choose_nth, index)
        return keys

    # ---- values

    def _normal(self) -> str | None:
        return self._importances[0].code if self._importances else None

    def importance_code(self) -> str | None:
        """The importance as it will be sent: chosen, else marked by "!", else the first of the list."""
        if self.importance.chosen() is not None:
            return self.importance.chosen()
        return self._importances[1].code if self._marked and len(self._importances) > 1 else self._normal()

    def set_marked(self, marked: bool) -> None:
        """Whether the line begins with the sign that makes it important."""
        self._marked = marked
        if self.importance.chosen() is None:
            self.importance.choose(None, quiet=True, shown=self.importance_code())

    def cycle_importance(self) -> None:
        """The next importance after the one shown."""
        if self.importance.chosen() is None:
            self.importance.choose(self.importance_code(), quiet=True)
        self.importance.cycle()

    def fill(self, draft: LineDraft, happened_text: str) -> None:
        """Show a draft's options, telling nobody."""
        blocked = (self.counterpart, self.reason, self.when)
        for field in blocked:
            field.blockSignals(True)
        self.channel.choose(draft.channel, quiet=True)
        self.direction.choose(draft.direction, quiet=True)
        chosen = draft.importance if draft.importance != self._normal() else None
        self.importance.choose(chosen, quiet=True, shown=self._normal())
        self.counterpart.setText(draft.counterpart)
        self.when.setText(happened_text)
        self.reason.setText(draft.late_reason)
        for field in blocked:
            field.blockSignals(False)

    def show_reason(self, wanted: bool) -> None:
        """Show the reason field, which a late line needs."""
        if wanted == self.reason_shown():
            return
        self._cells["late_reason"].setVisible(wanted)
        self._fit()

    def reason_shown(self) -> bool:
        """Whether a reason is asked for."""
        return not self._cells["late_reason"].isHidden()

    def composing(self) -> bool:
        """Whether an input method has a pre-edit open in one of the fields."""
        return any(field.composing() for field in (self.counterpart, self.when, self.reason))

    def stops(self) -> tuple[QWidget, ...]:
        """Where Tab stops, in order."""
        fields = (self.counterpart, self.importance, self.when, self.reason)
        return (self.channel, self.direction, *fields)

    def part(self, name: str) -> QWidget | None:
        """The widget of a field by the draft's name for it."""
        parts: dict[str, QWidget] = {
            "channel": self.channel,
            "direction": self.direction,
            "importance": self.importance,
            "counterpart": self.counterpart,
            "happened_at": self.when,
            "late_reason": self.reason,
        }
        return parts.get(name)

    def read(self, happened_at: datetime | None) -> LineDraft:
        """The options as a draft without text and incident."""
        return LineDraft(
            channel=self.channel.chosen(),
            direction=self.direction.chosen(),
            counterpart=self.counterpart.text(),
            importance=self.importance_code(),
            happened_at=happened_at,
            happened_text=self.when.text(),
            late_reason=self.reason.text(),
        )
