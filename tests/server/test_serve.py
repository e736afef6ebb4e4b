"""Tests of the serving process as an administrator starts it: its line, its end, TLS, two at once."""

from __future__ import annotations

import json
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme
from nacl.signing import SigningKey

from commandcenter.protocol import admission as messages
from commandcenter.runtime import new_id
from commandcenter.server import admission
from db.centre.engine import apart, open_centre
from tests.cli.terminal import ROOT, here, process
from tests.db.postgres import Cluster
from tests.server.running import Client, Events, Pen, district_desk


@dataclass
class Process:
    """A serving process that answers."""

    address: str
    running: subprocess.Popen[bytes]
    data: Path
    options: Sequence[str]
    log: Path

    def enrolled(self, **options: Any) -> tuple[Client, Pen]:
        """A machine that enrolled with a code of the command line."""
        made = here("code", "new", "--scope", "350502", "--role", "desk", "--data", self.data, *self.options)
        assert made.code == 0, made
        device = new_id()
        with Client(self.address, **options) as client:
            answer = client.post(
                "/v1/enrol",
                {
                    "code": made.document["code"],
                    "device": str(device),
                    "public_key": bytes(SigningKey.generate().verify_key).hex(),
                    "name": "一",
                    "alone_until": 10**9,
                },
            )
        said = messages.enrol_answer.decode(answer.content)
        pen = Pen(district_desk(device=device, scope_id=said.scope_id))
        return Client(self.address, said.token, **options), pen

    def end(self, number: int = signal.SIGTERM) -> int:
        """Signal it, and its exit code."""
        self.running.send_signal(number)
        return self.running.wait(20)


@contextmanager
def serving(data: Path, *options: str, more: Sequence[str] = ()) -> Iterator[Process]:
    """``serve`` in a process of its own; ``options`` also go to the other verbs."""
    log = data.with_suffix(f".{time.monotonic_ns()}.log")
    arguments = ["serve", "--listen", "127.0.0.1:0", "--data", str(data), *options, *more]
    command = [sys.executable, "-m", "commandcenter", *arguments]
    with (
        log.open("wb") as said,
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=said) as running,
    ):
        try:
            assert running.stdout is not None
            line = running.stdout.readline()
            assert line, log.read_text()
            yield Process(json.loads(line)["listening"], running, data, options, log)
        finally:
            if running.poll() is None:
                running.kill()


def test_it_answers_when_it_says_so_and_ends_with_open_streams(tmp_path: Path) -> None:
    with serving(tmp_path / "centre") as one:
        client, pen = one.enrolled()
        with client:
            assert client.push(pen, "a").status_code == 200
            events = Events(client)
            events.wait(lambda got: len(got) == 1)
            began = time.monotonic()
            assert one.end() == 0
            assert time.monotonic() - began < 3
            assert events.ended.wait(2) and events.of("bye") == [{"why": "stopping"}]
        assert one.running.stdout is not None and one.running.stdout.read() == b""
        lines = [json.loads(line) for line in one.log.read_text().splitlines()]
        assert {line["path"] for line in lines if "path" in line} >= {"/v1/push", "/v1/enrol", "/v1/stream"}
        assert not [line for line in lines if line["level"] in ("error", "warning", "critical")]


def test_a_reader_that_takes_nothing_does_not_hold_up_the_end(tmp_path: Path) -> None:
    import socket

    with serving(tmp_path / "centre") as one:
        client, pen = one.enrolled()
        host, port = one.address.removeprefix("http://").split(":")
        with client, socket.socket(socket.AF_INET, socket.SOCK_STREAM) as slow:
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            slow.connect((host, int(port)))
            lines = ["GET /v1/stream HTTP/1.1", "Host: x", "Licheng-Protocol: 1"]
            lines.append(f"Authorization: {client.http.headers['Authorization']}")
            slow.sendall("\r\n".join([*lines, "", ""]).encode())
            other, _ = one.enrolled()
            with other:
                for _ in range(40):
                    other.push(pen, *["长" * 4000] * 1)
            began = time.monotonic()
            assert one.end() == 0
            assert time.monotonic() - began < 5


def test_a_push_under_way_is_answered_before_the_end(tmp_path: Path) -> None:
    import threading

    with serving(tmp_path / "centre") as one:
        client, pen = one.enrolled()
        with client:
            head = client.get("/v1/status").json()
            from commandcenter.protocol.messages import Position

            request = pen.request(*["x"] * 400, position=Position(head["epoch"], head["head"]))
            answers: list[int] = []
            thread = threading.Thread(
                target=lambda: answers.append(client.post("/v1/push", request).status_code)
            )
            thread.start()
            time.sleep(0.05)
            assert one.end() == 0
            thread.join(10)
            assert answers == [200]


def test_what_was_answered_survives_a_kill(tmp_path: Path) -> None:
    data = tmp_path / "centre"
    with serving(data) as one:
        client, pen = one.enrolled()
        with client:
            epoch = client.push(pen, "a", "b").json()["epoch"]
            one.end(signal.SIGKILL)
            token = client.http.headers["Authorization"].removeprefix("Bearer ")
    with serving(data) as again, Client(again.address, token) as client:
        page = client.get("/v1/feed", epoch=epoch, n=0).json()
        actions = [entry.get("e", {}).get("set", {}).get("action") for entry in page["entries"]]
        assert actions == ["code_made", "desk_enrolled", None, None]


def test_an_administrator_is_made_on_the_command_line(tmp_path: Path) -> None:
    data = tmp_path / "centre"
    create: list[str | Path] = ["admin", "create", "chen", "--data", data]
    weak = process(create, stdin=b"short\n")
    assert (weak.code, weak.document["refused"]) == (2, "password_too_short")
    assert process(create, stdin=b"").document["refused"] == "password_too_short"  # there is no default one
    made = process(create, stdin="一个很长的密码也可以\n".encode())
    assert made.code == 0 and made.document["login"] == "chen"
    again = process(create, stdin="一个很长的密码也可以\n".encode())
    assert (again.code, again.document["refused"]) == (2, "login_taken")
    with serving(data) as one:
        client, _ = one.enrolled()
        with client:
            asked = {"login": "chen", "password": "一个很长的密码也可以"}
            said = messages.sign_in_answer.decode(client.post("/v1/sign-in", asked).content)
            assert str(said.person) == made.document["person"]
            client.http.headers[messages.SESSION_HEADER] = said.session
            assert len(client.get("/v1/devices").json()["devices"]) == 1


def test_a_code_is_for_an_organisation_there_is(tmp_path: Path) -> None:
    answer = here("code", "new", "--scope", "1", "--role", "desk", "--data", tmp_path / "centre")
    assert (answer.code, answer.document["refused"]) == (2, "unknown_code")


def test_one_process_a_file(tmp_path: Path) -> None:
    with serving(tmp_path / "centre"):
        answer = process(["serve", "--listen", "127.0.0.1:0", "--data", tmp_path / "centre", "--lang", "en"])
        assert (answer.code, answer.document["unavailable"]) == (3, "centre_is_running")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--listen", "nowhere"], 2, "usage"),
        (["--listen", "127.0.0.1:99999"], 2, "usage"),
        (["--listen", "192.0.2.1:0"], 3, "cannot_listen"),
        (["--listen", "127.0.0.1:0", "--tls-cert", "x"], 2, "usage"),
        (["--listen", "127.0.0.1:0", "--tls-cert", "x", "--tls-key", "y"], 3, "cannot_read_certificate"),
        (["--listen", "127.0.0.1:0", "--database", "mysql://x/y"], 3, "not_a_database_url"),
        (["--listen", "127.0.0.1:0", "--database", "postgresql://127.0.0.1:1/x"], 3, "centre_database_away"),
        (["--listen", "127.0.0.1:0", "--backup-at", "25:00"], 2, "usage"),
    ],
)
def test_what_cannot_be_served_is_said(tmp_path: Path, arguments: list[str], code: int, said: str) -> None:
    answer = process(["serve", "--data", tmp_path / "centre", *arguments])
    assert answer.code == code
    assert said in (answer.document.get("unavailable"), answer.document.get("refused"))


def test_its_own_certificate(tmp_path: Path) -> None:
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    chain, key = tmp_path / "chain.pem", tmp_path / "key.pem"
    certificate.private_key_pem.write_to_path(key)
    chain.write_bytes(b"".join(blob.bytes() for blob in certificate.cert_chain_pems))
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    more = ["--tls-cert", str(chain), "--tls-key", str(key)]
    with serving(tmp_path / "centre", more=more) as one:
        assert one.address.startswith("https://127.0.0.1:")
        client, pen = one.enrolled(verify=trusting)
        with client:
            assert client.push(pen, "a").status_code == 200
            events = Events(client)
            events.wait(lambda got: len(got) == 1)
            with pytest.raises(httpx.ConnectError):
                httpx.get(one.address + "/healthz")
            assert one.end() == 0
            assert events.ended.wait(2)


def test_two_processes_behind_one_postgresql(postgres: Cluster, tmp_path: Path) -> None:
    database = ["--database", postgres.new_database().render_as_string(False)]
    starting = [subprocess_ready(tmp_path / name, database) for name in ("one", "two")]
    with starting[0] as one, starting[1] as two:
        client, pen = one.enrolled()
        token = client.http.headers["Authorization"].removeprefix("Bearer ")
        with client, Client(two.address, token) as other:
            here_, there = Events(client), Events(other)
            for events in (here_, there):
                events.wait(lambda got: len(got) == 1)
            first = client.get("/v1/status").json()["head"] + 1
            assert client.push(pen, "a").status_code == 200
            there.wait(lambda got: got[-1][1].get("to") == first, 2)
            assert other.push(pen, "b").status_code == 200
            here_.wait(lambda got: got[-1][1].get("to") == first + 1, 2)
            assert one.end() == 0
            assert other.push(pen, "c").status_code == 200
            there.wait(lambda got: got[-1][1].get("to") == first + 2, 2)
            assert two.end() == 0


@contextmanager
def subprocess_ready(data: Path, database: list[str]) -> Iterator[Process]:
    """A serving process on PostgreSQL."""
    with serving(data, *database) as one:
        yield one


@pytest.mark.skipif(sys.platform != "linux", reason="reads what a process holds from /proc")
def test_what_an_idle_stream_costs(tmp_path: Path) -> None:
    count = 200
    with serving(tmp_path / "centre") as one:
        tokens = many_tokens(one, 80)
        streams = idle(one, tokens[:13])  # what the first ones bring with them is nobody's
        before = resident(one)
        streams += idle(one, tokens[13:])
        assert len(streams) > count and httpx.get(f"{one.address}/v1/status").json()["streams"] == len(
            streams
        )
        each = (resident(one) - before) / (len(streams) - 39)
        print(f"{each / 1024:.1f} KB each")
        for connection in streams:
            connection.close()
        assert 0 < each <= 40 * 1024


def resident(one: Process) -> int:
    """The memory that a process has, in bytes."""
    lines = Path(f"/proc/{one.running.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS:"))


def many_tokens(one: Process, count: int) -> list[str]:
    """The header lines of machines that enrolled beside the running process."""
    engine, tokens = open_centre(None, one.data), []
    for number in range(count):
        with engine.begin() as connection:
            code = admission.new_code(
                connection, scope_id=new_id(), roles=("desk",), by=None, now=datetime.now(UTC)
            )
        with apart(engine) as connection:
            got = admission.redeem_code(
                connection,
                code=code,
                device=new_id(),
                public_key=bytes(32),
                name=str(number),
                now=datetime.now(UTC),
                address="x",
            )
        tokens.append(f"Bearer {got.token}")
    engine.dispose()
    return tokens


def idle(one: Process, tokens: list[str]) -> list[Any]:
    """Streams opened and left open, three for each token."""
    import socket

    host, port = one.address.removeprefix("http://").split(":")
    made = []
    for token in tokens * 3:
        connection = socket.create_connection((host, int(port)))
        lines = ["GET /v1/stream HTTP/1.1", "Host: x", "Licheng-Protocol: 1"]
        lines.append(f"Authorization: {token}")
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        connection.settimeout(10)
        got = b""
        while b"event: hello" not in got:
            got += connection.recv(4096)
        made.append(connection)
    return made
