"""The sync page compares contents with a centre process that really answers: F5, and what is said."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.cli.terminal import here
from tests.sync.centre import CentreProcess, sync
from tests.ui.desk import open_desk
from ui.pages.exchange import ExchangePage

pytestmark = pytest.mark.timeout(120)


def test_contents_are_compared_and_mended(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    data, centre = tmp_path / "desk", CentreProcess(tmp_path / "centre")
    centre.start()
    try:
        here("do", "WriteLogEntry", '{"text": "一条"}', "--data", data)
        assert centre.enrol(data).code == 0
        assert sync(data).code == 0
        with closing(sqlite3.connect(data / "desk.sqlite3")) as file, file:
            assert file.execute("UPDATE log_entry SET text = '改'").rowcount == 1
        with open_desk(qtbot, data) as desk:
            page = ExchangePage(desk.workbench)
            desk.show(page)
            page.list.setFocus()
            QTest.keyClick(page.list, Qt.Key.Key_F5)
            desk.until(lambda: any("还没有接入" in said for said in desk.said))  # not begun yet
            desk.desktop.sync.begin()
            desk.until(lambda: desk.desktop.sync.live)
            QTest.keyClick(page.list, Qt.Key.Key_F5)
            qtbot.waitUntil(lambda: any("均已修复" in said for said in desk.said), timeout=60_000)
            assert desk.said[-2] == "正在与中心比对内容……"
            assert "1 处不一致" in desk.said[-1]
            QTest.keyClick(page.list, Qt.Key.Key_F5)
            qtbot.waitUntil(lambda: "内容一致" in desk.said[-1], timeout=60_000)
    finally:
        centre.stop()
