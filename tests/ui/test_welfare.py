"""The proof of the welfare clock on screen: asks once, is held while its panel is open, ends by a key."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from commandcenter.domain.clock import whole_ms
from commandcenter.services.deployments import AdvanceDeployment, DispatchTeam
from commandcenter.services.incidents import OpenIncident
from commandcenter.services.registers import AddCard, ChangeSetting
from commandcenter.services.welfare import CheckWelfare
from db.queries.teams import sent_to
from tests.ui.desk import Desk, open_desk
from ui.pages.teams import TeamsPage
from ui.welfare_watch import WelfareWatch

KEY = Qt.Key


class Clock:
    """A clock that goes on when it is told to."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@pytest.fixture
def desk(qtbot: QtBot, tmp_path: Path) -> Iterator[Desk]:
    with open_desk(qtbot, tmp_path / "desk") as made:
        yield made


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def watch(desk: Desk, clock: Clock) -> WelfareWatch:
    made = WelfareWatch(desk.workbench.bridge, desk.workbench.live, clock, desk.workbench)
    desk.workbench.welfare = made
    desk.workbench.now = clock
    made.read()
    return made


def deployed(desk: Desk, name: str, minutes: float = 0) -> UUID:
    """A team that set out so many minutes ago."""
    at = whole_ms(datetime.now(UTC) - timedelta(minutes=minutes))
    team = desk.do(AddCard(kind="team", fields={"name": name, "category": "professional"}))
    incident = desk.do(OpenIncident(title="地下室进水", event_code="11A02"))
    desk.do(DispatchTeam(incident_id=incident, team_ids=[team], happened_at=at))
    deployment = desk.ask(lambda connection: sent_to(connection, incident))[0].engagement.deployment_id
    desk.do(AdvanceDeployment(deployment_id=deployment, step="under_way", happened_at=at))
    return deployment


def states(watch: WelfareWatch) -> dict[str, tuple[str, int]]:
    watch.look()
    return {one.watched.team: (one.welfare.state, one.welfare.misses) for one in watch.asked}


def test_it_asks_and_escalates_with_one_sound_each(desk: Desk, watch: WelfareWatch, clock: Clock) -> None:
    sounds: list[None] = []
    watch.sound = lambda: sounds.append(None)
    deployment = deployed(desk, "抢险一队")
    desk.until(lambda: states(watch) == {"抢险一队": ("heard", 0)})
    clock.ahead = timedelta(minutes=21)
    assert states(watch) == {"抢险一队": ("due", 0)} and len(sounds) == 1
    assert states(watch) == {"抢险一队": ("due", 0)} and len(sounds) == 1, "once"
    clock.ahead = timedelta(minutes=61)
    assert states(watch) == {"抢险一队": ("escalated", 2)}
    desk.until(lambda: len(sounds) == 3)
    clock.ahead = timedelta()
    desk.do(CheckWelfare(deployment_ids=[deployment]))
    desk.until(lambda: states(watch) == {"抢险一队": ("heard", 0)})
    desk.do(AdvanceDeployment(deployment_id=deployment, step="returned"))
    desk.until(lambda: states(watch) == {})


def test_the_setting_says_after_how_long(desk: Desk, watch: WelfareWatch, clock: Clock) -> None:
    deployed(desk, "抢险一队")
    desk.do(ChangeSetting(key="welfare_after_s", value="300", source="值班规定"))
    clock.ahead = timedelta(minutes=6)
    desk.until(lambda: states(watch) == {"抢险一队": ("due", 0)})


def test_a_clock_is_held_not_reset_while_its_panel_is_open(
    desk: Desk, watch: WelfareWatch, clock: Clock
) -> None:
    deployment = deployed(desk, "抢险一队")
    desk.until(lambda: states(watch) == {"抢险一队": ("heard", 0)})
    clock.ahead = timedelta(minutes=19)
    watch.hold(deployment)
    clock.ahead = timedelta(minutes=50)
    assert states(watch) == {"抢险一队": ("heard", 0)}
    watch.release(deployment)
    assert states(watch) == {"抢险一队": ("heard", 0)}
    clock.ahead = timedelta(minutes=50.5)
    assert states(watch) == {"抢险一队": ("heard", 0)}
    clock.ahead = timedelta(minutes=51.1)
    assert states(watch) == {"抢险一队": ("due", 0)}, "19 minutes before, 1 after"
    watch.hold(deployment)
    clock.ahead = timedelta(minutes=80)
    watch.release(deployment)
    assert states(watch) == {"抢险一队": ("due", 0)}, "a second hold adds to the first"


def test_the_board_asks_whoever_was_not_heard_of_for_longest(
    desk: Desk, watch: WelfareWatch, clock: Clock
) -> None:
    page = TeamsPage(desk.workbench)
    desk.show(page)
    deployed(desk, "抢险一队", 22)
    deployed(desk, "排涝二队", 21)
    desk.until(lambda: len(page.tiles.tiles()) == 2 and len(watch.due()) == 2)
    page.tiles.setFocus()
    desk.until(lambda: all("联系" in tile.mark for tile in page.tiles.tiles()))
    QTest.keyClick(page.tiles, KEY.Key_W)
    assert page.ask.isVisible() and "抢险一队" in page.ask.about.text() and "0:22" in page.ask.about.text()
    desk.until(page.ask.reason.line.hasFocus)
    page.ask.reason.line.insert("正在排水")
    QTest.keyClick(page.ask.reason.line, KEY.Key_Return)
    desk.until(lambda: not page.ask.isVisible())
    notes = desk.ask(lambda c: c.execute("SELECT outcome, note FROM welfare_check").fetchall())
    assert notes == [("answered", "正在排水")]
    desk.until(lambda: len(watch.due()) == 1)
    page.tiles.setCurrentIndex(page.tiles.model().index(-1, 0))
    QTest.keyClick(page.tiles, KEY.Key_W)
    assert "排涝二队" in page.ask.about.text()
    QTest.keyClick(page.ask.reason.line, KEY.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    desk.until(lambda: not page.ask.isVisible())
    desk.until(lambda: states(watch)["排涝二队"] == ("due", 1))
