"""The proof that one meaning has one form in an entry, and that what is sealed cannot be shifted."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from commandcenter.domain import change as entries
from commandcenter.domain.change import Change, Edit, Grow, check_values, decode, encode, seal, shipped_id
from commandcenter.domain.errors import Refused
from commandcenter.domain.fields import INTEGER_MAX, check, integer
from commandcenter.domain.record import REGISTRY, Situation, make, validate, values_of
from commandcenter.services.reference import is_code

AT = datetime(2026, 7, 28, 6, 31, 40, 123_000, tzinfo=UTC)
IDS = [UUID(f"01890000-0000-7000-8000-00000000000{n}") for n in range(1, 5)]


def entry(**more: Any) -> Change:
    """A change of a setting at a desk."""
    given = {"set": {"key": "a", "value": "b"}, "kind": "setting", **more}
    return Change(id=IDS[0], group=IDS[0], row=IDS[1], device=IDS[2], n=1, at=AT, **given)


def altered(**more: Any) -> bytes:
    """The bytes of :func:`entry` with top-level keys replaced, in canonical JSON but for what was given."""
    raw = json.loads(encode(entry())) | more
    return json.dumps(raw, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def test_the_helper_writes_what_the_program_writes() -> None:
    assert altered() == encode(entry())


@pytest.mark.parametrize(
    "data",
    [
        json.dumps(json.loads(encode(entry())), sort_keys=True).encode(),  # white space
        encode(entry()).replace(b'"v":1', b'"v":1,"v":1'),  # a key twice
        encode(entry()).replace(b'"a"', b'"\\u0061"'),  # escaped without need
        encode(entry()).replace(b"01890000", b"01890000".upper()).replace(b"7000", b"7000") + b" ",
        altered(id=str(IDS[0]).replace("-", "")),
        altered(at="2026-07-28T06:31:40.123456Z"),
        altered(at="20260728T063140.123Z"),
        altered(group=str(IDS[0])),  # said although it is the change's own
        altered(row=str(IDS[0])),
        altered(later="a key of no known format"),
        altered(n=1.0),
        altered(n=True),
        altered(n=0),
        altered(n="1"),
        altered(n=2**53),
        altered(offset=0.5),
        altered(offset=2**60),
        altered(kind=["setting"]),
        altered(set={"key": 1.5}),
        altered(set={"key": 2**53}),
        altered(set={"key": {"#": "00"}}),
        altered(set={"key": {"#": "0" * 64, "salt": ""}}),
        altered(edit={}),  # both
        altered(edit={"roles": {"add": ["b", "a"], "drop": {}}}),
        encode(entry(set=None, edit={"value": Edit(to="x", on=(IDS[0], IDS[1]))})).replace(
            f'"{IDS[0]}","{IDS[1]}"'.encode(), f'"{IDS[1]}","{IDS[0]}"'.encode()
        ),
    ],
    ids=repr,
)
def test_another_form_is_no_entry(data: bytes) -> None:
    assert data != encode(entry())
    with pytest.raises(ValueError):
        decode(data)


def test_neither_set_nor_edit_is_no_entry() -> None:
    with pytest.raises(ValueError):
        decode(encode(replace(entry(), set=None)))


def test_bases_and_adds_are_said_once() -> None:
    twice = entry(set=None, edit={"value": Edit(to="x", on=(IDS[1], IDS[0], IDS[1]))})
    assert encode(twice) == encode(entry(set=None, edit={"value": Edit(to="x", on=(IDS[0], IDS[1]))}))
    grow = {"roles": Grow(add=("wall", "wall"), drop={"leader": (IDS[1], IDS[1])})}
    assert decode(encode(entry(kind="person", set=None, edit=grow))).edit == {
        "roles": Grow(add=("wall",), drop={"leader": (IDS[1],)})
    }


@pytest.mark.parametrize(
    ("kind", "set_", "edit"),
    [
        ("log_entry", {"happened_at": "20260728T063140.123Z"}, None),
        ("log_entry", {"happened_at": "yesterday"}, None),
        ("log_entry", {"happened_at": 5}, None),
        ("log_entry", {"channel": ""}, None),
        ("log_entry", {"channel": None}, None),
        ("log_entry", {"incident_id": "0189000000007000800000000000000a"}, None),
        ("person", {"roles": ["leader", "duty_chief"]}, None),
        ("person", {"roles": ["leader", "leader"]}, None),
        ("person", {"roles": []}, None),
        ("person", {"sample": False}, None),
        ("person", {"sample": 1}, None),
        ("desk", {"number": True}, None),
        ("desk", {"number": "1"}, None),
        ("setting", None, {"value": Edit(to="")}),
        ("setting", None, {"value": Edit(to="x", former="")}),
        ("setting", None, {"value": Grow(add=("x",))}),
        ("person", None, {"roles": Edit(to=["leader"])}),
    ],
)
def test_a_value_in_another_form_is_refused(kind: str, set_: Any, edit: Any) -> None:
    change = decode(encode(entry(kind=kind, set=set_, edit=edit)))
    with pytest.raises(ValueError):
        check_values(REGISTRY[kind], change)


def test_a_newer_programs_field_passes() -> None:
    change = decode(encode(entry(kind="desk", set={"number": 0, "colour": ""}, edit=None)))
    check_values(REGISTRY["desk"], change)


def test_no_text_and_empty_text_are_one() -> None:
    said: dict[str, Any] = {
        "happened_at": AT,
        "text": "x",
        "channel": "",
        "counterpart": "",
        "importance": "",
    }
    values = values_of(make("log_entry", IDS[0], said))
    assert values == values_of(make("log_entry", IDS[0], {"happened_at": AT, "text": "x"}))
    set_, private = entries.seal_created(REGISTRY["log_entry"], values, lambda: bytes(16))
    assert set_.keys() == {"happened_at", "text", "importance"}
    assert private.keys() == {"text"}
    edits, _ = entries.seal_edited(REGISTRY["setting"], {"value": Edit(to="", former="")}, lambda: bytes(16))
    assert edits == {"value": Edit(to=None, former=None)}


def test_the_salt_ends_where_it_ends() -> None:
    """Else the first half of a text with a quotation mark in it could be called its salt."""
    salt, told = bytes(range(16)), '已核实：并未"有人被困'
    whole = json.dumps(told, ensure_ascii=False).encode()
    cut = whole.index(b'\\"') + 1
    assert json.loads(whole[cut:]) == "有人被困"
    assert salt + whole == (salt + whole[:cut]) + whole[cut:]
    with pytest.raises(ValueError, match="salt"):
        seal(salt + whole[:cut], "有人被困")


def test_golden_id_of_a_new_edition_of_a_shipped_row() -> None:
    """Made from row and bytes as the row's own, and based on the edition before it."""
    row = UUID("01890000-0000-7000-8000-0000000000ca")
    first = shipped_id(row, "setting", {"key": "late_after_s", "value": "1800"})
    edit = {"value": Edit(to="3600", former="1800", on=(first,))}
    second = shipped_id(row, "setting", edit=edit)
    assert first == UUID("cf05451b-70c1-5cd8-8630-622e5e6b4048")
    assert second == UUID("4d64a2c9-3da7-51da-9486-fc412610b461")
    read = decode(encode(Change(id=second, group=second, kind="setting", row=row, edit=edit)))
    assert shipped_id(read.row, read.kind, read.set, read.edit) == second


PERSONAL = {
    "log_entry": {"text", "counterpart", "late_reason"},
    "strike": {"reason"},
    "incident_event": {"reason"},
    "incident": {"title", "place", "known", "to_verify"},
    "organisation": {"duty_phone"},
    "person": {"name", "phone"},
    "desk": set(),
    "setting": set(),
    "access_event": {"purpose"},
    "team": {"duty_phone", "place", "equipment"},
    "deployment_step": {"note"},
    "welfare_check": {"note"},
    "time_confirmation": set(),
    "station": set(),
    "shelter": {"keyholder", "keyholder_phone"},
    "shelter_step": {"note"},
    "head_count": {"note"},
    "shelter_flow": {"note"},
    "told_level": {"told_by", "note"},
    "certificate": set(),  # stands for ever, and says so where it is typed
}


def test_what_people_write_freely_is_personal() -> None:
    """What stands in the chain in clear is there for ever: only codes, numbers, names of things."""
    assert {name: set(kind.personal()) for name, kind in REGISTRY.items()} == PERSONAL
    clear = {
        (name, field)
        for name, kind in REGISTRY.items()
        for field, type_ in kind.types.items()
        if type_.shape == "text" and not type_.personal
    }
    assert clear == {
        ("access_event", "extent"),
        ("access_event", "subject_kind"),
        ("certificate", "assessment"),
        ("certificate", "field_names"),
        ("certificate", "number"),
        ("desk", "name"),
        ("incident", "number"),
        ("incident_event", "before"),
        ("incident_event", "after"),
        ("organisation", "code"),
        ("organisation", "name"),
        ("organisation", "name_en"),
        ("setting", "key"),
        ("setting", "value"),
        ("setting", "source"),
        ("shelter", "code"),
        ("shelter", "name"),
        ("shelter", "place"),
        ("shelter", "source"),
        ("station", "code"),
        ("station", "level_source"),
        ("station", "name"),
        ("station", "place"),
        ("station", "source"),
        ("strike", "target_kind"),
        ("time_confirmation", "target_kind"),
        ("team", "code"),
        ("team", "name"),
    }


@pytest.mark.parametrize("offset", [600_000, -2_400_000])
def test_a_wrong_clock_whose_error_is_known_refuses_no_line(offset: int) -> None:
    """The program fills in the corrected time; judged by the wrong clock it would be ahead, or late."""
    situation = Situation(now=AT, late_after_s=1800, is_code=is_code, offset_ms=offset)
    assert situation.corrected == AT + timedelta(milliseconds=offset)
    kind = REGISTRY["log_entry"]

    def says(happened_at: datetime) -> None:
        validate(
            kind,
            None,
            values_of(make("log_entry", IDS[0], {"happened_at": happened_at, "text": "x"})),
            situation,
        )

    says(situation.corrected)
    with pytest.raises(Refused, match="in_the_future"):
        says(situation.corrected + timedelta(minutes=3))
    with pytest.raises(Refused, match="late_without_reason"):
        says(situation.corrected - timedelta(minutes=31))


@pytest.mark.parametrize("value", [INTEGER_MAX, -INTEGER_MAX])
def test_a_number_that_every_reader_of_json_reads(value: int) -> None:
    type_ = integer().metadata["type"]
    check("n", type_, value)
    with pytest.raises(Refused, match="too_"):
        check("n", type_, value + (1 if value > 0 else -1))


def test_a_strike_that_replaces_its_target_by_itself() -> None:
    """A rule, so that the centre's intake refuses it too."""
    said: dict[str, Any] = {"happened_at": AT, "target_id": IDS[0], "reason": "x", "replacement_id": IDS[0]}
    situation = Situation(now=AT, late_after_s=1800, is_code=is_code)
    with pytest.raises(Refused, match="replaces_itself"):
        validate(REGISTRY["strike"], None, values_of(make("strike", IDS[1], said)), situation)
