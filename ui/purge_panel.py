"""The panel that destroys personal data: what would go, why, and two people who sign one after the other."""

from __future__ import annotations

from uuid import UUID

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QPushButton, QSizePolicy

from commandcenter.domain.codes import PURGE_BASES
from commandcenter.services.purge import Purge, Signature, Signing, begin
from commandcenter.services.workplace import Outcome
from db.desk.engine import Connection
from db.queries.purge import Found, awaited, personal_of
from ui.forms.editors import NoteText
from ui.forms.labelled import Labelled
from ui.panel import Panel
from ui.seat_password import Password
from ui.shell.chip import Label
from ui.shell.composing import TextLine
from ui.theme import SPACE, TYPE
from ui.workbench import Workbench

Target = tuple[str, UUID]  # kind, id


class PurgePanel(Panel):
    """Esc puts it away and forgets the signature; nothing typed here is kept as a draft."""

    closed = Signal()
    done = Signal(object)  # UUID of the certificate

    def __init__(self, workbench: Workbench) -> None:
        super().__init__(workbench.theme, workbench.words("purge.title"))
        self.workbench, self.words = workbench, workbench.words
        words, theme, px = self.words, workbench.theme, workbench.theme.px
        self._target: Target | None = None
        self._signing: Signing | None = None
        self._busy = False
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(words("purge.title"))
        self.what = Label(theme, "", size=TYPE.body)
        self.what.setWordWrap(True)
        self.whole = QCheckBox(words("purge.whole"))
        self.whole.toggled.connect(self._count)
        self.warning = Label(theme, words("purge.warning"), ink="muted", size=TYPE.small)
        self.warning.setWordWrap(True)
        self.waits = Label(theme, "", ink="muted", size=TYPE.small)
        self.waits.setWordWrap(True)
        self.waits.setVisible(False)
        self.basis = QComboBox()
        self.basis.setAccessibleName(words("purge.basis"))
        for code in PURGE_BASES:
            self.basis.addItem(words(f"codes.purge_basis.{code}"), code)
        self.assessment = NoteText(workbench, words("purge.assessment"), rows=(2, 4), breaks=True)
        self.step = Label(theme, "", bold=True, size=TYPE.small)
        self.login, self.password = TextLine(), Password()
        self.login.setPlaceholderText(words("seat.login"))
        self.password.setPlaceholderText(words("seat.password"))
        self.send = QPushButton()
        self.send.clicked.connect(self.submit)
        self.login.sent.connect(lambda: self.password.setFocus(Qt.FocusReason.OtherFocusReason))
        self.password.sent.connect(self.submit)
        for line in (self.login, self.password):
            line.left.connect(self.close_panel)
        self.assessment.left.connect(self.close_panel)
        self.sentence = Label(theme, "", ink="danger", size=TYPE.small)
        self.sentence.setWordWrap(True)
        signs = QHBoxLayout()
        signs.setSpacing(px(SPACE.s))
        for part in (self.login, self.password, self.send):
            signs.addWidget(part)
        signs.addStretch(1)
        basis = QHBoxLayout()
        basis.addWidget(Label(theme, words("purge.basis"), ink="muted", size=TYPE.small))
        basis.addWidget(self.basis)
        basis.addStretch(1)
        self.body.addWidget(self.what)
        self.body.addWidget(self.whole)
        self.body.addWidget(self.warning)
        self.body.addWidget(self.waits)
        self.body.addLayout(basis)
        self.body.addWidget(Labelled(words("purge.assessment"), self.assessment))
        self.body.addWidget(self.step)
        self.body.addLayout(signs)
        self.body.addWidget(self.sentence)
        self.setVisible(False)

    # ---- open and close

    def open_for(self, kind: str, row: UUID) -> None:
        """Say what a record has that would go, and ask for the assessment."""
        self._target = (kind, row)
        self.whole.setVisible(kind == "incident")
        self.whole.setChecked(False)
        self.assessment.put_raw("")
        self._begin()
        self._count()
        self.setVisible(True)
        self.assessment.setFocus(Qt.FocusReason.OtherFocusReason)

    def is_open(self) -> bool:
        """Whether it is out."""
        return self._target is not None

    def close_panel(self) -> None:
        """Put it away: who has signed has not signed."""
        if self._target is None:
            return
        self._target = None
        self._begin()
        self.setVisible(False)
        self.closed.emit()

    def _begin(self) -> None:
        """Nobody has signed yet."""
        self._signing, self._busy = None, False
        self._say("")
        self._ask("purge.assess", "purge.next")
        for part in (self.whole, self.basis, self.assessment):
            part.setEnabled(True)

    def _ask(self, who: str, button: str) -> None:
        self.step.setText(f"{self.words(who)}  {self.words('purge.same_desk')}")
        self.send.setText(self.words(button))
        self.login.clear()
        self.password.clear()

    # ---- what would go

    def _count(self) -> None:
        if self._target is None:
            return
        (kind, row), whole = self._target, self.whole.isChecked()

        def question(connection: Connection) -> tuple[Found, tuple[str, ...]]:
            return personal_of(connection, kind, row, whole=whole), awaited(connection)

        self.workbench.bridge.ask(self, question, self._show, topic="what")

    def _show(self, read: tuple[Found, tuple[str, ...]]) -> None:
        words, (found, numbers) = self.words, read
        listed = words("registers.and").join(numbers)
        self.waits.setText(words("purge.waits", count=len(numbers), numbers=listed) if numbers else "")
        self.waits.setVisible(bool(numbers))
        self.send.setEnabled(bool(found.values))
        if not found.values:
            self.what.setText(words("purge.nothing"))
            return
        items = [
            words("purge.item", kind=words(f"{kind}.name"), field=words(f"{kind}.fields.{name}"), count=count)
            for (kind, name), count in found.counts.items()
        ]
        first = words("purge.what", count=len(found.values), rows=found.rows)
        self.what.setText("\n".join([first, *items]))

    # ---- signing

    def submit(self) -> None:
        """The next signature."""
        if self._busy or self._target is None or self.assessment.composing():
            return
        signature = Signature(login=self.login.text(), password=self.password.text())
        bench = self.workbench
        if self._signing is None:
            text = self.assessment.raw().strip()
            if not text:
                self._say(self.words("refused.required"))
                self.assessment.setFocus(Qt.FocusReason.OtherFocusReason)
                return
            kind, row = self._target
            purge = Purge(
                kind=kind,
                row=row,
                basis=str(self.basis.currentData()),
                assessment=text,
                whole=self.whole.isChecked(),
            )
            self._signing = Signing(bench.desktop, purge, bench.centre or bench.desktop.sync.sign_in())
        signing = self._signing
        self._busy = True
        self._say(self.words("seat.checking"), "muted")
        if signing.assessed_by is None:
            bench.bridge.deliver(self, begin(lambda: signing.assess(signature)), self._assessed, self._failed)
        else:
            bench.bridge.deliver(
                self, begin(lambda: signing.approve(signature)), self._approved, self._failed
            )

    def _assessed(self, person: UUID) -> None:
        self._busy = False
        for part in (self.whole, self.basis, self.assessment):  # what was signed is not changed under it
            part.setEnabled(False)
        self._ask("purge.approve", "purge.sign")
        self._say(self.words("purge.assessed", name=self.workbench.directory.name("person", person)), "muted")
        self.login.setFocus(Qt.FocusReason.OtherFocusReason)

    def _approved(self, outcome: Outcome) -> None:
        self._busy = False
        certificate = outcome.ids[0]
        self.close_panel()
        self.done.emit(certificate)

    def _failed(self, error: BaseException) -> None:
        self._busy = False
        if self._signing is not None and self._signing.assessed_by is None:
            self._signing = None
        self._say(self.workbench.sentence(error))
        self.password.clear()
        self.password.setFocus(Qt.FocusReason.OtherFocusReason)

    def _say(self, sentence: str, ink: str = "danger") -> None:
        self.sentence.setText(sentence)
        self.sentence.set_ink(ink)
        self.sentence.setVisible(bool(sentence))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc puts it away."""
        if event.key() == Qt.Key.Key_Escape:
            self.close_panel()
        else:
            super().keyPressEvent(event)
