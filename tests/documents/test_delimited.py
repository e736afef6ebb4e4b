"""The tests of the CSV writer: its file read back by the csv module."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commandcenter.documents.delimited import guarded, unguarded, write_csv
from commandcenter.documents.sheet import Row, Sheet
from commandcenter.words import LANGUAGES
from tests.documents.samples import AWKWARD, START, many, row, sheet


def read_back(content: Sheet, folder: Path) -> list[list[str]]:
    target = folder / "list.csv"
    write_csv(content, target)
    with target.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file, strict=True))


@pytest.mark.parametrize("language", LANGUAGES)
def test_header_and_rows_and_nothing_else(language: str, tmp_path: Path) -> None:
    content = sheet(many(128), 128, language=language)
    rows = read_back(content, tmp_path)
    assert len(rows) == 129
    assert rows[0][:4] == [column.title for column in content.columns]
    assert rows[1] == ["2026-07-28 14:31:07", "第00000条 已通知", "0", "示例甲", "", ""]


def test_bytes_are_what_excel_in_china_opens(tmp_path: Path) -> None:
    write_csv(sheet([row(1, "一\n二")], 1), tmp_path / "list.csv")
    written = (tmp_path / "list.csv").read_bytes()
    assert written.startswith(b"\xef\xbb\xbf") and written.endswith(b"\r\n")
    assert written.count(b"\r\n") == 2 and '"一\n二"'.encode() in written


def test_awkward_text_comes_back_as_typed(tmp_path: Path) -> None:
    rows = read_back(sheet([row(1, text) for text in AWKWARD.values()], len(AWKWARD)), tmp_path)
    written = dict(zip(AWKWARD, (line[1] for line in rows[1:]), strict=True))
    assert {key for key in AWKWARD if written[key] != AWKWARD[key]} == {"formula", "at", "minus"}
    assert {key: unguarded(text) for key, text in written.items()} == AWKWARD


@pytest.mark.parametrize(
    "start", ["=", "+", "-", "@", " =", "\t", "\t=", "\n=", "　=", "\ufeff=", "＝", "'=", "\r"]
)
def test_what_a_spreadsheet_would_run_gets_an_apostrophe(start: str) -> None:
    assert guarded(start + "1") == "'" + start + "1"


@pytest.mark.parametrize("text", ["", "1-2", "a=b", "'tis", "示例", "（-1）", "0595-000"])
def test_other_text_is_left_alone(text: str) -> None:
    assert guarded(text) == text


@given(st.text(alphabet=st.sampled_from("'=+-@＝ \t\r\n\u200b a一")))
def test_the_guard_comes_off_without_loss(text: str) -> None:
    assert unguarded(guarded(text)) == text


def test_negative_numbers_stay_numbers_and_controls_are_written_out(tmp_path: Path) -> None:
    rows = read_back(sheet([Row(cells=(START, "a\x00b\x07", -5, None))], 1), tmp_path)
    assert rows[1][1:4] == ["a[U+0000]b[U+0007]", "-5", ""]


def test_struck_and_exercise_have_columns_of_their_own(tmp_path: Path) -> None:
    content = sheet([row(1, "错", struck=True, note="=划去"), row(2, "对")], 2, exercise=True)
    rows = read_back(content, tmp_path)
    assert [line[0] for line in rows] == ["性质", "演练", "演练"]
    assert rows[0][-2:] == ["状态", "说明"]
    assert rows[1][-2:] == ["已划去", "'=划去"] and rows[2][-2:] == ["", ""]


def test_a_list_without_strikes_has_only_its_own_columns(tmp_path: Path) -> None:
    rows = read_back(sheet(many(1), 1, annotated=False), tmp_path)
    assert rows[0] == ["时间", "内容", "人数", "记录人"]
