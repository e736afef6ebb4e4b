"""The Sheet: a list as it goes to paper or into a file, with the particulars that make it official."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from commandcenter.domain.clock import SHANGHAI
from commandcenter.domain.errors import Unavailable
from commandcenter.words import AUTHORITY

Cell = str | int | datetime | None
Kind = Literal["text", "time", "integer"]
Progress = Callable[[int, int], None]
Cancelling = Callable[[], bool]

REPORT_EVERY = 256  # rows between two calls of progress and cancelled


class Cancelled(Exception):
    """The person stopped it. No file was left, an older file of the name is as it was."""


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column.

    ``key`` names it in programs, ``title`` on paper. ``kind`` sets alignment and, in Excel, the format.
    ``width`` is relative; as a guide, the number of Chinese characters a line of it should hold. A time
    column on paper is as wide as a time, whatever its ``width``.
    """

    key: str
    title: str
    kind: Kind = "text"
    width: int = 8


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row: a cell for each column. A datetime is aware; None is an empty cell.

    A ``struck`` row is kept and shown struck through. ``note`` is printed with it, unstruck: who struck it,
    when, why, and the number of what replaces it.
    """

    cells: tuple[Cell, ...]
    struck: bool = False
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A whole list and what must stand beside it.

    ``subtitle`` says what was asked, in words: period, desk, filter. ``rows`` may be a generator and is read
    once. ``count`` is how many the store holds for what was asked: a writer that meets another number of
    rows leaves no file and raises ``Unavailable("count_differs", expected=, found=)``. ``chain_head`` is
    printed as given (``#1234 · 9f2c…``). ``exercise`` marks every page and every line of a file.
    ``annotated`` is False for lists that know neither strikes nor notes; their files then lack those two
    columns. ``signatures`` are the labels of the lines to sign below the list; only paper has them.
    """

    title: str
    columns: tuple[Column, ...]
    rows: Iterable[Row]
    count: int
    printed_at: datetime
    printed_by: str
    desk: str
    subtitle: tuple[str, ...] = ()
    chain_head: str = ""
    exercise: bool = False
    annotated: bool = True
    signatures: tuple[str, ...] = ()
    language: str = AUTHORITY

    def __post_init__(self) -> None:
        if not self.columns:
            raise ValueError("a sheet needs a column")
        if len({column.key for column in self.columns}) != len(self.columns):
            raise ValueError("two columns have one key")
        if any(column.width < 1 for column in self.columns):
            raise ValueError("a column's width is 1 or more")
        if self.printed_at.utcoffset() is None:
            raise ValueError("printed_at has no zone")


def read_rows(
    sheet: Sheet, progress: Progress | None = None, cancelled: Cancelling | None = None
) -> Iterator[Row]:
    """The rows one by one, checked and counted; every writer reads them through this.

    Calls ``progress(rows read, sheet.count)`` now and then and once at the end. Raises Cancelled,
    ``Unavailable("count_differs")`` and, for a row that does not fit the columns, ValueError.
    """
    found = 0
    for row in sheet.rows:
        if found % REPORT_EVERY == 0:
            stop_if(cancelled)
            if progress is not None and found:
                progress(found, sheet.count)
        _check(sheet, row)
        found += 1
        if found > sheet.count:  # an endless query must not fill the disk before it is noticed
            raise Unavailable("count_differs", expected=sheet.count, found=found)
        yield row
    if found != sheet.count:
        raise Unavailable("count_differs", expected=sheet.count, found=found)
    stop_if(cancelled)
    if progress is not None:
        progress(found, sheet.count)


def stop_if(cancelled: Cancelling | None) -> None:
    """Raises Cancelled when the person has said so."""
    if cancelled is not None and cancelled():
        raise Cancelled


def minute_text(instant: datetime) -> str:
    """``2026-07-28 14:31`` in Asia/Shanghai: how paper shows a time."""
    return f"{instant.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"


def second_text(instant: datetime) -> str:
    """``2026-07-28 14:31:07`` in Asia/Shanghai: how a file shows a time."""
    return f"{instant.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}"


def plain_controls(text: str) -> str:
    """``text`` with what no spreadsheet can carry written out: NUL and its like become ``[U+0000]``.

    Line feeds and tabs stay; a carriage return before a line feed is one line break with it. Everything
    else, emoji and bidi marks included, stays as typed.
    """
    text = text.replace("\r\n", "\n")
    if text.isprintable():
        return text
    return "".join(f"[U+{ord(char):04X}]" if _unfit(char) else char for char in text)


def _unfit(char: str) -> bool:
    code = ord(char)
    return (
        (code < 0x20 and char not in "\n\t")
        or 0x7F <= code <= 0x9F
        or 0xD800 <= code <= 0xDFFF
        or code & 0xFFFE == 0xFFFE
    )


def _check(sheet: Sheet, row: Row) -> None:
    if len(row.cells) != len(sheet.columns):
        raise ValueError(f"a row of {len(row.cells)} cells for {len(sheet.columns)} columns")
    if (row.struck or row.note) and not sheet.annotated:
        raise ValueError("a struck or noted row in a sheet that has no place for it")
    for cell in row.cells:
        if isinstance(cell, datetime) and cell.utcoffset() is None:
            raise ValueError("a time without a zone")
