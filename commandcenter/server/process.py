"""The process: a listening socket, the loop, the signals, and an end that cuts nobody off."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from commandcenter.domain.errors import Unavailable
from commandcenter.server.application import Application

STREAMS_END_S = 2.0
PUSHES_END_S = 30  # a push under way is answered, or its desk would ask again for nothing
KEEP_ALIVE_S = 75  # longer than a quiet desk's pause between two requests
BACKLOG = 1024
DEAD_AFTER_MS = 30_000  # a peer that takes nothing for so long has gone, though it never said so


@dataclass(frozen=True, kw_only=True)
class Listening:
    """Where and how to listen. ``proxies``: whose X-Forwarded lines are believed, comma-separated."""

    host: str
    port: int
    certificate: Path | None = None
    key: Path | None = None
    proxies: str | None = None


# Called with the address that answers now, and with what ends it, from any thread.
Ready = Callable[[str, Callable[[], object]], None]


def say_listening(address: str, stop: Callable[[], object]) -> None:
    """The line on standard output for whoever started the process."""
    sys.stdout.write(json.dumps({"listening": address}) + "\n")
    sys.stdout.flush()


def parse_address(text: str) -> tuple[str, int]:
    """``HOST:PORT`` or ``[HOST]:PORT``. ValueError."""
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise ValueError(f"not HOST:PORT: {text}")
    return host.removeprefix("[").removesuffix("]"), int(port)


def run(
    application: Application,
    where: Listening,
    *,
    opening: Callable[[], Awaitable[None]],
    closing: Callable[[], Awaitable[None]],
    ready: Ready,
) -> None:
    """Serve until SIGTERM or SIGINT. ``opening`` on the loop before the first request, ``closing`` when
    a signal has come: it ends the streams. ``ready`` is called when the address answers.

    Unavailable ``cannot_listen``, ``cannot_read_certificate``."""
    socket_ = _bound(where)
    config = uvicorn.Config(
        application,
        loop="asyncio",
        http="h11",
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        proxy_headers=where.proxies is not None,
        forwarded_allow_ips=where.proxies or "",
        server_header=False,
        date_header=False,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=PUSHES_END_S,
        ssl_certfile=where.certificate,
        ssl_keyfile=where.key,
    )
    try:
        config.load()
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        socket_.close()
        raise Unavailable("cannot_read_certificate", path=str(where.certificate)) from error
    scheme = "http" if where.certificate is None else "https"
    asyncio.run(_serve(_Server(config, closing), socket_, scheme, opening, ready))


def _bound(where: Listening) -> socket.socket:
    """A socket that is bound and not yet listening. With its protocol named: without it asyncio does not
    switch Nagle's algorithm off, and each answer takes 44 ms."""
    try:
        family = socket.AF_INET6 if ":" in where.host else socket.AF_INET
        found = socket.getaddrinfo(where.host, where.port, family, socket.SOCK_STREAM)[0]
        socket_ = socket.socket(found[0], socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            if sys.platform != "win32":
                socket_.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            # those accepted inherit these
            socket_.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            socket_.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            if sys.platform == "linux":
                socket_.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, DEAD_AFTER_MS)
            socket_.bind(found[4])
        except BaseException:
            socket_.close()
            raise
    except OSError as error:
        address = f"{where.host}:{where.port}"
        raise Unavailable("cannot_listen", address=address, reason=error.strerror or str(error)) from error
    return socket_


async def _serve(
    server: _Server,
    socket_: socket.socket,
    scheme: str,
    opening: Callable[[], Awaitable[None]],
    ready: Ready,
) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        try:
            loop.add_signal_handler(number, server.stop)
        except (NotImplementedError, RuntimeError, ValueError):  # Windows; not the main thread
            with contextlib.suppress(ValueError):
                signal.signal(number, lambda *_: loop.call_soon_threadsafe(server.stop))
    await opening()
    host, port = socket_.getsockname()[:2]
    address = f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"
    # what is loaded by now stays: the collector would walk over it again and again, 50 ms each time
    gc.collect()
    gc.freeze()
    server.when_it_answers = lambda: ready(address, lambda: loop.call_soon_threadsafe(server.stop))
    await server.serve(sockets=[socket_])


class _Server(uvicorn.Server):
    """uvicorn's, ended by our signals, and with an end for open streams."""

    def __init__(self, config: uvicorn.Config, closing: Callable[[], Awaitable[None]]) -> None:
        super().__init__(config)
        self._closing = closing
        self.when_it_answers: Callable[[], None] = lambda: None

    def stop(self) -> None:
        """End; a second time at once."""
        if self.should_exit:
            self.force_exit = True
        self.should_exit = True

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Ours are set; uvicorn would raise them again at the end, and the exit code would not be 0."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and say so."""
        await super().startup(sockets)
        if self.started:
            self.when_it_answers()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """No new connections; streams are told goodbye and ended, pushes answered."""
        for server in self.servers:
            server.close()
        loop = asyncio.get_running_loop()
        cut = loop.call_later(STREAMS_END_S, self._cut_streams)
        await self._closing()
        await super().shutdown(sockets)
        cut.cancel()

    def _cut_streams(self) -> None:
        """End the streams whose readers take nothing, not even a goodbye."""
        for protocol in list(self.server_state.connections):
            scope = getattr(getattr(protocol, "cycle", None), "scope", None) or {}
            if scope.get("path") == "/v1/stream":
                protocol.transport.abort()
