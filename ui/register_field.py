"""One field of a card, edited in place: leaving it commits what was typed, Esc brings back what was there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from commandcenter.domain.codes import TABLES
from commandcenter.domain.fields import FieldType
from commandcenter.services.code_words import code_label
from ui.directory import HIDDEN
from ui.forms.choice import Choice
from ui.forms.editors import Editor, LineText, NoteText, Unreadable, WhenText
from ui.forms.ranking import Option
from ui.register_values import SEPARATOR, as_plain, as_text
from ui.register_words import CardWords
from ui.shell.chip import Chip, Label
from ui.shell.flow import Flow
from ui.theme import SPACE, TYPE
from ui.workbench import Workbench

CHIPS_MAX = 12  # more codes than this are chosen by typing


class _Toggle(Chip):
    """A chip whose Esc belongs to its field."""

    left = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc leaves."""
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)


class Toggles(Editor):
    """Codes as chips, each on or off; ``single``: at most one is on. The value: codes joined by commas."""

    def __init__(
        self, workbench: Workbench, name: str, choices: Sequence[tuple[str, str]], *, single: bool
    ) -> None:
        super().__init__(workbench, name)
        self._single = single
        self._on: set[str] = set()
        self.chips: dict[str, _Toggle] = {}
        ground = QWidget()
        flow = Flow(workbench.theme.px(SPACE.xs + 2), ground)
        for code, label in choices:
            chip = _Toggle(workbench.theme, label)
            chip.setCheckable(True)
            chip.clicked.connect(lambda _on=False, code=code: self._press(code))
            chip.left.connect(self.left)
            self.chips[code] = chip
            flow.addWidget(chip)
        self._outer.addWidget(ground)
        policy = self.sizePolicy()
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        if self.chips:
            self.setFocusProxy(next(iter(self.chips.values())))

    def _press(self, code: str) -> None:
        if self._single:
            self._on = set() if code in self._on else {code}
        else:
            self._on ^= {code}
        self._paint_chips()
        self.typed.emit()

    def _paint_chips(self) -> None:
        for code, chip in self.chips.items():
            chip.setChecked(code in self._on)
            chip.show_text(chip.text(), "accent" if code in self._on else "plain", bold=code in self._on)
            chip.setAccessibleName(f"{self.accessibleName()} {chip.text()}")

    def put(self, value: str | None) -> None:
        """Show these codes as on."""
        self._on = set((value or "").split(SEPARATOR)) - {""}
        self._paint_chips()

    def raw(self) -> str:
        """The codes that are on."""
        return SEPARATOR.join(sorted(self._on))

    def put_raw(self, raw: str) -> None:
        """Put them back."""
        self.put(raw)

    def value(self) -> str | None:
        """The codes that are on; None for none."""
        return self.raw() or None


class Reference(Choice):
    """A card of one kind, by name, code or pinyin initials; a retired one is still called by its name."""

    def __init__(self, workbench: Workbench, name: str, target: str) -> None:
        self._target = target
        super().__init__(workbench, name, lambda: card_options(workbench, target))

    def unknown_text(self, value: str) -> str:
        """The name of a card that cannot be chosen any more."""
        return CardWords.of(self.words, self.workbench.directory).name(UUID(value)) or value


def card_options(workbench: Workbench, target: str) -> list[Option]:
    """The cards of a kind that are in use, as choices."""
    words = CardWords.of(workbench.words, workbench.directory)
    kinds = [target] if target else ["organisation", "person", "desk", "incident"]
    out = []
    for kind in kinds:
        for card in workbench.directory.now.of_kind(kind):
            others = (card.name, card.name_en or "", card.code or "")
            above = words.name(card.parent_id)
            text = words.named(card)
            names = tuple(other for other in others if other and other != text)
            out.append(Option(value=str(card.id), text=text, detail=above, names=names))
    return out


class CardField(QWidget):
    """Label, editor, and the sentence beneath. ``bases``: the changes whose values are on the screen."""

    committed = Signal(object)  # this field: something readable was typed and left
    left = Signal()  # Esc where nothing was typed
    entered = Signal()  # Enter: to the next field
    settled = Signal()  # what a draft keeps of it is another now
    clash_wanted = Signal(str)  # the field's name: its several values are to be shown, where one is chosen

    def __init__(self, workbench: Workbench, name: str, label: str, type_: FieldType) -> None:
        super().__init__()
        self.workbench, self.words = workbench, workbench.words
        self.name, self.type_ = name, type_
        self._value: str | None = None  # shown, as the editor takes it
        self._bases: list[UUID] = []
        self._latest: tuple[str | None, list[UUID]] | None = None  # came while something was typed
        self._saving = False
        self._again = False
        self.editor = make_editor(workbench, label, type_)
        self.label = Label(workbench.theme, label, ink="muted", size=TYPE.small)
        self.label.setBuddy(self.editor)
        self.note = Label(workbench.theme, ink="muted", size=TYPE.small)
        self.note.setWordWrap(True)
        self.note.setVisible(False)
        row, column = QHBoxLayout(self), QVBoxLayout()
        for layout in (row, column):
            layout.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(workbench.theme.px(SPACE.m))
        column.setSpacing(workbench.theme.px(2))
        self.label.setMinimumHeight(workbench.theme.px(SPACE.control))
        row.addWidget(self.label, 0, Qt.AlignmentFlag.AlignTop)
        self.veil = Label(workbench.theme, HIDDEN, ink="muted")
        self.veil.setMinimumHeight(workbench.theme.px(SPACE.control))
        self.veil.setVisible(False)
        column.addWidget(self.veil)
        column.addWidget(self.editor)
        column.addWidget(self.note)
        self._values_count = 1
        self._gone = ""
        self._sealed = False
        self.values_chip = Chip(workbench.theme, self.words("forms.see_values"), key="F8")
        self.values_chip.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # F8 is its key wherever the field has it
        self.values_chip.setVisible(False)
        self.values_chip.clicked.connect(self.open_clash)
        column.addWidget(self.values_chip, 0, Qt.AlignmentFlag.AlignLeft)
        row.addLayout(column, 1)
        if isinstance(self.editor, Toggles):
            self.editor.typed.connect(self.commit)
        else:
            self.editor.typed.connect(self._typed)
            self.editor.lost.connect(self.commit)
            self.editor.entered.connect(self._enter)
        if isinstance(self.editor, Choice):
            self.editor.chosen.connect(self.commit)
        self.editor.left.connect(self._leave)
        if type_.personal or type_.target == "person":
            workbench.directory.changed.connect(self._veil)
            self._veil()

    # ---- what is shown

    def _veil(self) -> None:
        """What is typed here stays, unseen, while names and phones are hidden."""
        personal = self.type_.personal or self.type_.target == "person"
        hidden = self._sealed or (personal and self.workbench.directory.hidden)
        self.veil.setText(self.words("registers.not_for_you") if self._sealed else HIDDEN)
        if hidden == self.veil.isHidden():
            self.veil.setVisible(hidden)
            self.editor.setVisible(not hidden)
            self.note.setVisible(not hidden and bool(self.note.text()))

    def seal(self, sealed: bool) -> None:
        """The words that stand here are not for this desk: say so in their place."""
        if sealed != self._sealed:
            self._sealed = sealed
            self._veil()

    def show_value(self, value: Any, bases: Sequence[UUID], values_count: int = 1, gone: str = "") -> None:
        """Show a value read from the file, unless something else is being typed here. ``gone``: what is said
        beside it, where what stood there was destroyed."""
        self._values_count, self._gone = values_count, gone
        self.values_chip.setVisible(values_count > 1)
        if not self._saving:
            self.show_value_text(as_text(self.type_, value), bases, values_count)

    def show_value_text(self, text: str | None, bases: Sequence[UUID], values_count: int = 1) -> None:
        """The same for a value as its editor takes it."""
        if self.dirty() and text != self._value:
            shown = self.editor.text_of(text) or self.words("registers.nothing")
            self._say(self.words("registers.changed_meanwhile", value=shown))
            self._latest = (text, list(bases))
        elif self.dirty():
            self._bases = list(bases)  # what was on the screen still stands, under newer changes perhaps
        else:
            self._latest = None
            if text != self._value or (text is not None and self.editor.raw() == ""):
                self.editor.put(text)
            self._value, self._bases = text, list(bases)
            several = self.words("registers.several", count=values_count) if values_count > 1 else ""
            self._say(several or self._gone)

    def open_clash(self) -> bool:
        """Ask for the field's values where one of them is chosen. False if it has only one."""
        if self._values_count < 2:
            return False
        self.clash_wanted.emit(self.name)
        return True

    def lock(self, sentence: str) -> None:
        """What is set once is read from then on; "" opens the field."""
        self.editor.setEnabled(not sentence)
        self.setToolTip(sentence)
        colours = self.workbench.theme.colours
        quiet = f"QLineEdit {{ color: {colours.muted}; background: {colours.raised}; }}"
        self.editor.setStyleSheet(quiet if sentence else "")

    def dirty(self) -> bool:
        """Whether something else stands there than what was shown."""
        try:
            return self.editor.value() != self._value
        except Unreadable:
            return True

    def raw(self) -> str:
        """What stands there."""
        return self.editor.raw()

    def draft(self) -> dict[str, Any] | None:
        """What a draft keeps of this field, with what was on the screen; None where all is saved."""
        if not self._saving and not self.dirty():
            return None
        return {"raw": self.raw(), "shown": self._value, "bases": [str(base) for base in self._bases]}

    def restore(self, draft: Mapping[str, Any]) -> None:
        """Bring back what was typed and not saved; a value that came since is told."""
        shown, bases = draft.get("shown"), [UUID(base) for base in draft.get("bases", ())]
        now, now_bases = self._value, self._bases
        self._value, self._bases = shown, bases
        self.editor.put_raw(str(draft["raw"]))
        if now != shown:
            self.show_value_text(now, now_bases)

    # ---- committing

    def plain_value(self) -> Any:
        """What stands there, as JSON has it. Unreadable if it is no value."""
        return as_plain(self.type_, self.editor.value(), self.words)

    def bases(self) -> list[UUID]:
        """The changes whose values were on the screen when typing began."""
        return self._bases

    def commit(self) -> None:
        """Hand over what was typed, if it differs and can be read."""
        if self.editor.composing() or not self.dirty():
            return
        if self._saving:
            self._again = True
            return
        try:
            self.plain_value()
        except Unreadable as problem:
            self.refuse(str(problem))
            return
        self._clear()
        self.committed.emit(self)

    def saving(self) -> None:
        """It is on its way; what is shown next is what was handed over."""
        self._saving, self._latest = True, None
        self._value = self.editor.value()

    def saved(self) -> None:
        """It is on the disk and the new row is here."""
        self._saving = False
        self.settled.emit()

    def caught_up(self) -> None:
        """After the new row was shown: what was typed meanwhile goes on its way."""
        if self._again:
            self._again = False
            self.commit()

    def begin(self) -> None:
        """Forget everything: another card, or a new one, comes."""
        self._saving = self._again = False
        self._latest = None
        self._value, self._bases = None, []
        self._values_count, self._gone = 1, ""
        self.values_chip.setVisible(False)
        self.editor.put(None)
        self._clear()

    def refuse(self, sentence: str, before: str | None = None, *, back: bool = False) -> None:
        """Say why it was not saved, beside it; what was typed stays. ``back``: nothing was written."""
        if back:
            self._saving, self._value = False, before
            self.settled.emit()
        self._say(sentence, "danger")
        self.editor.set_refused(True)

    def shown(self) -> str | None:
        """What was shown before typing, as the editor takes it."""
        return self._value

    def _typed(self) -> None:
        if self._latest is None:
            self._clear()
        self.settled.emit()

    def _clear(self) -> None:
        self._say("")
        self.editor.set_refused(False)

    def _say(self, sentence: str, ink: str = "muted") -> None:
        self.note.setText(sentence)
        self.note.set_ink(ink)
        self.note.setVisible(bool(sentence) and self.veil.isHidden())
        self.editor.setAccessibleDescription(sentence)

    def sentence(self) -> str:
        """What stands beneath the field, "" for nothing."""
        return "" if self.note.isHidden() else self.note.text()

    def _enter(self) -> None:
        self.commit()
        self.entered.emit()

    def _leave(self) -> None:
        """Esc: what was there again, where Ctrl+Z still takes the typed words back; then leave."""
        reverted = self.words("registers.reverted")
        if self._latest is not None:
            self._value, self._bases = self._latest
            self._latest = None
        if self.dirty():
            self.editor.revert(self._value)
            self._clear()
            self._say(reverted)
            self.settled.emit()
        elif self.sentence() not in ("", reverted):
            self._clear()
        else:
            self._clear()
            self.left.emit()


def make_editor(workbench: Workbench, label: str, type_: FieldType) -> Editor:
    """The editor for a field of this type."""
    words = workbench.words
    shape = type_.shape
    if shape == "flag":
        return Toggles(workbench, label, [("1", words("registers.yes_value"))], single=True)
    if shape in ("code", "codes"):
        choices = [(code, code_label(words, type_.table, code)) for code in TABLES.get(type_.table, ())]
        if shape == "codes" or 0 < len(choices) <= CHIPS_MAX:
            return Toggles(workbench, label, choices, single=shape == "code")
        options = _code_options(workbench, type_.table)
        return Choice(workbench, label, options)
    if shape == "reference":
        return Reference(workbench, label, type_.target)
    if shape == "instant":
        return WhenText(workbench, label)
    if shape == "text" and type_.multiline:
        return NoteText(workbench, label)
    return LineText(workbench, label)


def _code_options(workbench: Workbench, table: str) -> Callable[[], list[Option]]:
    from commandcenter.services.reference import event_codes

    codes = TABLES.get(table) or tuple(event_codes() if table == "event_code" else ())
    options = [Option(value=code, text=code_label(workbench.words, table, code), code=code) for code in codes]
    return lambda: options
