"""The head of an incident's page: grade, title, class, number, place, times, state, the key that closes."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QPainter, QPaintEvent, QPen, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from commandcenter.domain.clock import SHANGHAI
from db.queries.incidents import IncidentCard
from ui.forms.field import Field
from ui.forms.offered import place_text
from ui.shell.chip import Chip, Label
from ui.shell.flow import Flow
from ui.shell.when import write_when
from ui.tables.board import elapsed_text
from ui.theme import SPACE, Theme
from ui.workbench import Workbench

TITLE_EDITED = 420
CODE_EDITED = 300


class IncidentHead(QWidget):
    """Two rows. The time elapsed goes on by the second while it can be seen."""

    close_wanted = Signal()

    def __init__(self, workbench: Workbench, fields: dict[str, Field], ok: Label) -> None:
        super().__init__()
        self._workbench, self._words = workbench, workbench.words
        theme = workbench.theme
        self._card: IncidentCard | None = None
        self._fields = fields
        self.number = Chip(theme)
        self.number.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.state = Chip(theme)
        self.state.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.close_button = Chip(theme, "", key="Alt+K")
        self.close_button.clicked.connect(self.close_wanted)
        self.place = Label(theme, elided=True)
        self.reported = Label(theme, ink="muted", figures=True)
        self.closed = Label(theme, ink="muted", figures=True)
        self.elapsed = Label(theme, bold=True, figures=True)
        self._captions = {
            "reported": Label(theme, self._words("incident.head.reported"), ink="muted"),
            "closed_at": Label(theme, self._words("incident.head.closed_at"), ink="muted"),
            "elapsed": Label(theme, ink="muted"),
        }
        self._second = QTimer(self, interval=1000)
        self._second.timeout.connect(self._tick)
        self._upper, self._lower = QHBoxLayout(), QHBoxLayout()
        self._names = QWidget()
        self._flow = Flow(theme.px(SPACE.s), self._names)
        for part in (*(fields[name] for name in ("grade", "title", "event_code")), self.number):
            self._flow.addWidget(part)
        self._upper.addWidget(self._names, 1)
        self._right = (ok, self.state, self.close_button)
        side = self._side = QHBoxLayout()
        for part in self._right:
            side.addWidget(part, 0, Qt.AlignmentFlag.AlignTop)
        self._upper.addLayout(side)
        self._dots = {name: Label(theme, "·", ink="muted") for name in self._captions}
        self._lower.addWidget(self.place)
        times = (self.reported, self.closed, self.elapsed)
        for (name, caption), figures in zip(self._captions.items(), times, strict=True):
            for part in (self._dots[name], caption, figures):
                self._lower.addWidget(part)
        self._lower.addStretch(1)
        column = QVBoxLayout(self)
        column.addLayout(self._upper)
        column.addLayout(self._lower)
        self._column = column
        self.set_theme(theme)

    def show_card(self, card: IncidentCard) -> None:
        """Show the incident; the fields are shown by their owner."""
        self._card = card
        words, values = self._words, card.values
        closed = values["state"] == "closed"
        self.number.show_text(values["number"])
        state = words.label("codes.incident_state", values["state"])
        self.state.show_text(f"{'■' if closed else '●'} {state}", "strong" if closed else "plain", bold=True)
        self.close_button.show_text(words("incident.head.reopen" if closed else "incident.head.close"))
        place = place_text(self._workbench.directory, card, words)
        self.place.setText(place or words("incident.head.no_place"))
        self.place.set_ink("text" if place else "faint")
        shut = values["closed_at"] if closed else None
        for name, label, instant in (
            ("reported", self.reported, values["reported_at"]),
            ("closed_at", self.closed, shut),
        ):
            label.setText(self._when(instant) if instant else "")
            for part in (self._dots[name], self._captions[name], label):
                part.setVisible(instant is not None)
        self._captions["elapsed"].setText(
            words("incident.head.elapsed_for" if closed else "incident.head.elapsed")
        )
        self._tick()

    def _when(self, instant: datetime) -> str:
        now = self._workbench.now()
        today = instant.astimezone(SHANGHAI).date() == now.astimezone(SHANGHAI).date()
        if today:
            return f"{instant.astimezone(SHANGHAI):%H:%M}"
        return write_when(instant.replace(second=0, microsecond=0), now)

    def _tick(self) -> None:
        if self._card is None:
            return
        values = self._card.values
        until = values["closed_at"] if values["state"] == "closed" else None
        since = values["reported_at"] or values["occurred_at"]
        text = elapsed_text(self._words, since, until or self._workbench.now(), seconds=True)
        if text != self.elapsed.text():
            self.elapsed.setText(text)

    def showEvent(self, event: QShowEvent) -> None:
        """The clock runs while it is seen."""
        super().showEvent(event)
        self._tick()
        self._second.start()

    def hideEvent(self, event: QHideEvent) -> None:
        """And only then."""
        super().hideEvent(event)
        self._second.stop()

    def _fit(self) -> None:
        """No field is wider than its row; what has no room beside another stands below it."""
        px = self._theme.px
        right = sum(part.sizeHint().width() + px(SPACE.s) for part in self._right)
        room = max(px(120), self.width() - right - px(SPACE.m) * 2 - px(SPACE.s))
        for name, wanted in (("title", TITLE_EDITED), ("event_code", CODE_EDITED)):
            self._fields[name].setMaximumWidth(room)
            self._fields[name].editor.setMinimumWidth(min(px(wanted), room))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another width, other rows."""
        super().resizeEvent(event)
        self._fit()

    def paintEvent(self, event: QPaintEvent) -> None:
        """A panel without a title."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme, px = self._theme, self._theme.px
        painter.setPen(QPen(theme.colour("line"), px(SPACE.hair)))
        painter.setBrush(theme.colour("panel"))
        rect = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(rect, px(SPACE.radius), px(SPACE.radius))
        painter.end()

    def set_theme(self, theme: Theme) -> None:
        """Take another look or scale (chips and labels are told by the shell)."""
        px = theme.px
        self._theme = theme
        self._column.setContentsMargins(px(SPACE.m), px(SPACE.s + 2), px(SPACE.m), px(SPACE.s + 2))
        self._column.setSpacing(px(SPACE.xs))
        self._upper.setSpacing(px(SPACE.s))
        self._side.setSpacing(px(SPACE.s))
        self._side.setContentsMargins(0, px(3), 0, 0)  # level with the words of the first row
        self._lower.setSpacing(px(SPACE.s))
        self._lower.setContentsMargins(px(2), 0, 0, 0)
        self._flow.setSpacing(px(SPACE.s))
        self._fit()
