"""The generic form: a card's fields made from its definition, each committed when it is left."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QHideEvent, QPalette
from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget

from commandcenter.domain.errors import Answerable
from commandcenter.domain.record import Kind
from commandcenter.services.registers import AddCard, EditCard, RetireCard
from commandcenter.services.workplace import Outcome
from ui.forms.drafts import DraftKeeper
from ui.forms.editors import Unreadable
from ui.panel import Panel
from ui.personal_watch import PersonalWatch
from ui.purge_act import PurgeChip
from ui.question import Question
from ui.register_field import CardField
from ui.register_rows import CardRow, field_order, read_card
from ui.register_words import CardWords, field_label, kind_label
from ui.shell.chip import Chip, Label
from ui.tables.days import clock_text
from ui.theme import SPACE, TYPE
from ui.workbench import Workbench


class CardForm(Panel):
    """One card of a kind, or a new one. Typed text survives refusals and a look at other cards."""

    left = Signal()  # Esc: back to the list
    made = Signal(object)  # UUID of the card just added
    changed = Signal(object)  # CardRow as read after a commit
    purge_wanted = Signal()

    def __init__(
        self, workbench: Workbench, kind: Kind, *, names: Sequence[str] = (), title: str = ""
    ) -> None:
        """``names``: only these fields, under ``title``, and nothing to retire."""
        super().__init__(workbench.theme, title)
        self.workbench, self.words, self.kind = workbench, workbench.words, kind
        self._names, self._title = tuple(names), title
        self._id: UUID | None = None
        self._new = False
        self._adding = False
        self._retired = False
        self._drafts = DraftKeeper(workbench, self)
        self._filling = False
        self._watch = PersonalWatch(workbench, self, kind)
        self.setAccessibleName(self.words("registers.form"))
        theme = workbench.theme
        self.state = Label(theme, ink="muted", size=TYPE.small)
        self.tag = Chip(theme)
        self.tag.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.tag.show_text(self.words("registers.retired"), "strong")
        self.retire = Chip(theme, self.words("registers.retire"), key="R")
        self.retire.clicked.connect(self.ask_retire)
        for part in (self.tag, self.state, self.retire):
            self.head.addWidget(part)
        self.question = Question(workbench)
        self.question.answered.connect(self._answered)
        self.hint = Label(theme, ink="muted", size=TYPE.small)
        self.hint.setWordWrap(True)
        self.hint.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.body.addWidget(self.question)
        self.body.addWidget(self.hint)
        self.fields: dict[str, CardField] = {}
        self._scroll = self._build()
        self.body.addWidget(self._scroll, 1)
        self.purge: PurgeChip | None = None
        if kind.personal() and not names:
            self.purge = PurgeChip(workbench)
            self.purge.clicked.connect(self.purge_wanted)
            self.body.addWidget(self.purge, 0, Qt.AlignmentFlag.AlignLeft)
        self.show_card(None)

    def _build(self) -> QScrollArea:
        px = self.workbench.theme.px
        ground = QWidget()
        column = QVBoxLayout(ground)
        column.setContentsMargins(0, px(2), 0 if self._names else px(SPACE.s), px(2))
        column.setSpacing(px(SPACE.s if self._names else SPACE.m))
        for name in self._names or field_order(self.kind):
            label = field_label(self.words, self.kind.name, name)
            field = CardField(self.workbench, name, label, self.kind.types[name])
            field.committed.connect(self._committed)
            field.left.connect(self._leave)
            field.entered.connect(lambda name=name: self._next(name))
            field.settled.connect(self._keep)
            field.clash_wanted.connect(self._show_values)
            self.fields[name] = field
            column.addWidget(field)
        column.addStretch(1)
        self.set_caption_width(self.caption_width())
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setMinimumHeight(1)  # a question above comes before the fields where the height is short
        for part in (scroll, scroll.viewport(), ground):
            palette = part.palette()
            palette.setColor(QPalette.ColorRole.Window, self.workbench.theme.colour("panel"))
            part.setPalette(palette)
        scroll.setWidget(ground)
        if self._names:  # as high as its fields, in a page that scrolls
            scroll.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
            scroll.setSizeAdjustPolicy(QScrollArea.SizeAdjustPolicy.AdjustToContents)
        return scroll

    def _show_values(self, name: str) -> None:
        if self._id is not None:
            self.workbench.clash_requested.emit(self.kind.name, self._id, name)

    def caption_width(self) -> int:
        """How wide the fields' labels are."""
        return max(field.label.sizeHint().width() for field in self.fields.values())

    def set_caption_width(self, width: int) -> None:
        """Let the editors begin where others do."""
        for field in self.fields.values():
            field.label.setFixedWidth(width)

    # ---- which card

    def current(self) -> UUID | None:
        """The card shown; None for none or a new one."""
        return self._id

    def is_new(self) -> bool:
        """Whether a card is being added."""
        return self._new

    def typing(self) -> bool:
        """Whether something is typed here that is not saved."""
        return (self._new or self._id is not None) and any(field.dirty() for field in self.fields.values())

    def show_card(self, row: CardRow | None) -> None:
        """Show a card; the same again updates what is not being typed."""
        same = row is not None and row.id == self._id and not self._new
        if not same:
            self._keep()
            self._id = None if row is None else row.id
            self._new = False
            self._say_state("")
            self.question.setVisible(False)
            self._empty()
        self._scroll.setVisible(row is not None)
        self.retire.setVisible(row is not None and not self._names)
        if self.purge is not None:
            self.purge.setVisible(row is not None)
        self.tag.setVisible(row is not None and row.retired)
        self.hint.setText(self.words("registers.leave_hint" if row else "registers.none_chosen"))
        self.hint.setVisible(not self._names)
        values = {} if row is None else row.values
        personal = (values.get(name) for name in self.kind.personal() if name in self.fields)
        self._watch.shown(self._id, [str(value) for value in personal if value])
        if row is None:
            self.title.setText(self._title or kind_label(self.words, self.kind.name))
            return
        self._fill(row)
        if not same:
            self._restore()

    def _fill(self, row: CardRow) -> None:
        self._retired = row.retired
        self.title.setText(self._title or (row.cells[0] if row.cells else ""))
        key = "bring_back" if row.retired else "retire"
        self.retire.show_text(self.words(f"registers.{key}"))
        self.retire.setToolTip(self.words(f"registers.{key}_tip"))
        for name, field in self.fields.items():
            heads = row.heads.get(name, ())
            # of a set the adds of all its values: what is taken away is what was on the screen
            ids = [id_ for adds in heads.values() for id_ in adds] if isinstance(heads, dict) else list(heads)
            many = 1 if isinstance(heads, dict) else max(1, len(ids))  # a set is one value, whoever added
            field.show_value(row.values.get(name), ids, many, row.gone.get(name, ""))
            field.seal(name in row.sealed)
            once = field.type_.merge == "once" and row.values.get(name) is not None
            field.lock(self.words("registers.once") if once else "")

    def start_new(self) -> None:
        """Empty fields; the card is added as soon as what it requires is there."""
        if self._new:
            self.focus_first()
            return
        self._keep()
        self._id, self._new, self._adding = None, True, False
        self._watch.shown(None)
        self._say_state("")
        self.title.setText(self.words(f"{self.kind.name}.add"))
        required = [name for name, type_ in self.kind.types.items() if type_.required]
        named = self.words("registers.and").join(
            field_label(self.words, self.kind.name, name) for name in required
        )
        self.hint.setText(self.words("registers.new_hint", fields=named))
        self._scroll.setVisible(True)
        self.question.setVisible(False)
        for part in (self.retire, self.tag, *([self.purge] if self.purge else [])):
            part.setVisible(False)
        for field in self.fields.values():
            field.lock("")
        self._empty()
        self._restore()
        self.focus_first()

    # ---- drafts

    def _empty(self) -> None:
        self._filling = True
        for field in self.fields.values():
            field.begin()
        self._filling = False

    def _restore(self) -> None:
        """Bring back what was typed on this card and not saved, before a crash perhaps."""
        self._filling = True
        for name, draft in (self._drafts.find(self._key()) or {}).items():
            if name in self.fields:
                self.fields[name].restore(draft)
        self._filling = False

    def _key(self) -> str:
        place = "settings" if self._names else "card"
        return f"{place}:{self.kind.name}:{self._id or 'new'}"

    def _keep(self) -> None:
        """Keep what is typed and not saved here."""
        if self._filling or (self._id is None and not self._new):
            return
        typed = {name: draft for name, field in self.fields.items() if (draft := field.draft())}
        self._drafts.keep(self._key(), typed or None)

    def hideEvent(self, event: QHideEvent) -> None:
        """What is half typed is on the disk before the form goes."""
        super().hideEvent(event)
        self._drafts.flush()

    def focus_first(self) -> None:
        """The cursor in the first field that can be typed in."""
        for field in self.fields.values():
            if field.editor.isEnabled():
                field.editor.setFocus(Qt.FocusReason.OtherFocusReason)
                field.editor.select_all()
                return

    def _next(self, name: str) -> None:
        names = list(self.fields)
        for other in names[names.index(name) + 1 :]:
            if self.fields[other].editor.isEnabled():
                self.fields[other].editor.setFocus(Qt.FocusReason.TabFocusReason)
                self.fields[other].editor.select_all()
                return
        self.left.emit()

    def _leave(self) -> None:
        if self._new:
            if self.typing():
                self.workbench.said.emit(self.words("registers.new_kept"))
            self._keep()
            self._new = False
        self.left.emit()

    # ---- committing

    def _committed(self, field: CardField) -> None:
        if self._new:
            self._add()
        elif self._id is not None:
            self._edit(self._id, field)

    def _edit(self, id_: UUID, field: CardField) -> None:
        before = field.shown()
        self._watch.read()
        command = EditCard(
            kind=self.kind.name,
            id=id_,
            fields={field.name: field.plain_value()},
            # none, where the screen showed none: left out would mean "whatever is current"
            bases={field.name: field.bases()},
        )
        field.saving()
        self._say_state(self.words("registers.saving"))

        def done(_outcome: Outcome) -> None:
            self._read(id_, field)

        def failed(error: BaseException) -> None:
            if self._id == id_:
                field.refuse(self.workbench.sentence(error), before, back=True)
                self._say_state(self.words("registers.unsaved"), "danger")
            else:
                self.workbench.say_error(error)
            if not isinstance(error, Answerable):
                self.workbench.say_error(error)

        self.workbench.bridge.execute(self, command, done, failed)

    def read(self, id_: UUID) -> None:
        """Read a card and show it."""
        kind, words = self.kind, CardWords.of(self.words, self.workbench.directory)

        self.workbench.bridge.ask(
            self, lambda connection: read_card(connection, kind, id_, words), self.show_card, topic="card"
        )

    def _read(self, id_: UUID, field: CardField | None = None) -> None:
        """Read the row as it is now: its new heads are what the next edit is based on."""
        kind, words = self.kind, CardWords.of(self.words, self.workbench.directory)

        def show(read: CardRow | None) -> None:
            if read is None:
                return
            if self._id == id_:
                if field is not None:
                    field.saved()
                at = clock_text(self.workbench.now())
                self._say_state(self.words("registers.saved", at=at), "accent")
                self.show_card(read)
                if field is not None:
                    field.caught_up()
            self.changed.emit(read)

        self.workbench.bridge.ask(self, lambda connection: read_card(connection, kind, id_, words), show)

    def _add(self) -> None:
        if self._adding:
            return
        values: dict[str, Any] = {}
        for name, field in self.fields.items():
            if field.dirty():
                try:
                    values[name] = field.plain_value()
                except Unreadable:
                    return
        missing = [
            name
            for name, type_ in self.kind.types.items()
            if type_.required and values.get(name) in (None, "", [])
        ]
        if missing:
            return
        self._adding = True
        self._say_state(self.words("registers.saving"))

        def done(outcome: Outcome) -> None:
            self._adding = False
            id_ = outcome.ids[0]
            if not self._new:
                self._drafts.keep(f"card:{self.kind.name}:new", None)
                self.made.emit(id_)
                return
            self._drafts.keep(self._key(), None)
            self._new, self._id = False, id_
            for name in values:
                self.fields[name].saving()
                self.fields[name].saved()
            self.made.emit(id_)
            self._read(id_)

        def failed(error: BaseException) -> None:
            self._adding = False
            name = error.field if isinstance(error, Answerable) else None
            self._say_state(self.words("registers.unsaved"), "danger")
            if self._new and name in self.fields:
                self.fields[name].refuse(self.workbench.sentence(error))
            else:
                self.workbench.say_error(error)

        self.workbench.bridge.execute(self, AddCard(kind=self.kind.name, fields=values), done, failed)

    # ---- retiring

    def ask_retire(self) -> None:
        """Ask, inside the panel, whether to retire the card or bring it back."""
        if self._id is None:
            return
        key = "registers.ask_bring_back" if self._retired else "registers.ask_retire"
        self.question.ask(self.words(key, name=self.title.text()))

    def _answered(self, yes: bool) -> None:
        id_, retired = self._id, self._retired
        self.left.emit()
        if not yes or id_ is None:
            return
        command = RetireCard(kind=self.kind.name, id=id_, retired=not retired)
        self.workbench.bridge.execute(
            self, command, lambda _outcome: self._read(id_), self.workbench.say_error
        )

    def _say_state(self, sentence: str, ink: str = "muted") -> None:
        self.state.setText(sentence)
        self.state.set_ink(ink)
