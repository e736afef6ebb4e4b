"""The rules in minutes as panels: when an entry is late, when names are hidden, and who says so."""

from __future__ import annotations

import unicodedata
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QWidget

from commandcenter.domain.errors import Answerable
from commandcenter.services.reference import shipped_row_id
from commandcenter.services.registers import ChangeSetting
from commandcenter.services.workplace import Outcome
from db.queries.registers import row as read_row
from ui.forms.editors import LineText
from ui.panel import Panel
from ui.shell.chip import Label
from ui.tables.days import clock_text
from ui.theme import SPACE, TYPE
from ui.workbench import Workbench


class MinutesRule(Panel):
    """Two fields of one setting, committed when they are left. ``key``: the setting's, in seconds; ``name``:
    what its words are called."""

    def __init__(self, workbench: Workbench, *, key: str, name: str) -> None:
        words, theme = workbench.words, workbench.theme
        super().__init__(theme, words(f"settings.{name}.title"))
        self._key, self._topic = key, f"rule {key}"
        self.workbench, self.words = workbench, words
        self._shown = {"minutes": "", "source": ""}
        self._saving = False
        self.state = Label(theme, ink="muted", size=TYPE.small)
        self.head.addWidget(self.state)
        self.minutes = LineText(workbench, words(f"settings.{name}.after"))
        self.minutes.setFixedWidth(theme.px(72))
        self.source = LineText(workbench, words("settings.source"))
        self.source.line.setPlaceholderText(words("settings.source_hint"))
        self.note = Label(theme, ink="danger", size=TYPE.small)
        self.note.setWordWrap(True)
        self.note.setVisible(False)
        px = theme.px
        captions = [words(f"settings.{name}.after"), words("settings.source")]
        labels = [Label(theme, text, ink="muted", size=TYPE.small) for text in captions]
        width = max(label.sizeHint().width() for label in labels)
        for label, editor, after in zip(
            labels, (self.minutes, self.source), (words("settings.minutes"), ""), strict=True
        ):
            label.setFixedWidth(width)
            label.setBuddy(editor)
            ground = QWidget()
            row = QHBoxLayout(ground)
            row.setContentsMargins(0, 0, 0, 0)
            row.setSpacing(px(SPACE.m))
            row.addWidget(label)
            row.addWidget(editor, 0 if after else 1)
            if after:
                row.addWidget(Label(theme, after, ink="muted"))
                row.addStretch(1)
            self.body.addWidget(ground)
            if after:
                self.body.addWidget(self.note)
        hint = Label(theme, words(f"settings.{name}.hint"), ink="muted", size=TYPE.small)
        hint.setWordWrap(True)
        self.body.addWidget(hint)
        for editor in (self.minutes, self.source):
            editor.lost.connect(self.commit)
            editor.entered.connect(self._enter)
            editor.left.connect(self._restore)
            editor.typed.connect(lambda: self._say(""))

    def read(self) -> None:
        """Read the setting; a field being typed in is left alone."""
        id_ = shipped_row_id("setting", self._key)
        self.workbench.bridge.ask(
            self, lambda connection: read_row(connection, "setting", id_), self._show, topic=self._topic
        )

    def _show(self, found: dict[str, Any] | None) -> None:
        if found is None or self._saving:
            return
        value = str(found.get("value") or "")
        minutes = f"{int(value) / 60:g}" if value.isdecimal() else value
        for name, editor, text in (
            ("minutes", self.minutes, minutes),
            ("source", self.source, str(found.get("source") or "")),
        ):
            if editor.raw() == self._shown[name]:
                if editor.raw() != text:
                    editor.put(text)
                self._shown[name] = text

    def commit(self) -> None:
        """Hand over what differs."""
        typed = {"minutes": self.minutes.raw(), "source": self.source.raw()}
        composing = self.minutes.composing() or self.source.composing()
        if self._saving or composing or typed == self._shown:
            return
        digits = unicodedata.normalize("NFKC", typed["minutes"]).strip()
        if typed["minutes"] == self._shown["minutes"]:
            seconds = round(float(digits or 0) * 60)
        elif digits.isdecimal() and len(digits) < 9:
            seconds = int(digits) * 60
        else:
            self._say(self.words("refused.not_in_range", minimum=1, maximum=1440))
            return
        self._saving = True
        self._say("")
        self.state.setText(self.words("registers.saving"))
        command = ChangeSetting(key=self._key, value=str(seconds), source=typed["source"] or None)

        def done(_outcome: Outcome) -> None:
            self._saving, self._shown = False, typed
            self.state.setText(self.words("registers.saved", at=clock_text(self.workbench.now())))
            self.state.set_ink("accent")
            self.commit()  # what was typed meanwhile
            self.read()

        def failed(error: BaseException) -> None:
            self._saving = False
            self.state.setText(self.words("registers.unsaved"))
            self.state.set_ink("danger")
            if isinstance(error, Answerable) and error.code == "not_in_range":
                self._say(self.words("refused.not_in_range", minimum=1, maximum=1440))
            else:
                self._say(self.workbench.sentence(error))

        self.workbench.bridge.execute(self, command, done, failed)

    def _enter(self) -> None:
        self.commit()
        if self.minutes.line.hasFocus():
            self.source.setFocus(Qt.FocusReason.TabFocusReason)

    def _restore(self) -> None:
        self.minutes.put(self._shown["minutes"])
        self.source.put(self._shown["source"])
        self._say("")

    def _say(self, sentence: str) -> None:
        self.note.setText(sentence)
        self.note.setVisible(bool(sentence))
        self.minutes.set_refused(bool(sentence))
