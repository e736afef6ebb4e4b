"""The registers page's way out and in: Ctrl+I takes a table in, Ctrl+E writes the register as one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QLayout, QStackedWidget, QWidget

from commandcenter.domain.clock import SHANGHAI
from commandcenter.domain.record import REGISTRY
from ui.export import Document, Exporter
from ui.file_question import ask_where
from ui.register_words import kind_label
from ui.shell.chip import Chip
from ui.shell.keys import KeyHint
from ui.workbench import Workbench

# The panel reads spreadsheets: loaded when it is first wanted.
if TYPE_CHECKING:
    from ui.import_panel import ImportPanel

IMPORT, EXPORT = "Ctrl+I", "Ctrl+E"
FORMATS = (".xlsx", ".csv")


class ImportAct(QObject):
    """Puts two chips beside the tabs, and a panel for each kind into the stack when it is first asked for."""

    def __init__(
        self,
        workbench: Workbench,
        page: QWidget,
        tabs: QLayout,
        stack: QStackedWidget,
        kind: Callable[[], str],
        back: Callable[[], None],
    ) -> None:
        """``kind``: the register shown; ``back``: show its list again."""
        super().__init__(page)
        self._workbench, self._page, self._stack = workbench, page, stack
        self._kind, self._back = kind, back
        self._panels: dict[str, ImportPanel] = {}
        self._exporters: dict[str, Exporter] = {}
        words = workbench.words
        self.take = Chip(workbench.theme, words("import.act"), key=IMPORT)
        self.take.setToolTip(words("import.act_tip"))
        self.write = Chip(workbench.theme, words("import.export_act"), key=EXPORT)
        self.write.setToolTip(words("import.export_tip"))
        for chip, key, act in ((self.take, IMPORT, self.open), (self.write, EXPORT, self.save)):
            chip.clicked.connect(lambda _on=False, act=act: act())
            chip.show_text(chip.text(), "flat")
            tabs.addWidget(chip)
            shortcut = QShortcut(QKeySequence(key), page)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(chip.click)

    def key_hints(self) -> tuple[KeyHint, ...]:
        """Its keys."""
        words = self._workbench.words
        group = words("import.keys.group")
        keys = ((IMPORT, "start"), (EXPORT, "export"), ("Ctrl+O", "open"), ("Ctrl+Enter", "accept"))
        more = (("Alt+W", "wrong"), ("Ctrl+Z", "undo"))
        return tuple(KeyHint(key, words(f"import.keys.{name}"), group) for key, name in (*keys, *more))

    def kind_shown(self) -> None:
        """Another register is shown: one that tables are not taken into has no such chip."""
        from commandcenter.documents.intake_columns import NOT_KINDS

        self.take.setVisible(self._kind() not in NOT_KINDS)

    def panel(self) -> ImportPanel | None:
        """The panel on screen."""
        shown = self._panels.get(self._kind())
        return shown if shown is not None and self._stack.currentWidget() is shown else None

    def open(self) -> None:
        """Show the panel of the register shown, and ask for a file unless one is open there."""
        from ui.import_panel import ImportPanel

        kind = self._kind()
        if self.take.isHidden():
            return
        panel = self._panels.get(kind)
        if panel is None:
            panel = self._panels[kind] = ImportPanel(self._workbench, REGISTRY[kind])
            panel.left.connect(self._back)
            self._stack.addWidget(panel)
        self._stack.setCurrentWidget(panel)
        panel.setFocus(Qt.FocusReason.OtherFocusReason)

    def save(self) -> None:
        """Ask where to, then write the register shown there."""
        workbench, kind = self._workbench, self._kind()
        words = workbench.words
        if workbench.directory.hidden:
            workbench.said.emit(words("import.hidden"))
            return
        if kind not in self._exporters:
            document = Document(
                *(kind, "import.export_act", "import.list.file_name"),
                *("commandcenter.documents.register_sheet", "export_register"),
            )
            self._exporters[kind] = Exporter(workbench, self._page, document)
        exporter = self._exporters[kind]
        stamp = workbench.now().astimezone(SHANGHAI).strftime("%Y%m%d-%H%M")
        name = f"{kind_label(words, kind)}{words('import.list.file_name')}-{stamp}{FORMATS[0]}"
        filters = [f"{words(f'export.{form[1:]}')} (*{form})" for form in FORMATS]

        def chosen(path: Path, filter_: str) -> None:
            from commandcenter.documents.register_sheet import RegisterFilter

            if path.suffix.lower() not in FORMATS:
                path = path.with_name(path.name + FORMATS[filters.index(filter_)])
            exporter.write(RegisterFilter(kind=kind), path)

        ask_where(self._page, words, words("import.export_act"), filters, Path.home() / name, chosen)
