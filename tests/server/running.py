"""The tests' centre: a real one on a real socket, in a thread of its own, and a desk's hand that writes."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any
from uuid import UUID

import httpx
import msgspec

from commandcenter.domain import change as entries
from commandcenter.domain.change import GENESIS, Change, link, seal_created
from commandcenter.domain.clock import to_ms, whole_ms
from commandcenter.domain.record import REGISTRY
from commandcenter.protocol.messages import (
    CONTENT_TYPE,
    VERSION,
    VERSION_HEADER,
    Beside,
    Position,
    PushRequest,
    Sent,
    encoder,
)
from commandcenter.runtime import new_id
from commandcenter.server.centre import Centre
from commandcenter.server.process import Listening
from commandcenter.server.wire import Turned, unauthorised
from commandcenter.services.first_start import shipped_changes
from commandcenter.services.reference import is_code
from db.centre.engine import CentreEngine
from db.centre.judgement import Caller
from db.centre.schema import bring_up_to_date, newest
from db.centre.store import CentreStore

ALONE = 10**9  # its lines are judged as those of a desk where nobody has a password


def now() -> datetime:
    """The time, in whole milliseconds."""
    return whole_ms(datetime.now(UTC))


def made_store(engine: CentreEngine) -> CentreStore:
    """The centre's store on a database brought up to date."""
    bring_up_to_date(engine)
    store = CentreStore(engine, is_code=is_code, shipped=shipped_changes, now=now)
    store.open()
    return store


def district_desk(**other: Any) -> Caller:
    """A desk of the district: it sees everything."""
    device = other.pop("device", None) or new_id()
    said: dict[str, Any] = {
        "devices": frozenset({device}),
        "scope_id": None,
        "roles": ("duty_officer",),
        "scopes": frozenset({None}),
        "district_id": None,
        "alone_until": ALONE,
    }
    return Caller(device=device, **{**said, **other})


def street_desk(street: UUID, district: UUID) -> Caller:
    """A street's desk: it sees its own."""
    return district_desk(scope_id=street, scopes=frozenset({street}), district_id=district)


class Tokens:
    """A gate that knows the tokens it is told: {token: the caller, or None for a withdrawn device}."""

    def __init__(self) -> None:
        self.known: dict[str, Caller | None] = {}

    def caller(self, token: str) -> Caller:
        """Whose token it is."""
        if token not in self.known:
            raise unauthorised("unknown_token")
        found = self.known[token]
        if found is None:
            raise Turned(403, "device_withdrawn")
        return found

    def still(self, tokens: Iterable[str]) -> frozenset[str]:
        """Those that are good."""
        return frozenset(token for token in tokens if self.known.get(token) is not None)

    def organised(self) -> None:
        """What each of its callers sees is fixed."""

    def give(self, caller: Caller) -> str:
        """A token for the caller."""
        token = new_id().hex * 2
        self.known[token] = caller
        return token


@dataclass
class Pen:
    """A desk that writes: its chain, entry by entry."""

    caller: Caller = field(default_factory=district_desk)
    n: int = 0
    head: bytes = GENESIS

    def entry(self, text: str = "x", **values: Any) -> Sent:
        """A line of the log as an entry on its way."""
        kind = REGISTRY["log_entry"]
        self.n += 1
        id_ = new_id()
        at = now()
        set_, private = seal_created(
            kind,
            {"text": text, "happened_at": at, "scope_id": self.caller.scope_id, **values},
            lambda: new_id().bytes,
        )
        change = Change(
            id=id_,
            group=id_,
            device=self.caller.device,
            n=self.n,
            kind="log_entry",
            row=id_,
            at=at,
            offset_ms=0,
            set=set_,
        )
        data = entries.encode(change)
        before, self.head = self.head, link(self.head, data)
        beside = {name: Beside(s=one.salt.hex(), v=one.value) for name, one in private.items()}
        return Sent(e=msgspec.Raw(data), p=beside, b=before.hex())

    def request(self, *texts: str, position: Position) -> PushRequest:
        """A push of one group for each text."""
        groups = [[self.entry(text)] for text in texts]
        return PushRequest(position=position, now=to_ms(now()), groups=groups)


class Client:
    """A desk's client: with the protocol's header lines, or without some of them."""

    def __init__(self, address: str, token: str | None = None, **options: Any) -> None:
        headers = {VERSION_HEADER: str(VERSION)}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        self.http = httpx.Client(base_url=address, headers=headers, timeout=30, **options)

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.http.close()

    def get(self, path: str, **parameters: Any) -> httpx.Response:
        """GET."""
        return self.http.get(path, params=parameters)

    def post(self, path: str, message: Any = None, **headers: str) -> httpx.Response:
        """POST of a message, or of bytes as they are."""
        body = message if isinstance(message, bytes) else encoder.encode(message)
        said = {"Content-Type": CONTENT_TYPE, **{k.replace("_", "-"): v for k, v in headers.items()}}
        return self.http.post(path, content=body, headers=said)

    def push(self, pen: Pen, *texts: str) -> httpx.Response:
        """Push lines."""
        head = self.get("/v1/status").json()
        return self.post("/v1/push", pen.request(*texts, position=Position(head["epoch"], head["head"])))


@dataclass
class Running:
    """A centre that answers at ``address``."""

    address: str
    centre: Centre
    store: CentreStore
    gate: Tokens
    stop: Callable[[], object]

    def client(self, caller: Caller | None = None, **options: Any) -> Client:
        """A client of a desk."""
        return Client(self.address, self.gate.give(caller or district_desk()), **options)


@contextmanager
def running(engine: CentreEngine, gate: Tokens | None = None, **more: Any) -> Iterator[Running]:
    """A serving process's centre, in a thread."""
    store = made_store(engine)
    gate = gate or Tokens()
    centre = Centre(engine, store, gate, version="0", schema=newest(), **more)
    answers = threading.Event()
    said: dict[str, Any] = {}

    def ready(address: str, stop: Callable[[], object]) -> None:
        said.update(address=address, stop=stop)
        answers.set()

    def work() -> None:
        try:
            centre.serve(Listening(host="127.0.0.1", port=0), ready)
        except BaseException as error:
            said["error"] = error
            answers.set()
            raise

    thread = threading.Thread(target=work, name="centre")
    thread.start()
    try:
        assert answers.wait(20)
        if "error" in said:
            raise said["error"]
        yield Running(said["address"], centre, store, gate, said["stop"])
    finally:
        if "stop" in said and thread.is_alive():
            said["stop"]()
        thread.join(20)
        assert not thread.is_alive(), "the centre did not end"
        engine.dispose()


def wait_until(when: Callable[[], bool], timeout_s: float = 10) -> None:
    """Until it is so."""
    ends = time.monotonic() + timeout_s
    while not when():
        assert time.monotonic() < ends, "did not come about"
        time.sleep(0.01)


class Events:
    """An open stream, read on a thread: (event, message) in the order they came."""

    def __init__(self, client: Client, path: str = "/v1/stream") -> None:
        self.got: list[tuple[str, dict[str, Any]]] = []
        self.status = 0
        self.ended = threading.Event()
        self._came = threading.Condition()
        self._client = client
        self._path = path
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def _work(self) -> None:
        try:
            with self._client.http.stream("GET", self._path) as answer:
                self.status = answer.status_code
                name = ""
                for line in answer.iter_lines():
                    if line.startswith("event: "):
                        name = line[7:]
                    elif line.startswith("data: "):
                        with self._came:
                            self.got.append((name, json.loads(line[6:])))
                            self._came.notify_all()
        except httpx.HTTPError:
            pass
        finally:
            self.ended.set()
            with self._came:
                self._came.notify_all()

    def wait(self, when: Callable[[list[tuple[str, dict[str, Any]]]], bool], timeout_s: float = 10) -> None:
        """Until what came is as asked."""
        ends = time.monotonic() + timeout_s
        with self._came:
            while not when(self.got):
                left = ends - time.monotonic()
                assert left > 0 and self._came.wait(left), f"did not come: {self.got[-3:]}"

    def of(self, name: str) -> list[dict[str, Any]]:
        """The messages of one event."""
        with self._came:
            return [message for event, message in self.got if event == name]


def centre_file(folder: Path) -> Path:
    """The centre's file in a folder."""
    return folder / "centre.sqlite3"
