"""The panel that opens an incident: beside the list, by keyboard, from nothing or from a line of the log."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QScrollArea, QVBoxLayout, QWidget

from commandcenter.domain.clock import instant_text, parse_instant
from commandcenter.domain.errors import Refused
from commandcenter.domain.record import kind_of
from commandcenter.services.incidents import OpenIncident
from commandcenter.services.workplace import Outcome
from db.queries.log import LogLine
from ui.forms.choice import Choice
from ui.forms.drafts import DraftKeeper
from ui.forms.editors import Editor, LineText, NoteText, Unreadable, WhenText
from ui.forms.grade_choice import GradeChoice
from ui.forms.labelled import Labelled
from ui.forms.offered import event_options, event_path, organisation_options, ungraded
from ui.panel import Panel
from ui.shell.chip import Label
from ui.shell.composing import is_enter
from ui.theme import SPACE, TYPE, Theme
from ui.workbench import Workbench

DRAFT = "open-incident"
CONTROL = Qt.KeyboardModifier.ControlModifier
# a clause ends at a stop of either script; a title is its first
_CLAUSE = re.compile("[\u3002\uff1b\uff0c\uff01\uff1f\n;!?]|, |\\. ")
_LEAD = re.compile("^[!\uff01\\s]+")
_REQUIRED = ("title", "event_code")
_REFERENCES = ("street_id", "community_id")
_INSTANTS = ("occurred_at", "reported_at")


def first_clause(text: str, most: int) -> str:
    """What a title could be: the first clause of a line, at most ``most`` characters."""
    clause = _CLAUSE.split(_LEAD.sub("", text), maxsplit=1)[0].strip()
    return clause[:most]


class OpenIncidentPanel(Panel):
    """Ctrl+Enter opens the incident, Esc puts the panel away; what was typed is kept as a draft.

    ``done`` tells the incident's id once it is on the disk: the page asks for it to be shown.
    """

    done = Signal(object)  # UUID
    closed = Signal()

    def __init__(self, workbench: Workbench) -> None:
        super().__init__(workbench.theme, workbench.words("forms.open.title"))
        self.workbench, self.words = workbench, workbench.words
        self._drafts = DraftKeeper(workbench, self)
        self._entry: UUID | None = None
        self._prefill: dict[str, str] = {}
        self._sending = False
        self._open = False
        words, directory = self.words, workbench.directory
        self.setAccessibleName(words("forms.open.title"))

        def name(field: str) -> str:
            return words(f"incident.fields.{field}")

        self.title_text = LineText(workbench, name("title"))
        self.event_code = Choice(workbench, name("event_code"), lambda: event_options(words))
        self.grade = GradeChoice(workbench, name("grade"))
        self.street = Choice(
            workbench, name("street_id"), lambda: organisation_options(directory, words, "street")
        )
        self.community = Choice(workbench, name("community_id"), self._communities)
        self.place = LineText(workbench, name("place"))
        self.occurred = WhenText(workbench, name("occurred_at"))
        self.reported = WhenText(workbench, name("reported_at"))
        self.known = NoteText(workbench, name("known"), rows=(3, 8), breaks=True)
        self.to_verify = NoteText(workbench, name("to_verify"), rows=(2, 6), breaks=True)
        editors: dict[str, Editor] = {
            "title": self.title_text,
            "event_code": self.event_code,
            "grade": self.grade,
            "street_id": self.street,
            "community_id": self.community,
            "place": self.place,
            "occurred_at": self.occurred,
            "reported_at": self.reported,
            "known": self.known,
            "to_verify": self.to_verify,
        }
        self.rows = {field: Labelled(name(field), editor) for field, editor in editors.items()}
        self._compose()
        for field, row in self.rows.items():
            row.editor.typed.connect(self._typed)
            row.editor.left.connect(self.close_panel)
            row.editor.lost.connect(lambda row=row: self._left(row))
            row.editor.entered.connect(lambda field=field: self._next(field))
            proxy = row.editor.focusProxy()
            if proxy is not None:
                proxy.installEventFilter(self)
        self.event_code.chosen.connect(self._code_chosen)
        self.event_code.lost.connect(self._settle)
        self.street.chosen.connect(self._settle)
        self.street.lost.connect(self._settle)
        self.community.chosen.connect(self._community_chosen)
        for key in ("Ctrl+Return", "Ctrl+Enter"):
            shortcut = QShortcut(QKeySequence(key), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.setAutoRepeat(False)
            shortcut.activated.connect(self.submit)
        self.setVisible(False)

    def _compose(self) -> None:
        theme, words = self.workbench.theme, self.words
        self._source = Label(theme, "", ink="muted", size=TYPE.small, elided=True)
        self._path = Label(theme, "", ink="muted", size=TYPE.small)
        self._path.setWordWrap(True)
        self._path.setVisible(False)
        self._body = QWidget()
        form = self._form = QVBoxLayout(self._body)
        for field in ("title", "event_code"):
            form.addWidget(self.rows[field])
        form.addWidget(self._path)
        form.addWidget(self.rows["grade"])
        self._pairs = [QHBoxLayout(), QHBoxLayout()]
        for pair, fields in zip(self._pairs, (_REFERENCES, _INSTANTS), strict=True):
            for field in fields:
                pair.addWidget(self.rows[field], 1, Qt.AlignmentFlag.AlignTop)
        form.addLayout(self._pairs[0])
        form.addWidget(self.rows["place"])
        form.addLayout(self._pairs[1])
        form.addWidget(self.rows["known"])
        form.addWidget(self.rows["to_verify"])
        form.addStretch(1)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setWidget(self._body)
        self._scroll.viewport().setAutoFillBackground(False)
        self._body.setAutoFillBackground(False)
        self._send = QPushButton(words("forms.open.send"))
        self._send.setDefault(True)
        self._send.clicked.connect(self.submit)
        self._away = QPushButton(words("forms.open.close"))
        self._away.clicked.connect(self.close_panel)
        self._hint = Label(theme, words("forms.open.kept"), ink="muted", size=TYPE.small, elided=True)
        feet = self._feet = QHBoxLayout()
        feet.addWidget(self._send)
        feet.addWidget(self._away)
        feet.addWidget(self._hint, 1)
        self.body.addWidget(self._source)
        self.body.addWidget(self._scroll, 1)
        self.body.addLayout(feet)
        self._space()

    def _space(self) -> None:
        px = self.workbench.theme.px
        self._form.setContentsMargins(0, 0, px(SPACE.s), 0)
        self._form.setSpacing(px(SPACE.s + 2))
        self._feet.setSpacing(px(SPACE.s))
        for pair in self._pairs:
            pair.setSpacing(px(SPACE.s))

    # ---- open and close

    def open_panel(self, line: LogLine | None = None) -> None:
        """Show the panel with what was being typed, else empty or with what ``line`` tells."""
        entry = line.id if line is not None else None
        if self._open and entry == self._entry:
            self._focus_first()
            return
        self._keep()
        self._entry = entry
        self._prefill = {}
        source = ""
        if line is not None:
            most = kind_of("incident").types["title"].max_length
            self._prefill = {
                "title": first_clause(line.text, most),
                "known": line.text,
                "reported_at": self.reported.written(instant_text(line.happened_at)),
            }
            source = self.words("forms.open.from_line", text=line.text.replace("\n", " "))
        self._source.setText(source)
        self._source.setVisible(bool(source))
        kept = self._drafts.find(self._key())
        self._fill(kept if kept is not None else self._prefill)
        if kept is None and line is not None:
            self.reported.put(instant_text(line.happened_at))
        self._open = True
        self.setVisible(True)
        self._scroll.verticalScrollBar().setValue(0)
        self._focus_first()

    def close_panel(self) -> None:
        """Put it away; nothing typed is lost."""
        if self._open:
            self._keep()
            self._drafts.flush()
            self._open = False
            self.setVisible(False)
            self.closed.emit()

    def is_open(self) -> bool:
        """Whether the panel is out, on a page that may itself be hidden."""
        return self._open

    def composing(self) -> bool:
        """Whether an input method is at work in one of the fields."""
        return any(row.editor.composing() for row in self.rows.values())

    def _focus_first(self) -> None:
        blank = not self.title_text.raw().strip()
        (self.title_text if blank or self.event_code.raw() else self.event_code).setFocus(
            Qt.FocusReason.OtherFocusReason
        )

    def _fill(self, raw: Mapping[str, Any]) -> None:
        for field, row in self.rows.items():
            row.clear()
            row.editor.put(None)
            if raw.get(field):
                row.editor.put_raw(str(raw[field]))
        self._settle()

    # ---- drafts

    def _key(self) -> str:
        # a line's draft is its own: opening from another line never overwrites a half-filled form
        return DRAFT if self._entry is None else f"{DRAFT}:{self._entry}"

    def raw(self) -> dict[str, str]:
        """What stands in the fields, as typed, empty ones left out."""
        return {field: text for field, row in self.rows.items() if (text := row.editor.raw())}

    def _keep(self) -> None:
        if self._open and not self._sending:
            body = self.raw()
            self._drafts.keep(self._key(), None if not body or body == self._prefill else body)

    def _typed(self) -> None:
        self._keep()

    # ---- what hangs together

    def _communities(self) -> list[Any]:
        parent = self._value(self.street)
        return organisation_options(
            self.workbench.directory, self.words, "community", UUID(parent) if parent else None
        )

    def _left(self, row: Labelled) -> None:
        """What cannot be read is said when it is left, not only when all is sent."""
        try:
            row.editor.value()
        except Unreadable as unreadable:
            row.refuse(str(unreadable))

    def _value(self, editor: Editor) -> str | None:
        try:
            return editor.value()
        except Unreadable:
            return None

    def _code_chosen(self) -> None:
        self._settle()

    def _community_chosen(self) -> None:
        """A community knows its street."""
        value = self.community.value()
        card = self.workbench.directory.card(UUID(value)) if value else None
        if card is not None and card.parent_id is not None and not self.street.raw().strip():
            self.street.put(str(card.parent_id))
            self.rows["street_id"].clear()
            self._keep()

    def _settle(self) -> None:
        code = self._value(self.event_code)
        none = ungraded(code)
        if none:
            self.grade.put(None)
        self.grade.setEnabled(not none)
        self.rows["grade"].explain(self.words("incident.ungraded") if none else "")
        path = self.words("incident.path").join(event_path(code, self.words)) if code else ""
        self._path.setText(path)
        self._path.setVisible(bool(path))
        street, community = self._value(self.street), self._value(self.community)
        card = self.workbench.directory.card(UUID(community)) if community else None
        if street and card is not None and card.parent_id != UUID(street):
            self.community.put(None)

    # ---- sending

    def submit(self) -> None:
        """Open the incident, once; what is wrong is said beside its field."""
        if self._sending or not self._open or self.composing():
            return
        values: dict[str, Any] = {}
        faulty: str | None = None
        for field, row in self.rows.items():
            row.clear()
            try:
                values[field] = row.editor.value()
                if values[field] is None and field in _REQUIRED:
                    raise Unreadable(self.words("refused.required"))
            except Unreadable as unreadable:
                row.refuse(str(unreadable))
                faulty = faulty or field
        if faulty is not None:
            self._show_fault(faulty)
            return
        for field in _REFERENCES:
            values[field] = UUID(values[field]) if values[field] else None
        for field in _INSTANTS:
            values[field] = parse_instant(values[field]) if values[field] else None
        self._sending = True
        self._send.setEnabled(False)
        command = OpenIncident(from_entry_id=self._entry, **values)
        self.workbench.bridge.execute(self, command, self._done, self._failed)

    def _done(self, outcome: Outcome) -> None:
        self._sending = False
        self._send.setEnabled(True)
        self._drafts.keep(self._key(), None)
        self._open = False
        self.setVisible(False)
        self._fill({})
        incident = outcome.ids[0]
        self.closed.emit()
        self.done.emit(incident)

    def _failed(self, error: BaseException) -> None:
        self._sending = False
        self._send.setEnabled(True)
        self._keep()
        field = error.field if isinstance(error, Refused) else None
        if isinstance(error, Refused) and field in self.rows:
            assert field is not None
            self.rows[field].refuse(self.words.sentence(error))
            self._show_fault(field)
        else:
            self.workbench.say_error(error)

    def _show_fault(self, field: str) -> None:
        row = self.rows[field]
        row.editor.setFocus(Qt.FocusReason.OtherFocusReason)
        self._scroll.ensureWidgetVisible(row)

    def _next(self, field: str) -> None:
        names = list(self.rows)
        after = names.index(field) + 1
        target: QWidget = self.rows[names[after]].editor if after < len(names) else self._send
        if not target.isEnabled() and after + 1 < len(names):
            target = self.rows[names[after + 1]].editor
        target.setFocus(Qt.FocusReason.TabFocusReason)

    # ---- keys and look

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Ctrl+Enter sends from every field; the field with the cursor is kept in sight."""
        pressed = event if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress else None
        if pressed is not None and is_enter(pressed) and pressed.modifiers() & CONTROL:
            if not self.composing() and not pressed.isAutoRepeat():
                self.submit()
            return True
        if event.type() == QEvent.Type.FocusIn and isinstance(watched, QWidget):
            self._scroll.ensureWidgetVisible(watched)
        return super().eventFilter(watched, event)

    def hideEvent(self, event: QHideEvent) -> None:
        """What is half typed is on the disk before the panel goes."""
        super().hideEvent(event)
        self._drafts.flush()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc puts the panel away."""
        if event.key() == Qt.Key.Key_Escape:
            self.close_panel()
        else:
            super().keyPressEvent(event)

    def set_theme(self, theme: Theme) -> None:
        """Take another look or scale (labels are told by the shell)."""
        super().set_theme(theme)
        if hasattr(self, "rows"):  # the base calls this while it is being made
            self._space()
            for row in self.rows.values():
                row.editor.set_theme(theme)
