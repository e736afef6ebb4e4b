"""The registers page: every kind with a generic list and form, one beside the other."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from uuid import UUID

from PySide6.QtCore import Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from commandcenter.domain.change import ChangeSet
from commandcenter.domain.record import REGISTRY
from ui.import_act import ImportAct
from ui.purge_act import KEY as PURGE
from ui.purge_act import PurgeAct
from ui.register_pane import RegisterPane
from ui.register_words import kind_label
from ui.shell.chip import Chip
from ui.shell.flow import Flow
from ui.shell.keys import KeyHint
from ui.theme import SPACE
from ui.workbench import Page, Workbench


def register_kinds(order: str) -> list[str]:
    """The kinds served here: those named in ``order`` first, any other after them."""
    kinds = [name for name, kind in REGISTRY.items() if kind.register]
    first = [name for name in order.split() if name in kinds]
    return [*first, *(name for name in kinds if name not in first)]


class RegistersPage(Page):
    """Tabs of kinds; a pane each, made when first wanted."""

    kinds = frozenset(name for name, kind in REGISTRY.items() if kind.register)

    def __init__(self, workbench: Workbench) -> None:
        super().__init__(workbench)
        px = workbench.theme.px
        words = workbench.words
        column = QVBoxLayout(self)
        column.setContentsMargins(px(SPACE.m), px(SPACE.m), px(SPACE.m), px(SPACE.m))
        column.setSpacing(px(SPACE.s + 2))
        ground = QWidget()
        ground.setAccessibleName(words("registers.kinds"))
        tabs = Flow(px(SPACE.s), ground)
        self._tabs: dict[str, Chip] = {}
        self._panes: dict[str, RegisterPane] = {}
        for kind in register_kinds(words("registers.order")):
            chip = Chip(workbench.theme, kind_label(words, kind))
            chip.setToolTip(words("registers.kind_tip"))
            chip.clicked.connect(lambda _on=False, kind=kind: self.show_kind(kind))
            self._tabs[kind] = chip
            tabs.addWidget(chip)
        self._stack = QStackedWidget()
        column.addWidget(ground)
        column.addWidget(self._stack, 1)
        self.tables = ImportAct(workbench, self, tabs, self._stack, self.kind, self._from_table)
        self.purge = PurgeAct(workbench, self, column, self._purged)
        self._kind = ""
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        for keys, act in (
            ("Ctrl+PgUp", lambda: self._turn(-1)),
            ("Ctrl+PgDown", lambda: self._turn(1)),
            ("Ctrl+L", lambda: self.pane().to_filter()),
            ("Alt+A", lambda: self.pane().toggle_retired()),
        ):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(act)
        workbench.directory.changed.connect(self._names_changed)
        self.show_kind(next(iter(self._tabs)))

    # ---- kinds

    def kind(self) -> str:
        """The kind shown."""
        return self._kind

    def pane(self) -> RegisterPane:
        """The pane shown."""
        return self._panes[self._kind]

    def show_kind(self, kind: str) -> None:
        """Show a register; what is typed in another stays there."""
        if kind == self._kind:
            return
        if self.purge.panel is not None:
            self.purge.panel.close_panel()  # it is about a card of the register before
        focus: QWidget | None = self.focusWidget()
        in_pane = self.isVisible() and focus is not None and self._stack.isAncestorOf(focus)
        self._kind = kind
        if kind not in self._panes:
            pane = RegisterPane(self.workbench, REGISTRY[kind])
            pane.form.purge_wanted.connect(self.purge.open)
            self._panes[kind] = pane
            self._stack.addWidget(pane)
        pane = self.pane()
        self._stack.setCurrentWidget(pane)
        self.tables.kind_shown()
        for name, chip in self._tabs.items():
            on = name == kind
            chip.show_text(chip.text(), "accent" if on else "plain", bold=on)
        if self.isVisible():
            pane.read()
            if in_pane:
                pane.to_list()
        self.workbench.context_changed.emit()

    def _purged(self) -> tuple[str, UUID] | None:
        """The card whose personal data the panel is about."""
        id_ = self.pane().form.current()
        return None if id_ is None or not REGISTRY[self._kind].personal() else (self._kind, id_)

    def _from_table(self) -> None:
        """Back from the import's panel."""
        self._stack.setCurrentWidget(self.pane())
        self.pane().read()
        self.pane().to_list()

    def _turn(self, by: int) -> None:
        names = list(self._tabs)
        self.show_kind(names[(names.index(self._kind) + by) % len(names)])
        self.pane().to_list()

    # ---- what the window asks

    def refresh(self, change_set: ChangeSet | None) -> None:
        """Read the register shown; another is read when it is shown."""
        if self.tables.panel() is not None:
            return  # it is read when it is shown again
        if change_set is None or self._kind in change_set.touched:
            self.pane().read()

    def _names_changed(self) -> None:
        if self.isVisible():
            self.refresh(None)

    def open(self, kind: str, id_: UUID) -> None:
        """Show a card."""
        if kind in self._tabs:
            self.show_kind(kind)
            self.pane().show_card(id_)
            self.pane().read()
            self.pane().to_list()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """The page's own focus is its list's."""
        if event.reason() == Qt.FocusReason.BacktabFocusReason:
            self.focusPreviousChild()
        else:
            self.pane().to_list()

    def focus_field(self, about: object = None) -> None:
        """The keyboard in the list."""
        self.pane().to_list()

    def key_hints(self) -> Sequence[KeyHint]:
        """The page's keys."""
        words = self.words
        group = words("registers.keys.group")
        hints = (
            ("Ctrl+PgUp/PgDn", "kind"),
            ("N", "add"),
            ("Enter", "open"),
            ("R", "retire"),
            ("Ctrl+L", "filter"),
            ("Alt+A", "all"),
            ("S", "sort"),
            ("Esc", "back"),
        )
        own = [KeyHint(key, words(f"registers.keys.{name}"), group) for key, name in hints]
        return (*own, *self.tables.key_hints(), KeyHint(PURGE, words("purge.title"), group))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Letters that no field took."""
        letter = unicodedata.normalize("NFKC", event.text()).casefold()
        plain = event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
        if plain and letter == "n":
            self.pane().form.start_new()
        elif plain and letter == "r":
            self.pane().form.ask_retire()
        elif plain and letter == "s":
            self.pane().view.sort_next()
        elif event.key() == Qt.Key.Key_F2:
            self.pane().form.focus_first()
        else:
            super().keyPressEvent(event)
