"""The campaigns' cable: TCP links to a centre that cut, hold, delay, narrow, or lose what is answered."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

# pass: as it comes. cut: every connection is reset, also a new one. hole: nothing comes through and nobody
# is told. deaf: what goes up arrives, and the answer is cut off. torn: a connection is reset after
# ``torn_after`` bytes of either direction.
Weather = Literal["pass", "cut", "hole", "deaf", "torn"]
CHUNK = 16_384
RESET = struct.pack("ii", 1, 0)  # no lingering: a close is a reset


@dataclass(eq=False)
class _Connection:
    writers: list[asyncio.StreamWriter]
    passed: int = 0
    forgotten: bool = False

    def reset(self) -> None:
        for writer in self.writers:
            raw = writer.get_extra_info("socket")
            if raw is not None and not writer.transport.is_closing():
                with contextlib.suppress(OSError):
                    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            writer.transport.abort()


@dataclass(eq=False)
class Link:
    """One desk's way to the centre at ``target``; ``port``: where it listens.

    ``weather``, ``delay_s`` (each way), ``bytes_per_s`` (0: no limit) and ``torn_after`` may be set by
    any thread at any time; :meth:`set` also wakes who is held."""

    target: int
    loop: asyncio.AbstractEventLoop
    port: int = 0
    weather: Weather = "pass"
    delay_s: float = 0.0
    bytes_per_s: int = 0
    torn_after: int = 0
    resets: int = 0
    _open: set[_Connection] = field(default_factory=set)
    _through: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        """Where a desk finds it."""
        return f"http://127.0.0.1:{self.port}"

    def set(
        self,
        weather: Weather,
        *,
        delay_s: float = 0.0,
        bytes_per_s: int = 0,
        torn_after: int = 0,
        reset: bool = False,
        forget: bool = False,
    ) -> None:
        """From now on. ``reset``: what is open is reset, as it always is by a cut; ``forget``: nothing comes
        through on it any more, for ever, and nobody is told."""

        def work() -> None:
            self.weather, self.delay_s, self.bytes_per_s = weather, delay_s, bytes_per_s
            self.torn_after = torn_after
            if reset or weather == "cut":
                for connection in list(self._open):
                    self._reset(connection)
            if forget:
                for connection in self._open:
                    connection.forgotten = True
            if weather == "hole":
                self._through.clear()
            else:
                self._through.set()

        self.loop.call_soon_threadsafe(work)

    def _reset(self, connection: _Connection) -> None:
        self.resets += 1
        self._open.discard(connection)
        connection.reset()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of a desk's."""
        connection = _Connection([writer])
        self._open.add(connection)
        try:
            await self._through.wait()
            if self.weather == "cut":
                self._reset(connection)
                return
            try:
                up_reader, up = await asyncio.open_connection("127.0.0.1", self.target)
            except OSError:  # nobody listens there
                self._reset(connection)
                return
            connection.writers.append(up)
            for one in connection.writers:
                one.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await asyncio.gather(
                self._pump(connection, reader, up, down=False),
                self._pump(connection, up_reader, writer, down=True),
            )
        except OSError:  # either side has gone: so does the other
            connection.reset()
        finally:
            self._open.discard(connection)
            for one in connection.writers:
                one.close()

    async def _pump(
        self,
        connection: _Connection,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        down: bool,
    ) -> None:
        while data := await reader.read(CHUNK):
            if self.delay_s:
                await asyncio.sleep(self.delay_s)
            if self.bytes_per_s:
                await asyncio.sleep(len(data) / self.bytes_per_s)
            await self._through.wait()
            if connection not in self._open:
                return
            if connection.forgotten:
                continue
            if self.weather == "deaf" and down:
                self._reset(connection)
                return
            if self.weather == "torn":
                left = self.torn_after - connection.passed
                if left < len(data):
                    writer.write(data[: max(0, left)])
                    with contextlib.suppress(OSError):
                        await writer.drain()
                    self._reset(connection)
                    return
            connection.passed += len(data)
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof() and not writer.transport.is_closing():
            writer.write_eof()


@contextmanager
def links(target: int, count: int) -> Iterator[list[Link]]:
    """So many links to the centre's port, on a thread of their own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="cables")
    thread.start()

    def run(work: Callable[[], Awaitable[None]]) -> None:
        async def whole() -> None:
            await work()

        asyncio.run_coroutine_threadsafe(whole(), loop).result(10)

    made: list[Link] = []
    servers: list[asyncio.Server] = []

    async def begin() -> None:
        for _ in range(count):
            link = Link(target, loop)
            link._through.set()
            server = await asyncio.start_server(link.serve, "127.0.0.1", 0)
            link.port = server.sockets[0].getsockname()[1]
            made.append(link)
            servers.append(server)

    async def end() -> None:
        for server in servers:
            server.close()
        for link in made:
            link.weather, link.delay_s, link.bytes_per_s = "cut", 0.0, 0
            link._through.set()
            for connection in list(link._open):
                connection.reset()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        if others:
            await asyncio.wait(others, timeout=5)

    run(begin)
    try:
        yield made
    finally:
        run(end)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
