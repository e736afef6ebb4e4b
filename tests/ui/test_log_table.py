"""The log list's tests: a real file, reader threads, and a window that may hold only a screenful."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import shiboken6
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from uuid_utils.compat import uuid7

from commandcenter.domain.clock import day_of, from_ms, to_ms
from commandcenter.services.log import StrikeFact, WriteLogEntry
from commandcenter.services.workplace import Workplace
from commandcenter.words import LANGUAGES, Words
from db.desk.store import Mint
from db.queries.log import DayCounts, LogFilter, LogLine
from tests.bench.jump import PooledSource
from ui.tables.days import DayError, parse_day, position_of_day
from ui.tables.filters import FilterBar
from ui.tables.log_list import LogList
from ui.tables.log_table import LogTable
from ui.tables.window import KEEP
from ui.tables.wording import Wording, spans
from ui.theme import Theme

LINES = 2_000
START = datetime(2026, 7, 20, 2, 0, tzinfo=UTC)
CHANNELS = ("phone", "radio", None)


class HandClock:
    """A clock that the test sets."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def offset_ms(self) -> int | None:
        return None


class Desk:
    """A desk's file, open for writing, and what reads it."""

    def __init__(self, folder: Path, at: datetime = START) -> None:
        self.file = folder / "desk.sqlite3"
        self.clock = HandClock(at)
        self.place = Workplace(
            self.file, clock=self.clock, mint=Mint(new_id=uuid7), backups=folder / "b", profile="empty"
        )

    def write(self, text: str, **more: Any) -> UUID:
        """One line, a second after the one before."""
        self.clock.at += timedelta(seconds=1)
        return self.place.execute(WriteLogEntry(text=text, **more)).ids[0]

    def ids(self, where: str = "1") -> list[UUID]:
        """The lines of the log as a plain SELECT has them, newest first."""
        rows = self.place.connection.execute(
            f"SELECT id FROM log_entry WHERE {where} ORDER BY happened_at DESC, id DESC"
        )
        return [UUID(bytes=row[0]) for row in rows]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, datetime]:
    """A folder with 2,000 lines over about ten days, and the time of the last."""
    folder = tmp_path_factory.mktemp("log")
    desk = Desk(folder)
    for number in range(LINES):
        desk.clock.at += timedelta(seconds=430)
        desk.write(
            f"第 {number} 行",
            channel=CHANNELS[number % 3],
            importance="important" if number % 7 == 0 else "normal",
        )
    desk.place.close()
    return folder, desk.clock.at


@pytest.fixture
def desk(written: tuple[Path, datetime], tmp_path: Path) -> Iterator[Desk]:
    """A desk of one's own with those lines."""
    folder = tmp_path / "desk"
    shutil.copytree(written[0], folder)
    desk = Desk(folder, written[1])
    yield desk
    desk.place.close()


@pytest.fixture
def source(desk: Desk) -> Iterator[PooledSource]:
    """Two reader threads on the desk's file."""
    source = PooledSource(desk.file)
    yield source
    source.close()


@pytest.fixture
def table(qtbot: QtBot, desk: Desk, source: PooledSource) -> LogTable:
    """The list, showing the whole log."""
    return shown(qtbot, source, desk)


def shown(qtbot: QtBot, source: Any, desk: Desk, filter_: LogFilter | None = None) -> LogTable:
    """A list on the screen, filled."""
    table = LogTable(Words(), Theme(), source, lambda kind, id_: kind, now=desk.clock.now)
    qtbot.addWidget(table)
    table.resize(1000, 600)
    table.show()
    table.set_filter(filter_ or LogFilter())
    filled(qtbot, table)
    return table


def filled(qtbot: QtBot, table: LogTable) -> None:
    """Wait until what stands on screen is what should stand there."""
    window = table.window_

    def check() -> None:
        rows = window.rows()
        assert window.counts is not None and not window._asker.busy("exchange")
        assert all(row.line is not None for row in rows)
        assert [table.model.row(at) for at in range(table.model.rowCount())] == rows

    qtbot.waitUntil(check, timeout=10_000)


def on_screen(table: LogTable) -> list[UUID]:
    """The ids of the rows, from the top."""
    lines = [table.model.row(at).line for at in range(table.model.rowCount())]
    return [line.id for line in lines if line is not None]


def press(table: LogTable, key: Qt.Key, times: int = 1) -> None:
    """Keys as a hand presses them."""
    for _ in range(times):
        QTest.keyClick(table.view, key)


def chosen(table: LogTable) -> UUID | None:
    """The id that is chosen."""
    line = table.chosen_line()
    return None if line is None else line.id


def desk_time(desk: Desk, id_: UUID) -> datetime:
    """When a line happened, by a plain SELECT."""
    sql = "SELECT happened_at FROM log_entry WHERE id = ?"
    return from_ms(desk.place.connection.execute(sql, (id_.bytes,)).fetchone()[0])


@pytest.mark.parametrize(
    ("filter_", "where"),
    [
        (LogFilter(), "1"),
        (LogFilter(channel="radio"), "channel = 'radio'"),
        (LogFilter(important=True, channel="phone"), "channel = 'phone' AND importance <> 'normal'"),
    ],
)
def test_a_jump_anywhere_shows_the_rows_that_stand_there(
    qtbot: QtBot, desk: Desk, source: PooledSource, filter_: LogFilter, where: str
) -> None:
    table = shown(qtbot, source, desk, filter_)
    ids = desk.ids(where)
    assert table.window_.total == len(ids) == sum(table.window_.counts.counts if table.window_.counts else ())
    assert table.bar.maximum() == len(ids) - table.window_.full
    chance = random.Random(1)
    places = [0, table.bar.maximum(), *(chance.randrange(table.bar.maximum()) for _ in range(25))]
    for place in places:
        table.bar.setValue(place)
        filled(qtbot, table)
        assert on_screen(table) == ids[place : place + table.window_.full + 1]


def test_walking_down_and_up_visits_every_line_once_in_order(
    qtbot: QtBot, desk: Desk, table: LogTable
) -> None:
    ids = desk.ids()
    seen: list[UUID] = []
    table.line_chosen.connect(lambda line: seen.append(line.id))
    for number in range(LINES):
        press(table, Qt.Key.Key_J if number % 2 else Qt.Key.Key_Down)
        qtbot.waitUntil(lambda wanted=number: len(seen) == wanted + 1)  # type: ignore[misc]
    assert seen == ids
    press(table, Qt.Key.Key_Down)
    assert chosen(table) == ids[-1]
    for number in range(300):
        press(table, Qt.Key.Key_K)
        assert table.window_.chosen_position == LINES - 2 - number
    filled(qtbot, table)
    assert chosen(table) == ids[LINES - 301]


def test_pages_and_ends(qtbot: QtBot, desk: Desk, table: LogTable) -> None:
    ids = desk.ids()
    full = table.window_.full
    press(table, Qt.Key.Key_Down)
    press(table, Qt.Key.Key_PageDown, 30)  # faster than pages come
    filled(qtbot, table)
    assert chosen(table) == ids[30 * (full - 1)]
    press(table, Qt.Key.Key_PageUp, 10)
    filled(qtbot, table)
    assert chosen(table) == ids[20 * (full - 1)]
    press(table, Qt.Key.Key_End)
    filled(qtbot, table)
    assert chosen(table) == ids[-1] and on_screen(table)[-1] == ids[-1]
    press(table, Qt.Key.Key_Home)
    filled(qtbot, table)
    assert chosen(table) == ids[0] and on_screen(table)[0] == ids[0]


def test_the_wheel_moves_rows_not_the_choice(qtbot: QtBot, desk: Desk, table: LogTable) -> None:
    ids = desk.ids()
    press(table, Qt.Key.Key_Down)
    for _ in range(40):
        table.view.scrolled.emit(3)
    filled(qtbot, table)
    assert on_screen(table)[0] == ids[120] and chosen(table) == ids[0]
    assert not table.view.selectionModel().hasSelection()
    press(table, Qt.Key.Key_Down)
    filled(qtbot, table)
    assert chosen(table) == ids[1] and ids[1] in on_screen(table)


def test_rows_and_lines_held_do_not_grow_with_the_log(qtbot: QtBot, table: LogTable) -> None:
    most_rows = most_lines = 0
    for place in range(0, table.bar.maximum(), 37):
        table.bar.setValue(place)
        filled(qtbot, table)
        most_rows = max(most_rows, table.model.rowCount())
        most_lines = max(most_lines, len(table.window_.lines))
    assert most_rows == table.window_.full + 1 < 40
    assert most_lines <= 2 * KEEP + 2 * table.window_.full + 1 < LINES


def test_a_new_line_appears_on_top_and_the_choice_stays(qtbot: QtBot, desk: Desk, table: LogTable) -> None:
    ids = desk.ids()
    press(table, Qt.Key.Key_Down, 4)
    inserted: list[tuple[int, int]] = []
    resets: list[bool] = []
    table.model.rowsInserted.connect(lambda parent, first, last: inserted.append((first, last)))
    table.model.modelReset.connect(lambda: resets.append(True))
    new = [desk.write("新的一行"), desk.write("又一行")]
    table.refresh(frozenset(new))
    qtbot.waitUntil(lambda: on_screen(table)[0] == new[1])
    assert on_screen(table)[:5] == [new[1], new[0], *ids[:3]]
    assert inserted == [(0, 1)] and not resets
    assert chosen(table) == ids[3] and table.window_.chosen_position == 5
    assert [index.row() for index in table.view.selectionModel().selectedRows()] == [5]
    assert table.window_.unseen == 0


def test_a_line_being_read_is_not_pushed_off_the_screen(qtbot: QtBot, desk: Desk, table: LogTable) -> None:
    press(table, Qt.Key.Key_Down, table.window_.full)
    reading = chosen(table)
    desk.write("新的一行")
    table.refresh()
    qtbot.waitUntil(lambda: table.window_.total == LINES + 1)
    filled(qtbot, table)
    assert on_screen(table)[table.window_.full - 1] == reading == chosen(table)
    assert table.window_.unseen == 1 and table._new.isVisible()


def test_scrolled_away_the_same_lines_stay_and_new_ones_are_counted(
    qtbot: QtBot, desk: Desk, table: LogTable
) -> None:
    table.bar.setValue(700)
    filled(qtbot, table)
    before = on_screen(table)
    changed: list[int] = []
    table.model.rowsInserted.connect(lambda *_: changed.append(1))
    for number in range(5):
        desk.write(f"新 {number}")
    desk.write("早就发生的", happened_at=START + timedelta(hours=1), late_reason="刚得知")
    table.refresh()
    qtbot.waitUntil(lambda: table.window_.total == LINES + 6)
    filled(qtbot, table)
    assert on_screen(table) == before and table.window_.top == 705 and not changed
    assert table.window_.unseen == 5 and table._new.isVisible()
    assert table.bar.value() == 705
    press(table, Qt.Key.Key_Home)
    filled(qtbot, table)
    assert on_screen(table) == desk.ids()[: table.window_.full + 1]
    assert table.window_.unseen == 0 and not table._new.isVisible()


def test_lines_that_come_while_one_walks_are_neither_skipped_nor_doubled(
    qtbot: QtBot, desk: Desk, table: LogTable
) -> None:
    ids = desk.ids()
    seen: list[UUID] = []
    table.line_chosen.connect(lambda line: seen.append(line.id))
    for number in range(150):
        if number % 10 == 5:
            table.refresh(frozenset([desk.write(f"新 {number}")]))
        press(table, Qt.Key.Key_Down)
        qtbot.waitUntil(lambda wanted=number: len(seen) == wanted + 1)  # type: ignore[misc]
        qtbot.waitUntil(lambda: not table.window_._asker.busy("exchange"))
    assert seen == ids[:150]


def test_a_struck_line_and_what_replaces_it(qtbot: QtBot, desk: Desk, table: LogTable) -> None:
    target = desk.write("转移 32 人", channel="phone")
    table.refresh(frozenset([target]))
    qtbot.waitUntil(lambda: target in on_screen(table))
    strike = StrikeFact(target_id=target, reason="听误", replacement_text="转移 23 人")
    outcome = desk.place.execute(strike)
    table.refresh(frozenset(outcome.ids))

    def settled() -> None:
        line = table.window_.lines[1]
        assert line.id == target and line.struck is not None
        cell = table.model.shown(1)
        assert cell is not None
        assert cell.runs[0].ink == "struck" and cell.runs[0].text == "转移 32 人"
        assert cell.text == "转移 32 人 → 转移 23 人（未登录，听误）"

    qtbot.waitUntil(lambda: table.window_.total == LINES + 2)
    qtbot.waitUntil(lambda: table.model.rowCount() > 1 and table.window_.lines[1].struck is not None)
    qtbot.waitUntil(lambda: not table.window_._asker.busy("others"))
    settled()
    replacing = table.model.shown(0)
    assert replacing is not None and replacing.tag == "更正"
    assert table.window_.lines[0].replaces_id == target


@pytest.mark.parametrize("end", ["closed", "destroyed"])
def test_results_for_a_list_that_is_gone_are_dropped(
    qtbot: QtBot, desk: Desk, source: PooledSource, end: str
) -> None:
    waiting: Future[DayCounts] = Future()
    answer = source.counts(LogFilter()).result()
    source.counts = lambda filter_: waiting  # type: ignore[method-assign]
    table = LogTable(Words(), Theme(), source, lambda kind, id_: "", now=desk.clock.now)
    said: list[object] = []
    table.counted.connect(said.append)
    table.failed.connect(said.append)
    table.set_filter(LogFilter())
    waiting.set_running_or_notify_cancel()
    window = table.window_
    if end == "closed":
        table.close()
    else:
        shiboken6.delete(table)
    waiting.set_result(answer)
    qtbot.wait(50)
    assert said == [] and window.counts is None
    if end == "closed":
        shiboken6.delete(table)


def test_a_page_newer_than_the_counts_makes_them_new(qtbot: QtBot, desk: Desk, table: LogTable) -> None:
    qtbot.waitUntil(lambda: len(table.window_.lines) > 100)
    edge = max(table.window_.lines)
    above = table.window_.lines[edge - 20].happened_at + timedelta(seconds=1)
    assert day_of(above) == day_of(table.window_.lines[edge].happened_at)  # pages are counted within a day
    desk.write("没有通知的一行", happened_at=above, late_reason="刚得知")
    table.bar.setValue(edge - 5)
    qtbot.waitUntil(lambda: table.window_.total == LINES + 1)
    filled(qtbot, table)
    top = table.window_.top
    assert top == edge - 4 and on_screen(table) == desk.ids()[top : top + table.window_.full + 1]


def test_an_older_answer_never_wins(qtbot: QtBot, desk: Desk, source: PooledSource) -> None:
    table = shown(qtbot, source, desk)
    held: list[tuple[int, Future[list[LogLine]]]] = []

    def page(counts: DayCounts, first: int, wanted: int) -> Future[list[LogLine]]:
        held.append((first, Future()))
        held[-1][1].set_running_or_notify_cancel()
        return held[-1][1]

    source.page = page  # type: ignore[method-assign]
    counts = table.window_.counts
    assert counts is not None
    table.bar.setValue(500)
    table.bar.setValue(1500)
    asked = [(first, future) for first, future in held if first in (500, 1500)]
    del source.page
    for first, future in asked[::-1]:
        future.set_result(source.page(counts, first, table.window_.full + 1).result())
    filled(qtbot, table)
    assert on_screen(table) == desk.ids()[1500 : 1500 + table.window_.full + 1]


def test_while_a_page_is_on_the_way_bars_stand_and_the_day_shows(
    qtbot: QtBot, desk: Desk, source: PooledSource
) -> None:
    table = shown(qtbot, source, desk)
    source.page = lambda counts, first, wanted: Future()  # type: ignore[method-assign]
    table.bar.setSliderDown(True)
    table.bar.setValue(1000)
    at = desk.place.connection.execute(
        "SELECT happened_at FROM log_entry ORDER BY happened_at DESC LIMIT 1 OFFSET 1000"
    ).fetchone()[0]
    day = datetime.fromtimestamp(at / 1000, UTC) + timedelta(hours=8)
    assert table._tip.isVisible() and table._tip.text().startswith(f"{day.month}月{day.day}日")
    qtbot.waitUntil(lambda: table.model.shown(0) is None)
    assert table.model.row(0).position == 1000
    del source.page
    table.bar.setSliderDown(False)
    table.refresh()
    filled(qtbot, table)
    assert not table._tip.isVisible()


def test_going_to_a_day_and_to_a_line(qtbot: QtBot, desk: Desk, table: LogTable) -> None:
    counts = table.window_.counts
    assert counts is not None
    press(table, Qt.Key.Key_G)
    QTest.keyClicks(table._go.field, "07-25")
    QTest.keyClick(table._go.field, Qt.Key.Key_Return)
    filled(qtbot, table)
    line = table.chosen_line()
    assert line is not None and day_of(line.happened_at) == 20260725
    newest = desk.place.connection.execute(
        "SELECT id FROM log_entry WHERE happened_at < ? ORDER BY happened_at DESC LIMIT 1",
        (to_ms(datetime(2026, 7, 25, 16, tzinfo=UTC)),),
    ).fetchone()[0]
    assert line.id.bytes == newest and table.view.hasFocus()
    press(table, Qt.Key.Key_G)
    QTest.keyClicks(table._go.field, "07-32")
    QTest.keyClick(table._go.field, Qt.Key.Key_Return)
    assert table._go.isVisible() and table._go.said.text() and chosen(table) == line.id
    QTest.keyClick(table._go.field, Qt.Key.Key_Escape)
    assert not table._go.isVisible()
    wanted = desk.ids()[1234]
    table.show_line(wanted)
    qtbot.waitUntil(lambda: chosen(table) == wanted)
    filled(qtbot, table)
    assert wanted in on_screen(table)


def test_a_filter_keeps_the_choice_when_it_has_it(qtbot: QtBot, desk: Desk, table: LogTable) -> None:
    ids = desk.ids("channel = 'radio'")
    table.show_line(ids[300])
    qtbot.waitUntil(lambda: chosen(table) == ids[300])
    table.set_filter(LogFilter(channel="radio"))
    qtbot.waitUntil(lambda: table.window_.total == len(ids))
    filled(qtbot, table)
    assert chosen(table) == ids[300] and table.window_.chosen_position == 300 and ids[300] in on_screen(table)
    table.set_filter(LogFilter(channel="phone"))
    qtbot.waitUntil(lambda: table.window_.total == len(desk.ids("channel = 'phone'")))
    filled(qtbot, table)
    # it is not in this one: the list stays at its time
    times = [line.happened_at for line in table.window_.lines.values()]
    assert chosen(table) is None and not table.view.selectionModel().hasSelection()
    assert min(times) < desk_time(desk, ids[300]) < max(times)


def test_keys_ask_and_copy(qtbot: QtBot, desk: Desk, table: LogTable) -> None:
    id_ = desk.write("一行\n两行 \u202e倒")
    table.refresh()
    qtbot.waitUntil(lambda: on_screen(table)[0] == id_)
    press(table, Qt.Key.Key_Down)
    asked: list[tuple[str, UUID]] = []
    table.strike_requested.connect(lambda id_: asked.append(("strike", id_)))
    table.incident_requested.connect(lambda id_: asked.append(("incident", id_)))
    table.opened.connect(lambda line: asked.append(("open", line.id)))
    press(table, Qt.Key.Key_X)
    press(table, Qt.Key.Key_O)
    press(table, Qt.Key.Key_Return)
    full_width = QKeyEvent(QEvent.Type.KeyPress, 0, Qt.KeyboardModifier.NoModifier, "ｘ")
    QApplication.sendEvent(table.view, full_width)  # as an input method may leave it
    assert asked == [("strike", id_), ("incident", id_), ("open", id_), ("strike", id_)]
    QTest.keyClick(table.view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text().endswith(" 一行\n两行 \u202e倒")
    cell = table.model.shown(0)
    assert cell is not None and "⏎" in cell.text and "U+202E" in cell.text and "\u202e" not in cell.text


def test_a_press_chooses_the_row_under_the_pointer(qtbot: QtBot, desk: Desk, table: LogTable) -> None:
    height = table.view.rowHeight(0)
    QTest.mouseClick(
        table.view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(200, height * 6 + height // 2)
    )
    assert chosen(table) == desk.ids()[6]


def test_the_whole_list_counts_filters_and_shows_the_line(
    qtbot: QtBot, desk: Desk, source: PooledSource
) -> None:
    whole = LogList(
        Words(), Theme(), source, lambda kind, id_: kind, now=desk.clock.now, desk_id=desk.place.device
    )
    qtbot.addWidget(whole)
    whole.resize(1000, 700)
    whole.show()
    whole.show_filter(LogFilter())
    filled(qtbot, whole.table)
    assert whole.filters.count.text() == "共 2,000 条"
    press(whole.table, Qt.Key.Key_I)
    important = desk.ids("importance <> 'normal'")
    qtbot.waitUntil(lambda: whole.filters.count.text() == f"共 {len(important)} 条")
    filled(qtbot, whole.table)
    assert on_screen(whole.table) == important[: whole.table.window_.full + 1]
    assert whole.filters.chips["important"].tone() == "accent"
    press(whole.table, Qt.Key.Key_Down)
    assert whole.detail.text.toPlainText().startswith("第 ")
    press(whole.table, Qt.Key.Key_D)
    line = whole.table.chosen_line()
    assert line is not None and whole.filters.filter().day is not None
    qtbot.waitUntil(lambda: whole.table.window_.total < len(important))
    press(whole.table, Qt.Key.Key_A)
    qtbot.waitUntil(lambda: whole.filters.count.text() == "共 2,000 条")
    target, strike = desk.write("错的"), StrikeFact
    outcome = desk.place.execute(strike(target_id=target, reason="听误", replacement_text="对的"))
    whole.refresh(frozenset([target, *outcome.ids]))
    whole.table.show_line(target)
    qtbot.waitUntil(whole.detail.to_replacement.isVisible)
    whole.detail.to_replacement.click()
    qtbot.waitUntil(lambda: whole.detail.text.toPlainText() == "对的")
    assert whole.detail.to_struck.isVisible()
    plain = desk.ids("importance = 'normal'")[100]
    whole.show_filter(LogFilter(important=True))
    whole.show_line(plain)  # the filter gives way to a line that was asked for
    qtbot.waitUntil(lambda: chosen(whole.table) == plain)
    assert whole.filters.filter() == LogFilter() and whole.filters.chips["all"].tone() == "accent"


def test_nothing_yet_and_nothing_with_this_filter(qtbot: QtBot, tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    source = PooledSource(desk.file)
    table = shown(qtbot, source, desk)
    words = Words()
    assert table._said.text() == words("log.empty") and table._said.isVisible()
    table.set_filter(LogFilter(important=True))
    qtbot.waitUntil(lambda: table._said.text() == words("log.empty_filtered"))
    table.set_filter(LogFilter())
    id_ = desk.write("第一行")
    table.refresh(frozenset([id_]))
    qtbot.waitUntil(lambda: on_screen(table) == [id_])
    assert not table._said.isVisible()
    source.close()
    desk.place.close()


def test_a_failure_is_said_and_the_next_refresh_recovers(
    qtbot: QtBot, desk: Desk, source: PooledSource
) -> None:
    table = LogTable(Words(), Theme(), source, lambda kind, id_: "", now=desk.clock.now)
    qtbot.addWidget(table)
    table.resize(1000, 600)
    table.show()
    failures: list[BaseException] = []
    table.failed.connect(failures.append)
    broken: Future[DayCounts] = Future()
    broken.set_exception(OSError("gone"))
    source.counts = lambda filter_: broken  # type: ignore[method-assign]
    table.set_filter(LogFilter())
    qtbot.waitUntil(lambda: len(failures) == 1)
    assert table._said.text() == Words()("log.unreadable")
    del source.counts
    table.refresh()
    filled(qtbot, table)
    assert not table._said.isVisible()


def test_each_filter_is_one_signal(qtbot: QtBot) -> None:
    own = UUID(int=5)
    bar = FilterBar(Words(), Theme(), desk_id=own)
    qtbot.addWidget(bar)
    said: list[LogFilter] = []
    bar.filter_changed.connect(said.append)
    bar.set_day(date(2026, 7, 28))
    for name in ("important", "own", "machine", "channel", "day", "all", "all"):
        bar.press(name)
    first = LogFilter(important=True)
    assert said[:3] == [first, replace(first, desk_id=own), replace(first, desk_id=own, machine=True)]
    assert said[3].channel == "phone" and said[4].day == 20662
    assert said[5:] == [LogFilter()]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("07-28", date(2026, 7, 28)),
        ("7月28日", date(2026, 7, 28)),
        ("２０２６０７２８", date(2026, 7, 28)),
        ("2025-12-31", date(2025, 12, 31)),
        ("昨", date(2026, 7, 28)),
        ("前天", date(2026, 7, 27)),
        ("今", date(2026, 7, 29)),
        ("0728", date(2026, 7, 28)),
        ("2月30日", DayError("no_such_day")),
        ("abc", DayError("unreadable")),
        ("", DayError("unreadable")),
    ],
)
def test_days_as_people_write_them(text: str, day: date | DayError) -> None:
    for language in LANGUAGES:
        assert parse_day(text, date(2026, 7, 29), Words(language)) == day
    # in January a day of December is last year's
    assert parse_day("12-31", date(2026, 1, 2), Words()) == date(2025, 12, 31)


def test_a_day_without_lines_leads_to_the_one_before() -> None:
    counts = DayCounts(filter=LogFilter(), days=(20, 18, 10), counts=(3, 2, 1), first=(0, 3, 5), total=6)
    expected: dict[int, int] = {25: 0, 20: 0, 19: 3, 18: 3, 17: 5, 3: 5}
    assert {day: position_of_day(counts, day) for day in expected} == expected


def test_hits_are_marked_where_they_stand() -> None:
    assert spans("ＡＢＣ abc 水", "abc") == [(0, 3), (4, 7)]
    assert spans("积水积水", "积水") == [(0, 4)]
    assert spans("㎏ 水", "kg") == [(0, 1)]
    assert spans("水", " ") == []


def test_every_code_has_its_words(desk: Desk) -> None:
    from commandcenter.domain import codes

    groups = {
        "channel": codes.CHANNELS,
        "direction": codes.DIRECTIONS,
        "importance": codes.IMPORTANCE,
        "incident_event": codes.INCIDENT_EVENTS,
    }
    for language in LANGUAGES:
        words = Words(language)
        missing = [f"{g}.{c}" for g, all_ in groups.items() for c in all_ if not words.has(f"log.{g}.{c}")]
        missing += [e for e in codes.INCIDENT_EVENTS if not words.has(f"log.event_text.{e}")]
        assert missing == []


def test_an_event_of_an_incident_is_said_in_words() -> None:
    line = LogLine(
        id=UUID(int=1),
        kind="incident_event",
        happened_at=START,
        machine=True,
        values={"event": "graded", "before": None, "after": "major", "typed_by_id": None},
        struck=None,
        replaces_id=None,
    )
    names: Callable[[str, UUID], str] = lambda kind, id_: ""  # noqa: E731
    cell = Wording(Words(), names, {}).shown(line)
    assert (cell.tag, cell.text) == ("定级", "事件级别：未定 → 重大") and cell.quiet
