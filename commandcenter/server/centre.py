"""The centre put together: store, gate, hub, threads and endpoints of one serving process."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from commandcenter.server.application import Application
from commandcenter.server.endpoints import Feed, Gate
from commandcenter.server.health import OPEN_TO_ALL, Health
from commandcenter.server.hub import Hub
from commandcenter.server.metrics import Metrics
from commandcenter.server.process import Listening, Ready, run, say_listening
from commandcenter.server.readings import Fresh, Readings
from commandcenter.server.threads import Threads
from db.centre.engine import CentreEngine, announce, listen

if TYPE_CHECKING:
    from commandcenter.server.application import Endpoint
    from db.centre.store import CentreStore


def clock_ms() -> int:
    """The centre's clock in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


class Centre:
    """One process of the centre. ``more``: further endpoints, made with the threads and the hub."""

    def __init__(
        self,
        engine: CentreEngine,
        store: CentreStore,
        gate: Gate,
        *,
        version: str,
        schema: str,
        last_backup: Callable[[], dict[str, Any] | None] = lambda: None,
        more: Callable[[Threads, Hub], Mapping[str, dict[str, Endpoint]]] = lambda threads, hub: {},
    ) -> None:
        metrics = Metrics()
        self.threads = Threads(one_writer=engine.dialect.name == "sqlite")
        self.hub = Hub(
            store,
            listen(engine),
            clock_ms=clock_ms,
            still=gate.still,
            took=metrics.told.observe,
            fresh=Fresh(engine),
            organised=gate.organised,
        )
        self._health = Health(
            engine,
            self.threads,
            self.hub,
            metrics,
            version=version,
            schema=schema,
            last_backup=last_backup,
        )
        feed = Feed(store, gate, self.threads, self.hub, metrics, lambda: announce(engine))
        readings = Readings(engine, gate, self.threads).endpoints()
        own = {**feed.endpoints(), **readings, **self._health.endpoints()}
        endpoints = {**own, **more(self.threads, self.hub)}
        self.application = Application(endpoints, metrics=metrics, open_to_all=OPEN_TO_ALL)

    async def open(self) -> None:
        """Begin to listen to the feed; on the loop's thread."""
        self.hub.start()

    async def close(self) -> None:
        """Say goodbye on the streams."""
        self._health.stop()
        await self.hub.close()

    def serve(self, where: Listening, ready: Ready = say_listening) -> None:
        """Until a signal ends it, or what ``ready`` is given."""
        try:
            run(self.application, where, opening=self.open, closing=self.close, ready=ready)
        finally:
            self.threads.close()
