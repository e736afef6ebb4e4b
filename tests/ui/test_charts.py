"""The proof of the charts: gaps are gaps, values are read, marks lead to their lines, the age is told."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from commandcenter.services.log import WriteLogEntry
from commandcenter.services.readings import EnterReading
from commandcenter.services.registers import AddCard, EditCard
from commandcenter.words import Words
from tests.ui.desk import Desk, open_desk
from ui.charts.buffer import Buffer
from ui.charts.chart import Chart
from ui.charts.spec import ChartMark, Spec
from ui.charts.words import tick_text, ticks_of
from ui.monitor_tell import thousandths
from ui.pages.monitor import MonitorPage
from ui.theme import Theme

KEY = Qt.Key
ZH, EN = Words("zh_CN"), Words("en")
NOW = datetime(2026, 7, 28, 6, 30, tzinfo=UTC)
DAY = timedelta(days=1)
LEVEL = Spec(
    title="水位",
    unit="米",
    decimals=2,
    levels=((5.2, "警戒 5.20"),),
    stale_after=timedelta(hours=1),
    from_zero=False,
)


def ago(minutes: float) -> float:
    """Seconds since 1970, so many minutes ago."""
    return (NOW - timedelta(minutes=minutes)).timestamp()


Make = Callable[..., Chart]


@pytest.fixture
def make(qtbot: QtBot) -> Iterator[Make]:
    """A chart in a window of its own."""
    made: list[Chart] = []

    def build(spec: Spec = LEVEL, words: Words = ZH, now: Callable[[], datetime] = lambda: NOW) -> Chart:
        chart = Chart(words, Theme(), spec, now)
        made.append(chart)
        qtbot.addWidget(chart)
        chart.resize(700, 300)
        chart.set_span(NOW - DAY, NOW)
        with qtbot.waitActive(chart):
            chart.show()
            chart.activateWindow()
        chart.setFocus()
        return chart

    yield build
    made.clear()


def test_a_long_silence_is_a_gap() -> None:
    """Wider than three times the usual interval: a point of no value stands between; appended too."""
    buffer = Buffer(gaps=True)
    buffer.replace([(float(at), 1.0) for at in (0, 10, 20, 60, 70)])
    xs, ys = buffer.arrays()
    assert list(xs) == [0, 10, 20, 40, 60, 70] and list(np.isnan(ys)) == [0, 0, 0, 1, 0, 0]
    buffer.extend([(80.0, 2.0)])
    buffer.extend([(120.0, 3.0), (130.0, 3.0)])
    xs, ys = buffer.arrays()
    assert list(xs[6:]) == [80, 100, 120, 130] and list(np.isnan(ys[6:])) == [0, 1, 0, 0]
    assert buffer.nearest(101.0) is None
    assert buffer.nearest(119.0) == (120.0, 3.0)
    stands = Buffer(gaps=False)
    stands.replace([(0.0, 1.0), (10.0, 2.0), (20.0, 3.0), (900.0, 4.0)])
    assert not np.isnan(stands.arrays()[1]).any() and stands.before(500.0) == (20.0, 3.0)


def test_the_buffer_keeps_its_size_and_its_order() -> None:
    """What is not newer is passed over; what the range left behind goes; the room does not grow for ever."""
    buffer = Buffer(gaps=True)
    for at in range(20_000):
        buffer.extend([(float(at), math.sin(at))])
        buffer.drop_before(at - 999.0)
    xs, ys = buffer.arrays()
    assert list(xs) == [float(at) for at in range(19_000, 20_000)]
    assert ys[-1] == math.sin(19_999)
    assert buffer._room.nbytes < 200_000
    buffer.extend([(5.0, 1.0), (19_999.0, 7.0)])
    assert len(buffer.arrays()[0]) == 1000


def test_days_and_times_on_the_axis_are_those_here() -> None:
    """Ticks on whole hours of Asia/Shanghai, the day where it begins, in either language."""
    begin = datetime(2026, 7, 27, 14, 30, tzinfo=UTC).timestamp()  # 22:30 here
    step, ticks = ticks_of(begin, begin + 4 * 3600, 5)
    assert step == 3600
    assert [tick_text(ZH, tick) for tick in ticks] == ["23:00", "7月28日", "01:00", "02:00"]
    assert tick_text(EN, ticks[1]) == "7/28"


def test_how_old_the_newest_value_is(make: Make) -> None:
    at = [NOW]
    chart = make(now=lambda: at[0])
    chart.show_points([(ago(22), 4.0), (ago(12), 4.2), (ago(2), 4.31)])
    assert (chart.value.text(), chart.age.text()) == ("4.31 米", "2 分前")
    assert chart.value._ink == "text"
    at[0] = NOW + timedelta(hours=3)
    chart.tick()
    assert chart.age.text() == "3 小时前 · 超过 1 小时没有新值"
    assert chart.value._ink == "faint"
    chart.add_points([((at[0] - timedelta(seconds=10)).timestamp(), 4.5)])
    assert (chart.value.text(), chart.age.text()) == ("4.50 米", "刚刚")


def test_a_chart_of_nothing_says_so(make: Make) -> None:
    chart = make()
    chart.show_points([])
    assert chart.empty.isVisible() and chart.empty.text() == ZH("charts.no_value")
    chart.show_points([(ago(10), 1.0)])
    assert not chart.empty.isVisible()


def test_a_value_is_read_where_the_pointer_is(make: Make) -> None:
    chart = make()
    chart.show_points([(ago(40), 3.0), (ago(30), 3.5), (ago(20), 4.0), (ago(10), 4.5)])
    chart.show_marks([ChartMark(id=uuid4(), at=ago(30), text="开闸")])
    assert chart.read_at(ago(30)) == "14:00\u30003.50 米\n14:00\u3000开闸"
    assert chart.cross.said
    chart.show_told([(ago(300), 2.5)])
    assert ZH("charts.told") in chart.read_at(ago(300))
    steps = make(Spec(title="出动", unit="支", style="step"))
    steps.show_points([(ago(600), 1.0), (ago(60), 3.0)])
    assert steps.read_at(ago(120)) == "12:30\u30001 支"


def test_keys_move_along_and_come_closer(make: Make) -> None:
    chart = make()
    whole = chart.span()
    QTest.keyClick(chart, KEY.Key_Plus)
    closer = chart.span()
    assert closer[1] - closer[0] == pytest.approx((whole[1] - whole[0]) / 1.5)
    QTest.keyClick(chart, KEY.Key_Left)
    assert chart.span()[0] < closer[0] and not chart.follows
    chart.set_span(NOW - DAY, NOW + timedelta(hours=1))  # the time goes on; who looked elsewhere stays there
    assert chart.span()[0] < closer[0]
    QTest.keyClick(chart, KEY.Key_0)
    assert bool(vars(chart)["follows"])
    assert chart.span() == pytest.approx(((NOW - DAY).timestamp(), (NOW + timedelta(hours=1)).timestamp()))


def test_tab_goes_along_the_marks_and_enter_opens_the_line(make: Make, qtbot: QtBot) -> None:
    chart = make()
    marks = [ChartMark(id=uuid4(), at=ago(m), text=f"第 {m} 行") for m in (60, 30)]
    chart.show_marks(marks)
    opened: list[UUID] = []
    chart.mark_opened.connect(opened.append)
    QTest.keyClick(chart, KEY.Key_Tab)
    QTest.keyClick(chart, KEY.Key_Tab)
    assert chart.chosen_mark() == marks[1] and "第 30 行" in chart.cross.said
    chart.show_marks([*marks, ChartMark(id=uuid4(), at=ago(1), text="新")])
    assert chart.chosen_mark() == marks[1]
    QTest.keyClick(chart, KEY.Key_Return)
    assert opened == [marks[1].id]
    QTest.keyClick(chart, KEY.Key_Backtab, Qt.KeyboardModifier.ShiftModifier)
    assert chart.chosen_mark() == marks[0]


def test_a_click_on_a_mark_opens_the_line(make: Make, qtbot: QtBot) -> None:
    chart = make()
    chart.show_points([(ago(100), 3.0), (ago(90), 3.5)])
    mark = ChartMark(id=uuid4(), at=ago(700), text="开闸")
    chart.show_marks([mark])
    qtbot.wait(50)
    opened: list[UUID] = []
    chart.mark_opened.connect(opened.append)
    box = chart.plot.getPlotItem().getViewBox()
    from PySide6.QtCore import QPointF

    where = chart.plot.mapFromScene(box.mapViewToScene(QPointF(mark.at, chart._peak)))
    QTest.mouseMove(chart.plot.viewport(), where)
    QTest.mouseClick(chart.plot.viewport(), Qt.MouseButton.LeftButton, pos=where)
    qtbot.waitUntil(lambda: opened == [mark.id])


def test_the_levels_are_in_sight_and_follow_the_card(make: Make) -> None:
    chart = make()
    chart.show_points([(ago(20), 1.0), (ago(10), 1.1)])
    _low, high = chart.plot.getPlotItem().getViewBox().viewRange()[1]
    assert high > 5.2
    assert [line.value() for line in chart._levels] == [5.2]
    chart.set_spec(Spec(title="水位", unit="米", decimals=2, from_zero=False))
    assert chart._levels == []
    assert chart.plot.getPlotItem().getViewBox().viewRange()[1][1] < 2


# ---- the page


@pytest.fixture
def desk(qtbot: QtBot, tmp_path: Path) -> Iterator[Desk]:
    """A desk."""
    with open_desk(qtbot, tmp_path / "desk") as made:
        yield made


def test_the_page_shows_what_is_measured_and_what_comes(desk: Desk) -> None:
    """A station's series with the level of its card; a new reading is added; another level is drawn."""
    fields = {"name": "金鸡", "station_kind": "river", "warning_level": 5_200, "level_source": "某文件"}
    station = desk.do(AddCard(kind="station", fields=fields))
    now = datetime.now(UTC)

    def enter(minutes: float, value: int) -> None:
        observed = now - timedelta(minutes=minutes)
        command = EnterReading(station_id=station, quantity="level", observed_at=observed, value=value)
        desk.desktop.execute(command).result(20)

    for minutes, value in ((40, 3_000), (30, 3_100), (20, 3_200)):
        enter(minutes, value)
    line = desk.do(WriteLogEntry(text="开闸放水", importance="important"))
    page = MonitorPage(desk.workbench)
    desk.show(page)
    key = f"{station}:level"
    desk.until(lambda: key in page.charts.charts and page.charts.charts[key].buffer.newest() is not None)
    chart = page.charts.charts[key]
    assert next(iter(page.charts.charts)) == key
    assert chart.title.text() == "金鸡 水位" and chart.value.text() == "3.20 米"
    assert [text for _, text in chart.spec.levels] == ["警戒 5.20"]
    desk.until(lambda: [mark.id for mark in chart.marks()] == [line])
    enter(1, 3_400)
    page.charts._tick()
    desk.until(lambda: chart.value.text() == "3.40 米")
    assert len(chart.buffer.arrays()[0]) == 4
    desk.do(EditCard(kind="station", id=station, fields={"warning_level": 4_800}))
    desk.until(lambda: [text for _, text in page.charts.charts[key].spec.levels] == ["警戒 4.80"])
    assert page.charts.charts[key] is chart
    chart.mark_opened.emit(line)
    assert desk.opened == [("log_entry", line)]


def test_a_digit_chooses_the_span_and_a_new_line_is_counted(desk: Desk) -> None:
    page = MonitorPage(desk.workbench)
    desk.show(page)
    chart = page.charts.charts["lines"]
    desk.until(lambda: chart.buffer.newest() is not None)
    page.setFocus()
    focus = QApplication.focusWidget()
    assert isinstance(focus, Chart) and focus in page.charts.charts.values()
    QTest.keyClick(focus, KEY.Key_2)
    assert page.hours() == 6 and page.chips[6].tone() == "accent"
    left, right = chart.span()
    assert right - left == pytest.approx(6 * 3600)
    desk.do(WriteLogEntry(text="一行"))
    desk.until(lambda: (newest := chart.buffer.newest()) is not None and newest[1] == 1.0)


def test_a_hidden_page_reads_nothing(desk: Desk, qtbot: QtBot) -> None:
    page = MonitorPage(desk.workbench)
    window = desk.show(page)
    chart = page.charts.charts["lines"]
    desk.until(lambda: chart.buffer.newest() is not None)
    window.hide()
    assert not page.charts._timer.isActive()
    desk.do(WriteLogEntry(text="一行"))
    desk.settle()
    newest = chart.buffer.newest()
    assert newest is not None and newest[1] == 0.0
    window.show()
    desk.until(lambda: (now := chart.buffer.newest()) is not None and now[1] == 1.0)


def test_a_level_is_taken_down_by_keyboard_and_marked(desk: Desk) -> None:
    """T on the page, the station by its name, Enter; what cannot be read is said beneath, nothing is lost."""
    station = desk.do(AddCard(kind="station", fields={"name": "石砻", "station_kind": "river"}))
    page = MonitorPage(desk.workbench)
    desk.show(page)
    desk.until(lambda: desk.names.card(station) is not None)
    page.setFocus()
    focus = QApplication.focusWidget()
    assert focus is not None
    QTest.keyClick(focus, KEY.Key_T)
    assert page.ask.is_open() and page.ask.reason.line.hasFocus()
    QTest.keyClicks(page.ask.reason.line, "five")
    page.ask.station.line.setText("石砻")
    QTest.keyClick(page.ask.reason.line, KEY.Key_Return)
    assert page.ask.rows["reason"].sentence() == ZH("monitor.tell.missing.reason")
    page.ask.reason.put_raw("５．３１")
    page.ask.told_by.put_raw("护堤员")
    QTest.keyClick(page.ask.reason.line, KEY.Key_Return)
    desk.until(lambda: desk.said == [ZH("monitor.tell.noted")])
    assert not page.ask.is_open()
    key = f"{station}:level"
    desk.until(lambda: key in page.charts.charts and page.charts.charts[key]._told)
    chart = page.charts.charts[key]
    assert [value for _, value in chart._told] == [5.31] and chart.value.text() == "5.31 米"
    assert not chart.empty.isVisible()
    (line,) = desk.ask(
        lambda connection: connection.execute("SELECT value, told_by FROM told_level").fetchall()
    )
    assert line == (5310, "护堤员")


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [("5.31", 5310), (" -0.5 ", -500), ("５。２", 5200), ("5.3125", None), ("", None), ("NaN", None)],
)
def test_numbers_are_read_as_people_type_them(typed: str, wanted: int | None) -> None:
    assert thousandths(typed) == wanted
