"""Tests of the content digest: whoever may see a personal value and whoever may not come to the same."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from commandcenter.domain.change import Change, Private, seal_created
from commandcenter.domain.digest import of_content, stated_by
from commandcenter.domain.purge import Destruction
from commandcenter.domain.record import REGISTRY

LINE = REGISTRY["log_entry"]
ROW, DESK = UUID(int=1), UUID(int=2)
AT = datetime(2026, 7, 28, 6, 40, tzinfo=UTC)
VALUES: dict[str, Any] = {"happened_at": AT, "text": "东街积水", "counterpart": "李某"}
SAID, BESIDE = seal_created(LINE, VALUES, lambda: bytes(16))
CHANGE = Change(id=ROW, group=ROW, device=DESK, n=1, kind="log_entry", row=ROW, at=AT, offset_ms=0, set=SAID)
WHOLE = {**VALUES, "id": ROW, "typed_desk_id": DESK, "typed_at": AT, "typed_offset_ms": 0}


def hashed(
    row: dict[str, Any], private: dict[str, Private] | None = None, gone: Destruction | None = None
) -> int:
    """Its hash, with what lies beside its entry."""
    return of_content(LINE, row, {ROW: private or {}}, {ROW: CHANGE}, gone or Destruction())


def test_seen_and_unseen_are_the_same() -> None:
    unseen = {**WHOLE, "text": None, "counterpart": None}
    assert hashed(WHOLE, BESIDE) == hashed(unseen)
    partly = {**WHOLE, "counterpart": None}
    assert hashed(partly, {"text": BESIDE["text"]}) == hashed(unseen)
    # what nobody said has no part in it, however a row says nothing
    assert hashed({**WHOLE, "late_reason": "", "importance": None}, BESIDE) == hashed(WHOLE, BESIDE)


@pytest.mark.parametrize(
    "altered",
    [
        {"text": "西街积水"},
        {"text": None},
        {"counterpart": None},
        {"late_reason": "x"},
        {"importance": "high"},
        {"happened_at": AT.replace(minute=41)},
        {"typed_at": None},
        {"typed_by_id": DESK},
        {"scope_id": DESK},
        {"id": DESK},
    ],
)
def test_whatever_is_altered_is_seen(altered: dict[str, Any]) -> None:
    assert hashed({**WHOLE, **altered}, BESIDE) != hashed(WHOLE, BESIDE)


def test_a_value_with_another_salt_or_none() -> None:
    other = {**BESIDE, "text": Private(salt=bytes(range(16)), value=BESIDE["text"].value)}
    lies = {**BESIDE, "text": Private(salt=BESIDE["text"].salt, value="西街积水")}
    assert len({hashed(WHOLE, BESIDE), hashed(WHOLE, other), hashed(WHOLE, lies), hashed(WHOLE)}) >= 3
    assert hashed(WHOLE) != hashed(WHOLE, BESIDE), "it stands in clear, and nothing says whence"


def test_the_destroyed_is_the_same_for_who_had_it_and_who_never_saw_it() -> None:
    gone = Destruction({ROW: frozenset({"counterpart"})})
    left = {"text": BESIDE["text"]}
    after = {**WHOLE, "counterpart": None}
    unseen = {**WHOLE, "text": None, "counterpart": None}
    assert hashed(after, left, gone) == hashed(unseen, None, gone)
    assert hashed(after, left, gone) != hashed(WHOLE, BESIDE)
    assert hashed(WHOLE, left, gone) != hashed(after, left, gone), "it is still there"


def test_heads_belong_to_what_a_card_says() -> None:
    kind = REGISTRY["incident"]
    one, two = UUID(int=7), UUID(int=8)
    card = {"id": ROW, "grade": "major", "heads": {"grade": [one], "title": [one]}}
    assert stated_by(kind, card, "title") == one and stated_by(kind, card, "place") is None

    def hash_(heads: dict[str, Any]) -> int:
        return of_content(kind, {**card, "heads": heads}, {}, {}, Destruction())

    assert hash_({"grade": [one]}) != hash_({"grade": [two]}) != hash_({"grade": [one, two]})
