"""The seat panel's sign-in: account and password, what was wrong, and whom the chief may let try again."""

from __future__ import annotations

import json
from typing import NamedTuple
from uuid import UUID

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from commandcenter.domain.access import RELEASERS
from commandcenter.domain.clock import SHANGHAI
from commandcenter.domain.errors import Answerable
from commandcenter.domain.lockout import locked_until
from commandcenter.services.sign_in import ReleaseLockout, start
from db.desk import credentials, local
from db.desk.engine import Connection
from ui.shell.chip import Chip, Label
from ui.shell.composing import TextLine, mark_refused
from ui.theme import SPACE, TYPE
from ui.workbench import Workbench

CAPTION = 72


class Password(TextLine):
    """A hidden line that tells whether Caps Lock is on, as far as typing shows it."""

    caps_lock = Signal(bool)

    def __init__(self) -> None:
        super().__init__()
        self.setEchoMode(QLineEdit.EchoMode.Password)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """A capital without Shift, or a small letter with it."""
        text, shift = event.text(), bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if len(text) == 1 and text.isascii() and text.isalpha():
            self.caps_lock.emit(text.isupper() != shift)
        elif event.key() == Qt.Key.Key_CapsLock:
            self.caps_lock.emit(False)  # either way the next letter tells
        super().keyPressEvent(event)


class Known(NamedTuple):
    """What the panel reads when it opens."""

    login: str  # of whoever was here last, "" if nobody
    locked: tuple[tuple[UUID, str, str], ...]  # (person, login, until when)


class PasswordForm(QWidget):
    """Enter in the account goes to the password, Enter there signs in; Esc empties, then leaves."""

    signed_in = Signal(object)  # UUID
    left = Signal()
    grown = Signal()  # it wants another height

    def __init__(self, workbench: Workbench) -> None:
        super().__init__()
        self.workbench, self.words = workbench, workbench.words
        theme, words, px = workbench.theme, workbench.words, workbench.theme.px
        self._busy = False
        column = QVBoxLayout(self)
        column.setContentsMargins(px(SPACE.l), 0, px(SPACE.l), 0)
        column.setSpacing(px(SPACE.s))
        self.why = Label(theme, ink="muted", size=TYPE.small)
        self.why.setWordWrap(True)
        column.addWidget(self.why)
        self.login, self.password = TextLine(), Password()
        for line, name in ((self.login, "login"), (self.password, "password")):
            line.setFont(theme.font(TYPE.body))
            line.setAccessibleName(words(f"seat.{name}"))
            line.left.connect(self._leave)
            line.textEdited.connect(lambda _text: self._say(""))
            row = QHBoxLayout()
            caption = Label(theme, words(f"seat.{name}"), ink="muted", size=TYPE.small)
            caption.setFixedWidth(px(CAPTION))
            caption.setBuddy(line)
            row.addWidget(caption)
            row.addWidget(line, 1)
            column.addLayout(row)
        self.login.sent.connect(self.focus_password)
        self.password.sent.connect(self._try)
        self.password.caps_lock.connect(self._caps)
        self.caps = Label(theme, words("seat.caps_lock"), ink="text", bold=True, size=TYPE.small)
        self.caps.setVisible(False)
        column.addWidget(self.caps)
        self.sentence = Label(theme, ink="danger", size=TYPE.small)
        self.sentence.setWordWrap(True)
        self.sentence.setVisible(False)
        column.addWidget(self.sentence)
        self.enter = Chip(theme, key="Enter")
        self.enter.show_text(words("seat.sign_in"), "accent", bold=True)
        self.enter.clicked.connect(self._try)
        foot = QHBoxLayout()
        foot.addWidget(self.enter)
        foot.addStretch(1)
        column.addLayout(foot)
        self._locked = QVBoxLayout()
        self._locked.setSpacing(px(SPACE.xs))
        column.addLayout(self._locked)
        self.released: dict[UUID, Chip] = {}  # the chips that let somebody try again

    # ---- opening

    def begin(self) -> None:
        """Empty, with the account of whoever was here last."""
        self.password.clear()
        self._say("")
        self._caps(False)
        self.why.setText(self.words("seat.why_hidden" if self.workbench.directory.hidden else "seat.why"))
        self.read()

    def read(self) -> None:
        """Read who was here, and who is locked out."""
        now = self.workbench.now()

        def question(connection: Connection) -> Known:
            person = local.get(connection, local.PROVED)
            last = None if person is None else credentials.by_person(connection, UUID(person))
            locked = []
            for one in credentials.with_tries(connection):
                until = locked_until(one.tries, now)
                if until is not None:
                    locked.append((one.person, one.login, f"{until.astimezone(SHANGHAI):%H:%M}"))
            return Known("" if last is None else last.login, tuple(locked))

        self.workbench.bridge.ask(self, question, self._known, topic="known")

    def _known(self, known: Known) -> None:
        if not self.login.text() and known.login:
            self.login.setText(known.login)
            if self.login.hasFocus():
                self.focus_password()
        while (item := self._locked.takeAt(0)) is not None:
            if (part := item.widget()) is not None:
                part.deleteLater()
        self.released = {}
        for person, login, until in known.locked:
            self._locked.addWidget(self._locked_row(person, login, until))
        self.grown.emit()

    def _locked_row(self, person: UUID, login: str, until: str) -> QWidget:
        words, theme = self.words, self.workbench.theme
        ground = QWidget()
        row = QHBoxLayout(ground)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(Label(theme, words("seat.locked", login=login, until=until), size=TYPE.small), 1)
        if self._may_release(person):
            chip = self.released[person] = Chip(theme, words("seat.release"))
            chip.clicked.connect(lambda: self._release(person, login))
            row.addWidget(chip)
        return ground

    def _may_release(self, person: UUID) -> bool:
        now = self.workbench.directory.now
        card = self.workbench.directory.card(now.person)
        return (
            card is not None
            and card.id != person
            and not RELEASERS.isdisjoint(json.loads(card.detail or "[]"))
        )

    def _release(self, person: UUID, login: str) -> None:
        def done(_outcome: object) -> None:
            self.workbench.said.emit(self.words("seat.released", login=login))
            self.read()

        self.workbench.bridge.execute(self, ReleaseLockout(person_id=person), done, self.workbench.say_error)

    def focus_first(self) -> None:
        """The cursor where something is missing."""
        (self.password if self.login.text() else self.login).setFocus(Qt.FocusReason.OtherFocusReason)

    def focus_password(self) -> None:
        """The cursor in the password."""
        self.password.setFocus(Qt.FocusReason.OtherFocusReason)
        self.password.selectAll()

    # ---- signing in

    def _try(self) -> None:
        if self._busy:
            return
        self._busy = True
        self._say(self.words("seat.checking"), "muted")
        bench = self.workbench
        answer = start(
            bench.desktop,
            self.login.text(),
            self.password.text(),
            bench.centre or bench.desktop.sync.sign_in(),
        )
        bench.bridge.deliver(self, answer, self._right, self._wrong)

    def _right(self, person: UUID) -> None:
        self._busy = False
        self.password.clear()
        self._say("")
        self.signed_in.emit(person)

    def _wrong(self, error: BaseException) -> None:
        self._busy = False
        self._say(self.workbench.sentence(error))
        by_login = isinstance(error, Answerable) and error.field == "login"
        target = self.login if by_login else self.password
        mark_refused(target, True)
        focus: QWidget | None = self.window().focusWidget()
        if focus is not None and self.isAncestorOf(focus):  # whoever types elsewhere meanwhile stays there
            target.setFocus(Qt.FocusReason.OtherFocusReason)
        target.selectAll()
        if not isinstance(error, Answerable):
            self.workbench.say_error(error)
        self.read()

    def _leave(self) -> None:
        if self.password.text():
            self.password.clear()
            self._say("")
        else:
            self.left.emit()

    def _caps(self, on: bool) -> None:
        if on == self.caps.isHidden():
            self.caps.setVisible(on)
            self.grown.emit()

    def _say(self, sentence: str, ink: str = "danger") -> None:
        for line in (self.login, self.password):
            mark_refused(line, False)
        if sentence == self.sentence.text():
            return
        self.sentence.setText(sentence)
        self.sentence.set_ink(ink)
        self.sentence.setVisible(bool(sentence))
        self.password.setAccessibleDescription(sentence)
        self.grown.emit()
