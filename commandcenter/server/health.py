"""The endpoints for whoever operates the centre: is it alive, is it ready, how is it doing."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from commandcenter.server.hub import Hub
from commandcenter.server.metrics import MEDIA_TYPE, Metrics
from commandcenter.server.threads import Threads
from db.centre.engine import CentreEngine, connections_in_use, is_away, schema_of

if TYPE_CHECKING:
    from commandcenter.server.application import Endpoint

OPEN_TO_ALL = frozenset({"/healthz", "/readyz", "/metrics", "/v1/status"})
_encode = msgspec.json.encode


class Health:
    """``schema``: the newest migration this program knows; ``last_backup``: what is known of the newest
    good backup, or None."""

    def __init__(
        self,
        engine: CentreEngine,
        threads: Threads,
        hub: Hub,
        metrics: Metrics,
        *,
        version: str,
        schema: str,
        last_backup: Callable[[], dict[str, Any] | None],
    ) -> None:
        self._engine = engine
        self._threads = threads
        self._hub = hub
        self._metrics = metrics
        self._version = version
        self._schema = schema
        self._last_backup = last_backup
        self._stopping = False
        metrics.watch("streams_open", "Open streams.", lambda: hub.count)
        metrics.watch("feed_head", "The newest number told on the streams.", lambda: hub.head)
        metrics.watch("feed_epoch", "The centre's epoch.", lambda: hub.epoch)
        metrics.watch("database_away", "1 while the hub cannot read the database.", lambda: hub.away)
        metrics.watch("connections_in_use", "Of the pool.", lambda: connections_in_use(engine))
        metrics.watch("writes_under_way", "Running or waiting.", lambda: threads.writes.taken)
        metrics.watch("reads_under_way", "Running or waiting.", lambda: threads.reads.taken)

    def endpoints(self) -> dict[str, dict[str, Endpoint]]:
        """{path: {method: endpoint}}."""
        return {
            "/healthz": {"GET": self.alive},
            "/readyz": {"GET": self.ready},
            "/metrics": {"GET": self.figures},
            "/v1/status": {"GET": self.status},
        }

    def stop(self) -> None:
        """From now on not ready."""
        self._stopping = True

    async def alive(self, request: Request) -> Response:
        """The process lives: no question to anybody."""
        return _json({"alive": True})

    async def ready(self, request: Request) -> Response:
        """The database answers and has this program's schema; 503 otherwise, and while stopping."""
        why = await self._threads.rare.run(self._not_ready)
        return _json({"ready": why is None, **({"why": why} if why else {})}, 200 if why is None else 503)

    def _not_ready(self) -> str | None:
        if self._stopping:
            return "stopping"
        try:
            schema = schema_of(self._engine)
        except Exception as error:
            if is_away(error):
                return "database_away"
            raise
        return None if schema == self._schema else "schema_differs"

    async def figures(self, request: Request) -> Response:
        """For Prometheus."""
        return Response(self._metrics.text(), media_type=MEDIA_TYPE)

    async def status(self, request: Request) -> Response:
        """``{"version", "epoch", "head", "last_backup"}``: nothing of what anybody wrote."""
        backup = await self._threads.rare.run(self._last_backup)
        return _json(
            {
                "version": self._version,
                "epoch": self._hub.epoch,
                "head": self._hub.head,
                "streams": self._hub.count,
                "last_backup": backup,
            }
        )


def _json(document: dict[str, Any], status: int = 200) -> Response:
    return Response(_encode(document), status, {"cache-control": "no-store"}, media_type="application/json")
