"""The tests of the PDF writer: its pages read back by poppler."""

from __future__ import annotations

import re
import subprocess
import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest

from commandcenter.documents.glyphs import covered, font_folder, on_paper, printable
from commandcenter.documents.pdf import ROW_LIMIT, write_pdf
from commandcenter.documents.sheet import Sheet
from commandcenter.domain.errors import Unavailable
from commandcenter.words import LANGUAGES, Words, catalogue
from tests.documents.samples import AWKWARD, many, row, sheet


def pages(content: Sheet, folder: Path) -> list[str]:
    """The text of each page, without its blanks: a line break in a cell is no difference."""
    target = folder / "list.pdf"
    write_pdf(content, target)
    text = subprocess.run(["pdftotext", "-raw", target, "-"], check=True, capture_output=True).stdout.decode()
    return [re.sub(r"[\s\u200b]", "", page) for page in text.split("\f")[:-1]]


def squeezed(text: str) -> str:
    return re.sub(r"\s", "", text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_row_and_the_particulars_are_on_paper(language: str, tmp_path: Path) -> None:
    content = sheet(many(128), 128, language=language)
    found = pages(content, tmp_path)
    whole = "".join(found)
    words = Words(language)
    assert len(found) > 1
    assert re.findall(r"第(\d{5})条", whole) == [f"{number:05}" for number in range(128)]
    assert "2026-07-2814:31" in whole and "14:31:07" not in whole
    for at, page in enumerate(found, start=1):
        for column in content.columns:
            assert column.title in page
        assert squeezed(content.title) in page
        assert squeezed(words("documents.paper.page", page=at, pages=len(found))) in page
        assert squeezed(words("documents.paper.count", count=128)) in page
        assert "#1234·9f2c" in page
        assert "2026-07-2908:05" in page
        assert squeezed(words("documents.exercise")) not in page


def test_awkward_text_is_printed_as_typed_or_written_out(tmp_path: Path) -> None:
    rows = [row(number, text) for number, text in enumerate(AWKWARD.values())]
    whole = "".join(pages(sheet(rows, len(rows)), tmp_path))
    for key in ("formula", "at", "minus", "wide", "quotes", "markup", "escape", "blank"):
        assert squeezed(AWKWARD[key]) in whole
    assert "现场[U+1F525FIRE]起火" in whole
    assert "[U+20BB7]先生与㐂女士" in whole
    assert "转移[U+202ERIGHT-TO-LEFTOVERRIDE]人三[U+202CPOPDIRECTIONALFORMATTING]人" in whole
    assert "\u202e" not in whole


def test_line_breaks_in_a_cell_are_kept(tmp_path: Path) -> None:
    target = tmp_path / "list.pdf"
    write_pdf(sheet([row(1, AWKWARD["breaks"])], 1), target)
    text = subprocess.run(
        ["pdftotext", "-layout", target, "-"], check=True, capture_output=True
    ).stdout.decode()
    lines = text.splitlines()
    first = next(at for at, line in enumerate(lines) if "第一行" in line)
    assert "第二行" not in lines[first] and "第二行" in lines[first + 1]


def test_a_struck_row_stays_with_its_note(tmp_path: Path) -> None:
    rows = [row(1, "转移 32 人", struck=True, note="划去：示例乙，听误；见 1-0041"), row(2, "转移 23 人")]
    (page,) = pages(sheet(rows, 2), tmp_path)
    assert "转移32人" in page and "划去：示例乙，听误；见1-0041" in page
    plain = tmp_path / "plain"
    plain.mkdir()
    struck = (tmp_path / "list.pdf").read_bytes()
    write_pdf(sheet([row(1, "转移 32 人", note=rows[0].note), rows[1]], 2), plain / "list.pdf")
    assert dark(tmp_path / "list.pdf") > dark(plain / "list.pdf")  # the strokes are really drawn
    assert struck.startswith(b"%PDF-")


def dark(pdf: Path) -> int:
    """How many pixels of the first page are drawn on, faint or not."""
    picture = subprocess.run(
        ["pdftoppm", "-r", "72", "-gray", "-f", "1", "-l", "1", pdf], check=True, capture_output=True
    ).stdout
    return sum(pixel < 200 for pixel in picture.split(b"255\n", 1)[1])


def test_nothing_runs_out_of_its_column(tmp_path: Path) -> None:
    long = "https://example.invalid/" + "a" * 300
    target = tmp_path / "list.pdf"
    write_pdf(sheet([row(1, long), row(2, "好" * 4000)], 2), target)
    boxes = subprocess.run(
        ["pdftotext", "-bbox", target, "-"], check=True, capture_output=True
    ).stdout.decode()
    boxes = boxes.replace("\u200b", "")
    found = re.findall(
        r'xMin="([\d.]+)" yMin="[\d.]+" xMax="([\d.]+)" yMax="[\d.]+">([^<]*aaa[^<]*|好+)<', boxes
    )
    assert sum(word.count("好") for _, _, word in found) == 4000
    assert sum(word.count("a") for _, _, word in found) >= 300
    assert max(float(right) for _, right, _ in found) < 470  # where the next column begins


def test_a_row_of_a_few_lines_is_not_split_between_pages(tmp_path: Path) -> None:
    text = "start " + "word " * 60 + "x" * 100 + " end"
    found = pages(sheet([row(number, text) for number in range(40)], 40), tmp_path)
    assert len(found) > 2
    assert all(page.count("start") == page.count("xend") for page in found)


def test_exercise_signatures_and_an_empty_list(tmp_path: Path) -> None:
    content = sheet([], 0, exercise=True, signatures=("值班员", "带班领导"))
    (page,) = pages(content, tmp_path)
    assert page.count("演练") == 2
    for text in ("无记录", "共0条", "值班员", "带班领导"):
        assert text in page


def test_many_columns_turn_the_paper(tmp_path: Path) -> None:
    wide = sheet([], 0)
    wide = replace(wide, columns=tuple(replace(column, width=20) for column in wide.columns))
    for content, upright in ((sheet([], 0), True), (wide, False)):
        write_pdf(content, tmp_path / "list.pdf")
        said = subprocess.run(
            ["pdfinfo", tmp_path / "list.pdf"], check=True, capture_output=True, text=True
        ).stdout
        size = re.search(r"Page size:\s+([\d.]+) x ([\d.]+)", said)
        assert size is not None
        assert (float(size[1]) < float(size[2])) is upright


def test_only_the_shipped_fonts_are_used_and_the_same_list_is_the_same_file(tmp_path: Path) -> None:
    first, second = tmp_path / "1.pdf", tmp_path / "2.pdf"
    for target in (first, second):
        write_pdf(sheet(many(3), 3), target)
    assert first.read_bytes() == second.read_bytes()
    said = subprocess.run(["pdffonts", first], check=True, capture_output=True, text=True).stdout
    fonts = {line.split()[0].split("+")[-1] for line in said.splitlines()[2:]}
    assert fonts and all(re.match(r"Noto(Sans|Serif)SC-Regular", font) for font in fonts)


def test_too_many_rows_for_paper_are_refused_before_they_are_read(tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as caught:
        write_pdf(sheet(iter([]), ROW_LIMIT + 1), tmp_path / "list.pdf")
    assert caught.value.code == "too_many_rows"


def test_the_font_covers_the_catalogues_and_common_characters() -> None:
    have = printable()
    assert have.issuperset("一龘㐂→①℃㎡‰·—“”ⅠⅣ■▲０９ＡＺ￥,.AZaz09é")
    assert have.isdisjoint("🔥𠮷\u202e\u200b\ufeff\x00\x1b\xad")
    for language in LANGUAGES:
        for text in catalogue(language).values():
            assert have.issuperset(text.replace("\n", "")), text


def test_the_two_fonts_do_not_differ_where_the_title_would_need_it() -> None:
    sans = covered(font_folder() / "NotoSansSC-Regular.otf")
    serif = covered(font_folder() / "NotoSerifSC-Regular.otf")
    assert len(sans & serif) > 30_000


def test_unseen_characters_are_shown_and_only_selectors_left_out() -> None:
    assert on_paper("甲\u200b乙\x00\t丙\r\n丁") == "甲[U+200B ZERO WIDTH SPACE]乙[U+0000]    丙\n丁"
    assert on_paper("⚠\ufe0f葛\U000e0100") == "⚠葛"
    shown = on_paper("".join(map(chr, (*range(0x250), *range(0x2000, 0x2100), *range(0xFF00, 0x10000)))))
    assert {unicodedata.category(char) for char in shown if char != "\n"}.isdisjoint(
        {"Cc", "Cf", "Cn", "Zl", "Zp"}
    )
