"""The proof that a killed program loses no line that was shown as saved (short; the campaign is longer)."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest

from commandcenter.runtime import DataDirectory, open_workplace
from tests.campaigns import kill
from tests.campaigns.acknowledged import Ledger, Lost, check, index_is_whole
from tests.services.desk import Desk

KILLS = 10


def test_killed_at_random_moments_nothing_acknowledged_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kill, "LONGEST_S", 0.2)
    tally = kill.campaign(KILLS, seed=20260728, folder=tmp_path)
    assert tally.kills == KILLS
    assert tally.kinds == {"workplace": KILLS // 2, "desktop": KILLS // 2}
    assert tally.acknowledged > 50, "nothing was proved: the writers hardly wrote"


def written(folder: Path) -> Ledger:
    """A folder with two lines and a draft, and the ledger of them."""
    desk = Desk(folder)
    ledger = Ledger()
    for text in ("一", "二"):
        ledger.note({"id": str(desk.write(text)), "text": text})
    check(folder, ledger)
    return ledger


def test_the_check_notices_a_lost_line(tmp_path: Path) -> None:
    ledger = written(tmp_path)
    ledger.note({"id": str(UUID(int=5)), "text": "三"})
    with pytest.raises(Lost, match="三"):
        check(tmp_path, ledger)


def test_the_check_notices_a_doubled_line(tmp_path: Path) -> None:
    ledger = written(tmp_path)
    Desk(tmp_path).write("二")
    with pytest.raises(Lost, match="twice"):
        check(tmp_path, ledger)


def test_the_check_notices_a_lost_draft(tmp_path: Path) -> None:
    ledger = written(tmp_path)
    ledger.note({"draft": "半句"})
    with pytest.raises(Lost, match="draft"):
        check(tmp_path, ledger)


def test_the_check_notices_a_damaged_file(tmp_path: Path) -> None:
    ledger = written(tmp_path)
    with Desk(tmp_path).raw() as connection:
        connection.execute("UPDATE journal SET hash = zeroblob(32) WHERE n = 2")
    with pytest.raises(Lost, match="entry_altered"):
        check(tmp_path, ledger)


def test_the_check_notices_a_torn_index(tmp_path: Path) -> None:
    written(tmp_path)
    index_is_whole(tmp_path)
    open_workplace(DataDirectory(tmp_path), "empty").close()
    with Desk(tmp_path).raw() as connection:
        assert connection.execute("DELETE FROM search_document WHERE slot = 1").rowcount == 1
    with pytest.raises(Lost, match="index"):
        index_is_whole(tmp_path)
