"""The strip under a log list: the chosen line whole, with its times, its people and what it is linked to."""

from __future__ import annotations

from uuid import UUID

from PySide6.QtCore import QMimeData, QRect, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPen, QTextOption
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QSizePolicy, QVBoxLayout, QWidget

from commandcenter.services.sentences import stated
from commandcenter.words import Words
from db.queries.log import LogLine
from ui.shell.chip import Chip, Label, repaint_all
from ui.shell.draft import BIDI_MARKS, code_point
from ui.shell.flow import Flow
from ui.tables.days import whole_text
from ui.tables.wording import Wording, visible
from ui.theme import SPACE, TYPE, Theme

# heights at 100 %: about four lines of text under the particulars, two, and one sentence alone
WHOLE, LEAST, NONE = 136, 96, 40


class WholeText(QPlainTextEdit):
    """A text to read and to copy from; what is copied is what was typed, not the signs for marks."""

    left = Signal()

    def __init__(self, words: Words) -> None:
        super().__init__()
        self.words = words
        self.setReadOnly(True)
        self.setTabChangesFocus(True)
        self.setFrameShape(QPlainTextEdit.Shape.NoFrame)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )

    def createMimeDataFromSelection(self) -> QMimeData:
        """The selection with its direction marks put back."""
        text = self.textCursor().selection().toPlainText()
        for mark in BIDI_MARKS:
            text = text.replace(self.words("log.mark", sign=code_point(mark)), mark)
        data = QMimeData()
        data.setText(text)
        return data

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc goes back to the list."""
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)


class LineDetail(QWidget):
    """Shows one line; a sentence while there is none."""

    jump_to = Signal(object)  # the UUID of the line this one replaces or is replaced by
    left = Signal()

    def __init__(self, words: Words, theme: Theme, wording: Wording, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._words, self._theme, self._wording = words, theme, wording
        self._line: LogLine | None = None
        self._facts: list[QWidget] = []
        self.text = WholeText(words)
        self.text.left.connect(self.left)
        self.setFocusProxy(self.text)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._strip = QWidget()
        self._flow = Flow(SPACE.xs, self._strip)
        self._links = QHBoxLayout()
        self._struck = Label(theme, "", ink="text", size=TYPE.small, bold=True)
        self.to_replacement = Chip(theme)
        self.to_struck = Chip(theme)
        self.to_replacement.clicked.connect(self._jump_to_replacement)
        self.to_struck.clicked.connect(self._jump_to_struck)
        for widget in (self._struck, self.to_replacement, self.to_struck):
            self._links.addWidget(widget)
        self._links.addStretch(1)
        layout = self._column = QVBoxLayout(self)
        layout.addWidget(self._strip)
        layout.addLayout(self._links)
        layout.addWidget(self.text, 1)
        self.set_words(words)
        self.set_theme(theme)

    def set_line(self, line: LogLine | None) -> None:
        """Show this line."""
        same = line is not None and self._line is not None and line.id == self._line.id
        self._line = line
        body = "" if line is None else visible(self._words, self._wording.body(line))
        if not same or body != self.text.toPlainText():  # a selection in it survives what changes around it
            self.text.setPlainText(body)
        self._fill()

    def renamed(self) -> None:
        """Names in the directory changed, or are hidden."""
        self._fill()

    def empty(self) -> bool:
        """Whether no line is shown."""
        return self._line is None

    def set_words(self, words: Words) -> None:
        """Take another language."""
        self._words = words
        self.text.words = words
        self.setAccessibleName(words("log.detail.name"))
        self.text.setAccessibleName(words("log.detail.name"))
        self.text.setPlaceholderText(words("log.detail.nothing"))
        self.to_replacement.show_text(words("log.detail.to_replacement"))
        self.to_struck.show_text(words("log.detail.to_struck"))
        self.set_line(self._line)

    def set_theme(self, theme: Theme) -> None:
        """Take another look or scale."""
        self._theme = theme
        self.text.setFont(theme.font(TYPE.line))
        self.text.document().setDocumentMargin(0)
        px = theme.px
        self._column.setContentsMargins(px(SPACE.m), px(SPACE.s), px(SPACE.m), px(SPACE.s))
        self._column.setSpacing(px(SPACE.xs))
        self._links.setSpacing(px(SPACE.s))
        # the frame is painted by this widget; inside it the text needs none
        self.text.setStyleSheet("QPlainTextEdit { border: 0; background: transparent; }")
        repaint_all(self, theme)
        self._fill()
        self.update()

    def sizeHint(self) -> QSize:
        """About four lines of text under the particulars; a longer one scrolls."""
        return QSize(self._theme.px(640), self._theme.px(WHOLE if self._line is not None else NONE))

    def minimumSizeHint(self) -> QSize:
        """Two lines of text."""
        return QSize(self._theme.px(320), self._theme.px(LEAST if self._line is not None else NONE))

    def _particulars(self, line: LogLine) -> list[tuple[str, str]]:
        values, words, wording = line.values, self._words, self._wording
        typed = values.get("typed_at")
        late = typed is not None and abs((typed - line.happened_at).total_seconds()) >= 1
        return [
            ("happened", whole_text(line.happened_at, words)),
            ("typed", whole_text(typed, words) if typed is not None and late else ""),
            ("who", wording.person(values.get("typed_by_id"))),
            ("desk", wording.desk(line)),
            ("channel", words.label("log.channel", values.get("channel") or None)),
            ("direction", words.label("log.direction", values.get("direction") or None)),
            ("counterpart", visible(words, wording.spoken_to(line))),
            ("incident", wording.incident(line)),
            ("doubtful", words("log.detail.doubtful_text") if line.doubtful else ""),
            ("late", visible(words, stated(line, "late_reason", words))),
        ]

    def _fill(self) -> None:
        for widget in self._facts:
            self._flow.removeWidget(widget)
            widget.setVisible(False)
            widget.deleteLater()
        self._facts = []
        line = self._line
        pairs = [] if line is None else self._particulars(line)
        for key, value in pairs:
            if value:
                self._fact(self._words(f"log.detail.{key}"), value, figures=key in ("happened", "typed"))
        if line is not None and any(mark in self._wording.body(line) for mark in BIDI_MARKS):
            self._fact("", self._words("log.detail.has_bidi"))
        if line is not None and (line.values.get("importance") or "normal") != "normal":
            self._fact("", self._words.label("log.importance", line.values["importance"]), bold=True)
        strike = None if line is None else line.struck
        sentence = "" if line is None else visible(self._words, self._wording.struck_sentence(line))
        self._struck.setText(sentence)
        self._struck.setVisible(bool(sentence))
        self.to_replacement.setVisible(strike is not None and strike.replacement_id is not None)
        self.to_struck.setVisible(line is not None and line.replaces_id is not None)
        self._strip.setVisible(line is not None)
        self.setMaximumHeight(self._theme.px(WHOLE if line is not None else NONE))
        self.updateGeometry()
        self._strip.updateGeometry()

    def _fact(self, caption: str, value: str, *, bold: bool = False, figures: bool = False) -> None:
        pair = QWidget()
        row = QHBoxLayout(pair)
        row.setContentsMargins(0, 0, self._theme.px(SPACE.m), 0)
        row.setSpacing(self._theme.px(SPACE.xs + 2))
        if caption:
            row.addWidget(Label(self._theme, caption, ink="faint", size=TYPE.small))
        row.addWidget(Label(self._theme, value, ink="text", size=TYPE.small, bold=bold))
        pair.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self._flow.addWidget(pair)
        self._facts.append(pair)

    def _jump_to_replacement(self) -> None:
        strike = None if self._line is None else self._line.struck
        if strike is not None and isinstance(strike.replacement_id, UUID):
            self.jump_to.emit(strike.replacement_id)

    def _jump_to_struck(self) -> None:
        if self._line is not None and self._line.replaces_id is not None:
            self.jump_to.emit(self._line.replaces_id)

    def paintEvent(self, event: QPaintEvent) -> None:
        """A line above, and a mark at the side while the text has the focus."""
        painter = QPainter(self)
        px, hair = self._theme.px, self._theme.px(SPACE.hair)
        painter.setPen(QPen(self._theme.colour("line"), hair))
        painter.drawLine(0, 0, self.width(), 0)
        if self.text.hasFocus():
            painter.fillRect(QRect(0, 0, px(SPACE.mark), self.height()), self._theme.colour("accent"))
        painter.end()
