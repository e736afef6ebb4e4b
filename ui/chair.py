"""The chair: hides names when it may be empty, and the keys for leaving it, whatever window stands there."""

from __future__ import annotations

import json
from collections.abc import Callable
from uuid import UUID

from PySide6.QtCore import QObject
from PySide6.QtGui import QKeySequence, QShortcut

from commandcenter.services.sign_in import HideNames, SignOut
from db.desk import local
from ui.bridge import Bridge
from ui.directory import LiveDirectory
from ui.idle import Idle
from ui.shell.keys import KeyHint
from ui.shell.window import Shell
from ui.workbench import Workbench

HIDE_KEY, LEAVE_KEY = "F9", "Shift+F9"
WALL = ["wall"]


class Chair(QObject):
    """One for the program's life. A desk with passwords shows no names before somebody has signed in: not at
    the program's start either."""

    def __init__(self, bridge: Bridge, names: LiveDirectory, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bridge, self._names = bridge, names
        self.idle = Idle(self)
        self.idle.masked.connect(self._masked)
        self._ask: Callable[[], None] = lambda: None
        self._opened = False
        self._expected: UUID | None = None  # signed in just now, and not read yet
        self._workbench: Workbench | None = None

    def furnish(self, shell: Shell, workbench: Workbench, ask: Callable[[], None]) -> None:
        """Give a window its keys. ``ask``: opens the seat panel with the cursor in it."""
        self._workbench, self._ask = workbench, ask
        self.idle.release_all()  # by panels of the window before
        workbench.idle = self.idle
        workbench.leave_requested.connect(self.leave)
        for key, act in ((HIDE_KEY, self.hide_or_ask), (LEAVE_KEY, self.leave)):
            shortcut = QShortcut(QKeySequence(key), shell)
            shortcut.setAutoRepeat(False)
            shortcut.activated.connect(act)

    def hints(self) -> tuple[KeyHint, ...]:
        """Its keys, for the overlay."""
        if self._workbench is None:
            return ()
        words = self._workbench.words
        group = words("shell.keys.group_everywhere")
        return (
            KeyHint(HIDE_KEY, words("seat.key_hide"), group),
            KeyHint(LEAVE_KEY, words("seat.key_leave"), group),
        )

    def passwords(self) -> bool:
        """Whether one proves here who one is."""
        return local.wants_password(self._names.now.preferences)

    def names_changed(self) -> None:
        """The directory was read: who sits here, after how long names are hidden. Called before any view."""
        now = self._names.now
        if now.device is None:
            return
        self.idle.locks = self.passwords()
        self.idle.set_after(now.idle_after_s)
        card = self._names.card(now.person)
        wall = card is not None and json.loads(card.detail or "[]") == WALL
        self.idle.set_exempt(wall)
        first, self._opened = not self._opened, True
        if not self.idle.locks:
            self._expected = None
            return
        if self._expected is not None:
            if now.person == self._expected:
                self._expected = None
                self.idle.show_names()
        elif now.person is None or (first and not wall):  # whoever starts the program is not known yet
            self.idle.hide_names()

    def said_of_duty(self, name: str) -> str:
        """What the header says of who is on duty: ``name``, or how names are shown again."""
        if not self.idle.on or self._workbench is None:
            return name
        return self._workbench.words("seat.hidden", key=HIDE_KEY)

    # ---- acts

    def hide_or_ask(self) -> None:
        """Leaving for a moment: hide; coming back: ask who it is."""
        if not self.idle.on:
            self.idle.hide_names()
        elif self.idle.locks:
            self._ask()
        else:
            self.idle.show_names()

    def leave(self) -> None:
        """Sign out with one key."""
        workbench = self._workbench
        if workbench is None or self._names.now.person is None:
            return

        def done(_outcome: object) -> None:
            self._names.read()
            workbench.said.emit(workbench.words("seat.left_now"))

        self._bridge.execute(self, SignOut(), done, workbench.say_error)

    def seated(self, person: UUID | None) -> None:
        """Somebody has signed in or sat down: names are shown as soon as the file says so too."""
        self._expected = person
        self._names.read()

    def _masked(self, on: bool) -> None:
        if on:
            self._expected = None
        self._names.hide(on)
        if on and self.passwords():
            self._bridge.execute(self, HideNames(), lambda _outcome: self._names.read())
        workbench = self._workbench
        if on and workbench is not None:
            key = "hidden_locked" if self.idle.locks else "hidden_open"
            workbench.said.emit(workbench.words(f"seat.{key}", key=HIDE_KEY))
