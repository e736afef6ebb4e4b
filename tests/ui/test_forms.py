"""Forms: choosing by typing, a field edited in place, drafts, opening from a line, striking."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QInputMethodEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from commandcenter.domain.codes import GRADES
from commandcenter.domain.errors import Refused
from commandcenter.services.log import WriteLogEntry
from commandcenter.services.reference import common_event_codes
from commandcenter.words import Words
from db.desk import local
from db.queries.incidents import incident
from db.queries.log import LogLine, lines_by_id
from tests.ui.desk import Desk, open_desk, organisation
from ui.forms.choice import Choice
from ui.forms.editors import LineText, NoteText, Unreadable, WhenText
from ui.forms.field import Field
from ui.forms.offered import event_options, organisation_options
from ui.forms.open_incident import OpenIncidentPanel, first_clause
from ui.forms.ranking import Initials, Option, rank
from ui.forms.strike import StrikePanel
from ui.forms.views import WordsView

KEY = Qt.Key
CONTROL = Qt.KeyboardModifier.ControlModifier
ZH = Words("zh_CN")
TEXT = "浮桥街道某小区地下室进水约 0.8 米，有 2 人未出。来电人在楼梯口。"


@pytest.fixture
def desk(qtbot: QtBot, tmp_path: Path) -> Iterator[Desk]:
    """A desk."""
    with open_desk(qtbot, tmp_path / "desk") as made:
        yield made


def elsewhere(window: QWidget) -> QLineEdit:
    """Somewhere else to go in the window."""
    found = window.findChild(QLineEdit, "elsewhere")
    assert isinstance(found, QLineEdit)
    return found


def compose(widget: QWidget, text: str) -> None:
    """An input method opens a pre-edit."""
    QApplication.sendEvent(widget, QInputMethodEvent(text, []))


def commit(widget: QWidget, text: str) -> None:
    """An input method puts its text in."""
    event = QInputMethodEvent()
    event.setCommitString(text)
    QApplication.sendEvent(widget, event)


# ---- ranking


def test_names_are_found_by_initials_of_every_reading() -> None:
    """nl is 内涝; 重 is read zh and ch; a name, a part of it or a code too."""
    options = event_options(ZH)
    initials = Initials.of(option.text for option in options)
    assert rank(options, "nl", initials)[0].value == "11A02"
    assert rank(options, "内涝", initials)[0].value == "11A02"
    assert rank(options, "11a02", initials)[0].value == "11A02"
    assert rank(options, "ＮＬ", initials)[0].value == "11A02"
    two = [Option(value="z", text="重庆路"), Option(value="c", text="长泰路")]
    readings = Initials.of(option.text for option in two)
    for typed, value in (("zql", "z"), ("cql", "z"), ("ctl", "c"), ("ztl", "c")):
        assert [option.value for option in rank(two, typed, readings)] == [value]
    assert rank(options, "qqqqq", initials) == []


def test_common_codes_come_first_and_reconstructed_ones_are_marked() -> None:
    """Before anything is typed the district's usual codes stand there."""
    options = event_options(ZH)
    common = common_event_codes()
    assert tuple(option.value for option in options[: len(common)]) == common
    marked = {option.value for option in options if option.mark}
    assert "11A06" in marked
    assert "11A02" not in marked
    assert next(option for option in options if option.value == "11A02").detail == "自然灾害 › 水旱灾害"


def test_only_a_streets_communities_are_offered(desk: Desk) -> None:
    """And all of them where no street is chosen."""
    street = organisation("350502005")
    some = organisation_options(desk.names, ZH, "community", street)
    every = organisation_options(desk.names, ZH, "community")
    assert 0 < len(some) < len(every)
    assert all(desk.names.card(UUID(option.value)).parent_id == street for option in some)  # type: ignore[union-attr]
    assert len(organisation_options(desk.names, ZH, "street")) == 8


# ---- the choice


def test_a_choice_is_made_by_typing(qtbot: QtBot, desk: Desk) -> None:
    """Initials and Enter; arrows move; Esc closes the list and keeps the field."""
    choice = Choice(desk.workbench, "类别", lambda: event_options(ZH))
    desk.show(choice)
    choice.setFocus()
    QTest.keyClicks(choice.line, "nl")
    desk.until(lambda: choice.suggestions() and choice.suggestions()[0].value == "11A02")
    QTest.keyClick(choice.line, KEY.Key_Down)
    QTest.keyClick(choice.line, KEY.Key_Up)
    QTest.keyClick(choice.line, KEY.Key_Return)
    assert choice.value() == "11A02"
    assert choice.raw() == "11A02 内涝"
    assert choice.suggestions() == []
    QTest.keyClick(choice.line, KEY.Key_Down)
    assert choice.suggestions()
    with qtbot.assertNotEmitted(choice.left, wait=20):
        QTest.keyClick(choice.line, KEY.Key_Escape)
    assert choice.suggestions() == []
    with qtbot.waitSignal(choice.left):
        QTest.keyClick(choice.line, KEY.Key_Escape)


def test_words_that_choose_nothing_are_no_value(qtbot: QtBot, desk: Desk) -> None:
    """They stay, and are told."""
    choice = Choice(desk.workbench, "类别", lambda: event_options(ZH))
    window = desk.show(choice)
    choice.setFocus()
    commit(choice.line, "没有这种事")
    elsewhere(window).setFocus()
    with pytest.raises(Unreadable, match="没有这种事"):
        choice.value()
    assert choice.raw() == "没有这种事"
    choice.line.clear()
    assert choice.value() is None


def test_keys_of_a_choice_belong_to_the_input_method(qtbot: QtBot, desk: Desk) -> None:
    """While composing, arrows and Enter choose there, not here."""
    choice = Choice(desk.workbench, "类别", lambda: event_options(ZH))
    desk.show(choice)
    choice.setFocus()
    compose(choice.line, "neilao")
    with qtbot.assertNotEmitted(choice.entered, wait=20):
        for key in (KEY.Key_Down, KEY.Key_Return, KEY.Key_Escape):
            QTest.keyClick(choice.line, key)
    assert choice.suggestions() == []


def test_a_time_untouched_keeps_its_fraction(desk: Desk, qtbot: QtBot) -> None:
    """What the field cannot show is not lost by looking at it."""
    when = WhenText(desk.workbench, "时间")
    qtbot.addWidget(when)
    when.put("2025-03-01T04:05:06.789Z")
    assert when.value() == "2025-03-01T04:05:06.789Z"
    when.line.setText("2025-03-01 12:06")
    assert when.value() == "2025-03-01T04:06:00.000Z"
    when.line.setText("25:00")
    with pytest.raises(Unreadable):
        when.value()


# ---- the field edited in place


class Edited:
    """A field and what it committed."""

    def __init__(self, qtbot: QtBot, desk: Desk, *, note: bool = False) -> None:
        editor = NoteText(desk.workbench, "地点") if note else LineText(desk.workbench, "地点")
        view = WordsView(desk.workbench.theme, "地点", wrapped=note)
        self.editor = editor
        self.field = Field("place", "地点", editor, view)
        self.sent: list[tuple[str, object, object]] = []
        self.field.committed.connect(lambda *what: self.sent.append(what))
        self.window = desk.show(self.field)
        self.elsewhere = elsewhere(self.window)
        self.box = editor.focusProxy()
        assert self.box is not None


A, B = UUID(int=1), UUID(int=2)


@pytest.mark.parametrize("way", ["enter", "tab", "focus"])
def test_leaving_commits_once_with_the_bases_seen(qtbot: QtBot, desk: Desk, way: str) -> None:
    """The value, and the changes that stood there when typing began."""
    it = Edited(qtbot, desk)
    it.field.show_value("旧", [A])
    QTest.keyClick(it.field.view, KEY.Key_F2)
    assert it.box is not None and it.box.hasFocus()
    it.editor.put_raw("新")
    if way == "enter":
        QTest.keyClick(it.box, KEY.Key_Return)
        assert it.field.view.hasFocus()
    elif way == "tab":
        QTest.keyClick(it.box, KEY.Key_Tab)
    else:
        it.elsewhere.setFocus()
    assert it.sent == [("place", "新", (A,))]
    it.field.saved()
    assert not it.field.editing()
    assert it.field.view.text() == "新"  # type: ignore[attr-defined]
    assert len(it.sent) == 1


def test_nothing_changed_commits_nothing_and_esc_restores(qtbot: QtBot, desk: Desk) -> None:
    """No edit without a difference."""
    it = Edited(qtbot, desk)
    it.field.show_value("旧", [A])
    it.field.begin()
    assert it.box is not None
    QTest.keyClick(it.box, KEY.Key_Return)
    it.field.begin()
    it.editor.put_raw("别的")
    QTest.keyClick(it.box, KEY.Key_Escape)
    assert it.sent == []
    assert it.field.view.text() == "旧"  # type: ignore[attr-defined]
    assert it.field.draft() is None


def test_an_update_never_touches_what_is_typed(qtbot: QtBot, desk: Desk) -> None:
    """It is told beside it, and the edit keeps the bases it began with."""
    it = Edited(qtbot, desk)
    it.field.show_value("旧", [A])
    it.field.begin()
    it.editor.put_raw("我写的")
    it.editor.typed.emit()
    it.field.show_value("别处来的", [B])
    assert it.editor.raw() == "我写的"
    assert "别处来的" in it.field.sentence()
    assert it.box is not None
    QTest.keyClick(it.box, KEY.Key_Return)
    assert it.sent == [("place", "我写的", (A,))]


def test_a_refusal_keeps_the_text_and_says_why(qtbot: QtBot, desk: Desk) -> None:
    """Beside the field; only Enter sends the same text again; a stale base gives way to what was seen."""
    it = Edited(qtbot, desk)
    it.field.show_value("旧", [A])
    it.field.begin()
    it.editor.put_raw("字" * 300)
    it.elsewhere.setFocus()
    it.field.failed(Refused("too_long", field="place", max=200, count=300))
    assert it.field.editing()
    assert it.editor.raw() == "字" * 300
    assert "300" in it.field.sentence()
    assert it.elsewhere.hasFocus()
    it.editor.setFocus()
    it.elsewhere.setFocus()
    assert len(it.sent) == 1
    it.editor.setFocus()
    it.editor.put_raw("短")
    it.elsewhere.setFocus()
    assert it.sent[1:] == [("place", "短", (A,))]
    it.field.failed(Refused("stale", field="place"))
    it.field.show_value("别处", [B])
    it.editor.setFocus()
    assert it.box is not None
    QTest.keyClick(it.box, KEY.Key_Return)
    assert it.sent[2:] == [("place", "短", (B,))]


def test_a_note_breaks_lines_and_keeps_them(qtbot: QtBot, desk: Desk) -> None:
    """Shift+Enter breaks, Enter commits, never while composing."""
    it = Edited(qtbot, desk, note=True)
    it.field.show_value("一", [A])
    it.field.begin()
    assert it.box is not None
    QTest.keyClick(it.box, KEY.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    compose(it.box, "er")
    QTest.keyClick(it.box, KEY.Key_Return)
    it.elsewhere.setFocus()
    it.editor.setFocus()
    commit(it.box, "二")
    QTest.keyClick(it.box, KEY.Key_Return)
    assert [value for _, value, _ in it.sent][-1] == "一\n二"


def test_several_heads_are_marked(qtbot: QtBot, desk: Desk) -> None:
    """Two values nobody has settled."""
    it = Edited(qtbot, desk)
    it.field.show_value("旧", [A, B])
    assert "2" in it.field.sentence()
    it.field.show_value("旧", [A])
    assert it.field.sentence() == ""


# ---- opening an incident


def written(desk: Desk, text: str = TEXT) -> LogLine:
    """A line in the log."""
    id_ = desk.do(WriteLogEntry(text=text, channel="phone"))
    return desk.ask(lambda connection: lines_by_id(connection, [id_]))[0]


@pytest.fixture
def panel(qtbot: QtBot, desk: Desk) -> OpenIncidentPanel:
    """The panel in a window."""
    made = OpenIncidentPanel(desk.workbench)
    desk.show(made)
    return made


def choose(qtbot: QtBot, desk: Desk, choice: Choice, typed: str, value: str) -> None:
    """Type and press Enter once the list offers it."""
    choice.setFocus()
    commit(choice.line, typed)
    desk.until(lambda: choice.suggestions() and choice.suggestions()[0].value == value)
    QTest.keyClick(choice.line, KEY.Key_Return)


def test_an_incident_is_opened_from_a_line_by_keys(
    qtbot: QtBot, desk: Desk, panel: OpenIncidentPanel
) -> None:
    """Prefilled from the line; class by initials, grade by digit, place by initials, Ctrl+Enter."""
    line = written(desk)
    panel.open_panel(line)
    assert panel.title_text.raw() == "浮桥街道某小区地下室进水约 0.8 米"
    assert panel.known.raw() == TEXT
    assert panel.event_code.line.hasFocus()
    choose(qtbot, desk, panel.event_code, "nl", "11A02")
    assert panel.grade.badges.hasFocus()
    QTest.keyClick(panel.grade.badges, KEY.Key_3)
    QTest.keyClick(panel.grade.badges, KEY.Key_Return)
    street = organisation("350502005")
    choose(qtbot, desk, panel.street, "fq", str(street))
    community = organisation_options(desk.names, ZH, "community", street)[0]
    choose(qtbot, desk, panel.community, community.text, community.value)
    assert panel.place.line.hasFocus()
    panel.place.line.insert("地下室")
    with qtbot.waitSignal(panel.done) as done:
        QTest.keyClick(panel.place.line, KEY.Key_Return, CONTROL)
    assert done.args is not None
    card = desk.ask(lambda connection: incident(connection, done.args[0]))
    assert card is not None
    values = card.values
    assert (values["title"], values["event_code"]) == ("浮桥街道某小区地下室进水约 0.8 米", "11A02")
    assert values["grade"] == GRADES[1]
    assert (values["street_id"], str(values["community_id"])) == (street, community.value)
    assert values["known"] == TEXT
    assert values["reported_at"] == line.happened_at
    assert values["number"].startswith("SJ-")
    assert not panel.is_open()
    desk.settle()
    assert desk.ask(local.drafts) == {}


def test_class_14_has_no_grade(desk: Desk, panel: OpenIncidentPanel) -> None:
    """The grade goes and the reason is shown; another class brings it back."""
    panel.open_panel()
    panel.grade.take("major")
    panel.event_code.put("14A00")
    panel.event_code.chosen.emit()
    assert panel.grade.value() is None
    assert not panel.grade.isEnabled()
    assert panel.rows["grade"].sentence() == ZH("incident.ungraded")
    panel.event_code.put("11A02")
    panel.event_code.chosen.emit()
    assert panel.grade.isEnabled()
    assert panel.rows["grade"].sentence() == ""


def test_what_is_missing_is_said_beside_its_field(desk: Desk, panel: OpenIncidentPanel) -> None:
    """Title and class are needed; a time that is none; what was typed stays."""
    panel.open_panel()
    panel.known.put_raw("已知")
    panel.occurred.line.setText("25:00")
    panel.submit()
    for field in ("title", "event_code", "occurred_at"):
        assert panel.rows[field].sentence()
    assert panel.title_text.line.hasFocus()
    assert panel.known.raw() == "已知"
    panel.title_text.line.setText("内涝")
    panel.event_code.put("11A02")
    panel.occurred.line.setText("07-01 12:00")
    panel.reported.line.setText("06-30 12:00")
    panel.submit()
    desk.until(lambda: panel.rows["reported_at"].sentence() or panel.rows["occurred_at"].sentence())
    assert panel.is_open()
    assert panel.known.raw() == "已知"


def test_esc_keeps_what_was_typed(qtbot: QtBot, desk: Desk, panel: OpenIncidentPanel) -> None:
    """On the disk, and back the next time; each line has its own."""
    panel.open_panel()
    panel.title_text.line.setFocus()
    commit(panel.title_text.line, "围墙")
    panel.event_code.put("11A02")
    panel.occurred.line.setText("1x")
    QTest.keyClick(panel.title_text.line, KEY.Key_Escape)
    assert not panel.is_open()
    desk.settle()
    kept = desk.ask(local.drafts)["open-incident"][0]
    assert kept == {"title": "围墙", "event_code": "11A02 内涝", "occurred_at": "1x"}
    line = written(desk)
    panel.open_panel(line)
    assert panel.title_text.raw() != "围墙"
    panel.close_panel()
    panel.open_panel()
    assert panel.title_text.raw() == "围墙"
    assert panel.event_code.value() == "11A02"
    assert panel.occurred.raw() == "1x"
    another = OpenIncidentPanel(desk.workbench)
    desk.show(another)
    another.open_panel()
    assert another.title_text.raw() == "围墙"


def test_typing_is_on_the_disk_within_a_second(qtbot: QtBot, desk: Desk, panel: OpenIncidentPanel) -> None:
    """Without leaving anything."""
    panel.open_panel()
    QTest.keyClicks(panel.title_text.line, "abc")
    qtbot.wait(900)
    assert desk.ask(local.drafts)["open-incident"][0] == {"title": "abc"}


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("！地下室进水，有人被困", "地下室进水"),
        ("Water in the cellar. Two inside.", "Water in the cellar"),
        ("没有停顿的一句话", "没有停顿的一句话"),
        ("字" * 90, "字" * 60),
    ],
)
def test_a_title_is_suggested_from_the_first_clause(text: str, title: str) -> None:
    """Never longer than a title may be."""
    assert first_clause(text, 60) == title


# ---- striking


def test_a_line_is_struck_and_replaced(qtbot: QtBot, desk: Desk) -> None:
    """The reason is needed; an edited text replaces, an unedited one only strikes."""
    panel = StrikePanel(desk.workbench)
    desk.show(panel)
    line = written(desk, "救出 3 人")
    assert panel.open_for(line)
    QTest.keyClick(panel.reason.line, KEY.Key_Return)
    assert panel.rows["reason"].sentence() == ZH("forms.strike.reason_missing")
    panel.reason.line.insert("听误")
    panel.text.put_raw("救出 2 人")
    with qtbot.waitSignal(panel.done) as done:
        QTest.keyClick(panel.reason.line, KEY.Key_Return)
    assert done.args == [line.id]
    struck = desk.ask(lambda connection: lines_by_id(connection, [line.id]))[0].struck
    assert struck is not None
    assert struck.reason == "听误"
    replacement = struck.replacement_id
    assert replacement is not None
    new = desk.ask(lambda connection: lines_by_id(connection, [replacement]))[0]
    assert new.text == "救出 2 人"
    other = written(desk, "重复")
    panel.open_for(other)
    panel.reason.line.insert("记重了")
    with qtbot.waitSignal(panel.done):
        panel.submit()
    again = desk.ask(lambda connection: lines_by_id(connection, [other.id]))[0]
    assert again.struck is not None and again.struck.replacement_id is None
    assert not panel.open_for(again)
    assert desk.said == [ZH("refused.already_struck")]


def test_a_strike_half_typed_is_kept(qtbot: QtBot, desk: Desk) -> None:
    """Esc, and back."""
    panel = StrikePanel(desk.workbench)
    desk.show(panel)
    line = written(desk, "救出 3 人")
    panel.open_for(line)
    panel.reason.line.insert("听")
    QTest.keyClick(panel.reason.line, KEY.Key_Escape)
    assert not panel.is_open()
    panel.open_for(line)
    assert panel.reason.raw() == "听"
    assert panel.text.raw() == "救出 3 人"
