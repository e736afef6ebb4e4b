"""The standing: the one place where the desk's threads put together what they know of the centre."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from commandcenter.domain.clock import whole_ms
from commandcenter.sync.state import State, SyncState

Heard = Callable[[SyncState], None]


def now() -> datetime:
    """The desk's clock."""
    return whole_ms(datetime.now(UTC))


class Standing:
    """Thread-safe. ``heard`` is called on the thread that changed something."""

    def __init__(self, heard: Heard, first: SyncState | None = None) -> None:
        self._heard = heard
        self._lock = threading.Lock()
        self._state = first or SyncState(since=now())

    @property
    def state(self) -> SyncState:
        """As it is now."""
        return self._state

    def be(self, state: State, reason: str = "") -> None:
        """The centre was met, or was not."""
        since = self._state.since if state == self._state.state else now()
        self.put(state=state, reason=reason, since=since)

    def put(self, **said: Any) -> None:
        """Whatever else is known now."""
        with self._lock:
            told = replace(self._state, **said)
            if told == self._state:
                return
            self._state = told
            self._heard(told)
