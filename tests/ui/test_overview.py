"""The proof of the overview and of the swim lanes: real windows over a real file."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from commandcenter.services.deployments import AdvanceDeployment, CancelDeployment, DispatchTeam
from commandcenter.services.incidents import CloseIncident, OpenIncident
from commandcenter.services.log import StrikeFact, WriteLogEntry
from commandcenter.services.registers import AddCard
from commandcenter.services.shelters import CloseShelter, CountHeads, MovePeople, OpenShelters
from commandcenter.words import Words
from db.desk import engagements
from tests.ui.desk import Desk, open_desk
from ui.app import PAGES
from ui.duty_room import MAKERS
from ui.pages.incident import IncidentPage
from ui.pages.overview import OverviewPage
from ui.theme import Theme
from ui.timeline.lane import MOST_ROWS, Item, Lane, Part
from ui.timeline.lanes import LanesView

KEY = Qt.Key
ZH = Words("zh_CN")
SHIFT = Qt.KeyboardModifier.ShiftModifier
NOW = datetime(2026, 7, 28, 6, 30, tzinfo=UTC)


@pytest.fixture
def desk(qtbot: QtBot, tmp_path: Path) -> Iterator[Desk]:
    """A desk."""
    with open_desk(qtbot, tmp_path / "desk") as made:
        yield made


def team(desk: Desk, name: str, code: str) -> UUID:
    """A team registered by another hand."""
    return desk.do(AddCard(kind="team", fields={"name": name, "code": code, "category": "professional"}))


def opened(desk: Desk, title: str, grade: str | None = None) -> UUID:
    """An incident opened by another hand."""
    return desk.do(OpenIncident(title=title, event_code="11A02", grade=grade))


def test_every_page_of_the_rail_can_be_made_and_the_first_ten_have_keys() -> None:
    names = [name for name, _ in PAGES]
    assert set(names) == MAKERS.keys() and names[0] == "overview"
    order = ["overview", "log", "incident", "team", "shelter", "stock", "monitor", "search", "register"]
    order += ["exchange", "audit", "settings", "administration"]
    assert names == [name for name in order if name in names]


def test_the_overview_of_nothing_says_so(desk: Desk) -> None:
    page = OverviewPage(desk.workbench)
    desk.show(page)
    desk.until(lambda: page.tiles.tiles)
    assert page._no_incidents.isVisible() and not page.board.isVisible()
    assert page._no_incidents.text() == ZH("overview.no_incidents")
    assert page._no_teams.isVisible() and page._no_teams.text() == ZH("teams.empty")
    assert page.tiles.tiles[ZH("overview.incidents")].figure.figure == "0"
    assert "people" in page.charts.charts and "lines" in page.charts.charts
    assert page.tiles.tiles[ZH("overview.teams")].figure.note == ZH("overview.no_teams")


def test_the_figures_follow_what_happens(desk: Desk) -> None:
    """Open incidents by grade, teams out of all, today's lines; nothing is made anew."""
    page = OverviewPage(desk.workbench)
    desk.show(page)
    desk.until(lambda: page.tiles.tiles)

    def figure(name: str) -> tuple[str, str]:
        found = page.tiles.tiles[ZH(f"overview.{name}")].figure
        return found.figure, found.note

    tile = page.tiles.tiles[ZH("overview.incidents")]
    fire, flood = opened(desk, "起火", "major"), opened(desk, "积水", "ordinary")
    desk.until(lambda: figure("incidents") == ("2", "1 起重大 · 1 起一般"))
    assert [row.id for row in page.board.board.rows] == [fire, flood]
    one = team(desk, "甲队", "1")
    team(desk, "乙队", "2")
    desk.until(lambda: figure("teams") == ("0 / 2", ZH("overview.all_free")))
    desk.do(DispatchTeam(incident_id=fire, team_ids=[one]))
    desk.until(lambda: figure("teams") == ("1 / 2", "受令 1"))
    assert [(chip.name, chip.state) for chip in page.teams.tiles()] == [
        ("1 甲队", "ordered"),
        ("2 乙队", "free"),
    ]
    before = int(figure("lines")[0])
    desk.do(WriteLogEntry(text="一行"))
    desk.until(lambda: figure("lines")[0] == str(before + 1))
    desk.do(CloseIncident(id=flood, reason="已退"))
    desk.until(lambda: figure("incidents")[0] == "1")
    assert page.tiles.tiles[ZH("overview.incidents")] is tile


def test_every_part_opens_what_it_shows(desk: Desk) -> None:
    fire = opened(desk, "起火")
    busy, free = team(desk, "甲队", "1"), team(desk, "乙队", "2")
    desk.do(DispatchTeam(incident_id=fire, team_ids=[busy]))
    page = OverviewPage(desk.workbench)
    pages: list[str] = []
    desk.workbench.page_requested.connect(pages.append)
    desk.show(page)
    desk.until(lambda: page.teams.tiles() and page.board.board.rows)
    page.setFocus()
    assert QApplication.focusWidget() is page.board
    QTest.keyClick(page.board, KEY.Key_Return)
    tile = page.tiles.tiles[ZH("overview.teams")]
    QTest.keyClick(tile, KEY.Key_Return)
    QTest.mouseClick(page.tiles.tiles[ZH("overview.lines")], Qt.MouseButton.LeftButton)
    page.teams.setFocus()
    QTest.keyClick(page.teams, KEY.Key_Return)
    QTest.keyClick(page.teams, KEY.Key_Right)
    QTest.keyClick(page.teams, KEY.Key_Return)
    assert desk.opened == [("incident", fire), ("incident", fire), ("team", free)]
    assert pages == ["team", "log"]
    desk.opened.clear()
    QTest.mouseClick(page.teams, Qt.MouseButton.LeftButton, pos=page.teams.box(1).center().toPoint())
    assert desk.opened == [("team", free)]


def test_the_overview_has_room_on_a_small_screen(desk: Desk) -> None:
    """Below one another, never crushed."""
    page = OverviewPage(desk.workbench)
    window = desk.show(page)
    desk.until(lambda: page.tiles.tiles)
    for width, height in ((1280, 720), (900, 600)):
        window.resize(width, height)
        desk.qtbot.wait(30)
        assert page.latest.height() >= 200
        assert all(chart.height() >= 180 for chart in page.charts.charts.values())


# ---- the lanes


def lanes_view(qtbot: QtBot, lanes: list[Lane]) -> LanesView:
    """Lanes in a window of their own."""
    view = LanesView(ZH, Theme(), lambda: NOW)
    qtbot.addWidget(view)
    view.resize(900, view.height())
    first = min(item.begin for lane in lanes for item in lane.items)
    view.show_lanes(lanes, first)
    with qtbot.waitActive(view):
        view.show()
        view.activateWindow()
    view.setFocus()
    return view


def ago(minutes: float) -> float:
    """Seconds since 1970, so many minutes ago."""
    return (NOW - timedelta(minutes=minutes)).timestamp()


def point(minutes: float, text: str = "一行") -> Item:
    """A point so many minutes ago."""
    return Item(id=uuid4(), begin=ago(minutes), end=ago(minutes), text=text)


def bar(begin: float, end: float, *, going: bool = False) -> Item:
    """A bar from so many minutes ago to so many."""
    part = Part(ago(begin), ago(end), "到场", 2)
    return Item(id=uuid4(), begin=ago(begin), end=ago(end), text="甲队", parts=(part,), open=going)


def test_bars_find_rows_and_hide_none() -> None:
    """What follows shares a row; what goes on has one before what is over; what finds none is counted."""
    follows = Lane("teams", "队伍", [bar(60, 40), bar(40, 20), bar(50, 30)])
    follows.pack()
    assert follows.rows == 2 and follows.row_of == [0, 1, 0]
    many = Lane("teams", "队伍", [bar(60 + at, 10) for at in range(MOST_ROWS)] + [bar(5, 0, going=True)])
    many.items.append(bar(30, 0, going=True))
    many.pack()
    assert many.rows == MOST_ROWS and many.left_out == 1
    assert sum(item.open for item in many.items) == 2
    placed = list(zip(many.items, many.row_of, strict=True))
    for at, (item, row) in enumerate(placed):
        for other, its_row in placed[at + 1 :]:
            assert row != its_row or item.end <= other.begin or other.end <= item.begin


def test_lanes_are_walked_and_jumped_from_by_keyboard(qtbot: QtBot) -> None:
    early, late, order = point(100), point(20), point(95)
    view = lanes_view(
        qtbot,
        [Lane("report", "要情", [late, early]), Lane("empty", "空", []), Lane("order", "指令", [order])],
    )
    assert [lane.key for lane in view.lanes()] == ["report", "order"]
    jumped: list[UUID] = []
    view.jumped.connect(jumped.append)
    for key, wanted in (
        (KEY.Key_Right, late),
        (KEY.Key_Left, early),
        (KEY.Key_Down, order),
        (KEY.Key_Up, early),
    ):
        QTest.keyClick(view, key)
        assert view.chosen() == wanted
    QTest.keyClick(view, KEY.Key_Return)
    assert jumped == [early.id]
    view.show_lanes([Lane("report", "要情", [early, point(50), late])], early.begin)
    assert view.chosen() == early


def test_lanes_are_zoomed_dragged_and_clicked(qtbot: QtBot) -> None:
    item = point(50)
    view = lanes_view(qtbot, [Lane("report", "要情", [point(100), item])])
    whole = view.span()
    QTest.keyClick(view, KEY.Key_Plus)
    assert view.span()[1] - view.span()[0] == pytest.approx((whole[1] - whole[0]) / 1.5)
    QTest.keyClick(view, KEY.Key_Right, SHIFT)
    assert view.span()[1] > whole[1] - (whole[1] - whole[0]) / 6
    QTest.keyClick(view, KEY.Key_0)
    assert view.span() == whole
    where = QPointF(view.x_of(item.begin), view.box(0, 1).center().y())
    turn = QWheelEvent(
        where, view.mapToGlobal(where), QPoint(), QPoint(0, 120), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(view, turn)
    assert view.x_of(item.begin) == pytest.approx(where.x())  # what is under the pointer stays there
    jumped: list[UUID] = []
    view.jumped.connect(jumped.append)
    spot = where.toPoint()
    left = view.span()[0]
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=spot)
    QTest.mouseMove(view, spot + QPoint(60, 0))
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=spot + QPoint(60, 0))
    assert view.span()[0] < left and not jumped
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=spot + QPoint(60, 0))
    assert jumped == [item.id]
    assert "一行" in view.said(item)


def test_the_incident_desk_has_its_lanes_and_a_jump_chooses_the_row(desk: Desk) -> None:
    """Lines, orders, stages and teams as they come; struck ones go; only lanes that have something."""
    fire = opened(desk, "起火")
    page = IncidentPage(desk.workbench)
    desk.show(page).resize(1400, 960)
    page.show_incident(fire)

    def keys() -> list[str]:
        return [lane.key for lane in page.lanes.view.lanes()]

    desk.until(lambda: keys() == ["stage"])
    assert page.lanes.isVisible()
    line = desk.do(WriteLogEntry(text="三人被困", incident_id=fire, importance="urgent"))
    desk.do(WriteLogEntry(text="请速到场", incident_id=fire, direction="outgoing"))
    desk.until(lambda: keys() == ["report", "order", "stage"])
    one = team(desk, "甲队", "1")
    desk.do(DispatchTeam(incident_id=fire, team_ids=[one]))
    desk.until(lambda: "teams" in keys())
    deployment = desk.ask(lambda connection: engagements.of_team(connection, one)[0].deployment_id)
    for step in ("acknowledged", "under_way"):
        desk.do(AdvanceDeployment(deployment_id=deployment, step=step))

    def bars() -> list[tuple[str, list[int], bool]]:
        lane = page.lanes.view.lanes()[-1]
        return [(item.text, [part.tone for part in item.parts], item.open) for item in lane.items]

    desk.until(lambda: bars() == [("甲队", [0, 1], True)])
    desk.do(CancelDeployment(deployment_id=deployment, reason="误派"))
    desk.until(lambda: bars() == [("甲队", [3, 3], False)])
    page.lanes.view.jumped.emit(line)
    desk.until(lambda: (chosen := page.table.chosen_line()) is not None and chosen.id == line)
    desk.do(StrikeFact(target_id=line, reason="误记"))
    desk.until(lambda: keys() == ["order", "stage", "teams"])
    other = opened(desk, "积水")
    page.show_incident(other)
    desk.until(lambda: keys() == ["stage"])


def test_a_low_incident_desk_gives_the_list_the_room(desk: Desk) -> None:
    fire = opened(desk, "起火")
    page = IncidentPage(desk.workbench)
    window = desk.show(page)
    window.resize(1400, 960)
    page.show_incident(fire)
    desk.until(page.lanes.isVisible)
    window.resize(1400, 560)
    desk.until(lambda: not page.lanes.isVisible())
    assert page.timeline.isVisible()
    window.resize(1400, 960)
    desk.until(page.lanes.isVisible)


def test_shelters_are_bars_from_opening_to_closing(desk: Desk) -> None:
    """A part for each count; closed, the bar ends; the overview's tile says how many are open and full."""
    fields = {"name": "社区活动中心", "shelter_class": "disaster", "capacity": 100}
    one = desk.do(AddCard(kind="shelter", fields=fields))
    flood = opened(desk, "积水")
    page, board = IncidentPage(desk.workbench), OverviewPage(desk.workbench)
    desk.show(page).resize(1400, 960)
    desk.show(board)
    page.show_incident(flood)
    desk.do(OpenShelters(shelter_ids=[one], incident_id=flood))
    desk.do(CountHeads(shelter_id=one, people=137))
    desk.do(MovePeople(shelter_id=one, flow="out", people=17))

    def shown() -> list[tuple[str, list[str], bool]]:
        lanes = [lane for lane in page.lanes.view.lanes() if lane.key == "shelters"]
        return [
            (item.text, [part.text for part in item.parts], item.open)
            for lane in lanes
            for item in lane.items
        ]

    desk.until(lambda: "people" in board.charts.charts)
    counted = ["", "安置 137", "安置 120"]
    desk.until(lambda: shown() == [("社区活动中心", counted, True)])
    tile = ZH("overview.shelters")
    desk.until(lambda: board.tiles.tiles[tile].figure.figure == "1 / 7")
    assert board.tiles.tiles[tile].figure.note == "▲ 超员 1 处 · 安置 120 人 · 容量 120 %"
    assert board.tiles.tiles[tile].figure.urgent
    desk.do(MovePeople(shelter_id=one, flow="out", people=120))
    desk.do(CloseShelter(shelter_id=one))
    desk.until(lambda: bool(shown()) and not shown()[0][2])
    desk.until(lambda: board.tiles.tiles[tile].figure.note == ZH("overview.no_shelter_open"))


def test_the_start_loads_no_charts() -> None:
    """The log page does not wait for what draws curves."""
    code = "import sys, importlib\nfrom ui.app import BEHIND, HALVES\n"
    code += "for name in (*BEHIND, *HALVES): importlib.import_module(name)\n"
    code += "assert not {'pyqtgraph', 'numpy'} & sys.modules.keys()\n"
    subprocess.run([sys.executable, "-c", code], check=True)
