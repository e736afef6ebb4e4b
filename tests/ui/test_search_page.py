"""The search page: words over everything, newest first, by keyboard, and each hit opens where it stands."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from uuid import UUID

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QInputMethodEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from commandcenter.services.incidents import OpenIncident
from commandcenter.services.log import StrikeFact, WriteLogEntry
from db.queries.search import Found
from tests.ui.desk import Desk, open_desk, organisation
from ui.pages.search import STEP, Results, SearchPage

KEY = Qt.Key


@pytest.fixture
def desk(qtbot: QtBot, tmp_path: Path) -> Iterator[Desk]:
    """A desk of the licheng profile."""
    with open_desk(qtbot, tmp_path / "desk") as made:
        yield made


def page_of(desk: Desk) -> SearchPage:
    """The page on screen."""
    page = SearchPage(desk.workbench)
    desk.show(page)
    page.focus_field()
    return page


def look(desk: Desk, page: SearchPage, text: str) -> list[UUID]:
    """Search and wait for the answer: the ids found, in their order."""
    page.look_for(text)
    desk.settle()
    return ids(page)


def ids(page: SearchPage) -> list[UUID]:
    """What is listed."""
    hits = (page.model.hit(at) for at in range(page.model.rowCount()))
    return [hit.id for hit in hits if hit is not None]


def found_exactly(page: SearchPage, wanted: set[UUID]) -> bool:
    """Whether these and no others are listed."""
    return set(ids(page)) == wanted


def write(desk: Desk, text: str, importance: str = "normal", back: int = 0) -> UUID:
    """One line, ``back`` minutes ago."""
    at = desk.workbench.now() - timedelta(minutes=back)
    return desk.do(WriteLogEntry(text=text, importance=importance, happened_at=at))


def test_one_character_finds_the_newest_first(desk: Desk) -> None:
    old = write(desk, "地下室进水", back=20)
    new = write(desk, "路面积水")
    write(desk, "别的事")
    page = page_of(desk)
    assert look(desk, page, "水")[:2] == [new, old]
    shown = page.model.shown(0)
    assert [shown.text[start:end] for start, end in shown.marks] == ["水"]
    assert look(desk, page, "积水") == [new]
    assert page.count.text() == desk.workbench.words("search.count", count=1)


def test_typing_asks_once_it_pauses(desk: Desk) -> None:
    line = write(desk, "金鸡水位")
    page = page_of(desk)
    event = QInputMethodEvent()
    event.setCommitString("金鸡")
    QApplication.sendEvent(page.field, event)
    assert ids(page) == []
    desk.until(lambda: ids(page) == [line])
    page.field.clear()
    desk.until(lambda: ids(page) == [])
    assert desk.workbench.words("search.start") in page.empty.text()


def test_what_was_not_found_is_named(desk: Desk) -> None:
    page = page_of(desk)
    assert look(desk, page, "不存在的词") == []
    assert page.empty.isVisible() and "不存在的词" in page.empty.text()
    page.look_in("incident")
    desk.settle()
    assert desk.workbench.words("search.filter.incident") in page.empty.text()


def test_places_and_keys(desk: Desk) -> None:
    plain = write(desk, "浮桥积水", back=3)
    urgent = write(desk, "浮桥告急", "urgent", back=2)
    incident = desk.do(
        OpenIncident(title="浮桥内涝", event_code="11A01", street_id=organisation("350502001"))
    )
    page = page_of(desk)
    assert {plain, urgent, incident} <= set(look(desk, page, "浮桥"))
    for key, wanted in (
        (KEY.Key_L, {plain, urgent}),
        (KEY.Key_I, {urgent}),
        (KEY.Key_E, {incident}),
    ):
        QTest.keyClick(page.field, key, Qt.KeyboardModifier.AltModifier)
        desk.until(partial(found_exactly, page, wanted))
    QTest.keyClick(page.field, KEY.Key_G, Qt.KeyboardModifier.AltModifier)
    desk.until(lambda: page.model.rowCount() > 0 and not {plain, urgent, incident} & set(ids(page)))
    kinds = {hit.kind for at in range(page.model.rowCount()) if (hit := page.model.hit(at))}
    assert kinds <= {"organisation", "person"}
    QTest.keyClick(page.field, KEY.Key_A, Qt.KeyboardModifier.AltModifier)
    desk.until(lambda: {plain, urgent, incident} <= set(ids(page)))


def test_arrows_move_and_enter_opens(desk: Desk) -> None:
    older, newer = write(desk, "路口积水一", back=5), write(desk, "路口积水二", back=1)
    page = page_of(desk)
    assert look(desk, page, "路口积水") == [newer, older]
    QTest.keyClick(page.field, KEY.Key_Down)
    assert page.field.hasFocus() and page.view.marked() == older
    QTest.keyClick(page.field, KEY.Key_Return)
    assert desk.opened == [("log_entry", older)]
    another = write(desk, "路口积水三")
    desk.until(lambda: ids(page) == [another, newer, older])
    assert page.view.marked() == older, "what comes in does not move the choice"


def test_enter_faster_than_the_answer_opens_nothing_old(desk: Desk) -> None:
    write(desk, "甲路积水")
    page = page_of(desk)
    look(desk, page, "甲路")
    page.field.setText("乙路")
    QTest.keyClick(page.field, KEY.Key_Return)
    assert desk.opened == []


def test_a_struck_line_is_shown_struck(desk: Desk) -> None:
    line = write(desk, "转移 32 人")
    desk.do(StrikeFact(target_id=line, reason="听误"))
    page = page_of(desk)
    assert look(desk, page, "转移 32") == [line]
    assert page.model.shown(0).struck


def test_the_word_far_into_a_long_line_is_seen(desk: Desk) -> None:
    write(desk, "长" * 500 + "要紧处" + "尾" * 500)
    page = page_of(desk)
    look(desk, page, "要紧处")
    shown = page.model.shown(0)
    ((start, end),) = shown.marks
    assert start < 40 and shown.text[start:end] == "要紧处" and shown.text.startswith("…")


def test_more_is_added_below(desk: Desk) -> None:
    for number in range(STEP + 10):
        write(desk, f"重复的话 {number}")
    page = page_of(desk)
    first = look(desk, page, "重复的话")
    assert len(first) == STEP and page.more.isVisible()
    resets: list[None] = []
    page.model.modelReset.connect(lambda: resets.append(None))
    page.view.mark(first[-1])
    QTest.keyClick(page.field, KEY.Key_Down)
    desk.until(lambda: page.model.rowCount() == STEP + 10)
    assert ids(page)[:STEP] == first and resets == [] and not page.more.isVisible()
    assert page.view.marked() == first[-1]


def test_the_index_says_how_much_is_left(desk: Desk) -> None:
    page = page_of(desk)
    page._show("水", Results(Found((), 12345, False), frozenset()))
    assert page.progress.text() == desk.workbench.words("search.indexing", count="12,345")
    page._show("水", Results(Found((), 0, False), frozenset()))
    assert page.progress.text() == ""
