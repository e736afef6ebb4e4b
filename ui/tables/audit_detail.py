"""The strip under the audit trail: the chosen entry, each field from and to, personal values never."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from commandcenter.services.audit_sentences import AuditWords, short, time_text
from db.queries.audit import AuditLine
from ui.shell.chip import Label
from ui.shell.flow import Flow
from ui.tables.line_detail import WholeText
from ui.tables.wording import visible
from ui.theme import SPACE, TYPE, Theme

HEIGHT = 148


class AuditDetail(QWidget):
    """Shows one entry; a sentence while none is chosen."""

    left = Signal()

    def __init__(self, theme: Theme, put: AuditWords) -> None:
        super().__init__()
        self._theme, self._put = theme, put
        self._line: AuditLine | None = None
        self._facts: list[QWidget] = []
        words, px = put.words, theme.px
        self.setAccessibleName(words("audit.detail.name"))
        self._strip = QWidget()
        self._flow = Flow(SPACE.xs, self._strip)
        self.text = WholeText(words)
        self.text.setAccessibleName(words("audit.detail.name"))
        self.text.setPlaceholderText(words("audit.detail.nothing"))
        self.text.setFont(theme.font(TYPE.body))
        self.text.document().setDocumentMargin(0)
        self.text.setStyleSheet("QPlainTextEdit { border: 0; background: transparent; }")
        self.text.left.connect(self.left)
        self.setFocusProxy(self.text)
        column = QVBoxLayout(self)
        column.setContentsMargins(px(SPACE.m), px(SPACE.s), px(SPACE.m), px(SPACE.s))
        column.setSpacing(px(SPACE.xs))
        column.addWidget(self._strip)
        column.addWidget(self.text, 1)
        self.setFixedHeight(px(HEIGHT))

    def set_words(self, put: AuditWords) -> None:
        """Take other names."""
        self._put = put

    def set_line(self, line: AuditLine | None) -> None:
        """Show this entry."""
        self._line = line
        body = "" if line is None else visible(self._put.words, "\n".join(self.sentences(line)))
        if body != self.text.toPlainText():  # a selection in it survives what changes around it
            self.text.setPlainText(body)
        for widget in self._facts:
            self._flow.removeWidget(widget)
            widget.setVisible(False)
            widget.deleteLater()
        self._facts = []
        for key, value in [] if line is None else self.particulars(line):
            if value:
                self._fact(self._put.words(f"audit.detail.{key}"), value)
        self._strip.setVisible(line is not None)

    def sentences(self, line: AuditLine) -> list[str]:
        """What was done, then a line for each field."""
        put = self._put
        head = " ".join(part for part in (put.action(line), put.subject(line)) if part)
        if line.access is not None:
            return [head, *filter(None, [put.content(line)])]
        said = [
            put.words(
                "audit.detail.field", field=put.field(line.kind, field), value=put.values(line.kind, field)
            )
            for field in put.fields(line)
        ]
        return [head, *said]

    def particulars(self, line: AuditLine) -> list[tuple[str, str]]:
        """Who, where, when, and its numbers."""
        put, words = self._put, self._put.words
        alone = line.group is None or line.group == line.id
        offset = (
            "" if not line.offset_ms else words("audit.detail.offset_value", seconds=line.offset_ms / 1000)
        )
        return [
            ("at", time_text(line.at)),
            ("who", put.who(line)),
            ("desk", put.desk(line)),
            ("number", put.number(line)),
            ("centre", "" if line.number is None else f"{line.number[0]}–{line.number[1]:,}"),
            ("group", "" if alone or line.group is None else short(line.group)),
            ("offset", offset),
            ("result", put.result(line)),
        ]

    def _fact(self, caption: str, value: str) -> None:
        pair = QWidget()
        row = QHBoxLayout(pair)
        row.setContentsMargins(0, 0, self._theme.px(SPACE.m), 0)
        row.setSpacing(self._theme.px(SPACE.xs + 2))
        row.addWidget(Label(self._theme, caption, ink="faint", size=TYPE.small))
        row.addWidget(Label(self._theme, value, size=TYPE.small))
        self._flow.addWidget(pair)
        self._facts.append(pair)

    def paintEvent(self, event: QPaintEvent) -> None:
        """A line above."""
        painter = QPainter(self)
        painter.setPen(QPen(self._theme.colour("line"), self._theme.px(SPACE.hair)))
        painter.drawLine(0, 0, self.width(), 0)
        painter.end()
