"""The seat: who sits at this desk, chosen from the persons by name; it covers the page, never the log box."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from PySide6.QtCore import QEvent, QObject, QRect, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractItemView, QHBoxLayout, QListView, QStackedWidget, QVBoxLayout, QWidget

from commandcenter.domain.codes import ROLES
from commandcenter.services.code_words import code_label
from commandcenter.services.desk_affairs import TakeSeat
from commandcenter.services.workplace import Outcome
from db.desk import local
from ui.first_person import FirstPerson
from ui.forms.ranking import NO_INITIALS, Initials, Option, rank
from ui.register_words import CardWords
from ui.seat_list import ROW, NameLine, Sitter, SitterPainter, Sitters
from ui.seat_password import PasswordForm
from ui.shell.chip import Chip, Label
from ui.shell.editor import LineEditor
from ui.theme import SPACE, TYPE
from ui.workbench import Workbench

WIDTH = 560
ROWS_MAX = 9


class SeatPanel(QWidget):
    """A card over the page: open it with ``open_panel``; a line can be typed in the log box meanwhile."""

    closed = Signal()

    def __init__(self, workbench: Workbench, parent: QWidget) -> None:
        super().__init__(parent)
        self.workbench, self.words = workbench, workbench.words
        self._covered = parent.findChild(QStackedWidget) or parent
        self._before: QWidget | None = None
        self._initials: Initials = NO_INITIALS
        self._taking = False
        self.setAccessibleName(self.words("seat.name"))
        self._covered.installEventFilter(self)
        self._compose()
        workbench.directory.changed.connect(self._names_changed)
        self.setVisible(False)

    def _compose(self) -> None:
        theme, words, px = self.workbench.theme, self.words, self.workbench.theme.px
        self.card = QWidget(self)
        column = QVBoxLayout(self.card)
        column.setContentsMargins(px(1), px(SPACE.m), px(1), px(SPACE.s))
        column.setSpacing(px(SPACE.s))
        inset = px(SPACE.l)
        head = QHBoxLayout()
        head.setContentsMargins(inset, 0, inset, 0)
        self.title = Label(theme, words("seat.title"), size=TYPE.title - 2, bold=True)
        head.addWidget(self.title)
        head.addStretch(1)
        self.desk = Label(theme, ink="muted", size=TYPE.small)
        self.close_chip = Chip(theme, words("seat.close"), key="Esc")
        self.close_chip.setToolTip(words("seat.close_tip"))
        self.close_chip.clicked.connect(self.close_panel)
        self.leave_chip = Chip(theme, words("seat.sign_out"), key="Shift+F9")
        self.leave_chip.clicked.connect(self.workbench.leave_requested)
        head.addWidget(self.desk)
        head.addWidget(self.leave_chip)
        head.addWidget(self.close_chip)
        column.addLayout(head)
        self.line = NameLine()
        self.line.setFont(theme.font(TYPE.body))
        self.line.setPlaceholderText(words("seat.filter_hint"))
        self.line.setAccessibleName(words("seat.name"))
        self.line.textChanged.connect(lambda _text: self._find())
        self.line.stepped.connect(self._step)
        self.line.sent.connect(self._take_marked)
        self.line.left.connect(self._leave)
        self.line.box_wanted.connect(self._to_box)
        row = self._find_row = QWidget()
        inner = QHBoxLayout(row)
        inner.setContentsMargins(inset, 0, inset, 0)
        inner.addWidget(self.line)
        column.addWidget(row)
        self.model = Sitters()
        self.list = QListView()
        self.list.setModel(self.model)
        self._painter = SitterPainter(theme, words("seat.seated"))
        self.list.setItemDelegate(self._painter)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setFrameShape(QListView.Shape.NoFrame)
        self.list.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setAccessibleName(words("seat.name"))
        self.list.clicked.connect(lambda _index: self._take_marked())
        column.addWidget(self.list, 1)
        self.none = Label(theme, ink="muted")
        self.none.setContentsMargins(inset, px(SPACE.s), inset, px(SPACE.s))
        column.addWidget(self.none)
        self.first = FirstPerson(self.workbench)
        self.first.left.connect(self._leave)
        self.first.added.connect(self._take)
        column.addWidget(self.first)
        self.form = PasswordForm(self.workbench)
        self.form.left.connect(self._leave)
        self.form.signed_in.connect(self._signed_in)
        self.form.grown.connect(self._regrown)
        column.addWidget(self.form)
        self.keys = Label(theme, words("seat.keys"), ink="muted", size=TYPE.small, elided=True)
        self.keys.setContentsMargins(inset, 0, inset, 0)
        foot = QHBoxLayout()
        foot.setContentsMargins(inset, 0, inset, 0)
        foot.addWidget(self.keys, 1)
        column.addLayout(foot)

    # ---- opening and closing

    def open_panel(self) -> None:
        """Show it over the page, the cursor in its field; a half-typed line keeps the cursor."""
        if not self.isVisible():
            self._before = self.window().focusWidget()
        self.workbench.bridge.ask(self, lambda _connection: Initials.of(self._names()), self._take_initials)
        if self.workbench.idle is not None:
            self.workbench.idle.hold(self)
        self._names_changed()
        self.form.begin()
        self.line.clear()
        self._find()
        self._fit()
        self.setVisible(True)
        self.raise_()
        if not half_typed(self._before):
            self.focus_panel()

    def focus_panel(self) -> None:
        """The keyboard into the panel."""
        if self._by_password():
            self.form.focus_first()
            return
        target = self.line if self._find_row.isVisibleTo(self) else self.first.name
        target.setFocus(Qt.FocusReason.OtherFocusReason)

    def close_panel(self) -> None:
        """Hide it; the keyboard goes back where it was."""
        focus: QWidget | None = self.window().focusWidget()
        mine = focus is None or self.isAncestorOf(focus)
        before = self._before
        if mine and before is not None and before.isVisible() and before.isEnabled():
            before.setFocus(Qt.FocusReason.OtherFocusReason)  # first: hiding hands it to the next part
        self.setVisible(False)
        self.form.password.clear()
        if self.workbench.idle is not None:
            self.workbench.idle.release(self)
        self.closed.emit()

    def _leave(self) -> None:
        if self.line.text():
            self.line.clear()
        else:
            self.close_panel()

    def _to_box(self) -> None:
        """The log box, as its key says; the panel stays."""
        window: Any = self.window()
        focus_box = getattr(window, "focus_box", None)
        if focus_box is not None:
            focus_box()

    # ---- who there is

    def _names(self) -> list[str]:
        return [card.name for card in self.workbench.directory.now.of_kind("person")]

    def _take_initials(self, initials: Initials) -> None:
        self._initials = initials
        if self.isVisible() and self.line.text():
            self._find()

    def _names_changed(self) -> None:
        directory = self.workbench.directory
        desk = directory.name("desk", directory.now.device)
        self.desk.setText(self.words("seat.desk", desk=desk) if desk else "")
        by_password = self._by_password()
        anybody = bool(self._names()) and not by_password
        self.title.setText(self.words("seat.sign_in_title" if by_password else "seat.title"))
        self.form.setVisible(by_password)
        self.leave_chip.setVisible(by_password and directory.now.person is not None)
        self.first.setVisible(not anybody and not by_password)
        self._find_row.setVisible(anybody)
        self.list.setVisible(anybody)
        self.keys.setVisible(anybody or by_password)
        self.keys.setText(self.words("seat.keys_password" if by_password else "seat.keys"))
        if self.isVisible():
            marked = self._marked()
            self._find()
            self._mark(None if marked is None else marked.id)
            self._fit()

    def _by_password(self) -> bool:
        return local.wants_password(self.workbench.directory.now.preferences)

    def _everybody(self) -> list[Sitter]:
        now, words = self.workbench.directory.now, CardWords.of(self.words, self.workbench.directory)
        out = []
        persons = [(json.loads(person.detail or "[]"), person) for person in now.of_kind("person")]
        persons.sort(key=lambda entry: (min(map(_rank, entry[0]), default=len(ROLES)), entry[1].name))
        for roles, person in persons:
            labels = [code_label(self.words, "role", role) for role in sorted(roles, key=_rank)]
            named = self.words("seat.and").join(labels) or self.words("seat.no_roles")
            place = words.name(person.parent_id)
            detail = " · ".join(part for part in (named, place) if part)
            name = self._name(person.id)
            out.append(Sitter(id=person.id, name=name, detail=detail, seated=person.id == now.person))
        return out

    def _find(self) -> None:
        text = self.line.text().strip()
        everybody = self._everybody()
        by_id = {str(sitter.id): sitter for sitter in everybody}
        options = [Option(value=str(sitter.id), text=sitter.name) for sitter in everybody]
        found = [by_id[option.value] for option in rank(options, text, self._initials)] if text else everybody
        nobody = Sitter(
            id=None,
            name=self.words("seat.nobody"),
            detail=self.words("seat.nobody_detail"),
            seated=False,
        )
        self.model.show([*found, nobody] if not text else found)
        self.none.setVisible(bool(text) and not found)
        self.none.setText(self.words("seat.nobody_found", text=text))
        seated = next((sitter.id for sitter in found if sitter.seated), None)
        self._mark(seated if not text else None)

    def _mark(self, id_: UUID | None) -> None:
        row = next((at for at, sitter in enumerate(self.model.sitters) if id_ and sitter.id == id_), 0)
        if self.model.sitters:
            self.list.setCurrentIndex(self.model.index(row))

    def _marked(self) -> Sitter | None:
        row = self.list.currentIndex().row()
        return self.model.sitters[row] if 0 <= row < len(self.model.sitters) else None

    def _step(self, by: int) -> None:
        count = self.model.rowCount()
        if count:
            row = max(0, min(count - 1, self.list.currentIndex().row() + by))
            self.list.setCurrentIndex(self.model.index(row))

    # ---- sitting down

    def _take_marked(self) -> None:
        marked = self._marked()
        if marked is not None:
            self._take(marked.id)

    def _take(self, id_: UUID | None) -> None:
        if self._taking:
            return
        self._taking = True

        def done(_outcome: Outcome) -> None:
            self._taking = False
            self.workbench.directory.read()  # the seat is no card: no change set tells of it
            self.workbench.seated.emit(id_)
            key = "left_now" if id_ is None else "seated_now"
            self.workbench.said.emit(
                self.words(f"seat.{key}", name=self.first.typed_name(id_) or self._name(id_))
            )
            self.close_panel()

        def failed(error: BaseException) -> None:
            self._taking = False
            self.workbench.say_error(error)

        self.workbench.bridge.execute(self, TakeSeat(person_id=id_), done, failed)

    def _signed_in(self, id_: UUID) -> None:
        self.workbench.directory.read()
        self.workbench.seated.emit(id_)
        self.workbench.said.emit(self.words("seat.signed_in"))
        self.close_panel()

    def _regrown(self) -> None:
        if self.isVisible():
            self._fit()
            QTimer.singleShot(0, self._fit)  # what was added a moment ago is laid out then

    def _name(self, id_: UUID | None) -> str:
        return self.workbench.directory.name("person", id_)

    # ---- place and look

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep to what is covered."""
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Move) and self.isVisible():
            self._fit()
        return super().eventFilter(watched, event)

    def _fit(self) -> None:
        parent, covered = self.parentWidget(), self._covered
        assert parent is not None
        at = (
            covered.mapTo(parent, covered.rect().topLeft())
            if covered is not parent
            else covered.rect().topLeft()
        )
        self.setGeometry(QRect(at, covered.size()))
        px = self.workbench.theme.px
        width = min(px(WIDTH), self.width() - px(SPACE.l) * 2)
        rows = min(ROWS_MAX, max(3, len(self._names()) + 1))
        layout = self.card.layout()
        assert layout is not None
        for part in (self.form.layout(), layout):  # what wraps over more lines than before
            if part is not None:
                part.invalidate()
        listed = bool(self._names()) and not self._by_password()
        wanted = max(layout.totalHeightForWidth(width), layout.totalMinimumSize().height())
        height = px(124) + rows * px(ROW) if listed else wanted + px(SPACE.s)
        height = min(height, self.height() - px(SPACE.l) * 2)
        top = max(px(SPACE.l), (self.height() - height) // 3)
        self.card.setGeometry((self.width() - width) // 2, top, width, height)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc closes."""
        if event.key() == Qt.Key.Key_Escape:
            self.close_panel()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """A veil over the page, and the card."""
        theme, px = self.workbench.theme, self.workbench.theme.px
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        veil = theme.colour("bg")
        veil.setAlphaF(0.82)
        painter.fillRect(self.rect(), veil)
        painter.setPen(QPen(theme.colour("edge"), px(SPACE.hair)))
        painter.setBrush(theme.colour("panel"))
        frame = QRectF(self.card.geometry()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(frame, px(SPACE.radius), px(SPACE.radius))
        painter.end()


def half_typed(part: QWidget | None) -> bool:
    """Whether somebody is in the middle of a line there."""
    return isinstance(part, LineEditor) and (part.composing() or bool(part.exact_text()))


def _rank(role: str) -> int:
    return ROLES.index(role) if role in ROLES else len(ROLES)
