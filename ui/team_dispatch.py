"""The panel that sends teams to an incident: free ones first, found by pinyin initials, several at once."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy

from commandcenter.services.code_words import code_label
from commandcenter.services.deployments import DispatchTeam
from commandcenter.services.workplace import Outcome
from db.desk.engine import Connection
from db.queries.teams import Forces, TeamNow, forces
from ui.forms.editors import LineText
from ui.forms.ranking import NO_INITIALS, Initials, Option, folded, rank
from ui.panel import Panel
from ui.rows_list import ROW, Row, RowsView
from ui.shell.chip import Label
from ui.team_words import FREE, state_of, state_text
from ui.theme import SPACE, TYPE, Theme
from ui.workbench import Workbench

ROWS_SEEN, LEAST_ROWS = 5, 2
BOX = {False: "\u25a1 ", True: "\u25a0 "}


def _read(connection: Connection) -> tuple[Forces, Initials]:
    found = forces(connection)
    return found, Initials.of([str(team.values["name"] or "") for team in found.teams])


class _Choices(RowsView):
    """As high as a few rows, and lower where the page is low."""

    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__(theme, name)
        self._rows_theme = theme
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)

    def sizeHint(self) -> QSize:
        """The rows wanted."""
        return QSize(super().sizeHint().width(), self._rows_theme.px(ROW) * ROWS_SEEN)


class DispatchPanel(Panel):
    """The cursor stays in the filter: arrows move, Space takes a team or leaves it, Enter sends."""

    closed = Signal()
    done = Signal()

    def __init__(self, workbench: Workbench) -> None:
        super().__init__(workbench.theme, workbench.words("teams.dispatch.title"))
        self.workbench, self.words = workbench, workbench.words
        theme, words = workbench.theme, self.words
        self.setAccessibleName(words("teams.dispatch.title"))
        self._incident: UUID | None = None
        self._found: Forces | None = None
        self._initials = NO_INITIALS
        self._taken: dict[UUID, None] = {}
        self._knowing = False  # the second Enter sends busy ones too
        self._sending = False
        self.count = Label(theme, "", ink="muted", size=TYPE.small)
        self.head.addWidget(self.count)
        self.filter = LineText(workbench, words("teams.dispatch.filter"))
        self.filter.line.setPlaceholderText(words("teams.dispatch.filter"))
        self.view = _Choices(theme, words("teams.dispatch.title"))
        self.warning = Label(theme, "", ink="text", bold=True)
        self.warning.setWordWrap(True)
        self.send, self.away = QPushButton(), QPushButton(words("forms.open.close"))
        self.send.setDefault(True)
        self.hint = Label(theme, words("teams.dispatch.hint"), ink="muted", size=TYPE.small, elided=True)
        self._feet = QHBoxLayout()
        for button in (self.send, self.away):
            self._feet.addWidget(button)
        self._feet.addWidget(self.hint, 1)
        for part in (self.filter, self.view, self.warning):
            self.body.addWidget(part)
        self.body.addLayout(self._feet)
        self.filter.line.installEventFilter(self)
        self.filter.typed.connect(self._typed)
        self.filter.entered.connect(self.submit)
        self.filter.left.connect(self.close_panel)
        self.send.clicked.connect(self.submit)
        self.away.clicked.connect(self.close_panel)
        self.view.clicked.connect(lambda _index: self._take())
        self.set_theme(theme)
        self.setVisible(False)

    # ---- open and close

    def is_open(self) -> bool:
        """Whether the panel is out."""
        return self._incident is not None

    def open_for(self, incident: UUID) -> None:
        """Choose who is sent to this incident."""
        if incident != self._incident:
            self._taken.clear()
            self._found = None
            self.filter.put(None)
        self._incident, self._knowing = incident, False
        self.setVisible(True)
        self.filter.setFocus(Qt.FocusReason.OtherFocusReason)
        self.read()

    def close_panel(self) -> None:
        """Put it away: nobody was sent."""
        if self._incident is not None:
            self._incident = None
            self.setVisible(False)
            self.closed.emit()

    def read(self) -> None:
        """Read the teams again; who was taken stays taken."""
        if self._incident is not None:
            self.workbench.bridge.ask(self, _read, self._show, topic="teams")

    # ---- the list

    def _show(self, found: tuple[Forces, Initials]) -> None:
        self._found, self._initials = found
        for id_ in [id_ for id_ in self._taken if id_ not in {team.id for team in self._choices()}]:
            del self._taken[id_]
        self._list()

    def _choices(self) -> list[TeamNow]:
        """Who may be sent: the free first; who is here already is not asked again."""
        teams = self._found.teams if self._found is not None else ()
        may = [
            team
            for team in teams
            if not team.values["retired"]
            and all(one.incident_id != self._incident for one in team.engagements)
        ]
        return sorted(may, key=lambda team: team.first is not None)

    def _list(self) -> None:
        choices = {str(team.id): team for team in self._choices()}
        options = [
            Option(
                value=value,
                text=str(team.values["name"] or ""),
                code=str(team.values["code"] or ""),
                names=tuple(self._capabilities(team)),
            )
            for value, team in choices.items()
        ]
        typed = folded(self.filter.raw())
        shown = [choices[option.value] for option in rank(options, typed, self._initials)]
        self.view.show_rows([self._row(team) for team in shown])
        if self.view.current() is None:
            self.view.choose_at(0)
        self._tell(len(choices))

    def _tell(self, choices: int) -> None:
        words, count = self.words, len(self._taken)
        free = sum(team.first is None for team in self._choices())
        self.count.setText(words("teams.dispatch.count", free=free, count=choices))
        key = "send_busy" if self._knowing else "send" if count else "send_one"
        self.send.setText(words(f"teams.dispatch.{key}", count=count))
        self.send.setEnabled(choices > 0)
        if not choices and self._found is not None:
            self.warning.setText(words("teams.dispatch.none"))
        elif not self._knowing:
            self.warning.setText("")
        self.warning.setVisible(bool(self.warning.text()))

    def _capabilities(self, team: TeamNow) -> list[str]:
        return [
            code_label(self.words, "capability", code) for code in sorted(team.values["capabilities"] or ())
        ]

    def _row(self, team: TeamNow) -> Row:
        words, values = self.words, team.values
        parts = [code_label(words, "team_category", values["category"])]
        if values["strength"] is not None:
            parts.append(words("teams.people", count=values["strength"]))
        parts += self._capabilities(team)
        state = state_of(team)
        tag = state_text(words, state)
        if team.first is not None and self._found is not None:
            tag = f"{tag} {self._found.incidents.get(team.first.incident_id, ('', ''))[0]}".strip()
        return Row(
            id=team.id,
            title=BOX[team.id in self._taken] + str(values["name"] or ""),
            detail=" · ".join(parts),
            tag=tag,
            quiet=state != FREE,
        )

    def _typed(self) -> None:
        self._calm()
        self._list()

    def _calm(self) -> None:
        self._knowing = False
        self.warning.setText("")

    def _take(self) -> None:
        """Take the team chosen, or leave it."""
        row = self.view.current()
        if row is None:
            return
        self._calm()
        if row.id in self._taken:
            del self._taken[row.id]
        else:
            self._taken[row.id] = None
        self._list()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Arrows and Space are the list's while the cursor is in the filter, but for an open pre-edit."""
        if event.type() == QEvent.Type.KeyPress and not self.filter.composing():
            pressed = cast(QKeyEvent, event)
            step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(pressed.key()))
            if step is not None:
                self.view.choose_at(self.view.currentIndex().row() + step)
                return True
            if pressed.key() == Qt.Key.Key_Space:
                if not pressed.isAutoRepeat():
                    self._take()
                return True
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc puts the panel away."""
        if event.key() == Qt.Key.Key_Escape:
            self.close_panel()
        else:
            super().keyPressEvent(event)

    # ---- sending

    def submit(self) -> None:
        """Send those taken, else the one chosen; busy ones only when asked for a second time."""
        row = self.view.current()
        wanted = list(self._taken) or ([row.id] if row is not None else [])
        if self._sending or self._incident is None or self._found is None or not wanted:
            return
        busy = [team for team in self._found.teams if team.id in wanted and team.first is not None]
        if busy and not self._knowing:
            self._taken.update(dict.fromkeys(wanted))
            self._knowing = True
            names = self.words("registers.and").join(str(team.values["name"]) for team in busy)
            self.warning.setText(self.words("teams.dispatch.busy", teams=names))
            self._list()
            return
        self._sending = True
        command = DispatchTeam(incident_id=self._incident, team_ids=wanted, knowingly=self._knowing)
        self.workbench.bridge.execute(self, command, self._sent, self._failed)

    def _sent(self, outcome: Outcome) -> None:
        self._sending = False
        self._taken.clear()
        self.filter.put(None)
        self.close_panel()
        self.workbench.said.emit(self.words("teams.dispatch.sent", count=len(outcome.ids)))
        self.done.emit()

    def _failed(self, error: BaseException) -> None:
        self._sending = False
        self.workbench.say_error(error)
        self.read()

    def set_theme(self, theme: Theme) -> None:
        """Take another look or scale."""
        super().set_theme(theme)
        if hasattr(self, "_feet"):  # the base calls this while it is being made
            self._feet.setSpacing(theme.px(SPACE.s))
            self.filter.set_theme(theme)
            self.view.setMinimumHeight(theme.px(ROW) * LEAST_ROWS)
