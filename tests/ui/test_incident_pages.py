"""The incidents' pages: the board keeps its choice, the incident is edited in place, closed, struck on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QFocusEvent, QInputMethodEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from commandcenter.services.desk_affairs import KeepDraft
from commandcenter.services.incidents import CloseIncident, EditIncident, OpenIncident
from commandcenter.services.log import WriteLogEntry
from commandcenter.words import Words
from db.desk import local
from db.desk.journal import newest
from db.queries.incidents import incident
from db.queries.log import lines_by_id
from tests.ui.desk import Desk, heads_of, open_desk, organisation
from ui.pages.incident import IncidentPage
from ui.pages.incidents import IncidentsPage
from ui.tables.board import elapsed_text

KEY = Qt.Key
ZH = Words("zh_CN")


@pytest.fixture
def desk(qtbot: QtBot, tmp_path: Path) -> Iterator[Desk]:
    """A desk."""
    with open_desk(qtbot, tmp_path / "desk") as made:
        yield made


def opened(desk: Desk, title: str = "地下室进水", **more: Any) -> UUID:
    """An incident opened by another hand."""
    return desk.do(OpenIncident(**{"title": title, "event_code": "11A02", **more}))


def commit(widget: QWidget, text: str) -> None:
    """An input method puts its text in."""
    event = QInputMethodEvent()
    event.setCommitString(text)
    QApplication.sendEvent(widget, event)


def values(desk: Desk, id_: UUID) -> dict[str, Any]:
    """The incident's row."""
    card = desk.ask(lambda connection: incident(connection, id_))
    assert card is not None
    return card.values


# ---- the board


@pytest.fixture
def board(desk: Desk) -> IncidentsPage:
    """The board in a window."""
    page = IncidentsPage(desk.workbench)
    desk.show(page)
    return page


def titles(page: IncidentsPage) -> list[str]:
    """What the board shows."""
    return [row.title for row in page.view.board.rows]


def test_the_board_shows_the_worst_first_and_keeps_the_choice(
    qtbot: QtBot, desk: Desk, board: IncidentsPage
) -> None:
    """A new incident above moves the rows, not the choice."""
    desk.until(lambda: not board._empty.isHidden())
    assert board._empty.text() == ZH("incident.board.empty")
    first = opened(desk, "小事", grade="ordinary", to_verify="伤亡")
    desk.until(lambda: titles(board) == ["小事"])
    assert board.view.board.rows[0].verify == ZH("incident.verify_tag")
    board.view.choose(first)
    opened(desk, "大事", grade="major", street_id=organisation("350502005"), place="某路")
    desk.until(lambda: titles(board) == ["大事", "小事"])
    assert board.view.chosen() == first
    assert board.view.board.rows[0].place == "浮桥街道 某路"
    assert board.view.board.rows[0].bars == 3
    board.view.setFocus()
    QTest.keyClick(board.view, KEY.Key_Up)
    QTest.keyClick(board.view, KEY.Key_Return)
    assert desk.opened == [("incident", board.view.board.rows[0].id)]


def test_the_closed_ones_stand_on_the_other_list(qtbot: QtBot, desk: Desk, board: IncidentsPage) -> None:
    """Left and right change lists."""
    done = opened(desk, "了结的")
    opened(desk, "还在的")
    desk.do(CloseIncident(id=done))
    desk.until(lambda: titles(board) == ["还在的"])
    board.view.setFocus()
    QTest.keyClick(board.view, KEY.Key_Right)
    assert titles(board) == ["了结的"]
    assert board.view.board.rows[0].until is not None
    QTest.keyClick(board.view, KEY.Key_Left)
    assert titles(board) == ["还在的"]


@pytest.mark.parametrize("sign", ["n", "ｎ"])
def test_n_opens_the_panel_and_the_new_incident_is_shown(
    qtbot: QtBot, desk: Desk, board: IncidentsPage, sign: str
) -> None:
    """Also in the full-width state."""
    board.view.setFocus()
    if sign == "n":
        QTest.keyClick(board.view, KEY.Key_N)
    else:
        from PySide6.QtCore import QEvent
        from PySide6.QtGui import QKeyEvent

        pressed = QKeyEvent(QEvent.Type.KeyPress, 0, Qt.KeyboardModifier.NoModifier, sign)
        QApplication.sendEvent(board.view, pressed)
    panel = board.opening
    assert panel.is_open() and panel.title_text.line.hasFocus()
    commit(panel.title_text.line, "围墙倒塌")
    panel.event_code.put("12P13")
    with qtbot.waitSignal(panel.done):
        panel.submit()
    assert desk.opened[0][0] == "incident"
    assert values(desk, desk.opened[0][1])["title"] == "围墙倒塌"
    desk.until(lambda: titles(board) == ["围墙倒塌"])


def test_time_elapsed_goes_by_the_minutes_of_the_clock() -> None:
    """And says days from the second on."""
    at = datetime(2026, 7, 28, 3, 4, 50, tzinfo=UTC)
    assert elapsed_text(ZH, at, at + timedelta(seconds=9)) == "0:00"
    assert elapsed_text(ZH, at, at + timedelta(seconds=10)) == "0:01"
    assert elapsed_text(ZH, at, at + timedelta(hours=3, minutes=28)) == "3:28"
    assert elapsed_text(ZH, at, at + timedelta(hours=49, minutes=5)) == "2 天 1:05"
    assert elapsed_text(ZH, at, at + timedelta(hours=3, seconds=7), seconds=True) == "3:00:07"
    assert elapsed_text(ZH, None, at) == "–"
    assert elapsed_text(ZH, at, at - timedelta(minutes=1)) == "0:00"


# ---- one incident


@pytest.fixture
def page(desk: Desk) -> IncidentPage:
    """The page in a window."""
    made = IncidentPage(desk.workbench)
    desk.show(made)
    return made


def show(desk: Desk, page: IncidentPage, id_: UUID) -> None:
    """Show an incident and wait for it."""
    page.show_incident(id_)
    desk.until(lambda: page._card is not None and page._card.id == id_)


def test_a_field_edited_in_place_is_saved_once_and_alone(
    qtbot: QtBot, desk: Desk, page: IncidentPage
) -> None:
    """One change with only what differs; it says that it is saved; the next edit stands on it."""
    id_ = opened(desk, "地下室进水", place="旧")
    show(desk, page, id_)
    before, head = desk.ask(newest), heads_of(values(desk, id_), "place")
    field = page.fields["place"]
    QTest.keyClick(field.view, KEY.Key_Return)
    box = field.editor.focusProxy()
    assert isinstance(box, QLineEdit) and box.hasFocus() and box.selectedText() == "旧"
    commit(box, "某小区 3 号楼")
    QTest.keyClick(box, KEY.Key_Tab)
    desk.until(lambda: field._ok.text() == ZH("forms.saved"))
    assert not field.editing()
    assert values(desk, id_)["place"] == "某小区 3 号楼"
    assert desk.ask(newest) == before + 1
    assert heads_of(values(desk, id_), "place") != head
    desk.settle()
    assert desk.ask(local.drafts) == {}
    QTest.keyClick(field.view, KEY.Key_F2)
    commit(box, "又改")
    QTest.keyClick(box, KEY.Key_Return)
    desk.until(lambda: values(desk, id_)["place"] == "又改")
    assert len(heads_of(values(desk, id_), "place")) == 1


def test_an_update_from_elsewhere_does_not_touch_typing(qtbot: QtBot, desk: Desk, page: IncidentPage) -> None:
    """Both values are kept: the edit was based on what was seen."""
    id_ = opened(desk, known="进水")
    show(desk, page, id_)
    field = page.fields["known"]
    field.begin()
    box = field.editor.focusProxy()
    assert box is not None
    commit(box, "，两人")
    desk.do(EditIncident(id=id_, fields={"known": "另一人写的", "title": "改了名"}))
    desk.until(lambda: "另一人写的" in field.sentence())
    assert field.editor.raw() == "进水，两人"
    assert box.hasFocus()
    assert page.fields["title"].view.text() == "改了名"  # type: ignore[attr-defined]
    QTest.keyClick(box, KEY.Key_Return)
    desk.until(lambda: len(heads_of(values(desk, id_), "known")) == 2)
    desk.until(lambda: field.sentence() == ZH("forms.several", count=2))


def test_a_guarded_field_that_changed_is_refused_and_kept(
    qtbot: QtBot, desk: Desk, page: IncidentPage
) -> None:
    """The grade: what somebody set meanwhile is shown before it may be replaced."""
    id_ = opened(desk, grade="ordinary")
    show(desk, page, id_)
    field = page.fields["grade"]
    field.begin()
    box = field.editor.focusProxy()
    assert box is not None
    QTest.keyClick(box, KEY.Key_4)
    desk.do(EditIncident(id=id_, fields={"grade": "larger"}))
    desk.until(lambda: "较大" in field.sentence())
    QTest.keyClick(box, KEY.Key_Return)
    desk.until(lambda: ZH("refused.stale") in field.sentence())
    assert values(desk, id_)["grade"] == "larger"
    assert field.editor.raw() == "extremely_major"
    QTest.keyClick(box, KEY.Key_Return)
    desk.until(lambda: values(desk, id_)["grade"] == "extremely_major")


def test_a_refused_edit_keeps_the_text_beside_its_sentence(
    qtbot: QtBot, desk: Desk, page: IncidentPage
) -> None:
    """A title too long; the text stands there, and in the draft."""
    id_ = opened(desk)
    show(desk, page, id_)
    field = page.fields["title"]
    field.begin()
    box = field.editor.focusProxy()
    assert box is not None
    commit(box, "长" * 61)
    QTest.keyClick(box, KEY.Key_Return)
    desk.until(lambda: field.sentence() == ZH("refused.too_long", max=60, count=61))
    assert field.editing() and field.editor.raw() == "长" * 61
    assert box.hasFocus()
    qtbot.wait(900)
    assert desk.ask(local.drafts)[f"incident:{id_}"][0]["title"]["raw"] == "长" * 61
    QTest.keyClick(box, KEY.Key_Escape)
    desk.settle()
    assert desk.ask(local.drafts) == {}
    assert values(desk, id_)["title"] == "地下室进水"


def test_another_incident_takes_nothing_along(qtbot: QtBot, desk: Desk, page: IncidentPage) -> None:
    """What is typed goes to the incident it was typed on; what was refused there waits there."""
    one, two = opened(desk, "一"), opened(desk, "二")
    show(desk, page, one)
    page.fields["place"].begin()
    box = page.fields["place"].editor.focusProxy()
    assert box is not None
    commit(box, "一号地")
    page.fields["title"].begin()
    title = page.fields["title"].editor.focusProxy()
    assert title is not None
    commit(title, "长" * 61)
    page.fields["known"].begin()
    desk.until(page.fields["title"].sentence)
    show(desk, page, two)
    assert not page.fields["title"].editing()
    assert page.incident() == two
    desk.settle()
    assert values(desk, one)["place"] == "一号地"
    assert values(desk, two)["place"] is None
    show(desk, page, one)
    desk.until(page.fields["title"].editing)
    assert page.fields["title"].editor.raw() == "长" * 61


def test_a_draft_comes_back_after_a_crash(qtbot: QtBot, desk: Desk, page: IncidentPage) -> None:
    """With the bases it had; it is not sent by merely leaving it."""
    id_ = opened(desk, known="旧")
    base = heads_of(values(desk, id_), "known")
    draft = {"known": {"raw": "没写完", "bases": [str(each) for each in base]}}
    desk.desktop.execute(KeepDraft(key=f"incident:{id_}", body=draft)).result(20)
    desk.names.read()
    desk.until(lambda: desk.names.draft(f"incident:{id_}"))
    show(desk, page, id_)
    field = page.fields["known"]
    assert field.editing() and field.editor.raw() == "没写完"
    assert field.sentence() == ZH("forms.draft_back")
    box = field.editor.focusProxy()
    assert box is not None
    QApplication.sendEvent(box, QFocusEvent(QFocusEvent.Type.FocusOut, Qt.FocusReason.TabFocusReason))
    desk.settle()
    assert values(desk, id_)["known"] == "旧"
    box.setFocus()
    QTest.keyClick(box, KEY.Key_Return)
    desk.until(lambda: values(desk, id_)["known"] == "没写完")


def test_a_community_leaves_with_its_street(qtbot: QtBot, desk: Desk, page: IncidentPage) -> None:
    """Another street empties the community; a community brings its street."""
    street, other = organisation("350502005"), organisation("350502001")
    community = organisation("350502005014")
    id_ = opened(desk, street_id=street, community_id=community)
    show(desk, page, id_)
    page.fields["street_id"].begin()
    page.fields["street_id"].editor.put(str(other))
    page.fields["street_id"].leave()
    desk.until(lambda: values(desk, id_)["street_id"] == other)
    assert values(desk, id_)["community_id"] is None
    bare = opened(desk, "二")
    show(desk, page, bare)
    page.fields["community_id"].begin()
    page.fields["community_id"].editor.put(str(community))
    page.fields["community_id"].leave()
    desk.until(lambda: values(desk, bare)["community_id"] == community)
    assert values(desk, bare)["street_id"] == street


def test_class_14_shows_no_grade_and_takes_none(qtbot: QtBot, desk: Desk, page: IncidentPage) -> None:
    """And says why."""
    id_ = opened(desk, event_code="14A00")
    show(desk, page, id_)
    field = page.fields["grade"]
    QTest.keyClick(field.view, KEY.Key_Return)
    assert not field.editing()
    assert field.sentence() == ZH("incident.ungraded")


def test_it_is_closed_and_reopened_by_keys(qtbot: QtBot, desk: Desk, page: IncidentPage) -> None:
    """Closing may have a reason, reopening must; a closed one is not edited."""
    id_ = opened(desk)
    show(desk, page, id_)
    assert any(hint.key == "Alt+K" for hint in page.key_hints())
    QTest.keyClick(page.fields["place"].view, KEY.Key_K, Qt.KeyboardModifier.AltModifier)
    assert page.closing.is_open() and page.closing.reason.line.hasFocus()
    commit(page.closing.reason.line, "水退了")
    QTest.keyClick(page.closing.reason.line, KEY.Key_Return)
    desk.until(lambda: values(desk, id_)["state"] == "closed")
    desk.until(lambda: ZH("codes.incident_state.closed") in page.head.state.text())
    page.fields["place"].begin()
    assert not page.fields["place"].editing()
    assert page.fields["place"].sentence() == ZH("incident.closed_no_edit")
    QTest.keyClick(page.table.view, KEY.Key_K, Qt.KeyboardModifier.AltModifier)
    assert page.closing.is_open()
    QTest.keyClick(page.closing.reason.line, KEY.Key_Return)
    assert page.closing.rows["reason"].sentence() == ZH("forms.closing.reason_missing")
    assert values(desk, id_)["state"] == "closed"
    commit(page.closing.reason.line, "又涨了")
    QTest.keyClick(page.closing.reason.line, KEY.Key_Return, Qt.KeyboardModifier.ControlModifier)
    desk.until(lambda: values(desk, id_)["state"] == "open")
    desk.until(lambda: page.chips["incident_event"].text() == f"{ZH('incident.line_kind.incident_event')} 3")


def test_the_timeline_is_filtered_by_kind_and_struck_on(qtbot: QtBot, desk: Desk, page: IncidentPage) -> None:
    """Counts on the chips are the counts of the lists; a line is struck where it stands."""
    id_ = opened(desk)
    desk.do(WriteLogEntry(text="别处的一行"))
    line = desk.do(WriteLogEntry(text="救出 3 人", incident_id=id_))
    desk.do(WriteLogEntry(text="水深 0.8 米", incident_id=id_))
    show(desk, page, id_)

    def chip(kind: str) -> str:
        return page.chips[kind].text().rpartition(" ")[2]

    desk.until(lambda: page.table.window_.total == 2)
    assert [chip(kind) for kind in ("all", "log_entry", "strike", "incident_event")] == ["2", "2", "0", "1"]
    found = desk.ask(lambda connection: lines_by_id(connection, [line]))[0]
    page.table.show_line(line, found.happened_at)
    desk.until(lambda: (chosen := page.table.chosen_line()) is not None and chosen.id == line)
    page.table.view.setFocus()
    QTest.keyClick(page.table.view, KEY.Key_Return)
    assert page.detail.text.hasFocus() and page.detail.text.toPlainText() == "救出 3 人"
    QTest.keyClick(page.detail.text, KEY.Key_Escape)
    assert page.table.view.hasFocus()
    QTest.keyClick(page.table.view, KEY.Key_X)
    assert page.strike.is_open() and page.strike.reason.line.hasFocus()
    commit(page.strike.reason.line, "听误")
    page.strike.text.put_raw("救出 2 人")
    QTest.keyClick(page.strike.reason.line, KEY.Key_Return)
    desk.until(lambda: [chip(kind) for kind in ("log_entry", "strike")] == ["3", "1"])

    def total_is(wanted: int) -> bool:
        return page.table.window_.total == wanted

    for kind, total in (("strike", 1), ("incident_event", 1), ("log_entry", 3), ("machine", 5)):
        page.show_kind(kind)
        qtbot.waitUntil(partial(total_is, total))
    assert chip("all") == "5"
    page.show_kind("machine")
    desk.until(lambda: page.table.window_.total == 3)


def test_every_part_has_a_name(desk: Desk, page: IncidentPage, board: IncidentsPage) -> None:
    """What can be focused is said by a screen reader."""
    show(desk, page, opened(desk))
    board.begin()
    page.ask_closing()
    for root in (page, board):
        for part in root.findChildren(QWidget):
            if part.isVisible() and part.focusPolicy() & Qt.FocusPolicy.TabFocus:
                named = part.accessibleName() or getattr(part, "text", str)()
                assert named, part
