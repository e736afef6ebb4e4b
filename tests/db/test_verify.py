"""The proof of the verification: whatever was done to a file by another hand is found, and named."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from commandcenter.__main__ import main
from commandcenter.domain.change import decode, encode
from db.desk.verify import Anchor
from tests.db.tampering import (
    LAST,
    TAMPERINGS,
    Hand,
    alter_entry_chain_and_row,
    busy_night,
    chain_again,
    drop_and_roll_back,
    drop_newest,
    statements,
)
from tests.services.desk import Desk


@pytest.fixture
def night(desk: Desk) -> Desk:
    """A desk after a busy night."""
    busy_night(desk)
    return desk


def test_an_untouched_file_is_sound(night: Desk) -> None:
    result = night.verify(night.anchor())
    assert result.findings == []
    assert result.entries == 21
    assert result.purged == 0
    (device, (n, hash_)), *rest = result.heads.items()
    assert not rest
    assert (device, n, hash_) == (night.device(), night.anchor().n, night.anchor().hash)
    assert result.anchored == {device: n}


def test_the_shipped_profile_is_sound(licheng: Desk) -> None:
    busy_night(licheng)
    result = licheng.verify()
    assert result.findings == []
    assert result.rows > 100


@pytest.mark.parametrize("what", TAMPERINGS)
def test_tampering_is_found(night: Desk, what: str) -> None:
    tamper, expected = TAMPERINGS[what]
    with night.raw() as connection:
        tamper(connection)
    assert night.codes() == expected


@pytest.mark.parametrize("what", TAMPERINGS)
def test_tampering_ends_the_verb_with_2(night: Desk, what: str, capsys: pytest.CaptureFixture[str]) -> None:
    with night.raw() as connection:
        TAMPERINGS[what][0](connection)
    # a damaged entry may forbid to go on at all; never is it called sound
    assert main(["verify", "--data", str(night.path)]) == 2
    said = json.loads(capsys.readouterr().out)
    assert said["sound"] is False
    assert {found["finding"] for found in said["findings"]} == TAMPERINGS[what][1]
    assert not night.directory.anchors.exists(), "a head that is not sound is no anchor"


def said_by_verify(desk: Desk, capsys: pytest.CaptureFixture[str], *more: str) -> tuple[int, dict[str, Any]]:
    """(exit code, document) of the verb."""
    code = main(["verify", "--data", str(desk.path), *more])
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return code, document


def test_an_untouched_file_ends_the_verb_with_0(night: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = said_by_verify(night, capsys)
    assert (code, said["sound"], said["findings"]) == (0, True, [])
    anchor = night.anchor()
    assert said["noted"] == {"n": anchor.n, "hash": anchor.hash}
    assert said_by_verify(night, capsys)[1]["anchors"] == 1


@pytest.mark.parametrize(
    ("tamper", "without"), [(drop_newest, {"newest_missing"}), (drop_and_roll_back, set())]
)
def test_the_newest_entry_dropped_with_all_of_it(night: Desk, tamper: Hand, without: set[str]) -> None:
    held = night.anchor()
    with night.raw() as connection:
        tamper(connection)
    assert night.codes() == without
    assert night.codes(held) == without | {"older_than_anchor"}
    finding = next(found for found in night.verify(held).findings if found.code == "older_than_anchor")
    assert (finding.device, finding.n, finding.detail) == (held.device, held.n, str(held.n - 1))


def test_dropped_then_written_over(night: Desk) -> None:
    held = night.anchor()
    with night.raw() as connection:
        drop_and_roll_back(connection)
    night.write("写在被删的那一条的位置上")
    assert night.codes() == set()
    assert night.codes(held) == {"anchor_differs"}


def test_a_history_written_anew_is_found_by_an_anchor_only(night: Desk) -> None:
    held = night.anchor()
    with night.raw() as connection:
        alter_entry_chain_and_row(connection)
    assert night.codes() == set()
    assert night.codes(held) == {"anchor_differs"}


def test_the_verb_says_which_anchor_it_would_need(night: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    held = night.anchor()
    with night.raw() as connection:
        drop_and_roll_back(connection)
    code, said = said_by_verify(night, capsys)
    assert code == 0
    assert said["heads"] == [
        {
            "device": str(held.device),
            "n": held.n - 1,
            "hash": night.anchor().hash,
            "anchored_to": 0,
            "anchor_needed_from": held.n,
        }
    ]
    for anchor in (
        f"{held.n}:{held.hash}",
        f"{held.n}:{held.hash[:16]}",
        f"{held.device}:{held.n}:{held.hash}",
    ):
        code, said = said_by_verify(night, capsys, "--anchor", anchor)
        assert code == 2, anchor
        (found,) = said["findings"]
        assert found["finding"] == "older_than_anchor"
        assert found["n"] == held.n


def test_the_anchors_file_remembers(night: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert said_by_verify(night, capsys)[0] == 0
    with night.raw() as connection:
        drop_and_roll_back(connection)
    code, said = said_by_verify(night, capsys)
    assert code == 2
    assert [found["finding"] for found in said["findings"]] == ["older_than_anchor"]


HEX = "0" * 64


@pytest.mark.parametrize(
    "text",
    [
        "",
        "5",
        "5:xyz",
        f"x:{HEX}",
        "5:abc",
        "a:b:c:d",
        f"5:{HEX[:15]}",
        f"5:0x{HEX[:14]}",
        f"0:{HEX}",
        f"-5:{HEX}",
    ],
)
def test_what_is_no_anchor_is_refused(night: Desk, capsys: pytest.CaptureFixture[str], text: str) -> None:
    code, said = said_by_verify(night, capsys, f"--anchor={text}")
    assert (code, said["refused"]) == (2, "not_an_anchor")


def test_last_weeks_file_put_back(night: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = tmp_path / "last-week.sqlite3"
    shutil.copyfile(night.file, kept)  # closed by its last connection: the whole file
    night.write("本周的一条")
    held = night.anchor()
    assert said_by_verify(night, capsys)[0] == 0
    shutil.copyfile(kept, night.file)
    assert night.codes() == set()
    assert night.codes(held) == {"older_than_anchor"}
    code, said = said_by_verify(night, capsys)
    assert code == 2
    (found,) = said["findings"]
    assert (found["finding"], found["n"]) == ("older_than_anchor", held.n)
    assert held.n == night.anchor().n + 1


def test_a_restore_by_the_verb_is_no_offence(
    night: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = tmp_path / "kept.sqlite3"
    assert main(["backup", str(kept), "--data", str(night.path)]) == 0
    capsys.readouterr()
    night.write("备份之后的一条")
    assert said_by_verify(night, capsys)[0] == 0
    before = night.device()
    assert main(["restore", str(kept), "--data", str(night.path)]) == 0
    capsys.readouterr()
    assert night.device() != before
    code, said = said_by_verify(night, capsys)
    assert (code, said["findings"]) == (0, [])
    night.write("恢复之后的一条")
    assert said_by_verify(night, capsys)[0] == 0


def test_an_anchor_of_a_desk_that_is_not_in_the_file(night: Desk) -> None:
    stranger = Anchor(device=UUID(int=9), n=1, hash="0" * 64)
    assert night.codes(stranger) == {"older_than_anchor"}


def test_words_destroyed_without_a_certificate_are_missing_and_the_chain_is_whole(night: Desk) -> None:
    with night.raw() as connection:
        statements(
            f"DELETE FROM private_value WHERE change_id = {LAST}",
            f"UPDATE log_entry SET text = NULL WHERE id = {LAST}",
        )(connection)
    result = night.verify()
    assert [(found.code, found.detail) for found in result.findings] == [("value_missing", "text")]


def test_the_tamperers_know_the_format(night: Desk) -> None:
    """The hands above hash as the program does; or finding them would prove nothing."""
    with night.raw() as connection:
        before = connection.execute("SELECT seq, hash FROM journal").fetchall()
        chain_again(connection)
        assert connection.execute("SELECT seq, hash FROM journal").fetchall() == before
        for (data,) in connection.execute("SELECT bytes FROM journal"):
            assert encode(decode(data)) == data
