"""Tests of admission over HTTP: the key, a code for a token, signing in, the machines, with the real gate."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest
from nacl.signing import SigningKey

from commandcenter.protocol import admission as messages
from commandcenter.protocol.codes import matches, parse_code, verify_signature
from commandcenter.protocol.messages import refusal
from commandcenter.runtime import new_id
from commandcenter.server import accounts, admission
from commandcenter.server.doors import Doors
from commandcenter.server.first_admin import person_entry
from commandcenter.server.gate import CentreGate
from commandcenter.services.first_start import district_of, shipped_rows
from commandcenter.services.reference import shipped_row_id
from db.centre.engine import CentreEngine
from tests.server.running import Client, Events, Pen, Running, district_desk, made_store, now, running

DISTRICT = district_of("licheng")
STREET = shipped_row_id("organisation", "350502001")
PASSWORD = "correct horse battery"


def parents() -> dict[UUID, UUID | None]:
    """The organisations that ship."""
    shipped = shipped_rows("licheng")
    return {id_: values["parent_id"] for kind, id_, values in shipped if kind == "organisation"}


@pytest.fixture
def admitting(engine: CentreEngine) -> Iterator[Running]:
    """A centre with its real gate and doors, and an administrator."""
    store = made_store(engine)
    gate = CentreGate(engine, now=lambda: datetime.now(UTC), district=DISTRICT, shipped_parents=parents())
    person = new_id()
    with engine.begin() as connection:
        accounts.create_account(connection, person_id=person, login="chen", password=PASSWORD, now=now())
    person_entry(store, person, "chen", DISTRICT, new_id, now())
    more = {"more": lambda threads, hub: Doors(engine, gate, threads, hub, now=now).endpoints()}
    with running(engine, gate, **more) as one:  # type: ignore[arg-type]
        yield one


def code(centre: Running, scope: UUID | None = DISTRICT, *roles: str) -> str:
    """An enrolment code."""
    assert scope is not None
    with centre.store.engine.begin() as connection:
        return admission.new_code(connection, scope_id=scope, roles=roles or ("desk",), by=None, now=now())


def enrol(centre: Running, code_: str, **other: Any) -> httpx.Response:
    """A machine that enrols."""
    with Client(centre.address) as client:
        asked = {
            "code": code_,
            "device": str(new_id()),
            "public_key": bytes(SigningKey.generate().verify_key).hex(),
            "name": "值班一",
            "alone_until": 10**6,
            **other,
        }
        return client.post("/v1/enrol", asked)


def enrolled(
    centre: Running, scope: UUID | None = DISTRICT, *roles: str, alone_until: int = 10**6
) -> tuple[Client, messages.EnrolAnswer, UUID]:
    """An enrolled machine's client."""
    device = new_id()
    answer = enrol(centre, code(centre, scope, *roles), device=str(device), alone_until=alone_until)
    assert answer.status_code == 200, answer.text
    said = messages.enrol_answer.decode(answer.content)
    return Client(centre.address, said.token), said, device


def told(answer: httpx.Response) -> tuple[int, str]:
    """Status and code."""
    return answer.status_code, refusal.decode(answer.content).code


def test_the_centre_proves_its_key_before_a_code_is_shown(admitting: Running) -> None:
    challenge = secrets.token_bytes(32)
    with Client(admitting.address) as client:
        answer = messages.key_answer.decode(client.get("/v1/key", challenge=challenge.hex()).content)
        key = bytes.fromhex(answer.key)
        assert verify_signature(key, messages.KEY_PROOF + challenge, bytes.fromhex(answer.signature))
        assert matches(parse_code(code(admitting)), key)
        assert told(client.get("/v1/key", challenge="ab")) == (400, "bad_message")


def test_a_code_makes_one_token_once(admitting: Running) -> None:
    made = code(admitting)
    answer = enrol(admitting, made)
    said = messages.enrol_answer.decode(answer.content)
    assert said.number == 1 and said.roles == ("desk",) and said.scope_id == DISTRICT
    assert said.district_id == DISTRICT and set(said.scopes) >= set(parents())
    device = new_id()
    pen = Pen(district_desk(device=device, scope_id=DISTRICT))
    assert told(enrol(admitting, made)) == (403, "code_used")
    assert told(enrol(admitting, "nonsense")) == (400, "code_mistyped")
    client, _, device = enrolled(admitting)
    with client:
        pen = Pen(district_desk(device=device, scope_id=DISTRICT))
        assert client.push(pen, "a").status_code == 200
        # the account, the administrator's card, two codes, two enrolments, and this
        assert admitting.store.head().n == 7


def test_a_street_sees_its_own(admitting: Running) -> None:
    client, said, device = enrolled(admitting, STREET, alone_until=0)
    with client:
        assert STREET in said.scopes and DISTRICT not in said.scopes and None not in said.scopes
        pen = Pen(district_desk(device=device, scope_id=DISTRICT))
        verdicts = client.push(pen, "for the district").json()["verdicts"]
        assert [verdict["code"] for verdict in verdicts] == ["not_your_scope"]


def test_guessing_codes_ends(admitting: Running) -> None:
    from commandcenter.protocol.codes import ALPHABET, Code, write_code

    answers = []
    for _ in range(6):
        guess = "".join(secrets.choice(ALPHABET) for _ in range(11))
        answers.append(told(enrol(admitting, write_code(Code(secret=guess, key_prefix="22222222")))))
    assert answers == [(403, "code_unknown")] * 5 + [(429, "too_many_codes")]
    assert told(enrol(admitting, code(admitting))) == (429, "too_many_codes")


def test_signing_in_and_what_an_administrator_does(admitting: Running) -> None:
    client, _, _ = enrolled(admitting)
    other, _, device = enrolled(admitting)
    with client, other:
        assert told(client.get("/v1/devices")) == (401, "no_session")
        answer = client.post("/v1/sign-in", {"login": "Chen ", "password": PASSWORD})
        said = messages.sign_in_answer.decode(answer.content)
        client.http.headers[messages.SESSION_HEADER] = said.session
        found = messages.devices_answer.decode(client.get("/v1/devices").content).devices
        assert [machine.number for machine in found] == [1, 2]
        assert found[1].device == device and found[1].withdrawn_at is None and found[1].name == "值班一"
        events = Events(other)
        events.wait(lambda got: len(got) == 1)
        answer = client.post("/v1/devices/withdraw", {"device": str(device)})
        assert messages.devices_answer.decode(answer.content).devices[1].withdrawn_at is not None
        assert events.ended.wait(5) and events.of("bye") == [{"why": "withdrawn"}]
        assert told(other.get("/v1/feed", epoch=1, n=0)) == (403, "device_withdrawn")
        assert told(client.post("/v1/devices/withdraw", {"device": str(new_id())})) == (404, "device_unknown")


def test_a_session_is_good_at_its_machine_and_for_its_role_only(admitting: Running) -> None:
    client, _, device = enrolled(admitting)
    other, _, _ = enrolled(admitting)
    assert isinstance(admitting.gate, CentreGate)
    with client, other:
        answer = client.post("/v1/sign-in", {"login": "chen", "password": PASSWORD})
        session = messages.sign_in_answer.decode(answer.content).session
        other.http.headers[messages.SESSION_HEADER] = session
        assert told(other.get("/v1/devices")) == (401, "unknown_session")
        middle = len(session) // 2
        torn = session[:middle] + ("A" if session[middle] != "A" else "B") + session[middle + 1 :]
        for wrong in (torn, "x", "", session[:-4]):
            client.http.headers[messages.SESSION_HEADER] = wrong
            assert client.get("/v1/devices").status_code == 401
        person = new_id()
        with admitting.store.engine.begin() as connection:
            accounts.create_account(connection, person_id=person, login="li", password=PASSWORD, now=now())
        client.http.headers[messages.SESSION_HEADER] = admitting.gate.session_for(person, device)[0]
        assert told(client.get("/v1/devices")) == (403, "not_allowed")


def test_wrong_passwords_lock_person_and_machine(admitting: Running) -> None:
    client, _, _ = enrolled(admitting)
    other, _, _ = enrolled(admitting)
    with client, other:
        answers = [client.post("/v1/sign-in", {"login": "chen", "password": f"wrong {n}"}) for n in range(5)]
        assert {told(answer) for answer in answers[:4]} == {(403, "wrong_password")}
        assert [refusal.decode(answer.content).arguments.get("left") for answer in answers[:4]] == [
            4,
            3,
            2,
            1,
        ]
        assert told(client.post("/v1/sign-in", {"login": "chen", "password": PASSWORD})) == (
            429,
            "locked_out",
        )
        assert other.post("/v1/sign-in", {"login": "chen", "password": PASSWORD}).status_code == 200
        assert told(other.post("/v1/sign-in", {"login": "nobody", "password": PASSWORD}))[0] == 403


def test_a_forked_chain_goes_on_under_a_new_id(admitting: Running) -> None:
    client, _, device = enrolled(admitting)
    with client:
        fresh = new_id()
        said = messages.renew_answer.decode(client.post("/v1/renew", {"device": str(fresh)}).content)
        assert said.device == fresh and set(said.devices) == {device, fresh}
        pen = Pen(district_desk(device=fresh, scope_id=DISTRICT))
        (verdict,) = client.push(pen, "a").json()["verdicts"]
        assert verdict["verdict"] == "accepted"
        again = client.post("/v1/renew", {"device": str(fresh)})
        assert told(again) == (409, "device_known")


def test_a_password_stands_in_no_log(admitting: Running, caplog: pytest.LogCaptureFixture) -> None:
    client, _, _ = enrolled(admitting)
    with client, caplog.at_level("DEBUG"):
        client.post("/v1/sign-in", {"login": "chen", "password": PASSWORD})
        client.post("/v1/sign-in", msgspec.json.encode({"login": "chen", "password": PASSWORD})[:-1])
    assert PASSWORD not in caplog.text
