"""The proof by real processes that three desks and a centre agree after anything (short; see cycles.py)."""

from __future__ import annotations

import random
import socket
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from uuid import UUID

import pytest

from db.centre.engine import open_centre
from tests.campaigns import cycles
from tests.campaigns.acknowledged import Lost
from tests.campaigns.agreement import agree
from tests.campaigns.proxy import Link, links
from tests.db.postgres import Cluster

CYCLES = 15


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever this machine's own proxies are."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def proved(tally: cycles.Tally) -> None:
    """Something was done, and something bad happened."""
    assert tally.cycles == tally.clashes == CYCLES
    assert tally.acknowledged > 100 * CYCLES, "nothing was proved: the desks hardly wrote"
    assert tally.troubles["centre killed"] >= 3 and tally.troubles["desk killed"] >= 2
    assert tally.resets > CYCLES and tally.verified > 3 * tally.acknowledged


@pytest.mark.timeout(240)
def test_cycles_on_a_file(tmp_path: Path) -> None:
    proved(cycles.campaign(CYCLES, 20260728, tmp_path, ("sqlite",)))


@pytest.mark.postgres
@pytest.mark.timeout(240)
def test_cycles_on_postgresql(tmp_path: Path, postgres: Cluster) -> None:
    tally = cycles.campaign(CYCLES, 20260729, tmp_path, ("postgresql",), postgres=postgres)
    assert tally.troubles["database restarted"] >= 3
    proved(tally)


# --- the check can fail


@pytest.mark.timeout(120)
def test_the_check_notices(tmp_path: Path) -> None:
    """A change, a row, a digest, an exception that one side has otherwise."""
    tally = cycles.Tally()
    with cycles.world(tmp_path / "w", "sqlite", random.Random(7), tally, None) as here:
        here.argue([0], 1)
        here.links[0].set("pass")
        here.calm(hurried=True)
        here.check()
        for desk in here.desks:
            desk.stop()
        here.centre.stop()
        engine = open_centre(None, here.centre.folder)
        folders = [desk.folder for desk in here.desks]

        def wrong(match: str) -> None:
            with pytest.raises(Lost, match=match):
                agree(engine, folders, here.said)

        agree(engine, folders, here.said)
        here.said.changes.add(UUID(int=5))
        wrong("1 acknowledged changes are not at the centre")
        here.said.changes.remove(UUID(int=5))
        (key,) = here.said.standing
        values = here.said.standing[key]
        here.said.standing[key] = {*values, "a third"}
        wrong("exceptions listed")
        here.said.standing[key] = values
        for sql, back, match in (
            ("UPDATE incident SET place = 'x'", "place", "differs from the centre's"),
            ("UPDATE digest SET sum = sum + 1 WHERE kind = 'incident'", "sum", "digests differ"),
            ("UPDATE journal SET number = number + 1000 WHERE seq = 9", "number", "under another number"),
        ):
            database = folders[2] / "desk.sqlite3"
            kept = database.read_bytes()
            with closing(sqlite3.connect(database)) as file, file:
                assert file.execute(sql).rowcount > 0, back
            wrong(match)
            database.write_bytes(kept)
        agree(engine, folders, here.said)
        engine.dispose()


# --- the cable


@contextmanager
def echo(heard: list[bytes]) -> Iterator[Link]:
    """A link to somebody who says everything back, and what they heard."""
    server = socket.create_server(("127.0.0.1", 0))

    def talk(peer: socket.socket) -> None:
        with peer:
            try:
                while data := peer.recv(4096):
                    heard.append(data)
                    peer.sendall(data)
            except OSError:
                pass

    def accept() -> None:
        while True:
            try:
                peer, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=talk, args=(peer,)).start()

    thread = threading.Thread(target=accept)
    thread.start()
    try:
        with links(server.getsockname()[1], 1) as (link,):
            yield link
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(5)


def dial(link: Link) -> socket.socket:
    """A connection through the link."""
    return socket.create_connection(("127.0.0.1", link.port), timeout=5)


def test_the_cable() -> None:
    """Each weather does what it says."""
    heard: list[bytes] = []
    with echo(heard) as link:
        with dial(link) as one:
            one.sendall(b"a")
            assert one.recv(9) == b"a"
            link.set("pass", delay_s=0.1)
            began = time.monotonic()
            one.sendall(b"b")
            assert one.recv(9) == b"b" and time.monotonic() - began >= 0.2
            link.set("hole")
            one.sendall(b"c")
            one.settimeout(0.2)
            with pytest.raises(TimeoutError):
                one.recv(9)
            assert heard == [b"a", b"b"]
            link.set("pass")
            one.settimeout(5)
            assert one.recv(9) == b"c"
            link.set("cut")
            with pytest.raises(ConnectionResetError):
                one.recv(9)
        with pytest.raises(ConnectionResetError), dial(link) as one:
            one.recv(9)
        link.set("deaf")
        with dial(link) as one:
            one.sendall(b"d")
            with pytest.raises(ConnectionResetError):
                one.recv(9)
            assert heard[-1] == b"d"
        link.set("torn", torn_after=3)
        with dial(link) as one:
            one.sendall(b"efgh")
            with pytest.raises(ConnectionResetError):
                one.recv(9)
        link.set("pass")
        with dial(link) as old, dial(link) as new:
            old.sendall(b"i")
            assert old.recv(9) == b"i"
            link.set("pass", forget=True)
            time.sleep(0.1)
            old.sendall(b"j")
            old.settimeout(0.3)
            with pytest.raises(TimeoutError):
                old.recv(9)
            with dial(link) as newest:
                newest.sendall(b"k")
                assert newest.recv(9) == b"k"
            assert link.resets >= 4 and new is not old
