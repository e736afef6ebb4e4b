"""The choice by typing: a few characters of a name, a code or pinyin initials, and Enter."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import shiboken6
from PySide6.QtCore import QEvent, QModelIndex, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget

from ui.forms.editors import LineText, Unreadable
from ui.forms.ranking import NO_INITIALS, Initials, Option, folded, rank
from ui.forms.suggestions import ROWS_MAX, Suggestions
from ui.shell.composing import TextLine, belongs_to_input_method
from ui.theme import Theme
from ui.workbench import Workbench

_STEPS = {
    Qt.Key.Key_Down: 1,
    Qt.Key.Key_Up: -1,
    Qt.Key.Key_PageDown: ROWS_MAX - 1,
    Qt.Key.Key_PageUp: 1 - ROWS_MAX,
}


class _PickLine(TextLine):
    """A text line whose arrows move through the suggestions."""

    stepped = Signal(int)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows up and down are for the list."""
        step = _STEPS.get(Qt.Key(event.key()))
        if (
            step is not None
            and not event.modifiers()
            and not (self.composing() and belongs_to_input_method(event))
        ):
            self.stepped.emit(step)
            event.accept()
        else:
            super().keyPressEvent(event)


class Choice(LineText):
    """One of ``options()``, or nothing. What is typed but chosen from nothing is no value."""

    chosen = Signal()  # another option was taken (by a person)

    def __init__(self, workbench: Workbench, name: str, options: Callable[[], Sequence[Option]]) -> None:
        """``options``: what can be chosen now, in the order to show before anything is typed."""
        self._options = options
        self._initials: Initials = NO_INITIALS
        self._asked: frozenset[str] = frozenset()
        self._value: str | None = None
        self._shown = ""
        self._list: Suggestions | None = None
        super().__init__(workbench, name)
        assert isinstance(self.line, _PickLine)
        self.line.stepped.connect(self._step)
        self.line.textEdited.connect(self._search)
        self.line.setPlaceholderText(workbench.words("forms.choice_hint"))
        self.line.sent.disconnect()
        self.line.left.disconnect()
        self.line.sent.connect(self._enter)
        self.line.left.connect(self._leave)

    def _make(self) -> TextLine:
        return _PickLine()

    # ---- value

    def put(self, value: str | None) -> None:
        """Show the option with this value."""
        self._value = value
        self._shown = self.text_of(value)
        self.line.setText(self._shown)
        self.line.setCursorPosition(0)
        self._hide()

    def revert(self, value: str | None) -> None:
        """Show the option with this value again; what was typed only sought one."""
        self.put(value)

    def put_raw(self, raw: str) -> None:
        """Put back what stood there: an option's text chooses it, other words wait to be matched."""
        found = next((o for o in self._options() if self._label(o) == raw), None)
        if found is not None:
            self.put(found.value)
        else:
            self.line.setText(raw)

    def value(self) -> str | None:
        """What was chosen. Unreadable where words stand there that choose nothing."""
        text = self.line.text()
        if text == self._shown:
            return self._value
        if not text.strip():
            return None
        exact = [o for o in self._options() if folded(text) in (folded(o.text), folded(o.code or o.text))]
        if len(exact) == 1:
            return exact[0].value
        raise Unreadable(self.words("forms.choose_one", text=text.strip()))

    def text_of(self, value: str | None) -> str:
        """What an option is called; the value itself where it is none of them any more."""
        if value is None:
            return ""
        found = next((option for option in self._options() if option.value == value), None)
        return self._label(found) if found else self.unknown_text(value)

    def unknown_text(self, value: str) -> str:
        """What to call a value that cannot be chosen any more: a card's name while it is known."""
        return value

    def _label(self, option: Option) -> str:
        return f"{option.code} {option.text}" if option.code else option.text

    # ---- the list

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Coming in loads the initials; a click opens the list."""
        if event.type() == QEvent.Type.FocusIn:
            self._want_initials()
        elif event.type() == QEvent.Type.MouseButtonRelease and self._list_hidden():
            self.open_all()
        return super().eventFilter(watched, event)

    def _focus_gone(self) -> None:
        if not self._list_hidden() and self._list is not None and self.line.text() != self._shown:
            marked = self._list.marked()
            if marked is not None and self.line.text().strip():
                self._take(marked)
        self._hide()
        super()._focus_gone()

    def _want_initials(self) -> None:
        names = frozenset(name for option in self._options() for name in (option.text, *option.names))
        if names == self._asked:
            return
        self._asked = names
        self.workbench.bridge.ask(
            self, lambda _connection: Initials.of(names), self._take_initials, topic="initials"
        )

    def _take_initials(self, initials: Initials) -> None:
        self._initials = initials
        text = self.line.text()
        if self.line.hasFocus() and text != self._shown and text.strip() and not self.composing():
            self._open(text)

    def _search(self, text: str) -> None:
        self._want_initials()
        self._open(text)

    def _open(self, text: str) -> None:
        found = rank(self._options(), text, self._initials)
        if self._list is None:
            window = self.window()
            self._list = Suggestions(self.workbench.theme, self.accessibleName(), window)
            self._list.clicked.connect(self._clicked)
            self.destroyed.connect(self._list.deleteLater)
        if found:
            # unfiltered, Enter must change nothing until somebody moved: the present value is marked, or none
            self._list.show_options(found, self.line, marked=None if text.strip() else (self._value or ""))
        else:
            self._hide()

    def open_all(self) -> None:
        """Open the whole list, as a click does."""
        self._want_initials()
        self._open("")

    def _list_hidden(self) -> bool:
        return self._list is None or self._list.isHidden()

    def _hide(self) -> None:
        if self._list is not None:
            self._list.setVisible(False)

    def suggestions(self) -> list[Option]:
        """What the list shows now; empty while it is closed."""
        return [] if self._list is None or self._list.isHidden() else self._list.options()

    def _clicked(self, _index: QModelIndex) -> None:
        marked = self._list.marked() if self._list is not None else None
        if marked is not None:
            self._take(marked)

    def _step(self, rows: int) -> None:
        if self._list_hidden():
            self._want_initials()
            self._open("" if self.line.text() == self._shown else self.line.text())
            if self._list is not None and self._list.marked() is None:
                self._list.step(1)
        elif self._list is not None:
            self._list.step(rows)

    def _take(self, option: Option) -> None:
        self.put(option.value)
        self.typed.emit()
        self.chosen.emit()

    def _enter(self) -> None:
        marked = self._list.marked() if self._list is not None and not self._list_hidden() else None
        if marked is not None and marked.value != self._value:
            self._take(marked)
        elif marked is not None:
            self.put(self._value)
        self._hide()
        self.entered.emit()

    def _leave(self) -> None:
        if self._list_hidden():
            self.left.emit()
        else:
            self._hide()

    def hideEvent(self, event: object) -> None:
        """The list goes with its field."""
        self._hide()
        super().hideEvent(event)  # type: ignore[arg-type]

    def set_theme(self, theme: Theme) -> None:
        """Take another look or scale; the list is made anew."""
        super().set_theme(theme)
        if self._list is not None:
            self._list.deleteLater()
            self._list = None

    def begin(self) -> None:
        """Typing replaces what stands there; the list shows what there is."""
        self.select_all()
        QTimer.singleShot(0, self._open_begun)  # once the field has its place

    def _open_begun(self) -> None:
        if shiboken6.isValid(self) and self.line.hasFocus() and self.line.text() == self._shown:
            self.open_all()

    def popup(self) -> QWidget | None:
        """The list, once it was opened."""
        return self._list
