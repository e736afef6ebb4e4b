"""The application: every request's way from its header lines to its answer, whatever happens between."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from commandcenter.domain.errors import Refused, Unavailable
from commandcenter.server.metrics import Metrics
from commandcenter.server.wire import Turned, check_version, refusal
from db.centre.engine import is_away

_log = logging.getLogger(__name__)

Endpoint = Callable[[Request], Awaitable[Response | None]]
UNKNOWN = "(unknown)"  # of an address nothing is logged: a mistyped one may hold anything


class Application:
    """An ASGI application: {path: {method: endpoint}}. An endpoint that answers by itself returns None."""

    def __init__(
        self, endpoints: dict[str, dict[str, Endpoint]], *, metrics: Metrics, open_to_all: frozenset[str]
    ):
        self._endpoints = endpoints
        self._metrics = metrics
        self._open = open_to_all  # those that are asked without speaking the protocol
        self._begun = os.urandom(4).hex()
        self._count = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            raise ValueError(f"not spoken here: {scope['type']}")
        began = time.perf_counter()
        self._count += 1
        state: dict[str, Any] = scope["state"]
        state["request"] = f"{self._begun}-{self._count}"
        status = 0

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        path = scope["path"] if scope["path"] in self._endpoints else UNKNOWN
        request = Request(scope, receive, noting)
        try:
            try:
                answer = await self._endpoint(request, path)(request)
            except Exception as error:  # the last resort: told as our fault
                if status or isinstance(error, ClientDisconnect):
                    raise
                answer = refusal(self._turned(error, state))
            if answer is not None:
                await answer(scope, receive, noting)
        except ClientDisconnect:
            status = status or 499  # as nginx calls one who did not wait
        finally:
            self._note(scope["method"], path, status, time.perf_counter() - began, state)

    def _endpoint(self, request: Request, path: str) -> Endpoint:
        if path not in self._open:
            check_version(request)
        if path == UNKNOWN:
            raise Turned(404, "no_such_address")
        methods = self._endpoints[path]
        if request.method not in methods:
            raise Turned(405, "no_such_method", headers={"allow": ", ".join(sorted(methods))})
        return methods[request.method]

    def _turned(self, error: Exception, state: dict[str, Any]) -> Turned:
        turned = _as_turned(error)
        if turned is None:
            _log.error(
                "fault",
                exc_info=error,
                extra={"request": state["request"], "error": type(error).__name__},
            )
            turned = Turned(500, "fault")
        state["code"] = turned.code
        return turned

    def _note(self, method: str, path: str, status: int, seconds: float, state: dict[str, Any]) -> None:
        known = method if method in ("GET", "POST") else "other"
        self._metrics.requests.labels(path, known, str(status)).inc()
        if path != "/v1/stream":
            self._metrics.seconds.labels(path).observe(seconds)
        quiet = status == 200 and not path.startswith("/v1/")
        _log.log(
            logging.DEBUG if quiet else logging.INFO,
            "request",
            extra={
                "request": state["request"],
                "method": known,
                "path": path,
                "status": status,
                "ms": round(seconds * 1000, 1),
                "device": state.get("device"),
                "code": state.get("code"),
            },
        )


def _as_turned(error: Exception) -> Turned | None:
    """What an error is to the one who asked; None for our fault."""
    if isinstance(error, Turned):
        return error
    if isinstance(error, Refused):
        arguments: dict[str, object] = {
            name: value for name, value in error.values.items() if _is_plain(value)
        }
        if error.field:
            arguments["field"] = error.field
        return Turned(400, error.code, arguments)
    if isinstance(error, Unavailable) and error.code == "centre_busy":
        return Turned(503, "centre_busy", headers={"retry-after": "1"})
    if is_away(error):
        return Turned(503, "database_away", headers={"retry-after": "2"})
    return None


def _is_plain(value: object) -> bool:
    return value is None or isinstance(value, str | int | float | bool)
