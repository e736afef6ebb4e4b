"""The detail of a group that waits or was refused: what it says, whose it is, why it came back."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from commandcenter.services.exchange_sentences import ExchangeWords
from db.queries.exchange import Group, RefusedGroup
from ui.shell.chip import Chip, Label
from ui.shell.flow import Flow
from ui.tables.line_detail import WholeText
from ui.tables.wording import visible
from ui.theme import SPACE, TYPE, Theme


class GroupDetail(QWidget):
    """Shows one group; the keys of what can be done with it stand below."""

    resend_wanted = Signal()
    answer_wanted = Signal()
    open_wanted = Signal()
    left = Signal()

    def __init__(self, theme: Theme, put: ExchangeWords) -> None:
        super().__init__()
        self._put = put
        words, px = put.words, theme.px
        self.setAccessibleName(words("exchange.detail.name"))
        self.why = Label(theme, size=TYPE.line, bold=True)
        self.meta = Label(theme, size=TYPE.small, ink="muted")
        for label in (self.why, self.meta):
            label.setWordWrap(True)
        self.text = WholeText(words)
        self.text.setAccessibleName(words("exchange.detail.name"))
        self.text.setFont(theme.font(TYPE.body))
        self.text.document().setDocumentMargin(0)
        self.text.setStyleSheet("QPlainTextEdit { border: 0; background: transparent; }")
        self.text.left.connect(self.left)
        self.resend = Chip(theme, words("exchange.detail.resend"), key="E")
        self.resend.setToolTip(words("exchange.detail.resend_tip"))
        self.answer = Chip(theme, words("exchange.detail.answer"), key="D")
        self.answer.setToolTip(words("exchange.detail.answer_tip"))
        self.open = Chip(theme, words("exchange.detail.open"), key="Enter")
        self.resend.clicked.connect(self.resend_wanted)
        self.answer.clicked.connect(self.answer_wanted)
        self.open.clicked.connect(self.open_wanted)
        acts = QWidget()
        flow = Flow(px(SPACE.s), acts)
        for chip in (self.resend, self.answer, self.open):
            flow.addWidget(chip)
        column = QVBoxLayout(self)
        column.setContentsMargins(px(SPACE.m), px(SPACE.m), px(SPACE.m), px(SPACE.s))
        column.setSpacing(px(SPACE.s))
        for part, stretch in ((self.why, 0), (self.meta, 0), (self.text, 1), (acts, 0)):
            column.addWidget(part, stretch)

    def set_words(self, put: ExchangeWords) -> None:
        """Take other names."""
        self._put = put

    def show_waiting(self, group: Group, now: datetime) -> None:
        """A group that is still to be sent."""
        words = self._put.words
        self._show(group, words("exchange.detail.waits", age=self._put.age(group.at, now)), "muted", now)
        self.resend.setVisible(False)
        self.answer.setVisible(False)

    def show_refused(self, refused: RefusedGroup, now: datetime) -> None:
        """A group that came back."""
        put, words = self._put, self._put.words
        done = refused.answered_at
        said = [words("exchange.detail.refused_at", at=put.when(refused.refused_at, now))]
        if done is not None:
            said.append(words("exchange.detail.answered_at", at=put.when(done, now)))
        self._show(refused.group, put.why(refused), "muted" if done else "danger", now, *said)
        self.resend.setVisible(done is None)
        self.answer.setVisible(True)
        self.answer.show_text(words("exchange.detail.bring_back" if done else "exchange.detail.answer"))

    def _show(self, group: Group, why: str, ink: str, now: datetime, *more: str) -> None:
        put, words = self._put, self._put.words
        self.why.set_ink(ink)
        self.why.setText(why)
        first = group.changes[0] if group.changes else None
        said = list(more)
        if first is not None:
            who = words("exchange.and").join(
                part for part in (put.person(first.by), put.desk(first.desk)) if part
            )
            said.append(words("exchange.detail.wrote", at=put.when(first.at, now), who=who))
        self.meta.setText(words("exchange.and").join(said))
        body = visible(words, "\n".join(put.lines(group)))
        if body != self.text.toPlainText():  # a selection in it survives what changes around it
            self.text.setPlainText(body)
        self.open.setVisible(first is not None)
