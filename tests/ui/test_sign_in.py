"""People at the desk, seen: the password panel, the lock, leaving the chair, names hidden and shown."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QInputMethodEvent, QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from commandcenter.domain.lockout import TRIES
from commandcenter.runtime import DataDirectory
from commandcenter.services import sign_in as service
from commandcenter.services.desk_affairs import TakeSeat
from commandcenter.services.log import WriteLogEntry
from commandcenter.services.reference import shipped_row_id
from commandcenter.services.registers import ChangeSetting
from commandcenter.services.sign_in import keep_credential
from commandcenter.words import Words
from db.queries.registers import rows
from ui.app import look, make_shell, prepare
from ui.chair import Chair
from ui.directory import HIDDEN
from ui.duty_room import DutyRoom
from ui.idle import Idle
from ui.seat import SeatPanel
from ui.seat_password import Password, PasswordForm
from ui.tables.line_detail import LineDetail

KEY = Qt.Key
ZH = Words("zh_CN")
CHIEF, OFFICER = (shipped_row_id("person", f"sample-{n}") for n in (1, 2))


class Room:
    """A whole window on a desk of the licheng profile."""

    def __init__(self, qtbot: QtBot, folder: Path) -> None:
        self.qtbot = qtbot
        self.directory = DataDirectory(folder)
        self.directory.make()
        self.start()

    def start(self) -> None:
        """Open the window, and wait until everything has been read."""
        shell = make_shell(ZH, look({}), lambda: datetime.now(UTC))
        shell.resize(1366, 768)
        app = prepare(ZH)
        self.duty = DutyRoom(app, shell, ZH, look({}), self.directory, "licheng", lambda: datetime.now(UTC))
        with self.qtbot.waitActive(shell):
            shell.show()
            shell.activateWindow()
        self.until(lambda: self.duty._asked_seat or self.person() is not None)
        self.settle()

    def stop(self) -> None:
        """Close it as the program does."""
        self.duty.live.blockSignals(True)
        self.duty.close()
        self.duty.shell.close()

    def until(self, true: Callable[[], object]) -> None:
        """Let the program work until something is so."""
        self.qtbot.waitUntil(lambda: bool(true()), timeout=8000)

    def settle(self) -> None:
        """Let everything under way land."""
        self.qtbot.waitUntil(lambda: not self.duty.desktop.busy(), timeout=8000)
        self.qtbot.wait(120)

    def people_have_passwords(self) -> None:
        """As after two sign-ins with the centre's yes."""
        for person, login in ((CHIEF, "jia"), (OFFICER, "yi")):
            keep_credential(self.duty.desktop, person, login, f"pw {login}")
        self.duty.names.read()
        self.settle()

    def person(self) -> UUID | None:
        """Who sits here, as the window knows it."""
        return self.duty.names.now.person

    @property
    def seat(self) -> SeatPanel:
        """The seat panel, open."""
        if self.duty._seat is None or not self.duty._seat.isVisible():
            self.duty.sign_in()
            self.settle()
        assert self.duty._seat is not None
        return self.duty._seat

    @property
    def form(self) -> PasswordForm:
        """Its sign-in."""
        return self.seat.form

    def type_password(self, login: str, password: str) -> None:
        """By keyboard: account, Enter, password, Enter."""
        form = self.form
        form.login.clear()
        form.login.setFocus()
        QTest.keyClicks(form.login, login)
        QTest.keyClick(form.login, KEY.Key_Return)
        assert focus() is form.password
        form.password.clear()
        QTest.keyClicks(form.password, password)
        QTest.keyClick(form.password, KEY.Key_Return)
        self.until(lambda: not form._busy)
        self.settle()

    def sign_in(self, login: str) -> None:
        """The right password."""
        self.type_password(login, f"pw {login}")
        self.until(lambda: not self.duty.names.hidden)

    def authors(self) -> list[UUID | None]:
        """Whose the lines of the log are, in their order."""

        def question(connection: Any) -> list[UUID | None]:
            return [line["typed_by_id"] for line in rows(connection, "log_entry")]

        return self.duty.desktop.ask(question).result(20)

    def write(self, text: str) -> None:
        """A line typed in the box and sent."""
        self.duty.shell.focus_box()
        compose(self.duty.shell.logbox.editor, text)
        QTest.keyClick(self.duty.shell.logbox.editor, KEY.Key_Return)
        self.settle()

    def press(self, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """A key wherever the focus is."""
        QTest.keyClick(focus() or self.duty.shell, key, modifier)
        self.settle()


def focus() -> QWidget | None:
    """Who has the keyboard."""
    found: QWidget | None = QApplication.focusWidget()
    return found


def compose(part: QWidget, text: str) -> None:
    """Chinese, as an input method hands it over."""
    event = QInputMethodEvent("", [])
    event.setCommitString(text)
    QApplication.sendEvent(part, event)


@pytest.fixture
def room(qtbot: QtBot, tmp_path: Path) -> Iterator[Room]:
    """The window."""
    handlers = list(logging.getLogger().handlers)
    made = Room(qtbot, tmp_path / "desk")
    yield made
    made.stop()
    for handler in logging.getLogger().handlers[:]:
        if handler not in handlers:
            logging.getLogger().removeHandler(handler)
            handler.close()


# ---- signing in


def test_without_passwords_a_name_is_chosen_as_ever(room: Room) -> None:
    assert room.seat.form.isHidden()
    assert room.seat.list.isVisible()
    compose(room.seat.line, "示例甲")
    room.until(lambda: room.seat.model.rowCount() == 1)
    QTest.keyClick(room.seat.line, KEY.Key_Return)
    room.until(lambda: room.person() == CHIEF)
    assert not room.duty.names.hidden


def test_account_and_password_by_keyboard(room: Room) -> None:
    room.people_have_passwords()
    assert room.duty.names.hidden
    assert room.form.isVisible()
    assert room.seat.list.isHidden(), "no names to choose from"
    room.type_password("jia", "falsch")
    assert room.form.sentence.text() == ZH("refused.wrong_password", left=4)
    assert room.form.password.selectedText() != ""
    assert room.seat.isVisible()
    room.sign_in("jia")
    assert room.person() == CHIEF
    assert room.duty._seat is not None
    assert room.duty._seat.isHidden()
    assert room.duty._seat.form.password.text() == ""
    assert room.duty.shell.header._duty.text() == "示例甲"
    room.write("接报")
    assert room.authors() == [CHIEF]


def test_the_window_paints_while_a_password_is_checked(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    room.people_have_passwords()
    go_on = threading.Event()
    right = service._matches
    monkeypatch.setattr(service, "_matches", lambda *args: go_on.wait(20) and right(*args))
    form = room.form
    form.login.setText("jia")
    form.password.setText("pw jia")
    QTest.keyClick(form.password, KEY.Key_Return)
    QTest.keyClick(form.password, KEY.Key_Return)  # an impatient second Enter
    assert form.sentence.text() == ZH("seat.checking")
    room.write("此时接报")
    assert room.authors() == [None]
    go_on.set()
    room.until(lambda: room.person() == CHIEF)


def test_the_fifth_wrong_password_says_until_when_and_the_chief_releases(room: Room) -> None:
    room.people_have_passwords()
    for _ in range(TRIES):
        room.type_password("yi", "falsch")
    assert "锁定至" in room.form.sentence.text()
    assert room.form.released == {}, "nobody is signed in who might"
    room.type_password("yi", "pw yi")
    assert "锁定至" in room.form.sentence.text()
    assert room.duty.names.hidden
    room.sign_in("jia")
    assert list(room.form.released) == [OFFICER]
    room.form.released[OFFICER].click()
    room.settle()
    assert room.form.released == {}
    room.sign_in("yi")
    assert room.person() == OFFICER


def test_an_unknown_account_is_marked_and_said(room: Room) -> None:
    room.people_have_passwords()
    room.type_password("bing", "irgendwas")
    assert room.form.sentence.text() == ZH("refused.not_known_here", login="bing")
    assert bool(room.form.login.property("refused"))
    assert focus() is room.form.login


def test_caps_lock_is_noticed_by_what_it_types(qtbot: QtBot) -> None:
    line = Password()
    qtbot.addWidget(line)
    told: list[bool] = []
    line.caps_lock.connect(told.append)
    shift, none = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.NoModifier
    for modifier, text in ((none, "a"), (shift, "A"), (none, "A"), (shift, "a"), (none, "1"), (none, "b")):
        line.keyPressEvent(QKeyEvent(QEvent.Type.KeyPress, KEY.Key_A, modifier, text))
    assert told == [False, False, True, True, False]
    assert line.displayText() == "●" * 6


def test_a_half_typed_line_is_neither_lost_nor_moved(room: Room) -> None:
    room.people_have_passwords()
    room.seat.close_panel()
    box = room.duty.shell.logbox.editor
    room.duty.shell.focus_box()
    compose(box, "半句")
    room.press(KEY.Key_F9)
    assert focus() is room.form.login
    assert box.toPlainText() == "半句"
    room.sign_in("jia")
    assert box.toPlainText() == "半句"
    assert focus() is box
    compose(box, "其余")
    QTest.keyClick(box, KEY.Key_Return)
    room.settle()
    assert room.authors() == [CHIEF]


def test_one_key_signs_out(room: Room) -> None:
    room.people_have_passwords()
    room.sign_in("jia")
    room.press(KEY.Key_F9, Qt.KeyboardModifier.ShiftModifier)
    room.until(lambda: room.person() is None)
    assert room.duty.names.hidden
    room.write("无人时接报")
    assert room.authors() == [None]
    keys = {hint.key for hint in room.duty.shell.key_hints()}
    assert {"F9", "Shift+F9"} <= keys


# ---- names hidden


def cells(room: Room) -> str:
    """Everything the person register shows, list and form."""
    pane: Any = room.duty.page("register")
    pane = pane.pane()
    shown = [cell for at in range(pane.model.rowCount()) for cell in pane.model.row(at).cells]
    for field in pane.form.fields.values():
        if field.editor.isVisible():
            shown += [line.text() for line in field.editor.findChildren(QLineEdit)]
    return " ".join([*shown, pane.form.title.text()])


def test_names_and_phones_are_hidden_everywhere_and_come_back(room: Room) -> None:
    room.people_have_passwords()
    room.sign_in("jia")
    entry = WriteLogEntry(text="东街积水", counterpart="王先生 13800000000", channel="phone")
    room.duty.desktop.execute(entry).result(20)
    room.duty.shell.show_page("register")
    room.settle()
    assert "示例乙" in cells(room)
    assert "000-0000-0002" in cells(room)
    room.press(KEY.Key_F9)
    assert "示例" not in cells(room)
    assert "000-0000" not in cells(room)
    assert HIDDEN in cells(room)
    assert ZH("seat.hidden", key="F9") in room.duty.shell.header._duty.text()
    page: Any = room.duty.page("log")
    room.duty.shell.show_page("log")
    room.until(lambda: page.list.table.model.rowCount() == 1)
    page.choose(0)
    room.settle()
    line = page.list.table.model.shown(0)
    assert HIDDEN in line.who
    assert line.counterpart == HIDDEN
    assert line.text == "东街积水", "the log itself is read on"
    detail: LineDetail = page.list.detail
    words = " ".join(label.text() for label in detail.findChildren(QWidget) if hasattr(label, "text"))
    assert "王先生" not in words
    assert "示例甲" not in words
    room.write("遮蔽时接报")
    assert room.authors() == [CHIEF, None]
    room.sign_in("jia")
    line = page.list.table.model.shown(1)
    assert line.who.startswith("示例甲")
    assert "王先生" in line.counterpart
    room.write("回来了")
    assert room.authors() == [CHIEF, None, CHIEF]


def test_a_second_start_shows_no_names(room: Room) -> None:
    room.people_have_passwords()
    room.sign_in("jia")
    room.stop()
    room.start()
    room.until(lambda: room.duty.names.hidden)
    assert room.duty._seat is not None
    assert room.duty._seat.isVisible()
    room.until(lambda: room.form.login.text() == "jia")
    room.write("接班前")
    assert room.authors() == [None]
    room.sign_in("jia")
    assert room.person() == CHIEF


def test_what_is_half_typed_in_a_hidden_field_is_there_afterwards(room: Room) -> None:
    room.people_have_passwords()
    room.sign_in("jia")
    room.duty.shell.show_page("register")
    room.settle()
    pane: Any = room.duty.page("register")
    form = pane.pane().form
    field = form.fields["phone"]
    (line,) = field.editor.findChildren(QLineEdit)
    line.setFocus()
    line.selectAll()
    QTest.keyClicks(line, "0595-1")
    room.duty.chair.idle.hide_names()
    room.settle()
    assert not field.editor.isVisible()
    assert field.veil.isVisible()
    room.sign_in("jia")
    assert field.editor.isVisible()
    assert line.text() == "0595-1"


def test_without_passwords_any_key_brings_names_back(room: Room) -> None:
    room.duty.desktop.execute(TakeSeat(person_id=CHIEF)).result(20)
    room.duty.names.read()
    room.settle()
    room.seat.close_panel()
    room.duty.chair.idle.hide_names()
    room.settle()
    assert room.duty.names.hidden
    assert room.duty.shell.header._duty.text() == ZH("seat.hidden", key="F9")
    room.duty.shell.focus_box()
    compose(room.duty.shell.logbox.editor, "接")
    room.until(lambda: not room.duty.names.hidden)
    assert room.duty.shell.header._duty.text() == "示例甲"


def test_the_districts_setting_says_after_how_long(room: Room) -> None:
    assert room.duty.chair.idle._after == 600
    room.duty.desktop.execute(ChangeSetting(key="idle_after_s", value="120")).result(20)
    room.until(lambda: room.duty.chair.idle._after == 120)


def test_another_look_keeps_the_chair(room: Room) -> None:
    room.people_have_passwords()
    assert room.seat.isVisible()
    assert room.duty.chair.idle.held()
    room.duty._preference_chosen("theme", "light")
    room.settle()
    assert not room.duty.chair.idle.held(), "the panel that held the count is gone with its window"
    assert room.duty.names.hidden
    room.press(KEY.Key_F9)
    room.sign_in("jia")
    assert room.duty.shell.header._duty.text() == "示例甲"


# ---- the count


class Watch:
    """An Idle whose seconds the test passes."""

    def __init__(self, qtbot: QtBot) -> None:
        self.qtbot, self.at, self.told = qtbot, 1000.0, list[bool]()
        self.line = QLineEdit()
        qtbot.addWidget(self.line)
        with qtbot.waitActive(self.line):
            self.line.show()
            self.line.activateWindow()
            self.line.setFocus()
        self.idle = Idle(now=lambda: self.at)
        self.idle.masked.connect(self.told.append)

    def past(self, seconds: float) -> None:
        """Time goes by, and the timer looks."""
        self.at += seconds
        if self.idle._timer.isActive():
            self.idle._look()


@pytest.fixture
def watch(qtbot: QtBot) -> Watch:
    """The count of ten minutes."""
    return Watch(qtbot)


def test_ten_minutes_without_a_hand(watch: Watch) -> None:
    watch.past(599)
    assert watch.told == []
    watch.past(1)
    assert watch.told == [True]
    watch.past(10_000)
    assert watch.told == [True]


@pytest.mark.parametrize("hand", ["key", "click", "text"])
def test_a_hand_begins_the_count_again(watch: Watch, hand: str) -> None:
    watch.past(599)
    if hand == "key":
        QTest.keyClick(watch.line, KEY.Key_Shift)
    elif hand == "click":
        QTest.mouseClick(watch.line.windowHandle(), Qt.MouseButton.LeftButton)
    else:  # what an input method takes arrives as text only
        QApplication.sendEvent(watch.line, QInputMethodEvent("zai", []))
    watch.past(599)
    assert watch.told == []
    watch.past(1)
    assert watch.told == [True]


def test_a_panel_holds_the_count_and_does_not_begin_it_again(watch: Watch) -> None:
    one, other = QObject(), QObject()
    watch.past(500)
    watch.idle.hold(one)
    watch.idle.hold(other)
    watch.past(5000)
    watch.idle.release(one)
    watch.past(5000)
    assert watch.told == []
    watch.idle.release(other)
    watch.past(99)
    assert watch.told == []
    watch.past(1)
    assert watch.told == [True]


def test_typing_in_the_panel_begins_it_again(watch: Watch) -> None:
    panel = QObject()
    watch.past(500)
    watch.idle.hold(panel)
    watch.past(50)
    QTest.keyClick(watch.line, KEY.Key_A)
    watch.idle.release(panel)
    watch.past(599)
    assert watch.told == []


def test_only_a_password_shows_names_again_where_there_are_passwords(watch: Watch) -> None:
    watch.idle.locks = True
    watch.idle.hide_names()
    QTest.keyClick(watch.line, KEY.Key_A)
    assert watch.told == [True]
    watch.idle.show_names()
    assert watch.told == [True, False]
    watch.idle.locks = False
    watch.idle.hide_names()
    QTest.keyClick(watch.line, KEY.Key_A)
    assert watch.told == [True, False, True, False]


def test_a_wall_is_never_hidden(watch: Watch) -> None:
    watch.idle.set_exempt(True)
    watch.past(100_000)
    assert watch.told == []
    watch.idle.set_exempt(False)
    watch.past(0)
    assert watch.told == [True]


def test_a_chair_of_the_wall_alone_is_exempt(room: Room) -> None:
    from commandcenter.services.registers import AddCard

    command = AddCard(kind="person", fields={"name": "大屏", "roles": ["wall"]})
    wall = room.duty.desktop.execute(command).result(20).ids[0]
    room.duty.desktop.execute(TakeSeat(person_id=wall)).result(20)
    room.duty.names.read()
    room.settle()
    chair: Chair = room.duty.chair
    assert chair.idle._exempt
    assert not chair.idle._timer.isActive()
