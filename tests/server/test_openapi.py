"""Tests that the written description of the endpoints is what the running centre does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import schemathesis
import yaml  # type: ignore[import-untyped]
from hypothesis import HealthCheck, settings
from nacl.signing import SigningKey
from schemathesis import Case
from schemathesis.checks import CHECKS, not_a_server_error

from commandcenter.protocol import admission as messages
from commandcenter.runtime import new_id
from commandcenter.server import accounts, admission
from commandcenter.server.administration import Administration
from commandcenter.server.doors import Doors
from commandcenter.server.first_admin import person_entry
from commandcenter.server.gate import CentreGate
from db.centre.engine import open_centre
from tests.server.running import Client, Running, made_store, now, running

DOCUMENT = Path(__file__).parents[2] / "docs" / "openapi.yaml"
SCHEMA = schemathesis.openapi.from_path(DOCUMENT)
PASSWORD = "correct horse battery"
NAMES = ("status_code", "content_type", "response_headers", "response_schema")
WRITTEN: list[Any] = [CHECKS.get_one(f"{name}_conformance") for name in NAMES]
# An endless answer is no case; the stream has tests of its own.
CALLED = SCHEMA.exclude(path="/v1/stream")


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, dict[str, str]]]:
    """A centre, and the header lines of an administrator at an enrolled machine."""
    engine = open_centre(None, tmp_path_factory.mktemp("centre"))
    store, person, district = made_store(engine), new_id(), new_id()
    gate = CentreGate(
        engine, now=lambda: datetime.now(UTC), district=district, shipped_parents={district: None}
    )
    with engine.begin() as connection:
        accounts.create_account(connection, person_id=person, login="chen", password=PASSWORD, now=now())
        code = admission.new_code(connection, scope_id=district, roles=("desk",), by=None, now=now())
    person_entry(store, person, "chen", district, new_id, now())
    more: dict[str, Any] = {
        "more": lambda threads, hub: {
            **Doors(engine, gate, threads, hub, now=now).endpoints(),
            **Administration(engine, gate, threads, now=now).endpoints(),
        }
    }
    with running(engine, gate, **more) as one, Client(one.address) as client:  # type: ignore[arg-type]
        public = bytes(SigningKey.generate().verify_key).hex()
        asked = {"code": code, "device": str(new_id()), "public_key": public, "name": "一"}
        token = messages.enrol_answer.decode(client.post("/v1/enrol", asked).content).token
        client.http.headers["Authorization"] = f"Bearer {token}"
        answer = client.post("/v1/sign-in", {"login": "chen", "password": PASSWORD})
        session = messages.sign_in_answer.decode(answer.content).session
        yield one, {"Authorization": f"Bearer {token}", messages.SESSION_HEADER: session}


@CALLED.parametrize()
@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.filter_too_much,
    ],
)
def test_what_is_written_is_what_happens(case: Case[Any], described: tuple[Running, dict[str, str]]) -> None:
    centre, headers = described
    if case.path == "/v1/devices/withdraw":
        headers = {name: line for name, line in headers.items() if name != messages.SESSION_HEADER}
    case.call_and_validate(base_url=centre.address, headers=headers, checks=[not_a_server_error, *WRITTEN])


def test_every_endpoint_is_described(described: tuple[Running, dict[str, str]]) -> None:
    written = yaml.safe_load(DOCUMENT.read_text(encoding="utf-8"))
    there = {path: set(methods) for path, methods in described[0].centre.application._endpoints.items()}
    said = {path: {method.upper() for method in methods} for path, methods in written["paths"].items()}
    assert said == there


def test_every_code_is_described() -> None:
    written = DOCUMENT.read_text(encoding="utf-8")
    for file in (Path(__file__).parents[2] / "commandcenter" / "server").glob("*.py"):
        source = file.read_text(encoding="utf-8")
        for code in re.findall(r'(?:Turned\(\s*\d+,\s*|unauthorised\()"([a-z_]+)"', source):
            assert code in written, f"{file.name}: {code}"
