"""The measured difference between the centre's clock and this desk's."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

WORSE = 1.5  # how much slower than the best an answer may be and still be believed
FORGET_S = 300.0  # how old the best one may be
JUMPED_MS = 1_500  # between a ping and the measured offset: one of the clocks was set


class Offset:
    """Thread-safe. ``changed`` is told where the offset moved."""

    def __init__(self, known_ms: int | None, changed: Callable[[int], None]) -> None:
        self.ms = known_ms
        self._changed = changed
        self._lock = threading.Lock()
        self._best_ms: int | None = None  # the quickest answer's round trip
        self._best_at = 0.0

    def measured(self, centre_ms: int, asked_ms: int, had_ms: int) -> None:
        """An answer: the centre's clock, and this desk's when it asked and when it had it."""
        trip = had_ms - asked_ms
        if trip < 0:
            return  # this clock was set while it waited
        offset = centre_ms - (asked_ms + had_ms) // 2
        with self._lock:
            best = self._best_ms if time.monotonic() - self._best_at < FORGET_S else None
            slow = best is not None and trip > max(20, best * WORSE)
            if slow and self.ms is not None and abs(offset - self.ms) <= trip + JUMPED_MS:
                return
            if best is None or trip < best:
                self._best_ms, self._best_at = trip, time.monotonic()
        self._set(offset)

    def pinged(self, centre_ms: int, here_ms: int) -> None:
        """A ping of the stream: good enough to tell that a clock was set."""
        if self.ms is None or abs(centre_ms - here_ms - self.ms) > JUMPED_MS:
            self._set(centre_ms - here_ms)

    def _set(self, ms: int) -> None:
        if ms != self.ms:
            self.ms = ms
            self._changed(ms)
