"""The search page: any words over everything, newest first, and Enter opens the hit where it stands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout

from commandcenter.domain.change import ChangeSet
from commandcenter.domain.clock import EPOCH
from commandcenter.domain.record import REGISTRY
from db.desk.engine import Connection
from db.queries.log import LogFilter, lines_by_id
from db.queries.search import Found, Hit, search
from ui.panel import Panel
from ui.search_hits import HitModel, HitView
from ui.shell.chip import Chip, Label
from ui.shell.composing import TextLine, belongs_to_input_method
from ui.shell.keys import KeyHint
from ui.theme import SPACE, TYPE
from ui.workbench import Page, Workbench

WAIT_MS = 120
STEP = 50
REGISTERS = tuple(name for name, kind in REGISTRY.items() if kind.register and kind.searchable())
SEARCHED = frozenset(name for name, kind in REGISTRY.items() if kind.searchable())
# where -> its key
PLACES = {"all": "Alt+A", "log": "Alt+L", "incident": "Alt+E", "register": "Alt+G", "important": "Alt+I"}
_STEPS = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 10, Qt.Key.Key_PageUp: -10}


@dataclass(frozen=True)
class Results:
    """What was found, and which of it is struck."""

    found: Found
    struck: frozenset[UUID]


def look_up(connection: Connection, text: str, where: str, limit: int) -> Results:
    """Search, and mark what does not count any more."""
    found = find(connection, text, where, limit)
    facts = [hit.id for hit in found.hits if REGISTRY[hit.kind].nature == "fact"]
    return Results(found, frozenset(line.id for line in lines_by_id(connection, facts) if line.struck))


def find(connection: Connection, text: str, where: str, limit: int) -> Found:
    """The newest ``limit`` records of a place ("all", "log", "incident", "register", "important")."""
    if where == "important":
        return search(connection, text, LogFilter(important=True), None, limit)
    if where == "register":
        parts = [search(connection, text, None, kind, limit) for kind in REGISTERS]
        hits = sorted((hit for part in parts for hit in part.hits), key=_age, reverse=True)
        more = len(hits) > limit or any(part.more for part in parts)
        return Found(tuple(hits[:limit]), max((part.unindexed for part in parts), default=0), more)
    kind = {"log": "log_entry", "incident": "incident"}.get(where)
    return search(connection, text, None, kind, limit)


def _age(hit: Hit) -> tuple[object, bytes]:
    return hit.happened_at or EPOCH, hit.id.bytes


class _Words(TextLine):
    """The field: arrows are for the results, Enter opens."""

    def __init__(self, step: Callable[[int], None]) -> None:
        super().__init__()
        self._step = step

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows up and down move in the results."""
        step = _STEPS.get(Qt.Key(event.key()))
        if step is not None and not (self.composing() and belongs_to_input_method(event)):
            self._step(step)
        else:
            super().keyPressEvent(event)


class SearchPage(Page):
    """One field, its places, and the hits."""

    kinds = SEARCHED

    def __init__(self, workbench: Workbench) -> None:
        super().__init__(workbench)
        self._where = "all"
        self._limit = STEP
        self._asked = ""
        self._timer = QTimer(self, singleShot=True, interval=WAIT_MS)
        self._timer.timeout.connect(self._ask)
        self._compose()
        self._keys()
        workbench.directory.changed.connect(self.model.names_changed)
        self._tell(None)

    def _compose(self) -> None:
        theme, words, px = self.workbench.theme, self.words, self.workbench.theme.px
        column = QVBoxLayout(self)
        column.setContentsMargins(px(SPACE.m), px(SPACE.m), px(SPACE.m), px(SPACE.m))
        column.setSpacing(px(SPACE.m))
        self.field = _Words(self._step)
        self.field.setFont(theme.font(TYPE.line))
        # the style sheet's height would win over a minimum set here
        self.field.setStyleSheet(
            f"QLineEdit {{ min-height: {px(SPACE.box) - 2}px; padding: 0 {px(SPACE.s)}px; }}"
        )
        self.field.setPlaceholderText(words("search.hint"))
        self.field.setToolTip(words("search.field_tip"))
        self.field.setAccessibleName(words("search.name"))
        self.field.setClearButtonEnabled(False)
        self.field.textChanged.connect(self._typed)
        self.field.sent.connect(self._open_marked)
        self.field.left.connect(self._leave)
        column.addWidget(self.field)
        self.panel = Panel(theme, words("search.results"), flush=True)
        self.setFocusProxy(self.field)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.progress = Label(theme, ink="muted", size=TYPE.small)
        self.count = Label(theme, ink="muted", size=TYPE.small)
        self.panel.head.addWidget(self.progress)
        self.panel.head.addWidget(self.count)
        self._chips: dict[str, Chip] = {}
        for place in PLACES:
            chip = Chip(theme, words(f"search.filter.{place}"))
            chip.setToolTip(words(f"search.filter.{place}_tip"))
            chip.clicked.connect(lambda _on=False, place=place: self.look_in(place))
            self._chips[place] = chip
            self.panel.head.addWidget(chip)
        self.model = HitModel(words, self.workbench.directory, self.workbench.now)
        self.view = HitView(self.model, theme, words("search.results"))
        self.view.opened.connect(self._open_marked)
        self.empty = Label(theme, ink="muted")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setWordWrap(True)
        self.more = Chip(theme, words("search.more"), key="Alt+M")
        self.more.setToolTip(words("search.more_tip", count=STEP))
        self.more.clicked.connect(self._more)
        foot = self._foot = QHBoxLayout()
        foot.setContentsMargins(px(SPACE.m), px(SPACE.s), px(SPACE.m), px(SPACE.xs))
        foot.addStretch(1)
        foot.addWidget(self.more)
        foot.addStretch(1)
        self.panel.body.addWidget(self.view, 1)
        self.panel.body.addWidget(self.empty, 1)
        self.panel.body.addLayout(foot)
        column.addWidget(self.panel, 1)

    def _keys(self) -> None:
        keys: dict[str, Callable[[], None]] = {"Alt+M": self._more}
        for place, key in PLACES.items():
            keys[key] = lambda place=place: self.look_in(place)  # type: ignore[misc]
        for key, act in keys.items():
            shortcut = QShortcut(QKeySequence(key), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(act)

    # ---- asking

    def look_for(self, text: str) -> None:
        """Search for ``text`` now."""
        self.field.setText(text)
        self._timer.stop()
        self._ask()

    def look_in(self, place: str) -> None:
        """Search only there."""
        self._where, self._limit = place, STEP
        self._ask()

    def refresh(self, change_set: ChangeSet | None) -> None:
        """What was found may have changed; the choice stays with its record."""
        self._ask()

    def _typed(self, text: str) -> None:
        self._limit = STEP
        self._timer.start()

    def _ask(self) -> None:
        text, where, limit = self.field.text().strip(), self._where, self._limit
        for place, chip in self._chips.items():
            chip.show_text(chip.text(), "accent" if place == where else "plain", bold=place == where)
        if not text:
            # a question under way is for words that stand there no more
            self.workbench.bridge.ask(self, lambda _connection: None, lambda _found: None, topic="search")
            self._show("", None)
            return
        self.workbench.bridge.ask(
            self,
            lambda connection: look_up(connection, text, where, limit),
            lambda results: self._show(text, results),
            topic="search",
        )

    def _show(self, text: str, results: Results | None) -> None:
        found = None if results is None else results.found
        fresh = text != self._asked
        self._asked = text
        marked = None if fresh else self.view.marked()
        self.model.show(text, found.hits if found else (), results.struck if results else frozenset())
        self.view.mark(marked)
        self._tell(found)
        if found is not None and found.unindexed and self.isVisible():
            QTimer.singleShot(1000, self, self._index_moved)

    def _index_moved(self) -> None:
        if self.isVisible() and not self._timer.isActive():
            self._ask()

    def _tell(self, found: Found | None) -> None:
        words = self.words
        hits = found.hits if found else ()
        self.view.setVisible(bool(hits))
        self.empty.setVisible(not hits)
        self.more.setVisible(bool(found and found.more))
        self.progress.setText(
            words("search.indexing", count=f"{found.unindexed:,}") if found and found.unindexed else ""
        )
        if found is None:
            self.count.setText("")
            self.empty.setText(f"{words('search.start')}\n\n{words('search.start_keys')}")
            return
        key = f"search.count{'_more' if found.more else ''}"
        self.count.setText(words(key, count=len(hits)) if hits else "")
        if self._where == "all":
            self.empty.setText(words("search.not_found", text=self._asked))
        else:
            where = words(f"search.filter.{self._where}")
            self.empty.setText(words("search.not_found_in", text=self._asked, where=where))

    # ---- moving and opening

    def _step(self, by: int) -> None:
        if not self.view.step(by) and by > 0 and not self.more.isHidden():
            self._more()

    def _more(self) -> None:
        if not self.more.isHidden():
            self._limit += STEP
            self._ask()

    def _open_marked(self) -> None:
        if self._timer.isActive():  # Enter came faster than the answer to the last letter
            self._timer.stop()
            self._ask()
            return
        hit = self.view.marked_hit()
        if hit is not None:
            self.workbench.open_requested.emit(hit.kind, hit.id)

    def _leave(self) -> None:
        self.field.selectAll()

    def focus_field(self, about: object = None) -> None:
        """The cursor in the field, its words selected so that typing replaces them."""
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.selectAll()

    def key_hints(self) -> Sequence[KeyHint]:
        """The page's keys."""
        words, group = self.words, self.words("search.keys.group")
        hints = (
            ("Ctrl+F / F3", "focus"),
            ("↑ ↓", "move"),
            ("Enter", "open"),
            ("Alt+A L E G I", "filters"),
            ("Alt+M", "more"),
        )
        return tuple(KeyHint(key, words(f"search.keys.{name}"), group) for key, name in hints)
