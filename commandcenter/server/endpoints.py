"""The endpoints of the feed: what a desk pushes, pulls and listens to, each one request."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Protocol

from starlette.requests import Request
from starlette.responses import Response

from commandcenter.protocol.messages import FEED_LIMIT, Position, offer_request, push_request
from commandcenter.server.heads import Heads
from commandcenter.server.hub import Hub
from commandcenter.server.metrics import Metrics
from commandcenter.server.stream import Stream
from commandcenter.server.threads import Lane, Threads
from commandcenter.server.wire import (
    Packed,
    Turned,
    accepts_gzip,
    body_of,
    decoded,
    id_in,
    number_in,
    packed,
    response,
    token_of,
    word_in,
)

if TYPE_CHECKING:
    from commandcenter.server.application import Endpoint
    from db.centre.judgement import Caller
    from db.centre.store import CentreStore

# In such roles one sits there to look.
READ_ONLY = frozenset({"wall"})


class Gate(Protocol):
    """Who knows the tokens."""

    def caller(self, token: str) -> Caller:
        """Whose token it is. Turned 401 ``unknown_token``, 403 ``device_withdrawn``."""

    def still(self, tokens: Iterable[str]) -> frozenset[str]:
        """Those of ``tokens`` that are good now."""

    def organised(self) -> None:
        """The tree of organisations changed."""


class Feed:
    """push, offer, feed, history, refill, content, stream. ``announce`` is called after a push or offer."""

    def __init__(
        self,
        store: CentreStore,
        gate: Gate,
        threads: Threads,
        hub: Hub,
        metrics: Metrics,
        announce: Callable[[], None],
    ) -> None:
        self._store = store
        self._gate = gate
        self._threads = threads
        self._hub = hub
        self._metrics = metrics
        self._announce = announce
        self._heads = Heads(store.engine)

    def endpoints(self) -> dict[str, dict[str, Endpoint]]:
        """{path: {method: endpoint}}."""
        return {
            "/v1/push": {"POST": self.push},
            "/v1/offer": {"POST": self.offer},
            "/v1/feed": {"GET": self.feed},
            "/v1/history": {"GET": self.history},
            "/v1/refill": {"GET": self.refill},
            "/v1/content": {"GET": self.content},
            "/v1/stream": {"GET": self.stream},
        }

    async def push(self, request: Request) -> Response:
        """A desk's unsent groups; a verdict for each."""
        token = token_of(request)
        body, encoding = await body_of(request)

        def work(caller: Caller) -> Any:
            if READ_ONLY.intersection(caller.roles):
                raise Turned(403, "read_only")
            answer = self._store.push(caller, decoded(body, encoding, push_request))
            self._announce()
            for verdict, count in Counter(verdict.verdict for verdict in answer.verdicts).items():
                self._metrics.groups.labels(verdict).inc(count)
            return answer

        return await self._answer(request, self._threads.writes, token, work)

    async def offer(self, request: Request) -> Response:
        """What a restored centre lacks; which of it is there now."""
        token = token_of(request)
        body, encoding = await body_of(request)

        def work(caller: Caller) -> Any:
            if READ_ONLY.intersection(caller.roles):
                raise Turned(403, "read_only")
            answer = self._store.offer(caller, decoded(body, encoding, offer_request))
            self._announce()
            self._metrics.offered.inc(len(answer.taken))
            return answer

        return await self._answer(request, self._threads.writes, token, work)

    async def feed(self, request: Request) -> Response:
        """``?epoch=&n=&limit=&whole=``: the numbered entries after a cursor; ``whole=1``: its own with their
        bytes too."""
        token = token_of(request)
        position = Position(number_in(request, "epoch", most=2**31 - 1), number_in(request, "n"))
        limit = max(1, number_in(request, "limit", FEED_LIMIT, most=FEED_LIMIT))
        whole = bool(number_in(request, "whole", 0, most=1))
        return await self._answer(
            request,
            self._threads.reads,
            token,
            lambda caller: self._heads.put_into(self._store.feed(caller, position, limit, whole=whole)),
        )

    async def history(self, request: Request) -> Response:
        """``?class=&after=&until=``: the numbered entries of a class, up to the head one began with."""
        token = token_of(request)
        class_ = word_in(request, "class")
        after, until = number_in(request, "after", 0), number_in(request, "until")
        return await self._answer(
            request,
            self._threads.reads,
            token,
            lambda caller: self._store.history(caller, class_, after, until),
        )

    async def refill(self, request: Request) -> Response:
        """``?kind=&after=`` or ``?incident=&after=``: the numbered entries of one kind, or all of one
        incident."""
        token = token_of(request)
        after = number_in(request, "after", 0)
        if "incident" in request.query_params:
            incident = id_in(request, "incident")
            return await self._answer(
                request,
                self._threads.reads,
                token,
                lambda caller: self._store.incident(caller, incident, after),
            )
        kind = word_in(request, "kind")
        return await self._answer(
            request, self._threads.reads, token, lambda caller: self._store.refill(caller, kind, after)
        )

    async def content(self, request: Request) -> Response:
        """``?kind=&after=``: the content digests of a kind's rows after an id; without one from the first."""
        token = token_of(request)
        kind = word_in(request, "kind")
        after = id_in(request, "after") if "after" in request.query_params else None
        return await self._answer(
            request, self._threads.reads, token, lambda caller: self._store.content(caller, kind, after)
        )

    async def stream(self, request: Request) -> None:
        """Server-sent events: each group as it is numbered."""
        token = token_of(request)
        caller = await self._threads.reads.run(lambda: self._gate.caller(token))
        request.state.device = str(caller.device)
        stream = Stream(caller, token, request._send, self._hub.new_slot())
        await self._hub.serve(stream, request.receive)

    async def _answer(
        self, request: Request, lane: Lane, token: str, work: Callable[[Caller], Any]
    ) -> Response:
        gzip = accepts_gzip(request)

        def whole() -> Packed:
            caller = self._gate.caller(token)
            request.state.device = str(caller.device)
            return packed(work(caller), gzip=gzip)

        return response(await lane.run(whole))
