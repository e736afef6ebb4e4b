"""The test of the data that ship: complete trees, true names, known doubts, obvious samples."""

from __future__ import annotations

import csv
import re
from collections import Counter
from importlib.resources import files

import pytest

from commandcenter.domain.codes import (
    CAPABILITIES,
    CHANNELS,
    DIRECTIONS,
    GRADES,
    IMPORTANCE,
    ROLES,
    TEAM_CATEGORIES,
)

Rows = list[dict[str, str]]

HEADS = {
    "event_codes.csv": "code,name,name_en,parent,to_verify,note",
    "event_codes_common.csv": "code",
    "licheng/organisations.csv": "code,name,name_en,kind,parent_code,pinyin_hint,source",
    "licheng/persons.csv": "code,name,role,phone,organisation_code,sample",
    "sample_log.csv": (
        "minute_offset,channel,direction,counterpart,importance,text,incident_key,strikes,reason"
    ),
    "sample_teams.csv": "code,name,category,capabilities,strength",
    "sample_incidents.csv": (
        "key,minute_offset,event_code,grade,title,street_code,community_code,place,known,to_verify,closed_after"
    ),
}

# Streets and communities of the district, in the order of their codes (statistics to 2023-06-30).
COMMUNITIES = {
    "海滨街道": "金山 笋浯 水门 东鲁 新门 海清 涂门 金洲",
    "临江街道": "伍堡 隘南 溪亭 幸福 新桥 聚宝 跃进",
    "鲤中街道": "新峰 和平 清正 东门 清华 西郊 东华 通政 升平 升文 百源 促进",
    "开元街道": "梅山 新春 东北 梅峰 刺桐 东升 华新 泉山 双塔 红梅 开元 西湖 北山",
    "浮桥街道": "浮桥 新步 延陵 坂头 田中 黄石 金浦 东边 岐山 仙景 滨江",
    "江南街道": "锦美 火炬 登峰 亭店 乌石 王宫 东浦 霞洲 明光",
    "金龙街道": "金炳 石崎 高山 后坑 古店 玉霞 赤土 坑头 曾林 龙岭 金峰",
    "常泰街道": "五星 仙塘 新塘 锦田 华星 华塑 上村 树兜 下店 路边",
}
# The last three digits of the community codes; in the other streets they count from 1 without a gap.
GAPS = {
    "浮桥街道": [1, *range(5, 15)],
    "江南街道": [1, 2, 18, 19, 20, 24, 25, 26, 27],
}
RECONSTRUCTED = {"11A06", "11A51", "11A52", "11A53", "11A54"}
FROM_LATER_LISTS = {"11B19", "11B20", "11B21", "11B22", "11E06"}


def raw(name: str) -> bytes:
    return files("resources").joinpath("reference", *name.split("/")).read_bytes()


def rows(name: str) -> Rows:
    return list(csv.DictReader(raw(name).decode("utf-8").splitlines(keepends=True)))


@pytest.fixture(scope="module")
def organisations() -> Rows:
    return rows("licheng/organisations.csv")


@pytest.fixture(scope="module")
def events() -> dict[str, dict[str, str]]:
    return {row["code"]: row for row in rows("event_codes.csv")}


@pytest.fixture(scope="module")
def log() -> Rows:
    return rows("sample_log.csv")


@pytest.fixture(scope="module")
def incidents() -> Rows:
    return rows("sample_incidents.csv")


@pytest.mark.parametrize("name", HEADS)
def test_every_file_is_plain(name: str) -> None:
    data = raw(name)
    assert not data.startswith(b"\xef\xbb\xbf") and b"\r" not in data and data.endswith(b"\n")
    head = HEADS[name].split(",")
    records = list(csv.reader(data.decode("utf-8").splitlines(keepends=True), strict=True))
    assert records[0] == head and len(records) > 1
    assert {len(record) for record in records} == {len(head)}
    cells = [cell for record in records for cell in record]
    assert [cell for cell in cells if cell != cell.strip()] == []
    # Control characters but the line feed would be refused by the program's own fields.
    assert [cell for cell in cells if re.search(r"[\x00-\x09\x0b-\x1f\x7f]", cell)] == []


def test_codes_are_unique() -> None:
    for name in (name for name, head in HEADS.items() if head.startswith("code")):
        codes = [row["code"] for row in rows(name)]
        assert len(codes) == len(set(codes)), name


def test_the_district_is_complete(organisations: Rows) -> None:
    kinds = Counter(row["kind"] for row in organisations)
    assert (kinds["district"], kinds["street"], kinds["community"]) == (1, 8, 81)
    assert set(kinds) == {"district", "street", "community", "unit"}
    assert organisations[0]["code"] == "350502", "the first row is the district whose desk this is"


def test_every_organisation_hangs_on_its_parent(organisations: Rows) -> None:
    kind_of = {row["code"]: row["kind"] for row in organisations}
    above = {"street": "district", "community": "street", "unit": "district"}
    digits = {"district": 6, "street": 9, "community": 12}
    for row in organisations:
        code, kind, parent = row["code"], row["kind"], row["parent_code"]
        if kind == "unit":
            assert re.fullmatch(r"350502-[A-Z0-9]+", code) and len(code) <= 20
        else:
            assert re.fullmatch(rf"350502\d{{{digits[kind] - 6}}}", code), code
            assert code.startswith(parent)
        assert (kind_of.get(parent) if parent else None) == above.get(kind), code


def test_the_communities_are_the_real_ones(organisations: Rows) -> None:
    streets = {row["code"]: row["name"] for row in organisations if row["kind"] == "street"}
    found: dict[str, list[str]] = {name: [] for name in streets.values()}
    numbers: dict[str, list[int]] = {name: [] for name in streets.values()}
    for row in organisations:
        if row["kind"] == "community":
            found[streets[row["parent_code"]]].append(row["name"])
            numbers[streets[row["parent_code"]]].append(int(row["code"][9:]))
    assert list(streets) == [f"35050200{n}" for n in range(1, 9)]
    assert [len(names) for names in found.values()] == [8, 7, 12, 13, 11, 9, 11, 10]
    assert found == {street: [f"{c}社区" for c in names.split()] for street, names in COMMUNITIES.items()}
    assert numbers == {street: GAPS.get(street, [*range(1, len(c) + 1)]) for street, c in found.items()}


def test_english_and_pinyin_say_the_same(organisations: Rows) -> None:
    suffix = {"street": ("jie dao", " Sub-district"), "community": ("she qu", " Community")}
    for row in organisations:
        assert row["name_en"] and row["name_en"].isascii() and row["source"]
        syllables = row["pinyin_hint"].split()
        assert len(syllables) == len(row["name"]) and all(re.fullmatch("[a-z]+", s) for s in syllables)
        if row["kind"] in suffix:
            sound, word = suffix[row["kind"]]
            stem = row["pinyin_hint"].removesuffix(" " + sound)
            assert row["name_en"] == stem.replace(" ", "").capitalize() + word
    assert next(r["name_en"] for r in organisations if r["name"] == "曾林社区") == "Zenglin Community"


def test_event_codes_are_a_closed_tree(events: dict[str, dict[str, str]]) -> None:
    assert {code[:2] for code in events} == {"11", "12", "13", "14"}
    assert list(events) == sorted(events)
    for code, row in events.items():
        assert re.fullmatch(r"\d\d[0A-Z]\d\d", code)
        if code.endswith("000"):
            assert row["parent"] == ""
        else:
            assert row["parent"] == (code[:2] + "000" if code.endswith("00") else code[:3] + "00")
            assert row["parent"] in events
    assert [code for code in events if code.endswith("000")] == ["11000", "12000", "13000", "14000"]
    assert len(events) == 374


def test_event_codes_have_good_english(events: dict[str, dict[str, str]]) -> None:
    for code, row in events.items():
        english = row["name_en"]
        assert row["name"] and re.fullmatch(r"[A-Z][A-Za-z ,'-]+", english) and len(english) <= 64, code
        if row["parent"]:
            # 增值税发票及其他票证案 names a kind and others of it; all the rest are a table's remainder.
            other = re.search("(?<!及)其[它他]", row["name"]) is not None
            assert english.startswith("Other ") == other, (code, row["name"], english)
    twice = [name for name, n in Counter(row["name_en"] for row in events.values()).items() if n > 1]
    assert twice == []
    assert events["11A01"]["name_en"] == "Flood" and events["12P13"]["name_en"] == "Building collapse"


def test_what_is_to_be_verified_is_exactly_what_is_known(events: dict[str, dict[str, str]]) -> None:
    assert {row["to_verify"] for row in events.values()} == {"0", "1"}
    doubtful = {code for code, row in events.items() if row["to_verify"] == "1"}
    assert doubtful == RECONSTRUCTED | FROM_LATER_LISTS
    for code in doubtful:
        assert events[code]["note"].startswith("later CAP" if code in FROM_LATER_LISTS else "probable")
    # A mended scanning error keeps its note and is no doubt.
    mended = {row["note"] for code, row in events.items() if code not in doubtful}
    assert mended == {"", "name OCR fix", "code OCR fix"}


def test_common_codes_stand_in_the_table(events: dict[str, dict[str, str]]) -> None:
    common = [row["code"] for row in rows("event_codes_common.csv")]
    assert set(common) <= set(events) and common == sorted(common)
    assert {"11A02", "11B01", "11B20", "12G99", "12H05", "12P13", "12S00", "14A00"} <= set(common)


def test_sample_persons_are_nobody(organisations: Rows) -> None:
    codes = {row["code"] for row in organisations}
    persons = rows("licheng/persons.csv")
    assert {"duty_chief", "duty_officer", "leader", "street_user"} == {row["role"] for row in persons}
    for n, row in enumerate(persons, 1):
        assert row["name"].startswith("示例") and row["phone"] == f"000-0000-{n:04d}" and row["sample"] == "1"
        assert row["role"] in ROLES and row["organisation_code"] in codes
    assert next(r["organisation_code"] for r in persons if r["role"] == "street_user") == "350502005"


def test_sample_log_uses_codes_that_exist(log: Rows, incidents: Rows) -> None:
    begins = {row["key"]: int(row["minute_offset"]) for row in incidents}
    offsets = [int(row["minute_offset"]) for row in log]
    assert offsets == sorted(offsets) and offsets[0] == 0 and offsets[-1] <= 840
    for row in log:
        assert row["channel"] in CHANNELS and row["direction"] in DIRECTIONS
        assert row["importance"] in IMPORTANCE and row["text"] and row["counterpart"]
        if row["incident_key"]:
            assert int(row["minute_offset"]) >= begins[row["incident_key"]]
    assert {row["incident_key"] for row in log} == {*begins, ""}
    # Every incident is opened from a line of the same minute.
    first = {row["incident_key"]: int(row["minute_offset"]) for row in reversed(log)}
    assert {key: first[key] for key in begins} == begins
    assert {row["importance"] for row in log} == set(IMPORTANCE)


def test_two_lines_strike_an_earlier_one(log: Rows) -> None:
    strikes = [(n, row) for n, row in enumerate(log, 1) if row["strikes"] or row["reason"]]
    assert len(strikes) == 2
    for n, row in strikes:
        target = log[int(row["strikes"]) - 1]
        assert int(row["strikes"]) < n and row["reason"] and row["text"] != target["text"]
        assert row["incident_key"] == target["incident_key"] and not target["strikes"]


def test_sample_incidents_use_codes_that_exist(
    incidents: Rows, events: dict[str, dict[str, str]], organisations: Rows, log: Rows
) -> None:
    tree = {row["code"]: row for row in organisations}
    assert len({row["key"] for row in incidents}) == len(incidents) == 7
    for row in incidents:
        assert row["event_code"] in events and not row["event_code"].startswith("14")
        assert row["grade"] in GRADES
        assert tree[row["street_code"]]["kind"] == "street" and row["place"].startswith("某")
        if row["community_code"]:
            assert tree[row["community_code"]]["parent_code"] == row["street_code"]
        assert 0 < len(row["title"]) <= 60 and row["known"]
        if row["closed_after"]:
            closed = int(row["minute_offset"]) + int(row["closed_after"])
            last = max(int(line["minute_offset"]) for line in log if line["incident_key"] == row["key"])
            assert last < closed <= 840, "nothing is written into a closed incident"
    by_grade = Counter(row["grade"] for row in incidents)
    assert by_grade["major"] == 1 and by_grade["larger"] >= 1
    assert any(row["to_verify"] for row in incidents) and any(not row["closed_after"] for row in incidents)


def test_samples_hold_no_real_phone_or_person(log: Rows, incidents: Rows) -> None:
    for row in (*log, *incidents, *rows("licheng/persons.csv")):
        for value in (v for k, v in row.items() if not k.endswith("code")):
            assert not re.search(r"\d{6,}", value.replace("-", "").replace("0000000", "")), value
            for phone in re.findall(r"\d+-\d+-\d+", value):
                assert phone.startswith("000-0000-")
            assert "先生" not in value and "女士" not in value


def test_samples_hold_the_awkward_and_legal(log: Rows) -> None:
    texts = [row["text"] for row in log]
    assert any("😥" in text for text in texts) and any("𠮷" in text for text in texts)
    assert any("㐂" in text for text in texts) and any(re.search("[０-９]", text) for text in texts)
    assert any("\n" in text for text in texts)


def test_sample_teams_are_as_many_as_the_plan_counts_and_plainly_marked() -> None:
    teams = rows("sample_teams.csv")
    assert [row["code"] for row in teams] == [str(n) for n in range(1, 49)]
    assert all(row["name"].startswith("示例") for row in teams)
    assert len({row["name"] for row in teams}) == 48
    assert {row["category"] for row in teams} == set(TEAM_CATEGORIES)
    assert {code for row in teams for code in row["capabilities"].split()} <= set(CAPABILITIES)
    assert all(int(row["strength"]) > 0 for row in teams)
