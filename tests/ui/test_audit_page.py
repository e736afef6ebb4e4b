"""The audit page: who may see it, its chips and keys, and what of the program's own doings it shows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from PySide6.QtCore import Qt
from PySide6.QtPrintSupport import QPrinter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from commandcenter.domain.record import REGISTRY
from commandcenter.services.audit import NoteAccess
from commandcenter.services.desk_affairs import TakeSeat
from commandcenter.services.log import WriteLogEntry
from commandcenter.services.reference import shipped_row_id
from commandcenter.services.registers import EditCard
from db.queries.audit import PAGE, AuditFilter, AuditLine, lines
from db.queries.log import LogFilter
from tests.ui.desk import Desk, open_desk
from ui.export import Exporter
from ui.pages.audit import AuditPage
from ui.preview import Preview
from ui.register_form import CardForm

KEY = Qt.Key
ALT = Qt.KeyboardModifier.AltModifier
CHIEF, OFFICER, OTHER = (shipped_row_id("person", f"sample-{number}") for number in (1, 2, 3))


@pytest.fixture
def desk(qtbot: QtBot, tmp_path: Path) -> Iterator[Desk]:
    """A desk of the licheng profile, the duty chief in the seat."""
    with open_desk(qtbot, tmp_path / "desk") as made:
        sit(made, CHIEF)
        yield made


def sit(desk: Desk, person: UUID) -> None:
    """Somebody takes the seat."""
    desk.do(TakeSeat(person_id=person))
    desk.names.read()
    desk.until(lambda: desk.names.now.person == person)


def page_of(desk: Desk) -> AuditPage:
    """The page on screen, read."""
    page = AuditPage(desk.workbench)
    desk.show(page)
    page.focus_field()
    desk.settle()
    return page


def ids(page: AuditPage) -> list[UUID]:
    """What is listed."""
    return [row.line.id for row in page.model.rows]


def noted(desk: Desk, *actions: str) -> list[AuditLine]:
    """The access events of these actions, oldest first."""
    found = desk.ask(lambda connection: list(lines(connection, AuditFilter(what="access"))))
    return [line for line in found if line.action in actions]


def press(
    page: AuditPage, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
) -> None:
    """A key on the list."""
    QTest.keyClick(page.view, key, modifier)


def test_the_newest_stands_on_top_and_is_chosen(desk: Desk) -> None:
    line = desk.do(WriteLogEntry(text="夜班开始"))
    page = page_of(desk)
    assert ids(page)[0] == line
    row = page.view.current()
    assert row is not None and row.line.id == line
    assert "夜班开始" not in page.detail.text.toPlainText()
    assert page.words("audit.personal") in page.detail.text.toPlainText()
    desk.until(lambda: page.filters.count.text() == page.words("audit.count", count=len(ids(page))))
    assert page.kept.isVisible() and "183" in page.kept.text()


def test_what_comes_leaves_the_choice_where_it_is(desk: Desk) -> None:
    first = desk.do(WriteLogEntry(text="一"))
    page = page_of(desk)
    second = desk.do(WriteLogEntry(text="二"))
    desk.until(lambda: ids(page)[:2] == [second, first])
    row = page.view.current()
    assert row is not None and row.line.id == first


def test_chips_take_what_the_chosen_entry_has(desk: Desk) -> None:
    desk.do(NoteAccess(action="exported", subject_kind="log_entry", count=3))
    line = desk.do(WriteLogEntry(text="一"))
    sit(desk, OFFICER)
    sit(desk, CHIEF)
    page = page_of(desk)
    everything = ids(page)
    press(page, KEY.Key_V)
    desk.until(lambda: all(row.line.access for row in page.model.rows) and page.model.rows)
    page.view.choose(noted(desk, "exported")[0].id)
    press(page, KEY.Key_T, ALT)
    desk.until(lambda: [row.line.action for row in page.model.rows] == ["exported"])
    assert page.words("codes.access_action.exported") in page.filters.chips["action"].text()
    press(page, KEY.Key_A)
    desk.until(lambda: ids(page) == everything)
    page.view.choose(noted(desk, "signed_in")[1].id)
    press(page, KEY.Key_P)
    desk.until(lambda: {row.line.by for row in page.model.rows} == {OFFICER})
    press(page, KEY.Key_P)
    desk.until(lambda: ids(page) == everything)
    press(page, KEY.Key_G, ALT)
    desk.until(lambda: ids(page)[0] == line)
    assert page.filters.filter() == AuditFilter(what="changes")
    for key in (KEY.Key_M, KEY.Key_D):
        press(page, key)
        desk.settle()
        assert ids(page)[0] == line
    assert page.filters.filter().day is not None and page.filters.filter().desk_id is not None


def test_nothing_found_is_said_and_the_keys_go_on(desk: Desk) -> None:
    page = page_of(desk)
    page.filters._filter = AuditFilter(action="purged")
    page.refresh(None)
    desk.until(lambda: not page.view.isVisible())
    assert page.empty.text() == page.words("audit.empty_filtered")
    QTest.keyClick(page.filters.chips["all"], KEY.Key_A, ALT)
    desk.until(page.view.isVisible)


def test_others_read_one_sentence(desk: Desk) -> None:
    page = page_of(desk)
    assert page.model.rows
    sit(desk, OFFICER)
    desk.until(page.empty.isVisible)
    assert page.empty.text() == page.words("audit.not_allowed")
    assert not page.model.rows and not page.filters.isVisible() and not page.detail.isVisible()
    sit(desk, CHIEF)
    desk.until(lambda: page.view.isVisible() and page.model.rows)


def test_enter_opens_the_record_concerned(desk: Desk) -> None:
    desk.do(EditCard(kind="person", id=OFFICER, fields={"phone": "1"}))
    page = page_of(desk)
    press(page, KEY.Key_Return)
    assert desk.opened == [("person", OFFICER)]
    desk.do(NoteAccess(action="masked"))
    desk.until(lambda: page.model.rows[0].line.action == "masked")
    press(page, KEY.Key_Home)
    press(page, KEY.Key_Return)
    assert desk.said[-1] == page.words("audit.no_record") and len(desk.opened) == 1
    press(page, KEY.Key_C)
    assert page.words("codes.access_action.masked") in QApplication.clipboard().text()


def test_older_entries_come_when_one_goes_down(desk: Desk) -> None:
    for number in range(PAGE // 50):
        for _ in range(60):
            last = desk.desktop.execute(NoteAccess(action="printed", count=number))
        last.result(20)
    page = page_of(desk)
    assert len(ids(page)) == PAGE
    press(page, KEY.Key_End)
    desk.until(lambda: len(ids(page)) > PAGE)
    row = page.view.current()
    assert row is not None and ids(page).index(row.line.id) == PAGE - 1
    assert len(set(ids(page))) == len(ids(page))


def test_every_kind_of_change_reaches_it() -> None:
    assert AuditPage.kinds == REGISTRY.keys()


def test_every_key_is_named(desk: Desk) -> None:
    keys = " ".join(hint.key for hint in page_of(desk).key_hints())
    assert all(key in keys for key in ("Enter", "Ctrl+E", "Ctrl+P", "A V G T P M D", "C", "Home"))


# ---- what the program notes of itself


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_an_export_is_noted_with_its_rows_and_filter(desk: Desk, tmp_path: Path, suffix: str) -> None:
    desk.do(WriteLogEntry(text="一", channel="phone"))
    exporter = Exporter(desk.workbench, desk.show())
    with desk.qtbot.waitSignal(exporter.finished, timeout=10_000):
        exporter.write(LogFilter(channel="phone"), tmp_path / f"log.{suffix}")
    desk.until(lambda: noted(desk, "exported"))
    (line,) = noted(desk, "exported")
    assert line.access is not None and line.by == CHIEF and line.kind == "log_entry"
    assert (line.access["count"], line.access["extent"]) == (1, f"form={suffix} channel=phone")


def test_the_audit_trail_exports_itself_and_notes_that(desk: Desk, tmp_path: Path) -> None:
    page = page_of(desk)
    with desk.qtbot.waitSignal(page.exporter.finished, timeout=10_000) as done:
        page.exporter.write(page.filters.filter(), tmp_path / "audit.csv")
    assert done.args == [str(tmp_path / "audit.csv"), len(ids(page))]
    desk.until(lambda: page.model.rows[0].line.action == "exported")
    assert page.model.rows[0].cells[5] == page.words("audit.subject.audit")


def test_what_failed_or_was_only_looked_at_is_not_noted_as_gone_out(desk: Desk, tmp_path: Path) -> None:
    window = desk.show()
    exporter = Exporter(desk.workbench, window)
    exporter.write(LogFilter(), tmp_path / "no folder" / "log.csv")
    desk.until(lambda: desk.said and "no folder" in desk.said[-1])
    exporter.print(LogFilter())
    desk.until(lambda: window.findChild(Preview) is not None)
    desk.settle()
    assert noted(desk, "exported", "printed") == []
    preview = window.findChild(Preview)
    assert isinstance(preview, Preview)
    preview.reject()


def test_paper_is_noted_when_it_has_gone_to_a_printer(desk: Desk, tmp_path: Path) -> None:
    desk.do(WriteLogEntry(text="一"))
    window = desk.show()
    exporter = Exporter(desk.workbench, window)
    exporter.print(LogFilter())
    desk.until(lambda: window.findChild(Preview) is not None)
    preview = window.findChild(Preview)
    assert isinstance(preview, Preview)
    printer = QPrinter()
    printer.setOutputFileName(str(tmp_path / "paper.pdf"))
    preview.send_to(printer)
    desk.until(lambda: noted(desk, "printed"))
    (line,) = noted(desk, "printed")
    assert line.access is not None and (line.access["count"], line.access["extent"]) == (1, "form=paper")


# ---- personal data


@pytest.fixture
def form(desk: Desk) -> CardForm:
    """The form of persons, on screen, with a short patience."""
    made = CardForm(desk.workbench, REGISTRY["person"])
    made._watch._timer.setInterval(120)
    desk.show(made)
    return made


def read(desk: Desk, form: CardForm, id_: UUID) -> None:
    """A card on the form."""
    form.read(id_)
    desk.until(lambda: form.current() == id_)


def focused() -> QWidget:
    """What has the keyboard."""
    widget = QApplication.focusWidget()
    assert widget is not None
    return widget


def opened(desk: Desk) -> list[UUID | None]:
    """Whose cards were read."""
    return [line.row for line in noted(desk, "opened_personal")]


def test_a_card_that_stayed_open_is_noted_once_a_sitting(desk: Desk, form: CardForm) -> None:
    read(desk, form, OFFICER)
    assert opened(desk) == []
    desk.until(lambda: opened(desk) == [OFFICER])
    read(desk, form, OTHER)
    desk.until(lambda: opened(desk) == [OFFICER, OTHER])
    read(desk, form, OFFICER)
    desk.qtbot.wait(250)
    assert opened(desk) == [OFFICER, OTHER]
    sit(desk, OTHER)
    desk.until(lambda: opened(desk) == [OFFICER, OTHER, OFFICER])
    assert noted(desk, "opened_personal")[-1].by == OTHER


def test_cards_gone_past_are_not_noted(desk: Desk, form: CardForm) -> None:
    form._watch._timer.setInterval(600)
    for id_ in (OFFICER, OTHER, CHIEF):
        read(desk, form, id_)
    form.setVisible(False)
    desk.qtbot.wait(800)
    assert opened(desk) == []
    form.setVisible(True)
    desk.until(lambda: opened(desk) == [CHIEF])


def test_a_card_without_personal_values_is_not_noted(desk: Desk) -> None:
    form = CardForm(desk.workbench, REGISTRY["organisation"])
    form._watch._timer.setInterval(50)
    desk.show(form)
    read(desk, form, shipped_row_id("organisation", "350502"))
    desk.qtbot.wait(200)
    assert opened(desk) == []


def test_an_edit_and_a_copy_are_noted_at_once(desk: Desk, form: CardForm) -> None:
    form._watch._timer.setInterval(60_000)
    read(desk, form, OFFICER)
    editor = form.fields["phone"].editor
    editor.setFocus()
    editor.select_all()
    QTest.keyClick(focused(), KEY.Key_C, Qt.KeyboardModifier.ControlModifier)
    desk.until(lambda: noted(desk, "copied_personal"))
    assert opened(desk) == [OFFICER] and noted(desk, "copied_personal")[0].row == OFFICER
    read(desk, form, OTHER)
    field = form.fields["phone"]
    field.editor.setFocus()
    field.editor.select_all()
    QTest.keyClicks(focused(), "000-1234")
    QTest.keyClick(focused(), KEY.Key_Return)
    desk.until(lambda: opened(desk) == [OFFICER, OTHER])
