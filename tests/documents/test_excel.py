"""The tests of the Excel writer: its workbook read back by another program's reader."""

from __future__ import annotations

import re
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from commandcenter.documents.excel import CELL_LIMIT, ROW_LIMIT, write_xlsx
from commandcenter.documents.sheet import Row, Sheet
from commandcenter.domain.errors import Unavailable
from commandcenter.words import LANGUAGES, Words
from tests.documents.samples import AWKWARD, many, row, sheet


def read_back(content: Sheet, folder: Path) -> tuple[list[list[Any]], list[list[Any]]]:
    """The cells of both sheets."""
    target = folder / "list.xlsx"
    write_xlsx(content, target)
    book = CalamineWorkbook.from_path(str(target))
    first, second = (book.get_sheet_by_index(at).to_python() for at in (0, 1))
    return first, second


def part(folder: Path, name: str) -> str:
    with zipfile.ZipFile(folder / "list.xlsx") as package:
        return package.read(name).decode("utf-8")


@pytest.mark.parametrize("language", LANGUAGES)
def test_header_rows_and_particulars(language: str, tmp_path: Path) -> None:
    content = sheet(many(128), 128, language=language)
    rows, particulars = read_back(content, tmp_path)
    words = Words(language)
    assert rows[0][:4] == [column.title for column in content.columns]
    assert len(rows) == 129
    assert rows[1][0] == datetime(2026, 7, 28, 14, 31, 7)  # noqa: DTZ001 - Excel knows no zones
    assert rows[128][1] == "第00127条 已通知" and rows[128][2] == 127
    said = {line[0]: line[1] for line in particulars}
    assert said[words("documents.particulars.count")] == 128
    assert said[words("documents.particulars.title")] == content.title
    assert said[words("documents.particulars.chain_head")] == "#1234 · 9f2c"
    assert said[words("documents.particulars.printed_at")] == "2026-07-29 08:05:00"


def test_awkward_text_is_text_exactly_as_typed(tmp_path: Path) -> None:
    rows, _ = read_back(sheet([row(1, text) for text in AWKWARD.values()], len(AWKWARD)), tmp_path)
    assert [line[1] for line in rows[1:]] == list(AWKWARD.values())
    written = part(tmp_path, "xl/worksheets/sheet1.xml")
    assert "<f>" not in written and "<hyperlink" not in written


def test_what_xml_cannot_hold_is_written_out(tmp_path: Path) -> None:
    rows, _ = read_back(sheet([row(1, "a\x00b\x1bc\uffff\x85\r\nd\t")], 1), tmp_path)
    assert rows[1][1] == "a[U+0000]b[U+001B]c[U+FFFF][U+0085]\nd\t"


def test_struck_rows_are_struck_and_said_so(tmp_path: Path) -> None:
    content = sheet([row(1, "错", struck=True, note="划去：听误"), row(2, "对")], 2)
    rows, _ = read_back(content, tmp_path)
    assert rows[1][-2:] == ["已划去", "划去：听误"] and rows[2][-2:] == ["", ""]
    written = part(tmp_path, "xl/worksheets/sheet1.xml")
    styles = part(tmp_path, "xl/styles.xml")
    fonts = re.findall(r"<font>.*?</font>", re.search(r"<fonts.*?</fonts>", styles, re.S)[0], re.S)  # type: ignore[index]
    formats = re.findall(r'<xf [^>]*fontId="(\d+)"', styles.split("<cellXfs")[1])

    def struck(cell: str) -> bool:
        style = re.search(rf'<c r="{cell}" s="(\d+)"', written)
        assert style is not None
        return "<strike" in fonts[int(formats[int(style[1])])]

    assert [struck(cell) for cell in ("A2", "B2", "C2", "D2")] == [True] * 4
    assert [struck(cell) for cell in ("E2", "F2", "A3", "B3")] == [False] * 4


def test_header_is_frozen_and_filtered(tmp_path: Path) -> None:
    read_back(sheet(many(3), 3), tmp_path)
    written = part(tmp_path, "xl/worksheets/sheet1.xml")
    assert 'ySplit="1"' in written and 'state="frozen"' in written
    assert '<autoFilter ref="A1:F4"/>' in written


def test_an_exercise_says_so_in_every_row(tmp_path: Path) -> None:
    rows, particulars = read_back(sheet(many(3), 3, exercise=True), tmp_path)
    assert [line[0] for line in rows] == ["性质", "演练", "演练", "演练"]
    assert particulars[0][1] == Words("zh_CN")("documents.exercise_sentence")


def test_numbers_and_times_excel_would_spoil_become_text(tmp_path: Path) -> None:
    cells = (datetime(1899, 5, 1, tzinfo=UTC), "x", 12345678901234567890, "")
    rows, _ = read_back(sheet([Row(cells=cells)], 1), tmp_path)
    assert rows[1][0] == "1899-05-01 08:00:00" and rows[1][2] == "12345678901234567890"


def test_limits_refuse_instead_of_dropping(tmp_path: Path) -> None:
    for content, code in (
        (sheet(iter([]), ROW_LIMIT + 1), "too_many_rows"),
        (sheet([row(1, "好" * (CELL_LIMIT + 1))], 1), "cell_too_long"),
        (sheet([row(1, "🔥" * (CELL_LIMIT // 2 + 1))], 1), "cell_too_long"),
    ):
        with pytest.raises(Unavailable) as caught:
            write_xlsx(content, tmp_path / "list.xlsx")
        assert caught.value.code == code
    assert list(tmp_path.iterdir()) == []
