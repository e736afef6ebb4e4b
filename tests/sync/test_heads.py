"""Tests of the centre's signed heads at the desk: kept, noted outside the file, held against the centre."""

from __future__ import annotations

import dataclasses
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from nacl.signing import SigningKey

from commandcenter.desk_verbs import _AtOnce
from commandcenter.domain.signed_head import LATE_MS, SignedHead, follows
from commandcenter.protocol.messages import Signed
from commandcenter.runtime import DataDirectory, open_workplace
from commandcenter.services.workplace import Workplace
from commandcenter.sync.heads import Heads
from db.desk import heads
from db.desk.verify import verify
from tests.cli.terminal import process
from tests.sync.centre import CentreProcess, sync

KEY = SigningKey(bytes(range(32)))
PUBLIC = bytes(KEY.verify_key).hex()


def told(n: int, hash_: str = "ab" * 32, *, epoch: int = 7, at: int = 1000, key: SigningKey = KEY) -> Signed:
    """A head as the centre signs it."""
    head = SignedHead(epoch=epoch, n=n, hash=hash_, at=at)
    return Signed(epoch, n, hash_, at, key.sign(head.message).signature.hex())


@pytest.fixture
def workplace(tmp_path: Path) -> Iterator[Workplace]:
    """A desk."""
    one = open_workplace(DataDirectory(tmp_path), "empty")
    yield one
    one.close()


def lines(folder: Path) -> list[dict[str, Any]]:
    """The heads noted beside the database."""
    file = folder / "anchors.jsonl"
    found = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
    return [line["centre"] for line in found if line["why"] == "centre"]


def actions(workplace: Workplace) -> list[str]:
    """What the audit trail says."""
    found = workplace.connection.execute("SELECT action FROM access_event ORDER BY id").fetchall()
    return [action for (action,) in found]


def test_the_order_of_heads() -> None:
    one = SignedHead(epoch=7, n=5, hash="a", at=1000)
    same = dataclasses.replace
    assert follows(one, same(one, n=6, hash="b")) == "later"
    assert follows(one, same(one, epoch=8, n=2)) == "later", "a restore opens an epoch"
    assert follows(one, same(one, at=9)) == "same"
    assert follows(one, same(one, hash="b")) == "contradicts"
    assert follows(one, same(one, n=4)) == "earlier", "told by another process, a moment before"
    assert follows(one, same(one, n=4, at=one.at + LATE_MS + 1)) == "contradicts"


def test_the_newest_is_kept_and_noted(workplace: Workplace, tmp_path: Path) -> None:
    one = Heads(tmp_path, PUBLIC, _AtOnce(workplace))
    assert [one.heard(told(n)) for n in (3, 4, 5)] == ["", "", ""]
    newest = heads.newest(workplace.connection)
    assert newest is not None and newest.n == 5
    assert [line["n"] for line in lines(tmp_path)] == [3], "one an hour"
    one.close()
    one.close()
    assert [line["n"] for line in lines(tmp_path)] == [3, 5], "and one at the end"
    assert DataDirectory(tmp_path).known_anchors() == [], "the desk's own anchors are as they were"


def test_another_keys_head_is_seen_and_stops_nothing(workplace: Workplace, tmp_path: Path) -> None:
    one = Heads(tmp_path, PUBLIC, _AtOnce(workplace))
    stranger = SigningKey(bytes(32))
    assert one.heard(told(3, key=stranger)) == "head_refused"
    assert one.heard(Signed(7, 4, "ab" * 32, 1, "no hex")) == "head_refused"
    assert heads.newest(workplace.connection) is None and lines(tmp_path) == []
    assert actions(workplace) == ["head_refused"], "once an hour"
    assert one.heard(told(5)) == ""


def test_a_rewritten_history_is_found(workplace: Workplace, tmp_path: Path) -> None:
    one = Heads(tmp_path, PUBLIC, _AtOnce(workplace))
    one.heard(told(5))
    assert one.heard(told(5, "cd" * 32)) == "head_contradicted"
    assert one.heard(told(6)) == "head_contradicted", "that stays so"
    assert actions(workplace) == ["head_contradicted"]
    found = list(verify(workplace.connection).findings)
    assert [finding.code for finding in found] == ["centre_contradicts"]
    assert "abab" in found[0].detail and "cdcd" in found[0].detail
    assert {line["hash"][:2] for line in lines(tmp_path)} == {"ab", "cd"}, "the proof lies outside the file"


def test_a_desk_holds_the_centre_to_its_word(centre: CentreProcess, tmp_path: Path) -> None:
    desk = tmp_path / "desk"
    assert centre.enrol(desk).code == 0
    for text in ("a", "b"):
        assert process(["do", "WriteLogEntry", json.dumps({"text": text}), "--data", desk]).code == 0
        answer = sync(desk)
        assert answer.code == 0 and "trouble" not in answer.document, answer
    assert len(lines(desk)) >= 2
    verified: list[str | Path] = ["centre", "verify", *centre.place, "--heads", desk / "anchors.jsonl"]
    good = process(verified)
    assert good.code == 0 and good.document["heads"] >= 2, good
    centre.stop()
    connection = sqlite3.connect(centre.folder / "centre.sqlite3")
    n = lines(desk)[-1]["n"]
    connection.execute("DELETE FROM journal WHERE seq >= ?", (n,))
    connection.execute("UPDATE feed_head SET n = ?", (n - 1,))
    connection.commit()
    connection.close()
    bad = process(verified)
    assert bad.code == 2 and "older_than_head" in {one["finding"] for one in bad.document["findings"]}, bad
