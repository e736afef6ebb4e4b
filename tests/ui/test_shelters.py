"""The proof of the shelters on screen: the board by state, one key each, heads counted by Enter."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from commandcenter.services.log import StrikeFact
from commandcenter.services.registers import AddCard, RetireCard
from commandcenter.services.shelters import CountHeads, MovePeople, OpenShelters
from db.desk import occupancies
from db.queries.log import lines_by_id
from db.queries.shelters import people_series, proposals, shelters_now
from tests.ui.desk import Desk, open_desk
from ui.pages.shelters import SheltersPage

KEY = Qt.Key


@pytest.fixture
def desk(qtbot: QtBot, tmp_path: Path) -> Iterator[Desk]:
    with open_desk(qtbot, tmp_path / "desk") as made:
        for one in made.ask(shelters_now).shelters:  # those that ship with the district
            made.do(RetireCard(kind="shelter", id=one.id))
        yield made


def shelter(desk: Desk, name: str, **more: Any) -> UUID:
    fields = {"name": name, "shelter_class": "disaster", "capacity": 50, **more}
    return desk.do(AddCard(kind="shelter", fields=fields))


@pytest.fixture
def board(desk: Desk) -> SheltersPage:
    page = SheltersPage(desk.workbench)
    desk.show(page)
    return page


def press(part: QWidget, key: Qt.Key) -> None:
    QTest.keyClick(part, key)


def test_a_sentence_where_there_is_no_shelter(desk: Desk, board: SheltersPage) -> None:
    desk.until(board._empty.isVisible)
    assert not board.tiles.isVisible() and not board.filter.isVisible()
    shelter(desk, "新春社区避灾点")
    desk.until(lambda: len(board.tiles.tiles()) == 1)


def test_a_shelter_is_opened_counted_filled_and_closed_by_keys(desk: Desk, board: SheltersPage) -> None:
    id_ = shelter(desk, "新春社区避灾点", shelter_grade="a")
    shelter(desk, "梅山社区避灾点")
    desk.until(lambda: len(board.tiles.tiles()) == 2)
    assert board.tiles.choose(id_)
    board.tiles.setFocus()
    press(board.tiles, KEY.Key_C)
    assert desk.said[-1].startswith("还没有启用")
    press(board.tiles, KEY.Key_O)
    desk.until(lambda: board.tiles.tiles()[0].state == "opened")
    current = board.tiles.current()
    assert current is not None and current.id == id_, "it stays chosen where it stands now"
    press(board.tiles, KEY.Key_C)
    numbers = board.form.numbers
    desk.until(numbers["people"].line.hasFocus)
    QTest.keyClicks(numbers["people"].line, "58")
    press(numbers["people"].line, KEY.Key_Return)
    assert numbers["elderly"].line.hasFocus()
    QTest.keyClicks(numbers["elderly"].line, "59")
    press(numbers["elderly"].line, KEY.Key_Return)
    press(numbers["children"].line, KEY.Key_Return)
    press(numbers["care"].line, KEY.Key_Return)
    desk.until(lambda: bool(board.form.rows["elderly"].sentence()))
    assert numbers["elderly"].line.hasFocus(), "the cursor is where it must be mended"
    numbers["elderly"].line.selectAll()
    QTest.keyClicks(numbers["elderly"].line, "9")
    QTest.keyClick(numbers["elderly"].line, KEY.Key_Return, Qt.KeyboardModifier.ControlModifier)
    desk.until(lambda: not board.form.isVisible())
    desk.until(lambda: board.tiles.tiles()[0].mark == "▲ 超员 8")
    assert "58 / 50 人" in board.tiles.tiles()[0].detail
    assert "老人 9" in board.detail.text()
    press(board.tiles, KEY.Key_F)
    desk.until(lambda: board.tiles.tiles()[0].state == "full")
    press(board.tiles, KEY.Key_U)
    desk.until(numbers["people"].line.hasFocus)
    QTest.keyClicks(numbers["people"].line, "99")
    press(numbers["people"].line, KEY.Key_Return)
    desk.until(lambda: "58" in board.form.rows["people"].sentence())
    press(numbers["people"].line, KEY.Key_Escape)
    press(board.tiles, KEY.Key_X)
    desk.until(board.form.reason.line.hasFocus)
    press(board.form.reason.line, KEY.Key_Return)
    desk.until(lambda: "58" in board.form.rows["reason"].sentence())
    press(board.form.reason.line, KEY.Key_Return)
    desk.until(lambda: not board.form.isVisible())
    desk.until(lambda: all(tile.state == "closed" for tile in board.tiles.tiles()))


def test_the_filter_finds_by_initials_and_leaves_by_esc(desk: Desk, board: SheltersPage) -> None:
    shelter(desk, "新春社区避灾点")
    shelter(desk, "梅山社区避灾点")
    desk.until(lambda: len(board.tiles.tiles()) == 2)
    board.filter.setFocus()
    QTest.keyClicks(board.filter.line, "mssq")
    assert [tile.name for tile in board.tiles.tiles()] == ["梅山社区避灾点"]
    QTest.keyClicks(board.filter.line, "x")
    assert board._empty.isVisible() and "mssqx" in board._empty.text()
    press(board.filter.line, KEY.Key_Escape)
    assert len(board.tiles.tiles()) == 2 and board.tiles.hasFocus()


def test_the_log_says_it_and_a_struck_count_counts_nowhere(desk: Desk) -> None:
    id_ = shelter(desk, "新春社区避灾点")
    desk.do(OpenShelters(shelter_ids=[id_]))
    right = desk.do(CountHeads(shelter_id=id_, people=12, elderly=5, children=2))
    wrong = desk.do(CountHeads(shelter_id=id_, people=120))
    desk.do(StrikeFact(target_id=wrong, reason="听错"))
    (one,) = desk.ask(shelters_now).shelters
    assert (one.people, one.free) == (12, 38)
    (line,) = desk.ask(lambda connection: lines_by_id(connection, [right]))
    assert line.values["thing"] == "新春社区避灾点"
    desk.do(MovePeople(shelter_id=id_, flow="in", people=3))
    told = desk.ask(lambda c: people_series(c, desk.workbench.now().replace(hour=0), desk.workbench.now()))
    assert [people for _, people in told][-2:] == [12, 15]
    kept = desk.ask(occupancies.read)
    desk.desktop.submit(lambda at: occupancies.rebuild(at.connection)).result(20)
    assert desk.ask(occupancies.read) == kept


def test_the_nearest_with_room_is_proposed_first(desk: Desk) -> None:
    street = desk.do(AddCard(kind="organisation", fields={"name": "开元街道", "level": "street"}))
    near = {"name": "梅山社区", "level": "community", "parent_id": str(street)}
    community = desk.do(AddCard(kind="organisation", fields=near))
    here = shelter(desk, "本社区小", organisation_id=str(community), capacity=10)
    beside = shelter(desk, "本街道大", organisation_id=str(street), capacity=200)
    far = shelter(desk, "外街道", capacity=500)
    quake = shelter(desk, "地震场所", shelter_class="earthquake", capacity=9000)
    unknown = shelter(desk, "容量未登记", capacity=None)

    def order(people: int, **more: Any) -> list[UUID]:
        found = desk.ask(lambda c: proposals(c, street=street, community=community, people=people, **more))
        return [one.shelter.id for one in found]

    assert order(8) == [here, beside, far, unknown, quake]
    assert order(100) == [beside, far, here, unknown, quake]
    assert order(100, earthquake=True)[0] == quake
    desk.do(OpenShelters(shelter_ids=[beside]))
    assert beside not in order(100)
