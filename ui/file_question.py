"""The question where a file goes: Qt's own dialog, in the language shown; nothing waits for the answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QLineEdit, QWidget

from commandcenter.words import Words


def ask_where(
    parent: QWidget,
    words: Words,
    title: str,
    filters: Sequence[str],
    start: Path,
    chosen: Callable[[Path, str], None],
    *,
    overwrites: bool = True,
) -> QFileDialog:
    """Ask for a file to write; ``chosen`` is told the path and the filter it was chosen under.
    ``overwrites``: whether what is there is replaced, after a question."""
    dialog = QFileDialog(parent, title)
    dialog.setOption(QFileDialog.Option.DontUseNativeDialog)
    dialog.setOption(QFileDialog.Option.DontConfirmOverwrite, not overwrites)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setNameFilters(list(filters))
    for part in (QFileDialog.DialogLabel.LookIn, QFileDialog.DialogLabel.FileType):
        # Qt's own catalogue lacks these two in Chinese
        dialog.setLabelText(part, words(f"settings.data.dialog_{part.name.lower()}"))
    dialog.setDirectory(str(start.parent))
    dialog.selectFile(start.name)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.fileSelected.connect(lambda file: chosen(Path(file), dialog.selectedNameFilter()))
    dialog.open()
    name = dialog.findChild(QLineEdit)
    if name is not None:  # the name first: it is what is typed over
        name.setFocus(Qt.FocusReason.OtherFocusReason)
        name.selectAll()
    return dialog
