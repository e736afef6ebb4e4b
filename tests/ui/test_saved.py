"""The save state in the status line: every command's commit is told there, whichever page sent it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from commandcenter.runtime import DataDirectory, Desktop
from commandcenter.services.desk_affairs import KeepDraft
from commandcenter.services.log import WriteLogEntry
from ui.bridge import Bridge


def test_a_commit_is_told_and_a_draft_is_not(qtbot: QtBot, tmp_path: Path) -> None:
    desktop = Desktop(DataDirectory(tmp_path / "desk"), profile="empty")
    bridge, owner = Bridge(desktop), QObject()
    desktop.start()
    told: list[bool] = []
    bridge.saved.connect(lambda: told.append(True))
    try:
        with qtbot.waitSignal(bridge.saved, timeout=20_000):
            bridge.execute(owner, WriteLogEntry(text="x"))
        kept: list[object] = []
        bridge.execute(owner, KeepDraft(key="log-box", body={"text": "y"}), kept.append)
        qtbot.waitUntil(lambda: bool(kept), timeout=20_000)
        assert told == [True]
    finally:
        desktop.close()
