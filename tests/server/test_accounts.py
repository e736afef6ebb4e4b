"""The proof of sign-in at the centre: passwords, lockouts, nothing told of who has an account."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Literal
from uuid import UUID

import pytest
from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select
from sqlalchemy.exc import InvalidRequestError

from commandcenter.domain.clock import SHANGHAI
from commandcenter.domain.errors import Refused
from commandcenter.server import accounts
from commandcenter.server.accounts import check_password, create_account
from commandcenter.words import LANGUAGES, Words
from db.centre.admission_tables import account, attempt
from db.centre.engine import reading
from tests.server.databases import KINDS, at_once, centre_database, empty, refusal

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
LIN, CHEN, CHIEF = UUID(int=1), UUID(int=2), UUID(int=3)
DESK, OTHER = UUID(int=0xD1), UUID(int=0xD2)
PASSWORD = "刺桐花开 2026!"


class Counting(PasswordHasher):
    """argon2 as cheap as it goes, which counts how often a wrong password was looked at."""

    def __init__(self, time_cost: int = 1) -> None:
        super().__init__(time_cost=time_cost, memory_cost=8, parallelism=1)
        self.looked = 0

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002  argon2's name
        """Counted where it took the time; of threads at once one may be lost, never one too many."""
        try:
            return super().verify(hash, password)
        except VerifyMismatchError:
            self.looked += 1
            raise


@pytest.fixture(scope="module", params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A centre's database of either kind, with its tables."""
    with centre_database(request, tmp_path_factory) as made:
        yield made


@pytest.fixture
def engine(database: Engine) -> Engine:
    """The database, empty."""
    empty(database)
    return database


@pytest.fixture
def cheap() -> Counting:
    """A hasher of this test's own."""
    return Counting()


def create(
    engine: Engine, hasher: PasswordHasher, person: UUID, login: str, password: str = PASSWORD
) -> None:
    """Give a person an account."""
    with engine.begin() as connection:
        create_account(connection, person_id=person, login=login, password=password, now=NOW, hasher=hasher)


def sign_in(
    engine: Engine,
    hasher: PasswordHasher,
    login: str,
    password: str,
    *,
    device: UUID = DESK,
    now: datetime = NOW,
) -> UUID:
    """Sign in as the endpoint does."""
    with engine.connect() as connection:
        return check_password(
            connection, login=login, password=password, device=device, now=now, hasher=hasher
        )


def told(
    engine: Engine, hasher: PasswordHasher, login: str, password: str = "wrong", device: UUID = DESK
) -> Refused:
    """The no to a password."""
    return refusal(partial(sign_in, engine, hasher, login, password, device=device))


def test_the_first_administrator_signs_in(engine: Engine) -> None:
    with reading(engine) as connection:
        assert accounts.list_accounts(connection) == (), "there is no account that ships"
    assert told(engine, accounts.HASHER, "admin", "admin").code == "wrong_password"
    create(engine, accounts.HASHER, CHIEF, " Ｌin.Admin ")
    for login in ("lin.admin", "LIN.ADMIN", "Ｌin.admin"):
        assert sign_in(engine, accounts.HASHER, login, PASSWORD) == CHIEF
    # the same characters, composed otherwise by another keyboard
    with engine.begin() as connection:
        accounts.set_password(connection, person_id=CHIEF, password="cafe\u0301-licheng", now=NOW)
    assert sign_in(engine, accounts.HASHER, "lin.admin", "caf\u00e9-licheng") == CHIEF
    assert told(engine, accounts.HASHER, "lin.admin", PASSWORD).code == "wrong_password"
    with reading(engine) as connection:
        (kept,) = accounts.list_accounts(connection)
    assert (kept.person_id, kept.login, kept.created_at, kept.withdrawn_at) == (CHIEF, "lin.admin", NOW, None)
    assert kept.hash.startswith("$argon2id$") and "licheng" not in kept.hash


@pytest.mark.parametrize(
    ("login", "password", "code"),
    [
        ("", PASSWORD, "required"),
        (" ", PASSWORD, "required"),
        ("a" * 41, PASSWORD, "too_long"),
        ("two words", PASSWORD, "login_unusable"),
        ("nul\0", PASSWORD, "login_unusable"),
        ("half\ud800", PASSWORD, "login_unusable"),
        ("zero\u200bwidth", PASSWORD, "login_unusable"),
        ("chen", "", "password_too_short"),
        ("chen", "123456789", "password_too_short"),
        ("chen", "e\u0301" * 9, "password_too_short"),
        ("chen", "x" * 1001, "too_long"),
        ("chen.licheng", "Chen.Licheng", "password_is_login"),
        ("lin", PASSWORD, "login_taken"),
        ("LIN", PASSWORD, "login_taken"),
    ],
)
def test_what_makes_no_account(engine: Engine, cheap: Counting, login: str, password: str, code: str) -> None:
    create(engine, cheap, LIN, "lin")
    refused = refusal(partial(create, engine, cheap, CHEN, login, password))
    assert refused.code == code
    for language in LANGUAGES:
        assert Words(language).sentence(refused)
    with reading(engine) as connection:
        assert [one.login for one in accounts.list_accounts(connection)] == ["lin"]
    create(engine, cheap, CHEN, "chen", "0123456789")


def test_a_person_has_one_account(engine: Engine, cheap: Counting) -> None:
    create(engine, cheap, LIN, "lin")
    assert refusal(partial(create, engine, cheap, LIN, "lin2")).code == "account_exists"
    with engine.begin() as connection:
        for work in (
            partial(accounts.withdraw_account, connection, CHEN, NOW),
            partial(accounts.reopen_account, connection, CHEN, NOW),
            partial(accounts.set_password, connection, person_id=CHEN, password=PASSWORD, now=NOW),
        ):
            assert refusal(work).code == "no_account"


def test_of_many_who_make_one_login_one_does(engine: Engine, cheap: Counting) -> None:
    answers = at_once(6, lambda n: create(engine, cheap, UUID(int=n + 1), "lin"))
    assert sorted(str(a.code) for a in answers if isinstance(a, Refused)) == ["login_taken"] * 5


def test_five_wrong_ones_lock_person_and_desk(engine: Engine, cheap: Counting) -> None:
    create(engine, cheap, LIN, "lin")
    create(engine, cheap, CHEN, "chen")
    said = [told(engine, cheap, "lin") for _ in range(6)]
    assert [one.values.get("left") for one in said] == [4, 3, 2, 1, None, None]
    assert [one.code for one in said] == ["wrong_password"] * 4 + ["locked_out"] * 2
    assert said[-1].values["until"] == f"{(NOW + 30 * MINUTE).astimezone(SHANGHAI):%H:%M}"
    assert told(engine, cheap, "lin", PASSWORD).code == "locked_out", "the right one neither"
    assert cheap.looked == 5, "what is locked is not even looked at"
    assert sign_in(engine, cheap, "lin", PASSWORD, device=OTHER) == LIN
    assert sign_in(engine, cheap, "chen", PASSWORD) == CHEN
    with reading(engine) as connection:
        (one,) = accounts.lockouts(connection, NOW + 29 * MINUTE)
        assert accounts.lockouts(connection, NOW + 30 * MINUTE) == ()
    assert (one.person_id, one.device, one.locked_at) == (LIN, DESK, NOW)
    late = partial(sign_in, engine, cheap, "lin", PASSWORD)
    assert refusal(partial(late, now=NOW + 29.9 * MINUTE)).code == "locked_out"
    assert late(now=NOW + 30 * MINUTE) == LIN


@pytest.mark.parametrize("login", ["lin", "nobody"])
def test_tries_at_once_get_no_more_than_five(engine: Engine, cheap: Counting, login: str) -> None:
    create(engine, cheap, LIN, "lin")
    accounts._dummy(cheap)
    answers = at_once(12, lambda n: sign_in(engine, cheap, login, f"guess {n}"))
    codes = sorted(one.code for one in answers if isinstance(one, Refused))
    assert codes == ["locked_out"] * 8 + ["wrong_password"] * 4
    assert cheap.looked <= 5
    # as if one of them, only later, had guessed right
    assert told(engine, cheap, login, PASSWORD).code == "locked_out"


def test_the_chief_lets_somebody_try_again(engine: Engine, cheap: Counting) -> None:
    create(engine, cheap, LIN, "lin")
    for device in (DESK, OTHER):
        for _ in range(5):
            told(engine, cheap, "lin", device=device)
    with engine.begin() as connection:
        release = partial(accounts.release_lockout, connection, person=LIN, device=DESK, now=NOW)
        assert refusal(partial(release, by=LIN)).code == "not_allowed"
        assert release(by=CHIEF)
        assert not release(by=CHIEF), "nothing is left to release"
    assert [told(engine, cheap, "lin").values.get("left") for _ in range(2)] == [4, 3]
    assert sign_in(engine, cheap, "lin", PASSWORD) == LIN
    assert told(engine, cheap, "lin", device=OTHER).code == "locked_out"
    with reading(engine) as connection:
        row = connection.execute(
            select(attempt).where((attempt.c.device == DESK) & (attempt.c.purpose == "person"))
        ).one()
    assert (row.released_by, row.released_at) == (CHIEF, NOW)


def test_nothing_tells_who_has_an_account(engine: Engine, cheap: Counting) -> None:
    create(engine, cheap, LIN, "lin")
    create(engine, cheap, CHEN, "chen")
    with engine.begin() as connection:
        accounts.withdraw_account(connection, CHEN, NOW)
    said = {}
    for login in ("lin", "chen", "nobody", "nul\0", "half\ud800", "", "x" * 500):
        looked = cheap.looked
        answers = [told(engine, cheap, login) for _ in range(6)]
        said[login] = [(one.code, one.field, one.values) for one in answers]
        assert cheap.looked == looked + 5, f"{login!r} costs as much as any"
    assert all(one == said["lin"] for one in said.values())
    with reading(engine) as connection:
        kept = repr(connection.execute(select(attempt)).all())
    assert "nobody" not in kept, "people type passwords into the wrong box"


def test_a_withdrawn_account_opens_again(engine: Engine, cheap: Counting) -> None:
    create(engine, cheap, LIN, "lin")
    with engine.begin() as connection:
        accounts.withdraw_account(connection, LIN, NOW)
    assert told(engine, cheap, "lin", PASSWORD).code == "wrong_password"
    with engine.begin() as connection:
        accounts.reopen_account(connection, LIN, NOW)
    assert sign_in(engine, cheap, "lin", PASSWORD) == LIN


def test_a_hash_follows_the_parameters(engine: Engine, cheap: Counting) -> None:
    create(engine, cheap, LIN, "lin")
    dearer = Counting(time_cost=2)
    told(engine, dearer, "lin")

    def kept() -> str:
        with reading(engine) as connection:
            return str(connection.execute(select(account.c.hash)).scalar_one())

    assert "t=1" in kept(), "a wrong password writes no hash"
    assert sign_in(engine, dearer, "lin", PASSWORD) == LIN
    after = kept()
    assert "t=2" in after
    assert sign_in(engine, dearer, "lin", PASSWORD) == LIN
    assert kept() == after


def test_inside_a_transaction_nobody_signs_in(engine: Engine, cheap: Counting) -> None:
    """What is counted there would be undone with it."""
    create(engine, cheap, LIN, "lin")
    with engine.begin() as connection, pytest.raises(InvalidRequestError):
        check_password(connection, login="lin", password=PASSWORD, device=DESK, now=NOW, hasher=cheap)


def test_no_lock_is_held_while_a_password_is_looked_at(engine: Engine, cheap: Counting) -> None:
    create(engine, cheap, LIN, "lin")

    class Meanwhile(Counting):
        def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002  argon2's name
            create(engine, cheap, CHEN, "chen")  # would wait, and end with the lock's time
            return super().verify(hash, password)

    assert sign_in(engine, Meanwhile(), "lin", PASSWORD) == LIN


def test_old_tries_are_forgotten(engine: Engine, cheap: Counting) -> None:
    create(engine, cheap, LIN, "lin")
    for _ in range(4):
        told(engine, cheap, "lin")
    with engine.begin() as connection:
        accounts.forget_tries(connection, NOW + timedelta(days=1))
    assert told(engine, cheap, "lin").code == "locked_out"
    with engine.begin() as connection:
        accounts.forget_tries(connection, NOW + timedelta(days=1, seconds=1))
        assert connection.execute(select(attempt)).all() == []


# minutes until the next thing, which desk, and what happens there
STEPS = st.lists(
    st.tuples(
        st.sampled_from([0, 1, 10, 29, 30, 45]),
        st.sampled_from([DESK, OTHER]),
        st.sampled_from(["wrong", "wrong", "wrong", "wrong", "right", "release"]),
    ),
    min_size=1,
    max_size=40,
)


def test_the_lock_whatever_happens(database: Engine) -> None:
    hasher = Counting()

    @settings(max_examples=25)
    @given(STEPS)
    def story(steps: list[tuple[int, UUID, str]]) -> None:
        empty(database)
        create(database, hasher, LIN, "lin")
        now = NOW
        wrong = {DESK: 0, OTHER: 0}
        until = {DESK: NOW, OTHER: NOW}
        for minutes, desk, what in steps:
            now += minutes * MINUTE
            if what == "release":
                with database.begin() as connection:
                    accounts.release_lockout(connection, person=LIN, device=desk, by=CHIEF, now=now)
                wrong[desk], until[desk] = 0, now
                continue
            password = PASSWORD if what == "right" else "wrong"
            attempt_ = partial(sign_in, database, hasher, "lin", password, device=desk, now=now)
            if now < until[desk]:
                refused = refusal(attempt_)
                left = math.ceil((until[desk] - now) / MINUTE)
                assert (refused.code, refused.values["minutes"]) == ("locked_out", left)
            elif what == "right":
                assert attempt_() == LIN
                wrong[desk] = 0
            else:
                refused = refusal(attempt_)
                wrong[desk] += 1
                if wrong[desk] < 5:
                    assert (refused.code, refused.values) == ("wrong_password", {"left": 5 - wrong[desk]})
                else:
                    assert refused.code == "locked_out"
                    wrong[desk], until[desk] = 0, now + 30 * MINUTE

    story()
