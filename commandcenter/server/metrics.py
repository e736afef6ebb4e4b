"""The figures that Prometheus reads: requests, verdicts, streams, the feed's head, threads."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.exposition import generate_latest

# A push on a local network takes some milliseconds; a sign-in a third of a second.
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
disable_created_metrics()  # type: ignore[no-untyped-call]  # when a counter began says nothing here
MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """One process's own; whoever runs two reads both."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.requests = Counter(
            "licheng_requests",
            "Requests answered.",
            ("path", "method", "status"),
            registry=self._registry,
        )
        self.seconds = Histogram(
            "licheng_request_seconds",
            "From the request's head to the end of the answer; streams are not in it.",
            ("path",),
            buckets=BUCKETS,
            registry=self._registry,
        )
        self.groups = Counter(
            "licheng_groups", "Groups pushed, by verdict.", ("verdict",), registry=self._registry
        )
        self.offered = Counter(
            "licheng_offered_entries", "Entries offered again after a restore.", registry=self._registry
        )
        self.told = Histogram(
            "licheng_hub_seconds",
            "From the news of a commit to its being handed to every stream.",
            buckets=BUCKETS,
            registry=self._registry,
        )

    def watch(self, name: str, what: str, value: Callable[[], float]) -> None:
        """A gauge that is asked when it is read."""
        Gauge(f"licheng_{name}", what, registry=self._registry).set_function(value)

    def text(self) -> bytes:
        """All of it, in Prometheus's own form."""
        return generate_latest(self._registry)
