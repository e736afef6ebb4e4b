"""Tests that no change is ever skipped by a reader while eight writers commit at once."""

from __future__ import annotations

import threading
from pathlib import Path

from commandcenter.protocol.messages import Position
from db.centre.engine import CentreEngine, announce, open_centre
from tests.server.running import Events, Pen, Running, district_desk, made_store, running

WRITERS, PUSHES, LINES = 8, 15, 3
ALL = WRITERS * PUSHES * LINES


def write(engine: CentreEngine, failed: list[BaseException]) -> None:
    """Eight writers, each its own desk, all at once."""
    store = made_store(engine)
    start = threading.Barrier(WRITERS)

    def one() -> None:
        pen = Pen()
        try:
            start.wait(10)
            for number in range(PUSHES):
                texts = [f"{number}-{line}" for line in range(LINES)]
                answer = store.push(pen.caller, pen.request(*texts, position=store.head()))
                announce(engine)
                assert [verdict.verdict for verdict in answer.verdicts] == ["accepted"] * LINES
        except BaseException as error:  # noqa: BLE001  told by the one who waits
            failed.append(error)

    threads = [threading.Thread(target=one) for _ in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)


class Puller:
    """A desk that pulls page after page while others write; what it got, in its order."""

    def __init__(self, engine: CentreEngine) -> None:
        self.numbers: list[int] = []
        self._store = made_store(engine)
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._work)
        self._thread.start()

    def _work(self) -> None:
        caller, position = district_desk(), Position(self._store.head().epoch, 0)
        while True:
            last = self._end.is_set()
            page = self._store.feed(caller, position, 7)
            self.numbers += [entry.n for entry in page.entries]
            position = Position(page.epoch, page.to)
            if last and not page.entries:
                break

    def end(self) -> list[int]:
        """What it got, when nothing more comes."""
        self._end.set()
        self._thread.join(30)
        return self.numbers


def heard(events: Events) -> int:
    """How many entries came on the stream. What did not must lie where the stream said that it is pulled."""
    at = count = 0
    for name, message in events.got[1:]:
        if name == "moved":
            at = message["to"]
        elif name == "group":
            assert message["prev"] == at
            assert [entry["n"] for entry in message["entries"]] == list(range(at + 1, message["to"] + 1))
            at = message["to"]
            count += len(message["entries"])
    return count


def check(centres: list[Running], writing: list[CentreEngine]) -> None:
    """Every listener of every process is told every number, once, in order; the pullers too."""
    readers = [centre.client() for centre in centres for _ in range(2)]
    streams = [Events(reader) for reader in readers]
    for events in streams:
        events.wait(lambda got: len(got) == 1)
    pullers = [Puller(centre.store.engine) for centre in centres]
    failed: list[BaseException] = []
    threads = [threading.Thread(target=write, args=(engine, failed)) for engine in writing]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(90)
    assert not failed, failed
    total = ALL * len(writing)
    assert centres[0].store.head().n == total
    for events in streams:
        events.wait(lambda got: got[-1][1].get("to") == total, 20)
        assert heard(events) > 0
    for puller in pullers:
        assert puller.end() == list(range(1, total + 1))
    for reader in readers:
        reader.http.close()


def test_on_either_database(engine: CentreEngine) -> None:
    with running(engine) as centre:
        check([centre], [engine])


def test_two_processes_behind_one_postgresql(postgres: object, tmp_path: Path) -> None:
    from tests.db.postgres import Cluster

    assert isinstance(postgres, Cluster)
    url = postgres.new_database().render_as_string(False)
    one, two = (open_centre(url, tmp_path / name, connections=8) for name in ("one", "two"))
    with running(one) as first, running(two) as second:
        check([first, second], [one, two])
