"""Tests of administration over HTTP, on both databases: accounts, codes, lockouts, and who may."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
import pytest
from nacl.signing import SigningKey

from commandcenter.protocol import administration as messages
from commandcenter.protocol import admission as admitted
from commandcenter.protocol.codes import matches, parse_code
from commandcenter.protocol.messages import refusal
from commandcenter.runtime import new_id
from commandcenter.server import accounts, admission
from commandcenter.server.administration import Administration
from commandcenter.server.doors import Doors
from commandcenter.server.first_admin import person_entry
from commandcenter.server.gate import CentreGate
from commandcenter.services.reference import shipped_row_id
from db.centre.engine import CentreEngine
from tests.server.running import Client, Running, made_store, now, running
from tests.server.test_doors import DISTRICT, parents

STREET = shipped_row_id("organisation", "350502001")
PASSWORD = "correct horse battery"


@dataclass
class Scene:
    """A centre, its administrator, and the client of a machine at which they sit."""

    centre: Running
    admin: UUID
    device: UUID
    client: Client


@pytest.fixture
def scene(engine: CentreEngine) -> Iterator[Scene]:
    """An administrator has signed in."""
    store, admin = made_store(engine), new_id()
    gate = CentreGate(engine, now=lambda: datetime.now(UTC), district=DISTRICT, shipped_parents=parents())
    with engine.begin() as connection:
        accounts.create_account(connection, person_id=admin, login="chen", password=PASSWORD, now=now())
    person_entry(store, admin, "chen", DISTRICT, new_id, now())
    more: dict[str, Any] = {
        "more": lambda threads, hub: {
            **Doors(engine, gate, threads, hub, now=now).endpoints(),
            **Administration(engine, gate, threads, now=now).endpoints(),
        }
    }
    with running(engine, gate, **more) as centre, Client(centre.address) as client:  # type: ignore[arg-type]
        with engine.begin() as connection:
            code = admission.new_code(connection, scope_id=DISTRICT, roles=("desk",), by=None, now=now())  # type: ignore[arg-type]
        device = enrol(client, code)
        sign_in(client, "chen")
        yield Scene(centre, admin, device, client)


def enrol(client: Client, code: str) -> UUID:
    """The client's machine enrols and speaks for itself from now on."""
    device = new_id()
    public = bytes(SigningKey.generate().verify_key).hex()
    answer = client.post("/v1/enrol", {"code": code, "device": device, "public_key": public, "name": "x"})
    token = admitted.enrol_answer.decode(answer.content).token
    client.http.headers["Authorization"] = f"Bearer {token}"
    return device


def sign_in(client: Client, login: str, password: str = PASSWORD) -> httpx.Response:
    """Somebody signs in there; the session goes with what is asked next."""
    answer = client.post("/v1/sign-in", {"login": login, "password": password})
    if answer.status_code == 200:
        session = admitted.sign_in_answer.decode(answer.content).session
        client.http.headers[admitted.SESSION_HEADER] = session
    return answer


def told(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of a no."""
    return answer.status_code, refusal.decode(answer.content).code


def listed(answer: httpx.Response) -> dict[str, messages.AccountLine]:
    """The accounts of an answer, by login."""
    assert answer.status_code == 200, answer.content
    return {one.login: one for one in messages.accounts_answer.decode(answer.content).accounts}


def test_an_account_from_its_making_to_its_end(scene: Scene) -> None:
    client, person = scene.client, new_id()
    made = {"person": person, "login": "Lin", "password": "lange genug ja"}
    assert set(listed(client.post("/v1/accounts", made))) == {"chen", "lin"}
    assert told(client.post("/v1/accounts", made)) == (409, "account_exists")
    assert told(client.post("/v1/accounts", {**made, "person": new_id()})) == (409, "login_taken")
    short = {"person": person, "password": "kurz"}
    assert told(client.post("/v1/accounts/password", short)) == (400, "password_too_short")
    assert told(client.post("/v1/accounts/password", {**short, "person": new_id()})) == (404, "no_account")
    changed = {"person": person, "password": "ein anderes ja"}
    listed(client.post("/v1/accounts/password", changed))
    assert told(sign_in(client, "lin", "lange genug ja")) == (403, "wrong_password")
    away = client.post("/v1/accounts/withdraw", {"person": person, "withdrawn": True})
    assert listed(away)["lin"].withdrawn_at is not None
    assert told(sign_in(client, "lin", "ein anderes ja")) == (403, "wrong_password")
    back = client.post("/v1/accounts/withdraw", {"person": person, "withdrawn": False})
    assert listed(back)["lin"].withdrawn_at is None
    oneself = client.post("/v1/accounts/withdraw", {"person": scene.admin, "withdrawn": True})
    assert told(oneself) == (400, "not_to_oneself")
    # lin is nobody in the register: a session without a role asks for nothing
    assert sign_in(client, "lin", "ein anderes ja").status_code == 200
    for path in ("/v1/accounts", "/v1/lockouts"):
        assert told(client.get(path)) == (403, "not_allowed")


def test_a_code_is_made_for_an_organisation_there_is(scene: Scene) -> None:
    client = scene.client
    answer = client.post("/v1/codes", {"scope": STREET, "roles": ["wall"]})
    said = messages.code_answer.decode(answer.content)
    key = admitted.key_answer.decode(client.get("/v1/key", challenge="00" * 32).content).key
    assert matches(parse_code(said.code), bytes.fromhex(key))
    assert told(client.post("/v1/codes", {"scope": new_id(), "roles": ["desk"]})) == (400, "unknown_row")
    assert told(client.post("/v1/codes", {"scope": STREET, "roles": []})) == (400, "required")
    with Client(scene.centre.address) as other:
        device = enrol(other, said.code)
        assert told(other.get("/v1/accounts")) == (401, "no_session")
    found = admitted.devices_answer.decode(client.get("/v1/devices").content).devices
    assert [(one.scope_id, one.roles) for one in found if one.device == device] == [(STREET, ("wall",))]


def test_who_is_locked_out_is_listed_and_released(scene: Scene) -> None:
    client, person = scene.client, new_id()
    client.post("/v1/accounts", {"person": person, "login": "lin", "password": "lange genug ja"})
    for _ in range(5):
        assert sign_in(client, "lin", "falsch").status_code in (403, 429)
    lines = messages.lockouts_answer.decode(client.get("/v1/lockouts").content).lockouts
    assert [(one.person, one.device) for one in lines] == [(person, scene.device)]
    assert told(sign_in(client, "lin", "lange genug ja")) == (429, "locked_out")
    left = client.post("/v1/lockouts/release", {"person": person, "device": scene.device})
    assert messages.lockouts_answer.decode(left.content).lockouts == ()
    assert sign_in(client, "lin", "lange genug ja").status_code == 200
