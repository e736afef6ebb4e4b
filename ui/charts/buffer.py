"""The buffer of a chart: the points of one series in arrays, appended to, with gaps where none were."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
GAP = 3.0  # times the usual interval: a wider one is a gap, and breaks the line
FIRST_ROOM = 256


class Buffer:
    """``xs`` in seconds since 1970, ascending; a gap is a point between whose value is no number."""

    def __init__(self, *, gaps: bool) -> None:
        """``gaps``: whether a long silence breaks the line (not where a value stands until the next)."""
        self._gaps = gaps
        self._room = np.empty((2, FIRST_ROOM))
        self._begin = self._end = 0
        self._usual = 0.0

    def replace(self, points: Sequence[tuple[float, float]]) -> None:
        """Hold these and no others."""
        self._begin = self._end = 0
        self._usual = 0.0
        self.extend(points)

    def extend(self, points: Sequence[tuple[float, float]]) -> None:
        """Put newer points after those that are here; what is not newer is passed over."""
        if not points:
            return
        fresh = np.asarray(points, dtype=np.float64).T
        last = self.newest()
        if last is not None:
            fresh = fresh[:, fresh[0] > last[0]]
            if not fresh.shape[1]:
                return
            fresh = np.concatenate(([[last[0]], [last[1]]], fresh), axis=1)
        if self._gaps:
            fresh = self._broken(fresh)
        if last is not None:
            fresh = fresh[:, 1:]
        self._make_room(fresh.shape[1])
        self._room[:, self._end : self._end + fresh.shape[1]] = fresh
        self._end += fresh.shape[1]

    def _broken(self, fresh: Array) -> Array:
        """With a point of no value in the middle of each gap."""
        apart = np.diff(fresh[0])
        if len(apart) >= 2 or not self._usual:
            known = np.diff(self.arrays()[0][-64:])
            both = np.concatenate((known, apart))
            self._usual = float(np.median(both)) if len(both) >= 2 else 0.0
        if not self._usual:
            return fresh
        (at,) = np.nonzero(apart > GAP * self._usual)
        if not len(at):
            return fresh
        middles = (fresh[0, at] + fresh[0, at + 1]) / 2
        silent = np.stack((middles, np.full(len(at), np.nan)))
        return np.insert(fresh, at + 1, silent, axis=1)

    def _make_room(self, count: int) -> None:
        if self._end + count <= self._room.shape[1]:
            return
        here = self._end - self._begin
        room = self._room.shape[1]
        if here + count > room // 2:  # else what was dropped at the front makes room enough
            room = max(2 * room, 2 * (here + count))
        grown = np.empty((2, room))
        grown[:, :here] = self._room[:, self._begin : self._end]
        self._room, self._begin, self._end = grown, 0, here

    def drop_before(self, x: float) -> None:
        """Let go of what is older."""
        xs = self._room[0, self._begin : self._end]
        self._begin += int(np.searchsorted(xs, x))

    def arrays(self) -> tuple[Array, Array]:
        """The points, to be read at once: they are the buffer's own."""
        return self._room[0, self._begin : self._end], self._room[1, self._begin : self._end]

    def newest(self) -> tuple[float, float] | None:
        """The last point; None of nothing."""
        if self._end == self._begin:
            return None
        return float(self._room[0, self._end - 1]), float(self._room[1, self._end - 1])

    def nearest(self, x: float) -> tuple[float, float] | None:
        """The point nearest to ``x`` that has a value; None in a gap, and of nothing."""
        xs, ys = self.arrays()
        if not len(xs):
            return None
        at = int(np.searchsorted(xs, x))
        found = min((i for i in (at - 1, at) if 0 <= i < len(xs)), key=lambda i: abs(xs[i] - x))
        return None if np.isnan(ys[found]) else (float(xs[found]), float(ys[found]))

    def before(self, x: float) -> tuple[float, float] | None:
        """The last point at or before ``x``: what stands there, of values that stand until the next."""
        xs, ys = self.arrays()
        at = int(np.searchsorted(xs, x, side="right")) - 1
        return None if at < 0 else (float(xs[at]), float(ys[at]))
