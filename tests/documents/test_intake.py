"""The proof of the intake: what offices have is read, and what no table is gets one sentence."""

from __future__ import annotations

import time
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

import commandcenter.domain.records  # noqa: F401  the registry
from commandcenter.documents import intake_table
from commandcenter.documents.intake_cells import Reader
from commandcenter.documents.intake_columns import importable, match
from commandcenter.documents.intake_table import Faulty, Table, read_table
from commandcenter.documents.sheet import Cancelled
from commandcenter.domain.errors import Refused, Unavailable
from commandcenter.domain.fields import FieldType
from commandcenter.domain.record import REGISTRY
from commandcenter.words import LANGUAGES, Words

PERSON = REGISTRY["person"]


def workbook(path: Path, rows: list[list[Any]], *, merge: tuple[int, int, int, int] | None = None) -> Path:
    """A real .xlsx with these cells; strings stay strings."""
    book = xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_numbers": False})
    sheet = book.add_worksheet("名单")
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    for at, row in enumerate(rows):
        for column, cell in enumerate(row):
            if isinstance(cell, datetime):
                sheet.write_datetime(at, column, cell, day)
            elif cell is not None:
                sheet.write(at, column, cell)
    if merge is not None:
        sheet.merge_range(*merge, rows[merge[0]][merge[1]])
    book.close()
    return path


def repacked(source: Path, target: Path, name: str, change: Any) -> Path:
    """A workbook with one of its parts changed."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            data = old.read(part)
            new.writestr(part, change(data) if part == name else data)
    return target


def refused(path: Path) -> str:
    """The code with which a file is refused; its sentence can be said in both languages."""
    with pytest.raises(Refused) as caught:
        read_table(path)
    for language in LANGUAGES:
        assert path.name in Words(language).sentence(caught.value)
    return caught.value.code


# --- what no table is


def test_what_is_no_table_gets_one_sentence(tmp_path: Path) -> None:
    good = workbook(tmp_path / "good.xlsx", [["姓名"], ["甲"]])
    sheet = "xl/worksheets/sheet1.xml"
    files = {
        "import_empty": b"",
        "import_picture": b"\x89PNG\r\n\x1a\n" + bytes(100),
        "import_damaged": good.read_bytes()[:900],
        "import_not_a_table": b"\x00\x01\x02" * 50,
        "import_web_page": "<html><table><tr><td>姓名</td></tr></table>".encode(),
        "import_password": b"\xd0\xcf\x11\xe0" + bytes(600) + "EncryptedPackage".encode("utf-16-le"),
    }
    for code, data in files.items():
        path = tmp_path / f"{code}.xlsx"
        path.write_bytes(data)
        assert refused(path) == code
    doctype = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
    entity = repacked(good, tmp_path / "entity.xlsx", sheet, lambda data: doctype + data.split(b"?>", 1)[1])
    assert refused(entity) == "import_entity"
    bomb = repacked(good, tmp_path / "bomb.xlsx", sheet, lambda data: data + b" " * 40_000_000)
    assert refused(bomb) == "import_bomb"
    far = workbook(tmp_path / "far.xlsx", [["姓名"], ["甲"]])
    stray = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    far = repacked(good, tmp_path / "far2.xlsx", sheet, lambda data: data.replace(b"</sheetData>", stray))
    assert refused(far) == "import_far_cell"
    with zipfile.ZipFile(tmp_path / "other.xlsx", "w") as other:
        other.writestr("word/document.xml", "<x/>")
    assert refused(tmp_path / "other.xlsx") == "import_not_a_table"
    with pytest.raises(Unavailable, match="no_such_file"):
        read_table(tmp_path / "none.xlsx")
    with pytest.raises(Refused, match="import_unknown_sheet"):
        read_table(good, "别的")


def test_what_brings_the_reader_down_does_not_bring_us_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cell far out whose address the look-over does not see: the reader aborts, and it is said."""
    good = workbook(tmp_path / "good.xlsx", [["姓名"], ["甲"]])
    stray = b'<row r="1048576"><c s="0" r="XFD1048576"><v>1</v></c></row></sheetData>'
    far = repacked(
        good,
        tmp_path / "far.xlsx",
        "xl/worksheets/sheet1.xml",
        lambda data: data.replace(b"</sheetData>", stray),
    )
    assert refused(far) in {"import_unreadable", "import_too_large", "import_far_cell"}
    monkeypatch.setattr(intake_table, "TIME_S", 0.0)
    monkeypatch.setattr(intake_table, "LOOK_S", 0.001)
    assert refused(good) == "import_too_slow"


def test_reading_is_cancelled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake_table, "LOOK_S", 0.001)
    good = workbook(tmp_path / "good.xlsx", [["姓名"], ["甲"]])
    begun = time.monotonic()
    with pytest.raises(Cancelled):
        read_table(good, cancelled=lambda: True)
    assert time.monotonic() - begun < 5


# --- what is one


def test_a_workbook_as_offices_keep_it(tmp_path: Path) -> None:
    rows: list[list[Any]] = [
        ["名册", None, None],
        ["单位", "姓名", "联系电话"],
        ["海滨街道", "甲", 13812345678],
        [None, "乙", "１３８"],
        ["临江街道", "丙", None],
    ]
    path = workbook(tmp_path / "a.xlsx", rows, merge=(2, 0, 3, 0))
    table = read_table(path)
    assert (table.file, table.sheet, table.sheets) == ("a.xlsx", "名单", ("名单",))
    assert table.rows[3][0] == "海滨街道", "what is merged downwards holds for each line"
    assert table.rows[2][2] == 13812345678.0
    columns = match(PERSON, table)
    assert (columns.header, columns.fields) == (1, ("organisation_id", "name", "phone"))


def test_error_cells_are_seen(tmp_path: Path) -> None:
    good = workbook(tmp_path / "good.xlsx", [["姓名", "电话"], ["甲", 1]])
    broken = repacked(
        good,
        tmp_path / "b.xlsx",
        "xl/worksheets/sheet1.xml",
        lambda data: data.replace(b'<c r="B2"><v>1</v>', b'<c r="B2" t="e"><v>#N/A</v>'),
    )
    assert read_table(broken).rows[1] == ("甲", Faulty())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
@pytest.mark.parametrize("sign", [",", "\t", ";", "，"])
def test_text_in_any_dress(tmp_path: Path, encoding: str, sign: str) -> None:
    path = tmp_path / "a.csv"
    lines = [["姓名", "电话", "单位"], ["甲", "'+86 138", "海滨街道"], ["乙\n丙", '="0595"', ""]]
    text = "\r\n".join(
        sign.join(f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in line) for line in lines
    )
    path.write_bytes(text.encode(encoding))
    table = read_table(path)
    assert table.rows[1] == ("甲", "+86 138", "海滨街道")
    assert table.rows[2][:2] == ("乙\n丙", "0595")


# --- columns


@pytest.mark.parametrize("kind", importable())
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_register_knows_its_own_titles(kind: str, language: str) -> None:
    """What the export writes above its columns is matched field by field."""
    words = Words(language)
    definition = REGISTRY[kind]
    fields = [name for name in definition.types if name not in ("scope_id", "retired")]
    titles = tuple(words.label(f"{kind}.fields", name) for name in fields)
    table = Table(file="a", sheet="", sheets=(), rows=((), titles, ("x",)))
    columns = match(definition, table)
    assert (columns.header, list(columns.fields)) == (1, fields)


def test_a_corrected_matching_is_remembered_by_its_titles() -> None:
    table = Table(
        file="a", sheet="", sheets=(), rows=(("名册",), ("姓 名*", "联系方式（手机）", "备注"), ("甲",))
    )
    first = match(PERSON, table)
    assert first.fields == ("name", "phone", "")
    corrected = first.with_field(2, "phone")
    assert corrected.fields == ("name", "", "phone"), "a field stands in one column only"
    moved = Table(file="b", sheet="", sheets=(), rows=(("姓名", "联系方式", "备注"), ("乙",)))
    again = match(PERSON, moved, {first.signature: list(corrected.fields)})
    assert again.remembered
    assert again.fields == corrected.fields
    assert not match(PERSON, moved, {first.signature: ["name", "gone", ""]}).remembered


# --- cells

INSTANT = FieldType(shape="instant")
FIFTH = datetime(2024, 3, 4, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    "cell",
    [
        *("2024/3/5", "2024-03-05", "2024.3.5", "2024年3月5日", "２０２４年３月５日", "20240305"),
        *(20240305.0, 45356.0, datetime(2024, 3, 5), "2024-03-05 00:00"),  # noqa: DTZ001
    ],
)
def test_dates_as_they_are_written(cell: Any) -> None:
    assert Reader().value("at", INSTANT, cell) == FIFTH


@pytest.mark.parametrize(
    ("shape", "cell", "code"),
    [
        ("instant", "昨天", "cell_not_a_date"),
        ("instant", "2024-13-45", "cell_not_a_date"),
        ("instant", True, "cell_not_a_date"),
        ("integer", "若干", "cell_not_whole"),
        ("integer", 1.5, "cell_not_whole"),
        ("flag", "也许", "cell_not_yes_or_no"),
        ("text", 3.505e17, "cell_digits_lost"),
        ("text", "3.505E+17", "cell_digits_lost"),
        ("text", Faulty(), "cell_shows_error"),
        ("reference", "无名", "cell_unknown_name"),
        ("code", "厨师", "cell_unknown_code"),
    ],
)
def test_what_a_cell_cannot_be(shape: Any, cell: Any, code: str) -> None:
    with pytest.raises(Refused) as caught:
        Reader().value("x", FieldType(shape=shape, table="role"), cell)
    assert (caught.value.code, caught.value.field) == (code, "x")


def test_what_a_cell_can_be() -> None:
    reader = Reader()
    integer, flag = FieldType(shape="integer"), FieldType(shape="flag")
    roles, text = FieldType(shape="codes", table="role"), FieldType(shape="text")
    wholes = [reader.value("n", integer, cell) for cell in (45.0, "45人", "４５", "45%", "1,045")]
    assert wholes == [45, 45, 45, 45, 1045]
    assert [reader.value("f", flag, cell) for cell in ("是", "√", "Y", True, "否", "×", 0.0)] == [
        True
    ] * 4 + [False] * 3
    said = reader.value("roles", roles, "值班员、Duty chief；auditor")
    assert said == ("auditor", "duty_chief", "duty_officer")
    assert reader.value("phone", text, 13812345678.0) == "13812345678"
    assert reader.value("phone", text, "（０５９５）１２") == "(0595)12"
    assert reader.value("name", text, "  张　三（一队） ") == "张 三（一队）"
    assert reader.value("name", text, "=SUM(A1)") == "=SUM(A1)"
    assert reader.value("name", text, "   ") is None
