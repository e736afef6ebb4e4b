"""The labelled editor: a caption, what is typed, and one sentence beneath it when something is wrong."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from ui.forms.editors import Editor
from ui.shell.chip import Label
from ui.theme import SPACE, TYPE


class Labelled(QWidget):
    """A form's row. The sentence goes when something else is typed."""

    def __init__(self, caption: str, editor: Editor) -> None:
        super().__init__()
        theme = editor.workbench.theme
        self.editor = editor
        self.caption = Label(theme, caption, ink="muted", size=TYPE.small)
        self.caption.setBuddy(editor)
        self.said = Label(theme, "", ink="danger", size=TYPE.small, bold=True)
        self.said.setWordWrap(True)
        self.said.setVisible(False)
        self._refused = False
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.px(SPACE.xs - 1))
        for part in (self.caption, editor, self.said):
            layout.addWidget(part)
        editor.typed.connect(self.clear)

    def refuse(self, sentence: str) -> None:
        """Say what is wrong; the text stays."""
        self._refused = True
        self.said.set_ink("danger")
        self.said.setText(sentence)
        self.said.setVisible(True)
        self.editor.set_refused(True)
        self.editor.setAccessibleDescription(sentence)

    def explain(self, sentence: str) -> None:
        """Say why this cannot be changed now, or with "" nothing."""
        if self._refused and not sentence:
            return
        self._refused = False
        self.said.set_ink("muted")
        self.said.setText(sentence)
        self.said.setVisible(bool(sentence))
        self.editor.setAccessibleDescription(sentence)

    def clear(self) -> None:
        """Take the refusal away."""
        if self._refused:
            self._refused = False
            self.said.setVisible(False)
            self.editor.set_refused(False)
            self.editor.setAccessibleDescription("")

    def sentence(self) -> str:
        """What is said beneath now, "" if nothing."""
        return "" if self.said.isHidden() else self.said.text()
