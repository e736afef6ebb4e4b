"""The audit page: who did what to which record and when, changes and access as one list by time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication, QHBoxLayout, QVBoxLayout

from commandcenter.domain.change import ChangeSet
from commandcenter.domain.record import REGISTRY
from commandcenter.services.audit_sentences import AuditWords
from db.desk.engine import Connection
from db.queries.audit import PAGE, AuditFilter, count, may_read, page
from ui.export import AUDIT, Exporter
from ui.panel import Panel
from ui.register_words import CardWords
from ui.shell.chip import Label
from ui.shell.keys import KeyHint
from ui.tables.audit_detail import AuditDetail
from ui.tables.audit_filters import KEYS, AuditFilterBar
from ui.tables.audit_table import AuditModel, AuditRow, AuditView, row_of
from ui.theme import SPACE, TYPE
from ui.workbench import Page, Workbench

COUNT_AFTER_MS = 200  # the list first; while changes pour in it is counted when they pause
_LETTERS = {key.casefold(): name for name, key in KEYS.items()}


class Seen(NamedTuple):
    """What a reader brings."""

    rows: tuple[AuditRow, ...]
    more: bool


def look(connection: Connection, filter_: AuditFilter, limit: int, put: AuditWords) -> Seen | None:
    """The newest entries of a filter in words; None where whoever sits here may not see them."""
    if not may_read(connection):
        return None
    found = page(connection, filter_, limit=limit)
    return Seen(tuple(row_of(line, put) for line in found.lines), found.more)


def audit_words(workbench: Workbench) -> AuditWords:
    """Words with the names known now; frozen."""
    cards = CardWords.of(workbench.words, workbench.directory)
    numbers = {card.id: card.code for card in workbench.directory.now.cards.values() if card.code}

    def name(kind: str, id_: UUID) -> str:
        return numbers.get(id_, "") if kind == "incident" else cards.name(id_)

    return AuditWords(workbench.words, name)


class AuditPage(Page):
    """The list, its chips, the chosen entry below, and how long it is kept."""

    kinds = frozenset(REGISTRY)

    def __init__(self, workbench: Workbench) -> None:
        super().__init__(workbench)
        theme, words, px = workbench.theme, self.words, workbench.theme.px
        self._limit, self._more, self._fresh = PAGE, False, True
        put = audit_words(workbench)
        self._put = put
        self.exporter = Exporter(workbench, self, AUDIT)
        self.filters = AuditFilterBar(theme, put)
        self.model = AuditModel(words)
        self.view = AuditView(self.model, theme, words("audit.name"))
        self.detail = AuditDetail(theme, put)
        self.empty = Label(theme, ink="muted", size=TYPE.line)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setWordWrap(True)
        self.kept = Label(theme, words("audit.kept"), ink="muted", size=TYPE.small, elided=True)
        foot = QHBoxLayout()
        foot.setContentsMargins(px(SPACE.m), px(SPACE.xs), px(SPACE.m), px(SPACE.xs))
        foot.addWidget(self.kept, 1)
        self.panel = Panel(theme, words("audit.name"), flush=True)
        self.panel.title.setVisible(False)
        self.panel.head.addWidget(self.filters, 1)
        for part, stretch in ((self.view, 1), (self.empty, 1), (self.detail, 0)):
            self.panel.body.addWidget(part, stretch)
        self.panel.body.addLayout(foot)
        column = QVBoxLayout(self)
        column.setContentsMargins(px(SPACE.m), px(SPACE.m), px(SPACE.m), px(SPACE.m))
        column.addWidget(self.panel)
        self.setFocusProxy(self.view)
        self._counter = QTimer(self, singleShot=True, interval=COUNT_AFTER_MS)
        self._counter.timeout.connect(self._count)
        self._show_empty("")
        self._connect()

    def _connect(self) -> None:
        self.filters.bind(self)
        self.filters.changed.connect(self._filtered)
        self.view.chosen.connect(self._chosen)
        self.view.opened.connect(self._open)
        self.view.more_wanted.connect(self._wants_more)
        self.view.pressed_letter.connect(self._letter)
        self.detail.left.connect(lambda: self.view.setFocus(Qt.FocusReason.OtherFocusReason))
        self.workbench.directory.changed.connect(self._names_changed)
        for key, act in (("Ctrl+E", self._save), ("Ctrl+P", self._print)):
            QShortcut(QKeySequence(key), self).activated.connect(act)

    # ---- reading

    def refresh(self, change_set: ChangeSet | None) -> None:
        """Read again as far down as is shown; what is chosen stays chosen."""
        filter_, limit, put = self.filters.filter(), self._limit, self._put
        self.workbench.bridge.ask(
            self, lambda connection: look(connection, filter_, limit, put), self._show, topic="audit"
        )

    def _names_changed(self) -> None:
        """Other names, or somebody else sits here who may or may not look."""
        self._put = audit_words(self.workbench)
        self.filters.set_words(self._put)
        self.detail.set_words(self._put)
        if self.isVisible():
            self.refresh(None)
        else:
            self._stale = True

    def _show(self, seen: Seen | None) -> None:
        allowed = seen is not None
        rows, self._more = (seen.rows, seen.more) if seen is not None else ((), False)
        self.filters.setVisible(allowed)
        self.panel.title.setVisible(not allowed)
        self.model.show(rows)
        if self._fresh and rows:
            self._fresh = False
            self.view.choose(rows[0].line.id)
            self.view.scrollToTop()
        if not allowed:
            self._show_empty(self.words("audit.not_allowed"))
        elif not rows:
            plain = self.filters.filter() == AuditFilter()
            self._show_empty(self.words("audit.empty" if plain else "audit.empty_filtered"))
        else:
            self.empty.setVisible(False)
            self.view.setVisible(True)
            self.detail.setVisible(True)
        if allowed:
            self._counter.start()

    def _show_empty(self, sentence: str) -> None:
        focused = self.view.hasFocus()
        self.empty.setText(sentence)
        self.empty.setVisible(True)
        self.view.setVisible(False)
        self.detail.setVisible(False)
        if focused:  # the page's keys go on working
            self.filters.chips["all"].setFocus(Qt.FocusReason.OtherFocusReason)

    def _count(self) -> None:
        filter_ = self.filters.filter()
        if self.isVisible():
            self.workbench.bridge.ask(
                self, lambda connection: count(connection, filter_), self.filters.set_count, topic="count"
            )

    def _filtered(self, filter_: AuditFilter) -> None:
        self._limit, self._fresh = PAGE, True
        self.refresh(None)
        if self.view.isVisible():
            self.view.setFocus(Qt.FocusReason.OtherFocusReason)

    def _wants_more(self) -> None:
        if self._more and len(self.model.rows) >= self._limit:
            self._limit += PAGE
            self.refresh(None)

    # ---- choosing and going

    def _chosen(self, row: AuditRow | None) -> None:
        line = None if row is None else row.line
        self.detail.set_line(line)
        self.filters.set_line(line)

    def _open(self) -> None:
        row = self.view.current()
        if row is None:
            return
        kind, id_ = row.line.kind, row.line.row
        if kind in REGISTRY and id_ is not None:
            self.workbench.open_requested.emit(kind, id_)
        else:
            self.workbench.said.emit(self.words("audit.no_record"))

    def _letter(self, letter: str) -> None:
        if letter == "c":
            row = self.view.current()
            if row is not None:
                QApplication.clipboard().setText(self.model.sentence(row))
                self.workbench.said.emit(self.words("audit.copied"))
        elif letter in _LETTERS:
            self.filters.press(_LETTERS[letter])

    def _save(self) -> None:
        if not self.filters.isHidden():
            self.exporter.save(self.filters.filter())

    def _print(self) -> None:
        if not self.filters.isHidden():
            self.exporter.print(self.filters.filter())

    def focus_field(self, about: object = None) -> None:
        """The keyboard in the list."""
        self.view.setFocus(Qt.FocusReason.OtherFocusReason)

    def key_hints(self) -> Sequence[KeyHint]:
        """The page's keys."""
        words, group = self.words, self.words("audit.keys.group")
        hints = (
            ("↑ ↓  J / K", "move"),
            ("Home", "newest"),
            ("Enter", "open"),
            ("C", "copy"),
            (" ".join(KEYS.values()), "filters"),
            ("Ctrl+E", "save"),
            ("Ctrl+P", "print"),
        )
        return tuple(KeyHint(key, words(f"audit.keys.{name}"), group) for key, name in hints)
