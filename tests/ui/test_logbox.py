"""The log box: exact text, input methods, times, the incident of a line, nothing lost and nothing doubled."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QMimeData, Qt
from PySide6.QtGui import QInputMethodEvent, QTextCursor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from commandcenter.words import Words
from ui.shell.composing import TextLine
from ui.shell.draft import BIDI_MARKS, NOT_HELD, Choice, LineDraft
from ui.shell.editor import LineEditor
from ui.shell.logbox import LogBox
from ui.shell.when import DayWords, WhenError, leading_when, parse_when, write_when
from ui.theme import Theme

NOW = datetime(2026, 7, 28, 6, 32, 7, tzinfo=UTC)  # 14:32:07 on 28 July in Quanzhou
ZH = Words("zh_CN")
DAYS = DayWords.of(ZH)
KEY = Qt.Key
ALT = Qt.KeyboardModifier.AltModifier


def local(day: int, hour: int, minute: int, second: int = 0, month: int = 7, year: int = 2026) -> datetime:
    """An instant by the clock on the wall in Quanzhou."""
    return datetime(year, month, day, hour, minute, second, tzinfo=UTC) - timedelta(hours=8)


# ---- the time field's reader


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12:40", local(28, 12, 40)),
        ("1240", local(28, 12, 40)),
        ("9:05", local(28, 9, 5)),
        ("12:40:31", local(28, 12, 40, 31)),
        ("１２：４０", local(28, 12, 40)),
        ("１２４０", local(28, 12, 40)),
        (" 12:40 ", local(28, 12, 40)),
        ("昨 12:40", local(27, 12, 40)),
        ("昨12:40", local(27, 12, 40)),
        ("昨天 2340", local(27, 23, 40)),
        ("y 12:40", local(27, 12, 40)),
        ("Y 12:40", local(27, 12, 40)),
        ("前天 12:40", local(26, 12, 40)),
        ("07-28 12:40", local(28, 12, 40)),
        ("7-1 08:00", local(1, 8, 0)),
        ("０７－２８　１２：４０", local(28, 12, 40)),
        ("2025-12-31 23:59", local(31, 23, 59, month=12, year=2025)),
        ("12-31 23:59", WhenError("future")),
        ("14:33", local(28, 14, 33)),
        ("14:34", local(28, 14, 34)),
        ("14:35", WhenError("future")),
        ("23:10", WhenError("future")),
        ("昨 23:10", local(27, 23, 10)),
        ("25:00", WhenError("impossible")),
        ("24:00", WhenError("impossible")),
        ("12:60", WhenError("impossible")),
        ("02-30 12:00", WhenError("impossible")),
        ("13-01 12:00", WhenError("impossible")),
        ("", WhenError("unreadable")),
        ("12", WhenError("unreadable")),
        ("12:4", WhenError("unreadable")),
        ("明 12:40", WhenError("unreadable")),
        ("刚才", WhenError("unreadable")),
        ("12:40 左右", WhenError("unreadable")),
    ],
)
def test_a_time_is_read_as_written(text: str, expected: datetime | WhenError) -> None:
    """A bare time is today's, and never guessed to be yesterday's."""
    assert parse_when(text, NOW, DAYS) == expected


def test_december_typed_in_january_was_last_year() -> None:
    """On New Year's morning 12-31 is yesterday."""
    assert parse_when("12-31 23:59", local(1, 0, 5, month=1), DAYS) == local(31, 23, 59, month=12, year=2025)
    assert parse_when("2-29 10:00", local(1, 0, 5, month=3, year=2028), DAYS) == local(29, 10, 0, 0, 2, 2028)


def test_just_after_midnight_yesterday_needs_its_word() -> None:
    """23:50 typed at 00:05 is a future time, not a guess."""
    now = local(28, 0, 5)
    assert parse_when("23:50", now, DAYS) == WhenError("future")
    assert parse_when("昨 23:50", now, DAYS) == local(27, 23, 50)


@given(st.text(max_size=20))
def test_anything_typed_is_a_time_or_an_error(text: str) -> None:
    """No text brings the reader down."""
    result = parse_when(text, NOW, DAYS)
    assert isinstance(result, WhenError) or result <= NOW + timedelta(minutes=2)


@given(st.integers(0, 206_000_000))
def test_a_written_time_is_read_back(seconds: int) -> None:
    """What a restored draft shows is the same instant."""
    instant = NOW - timedelta(seconds=seconds)
    assert parse_when(write_when(instant, NOW), NOW, DAYS) == instant


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("12:40 某小区进水", "12:40"),
        ("１２：４０，某小区进水", "１２：４０"),
        ("昨 12:40 某小区", "昨 12:40"),
        ("07-28 12:40 某小区", "07-28 12:40"),
        ("12:40", None),
        ("12:405 号楼", None),
        ("1240 名群众", None),
        ("16:30 前报告完成情况", None),
        ("来电 12:40 某小区", None),
        ("25:00 某", None),
    ],
)
def test_a_leading_time_is_offered(text: str, written: str | None) -> None:
    """Only with a colon, a gap after it, and not ahead."""
    found = leading_when(text, NOW, DAYS)
    assert (found[0] if found else None) == written


# ---- exact text


def editor(qtbot: QtBot) -> LineEditor:
    """A shown editor."""
    made = LineEditor(Theme("light"), 1_000)
    qtbot.addWidget(made)
    made.resize(600, 40)
    made.show()
    return made


HELD = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters=[*NOT_HELD, "\r", "\u2029"]), max_size=60
)


def test_any_text_comes_back_as_it_went_in(qtbot: QtBot) -> None:
    """Over all of Unicode: no-break spaces, line separators, astral signs, marks, a byte order mark."""
    box = editor(qtbot)

    @settings(max_examples=300, deadline=None)
    @given(HELD)
    def check(text: str) -> None:
        box.set_exact_text(text)
        assert box.exact_text() == text

    check()
    for text in (
        "a\u00a0b\u2028c",
        "\ufeff\ufeff开头",
        "𠮷㐂👩‍🚒",
        "\u2067右\u2069",
        "\x00\x07\x85",
        "１２\t\n",
        "\uffff",
    ):
        box.set_exact_text(text)
        assert box.exact_text() == text


@settings(max_examples=60, deadline=None)
@given(HELD)
def test_a_paste_comes_back_as_it_was(text: str) -> None:
    """By the clipboard's way in; Windows line ends are line ends."""
    box = LineEditor(Theme("light"), 1_000)
    data = QMimeData()
    data.setText("x" + text.replace("\n", "\r\n"))
    box.insertFromMimeData(data)
    assert box.exact_text() == "x" + text
    box.deleteLater()


@pytest.mark.parametrize("bad", ["a\rb", "a\ufdd0b", "a\ufdd1b", "a\ufffeb"])
def test_what_cannot_be_held_is_not_pasted(qtbot: QtBot, bad: str) -> None:
    """Refused whole and told, not altered."""
    box = editor(qtbot)
    box.set_exact_text("已有")
    data = QMimeData()
    data.setText(bad)
    with qtbot.waitSignal(box.paste_refused) as told:
        box.insertFromMimeData(data)
    assert told.args == ["not_held", f"U+{ord(bad[1]):04X}"]
    assert box.exact_text() == "已有"


def test_a_book_is_not_pasted(qtbot: QtBot) -> None:
    """Nothing that would stop the screen."""
    box = editor(qtbot)
    data = QMimeData()
    data.setText("长" * 1_001)
    with qtbot.waitSignal(box.paste_refused) as told:
        box.insertFromMimeData(data)
    assert told.args == ["paste_too_long", "1,001"]


def test_the_box_grows_to_five_lines(qtbot: QtBot) -> None:
    """Then it scrolls."""
    box = editor(qtbot)
    heights = []
    for lines in range(1, 9):
        box.set_exact_text("\n".join("行" * lines))
        heights.append(box.height())
    assert heights[:5] == sorted(set(heights[:5]))
    assert len(set(heights[4:])) == 1


def test_a_text_that_fits_is_seen_from_its_first_line(desk: Desk) -> None:
    """Shift+Enter grows the box, it does not scroll the first line away; wrapping neither."""
    for line in range(4):
        desk.write(f"第{line}行")
        desk.press(KEY.Key_Return, Qt.KeyboardModifier.ShiftModifier)
        QApplication.processEvents()
        assert desk.keys.verticalScrollBar().value() == 0
        first = desk.keys.cursorRect(QTextCursor(desk.keys.document()))
        last = desk.keys.cursorRect()
        assert desk.keys.viewport().rect().contains(first)
        assert last.bottom() <= desk.keys.viewport().rect().bottom()
    desk.box.accepted()
    desk.keys.set_exact_text("")
    desk.write("长" * 150)
    QApplication.processEvents()
    assert desk.keys.viewport().rect().contains(desk.keys.cursorRect(QTextCursor(desk.keys.document())))


def test_direction_marks_are_drawn_and_kept(qtbot: QtBot) -> None:
    """A picture with marks differs from one without; the text is the same but for them."""
    box = editor(qtbot)
    box.set_exact_text("前后")
    plain = box.grab().toImage()
    for sign in (*BIDI_MARKS, "\x07"):
        box.set_exact_text(f"前{sign}后")
        assert box.exact_text() == f"前{sign}后"
        assert box.grab().toImage() != plain


# ---- the box


class Desk:
    """A log box in a window, with what it told."""

    def __init__(self, qtbot: QtBot) -> None:
        self.qtbot = qtbot
        self.time = NOW
        self.sent: list[LineDraft] = []
        self.drafts: list[LineDraft] = []
        self.left = 0
        self.window = QWidget()
        layout = QVBoxLayout(self.window)
        self.other = QLineEdit()
        layout.addWidget(self.other)
        self.box = LogBox(
            ZH,
            Theme("dark"),
            now=lambda: self.time,
            channels=[Choice("phone", "电话"), Choice("radio", "电台")],
            directions=[Choice("incoming", "来"), Choice("outgoing", "去")],
            importances=[Choice("normal", "普通"), Choice("important", "重要"), Choice("urgent", "紧急")],
        )
        layout.addWidget(self.box)
        self.box.submitted.connect(self.sent.append)
        self.box.draft_changed.connect(self.drafts.append)
        self.box.left.connect(self._left)
        qtbot.addWidget(self.window)
        self.window.resize(1366, 300)
        with qtbot.waitExposed(self.window):
            self.window.show()
        self.window.activateWindow()
        qtbot.waitUntil(self.window.isActiveWindow)
        self.box.focus()
        self.keys = self.box.editor

    def _left(self) -> None:
        self.left += 1

    def write(self, text: str) -> None:
        """Text by the way of an input method's commit, which carries any sign."""
        event = QInputMethodEvent()
        event.setCommitString(text)
        focus = QApplication.focusWidget()
        assert focus is not None
        QApplication.sendEvent(focus, event)

    def press(self, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """A key where the focus is."""
        focus = QApplication.focusWidget()
        assert focus is not None
        QTest.keyClick(focus, key, modifier)


@pytest.fixture
def desk(qtbot: QtBot) -> Desk:
    """A desk with the cursor in the box."""
    return Desk(qtbot)


def compose(target: QWidget, preedit: str, commit: str = "") -> None:
    """What an input method sends while composing, and at the end."""
    event = QInputMethodEvent(preedit, [])
    event.setCommitString(commit)
    QApplication.sendEvent(target, event)


def test_enter_hands_the_line_over_once(desk: Desk) -> None:
    """The text leaves the box; a second Enter sends nothing; accepted lets it go."""
    desk.write("常泰消防站：已转移 23 人 👩‍🚒𠮷")
    desk.press(KEY.Key_Return)
    desk.press(KEY.Key_Return)
    assert [line.text for line in desk.sent] == ["常泰消防站：已转移 23 人 👩‍🚒𠮷"]
    assert desk.box.pending()
    desk.box.accepted()
    assert not desk.box.pending()
    assert desk.box.draft().blank
    assert desk.drafts[-1].blank


def test_a_line_typed_while_saving_is_not_sent_and_not_lost(desk: Desk) -> None:
    """Accepted: it stays. Refused: the first comes back, the second after it."""
    desk.write("一")
    desk.press(KEY.Key_Return)
    told = len(desk.drafts)
    desk.write("二")
    assert len(desk.drafts) == told, "the draft kept on disk stays the line being saved"
    desk.press(KEY.Key_Return)
    assert [line.text for line in desk.sent] == ["一"]
    desk.box.accepted()
    assert desk.drafts[-1].text == desk.keys.exact_text() == "二"

    desk.press(KEY.Key_Return)
    desk.box.set_context("b", "乙")
    desk.write("三")
    desk.box.refuse("text", "磁盘已满，请腾出空间。")
    assert desk.keys.exact_text() == "二"
    assert desk.box.sentence() == "磁盘已满，请腾出空间。"
    assert desk.drafts[-1].after is not None
    assert desk.drafts[-1].after.text == "三"
    desk.press(KEY.Key_Return)
    desk.box.accepted()
    assert (desk.keys.exact_text(), desk.box.draft().incident_id) == ("三", "b")
    assert [line.text for line in desk.sent] == ["一", "二", "二"]


def test_a_refused_paste_does_not_answer_for_the_line_being_saved(desk: Desk) -> None:
    """Both sentences are about something else."""
    desk.write("一")
    desk.press(KEY.Key_Return)
    data = QMimeData()
    data.setText("a\rb")
    desk.keys.insertFromMimeData(data)
    assert desk.box.pending()
    assert desk.keys.exact_text() == ""
    assert "U+000D" in desk.box.sentence()


def test_emptying_a_refused_line_brings_the_next_back(desk: Desk) -> None:
    """A line kept behind another is never stuck there."""
    desk.write("一")
    desk.press(KEY.Key_Return)
    desk.write("二")
    desk.box.refuse("text", "不行。")
    desk.keys.selectAll()
    desk.press(KEY.Key_Delete)
    desk.qtbot.waitUntil(lambda: desk.keys.exact_text() == "二")


def test_shift_enter_breaks_the_line_and_esc_keeps_it(desk: Desk) -> None:
    """Nothing is sent, nothing is lost."""
    desk.write("上")
    desk.press(KEY.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    desk.write("下")
    desk.press(KEY.Key_Escape)
    assert desk.left == 1
    assert desk.sent == []
    assert desk.keys.exact_text() == "上\n下"


TAKEN = [
    KEY.Key_Return,
    KEY.Key_Enter,
    KEY.Key_Escape,
    KEY.Key_Left,
    KEY.Key_Right,
    KEY.Key_Up,
    KEY.Key_Down,
    KEY.Key_1,
    KEY.Key_9,
    KEY.Key_Space,
    KEY.Key_Tab,
]


@pytest.mark.parametrize("key", TAKEN, ids=lambda key: key.name)
@pytest.mark.parametrize("field", ["text", "counterpart", "happened_at", "late_reason"])
def test_while_composing_keys_belong_to_the_input_method(desk: Desk, key: Qt.Key, field: str) -> None:
    """In every text box: nothing sent, nothing left, nothing typed, the pre-edit untouched."""
    desk.write("先写的")
    desk.box._options.show_reason(True)
    target = desk.keys if field == "text" else desk.box._options.part(field)
    assert isinstance(target, (LineEditor, TextLine))
    target.setFocus()
    before = desk.keys.exact_text()
    compose(target, "chang tai")
    assert target.composing()
    QTest.keyClick(target, key)
    desk.box.submit()
    assert desk.sent == []
    assert desk.left == 0
    assert QApplication.focusWidget() is target
    assert target.composing()
    assert desk.keys.exact_text() == before
    compose(target, "", "常泰")
    assert not target.composing()
    text = target.text() if isinstance(target, QLineEdit) else desk.keys.exact_text()
    assert text == ("先写的常泰" if field == "text" else "常泰")


def test_after_the_commit_enter_sends(desk: Desk) -> None:
    """The composed text is in the line."""
    compose(desk.keys, "ni hao")
    compose(desk.keys, "", "你好")
    desk.press(KEY.Key_Return)
    assert desk.sent[0].text == "你好"


def test_option_keys_do_nothing_while_composing(desk: Desk) -> None:
    """Alt+1 with a pre-edit open chooses no channel."""
    compose(desk.keys, "ni")
    desk.press(KEY.Key_1, ALT)
    assert desk.box.draft().channel is None


def test_the_incident_is_fixed_when_typing_starts(desk: Desk) -> None:
    """Another page's incident is shown only on an empty box, and taken only by the operator's key."""
    desk.box.set_context("a", "甲")
    desk.write("半句")
    desk.box.set_context("b", "乙")
    assert desk.box.draft().incident_id == "a"
    assert desk.box.incident_tag.text() == "甲"
    assert desk.box.incident_tag.tone() == "strong"
    desk.press(KEY.Key_E, ALT)
    assert desk.box.draft().incident_id == "b"
    desk.box.set_context("a", "甲")
    desk.press(KEY.Key_Return)
    assert desk.sent[0].incident_id == "b"
    desk.box.accepted()
    assert desk.box.incident_tag.text() == "甲"


def test_the_incident_is_fixed_by_the_first_pinyin_letter(desk: Desk) -> None:
    """Composing is typing; giving it up frees the line again."""
    desk.box.set_context("a", "甲")
    compose(desk.keys, "n")
    desk.box.set_context("b", "乙")
    assert desk.box.draft().incident_id == "a"
    compose(desk.keys, "")
    assert desk.box.draft().incident_id == "b"


def test_options_by_keys(desk: Desk) -> None:
    """Channel, direction, counterpart, importance, time."""
    desk.write("来电")
    desk.press(KEY.Key_2, ALT)
    desk.press(KEY.Key_D, ALT)
    desk.press(KEY.Key_D, ALT)
    desk.press(KEY.Key_I, ALT)
    desk.press(KEY.Key_I, ALT)
    desk.press(KEY.Key_C, ALT)
    desk.write("市应急局")
    desk.press(KEY.Key_T, ALT)
    desk.write("14:30")
    desk.press(KEY.Key_Return)
    line = desk.sent[0]
    assert (line.channel, line.direction, line.importance) == ("radio", "outgoing", "urgent")
    assert (line.counterpart, line.happened_at, line.late_reason) == ("市应急局", local(28, 14, 30), "")


def test_the_same_channel_key_again_takes_it_back(desk: Desk) -> None:
    """A wrong key is mended by the same key."""
    desk.press(KEY.Key_1, ALT)
    assert desk.box.draft().channel == "phone"
    desk.press(KEY.Key_1, ALT)
    assert desk.box.draft().channel is None


@pytest.mark.parametrize("sign", ["!", "！"])
def test_an_exclamation_mark_makes_it_important(desk: Desk, sign: str) -> None:
    """Only at the very beginning; the text stays as typed; Alt+I goes on from there."""
    desk.write(f"{sign}某小区进水")
    assert desk.box.draft().importance == "important"
    assert desk.box.draft().text == f"{sign}某小区进水"
    desk.press(KEY.Key_I, ALT)
    assert desk.box.draft().importance == "urgent"
    desk.press(KEY.Key_I, ALT)
    assert desk.box.draft().importance == "normal"


def test_a_late_line_needs_a_reason(desk: Desk) -> None:
    """The field appears, Enter waits for it, and says so beside it."""
    assert not desk.box._options.reason_shown()
    desk.write("12:40 某小区进水")
    desk.press(KEY.Key_T, ALT)
    assert desk.box._options.reason_shown()
    assert QApplication.focusWidget() is desk.box._options.reason
    desk.press(KEY.Key_Return)
    assert desk.sent == []
    assert desk.box.sentence() == ZH("shell.logbox.refused_no_reason")
    desk.write("当时在接另一个电话")
    assert desk.box.sentence() == ""
    desk.press(KEY.Key_Return)
    line = desk.sent[0]
    assert line.text == "12:40 某小区进水"
    assert (line.happened_at, line.late_reason) == (local(28, 12, 40), "当时在接另一个电话")


def test_a_time_typed_before_midnight_stays_that_time(desk: Desk) -> None:
    """Read when typed, not when sent."""
    desk.time = local(28, 23, 58)
    desk.write("进水")
    desk.press(KEY.Key_T, ALT)
    desk.write("23:57")
    desk.time = local(29, 0, 1)
    desk.press(KEY.Key_Return)
    assert desk.sent[0].happened_at == local(28, 23, 57)


@pytest.mark.parametrize(
    ("text", "code"), [("15:00", "future"), ("25:00", "impossible"), ("刚才", "unreadable")]
)
def test_a_wrong_time_is_refused_beside_its_field(desk: Desk, text: str, code: str) -> None:
    """What was typed stays, in both fields."""
    desk.write("进水")
    desk.press(KEY.Key_T, ALT)
    desk.write(text)
    desk.press(KEY.Key_Return)
    assert desk.sent == []
    assert desk.box.sentence() == ZH(f"shell.when.{code}")
    assert (desk.keys.exact_text(), desk.box.draft().happened_text) == ("进水", text)
    assert QApplication.focusWidget() is desk.box._options.when


@pytest.mark.parametrize("blank", ["", " ", "\u3000", "\n\n", "\t\u00a0"])
def test_a_blank_line_is_refused(desk: Desk, blank: str) -> None:
    """In one sentence."""
    desk.write(blank)
    desk.press(KEY.Key_Return)
    assert desk.sent == []
    assert desk.box.sentence() == ZH("shell.logbox.refused_empty")


@pytest.mark.parametrize(
    ("count", "shown", "goes"),
    [(3_499, False, True), (3_500, True, True), (4_000, True, True), (4_001, True, False)],
)
def test_the_count_shows_and_the_limit_holds(desk: Desk, count: int, shown: bool, goes: bool) -> None:
    """Characters are code points: a sign beyond the first plane is one."""
    text = "𠮷" * count
    desk.write(text)
    assert desk.box._count.isHidden() is not shown
    if shown:
        assert desk.box._count.text() == f"{count:,} / 4,000"
    desk.press(KEY.Key_Return)
    assert len(desk.sent) == int(goes)
    if not goes:
        assert "4,001" in desk.box.sentence()
        assert desk.keys.exact_text() == text


@pytest.mark.parametrize("sign", ["\x00", "\x07", "\x0b", "\x1b", "\x7f", "\x85"])
def test_a_control_character_is_refused_and_kept(desk: Desk, sign: str) -> None:
    """Pasted, marked, refused at Enter by its number; never taken out in silence."""
    data = QMimeData()
    data.setText(f"水位{sign}回落")
    desk.keys.insertFromMimeData(data)
    desk.press(KEY.Key_Return)
    assert desk.sent == []
    assert f"U+{ord(sign):04X}" in desk.box.sentence()
    assert desk.keys.exact_text() == f"水位{sign}回落"


def test_line_feed_and_tab_are_text(desk: Desk) -> None:
    """Both go through."""
    data = QMimeData()
    data.setText("一\t二\n三")
    desk.keys.insertFromMimeData(data)
    desk.press(KEY.Key_Return)
    assert desk.sent[0].text == "一\t二\n三"


def test_a_refusal_keeps_everything(desk: Desk) -> None:
    """Text, options, incident, and the sentence beside the field it names."""
    desk.box.set_context("a", "甲")
    desk.write("！进水")
    desk.press(KEY.Key_1, ALT)
    desk.press(KEY.Key_C, ALT)
    desk.write("某人")
    before = desk.box.draft()
    desk.press(KEY.Key_Return)
    desk.box.refuse("counterpart", "没有这个对象。")
    assert desk.box.draft() == before
    assert desk.box.sentence() == "没有这个对象。"
    assert desk.box._options.counterpart.property("refused") is True
    assert QApplication.focusWidget() is desk.box._options.counterpart
    desk.write("们")
    assert desk.box.sentence() == ""
    assert desk.box._options.counterpart.property("refused") is False


def test_a_refusal_does_not_pull_the_focus_from_elsewhere(desk: Desk) -> None:
    """The officer has gone on."""
    desk.write("进水")
    desk.press(KEY.Key_Return)
    desk.other.setFocus()
    desk.box.refuse("text", "不行。")
    assert QApplication.focusWidget() is desk.other


def test_a_draft_is_restored_as_it_was(qtbot: QtBot, desk: Desk) -> None:
    """Also on another day: the time is written with its date. A half-written time stays half-written."""
    desk.box.set_context("a", "甲")
    desk.write("！进水\n两处")
    desk.press(KEY.Key_D, ALT)
    desk.press(KEY.Key_T, ALT)
    desk.write("12:40")
    kept = desk.drafts[-1]
    second = Desk(qtbot)
    second.time = NOW + timedelta(days=1)
    second.box.set_context("b", "乙")
    second.box.restore(kept)
    back = second.box.draft()
    assert back.happened_at == local(28, 12, 40)
    assert (back.text, back.incident_id, back.incident_label) == ("！进水\n两处", "a", "甲")
    assert (back.direction, back.importance) == ("incoming", "important")
    assert second.drafts == []
    second.box.restore(LineDraft(text="x", happened_text="12:"))
    assert second.box.draft().happened_text == "12:"
    assert second.box.draft().happened_at is None


def test_drafts_are_told_at_every_key(desk: Desk) -> None:
    """The caller saves them; the box has no clock for that."""
    desk.write("一")
    desk.write("二")
    desk.press(KEY.Key_1, ALT)
    assert [(d.text, d.channel) for d in desk.drafts] == [("一", None), ("一二", None), ("一二", "phone")]


def test_the_saving_sentence_comes_only_when_it_takes_long(desk: Desk) -> None:
    """A save of milliseconds says nothing."""
    desk.write("一")
    desk.press(KEY.Key_Return)
    assert desk.box.sentence() == ""
    desk.qtbot.waitUntil(lambda: desk.box.sentence() == ZH("shell.logbox.saving"))
    desk.box.accepted()
    assert desk.box.sentence() == ""
