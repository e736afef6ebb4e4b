"""The export and print of a list: one file dialog, progress in the strip, a look before it is printed."""

from __future__ import annotations

import tempfile
import threading
from pathlib import Path

from PySide6.QtCore import QObject, QSize, Qt, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QFileDialog, QWidget

from commandcenter.domain.clock import SHANGHAI
from db.desk.engine import Connection
from db.queries.log import LogFilter
from ui.workbench import Workbench

FORMATS = ((".pdf", "pdf"), (".xlsx", "xlsx"), (".csv", "csv"))


class Exporter(QObject):
    """Writes what a list shows to a file, or to paper. One at a time."""

    progressed = Signal(int, int)
    finished = Signal(str, int)  # path, lines

    def __init__(self, workbench: Workbench, window: QWidget) -> None:
        super().__init__(window)
        self._workbench, self._window = workbench, window
        self._cancel = threading.Event()
        self._busy = False
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self.progressed.connect(self._told, Qt.ConnectionType.QueuedConnection)

    def save(self, filter_: LogFilter) -> None:
        """Ask where to, then write the list there as PDF, Excel or CSV."""
        words = self._workbench.words
        stamp = self._workbench.now().astimezone(SHANGHAI).strftime("%Y%m%d-%H%M")
        filters = [f"{words(f'export.{name}')} (*{suffix})" for suffix, name in FORMATS]
        start = str(Path.home() / f"{words('export.file_name')}-{stamp}.pdf")
        chosen, kind = QFileDialog.getSaveFileName(
            self._window, words("export.title"), start, ";;".join(filters)
        )
        if not chosen:
            return
        path = Path(chosen)
        if path.suffix.lower() not in dict(FORMATS):
            path = path.with_name(path.name + FORMATS[filters.index(kind)][0])
        self.write(filter_, path)

    def write(self, filter_: LogFilter, path: Path) -> None:
        """Write the list to ``path``; the strip tells how it goes and how it went."""
        self._start(filter_, path, self._written)

    def print(self, filter_: LogFilter) -> None:
        """Set the list as a page, show it, and print it if the person says so."""
        self._folder = tempfile.TemporaryDirectory(prefix="licheng-print-")
        self._start(filter_, Path(self._folder.name) / "list.pdf", self._show_print)

    def cancel(self) -> None:
        """Stop; no file is left."""
        self._cancel.set()

    def _start(self, filter_: LogFilter, path: Path, done: object) -> None:
        if self._busy:
            return
        self._busy = True
        self._cancel.clear()
        self._workbench.said.emit(self._workbench.words("export.working"))
        bridge = self._workbench.bridge

        def anchored(chain: tuple[int, str]) -> None:
            def work(connection: Connection) -> int:
                from commandcenter.documents.duty_log import export_log

                return export_log(
                    connection,
                    path,
                    filter_,
                    words=self._workbench.words,
                    chain=chain,
                    now=self._workbench.now(),
                    progress=self.progressed.emit,
                    cancelled=self._cancel.is_set,
                )

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
        if isinstance(error, Cancelled):
            self._workbench.said.emit(self._workbench.words("export.cancelled"))
        else:
            self._workbench.say_error(error)

    def _written(self, path: Path, count: int) -> None:
        self._workbench.said.emit(self._workbench.words("export.written", count=f"{count:,}", path=str(path)))

    def _show_print(self, path: Path, count: int) -> None:
        from PySide6.QtPdf import QPdfDocument
        from PySide6.QtPrintSupport import QPrinter, QPrintPreviewDialog

        document = QPdfDocument(self)
        document.load(str(path))
        printer = QPrinter(QPrinter.PrinterMode.HighResolution)
        printer.setDocName(self._workbench.words("export.file_name"))
        dialog = QPrintPreviewDialog(printer, self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)

        def paint(device: QPrinter) -> None:
            painter = QPainter(device)
            for page in range(document.pageCount()):
                if page:
                    device.newPage()
                area = device.pageLayout().paintRectPixels(device.resolution())
                size = document.pagePointSize(page).scaled(
                    area.width(), area.height(), Qt.AspectRatioMode.KeepAspectRatio
                )
                image = document.render(page, QSize(round(size.width()), round(size.height())))
                painter.drawImage(0, 0, image)
            painter.end()

        dialog.paintRequested.connect(paint)
        dialog.finished.connect(lambda _: document.deleteLater())
        dialog.open()
