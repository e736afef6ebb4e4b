"""The hub: reads what was numbered once per news, and tells it to every open stream that may see it."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import threading
import time
from collections.abc import Callable, Iterable
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

import msgspec

from commandcenter.domain.errors import Unavailable
from commandcenter.protocol.messages import STREAM_BYTES_MAX, encoder
from commandcenter.server.stream import Audience, Stream, event
from db.centre.engine import Listener, is_away

if TYPE_CHECKING:
    from commandcenter.server.readings import Fresh
    from db.centre.feed import Released
    from db.centre.judgement import Caller
    from db.centre.store import CentreStore

_log = logging.getLogger(__name__)

PING_S = 10
LOOK_S = 2.0  # without news, in case some were lost on the way
BATCH_BYTES_MAX = 4 * STREAM_BYTES_MAX  # more than this at once is pulled: pages are compressed
AT_ONCE = 200  # entries; so many are more than that
STREAMS_MAX = 2_000
OF_ONE_DEVICE = 3  # a connection that died unheard, its successor, one in reserve
TREE = "organisation"  # of this kind is what says who sees what
NOBODY = UUID(int=0)


class Hello(msgspec.Struct):
    """The first event: everything above ``head`` will be told on this stream."""

    epoch: int
    head: int
    now: int


class Ping(msgspec.Struct):
    """Every ten seconds: the stream is alive, and how far the feed is."""

    now: int
    head: int


class Told(NamedTuple):
    """What one audience is told of a batch: None in ``first`` where it has to pull."""

    first: bytes | None
    rest: bytes
    to: int


class Batch(NamedTuple):
    """What was numbered since the last look, as each audience is told it; authors hear of their own apart."""

    to: int
    told: dict[Audience, Told | None]
    own: dict[UUID, Told]
    began: float


class Hub:
    """A thread reads and encodes, the loop tells. ``clock_ms``: milliseconds since 1970; ``still``: which of
    these tokens are good; ``organised``: the tree of organisations changed."""

    def __init__(
        self,
        store: CentreStore,
        listener: Listener,
        *,
        clock_ms: Callable[[], int],
        still: Callable[[Iterable[str]], frozenset[str]],
        took: Callable[[float], None] = lambda seconds: None,
        fresh: Fresh | None = None,
        organised: Callable[[], None] = lambda: None,
    ) -> None:
        self._store = store
        self._listener = listener
        self._clock_ms = clock_ms
        self._still = still
        self._took = took
        self._fresh = fresh
        self._organised = organised
        self._streams: dict[Audience, dict[Stream, None]] = {}
        # what the thread has to encode for; put in place anew by the loop, never changed
        self._callers: tuple[tuple[Audience, Caller], ...] = ()
        self._authors: dict[UUID, Caller] = {}
        self._count = 0
        self._slot = 0
        self._closing = False
        self._looked = time.monotonic()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._work, name="hub", daemon=True)
        self._pinging: asyncio.TimerHandle | None = None
        self.epoch = 0
        self.head = 0  # told to the streams so far
        self.away = False

    def start(self) -> None:
        """Begin at the feed's head of now; on the loop's thread."""
        self._loop = asyncio.get_running_loop()
        position = self._store.head()
        self.epoch, self.head = position.epoch, position.n
        self._thread.start()
        self._pinging = self._loop.call_later(1, self._ping)

    @property
    def count(self) -> int:
        """How many streams are open."""
        return self._count

    # --- the loop's side

    async def serve(self, stream: Stream, receive: Callable[[], object]) -> None:
        """Tell one stream until it ends. Unavailable ``centre_busy``."""
        if self._closing or self._count >= STREAMS_MAX:
            raise Unavailable("centre_busy")
        self._enter(stream)
        try:
            hello = event("hello", Hello(self.epoch, self.head, self._clock_ms()))
            await stream.open(hello, self.head)
            if self._fresh is not None and self._fresh.whole:
                stream.say(self._fresh.whole)
            await stream.run(receive)  # type: ignore[arg-type]
        finally:
            self._leave(stream)

    def new_slot(self) -> int:
        """When a new stream is pinged: they take turns."""
        self._slot = (self._slot + 1) % PING_S
        return self._slot

    def look_around_soon(self) -> None:
        """Somebody was withdrawn: look at once who."""
        self._looked = float("-inf")
        self._listener.wake()

    async def close(self) -> None:
        """Say goodbye on every stream and end the thread."""
        self._closing = True
        if self._pinging is not None:
            self._pinging.cancel()
        self._end_all("stopping")
        self._listener.wake()
        if self._thread.is_alive():
            await asyncio.to_thread(self._thread.join, 5)

    def _enter(self, stream: Stream) -> None:
        same = [other for other in self._all() if other.caller.device == stream.caller.device]
        for other in same[: len(same) + 1 - OF_ONE_DEVICE]:
            other.end(event("bye", {"why": "replaced"}))
        self._streams.setdefault(stream.audience, {})[stream] = None
        self._count += 1
        self._say_for_whom()

    def _leave(self, stream: Stream) -> None:
        of_audience = self._streams[stream.audience]
        del of_audience[stream]
        if not of_audience:
            del self._streams[stream.audience]
        self._count -= 1
        self._say_for_whom()

    def _say_for_whom(self) -> None:
        self._callers = tuple(
            (
                audience,
                dataclasses.replace(next(iter(streams)).caller, device=NOBODY, devices=frozenset()),
            )
            for audience, streams in self._streams.items()
        )
        self._authors = {id_: one.caller for one in self._all() for id_ in one.caller.devices}

    def _all(self) -> list[Stream]:
        return [stream for streams in self._streams.values() for stream in streams]

    def _say_all(self, news: bytes) -> None:
        for stream in self._all():
            stream.say(news)

    def _end_all(self, why: str) -> None:
        bye = event("bye", {"why": why})
        for stream in self._all():
            stream.end(bye)

    def _tell(self, batch: Batch) -> None:
        for audience, streams in self._streams.items():
            known = audience in batch.told
            told = batch.told.get(audience)
            for stream in streams:
                own = batch.own.get(stream.caller.device)
                if not known:  # it came while the batch was being made
                    stream.tell_moved(batch.to)
                elif (mine := own or told) is not None:
                    if mine.first is None:
                        stream.tell_moved(mine.to)
                    else:
                        stream.tell(mine.first, mine.rest, mine.to)
        self.head = batch.to
        self._took(time.monotonic() - batch.began)

    def _ping(self) -> None:
        assert self._loop is not None
        self._pinging = self._loop.call_later(1, self._ping)
        now = int(time.monotonic()) % PING_S
        ping = event("ping", Ping(self._clock_ms(), self.head))
        for stream in self._all():
            if stream.slot == now:
                stream.say(ping)

    def _restarted(self, epoch: int, head: int) -> None:
        """The centre was restored: every desk begins anew, with the epoch in its next hello."""
        self.epoch, self.head = epoch, head
        self._end_all("restored")

    def _end_withdrawn(self, good: frozenset[str]) -> None:
        for stream in self._all():
            if stream.token not in good:
                stream.end(event("bye", {"why": "withdrawn"}))

    # --- the thread's side

    def _work(self) -> None:
        after = self.head
        while not self._closing:
            self._listener.wait(LOOK_S)
            began = time.monotonic()
            try:
                after = self._look(after, began)
                if self._count and self._fresh is not None and (news := self._fresh.due()):
                    self._call(partial(self._say_all, news))
                if began - self._looked > PING_S:
                    self._looked = began
                    after = self._look_around(after)
                if self.away:
                    _log.info("database back")
                self.away = False
            except Exception as error:  # noqa: BLE001  whatever fails, the streams go on after it
                if not is_away(error):
                    _log.error("hub failed", extra={"error": type(error).__name__}, exc_info=error)
                elif not self.away:
                    _log.warning("database away", extra={"error": type(error).__name__})
                self.away = True
                time.sleep(0.2)
        self._listener.close()

    def _look(self, after: int, began: float) -> int:
        while not self._closing:
            released = self._store.newer(after, AT_ONCE)
            if not released:
                break
            if len(released) >= AT_ONCE:  # more than is told: who listens pulls it
                head = self._store.head().n
                batch = Batch(
                    head, {audience: Told(None, b"", head) for audience, _ in self._callers}, {}, began
                )
            else:
                batch = self._batch(released, began)
            self._call(partial(self._tell, batch))
            if any(one.kind == TREE for one in released):  # who sees what may have changed: all come again
                self._organised()
                self._call(partial(self._end_all, "organised"))
            after = batch.to
            if len(released) < AT_ONCE:
                break
        return after

    def _look_around(self, after: int) -> int:
        """What is looked at now and then: whether the centre was restored, and who was withdrawn."""
        position = self._store.head()
        if position.epoch != self.epoch or position.n < after:
            self._call(lambda: self._restarted(position.epoch, position.n))
            return position.n
        tokens = {stream.token for stream in self._all_now()}
        if tokens:
            good = self._still(tokens)
            self._call(lambda: self._end_withdrawn(good | (frozenset(self._tokens_since(tokens)))))
        return after

    def _all_now(self) -> list[Stream]:
        return [stream for streams in list(self._streams.values()) for stream in list(streams)]

    def _tokens_since(self, asked: set[str]) -> Iterable[str]:
        return (stream.token for stream in self._all() if stream.token not in asked)

    def _call(self, work: Callable[[], None]) -> None:
        assert self._loop is not None
        try:
            self._loop.call_soon_threadsafe(work)
        except RuntimeError:  # the loop has ended before us
            self._closing = True

    def _batch(self, released: list[Released], began: float) -> Batch:
        """Each audience's bytes, made once, whoever many listen."""
        groups = [list(members) for _, members in groupby(released, key=lambda one: one.group)]
        callers, authors = self._callers, self._authors
        told = {audience: self._told(caller, groups) for audience, caller in callers}
        own: dict[UUID, Told] = {}
        for device in {one.device for one in released if one.device is not None}:
            author = authors.get(device)
            if author is not None and author.device not in own:
                mine = self._told(author, groups)
                if mine is not None:
                    own[author.device] = mine
        return Batch(released[-1].n, told, own, began)

    def _told(self, caller: Caller, groups: list[list[Released]]) -> Told | None:
        sight = self._store.sight(caller, [one for group in groups for one in group])
        parts: list[bytes] = []
        size = to = 0
        for group in groups:
            seen = [entry for one in group if (entry := sight.numbered(one)) is not None]
            if not seen:
                continue
            prev, to = to, group[-1].n
            body = b'"to":%d,"entries":%s}\n\n' % (to, encoder.encode(seen))
            size += len(body)
            if len(body) > STREAM_BYTES_MAX or size > BATCH_BYTES_MAX:
                size = BATCH_BYTES_MAX + 1  # what follows is pulled as well
                continue
            parts.append(body if not parts else b'event: group\ndata: {"prev":%d,%s' % (prev, body))
        if not to:
            return None
        if size > BATCH_BYTES_MAX:
            return Told(None, b"", to)
        return Told(parts[0], b"".join(parts[1:]), to)
