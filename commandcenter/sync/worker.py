"""The worker: the thread that pushes and pulls, as soon as there is reason to and never before it may."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable

from commandcenter.sync.client import NoAnswer
from commandcenter.sync.round import Round

log = logging.getLogger(__name__)

FIRST_S, LONGEST_S = 0.5, 30.0
NOT_FOR_US_S = 60.0  # signed out, withdrawn, too old: somebody has to do something first
POLL_S = 5.0  # where the stream does not come through
COUNT_S = 0.25  # how often what waits is counted at most
BESIDE_S = 5.0  # how often what goes beside the journal is looked at


class Worker:
    """``answered``: the round came to its end; ``unanswered``: it broke off; ``count``: what waits is to be
    counted again; ``beside``: what is exchanged beside the journal, NoAnswer as a round. All of them on the
    worker's thread."""

    def __init__(
        self,
        round_: Round,
        *,
        answered: Callable[[], None],
        unanswered: Callable[[NoAnswer], None],
        count: Callable[[], None],
        beside: Callable[[], None] = lambda: None,
    ) -> None:
        self._round = round_
        self._answered = answered
        self._unanswered = unanswered
        self._count = count
        self._beside = beside
        self._beside_at = 0.0
        self._wake = threading.Condition()
        self._wanted = True
        self._dirty = True
        self._counted_at = 0.0
        self._not_before = 0.0
        self._next_poll = 0.0
        self._wait_s = FIRST_S
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="sync", daemon=True)

    def start(self) -> None:
        """Begin with a round."""
        self._thread.start()

    def committed(self) -> None:
        """Something was written here: a flag, not a query."""
        with self._wake:
            self._wanted = self._dirty = True
            self._wake.notify()

    def touched(self) -> None:
        """Something came: what waits may be less."""
        with self._wake:
            self._dirty = True
            self._wake.notify()

    def pull(self, *, now: bool = False) -> None:
        """There is something at the centre, or may be. ``now``: it is known to answer, or somebody asks."""
        with self._wake:
            self._round.ask_page = True
            self._wanted = True
            if now:
                self._not_before = 0.0
            self._wake.notify()

    def beside(self) -> None:
        """There is something to ask for beside the journal."""
        with self._wake:
            self._beside_at = 0.0
            self._wake.notify()

    def stepped(self) -> None:
        """An answer was taken, on the worker's own thread: a long round is counted on its way."""
        self._dirty = True
        if time.monotonic() >= self._counted_at + COUNT_S:
            self._dirty, self._counted_at = False, time.monotonic()
            self._count()

    def stop(self) -> None:
        """End; the caller cuts what is under way."""
        with self._wake:
            self._stopping = True
            self._wake.notify()

    def join(self, deadline_s: float) -> bool:
        """Whether it ended in time."""
        if self._thread.ident is not None:
            self._thread.join(deadline_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while True:
            with self._wake:
                while not self._stopping and (wait_s := self._wait()) > 0:
                    self._wake.wait(None if wait_s == float("inf") else wait_s)
                if self._stopping:
                    return
                count = self._dirty and time.monotonic() >= self._counted_at + COUNT_S
                ask = self._due() <= time.monotonic()
                beside = self._due_beside() <= time.monotonic()
                if count:
                    self._dirty, self._counted_at = False, time.monotonic()
                if ask:
                    self._wanted = False
            if ask:
                self._ask()
            elif count:
                self._count()
            elif beside:
                self._ask_beside()

    def _due(self) -> float:
        """When the next round is (monotonic clock)."""
        if self._wanted:
            return self._not_before
        if self._round.settle_at is not None and self._round.by_stream:
            return max(self._round.settle_at, self._not_before)
        if not self._round.by_stream:
            return max(self._next_poll, self._not_before)
        return float("inf")

    def _due_beside(self) -> float:
        return max(self._beside_at, self._not_before)

    def _wait(self) -> float:
        due = min(self._due(), self._due_beside())
        if self._dirty:
            due = min(due, self._counted_at + COUNT_S)
        return due - time.monotonic()

    def _ask(self) -> None:
        try:
            if not self._round.by_stream:
                self._round.ask_page = True
            self._round.run()
        except NoAnswer as no:
            self._failed(no)
        except Exception:
            if not self._stopping:  # then the writer may be gone already
                log.exception("a round failed")
            self._failed(NoAnswer("no_answer", "fault"))
        else:
            with self._wake:
                self._wait_s = FIRST_S
                self._next_poll = time.monotonic() + POLL_S
            self._answered()
        self.touched()

    def _ask_beside(self) -> None:
        """Not within a round: what waits here holds up no change, and what fails here is no change lost."""
        with self._wake:
            self._beside_at = time.monotonic() + BESIDE_S
        try:
            self._beside()
        except NoAnswer as no:
            log.debug("nothing beside the journal: %s", no.reason)
            with self._wake:  # the next round says what is the matter
                self._wanted = self._wanted or no.reason in ("unreachable", "timeout")
        except Exception:
            if not self._stopping:
                log.exception("what goes beside the journal failed")

    def _failed(self, no: NoAnswer) -> None:
        if self._stopping:
            return
        with self._wake:
            wait_s = self._wait_s * random.uniform(0.7, 1.3)
            self._wait_s = min(LONGEST_S, self._wait_s * 2)
            if no.state in ("sign_in_again", "withdrawn", "too_old"):
                wait_s = NOT_FOR_US_S
            self._not_before = time.monotonic() + max(wait_s, no.retry_after_s or 0.0)
            self._wanted = True
        self._unanswered(no)
