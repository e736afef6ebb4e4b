"""The desk that interface tests work at: a real directory, real lanes, a real workbench."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from commandcenter.runtime import DataDirectory, Desktop
from commandcenter.services.command import Command
from commandcenter.services.reference import shipped_row_id
from commandcenter.words import Words
from db.desk.engine import Connection
from ui.bridge import Bridge
from ui.directory import LiveDirectory
from ui.live import Live
from ui.theme import Theme
from ui.workbench import Workbench

T = TypeVar("T")


class Desk:
    """A workbench over a fresh directory of the licheng profile."""

    def __init__(self, qtbot: QtBot, folder: Path) -> None:
        self.qtbot = qtbot
        self.live = Live()
        self.desktop = Desktop(DataDirectory(folder), changed=self.live.tell)
        self.bridge = Bridge(self.desktop)
        words = Words("zh_CN")
        self.names = LiveDirectory(self.bridge, words)
        self.live.changed.connect(self.names.heard)
        self.workbench = Workbench(
            words=words,
            theme=Theme(),
            bridge=self.bridge,
            live=self.live,
            directory=self.names,
            now=lambda: datetime.now(UTC),
            desktop=self.desktop,
        )
        self.windows: list[QWidget] = []
        self.said: list[str] = []
        self.opened: list[tuple[str, UUID]] = []
        self.unhandled: list[BaseException] = []
        self.workbench.said.connect(self._heard)
        self.workbench.problem.connect(self._heard)
        self.workbench.open_requested.connect(lambda kind, id_: self.opened.append((kind, id_)))
        self.bridge.failed.connect(self._failed)
        self.desktop.start()
        self.desktop.ready.result(20)
        self.names.read()
        self.until(lambda: self.names.now.device is not None)

    def _heard(self, sentence: str) -> None:
        self.said.append(sentence)

    def _failed(self, error: BaseException) -> None:
        self.unhandled.append(error)

    def show(self, *parts: QWidget) -> QWidget:
        """Parts in a window of their own, with somewhere else to go ("elsewhere") beneath them."""
        window = QWidget()
        layout = QVBoxLayout(window)
        for part in parts:
            layout.addWidget(part)
        other = QLineEdit()
        other.setObjectName("elsewhere")
        layout.addWidget(other)
        window.resize(1200, 800)
        self.windows.append(window)  # qtbot alone would let it go
        self.qtbot.addWidget(window)
        with self.qtbot.waitActive(window):
            window.show()
            window.activateWindow()
        return window

    def do(self, command: Command) -> UUID:
        """Carry out a command as another hand would; returns the first row's id."""
        outcome = self.desktop.execute(command).result(20)
        return outcome.ids[0]

    def ask(self, question: Callable[[Connection], T]) -> T:
        """What the file holds."""
        return self.desktop.ask(question).result(20)

    def until(self, true: Callable[[], object]) -> None:
        """Let the program work until something is so."""
        self.qtbot.waitUntil(lambda: bool(true()), timeout=5000)

    def settle(self) -> None:
        """Let everything under way land."""
        self.desktop.ask(lambda _connection: None).result(20)
        self.qtbot.wait(150)


def organisation(code: str) -> UUID:
    """A shipped organisation's id."""
    return shipped_row_id("organisation", code)


@contextmanager
def open_desk(qtbot: QtBot, folder: Path) -> Iterator[Desk]:
    """A desk that is closed afterwards."""
    desk = Desk(qtbot, folder)
    try:
        yield desk
    finally:
        desk.live.blockSignals(True)  # nothing is asked any more
        desk.desktop.close()
        assert not desk.unhandled


def heads_of(values: dict[str, Any], name: str) -> list[UUID]:
    """The changes whose values a field holds."""
    heads: list[UUID] = values["heads"].get(name, [])
    return heads
