"""The administration page: accounts, desks and lockouts at the centre, while it answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from commandcenter.domain.access import ADMINISTRATORS, RELEASERS, UNSIGNED
from commandcenter.domain.change import ChangeSet
from commandcenter.domain.clock import from_ms
from commandcenter.protocol.administration import AccountLine, LockoutLine
from commandcenter.protocol.admission import Machine
from commandcenter.services.code_words import code_label
from ui.administration_form import AdministrationForm
from ui.facts_rows import Copied, flowing, hint
from ui.panel import Panel
from ui.rows_list import Row, RowsView
from ui.shell.chip import Chip, Label
from ui.shell.keys import KeyHint
from ui.tables.days import whole_text
from ui.theme import SPACE, TYPE
from ui.workbench import Page, Workbench

if TYPE_CHECKING:
    from commandcenter.sync.administration import Administering

TABS = {"accounts": "u", "devices": "m", "lockouts": "l"}
WHO = {
    "accounts": ADMINISTRATORS - {UNSIGNED},
    "devices": ADMINISTRATORS - {UNSIGNED},
    "lockouts": RELEASERS,
}
ACTS = {"accounts": ("new", "password", "withdraw"), "devices": ("new", "withdraw"), "lockouts": ("release",)}
KEYS = {"new": "n", "password": "p", "withdraw": "d", "release": "r"}


class AdministrationPage(Page):
    """Nothing of it is kept at the desk: each look asks the centre, in the session of who sits here."""

    kinds = frozenset({"person", "desk", "organisation"})

    def __init__(self, workbench: Workbench) -> None:
        super().__init__(workbench)
        self._tab = "accounts"
        self._asked = 0
        self._found: tuple[Any, ...] = ()
        self._told_at: UUID | None = None  # what was chosen when something was said
        self._sure: UUID | None = None  # what the next D withdraws
        self._compose()
        self.list.chosen.connect(self._show_detail)
        self.list.pressed.connect(self._pressed)
        self.list.opened.connect(self._open_record)
        self.form.left.connect(self._form_left)
        self.form.sent.connect(self._sent)
        for tab, letter in TABS.items():
            QShortcut(QKeySequence(f"Alt+{letter.upper()}"), self).activated.connect(
                lambda tab=tab: self.show_tab(tab)
            )
        QShortcut(QKeySequence("F5"), self).activated.connect(self.read)
        QShortcut(QKeySequence("Ctrl+Return"), self.form).activated.connect(self.form.send)
        workbench.directory.changed.connect(self._names_changed)
        self.setFocusProxy(self.list)

    def _compose(self) -> None:
        words, theme, px = self.words, self.workbench.theme, self.workbench.theme.px
        self.panel = Panel(theme, words("administration.name"), flush=True)
        self.panel.title.setVisible(False)
        self.tabs: dict[str, Chip] = {}
        for tab, letter in TABS.items():
            chip = self.tabs[tab] = Chip(theme, key=letter.upper())
            chip.clicked.connect(lambda _on=False, tab=tab: self.show_tab(tab))
            self.panel.head.addWidget(chip)
        self.panel.head.addStretch(1)
        self.again = Chip(theme, words("administration.again"), key="F5")
        self.again.clicked.connect(self.read)
        self.panel.head.addWidget(self.again)
        self.list = RowsView(theme, words("administration.name"))
        self.why = Label(theme, ink="muted", size=TYPE.line)
        self.why.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.why.setWordWrap(True)
        self.why.setContentsMargins(px(SPACE.l), px(SPACE.l), px(SPACE.l), px(SPACE.l))
        self.detail = QWidget()
        side = QVBoxLayout(self.detail)
        side.setContentsMargins(px(SPACE.m), px(SPACE.m), px(SPACE.m), px(SPACE.s))
        side.setSpacing(px(SPACE.s))
        self.title = Label(theme, size=TYPE.line, bold=True)
        self.facts = Label(theme, ink="muted")
        for label in (self.title, self.facts):
            label.setWordWrap(True)
        self.code = Copied(self.workbench, "", figures=True)
        self.code.setVisible(False)
        self.said = hint(self.workbench, "")
        self.acts = {name: Chip(theme, key=key.upper()) for name, key in KEYS.items()}
        for name, chip in self.acts.items():
            chip.clicked.connect(lambda _on=False, name=name: self.act(name))
        for part in (self.title, self.facts, self.code, self.said):
            side.addWidget(part)
        side.addStretch(1)
        side.addWidget(flowing(self.workbench, list(self.acts.values())))
        self.form = AdministrationForm(self.workbench)
        self.side = QStackedWidget()
        self.side.addWidget(self.detail)
        self.side.addWidget(self.form)
        line = QWidget()
        line.setFixedWidth(px(SPACE.hair))
        line.setAutoFillBackground(True)
        palette = line.palette()
        palette.setColor(line.backgroundRole(), theme.colour("line"))
        line.setPalette(palette)
        ground = QWidget()
        row = QHBoxLayout(ground)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        left = QVBoxLayout()
        left.addWidget(self.why)
        left.addWidget(self.list, 1)
        row.addLayout(left, 4)
        row.addWidget(line)
        row.addWidget(self.side, 5)
        self.panel.body.addWidget(ground, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(px(SPACE.m), px(SPACE.m), px(SPACE.m), px(SPACE.m))
        column.addWidget(self.panel, 1)

    # ---- reading

    def refresh(self, change_set: ChangeSet | None) -> None:
        """Ask the centre where it is shown anew; names alone are read from here."""
        if change_set is None:
            self.read()
        else:
            self._show_rows()

    def _roles(self) -> frozenset[str]:
        card = self.workbench.directory.card(self.workbench.directory.now.person)
        return frozenset(json.loads(card.detail or "[]")) if card is not None else frozenset()

    def _names_changed(self) -> None:
        if self.isVisible():
            self.read()
        else:
            self._stale = True

    def may(self, tab: str) -> bool:
        """Whether who sits here may look at it."""
        return not WHO[tab].isdisjoint(self._roles())

    def read(self) -> None:
        """Ask the centre again."""
        if not self.may(self._tab) and self.may("lockouts"):
            self._tab = "lockouts"  # a chief who is no administrator
        for tab, chip in self.tabs.items():
            on = tab == self._tab
            chip.show_text(self.words(f"administration.tab_{tab}"), "accent" if on else "plain", bold=on)
            chip.setVisible(self.may(tab) or not self.may("lockouts"))
        if not self.may(self._tab):
            self._nothing(self.words("administration.not_for_you"))
            return
        questions: dict[str, Callable[[Administering], Sequence[Any]]] = {
            "accounts": lambda centre: centre.accounts(),
            "devices": lambda centre: centre.devices().devices,
            "lockouts": lambda centre: centre.lockouts(),
        }
        self._ask(
            questions[self._tab], self._show, lambda error: self._nothing(self.workbench.sentence(error))
        )

    def _ask(
        self,
        errand: Callable[[Administering], Any],
        done: Callable[[Any], None],
        failed: Callable[[BaseException], None],
    ) -> None:
        """``failed`` and ``done`` hear of the newest question only."""
        self._asked = this = self._asked + 1

        def newest(act: Callable[[Any], None]) -> Callable[[Any], None]:
            return lambda what: act(what) if this == self._asked else None

        person = self.workbench.directory.now.person
        answer = self.workbench.desktop.sync.administer(person, errand)
        self.workbench.bridge.deliver(self, answer, newest(done), newest(failed))

    def _nothing(self, why: str) -> None:
        self._found = ()
        self._show_rows(why)

    def _show(self, found: Sequence[Any]) -> None:
        self._found = tuple(found)
        self._show_rows()

    def _show_rows(self, why: str = "") -> None:
        rows = [self._row(one) for one in self._found]
        if not rows and not why and self.may(self._tab):
            why = self.words(f"administration.none_{self._tab}")
        self.why.setText(why)
        self.why.setVisible(not rows)
        self.list.show_rows(rows)
        if rows and self.list.current() is None:
            self.list.choose_at(0)
        self._show_detail(self.list.current())

    def _row(self, one: AccountLine | Machine | LockoutLine) -> Row:
        words, name = self.words, self.workbench.directory.name
        join = words("exchange.and").join
        if isinstance(one, AccountLine):
            tag = words("administration.withdrawn") if one.withdrawn_at else ""
            person = name("person", one.person) or words("administration.unknown")
            return Row(
                one.person, person, join([one.login, self._said_roles(one.person)]), tag, bool(tag), one
            )
        if isinstance(one, Machine):
            number = (
                words("duty_log.desk", number=one.number)
                if one.number
                else words("administration.numberless")
            )
            seen = whole_text(from_ms(one.seen_at), words) if one.seen_at else words("administration.never")
            tag = words("administration.withdrawn") if one.withdrawn_at else ""
            scope = name("organisation", one.scope_id)
            detail = join(filter(None, (scope, words("administration.seen", at=seen))))
            return Row(one.device, join([number, one.name]), detail, tag, bool(tag), one)
        person = name("person", one.person) or words("administration.unknown")
        until = words("administration.until", at=whole_text(from_ms(one.until), words))
        where = name("desk", one.device) or words("exchange.unknown_desk", id=str(one.device)[-4:])
        return Row(uuid5(one.person, str(one.device)), person, join([where, until]), "", False, one)

    def _said_roles(self, person: UUID) -> str:
        card = self.workbench.directory.card(person)
        roles = json.loads(card.detail or "[]") if card is not None else []
        said = [code_label(self.words, "role", role) for role in roles]
        return self.words("exchange.list").join(said) or self.words("administration.no_role")

    # ---- the chosen one

    def _show_detail(self, row: Row | None) -> None:
        words = self.words
        if self._told_at != (None if row is None else row.id):
            self._say("")  # it was about another one
        if self._sure is not None and (row is None or row.id != self._sure):
            self._sure = None
        self.title.setText(row.title if row else "")
        about = row.about if row else None
        lines = [row.detail] if row else []
        if isinstance(about, AccountLine):
            lines.append(words("administration.made", at=whole_text(from_ms(about.created_at), words)))
            lines.append(words("administration.roles_where"))
        elif isinstance(about, Machine):
            join = words("exchange.list").join
            uses = join(words(f"settings.centre.role_{role}") for role in about.roles)
            lines.append(words("administration.enrolled", at=whole_text(from_ms(about.enrolled_at), words)))
            lines.append(words("administration.used_as", roles=uses))
        gone = getattr(about, "withdrawn_at", None)
        if gone:
            lines.append(words("administration.withdrawn_at", at=whole_text(from_ms(gone), words)))
        self.facts.setText("\n".join(lines))
        may = self.may(self._tab)
        for name, chip in self.acts.items():
            chosen = about is not None and not (name == "withdraw" and gone and self._tab == "devices")
            chip.setVisible(may and name in ACTS[self._tab] and (name == "new" or chosen))
            key = f"{name}_{self._tab}" if name == "new" else name
            if name == "withdraw":
                key = "sure" if self._sure else "reopen" if gone else "withdraw"
            chip.show_text(words(f"administration.act_{key}"), "strong" if key == "sure" else "plain")

    def _open_record(self) -> None:
        row = self.list.current()
        about = row.about if row else None
        if isinstance(about, AccountLine | LockoutLine):
            self.workbench.open_requested.emit("person", about.person)
        elif isinstance(about, Machine):
            self.workbench.open_requested.emit("desk", about.device)

    def _pressed(self, sign: str) -> None:
        for tab, letter in TABS.items():
            if sign == letter:
                self.show_tab(tab)
        for name, key in KEYS.items():
            if sign == key and not self.acts[name].isHidden():
                self.act(name)

    def show_tab(self, tab: str) -> None:
        """Another of the three lists."""
        if tab != self._tab and self.may(tab):
            self._tab, self._found = tab, ()
            self._form_left()
            self._say("")
            self._show_rows(self.words("administration.asking"))
            self.read()
        self.list.setFocus(Qt.FocusReason.OtherFocusReason)

    # ---- acts

    def act(self, name: str) -> None:
        """What a chip or its key does."""
        row, words = self.list.current(), self.words
        about = row.about if row else None
        if name == "new":
            self._open_form(
                "account" if self._tab == "accounts" else "code", words(f"administration.act_new_{self._tab}")
            )
        elif name == "password" and row is not None:
            self._open_form("password", words("administration.password_of", name=row.title))
        elif name == "release" and isinstance(about, LockoutLine):
            self._do(lambda centre: centre.release(about.person, about.device), "released")
        elif name == "withdraw" and row is not None:
            reopening = isinstance(about, AccountLine) and about.withdrawn_at is not None
            if not reopening and self._sure != row.id:
                self._sure = row.id  # the same key once more does it
                self._show_detail(row)
                return
            self._sure = None
            if isinstance(about, AccountLine):
                self._do(
                    lambda centre: centre.withdraw_account(about.person, withdrawn=not reopening),
                    "reopened" if reopening else "withdrew",
                )
            elif isinstance(about, Machine):
                self._do(lambda centre: centre.withdraw_device(about.device).devices, "withdrew")

    def _do(self, errand: Callable[[Administering], Sequence[Any]], said: str) -> None:
        def done(found: Sequence[Any]) -> None:
            self._show(found)
            self._say(self.words(f"administration.did_{said}"), "accent")

        self._say(self.words("administration.asking"))
        self._ask(errand, done, lambda error: self._say(self.workbench.sentence(error), "danger"))

    def _say(self, sentence: str, ink: str = "muted") -> None:
        row = self.list.current()
        self._told_at = None if row is None else row.id
        self.code.setVisible(False)
        self.said.setText(sentence)
        self.said.set_ink(ink)

    def _open_form(self, kind: str, title: str) -> None:
        self.side.setCurrentWidget(self.form)
        self.form.open_for(kind, title)

    def _form_left(self) -> None:
        self.form.wipe()
        self.side.setCurrentWidget(self.detail)
        self.list.setFocus(Qt.FocusReason.OtherFocusReason)

    def _sent(self, kind: str, said: dict[str, Any]) -> None:
        self.form.say(self.words("administration.asking"), "muted")
        row = self.list.current()

        def failed(error: BaseException) -> None:
            self.form.failed(error, self.workbench.sentence)

        def done(found: Any) -> None:
            self._form_left()
            if kind == "code":
                self._say(
                    self.words(
                        "administration.did_code",
                        at=whole_text(from_ms(found.expires_at), self.words),
                        key=found.key,
                    ),
                    "accent",
                )
                self.code.show_text(found.code, found.code)
                self.code.setVisible(True)
                self.title.setText(self.words("administration.act_new_devices"))
                scope = self.workbench.directory.name("organisation", said["scope"])
                used = self.words(f"settings.centre.role_{said['role']}")
                self.facts.setText(self.words("exchange.and").join([scope, used]))
                return
            self._show(found)
            self._say(self.words(f"administration.did_{kind}"), "accent")

        if kind == "code":
            self._ask(lambda centre: centre.code(said["scope"], said["role"]), done, failed)
        elif kind == "account":
            self._ask(
                lambda centre: centre.create(said["person"], said["login"], said["password"]), done, failed
            )
        elif row is not None:
            person = row.id
            self._ask(lambda centre: centre.set_password(person, said["password"]), done, failed)

    def focus_field(self, about: object = None) -> None:
        """The keyboard in the list."""
        self.list.setFocus(Qt.FocusReason.OtherFocusReason)

    def key_hints(self) -> Sequence[KeyHint]:
        """The page's keys."""
        words, group = self.words, self.words("administration.name")
        keys = (("U M L", "tabs"), ("N", "new"), ("P", "password"), ("D", "withdraw"), ("R", "release"))
        more = (("Enter", "open"), ("F5", "again"))
        return tuple(KeyHint(key, words(f"administration.key_{name}"), group) for key, name in (*keys, *more))
