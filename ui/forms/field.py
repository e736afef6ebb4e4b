"""The field edited in place: a view, an editor in its place while somebody types, and no save button."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

import shiboken6
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QApplication, QHBoxLayout, QVBoxLayout, QWidget

from commandcenter.domain.errors import Refused
from ui.forms.editors import Editor, Unreadable
from ui.forms.views import View
from ui.shell.chip import Chip, Label
from ui.theme import SPACE, TYPE, Theme

SAVED_SHOWN_MS = 2500
Bases = tuple[UUID, ...]


class Field(QWidget):
    """Enter, Tab or going elsewhere commits what differs; Esc puts the former value back.

    What arrives meanwhile never touches the text being typed: it is told beside it. The bases of an edit
    are the changes whose value stood there when it began (DESIGN §5.2).
    """

    committed = Signal(str, object, object)  # the field's name, the value (text or None), its bases
    typed = Signal()  # what a draft would keep has changed
    clash_wanted = Signal(str)  # the field's name: its several values are to be shown, where one is chosen

    def __init__(
        self,
        name: str,
        caption: str,
        editor: Editor,
        view: View,
        *,
        ok: Label | None = None,
        shown: Callable[[str | None], str] | None = None,
    ) -> None:
        """``ok``: where to say that it is saved instead of beside a caption (which is then not shown);
        ``shown``: how the view words a value, where that is not how the editor does."""
        super().__init__()
        self.name, self.editor, self.view = name, editor, view
        self._workbench, self._words = editor.workbench, editor.words
        self._shown = shown or editor.text_of
        self._value: str | None = None
        self._heads: Bases = ()
        self._nothing = self._words("forms.empty")  # what stands where there is no value
        self._began: str | None = None
        self._bases: Bases = ()
        self._editing = False
        self._sent: tuple[str | None, str] | None = None  # value, raw
        self._began_raw = ""
        self._refused_raw: str | None = None
        self._stale = False
        self._blocked = ""
        theme = self._workbench.theme
        self._caption = Label(theme, caption, ink="muted", size=TYPE.small)
        self._ok = ok or Label(theme, "", ink="accent", size=TYPE.small)
        self._note = Label(theme, "", ink="muted", size=TYPE.small)
        self._note.setWordWrap(True)
        self._note.setVisible(False)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(theme.px(2))
        if ok is None:
            head = QHBoxLayout()
            head.setContentsMargins(theme.px(SPACE.s - 2), 0, 0, 0)
            head.addWidget(self._caption)
            head.addWidget(self._ok)
            head.addStretch(1)
            self._layout.addLayout(head)
        for part in (view, editor, self._note):
            self._layout.addWidget(part)
        self._note.setContentsMargins(theme.px(SPACE.s - 2), 0, 0, 0)
        self.values_chip = Chip(theme, self._words("forms.see_values"), key="F8")
        self.values_chip.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # F8 is its key wherever the field has it
        self.values_chip.setVisible(False)
        self.values_chip.clicked.connect(self.open_clash)
        self._layout.addWidget(self.values_chip, 0, Qt.AlignmentFlag.AlignLeft)
        editor.setVisible(False)
        self._saved_timer = QTimer(self, singleShot=True, interval=SAVED_SHOWN_MS)
        self._saved_timer.timeout.connect(self._said_saved)
        view.begun.connect(self.begin)
        editor.entered.connect(self._enter)
        editor.left.connect(self.give_up)
        editor.lost.connect(self._lost)
        editor.typed.connect(self._typed)

    # ---- what the page does

    def show_value(self, value: str | None, heads: Sequence[UUID] = (), gone: str = "") -> None:
        """Show what the record holds now; ``heads``: the changes that made it so; ``gone``: what is said in
        place of words that were destroyed."""
        came = value != self._value
        self._nothing = gone or self._words("forms.empty")
        self._value, self._heads = value, tuple(heads)
        self.values_chip.setVisible(len(self._heads) > 1)
        if self._editing:
            if self._stale:
                self._began, self._bases, self._stale = value, self._heads, False
            if came and value != self._began:
                self._say_other()
        elif self._sent is None:
            self._show()
            self._rest()

    def open_clash(self) -> bool:
        """Ask for the field's values where one of them is chosen. False if it has only one."""
        if len(self._heads) < 2:
            return False
        self.clash_wanted.emit(self.name)
        return True

    def begin(self) -> None:
        """Let somebody type, on the value that stands here."""
        if self._blocked:
            self._say(self._blocked, "muted")
            return
        if self._editing or self._sent is not None:
            self.editor.setFocus(Qt.FocusReason.OtherFocusReason)
            return
        self._open(self._value, self._heads)
        self.editor.put(self._value)
        self.editor.setFocus(Qt.FocusReason.OtherFocusReason)
        self.editor.begin()

    def block(self, sentence: str) -> None:
        """Say why this cannot be edited now; "" lets it be edited again."""
        self._blocked = sentence
        self.view.setCursor(Qt.CursorShape.ArrowCursor if sentence else Qt.CursorShape.IBeamCursor)
        self.view.setToolTip(sentence or self.view.toolTip())

    def saved(self) -> None:
        """What was committed is on the disk."""
        if self._sent is None:
            return
        self._value, self._sent, self._refused_raw = self._sent[0], None, None
        self._show()
        self._ok.setText(self._words("forms.saved"))
        self._ok.setVisible(True)
        self._saved_timer.start()
        self.typed.emit()

    def failed(self, error: BaseException) -> None:
        """It was not written: the text comes back with one sentence beside it."""
        raw = self._sent[1] if self._sent is not None else self.editor.raw()
        here = self._has_focus()
        self._sent = None
        if not self._editing:
            self._reopen(raw)
        self._refused_raw = raw
        if isinstance(error, Refused):
            self._stale = error.code == "stale"
            if self._stale and self._value != self._began:
                self._began, self._bases, self._stale = self._value, self._heads, False
            self.refuse(self._words.sentence(error))
        else:
            self._workbench.say_error(error)
        if here:
            self.editor.setFocus(Qt.FocusReason.OtherFocusReason)

    def refuse(self, sentence: str) -> None:
        """One sentence beside the field; the text stays."""
        if self._value != self._began:
            sentence = f"{sentence} {self._other()}"
        self.editor.set_refused(True)
        self._say(sentence, "danger")

    def leave(self) -> None:
        """Commit what is being typed, as going elsewhere does."""
        self._commit(again=False)

    def abandon(self) -> None:
        """Let go without writing: the page shows another record. The page keeps the draft."""
        self._close()
        self._sent = None
        self._ok.setText("")
        self._say("", "muted")

    def editing(self) -> bool:
        """Whether somebody types here, or typed what was refused."""
        return self._editing

    def sentence(self) -> str:
        """What is said beside the field now."""
        return "" if self._note.isHidden() else self._note.text()

    def draft(self) -> dict[str, Any] | None:
        """What a draft keeps of this field; None where nothing is unsaved."""
        if self._sent is not None:
            return {"raw": self._sent[1], "bases": [str(base) for base in self._bases]}
        if not self._editing or self.editor.raw() == self._began_raw:
            return None
        return {"raw": self.editor.raw(), "bases": [str(base) for base in self._bases]}

    def restore(self, draft: Mapping[str, Any]) -> None:
        """Bring back what was being typed, with the bases it had."""
        self._open(self._value, tuple(UUID(base) for base in draft["bases"]))
        self.editor.put(self._value)
        self._began_raw = self.editor.raw()
        self.editor.put_raw(str(draft["raw"]))
        self._refused_raw = self.editor.raw()  # brought back, not typed just now: only Enter sends it
        self._say(self._words("forms.draft_back"), "accent")

    def set_theme(self, theme: Theme) -> None:
        """Take another look or scale (labels are told by the shell)."""
        self._layout.setSpacing(theme.px(2))
        self.view.set_theme(theme)
        self.editor.set_theme(theme)

    # ---- while typing

    def _open(self, began: str | None, bases: Bases) -> None:
        self._ok.setText("")
        self._editing = True
        self._began, self._bases = began, bases
        self._refused_raw, self._stale = None, False
        self.editor.put(began)
        self._began_raw = self.editor.raw()
        self.editor.set_refused(False)
        self._say("", "muted")
        self.editor.setVisible(True)
        self.view.setVisible(False)

    def _reopen(self, raw: str) -> None:
        began, bases = self._began, self._bases
        self._open(began, bases)
        self.editor.put_raw(raw)

    def _typed(self) -> None:
        if not self._editing:
            return
        self.editor.set_refused(False)
        if self._value != self._began:
            self._say_other()
        else:
            self._say("", "muted")
        self.typed.emit()

    def _enter(self) -> None:
        self._commit(again=True)

    def _lost(self) -> None:
        if self.editor.composing():  # the input method is still ending; its text comes first
            QTimer.singleShot(0, self._lost_composing)
        else:
            self._commit(again=False)

    def _lost_composing(self) -> None:
        if shiboken6.isValid(self) and not self._has_focus():
            self._commit(again=False, composed=True)

    def give_up(self) -> None:
        """Esc: put the former value back, where Ctrl+Z still takes the typed words back; then leave."""
        if self._editing and self.editor.raw() != self._began_raw:
            self._began, self._bases = self._value, self._heads
            self._refused_raw, self._stale = None, False
            self.editor.revert(self._value)
            self._began_raw = self.editor.raw()
            self.editor.set_refused(False)
            self._say(self._words("forms.reverted"), "accent")
            self.typed.emit()
        elif self._editing:
            self._close(focus=True)
            self._rest()
            self.typed.emit()

    def _commit(self, *, again: bool, composed: bool = False) -> None:
        """``again``: send what was refused before too, because somebody pressed Enter; ``composed``: the
        input method is done, whatever it said."""
        if not self._editing or self._sent is not None or (self.editor.composing() and not composed):
            return
        raw = self.editor.raw()
        if raw == self._refused_raw and not again:
            return
        try:
            value = self.editor.value()
        except Unreadable as unreadable:
            self._refused_raw = raw
            self.refuse(str(unreadable))
            return
        if value == self._began:
            self._close(focus=again)
            self._rest()
            self.typed.emit()
            return
        self._sent = (value, raw)
        bases = self._bases
        self._close(focus=again)
        self.view.show_text(self._shown(value), self._words("forms.empty"))
        self.committed.emit(self.name, value, bases)

    def _close(self, *, focus: bool = False) -> None:
        if not self._editing:
            return
        self._editing = False
        self._say("", "muted")
        self.view.setVisible(True)
        if focus:
            self.view.setFocus(Qt.FocusReason.OtherFocusReason)
        self.editor.setVisible(False)
        self._show()

    # ---- showing

    def _show(self) -> None:
        self.view.show_text(self._shown(self._value), self._nothing)

    def _said_saved(self) -> None:
        self._ok.setText("")
        self._rest()

    def _rest(self) -> None:
        if not self._editing and self._sent is None:
            many = len(self._heads)
            self._say(self._words("forms.several", count=many) if many > 1 else "", "accent")

    def _other(self) -> str:
        shown = self.editor.text_of(self._value) or self._words("forms.empty")
        return self._words("forms.other_value", value=shown)

    def _say_other(self) -> None:
        self._say(self._other(), "accent")

    def _say(self, sentence: str, ink: str) -> None:
        self._note.set_ink(ink)
        self._note.setText(sentence)
        self._note.setVisible(bool(sentence))
        self.editor.setAccessibleDescription(sentence)

    def _has_focus(self) -> bool:
        focus = QApplication.focusWidget()
        return focus is not None and (focus is self or self.isAncestorOf(focus))
