"""The proof of the merge: heads per field under each of the four rules, in any order where order is free."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commandcenter.domain.change import Edit, Grow
from commandcenter.domain.errors import Refused
from commandcenter.domain.merge import Merged, created, grown, merge
from commandcenter.domain.record import REGISTRY, patch_between

INCIDENT, PERSON, ORGANISATION = REGISTRY["incident"], REGISTRY["person"], REGISTRY["organisation"]
A, B, C, D = (UUID(int=number) for number in range(1, 5))


def place(row: Mapping[str, Any], heads: Mapping[str, Any], by: UUID, to: str, *on: UUID) -> Merged:
    """One edit of the place, which merges by ``last``."""
    return merge(INCIDENT, row, heads, by, {"place": Edit(to=to, former=row.get("place"), on=on)})


def test_an_edit_in_sight_of_the_current_value_supersedes_it() -> None:
    merged = place({"place": "甲"}, {"place": [A]}, B, "乙", A)
    assert (merged.values, merged.heads, merged.clashes) == ({"place": "乙"}, {"place": [B]}, ())


def test_two_editors_with_one_base_leave_two_heads() -> None:
    first = place({"place": "甲"}, {"place": [A]}, B, "乙", A)
    second = place({"place": "乙"}, first.heads, C, "丙", A)
    assert second.heads == {"place": [B, C]}
    assert second.values == {"place": "丙"}
    assert second.clashes == ("place",)
    # a choice names the heads it saw and closes only those
    third = place({"place": "丙"}, second.heads, D, "丁", B, C)
    assert (third.heads, third.clashes) == ({"place": [D]}, ())
    half = place({"place": "丙"}, second.heads, D, "丁", C)
    assert (half.heads, half.clashes) == ({"place": [B, D]}, ("place",))


def test_a_field_without_a_value_has_no_heads_to_close() -> None:
    merged = place({}, {}, A, "甲")
    assert (merged.heads, merged.clashes) == ({"place": [A]}, ())
    assert place({"place": None}, {}, B, "乙", A).heads == {"place": [B]}


def test_other_fields_keep_their_heads() -> None:
    assert place({}, {"title": [A], "place": [A]}, B, "乙", A).heads == {"title": [A], "place": [B]}


def test_a_guarded_field_wants_the_current_change() -> None:
    def state(heads: Mapping[str, Any], *on: UUID) -> Merged:
        return merge(INCIDENT, {"state": "open"}, heads, D, {"state": Edit(to="closed", on=on)})

    assert state({"state": [A]}, A).heads == {"state": [D]}
    assert state({}).heads == {"state": [D]}
    for on in ((), (B,)):
        with pytest.raises(Refused, match="stale") as refused:
            state({"state": [A]}, *on)
        assert refused.value.field == "state"
    with pytest.raises(Refused, match="stale"):
        state({"state": [A, B]}, A)
    assert state({"state": [A, B]}, B).clashes == ("state",)
    assert state({"state": [A, B]}, A, B).clashes == ()


def test_a_once_field_is_set_once() -> None:
    def code(row: Mapping[str, Any]) -> Merged:
        return merge(ORGANISATION, row, {}, A, {"code": Edit(to="350502")})

    assert code({"code": None}).values == {"code": "350502"}
    assert code({}).heads == {"code": [A]}
    with pytest.raises(Refused, match="already_set"):
        code({"code": "350503"})


def test_a_set_grows_and_shrinks_by_what_was_seen() -> None:
    heads = {"roles": {"leader": [A], "duty_officer": [A, B]}}
    row = {"roles": ("duty_officer", "leader")}
    # the drop saw only one of the two adds: the other one stands
    drop = Grow(add=("wall",), drop={"duty_officer": (A,), "leader": (A,)})
    merged = merge(PERSON, row, heads, C, {"roles": drop})
    assert merged.values == {"roles": ("duty_officer", "wall")}
    assert merged.heads == {"roles": {"duty_officer": [B], "wall": [C]}}
    assert merged.clashes == ()


VALUES = ("duty_chief", "duty_officer", "leader", "wall")


@given(data=st.data())
def test_a_set_is_united_whatever_the_order(data: st.DataObject) -> None:
    """Edits made without sight of one another, applied in any order, make the same set."""
    before = {
        value: [UUID(int=number)]
        for number, value in enumerate(data.draw(st.sets(st.sampled_from(VALUES))), start=100)
    }
    edits = [
        (
            UUID(int=number + 1),
            Grow(
                add=tuple(data.draw(st.sets(st.sampled_from(VALUES)))),
                drop={
                    value: tuple(ids)
                    for value, ids in before.items()
                    if data.draw(st.booleans(), label=f"drop {value}")
                },
            ),
        )
        for number in range(data.draw(st.integers(1, 4)))
    ]

    def applied(order: list[tuple[UUID, Grow]]) -> dict[str, set[UUID]]:
        heads: Mapping[str, list[UUID]] = before
        for id_, grow in order:
            heads = grown(heads, id_, grow)
        return {value: set(ids) for value, ids in heads.items()}

    due = applied(edits)
    assert applied(data.draw(st.permutations(edits))) == due
    dropped = {value for _, grow in edits for value in grow.drop}
    added = {value for _, grow in edits for value in grow.add}
    assert due.keys() == (before.keys() - dropped) | added
    assert all(due.values()), "a value without an add that keeps it"


@given(data=st.data())
def test_every_value_is_current_superseded_or_a_head(data: st.DataObject) -> None:
    """DESIGN: each value ever committed is current, superseded by an edit made in sight of it, or listed."""
    heads: dict[str, Any] = {}
    row: dict[str, Any] = {}
    made: list[UUID] = []
    seen: set[UUID] = set()
    for number in range(data.draw(st.integers(1, 8))):
        id_ = UUID(int=number + 1)
        on = tuple(data.draw(st.sets(st.sampled_from(made)))) if made else ()
        merged = place(row, heads, id_, f"值{number}", *on)
        row |= merged.values
        heads = merged.heads
        made.append(id_)
        seen |= set(on)
        assert row["place"] == f"值{number}"
        assert heads["place"][-1] == id_
        assert set(heads["place"]) == set(made) - seen
        assert heads["place"] == sorted(heads["place"], key=made.index), "oldest first"
        assert merged.clashes == (("place",) if len(heads["place"]) > 1 else ())


def test_what_is_created_has_heads_for_what_was_given() -> None:
    heads = created(PERSON, A, {"name": "甲", "phone": None, "roles": ("leader", "wall"), "sample": False})
    assert heads == {"name": [A], "roles": {"leader": [A], "wall": [A]}}


def test_a_patch_holds_what_differs() -> None:
    assert patch_between(
        PERSON, {"name": "甲", "phone": "1"}, {"name": "乙", "phone": "1", "sample": True}
    ) == {
        "name": "乙",
        "sample": True,
    }
