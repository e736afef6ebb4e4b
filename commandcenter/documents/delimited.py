"""The CSV writer: header and rows, nothing else, as Excel in China opens it."""

from __future__ import annotations

import csv
import io
import re
from datetime import datetime
from pathlib import Path

from commandcenter.documents.destination import replacing
from commandcenter.documents.sheet import (
    Cancelling,
    Cell,
    Progress,
    Row,
    Sheet,
    plain_controls,
    read_rows,
    second_text,
)
from commandcenter.words import Words

# What a spreadsheet would take for a formula: = + - @ or their full-width forms, after any blanks or
# invisible characters, also where a tab or a carriage return comes first. Apostrophes in front count too,
# so that the guard can be taken off again without loss.
_FORMULA = re.compile(r"'*(?:[\t\r]|[\s\u200b-\u200f\u2060\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20])")


def write_csv(
    sheet: Sheet, path: Path, *, progress: Progress | None = None, cancelled: Cancelling | None = None
) -> None:
    """Writes ``sheet`` to ``path``: UTF-8 with BOM, commas, CRLF, quotes where needed, times to the second.

    The file is pure: one header row and ``sheet.count`` rows. Title, period and chain head are not in it (the
    Excel file and the paper carry them), so that any program can read it. Two columns say whether a row is
    struck and what is noted about it; in an exercise a first column says so in every row. A text cell that a
    spreadsheet would run as a formula gets one apostrophe in front (see `guarded`).

    Raises Cancelled, Unavailable (``cannot_write_file``, ``count_differs``).
    """
    words = Words(sheet.language)
    with replacing(path, sheet.language) as file:
        text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
        writer = csv.writer(text)
        writer.writerow([guarded(title) for title in header(sheet, words)])
        for row in read_rows(sheet, progress, cancelled):
            writer.writerow([_field(cell) for cell in cells(sheet, row, words)])
        text.detach()  # flushes, and leaves the file open for its owner


def header(sheet: Sheet, words: Words) -> list[str]:
    """The titles of a file's columns: the sheet's, and those a file adds."""
    titles = [column.title for column in sheet.columns]
    if sheet.exercise:
        titles.insert(0, words("documents.file.nature"))
    if sheet.annotated:
        titles += [words("documents.file.state"), words("documents.file.note")]
    return titles


def cells(sheet: Sheet, row: Row, words: Words) -> list[Cell]:
    """A row's cells under `header`."""
    values = list(row.cells)
    if sheet.exercise:
        values.insert(0, words("documents.exercise"))
    if sheet.annotated:
        values += [words("documents.file.struck") if row.struck else None, row.note or None]
    return values


def guarded(text: str) -> str:
    """``text``, with an apostrophe in front if a spreadsheet would run it. `unguarded` takes it off."""
    return "'" + text if _FORMULA.match(text) else text


def unguarded(text: str) -> str:
    """What `guarded` was given."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def _field(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return second_text(cell)
    if isinstance(cell, int):
        return str(cell)  # a negative number is a number
    return guarded(plain_controls(cell))
