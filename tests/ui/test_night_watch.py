"""The night watch: what a duty officer with a keyboard met at three in the morning, and meets no more."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from commandcenter.services.incidents import OpenIncident
from commandcenter.services.log import WriteLogEntry
from commandcenter.words import Words
from db.desk import local
from tests.ui.desk import Desk, open_desk, organisation
from ui.app import make_shell
from ui.forms.editors import NoteText
from ui.forms.open_incident import OpenIncidentPanel
from ui.forms.strike import StrikePanel
from ui.incidents_room import IncidentsRoom
from ui.pages.incident import IncidentPage
from ui.pages.log import LogPage
from ui.pages.registers import RegistersPage
from ui.register_form import CardForm
from ui.seat import SeatPanel
from ui.shell.chip import Chip
from ui.shell.window import Shell
from ui.theme import Theme

KEY = Qt.Key
ZH = Words("zh_CN")


@pytest.fixture
def desk(qtbot: QtBot, tmp_path: Path) -> Iterator[Desk]:
    """A desk."""
    with open_desk(qtbot, tmp_path / "desk") as made:
        yield made


def shell_of(desk: Desk, qtbot: QtBot) -> Shell:
    """A shell on screen, its cursor in the log box."""
    shell = make_shell(ZH, Theme(), lambda: datetime.now(UTC))
    shell.resize(1366, 768)
    qtbot.addWidget(shell)
    with qtbot.waitActive(shell):
        shell.show()
        shell.activateWindow()
    return shell


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


# ---- where the keyboard goes


def test_a_page_made_when_first_wanted_gives_the_keyboard_to_its_list(qtbot: QtBot, desk: Desk) -> None:
    """Not to the first chip that takes Tab: arrows and Enter open what is listed, at once."""
    shell = shell_of(desk, qtbot)
    pages: dict[str, Any] = {"log": LogPage(desk.workbench)}
    shell.add_page("log", pages["log"])

    def make(name: str) -> None:
        if name == "incident":
            pages[name] = IncidentsRoom(desk.workbench)
            shell.add_page(name, pages[name])

    shell.page_changed.connect(make)
    shell.logbox.left.emit()
    assert focus() is pages["log"].list.table.view
    shell.show_page("incident")
    assert focus() is pages["incident"].board.view
    shell.show_page("log")
    assert focus() is pages["log"].list.table.view, "and back to where it was"


def test_the_pages_own_key_leads_from_an_incident_to_the_board(qtbot: QtBot, desk: Desk) -> None:
    id_ = desk.do(OpenIncident(title="地下室进水", event_code="11A02"))
    room = IncidentsRoom(desk.workbench)
    desk.show(room)
    room.open("incident", id_)
    assert room.incident() == id_
    room.to_start()
    assert room.incident() is None and focus() is room.board.view
    room.to_start()
    assert room.incident() is None


def test_a_class_without_grades_does_not_swallow_the_keyboard(desk: Desk) -> None:
    """Tab from the class comes to a grade disabled that instant, and goes on to the street."""
    panel = OpenIncidentPanel(desk.workbench)
    desk.show(panel)
    panel.open_panel()
    line = panel.event_code.line
    line.setFocus()
    QTest.keyClicks(line, "14A")
    desk.until(panel.event_code.suggestions)
    QTest.keyClick(line, KEY.Key_Tab)
    desk.until(lambda: focus() is panel.street.line)
    assert not panel.grade.isEnabled()


def test_tab_in_the_strike_panel_reaches_the_replacement_before_the_button(desk: Desk) -> None:
    """A space typed after Tab must not strike anything."""
    desk.do(WriteLogEntry(text="积水约 20 厘米"))
    page = LogPage(desk.workbench)
    desk.show(page)
    desk.until(lambda: page.list.table.window_.total == 1)
    page.list.table.view.setFocus()
    QTest.keyClick(page.list.table.view, KEY.Key_Down)
    desk.until(lambda: page.list.table.chosen_line() is not None)
    QTest.keyClick(page.list.table.view, KEY.Key_X)
    panel = page.findChild(StrikePanel)
    assert panel is not None and panel.reason.line.hasFocus()
    QTest.keyClick(panel.reason.line, KEY.Key_Tab)
    assert panel.text.box.hasFocus()
    QTest.keyClick(panel.text.box, KEY.Key_Tab)
    assert panel.send.hasFocus()


def test_after_a_line_sent_from_an_option_the_next_is_typed_in_the_box(qtbot: QtBot, desk: Desk) -> None:
    """Otherwise its words go into the time field."""
    shell = shell_of(desk, qtbot)
    box = shell.logbox
    box.editor.setFocus()
    QTest.keyClicks(box.editor, "flood")
    box.take_time()
    part = focus()
    assert part is not None and part is not box.editor
    QTest.keyClick(part, KEY.Key_Return)
    assert box.pending() and box.editor.hasFocus()


def test_a_refusal_of_nothing_goes_when_the_empty_box_is_left(qtbot: QtBot, desk: Desk) -> None:
    """Nothing stands there that could be wrong; a half-typed line keeps its sentence."""
    shell = shell_of(desk, qtbot)
    shell.add_page("log", LogPage(desk.workbench))
    box = shell.logbox
    box.focus()
    QTest.keyClick(box.editor, KEY.Key_Return)
    assert box.sentence()
    QTest.keyClick(box.editor, KEY.Key_Escape)
    assert not box.sentence() and not box.editor.property("refused")
    box.focus()
    box.editor.insertPlainText("a" * 4001)
    QTest.keyClick(box.editor, KEY.Key_Return)
    QTest.keyClick(box.editor, KEY.Key_Escape)
    assert box.sentence()


# ---- nothing typed is lost


def test_esc_in_an_incidents_field_can_be_taken_back(desk: Desk) -> None:
    """The first Esc shows the former value and Ctrl+Z the typed one again; the second leaves."""
    page, _ = incident_page(desk)
    field = page.fields["known"]
    field.begin()
    box = field.editor.focusProxy()
    assert box is not None
    QTest.keyClicks(box, " and rising")
    typed = field.editor.raw()
    QTest.keyClick(box, KEY.Key_Escape)
    assert field.editing() and field.editor.raw() == "积水 20 厘米"
    assert field.sentence() == ZH("forms.reverted")
    QTest.keySequence(box, QKeySequence.StandardKey.Undo)
    assert field.editor.raw() == typed
    QTest.keyClick(box, KEY.Key_Escape)
    QTest.keyClick(box, KEY.Key_Escape)
    assert not field.editing()
    desk.settle()


def card_form(desk: Desk, code: str = "350502002") -> tuple[RegistersPage, CardForm]:
    """The registers page on one street's card."""
    page = RegistersPage(desk.workbench)
    page.show_kind("organisation")
    desk.show(page)
    id_ = organisation(code)
    page.open("organisation", id_)
    form = page.pane().form
    desk.until(lambda: form.current() == id_)
    return page, form


def typed_in(form: CardForm, name: str) -> QLineEdit:
    """A field's text box, with the focus."""
    box = form.fields[name].editor.focusProxy()
    assert isinstance(box, QLineEdit)
    box.setFocus()
    box.selectAll()
    return box


def test_esc_in_a_register_field_can_be_taken_back(desk: Desk) -> None:
    """As in every field."""
    _, form = card_form(desk)
    field = form.fields["duty_phone"]
    box = typed_in(form, "duty_phone")
    QTest.keyClicks(box, "000-1")
    QTest.keyClick(box, KEY.Key_Escape)
    assert field.raw() == "" and field.sentence() == ZH("registers.reverted")
    QTest.keySequence(box, QKeySequence.StandardKey.Undo)
    assert field.raw() == "000-1"
    QTest.keyClick(box, KEY.Key_Escape)
    left: list[bool] = []
    form.left.connect(lambda: left.append(True))
    QTest.keyClick(box, KEY.Key_Escape)
    assert left
    desk.settle()


def test_a_half_typed_register_field_survives_a_crash(desk: Desk) -> None:
    """It is in the drafts within a second, comes back on its card, and goes once it is saved."""
    _, form = card_form(desk)
    QTest.keyClicks(typed_in(form, "duty_phone"), "000-0000-77")
    key = f"card:organisation:{form.current()}"
    desk.until(lambda: key in desk.ask(local.drafts))
    again = CardForm(desk.workbench, form.kind)
    desk.names.read()
    desk.settle()
    desk.names._typed.clear()  # as a new start finds it: only the file
    again.read(organisation("350502002"))
    desk.until(lambda: again.fields["duty_phone"].raw() == "000-0000-77")
    assert again.fields["duty_phone"].dirty(), "brought back, not saved by itself"
    form.fields["duty_phone"].commit()
    desk.until(lambda: key not in desk.ask(local.drafts))
    desk.settle()


def test_a_half_typed_new_card_survives_a_crash(desk: Desk) -> None:
    """Under its own key; it goes when the card is made."""
    _, form = card_form(desk)
    form.start_new()
    QTest.keyClicks(typed_in(form, "duty_phone"), "000-5")
    desk.until(lambda: "card:organisation:new" in desk.ask(local.drafts))
    desk.names.read()
    desk.settle()
    desk.names._typed.clear()
    again = CardForm(desk.workbench, form.kind)
    desk.show(again)
    again.start_new()
    assert again.fields["duty_phone"].raw() == "000-5"
    desk.settle()


def test_a_note_counts_from_3500(desk: Desk) -> None:
    """Known and to be verified hold 4,000, and say how many there are as the log box does."""
    note = NoteText(desk.workbench, "已知")
    desk.show(note)
    note.box.insertPlainText("水" * 3499)
    assert note.count.isHidden()
    note.box.insertPlainText("水")
    assert note.count.isVisible() and note.count.text() == "3,500 / 4,000"
    note.put_raw("短")
    assert note.count.isHidden()


# ---- the incident's page


def test_the_timelines_chips_work_when_pressed(desk: Desk) -> None:
    """By the keyboard's space and by A and S in the list."""
    page, _ = incident_page(desk)
    chip = page.chips["incident_event"]
    chip.setFocus()
    QTest.keyClick(chip, KEY.Key_Space)
    desk.until(lambda: page.table.window_.total == 1)
    shown = page.shown()
    assert shown is not None and shown.kind == "incident_event"
    page.table.view.setFocus()
    QTest.keyClick(page.table.view, KEY.Key_A)
    desk.until(lambda: page.table.window_.total == 2)
    QTest.keyClick(page.table.view, KEY.Key_S)
    desk.until(lambda: page.table.window_.total == 3)


def test_the_strip_takes_little_room_until_a_line_is_chosen(desk: Desk) -> None:
    """And growing, it never covers the line that was chosen."""
    for number in range(60):
        desk.do(WriteLogEntry(text=f"第 {number} 行"))
    page = LogPage(desk.workbench)
    desk.show(page)
    desk.until(lambda: page.list.table.window_.total == 60)
    detail, table = page.list.detail, page.list.table
    assert detail.height() <= 40
    bottom = table.window_.full - 1
    page.choose(bottom)
    desk.until(lambda: not detail.empty() and detail.height() >= 96)
    desk.settle()
    assert table.window_.chosen_position == bottom >= table.window_.full, "it stood where the strip is now"
    assert table.window_.top <= bottom < table.window_.top + table.window_.full


def test_after_the_seat_is_taken_esc_and_a_page_lead_to_the_list(qtbot: QtBot, desk: Desk) -> None:
    """Not to the chip in the header, where the next Tab and space would turn the page."""
    shell = shell_of(desk, qtbot)
    for name in ("log", "incident"):
        page = LogPage(desk.workbench) if name == "log" else IncidentsRoom(desk.workbench)
        shell.add_page(name, page)
    shell.logbox.focus()
    seat = SeatPanel(desk.workbench, shell)
    seat.open_panel()
    assert seat.line.hasFocus()
    QTest.keyClick(seat.line, KEY.Key_Return)
    desk.until(lambda: not seat.isVisible())
    assert shell.logbox.editor.hasFocus()
    QTest.keyClick(shell.logbox.editor, KEY.Key_Escape)
    part = focus()
    assert part is not None and shell.stack.isAncestorOf(part)
    chip = next(
        chip for chip in shell.header.findChildren(Chip) if chip.focusPolicy() & Qt.FocusPolicy.TabFocus
    )
    chip.setFocus()
    shell.show_page("incident")
    part = focus()
    assert part is not None and shell.stack.isAncestorOf(part)
