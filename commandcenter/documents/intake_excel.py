"""The Excel half of the intake: a workbook is looked over before it is opened, then read sheet by sheet."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from commandcenter.documents.intake_unfit import Unfit

UNPACKED_MAX = 512 * 1024**2  # bytes of all parts together
RATIO_MAX = 400  # of a part of more than a megabyte: honest sheets shrink to a twentieth
ROWS_MAX = 200_000
COLUMNS_MAX = 256
CELLS_MAX = 5_000_000
_CHUNK = 4 * 1024**2
_TAIL = 512  # a cell's tag is shorter
_EXCEL_ZERO = datetime(1899, 12, 30)  # noqa: DTZ001  a sheet's times have no zone

_CELL = re.compile(rb'<(?:\w+:)?c r="([A-Z]{1,3})(\d{1,7})"([^>]*)>')
_DOCTYPE = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_SHEET = re.compile(rb"<(?:\w+:)?sheet\b[^>]*>")
_RELATION = re.compile(rb"<(?:\w+:)?Relationship\b[^>]*>")


def read_zip(path: Path, wanted: str | None) -> dict[str, Any]:
    """A workbook of the zip kind (.xlsx, .xlsm, .xlsb). Unfit ``import_…``."""
    try:
        with zipfile.ZipFile(path) as parts:
            _check_parts(parts)
            faulty = _look_over(parts)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError):
        raise Unfit("import_damaged") from None
    return _read(path, wanted, faulty)


def read_ole(path: Path, wanted: str | None) -> dict[str, Any]:
    """A workbook of the old kind (.xls), or one under a password. Unfit ``import_…``."""
    data = path.read_bytes()
    if "EncryptedPackage".encode("utf-16-le") in data:
        raise Unfit("import_password")
    if all(name.encode("utf-16-le") not in data for name in ("Workbook", "Book")):
        raise Unfit("import_not_a_table")
    return _read(path, wanted, {})


def _check_parts(parts: zipfile.ZipFile) -> None:
    whole = 0
    for part in parts.infolist():
        if part.flag_bits & 1:
            raise Unfit("import_password")
        whole += part.file_size
        dense = part.file_size > 1024**2 and part.file_size > RATIO_MAX * max(1, part.compress_size)
        if whole > UNPACKED_MAX or dense:
            raise Unfit("import_bomb")
    names = set(parts.namelist())
    if not names & {"xl/workbook.xml", "xl/workbook.bin"}:
        raise Unfit("import_not_a_table")


def _look_over(parts: zipfile.ZipFile) -> dict[str, set[tuple[int, int]]]:
    """The error cells by the sheet's name; refuses what no spreadsheet needs and what would not fit."""
    files = {file: name for name, file in _sheet_files(parts).items()}
    faulty: dict[str, set[tuple[int, int]]] = {}
    for part in parts.infolist():
        if not part.filename.endswith((".xml", ".rels")):
            continue
        extent = _Extent()
        for chunk in _chunks(parts, part):
            if _DOCTYPE.search(chunk):
                raise Unfit("import_entity")
            if part.filename in files:
                extent.take(chunk)
        if part.filename in files:
            extent.check()
            faulty[files[part.filename]] = extent.faulty
    return faulty


def _chunks(parts: zipfile.ZipFile, part: zipfile.ZipInfo) -> Iterator[bytes]:
    kept = b""
    with parts.open(part) as stream:
        while chunk := stream.read(_CHUNK):
            yield kept + chunk
            kept = chunk[-_TAIL:]


class _Extent:
    """How far the cells of a sheet reach, and which of them show an error."""

    def __init__(self) -> None:
        self.rows = self.columns = 0
        self.farthest = ""
        self.faulty: set[tuple[int, int]] = set()
        self._column: dict[bytes, int] = {}

    def take(self, chunk: bytes) -> None:
        """Look at the cells in a piece of the sheet; one met twice does no harm."""
        for letters, digits, rest in _CELL.findall(chunk):
            if rest.endswith(b"/"):  # it has a look and no value
                continue
            column = self._column.get(letters)
            if column is None:
                column = self._column[letters] = _column_of(letters)
            row = int(digits)
            if column > self.columns:
                self.columns, self.farthest = column, f"{letters.decode()}{row}"
            self.rows = max(self.rows, row)
            if b't="e"' in rest:
                self.faulty.add((row - 1, column - 1))

    def check(self) -> None:
        """Refuse a sheet whose cells span more than can be laid out."""
        if self.columns > COLUMNS_MAX:
            raise Unfit("import_far_cell", cell=self.farthest)
        if self.rows > ROWS_MAX or self.rows * self.columns > CELLS_MAX:
            raise Unfit("import_too_large", rows=self.rows, most=ROWS_MAX)


def _column_of(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _sheet_files(parts: zipfile.ZipFile) -> dict[str, str]:
    """Which part holds which sheet: {sheet's name: part}; what cannot be told is left out."""
    from html import unescape

    try:
        book = parts.read("xl/workbook.xml")
        relations = parts.read("xl/_rels/workbook.xml.rels")
    except KeyError:
        return {}
    targets = {}
    for tag in _RELATION.findall(relations):
        target = _attribute(tag, b"Target").removeprefix("/xl/")
        targets[_attribute(tag, b"Id")] = f"xl/{target}"
    found = {}
    for tag in _SHEET.findall(book):
        part = targets.get(_attribute(tag, rb"\w+:id"))
        if part is not None:
            found[unescape(_attribute(tag, b"name"))] = part
    return found


def _attribute(tag: bytes, name: bytes) -> str:
    found = re.search(rb"\s" + name + rb"=[\"']([^\"']*)", tag)
    return "" if found is None else found[1].decode("utf-8", "replace")


def _read(path: Path, wanted: str | None, faulty: dict[str, set[tuple[int, int]]]) -> dict[str, Any]:
    import python_calamine as calamine

    try:
        book = calamine.CalamineWorkbook.from_path(path)
        sheets = [meta.name for meta in book.sheets_metadata if meta.typ == calamine.SheetTypeEnum.WorkSheet]
        if wanted is not None and wanted not in sheets:
            raise Unfit("import_unknown_sheet", sheet=wanted)
        for name in sheets if wanted is None else [wanted]:
            sheet = book.get_sheet_by_name(name)
            if sheet.height:
                return {"sheet": name, "sheets": sheets, "rows": _rows(sheet, faulty.get(name, set()))}
    except calamine.PasswordError:
        raise Unfit("import_password") from None
    except (calamine.CalamineError, OSError):
        raise Unfit("import_damaged") from None
    raise Unfit("import_empty")


def _rows(sheet: Any, faulty: set[tuple[int, int]]) -> list[list[Any]]:
    if sheet.total_height > ROWS_MAX or sheet.total_height * sheet.total_width > CELLS_MAX:
        raise Unfit("import_too_large", rows=sheet.total_height, most=ROWS_MAX)
    rows = [[_said(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)]
    for (top, left), (bottom, _) in sheet.merged_cell_ranges or []:
        # what was merged downwards holds for each of its lines; sideways it is only wide
        if top < len(rows) and left < len(rows[top]):
            for at in range(top + 1, min(bottom + 1, len(rows))):
                rows[at][left] = rows[top][left]
    for row, column in faulty:
        if row < len(rows) and column < len(rows[row]):
            rows[row][column] = []
    for line in rows:
        while line and line[-1] is None:
            line.pop()
    while rows and not rows[-1]:
        rows.pop()
    return rows


def _said(cell: Any) -> Any:
    """A cell in the child's words: see ``intake_table``."""
    if cell == "":
        return None
    if isinstance(cell, datetime):
        return [cell.isoformat()]
    if isinstance(cell, date):
        return [datetime.combine(cell, time()).isoformat()]
    if isinstance(cell, time):
        return cell.isoformat("minutes")
    if isinstance(cell, timedelta):
        return [(_EXCEL_ZERO + cell).isoformat()]
    return cell
