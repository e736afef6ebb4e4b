"""The proof of the refusals by script: refused in one sentence, and nothing is written."""

from __future__ import annotations

import json
from typing import Any

import pytest

from db.desk.local import drafts
from tests.cli.terminal import do, here, listed, now
from tests.services.desk import Desk

NOBODY = "00000000-0000-7000-8000-000000000000"


TEXTS = {
    "empty": ("", "required"),
    "blank": (" \t\u3000\n", "required"),
    "nothing to see": ("\u200b\ufeff", "required"),
    "absent": (None, "required"),
    "too long": ("汉" * 4001, "too_long"),
    "far too long": ("𠮷" * 40_000, "too_long"),
    "NUL": ("甲\0乙", "control_character"),
    "carriage return": ("甲\r\n乙", "control_character"),
    "escape": ("甲\x1b[31m乙", "control_character"),
    "delete": ("甲\x7f", "control_character"),
    "C1": ("甲\x85乙", "control_character"),
    "half a surrogate pair": ("甲\ud842", "control_character"),
    "a number": (5, "wrong_type"),
    "a list": (["甲"], "wrong_type"),
}


@pytest.mark.parametrize("language", ["zh_CN", "en"])
@pytest.mark.parametrize("what", TEXTS)
def test_bad_text_is_refused(licheng: Desk, what: str, language: str) -> None:
    text, code = TEXTS[what]
    document = json.dumps({"text": text})
    answer = here("do", "WriteLogEntry", document, "--data", licheng.path, "--lang", language)
    assert answer.code == 2
    assert set(answer.document) == {"refused", "sentence", "field"}
    assert (answer.document["refused"], answer.document["field"]) == (code, "text")
    assert 3 < len(answer.document["sentence"]) < 120
    assert "{" not in answer.document["sentence"]
    with licheng.reading() as connection:
        assert connection.execute("SELECT count(*) FROM log_entry").fetchone() == (0,)


LINE: dict[str, Any] = {"text": "一条"}
INCIDENT: dict[str, Any] = {"title": "内涝", "event_code": "11A01"}
REFUSED: dict[str, tuple[str, dict[str, Any], str, str | None]] = {
    "a time ahead": ("WriteLogEntry", {**LINE, "happened_at": "+150s"}, "in_the_future", "happened_at"),
    "a time far ahead": (
        "WriteLogEntry",
        {**LINE, "happened_at": "9999-12-31T23:59:59Z"},
        "in_the_future",
        "happened_at",
    ),
    "a time before time": (
        "WriteLogEntry",
        {**LINE, "happened_at": "0001-01-01T00:00:00"},
        "wrong_type",
        "happened_at",
    ),
    "a time after time": (
        "WriteLogEntry",
        {**LINE, "happened_at": "9999-12-31T23:59:59-10:00"},
        "wrong_type",
        "happened_at",
    ),
    "no time": ("WriteLogEntry", {**LINE, "happened_at": "12点"}, "wrong_type", "happened_at"),
    "a blank reason": (
        "WriteLogEntry",
        {**LINE, "happened_at": "-3h", "late_reason": " "},
        "late_without_reason",
        "late_reason",
    ),
    "an unknown channel": ("WriteLogEntry", {**LINE, "channel": "pigeon"}, "unknown_code", "channel"),
    "an unknown direction": ("WriteLogEntry", {**LINE, "direction": "up"}, "unknown_code", "direction"),
    "an unknown importance": ("WriteLogEntry", {**LINE, "importance": "!"}, "unknown_code", "importance"),
    "a counterpart of two lines": (
        "WriteLogEntry",
        {**LINE, "counterpart": "甲\n乙"},
        "control_character",
        "counterpart",
    ),
    "too long a counterpart": (
        "WriteLogEntry",
        {**LINE, "counterpart": "甲" * 201},
        "too_long",
        "counterpart",
    ),
    "no incident": ("WriteLogEntry", {**LINE, "incident_id": NOBODY}, "unknown_row", "incident_id"),
    "no id": ("WriteLogEntry", {**LINE, "incident_id": "甲"}, "wrong_type", "incident_id"),
    "a field that is none": ("WriteLogEntry", {**LINE, "colour": "red"}, "unknown_field", "colour"),
    "an end before its begin": (
        "OpenIncident",
        {**INCIDENT, "occurred_at": "-1m", "reported_at": "-2m"},
        "end_before_begin",
        "reported_at",
    ),
    "an incident ahead": (
        "OpenIncident",
        {**INCIDENT, "occurred_at": "+150s"},
        "in_the_future",
        "occurred_at",
    ),
    "an unknown event code": (
        "OpenIncident",
        {**INCIDENT, "event_code": "11Z99"},
        "unknown_code",
        "event_code",
    ),
    "a class that is none": (
        "OpenIncident",
        {**INCIDENT, "event_code": "21A01"},
        "unknown_code",
        "event_code",
    ),
    "no event code": ("OpenIncident", {**INCIDENT, "event_code": ""}, "required", "event_code"),
    "class 14 with a grade": (
        "OpenIncident",
        {**INCIDENT, "event_code": "14A01", "grade": "major"},
        "class_without_grade",
        "grade",
    ),
    "an unknown grade": ("OpenIncident", {**INCIDENT, "grade": "Ⅰ"}, "unknown_code", "grade"),
    "no title": ("OpenIncident", {**INCIDENT, "title": " "}, "required", "title"),
    "too long a title": ("OpenIncident", {**INCIDENT, "title": "甲" * 61}, "too_long", "title"),
    "no such line": ("OpenIncident", {**INCIDENT, "from_entry_id": NOBODY}, "unknown_row", "from_entry_id"),
    "no such street": ("OpenIncident", {**INCIDENT, "street_id": NOBODY}, "unknown_row", "street_id"),
    "no such fact": ("StrikeFact", {"target_id": NOBODY, "reason": "错"}, "unknown_row", "target_id"),
    "no such incident": ("EditIncident", {"id": NOBODY, "fields": {}}, "unknown_row", "id"),
    "nothing to attach": (
        "AttachLine",
        {"incident_id": NOBODY, "entry_id": NOBODY},
        "unknown_row",
        "incident_id",
    ),
    "no such incident to close": ("CloseIncident", {"id": NOBODY}, "unknown_row", "id"),
    "no such incident to reopen": ("ReopenIncident", {"id": NOBODY, "reason": "错"}, "unknown_row", "id"),
    "no such person": ("TakeSeat", {"person_id": NOBODY}, "unknown_row", "person_id"),
    "a log entry as a card": ("AddCard", {"kind": "log_entry", "fields": LINE}, "not_a_register", None),
    "an incident as a card": ("AddCard", {"kind": "incident", "fields": INCIDENT}, "not_a_register", None),
    "no such kind": ("AddCard", {"kind": "boat", "fields": {}}, "unknown_kind", None),
    "no name": ("AddCard", {"kind": "person", "fields": {"roles": []}}, "required", "name"),
    "an unknown role": (
        "AddCard",
        {"kind": "person", "fields": {"name": "甲", "roles": ["emperor"]}},
        "unknown_code",
        "roles",
    ),
    "roles of another shape": (
        "AddCard",
        {"kind": "person", "fields": {"name": "甲", "roles": [["leader"], 5]}},
        "wrong_type",
        "roles",
    ),
    "too small a desk": ("AddCard", {"kind": "desk", "fields": {"number": 0}}, "too_small", "number"),
    "too large a desk": ("AddCard", {"kind": "desk", "fields": {"number": 100}}, "too_large", "number"),
    "no desk at all": ("AddCard", {"kind": "desk", "fields": {"number": 10**30}}, "wrong_type", "number"),
    "a desk's number as text": (
        "AddCard",
        {"kind": "desk", "fields": {"number": "1"}},
        "wrong_type",
        "number",
    ),
    "no such card": (
        "EditCard",
        {"kind": "person", "id": NOBODY, "fields": {"name": "甲"}},
        "unknown_row",
        None,
    ),
    "no such card to retire": ("RetireCard", {"kind": "person", "id": NOBODY}, "unknown_row", None),
    "a setting out of range": (
        "ChangeSetting",
        {"key": "late_after_s", "value": "5"},
        "not_in_range",
        "value",
    ),
    "a setting that is no number": (
        "ChangeSetting",
        {"key": "late_after_s", "value": "９００"},
        "not_in_range",
        "value",
    ),
    "no such preference": ("SetPreference", {"key": "colour", "value": "red"}, "unknown_setting", "key"),
    "a preference that is none": (
        "SetPreference",
        {"key": "theme", "value": "pink"},
        "unknown_code",
        "value",
    ),
    "a draft of no shape": ("KeepDraft", {"key": "log", "body": "甲"}, "wrong_type", "body"),
    "no such command": ("EraseEverything", {}, "unknown_command", None),
}


def moment(text: object) -> object:
    """ "+150s", "-3h": from now; anything else as it is."""
    units = {"s": 1, "m": 60, "h": 3600}
    if isinstance(text, str) and text[:1] in "+-" and text[-1:] in units and text[1:-1].isdigit():
        return now(seconds=int(text[:-1]) * units[text[-1]])
    return text


@pytest.mark.parametrize("what", REFUSED)
def test_bad_input_is_refused(licheng: Desk, what: str) -> None:
    command, fields, code, field = REFUSED[what]
    with licheng.reading() as connection:
        before = connection.execute("SELECT count(*), max(seq) FROM journal").fetchone()
    answer = do(licheng.path, command, **{name: moment(value) for name, value in fields.items()})
    assert answer.code == 2, answer
    assert (answer.document["refused"], answer.document.get("field")) == (code, field)
    assert "{" not in answer.document["sentence"]
    with licheng.reading() as connection:
        assert connection.execute("SELECT count(*), max(seq) FROM journal").fetchone() == before


def test_what_only_a_history_can_refuse(licheng: Desk) -> None:
    data = licheng.path

    def refused(command: str, **fields: Any) -> str:
        answer = do(data, command, **fields)
        assert answer.code == 2, answer
        code: str = answer.document["refused"]
        return code

    (line,) = do(data, "WriteLogEntry", text="一条").ids
    (other,) = do(data, "WriteLogEntry", text="另一条").ids
    assert refused("StrikeFact", target_id=line, reason=" ") == "required"
    assert refused("StrikeFact", target_id=line, reason="错", replacement_id=line) == "replaces_itself"
    assert refused("StrikeFact", target_id=line, reason="错", replacement_id=NOBODY) == "unknown_row"
    two = {"replacement_id": other, "replacement_text": "两条"}
    assert refused("StrikeFact", target_id=line, reason="错", **two) == "two_replacements"
    assert refused("StrikeFact", target_id=line, reason="错", replacement_text=" ") == "required"
    (strike,) = do(data, "StrikeFact", target_id=line, reason="错").ids
    assert refused("StrikeFact", target_id=line, reason="错") == "already_struck"
    assert refused("StrikeFact", target_id=strike, reason="错") == "cannot_be_struck"

    incident, event = do(data, "OpenIncident", title="内涝", event_code="11A01").ids
    assert refused("EditIncident", id=incident, fields={"state": "closed"}) == "not_edited_here"
    assert refused("EditIncident", id=incident, fields={"number": "SJ-1"}) == "not_edited_here"
    assert refused("EditIncident", id=incident, fields={"colour": "red"}) == "unknown_field"
    assert refused("EditIncident", id=incident, fields={"event_code": "99"}) == "unknown_code"
    assert refused("EditIncident", id=incident, fields={"occurred_at": "昨天"}) == "wrong_type"
    assert refused("EditIncident", id=incident, fields={"occurred_at": now(hours=1)}) == "in_the_future"
    later = now(minutes=1)
    assert refused("EditIncident", id=incident, fields={"occurred_at": later}) == "end_before_begin"
    (inside,) = do(data, "WriteLogEntry", text="事件里的一条", incident_id=incident).ids
    assert refused("AttachLine", incident_id=incident, entry_id=inside) == "already_there"
    assert refused("AttachLine", incident_id=incident, entry_id=event) == "unknown_row"
    assert refused("ReopenIncident", id=incident, reason="错") == "incident_is_open"
    assert refused("CloseIncident", id=incident, base=NOBODY) == "stale"
    assert do(data, "CloseIncident", id=incident).code == 0
    assert refused("CloseIncident", id=incident) == "incident_is_closed"
    assert refused("EditIncident", id=incident, fields={"place": "别处"}) == "incident_is_closed"
    assert refused("ReopenIncident", id=incident, reason=" ") == "required"
    streets = [row for row in listed(data, "organisation") if row["level"] == "street"]
    astray = listed(data, "organisation", f"parent_id={streets[1]['id']}")[0]
    place = {"street_id": streets[0]["id"], "community_id": astray["id"]}
    assert refused("OpenIncident", **INCIDENT, **place) == "not_in_that_street"

    (unit,) = do(
        data, "AddCard", kind="organisation", fields={"name": "甲", "level": "unit", "code": "1"}
    ).ids
    assert refused("EditCard", kind="organisation", id=unit, fields={"code": "2"}) == "already_set"
    (person,) = do(data, "AddCard", kind="person", fields={"name": "甲", "roles": ["wall"]}).ids
    assert do(data, "TakeSeat", person_id=person).code == 0
    assert refused("WriteLogEntry", text="屏幕不写字") == "not_allowed"
    assert refused("OpenIncident", **INCIDENT) == "not_allowed"
    assert do(data, "TakeSeat").code == 0
    assert do(data, "RetireCard", kind="person", id=person).code == 0
    assert refused("TakeSeat", person_id=person) == "retired"
    assert here("verify", "--data", data).document["findings"] == []


def test_a_draft_may_hold_what_a_line_may_not(licheng: Desk) -> None:
    """What is being typed is kept whatever it is: half a character, controls, far too much."""
    body = {"text": "甲\ud842\0\r" + "长" * 30_000}
    answer = here("do", "KeepDraft", json.dumps({"key": "log", "body": body}), "--data", licheng.path)
    assert answer.code == 0, answer
    with licheng.reading() as connection:
        assert drafts(connection)["log"][0] == body
    assert do(licheng.path, "SetPreference", key="layout.log", value="甲").code == 0
    half = json.dumps({"key": "layout.log", "value": "\ud842"})
    assert here("do", "SetPreference", half, "--data", licheng.path).code == 0
