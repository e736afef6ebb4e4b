"""The sync page at a real desk whose file has met another desk through a real centre."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from commandcenter.services.incidents import EditIncident, OpenIncident
from commandcenter.services.log import WriteLogEntry
from commandcenter.services.registers import AddCard, EditCard
from commandcenter.sync.state import SyncState
from db.queries.clashes import clashes
from db.queries.exchange import refused, waiting
from db.queries.log import lines_by_id
from db.queries.registers import row
from tests.ui.desk import Desk, open_desk
from tests.ui.exchanged import Exchanged
from ui.exchange_clash import SETTLE_MS
from ui.forms.editors import Editor
from ui.pages.exchange import ExchangePage
from ui.sync_watch import SyncWatch

KEY = Qt.Key


@dataclass
class Night:
    """What the two desks did before the page is opened."""

    desk: Desk
    page: ExchangePage
    incident: UUID
    unit: UUID
    line: UUID  # refused

    def press(self, key: Qt.Key) -> None:
        """A key in the list."""
        QTest.keyClick(self.page.list, key)

    def show(self, tab: str) -> None:
        """One of the lists, read."""
        self.page.show_tab(tab)
        self.desk.settle()
        self.desk.qtbot.wait(SETTLE_MS + 50)

    def values(self, field: str) -> list[UUID]:
        """The heads of a field of the incident."""
        found = self.desk.ask(lambda connection: row(connection, "incident", self.incident))
        assert found is not None
        heads: list[UUID] = found["heads"].get(field, [])
        return heads


def box_of(editor: Editor) -> QWidget:
    """What is typed in."""
    return editor.focusProxy() or editor


def two_desks(folder: Path) -> tuple[UUID, UUID, UUID]:
    """An incident with two places and two titles, a unit with two names, a refused line, one that waits."""
    world = Exchanged(folder)
    incident = world.do(world.here, OpenIncident(title="内涝", event_code="11A01"))
    unit = world.do(world.here, AddCard(kind="organisation", fields={"name": "一队", "level": "unit"}))
    world.settle()
    for machine, place, title, name in (
        (world.here, "浮桥小区", "浮桥内涝", "一中队"),
        (world.there, "浮桥新村 3 号楼", "小区内涝", "第一队"),
    ):
        for field, value in (("place", place), ("title", title)):
            heads = row(machine.connection, "incident", incident)
            assert heads is not None
            bases = heads["heads"].get(field, [])
            world.do(machine, EditIncident(id=incident, fields={field: value}, bases={field: bases}))
        world.do(machine, EditCard(kind="organisation", id=unit, fields={"name": name}))
    world.settle()
    line = world.do(world.here, WriteLogEntry(text="抽水泵两台到位", incident_id=incident))
    world.refuse(world.here, line, "not_your_scope")
    world.do(world.here, WriteLogEntry(text="还没有送出的一行"))
    world.close()
    return incident, unit, line


@pytest.fixture
def night(qtbot: QtBot, tmp_path: Path) -> Iterator[Night]:
    incident, unit, line = two_desks(tmp_path)
    with open_desk(qtbot, tmp_path) as desk:
        watch = SyncWatch(desk.bridge, desk.live, desk.workbench)
        desk.workbench.sync = watch
        watch.tell(SyncState(state="online", since=desk.workbench.now()))
        page = ExchangePage(desk.workbench)
        desk.show(page)
        page.list.setFocus()
        desk.until(page.list.rows)
        yield Night(desk, page, incident, unit, line)


def test_what_waits_is_listed_with_its_words(night: Night) -> None:
    titles = [row.title for row in night.page.list.rows()]
    assert titles == ["还没有送出的一行"]
    assert night.page.head.tabs["waiting"].text() == "待上传 1"
    assert "还没有到中心" in night.page.group.why.text()
    assert not night.page.group.resend.isVisible()


def test_a_value_is_chosen_with_one_key_on_the_bases_of_all_seen(night: Night) -> None:
    night.show("exceptions")
    page = night.page
    assert page.head.tabs["exceptions"].text() == "异议 3"
    page.show_clash("incident", night.incident, "place")
    night.desk.qtbot.wait(SETTLE_MS + 50)
    texts = [text for text, _ in page.clash.texts()]
    assert sorted(texts) == ["浮桥小区", "浮桥新村 3 号楼"]
    assert all("未登录" in said for _, said in page.clash.texts())
    assert len(night.values("place")) == 2
    wanted = texts.index("浮桥小区")
    night.press(KEY.Key_1 if wanted == 0 else KEY.Key_2)
    night.desk.until(lambda: len(night.values("place")) == 1)
    found = night.desk.ask(lambda connection: row(connection, "incident", night.incident))
    assert found is not None and found["place"] == "浮桥小区"
    night.desk.until(lambda: page.head.tabs["exceptions"].text() == "异议 2")
    left = night.desk.ask(clashes)
    assert {clash.field for clash in left.clashes} == {"title", "name"}


def test_a_digit_pressed_before_it_can_be_read_is_nobodys_choice(night: Night) -> None:
    night.show("exceptions")
    night.page.show_clash("incident", night.incident, "title")
    night.press(KEY.Key_1)
    night.desk.settle()
    assert len(night.values("title")) == 2


def test_another_value_is_written_in_the_place_of_all(night: Night) -> None:
    night.show("exceptions")
    page = night.page
    page.show_clash("organisation", night.unit, "name")
    night.press(KEY.Key_T)
    assert page.clash.editor is not None
    box = QApplication.focusWidget()
    assert box is not None
    QTest.keyClicks(box, "abc")
    QTest.keyClick(box, KEY.Key_Escape)
    assert QApplication.focusWidget() is page.list
    night.press(KEY.Key_T)  # Esc loses no typed text
    assert page.clash.editor.raw() == "abc"
    box = QApplication.focusWidget()
    assert box is not None
    QTest.keyClick(box, KEY.Key_Return)

    def name() -> object:
        found = night.desk.ask(lambda connection: row(connection, "organisation", night.unit))
        return None if found is None else (found["name"], len(found["heads"]["name"]))

    night.desk.until(lambda: name() == ("abc", 1))
    night.desk.until(lambda: QApplication.focusWidget() is page.list)


def test_why_a_group_came_back_and_putting_it_aside(night: Night) -> None:
    night.show("refused")
    page = night.page
    assert [row.title for row in page.list.rows()] == ["抽水泵两台到位"]
    assert "不归本席所属单位" in page.group.why.text()
    night.press(KEY.Key_D)
    night.desk.until(lambda: not page.list.rows())
    assert "按 A 看已处理的 1 组" in page.empty.text()
    assert night.desk.ask(refused).answered == 1
    night.press(KEY.Key_A)
    night.desk.until(page.list.rows)
    assert page.list.rows()[0].tag == "已处理"
    night.press(KEY.Key_D)
    night.desk.until(lambda: night.desk.ask(refused).open == 1)


def test_edit_and_resend_says_it_again_under_the_same_record(night: Night) -> None:
    night.show("refused")
    page = night.page
    night.press(KEY.Key_E)
    night.desk.until(lambda: page.resend.boxes)
    boxes = {box.name: box for box in page.resend.boxes}
    assert boxes["text"].editor.raw() == "抽水泵两台到位"
    assert "late_reason" in boxes  # by now it wants a reason
    boxes["text"].editor.put_raw("抽水泵三台到位")
    QTest.keyClick(box_of(boxes["text"].editor), KEY.Key_Return, Qt.KeyboardModifier.ControlModifier)
    night.desk.until(lambda: not page.resend.boxes)
    found = night.desk.ask(lambda connection: lines_by_id(connection, [night.line]))
    assert [line.text for line in found] == ["抽水泵三台到位"]
    night.desk.until(lambda: not page.list.rows())
    waits = night.desk.ask(waiting)
    assert [group.changes[0].value("text") for group in waits.groups] == [
        "还没有送出的一行",
        "抽水泵三台到位",
    ]
    assert waits.groups[-1].changes[0].row == night.line
    assert waits.groups[-1].changes[0].id != night.line


def test_esc_keeps_what_was_typed_for_the_next_time(night: Night) -> None:
    night.show("refused")
    page = night.page
    night.press(KEY.Key_E)
    night.desk.until(lambda: page.resend.boxes)
    box = next(box for box in page.resend.boxes if box.name == "text")
    box.editor.setFocus()
    QTest.keyClicks(box_of(box.editor), "!")
    QTest.keyClick(box_of(box.editor), KEY.Key_Escape)
    assert not page.resend.boxes and QApplication.focusWidget() is page.list
    night.press(KEY.Key_E)
    night.desk.until(lambda: page.resend.boxes)
    again = next(box for box in page.resend.boxes if box.name == "text")
    assert "!" in again.editor.raw()


def test_what_is_settled_elsewhere_leaves_nothing_chosen(night: Night) -> None:
    """No key may meet another exception than the one that was read."""
    night.show("exceptions")
    page = night.page
    page.show_clash("incident", night.incident, "title")
    night.desk.qtbot.wait(SETTLE_MS + 50)
    heads = night.values("title")
    night.desk.do(EditIncident(id=night.incident, fields={"title": "别处定的"}, bases={"title": heads}))
    night.desk.until(lambda: len(page.list.rows()) == 2)
    assert page.list.current() is None
    assert "已经了结" in page.nothing.text()
    night.press(KEY.Key_1)
    night.desk.settle()
    assert night.desk.ask(clashes).open == 2
    night.press(KEY.Key_Down)
    assert page.list.current() is not None


def test_what_comes_while_it_is_read_takes_the_next_digit(night: Night, tmp_path: Path) -> None:
    from dataclasses import replace

    from db.queries.clash import Value

    night.show("exceptions")
    page = night.page
    page.show_clash("incident", night.incident, "place")
    night.desk.qtbot.wait(SETTLE_MS + 50)
    before = [text for text, _ in page.clash.texts()]
    shown = page.clash.clash
    assert shown is not None
    late = Value(id=UUID(int=7), value="来得更早的", at=shown.values[0].at)
    page.clash.show_clash(replace(shown, values=(late, *shown.values)), night.desk.workbench.now())
    assert [text for text, _ in page.clash.texts()] == [*before, "来得更早的"]
    assert "刚到" in page.clash.texts()[2][1]
    assert not page.clash.choose(0)  # nobody can have read it yet


def test_rows_above_come_and_go_and_nothing_moves(night: Night) -> None:
    from ui.rows_list import Row, RowsView

    view = RowsView(night.desk.workbench.theme, "x")
    night.desk.show(view)
    rows = [Row(UUID(int=n), f"{n}", "") for n in range(100, 200)]
    view.show_rows(rows)
    view.choose(UUID(int=150))
    view.setFocus()
    where = view.visualRect(view.currentIndex()).top()
    new = [Row(UUID(int=n), f"{n}", "") for n in range(20)]
    view.show_rows([*new, *rows[10:]])
    current = view.current()
    assert current is not None and current.title == "150"
    assert view.visualRect(view.currentIndex()).top() == where


def test_the_list_is_exported_as_it_stands(night: Night, tmp_path: Path) -> None:
    night.show("exceptions")
    target = tmp_path / "list.csv"
    with night.desk.qtbot.waitSignal(night.page.exporter.finished, timeout=10_000) as done:
        night.page.exporter.write(night.page._filter, target)
    assert done.args is not None and done.args[1] == 6  # a row for each value
    text = target.read_text("utf-8-sig")
    assert "浮桥小区" in text and "浮桥新村 3 号楼" in text
    night.show("refused")
    with night.desk.qtbot.waitSignal(night.page.exporter.finished, timeout=10_000):
        night.page.exporter.write(night.page._filter, tmp_path / "refused.pdf")
    assert (tmp_path / "refused.pdf").read_bytes()[:5] == b"%PDF-"
