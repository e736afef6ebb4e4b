"""The first person of an empty desk: a name, roles, and Enter, inside the seat panel."""

from __future__ import annotations

from uuid import UUID

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from commandcenter.domain.codes import ROLES
from commandcenter.domain.errors import Answerable
from commandcenter.services.code_words import code_label
from commandcenter.services.registers import AddCard
from commandcenter.services.workplace import Outcome
from ui.register_field import Toggles
from ui.register_values import SEPARATOR
from ui.shell.chip import Chip, Label
from ui.shell.composing import TextLine
from ui.theme import SPACE, TYPE
from ui.workbench import Workbench


class FirstPerson(QWidget):
    """Name and role of the first person of an empty desk."""

    added = Signal(object)  # UUID
    left = Signal()

    def __init__(self, workbench: Workbench) -> None:
        super().__init__()
        self.workbench, words = workbench, workbench.words
        theme, px = workbench.theme, workbench.theme.px
        self._made: tuple[UUID, str] | None = None
        self._adding = False
        column = QVBoxLayout(self)
        column.setContentsMargins(px(SPACE.l), 0, px(SPACE.l), 0)
        column.setSpacing(px(SPACE.s))
        intro = Label(theme, words("seat.first"), ink="muted")
        intro.setWordWrap(True)
        column.addWidget(intro)
        self.name = TextLine()
        self.name.setFont(theme.font(TYPE.body))
        self.name.setAccessibleName(words("seat.first_name"))
        self.name.setPlaceholderText(words("seat.first_name"))
        self.name.sent.connect(self._add)
        self.name.left.connect(self.left)
        self.name.textEdited.connect(lambda _text: self._say(""))
        column.addWidget(self.name)
        self.sentence = Label(theme, ink="danger", size=TYPE.small)
        self.sentence.setWordWrap(True)
        self.sentence.setVisible(False)
        column.addWidget(self.sentence)
        column.addWidget(Label(theme, words("seat.first_role"), ink="muted", size=TYPE.small))
        roles = [(role, code_label(words, "role", role)) for role in ROLES if role != "wall"]
        self.roles = Toggles(workbench, words("seat.first_role"), roles, single=False)
        self.roles.put("duty_officer")
        self.roles.left.connect(self.left)
        column.addWidget(self.roles)
        self.add = Chip(theme, key="Enter")
        self.add.show_text(words("seat.first_add"), "accent", bold=True)
        self.add.setToolTip(words("seat.first_add_tip"))
        self.add.clicked.connect(self._add)
        foot = QHBoxLayout()
        foot.addWidget(self.add)
        foot.addStretch(1)
        column.addLayout(foot)

    def typed_name(self, id_: UUID | None) -> str:
        """The name of the person just added, before the directory knows it."""
        return self._made[1] if self._made is not None and self._made[0] == id_ else ""

    def _add(self) -> None:
        if self._adding:
            return
        self._adding = True
        name = self.name.text()
        roles = (self.roles.value() or "").split(SEPARATOR) if self.roles.value() else []

        def done(outcome: Outcome) -> None:
            self._adding = False
            self._made = (outcome.ids[0], name)
            self.added.emit(outcome.ids[0])

        def failed(error: BaseException) -> None:
            self._adding = False
            if isinstance(error, Answerable) and error.field in ("name", "roles"):
                self._say(self.workbench.sentence(error))
            else:
                self.workbench.say_error(error)

        command = AddCard(kind="person", fields={"name": name, "roles": roles})
        self.workbench.bridge.execute(self, command, done, failed)

    def _say(self, sentence: str) -> None:
        self.sentence.setText(sentence)
        self.sentence.setVisible(bool(sentence))
        self.name.setAccessibleDescription(sentence)
