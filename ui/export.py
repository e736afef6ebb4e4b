"""The export and print of a list: one file dialog, progress in the strip, a look before it is printed."""

from __future__ import annotations

import importlib
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QWidget

from commandcenter.domain.clock import SHANGHAI
from db.desk.engine import Connection
from db.queries.log import LogFilter
from ui.file_question import ask_where
from ui.workbench import Workbench

if TYPE_CHECKING:
    from commandcenter.documents.register_sheet import RegisterFilter
    from db.queries.audit import AuditFilter
    from db.queries.exchange import ExchangeFilter

    Filter = LogFilter | AuditFilter | ExchangeFilter | RegisterFilter

FORMATS = ((".pdf", "pdf"), (".xlsx", "xlsx"), (".csv", "csv"))


class Document(NamedTuple):
    """A kind of list that goes to paper or into a file."""

    subject: str  # what the audit trail calls it
    title: str  # catalogue keys: of the dialog,
    file_name: str  # and of the file
    module: str  # where its writer is, loaded when first wanted
    writer: str


LOG = Document(
    "log_entry", "export.title", "export.file_name", "commandcenter.documents.duty_log", "export_log"
)
AUDIT = Document(
    *("audit", "audit.export.title", "audit.export.file_name"),
    *("commandcenter.documents.audit_trail", "export_audit"),
)
EXCHANGE = Document(
    *("exchange", "exchange.export.title", "exchange.export.file_name"),
    *("commandcenter.documents.exchange_lists", "export_exchange"),
)


class Exporter(QObject):
    """Writes what a list shows to a file, or to paper, and notes it in the audit trail. One at a time."""

    progressed = Signal(int, int)
    finished = Signal(str, int)  # path, lines

    def __init__(self, workbench: Workbench, window: QWidget, document: Document = LOG) -> None:
        super().__init__(window)
        self._workbench, self._window, self._document = workbench, window, document
        self._filter: Filter = LogFilter()
        self._cancel = threading.Event()
        self._busy = False
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self.progressed.connect(self._told, Qt.ConnectionType.QueuedConnection)

    def save(self, filter_: Filter) -> None:
        """Ask where to, then write the list there as PDF, Excel or CSV."""
        if self._hidden():
            return
        words = self._workbench.words
        stamp = self._workbench.now().astimezone(SHANGHAI).strftime("%Y%m%d-%H%M")
        filters = [f"{words(f'export.{name}')} (*{suffix})" for suffix, name in FORMATS]
        start = Path.home() / f"{words(self._document.file_name)}-{stamp}.pdf"

        def chosen(path: Path, kind: str) -> None:
            if path.suffix.lower() not in dict(FORMATS):
                path = path.with_name(path.name + FORMATS[filters.index(kind)][0])
            self.write(filter_, path)

        ask_where(self._window, words, words(self._document.title), filters, start, chosen)

    def write(self, filter_: Filter, path: Path) -> None:
        """Write the list to ``path``; the strip tells how it goes and how it went."""
        if self._hidden():  # since the question was asked
            return
        self._start(filter_, path, self._written)

    def print(self, filter_: Filter) -> None:
        """Set the list as a page, show it, and print it if the person says so."""
        if self._busy or self._hidden():
            return
        self._folder = tempfile.TemporaryDirectory(prefix="licheng-print-", ignore_cleanup_errors=True)
        self._start(filter_, Path(self._folder.name) / "list.pdf", self._show_print)

    def cancel(self) -> None:
        """Stop; no file is left."""
        self._cancel.set()

    def _hidden(self) -> bool:
        """Whether names are hidden, which is said: what nobody may read here leaves by no other way."""
        if self._workbench.directory.hidden:
            self._workbench.said.emit(self._workbench.words("export.hidden"))
        return self._workbench.directory.hidden

    def _start(self, filter_: Filter, path: Path, done: object) -> None:
        if self._busy:
            return
        self._busy = True
        self._filter = filter_
        self._cancel.clear()
        self._workbench.said.emit(self._workbench.words("export.working"))
        bridge, document = self._workbench.bridge, self._document

        def anchored(chain: tuple[int, str]) -> None:
            def work(connection: Connection) -> int:
                writer = getattr(importlib.import_module(document.module), document.writer)
                written: int = writer(
                    connection,
                    path,
                    filter_,
                    words=self._workbench.words,
                    chain=chain,
                    now=self._workbench.now(),
                    progress=self.progressed.emit,
                    cancelled=self._cancel.is_set,
                )
                return written

            bridge.ask(self, work, lambda count: self._over(path, count, done), self._failed)

        # the page carries a head that is noted beside the database too
        bridge.deliver(self, self._workbench.desktop.note_anchor("export"), anchored, self._failed)

    def _told(self, done: int, total: int) -> None:
        if self._busy:
            self._workbench.progress.emit(
                self._workbench.words("export.progress", done=f"{done:,}", total=f"{total:,}"), self.cancel
            )

    def _over(self, path: Path, count: int, done: object) -> None:
        self._busy = False
        if callable(done):
            done(path, count)
        self.finished.emit(str(path), count)

    def _failed(self, error: BaseException) -> None:
        from commandcenter.documents.sheet import Cancelled

        self._busy = False
        self._drop_folder()
        if isinstance(error, Cancelled):
            self._workbench.said.emit(self._workbench.words("export.cancelled"))
        else:
            self._workbench.say_error(error)

    def _written(self, path: Path, count: int) -> None:
        self._note("exported", path.suffix.lower().lstrip("."), count)
        self._workbench.said.emit(self._workbench.words("export.written", count=f"{count:,}", path=str(path)))

    def _show_print(self, path: Path, count: int) -> None:
        from ui.preview import Preview

        if self._hidden():  # meanwhile
            self._drop_folder()
            return
        self._workbench.said.emit(self._workbench.words("export.set", count=f"{count:,}"))
        preview = Preview(self._workbench, path, count, self._window)
        preview.printed.connect(lambda: self._note("printed", "paper", count))
        preview.finished.connect(lambda _: self._drop_folder())
        preview.open()

    def _note(self, action: str, form: str, count: int) -> None:
        """What left the program stands in the audit trail: how many rows, under which filter."""
        from commandcenter.services.audit import NoteAccess, extent_of

        incident = getattr(self._filter, "incident_id", None)
        note = NoteAccess(
            action=action,
            subject_kind=self._document.subject if incident is None else "incident",
            subject_id=incident,
            count=count,
            extent=extent_of(form, self._filter),
        )
        self._workbench.bridge.execute(self, note)

    def _drop_folder(self) -> None:
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None
