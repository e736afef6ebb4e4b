"""The detail of an exception: every value with who said it, where and when; a digit chooses one."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from PySide6.QtCore import QElapsedTimer, QRectF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from commandcenter.domain.record import REGISTRY
from commandcenter.services.exchange_sentences import ExchangeWords
from db.queries.clash import Clash, Value
from ui.forms.drafts import DraftKeeper
from ui.forms.editors import Editor, Unreadable
from ui.register_field import make_editor
from ui.register_values import as_plain
from ui.register_words import field_label
from ui.send_key import SendKey
from ui.shell.chip import Chip, Label
from ui.shell.flow import Flow
from ui.tables.wording import visible
from ui.theme import SPACE, TYPE, Theme
from ui.workbench import Workbench

MOST_KEYED = 9
SETTLE_MS = 400  # a digit pressed before anybody can have read what has just come is meant for another one


class ValueCard(QWidget):
    """One value: its digit, its words, who, where and when; a click chooses it."""

    chosen = Signal()

    def __init__(self, theme: Theme, digit: str) -> None:
        super().__init__()
        self._theme, self._current = theme, False
        px = theme.px
        self.digit = Chip(theme, digit)
        if not digit:
            self.digit.setVisible(False)  # shown before it has a parent it would be a window
        self.digit.clicked.connect(self.chosen)
        self.text = Label(theme, size=TYPE.line, bold=True)
        self.said = Label(theme, size=TYPE.small, ink="muted")
        for label in (self.text, self.said):
            label.setWordWrap(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        row, column = QHBoxLayout(self), QVBoxLayout()
        row.setContentsMargins(px(SPACE.s), px(SPACE.s), px(SPACE.m), px(SPACE.s))
        row.setSpacing(px(SPACE.m))
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(px(2))
        row.addWidget(self.digit, 0, Qt.AlignmentFlag.AlignTop)
        column.addWidget(self.text)
        column.addWidget(self.said)
        row.addLayout(column, 1)

    def show_value(self, text: str, said: str, *, current: bool) -> None:
        """Show this value."""
        self._current = current
        self.text.setText(text)
        self.said.setText(said)
        self.digit.show_text(self.digit.text(), "strong" if current else "plain", bold=True)
        self.digit.setAccessibleName(f"{self.digit.text()} {text} {said}")
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A click chooses."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.chosen.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        """A frame; the value that stands now has a stronger one."""
        theme, px = self._theme, self._theme.px
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.colour("edge" if self._current else "line"), px(SPACE.hair)))
        painter.setBrush(theme.colour("raised"))
        rect = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(rect, px(SPACE.radius_s), px(SPACE.radius_s))
        painter.end()


class ClashDetail(QWidget):
    """Shows one exception. Values keep their digits while it is shown: what comes later stands below."""

    value_chosen = Signal(object, object)  # the Clash as shown, the Value
    another_written = Signal(object, object)  # the Clash as shown, the value as JSON has it
    aside_wanted = Signal()
    open_wanted = Signal()
    left = Signal()

    def __init__(self, workbench: Workbench, put: ExchangeWords) -> None:
        super().__init__()
        self._workbench, self._put = workbench, put
        theme, words, px = workbench.theme, put.words, workbench.theme.px
        self.setAccessibleName(words("exchange.detail.name"))
        self.clash: Clash | None = None
        self._order: list[UUID] = []
        self._began: frozenset[UUID] = frozenset()
        self._written: Clash | None = None  # as it was when another value was begun
        self._since = QElapsedTimer()
        self._drafts = DraftKeeper(workbench, self)
        self.cards: list[ValueCard] = []
        self.title = Label(theme, size=TYPE.line, bold=True)
        self.hint = Label(theme, size=TYPE.small, ink="muted")
        for label in (self.title, self.hint):
            label.setWordWrap(True)
        self._ground = QWidget()
        self._column = QVBoxLayout(self._ground)
        self._column.setContentsMargins(0, 0, px(SPACE.xs), 0)
        self._column.setSpacing(px(SPACE.s))
        self._column.addStretch(1)
        scroll = self.area = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        for part in (scroll, scroll.viewport(), self._ground):
            palette = part.palette()
            palette.setColor(QPalette.ColorRole.Window, theme.colour("panel"))
            part.setPalette(palette)
        scroll.setWidget(self._ground)
        self.other = Chip(theme, words("exchange.choose.other"), key="T")
        self.other.setToolTip(words("exchange.choose.other_tip"))
        self.open = Chip(theme, words("exchange.detail.open"), key="Enter")
        self.away = Chip(theme, words("exchange.detail.answer"), key="D")
        self.other.clicked.connect(self.write_another)
        self.open.clicked.connect(self.open_wanted)
        self.away.clicked.connect(self.aside_wanted)
        acts = QWidget()
        flow = Flow(px(SPACE.s), acts)
        for chip in (self.other, self.away, self.open):
            flow.addWidget(chip)
        self._box = QWidget()
        self._box_column = QVBoxLayout(self._box)
        self._box_column.setContentsMargins(0, 0, 0, 0)
        self._box_column.setSpacing(px(SPACE.xs))
        self.box_note = Label(theme, words("exchange.choose.other_hint"), size=TYPE.small, ink="muted")
        self.box_note.setWordWrap(True)
        self._box_column.addWidget(self.box_note)
        self._box.setVisible(False)
        self.editor: Editor | None = None
        self._key_of_box = SendKey(self, self._commit, self._composing)
        column = QVBoxLayout(self)
        column.setContentsMargins(px(SPACE.m), px(SPACE.m), px(SPACE.m), px(SPACE.s))
        column.setSpacing(px(SPACE.s))
        parts = ((self.title, 0), (self.hint, 0), (scroll, 1), (self._box, 0), (acts, 0))
        for widget, stretch in parts:
            column.addWidget(widget, stretch)

    def set_words(self, put: ExchangeWords) -> None:
        """Take other names."""
        self._put = put

    # ---- showing

    def show_clash(self, clash: Clash, now: datetime) -> None:
        """Show an exception, or the same one as it is now."""
        same = self.clash is not None and self.clash.id == clash.id
        if not same:
            self._close_box()
            self._order = [value.id for value in clash.values]
            self._began = frozenset(self._order)
            self._since.start()
            self.area.verticalScrollBar().setValue(0)
        else:
            here = {value.id for value in clash.values}
            kept = [id_ for id_ in self._order if id_ in here]
            fresh = [value.id for value in clash.values if value.id not in self._order]
            if fresh or len(kept) != len(self._order):
                self._since.start()
            self._order = [*kept, *fresh]
        self.clash = clash
        put, words = self._put, self._put.words
        self.title.setText(visible(words, put.clash(clash)))
        self.hint.setText(words(f"exchange.choose.{clash.what}"))
        self.other.setVisible(clash.what == "field")
        self.away.setVisible(clash.what in ("number", "team"))
        self.away.show_text(words(f"exchange.detail.{'bring_back' if clash.aside else 'answer'}"))
        self._fill(clash, now)

    def _fill(self, clash: Clash, now: datetime) -> None:
        put, words, theme = self._put, self._put.words, self._workbench.theme
        values = self.values()
        while len(self.cards) > len(values):
            card = self.cards.pop()
            self._column.removeWidget(card)
            card.setVisible(False)
            card.deleteLater()
        while len(self.cards) < len(values):
            at = len(self.cards)
            card = ValueCard(theme, str(at + 1) if at < MOST_KEYED else "")
            card.chosen.connect(lambda at=at: self.choose(at))
            self.cards.append(card)
            self._column.insertWidget(at, card)
        for card, value in zip(self.cards, values, strict=True):
            marks = []
            if value.current:
                key = "current" if clash.what == "field" else "first"
                marks.append(words(f"exchange.choose.{key}"))
            if not value.sent:
                marks.append(words("exchange.choose.unsent"))
            if value.id not in self._began:
                marks.append(words("exchange.choose.arrived"))
            author = put.author(value.by, value.desk, value.at, now)
            said = words("exchange.and").join((*marks, author))
            card.show_value(visible(words, put.of_clash(clash, value)), said, current=value.current)

    def values(self) -> list[Value]:
        """The values in the order of their digits."""
        by_id = {value.id: value for value in self.clash.values} if self.clash is not None else {}
        return [by_id[id_] for id_ in self._order if id_ in by_id]

    def texts(self) -> list[tuple[str, str]]:
        """(value, who and when) as shown."""
        return [(card.text.text(), card.said.text()) for card in self.cards]

    # ---- choosing

    def choose(self, at: int) -> bool:
        """Choose the value at a place. False where there is none, or nobody can have read it yet."""
        values = self.values()
        if self.clash is None or not 0 <= at < len(values) or not self._read():
            return False
        if self.clash.what == "number":
            return False
        value = values[at]
        if value.hidden:  # a choice is a statement of the value: it cannot be made unseen
            return False
        self.value_chosen.emit(self.clash, value)
        return True

    def _read(self) -> bool:
        return not self._since.isValid() or self._since.hasExpired(SETTLE_MS)

    def write_another(self) -> None:
        """A new value in the place of all those shown now."""
        clash = self.clash
        if clash is None or clash.what != "field":
            return
        if self.editor is None:
            type_ = REGISTRY[clash.kind].types[clash.field]
            label = field_label(self._put.words, clash.kind, clash.field)
            self.editor = make_editor(self._workbench, label, type_)
            self.editor.entered.connect(self._commit)
            self.editor.left.connect(self._leave_box)
            self._key_of_box.watch(self.editor)
            self._box_column.insertWidget(0, self.editor)
            self._written = clash
            draft = self._drafts.find(self._key(clash))
            if draft is not None:
                self.editor.put_raw(str(draft["raw"]))
            self.editor.typed.connect(self._keep)
        self.box_note.set_ink("muted")
        self.box_note.setText(self._put.words("exchange.choose.other_hint"))
        self._box.setVisible(True)
        self.editor.setFocus(Qt.FocusReason.OtherFocusReason)

    def writing(self) -> bool:
        """Whether another value is being written."""
        return self.editor is not None

    def refuse(self, sentence: str) -> None:
        """Say why it was not taken; what was typed stays."""
        self.box_note.set_ink("danger")
        self.box_note.setText(sentence)

    def close_box(self) -> None:
        """It was taken."""
        if self._written is not None:
            self._drafts.keep(self._key(self._written), None)
        self._close_box()

    def _key(self, clash: Clash) -> str:
        return f"clash:{clash.id}"

    def _keep(self) -> None:
        if self.editor is not None and self._written is not None:
            self._drafts.keep(self._key(self._written), {"raw": self.editor.raw()})

    def _composing(self) -> bool:
        return self.editor is not None and self.editor.composing()

    def _commit(self) -> None:
        clash = self._written
        if self.editor is None or clash is None or self.editor.composing():
            return
        type_ = REGISTRY[clash.kind].types[clash.field]
        try:
            value = as_plain(type_, self.editor.value(), self._put.words)
        except Unreadable as problem:
            self.refuse(str(problem))
            self.editor.set_refused(True)
            return
        self.another_written.emit(clash, value)

    def _leave_box(self) -> None:
        self._close_box()
        self.left.emit()

    def _close_box(self) -> None:
        """What was typed stays a draft and comes back when another value is written again."""
        self._drafts.flush()
        self._box.setVisible(False)
        self._written = None
        if self.editor is not None:
            self._box_column.removeWidget(self.editor)
            self.editor.deleteLater()
            self.editor = None
