"""The workbench: what every page is given, and what a page is to the window."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QWidget

from commandcenter.domain.change import ChangeSet
from commandcenter.domain.errors import Answerable
from commandcenter.runtime import Desktop
from commandcenter.words import Words
from ui.bridge import Bridge
from ui.directory import LiveDirectory
from ui.live import Live
from ui.shell.keys import KeyHint
from ui.theme import Theme

if TYPE_CHECKING:
    from commandcenter.services.sign_in import Centre
    from ui.idle import Idle
    from ui.sync_watch import SyncWatch
    from ui.welfare_watch import WelfareWatch


class Workbench(QObject):
    """Words, look, lanes and names in one hand. Pages ask the window through its signals."""

    open_requested = Signal(str, object)  # kind, id: show this record where it stands
    page_requested = Signal(str)
    clash_requested = Signal(str, object, str)  # kind, id, field: show its values where one is chosen
    progress = Signal(str, object)  # a sentence while something long goes on, and what cancels it
    said = Signal(str)  # one sentence about what was done
    problem = Signal(str)  # one sentence about what went wrong
    preference_chosen = Signal(str, object)  # "language", "theme", "scale"; its value
    context_changed = Signal()  # the page shows another incident, or has other keys
    seat_requested = Signal()  # ask who sits here
    leave_requested = Signal()  # sign out
    seated = Signal(object)  # who has just sat down (UUID), or None: nobody

    def __init__(
        self,
        *,
        words: Words,
        theme: Theme,
        bridge: Bridge,
        live: Live,
        directory: LiveDirectory,
        now: Callable[[], datetime],
        desktop: Desktop,
    ) -> None:
        super().__init__()
        self.words, self.theme = words, theme
        self.bridge, self.live, self.directory = bridge, live, directory
        self.now = now
        self.desktop = desktop
        self.sync: SyncWatch | None = None  # how it stands with the centre; None before anybody watches
        self.welfare: WelfareWatch | None = None  # which teams in the field are to be asked how they are
        self.idle: Idle | None = None  # what hides names; None where nobody counts
        self.centre: Centre | None = None  # asks the centre who somebody is; None at a desk alone

    def sentence(self, error: BaseException) -> str:
        """What the person is told of an error; a bug is told as one."""
        if isinstance(error, Answerable):
            return self.words.sentence(error)
        return self.words("refused.fault")

    def say_error(self, error: BaseException) -> None:
        """Say an error in the strip."""
        self.problem.emit(self.sentence(error))


class Page(QWidget):
    """The base of a page: it reads when it is first shown, and again when something it shows changed.

    A page that is hidden only remembers that it is stale.
    """

    kinds: frozenset[str] = frozenset()  # the kinds whose changes concern this page

    def __init__(self, workbench: Workbench) -> None:
        super().__init__()
        self.workbench = workbench
        self.words = workbench.words
        self._stale = True
        workbench.live.changed.connect(self._heard)

    def _heard(self, change_set: ChangeSet) -> None:
        if not self.kinds & change_set.touched.keys():
            return
        if self.isVisible():
            self.refresh(change_set)
        else:
            self._stale = True

    def refresh(self, change_set: ChangeSet | None) -> None:
        """Read again; ``change_set`` None: everything. Subclasses do it without moving anything typed."""

    def showEvent(self, event: QShowEvent) -> None:
        """Catch up with what came while hidden."""
        super().showEvent(event)
        if self._stale:
            self._stale = False
            self.refresh(None)

    def to_start(self) -> None:
        """It is shown, and was asked for once more: back to where it begins."""

    def key_hints(self) -> Sequence[KeyHint]:
        """The page's own keys, for the overlay."""
        return ()

    def incident(self) -> UUID | None:
        """The incident that a line typed on this page belongs to."""
        return None

    def open(self, kind: str, id_: UUID) -> None:
        """Show the record ``id_`` of ``kind`` where it stands on this page."""

    def focus_field(self, about: object = None) -> None:
        """Put the cursor where this page is typed into first, or on what ``about`` names."""
