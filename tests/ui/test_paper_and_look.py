"""The tests of paper and look: what is exported and printed, and the window furnished anew."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from PySide6.QtCore import Qt
from PySide6.QtPdf import QPdfDocument
from PySide6.QtPrintSupport import QPrinter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from commandcenter.runtime import DataDirectory
from commandcenter.services.incidents import OpenIncident
from commandcenter.services.log import WriteLogEntry
from commandcenter.services.registers import AddCard, RetireCard
from commandcenter.words import Words
from tests.ui.desk import Desk, open_desk
from ui import preview
from ui.app import look, make_shell, prepare
from ui.duty_room import DutyRoom
from ui.export import Exporter
from ui.file_question import ask_where
from ui.pages.incident import IncidentPage
from ui.pages.log import LogPage
from ui.theme import Theme

KEY = Qt.Key
ZH = Words("zh_CN")


@pytest.fixture
def desk(qtbot: QtBot, tmp_path: Path) -> Iterator[Desk]:
    """A desk."""
    with open_desk(qtbot, tmp_path / "desk") as made:
        yield made


def incident_page(desk: Desk) -> tuple[IncidentPage, UUID]:
    """An incident with two lines, on its page."""
    id_ = desk.do(OpenIncident(title="地下室进水", event_code="11A02", known="积水 20 厘米"))
    for text in ("水深 0.5 米", "水深 0.8 米"):
        desk.do(WriteLogEntry(text=text, incident_id=id_))
    page = IncidentPage(desk.workbench)
    desk.show(page)
    page.show_incident(id_)
    desk.until(lambda: page.head.number.text() and page.table.window_.total == 2)
    return page, id_


def focus() -> QWidget | None:
    """Who has the keyboard."""
    found: QWidget | None = QApplication.focusWidget()
    return found


@pytest.mark.parametrize("suffix", [".csv", ".xlsx", ".pdf"])
def test_the_timeline_shown_is_what_is_exported(desk: Desk, tmp_path: Path, suffix: str) -> None:
    """Its filter and no other; the count told is the count written."""
    page, _ = incident_page(desk)
    desk.do(WriteLogEntry(text="别处的一行"))
    shown = page.shown()
    assert shown is not None
    written: list[tuple[str, int]] = []
    page.exporter.finished.connect(lambda path, count: written.append((path, count)))
    path = tmp_path / f"timeline{suffix}"
    page.exporter.write(shown, path)
    desk.until(lambda: written)
    assert written == [(str(path), 2)] and path.stat().st_size > 0
    if suffix == ".csv":
        text = path.read_text(encoding="utf-8-sig")
        assert "水深 0.8 米" in text and "别处" not in text
    hints = {hint.key for hint in page.key_hints()}
    assert {"Ctrl+E", "Ctrl+P", "Alt+K"} <= hints


# ---- paper


def test_the_preview_prints_page_by_page(desk: Desk, tmp_path: Path, qtbot: QtBot) -> None:
    """It says its lines and pages, outlives what made it, and paints every page small enough to hold."""
    for number in range(40):
        desk.do(WriteLogEntry(text=f"第 {number} 行 " + "低洼路段积水约 20 厘米。" * 6))
    page = LogPage(desk.workbench)
    desk.show(page)
    desk.until(lambda: page.list.table.window_.total == 40)
    Exporter.print(page.exporter, page._shown())
    desk.until(lambda: page.findChild(preview.Preview) is not None)
    gc.collect()
    shown = page.findChild(preview.Preview)
    assert shown is not None
    pages = shown.document.pageCount()
    assert pages > 1
    assert shown.told.text() == ZH("export.preview_count", count="40", pages=pages)
    printer = QPrinter(QPrinter.PrinterMode.HighResolution)
    printer.setOutputFormat(QPrinter.OutputFormat.PdfFormat)
    target = tmp_path / "printed.pdf"
    printer.setOutputFileName(str(target))
    shown.paint(printer)
    printed = QPdfDocument(shown)
    printed.load(str(target))
    assert printed.pageCount() == pages
    printed.close()
    folder = page.exporter._folder
    assert folder is not None and Path(folder.name).is_dir()
    QTest.keyClick(shown, KEY.Key_Escape)
    assert not Path(folder.name).exists(), "nothing is left of it"
    desk.settle()


def test_a_preview_goes_when_names_are_hidden(desk: Desk, tmp_path: Path) -> None:
    """What stands on its pages must not lie open, or be printed, while nobody is at the desk."""
    desk.do(WriteLogEntry(text="低洼路段积水约 20 厘米。"))
    page = LogPage(desk.workbench)
    desk.show(page)
    desk.until(lambda: page.list.table.window_.total == 1)
    Exporter.print(page.exporter, page._shown())
    desk.until(lambda: page.findChild(preview.Preview) is not None)
    shown = page.findChild(preview.Preview)
    assert shown is not None
    folder = page.exporter._folder
    assert folder is not None
    desk.names.hide(True)
    assert not Path(folder.name).exists()
    printer = QPrinter(QPrinter.PrinterMode.HighResolution)
    printer.setOutputFormat(QPrinter.OutputFormat.PdfFormat)
    target = tmp_path / "printed.pdf"
    printer.setOutputFileName(str(target))
    shown.send_to(printer)
    assert not target.exists()
    desk.settle()


def test_the_question_where_to_takes_a_name_at_once(desk: Desk, tmp_path: Path) -> None:
    """The cursor is in the name, all of it marked: typing and Enter are enough."""
    parent = QWidget()
    desk.show(parent)
    told: list[tuple[Path, str]] = []

    def chosen(path: Path, kind: str) -> None:
        told.append((path, kind))

    dialog = ask_where(parent, ZH, "标题", ["A (*.csv)", "B (*.pdf)"], tmp_path / "log.csv", chosen)
    name = dialog.findChild(QLineEdit)
    assert name is not None
    desk.until(name.hasFocus)
    QTest.keyClicks(name, str(tmp_path / "other.csv"))
    QTest.keyClick(name, KEY.Key_Return)
    desk.until(lambda: told)
    assert told == [(tmp_path / "other.csv", "A (*.csv)")]


# ---- the window furnished anew, and its name


@pytest.fixture
def room(qtbot: QtBot, tmp_path: Path) -> Iterator[DutyRoom]:
    """The whole program on a fresh directory."""
    app = prepare(ZH)
    shell = make_shell(ZH, Theme(), lambda: datetime.now(UTC))
    directory = DataDirectory(tmp_path / "room")
    directory.make()
    made = DutyRoom(app, shell, ZH, look({}), directory, "licheng", lambda: datetime.now(UTC))
    with qtbot.waitActive(shell):
        shell.show()
        shell.activateWindow()
    qtbot.waitUntil(lambda: made.names.now.device is not None, timeout=5000)
    yield made
    made.live.blockSignals(True)
    made.close()
    made.shell.close()


def test_another_look_keeps_line_save_state_and_the_keyboards_place(room: DutyRoom, qtbot: QtBot) -> None:
    """The half-typed line, "saved", and the chip just pressed."""
    qtbot.waitUntil(lambda: bool(room.shell.status.texts()[0]), timeout=5000)
    saved = room.shell.status.texts()[0]
    room.shell.logbox.editor.insertPlainText("写了一半")
    room.shell.show_page("settings")
    room.pages["settings"].focus_field(("theme", "light"))
    chip = focus()
    assert chip is not None
    QTest.keyClick(chip, KEY.Key_Space)
    qtbot.waitUntil(lambda: room.workbench.theme.name == "light", timeout=5000)
    assert room.shell.logbox.draft().text == "写了一半"
    assert room.shell.status.texts()[0] == saved
    settings: Any = room.pages["settings"]
    qtbot.waitUntil(lambda: focus() is settings.preferences["theme", "light"], timeout=5000)


def test_a_line_under_way_is_answered_before_the_window_changes(room: DutyRoom, qtbot: QtBot) -> None:
    """A refusal comes back to the box that asked; nothing is between two windows."""
    first = room.shell
    first.logbox.editor.insertPlainText("在路上")
    QTest.keyClick(first.logbox.editor, KEY.Key_Return)
    assert first.logbox.pending()
    room.workbench.preference_chosen.emit("theme", "light")
    assert room.shell is first, "it waits for the answer"
    qtbot.waitUntil(lambda: room.shell is not first, timeout=5000)
    assert not room.shell.logbox.pending()


def test_the_program_is_called_by_its_district(desk: Desk) -> None:
    """By the district registered, in the language shown; without one by its plain name."""
    assert desk.names.product() == "鲤城区应急指挥中心"
    desk.names.set_words(Words("en"))
    assert desk.names.product().endswith("Emergency Command Centre")
    assert desk.names.product() != Words("en")("shell.product")
    desk.names.set_words(ZH)
    district = next(card for card in desk.names.now.of_kind("organisation") if card.detail == "district")
    desk.do(RetireCard(kind="organisation", id=district.id, retired=True))
    desk.until(lambda: desk.names.product() == ZH("shell.product"))
    desk.do(AddCard(kind="organisation", fields={"name": "示例区", "level": "district"}))
    desk.until(lambda: desk.names.product() == "示例区应急指挥中心")
