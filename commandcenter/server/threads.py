"""The centre's threads: a few for each sort of work, and before each a line that is not endless."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from commandcenter.domain.errors import Unavailable

T = TypeVar("T")


class Lane:
    """Threads for one sort of work. Who comes when too many wait is sent away: ``centre_busy``."""

    def __init__(self, name: str, threads: int, waiting: int) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._most = threads + waiting
        self.threads = threads
        self.taken = 0  # running or waiting; counted on the loop's thread only

    async def run(self, work: Callable[[], T]) -> T:
        """``work()`` on one of the threads. A request that is cancelled does not stop work that has begun."""
        if self.taken >= self._most:
            raise Unavailable("centre_busy")
        self.taken += 1
        future = asyncio.get_running_loop().run_in_executor(self._pool, work)
        future.add_done_callback(self._done)
        return await asyncio.shield(future)

    def _done(self, future: asyncio.Future[T]) -> None:
        self.taken -= 1
        if not future.cancelled():
            future.exception()  # looked at, also where nobody waits any more

    def close(self) -> None:
        """Finish what was begun."""
        self._pool.shutdown(wait=True)


class Threads:
    """``writes``: pushes; one thread beside a file, which takes one writer at a time. ``reads``: the feed.
    ``passwords``: what is slow on purpose. ``rare``: who is asked for by a machine or an administrator."""

    def __init__(self, *, one_writer: bool) -> None:
        self.writes = Lane("write", 1 if one_writer else 6, 200)
        self.reads = Lane("read", 4, 400)
        self.passwords = Lane("password", 1, 30)
        self.rare = Lane("rare", 1, 30)

    def close(self) -> None:
        """Finish what was begun in each."""
        for lane in (self.writes, self.reads, self.passwords, self.rare):
            lane.close()
