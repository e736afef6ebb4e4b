"""The matching table of an import: each column of the file with a sample, and the field it is taken into."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QComboBox, QGridLayout, QScrollArea, QVBoxLayout, QWidget

from commandcenter.documents.intake_columns import Columns, fields_of
from commandcenter.documents.intake_table import Table
from commandcenter.domain.record import Kind
from ui.import_model import cell_text
from ui.panel import Panel
from ui.register_words import field_label
from ui.shell.chip import Label
from ui.theme import SPACE, TYPE
from ui.workbench import Workbench

SAMPLES = 3


class _FieldBox(QComboBox):
    """The wheel scrolls the list of columns: it must not change a field in passing."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Left to the list."""
        event.ignore()


class ColumnsPanel(Panel):
    """One line a column. ``chosen``: its index and the field, "" for none."""

    chosen = Signal(int, str)

    def __init__(self, workbench: Workbench) -> None:
        super().__init__(workbench.theme, workbench.words("import.columns"))
        self._workbench = workbench
        px = workbench.theme.px
        self.hint = Label(
            workbench.theme, workbench.words("import.columns_hint"), ink="muted", size=TYPE.small
        )
        self.hint.setWordWrap(True)
        self.state = Label(workbench.theme, ink="accent", size=TYPE.small)
        self.head.addWidget(self.state)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.viewport().setAutoFillBackground(False)
        self._area.setFrameShape(QScrollArea.Shape.NoFrame)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.body.addWidget(self.hint)
        self.body.addWidget(self._area, 1)
        self.boxes: list[QComboBox] = []
        self._spacing = px(SPACE.s)

    def show_columns(self, kind: Kind, table: Table, columns: Columns) -> None:
        """Show a matching. A box that has the keyboard keeps it."""
        focused = next((at for at, box in enumerate(self.boxes) if box.hasFocus()), None)
        words, theme = self._workbench.words, self._workbench.theme
        self.state.setText(words("import.remembered") if columns.remembered else "")
        ground = QWidget()
        outer = QVBoxLayout(ground)
        outer.setContentsMargins(0, 0, self._spacing, 0)
        grid = QGridLayout()
        grid.setSpacing(self._spacing)
        grid.setColumnStretch(0, 1)
        outer.addLayout(grid)
        outer.addStretch(1)
        self.boxes = []
        for at, title in enumerate(columns.titles):
            name = title or words("import.no_title", column=at + 1)
            label = Label(theme, name, size=TYPE.body, bold=bool(columns.fields[at]), elided=True)
            label.setToolTip(name)
            sample = Label(theme, self._sample(table, columns, at), ink="muted", size=TYPE.small, elided=True)
            box = _FieldBox()
            box.setFont(theme.font(TYPE.small))
            box.setAccessibleName(name)
            box.setFixedWidth(theme.px(150))
            box.addItem(words("import.no_field"), "")
            for field in fields_of(kind):
                box.addItem(field_label(words, kind.name, field), field)
            box.setCurrentIndex(max(0, box.findData(columns.fields[at])))
            box.activated.connect(lambda _, at=at, box=box: self.chosen.emit(at, box.currentData()))
            box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            grid.addWidget(label, 2 * at, 0)
            grid.addWidget(sample, 2 * at + 1, 0)
            grid.addWidget(box, 2 * at, 1, 2, 1)
            self.boxes.append(box)
        top = self._area.verticalScrollBar().value()
        self._area.setWidget(ground)
        ground.setAutoFillBackground(False)  # the panel is the ground
        self._area.verticalScrollBar().setValue(top)
        if focused is not None and focused < len(self.boxes):
            self.boxes[focused].setFocus(Qt.FocusReason.OtherFocusReason)

    def _sample(self, table: Table, columns: Columns, at: int) -> str:
        """The first cells below the header."""
        found: list[str] = []
        for row in table.rows[columns.header + 1 : columns.header + 30]:
            text = cell_text(row[at]) if at < len(row) else ""
            if text and text not in found:
                found.append(text)
            if len(found) == SAMPLES:
                break
        return " · ".join(found)
