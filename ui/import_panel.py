"""The import's panel: a file chosen, its columns matched, what it would do shown, accepted, and undone."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QResizeEvent, QShortcut, QShowEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QHeaderView, QTableView, QVBoxLayout, QWidget

from commandcenter.documents.intake_columns import Columns, match
from commandcenter.documents.intake_known import known, layout_key, remembered
from commandcenter.documents.intake_proposal import Proposal, propose
from commandcenter.documents.intake_table import Table, read_table
from commandcenter.documents.sheet import Cancelled
from commandcenter.domain.clock import SHANGHAI, parse_instant
from commandcenter.domain.errors import Answerable
from commandcenter.domain.record import Kind
from commandcenter.runtime import new_id
from commandcenter.services.desk_affairs import SetPreference
from db.desk.engine import Connection
from db.queries.imports import past
from ui.import_columns import ColumnsPanel
from ui.import_model import ROW, WHAT, PreviewModel
from ui.import_run import ImportRun
from ui.panel import Panel
from ui.question import Question
from ui.register_words import kind_label
from ui.shell.chip import Chip, Label
from ui.theme import SPACE, TYPE
from ui.workbench import Workbench

GROUP = 100  # cards that an operator's line may have to wait for: about 50 ms
COLUMNS_WIDTH = 380


class Look(NamedTuple):
    """What was found in a file."""

    table: Table
    columns: Columns
    proposal: Proposal | None
    error: Answerable | None  # why there is no proposal yet


class ImportPanel(QWidget):
    """Everything about taking one table into one register. Nothing is written before it is accepted."""

    left = Signal()

    def __init__(self, workbench: Workbench, kind: Kind) -> None:
        super().__init__()
        self.workbench, self.words, self.kind = workbench, workbench.words, kind
        theme, words = workbench.theme, workbench.words
        self.look: Look | None = None
        self.past: dict[str, Any] | None = None
        self._cancel = threading.Event()
        self._corrected = self._undoing = False
        self.run = ImportRun(workbench, self)
        self.model = PreviewModel(words, theme)
        self.columns = ColumnsPanel(workbench)
        title = f"{words('import.title')} · {kind_label(words, kind.name)}"
        self.panel = Panel(theme, title, flush=True)
        self.open_chip = self._chip("open", "Ctrl+O", self.choose)
        self.wrong_chip = self._chip("wrong_rows", "Alt+W", self.toggle_wrong)
        self.undo_chip = self._chip("undo", "Ctrl+Z", self.ask_undo)
        self.accept_chip = self._chip("accept", "Ctrl+Enter", self.accept)
        self.back_chip = self._chip("back", "Esc", self.left.emit)
        for chip in (self.open_chip, self.wrong_chip, self.undo_chip, self.accept_chip, self.back_chip):
            self.panel.head.addWidget(chip)
        self.wrong_chip.setCheckable(True)
        self.question = Question(workbench)
        self.question.answered.connect(self._answered)
        self.about = Label(theme, ink="text", size=TYPE.body)
        self.about.setWordWrap(True)
        self.summary = Label(theme, ink="muted", size=TYPE.small)
        self.summary.setWordWrap(True)
        self.view = self._table_view()
        self.empty = Label(theme, words("import.none_yet"), ink="muted")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setWordWrap(True)
        said = QVBoxLayout()
        said.setContentsMargins(*(theme.px(SPACE.m), theme.px(SPACE.s)) * 2)
        said.setSpacing(theme.px(SPACE.xs))
        for part in (self.question, self.about, self.summary):
            said.addWidget(part)
        self.panel.body.addLayout(said)
        self.panel.body.addWidget(self.view, 1)
        self.panel.body.addWidget(self.empty, 1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.px(SPACE.m))
        row.addWidget(self.columns)
        row.addWidget(self.panel, 1)
        self.columns.chosen.connect(self.correct)
        self.run.ended.connect(self._ended)
        for keys, act in (
            ("Ctrl+O", self.choose),
            ("Alt+W", self.wrong_chip.click),
            ("Ctrl+Z", self.undo_chip.click),
            ("Ctrl+Return", self.accept_chip.click),
            ("Ctrl+Enter", self.accept_chip.click),
        ):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(act)
        self._tell()

    def _chip(self, name: str, key: str, act: Any) -> Chip:
        chip = Chip(self.workbench.theme, key=key)
        if name in ("open", "back", "undo"):
            chip.setText(self.words(f"import.{name}"))
        if self.words.has(f"import.{name}_tip"):
            chip.setToolTip(self.words(f"import.{name}_tip"))
        chip.clicked.connect(lambda _on=False: act())
        return chip

    def _table_view(self) -> QTableView:
        view = QTableView()
        view.setModel(self.model)
        view.setFont(self.workbench.theme.font(TYPE.small))
        view.setAccessibleName(self.words("import.preview"))
        view.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
        view.setSelectionMode(QTableView.SelectionMode.SingleSelection)
        view.setShowGrid(False)
        view.setWordWrap(False)
        view.setTabKeyNavigation(False)
        view.setFrameShape(QTableView.Shape.NoFrame)
        view.verticalHeader().setVisible(False)
        view.verticalHeader().setDefaultSectionSize(self.workbench.theme.px(28))
        view.horizontalHeader().setHighlightSections(False)
        view.horizontalHeader().setFont(self.workbench.theme.font(TYPE.small))
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        view.horizontalHeader().setDefaultAlignment(left)
        return view

    # ---- the file

    def choose(self) -> None:
        """Ask for the file."""
        if self.run.running:
            return
        dialog = QFileDialog(self, self.words("import.choose"), str(Path.home()))
        dialog.setOption(QFileDialog.Option.DontUseNativeDialog)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilters([self.words("import.files")])
        for part in (QFileDialog.DialogLabel.LookIn, QFileDialog.DialogLabel.FileType):
            dialog.setLabelText(part, self.words(f"settings.data.dialog_{part.name.lower()}"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda file: self.read(Path(file)))
        dialog.open()

    def read(self, path: Path) -> None:
        """Read a file and show what taking it in would do."""
        if self.workbench.directory.hidden:
            self.workbench.said.emit(self.words("import.hidden"))
            return
        self._cancel.set()  # a reading under way is given up
        cancel = self._cancel = threading.Event()
        kind, now = self.kind, self.workbench.now()
        self._corrected = False

        def work(connection: Connection) -> Look:
            table = read_table(path, cancelled=cancel.is_set)
            columns = match(kind, table, remembered(connection, kind.name))
            return _look(connection, kind, table, columns, now)

        self.workbench.progress.emit(self.words("import.reading", file=path.name), cancel.set)
        self.workbench.bridge.ask(self, work, self._show_read, self._failed, topic="file")

    def correct(self, column: int, field: str) -> None:
        """Take a column into another field."""
        if self.look is None or self.run.running:
            return
        table, kind, now = self.look.table, self.kind, self.workbench.now()
        columns = self.look.columns.with_field(column, field)
        self._corrected = True
        self.look = Look(table, columns, None, None)
        self.columns.show_columns(kind, table, columns)
        self._tell()
        self.workbench.bridge.ask(
            self,
            lambda connection: _look(connection, kind, table, columns, now),
            self._show,
            self._failed,
            topic="file",
        )

    def _show_read(self, look: Look) -> None:
        self._show(look)
        rows = f"{len(look.table.rows):,}"
        key = "read_sheet" if look.table.sheet else "read"
        self.workbench.said.emit(
            self.words(f"import.{key}", file=look.table.file, sheet=look.table.sheet, rows=rows)
        )
        if self.isVisible():
            self.view.setFocus(Qt.FocusReason.OtherFocusReason)

    def _show(self, look: Look) -> None:
        self.look = look
        self.model.show(self.kind, look.table, look.columns, look.proposal)
        self.columns.show_columns(self.kind, look.table, look.columns)
        if look.proposal is not None:
            self.view.selectRow(0)
        self._tell()
        self._widths()

    def _failed(self, error: BaseException) -> None:
        if isinstance(error, Cancelled):
            self.workbench.said.emit(self.words("export.cancelled"))
        else:
            self.workbench.say_error(error)
            self.summary.setText(self.workbench.sentence(error))

    # ---- what is shown

    def _tell(self) -> None:
        look, words = self.look, self.words
        writes = 0 if look is None or look.proposal is None else look.proposal.writes
        ready = writes > 0 and not self.run.running
        self.accept_chip.show_text(
            words("import.accept", count=f"{writes:,}"), "accent" if ready else "plain", bold=ready
        )
        self.accept_chip.setEnabled(ready)
        self.accept_chip.setVisible(look is not None)
        wrong, on = self.model.wrong_count(), self.model.only_wrong
        self.wrong_chip.show_text(
            words("import.wrong_rows", count=f"{wrong:,}"), "accent" if on else "plain", bold=on
        )
        self.wrong_chip.setVisible(bool(wrong) or on)
        self.undo_chip.setVisible(self.past is not None and not self.past["undone"])
        self.undo_chip.setEnabled(not self.run.running)
        self.columns.setVisible(look is not None)
        self.view.setVisible(look is not None and look.proposal is not None)
        self.empty.setVisible(look is None)
        if look is None:
            self.about.setText("")
            self.summary.setText(self._past_text())
        else:
            key = "read_sheet" if look.table.sheet else "read"
            table = look.table
            rows = f"{len(table.rows):,}"
            self.about.setText(words(f"import.{key}", file=table.file, sheet=table.sheet, rows=rows))
            if look.error is not None:
                self.summary.setText(self._error_text(look.error))
            elif look.proposal is not None:
                counts = {name: f"{count:,}" for name, count in look.proposal.counts.items()}
                self.summary.setText(words("import.summary", **counts))
        self.about.setVisible(bool(self.about.text()))

    def _error_text(self, error: Answerable) -> str:
        if error.code == "import_no_title":
            label = self.words.label(f"{self.kind.name}.fields", self.kind.title)
            return self.words("refused.import_no_title", name=label)
        return self.workbench.sentence(error)

    def _past_text(self) -> str:
        if self.past is None:
            return ""
        at = parse_instant(self.past["at"]).astimezone(SHANGHAI)
        if self.past["undone"]:
            return self.words("import.past_undone", file=self.past["file"], at=at)
        values = {name: f"{self.past[name]:,}" for name in ("added", "edited")}
        return self.words("import.past", file=self.past["file"], at=at, **values)

    def toggle_wrong(self) -> None:
        """Only the rows with a problem, or all."""
        self.model.show_only_wrong(not self.model.only_wrong)
        self._tell()

    def _widths(self) -> None:
        header, px = self.view.horizontalHeader(), self.workbench.theme.px
        last = self.model.columnCount() - 1
        for at in range(last):
            narrow = {ROW: 56, WHAT: 64}.get(at, 130)
            self.view.setColumnWidth(at, px(narrow))
        header.setStretchLastSection(True)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)

    # ---- acceptance and undoing

    def accept(self) -> None:
        """Write what is right; the strip tells how it goes and stops it."""
        look = self.look
        if look is None or look.proposal is None or not look.proposal.writes or self.run.running:
            return
        if self.workbench.directory.hidden:
            self.workbench.said.emit(self.words("import.hidden"))
            return
        if self._corrected:
            key = layout_key(self.kind.name, look.columns.signature)
            command = SetPreference(key=key, value=list(look.columns.fields))
            self.workbench.bridge.execute(self, command)
        batch = new_id()
        self._undoing = False
        self.run.accept(look.proposal.groups(self.kind, batch, look.table.file, GROUP), look.proposal.writes)
        self._tell()

    def ask_undo(self) -> None:
        """Ask whether the last import is meant."""
        if self.past is not None and not self.past["undone"] and not self.run.running:
            values = {name: f"{self.past[name]:,}" for name in ("added", "edited")}
            self.question.ask(self.words("import.ask_undo", file=self.past["file"], **values))

    def _answered(self, yes: bool) -> None:
        if yes and self.past is not None:
            self._undoing = True
            self.run.undo(UUID(self.past["batch"]), self.past["added"] + self.past["edited"])
            self._tell()
        else:
            self.setFocus(Qt.FocusReason.OtherFocusReason)

    def _ended(self, done: int, total: int, error: BaseException | None) -> None:
        values = {"done": f"{done:,}", "total": f"{total:,}"}
        undoing = self._undoing
        self.look = None if error is None else self.look
        if self.look is None:
            self.model.clear()

        def tell(entry: dict[str, Any] | None) -> None:
            self.past = entry
            self._tell()
            if error is not None:
                sentence = self.workbench.sentence(error)
                self.workbench.problem.emit(self.words("import.failed", sentence=sentence, **values))
            elif done < total:
                self.workbench.said.emit(self.words("import.stopped", **values))
            elif undoing and entry is not None:
                self.workbench.said.emit(self.words("import.undone", file=entry["file"]))
            elif entry is not None:
                counts = {name: f"{entry[name]:,}" for name in ("added", "edited")}
                self.workbench.said.emit(self.words("import.done", **counts))
            if self.isVisible():
                self.setFocus(Qt.FocusReason.OtherFocusReason)

        self._read_past(tell)

    def _read_past(self, then: Any) -> None:
        name = self.kind.name

        def work(connection: Connection) -> dict[str, Any] | None:
            return next((entry for entry in past(connection) if entry["kind"] == name), None)

        self.workbench.bridge.ask(self, work, then, topic="past")

    def _show_past(self, entry: dict[str, Any] | None) -> None:
        self.past = entry
        self._tell()

    def showEvent(self, event: QShowEvent) -> None:
        """What can be undone may have changed since."""
        super().showEvent(event)
        if not self.run.running:
            self._read_past(self._show_past)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The matching has its width, and never more than a third."""
        super().resizeEvent(event)
        self.columns.setFixedWidth(min(self.workbench.theme.px(COLUMNS_WIDTH), self.width() // 3))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc leaves; what is under way goes on. Letters are not the list's keys here."""
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        elif event.text().isalnum():
            event.accept()
        else:
            super().keyPressEvent(event)


def _look(connection: Connection, kind: Kind, table: Table, columns: Columns, now: Any) -> Look:
    try:
        return Look(table, columns, propose(kind, table, columns, known(connection, kind, now)), None)
    except Answerable as error:
        return Look(table, columns, None, error)
