"""The bench of an import: 45,476 persons of a workbook read, previewed, taken in, and taken back out."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import xlsxwriter

from commandcenter.documents.intake_columns import match
from commandcenter.documents.intake_known import known
from commandcenter.documents.intake_proposal import propose
from commandcenter.documents.intake_table import read_table
from commandcenter.domain.clock import whole_ms
from commandcenter.domain.record import REGISTRY
from commandcenter.runtime import DataDirectory, new_id, open_workplace
from commandcenter.services.imports import UndoImport

ROWS = 45_476
WHOLE_S = 30.0  # what reading, previewing and taking in may take together
GROUP = 100  # as the window does it


def workbook(path: Path, rows: int) -> None:
    """A register of persons as an office keeps it: a title line, a number, phones as numbers."""
    book = xlsxwriter.Workbook(str(path), {"constant_memory": True})
    sheet = book.add_worksheet()
    sheet.write(0, 0, "人员名册")
    sheet.write_row(1, 0, ("序号", "姓名", "联系电话", "所属单位"))
    for at in range(rows):
        place = "海滨街道" if at % 2 else "鲤城区"
        sheet.write_row(at + 2, 0, (at + 1, f"示例人员{at:05d}", 13_800_000_000 + at, place))
    book.close()


def measure(folder: Path, rows: int = ROWS) -> Iterator[tuple[str, float, float]]:
    """(what, seconds, goal): each step, the whole of it, and undoing it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "persons.xlsx"
    workbook(path, rows)
    kind = REGISTRY["person"]
    workplace = open_workplace(DataDirectory(folder / "desk"), "licheng")
    try:
        begin = time.perf_counter()
        table = read_table(path)
        read = time.perf_counter()
        asked = known(workplace.connection, kind, whole_ms(datetime.now(UTC)))
        proposal = propose(kind, table, match(kind, table), asked)
        proposed = time.perf_counter()
        batch = new_id()
        longest = 0.0
        for command in proposal.groups(kind, batch, table.file, GROUP):
            started = time.perf_counter()
            workplace.execute(command)
            longest = max(longest, time.perf_counter() - started)
        accepted = time.perf_counter()
        assert proposal.writes == rows
        while workplace.execute(UndoImport(batch=batch)).changes:
            pass
        undone = time.perf_counter()
    finally:
        workplace.close()
    yield f"import of {rows:,} rows: reading", read - begin, WHOLE_S
    yield "… preview", proposed - read, WHOLE_S
    yield "… taking in", accepted - proposed, WHOLE_S
    yield "… the whole", accepted - begin, WHOLE_S
    yield "… longest group", longest, 0.5
    yield "… undoing it", undone - accepted, 2 * WHOLE_S
