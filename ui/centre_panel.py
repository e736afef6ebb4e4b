"""The centre as a panel: which one this desk belongs to, or the form by which it comes to belong to one."""

from __future__ import annotations

import shiboken6
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from commandcenter.desk_sync import Enrolling
from commandcenter.domain.errors import Answerable, Refused
from commandcenter.protocol.codes import (
    ALPHABET,
    KEY_LENGTH,
    LENGTH,
    characters_of,
    grouped,
    parse_code,
)
from commandcenter.sync.membership import Belonging
from ui.exchange_words import exchange_words
from ui.facts_rows import Copied, Rows, flowing, hint
from ui.forms.editors import LineText
from ui.panel import Panel
from ui.shell.chip import Chip, Label
from ui.shell.composing import mark_refused
from ui.sync_words import why
from ui.tables.days import whole_text
from ui.theme import SPACE, TYPE
from ui.workbench import Workbench

ENROLLED = "settings.centre.enrolled"
UNUSED = frozenset({"asking", "compared"})  # so far the code was shown to nobody
IN_WAY = ("unreachable", "timeout", "certificate", "proxy", "not_the_centre", "not_understood")


class CentrePanel(Panel):
    """Everything slow is done elsewhere; what comes back is told in one sentence below the form."""

    _stepped = Signal(int, str, str)  # which try, how far, the begin of the centre's key

    def __init__(self, workbench: Workbench) -> None:
        words, theme = workbench.words, workbench.theme
        super().__init__(theme, words("settings.centre.title"))
        self.workbench, self.words = workbench, words
        self._enrolling: Enrolling | None = None
        self._step = ""
        self._try = 0
        self._known: Belonging | None = None
        self._wants_form = False
        self._compose()
        self._stepped.connect(self._told, Qt.ConnectionType.QueuedConnection)
        if workbench.sync is not None:
            workbench.sync.changed.connect(self._say_state)
        self._show_form()
        self._typed()

    def _compose(self) -> None:
        words, theme = self.words, self.workbench.theme
        self.again_chip = Chip(theme, words("settings.centre.again"), key="Alt+J")
        self.again_chip.setToolTip(words("settings.centre.again_tip"))
        self.again_chip.clicked.connect(self.to_form)
        self.head.addWidget(self.again_chip)
        self.facts = Rows(self.workbench)
        self.url, self.key = Copied(self.workbench, ""), Copied(self.workbench, "", figures=True)
        self._labels = {name: Label(theme) for name in ("state", "since", "desk", "scope", "sees", "role")}
        self._labels["state"].setWordWrap(True)
        self._labels["sees"].setWordWrap(True)
        for name, part in (("url", self.url), ("key", self.key), *self._labels.items()):
            self.facts.add(words(f"settings.centre.{name}"), part)
        self.body.addWidget(self.facts)
        self.form = QWidget()
        rows = QVBoxLayout(self.form)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(theme.px(SPACE.s))
        self.about = hint(self.workbench, words("settings.centre.about"))
        rows.addWidget(self.about)
        self.address = LineText(self.workbench, words("settings.centre.address"))
        self.address.line.setPlaceholderText(words("settings.centre.address_hint"))
        self.code = LineText(self.workbench, words("settings.centre.code"))
        self.code.line.setPlaceholderText(words("settings.centre.code_hint"))
        self.code.line.setFont(theme.font(TYPE.body, figures=True))
        self._captions: list[Label] = []
        self.notes: dict[str, Label] = {}
        for name, editor in (("address", self.address), ("code", self.code)):
            rows.addWidget(self._row(words(f"settings.centre.{name}"), editor))
            note = self.notes[name] = Label(theme, ink="muted", size=TYPE.small)
            note.setWordWrap(True)
            row = self._row("", note)
            rows.addWidget(row)
            if name == "address":
                self._clear_row = row
        self.enter = Chip(theme, key="Enter")
        self.enter.show_text(words("settings.centre.enrol"), "accent", bold=True)
        self.enter.clicked.connect(self.enrol)
        self.cancel_chip = Chip(theme, words("settings.centre.cancel"), key="Esc")
        self.cancel_chip.clicked.connect(self.cancel)
        rows.addWidget(self._row("", flowing(self.workbench, [self.enter, self.cancel_chip])))
        self.body.addWidget(self.form)
        self.result = Label(theme, ink="muted")
        self.result.setWordWrap(True)
        self.result.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.result.setVisible(False)
        self.body.addWidget(self.result)
        self.cancel_chip.setVisible(False)
        self.address.entered.connect(self._next)
        self.code.entered.connect(self.enrol)
        for editor in (self.address, self.code):
            editor.left.connect(self.cancel)
            editor.typed.connect(self._typed)

    def _row(self, caption: str, part: QWidget) -> QWidget:
        theme = self.workbench.theme
        ground = QWidget()
        row = QHBoxLayout(ground)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.px(SPACE.m))
        label = Label(theme, caption, ink="muted", size=TYPE.small)
        if caption:
            label.setBuddy(part)
        self._captions.append(label)
        row.addWidget(label)
        row.addWidget(part, 1)
        return ground

    def caption_width(self) -> int:
        """How wide the captions are."""
        return max(self.facts.caption_width(), *(label.sizeHint().width() for label in self._captions))

    def set_caption_width(self, width: int) -> None:
        """Let the right side begin where others do."""
        self.facts.set_caption_width(width)
        for label in self._captions:
            label.setFixedWidth(width)

    # ---- which centre

    def read(self) -> None:
        """Read which centre this desk belongs to; what is typed stays."""
        self.workbench.bridge.deliver(
            self, self.workbench.desktop.sync.belonging(), self._show, self._damaged
        )

    def _show(self, known: Belonging | None) -> None:
        self._known = known
        words = self.words
        if self.workbench.directory.now.person is not None and self.result.text() == words(ENROLLED):
            self._say("")  # somebody has signed in since
        if known is not None:
            self.url.show_text(known.url, known.url)
            self.key.show_text(known.key, known.key)
            name = self.workbench.directory.name
            since = known.enrolled_at
            join = words("exchange.list").join
            scopes = join(filter(None, (name("organisation", scope) for scope in known.scopes)))
            roles = [words(f"settings.centre.role_{role}") for role in known.roles]
            said = {
                "since": words("settings.centre.unknown") if since is None else whole_text(since, words),
                "desk": words("duty_log.desk", number=known.number),
                "scope": name("organisation", known.scope_id) or words("settings.centre.unknown"),
                "sees": scopes if known.scopes else words("settings.centre.everything"),
                "role": join(roles),
            }
            for key, text in said.items():
                self._labels[key].setText(text)
            if not self.address.raw():
                self.address.put(known.url)
                self._typed()
        self._say_state()
        self._show_form()

    def _damaged(self, error: BaseException) -> None:
        self._wants_form = True
        self._say(self.workbench.sentence(error), "danger")
        self._show_form()

    def _say_state(self) -> None:
        watch, words = self.workbench.sync, self.words
        if watch is None:
            return
        put = exchange_words(words, self.workbench.directory)
        state = watch.state
        parts = [words(f"exchange.state.{state.state}"), why(put, state)]
        self._labels["state"].setText(words("exchange.and").join(part for part in parts if part))

    def _show_form(self) -> None:
        focused = self.window().focusWidget() if self._known else None
        self.facts.setVisible(self._known is not None)
        self.again_chip.setVisible(self._known is not None and not self._wants_form)
        self.about.setText(
            self.words("settings.centre.about_again" if self._known else "settings.centre.about")
        )
        if focused is not None and self.form.isAncestorOf(focused) and not self._wants_form:
            self.url.copy.setFocus(Qt.FocusReason.OtherFocusReason)
        self.form.setVisible(self._known is None or self._wants_form)

    def to_form(self) -> None:
        """The cursor in the form, which a desk that belongs to a centre shows when it is asked for."""
        self._wants_form = True
        self._show_form()
        target = self.code if self.address.raw().strip() else self.address
        target.setFocus(Qt.FocusReason.ShortcutFocusReason)

    # ---- typing

    def _next(self) -> None:
        if self.code.raw().strip():
            self.enrol()
        else:
            self.code.setFocus(Qt.FocusReason.TabFocusReason)

    def _typed(self) -> None:
        """Say of what stands there what can be said without asking anybody."""
        if self._enrolling is None:
            self._say("")
        words, address, code = self.words, self.address.raw().strip(), self.code.raw()
        for editor in (self.address, self.code):
            mark_refused(editor.line, False)
        plain = address.lower().startswith("http://") and not _within(address)
        self.notes["address"].setText(words("settings.centre.in_clear") if plain else "")
        self._clear_row.setVisible(plain)
        sentence, ink = self._said_of_code(characters_of(code))
        self.notes["code"].setText(sentence)
        self.notes["code"].set_ink(ink)

    def _said_of_code(self, said: str) -> tuple[str, str]:
        """(a sentence, its ink): which key it names, how much is missing, what cannot be in it."""
        words = self.words
        strange = next((sign for sign in said if sign not in ALPHABET), "")
        if strange:
            return words("settings.centre.strange", sign=strange), "danger"
        if not said:
            return "", "muted"
        if len(said) < KEY_LENGTH:
            return words("settings.centre.length", count=len(said), whole=LENGTH), "muted"
        key = grouped(said[:KEY_LENGTH])
        if len(said) < LENGTH:
            return words("settings.centre.key_so_far", key=key, count=len(said), whole=LENGTH), "muted"
        try:
            parse_code(said)
        except Refused as no:
            return words.sentence(no), "danger"
        return words("settings.centre.well_formed", key=key), "accent"

    # ---- enrolling

    def enrol(self) -> None:
        """Show the code to the centre, once its key has been compared."""
        if self._enrolling is not None or self.address.composing() or self.code.composing():
            return
        self._step = "asking"
        self._busy(True)
        self._say(self.words("settings.centre.step_asking"))

        self._try = this = self._try + 1

        def told(step: str, key: str) -> None:
            if shiboken6.isValid(self):  # on the enrolment's thread: the page may be gone
                self._stepped.emit(this, step, key)

        self._enrolling = self.workbench.desktop.sync.enrol(self.address.raw(), self.code.raw(), told)
        self.workbench.bridge.deliver(self, self._enrolling.done, self._enrolled, self._failed)

    def cancel(self) -> None:
        """Give up what is under way; with nothing under way, put a form that was asked for away."""
        if self._enrolling is not None:
            if not self._enrolling.cancel():
                self._say(self.words("settings.centre.too_late"))
        elif self._known is not None and self._wants_form:
            self._wants_form = False
            self._say("")
            self._show_form()

    def _told(self, which: int, step: str, key: str) -> None:
        if self._enrolling is not None and which == self._try:
            self._step = step
            self._say(self.words(f"settings.centre.step_{step}", key=key))

    def _enrolled(self, _nothing: None) -> None:
        self._busy(False)
        self.code.put("")
        self._wants_form = False
        self._typed()
        self._say(self.words(ENROLLED), "accent")
        self.read()

    def _failed(self, error: BaseException) -> None:
        self._busy(False)
        words = self.words
        sentence = self.workbench.sentence(error)
        if isinstance(error, Answerable):
            reason = str(error.values.get("reason"))
            if error.code == "centre_no_answer":
                key = reason if reason in IN_WAY else "other"
                sentence = words(f"settings.centre.no_answer_{key}", url=error.values["url"])
                used = "unused" if self._step in UNUSED else "perhaps_used"
                sentence += words(f"settings.centre.{used}")
            target = (
                self.address if error.field == "server" or error.code == "centre_no_answer" else self.code
            )
            mark_refused(target.line, True)
            focus: QWidget | None = self.window().focusWidget()
            if focus is not None and self.isAncestorOf(focus):
                target.setFocus(Qt.FocusReason.OtherFocusReason)
        self._say(sentence, "muted" if getattr(error, "code", "") == "enrolment_cancelled" else "danger")
        self.read()

    def _busy(self, busy: bool) -> None:
        if not busy:
            self._enrolling = None
        focus: QWidget | None = self.window().focusWidget()
        for editor in (self.address, self.code):
            editor.line.setReadOnly(busy)
        self.enter.setVisible(not busy)
        self.cancel_chip.setVisible(busy)
        if focus in (self.enter, self.cancel_chip):  # it went with its chip
            (self.cancel_chip if busy else self.code).setFocus(Qt.FocusReason.OtherFocusReason)

    def _say(self, sentence: str, ink: str = "muted") -> None:
        self.result.setText(sentence)
        self.result.set_ink(ink)
        self.result.setVisible(bool(sentence))


def _within(address: str) -> bool:
    """Whether an address is this machine's own, where nobody listens in between."""
    host = address.partition("://")[2].partition("/")[0].lower()
    return host.startswith(("127.", "localhost", "[::1]"))
