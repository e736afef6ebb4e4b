"""The key that sends from any box of a panel: Ctrl+Enter, never while a pre-edit is open."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent

from ui.forms.editors import Editor
from ui.shell.composing import is_enter


class SendKey(QObject):
    """Watches editors; the boxes themselves would take the key for a plain Enter."""

    def __init__(self, parent: QObject, send: Callable[[], None], composing: Callable[[], bool]) -> None:
        super().__init__(parent)
        self._send, self._composing = send, composing

    def watch(self, editor: Editor) -> None:
        """Send from this one too."""
        (editor.focusProxy() or editor).installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Ctrl+Enter."""
        if not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.KeyPress:
            return False
        control = event.modifiers() & Qt.KeyboardModifier.ControlModifier
        if not control or not is_enter(event) or self._composing():
            return False
        if not event.isAutoRepeat():
            self._send()
        return True
