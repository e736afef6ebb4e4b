"""The panel that says again what the centre refused: each field in a box, with what stands there now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from commandcenter.domain.clock import parse_instant
from commandcenter.domain.errors import Answerable
from commandcenter.domain.fields import FieldType, from_plain, plain
from commandcenter.domain.record import REGISTRY
from commandcenter.services.exceptions import ResendRefused
from commandcenter.services.exchange_sentences import ExchangeWords
from db.desk.engine import Connection
from db.queries.exchange import RefusedGroup, Said, Stated
from db.queries.registers import row as read_row
from ui.forms.drafts import DraftKeeper
from ui.forms.editors import Editor, NoteText, Unreadable
from ui.register_field import make_editor
from ui.register_values import as_plain, as_text
from ui.register_words import field_label
from ui.send_key import SendKey
from ui.shell.chip import Chip, Label
from ui.theme import SPACE, TYPE
from ui.workbench import Workbench

# What the program said, and what is never said differently: it goes as it was.
AS_IT_WAS = frozenset(
    {
        *("scope_id", "number", "closed_at", "event", "before", "after", "subject_id"),
        *("target_id", "replacement_id", "sample"),
    }
)


class Now(NamedTuple):
    """What stands in a row's field while it is said again, and the changes that made it so."""

    value: Any
    heads: tuple[UUID, ...]


class Box(NamedTuple):
    """One field of one refused change, with its editor and the sentence beneath."""

    change: UUID
    name: str
    type_: FieldType
    said: str | None  # as the editor takes it
    editor: Editor
    note: Label


def read_now(connection: Connection, refused: RefusedGroup) -> dict[tuple[UUID, str], Now]:
    """For each field that the group edited: what stands there now."""
    out: dict[tuple[UUID, str], Now] = {}
    for change in refused.group.changes:
        if change.created or change.kind not in REGISTRY:
            continue
        row = read_row(connection, change.kind, change.row)
        if row is None:
            continue
        for one in change.fields:
            heads = row["heads"].get(one.name, ())
            ids = [id_ for adds in heads.values() for id_ in adds] if isinstance(heads, dict) else heads
            out[change.id, one.name] = Now(row.get(one.name), tuple(ids))
    return out


class ResendPanel(QWidget):
    """Boxes for what may be said differently. What is typed stays a draft until it is sent or given up."""

    sent = Signal(object)  # the refused group's id
    left = Signal()

    def __init__(self, workbench: Workbench, put: ExchangeWords) -> None:
        super().__init__()
        self._workbench, self._put = workbench, put
        self._refused: RefusedGroup | None = None
        self._now: Mapping[tuple[UUID, str], Now] = {}
        self._sending = False
        self._drafts = DraftKeeper(workbench, self)
        self.boxes: list[Box] = []
        theme, words, px = workbench.theme, put.words, workbench.theme.px
        self.setAccessibleName(words("exchange.resend.title"))
        self.title = Label(theme, words("exchange.resend.title"), size=TYPE.line, bold=True)
        self.why = Label(theme, size=TYPE.small, ink="danger")
        self.problem = Label(theme, size=TYPE.small, ink="danger")
        for label in (self.why, self.problem):
            label.setWordWrap(True)
        self._ground = QWidget()
        self.problem.setVisible(False)
        self._column = QVBoxLayout(self._ground)
        self._column.setContentsMargins(0, 0, px(SPACE.s), 0)
        self._column.setSpacing(px(SPACE.xs))
        self._column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        for part in (scroll, scroll.viewport(), self._ground):
            palette = part.palette()
            palette.setColor(QPalette.ColorRole.Window, theme.colour("panel"))
            part.setPalette(palette)
        scroll.setWidget(self._ground)
        self.send_chip = Chip(theme, key="Ctrl+Enter")
        self.send_chip.show_text(words("exchange.resend.send"), "accent", bold=True)
        self.send_chip.clicked.connect(self.send)
        self.close_chip = Chip(theme, words("exchange.resend.close"), key="Esc")
        self.close_chip.clicked.connect(self.leave)
        acts = QHBoxLayout()
        acts.setSpacing(px(SPACE.s))
        for chip in (self.send_chip, self.close_chip):
            acts.addWidget(chip)
        acts.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(px(SPACE.m), px(SPACE.m), px(SPACE.m), px(SPACE.s))
        column.setSpacing(px(SPACE.s))
        for widget, stretch in ((self.title, 0), (self.why, 0), (scroll, 1), (self.problem, 0)):
            column.addWidget(widget, stretch)
        column.addLayout(acts)
        self._send_key = SendKey(self, self.send, self._composing)

    def set_words(self, put: ExchangeWords) -> None:
        """Take other names."""
        self._put = put

    def group_id(self) -> UUID | None:
        """Which group is being said again; None for none."""
        return None if self._refused is None else self._refused.id

    # ---- opening

    def open_for(self, refused: RefusedGroup, now: Mapping[tuple[UUID, str], Now]) -> None:
        """Fill the boxes: what was said, or what was typed here before and not sent."""
        self._empty()
        self._refused, self._now, self._sending = refused, now, False
        put = self._put
        self.why.setText(put.why(refused))
        self.problem.setVisible(False)
        draft = self._drafts.find(self._key(refused.id)) or {}
        for change, one in self._editable(refused):
            type_ = REGISTRY[change.kind].types[one.name]
            self._add(change, one, type_, draft.get(f"{change.id}:{one.name}"))
        wanted = refused.arguments.get("field")
        first = next((box for box in self.boxes if box.name == wanted), None)
        first = first or next(iter(self.boxes), None)
        target: QWidget = self.send_chip if first is None else first.editor
        target.setFocus(Qt.FocusReason.OtherFocusReason)

    def _editable(self, refused: RefusedGroup) -> Iterator[tuple[Stated, Said]]:
        at_fault = refused.arguments.get("field")
        for change in refused.group.changes:
            kind = REGISTRY.get(change.kind)
            if kind is None:
                continue
            order = list(kind.types)
            known = (one for one in change.fields if one.name in kind.types)
            for one in sorted(
                known, key=lambda one: (not kind.types[one.name].multiline, order.index(one.name))
            ):
                name = one.name
                timed = name == "happened_at" and at_fault != name
                if name not in AS_IT_WAS and not timed and not one.hidden:
                    yield change, one
            if change.kind == "log_entry" and change.created and self._late(change):
                yield change, Said(name="late_reason")

    def _late(self, change: Stated) -> bool:
        """Whether the line wants a reason by now that it had no need of when it was written."""
        at = change.value("happened_at")
        if at is None or change.value("late_reason"):
            return False
        limit = timedelta(seconds=self._workbench.directory.now.late_after_s)
        return self._workbench.now() - parse_instant(str(at)) > limit

    def _add(self, change: Stated, one: Said, type_: FieldType, typed: Any) -> None:
        put, theme, words = self._put, self._workbench.theme, self._put.words
        label = field_label(words, change.kind, one.name)
        editor = make_editor(self._workbench, label, type_)
        if isinstance(editor, NoteText):
            editor.box.setAccessibleName(label)
        now = self._now.get((change.id, one.name))
        said = self._said_text(one, type_, now)
        editor.put(said)
        if one.name == "late_reason" and said is None:
            editor.put(words("exchange.resend.late"))
        if typed is not None:
            editor.put_raw(str(typed))
        note = Label(theme, size=TYPE.small, ink="muted")
        note.setWordWrap(True)
        if now is not None:
            value = put.value(change.kind, one.name, plain(type_, now.value))
            note.setText(words("exchange.resend.now", value=value))
        if not note.text():
            note.setVisible(False)  # shown before it has a parent it would be a window
        caption = Label(theme, label, size=TYPE.small, ink="muted")
        caption.setBuddy(editor)
        for part in (caption, editor, note):
            self._column.insertWidget(self._column.count() - 1, part)
        editor.left.connect(self.leave)
        self._send_key.watch(editor)
        editor.entered.connect(self._entered)
        editor.typed.connect(self._keep)
        self.boxes.append(
            Box(change=change.id, name=one.name, type_=type_, said=said, editor=editor, note=note)
        )

    def _said_text(self, one: Said, type_: FieldType, now: Now | None) -> str | None:
        if one.added or one.dropped:
            here = set(now.value or ()) if now is not None else set()
            return as_text(type_, tuple(sorted((here | set(one.added)) - set(one.dropped))))
        return as_text(type_, from_plain(type_, one.to))

    def _empty(self) -> None:
        self.boxes = []
        while self._column.count() > 1:
            item = self._column.takeAt(0)
            part = None if item is None else item.widget()
            if part is not None:
                part.setVisible(False)
                part.deleteLater()

    # ---- typing

    def _composing(self) -> bool:
        return any(box.editor.composing() for box in self.boxes)

    def _entered(self) -> None:
        """Enter goes to the next box, and from the last one sends."""
        at = next((at for at, box in enumerate(self.boxes) if box.editor is self.sender()), -1)
        if at + 1 < len(self.boxes):
            self.boxes[at + 1].editor.setFocus(Qt.FocusReason.TabFocusReason)
        else:
            self.send()

    def _key(self, group: UUID) -> str:
        return f"resend:{group}"

    def _keep(self) -> None:
        if self._refused is not None:
            body = {f"{box.change}:{box.name}": box.editor.raw() for box in self.boxes}
            self._drafts.keep(self._key(self._refused.id), body)

    def leave(self) -> None:
        """Not now: what was typed comes back when it is opened again."""
        self._drafts.flush()
        self._refused = None
        self._empty()
        self.left.emit()

    # ---- sending

    def send(self) -> None:
        """Say it again."""
        refused = self._refused
        if refused is None or self._sending:
            return
        fields: dict[str, dict[str, Any]] = {}
        bases: dict[str, dict[str, list[UUID]]] = {}
        for box in self.boxes:
            try:
                text = box.editor.value()
                value = as_plain(box.type_, text, self._put.words)
            except Unreadable as problem:
                self._refuse(str(problem), box.name)
                return
            if text != box.said:
                fields.setdefault(str(box.change), {})[box.name] = value
            now = self._now.get((box.change, box.name))
            if now is not None:
                bases.setdefault(str(box.change), {})[box.name] = list(now.heads)
        self._sending = True
        group = refused.id

        def done(_outcome: object) -> None:
            self._sending = False
            self._drafts.keep(self._key(group), None)
            self._refused = None
            self._empty()
            self.sent.emit(group)

        def failed(error: BaseException) -> None:
            self._sending = False
            name = error.field if isinstance(error, Answerable) else None
            self._refuse(self._workbench.sentence(error), name)

        command = ResendRefused(group_id=group, fields=fields, bases=bases)
        self._workbench.bridge.execute(self, command, done, failed)

    def _refuse(self, sentence: str, name: str | None) -> None:
        box = next((box for box in self.boxes if box.name == name), None)
        if box is None:
            self.problem.setText(sentence)
            self.problem.setVisible(True)
            return
        box.note.set_ink("danger")
        box.note.setText(sentence)
        box.note.setVisible(True)
        box.editor.set_refused(True)
        box.editor.setFocus(Qt.FocusReason.OtherFocusReason)
