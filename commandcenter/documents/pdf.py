"""The PDF writer: a Sheet laid out on A4 by typst."""

from __future__ import annotations

import json
import re
from datetime import datetime
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import typst

from commandcenter.documents.destination import replacing
from commandcenter.documents.glyphs import font_folder, on_paper
from commandcenter.documents.sheet import (
    Cancelling,
    Cell,
    Column,
    Progress,
    Row,
    Sheet,
    minute_text,
    read_rows,
    stop_if,
)
from commandcenter.domain.errors import Unavailable
from commandcenter.words import Words

ROW_LIMIT = 10_000  # some 370 pages, 5 s and 0.7 GB of memory: past this nobody means paper
_UPRIGHT_LIMIT = 60  # the sum of the columns' widths that A4 upright still carries
_TIME_POINTS = 84.0  # "2026-07-28 14:31" at 9 pt, with the cell's inset
_PAGE_POINTS = {False: 498.9, True: 745.5}  # the width between the margins, upright and landscape
_CELL_INSET = 8.0
_LETTER_POINTS = 5.2  # a middling Latin letter at 9 pt
_KEPT_LINES = 20  # a row up to this long is not split between two pages
_SPACE = "\u200b"  # a place where a line may break; takes no room
_REGIONS = {"zh_CN": ("zh", "CN"), "en": ("en", "GB")}


def write_pdf(
    sheet: Sheet, path: Path, *, progress: Progress | None = None, cancelled: Cancelling | None = None
) -> None:
    """Writes ``sheet`` to ``path`` as PDF/A-2b: A4, upright or (many or wide columns) landscape.

    The header row stands on every page; the footer says who printed it, when, at which desk, how many entries
    and the chain's head. The font ships with the program, so the page is the same on every machine; what it
    cannot print is written out (`glyphs.on_paper`). Cancelling is seen before and after the typesetting
    itself, which takes about 0.5 s per 1,000 rows and lets other threads run.

    Raises Cancelled, Unavailable (``cannot_write_file``, ``count_differs``, ``too_many_rows``).
    """
    if sheet.count > ROW_LIMIT:
        raise Unavailable("too_many_rows", count=sheet.count, limit=ROW_LIMIT)
    with replacing(path, sheet.language) as file:
        data = json.dumps(_data(sheet, progress, cancelled), ensure_ascii=False)
        page = typst.compile(
            _template(),
            font_paths=_fonts(),
            sys_inputs={"sheet": data},
            format="pdf",
            pdf_standards="a-2b",
            timestamp=int(sheet.printed_at.timestamp()),
            pdf_tags=False,  # tags make a long list's file eight times as large
        )
        stop_if(cancelled)
        file.write(page)


@lru_cache(maxsize=1)
def _template() -> bytes:
    return (files("resources") / "documents" / "log.typ").read_bytes()


@lru_cache(maxsize=1)
def _fonts() -> typst.Fonts:
    """The shipped fonts and no other: not the machine's, not typst's own."""
    return typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(font_folder())]
    )


def _data(sheet: Sheet, progress: Progress | None, cancelled: Cancelling | None) -> dict[str, Any]:
    """What the template reads; every string already fit for paper."""
    words = Words(sheet.language)
    landscape = sum(column.width for column in sheet.columns) > _UPRIGHT_LIMIT
    letters = _letters(sheet.columns, landscape)
    widest = max(range(len(sheet.columns)), key=lambda at: letters[at])
    lang, region = _REGIONS[sheet.language]
    printed_by = {"person": sheet.printed_by, "desk": sheet.desk, "at": minute_text(sheet.printed_at)}
    return {
        "lang": lang,
        "region": region,
        "title": on_paper(sheet.title),
        "author": on_paper(sheet.printed_by),
        "subtitle": [on_paper(part) for part in sheet.subtitle],
        "exercise": words("documents.exercise") if sheet.exercise else None,
        "landscape": landscape,
        "titles": [on_paper(column.title) for column in sheet.columns],
        "widths": [
            f"{_TIME_POINTS}pt" if column.kind == "time" else column.width for column in sheet.columns
        ],
        "right": [column.kind == "integer" for column in sheet.columns],
        "note-at": widest,
        "rows": [_row(row, letters, letters[widest]) for row in read_rows(sheet, progress, cancelled)],
        "signatures": [on_paper(label) for label in sheet.signatures],
        "printed": on_paper(words("documents.paper.printed", **printed_by)),
        "count": words("documents.paper.count", count=sheet.count),
        "zone": words("documents.zone"),
        "chain-head": on_paper(words("documents.paper.chain_head", head=sheet.chain_head))
        if sheet.chain_head
        else "",
        "page": words("documents.paper.page"),
        "empty": words("documents.paper.empty"),
        "end": words("documents.paper.end"),
    }


def _row(row: Row, letters: list[int], note_letters: int) -> dict[str, Any]:
    cells = [_breakable(_text(cell), room) for cell, room in zip(row.cells, letters, strict=True)]
    note = _breakable(on_paper(row.note), note_letters)
    lines = max(_lines(text, room) for text, room in zip(cells, letters, strict=True))
    return {
        "cells": cells,
        "struck": row.struck,
        "note": note,
        "long": lines + _lines(note, note_letters) > _KEPT_LINES,
    }


def _lines(text: str, letters: int) -> int:
    """At most how many lines ``text`` takes, counting what is not ASCII as wide as two letters."""
    text = text.replace(_SPACE, "")
    halves = len(text) if text.isascii() else 2 * len(text)
    return halves // letters + text.count("\n") + 1


def _text(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return minute_text(cell)
    return str(cell) if isinstance(cell, int) else on_paper(cell)


def _letters(columns: tuple[Column, ...], landscape: bool) -> list[int]:
    """How many Latin letters a line of each column surely holds."""
    fixed = sum(_TIME_POINTS for column in columns if column.kind == "time")
    shares = sum(column.width for column in columns if column.kind != "time") or 1
    share = (_PAGE_POINTS[landscape] - fixed) / shares
    widths = [_TIME_POINTS if column.kind == "time" else share * column.width for column in columns]
    return [max(int((width - _CELL_INSET) / _LETTER_POINTS), 1) for width in widths]


def _breakable(text: str, letters: int) -> str:
    """``text`` with break places in words too long for their column, which would else run over the next."""
    if len(text) <= letters:
        return text
    return _long_word(letters).sub(lambda word: _SPACE.join(word.group()), text)


@lru_cache(maxsize=64)
def _long_word(letters: int) -> re.Pattern[str]:
    return re.compile(rf"[^\s\u2e80-\uffef\U00020000-\U0003ffff]{{{letters + 1},}}")
