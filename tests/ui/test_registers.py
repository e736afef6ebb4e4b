"""The registers page and the seat: cards edited in place, added, retired, found, and who sits here."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from concurrent.futures import Future
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QInputMethodEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from commandcenter.domain import fields
from commandcenter.domain.record import REGISTRY, Card, define
from commandcenter.services.audit import NoteAccess
from commandcenter.services.command import Command
from commandcenter.services.desk_affairs import KeepDraft
from commandcenter.services.reference import shipped_row_id
from commandcenter.services.registers import AddCard, EditCard, RetireCard
from commandcenter.services.workplace import Outcome
from db.queries.registers import row, rows
from tests.ui.desk import Desk, open_desk, organisation
from ui.app import make_shell
from ui.forms.choice import Choice
from ui.forms.ranking import Initials, folded
from ui.pages.registers import RegistersPage, register_kinds
from ui.register_field import CardField, make_editor
from ui.register_form import CardForm
from ui.register_model import initials_pattern
from ui.seat import SeatPanel
from ui.shell.editor import LineEditor

KEY = Qt.Key


@pytest.fixture
def desk(qtbot: QtBot, tmp_path: Path) -> Iterator[Desk]:
    """A desk of the licheng profile."""
    with open_desk(qtbot, tmp_path / "desk") as made:
        yield made


def page_of(desk: Desk, kind: str = "organisation") -> RegistersPage:
    """The page on screen with one register read."""
    page = RegistersPage(desk.workbench)
    page.show_kind(kind)
    desk.show(page)
    desk.until(lambda: page.pane().model.rowCount() > 0 and page.pane().form.current() is not None)
    return page


def elsewhere(page: QWidget) -> QLineEdit:
    """Where the focus can go."""
    found = page.window().findChild(QLineEdit, "elsewhere")
    assert isinstance(found, QLineEdit)
    return found


def line(form: CardForm, name: str) -> QLineEdit:
    """The text box of a field."""
    found = form.fields[name].editor.focusProxy()
    assert isinstance(found, QLineEdit)
    return found


def keys(box: QWidget, text: str) -> None:
    """Type: plain characters by their keys, all others as an input method commits them."""
    for sign in text:
        if sign.isascii():
            QTest.keyClicks(box, sign)
        else:
            event = QInputMethodEvent()
            event.setCommitString(sign)
            QApplication.sendEvent(box, event)


def retype(form: CardForm, name: str, text: str) -> None:
    """Put the cursor in a field and type something else."""
    box = line(form, name)
    box.setFocus()
    box.selectAll()
    keys(box, text)


def stored(desk: Desk, kind: str, id_: UUID) -> dict[str, object]:
    """The row as the file has it."""
    found = desk.ask(lambda connection: row(connection, kind, id_))
    assert found is not None
    return found


def saved(desk: Desk, form: CardForm) -> None:
    """Wait until the form says so."""
    desk.until(lambda: form.state.text().startswith("✓"))


def test_every_register_has_a_tab_and_nothing_else(desk: Desk) -> None:
    wanted = {name for name, kind in REGISTRY.items() if kind.register}
    assert set(register_kinds("person organisation")) == wanted
    assert register_kinds("person nonsense")[0] == "person"
    page = page_of(desk)
    for kind in register_kinds(""):
        page.show_kind(kind)
        shown = set(page.pane().form.fields)
        assert shown == set(REGISTRY[kind].types) - {"retired"}


def test_leaving_a_field_commits_only_it_with_what_was_on_the_screen(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = page_of(desk)
    street = organisation("350502002")
    page.open("organisation", street)
    form = page.pane().form
    desk.until(lambda: form.current() == street)
    before = stored(desk, "organisation", street)
    sent: list[Command] = []
    execute = desk.desktop.execute

    def noted(command: Command) -> Future[Outcome]:
        if not isinstance(command, KeepDraft | NoteAccess):
            sent.append(command)
        return execute(command)

    monkeypatch.setattr(desk.desktop, "execute", noted)
    retype(form, "duty_phone", "000-0000-9999")
    assert stored(desk, "organisation", street) == before, "nothing is written while typing"
    elsewhere(page).setFocus()
    saved(desk, form)
    (command,) = sent
    assert isinstance(command, EditCard)
    assert command.fields == {"duty_phone": "000-0000-9999"}
    assert command.bases == {"duty_phone": []}, "there was no value on the screen"
    after = stored(desk, "organisation", street)
    assert after["duty_phone"] == "000-0000-9999"
    assert len(after["heads"]["duty_phone"]) == 1  # type: ignore[index]
    retype(form, "duty_phone", "000-0000-8888")
    elsewhere(page).setFocus()
    desk.until(lambda: len(sent) == 2)
    assert isinstance(sent[1], EditCard)
    assert sent[1].bases == {"duty_phone": after["heads"]["duty_phone"]}  # type: ignore[index]
    desk.until(lambda: stored(desk, "organisation", street)["duty_phone"] == "000-0000-8888")
    desk.settle()


def test_two_edits_of_one_field_leave_one_value(desk: Desk) -> None:
    """The second is based on the first, however fast it comes."""
    page = page_of(desk)
    form = page.pane().form
    id_ = form.current()
    assert id_ is not None
    for text in ("000-1", "000-2", "000-3"):
        retype(form, "duty_phone", text)
        elsewhere(page).setFocus()
    desk.until(lambda: stored(desk, "organisation", id_)["duty_phone"] == "000-3")
    heads = stored(desk, "organisation", id_)["heads"]
    assert len(heads["duty_phone"]) == 1  # type: ignore[index]


def test_escape_restores_and_enter_goes_on(desk: Desk) -> None:
    page = page_of(desk)
    form = page.pane().form
    name = line(form, "name").text()
    retype(form, "name", "别的名字")
    QTest.keyClick(line(form, "name"), KEY.Key_Escape)
    assert line(form, "name").text() == name
    assert line(form, "name").hasFocus()
    QTest.keyClick(line(form, "name"), KEY.Key_Escape)
    assert page.pane().view.hasFocus()
    QTest.keyClick(page.pane().view, KEY.Key_F2)
    assert line(form, "name").hasFocus()
    QTest.keyClick(line(form, "name"), KEY.Key_Return)
    assert line(form, "name_en").hasFocus(), "the code is set once and passed over"
    assert not line(form, "code").isEnabled()


def test_a_refusal_stands_beside_its_field_and_the_text_stays(desk: Desk) -> None:
    page = page_of(desk)
    form = page.pane().form
    first, other = form.current(), page.pane().model.row(3)
    assert first is not None and other is not None
    retype(form, "name", "长" * 61)
    elsewhere(page).setFocus()
    field = form.fields["name"]
    desk.until(field.sentence)
    assert field.sentence() == desk.workbench.words("refused.too_long", max=60, count=61)
    assert line(form, "name").text() == "长" * 61
    page.pane().view.choose(other.id)
    desk.until(lambda: form.current() == other.id)
    assert line(form, "name").text() == other.cells[0]
    page.pane().view.choose(first)
    desk.until(lambda: form.current() == first)
    assert line(form, "name").text() == "长" * 61, "a look at another card loses nothing typed"


def test_what_others_write_never_touches_a_field_being_typed_in(desk: Desk) -> None:
    page = page_of(desk)
    form = page.pane().form
    id_ = form.current()
    assert id_ is not None
    retype(form, "duty_phone", "000-半")
    desk.do(EditCard(kind="organisation", id=id_, fields={"duty_phone": "000-别", "name_en": "Other"}))
    desk.until(lambda: line(form, "name_en").text() == "Other")
    assert line(form, "duty_phone").text() == "000-半"
    assert "000-别" in form.fields["duty_phone"].sentence()
    elsewhere(page).setFocus()
    desk.until(lambda: stored(desk, "organisation", id_)["duty_phone"] == "000-半")
    heads = stored(desk, "organisation", id_)["heads"]
    assert len(heads["duty_phone"]) == 2, "neither value was lost in silence"  # type: ignore[index]
    desk.until(lambda: "2" in form.fields["duty_phone"].sentence())
    retype(form, "duty_phone", "000-定")
    elsewhere(page).setFocus()
    desk.until(lambda: stored(desk, "organisation", id_)["duty_phone"] == "000-定")
    assert len(stored(desk, "organisation", id_)["heads"]["duty_phone"]) == 1  # type: ignore[index]


def test_nothing_is_committed_while_an_input_method_composes(desk: Desk) -> None:
    page = page_of(desk)
    form = page.pane().form
    box = line(form, "name")
    box.setFocus()
    box.selectAll()
    QApplication.sendEvent(box, QInputMethodEvent("li cheng", []))
    QTest.keyClick(box, KEY.Key_Return)
    QTest.keyClick(box, KEY.Key_Escape)
    assert box.hasFocus() and form.state.text() == ""
    commit = QInputMethodEvent()
    commit.setCommitString("鲤城")
    QApplication.sendEvent(box, commit)
    assert box.text() == "鲤城"


def test_a_card_is_added_as_soon_as_it_can_be(desk: Desk) -> None:
    page = page_of(desk)
    pane = page.pane()
    pane.view.setFocus()
    keys(pane.view, "n")
    assert pane.form.is_new() and line(pane.form, "name").hasFocus()
    keys(line(pane.form, "name"), "示例应急分队")
    QTest.keyClick(line(pane.form, "name"), KEY.Key_Return)
    desk.settle()
    found = desk.ask(lambda connection: rows(connection, "organisation", {"name": "示例应急分队"}))
    assert found == [], "the level is required too"
    level = pane.form.fields["level"].editor
    level.chips["unit"].click()  # type: ignore[attr-defined]
    desk.until(lambda: pane.form.current() is not None and not pane.form.is_new())
    made = pane.form.current()
    assert made is not None
    card = stored(desk, "organisation", made)
    assert (card["name"], card["level"]) == ("示例应急分队", "unit")
    desk.until(lambda: pane.view.current() == made)
    retype(pane.form, "name_en", "Sample unit")
    elsewhere(page).setFocus()
    desk.until(lambda: stored(desk, "organisation", made)["name_en"] == "Sample unit")
    assert len(stored(desk, "organisation", made)["heads"]["name_en"]) == 1  # type: ignore[index]


def test_a_half_typed_new_card_waits(desk: Desk) -> None:
    page = page_of(desk)
    pane = page.pane()
    pane.form.start_new()
    keys(line(pane.form, "name_en"), "Half")
    box = line(pane.form, "name_en")
    pane.form.fields["name_en"].left.emit()
    assert desk.said and not pane.form.is_new()
    pane.form.start_new()
    assert box.text() == "Half"


def test_retiring_asks_inside_the_panel(desk: Desk) -> None:
    page = page_of(desk)
    pane = page.pane()
    unit = organisation("350502-SZ")
    page.open("organisation", unit)
    desk.until(lambda: pane.form.current() == unit)
    shown, _, _ = pane.model.counts()
    keys(pane.view, "r")
    assert pane.form.question.isVisible() and pane.form.question.yes.hasFocus()
    QTest.keyClick(pane.form.question.yes, KEY.Key_Escape)
    assert not stored(desk, "organisation", unit)["retired"]
    keys(pane.view, "r")
    QTest.keyClick(pane.form.question.yes, KEY.Key_Return)
    desk.until(lambda: stored(desk, "organisation", unit)["retired"])
    desk.until(lambda: pane.model.counts() == (shown - 1, shown - 1, 1))
    pane.toggle_retired()
    assert pane.model.place(unit) is not None
    page.open("organisation", unit)
    desk.until(pane.form.tag.isVisible)
    keys(pane.view, "r")
    QTest.keyClick(pane.form.question.yes, KEY.Key_Return)
    desk.until(lambda: not stored(desk, "organisation", unit)["retired"])


def test_the_filter_finds_names_codes_and_initials(desk: Desk) -> None:
    page = page_of(desk)
    pane = page.pane()
    whole = pane.model.rowCount()
    assert whole >= 90
    for typed in ("浮桥街道", "fqjd", "FQJD", "Fuqiao"):
        pane.filter.setText(typed)
        names = [pane.model.row(at).cells[0] for at in range(pane.model.rowCount())]  # type: ignore[union-attr]
        assert any("浮桥" in name for name in names), typed
        assert len(names) < whole
    pane.filter.setText("不存在的")
    assert pane.model.rowCount() == 0 and "不存在的" in pane.empty.text() and pane.empty.isVisible()
    pane.filter.clear()
    assert pane.model.rowCount() == whole


def test_selection_and_order_stay_with_the_card(desk: Desk) -> None:
    page = page_of(desk)
    pane = page.pane()
    pane.model.sort(0, Qt.SortOrder.DescendingOrder)
    names = [pane.model.row(at).keys[0] for at in range(pane.model.rowCount())]  # type: ignore[union-attr]
    assert names == sorted(names, reverse=True)
    chosen = pane.model.row(20)
    assert chosen is not None
    pane.view.choose(chosen.id)
    resets: list[None] = []
    pane.model.modelReset.connect(lambda: resets.append(None))
    desk.do(EditCard(kind="organisation", id=chosen.id, fields={"name": "阿阿阿阿"}))
    desk.do(AddCard(kind="organisation", fields={"name": "最最新", "level": "unit"}))
    desk.until(lambda: "阿阿阿阿" in (row_.cells[0] if (row_ := pane.model.card(chosen.id)) else ""))
    desk.until(lambda: pane.model.place(chosen.id) == pane.model.rowCount() - 1)
    assert pane.view.current() == chosen.id and resets == []
    desk.do(RetireCard(kind="organisation", id=chosen.id))
    desk.until(lambda: pane.model.place(chosen.id) is None)


def test_roles_are_added_and_taken_one_by_one(desk: Desk) -> None:
    page = page_of(desk, "person")
    person = shipped_row_id("person", "sample-2")
    page.open("person", person)
    form = page.pane().form
    desk.until(lambda: form.current() == person)
    roles = form.fields["roles"].editor
    roles.chips["leader"].click()  # type: ignore[attr-defined]
    roles.chips["duty_officer"].click()  # type: ignore[attr-defined]
    desk.until(lambda: stored(desk, "person", person)["roles"] == ("leader",))
    form.fields["sample"].editor.chips["1"].click()  # type: ignore[attr-defined]
    desk.until(lambda: stored(desk, "person", person)["sample"] is False)


def test_a_reference_is_chosen_by_initials(desk: Desk) -> None:
    page = page_of(desk, "person")
    person = shipped_row_id("person", "sample-2")
    page.open("person", person)
    form = page.pane().form
    desk.until(lambda: form.current() == person)
    editor = form.fields["organisation_id"].editor
    assert isinstance(editor, Choice)
    box = line(form, "organisation_id")
    box.setFocus()
    box.selectAll()
    desk.settle()
    keys(box, "kyjd")
    desk.until(editor.suggestions)
    QTest.keyClick(box, KEY.Key_Return)
    wanted = next(card.id for card in desk.names.now.of_kind("organisation") if card.name == "开元街道")
    desk.until(lambda: stored(desk, "person", person)["organisation_id"] == wanted)


def test_a_number_is_read_as_people_type_it(desk: Desk) -> None:
    page = page_of(desk, "desk")
    form = page.pane().form
    id_ = form.current()
    assert id_ is not None
    retype(form, "number", "一")
    elsewhere(page).setFocus()
    assert form.fields["number"].sentence() == desk.workbench.words("registers.not_a_number")
    retype(form, "number", "１２")
    elsewhere(page).setFocus()
    desk.until(lambda: stored(desk, "desk", id_)["number"] == 12)


@pytest.fixture
def new_kind() -> Iterator[str]:
    """A record type that nobody foresaw."""

    columns: list[tuple[str, type, Any]] = [
        ("name", str, fields.text(required=True, searchable=True)),
        ("note", str, fields.text(multiline=True)),
        ("seen_at", datetime, fields.instant()),
        ("pressure", int, fields.integer(minimum=0)),
        ("grade", str, fields.code("grade")),
        ("event_code", str, fields.code("event_code")),
        ("keeper_id", UUID, fields.reference("person")),
        ("roles", tuple, fields.codes("role")),
        ("tested", bool, fields.flag()),
    ]
    made = dataclasses.make_dataclass("Hydrant", columns, bases=(Card,), frozen=True, kw_only=True)
    define("hydrant", register=True, title="name")(made)
    yield "hydrant"
    del REGISTRY["hydrant"]


def test_every_shape_of_field_has_an_editor(desk: Desk, new_kind: str) -> None:
    """A new record type needs no code here: what is put in comes out as it was."""
    kind = REGISTRY[new_kind]
    values = {
        "name": "消火栓 7",
        "note": "第一行\n第二行",
        "seen_at": "2026-07-28T04:40:00.123Z",
        "pressure": "12",
        "grade": "major",
        "event_code": "11A01",
        "keeper_id": str(shipped_row_id("person", "sample-1")),
        "roles": "duty_officer,leader",
        "tested": "1",
    }
    for name, type_ in kind.types.items():
        if name in values:
            editor = make_editor(desk.workbench, name, type_)
            desk.qtbot.addWidget(editor)
            editor.put(values[name])
            assert editor.value() == values[name], name
            editor.put(None)
            assert editor.value() is None, name
            field = CardField(desk.workbench, name, name, type_)
            desk.qtbot.addWidget(field)
            assert not field.dirty()


# ---- the seat


def seat_of(desk: Desk) -> SeatPanel:
    """The panel over a window."""
    window = desk.show(QWidget())
    seat = SeatPanel(desk.workbench, window)
    seat.open_panel()
    return seat


def test_a_person_sits_down_by_initials(desk: Desk) -> None:
    seat = seat_of(desk)
    assert seat.line.hasFocus() and seat.model.rowCount() == 6
    assert seat.model.sitters[-1].id is None
    assert "值班员" in seat.model.sitters[0].detail
    desk.settle()
    keys(seat.line, "sly")
    desk.until(lambda: [sitter.name for sitter in seat.model.sitters] == ["示例乙"])
    QTest.keyClick(seat.line, KEY.Key_Return)
    desk.until(lambda: desk.names.now.person == shipped_row_id("person", "sample-2"))
    assert not seat.isVisible() and "示例乙" in desk.said[-1]
    seat.open_panel()
    assert seat.list.currentIndex().row() == next(
        at for at, sitter in enumerate(seat.model.sitters) if sitter.seated
    )
    QTest.keyClick(seat.line, KEY.Key_PageDown)
    QTest.keyClick(seat.line, KEY.Key_PageDown)
    QTest.keyClick(seat.line, KEY.Key_Return)
    desk.until(lambda: desk.names.now.person is None)


def test_escape_clears_then_closes_and_the_box_key_is_not_text(desk: Desk) -> None:
    seat = seat_of(desk)
    keys(seat.line, "甲/")
    assert seat.line.text() == "甲"
    QTest.keyClick(seat.line, KEY.Key_Escape)
    assert seat.line.text() == "" and seat.isVisible()
    QTest.keyClick(seat.line, KEY.Key_Escape)
    assert not seat.isVisible()


def test_the_first_person_of_an_empty_desk(qtbot: QtBot, tmp_path: Path) -> None:
    with open_desk(qtbot, tmp_path / "desk") as desk:
        for card in desk.names.now.of_kind("person"):
            desk.do(RetireCard(kind="person", id=card.id))
        desk.until(lambda: not desk.names.now.of_kind("person"))
        seat = seat_of(desk)
        assert seat.first.isVisible() and seat.first.name.hasFocus()
        QTest.keyClick(seat.first.name, KEY.Key_Return)
        desk.until(seat.first.sentence.text)
        assert seat.first.sentence.text() == desk.workbench.words("refused.required")
        keys(seat.first.name, "示例己")
        QTest.keyClick(seat.first.name, KEY.Key_Return)
        desk.until(lambda: desk.names.now.person is not None)
        sitter = desk.names.card(desk.names.now.person)
        assert sitter is not None
        assert sitter.name == "示例己" and "duty_officer" in sitter.detail
        assert not seat.isVisible()


def test_a_half_typed_line_keeps_the_cursor(desk: Desk) -> None:
    """The panel comes at the start of a shift, perhaps while somebody writes already."""
    box = LineEditor(desk.workbench.theme, 100)
    window = desk.show(box)
    seat = SeatPanel(desk.workbench, window)
    box.setFocus()
    keys(box, "来电")
    seat.open_panel()
    assert seat.isVisible() and box.hasFocus()
    box.set_exact_text("")
    seat.close_panel()
    seat.open_panel()
    assert seat.line.hasFocus()


def test_the_box_key_goes_from_the_seat_to_the_box_and_back(desk: Desk) -> None:
    shell = make_shell(desk.workbench.words, desk.workbench.theme, desk.workbench.now)
    desk.windows.append(shell)
    desk.qtbot.addWidget(shell)
    shell.resize(1366, 768)
    shell.show()
    desk.qtbot.waitExposed(shell)
    shell.activateWindow()
    desk.until(shell.isActiveWindow)
    frame = shell.centralWidget()
    assert frame is not None
    seat = SeatPanel(desk.workbench, frame)
    seat.open_panel()
    desk.until(seat.line.hasFocus)
    for sign in ("/", "、"):
        seat.focus_panel()
        if sign.isascii():
            QTest.keyClick(seat.line, KEY.Key_Slash)
        else:
            keys(seat.line, sign)
        assert shell.logbox.isAncestorOf(shell.focusWidget()), sign
        assert seat.isVisible() and seat.line.text() == ""
    covered = seat.mapTo(shell, seat.rect().bottomLeft()).y()
    assert covered <= shell.logbox.mapTo(shell, shell.logbox.rect().topLeft()).y()


def test_initials_as_a_pattern_find_what_reading_signs_finds() -> None:
    names = [folded(name) for name in ("重庆路", "曾国藩", "Fu桥", "浮桥（示例）", "a[b]路", "1号")]
    initials = Initials.of(names)
    for query in ("cql", "zql", "cgf", "zgf", "fq", "ab", "a", "1h", "x", "sl"):
        pattern = initials_pattern(query, initials)
        for name in names:
            by_signs = initials.find(name, query) >= 0
            assert bool(pattern and pattern.search(name)) == by_signs, (query, name)
    assert initials_pattern("浮", initials) is None
