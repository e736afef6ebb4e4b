"""The seat: who sits at this desk, chosen from the persons by name; it covers the page, never the log box."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QListView,
    QStackedWidget,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from commandcenter.domain.codes import ROLES
from commandcenter.domain.errors import Answerable
from commandcenter.services.desk_affairs import TakeSeat
from commandcenter.services.registers import AddCard
from commandcenter.services.workplace import Outcome
from ui.forms.ranking import NO_INITIALS, Initials, Option, rank
from ui.register_field import Toggles
from ui.register_words import CardWords, code_label
from ui.shell.chip import Chip, Label
from ui.shell.composing import TextLine, belongs_to_input_method
from ui.shell.window import BOX_KEYS
from ui.theme import SPACE, TYPE, Theme
from ui.workbench import Workbench

Index = QModelIndex | QPersistentModelIndex
ROW = 46
WIDTH = 560
ROWS_MAX = 9
_STEPS = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 5, Qt.Key.Key_PageUp: -5}


@dataclass(frozen=True, kw_only=True)
class Sitter:
    """One line of the list; ``id`` None: nobody."""

    id: UUID | None
    name: str
    detail: str
    seated: bool


class _Sitters(QAbstractListModel):
    """The persons found."""

    def __init__(self) -> None:
        super().__init__()
        self.sitters: list[Sitter] = []

    def show(self, sitters: list[Sitter]) -> None:
        """Other lines."""
        self.beginResetModel()
        self.sitters = sitters
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """How many."""
        return 0 if parent.isValid() else len(self.sitters)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """What a screen reader says."""
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return None
        sitter = self.sitters[index.row()]
        return f"{sitter.name} {sitter.detail}"


class _Painter(QStyledItemDelegate):
    """The name, what the person is beneath it, and whether they sit here now."""

    def __init__(self, theme: Theme, seated: str) -> None:
        super().__init__()
        self._theme, self._seated = theme, seated

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Two lines."""
        return QSize(self._theme.px(200), self._theme.px(ROW))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """One person."""
        theme, px = self._theme, self._theme.px
        model = index.model()
        assert isinstance(model, _Sitters)
        sitter = model.sitters[index.row()]
        rect = QRect(option.rect)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, theme.colour("selection"))
            painter.fillRect(
                QRect(rect.left(), rect.top(), px(SPACE.mark), rect.height()), theme.colour("accent")
            )
        hair = px(SPACE.hair)
        painter.fillRect(rect.left(), rect.bottom() + 1 - hair, rect.width(), hair, theme.colour("line_soft"))
        box = rect.adjusted(px(SPACE.l), 0, -px(SPACE.l), 0)
        middle = Qt.AlignmentFlag.AlignVCenter
        if sitter.seated:
            painter.setFont(theme.font(TYPE.small, bold=True))
            painter.setPen(theme.colour("accent"))
            painter.drawText(box, middle | Qt.AlignmentFlag.AlignRight, self._seated)
            box.setRight(box.right() - painter.fontMetrics().horizontalAdvance(self._seated) - px(SPACE.s))
        painter.setFont(theme.font(TYPE.line, bold=sitter.id is not None))
        painter.setPen(theme.colour("text" if sitter.id is not None else "muted"))
        name_width = min(
            box.width(), max(px(150), painter.fontMetrics().horizontalAdvance(sitter.name) + px(SPACE.m))
        )
        name = painter.fontMetrics().elidedText(sitter.name, Qt.TextElideMode.ElideRight, box.width())
        painter.drawText(box, middle, name)
        box.setLeft(box.left() + name_width)
        painter.setFont(theme.font(TYPE.small))
        painter.setPen(theme.colour("muted"))
        detail = painter.fontMetrics().elidedText(sitter.detail, Qt.TextElideMode.ElideRight, box.width())
        painter.drawText(box, middle, detail)


class _NameLine(TextLine):
    """The field that finds a person: arrows move in the list, and the keys of the log box go to the box."""

    stepped = Signal(int)
    box_wanted = Signal()

    def event(self, event: QEvent) -> bool:
        """Leave the box's keys to the window."""
        override = event.type() == QEvent.Type.ShortcutOverride
        if override and isinstance(event, QKeyEvent) and event.text() in BOX_KEYS and not self.composing():
            event.ignore()
            return False
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows, and signs that came as text only."""
        step = _STEPS.get(Qt.Key(event.key()))
        if self.composing() and belongs_to_input_method(event):
            event.accept()
        elif step is not None:
            self.stepped.emit(step)
        elif event.text() in BOX_KEYS:
            self.box_wanted.emit()
        else:
            super().keyPressEvent(event)


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
        head.addWidget(Label(theme, words("seat.title"), size=TYPE.title - 2, bold=True))
        head.addStretch(1)
        self.desk = Label(theme, ink="muted", size=TYPE.small)
        self.close_chip = Chip(theme, words("seat.close"), key="Esc")
        self.close_chip.setToolTip(words("seat.close_tip"))
        self.close_chip.clicked.connect(self.close_panel)
        head.addWidget(self.desk)
        head.addWidget(self.close_chip)
        column.addLayout(head)
        self.line = _NameLine()
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
        self.model = _Sitters()
        self.list = QListView()
        self.list.setModel(self.model)
        self._painter = _Painter(theme, words("seat.seated"))
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
        self.first = _FirstPerson(self.workbench)
        self.first.left.connect(self._leave)
        self.first.added.connect(self._take)
        column.addWidget(self.first)
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
        self._names_changed()
        self.line.clear()
        self._find()
        self._fit()
        self.setVisible(True)
        self.raise_()
        self.focus_panel()

    def focus_panel(self) -> None:
        """The keyboard into the panel."""
        target = self.line if self._find_row.isVisibleTo(self) else self.first.name
        target.setFocus(Qt.FocusReason.OtherFocusReason)

    def close_panel(self) -> None:
        """Hide it; the keyboard goes back where it was."""
        focus: QWidget | None = self.window().focusWidget()
        mine = focus is None or self.isAncestorOf(focus)
        self.setVisible(False)
        before = self._before
        if mine and before is not None and before.isVisible() and before.isEnabled():
            before.setFocus(Qt.FocusReason.OtherFocusReason)
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
        anybody = bool(self._names())
        self.first.setVisible(not anybody)
        self._find_row.setVisible(anybody)
        self.list.setVisible(anybody)
        self.keys.setVisible(anybody)
        if self.isVisible():
            marked = self._marked()
            self._find()
            self._mark(None if marked is None else marked.id)
            self._fit()

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
            out.append(Sitter(id=person.id, name=person.name, detail=detail, seated=person.id == now.person))
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
            key = "left_now" if id_ is None else "seated_now"
            self.workbench.said.emit(
                self.words(f"seat.{key}", name=self.first.typed_name(id_) or self._name(id_))
            )
            self.close_panel()

        def failed(error: BaseException) -> None:
            self._taking = False
            self.workbench.say_error(error)

        self.workbench.bridge.execute(self, TakeSeat(person_id=id_), done, failed)

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
        layout.invalidate()
        height = (
            px(124) + rows * px(ROW) if self._names() else layout.totalHeightForWidth(width) + px(SPACE.s)
        )
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


class _FirstPerson(QWidget):
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
        roles = (self.roles.value() or "").split(",") if self.roles.value() else []

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


def _rank(role: str) -> int:
    return ROLES.index(role) if role in ROLES else len(ROLES)
