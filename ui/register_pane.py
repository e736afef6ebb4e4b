"""One register: its list with filter and count, and the form of the chosen card beside it."""

from __future__ import annotations

from uuid import UUID

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from commandcenter.domain.record import Kind
from ui.panel import Panel
from ui.register_form import CardForm
from ui.register_list import CardView
from ui.register_model import CardModel
from ui.register_rows import CardList, CardRow, read_cards
from ui.register_words import CardWords, field_label, kind_label
from ui.shell.chip import Chip, Label
from ui.shell.composing import TextLine
from ui.theme import SPACE, TYPE
from ui.workbench import Workbench

FORM_WIDTH = 460
FORM_SHARE = 0.46  # of the page at most


class _FilterLine(TextLine):
    """Arrows leave it for the list."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Down goes to the list."""
        if event.key() == Qt.Key.Key_Down and not self.composing():
            self.sent.emit()
        else:
            super().keyPressEvent(event)


class RegisterPane(QWidget):
    """List and form of one kind."""

    def __init__(self, workbench: Workbench, kind: Kind) -> None:
        super().__init__()
        self.workbench, self.words, self.kind = workbench, workbench.words, kind
        theme, words = workbench.theme, workbench.words
        self._wanted: UUID | None = None  # to be chosen when it is here
        self._restoring = False
        self._read = False
        self._to_list = False  # the keyboard goes to the list when it is here
        self.model = CardModel(lambda name: field_label(words, kind.name, name))
        label = kind_label(words, kind.name)
        self.view = CardView(self.model, theme, f"{label} {words('registers.list')}")
        self.form = CardForm(workbench, kind)
        self.panel = Panel(theme, flush=True)  # the tab above names the kind
        self.panel.title.setVisible(False)
        self.count = Label(theme, ink="muted", size=TYPE.small)
        self.filter = _FilterLine()
        self.filter.setFont(theme.font(TYPE.small))
        self.filter.setPlaceholderText(words("registers.filter_hint"))
        self.filter.setToolTip(words("registers.filter_tip"))
        self.filter.setAccessibleName(words("registers.filter"))
        self.filter.setMaximumWidth(theme.px(320))
        self.filter.setMinimumWidth(theme.px(96))
        self.retired = Chip(theme)
        self.retired.setToolTip(words("registers.show_retired_tip"))
        self.retired.setCheckable(True)
        self.add = Chip(theme, key="N")
        self.add.show_text(words(f"{kind.name}.add"), "accent", bold=True)
        self.add.setToolTip(words("registers.add_tip"))
        self.panel.head.addWidget(self.filter, 3)
        self.panel.head.addStretch(1)
        for part in (self.count, self.retired, self.add):
            self.panel.head.addWidget(part)
        self.empty = Label(theme, ink="muted")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setWordWrap(True)
        self.panel.body.addWidget(self.view, 1)
        self.panel.body.addWidget(self.empty, 1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.px(SPACE.m))
        row.addWidget(self.panel, 1)
        row.addWidget(self.form)
        self._connect()
        self._tell()

    def _connect(self) -> None:
        self.view.chosen.connect(self._chosen)
        self.view.opened.connect(self.form.focus_first)
        self.model.replaced.connect(self._choose_again)
        self.form.left.connect(self.to_list)
        self.form.made.connect(self._made)
        self.form.changed.connect(lambda _row: self.read())
        self.filter.textChanged.connect(lambda _text: self._filter())
        self.filter.sent.connect(self.to_list)
        self.filter.left.connect(self._leave_filter)
        self.retired.clicked.connect(lambda _on=False: self._filter())
        self.add.clicked.connect(self.form.start_new)

    # ---- reading

    def read(self) -> None:
        """Read the cards again; what is typed, chosen and scrolled to stays."""
        kind, words = self.kind, CardWords.of(self.words, self.workbench.directory)
        self.workbench.bridge.ask(
            self, lambda connection: read_cards(connection, kind, words), self._show, topic="rows"
        )

    def _show(self, cards: CardList) -> None:
        self.model.take(cards)
        self._read = True
        self._tell()
        if self._wanted is not None:
            self.show_card(self._wanted)
        elif self.form.current() is not None:
            row = self.model.card(self.form.current())
            if row is not None:
                self.form.show_card(row)
        elif not self.form.is_new() and self.model.rowCount() and self.view.current() is None:
            first = self.model.row(0)
            self.view.choose(first.id if first else None)
        if self._to_list:
            self.to_list()

    def show_card(self, id_: UUID) -> None:
        """Choose a card, whatever filter hides it."""
        row = self.model.card(id_)
        if row is None:
            self._wanted = id_
            return
        self._wanted = None
        if self.model.place(id_) is None:
            self.retired.setChecked(self.retired.isChecked() or row.retired)
            self.filter.clear()
            self._filter()
        self.view.choose(id_)
        self.form.show_card(row)

    def _made(self, id_: UUID) -> None:
        self._wanted = id_
        self.read()

    # ---- choosing

    def _chosen(self, id_: UUID | None) -> None:
        if self._restoring or id_ is None:
            return
        if self.form.is_new() and self.form.typing() and self.form.isAncestorOf(self.focusWidget()):
            return  # a card that comes into the list does not push a half-typed one away
        if id_ != self.form.current() or self.form.is_new():
            self.form.show_card(self.model.card(id_))

    def _choose_again(self) -> None:
        self._restoring = True
        self.view.choose(self.form.current())
        self._restoring = False

    def _filter(self) -> None:
        self.model.set_filter(self.filter.text(), retired=self.retired.isChecked())
        self._choose_again()
        if self.view.current() is None and self.model.rowCount() and not self.form.is_new():
            first = self.model.row(0)
            self.view.choose(first.id if first else None)
        self._tell()

    def _leave_filter(self) -> None:
        if self.filter.text():
            self.filter.clear()
        else:
            self.to_list()

    def _tell(self) -> None:
        shown, in_use, retired = self.model.counts()
        whole = in_use + (retired if self.retired.isChecked() else 0)
        key = "count" if shown == whole else "count_of"
        self.count.setText(self.words(f"registers.{key}", shown=shown, count=whole))
        on = self.retired.isChecked()
        self.retired.show_text(
            self.words("registers.show_retired", count=retired), "accent" if on else "plain", bold=on
        )
        self.retired.setVisible(bool(retired) or on)
        self.view.setVisible(shown > 0)
        self.empty.setVisible(shown == 0)
        text = self.filter.text().strip()
        self.empty.setText(
            self.words("registers.empty_filtered", text=text) if text else self.words("registers.empty")
        )

    def to_list(self) -> None:
        """The keyboard goes to the list."""
        self._to_list = not self._read
        if self._to_list:
            return
        target = self.view if self.view.isVisible() else self.add
        target.setFocus(Qt.FocusReason.OtherFocusReason)
        if self.view.current() is None:
            self.view.choose(self.form.current())
        row: CardRow | None = self.model.card(self.view.current())
        if not self.form.is_new() and row is not None and self.form.current() != row.id:
            self.form.show_card(row)

    def toggle_retired(self) -> None:
        """List retired cards too, or no longer."""
        if not self.retired.isHidden():
            self.retired.click()

    def to_filter(self) -> None:
        """The cursor in the filter."""
        self.filter.setFocus(Qt.FocusReason.OtherFocusReason)
        self.filter.selectAll()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The form has its width, and never more than its share."""
        super().resizeEvent(event)
        px = self.workbench.theme.px
        self.form.setFixedWidth(min(px(FORM_WIDTH), round(self.width() * FORM_SHARE)))
