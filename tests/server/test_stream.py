"""Tests of the stream: who is told what, in which order, and that no reader holds anybody up."""

from __future__ import annotations

import socket
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from commandcenter.protocol.messages import STREAM_BYTES_MAX, VERSION, VERSION_HEADER
from commandcenter.runtime import new_id
from commandcenter.server import hub, stream
from db.centre.engine import CentreEngine, announce, open_centre
from tests.server.running import Events, Pen, Running, district_desk, running, street_desk, wait_until

DISTRICT, STREET, OTHER = new_id(), new_id(), new_id()


def groups(events: Events) -> list[dict[str, Any]]:
    """What came of groups."""
    return events.of("group")


def test_a_group_is_told_with_the_number_that_was_told_before(engine: CentreEngine) -> None:
    with running(engine) as centre:
        pen = Pen()
        with centre.client(pen.caller) as author, centre.client() as reader:
            author.push(pen, "a", "b")
            wait_until(lambda: centre.centre.hub.head == 2)
            events = Events(reader)
            events.wait(lambda got: len(got) == 1)
            hello = events.of("hello")[0]
            assert (hello["head"], hello["epoch"]) == (2, centre.store.head().epoch)
            assert abs(hello["now"] - time.time() * 1000) < 5000
            for text in ("c", "d"):
                author.push(pen, text)
            author.push(pen, "e", "f")
            events.wait(lambda got: got[-1][1].get("to") == 6)
            told = [(group["prev"], group["to"]) for group in groups(events)]
            assert told == [(2, 3), (3, 4), (4, 5), (5, 6)]
            entry = groups(events)[0]["entries"][0]
            assert entry["n"] == 3 and entry["p"]["text"]["v"] == "c" and entry["e"]["kind"] == "log_entry"


def test_a_desks_own_come_by_name_only(centre: Running) -> None:
    pen = Pen()
    with centre.client(pen.caller) as client:
        events = Events(client)
        events.wait(lambda got: len(got) == 1)
        with centre.client(pen.caller) as other:
            other.push(pen, "a")
        events.wait(lambda got: len(got) == 2)
        (entry,) = groups(events)[0]["entries"]
        assert entry.keys() == {"n", "epoch", "id"}


def test_a_street_is_told_its_own_and_numbers_follow_on(centre: Running) -> None:
    street, other = Pen(street_desk(STREET, DISTRICT)), Pen(street_desk(OTHER, DISTRICT))
    listener = street_desk(STREET, DISTRICT)
    with (
        centre.client(street.caller) as one,
        centre.client(other.caller) as two,
        centre.client(listener) as three,
    ):
        events = Events(three)
        events.wait(lambda got: len(got) == 1)
        assert one.push(street, "a").status_code == 200  # 1
        two.push(other, "b", "c")  # 2, 3: not for it
        one.push(street, "d")  # 4
        events.wait(lambda got: len(got) == 3)
        assert [(group["prev"], group["to"]) for group in groups(events)] == [(0, 1), (1, 4)]
        assert centre.store.head().n == 4


def test_what_is_large_is_only_named(centre: Running) -> None:
    pen = Pen()
    with centre.client(pen.caller) as author, centre.client() as reader:
        events = Events(reader)
        events.wait(lambda got: len(got) == 1)
        author.push(pen, "长" * 4000, "x")
        assert len("长".encode() * 4000) < STREAM_BYTES_MAX
        events.wait(lambda got: got[-1][1].get("to") == 2)
        author.push(pen, *["长" * 4000] * 8)  # more at once than a stream is for
        events.wait(lambda got: got[-1] == ("moved", {"to": 10}))
        author.push(pen, "y")
        events.wait(lambda got: got[-1][0] == "group")
        assert groups(events)[-1]["prev"] == 10


def test_a_slow_reader_is_told_to_pull_and_holds_nobody_up(
    centre: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "SLOW_BYTES", 20_000)
    pen = Pen()
    host, port = centre.address.removeprefix("http://").split(":")
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as slow, centre.client() as reader:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.connect((host, int(port)))
        token = centre.gate.give(district_desk())
        lines = ["GET /v1/stream HTTP/1.1", "Host: x", f"{VERSION_HEADER}: {VERSION}"]
        slow.sendall("\r\n".join([*lines, f"Authorization: Bearer {token}", "", ""]).encode())
        events = Events(reader)
        events.wait(lambda got: len(got) == 1)
        with centre.client(pen.caller) as author:
            for _ in range(300):
                assert author.push(pen, "长" * 4000).status_code == 200
        events.wait(lambda got: got[-1][1].get("to") == 300, 20)
        held = [one for one in centre.centre.hub._all() if one.caller.device != reader]
        assert all(one._size <= 20_000 for one in held)
        assert [one._moved for one in held if one._moved is not None] == [300]
        got = b""
        slow.settimeout(5)
        while b'event: moved\ndata: {"to":300}' not in got:
            got = got[-64:] + slow.recv(65536)


def test_everybody_hears_now_and_then_that_the_stream_lives(
    centre: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "PING_S", 1)
    with centre.client() as reader:
        events = Events(reader)
        events.wait(lambda got: len([1 for name, _ in got if name == "ping"]) >= 2)
        ping = events.of("ping")[0]
        assert ping.keys() == {"now", "head"} and ping["head"] == 0


def test_who_is_withdrawn_hears_no_more(centre: Running) -> None:
    caller = district_desk()
    with centre.client(caller) as reader, centre.client() as other:
        events, others = Events(reader), Events(other)
        events.wait(lambda got: len(got) == 1)
        others.wait(lambda got: len(got) == 1)
        for token, known in centre.gate.known.items():
            if known is caller:
                centre.gate.known[token] = None
        centre.centre.hub.look_around_soon()
        assert events.ended.wait(5)
        assert events.of("bye") == [{"why": "withdrawn"}]
        assert not others.ended.is_set()
        again = Events(reader)
        assert again.ended.wait(5) and again.status == 403


def test_a_desk_has_few_streams(centre: Running) -> None:
    caller = district_desk()
    clients = [centre.client(caller) for _ in range(hub.OF_ONE_DEVICE + 1)]
    streams = []
    for client in clients:
        streams.append(Events(client))
        streams[-1].wait(lambda got: len(got) == 1)
    assert streams[0].ended.wait(5) and streams[0].of("bye") == [{"why": "replaced"}]
    assert not any(one.ended.is_set() for one in streams[1:])
    for client in clients:
        client.http.close()


def test_a_restored_centre_begins_every_stream_anew(centre: Running) -> None:
    with centre.client() as reader:
        events = Events(reader)
        events.wait(lambda got: len(got) == 1)
        position = centre.store.new_epoch()
        centre.centre.hub.look_around_soon()
        assert events.ended.wait(5) and events.of("bye") == [{"why": "restored"}]
        again = Events(reader)
        again.wait(lambda got: len(got) == 1)
        assert again.of("hello")[0]["epoch"] == position.epoch


def test_the_stream_goes_on_after_the_database_was_away(
    centre: Running, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from sqlalchemy.exc import OperationalError

    from db.centre.store import CentreStore

    pen, whole, fail = Pen(), CentreStore.newer, threading.Event()

    def newer(self: CentreStore, after: int, most: int) -> object:
        if fail.is_set():
            raise OperationalError("x", None, Exception("gone"))
        return whole(self, after, most)

    monkeypatch.setattr(CentreStore, "newer", newer)
    with centre.client(pen.caller) as author, centre.client() as reader:
        events = Events(reader)
        events.wait(lambda got: len(got) == 1)
        fail.set()
        author.push(pen, "a")
        time.sleep(0.5)
        assert not groups(events)
        fail.clear()
        announce(centre.store.engine)
        events.wait(lambda got: got[-1][1].get("to") == 1)
    assert "database away" in caplog.text
    caplog.clear()


def test_what_another_process_numbered_in_the_file_is_told_too(tmp_path: Path) -> None:
    with running(open_centre(None, tmp_path)) as centre, centre.client() as reader:
        events = Events(reader)
        events.wait(lambda got: len(got) == 1)
        other = open_centre(None, tmp_path)
        from tests.server.running import made_store

        pen = Pen()
        made_store(other).push(pen.caller, pen.request("a", position=centre.store.head()))
        other.dispose()
        events.wait(lambda got: got[-1][1].get("to") == 1, 5)
