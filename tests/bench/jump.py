"""The bench of the log list: from the scroll bar's new value to painted rows, beside a stock QTableView."""

from __future__ import annotations

import os
import random
import resource
import statistics
import subprocess
import sys
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
from ui import fonts
from ui.tables.log_table import LogTable
from ui.tables.wording import Wording
from ui.theme import Theme, apply

SIZE = (1280, 840)
FILTERS = {"": LogFilter(), "_filtered": LogFilter(channel="phone", important=True)}
GOAL_RATIO, GOAL_P99_MS = 1.3, 60.0


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
    rows = like.view.delegate.row_height
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
    """``rounds`` jumps each, own and stock in turn, without and with a filter; then memory.

    Times in ms, memory in KiB; ``ratio`` is own p50 to stock p50 of the same run.
    """
    _, theme = _app()
    chance = random.Random(7)
    source, connection = PooledSource(file), open_reader(file)
    out: list[dict[str, Any]] = []
    for suffix, filter_ in FILTERS.items():
        own = _own(source, theme, filter_)
        stock = _stock(connection, filter_, own)
        total = own.window_.total
        if total <= own.window_.full:
            raise ValueError(f"{total} lines are too few to jump in")
        times: dict[str, list[float]] = {"own": [], "stock": []}
        for _ in range(rounds):
            places = [chance.randrange(own.window_.last_top + 1) for _ in range(2)]
            times["own"].append(_until(own.painted, _jump(own.bar, places)))
            _settle(25)  # what it reads ahead is not the stock view's burden
            times["stock"].append(_until(stock.painted, _jump(stock.verticalScrollBar(), places)))
        p50 = {name: statistics.median(values) for name, values in times.items()}
        p99 = {name: _p99(values) for name, values in times.items()}
        ratio = p50["own"] / p50["stock"]
        common = {"unit": "ms", "lines": total, "rounds": rounds}
        out.append(
            {
                "name": f"jump{suffix}_p50",
                "value": p50["own"],
                "limit": p50["stock"],
                "ratio": ratio,
                "goal": GOAL_RATIO,
                "holds": ratio <= GOAL_RATIO,
                **common,
            }
        )
        out.append(
            {
                "name": f"jump{suffix}_p99",
                "value": p99["own"],
                "limit": p99["stock"],
                "ratio": p99["own"] / p99["stock"],
                "goal": GOAL_P99_MS,
                "holds": p99["own"] <= GOAL_P99_MS,
                **common,
            }
        )
        own.close()
        own.deleteLater()
        stock.close()
        stock.deleteLater()
        _settle(50)
    source.close()
    connection.close()
    return out


def memory(small: Path, large: Path) -> dict[str, Any]:
    """Peak resident memory, each in a process of its own, after 60 jumps in either file."""
    peaks = {}
    for name, file in (("small", small), ("large", large)):
        command = [sys.executable, "-m", "tests.bench.jump", "--peak", str(file)]
        done = subprocess.run(
            command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2]
        )
        peaks[name] = int(done.stdout.split()[-1])
    ratio = peaks["large"] / peaks["small"]
    return {
        "name": "jump_memory",
        "value": peaks["large"],
        "unit": "KiB",
        "limit": peaks["small"],
        "ratio": ratio,
        "goal": 1.2,
        "holds": ratio <= 1.2,
    }


def peak(file: Path, jumps: int = 60) -> int:
    """This process's peak resident memory in KiB after ``jumps`` jumps."""
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
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    if sys.argv[1] == "--peak":
        sys.stdout.write(f"{peak(Path(sys.argv[2]))}\n")
    else:
        for row in measure(Path(sys.argv[1]), int(sys.argv[2])):
            sys.stdout.write(f"{row}\n")
        if len(sys.argv) > 3:
            sys.stdout.write(f"{memory(Path(sys.argv[3]), Path(sys.argv[1]))}\n")
