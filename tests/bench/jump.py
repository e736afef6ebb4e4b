"""The bench of the log list: from the scroll bar's new value to painted rows, beside a stock QTableView."""

from __future__ import annotations

import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from PySide6.QtCore import (
    QAbstractTableModel,
    QEventLoop,
    QModelIndex,
    QPersistentModelIndex,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QApplication, QHeaderView, QTableView

from commandcenter.words import Words
from db.desk.engine import Connection, open_reader
from db.queries import log
from db.queries.log import DayCounts, LogFilter, LogLine
from tests.bench import million
from ui import fonts
from ui.tables.log_table import LogTable
from ui.tables.wording import Wording
from ui.theme import Theme, apply

SIZE = (1280, 840)
FILTERS = {
    "jump in the log": LogFilter(),
    "jump in the log, filtered": LogFilter(channel="phone", important=True),
}
JUMPS, PAUSE_MS, SMALL = 20, 60, 10_000
GOAL_RATIO, GOAL_P99_MS, GOAL_MEMORY = 1.3, 60.0, 1.2


class PooledSource:
    """A line source on reader threads, each with its own connection."""

    def __init__(self, file: Path, threads: int = 2) -> None:
        self._file = file
        self._own = threading.local()
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="reader")
        self._open: list[Connection] = []

    def _connection(self) -> Connection:
        connection: Connection | None = getattr(self._own, "connection", None)
        if connection is None:
            connection = self._own.connection = open_reader(self._file)
            self._open.append(connection)
        return connection

    def counts(self, filter_: LogFilter, /) -> Future[DayCounts]:
        return self._pool.submit(lambda: log.day_counts(self._connection(), filter_))

    def page(self, counts: DayCounts, first: int, wanted: int) -> Future[list[LogLine]]:
        return self._pool.submit(lambda: log.page(self._connection(), counts, first, wanted))

    def position(self, counts: DayCounts, happened_at: datetime, id_: UUID, /) -> Future[int]:
        return self._pool.submit(lambda: log.position(self._connection(), counts, happened_at, id_))

    def lines(self, ids: Sequence[UUID], /) -> Future[list[LogLine]]:
        return self._pool.submit(lambda: log.lines_by_id(self._connection(), ids))

    def close(self) -> None:
        """End the threads and close what they opened."""
        self._pool.shutdown(cancel_futures=True)
        for connection in self._open:
            connection.close()


class StockModel(QAbstractTableModel):
    """What one writes first: all rows, read when Qt asks for them, a screenful at a time."""

    def __init__(self, connection: Connection, counts: DayCounts, screen: int) -> None:
        super().__init__()
        self._connection, self._counts, self._screen = connection, counts, screen
        self._wording = Wording(Words(), lambda kind, id_: "", {})
        self._rows: dict[int, tuple[str, ...]] = {}

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:  # noqa: B008
        return self._counts.total

    def columnCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:  # noqa: B008
        return 6

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = 0) -> Any:
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        row = self._rows.get(index.row())
        if row is None:
            first = index.row()
            self._rows = {
                first + at: self._wording.shown(line).cells()
                for at, line in enumerate(log.page(self._connection, self._counts, first, self._screen))
            }
            row = self._rows[first]
        return row[index.column()]


class StockView(QTableView):
    """A stock table that says when it has painted."""

    painted = Signal()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        self.painted.emit()


def _until(signal: Any, start: Callable[[], None], limit_ms: int = 10_000) -> float:
    """Milliseconds from ``start`` to the signal, in a real event loop. TimeoutError after ``limit_ms``."""
    loop, guard = QEventLoop(), QTimer()
    late: list[bool] = []
    guard.setSingleShot(True)
    guard.timeout.connect(lambda: late.append(True))
    guard.timeout.connect(loop.quit)
    signal.connect(loop.quit)
    guard.start(limit_ms)
    begun = time.perf_counter()
    start()
    loop.exec()
    took = (time.perf_counter() - begun) * 1000
    signal.disconnect(loop.quit)
    if late:
        raise TimeoutError(f"nothing was painted within {limit_ms} ms")
    return took


def _settle(ms: int) -> None:
    loop = QEventLoop()
    QTimer.singleShot(ms, loop.quit)
    loop.exec()


def _app() -> tuple[QApplication, Theme]:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    found = QApplication.instance()
    app = found if isinstance(found, QApplication) else QApplication([])
    chosen = fonts.choose()
    theme = Theme("dark", 1.0, chosen.families, chosen.figures)
    apply(app, theme)
    return app, theme


def _own(source: PooledSource, theme: Theme, filter_: LogFilter) -> LogTable:
    table = LogTable(Words(), theme, source, lambda kind, id_: "", now=lambda: datetime.now(UTC))
    table.resize(*SIZE)
    table.show()
    _until(table.painted, lambda: table.set_filter(filter_))
    _settle(60)
    return table


def _stock(connection: Connection, filter_: LogFilter, like: LogTable) -> StockView:
    view = StockView()
    rows = like.view.painter.row_height
    model = StockModel(connection, log.day_counts(connection, filter_), like.view.full_rows() + 1)
    view.setModel(model)
    model.setParent(view)
    view.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
    view.verticalHeader().setDefaultSectionSize(rows)
    view.verticalHeader().setVisible(False)
    for column in range(6):
        view.setColumnWidth(column, like.view.columnWidth(column))
    view.resize(*SIZE)
    view.show()
    _settle(200)
    return view


def _p99(values: list[float]) -> float:
    return sorted(values)[max(0, -(-len(values) * 99 // 100) - 1)]


def _jump(bar: Any, positions: Sequence[int]) -> Callable[[], None]:
    wanted = next(at for at in positions if at != bar.value())
    return lambda: bar.setValue(wanted)


def measure(file: Path, rounds: int) -> list[dict[str, Any]]:
    """``rounds`` rounds of 20 jumps each, own and stock in turn, without and with a filter; then memory.

    Times in ms, memory in MiB; the goal is for ``ratio`` (own to stock of the same run) where there is one.
    """
    _, theme = _app()
    chance = random.Random(7)
    source, connection = PooledSource(file), open_reader(file)
    out: list[dict[str, Any]] = []
    for name, filter_ in FILTERS.items():
        own = _own(source, theme, filter_)
        stock = _stock(connection, filter_, own)
        if own.window_.last_top == 0:
            raise ValueError(f"{own.window_.total} lines are too few to jump in")
        times = _jumps(own, stock, rounds, chance)
        p50 = {view: statistics.median(values) for view, values in times.items()}
        out.append(_row(f"{name}, p50", p50["own"], "ms", GOAL_RATIO, p50["stock"]))
        out.append(_row(f"{name}, p99", _p99(times["own"]), "ms", GOAL_P99_MS))
        for view in (own, stock):
            view.close()
            view.deleteLater()
        _settle(50)
    source.close()
    connection.close()
    with tempfile.TemporaryDirectory(prefix="licheng-bench-") as folder:
        small = Path(folder) / "desk.sqlite3"
        million.build(small, SMALL)
        peaks = [_peak_of(each) / 1024 for each in (file, small)]
    out.append(_row("memory of the list, all lines to 10,000", peaks[0], "MiB", GOAL_MEMORY, peaks[1]))
    return out


def _row(name: str, value: float, unit: str, goal: float, limit: float | None = None) -> dict[str, Any]:
    ratio = None if limit is None else value / limit
    holds = (value if ratio is None else ratio) <= goal
    return {
        "name": name,
        "value": value,
        "unit": unit,
        "limit": limit,
        "ratio": ratio,
        "goal": goal,
        "holds": holds,
    }


def _jumps(own: LogTable, stock: StockView, rounds: int, chance: random.Random) -> dict[str, list[float]]:
    """Milliseconds of each jump; both views go to the same places, and take turns in going first."""
    times: dict[str, list[float]] = {"own": [], "stock": []}
    for number in range(rounds * JUMPS):
        places = [chance.randrange(own.window_.last_top + 1) for _ in range(2)]
        turns: list[tuple[str, Any, Any]] = [
            ("own", own.painted, own.bar),
            ("stock", stock.painted, stock.verticalScrollBar()),
        ]
        for view, painted, bar in turns[:: 1 if number % 2 else -1]:
            times[view].append(_until(painted, _jump(bar, places)))
            _settle(PAUSE_MS)  # what one reads ahead is not the other's burden
    return times


def _peak_of(file: Path) -> int:
    """Peak resident memory in KiB of a process of its own that jumps about in ``file``."""
    command = [sys.executable, "-m", "tests.bench.jump", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])
    return int(done.stdout)


def peak(file: Path, jumps: int = 60) -> int:
    """This process's peak resident memory in KiB after ``jumps`` jumps. OSError where there is no /proc.

    Not ``ru_maxrss``: a child begins with its parent's.
    """
    _, theme = _app()
    chance = random.Random(3)
    source = PooledSource(file)
    table = _own(source, theme, LogFilter())
    for _ in range(jumps):
        places = [chance.randrange(table.window_.last_top + 1) for _ in range(2)]
        _until(table.painted, _jump(table.bar, places))
        _settle(10)
    table.close()
    source.close()
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM:")).split()[1])


if __name__ == "__main__":
    sys.stdout.write(f"{peak(Path(sys.argv[1]))}\n")
