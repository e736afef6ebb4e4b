"""Tests of the form of requests and answers: who is heard, how large, in which form, and what is logged."""

from __future__ import annotations

import gzip
import json
import logging
import threading
import zlib
from typing import Any

import httpx
import pytest

from commandcenter.protocol.messages import (
    CONTENT_TYPE,
    PUSH_BYTES_MAX,
    VERSION_HEADER,
    FeedPage,
    PushAnswer,
    encoder,
    feed_page,
    push_answer,
    refusal,
)
from commandcenter.server.request_log import JsonLines
from db.centre.store import CentreStore
from tests.server.running import Client, Pen, Running, district_desk

LINES = ["一段很长的话" * 40] * 20


def code(answer: httpx.Response) -> str:
    """The code of a refusal, in the protocol's form."""
    assert answer.headers["content-type"] == CONTENT_TYPE
    assert answer.headers[VERSION_HEADER] == "1"
    return refusal.decode(answer.content).code


def test_every_answer_has_the_protocols_form(centre: Running) -> None:
    pen = Pen()
    with centre.client(pen.caller) as client:
        answer = client.push(pen, "a", "b")
        assert answer.status_code == 200
        assert answer.headers["content-type"] == CONTENT_TYPE
        assert answer.headers[VERSION_HEADER] == "1"
        assert "date" not in answer.headers
        said: PushAnswer = push_answer.decode(answer.content)
        assert [verdict.verdict for verdict in said.verdicts] == ["accepted", "accepted"]
        page: FeedPage = feed_page.decode(client.get("/v1/feed", epoch=said.epoch, n=0).content)
        assert [entry.n for entry in page.entries] == [1, 2]
        assert page.head == page.to == 2 and not page.more


@pytest.mark.parametrize("version", [None, "", "0", "2", "1.0", "x"])
def test_another_protocol_is_turned_away_before_anything_else(centre: Running, version: str | None) -> None:
    with Client(centre.address) as client:
        client.http.headers.pop(VERSION_HEADER)
        headers = {} if version is None else {VERSION_HEADER: version}
        for method, path in (("GET", "/v1/feed"), ("POST", "/v1/push"), ("GET", "/v1/stream"), ("GET", "/x")):
            answer = client.http.request(method, path, headers=headers)
            assert (answer.status_code, code(answer)) == (426, "protocol_unknown")


def test_who_has_no_token_is_not_heard(centre: Running) -> None:
    pen = Pen()
    with Client(centre.address) as client:
        for authorization in ("", "Bearer", "Bearer x", "Basic " + "a" * 40, "Bearer " + "é" * 40):
            headers = {b"Authorization": authorization.encode()}
            answer = client.http.get("/v1/feed?epoch=1&n=0", headers=headers)
            assert (answer.status_code, code(answer)) == (401, "no_token")
            assert answer.headers["www-authenticate"] == "Bearer"
        client.http.headers["Authorization"] = "Bearer " + "a" * 43
        for answer in (client.get("/v1/feed", epoch=1, n=0), client.push(pen, "a"), client.get("/v1/stream")):
            assert (answer.status_code, code(answer)) == (401, "unknown_token")


def test_a_withdrawn_machine_is_told_so(centre: Running) -> None:
    pen = Pen()
    with centre.client(pen.caller) as client:
        assert client.push(pen, "a").status_code == 200
        for token in centre.gate.known:
            centre.gate.known[token] = None
        for answer in (client.push(pen, "b"), client.get("/v1/stream"), client.get("/v1/feed", epoch=1, n=0)):
            assert (answer.status_code, code(answer)) == (403, "device_withdrawn")
        assert centre.store.head().n == 1


def test_a_wall_reads_and_does_not_write(centre: Running) -> None:
    pen = Pen(district_desk(roles=("wall",)))
    with centre.client(pen.caller) as client:
        answer = client.push(pen, "a")
        assert (answer.status_code, code(answer)) == (403, "read_only")
        answer = client.post("/v1/offer", {"position": {"epoch": 1, "n": 0}, "entries": []})
        assert (answer.status_code, code(answer)) == (403, "read_only")
        assert client.get("/v1/feed", epoch=centre.store.head().epoch, n=0).status_code == 200
    assert centre.store.head().n == 0


def test_only_our_form_of_body_is_read(centre: Running) -> None:
    with centre.client() as client:
        for type_ in ("application/json", "", "text/plain", CONTENT_TYPE + "; charset=utf-8"):
            answer = client.http.post("/v1/push", content=b"{}", headers={"Content-Type": type_})
            assert (answer.status_code, code(answer)) == (415, "content_type_unknown")
        answer = client.post("/v1/push", b"{}", Content_Encoding="br")
        assert (answer.status_code, code(answer)) == (415, "encoding_unknown")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b"null",
        b"\xff\xfe",
        b'{"position":{"epoch":1,"n":0},"now":"x","groups":[]}',
        b"[" * 100_000,
    ],
)
def test_a_message_that_is_none_has_one_code_and_says_nothing_of_it(centre: Running, body: bytes) -> None:
    with centre.client() as client:
        answer = client.post("/v1/push", body)
        assert (answer.status_code, answer.content) == (400, b'{"code":"bad_message"}')


@pytest.mark.parametrize(
    "query",
    [
        "",
        "epoch=1",
        "epoch=1&n=-1",
        "epoch=1&n=1.5",
        "epoch=1&n=%D9%A1",
        "epoch=99999999999&n=0",
        "epoch=1&n=99999999999999999999",
        "epoch=1&n=0&limit=9999999",
        "epoch=1&n=0&whole=2",
    ],
)
def test_an_address_is_read_strictly(centre: Running, query: str) -> None:
    with centre.client() as client:
        answer = client.http.get(f"/v1/feed?{query}")
        assert (answer.status_code, code(answer)) == (400, "bad_message")
        for path in ("/v1/history?class=a%20b&until=1", "/v1/refill?kind=", "/v1/refill?incident=1"):
            answer = client.http.get(path)
            assert (answer.status_code, code(answer)) == (400, "bad_message")
        answer = client.http.get("/v1/history?class=nothing&until=1")
        assert (answer.status_code, code(answer)) == (400, "unknown_class")


def test_bodies_are_taken_packed(centre: Running) -> None:
    pen = Pen()
    with centre.client(pen.caller) as client:
        request = encoder.encode(pen.request(*LINES, position=centre.store.head()))
        body = gzip.compress(request)
        assert len(body) < len(request) // 2
        assert client.post("/v1/push", body, Content_Encoding="gzip").status_code == 200
        assert centre.store.head().n == len(LINES)
        for torn in (body[:-10], body + b"x", b"x" + body, zlib.compress(request), request):
            answer = client.post("/v1/push", torn, Content_Encoding="gzip")
            assert (answer.status_code, code(answer)) == (400, "bad_message")


def test_answers_are_packed_for_who_unpacks_them(centre: Running) -> None:
    pen = Pen()
    with centre.client(pen.caller) as client, centre.client() as other:
        epoch = push_answer.decode(client.push(pen, *LINES).content).epoch
        packed = other.get("/v1/feed", epoch=epoch, n=0)
        other.http.headers["Accept-Encoding"] = "identity"
        plain = other.get("/v1/feed", epoch=epoch, n=0)
        other.http.headers["Accept-Encoding"] = "gzip;q=0, identity"
        refused = other.get("/v1/feed", epoch=epoch, n=0)
        assert packed.headers["content-encoding"] == "gzip"
        assert "content-encoding" not in plain.headers and "content-encoding" not in refused.headers
        assert int(packed.headers["content-length"]) * 2 < len(plain.content)
        pages = [feed_page.decode(answer.content) for answer in (packed, plain, refused)]
        assert [len(page.entries) for page in pages] == [len(LINES)] * 3
        assert pages[0].entries == pages[1].entries
        small = other.get("/v1/feed", epoch=epoch, n=len(LINES))
        assert "content-encoding" not in small.headers


def test_what_is_too_large_is_answered_so_that_the_sender_hears_it(centre: Running) -> None:
    with centre.client() as client:
        for size in (PUSH_BYTES_MAX + 1, 3 * PUSH_BYTES_MAX):
            answer = client.post("/v1/push", b" " * size)
            assert (answer.status_code, code(answer)) == (413, "too_large")
        # the same without a length that says so
        answer = client.http.post(
            "/v1/push",
            content=iter([b" " * 1_000_000] * 6),
            headers={"Content-Type": CONTENT_TYPE},
        )
        assert (answer.status_code, code(answer)) == (413, "too_large")
        assert client.post("/v1/push", b" " * PUSH_BYTES_MAX).status_code == 400  # read, and no message


def test_a_small_body_cannot_unpack_to_a_large_one(centre: Running) -> None:
    bomb = gzip.compress(b" " * 200_000_000, 9)
    assert len(bomb) < PUSH_BYTES_MAX
    with centre.client() as client:
        answer = client.post("/v1/push", bomb, Content_Encoding="gzip")
        assert (answer.status_code, code(answer)) == (413, "too_large")


def test_addresses_and_methods_that_are_not_there(centre: Running) -> None:
    with centre.client() as client:
        answer = client.get("/v1/nothing")
        assert (answer.status_code, code(answer)) == (404, "no_such_address")
        answer = client.get("/v1/push")
        assert (answer.status_code, code(answer), answer.headers["allow"]) == (405, "no_such_method", "POST")


def test_a_database_that_is_away_is_said_to_be(centre: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    from sqlalchemy.exc import OperationalError

    def away(*_: Any, **__: Any) -> None:
        raise OperationalError("x", None, Exception("gone"))

    with centre.client() as client:
        monkeypatch.setattr(CentreStore, "feed", away)
        answer = client.get("/v1/feed", epoch=1, n=0)
        assert (answer.status_code, code(answer)) == (503, "database_away")
        assert answer.headers["retry-after"] == "2"


def test_a_fault_is_ours_and_says_nothing(centre: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise ValueError("what somebody wrote")

    with centre.client() as client:
        monkeypatch.setattr(CentreStore, "feed", broken)
        answer = client.get("/v1/feed", epoch=1, n=0)
        assert (answer.status_code, answer.content) == (500, b'{"code":"fault"}')


def test_who_comes_when_too_many_wait_is_sent_away(centre: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    free, taken = threading.Event(), threading.Semaphore(0)

    def slow(*_: Any, **__: Any) -> FeedPage:
        taken.release()
        free.wait(20)
        return FeedPage(epoch=1, head=0, now=0, to=0)

    monkeypatch.setattr(CentreStore, "feed", slow)
    reads = centre.centre.threads.reads
    monkeypatch.setattr(reads, "_most", reads.threads)
    answers: list[int] = []
    clients = [centre.client() for _ in range(reads.threads + 1)]

    def ask(client: Client) -> None:
        answers.append(client.get("/v1/feed", epoch=1, n=0).status_code)

    threads = [threading.Thread(target=ask, args=(client,)) for client in clients[1:]]
    for thread in threads:
        thread.start()
    for _ in threads:
        assert taken.acquire(timeout=10)
    answer = clients[0].get("/v1/feed", epoch=1, n=0)
    assert (answer.status_code, code(answer)) == (503, "centre_busy")
    assert answer.headers["retry-after"] == "1"
    # other sorts of work go on beside it
    assert clients[0].get("/healthz").status_code == 200
    assert clients[0].get("/readyz").status_code == 200
    free.set()
    for thread in threads:
        thread.join(10)
    assert answers == [200] * reads.threads
    for client in clients:
        client.http.close()


def test_the_log_has_who_and_what_but_no_word_and_no_token(
    centre: Running, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "李四的电话是13800000000"
    pen = Pen()
    with caplog.at_level(logging.DEBUG), centre.client(pen.caller) as client:
        client.push(pen, secret)
        client.get("/v1/" + secret)
        client.get("/v1/feed", epoch=1, n=0, secret=secret)
        client.post("/v1/push", secret.encode())

        def broken(*_: Any, **__: Any) -> None:
            raise ValueError(secret)

        monkeypatch.setattr(CentreStore, "feed", broken)
        client.get("/v1/feed", epoch=1, n=0)
    lines = [
        JsonLines().format(record) for record in caplog.records if record.name.startswith("commandcenter")
    ]
    told = [json.loads(line) for line in lines]
    assert not [line for line in lines if "13800000000" in line or "secret" in line]
    assert not [line for line in lines if any(token in line for token in centre.gate.known)]
    pushes = [line for line in told if line.get("path") == "/v1/push" and line.get("status") == 200]
    assert pushes[0]["device"] == str(pen.caller.device) and pushes[0]["ms"] > 0
    assert {"at", "level", "request", "method"} <= pushes[0].keys()
    assert [line["path"] for line in told if line.get("status") == 404] == ["(unknown)"]
    faults = [line for line in told if line["said"] == "fault"]
    assert faults[0]["error"] == "ValueError" and any("feed" in place for place in faults[0]["trace"])


def test_the_figures_and_the_state(centre: Running) -> None:
    pen = Pen()
    with centre.client(pen.caller) as client:
        client.push(pen, "a", "b")
        client.get("/v1/nothing")
        figures = client.get("/metrics").text
        assert 'licheng_groups_total{verdict="accepted"} 2.0' in figures
        assert 'licheng_requests_total{method="POST",path="/v1/push",status="200"} 1.0' in figures
        assert 'path="(unknown)",status="404"' in figures
        assert "licheng_streams_open 0.0" in figures
        assert "licheng_request_seconds_bucket" in figures
        assert client.get("/healthz").json() == {"alive": True}
        assert client.get("/readyz").json() == {"ready": True}
        assert client.get("/v1/status").json()["epoch"] == centre.store.head().epoch


def test_a_centre_of_another_schema_is_not_ready(centre: Running) -> None:
    with centre.store.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    with centre.client() as client:
        answer = client.get("/readyz")
        assert (answer.status_code, answer.json()) == (503, {"ready": False, "why": "schema_differs"})
        assert client.get("/healthz").status_code == 200
