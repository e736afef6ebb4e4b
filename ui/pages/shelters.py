"""The board of shelters: each by its state, the full and the fullest first; one key notes what changes."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QHideEvent, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QVBoxLayout

from commandcenter.domain.change import ChangeSet
from commandcenter.services.command import Command
from commandcenter.services.shelters import MarkShelter, OpenShelters
from db.desk.engine import Connection
from db.queries import shelters as query
from db.queries.shelters import ShelterNow, Shelters, shelters_now
from ui.forms.editors import LineText
from ui.forms.ranking import NO_INITIALS, Initials, Option, rank
from ui.panel import Panel
from ui.shell.chip import Label
from ui.shell.keys import KeyHint
from ui.shelter_form import ShelterForm
from ui.shelter_words import LOOKS, detail_lines, name_text, tile_of
from ui.team_tiles import TeamTiles
from ui.theme import SPACE, TYPE, Theme
from ui.workbench import Page, Workbench

MINUTE_MS = 20_000
FORMS = {"c": "count", "i": "in", "u": "out", "x": "close"}


def _read(connection: Connection) -> tuple[Shelters, Initials]:
    found = shelters_now(connection)
    names = {str(one.values["name"] or "") for one in found.shelters}
    return found, Initials.of(names | {one.organisation for one in found.shelters})


class SheltersPage(Page):
    """O opens the chosen shelter, C counts heads, I and U note who came and left, F says full, X closes."""

    kinds = query.KINDS

    def __init__(self, workbench: Workbench) -> None:
        super().__init__(workbench)
        theme, words = workbench.theme, self.words
        self._found: Shelters | None = None
        self._initials: Initials = NO_INITIALS
        self.panel = Panel(theme, words("shelters.name"))
        self.sums = Label(theme, "", ink="muted", size=TYPE.small, elided=True)
        self.sums.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.panel.head.addWidget(self.sums, 2)
        self.filter = LineText(workbench, words("shelters.filter"))
        self.filter.line.setPlaceholderText(words("shelters.filter"))
        self.filter.typed.connect(self._show_tiles)
        self.filter.entered.connect(self._to_tiles)
        self.filter.left.connect(self._drop_filter)
        self.tiles = TeamTiles(theme, words("shelters.name"), LOOKS)
        self._empty = Label(theme, words("shelters.empty"), ink="muted", size=TYPE.line)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setVisible(False)
        self.detail = Label(theme, "", ink="muted", size=TYPE.small)
        self.detail.setWordWrap(True)
        self.detail.setAccessibleName(words("shelters.detail"))
        self.panel.body.addWidget(self.filter)
        self.panel.body.addWidget(self.tiles, 1)
        self.panel.body.addWidget(self._empty, 1)
        self.panel.body.addWidget(self.detail)
        self.form = ShelterForm(workbench)
        self._column = QVBoxLayout(self)
        self._column.addWidget(self.panel, 1)
        self._column.addWidget(self.form)
        self.tiles.opened.connect(self._to_card)
        self.tiles.acted.connect(self._act)
        self.tiles.chosen.connect(self._show_detail)
        self.form.closed.connect(self._to_tiles)
        shortcut = QShortcut(QKeySequence("Ctrl+L"), self)
        shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        shortcut.activated.connect(lambda: self.filter.setFocus(Qt.FocusReason.ShortcutFocusReason))
        self._minute = QTimer(self, interval=MINUTE_MS)  # how long each has been open
        self._minute.timeout.connect(self._show_tiles)
        self.setFocusProxy(self.tiles)
        self.set_theme(theme)

    # ---- reading

    def refresh(self, change_set: ChangeSet | None) -> None:
        """Read every shelter and who is in it; the chosen one stays chosen."""
        self.workbench.bridge.ask(self, _read, self._show, topic="shelters")

    def _show(self, found: tuple[Shelters, Initials]) -> None:
        self._found, self._initials = found
        self._show_tiles()

    def _shown(self) -> list[ShelterNow]:
        shelters = list(self._found.shelters) if self._found is not None else []
        wanted = self.filter.raw().strip()
        if not wanted:
            return shelters
        options = [
            Option(
                value=str(one.id),
                text=str(one.values["name"] or ""),
                code=str(one.values["code"] or ""),
                names=(one.organisation,),
            )
            for one in shelters
        ]
        found = {option.value for option in rank(options, wanted, self._initials)}
        return [one for one in shelters if str(one.id) in found]

    def _show_tiles(self) -> None:
        if self._found is None:
            return
        words, now = self.words, self.workbench.now()
        every, shown = self._found.shelters, self._shown()
        self.tiles.show_tiles([tile_of(words, one, now) for one in shown])
        self.panel.title.setText(f"{words('shelters.name')} {len(every)}")
        said = {"open": self._found.open_count, "count": len(every), "people": f"{self._found.people:,}"}
        capacity = self._found.capacity
        self.sums.setText(
            words("shelters.sums_plain", **said)
            if capacity is None
            else words("shelters.sums", **said, capacity=f"{capacity:,}")
        )
        typed = self.filter.raw().strip()
        self._empty.setText(words("shelters.nothing", text=typed) if every else words("shelters.empty"))
        for part, on in (
            (self.filter, bool(every)),
            (self.tiles, bool(shown)),
            (self._empty, not shown),
            (self.detail, bool(shown)),
        ):
            part.setVisible(on)

    def _one(self) -> ShelterNow | None:
        tile = self.tiles.current()
        shelters = self._found.shelters if self._found is not None else ()
        return next((one for one in shelters if tile is not None and one.id == tile.id), None)

    def _show_detail(self, _tile: object) -> None:
        one = self._one()
        if one is None:
            self.detail.setText(self.words("shelters.none_chosen"))
            return
        hidden = self.workbench.directory.hidden
        self.detail.setText("\n".join(detail_lines(self.words, one, self.workbench.now(), hidden=hidden)))

    # ---- acting

    def _act(self, letter: str) -> None:
        if letter == "n":
            self.workbench.page_requested.emit("register")
            return
        one = self._one()
        if one is None or letter not in ("o", "f", *FORMS):
            return
        if letter == "o":
            if one.state != "closed":
                self.workbench.said.emit(self.words("shelters.form.is_open"))
            else:
                self._do(OpenShelters(shelter_ids=[one.id]), one, "opened")
        elif one.state == "closed":
            self.workbench.said.emit(self.words("shelters.form.is_closed"))
        elif letter == "f":
            step = "available" if one.state == "full" else "full"
            self._do(MarkShelter(shelter_id=one.id, step=step), one, step)
        else:
            self.form.open_for(one, FORMS[letter])

    def _do(self, command: Command, one: ShelterNow, step: str) -> None:
        words = self.words

        def noted(_outcome: object) -> None:
            said = words("shelters.said.of", shelter=name_text(one), said=words(f"shelters.said.{step}"))
            self.workbench.said.emit(words("shelters.form.noted", said=said))

        self.workbench.bridge.execute(self, command, noted, self.workbench.say_error)

    def _to_card(self) -> None:
        one = self._one()
        if one is not None:
            self.workbench.open_requested.emit("shelter", one.id)

    def _to_tiles(self) -> None:
        if not self.tiles.currentIndex().isValid():
            self.tiles.choose_at(0)
        self.tiles.setFocus(Qt.FocusReason.OtherFocusReason)

    def _drop_filter(self) -> None:
        self.filter.put_raw("")
        self._show_tiles()
        self._to_tiles()

    def open(self, kind: str, id_: UUID) -> None:
        """Show a shelter."""
        self.tiles.choose(id_)

    # ---- the rest

    def showEvent(self, event: QShowEvent) -> None:
        """The minutes count while they are seen."""
        super().showEvent(event)
        self._show_tiles()
        self._minute.start()

    def hideEvent(self, event: QHideEvent) -> None:
        """And only then."""
        super().hideEvent(event)
        self._minute.stop()

    def set_theme(self, theme: Theme) -> None:
        """Take another look or scale."""
        gap = theme.px(SPACE.m)
        self._column.setContentsMargins(gap, gap, gap, gap)
        self._column.setSpacing(gap)
        for part in (self.panel, self.tiles, self.form, self.filter):
            part.set_theme(theme)

    def key_hints(self) -> Sequence[KeyHint]:
        """The board's keys."""
        words = self.words
        group = words("shelters.keys.group")
        keys = (
            ("\u2191 \u2193 \u2190 \u2192", "move"),
            ("O", "open"),
            ("C", "count"),
            ("I", "in"),
            ("U", "out"),
        )
        more = (("F", "full"), ("X", "close"), ("Enter", "card"), ("Ctrl+L", "filter"), ("N", "new"))
        return [KeyHint(key, words(f"shelters.keys.{name}"), group) for key, name in (*keys, *more)]
