"""The proof of the field types: what each can hold, and what it refuses."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commandcenter.domain.errors import Refused
from commandcenter.domain.fields import FieldType, check, from_plain
from commandcenter.domain.record import REGISTRY, Situation, make, typed_values, validate
from commandcenter.services.reference import is_code
from tests.domain import strategies

LINE = FieldType(shape="text", required=True, max_length=40, multiline=True)
NAME = FieldType(shape="text", max_length=40)


def refused(type_: FieldType, value: Any) -> str:
    """The code of the refusal; "" if the field takes it."""
    try:
        check("field", type_, value)
    except Refused as refusal:
        return refusal.code if refusal.field == "field" else f"{refusal.code} beside {refusal.field}"
    return ""


@given(text=st.text(st.characters(), max_size=60))
def test_every_text_is_taken_or_refused_for_one_reason(text: str) -> None:
    """By hand: controls but line feed and tab, halves of pairs, nothing to see, too many characters."""
    controls = [c for c in text if c < " " or "\x7f" <= c <= "\x9f"]
    due = ""
    if not text:
        due = "required"
    elif len(text) > 40:
        due = "too_long"
    elif any(c not in "\n\t" for c in controls) or any("\ud800" <= c <= "\udfff" for c in text):
        due = "control_character"
    if due:
        assert refused(LINE, text) == due
    else:
        assert refused(LINE, text) in ("", "required")
        if any(c.isalnum() for c in text):
            assert refused(LINE, text) == ""


@given(data=st.data())
def test_what_the_generators_call_valid_is_taken(data: st.DataObject) -> None:
    """The contract tests draw from them; or they would prove nothing about valid records."""
    kind = data.draw(st.sampled_from(strategies.KINDS))
    for name, type_ in kind.types.items():
        check(name, type_, data.draw(strategies.values(type_)))


def test_the_length_is_counted_in_characters() -> None:
    assert refused(LINE, "𠮷" * 40) == ""
    assert refused(LINE, "𠮷" * 41) == "too_long"


@pytest.mark.parametrize("text", ["\n", "\t"])
def test_line_breaks_only_where_there_are_lines(text: str) -> None:
    assert refused(LINE, f"甲{text}乙") == ""
    assert refused(NAME, f"甲{text}乙") == "control_character"


@pytest.mark.parametrize(
    ("shape", "wrong"),
    [
        ("text", 5),
        ("code", True),
        ("reference", "00000000-0000-7000-8000-000000000000"),
        ("instant", "2026-07-28"),
        ("instant", datetime(2026, 7, 28)),  # noqa: DTZ001 - without a zone it is no instant
        ("integer", True),
        ("integer", 1.5),
        ("flag", 1),
        ("codes", ["leader"]),
        ("codes", "leader"),
    ],
)
def test_a_value_of_another_shape(shape: Any, wrong: Any) -> None:
    assert refused(FieldType(shape=shape), wrong) == "wrong_type"


@pytest.mark.parametrize(
    ("shape", "wrong"),
    [
        ("text", 5),
        ("integer", "5"),
        ("integer", 2**63),
        ("integer", 1.0),
        ("flag", 0),
        ("reference", 5),
        ("reference", "甲"),
        ("instant", "12:40"),
        ("instant", 5),
        ("codes", 5),
    ],
)
def test_json_of_another_shape(shape: Any, wrong: Any) -> None:
    with pytest.raises((ValueError, TypeError, AttributeError)):
        from_plain(FieldType(shape=shape), wrong)


def test_json_of_a_record() -> None:
    assert typed_values("person", {"name": "甲", "phone": "", "roles": ["wall", "leader", "wall"]}) == {
        "name": "甲",
        "phone": None,
        "roles": ("leader", "wall"),
    }
    with pytest.raises(Refused, match="unknown_field"):
        typed_values("person", {"colour": "red"})


def test_a_record_wants_what_is_required() -> None:
    with pytest.raises(Refused, match="required") as refusal:
        make("person", UUID(int=1), {})
    assert refusal.value.field == "name"


def test_every_code_of_a_set_is_looked_up() -> None:
    situation = Situation(now=datetime(2026, 7, 28, tzinfo=UTC), late_after_s=1800, is_code=is_code)
    validate(REGISTRY["person"], None, {"roles": ("leader", "wall")}, situation)
    with pytest.raises(Refused, match="unknown_code"):
        validate(REGISTRY["person"], None, {"roles": ("leader", "emperor")}, situation)
