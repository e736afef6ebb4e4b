"""The follower: groups that the stream told, taken on the writer as many at once as have come meanwhile."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

import msgspec

from commandcenter.protocol.messages import FeedPage, Position

if TYPE_CHECKING:
    from commandcenter.services.workplace import Workplace

log = logging.getLogger(__name__)

Told = tuple[Position, FeedPage]
AT_ONCE = 40  # entries: what the writer takes in a few milliseconds


class Follower:
    """``submit`` hands work to the writer; ``take`` takes a page there, False where it does not follow;
    ``done`` hears after each, False: something is between, and has to be pulled."""

    def __init__(
        self,
        submit: Callable[[Callable[[Workplace], None]], Future[None]],
        take: Callable[[Workplace, Position, FeedPage], bool],
        done: Callable[[bool], None],
    ) -> None:
        self._submit = submit
        self._take = take
        self._done = done
        self._lock = threading.Lock()
        self._told: list[Told] = []
        self._under_way = False

    def told(self, asked: Position, page: FeedPage) -> None:
        """A group that follows ``asked``. Returns at once."""
        with self._lock:
            self._told.append((asked, page))
            if self._under_way:
                return
            self._under_way = True
        self._next()

    def _next(self) -> None:
        self._submit(self._work).add_done_callback(self._ended)

    def _work(self, workplace: Workplace) -> None:
        with self._lock:
            asked, page = joined(self._told)
        self._done(self._take(workplace, asked, page))

    def _ended(self, work: Future[Any]) -> None:
        """On the writer's thread, or where it is gone."""
        failed = not work.cancelled() and work.exception() is not None
        if failed:
            log.warning("what the stream told was not taken: it is pulled", exc_info=work.exception())
            self._done(False)
        with self._lock:
            if failed or work.cancelled():
                self._told.clear()
            self._under_way = bool(self._told)
            if not self._under_way:
                return
        self._next()


def joined(told: list[Told]) -> Told:
    """Take from the front of ``told`` what is one page: each follows the one before it."""
    asked, page = told.pop(0)
    entries = list(page.entries)
    while told and len(entries) < AT_ONCE and told[0][0] == Position(epoch=page.epoch, n=page.to):
        page = told.pop(0)[1]
        entries += page.entries
    return asked, msgspec.structs.replace(page, entries=entries)
