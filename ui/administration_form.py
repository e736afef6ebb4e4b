"""The administrators' form: an account, a password or an enrolment code, each a few lines and Enter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from commandcenter.domain.errors import Answerable
from commandcenter.protocol.codes import DEVICE_ROLES
from ui.facts_rows import flowing, hint
from ui.forms.choice import Choice
from ui.forms.editors import LineText, Unreadable
from ui.forms.ranking import Option
from ui.seat_password import Password
from ui.shell.chip import Chip, Label
from ui.shell.composing import TextLine, mark_refused
from ui.theme import SPACE, TYPE
from ui.workbench import Workbench

CAPTION = 96
FIELDS = {
    "account": ("person", "login", "password", "again"),
    "password": ("password", "again"),
    "code": ("scope", "role"),
}
LEVELS = frozenset({"district", "street"})  # whose desks there are


class _PasswordText(LineText):
    """A hidden line in the shape of the other editors."""

    def _make(self) -> TextLine:
        return Password()


class AdministrationForm(QWidget):
    """``sent`` carries what was typed: {field: value}. Enter goes on, in the last field it sends."""

    sent = Signal(str, object)  # which form, what was typed
    left = Signal()

    def __init__(self, workbench: Workbench) -> None:
        super().__init__()
        self.workbench, self.words = workbench, workbench.words
        words, theme, px = workbench.words, workbench.theme, workbench.theme.px
        self.kind = "account"
        self.role = DEVICE_ROLES[0]
        column = QVBoxLayout(self)
        column.setContentsMargins(px(SPACE.m), px(SPACE.m), px(SPACE.m), px(SPACE.s))
        column.setSpacing(px(SPACE.s))
        self.title = Label(theme, size=TYPE.line, bold=True)
        self.title.setWordWrap(True)
        self.about = hint(workbench, "")
        column.addWidget(self.title)
        column.addWidget(self.about)
        self.editors: dict[str, LineText] = {
            "person": Choice(workbench, words("administration.field.person"), self._persons),
            "login": LineText(workbench, words("administration.field.login")),
            "password": _PasswordText(workbench, words("administration.field.password")),
            "again": _PasswordText(workbench, words("administration.field.again")),
            "scope": Choice(workbench, words("administration.field.scope"), self._scopes),
        }
        self.roles: dict[str, Chip] = {}
        for role in DEVICE_ROLES:
            chip = self.roles[role] = Chip(theme)
            chip.clicked.connect(lambda _on=False, role=role: self.choose_role(role))
        self._rows: dict[str, QWidget] = {}
        for name, part in (*self.editors.items(), ("role", flowing(workbench, list(self.roles.values())))):
            ground = self._rows[name] = QWidget()
            row = QHBoxLayout(ground)
            row.setContentsMargins(0, 0, 0, 0)
            row.setSpacing(px(SPACE.m))
            caption = Label(theme, words(f"administration.field.{name}"), ink="muted", size=TYPE.small)
            caption.setFixedWidth(px(CAPTION))
            caption.setBuddy(part)
            row.addWidget(caption)
            row.addWidget(part, 1)
            column.addWidget(ground)
        for name, editor in self.editors.items():
            editor.entered.connect(lambda name=name: self._next(name))
            editor.left.connect(self.left)
            editor.typed.connect(lambda: self.say(""))
        self.sentence = Label(theme, ink="danger", size=TYPE.small)
        self.sentence.setWordWrap(True)
        column.addWidget(self.sentence)
        self.enter = Chip(theme, key="Ctrl+Enter")
        self.enter.clicked.connect(self.send)
        self.leave_chip = Chip(theme, words("administration.leave"), key="Esc")
        self.leave_chip.clicked.connect(self.left)
        column.addWidget(flowing(workbench, [self.enter, self.leave_chip]))
        column.addStretch(1)
        self.choose_role(self.role)

    def _persons(self) -> list[Option]:
        name = self.workbench.directory.name
        cards = self.workbench.directory.now.of_kind("person")
        return [Option(value=str(card.id), text=name("person", card.id)) for card in cards]

    def _scopes(self) -> list[Option]:
        name = self.workbench.directory.name
        return [
            Option(value=str(card.id), text=name("organisation", card.id), code=card.code or "")
            for card in self.workbench.directory.now.of_kind("organisation")
            if card.detail in LEVELS
        ]

    # ---- opening

    def open_for(self, kind: str, title: str) -> None:
        """Show one of the three, empty, with the cursor in its first field."""
        self.kind = kind
        self.title.setText(title)
        self.about.setText(self.words(f"administration.about_{kind}"))
        self.enter.show_text(self.words(f"administration.send_{kind}"), "accent", bold=True)
        for name, row in self._rows.items():
            row.setVisible(name in FIELDS[kind])
        for editor in self.editors.values():
            editor.put(None)
        self.say("")
        self.editors[FIELDS[kind][0]].setFocus(Qt.FocusReason.OtherFocusReason)

    def choose_role(self, role: str) -> None:
        """What the machine is to be used as."""
        self.role = role
        for name, chip in self.roles.items():
            on = name == role
            chip.show_text(self.words(f"settings.centre.role_{name}"), "accent" if on else "plain", bold=on)

    def wipe(self) -> None:
        """No password stays in a box that nobody looks at."""
        for name in ("password", "again"):
            self.editors[name].put(None)

    # ---- sending

    def _next(self, name: str) -> None:
        names = [each for each in FIELDS[self.kind] if each in self.editors]
        at = names.index(name)
        if at + 1 < len(names):
            self.editors[names[at + 1]].setFocus(Qt.FocusReason.TabFocusReason)
        else:
            self.send()

    def send(self) -> None:
        """Hand over what was typed; what is missing is said here."""
        said: dict[str, Any] = {"role": self.role}
        for name in FIELDS[self.kind]:
            if name not in self.editors:
                continue
            try:
                value = self.editors[name].value()
            except Unreadable as error:
                self.refuse(name, str(error))
                return
            if not value:
                self.refuse(name, self.words("refused.required"))
                return
            said[name] = UUID(value) if name in ("person", "scope") else value
        if said.get("password") != said.get("again"):
            self.refuse("again", self.words("administration.differs"))
            return
        self.sent.emit(self.kind, said)

    def refuse(self, name: str, sentence: str) -> None:
        """Say what is wrong with a field, and put the cursor there."""
        self.say(sentence)
        editor = self.editors.get(name)
        if editor is not None:
            mark_refused(editor.line, True)
            editor.setFocus(Qt.FocusReason.OtherFocusReason)

    def failed(self, error: BaseException, sentence: Callable[[BaseException], str]) -> None:
        """What the centre says of it."""
        field = error.field if isinstance(error, Answerable) else None
        self.refuse(field or "", sentence(error))

    def say(self, sentence: str, ink: str = "danger") -> None:
        """One sentence below the fields."""
        for editor in self.editors.values():
            mark_refused(editor.line, False)
        self.sentence.setText(sentence)
        self.sentence.set_ink(ink)
