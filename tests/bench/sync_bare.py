"""The bench's bare peer: an endpoint that inserts what it gets, tells it on a stream, and knows no rule.

``serve DATABASE``: the endpoint, on the same server and with the same set-up as the centre's. ``pull URL FILE
COUNT``: who fetches page by page into a file. ``follow URL FILE``: who takes it from the stream.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import sys
import time
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import requests
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from commandcenter.protocol.messages import PushRequest, Sent, push_request
from commandcenter.server.process import Listening, run, say_listening

PAGE = 2_000
GZIP = 4
_bytes = msgspec.json.Encoder()


class Store:
    """A table of bytes, in PostgreSQL or in a file."""

    def __init__(self, database: str) -> None:
        self.connection: Any
        self.postgresql = database.startswith("postgresql://")
        if self.postgresql:
            self.connection = psycopg.connect(database, autocommit=False)
            self.connection.execute("SET synchronous_commit = on")
            self.connection.execute("CREATE TABLE bare (seq bigserial PRIMARY KEY, bytes bytea NOT NULL)")
            self.connection.commit()
        else:
            self.connection = bare_file(Path(database))

    def add(self, entries: list[Sent]) -> None:
        """Insert and commit."""
        rows = [(_bytes.encode(entry),) for entry in entries]
        if self.postgresql:
            with self.connection.cursor() as cursor:
                cursor.executemany("INSERT INTO bare (bytes) VALUES (%s)", rows)
        else:
            self.connection.execute("BEGIN IMMEDIATE")
            self.connection.executemany("INSERT INTO bare (bytes) VALUES (?)", rows)
        self.connection.commit()

    def after(self, n: int) -> list[msgspec.Raw]:
        """A page."""
        mark = "%s" if self.postgresql else "?"
        found = self.connection.execute(
            f"SELECT bytes FROM bare WHERE seq > {mark} ORDER BY seq LIMIT {PAGE}", (n,)
        ).fetchall()
        self.connection.commit()
        return [msgspec.Raw(bytes(line[0])) for line in found]


def bare_file(file: Path) -> sqlite3.Connection:
    """A file of one table, as durable as a desk's."""
    connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE bare (seq INTEGER PRIMARY KEY, bytes BLOB NOT NULL)")
    return connection


def application(store: Store) -> Starlette:
    """push, feed, stream."""
    streams: set[asyncio.Queue[bytes]] = set()
    one_at_a_time = asyncio.Lock()

    async def push(request: Request) -> Response:
        body = await request.body()

        def work() -> PushRequest:
            packed = request.headers.get("content-encoding") == "gzip"
            message = push_request.decode(zlib.decompress(body, 31) if packed else body)
            store.add([entry for group in message.groups for entry in group])
            return message

        async with one_at_a_time:
            message = await asyncio.to_thread(work)
        if streams:
            told = b"event: group\ndata: " + _bytes.encode(message.groups) + b"\n\n"
            for queue in streams:
                queue.put_nowait(told)
        return Response(b'{"taken":%d}' % len(message.groups), media_type="application/json")

    async def feed(request: Request) -> Response:
        n = int(request.query_params["n"])

        def work() -> bytes:
            packer = zlib.compressobj(GZIP, zlib.DEFLATED, 31)
            return packer.compress(_bytes.encode(store.after(n))) + packer.flush()

        async with one_at_a_time:
            body = await asyncio.to_thread(work)
        return Response(body, media_type="application/json", headers={"content-encoding": "gzip"})

    async def stream(request: Request) -> Response:
        queue: asyncio.Queue[bytes] = asyncio.Queue()
        streams.add(queue)

        async def events() -> AsyncIterator[bytes]:
            try:
                yield b"event: hello\ndata: {}\n\n"
                while True:
                    yield await queue.get()
            finally:
                streams.discard(queue)

        return StreamingResponse(events(), media_type="text/event-stream")

    routes: list[tuple[str, Callable[[Request], Awaitable[Response]], str]] = [
        ("/v1/push", push, "POST"),
        ("/v1/feed", feed, "GET"),
        ("/v1/stream", stream, "GET"),
    ]
    return Starlette(routes=[Route(path, endpoint, methods=[method]) for path, endpoint, method in routes])


async def _nothing() -> None: ...


def serve(database: str) -> None:
    """Be the endpoint until a signal comes."""
    run(
        application(Store(database)),  # type: ignore[arg-type]
        Listening(host="127.0.0.1", port=0),
        opening=_nothing,
        closing=_nothing,
        ready=say_listening,
    )


def pull(url: str, file: Path, count: int) -> None:
    """Fetch until ``count`` rows are here; the instant of the last commit."""
    connection = bare_file(file)
    session = requests.Session()
    page = msgspec.json.Decoder(list[msgspec.Raw])
    n = 0
    say({"ready": True})
    while n < count:
        found = page.decode(session.get(f"{url}/v1/feed", params={"n": n}).content)
        if not found:
            time.sleep(0.002)
            continue
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("INSERT INTO bare (bytes) VALUES (?)", [(bytes(one),) for one in found])
        connection.execute("COMMIT")
        n += len(found)
    say(time.perf_counter())


def follow(url: str, file: Path, count: int) -> None:
    """Take ``count`` groups from the stream; the instants of their commits."""
    connection = bare_file(file)
    came = []
    groups = msgspec.json.Decoder(list[list[Sent]])
    with requests.get(f"{url}/v1/stream", stream=True, timeout=60) as answer:
        for line in answer.iter_lines(chunk_size=1):
            if not line.startswith(b"data: ["):
                if line.startswith(b"data"):
                    say({"ready": True})
                continue
            connection.execute("BEGIN IMMEDIATE")
            for group in groups.decode(line[6:]):
                connection.executemany("INSERT INTO bare (bytes) VALUES (?)", [(bytes(e.e),) for e in group])
            connection.execute("COMMIT")
            came.append(time.perf_counter())
            if len(came) == count:
                break
    say(came)


def say(what: Any) -> None:
    """One line."""
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["serve", database]:
            serve(database)
        case ["pull", url, file, count]:
            pull(url, Path(file), int(count))
        case ["follow", url, file, count]:
            follow(url, Path(file), int(count))
