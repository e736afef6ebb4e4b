"""Tests of the centre's own entries: who came to its door is in the feed, and no more often than is said."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, select

from commandcenter.domain import change as entries
from commandcenter.domain.errors import Refused
from commandcenter.server import accounts, admission
from db.centre import audit
from db.centre.accounts import add_account
from db.centre.engine import reading
from db.centre.verify import verify
from db.tables import journal
from tests.server.databases import KINDS, at_once, centre_database

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
SCOPE, CHEN, CHIEF, DESK = (UUID(int=n) for n in (0x350502, 1, 2, 0xD1))
KEY = bytes(range(32))
PASSWORD = "刺桐花开 2026!"


@pytest.fixture(params=KINDS)
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A centre's database of either kind, empty."""
    with centre_database(request, tmp_path_factory) as made:
        yield made


def said(engine: Engine) -> list[dict[str, Any]]:
    """What the trail says, in the order of the feed."""
    with reading(engine) as connection:
        found = connection.execute(select(journal.c.bytes).order_by(journal.c.seq)).scalars()
        return [dict(entries.decode(bytes(data)).set or {}) for data in found]


def sound(engine: Engine) -> None:
    """The centre's file verifies."""
    with reading(engine) as connection:
        assert verify(connection).findings == []


def try_once(engine: Engine, login: str, password: str = "wrong", now: datetime = NOW) -> str:
    """What a try to sign in comes to."""
    try:
        with engine.connect() as connection:
            accounts.check_password(connection, login=login, password=password, device=DESK, now=now)
    except Refused as no:
        return no.code
    return "yes"


def test_what_happens_at_the_door_is_numbered(engine: Engine) -> None:
    with engine.begin() as connection:
        code = admission.new_code(connection, scope_id=SCOPE, roles=("desk",), by=CHIEF, now=NOW)
    with engine.connect() as connection:
        admission.redeem_code(
            connection, code=code, device=DESK, public_key=KEY, name="一号", now=NOW, address="10.0.0.9"
        )
    with engine.begin() as connection:
        accounts.create_account(connection, person_id=CHEN, login="chen", password=PASSWORD, now=NOW)
    assert [try_once(engine, "chen") for _ in range(5)] == ["wrong_password"] * 4 + ["locked_out"]
    assert [try_once(engine, "chen", PASSWORD) for _ in range(9)] == ["locked_out"] * 9
    with engine.begin() as connection:
        accounts.release_lockout(connection, person=CHEN, device=DESK, by=CHIEF, now=NOW)
    assert try_once(engine, "chen", PASSWORD) == "yes"
    with engine.begin() as connection:
        accounts.set_password(connection, person_id=CHEN, password=PASSWORD + "新", now=NOW, by=CHIEF)
        accounts.withdraw_account(connection, CHEN, NOW, CHIEF)
        admission.renew(connection, DESK, UUID(int=0xD2), NOW)
        admission.withdraw(connection, DESK, NOW, CHIEF)
        admission.withdraw(connection, DESK, NOW, CHIEF)
    actions = [one["action"] for one in said(engine)]
    assert actions == [
        *("code_made", "desk_enrolled", "account_made"),
        *("sign_in_failed",) * 4,
        "locked_out",
        *("released", "signed_in", "account_changed", "account_changed", "desk_renewed", "desk_withdrawn"),
    ], "what was tried during the lock is not in it, nor what was done twice"
    enrolled, locked = said(engine)[1], said(engine)[7]
    assert enrolled["subject_id"] == str(DESK) and f"scope={SCOPE} role=desk number=1" == enrolled["extent"]
    assert locked["subject_id"] == str(CHEN) and locked["result"] == "refused"
    assert locked["scope_id"] == str(SCOPE), "seen where the desk stands"
    with reading(engine) as connection:
        everything = b"".join(connection.execute(select(journal.c.bytes)).scalars())
    assert b"chen" not in everything and "一号".encode() not in everything, "no names"
    sound(engine)


def test_who_keeps_trying_does_not_fill_the_chain(engine: Engine) -> None:
    for n in range(audit.FAILURES_MOST + 15):
        assert try_once(engine, f"nobody{n}") == "wrong_password"
    failures = [one for one in said(engine) if one["action"] == "sign_in_failed"]
    assert len(failures) == audit.FAILURES_MOST
    assert "limit=20" in failures[-1]["extent"] and "subject_id" not in failures[-1]
    try_once(engine, "somebody else", now=NOW + timedelta(hours=1))
    assert said(engine)[-1]["count"] == 15, "how many were left out"
    sound(engine)


def test_guessing_codes_is_noted_once(engine: Engine) -> None:
    with engine.begin() as connection:
        code = admission.new_code(connection, scope_id=SCOPE, roles=("desk",), by=None, now=NOW)
    later = NOW + timedelta(minutes=16)
    for _ in range(9):
        with pytest.raises(Refused), engine.connect() as connection:
            admission.redeem_code(
                connection, code=code, device=DESK, public_key=KEY, name="a", now=later, address="10.1.2.3"
            )
    assert [one["action"] for one in said(engine)] == ["code_made", "locked_out"]
    with reading(engine) as connection:
        assert b"10.1.2.3" not in b"".join(connection.execute(select(journal.c.bytes)).scalars())
    sound(engine)


def test_many_at_once_make_one_chain(engine: Engine) -> None:
    def work(n: int) -> None:
        with engine.begin() as connection:
            accounts.set_password(connection, person_id=UUID(int=n + 1), password=PASSWORD, now=NOW)

    with engine.begin() as connection:
        for n in range(6):
            add_account(connection, person_id=UUID(int=n + 1), login=f"p{n}", hash_="x", now=NOW)
    at_once(6, work)
    with reading(engine) as connection:
        found = connection.execute(select(journal.c.device, journal.c.n).order_by(journal.c.seq)).all()
    assert [n for _, n in found] == [1, 2, 3, 4, 5, 6]
    assert len({device for device, _ in found}) == 1 and found[0].device.version == 5
    sound(engine)


def test_what_was_undone_is_not_in_the_trail(engine: Engine) -> None:
    with engine.connect() as connection, connection.begin() as transaction:
        admission.new_code(connection, scope_id=SCOPE, roles=("desk",), by=None, now=NOW)
        transaction.rollback()
    assert said(engine) == []
