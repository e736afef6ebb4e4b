"""The bench of what is drawn: eight live charts' share of a core and growth, the incident desk's opening."""

from __future__ import annotations

import gc
import math
import os
import resource
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from ui.workbench import Workbench

CHARTS = 8
POINTS = 10_000
HERTZ = 10
FACTS = 5_000
TEAMS = 40
WARM_S = 10.0
SHARE_GOAL, GROWTH_GOAL, OPEN_GOAL_MS, FACT_GOAL_MS = 0.30, 0.02, 150.0, 16.0
SCREEN = (1920, 1080)


def application() -> QApplication:
    """The one QApplication, with no display."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from commandcenter.words import Words
    from ui.app import look, prepare
    from ui.theme import apply

    app = prepare(Words("zh_CN"))
    apply(app, look({}))
    return app


def resident() -> int:
    """Bytes in memory now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize()


def live(seconds: float) -> tuple[float, float]:
    """(share of a core, growth of memory after the warming up) of eight charts that each get a point ten
    times a second; the ten thousand of them move along."""
    app = application()
    from PySide6.QtWidgets import QGridLayout, QWidget

    from commandcenter.words import Words
    from ui.app import look
    from ui.charts.chart import Chart
    from ui.charts.spec import Spec

    window = QWidget()
    grid = QGridLayout(window)
    charts = []
    span = timedelta(seconds=POINTS / HERTZ)
    now = time.time()
    for at in range(CHARTS):
        spec = Spec(title=f"{at}", unit="m", decimals=2, levels=((5.2, "5.20"),), stale_after=span)
        chart = Chart(Words("zh_CN"), look({}), spec, lambda: datetime.now(UTC))
        chart.set_span(datetime.now(UTC) - span, datetime.now(UTC))
        chart.show_points([(now - (POINTS - n) / HERTZ, 3 + math.sin(n / 90 + at)) for n in range(POINTS)])
        grid.addWidget(chart, at // 4, at % 4)
        charts.append(chart)
    window.resize(*SCREEN)
    window.show()

    def run(lasting: float) -> float:
        """Feed and paint; the share of a core."""
        begin, used = time.perf_counter(), time.process_time()
        ticks = 0
        while (gone := time.perf_counter() - begin) < lasting:
            if gone * HERTZ >= ticks:
                ticks += 1
                instant = datetime.now(UTC)
                for at, chart in enumerate(charts):
                    chart.set_span(instant - span, instant)
                    chart.add_points([(instant.timestamp(), 3 + math.sin(instant.timestamp() / 9 + at))])
            app.processEvents()
            time.sleep(0.004)
        return (time.process_time() - used) / (time.perf_counter() - begin)

    run(WARM_S)
    gc.collect()
    before = resident()
    share = run(seconds)
    gc.collect()
    growth = resident() / before - 1
    window.close()
    window.deleteLater()
    app.processEvents()
    return share, growth


def fill(folder: Path, facts: int) -> UUID:
    """A desk with an incident that so many facts belong to; the incident's id."""
    from commandcenter.runtime import DataDirectory, open_workplace
    from commandcenter.services.deployments import AdvanceDeployment, DispatchTeam
    from commandcenter.services.incidents import OpenIncident
    from commandcenter.services.log import WriteLogEntry
    from commandcenter.services.registers import AddCard
    from db.desk import engagements

    workplace = open_workplace(DataDirectory(folder), "licheng")
    try:
        incident = workplace.execute(OpenIncident(title="内涝", event_code="11A02")).ids[0]
        for at in range(TEAMS):
            fields = {"name": f"示例队伍{at}", "category": "professional"}
            team = workplace.execute(AddCard(kind="team", fields=fields)).ids[0]
            workplace.execute(DispatchTeam(incident_id=incident, team_ids=[team]))
            made = engagements.of_team(workplace.connection, team)[0]
            for step in ("acknowledged", "under_way"):
                workplace.execute(AdvanceDeployment(deployment_id=made.deployment_id, step=step))
        begin = datetime.now(UTC) - timedelta(hours=40)
        for at in range(facts - TEAMS * 3):
            more: dict[str, Any] = {"importance": "important"} if at % 3 == 0 else {}
            if at % 5 == 0:
                more["direction"] = "outgoing"
            happened = begin + timedelta(seconds=at * 27)
            workplace.execute(
                WriteLogEntry(
                    text=f"第 {at} 行：积水 40 厘米，已转移群众",
                    incident_id=incident,
                    happened_at=happened,
                    late_reason="补录",
                    **more,
                )
            )
    finally:
        workplace.close()
    return incident


def desk(folder: Path, rounds: int, facts: int = FACTS) -> tuple[float, float]:
    """(milliseconds from the asking to the painted incident desk, from a line on the disk to its lanes)."""
    app = application()
    incident = fill(folder, facts)
    from commandcenter.runtime import DataDirectory, Desktop
    from commandcenter.services.log import WriteLogEntry
    from commandcenter.words import Words
    from ui.app import look
    from ui.bridge import Bridge
    from ui.directory import LiveDirectory
    from ui.live import Live
    from ui.pages.incident import IncidentPage
    from ui.workbench import Workbench

    live_ = Live()
    desktop = Desktop(DataDirectory(folder), changed=live_.tell)
    bridge = Bridge(desktop)
    words = Words("zh_CN")
    names = LiveDirectory(bridge, words)
    workbench: Workbench = Workbench(
        words=words,
        theme=look({}),
        bridge=bridge,
        live=live_,
        directory=names,
        now=lambda: datetime.now(UTC),
        desktop=desktop,
    )
    desktop.start()
    desktop.ready.result(60)
    names.read()
    opened, taken = [], []
    try:
        for _ in range(rounds):
            page = IncidentPage(workbench)
            page.resize(*SCREEN)
            page.show()
            _until(app, lambda: False, 0.3)
            begin = time.perf_counter()
            page.show_incident(incident)
            _until(app, lambda page=page: page.lanes.isVisible() and page.table.model.filled(), 20)
            page.grab()
            opened.append((time.perf_counter() - begin) * 1e3)
            before = page.lanes.view.lanes()[0].items[-1].id
            work: list[float] = []
            _timed(page, work)
            desktop.execute(WriteLogEntry(text="新的一行", incident_id=incident, importance="urgent")).result(
                20
            )
            _until(app, lambda page=page, id_=before: page.lanes.view.lanes()[0].items[-1].id != id_, 20)
            page.grab()
            taken.append(max(work) * 1e3)
            page.close()
            page.deleteLater()
            app.processEvents()
    finally:
        desktop.close()
    return sorted(opened)[len(opened) // 2], sorted(taken)[len(taken) // 2]


def _timed(page: Any, work: list[float]) -> None:
    """Note how long the GUI thread is at the lanes, each time they are made."""
    make = page.lanes._make

    def timed() -> None:
        begin = time.perf_counter()
        make()
        page.lanes.view.grab()
        work.append(time.perf_counter() - begin)

    page.lanes._make = timed


def _until(app: QApplication, true: Any, limit_s: float) -> None:
    begin = time.perf_counter()
    while not true() and time.perf_counter() - begin < limit_s:
        app.processEvents()


def measure(folder: Path, rounds: int, seconds: float) -> Iterator[tuple[str, float, str, float]]:
    """(what, value, unit, goal)."""
    opened, taken = desk(folder / "desk", rounds)
    yield f"incident desk of {FACTS:,} facts opened", opened, "ms", OPEN_GOAL_MS
    yield f"a fact on the lanes of {FACTS:,}", taken, "ms", FACT_GOAL_MS
    share, growth = live(seconds)
    yield f"{CHARTS} charts of {POINTS:,} points at {HERTZ} Hz, of a core", share, "", SHARE_GOAL
    yield f"the same, memory grown in {seconds:.0f} s", growth, "", GROWTH_GOAL
