"""The bench of synchronisation: two desks and a centre, each a process, beside a bare peer in the same run.

The centre runs with all its rules, without TLS, every commit on the disk. The bare peer (sync_bare) takes the
same bytes on the same server into the same database, and does nothing else.
"""

from __future__ import annotations

import asyncio
import http.client
import time
import zlib
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import msgspec

from commandcenter.domain.change import GENESIS
from commandcenter.domain.clock import to_ms
from commandcenter.protocol.messages import (
    CONTENT_TYPE,
    PUSH_BYTES,
    VERSION,
    VERSION_HEADER,
    PushRequest,
    Sent,
    encoder,
)
from commandcenter.runtime import DataDirectory, SystemClock, open_workplace
from db.desk import exchange, outbox
from tests.bench import sync_frames
from tests.bench.save import percentile
from tests.bench.sync_bare import bare_file
from tests.bench.sync_place import PROFILE, Child, Place, place, write_lines
from tests.db.postgres import DURABLE, cluster

LIVE, PAUSE_S = 200, 0.03
STREAMS, TOLD = 200, 60
GZIP_LEVEL = 1  # a desk's


class Line(NamedTuple):
    """A line of the table; ``goal`` None: for information."""

    name: str
    value: float
    unit: str
    goal: float | None
    limit: float | None = None
    at_most: bool = True


@dataclass
class Bodies:
    """Pushes of one desk as they go over the wire, and how many lines they carry."""

    headers: dict[str, str]
    bulk: list[bytes]
    lines: int
    single: list[bytes]


def measure(folder: Path, lines: int) -> Iterator[Line]:
    """The table: PostgreSQL first, then a file for information."""
    with cluster(DURABLE) as postgres:
        made = [postgres.new_database() for _ in range(3)]
        urls = [url.set(drivername="postgresql").render_as_string(False) for url in made]
        yield from on_database(folder / "postgresql", lines, urls)
    for line in on_database(folder / "sqlite", lines, [None, None, None]):
        yield line._replace(name=f"(SQLite) {line.name}", goal=None)


def on_database(folder: Path, lines: int, databases: Sequence[str | None]) -> Iterator[Line]:
    """Everything on one kind of database."""
    with place(folder, databases[0]) as here:
        names = ("a", "b", "behind", "single", "window")
        a, b, behind, single, window = (here.desk(name) for name in names)
        for one in (a, b, single):  # each has its entries by now; they hear of one another's
            here.round(one)
        size = write_lines(a, lines)
        write_lines(single, lines // 2 + TOLD)
        bodies = bodies_of(single, here.member(single).token, TOLD)
        with bare(here, databases[1]) as url:
            bare_bulk = bulk_bare(here, url, bodies)
        with bare(here, databases[2]) as url:
            bare_live = live_bare(here, url, bodies)
            bare_push, bare_told = push_rate(url, bodies), told(url, bodies, ["x" * 43] * STREAMS)
        yield from bulk(here, a, b, lines, size, bare_bulk, bare_live)
        yield Line("a round with nothing to do", len(here.round(behind_none(here, b))), "requests", 1)
        yield from applying(here, behind, lines)
        yield from (Line(*line) for line in sync_frames.lines_of(sync_frames.measure(here, window, lines)))
        rate = push_rate(here.url, bodies)
        yield Line("push, lines/s to a bare endpoint's", rate, "/s", 0.35, bare_push, at_most=False)
        yield from fan_out(here, bodies, bare_told)


def behind_none(here: Place, folder: Path) -> Path:
    """The desk in ``folder``, when it has heard of everything."""
    here.round(folder)
    return folder


# --- A to B


def bulk(
    here: Place, a: Path, b: Path, lines: int, size: int, bare_rate: float, bare_live: list[float]
) -> Iterator[Line]:
    """Many lines from A by the centre to B, and then single ones."""
    at_a, at_b = here.child("sync_desk", a), here.child("sync_desk", b)
    for one in (at_a, at_b):
        one.hear()
    at_b.ask("begin")
    at_b.ask("live")
    at_b.ask("forget")
    received = at_b.ask("bytes")[1]
    began = at_a.ask("begin")
    rate = lines / (at_b.ask("rows", lines) - began)
    settled = lines / (at_a.ask("live") - began)
    sent, answered = at_a.ask("bytes")
    received = at_b.ask("bytes")[1] - received
    yield Line(f"A to B in bulk, lines of {size} bytes", rate, "/s", 8_600, at_most=False)
    yield Line("  the same to a bare peer's", rate, "/s", None, bare_rate, at_most=False)
    yield Line("  until A has all its numbers", settled, "/s", None, at_most=False)
    yield Line("bytes a line, A to the centre", sent / lines, "B", 220)
    yield Line("bytes a line, the centre to A", answered / lines, "B", None)
    yield Line("bytes a line, the centre to B", received / lines, "B", None)
    yield from live(at_a, at_b, bare_live)
    for one in (at_a, at_b):
        one.end()


def live(at_a: Child, at_b: Child, bare_live: list[float]) -> Iterator[Line]:
    """Single lines from the command at A to the commit at B."""
    at_a.ask("live")
    at_b.ask("live")
    time.sleep(6)  # what B indexes after the bulk
    at_a.ask("write", 20, PAUSE_S)
    written = at_a.ask("write", LIVE, PAUSE_S)
    time.sleep(1)
    came = at_b.ask("came")
    took = [(came[id_] - began) * 1e3 for id_, began, _ in written]
    bare_ms = [one * 1e3 for one in bare_live]
    yield Line("one line at A seen at B, p50", percentile(took, 0.5), "ms", 6)
    yield Line("  the same to a bare peer's", percentile(took, 0.5), "ms", None, percentile(bare_ms, 0.5))
    yield Line("one line at A seen at B, p99", percentile(took, 0.99), "ms", 30)
    saved = [(done - began) * 1e3 for _, began, done in written]
    yield Line("  of it the save at A, p50", percentile(saved, 0.5), "ms", None)


def applying(here: Place, behind: Path, lines: int) -> Iterator[Line]:
    """The operator's lines at a desk that takes what it missed meanwhile."""
    desk = here.child("sync_desk", behind)
    desk.hear()
    quiet = [done - began for _, began, done in desk.ask("write", 100, 0.02)]
    began = desk.ask("begin")
    saves = [done - at for _, at, done in desk.ask("write_until", lines, 0.02)]
    rate = lines / (desk.ask("rows", lines) - began)
    desk.end()
    yield Line("save while changes apply, p50", percentile(saves, 0.5) * 1e3, "ms", None)
    yield Line("save while changes apply, p99", percentile(saves, 0.99) * 1e3, "ms", 50)
    yield Line("  of so many saves", len(saves), "", None)
    yield Line("  save before, p50", percentile(quiet, 0.5) * 1e3, "ms", None)
    yield Line("  changes applied meanwhile", rate, "/s", None, at_most=False)


# --- the wire alone


def bodies_of(folder: Path, token: str, single: int) -> Bodies:
    """What the desk in ``folder`` has to push, in its chain's order; the last ``single`` each by itself."""
    with closing(open_workplace(DataDirectory(folder), PROFILE)) as workplace:
        connection = workplace.connection
        here = exchange.position(connection)
        found = connection.execute(
            "SELECT id, device, n, bytes, hash FROM journal"
            " WHERE number IS NULL AND absent IS NULL AND device IS NOT NULL ORDER BY seq"
        ).fetchall()
        before = connection.execute(
            "SELECT hash FROM journal WHERE device = ? AND n = ?", (found[0][1], found[0][2] - 1)
        ).fetchone()
        sent: list[Sent] = []
        previous = GENESIS if before is None else before[0]
        for id_, _, _, data, hash_ in found:
            sent.append(Sent(e=msgspec.Raw(data), p=outbox.beside(connection, id_), b=previous.hex()))
            previous = hash_
    now = to_ms(SystemClock().now())
    cut = len(sent) - single
    bulk_: list[list[Sent]] = [[]]
    size = 0
    for n, entry in enumerate(sent[:cut]):
        if size >= PUSH_BYTES:
            bulk_.append([])
            size = 0
        size += len(entry.e)
        bulk_[-1].append(entry if n == 0 or not bulk_[-1] else msgspec.structs.replace(entry, b=""))

    def body(entries: list[Sent]) -> bytes:
        message = encoder.encode(PushRequest(position=here, now=now, groups=[[one] for one in entries]))
        packer = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, 31)
        return packer.compress(message) + packer.flush()

    return Bodies(
        headers={
            VERSION_HEADER: str(VERSION),
            "Authorization": f"Bearer {token}",
            "Content-Type": CONTENT_TYPE,
            "Content-Encoding": "gzip",
        },
        bulk=[body(part) for part in bulk_],
        lines=cut,
        single=[body([entry]) for entry in sent[cut:]],
    )


def connected(url: str) -> http.client.HTTPConnection:
    """A connection to ``url``."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    return http.client.HTTPConnection(parts.hostname, parts.port, timeout=120)


def post(connection: http.client.HTTPConnection, bodies: Bodies, body: bytes) -> None:
    """One push, which has to be taken whole."""
    connection.request("POST", "/v1/push", body, bodies.headers)
    answer = connection.getresponse()
    said = answer.read()
    if answer.status != 200 or b"refused" in said:
        raise RuntimeError(f"{answer.status}: {said[:300]!r}")


def push_rate(url: str, bodies: Bodies) -> float:
    """Lines a second, one push after the other."""
    with closing(connected(url)) as connection:
        began = time.perf_counter()
        for body in bodies.bulk:
            post(connection, bodies, body)
        return bodies.lines / (time.perf_counter() - began)


@contextmanager
def bare(here: Place, database: str | None) -> Iterator[str]:
    """A bare peer on a database of its own; its address."""
    file = here.folder / f"bare-{time.time_ns()}.sqlite3"
    process = here.child("sync_bare", "serve", database or file)
    try:
        yield process.hear()["listening"]
    finally:
        process.process.terminate()
        process.end()


def bulk_bare(here: Place, url: str, bodies: Bodies) -> float:
    """Lines a second from a push to the bare peer until another process has them in a file."""
    puller = here.child("sync_bare", "pull", url, here.folder / "bare-b.sqlite3", bodies.lines)
    puller.hear()
    began = time.perf_counter()
    push_rate(url, bodies)
    rate: float = bodies.lines / (puller.hear() - began)
    puller.end()
    return rate


def live_bare(here: Place, url: str, bodies: Bodies) -> list[float]:
    """Seconds from a row inserted in a file here, by the bare peer's stream, to its commit elsewhere."""
    follower = here.child("sync_bare", "follow", url, here.folder / "bare-c.sqlite3", len(bodies.single))
    follower.hear()
    began = []
    with closing(bare_file(here.folder / "bare-a.sqlite3")) as file, closing(connected(url)) as connection:
        for body in bodies.single:
            time.sleep(PAUSE_S)
            began.append(time.perf_counter())
            file.execute("INSERT INTO bare (bytes) VALUES (?)", (body,))
            post(connection, bodies, body)
    came = follower.hear()
    follower.end()
    return [at - start for start, at in zip(began, came, strict=True)]


# --- many streams


class Told(NamedTuple):
    """Seconds from a push to each stream's hearing of it, and from the first stream's to each."""

    whole: list[float]
    spread: list[float]
    by_name: int  # events that carried their group
    grown: int  # bytes of memory that the streams took


def told(url: str, bodies: Bodies, tokens: list[str], process: Child | None = None) -> Told:
    """Push single lines while streams listen."""
    return asyncio.run(_told(url, bodies, tokens, process))


async def _told(url: str, bodies: Bodies, tokens: list[str], process: Child | None) -> Told:
    parts = urlsplit(url)
    before = process.memory() if process is not None else 0
    heard: list[float] = []
    all_heard = asyncio.Event()
    groups = 0

    async def listen(token: str, opened: asyncio.Event) -> None:
        nonlocal groups
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        asked = f"GET /v1/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
        writer.write(f"{asked}{VERSION_HEADER}: {VERSION}\r\n\r\n".encode())
        try:
            while line := await reader.readline():
                if line.startswith(b"event: hello"):
                    opened.set()
                elif line.startswith((b"event: group", b"event: moved")):
                    groups += line.startswith(b"event: group")
                    heard.append(time.perf_counter())
                    if len(heard) == len(tokens):
                        all_heard.set()
        finally:
            writer.close()

    opened = [asyncio.Event() for _ in tokens]
    streams = [asyncio.create_task(listen(*one)) for one in zip(tokens, opened, strict=True)]
    await asyncio.wait_for(asyncio.gather(*(one.wait() for one in opened)), 60)
    grown = (process.memory() - before) if process is not None else 0
    whole: list[float] = []
    spread: list[float] = []
    with closing(connected(url)) as connection:
        for body in bodies.single:
            await asyncio.sleep(PAUSE_S)
            heard.clear()
            all_heard.clear()
            began = time.perf_counter()
            await asyncio.gather(
                asyncio.to_thread(post, connection, bodies, body), asyncio.wait_for(all_heard.wait(), 10)
            )
            whole += [at - began for at in heard]
            spread += [at - heard[0] for at in heard]
    for stream in streams:
        stream.cancel()
    await asyncio.gather(*streams, return_exceptions=True)
    return Told(whole, spread, groups, grown)


def fan_out(here: Place, bodies: Bodies, bare_told: Told) -> Iterator[Line]:
    """A line told to many idle desks."""
    found = told(here.url, bodies, here.tokens(STREAMS), here.process)
    p99 = percentile(found.whole, 0.99) * 1e3
    limit = percentile(bare_told.whole, 0.99) * 1e3
    yield Line(f"a push heard on {STREAMS} streams, p99", p99, "ms", 1.5, limit)
    p99, limit = (percentile(one.spread, 0.99) * 1e3 for one in (found, bare_told))
    yield Line("  from the first stream to each, p99", p99, "ms", None, limit)
    yield Line("  memory a stream", found.grown / STREAMS / 1e3, "KB", 40)
    pulled = STREAMS * len(bodies.single) - found.by_name
    yield Line("  streams told to pull", pulled, "", 0)


def as_row(line: Line, row: Any) -> dict[str, Any]:
    """A line as the bench's table has it."""
    made: dict[str, Any] = row(
        line.name, line.value, line.unit, line.goal or 0, limit=line.limit, at_most=line.at_most
    )
    if line.goal is None:
        made |= {"goal": None, "holds": True}
    return made
