"""The proof of who may speak to the centre: codes, devices, the centre's key, on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select
from sqlalchemy.exc import InvalidRequestError

from commandcenter.domain.errors import Refused
from commandcenter.protocol.codes import RANDOM_BYTES, matches, parse_code, verify_signature
from commandcenter.server import admission
from commandcenter.server.admission import Enrolled, device_of, new_code, redeem_code
from commandcenter.server.centre_key import centre_key_of, make_key
from db.centre.admission_tables import centre_key, device, enrolment_code
from db.centre.engine import reading
from tests.server.databases import KINDS, at_once, centre_database, empty, refusal

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SCOPE = UUID(int=0x350502)
KEY = bytes(range(32))


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


def code_of(engine: Engine, now: datetime = NOW, **roles: tuple[str, ...]) -> str:
    """A new code for ``SCOPE``."""
    with engine.begin() as connection:
        return new_code(connection, scope_id=SCOPE, roles=roles.get("roles", ("desk",)), by=None, now=now)


def enrol(
    engine: Engine,
    id_: int,
    *,
    code: str | None = None,
    now: datetime = NOW,
    public_key: bytes = KEY,
    address: str = "10.0.0.9",
    alone_until: int = 0,
) -> Enrolled:
    """Redeem a code, a new one where none is given."""
    said = code_of(engine, now) if code is None else code
    with engine.connect() as connection:
        return redeem_code(
            connection,
            code=said,
            device=UUID(int=id_),
            public_key=public_key,
            name=f"席位{id_}",
            now=now,
            address=address,
            alone_until=alone_until,
        )


# --- the key


def test_many_first_starts_make_one_key(engine: Engine) -> None:
    def start(_: int) -> bytes:
        with engine.begin() as connection:
            return make_key(connection, NOW).public

    assert len(set(at_once(8, start))) == 1
    with engine.connect() as connection:
        assert len(connection.execute(select(centre_key)).all()) == 1


def test_the_key_signs_for_every_process(engine: Engine) -> None:
    with reading(engine) as connection:
        assert centre_key_of(connection) is None, "a reader makes none that nobody would keep"
    with engine.begin() as connection:
        key = make_key(connection, NOW)
    with reading(engine) as connection:
        again = centre_key_of(connection)
    assert again is not None and again.public == key.public
    assert verify_signature(key.public, b"head", again.sign(b"head"))
    assert not verify_signature(key.public, b"another head", again.sign(b"head"))


# --- codes


def test_a_machine_enrols_with_a_code(engine: Engine) -> None:
    code = code_of(engine, roles=("desk", "wall", "desk"))
    with reading(engine) as connection:
        key = centre_key_of(connection)
    assert key is not None and matches(parse_code(code), key.public)
    done = enrol(engine, 7, code=code.lower().replace("-", " "), alone_until=12)
    assert (done.scope_id, done.roles, done.desk_number) == (SCOPE, ("desk", "wall"), 1)
    assert done.centre_key == key.public
    with reading(engine) as connection:
        found = device_of(connection, done.token)
        kept = repr(connection.execute(select(device)).all()) + repr(
            connection.execute(select(enrolment_code)).all()
        )
    assert found is not None and (found.id, found.number, found.scope_id) == (UUID(int=7), 1, SCOPE)
    assert (found.roles, found.public_key, found.alone_until) == (("desk", "wall"), KEY, 12)
    assert (found.ids, found.enrolled_at, found.seen_at) == (frozenset({UUID(int=7)}), NOW, None)
    assert done.token not in kept and parse_code(code).secret not in kept, "only hashes are kept"


@pytest.mark.parametrize(("later", "code"), [(14.99, None), (15, "code_expired"), (90, "code_expired")])
def test_a_code_lasts_fifteen_minutes(engine: Engine, later: float, code: str | None) -> None:
    text = code_of(engine)
    if code is None:
        enrol(engine, 1, code=text, now=NOW + later * MINUTE)
    else:
        assert refusal(lambda: enrol(engine, 1, code=text, now=NOW + later * MINUTE)).code == code


def test_a_code_is_good_once(engine: Engine) -> None:
    text = code_of(engine)
    enrol(engine, 1, code=text)
    assert refusal(lambda: enrol(engine, 1, code=text)).code == "code_used"
    assert refusal(lambda: enrol(engine, 2, code=text, now=NOW + MINUTE)).code == "code_used"
    # used stays used, also when it would have expired
    assert refusal(lambda: enrol(engine, 3, code=text, now=NOW + 60 * MINUTE)).code == "code_used"


def of_round(engine: Engine, text: str, round_: int, n: int) -> Enrolled:
    """The try of machine ``n``, from an address of its own."""
    return enrol(engine, round_ * 10 + n, code=text, address=f"10.0.0.{n}")


def test_of_many_who_bring_one_code_one_enrols(engine: Engine) -> None:
    texts = [code_of(engine) for _ in range(5)]
    for round_, text in enumerate(texts, 1):
        answers = at_once(6, partial(of_round, engine, text, round_))
        won = [answer for answer in answers if isinstance(answer, Enrolled)]
        assert len(won) == 1
        lost = [answer.code for answer in answers if isinstance(answer, Refused)]
        assert lost == ["code_used"] * 5
        with reading(engine) as connection:
            assert len(admission.devices(connection)) == round_
            assert device_of(connection, won[0].token) is not None


def test_many_who_enrol_at_once_get_numbers_of_their_own(engine: Engine) -> None:
    texts = [code_of(engine) for _ in range(8)]
    answers = at_once(8, lambda n: enrol(engine, n + 1, code=texts[n], address=f"10.0.0.{n}"))
    assert sorted(a.desk_number for a in answers if isinstance(a, Enrolled)) == list(range(1, 9))


def test_wrong_codes_from_one_address_are_slowed(engine: Engine) -> None:
    with engine.begin() as connection:
        wrong = [
            new_code(connection, scope_id=SCOPE, roles=["desk"], by=None, now=NOW).replace("-", "")
            for _ in range(6)
        ]
        connection.execute(enrolment_code.delete())
    good = code_of(engine)
    codes = [refusal(partial(enrol, engine, 1, code=text)).code for text in wrong]
    assert codes == ["code_unknown"] * 5 + ["too_many_codes"]
    refused = refusal(lambda: enrol(engine, 1, code=good, now=NOW + 10 * MINUTE))
    assert (refused.code, refused.values["minutes"]) == ("too_many_codes", 20)
    enrol(engine, 1, code=good, address="10.0.0.10")  # another address is not slowed
    assert enrol(engine, 2, now=NOW + 30 * MINUTE).desk_number == 2
    # and what proved right begins anew
    assert refusal(lambda: enrol(engine, 3, code=wrong[0], now=NOW + 31 * MINUTE)).code == "code_unknown"
    enrol(engine, 3, now=NOW + 31 * MINUTE)


def test_tries_at_once_from_one_address_get_no_more_than_five(engine: Engine) -> None:
    with engine.begin() as connection:
        wrong = [new_code(connection, scope_id=SCOPE, roles=["desk"], by=None, now=NOW) for _ in range(10)]
        connection.execute(enrolment_code.delete())
    answers = at_once(10, lambda n: enrol(engine, 1, code=wrong[n]))
    codes = sorted(answer.code for answer in answers if isinstance(answer, Refused))
    assert codes == ["code_unknown"] * 5 + ["too_many_codes"] * 5


def test_what_a_code_is_made_for_is_checked(engine: Engine) -> None:
    assert refusal(lambda: code_of(engine, roles=())).code == "required"
    assert refusal(lambda: code_of(engine, roles=("administrator",))).code == "unknown_code"
    text = code_of(engine)

    def with_(name: str = "席位", key: bytes = KEY) -> Enrolled:
        with engine.connect() as connection:
            return redeem_code(
                connection, code=text, device=SCOPE, public_key=key, name=name, now=NOW, address="::1"
            )

    assert refusal(lambda: with_(name=" ")).code == "required"
    assert refusal(lambda: with_(name="长" * 41)).code == "too_long"
    assert refusal(lambda: with_(name="a\0b")).code == "control_character"
    assert refusal(lambda: with_(key=b"short")).code == "wrong_type"
    assert with_(name=" 一号席 ").desk_number == 1, "the code is still good after all that"


def test_inside_a_transaction_a_code_is_not_redeemed(engine: Engine) -> None:
    text = code_of(engine)
    with engine.begin() as connection, pytest.raises(InvalidRequestError):
        redeem_code(
            connection, code=text, device=SCOPE, public_key=KEY, name="x", now=NOW, address="10.0.0.1"
        )


def test_random_bytes_decide(engine: Engine) -> None:
    with engine.begin() as connection:
        first = new_code(
            connection, scope_id=SCOPE, roles=["desk"], by=None, now=NOW, random=lambda n: b"\7" * n
        )
    assert first == code_with(b"\7" * 32, b"\7" * RANDOM_BYTES)
    assert code_of(engine) != code_of(engine)


def code_with(seed: bytes, random: bytes) -> str:
    """The code of a centre whose key has this seed."""
    from nacl.signing import SigningKey

    from commandcenter.protocol.codes import KEY_LENGTH, Code, fingerprint, new_secret, write_code

    prefix = fingerprint(bytes(SigningKey(seed).verify_key)).replace("-", "")[:KEY_LENGTH]
    return write_code(Code(secret=new_secret(random), key_prefix=prefix))


# --- devices


def test_a_machine_that_enrols_again_keeps_its_number(engine: Engine) -> None:
    enrol(engine, 1)
    before = enrol(engine, 2, alone_until=30)
    with engine.begin() as connection:
        admission.withdraw(connection, UUID(int=2), NOW)
    enrol(engine, 3)
    after = enrol(engine, 2, now=NOW + MINUTE, alone_until=900)
    assert after.desk_number == before.desk_number == 2
    with reading(engine) as connection:
        assert device_of(connection, before.token) is None, "the former token is void"
        found = device_of(connection, after.token)
    assert found is not None and found.withdrawn_at is None
    assert found.alone_until == 30, "what it wrote since is not judged as if it had been alone"


def test_nobody_enrols_as_another_machine(engine: Engine) -> None:
    first = enrol(engine, 1)
    text = code_of(engine)
    refused = refusal(lambda: enrol(engine, 1, code=text, public_key=bytes(32)))
    assert refused.code == "device_known"
    with reading(engine) as connection:
        assert device_of(connection, first.token) is not None
    assert enrol(engine, 2, code=text, public_key=bytes(32)).desk_number == 2, "the code was given back"


def test_a_withdrawn_machine_is_told_so(engine: Engine) -> None:
    one, two = enrol(engine, 1), enrol(engine, 2)
    with engine.begin() as connection:
        admission.withdraw(connection, UUID(int=1), NOW)
        admission.withdraw(connection, UUID(int=1), NOW + MINUTE)  # twice is as good as once
        assert refusal(lambda: admission.withdraw(connection, UUID(int=9), NOW)).code == "device_unknown"
    with reading(engine) as connection:
        assert refusal(lambda: device_of(connection, one.token)).code == "device_withdrawn"
        good = admission.good_tokens(connection, [one.token, two.token, "x", "A" * 43])
        assert good == {two.token}
        assert admission.good_tokens(connection, []) == frozenset()
        shown = admission.devices(connection)
    assert [(d.number, d.withdrawn_at) for d in shown] == [(1, NOW), (2, None)]


def test_what_is_no_token_is_nobodys(engine: Engine) -> None:
    done = enrol(engine, 1)

    @settings(max_examples=60)
    @given(st.text(max_size=60) | st.from_regex(r"[A-Za-z0-9_-]{43}", fullmatch=True))
    def nobody(token: str) -> None:
        with reading(engine) as connection:
            assert device_of(connection, token) is None
            assert admission.good_tokens(connection, [token]) == frozenset()

    nobody()
    assert len(done.token) == 43


def test_a_machine_is_noted_once_a_minute(engine: Engine) -> None:
    token = enrol(engine, 1).token
    written = []
    for seconds in (0, 1, 59, 60, 61, 119.999, 120):
        now = NOW + timedelta(seconds=seconds)
        with engine.begin() as connection:
            found = device_of(connection, token)
            assert found is not None
            if admission.seen(connection, found, now):
                written.append(seconds)
                # another request that read the device before this one
                assert not admission.seen(connection, found, now + timedelta(seconds=1))
    assert written == [0, 60, 120]
    with reading(engine) as connection:
        found = device_of(connection, token)
    assert found is not None and found.seen_at == NOW + 2 * MINUTE


def test_a_renewed_chain_is_the_same_machine(engine: Engine) -> None:
    old, new, third = UUID(int=1), UUID(int=101), UUID(int=201)
    done = enrol(engine, 1, alone_until=5)
    enrol(engine, 2)
    with engine.begin() as connection:
        for _ in range(2):  # the answer may have been lost
            found = admission.renew(connection, old, new, NOW + MINUTE)
            assert (found.id, found.ids, found.number) == (new, frozenset({old, new}), 1)
        assert refusal(lambda: admission.renew(connection, old, third, NOW)).code == "device_known"
        assert refusal(lambda: admission.renew(connection, new, UUID(int=2), NOW)).code == "device_known"
        assert refusal(lambda: admission.renew(connection, third, SCOPE, NOW)).code == "device_unknown"
        assert admission.renew(connection, new, third, NOW + 2 * MINUTE).ids == {old, new, third}
    with reading(engine) as connection:
        spoken = device_of(connection, done.token)
    assert spoken is not None
    assert (spoken.id, spoken.scope_id, spoken.number, spoken.roles) == (third, SCOPE, 1, ("desk",))
    assert spoken.alone_until == 0, "its new chain was never alone"
    assert refusal(lambda: enrol(engine, 1)).code == "device_known", "the old id went on as another"
    assert enrol(engine, 3).desk_number == 3
    with engine.begin() as connection:
        admission.withdraw(connection, old, NOW)  # by any id it had
        assert refusal(lambda: device_of(connection, done.token)).code == "device_withdrawn"


def test_of_two_who_renew_one_machine_one_does(engine: Engine) -> None:
    done = enrol(engine, 1)

    def renew(n: int) -> UUID:
        with engine.begin() as connection:
            return admission.renew(connection, UUID(int=1), UUID(int=100 + n), NOW).id

    answers = at_once(4, renew)
    (won,) = [answer for answer in answers if isinstance(answer, UUID)]
    with reading(engine) as connection:
        found = device_of(connection, done.token)
    assert found is not None and found.id == won and found.ids == {UUID(int=1), won}


def test_numbers_are_used_again_only_when_none_is_left(engine: Engine) -> None:
    for id_ in range(1, 100):
        assert enrol(engine, id_).desk_number == id_
    assert refusal(lambda: enrol(engine, 100)).code == "no_desk_number"
    with engine.begin() as connection:
        admission.withdraw(connection, UUID(int=50), NOW + MINUTE)
        admission.withdraw(connection, UUID(int=40), NOW)
    assert refusal(lambda: enrol(engine, 100, now=NOW + 2 * MINUTE)).code == "no_desk_number"
    later = NOW + timedelta(days=8)
    assert enrol(engine, 100, now=later).desk_number == 40
    assert enrol(engine, 50, now=later).desk_number == 50, "not yet given away"
    assert refusal(lambda: enrol(engine, 40, now=later)).code == "no_desk_number"
    with reading(engine) as connection:
        assert [d.number for d in admission.devices(connection)] == [*range(1, 100), None]


# what may happen to five machines, each time a minute later
STEPS = st.lists(
    st.tuples(st.sampled_from(["enrol", "withdraw", "renew"]), st.integers(1, 5)), min_size=1, max_size=25
)


def test_numbers_and_tokens_whatever_happens(database: Engine) -> None:
    @settings(max_examples=25)
    @given(STEPS)
    def story(steps: list[tuple[str, int]]) -> None:
        empty(database)
        now, fresh = NOW, iter(range(1000, 10_000))
        current: dict[int, int] = {}  # machine: the id it speaks under
        numbers: dict[int, int] = {}
        tokens: dict[int, str] = {}
        withdrawn: set[int] = set()
        for what, machine in steps:
            now += MINUTE
            if what == "enrol":
                done = enrol(database, current.setdefault(machine, machine), now=now)
                expected = numbers.setdefault(machine, len(numbers) + 1)
                assert done.desk_number == expected
                tokens[machine] = done.token
                withdrawn.discard(machine)
            elif machine in current:
                with database.begin() as connection:
                    if what == "withdraw":
                        admission.withdraw(connection, UUID(int=current[machine]), now)
                        withdrawn.add(machine)
                    elif machine not in withdrawn:
                        new = next(fresh)
                        admission.renew(connection, UUID(int=current[machine]), UUID(int=new), now)
                        current[machine] = new
        with reading(database) as connection:
            good = admission.good_tokens(connection, tokens.values())
            assert good == {tokens[machine] for machine in tokens if machine not in withdrawn}
            for machine, token in tokens.items():
                if machine in withdrawn:
                    assert refusal(partial(device_of, connection, token)).code == "device_withdrawn"
                    continue
                found = device_of(connection, token)
                assert found is not None
                assert (found.id, found.number) == (UUID(int=current[machine]), numbers[machine])

    story()
