"""The look before printing: the pages as they will be, and one key that prints them."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QPainter, QShortcut
from PySide6.QtPdf import QPdfDocument
from PySide6.QtPdfWidgets import QPdfView
from PySide6.QtPrintSupport import QPrintDialog, QPrinter
from PySide6.QtWidgets import QDialog, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from ui.shell.chip import Label
from ui.shell.composing import is_enter
from ui.theme import SPACE
from ui.workbench import Workbench

# Sharp on paper; at a printer's own 1,200 dots per inch one page takes half a gigabyte.
DOTS_PER_INCH = 300
_SCROLL = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}


class Preview(QDialog):
    """Shows a PDF of ``count`` lines; Enter or Ctrl+P asks for the printer, Esc closes."""

    printed = Signal()  # it has gone to a printer

    def __init__(self, workbench: Workbench, path: Path, count: int, parent: QWidget) -> None:
        super().__init__(parent)
        words, px = workbench.words, workbench.theme.px
        self._words = words
        self.setWindowTitle(words("export.preview"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.document = QPdfDocument(self)
        self.document.load(str(path))
        self.view = QPdfView(self)
        self.view.setDocument(self.document)
        self.view.setPageMode(QPdfView.PageMode.MultiPage)
        self.view.setZoomMode(QPdfView.ZoomMode.FitToWidth)
        self.view.setAccessibleName(words("export.preview"))
        pages = self.document.pageCount()
        self.told = Label(
            workbench.theme, words("export.preview_count", count=f"{count:,}", pages=pages), ink="muted"
        )
        self.send = QPushButton(words("export.preview_print"))
        self.send.setDefault(True)
        self.send.clicked.connect(self.ask_printer)
        away = QPushButton(words("export.preview_close"))
        away.setAutoDefault(False)
        away.clicked.connect(self.reject)
        feet = QHBoxLayout()
        feet.setContentsMargins(px(SPACE.m), px(SPACE.s), px(SPACE.m), px(SPACE.s))
        feet.addWidget(self.told, 1)
        feet.addWidget(away)
        feet.addWidget(self.send)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.view, 1)
        column.addLayout(feet)
        shortcut = QShortcut(QKeySequence("Ctrl+P"), self)
        shortcut.activated.connect(self.ask_printer)
        room = parent.window().size()
        self.resize(min(px(900), room.width()), round(room.height() * 0.9))
        self._names = workbench.directory
        self._names.changed.connect(self._close_hidden)
        self.view.setFocus(Qt.FocusReason.OtherFocusReason)

    def _close_hidden(self) -> None:
        """Names are hidden from now on: here they stand on every page."""
        if self._names.hidden:
            self.reject()

    def ask_printer(self) -> None:
        """Ask which printer, and print."""
        printer = QPrinter(QPrinter.PrinterMode.HighResolution)
        printer.setDocName(self._words("export.file_name"))
        dialog = QPrintDialog(printer, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)

        # the lambda also keeps the printer: the dialog does not own it
        dialog.accepted.connect(lambda: self.send_to(printer))
        dialog.setModal(True)
        dialog.show()

    def send_to(self, printer: QPrinter) -> None:
        """Print, say so, and close."""
        if self._names.hidden:
            return
        self.paint(printer)
        self.printed.emit()
        self.accept()

    def paint(self, printer: QPrinter) -> None:
        """Paint every page, one in memory at a time."""
        painter = QPainter(printer)
        resolution = printer.resolution()
        scale = min(1.0, DOTS_PER_INCH / resolution)
        for page in range(self.document.pageCount()):
            if page:
                printer.newPage()
            area = printer.pageLayout().paintRectPixels(resolution)
            size = self.document.pagePointSize(page).scaled(
                area.width(), area.height(), Qt.AspectRatioMode.KeepAspectRatio
            )
            image = self.document.render(
                page, QSize(round(size.width() * scale), round(size.height() * scale))
            )
            painter.drawImage(QRect(0, 0, round(size.width()), round(size.height())), image)
        painter.end()

    def done(self, result: int) -> None:
        """Let the file go first."""
        self.document.close()
        super().done(result)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter prints; arrows scroll; Esc closes."""
        if is_enter(event):
            self.ask_printer()
        elif (step := _SCROLL.get(Qt.Key(event.key()))) is not None:
            bar = self.view.verticalScrollBar()
            bar.setValue(bar.value() + step * bar.singleStep())
        else:
            super().keyPressEvent(event)
