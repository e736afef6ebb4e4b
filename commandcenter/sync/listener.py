"""The listener: the thread on the event stream, which takes groups as they come and tells of the rest."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable
from typing import Any

import msgspec
import requests
from requests_sse import EventSource, InvalidContentTypeError, InvalidStatusCodeError, MessageEvent
from requests_sse.client import ReadyState

from commandcenter.protocol.messages import FeedPage, Numbered, Position
from commandcenter.protocol.readings import NewestReadings, newest_readings
from commandcenter.sync.client import CONNECT_S, EVENT_STREAM, STREAM_READ_S, Centre, NoAnswer, check

log = logging.getLogger(__name__)

FIRST_S, LONGEST_S = 0.5, 30.0
STEADY_S = 5.0  # a stream that lasted so long was a good one


class Hello(msgspec.Struct):
    """Everything above ``head`` is told on this stream."""

    epoch: int
    head: int
    now: int


class Ping(msgspec.Struct):
    """The stream lives."""

    now: int
    head: int


class Group(msgspec.Struct):
    """A group as it was numbered. ``prev``: what this stream told before it."""

    prev: int
    to: int
    entries: list[Numbered]


class Bye(msgspec.Struct):
    """The last event."""

    why: str = ""


_hello = msgspec.json.Decoder(Hello)
_ping = msgspec.json.Decoder(Ping)
_group = msgspec.json.Decoder(Group)
_bye = msgspec.json.Decoder(Bye)


class Hearing:
    """What the listener tells; all of it on its thread."""

    def hello(self, hello: Hello) -> None:
        """The stream is open."""

    def ping(self, ping: Ping) -> None:
        """It lives."""

    def group(self, asked: Position, page: FeedPage) -> None:
        """A group that follows ``asked``."""

    def moved(self) -> None:
        """There is something to be pulled."""

    def readings(self, newest: NewestReadings) -> None:
        """What stations measured last."""

    def lost(self) -> None:
        """It ended."""


class _Ended(Exception):
    """The stream ended; without it the library would sleep and connect again by itself."""


class Listener:
    """A thread of its own with a session of its own."""

    def __init__(self, make: Callable[[], Centre], hearing: Hearing) -> None:
        self._make = make
        self._hearing = hearing
        self._centre: Centre | None = None
        self._epoch = 0
        self._stopping = False
        self._wake = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="listener", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def now(self) -> None:
        """Connect now, where it waits to."""
        self._wake.set()

    def again(self) -> None:
        """End this stream and open another one."""
        with self._lock:
            centre = self._centre
        if centre is not None:
            centre.cut()
        self._wake.set()

    def stop(self) -> None:
        """End what is under way; :meth:`join` waits for it."""
        self._stopping = True
        self.again()

    def join(self, deadline_s: float) -> bool:
        """Whether it ended in time."""
        if self._thread.ident is not None:
            self._thread.join(deadline_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        wait_s = FIRST_S
        while not self._stopping:
            began = time.monotonic()
            try:
                self._wake.clear()
                self._listen()
            except NoAnswer as no:
                if no.retry_after_s is not None:
                    wait_s = max(wait_s, no.retry_after_s)
                log.debug("no stream: %s", no.reason)
            except Exception:
                log.exception("the listener failed")
            finally:
                self._hearing.lost()
            if time.monotonic() - began > STEADY_S:
                wait_s = FIRST_S
            if not self._stopping:
                self._wake.wait(wait_s * random.uniform(0.7, 1.3))
                wait_s = min(LONGEST_S, wait_s * 2)

    def _listen(self) -> None:
        centre = self._make()
        with self._lock:
            self._centre = centre
        try:
            if self._stopping:
                return
            with self._opened(centre) as stream:
                try:
                    for event in stream:
                        self._hear(event)
                except _Ended:
                    raise NoAnswer("no_answer", "stream_ended") from None
        except (NoAnswer, InvalidStatusCodeError, InvalidContentTypeError, msgspec.MsgspecError) as error:
            if isinstance(error, NoAnswer):
                raise
            raise NoAnswer("no_answer", "not_the_centre") from error
        except Exception as error:
            raise centre.unreached(error) from error
        finally:
            with self._lock:
                self._centre = None
            centre.close()

    def _opened(self, centre: Centre) -> EventSource:
        def answered(response: requests.Response, *_: Any, **__: Any) -> None:
            if response.status_code != 200:
                check(response, EVENT_STREAM, response.content)
            check(response, EVENT_STREAM)

        def broken() -> None:
            if stream.ready_state is ReadyState.CONNECTING:  # it was open
                raise _Ended

        stream = EventSource(
            f"{centre.url}/v1/stream",
            max_connect_retry=0,
            timeout=(CONNECT_S, STREAM_READ_S),  # type: ignore[arg-type]  # passed on to requests
            session=centre.session,
            on_error=broken,
            hooks={"response": answered},
            allow_redirects=False,
        )
        return stream

    def _hear(self, event: MessageEvent) -> None:
        data = event.data or ""
        match event.type:
            case "hello":
                hello = _hello.decode(data)
                self._epoch = hello.epoch
                self._hearing.hello(hello)
            case "ping":
                self._hearing.ping(_ping.decode(data))
            case "group":
                group = _group.decode(data)
                page = FeedPage(
                    epoch=self._epoch, head=group.to, now=0, entries=group.entries, to=group.to, more=True
                )
                self._hearing.group(Position(epoch=self._epoch, n=group.prev), page)
            case "moved":
                self._hearing.moved()
            case "readings":
                self._hearing.readings(newest_readings.decode(data))
            case "bye":
                why = _bye.decode(data).why
                log.info("the centre ended the stream: %s", why)
                raise NoAnswer("no_answer", why, LONGEST_S if why == "replaced" else None)
            case _:  # of a newer centre
                pass
