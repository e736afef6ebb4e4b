"""The rule of the pre-edit: which keys belong to the input method while a text is being composed."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QInputMethodEvent, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QWidget

_KEY = Qt.Key
_KEYS = frozenset(
    {
        _KEY.Key_Return,
        _KEY.Key_Enter,
        _KEY.Key_Escape,
        _KEY.Key_Left,
        _KEY.Key_Right,
        _KEY.Key_Up,
        _KEY.Key_Down,
        _KEY.Key_PageUp,
        _KEY.Key_PageDown,
        _KEY.Key_Home,
        _KEY.Key_End,
        _KEY.Key_Tab,
        _KEY.Key_Backtab,
        _KEY.Key_Space,
        _KEY.Key_Backspace,
        _KEY.Key_Delete,
    }
)
_DIGITS = range(_KEY.Key_0.value, _KEY.Key_9.value + 1)


def belongs_to_input_method(event: QKeyEvent) -> bool:
    """Whether a key pressed while a pre-edit is open chooses, moves, ends or cancels there."""
    return event.key() in _KEYS or event.key() in _DIGITS


def is_enter(event: QKeyEvent) -> bool:
    """Whether the key is Enter, of either kind."""
    return event.key() in (_KEY.Key_Return, _KEY.Key_Enter)


def mark_refused(part: QWidget, refused: bool) -> None:
    """Give a text box the danger frame, or take it away."""
    if bool(part.property("refused")) != refused:
        part.setProperty("refused", refused)
        part.style().unpolish(part)
        part.style().polish(part)


def bind_keys(box: QWidget, keys: Mapping[str, Callable[[], None]], *, unless: Callable[[], bool]) -> None:
    """Keys that act while the focus is in ``box``, except while ``unless`` says so (an open pre-edit)."""
    from PySide6.QtGui import QKeySequence, QShortcut  # nobody needs them before the first paint

    for key, act in keys.items():
        shortcut = QShortcut(QKeySequence(key), box)
        shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        shortcut.setAutoRepeat(False)
        shortcut.activated.connect(lambda act=act: None if unless() else act())


class TextLine(QLineEdit):
    """A one-line text box: Enter and Esc are signals, and neither while a pre-edit is open."""

    sent = Signal()
    left = Signal()
    composing_changed = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._preedit = ""

    def composing(self) -> bool:
        """Whether an input method has a pre-edit open here."""
        return bool(self._preedit)

    def inputMethodEvent(self, event: QInputMethodEvent) -> None:
        """Follow the pre-edit."""
        before, self._preedit = self._preedit, event.preeditString()
        super().inputMethodEvent(event)
        if bool(before) != bool(self._preedit):
            self.composing_changed.emit(bool(self._preedit))

    def event(self, event: QEvent) -> bool:
        """Keep the window's shortcuts away from keys that belong to this box or its input method."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            composing = self._preedit and belongs_to_input_method(event)
            if composing or event.key() == _KEY.Key_Escape or is_enter(event):
                event.accept()
                return True
        # QWidget.event turns Tab into a focus change before keyPressEvent sees it
        if self._preedit and event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            mine = not belongs_to_input_method(event)
            return super().event(event) if mine else True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter and Esc become signals."""
        if self._preedit and belongs_to_input_method(event):
            event.accept()
        elif is_enter(event):
            if not event.isAutoRepeat():
                self.sent.emit()
        elif event.key() == _KEY.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)
