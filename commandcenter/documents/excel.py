"""The Excel writer: real dates, a frozen header, a filter, and a second sheet with the particulars."""

from __future__ import annotations

import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

import xlsxwriter

from commandcenter.documents.delimited import cells, header
from commandcenter.documents.destination import replacing
from commandcenter.documents.sheet import (
    Cancelling,
    Cell,
    Column,
    Progress,
    Sheet,
    plain_controls,
    read_rows,
    second_text,
)
from commandcenter.domain.clock import SHANGHAI
from commandcenter.domain.errors import Unavailable
from commandcenter.words import Words

ROW_LIMIT = 1_048_575  # Excel's 1,048,576 less the header
CELL_LIMIT = 32_767  # UTF-16 units
_EXACT = 10**15  # Excel keeps 15 digits of a number
_FIRST_YEAR = 1901  # Excel's calendar begins in 1900, with a wrong leap day in it
_FONT = "Microsoft YaHei"
_TIME = "yyyy-mm-dd hh:mm:ss"
_TIME_WIDTH = 20


def write_xlsx(
    sheet: Sheet, path: Path, *, progress: Progress | None = None, cancelled: Cancelling | None = None
) -> None:
    """Writes ``sheet`` to ``path`` as .xlsx, row by row (memory does not grow with the rows).

    Times are date cells of Asia/Shanghai to the second; text is never a formula or a link. Struck rows are
    struck through, and said to be in a column of their own. What XML cannot hold is written out as in
    `plain_controls`.

    Raises Cancelled, Unavailable (``cannot_write_file``, ``count_differs``; ``too_many_rows`` and
    ``cell_too_long`` where Excel's limits would drop something: CSV has none).
    """
    if sheet.count > ROW_LIMIT:
        raise Unavailable("too_many_rows", count=sheet.count, limit=ROW_LIMIT)
    with replacing(path, sheet.language) as file, tempfile.TemporaryDirectory() as scratch:
        book = xlsxwriter.Workbook(
            file,
            {
                "constant_memory": True,
                "tmpdir": scratch,
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
            },
        )
        try:
            _write_list(book, sheet, progress, cancelled)
            _write_particulars(book, sheet)
            book.close()
        finally:
            _release(book)


def _write_list(book: Any, sheet: Sheet, progress: Progress | None, cancelled: Cancelling | None) -> None:
    words = Words(sheet.language)
    page = book.add_worksheet(words("documents.excel.list"))
    looks = _Looks(book)
    titles = header(sheet, words)
    for at, width in enumerate(_widths(sheet)):
        page.set_column(at, at, width)
    page.freeze_panes(1, 0)
    page.autofilter(0, 0, sheet.count, len(titles) - 1)
    _set_up_printing(page, sheet, words)
    for at, title in enumerate(titles):
        page.write_string(0, at, plain_controls(title), looks.head)
    for line, row in enumerate(read_rows(sheet, progress, cancelled), start=1):
        for at, cell in enumerate(cells(sheet, row, words)):
            struck = row.struck and at < len(titles) - 2  # its last two columns say so, and stay readable
            _write_cell(page, line, at, cell, looks.struck if struck else looks.plain)


def _write_cell(page: Any, line: int, at: int, cell: Cell, look: dict[str, Any]) -> None:
    if cell is None:
        return
    if isinstance(cell, datetime):
        local = cell.astimezone(SHANGHAI).replace(tzinfo=None, microsecond=0)
        if local.year >= _FIRST_YEAR:
            page.write_datetime(line, at, local, look["time"])
            return
        cell = second_text(cell)
    if isinstance(cell, int):
        if abs(cell) < _EXACT:
            page.write_number(line, at, cell, look["integer"])
            return
        cell = str(cell)
    text = plain_controls(cell)
    if page.write_string(line, at, text, look["text"]) != 0:
        raise Unavailable("cell_too_long", row=line, limit=CELL_LIMIT)


class _Looks:
    """The formats of the list: ``plain`` and ``struck``, each by kind of cell."""

    def __init__(self, book: Any) -> None:
        base = {"font_name": _FONT, "font_size": 10, "valign": "top"}
        kinds: dict[str, dict[str, Any]] = {
            "text": {"text_wrap": True},
            "time": {"num_format": _TIME, "align": "left"},
            "integer": {"num_format": "0", "align": "right"},
        }
        gone = {"font_strikeout": True, "font_color": "#666666"}
        self.plain = {kind: book.add_format(base | look) for kind, look in kinds.items()}
        self.struck = {kind: book.add_format(base | look | gone) for kind, look in kinds.items()}
        self.head = book.add_format(
            base | {"bold": True, "bg_color": "#E8ECEF", "bottom": 1, "valign": "vcenter"}
        )


def _widths(sheet: Sheet) -> list[int]:
    """Widths in digits of the standard font: a Chinese character takes two."""

    def width(column: Column) -> int:
        return _TIME_WIDTH if column.kind == "time" else min(max(2 * column.width + 2, 8), 90)

    widths = [width(column) for column in sheet.columns]
    if sheet.exercise:
        widths.insert(0, 10)
    return [*widths, 10, 40] if sheet.annotated else widths


def _set_up_printing(page: Any, sheet: Sheet, words: Words) -> None:
    """Should it be printed from Excel all the same: A4, the header row and a page number on every page."""
    page.set_paper(9)
    page.set_landscape()
    page.fit_to_pages(1, 0)
    page.repeat_rows(0)
    mark = words("documents.exercise") + " " if sheet.exercise else ""
    page.set_header("&C" + (mark + plain_controls(sheet.title)).replace("&", "&&")[:120])
    page.set_footer("&C&P / &N")


def _write_particulars(book: Any, sheet: Sheet) -> None:
    words = Words(sheet.language)
    page = book.add_worksheet(words("documents.excel.particulars"))
    label = book.add_format({"font_name": _FONT, "font_size": 10, "valign": "top", "font_color": "#555555"})
    value = book.add_format({"font_name": _FONT, "font_size": 10, "valign": "top", "text_wrap": True})
    count = book.add_format({"font_name": _FONT, "font_size": 10, "valign": "top", "align": "left"})
    page.set_column(0, 0, 18)
    page.set_column(1, 1, 80)
    lines: list[tuple[str, str | int]] = [("title", sheet.title)]
    lines += [("asked", text) for text in sheet.subtitle]
    lines += [
        ("count", sheet.count),
        ("printed_by", sheet.printed_by),
        ("desk", sheet.desk),
        ("printed_at", second_text(sheet.printed_at)),
        ("zone", words("documents.zone")),
        ("chain_head", sheet.chain_head),
    ]
    if sheet.exercise:
        lines.insert(0, ("nature", words("documents.exercise_sentence")))
    for at, (key, particular) in enumerate(lines):
        page.write_string(at, 0, words(f"documents.particulars.{key}"), label)
        if isinstance(particular, int):
            page.write_number(at, 1, particular, count)
        else:
            page.write_string(at, 1, plain_controls(particular), value)


def _release(book: Any) -> None:
    """Closes the scratch files of a book given up half-way: XlsxWriter only does it when all ends well."""
    book.fileclosed = True
    for page in book.worksheets():
        scratch = page.row_data_fh
        if scratch is not None and not scratch.closed:
            scratch.close()
