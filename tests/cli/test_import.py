"""The proof of the import: a table previewed, taken in, known again, undone, and written back out."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from commandcenter.documents.intake_table import read_table
from commandcenter.runtime import new_id
from commandcenter.services.code_words import code_label
from commandcenter.words import Words
from tests.cli.terminal import do, here, listed
from tests.documents.test_intake import workbook
from tests.services.desk import Desk

MESSY: list[list[Any]] = [
    ["鲤城区应急人员花名册（2024年）", None, None, None, None],
    ["填表日期：2024年3月5日", None, None, None, None],
    ["序号", "姓 名", "联系电话*", "所属单位", "角色"],
    [1, "甲子", 13800000001, "海滨街道", "值班员"],
    [2, "乙　丑", "１３８０００００００２", "350502", "值班员、带班领导"],
    [3, "丙寅", "000-3", "没有这个单位", None],
    [4, None, "000-4", "临江街道", None],
    [5, "甲子", 13800000001, "海滨街道", None],
    [6, "示例甲", "000-0000-9999", "鲤城区", None],
    ["合计", 6, None, None, None],
]


@pytest.fixture
def data(licheng: Desk) -> Path:
    """A Licheng desk's directory."""
    return licheng.path


@pytest.fixture
def messy(tmp_path: Path) -> Path:
    """A table as an office keeps it."""
    return workbook(tmp_path / "名册.xlsx", MESSY)


def people(data: Path) -> dict[str, dict[str, Any]]:
    """The persons in use, by name."""
    return {row["name"]: row for row in listed(data, "person") if not row["retired"]}


def test_a_preview_writes_nothing_and_names_each_cell(data: Path, messy: Path) -> None:
    before = listed(data, "person")
    told = here("import", "person", messy, "--data", data)
    assert (told.code, told.document["header"]) == (0, 3)
    assert told.document["counts"] == {"add": 2, "edit": 1, "same": 0, "double": 1, "wrong": 2, "skip": 1}
    assert [(one["row"], one["column"], one["code"]) for one in told.document["problems"]] == [
        (6, 4, "cell_unknown_name"),
        (7, 2, "required"),
        (8, 2, "import_twice"),
    ]
    assert listed(data, "person") == before
    assert listed(data, "access_event") == []


def test_a_table_goes_in_and_comes_back_out(data: Path, messy: Path, tmp_path: Path) -> None:
    phone = people(data)["示例甲"]["phone"]
    done = here("import", "person", messy, "--accept", "--data", data)
    assert (done.code, done.document["written"]) == (0, 3)
    now = people(data)
    assert (now["甲子"]["phone"], now["乙 丑"]["phone"]) == ("13800000001", "13800000002")
    assert now["乙 丑"]["roles"] == ["duty_officer", "leader"]
    assert now["示例甲"]["phone"] == "000-0000-9999"
    (event,) = listed(data, "access_event")
    assert (event["action"], event["subject_kind"], event["count"]) == ("imported", "person", 3)
    again = here("import", "person", messy, "--data", data).document["counts"]
    assert (again["add"], again["edit"], again["same"]) == (0, 0, 3), "what is here is known again"

    sheet = tmp_path / "out.xlsx"
    written = here("export-register", "person", sheet, "--data", data)
    assert written.document["count"] == len(now)
    back = here("import", "person", sheet, "--data", data)
    assert back.document["counts"]["same"] == len(now)
    assert back.document["problems"] == []

    undone = here("undo-import", "--data", data)
    assert (undone.code, undone.document["batch"]) == (0, done.document["batch"])
    after = people(data)
    assert "甲子" not in after and "乙 丑" not in after
    assert after["示例甲"]["phone"] == phone
    assert len(listed(data, "person")) == len(now), "nothing is deleted"
    assert here("undo-import", "--data", data).document["refused"] == "unknown_import", "there is no other"
    assert here("undo-import", done.document["batch"], "--data", data).document["changes"] == 0
    assert [event["action"] for event in listed(data, "access_event")] == [
        "imported",
        "exported",
        "import_undone",
    ]
    assert here("verify", "--data", data).document["findings"] == []


def test_undoing_leaves_what_somebody_changed_since(data: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("姓名,单位,电话,角色\n示例甲,鲤城区,1,审计员\n示例乙,鲤城区,2,\n", encoding="gbk")
    before = people(data)
    assert here("import", "person", path, "--accept", "--data", data).document["written"] == 2
    assert do(data, "EditCard", kind="person", id=before["示例乙"]["id"], fields={"phone": "3"}).code == 0
    assert here("undo-import", "--data", data).code == 0
    after = people(data)
    assert (after["示例甲"]["phone"], after["示例甲"]["roles"]) == (
        before["示例甲"]["phone"],
        before["示例甲"]["roles"],
    )
    assert after["示例乙"]["phone"] == "3"
    assert here("verify", "--data", data).document["findings"] == []


def test_a_long_table_goes_in_groups_and_out_by_one_act(data: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    count = 1_003
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["名称", "层级"], *([f"单位{n}", "单位"] for n in range(count))])
    done = here("import", "organisation", path, "--accept", "--data", data)
    assert done.document["written"] == count
    assert (
        sum(row["name"].startswith("单位") for row in listed(data, "organisation", "retired=false")) == count
    )
    undone = here("undo-import", "--data", data)
    assert undone.document["changes"] == count + 1, "and a line in the audit trail"
    assert not any(row["name"].startswith("单位") for row in listed(data, "organisation", "retired=false"))
    assert here("verify", "--data", data).document["findings"] == []


def test_a_column_is_corrected_and_remembered(data: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("称呼,号\n甲子,1\n", encoding="utf-8")
    lost = here("import", "person", path, "--data", data)
    assert lost.document["refused"] == "import_no_title"
    said = ["--column", "1=name", "--column", "2=phone"]
    assert here("import", "person", path, *said, "--accept", "--data", data).document["written"] == 1
    path.write_text("称呼,号\n乙丑,2\n", encoding="utf-8")
    assert here("import", "person", path, "--data", data).document["counts"]["add"] == 1
    for wrong, code in (("9=name", "usage"), ("x", "usage"), ("1=nonsense", "import_unknown_field")):
        assert here("import", "person", path, "--column", wrong, "--data", data).document["refused"] == code
    for kind, code in (("desk", "import_not_this_kind"), ("incident", "import_not_this_kind")):
        assert here("import", kind, path, "--data", data).document["refused"] == code


def test_formulas_are_text_out_and_in(data: Path, tmp_path: Path) -> None:
    names = ["=HYPERLINK(1)", "+甲", "-乙", "@丙"]
    for name in names:
        assert do(data, "AddCard", kind="person", fields={"name": name}).code == 0
    for form in ("xlsx", "csv"):
        path = tmp_path / f"a.{form}"
        assert here("export-register", "person", path, "--data", data).code == 0
        cells = {row[0] for row in read_table(path).rows if row}
        assert set(names) <= cells
        assert here("import", "person", path, "--data", data).document["counts"]["add"] == 0
    assert b"'=HYPERLINK" in (tmp_path / "a.csv").read_bytes()


def test_what_is_refused_by_the_commands(data: Path) -> None:
    batch = new_id()
    first = do(data, "ImportRegister", kind="person", batch=batch, add=[{"name": "甲"}], last=False)
    assert len(first.ids) == 1
    wrong = do(data, "ImportRegister", kind="person", batch=batch, add=[{"name": "乙"}, {"phone": "1"}])
    assert wrong.document["refused"] == "required"
    assert "乙" not in people(data), "a part goes in whole or not at all"
    many = [{"name": str(n)} for n in range(401)]
    assert do(data, "ImportRegister", kind="person", batch=batch, add=many).document["refused"] == (
        "group_too_large"
    )
    incident = do(data, "ImportRegister", kind="incident", batch=new_id(), add=[{"title": "x"}])
    assert incident.document["refused"] == "not_a_register"
    assert do(data, "UndoImport", batch=str(new_id())).document["refused"] == "unknown_import"
    assert do(data, "UndoImport", batch=batch).code == 0
    late = do(data, "ImportRegister", kind="person", batch=batch, add=[{"name": "丁"}])
    assert late.document["refused"] == "import_is_over"


def test_a_messy_list_of_teams_goes_in_and_comes_back_out(data: Path, tmp_path: Path) -> None:
    """Teams, as every register: capabilities are a set, strength has a unit behind it, doubles are known."""
    rows: list[list[Any]] = [
        ["2024年应急队伍一览表", None, None, None, None, None],
        ["队伍名称", "队伍类别", "救援能力", "人数", "值班电话", "主管单位"],
        ["甲示例队", "专业应急救援队伍", None, "45人", 13800000001, "海滨街道"],
        ["乙示例队", None, None, "２０", None, "临江街道"],
        ["甲示例队", "专业应急救援队伍", None, 45, None, "海滨街道"],
    ]
    words = Words("zh_CN")
    rows[2][1] = rows[4][1] = code_label(words, "team_category", "professional")
    rows[3][1] = code_label(words, "team_category", "volunteer")
    rows[2][2] = "、".join(code_label(words, "capability", code) for code in ("power", "municipal"))
    path = workbook(tmp_path / "teams.xlsx", rows)
    done = here("import", "team", path, "--accept", "--data", data)
    assert done.document["counts"] == {"add": 2, "edit": 0, "same": 0, "double": 1, "wrong": 0, "skip": 0}
    teams = {row["name"]: row for row in listed(data, "team")}
    assert teams["甲示例队"]["capabilities"] == ["municipal", "power"]
    assert (teams["甲示例队"]["strength"], teams["乙示例队"]["strength"]) == (45, 20)
    sheet = tmp_path / "out.xlsx"
    assert here("export-register", "team", sheet, "--data", data).document["count"] == 2
    back = here("import", "team", sheet, "--data", data).document
    assert (back["counts"]["same"], back["problems"]) == (2, [])
