"""The frame: pages, keys, focus, the clock, the sentences; what is typed survives all of them."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QInputMethodEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QLineEdit,
    QPlainTextEdit,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)
from pytestqt.qtbot import QtBot

from commandcenter.words import LANGUAGES, Words
from ui.shell.draft import Choice
from ui.shell.keys import KeyHint
from ui.shell.nav import PageEntry, page_key
from ui.shell.window import Shell
from ui.theme import Theme, apply

NOW = datetime(2026, 7, 28, 6, 32, 7, tzinfo=UTC)
KEY = Qt.Key
CONTROL = Qt.KeyboardModifier.ControlModifier
PAGES = (PageEntry("log", "值班", "log"), PageEntry("incidents", "事件", "incident"))


def later(shell: Shell, first: str) -> bool:
    """Whether the clock has gone on."""
    return shell.header.clock_text() > first


class Page(QWidget):
    """A page with a table, which would eat plain keys, and a text field."""

    def __init__(self) -> None:
        super().__init__()
        layout = QVBoxLayout(self)
        self.table = QTableWidget(2, 1)
        self.table.setItem(0, 0, QTableWidgetItem("/ 一行"))
        self.table.setItem(1, 0, QTableWidgetItem("? 一行"))
        self.field = QLineEdit()
        layout.addWidget(self.table)
        layout.addWidget(self.field)


def make(
    qtbot: QtBot, language: str = "zh_CN", scale: float = 1.0, size: tuple[int, int] = (1366, 768)
) -> Shell:
    """A shown shell with two pages."""
    theme = Theme("light", scale)
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    apply(app, theme)
    shell = Shell(
        Words(language),
        theme,
        now=lambda: NOW,
        pages=PAGES,
        channels=[Choice("phone", "电话")],
        directions=[Choice("incoming", "来")],
        importances=[Choice("normal", "普通"), Choice("important", "重要")],
    )
    for entry in PAGES:
        shell.add_page(entry.id, Page())
    qtbot.addWidget(shell)
    shell.resize(*size)
    with qtbot.waitSignal(shell.painted):
        shell.show()
    shell.activateWindow()
    qtbot.waitUntil(shell.isActiveWindow)
    return shell


@pytest.fixture
def shell(qtbot: QtBot) -> Shell:
    """A shell in Chinese at 100 %."""
    return make(qtbot)


def page(shell: Shell) -> Page:
    """The page shown."""
    widget = shell.stack.currentWidget()
    assert isinstance(widget, Page)
    return widget


def focused() -> QWidget:
    """The widget with the focus; there is one."""
    focus = QApplication.focusWidget()
    assert focus is not None
    return focus


def press(key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    """A key where the focus is."""
    QTest.keyClick(focused(), key, modifier)


def write(text: str) -> None:
    """A commit of the input method where the focus is."""
    event = QInputMethodEvent()
    event.setCommitString(text)
    QApplication.sendEvent(focused(), event)


def test_the_cursor_is_in_the_box_at_the_start(shell: Shell) -> None:
    """Faster than a pencil."""
    assert QApplication.focusWidget() is shell.logbox.editor


def test_pages_change_by_key_and_mouse(qtbot: QtBot, shell: Shell) -> None:
    """Ctrl+n from anywhere; the rail shows it; the page is told of before it is shown."""
    seen: list[str] = []
    again: list[str] = []
    shell.page_changed.connect(seen.append)
    shell.page_again.connect(again.append)
    assert shell.page() == "log"
    press(KEY.Key_1, CONTROL)
    assert (seen, again) == ([], ["log"])
    press(KEY.Key_2, CONTROL)
    assert shell.page() == "incidents"
    assert shell.rail.button("incidents").isChecked()
    QTest.mouseClick(shell.rail.button("log"), Qt.MouseButton.LeftButton)
    assert seen == ["incidents", "log"]
    assert [page_key(n) for n in (0, 8, 9, 10)] == ["Ctrl+1", "Ctrl+9", "Ctrl+0", ""]
    with pytest.raises(KeyError):
        shell.show_page("map")


def test_changing_pages_leaves_the_half_typed_line(shell: Shell) -> None:
    """Text, incident and cursor stay in the box."""
    shell.logbox.set_context("a", "甲")
    write("半句")
    press(KEY.Key_2, CONTROL)
    shell.logbox.set_context("b", "乙")
    draft = shell.logbox.draft()
    assert (draft.text, draft.incident_id) == ("半句", "a")
    assert QApplication.focusWidget() is shell.logbox.editor


def test_slash_from_a_table_and_esc_back(shell: Shell) -> None:
    """A table would search for the sign; the box gets the focus and gives it back."""
    table = page(shell).table
    table.setFocus()
    press(KEY.Key_Slash)
    assert QApplication.focusWidget() is shell.logbox.editor
    assert shell.logbox.editor.exact_text() == ""
    write("没写完")
    press(KEY.Key_Escape)
    assert QApplication.focusWidget() is table
    assert shell.logbox.editor.exact_text() == "没写完"


@pytest.mark.parametrize("sign", ["/", "、", "／"])
def test_the_box_key_in_the_chinese_state(shell: Shell, sign: str) -> None:
    """The sign that the key gives in either state of an input method."""
    table = page(shell).table
    table.setFocus()
    QTest.keyClicks(table, sign) if sign == "/" else QTest.sendKeyEvent(
        QTest.KeyAction.Click, shell, Qt.Key(ord(sign)), sign, Qt.KeyboardModifier.NoModifier
    )
    assert QApplication.focusWidget() is shell.logbox.editor
    assert shell.logbox.editor.exact_text() == ""


def test_in_a_text_field_the_signs_are_text(shell: Shell) -> None:
    """Also in the box itself."""
    field = page(shell).field
    field.setFocus()
    QTest.keyClicks(field, "/?")
    assert field.text() == "/?"
    shell.logbox.focus()
    QTest.keyClicks(shell.logbox.editor, "1/2?")
    assert shell.logbox.editor.exact_text() == "1/2?"


@pytest.mark.parametrize("sign", ["?", "？"])
def test_the_overlay_opens_and_gives_the_focus_back(shell: Shell, sign: str) -> None:
    """Esc closes it; nothing behind it hears the keys meanwhile."""
    table = page(shell).table
    table.setFocus()
    QTest.keyClicks(table, sign) if sign == "?" else QTest.sendKeyEvent(
        QTest.KeyAction.Click, shell, Qt.Key(ord(sign)), sign, Qt.KeyboardModifier.NoModifier
    )
    overlay = focused()
    assert overlay is shell._overlay
    press(KEY.Key_Slash)
    assert QApplication.focusWidget() is overlay
    press(KEY.Key_Escape)
    assert QApplication.focusWidget() is table
    assert overlay.isHidden()


def test_the_overlay_over_the_box_keeps_the_way_back(shell: Shell) -> None:
    """F1 while writing, Esc, Esc: the line is kept and the focus is where it was before the box."""
    table = page(shell).table
    table.setFocus()
    press(KEY.Key_Slash)
    write("半句")
    press(KEY.Key_F1)
    assert focused() is shell._overlay
    press(KEY.Key_Escape)
    assert focused() is shell.logbox.editor
    press(KEY.Key_Escape)
    assert focused() is table
    assert shell.logbox.editor.exact_text() == "半句"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_overlay_fits_a_small_screen(qtbot: QtBot, language: str) -> None:
    """1366x768, both languages, with as many actions as a program of this size has."""
    shell = make(qtbot, language)
    groups = {"log": 9, "incident": 9, "search": 5, "print": 4}
    hints = [KeyHint(f"Ctrl+Shift+{n}", "x" * 22, g) for g, many in groups.items() for n in range(many)]
    shell.set_key_hints(hints)
    shell.show_keys()
    overlay = shell._overlay
    assert overlay is not None
    assert overlay.content_height() <= overlay.height() - 32
    assert sum(len(h) for column in overlay.columns() for _, h in column) == len(shell.key_hints())
    assert len(shell.key_hints()) > len(hints)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("scale", [1.0, 1.5, 2.0])
def test_everything_has_room(qtbot: QtBot, language: str, scale: float) -> None:
    """At 200 % on the smallest screen the window still fits, and box, clock and status are whole."""
    shell = make(qtbot, language, scale)
    shell.header.set_desk("Desk 1")
    shell.header.set_duty("Example B")
    write("！12:40 进水")
    shell.logbox.take_time()
    shell.strip.show_message("文件由较新的程序写成，本机只能读。" * 4, problem=True)
    QApplication.processEvents()
    assert (shell.width(), shell.height()) == (1366, 768)
    for part in (
        shell.header._clock,
        shell.logbox.editor,
        shell.logbox.tag,
        shell.status,
        shell.logbox._options,
    ):
        corner = part.mapTo(shell, part.rect().bottomRight())
        assert shell.rect().contains(corner)
        assert part.height() >= min(part.sizeHint().height(), part.minimumSizeHint().height())
    options = shell.logbox._options
    assert options.reason_shown()
    assert options.height() >= options.heightForWidth(options.width())
    assert options.rect().contains(options._cells["late_reason"].geometry())
    metrics = shell.header._clock.fontMetrics()
    assert metrics.horizontalAdvance(shell.header.clock_text()) <= shell.header._clock.width()


def test_the_clock_shows_the_time_given(qtbot: QtBot) -> None:
    """Asia/Shanghai, ticking by the injected clock only."""
    ticks = itertools.count()

    def now() -> datetime:
        return NOW + timedelta(seconds=next(ticks), milliseconds=990)

    for language, date in (("zh_CN", "7月28日 周二"), ("en", "Tue 28 Jul")):
        shell = Shell(Words(language), Theme(), now=now, pages=PAGES)
        qtbot.addWidget(shell)
        first = shell.header.clock_text()
        assert first.startswith("14:32:")
        assert shell.header.date_text() == date
        qtbot.waitUntil(partial(later, shell, first), timeout=1_000)


def test_the_status_line_tells_the_truth_it_is_told(shell: Shell) -> None:
    """Saved when, saving, not saved and why."""
    shell.status.set_saved(NOW)
    shell.status.set_desk("1 号席")
    shell.status.set_today(1_128)
    assert shell.status.texts() == ("✓ 已保存 14:32:07", "○ 未接入中心", "1 号席", "今日 1,128 条")
    shell.status.set_unsaved("磁盘已满")
    assert shell.status.texts()[0] == "▲ 未保存：磁盘已满"
    shell.status.set_saving()
    assert shell.status.texts()[0] == "… 保存中"


def test_the_strip_says_one_sentence_and_acts_once(qtbot: QtBot, shell: Shell) -> None:
    """It takes no focus by itself; its action runs once and it goes."""
    done: list[int] = []
    shell.strip.show_message("只能读。", action_label="重试", action=lambda: done.append(1))
    assert shell.strip.sentence() == "只能读。"
    assert QApplication.focusWidget() is shell.logbox.editor
    QTest.mouseClick(shell.strip._act, Qt.MouseButton.LeftButton)
    assert done == [1]
    assert shell.strip.sentence() == ""


def test_the_duty_chip_asks(qtbot: QtBot, shell: Shell) -> None:
    """Without a name it says so, loudly."""
    assert shell.header._duty.tone() == "strong"
    shell.header.set_duty("示例乙")
    assert shell.header._duty.accessibleName() == "值班员 示例乙"
    with qtbot.waitSignal(shell.header.duty_clicked):
        shell.header._duty.click()


def test_tab_reaches_everything_that_acts(shell: Shell) -> None:
    """Every button and field that shows can be reached, has a name, and comes round again."""
    shell.logbox.set_context("a", "甲")
    wanted = {
        part
        for part in shell.findChildren(QWidget)
        if isinstance(part, (QAbstractButton, QLineEdit, QPlainTextEdit))
        and part.isVisible()
        and part.isEnabled()
        and part is not shell.logbox.tag
        and part is not shell.header._desk
        and not any(isinstance(p, QTableWidget) for p in (part.parent(), part))
    }
    reached: set[QWidget] = set()
    for _ in range(60):
        focus = focused()
        reached.add(focus)
        if isinstance(focus, QTableWidget):
            page(shell).field.setFocus()
            continue
        press(KEY.Key_Tab)
    assert {type(p).__name__ + p.accessibleName() for p in wanted - reached} == set()
    assert all(p.accessibleName() for p in wanted if p is not page(shell).field)


def test_another_look_keeps_what_is_typed(shell: Shell) -> None:
    """Theme and scale change everywhere at once."""
    write("半句")
    before = shell.header.height()
    shell.set_theme(Theme("dark", 1.5))
    assert shell.logbox.editor.exact_text() == "半句"
    assert shell.header.height() > before
    image = shell.grab().toImage()
    corner = image.pixelColor(image.width() - 5, round(5 * image.devicePixelRatio()))
    assert corner == Theme("dark").colour("chrome")


def test_none_and_true_keep_their_references(shell: Shell) -> None:
    """PySide6 6.12.0 on Python 3.11 loses one at each call and emit, and then the process."""
    import sys

    said: list[bool] = []
    shell.logbox.editor.composing_changed.connect(said.append)
    none, true = sys.getrefcount(None), sys.getrefcount(True)
    for _ in range(1_000):
        shell.setObjectName("x")
        shell.logbox.editor.composing_changed.emit(True)
    assert sys.getrefcount(None) > none - 500
    assert sys.getrefcount(True) > true - 500
    assert len(said) == 1_000
