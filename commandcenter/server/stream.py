"""The open streams: one per desk that listens, each with a bounded queue; a slow reader is told to pull."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec
from starlette.types import Receive, Send

from commandcenter.protocol.messages import VERSION, VERSION_HEADER, encoder

if TYPE_CHECKING:
    from db.centre.judgement import Caller

# What a reader may be behind by beside the 64 KB that its connection holds.
SLOW_BYTES = 256_000

_HEAD: dict[str, Any] = {
    "type": "http.response.start",
    "status": 200,
    "headers": [
        (b"content-type", b"text/event-stream"),
        (b"cache-control", b"no-store"),
        (b"x-accel-buffering", b"no"),  # a proxy that keeps what it should pass on
        (VERSION_HEADER.lower().encode(), str(VERSION).encode()),
    ],
}
_END: dict[str, Any] = {"type": "http.response.body", "body": b"", "more_body": False}


def event(name: str, message: Any) -> bytes:
    """An event of the stream: a name and one line of JSON."""
    return b"event: %s\ndata: %s\n\n" % (name.encode(), encoder.encode(message))


class Moved(msgspec.Struct):
    """The feed has come to ``to``; what there is, is pulled."""

    to: int


class Audience(msgspec.Struct, frozen=True):
    """What decides which entries a caller sees, and how: streams that agree in it are told the same bytes."""

    roles: tuple[str, ...]
    scopes: frozenset[UUID | None]
    district_id: UUID | None


def audience_of(caller: Caller) -> Audience:
    """The caller's audience."""
    return Audience(tuple(sorted(caller.roles)), caller.scopes, caller.district_id)


class Stream:
    """One open stream; all of it on the loop's thread."""

    __slots__ = (
        "_ended",
        "_flush",
        "_lines",
        "_moved",
        "_send",
        "_size",
        "audience",
        "caller",
        "slot",
        "token",
        "told",
    )

    def __init__(self, caller: Caller, token: str, send: Send, slot: int) -> None:
        self.caller = caller
        self.token = token
        self.audience = audience_of(caller)
        self.slot = slot  # when it is pinged
        self.told = 0  # the number that its desk was last told
        self._send = send
        self._lines: list[bytes] = []
        self._size = 0
        self._moved: int | None = None  # it reads too slowly: told no more than how far the feed is
        self._flush: asyncio.Task[None] | None = None
        self._ended = False

    async def run(self, receive: Receive) -> None:
        """Until the desk goes or the stream is ended."""
        try:
            while (await receive())["type"] != "http.disconnect":
                pass
        finally:
            self._ended = True
            if self._flush is not None:
                self._flush.cancel()

    async def open(self, hello: bytes, head: int) -> None:
        """Answer the request; the first event says where the stream begins."""
        self.told = head
        await self._send(_HEAD)
        self.say(hello)

    def tell(self, first: bytes, rest: bytes, to: int) -> None:
        """Groups: ``first`` is the first one's event after the number that this desk was told before it,
        ``rest`` those that follow."""
        self._queue(b'event: group\ndata: {"prev":%d,%s%s' % (self.told, first, rest), to)
        self.told = to

    def tell_moved(self, to: int) -> None:
        """Only that the feed has gone on."""
        self._queue(event("moved", Moved(to)), to)
        self.told = to

    def say(self, data: bytes) -> None:
        """An event that moves nothing: left out where the reader is behind anyway."""
        if self._moved is None:
            self._queue(data, None)

    def end(self, bye: bytes) -> None:
        """A last event, and the end; who is behind hears only the end."""
        if not self._ended:
            self._ended = True
            self._lines.append(bye)
            self._start()

    def _queue(self, data: bytes, to: int | None) -> None:
        if self._ended:
            return
        if self._moved is not None:
            self._moved = self._moved if to is None else to
            return
        self._lines.append(data)
        self._size += len(data)
        if self._size > SLOW_BYTES:
            self._lines.clear()
            self._size = 0
            self._moved = self.told if to is None else to
        self._start()

    def _start(self) -> None:
        if self._flush is None:
            self._flush = asyncio.get_running_loop().create_task(self._flushing())

    async def _flushing(self) -> None:
        try:
            while True:
                if self._lines:
                    data = b"".join(self._lines)
                    self._lines.clear()
                    self._size = 0
                elif self._moved is not None:
                    data = event("moved", Moved(self._moved))
                    self._moved = None
                else:
                    break
                await self._send({"type": "http.response.body", "body": data, "more_body": True})
            if self._ended:
                await self._send(_END)
        finally:
            self._flush = None
