"""The proof of the teams on screen: the board, the panel that sends, one key a step."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QInputMethodEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from commandcenter.services.deployments import AdvanceDeployment, DispatchTeam
from commandcenter.services.incidents import OpenIncident
from commandcenter.services.log import StrikeFact
from commandcenter.services.registers import AddCard
from db.desk import engagements
from db.queries.log import lines_by_id
from db.queries.teams import forces, sent_to
from tests.ui.desk import Desk, open_desk
from ui.exchange_clash import SETTLE_MS
from ui.pages.exchange import ExchangePage
from ui.pages.incident import IncidentPage
from ui.pages.teams import TeamsPage

KEY = Qt.Key


@pytest.fixture
def desk(qtbot: QtBot, tmp_path: Path) -> Iterator[Desk]:
    """A desk."""
    with open_desk(qtbot, tmp_path / "desk") as made:
        yield made


def team(desk: Desk, name: str, **more: Any) -> UUID:
    """A team registered by another hand."""
    fields = {"name": name, "category": "professional", "strength": 12, **more}
    return desk.do(AddCard(kind="team", fields=fields))


def incident(desk: Desk, title: str = "地下室进水") -> UUID:
    """An incident opened by another hand."""
    return desk.do(OpenIncident(title=title, event_code="11A02"))


def send(desk: Desk, incident_id: UUID, *teams: UUID, knowingly: bool = False) -> UUID:
    """Teams sent by another hand; the first deployment."""
    desk.do(DispatchTeam(incident_id=incident_id, team_ids=list(teams), knowingly=knowingly))
    found = desk.ask(lambda connection: sent_to(connection, incident_id))
    return found[0].engagement.deployment_id


def step_of(desk: Desk, deployment: UUID) -> str:
    """Where a deployment stands."""
    found = desk.ask(lambda connection: engagements.of_deployment(connection, deployment))
    assert found is not None
    return found.step


@pytest.fixture
def board(desk: Desk) -> TeamsPage:
    """The board of teams in a window."""
    page = TeamsPage(desk.workbench)
    desk.show(page)
    return page


# ---- the board


def test_a_sentence_where_there_is_no_team(desk: Desk, board: TeamsPage) -> None:
    desk.until(board._empty.isVisible)
    assert not board.tiles.isVisible()
    team(desk, "市政排涝队")
    desk.until(board.tiles.isVisible)
    assert [tile.state for tile in board.tiles.tiles()] == ["free"]


def test_the_most_engaged_stands_first_and_the_chosen_one_stays_chosen(desk: Desk, board: TeamsPage) -> None:
    one, two = team(desk, "甲队", code="2"), team(desk, "乙队", code="10")
    desk.until(lambda: len(board.tiles.tiles()) == 2)
    assert [tile.id for tile in board.tiles.tiles()] == [one, two], "by number, not by its digits"
    board.tiles.choose(one)
    deployment = send(desk, incident(desk), two)
    desk.until(lambda: [tile.id for tile in board.tiles.tiles()] == [two, one])
    current = board.tiles.current()
    assert current is not None
    assert current.id == one
    tile = board.tiles.tiles()[0]
    assert (tile.state, tile.state_text) == ("ordered", "○ 受令")
    assert "地下室进水" in tile.where
    desk.do(AdvanceDeployment(deployment_id=deployment, step="arrived"))
    desk.until(lambda: board.tiles.tiles()[0].state == "arrived")
    assert board.sums.text() == "待命 1 · ■ 到场 1"


def test_one_key_notes_the_next_step_and_says_when(desk: Desk, board: TeamsPage) -> None:
    one = team(desk, "甲队")
    deployment = send(desk, incident(desk), one)
    desk.until(lambda: board.tiles.tiles() and board.tiles.tiles()[0].state == "ordered")
    board.tiles.choose(one)
    board.tiles.setFocus()
    for due in ("acknowledged", "under_way", "arrived"):
        QTest.keyClick(board.tiles, KEY.Key_A)
        desk.until(partial(lambda wanted: board.tiles.tiles()[0].state == wanted, due))
    assert step_of(desk, deployment) == "arrived"
    assert "甲队：到达现场" in desk.said[-1]
    assert desk.said[-1][-5:-3].isdigit()


def test_a_free_team_has_no_next_step(desk: Desk, board: TeamsPage) -> None:
    one = team(desk, "甲队")
    desk.until(board.tiles.tiles)
    board.tiles.choose(one)
    QTest.keyClick(board.tiles, KEY.Key_A)
    desk.until(lambda: desk.said)
    assert "甲队待命" in desk.said[-1]


def test_standing_down_wants_a_reason(desk: Desk, board: TeamsPage) -> None:
    one = team(desk, "甲队")
    deployment = send(desk, incident(desk), one)
    desk.until(lambda: board.tiles.tiles() and board.tiles.tiles()[0].state == "ordered")
    board.tiles.choose(one)
    QTest.keyClick(board.tiles, KEY.Key_C)
    assert board.step.is_open()
    QTest.keyClick(board.step.reason.line, KEY.Key_Return)
    assert board.step.is_open()
    board.step.reason.line.insert("积水已退")
    QTest.keyClick(board.step.reason.line, KEY.Key_Return)
    desk.until(lambda: not board.step.is_open())
    assert step_of(desk, deployment) == "cancelled"
    desk.until(lambda: board.tiles.tiles()[0].state == "free")


def test_a_step_with_another_time(desk: Desk, board: TeamsPage) -> None:
    one = team(desk, "甲队")
    deployment = send(desk, incident(desk), one)
    desk.until(lambda: board.tiles.tiles() and board.tiles.tiles()[0].state == "ordered")
    board.tiles.choose(one)
    QTest.keyClick(board.tiles, KEY.Key_T)
    board.step.when.line.setText("25:99")
    QTest.keyClick(board.step.when.line, KEY.Key_Return)
    desk.settle()
    assert step_of(desk, deployment) == "ordered", "not readable"
    board.step.when.line.setText("2020-01-01 08:00")
    QTest.keyClick(board.step.when.line, KEY.Key_Return)
    desk.settle()
    assert (step_of(desk, deployment), board.step.is_open()) == ("ordered", True), "before the order"
    board.step.when.line.clear()
    QTest.keyClick(board.step.when.line, KEY.Key_Return)
    desk.until(lambda: not board.step.is_open())
    assert step_of(desk, deployment) == "acknowledged"


def test_a_struck_step_counts_nowhere(desk: Desk, board: TeamsPage) -> None:
    one = team(desk, "甲队")
    deployment = send(desk, incident(desk), one)
    wrong = desk.do(AdvanceDeployment(deployment_id=deployment, step="arrived"))
    desk.until(lambda: board.tiles.tiles() and board.tiles.tiles()[0].state == "arrived")
    desk.do(StrikeFact(target_id=wrong, reason="听错"))
    desk.until(lambda: board.tiles.tiles()[0].state == "ordered")
    (line,) = desk.ask(lambda connection: lines_by_id(connection, [wrong]))
    assert line.struck is not None
    assert line.values["thing"] == "甲队"


# ---- sending


@pytest.fixture
def page(desk: Desk) -> IncidentPage:
    """An incident's page in a window."""
    one = IncidentPage(desk.workbench)
    desk.show(one)
    return one


def opened(desk: Desk, page: IncidentPage, here: UUID) -> None:
    """Show the incident and open the panel, by its key."""
    page.show_incident(here)
    desk.until(lambda: page._card is not None)
    page.table.view.setFocus()
    QTest.keyClick(page.table.view, KEY.Key_D)
    assert page.forces.dispatch.is_open()


def test_several_are_sent_by_keys(desk: Desk, page: IncidentPage) -> None:
    busy, one, two = team(desk, "常泰消防站"), team(desk, "市政排涝队"), team(desk, "海滨小队")
    there, here = incident(desk, "围挡倒塌"), incident(desk)
    send(desk, there, busy)
    opened(desk, page, here)
    panel = page.forces.dispatch
    desk.until(lambda: len(panel.view.rows()) == 3)
    assert panel.view.rows()[-1].id == busy, "free ones first"
    line = panel.filter.line
    QTest.keyClicks(line, "szpl")
    desk.until(lambda: [row.id for row in panel.view.rows()] == [one])
    QTest.keyClick(line, KEY.Key_Space)
    line.selectAll()
    QTest.keyClicks(line, "hbxd")
    desk.until(lambda: [row.id for row in panel.view.rows()] == [two])
    QTest.keyClick(line, KEY.Key_Space)
    assert line.text() == "hbxd", "Space takes, it is not typed"
    QTest.keyClick(line, KEY.Key_Return)
    desk.until(lambda: not panel.is_open())
    sent = desk.ask(lambda connection: sent_to(connection, here))
    assert {part.team for part in sent} == {"市政排涝队", "海滨小队"}
    desk.until(lambda: len(page.forces.view.rows()) == 2)
    assert page.forces.sums.text() == "2 支 · 24 人"
    assert "已下令 2 支" in desk.said[-1]


def test_a_busy_team_is_sent_only_by_a_second_enter(desk: Desk, page: IncidentPage) -> None:
    busy = team(desk, "常泰消防站")
    there, here = incident(desk, "围挡倒塌"), incident(desk)
    first = send(desk, there, busy)
    opened(desk, page, here)
    panel = page.forces.dispatch
    desk.until(panel.view.rows)
    QTest.keyClick(panel.filter.line, KEY.Key_Return)
    desk.settle()
    assert panel.is_open()
    assert "常泰消防站" in panel.warning.text()
    assert desk.ask(lambda connection: sent_to(connection, here)) == ()
    QTest.keyClick(panel.filter.line, KEY.Key_Return)
    desk.until(lambda: not panel.is_open())
    (sent,) = desk.ask(lambda connection: sent_to(connection, here))
    assert sent.engagement.knowingly
    assert step_of(desk, first) == "ordered", "its first job stays"
    (now,) = desk.ask(forces).teams
    assert (len(now.engagements), now.double) == (2, None)


def test_an_open_pre_edit_keeps_its_keys(desk: Desk, page: IncidentPage) -> None:
    team(desk, "常泰消防站")
    opened(desk, page, incident(desk))
    panel = page.forces.dispatch
    desk.until(panel.view.rows)
    QApplication.sendEvent(panel.filter.line, QInputMethodEvent("chang", []))
    QTest.keyClick(panel.filter.line, KEY.Key_Space)
    QTest.keyClick(panel.filter.line, KEY.Key_Return)
    desk.settle()
    assert panel.is_open()
    assert not panel._taken


def test_the_panel_of_another_incident_goes_with_it(desk: Desk, page: IncidentPage) -> None:
    team(desk, "常泰消防站")
    here, other = incident(desk), incident(desk, "另一起")
    opened(desk, page, here)
    page.show_incident(other)
    assert not page.forces.dispatch.is_open()


def test_a_key_on_the_incidents_forces(desk: Desk, page: IncidentPage) -> None:
    here = incident(desk)
    deployment = send(desk, here, team(desk, "常泰消防站"))
    page.show_incident(here)
    desk.until(page.forces.view.rows)
    page.forces.view.choose_at(0)
    page.forces.view.setFocus()
    QTest.keyClick(page.forces.view, KEY.Key_A)
    desk.until(lambda: "回执" in page.forces.view.rows()[0].tag)
    assert step_of(desk, deployment) == "acknowledged"


# ---- two places


def test_a_team_in_two_places_is_an_exception_that_a_digit_settles(desk: Desk, qtbot: QtBot) -> None:
    """Two desks off-line: here the second order is made as one that does not know of the first."""
    one = team(desk, "常泰消防站")
    first = send(desk, incident(desk), one)
    desk.desktop.submit(lambda at: at.connection.execute("DELETE FROM engagement")).result(20)
    second = send(desk, incident(desk, "围挡倒塌"), one)
    desk.desktop.submit(lambda at: engagements.rebuild(at.connection)).result(20)
    (now,) = desk.ask(forces).teams
    assert now.double is not None
    board = TeamsPage(desk.workbench)
    desk.show(board)
    desk.until(board.tiles.tiles)
    assert board.tiles.tiles()[0].mark == "▲ 重复派出"
    page = ExchangePage(desk.workbench)
    desk.show(page)
    page.show_tab("exceptions")
    desk.until(page.list.rows)
    (row,) = page.list.rows()
    assert "派往几处：常泰消防站" in row.title
    page.list.choose_at(0)
    desk.until(lambda: len(page.clash.cards) == 2)
    assert "地下室进水" in page.clash.texts()[0][0]
    qtbot.wait(SETTLE_MS + 50)
    QTest.keyClick(page.list, KEY.Key_1)
    desk.until(lambda: not page.list.rows())
    assert (step_of(desk, first), step_of(desk, second)) == ("ordered", "cancelled")
