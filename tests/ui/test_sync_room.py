"""The status line's connection and the news, in a duty room that meets another desk's entries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from commandcenter.services.exchange_sentences import ExchangeWords
from commandcenter.services.incidents import EditIncident, OpenIncident
from commandcenter.services.log import WriteLogEntry
from commandcenter.sync.state import State, SyncState
from commandcenter.words import Words
from db.queries.exchange import Backlog
from db.queries.registers import row
from tests.ui.exchanged import Exchanged
from ui.app import make_shell
from ui.duty_room import DutyRoom
from ui.pages.exchange import ExchangePage
from ui.shell.reach import ReachChips
from ui.sync_words import reach
from ui.theme import Theme

KEY = Qt.Key
NOW = datetime(2026, 7, 28, 6, 30, tzinfo=UTC)
PUT = ExchangeWords(Words("zh_CN"), lambda kind, id_: "")


@pytest.mark.parametrize(
    ("state", "text"),
    [
        ("not_enrolled", "○ 未接入中心"),
        ("online", "● 已连接 14:00:00 起"),
        ("no_answer", "◇ 中心无应答 14:00:00 起"),
        ("sign_in_again", "◆ 请重新登录 14:00:00 起"),
        ("withdrawn", "■ 本席位已停用 14:00:00 起"),
        ("too_old", "▼ 程序版本过旧 14:00:00 起"),
        ("busy", "◎ 中心繁忙 14:00:00 起"),
    ],
)
def test_each_state_has_its_words_and_its_shape(state: State, text: str) -> None:
    said = reach(PUT, SyncState(state=state, since=NOW - timedelta(minutes=30)), Backlog(), NOW)
    assert said.long == text
    assert said.needs == ""


def test_what_waits_is_said_with_the_age_of_the_oldest() -> None:
    state = SyncState(state="no_answer", since=NOW)
    waits = Backlog(waiting=37, oldest_at=NOW - timedelta(minutes=12), refused=2, exceptions=1)
    said = reach(PUT, state, waits, NOW)
    assert "待上传 37 条、最早 12 分前" in said.long
    assert said.short == "◇ 中心无应答 · 待上传 37 条"
    assert said.needs == "▲ 退回 2、异议 1"


def test_in_touch_a_line_on_its_way_is_no_news() -> None:
    """Else the line would flicker at every Enter."""
    state = SyncState(state="online", since=NOW)
    just = Backlog(waiting=1, oldest_at=NOW - timedelta(seconds=1))
    assert "待上传" not in reach(PUT, state, just, NOW).long
    stuck = Backlog(waiting=1, oldest_at=NOW - timedelta(seconds=30))
    assert "待上传 1 条、最早 30 秒前" in reach(PUT, state, stuck, NOW).long


@pytest.mark.parametrize(
    ("offset", "text"), [(2_000, ""), (2_600, "本机钟慢 2.6 秒"), (-3_200, "本机钟快 3.2 秒"), (None, "")]
)
def test_the_clock_difference_is_said_from_two_seconds_on(offset: int | None, text: str) -> None:
    said = reach(PUT, SyncState(state="online", since=NOW, offset_ms=offset), Backlog(), NOW).long
    assert said.endswith(text) if text else "本机钟" not in said


def test_only_what_needs_somebody_blinks_and_not_for_ever(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ui.shell.reach.BLINK_MS", 10)
    chips = ReachChips(Words("zh_CN"), Theme())
    qtbot.addWidget(chips)
    chips.show()
    chips.show_state("◇ 中心无应答")
    assert not chips.blinking() and chips.needs.isHidden()
    chips.show_needs("▲ 退回 1", "△ 退回 1", rose=True)
    assert chips.blinking()
    qtbot.waitUntil(lambda: not chips.blinking(), timeout=3000)
    assert chips.needs.text() == "▲ 退回 1" and chips.needs.tone() == "strong"
    chips.show_needs("▲ 退回 1", "△ 退回 1", rose=False)
    assert not chips.blinking()


@dataclass
class Watch:
    """The duty room over the file of one desk; ``world`` holds the other."""

    room: DutyRoom
    world: Exchanged
    incident: UUID
    sounds: list[str]
    qtbot: QtBot

    def arrive(self, *texts: str, importance: str = "normal") -> None:
        """The other desk writes, and this one takes it in on its writer's thread."""
        for text in texts:
            self.world.do(self.world.there, WriteLogEntry(text=text, importance=importance))
        while self.world.world.step(self.world.there, calm=True):
            pass

        def work(workplace: object) -> object:
            self.world.here.workplace = workplace  # type: ignore[assignment]
            before = workplace.connection.execute("SELECT max(seq) FROM journal").fetchone()[0]  # type: ignore[attr-defined]
            while self.world.world.step(self.world.here, calm=True):
                pass
            from db.desk.journal import tail

            return tail(workplace.connection, before)  # type: ignore[attr-defined]

        self.room.desktop.tell(self.room.desktop.submit(work).result(20))  # type: ignore[arg-type]

    def until(self, true: object) -> None:
        """Let the program work until something is so."""
        self.qtbot.waitUntil(lambda: bool(true()), timeout=5000)  # type: ignore[operator]


@pytest.fixture
def watch(qtbot: QtBot, tmp_path: Path) -> Iterator[Watch]:
    world = Exchanged(tmp_path)
    incident = world.do(world.here, OpenIncident(title="内涝", event_code="11A01"))
    world.settle()
    for machine, place in ((world.here, "甲处"), (world.there, "乙处")):
        found = row(machine.connection, "incident", incident)
        assert found is not None
        world.do(machine, EditIncident(id=incident, fields={"place": place}, bases={"place": []}))
    world.settle()
    world.close()
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    words, theme = Words("zh_CN"), Theme()
    shell = make_shell(words, theme, lambda: datetime.now(UTC))
    shell.resize(1400, 900)
    qtbot.addWidget(shell)
    shell.show()
    room = DutyRoom(app, shell, words, theme, world.directory, "empty", lambda: datetime.now(UTC))
    sounds: list[str] = []
    room.sync.news.sound = lambda: sounds.append("beep")
    try:
        room.desktop.ready.result(20) if room.desktop.ready.done() else None
        qtbot.waitUntil(lambda: room._is_open, timeout=10_000)
        qtbot.waitUntil(lambda: room.sync.news._after is not None, timeout=5000)
        yield Watch(room, world, incident, sounds, qtbot)
    finally:
        room.live.blockSignals(True)
        room.close()


def test_news_is_counted_on_the_rail_and_moves_nothing(watch: Watch) -> None:
    room, shell = watch.room, watch.room.shell
    shell.focus_box()
    QTest.keyClicks(shell.logbox.editor, "half")
    watch.arrive("一", "二", "三")
    watch.until(lambda: shell.rail.button("log").badge() == "3")
    assert QApplication.focusWidget() is shell.logbox.editor
    assert shell.logbox.draft().text == "half"
    assert watch.sounds == []
    QTest.keyClick(shell, KEY.Key_F4)
    panel = room.sync._panel
    assert panel is not None and panel.isVisible()
    assert [row.title for row in panel.list.rows()] == ["三", "二", "一"]
    watch.arrive("四")  # while the list is open: it does not change under the cursor
    watch.until(lambda: shell.rail.button("log").badge() == "4")
    assert len(panel.list.rows()) == 3
    QTest.keyClick(panel.list, KEY.Key_Escape)
    assert not panel.isVisible()
    assert QApplication.focusWidget() is shell.logbox.editor
    assert shell.rail.button("log").badge() == "1"


def test_one_sound_for_what_is_important(watch: Watch) -> None:
    watch.arrive("平常")
    watch.until(lambda: watch.room.sync.news.count == 1)
    assert watch.sounds == []
    watch.arrive("要紧", importance="urgent")
    watch.until(lambda: watch.sounds == ["beep"])
    watch.arrive("又要紧", importance="urgent")
    watch.until(lambda: watch.room.sync.news.count == 3)
    assert watch.sounds == ["beep"]  # never more than one in ten seconds
    watch.room.sync.news._sounded.invalidate()
    watch.room.sync.news.sounds = False
    watch.arrive("静音时", importance="urgent")
    watch.until(lambda: watch.room.sync.news.count == 4)
    assert watch.sounds == ["beep"]


def test_the_status_line_tells_of_the_exception_and_leads_to_it(watch: Watch) -> None:
    room, shell = watch.room, watch.room.shell
    assert shell.status.texts()[1] == "○ 未接入中心"
    watch.until(lambda: shell.status.reach.needs_text() == "▲ 异议 1")
    room.sync.watch.tell(SyncState(state="no_answer", since=NOW))
    watch.until(lambda: shell.status.texts()[1].startswith("◇ 中心无应答"))
    QTest.mouseClick(shell.status.reach.needs, Qt.MouseButton.LeftButton)
    assert shell.page() == "exchange"
    page = room.page("exchange")
    assert isinstance(page, ExchangePage) and page.tab() == "exceptions"


def test_a_field_with_several_values_leads_to_them(watch: Watch) -> None:
    room, shell = watch.room, watch.room.shell
    room.open("incident", watch.incident)
    field = room.page("incident").one.fields["place"]  # type: ignore[attr-defined]
    watch.until(field.values_chip.isVisible)
    field.view.setFocus()
    QTest.keyClick(shell, KEY.Key_F8)
    assert shell.page() == "exchange"
    page = room.page("exchange")
    assert isinstance(page, ExchangePage)
    watch.until(lambda: page.clash.clash is not None and page.clash.clash.field == "place")
    assert page.list.current() is not None


def test_a_narrow_status_line_says_it_in_short_and_widens_nothing(qtbot: QtBot) -> None:
    chips = ReachChips(Words("zh_CN"), Theme())
    qtbot.addWidget(chips)
    chips.show_state("◇ 中心无应答 14:00:00 起 · 待上传 37 条、最早 12 分前", "◇ 中心无应答", "flat")
    chips.show()
    whole = chips.sizeHint().width()
    assert chips.minimumSizeHint().width() < whole
    chips.resize(whole, 20)
    assert chips.state._parts()[0][0] == chips.text()
    chips.resize(chips.minimumSizeHint().width(), 20)
    qtbot.wait(20)
    assert chips.state._parts()[0][0] == "◇ 中心无应答"
