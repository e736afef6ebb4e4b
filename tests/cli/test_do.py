"""The proof of the commands by script: each one's happy path, each refusal, and text kept as it was typed."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from commandcenter.domain.clock import parse_instant
from commandcenter.runtime import DataDirectory, new_id, open_workplace
from commandcenter.services.command import COMMANDS
from db.desk import outbox
from db.desk.exchange import Taken
from db.queries.shelters import shelters_now
from tests.cli.terminal import do, here, listed, now, process
from tests.services.desk import Desk


@pytest.fixture
def data(licheng: Desk) -> Path:
    """A Licheng desk's directory."""
    return licheng.path


def test_every_command_is_exercised_below() -> None:
    source = Path(__file__).read_text(encoding="utf-8")
    assert {name for name in COMMANDS if f'"{name}"' not in source} == set()


# --- the happy paths


def test_a_line(data: Path) -> None:
    (id_,) = do(
        data,
        "WriteLogEntry",
        text="东湖路积水约40厘米",
        channel="phone",
        direction="incoming",
        counterpart="王某",
        importance="urgent",
    ).ids
    (row,) = listed(data, "log_entry")
    assert row["id"] == id_
    assert (row["text"], row["channel"], row["direction"]) == ("东湖路积水约40厘米", "phone", "incoming")
    assert (row["counterpart"], row["importance"], row["struck_id"]) == ("王某", "urgent", None)
    (desk,) = listed(data, "desk")
    assert row["typed_desk_id"] == desk["id"]
    assert row["scope_id"] == desk["organisation_id"]
    assert row["happened_at"] == row["typed_at"]
    assert timedelta(0) <= datetime.now(UTC) - parse_instant(row["typed_at"]) < timedelta(minutes=1)


def test_a_line_dated_back(data: Path) -> None:
    at = now(hours=-3)
    refused = do(data, "WriteLogEntry", text="补记", happened_at=at)
    assert (refused.code, refused.document["refused"], refused.document["field"]) == (
        2,
        "late_without_reason",
        "late_reason",
    )
    assert "30" in refused.document["sentence"]
    assert do(data, "WriteLogEntry", text="补记", happened_at=at, late_reason="停电").code == 0
    (row,) = listed(data, "log_entry")
    assert (row["happened_at"], row["late_reason"]) == (at, "停电")
    assert do(data, "WriteLogEntry", text="一刻钟前", happened_at=now(minutes=-15)).code == 0
    assert do(data, "WriteLogEntry", text="表快了一分钟", happened_at=now(minutes=1)).code == 0


def test_a_strike_with_its_replacement(data: Path) -> None:
    (target,) = do(data, "WriteLogEntry", text="积水40厘米").ids
    replacement, strike = do(
        data, "StrikeFact", target_id=target, reason="数字写错", replacement_text="积水14厘米"
    ).ids
    rows = {row["id"]: row for row in listed(data, "log_entry")}
    assert rows[target]["text"] == "积水40厘米", "both stay"
    assert rows[target]["struck_id"] == strike
    assert rows[replacement]["text"] == "积水14厘米"
    assert rows[replacement]["happened_at"] == rows[target]["happened_at"]
    (stored,) = listed(data, "strike")
    assert (stored["target_id"], stored["replacement_id"], stored["reason"]) == (
        target,
        replacement,
        "数字写错",
    )


def test_an_incident_from_a_line_to_its_end(data: Path) -> None:
    (line,) = do(data, "WriteLogEntry", text="东湖路积水").ids
    street = next(row for row in listed(data, "organisation") if row["level"] == "street")
    community = listed(data, "organisation", f"parent_id={street['id']}")[0]
    incident, event = do(
        data,
        "OpenIncident",
        title="东湖路内涝",
        event_code="11A01",
        grade="ordinary",
        street_id=street["id"],
        community_id=community["id"],
        place="东湖路",
        known="一车被困",
        to_verify="有无人员伤亡",
        from_entry_id=line,
    ).ids
    (row,) = listed(data, "incident")
    today = datetime.now(UTC).astimezone().strftime("%Y")
    assert row["number"].startswith(f"SJ-{today}")
    assert row["number"].endswith("-1-01")
    assert (row["id"], row["state"], row["reported_at"]) == (
        incident,
        "open",
        listed(data, "log_entry")[0]["happened_at"],
    )
    assert listed(data, "incident_event")[0]["id"] == event

    assert do(data, "EditIncident", id=incident, fields={"grade": "larger", "place": "东湖路北段"}).code == 0
    assert do(data, "EditIncident", id=incident, fields={"place": "东湖路北段"}).document == {
        "ids": [],
        "changes": 0,
    }
    assert do(data, "EditIncident", id=incident, fields={"event_code": "11A02"}).code == 0
    (other,) = do(data, "WriteLogEntry", text="交警到场").ids
    assert do(data, "AttachLine", incident_id=incident, entry_id=other).code == 0
    assert do(data, "CloseIncident", id=incident, reason="水已退").code == 0
    assert listed(data, "incident")[0]["state"] == "closed"
    assert listed(data, "incident")[0]["closed_at"] is not None
    assert do(data, "ReopenIncident", id=incident, reason="又积水").code == 0
    assert listed(data, "incident")[0]["closed_at"] is None
    events = [row["event"] for row in listed(data, "incident_event")]
    assert events == ["opened", "graded", "reclassified", "attached", "closed", "reopened"]
    assert here("verify", "--data", data).document["sound"] is True


def test_registers_and_the_desk(data: Path) -> None:
    (unit,) = do(data, "AddCard", kind="organisation", fields={"name": "测试单位", "level": "unit"}).ids
    assert do(data, "EditCard", kind="organisation", id=unit, fields={"name": "测试单位二"}).code == 0
    assert do(data, "RetireCard", kind="organisation", id=unit).code == 0
    (row,) = listed(data, "organisation", f"id={unit}")
    assert (row["name"], row["retired"]) == ("测试单位二", True)
    assert do(data, "RetireCard", kind="organisation", id=unit, retired=False).code == 0
    assert do(data, "ChangeSetting", key="late_after_s", value="600", source="区局").code == 0
    assert do(data, "WriteLogEntry", text="晚了", happened_at=now(minutes=-15)).document["refused"] == (
        "late_without_reason"
    )
    assert do(data, "ChangeSetting", key="motto", value="快").code == 0
    assert {row["key"]: row["value"] for row in listed(data, "setting")} == {
        "idle_after_s": "600",
        "late_after_s": "600",
        "motto": "快",
        "welfare_after_s": "1200",
    }
    (person,) = do(
        data, "AddCard", kind="person", fields={"name": "测试员", "roles": ["leader", "duty_officer"]}
    ).ids
    seated = do(data, "TakeSeat", person_id=person).document
    (event,) = listed(data, "access_event")
    assert seated == {"ids": [event["id"]], "changes": 1}
    assert (event["action"], event["typed_by_id"]) == ("signed_in", person)
    (line,) = do(data, "WriteLogEntry", text="有人值守").ids
    assert listed(data, "log_entry", f"id={line}")[0]["typed_by_id"] == person
    assert do(data, "TakeSeat").code == 0
    for key, value in (("language", "en"), ("theme", "light"), ("scale", 150), ("layout.log", [1, 2])):
        assert do(data, "SetPreference", key=key, value=value).code == 0
    assert do(data, "KeepDraft", key="log", body={"text": "半句"}).code == 0
    assert do(data, "KeepDraft", key="log").code == 0
    assert here("verify", "--data", data).document["findings"] == []


def test_a_card_given_nothing_for_what_has_a_default_is_sound(data: Path) -> None:
    fields = {
        "name": "测试员",
        "roles": ["leader", "duty_officer", "leader"],
        "retired": None,
        "sample": None,
    }
    (id_,) = do(data, "AddCard", kind="person", fields=fields).ids
    (row,) = listed(data, "person", f"id={id_}")
    assert (row["roles"], row["retired"], row["sample"]) == (["duty_officer", "leader"], False, False)
    assert do(data, "EditCard", kind="person", id=id_, fields={"roles": None, "sample": None}).code == 0
    (row,) = listed(data, "person", f"id={id_}")
    assert (row["roles"], row["sample"]) == ([], False)
    assert here("verify", "--data", data).document["findings"] == []


def test_leaving_the_chair(data: Path) -> None:
    (person,) = do(data, "AddCard", kind="person", fields={"name": "甲", "roles": ["duty_chief"]}).ids
    assert do(data, "TakeSeat", person_id=person).code == 0
    assert do(data, "HideNames").document["changes"] == 0, "without passwords nothing is recorded"
    (line,) = do(data, "WriteLogEntry", text="有人值守").ids
    assert listed(data, "log_entry", f"id={line}")[0]["typed_by_id"] == person
    nobody_locked = do(data, "ReleaseLockout", person_id=str(new_id()))
    assert nobody_locked.document["refused"] == "unknown_row"
    assert do(data, "ReleaseLockout", person_id=person).document["refused"] == "not_allowed"
    assert do(data, "SignOut").code == 0
    (line,) = do(data, "WriteLogEntry", text="无人值守").ids
    assert listed(data, "log_entry", f"id={line}")[0]["typed_by_id"] is None
    assert [event["action"] for event in listed(data, "access_event")] == ["signed_in", "signed_out"]


def test_a_field_with_several_values(data: Path) -> None:
    incident, _ = do(data, "OpenIncident", title="内涝", event_code="11A01").ids
    for place in ("东街", "西街"):
        edit: dict[str, Any] = {"fields": {"place": place}, "bases": {"place": []}}
        assert do(data, "EditIncident", id=incident, **edit).code == 0
    heads = listed(data, "incident")[0]["heads"]["place"]
    assert len(heads) == 2
    choice = {"kind": "incident", "id": incident, "field": "place", "value": "东街", "bases": heads}
    assert do(data, "ChooseValue", **choice).code == 0
    (row,) = listed(data, "incident")
    assert (row["place"], len(row["heads"]["place"])) == ("东街", 1)
    assert do(data, "PutAside", clash_id=str(new_id())).code == 0


def test_a_reading(data: Path) -> None:
    reading = {"station_id": str(new_id()), "quantity": "level", "observed_at": now(minutes=-5)}
    assert do(data, "EnterReading", value=3120, **reading).code == 0
    assert do(data, "EnterReading", value=3120, **reading).code == 0
    assert do(data, "EnterReading", value=3120, **{**reading, "quantity": "mood"}).code == 2


def test_two_replacements_of_one_line(data: Path) -> None:
    (wrong,) = do(data, "WriteLogEntry", text="死亡3人").ids
    strike = do(data, "StrikeFact", target_id=wrong, reason="口误", replacement_text="受伤3人").ids
    (other,) = do(data, "WriteLogEntry", text="受伤2人").ids
    kept = do(data, "KeepReplacement", keep_id=strike[0], others=[other], reason="以此为准")
    assert kept.code == 0
    assert [bool(row["struck_id"]) for row in listed(data, "log_entry", f"id={other}")] == [True]


def test_a_part_of_a_table(data: Path) -> None:
    batch = new_id()
    part = do(data, "ImportRegister", kind="person", batch=batch, add=[{"name": "甲子"}, {"name": "乙丑"}])
    assert part.document["changes"] == 3, "two cards, and a line in the audit trail"
    assert do(data, "UndoImport", batch=batch).document["changes"] == 3
    added = [row["retired"] for row in listed(data, "person") if row["name"] in ("甲子", "乙丑")]
    assert added == [True, True]


def test_what_the_centre_refused(licheng: Desk) -> None:
    data = licheng.path
    (line,) = do(data, "WriteLogEntry", text="中心退回的一条").ids
    with licheng.working() as workplace:
        now = licheng.clock.now()
        workplace.exchange(lambda c, _: Taken(outbox.refuse(c, UUID(line), "not_your_scope", {}, now)))
    assert listed(data, "log_entry") == []
    assert do(data, "ResendRefused", group_id=line).code == 0
    assert [row["text"] for row in listed(data, "log_entry")] == ["中心退回的一条"]
    assert do(data, "AnswerRefusal", group_id=line, answered=False).code == 0
    assert here("verify", "--data", data).document["findings"] == []


# --- kept exactly as typed

AS_TYPED = {
    "emoji": "现场😀👨‍👩‍👧🇨🇳",
    "rare characters": "𠮷野家、㐂寿司、䶮、\U00030000",
    "full-width digits": "水位１２３．５米 ＡＢＣ",
    "bidi marks": "甲\u202e乙\u202c丙\u2066丁\u2069\u200f\u200e",
    "line breaks": "第一行\n第二行\n\n第四行\n",
    "tabs and spaces": "\t甲\t乙  丙\u3000丁 ",
    "quotes": "\"'\\%_$`;--<b>&amp;{text}",
    "combining": "e\u0301 \u1100\u1161 \ufb01 ㈱ ﹏",
    "invisible": "甲\u200b\u200d\ufeff\u00ad乙\u2028丙",
    "longest": "汉" * 4000,
    "longest of astral": "𠮷" * 4000,
}


@pytest.mark.parametrize("what", AS_TYPED)
def test_text_is_kept_exactly_as_typed(data: Path, what: str) -> None:
    text = AS_TYPED[what]
    assert do(data, "WriteLogEntry", text=text).code == 0
    (row,) = listed(data, "log_entry")
    assert row["text"].encode() == text.encode()
    assert here("verify", "--data", data).document["sound"] is True


def test_a_process_of_its_own_keeps_them_too(data: Path) -> None:
    text = "".join(AS_TYPED[what] for what in AS_TYPED if "longest" not in what)
    document = json.dumps({"text": text}, ensure_ascii=False).encode()
    assert process(["do", "WriteLogEntry", "-", "--data", data], stdin=document).code == 0
    assert process(["list", "log_entry", "--json", "--data", data]).rows[0]["text"] == text


# --- teams


def team(data: Path, name: str = "常泰消防站", **more: Any) -> str:
    """A team's id."""
    fields = {"name": name, "category": "comprehensive", "strength": 32, **more}
    return do(data, "AddCard", kind="team", fields=fields).ids[0]


def test_a_team_is_sent_and_comes_back(data: Path) -> None:
    (incident, _) = do(data, "OpenIncident", title="内涝", event_code="11A01").ids
    one, two = team(data), team(data, "市政排涝队")
    first, _ = do(data, "DispatchTeam", incident_id=incident, team_ids=[one, two], note="带泵").ids
    steps = {row["id"]: row for row in listed(data, "deployment_step")}
    assert {row["team_id"] for row in steps.values()} == {one, two}
    assert (steps[first]["step"], steps[first]["strength"], steps[first]["note"]) == ("ordered", 32, "带泵")
    deployment = steps[first]["deployment_id"]
    for due in ("acknowledged", "under_way", "arrived", "working", "returned"):
        (made,) = do(data, "AdvanceDeployment", deployment_id=deployment).ids
        rows = {row["id"]: row for row in listed(data, "deployment_step")}
        assert rows[made]["step"] == due
        assert rows[made]["incident_id"] == incident
    over = do(data, "AdvanceDeployment", deployment_id=deployment)
    assert (over.code, over.document["refused"]) == (2, "deployment_is_over")


def test_a_busy_team_goes_only_knowingly(data: Path) -> None:
    (incident, _) = do(data, "OpenIncident", title="内涝", event_code="11A01").ids
    (other, _) = do(data, "OpenIncident", title="围挡倒塌", event_code="11A01").ids
    one = team(data)
    (first,) = do(data, "DispatchTeam", incident_id=incident, team_ids=[one]).ids
    busy = do(data, "DispatchTeam", incident_id=other, team_ids=[one])
    assert (busy.code, busy.document["refused"], busy.document["field"]) == (2, "team_busy", "team_ids")
    assert "常泰消防站" in busy.document["sentence"]
    there = do(data, "DispatchTeam", incident_id=incident, team_ids=[one], knowingly=True)
    assert there.document["refused"] == "team_is_there"
    (second,) = do(data, "DispatchTeam", incident_id=other, team_ids=[one], knowingly=True).ids
    rows = {row["id"]: row for row in listed(data, "deployment_step")}
    assert (rows[first]["knowingly"], rows[second]["knowingly"]) == (False, True)
    assert len(rows) == 2, "the first job stays open"


def test_a_team_is_stood_down(data: Path) -> None:
    (incident, _) = do(data, "OpenIncident", title="内涝", event_code="11A01").ids
    do(data, "DispatchTeam", incident_id=incident, team_ids=[team(data)])
    deployment = listed(data, "deployment_step")[0]["deployment_id"]
    refused = do(data, "CancelDeployment", deployment_id=deployment, reason=" ")
    assert (refused.document["refused"], refused.document["field"]) == ("required", "reason")
    early = do(data, "AdvanceDeployment", deployment_id=deployment, happened_at=now(minutes=-9))
    assert early.document["refused"] == "step_before_last"
    back = do(data, "AdvanceDeployment", deployment_id=deployment, step="ordered")
    assert back.document["refused"] == "step_not_ahead"
    assert do(data, "CancelDeployment", deployment_id=deployment, reason="积水已退").code == 0
    assert listed(data, "deployment_step")[-1]["note"] == "积水已退"
    unknown = do(data, "AdvanceDeployment", deployment_id=incident)
    assert unknown.document["refused"] == "unknown_row"


def test_a_level_is_told_of_a_station(data: Path) -> None:
    fields = {"name": "金鸡", "station_kind": "river"}
    (station,) = do(data, "AddCard", kind="station", fields=fields).ids
    (made,) = do(data, "TellLevel", station_id=station, value=5_310, told_by="护堤员").ids
    (row,) = listed(data, "told_level")
    assert (row["id"], row["value"], row["quantity"], row["told_by"]) == (made, 5_310, "level", "护堤员")
    for said, code in (
        ({"station_id": made}, "unknown_row"),
        ({"quantity": "mood"}, "unknown_code"),
        ({"value": 9_000_001}, "not_in_range"),
        ({"happened_at": now(minutes=9)}, "in_the_future"),
    ):
        asked = {"station_id": station, "value": 5_310, **said}
        assert do(data, "TellLevel", **asked).document["refused"] == code
    assert do(data, "StrikeFact", target_id=made, reason="听误").code == 0


def test_a_team_in_the_field_is_asked_how_it_is(data: Path) -> None:
    (incident, _) = do(data, "OpenIncident", title="内涝", event_code="11A01").ids
    do(data, "DispatchTeam", incident_id=incident, team_ids=[team(data)])
    deployment = listed(data, "deployment_step")[0]["deployment_id"]
    (made,) = do(data, "CheckWelfare", deployment_ids=[deployment], note="人员平安").ids
    (row,) = listed(data, "welfare_check")
    assert (row["id"], row["outcome"], row["incident_id"]) == (made, "answered", incident)
    for said, code in (
        ({"deployment_ids": []}, "required"),
        ({"deployment_ids": [incident]}, "unknown_row"),
        ({"deployment_ids": [deployment], "outcome": "perhaps"}, "unknown_code"),
        ({"deployment_ids": [deployment] * 2, "happened_at": now(minutes=9)}, "in_the_future"),
    ):
        assert do(data, "CheckWelfare", **said).document["refused"] == code
    do(data, "CancelDeployment", deployment_id=deployment, reason="积水已退")
    assert do(data, "CheckWelfare", deployment_ids=[deployment]).document["refused"] == "deployment_is_over"


def test_a_time_that_nobody_doubts_is_not_confirmed(data: Path) -> None:
    (line,) = do(data, "WriteLogEntry", text="一条").ids
    assert do(data, "ConfirmTime", target_id=line).document["refused"] == "time_not_doubtful"
    unknown = do(data, "ConfirmTime", target_id="00000000-0000-0000-0000-000000000001")
    assert unknown.document["refused"] == "unknown_row"


def shelter(data: Path, name: str = "新春小学避灾点", **more: Any) -> str:
    fields = {"name": name, "shelter_class": "disaster", "shelter_grade": "a", "capacity": 50, **more}
    id_: str = do(data, "AddCard", kind="shelter", fields=fields).ids[0]
    return id_


def people_in(data: Path) -> list[tuple[str, int]]:
    workplace = open_workplace(DataDirectory(data), "empty")
    try:
        found = shelters_now(workplace.connection).shelters
        return [(one.state, one.people) for one in found if not one.values["source"]]  # not the plan's own
    finally:
        workplace.close()


def test_a_shelter_fills_and_empties(data: Path) -> None:
    (incident, _) = do(data, "OpenIncident", title="内涝", event_code="11A01").ids
    one = shelter(data)
    closed = do(data, "CountHeads", shelter_id=one, people=3)
    assert (closed.document["refused"], "新春" in closed.document["sentence"]) == ("shelter_is_closed", True)
    assert do(data, "OpenShelters", shelter_ids=[one], incident_id=incident).code == 0
    assert do(data, "OpenShelters", shelter_ids=[one]).document["refused"] == "shelter_is_open"
    assert do(data, "OpenShelters", shelter_ids=[]).document["refused"] == "required"
    assert do(data, "MovePeople", shelter_id=one, flow="in", people=30).code == 0
    assert do(data, "CountHeads", shelter_id=one, people=28, elderly=9, children=4).code == 0
    too_many = do(data, "CountHeads", shelter_id=one, people=28, elderly=29)
    assert (too_many.document["refused"], too_many.document["field"]) == ("too_large", "elderly")
    assert do(data, "MovePeople", shelter_id=one, flow="in", people=30).code == 0
    assert people_in(data) == [("opened", 58)], "more than it is declared for is a fact like any other"
    fewer = do(data, "MovePeople", shelter_id=one, flow="out", people=59)
    assert (fewer.document["refused"], fewer.document["field"]) == ("fewer_inside", "people")
    assert do(data, "MarkShelter", shelter_id=one, step="full").code == 0
    assert do(data, "MarkShelter", shelter_id=one, step="full").document["refused"] == "shelter_is_so"
    assert do(data, "MarkShelter", shelter_id=one, step="open").document["refused"] == "unknown_code"
    assert people_in(data) == [("full", 58)]
    assert do(data, "MarkShelter", shelter_id=one, step="available").code == 0
    inside = do(data, "CloseShelter", shelter_id=one)
    assert (inside.document["refused"], "58" in inside.document["sentence"]) == ("people_inside", True)
    early = do(data, "CloseShelter", shelter_id=one, knowingly=True, happened_at=now(minutes=-90))
    assert early.document["refused"] == "before_it_was_opened"
    assert do(data, "CloseShelter", shelter_id=one, knowingly=True).code == 0
    assert people_in(data) == [("closed", 0)]
    assert listed(data, "shelter_step")[-1]["knowingly"] is True
    do(data, "RetireCard", kind="shelter", id=one)
    assert do(data, "OpenShelters", shelter_ids=[one]).document["refused"] == "shelter_is_retired"


def test_a_struck_count_counts_nowhere(data: Path) -> None:
    one = shelter(data)
    do(data, "OpenShelters", shelter_ids=[one])
    do(data, "CountHeads", shelter_id=one, people=12)
    (wrong,) = do(data, "CountHeads", shelter_id=one, people=120).ids
    assert people_in(data) == [("opened", 120)]
    assert do(data, "StrikeFact", target_id=wrong, reason="听错").code == 0
    assert people_in(data) == [("opened", 12)]


def test_no_team_to_send(data: Path) -> None:
    (incident, _) = do(data, "OpenIncident", title="内涝", event_code="11A01").ids
    assert do(data, "DispatchTeam", incident_id=incident, team_ids=[]).document["refused"] == "required"
    one = team(data)
    do(data, "RetireCard", kind="team", id=one)
    retired = do(data, "DispatchTeam", incident_id=incident, team_ids=[one])
    assert retired.document["refused"] == "team_is_retired"
    assert "常泰消防站" in retired.document["sentence"]
    do(data, "CloseIncident", id=incident)
    closed = do(data, "DispatchTeam", incident_id=incident, team_ids=[team(data, "二队")])
    assert closed.document["refused"] == "incident_is_closed"


def test_of_two_deployments_one_is_kept(data: Path) -> None:
    one = team(data)
    for title in ("内涝", "围挡倒塌"):
        (incident, _) = do(data, "OpenIncident", title=title, event_code="11A01").ids
        assert do(data, "DispatchTeam", incident_id=incident, team_ids=[one], knowingly=True).code == 0
    first, second = (row["deployment_id"] for row in listed(data, "deployment_step"))
    itself = do(data, "KeepDeployment", keep_id=first, others=[first], reason="重复")
    assert itself.document["refused"] == "replaces_itself"
    unknown = do(data, "KeepDeployment", keep_id=first, others=[one], reason="重复")
    assert (unknown.document["refused"], unknown.document["field"]) == ("unknown_row", "others")
    assert do(data, "KeepDeployment", keep_id=second, others=[first], reason="重复").code == 0
    last = listed(data, "deployment_step")[-1]
    assert (last["deployment_id"], last["step"], last["note"]) == (first, "cancelled", "重复")
