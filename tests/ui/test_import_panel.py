"""The import's panel: a table read, corrected, accepted and undone by hand on the registers page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from commandcenter.services.desk_affairs import SetPreference
from commandcenter.services.imports import ImportRegister, UndoImport
from db.desk import local
from db.queries.registers import rows
from tests.documents.test_intake import workbook
from tests.ui.desk import Desk, open_desk
from ui.import_model import MARK
from ui.import_panel import ImportPanel
from ui.import_run import ImportRun
from ui.pages.registers import RegistersPage

KEY, CONTROL = Qt.Key, Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def desk(qtbot: QtBot, tmp_path: Path) -> Iterator[Desk]:
    """A desk of the licheng profile."""
    with open_desk(qtbot, tmp_path / "desk") as made:
        yield made


@pytest.fixture
def page(desk: Desk) -> RegistersPage:
    """The persons on screen."""
    made = RegistersPage(desk.workbench)
    made.show_kind("person")
    desk.show(made)
    desk.until(lambda: made.pane().model.rowCount() > 0)
    return made


def opened(desk: Desk, page: RegistersPage) -> ImportPanel:
    """The panel, by its key."""
    page.pane().view.setFocus()
    QTest.keyClick(page.pane().view, KEY.Key_I, CONTROL)
    panel = page.tables.panel()
    assert panel is not None
    desk.until(panel.isVisible)
    return panel


def names(desk: Desk) -> set[str]:
    """The persons in use."""
    found = desk.ask(lambda connection: rows(connection, "person"))
    return {row["name"] for row in found if not row["retired"]}


def read(desk: Desk, panel: ImportPanel, path: Path) -> None:
    """Read a file and wait for what it would do."""
    panel.read(path)
    desk.until(lambda: panel.look is not None and (panel.look.proposal or panel.look.error))


def test_a_table_from_the_file_to_its_undoing(desk: Desk, page: RegistersPage, tmp_path: Path) -> None:
    before = names(desk)
    path = workbook(
        tmp_path / "a.xlsx",
        [["名册"], ["姓名", "联系电话", "单位"], ["甲子", 13800000001, "海滨街道"], ["乙丑", None, "没有的"]],
    )
    panel = opened(desk, page)
    assert panel.empty.isVisible() and not panel.accept_chip.isVisible()
    read(desk, panel, path)
    assert panel.model.rowCount() == 2
    model = panel.model
    assert model.data(model.index(1, 4)) == MARK + "没有的"
    assert "没有的" in model.data(model.index(1, 5)) and "单位" in model.data(model.index(1, 5))
    assert names(desk) == before, "nothing is written before it is accepted"
    QTest.keyClick(panel.view, KEY.Key_W, Qt.KeyboardModifier.AltModifier)
    assert [row.title for row in model.rows] == ["乙丑"]
    QTest.keyClick(panel.view, KEY.Key_Return, CONTROL)
    desk.until(lambda: panel.past is not None)
    assert names(desk) == before | {"甲子"}
    assert panel.look is None and not panel.accept_chip.isVisible()
    QTest.keyClick(panel, KEY.Key_Z, CONTROL)
    assert panel.question.isVisible() and panel.question.yes.hasFocus()
    QTest.keyClick(panel.question.yes, KEY.Key_Escape)
    assert names(desk) == before | {"甲子"}
    QTest.keyClick(panel, KEY.Key_Z, CONTROL)
    QTest.keyClick(panel.question.yes, KEY.Key_Return)
    desk.until(lambda: panel.past is not None and panel.past["undone"])
    assert names(desk) == before
    assert not panel.undo_chip.isVisible()
    QTest.keyClick(panel, KEY.Key_N)
    assert not page.pane().form.is_new(), "letters are not the list's keys here"
    QTest.keyClick(panel, KEY.Key_Escape)
    assert page.pane().isVisible() and not panel.isVisible()
    desk.settle()


def test_a_corrected_column_is_proposed_anew_and_remembered(
    desk: Desk, page: RegistersPage, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    path.write_text("称呼,号\n甲子,1\n", encoding="gbk")
    panel = opened(desk, page)
    read(desk, panel, path)
    assert panel.look is not None and panel.look.error is not None
    assert not panel.accept_chip.isEnabled()
    box = panel.columns.boxes[0]
    box.setFocus()
    box.setCurrentIndex(box.findData("name"))
    box.activated.emit(box.currentIndex())
    desk.until(lambda: panel.look is not None and panel.look.proposal is not None)
    assert panel.columns.boxes[0].hasFocus(), "the keyboard stays in the box"
    panel.accept_chip.click()
    desk.until(lambda: panel.past is not None)
    assert "甲子" in names(desk)
    read(desk, panel, path)
    assert panel.look.columns.remembered
    assert panel.columns.state.text() == desk.workbench.words("import.remembered")
    kept = desk.ask(local.everything)
    assert any(key.startswith("layout.import.person.") for key in kept)
    desk.settle()


def test_what_is_no_table_is_said_and_nothing_is_lost(
    desk: Desk, page: RegistersPage, tmp_path: Path
) -> None:
    path = tmp_path / "photo.xlsx"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(99))
    panel = opened(desk, page)
    panel.read(path)
    desk.until(lambda: any("photo.xlsx" in said and "图片" in said for said in desk.said))
    assert panel.look is None
    page.show_kind("desk")
    assert page.tables.take.isHidden(), "a desk is made by enrolling it"
    page.show_kind("organisation")
    assert not page.tables.take.isHidden()


def test_it_stops_between_two_groups(desk: Desk) -> None:
    from commandcenter.runtime import new_id

    batch, ended = new_id(), []
    run = ImportRun(desk.workbench, desk.workbench)
    run.ended.connect(lambda done, total, error: ended.append((done, total, error)))

    def parts() -> Iterator[ImportRegister]:
        for at in range(5):
            if at == 2:
                run.cancel()
            yield ImportRegister(kind="person", batch=batch, add=[{"name": f"甲{at}"}], last=at == 4)

    run.accept(parts(), 5)
    desk.until(lambda: ended)
    assert ended == [(3, 5, None)], "the group under way is finished"
    assert {"甲0", "甲1", "甲2"} <= names(desk)
    run.undo(batch, 3)
    desk.until(lambda: len(ended) == 2)
    assert not {"甲0", "甲1", "甲2"} & names(desk)
    assert desk.desktop.execute(UndoImport(batch=batch)).result(20).changes == 0
    desk.desktop.execute(SetPreference(key="layout.x", value=[])).result(20)


def test_the_register_is_exported(desk: Desk, page: RegistersPage, tmp_path: Path) -> None:
    from commandcenter.documents.intake_table import read_table
    from commandcenter.documents.register_sheet import RegisterFilter

    page.tables.save()
    exporter = page.tables._exporters["person"]
    path = tmp_path / "out.xlsx"
    with desk.qtbot.waitSignal(exporter.finished, timeout=10_000):
        exporter.write(RegisterFilter(kind="person"), path)
    table = read_table(path)
    assert {row[0] for row in table.rows[1:]} == names(desk)
    desk.settle()
    events = desk.ask(lambda connection: rows(connection, "access_event"))
    assert [(event["action"], event["subject_kind"]) for event in events] == [("exported", "person")]
