"""The text half of the intake: encoding and separator of a CSV file found out, its lines as cells."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

from commandcenter.documents.delimited import unguarded
from commandcenter.documents.intake_unfit import Unfit

ROWS_MAX = 200_000
CELLS_MAX = 5_000_000
CELL_MAX = 32_767  # characters, as in Excel
SEPARATORS = ",\t;|\uff0c"
_LOOKED_AT = 50  # lines for the separator
_EXCEL_TEXT = re.compile(r'="(.*)"', re.DOTALL)  # how a CSV tells Excel to keep leading noughts
_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


def read(data: bytes) -> dict[str, Any]:
    """``{"sheet", "sheets", "rows"}`` as ``intake_child`` answers. Unfit ``import_…``."""
    text = decoded(data)
    start = text.lstrip()[:200].casefold()
    if start.startswith(("<html", "<!doctype", "<table", "<?xml", "<meta", "mime-version")):
        raise Unfit("import_web_page")
    if not start:
        raise Unfit("import_empty")
    csv.field_size_limit(CELL_MAX * 4)
    rows: list[list[Any]] = []
    cells = 0
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator(text)):
            rows.append([_cell(cell) for cell in row])
            cells += len(row)
            if len(rows) > ROWS_MAX or cells > CELLS_MAX:
                raise Unfit("import_too_large", rows=len(rows), most=ROWS_MAX)
    except csv.Error:
        raise Unfit("import_damaged") from None
    while rows and not any(cell is not None for cell in rows[-1]):
        rows.pop()
    if not rows:
        raise Unfit("import_empty")
    return {"sheet": "", "sheets": [], "rows": rows}


def decoded(data: bytes) -> str:
    """The text of a file: by its mark, else UTF-8, else GB 18030 (of which GBK and GB 2312 are parts).

    Unfit ``import_not_a_table`` where it is no text."""
    marked = next((encoding for mark, encoding in _BOMS if data.startswith(mark)), "")
    if not marked and b"\0" in data:
        raise Unfit("import_not_a_table")
    for name in (marked,) if marked else ("utf-8", "gb18030"):
        try:
            return data.decode(name)
        except UnicodeDecodeError:
            continue
    raise Unfit("import_not_a_table")


def separator(text: str) -> str:
    """The sign between the cells: the one that gives most lines the same number of cells, above one."""
    lines = text[:100_000].splitlines()[:_LOOKED_AT]
    best, most = ",", 0
    for sign in SEPARATORS:
        widths = [len(row) for row in csv.reader(lines, delimiter=sign) if len(row) > 1]
        if widths:
            usual = max(set(widths), key=widths.count)
            score = widths.count(usual) * min(usual, 8)
            if score > most:
                best, most = sign, score
    return best


def _cell(text: str) -> str | None:
    quoted = _EXCEL_TEXT.fullmatch(text.strip())
    if quoted:
        return quoted[1] or None
    return unguarded(text) or None
