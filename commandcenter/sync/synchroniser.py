"""The synchroniser: worker and listener of one desk, their sessions, and the state they tell."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from commandcenter.domain.clock import instant_text
from commandcenter.protocol.messages import FeedPage, Position
from commandcenter.protocol.readings import NewestReadings
from commandcenter.sync import membership as memberships
from commandcenter.sync.client import Centre, NoAnswer
from commandcenter.sync.content import Compared, Contents
from commandcenter.sync.follower import Follower
from commandcenter.sync.heads import ANCHOR_S, Heads
from commandcenter.sync.known import EQUAL, OFFSET, Before
from commandcenter.sync.listener import Hearing, Hello, Listener, Ping
from commandcenter.sync.membership import Membership
from commandcenter.sync.offset import Offset
from commandcenter.sync.readings import ReadingsExchange
from commandcenter.sync.round import AskReader, Round
from commandcenter.sync.standing import Heard, Standing, now
from commandcenter.sync.state import SyncState
from commandcenter.sync.taking import AskWriter
from commandcenter.sync.worker import Worker
from db.desk import exchange, local
from db.desk.engine import Connection
from db.desk.exchange import Taken
from db.queries.clashes import clash_count
from db.queries.exchange import refused, waiting_count

if TYPE_CHECKING:
    from commandcenter.services.workplace import Workplace

log = logging.getLogger(__name__)

EXCEPTIONS_S = 2.0  # how often exceptions are counted at most
STOP_S = 3.0


class Synchroniser(Hearing):
    """Started by the holder of the directory's lock, and by nobody else.

    ``ask_writer`` runs work on the writer behind the operator's commands and waits for it, ``submit`` hands
    it in, ``hurried`` says whether an operator's command waits there now; ``ask_reader`` runs a query on a
    reader; ``taken`` hears of each commit on the writer's thread, ``heard`` of each change of the state;
    ``before``: what was known when the program last ended."""

    def __init__(
        self,
        folder: Path,
        membership: Membership,
        *,
        ask_writer: AskWriter,
        submit: Callable[[Callable[[Workplace], None]], Future[None]],
        hurried: Callable[[], bool],
        ask_reader: AskReader,
        taken: Callable[[Taken], None],
        measured: Callable[[int], None],
        heard: Heard,
        before: Before,
    ) -> None:
        self._folder = folder
        self._membership = membership
        self._ask_writer = ask_writer
        self._ask_reader = ask_reader
        self._measured = measured
        self._exceptions_at = float("-inf")
        self._stopping = False
        first = SyncState(
            state="no_answer",
            reason="starting",
            since=now(),
            offset_ms=before.offset_ms,
            equal_at=before.equal_at,
        )
        self.standing = Standing(heard, first)
        self._offset = Offset(before.offset_ms, self._offset_moved)
        self._centre = self._made()
        self.round = Round(
            ask_writer,
            self._centre,
            membership.device,
            renewed=self._renewed,
            taken=taken,
            stepped=self._stepped,
            ask_reader=ask_reader,
            hurried=hurried,
        )
        self._follower = Follower(submit, self.round.follow, self._followed)
        self._heads = Heads(folder, membership.key, ask_writer)
        self._readings = ReadingsExchange(ask_writer, self._centre)
        self._worker = Worker(
            self.round,
            answered=self._answered,
            unanswered=self._unanswered,
            count=self._count,
            beside=self._beside,
        )
        self._readings.again = self._worker.beside
        self._contents = Contents(ask_writer, ask_reader, self._centre, self.round, again=self._worker.beside)
        self._listener = Listener(self._made, self)

    def start(self) -> None:
        """Begin with both threads."""
        self._worker.start()
        self._listener.start()

    def committed(self) -> None:
        """Something was written at this desk."""
        self._worker.committed()

    def try_now(self) -> None:
        """Somebody asks not to wait."""
        self._worker.pull(now=True)
        self._listener.now()

    def readings_range(self, station: UUID, since: datetime, until: datetime) -> Future[int]:
        """Have a station's readings of a range here; how many came. Unavailable."""
        future = self._readings.range(station, since, until)
        self._try_beside()
        return future

    def compare(self) -> Future[Compared]:
        """Compare what the rows say with the centre's, now. Unavailable."""
        future = self._contents.ask()
        self._try_beside()
        return future

    def _try_beside(self) -> None:
        """Somebody waits: where the centre did not answer last, it is tried now."""
        if self.standing.state.state != "online":
            self._worker.pull(now=True)

    def stop(self, deadline_s: float = STOP_S) -> bool:
        """End both threads; False where one missed the deadline, which is logged. Their work at the writer
        is over then."""
        ends = time.monotonic() + deadline_s
        self._stopping = True
        self._worker.stop()
        self._centre.cut()
        self._listener.stop()
        ended = self._worker.join(max(0.0, ends - time.monotonic()))
        ended = self._listener.join(max(0.0, ends - time.monotonic())) and ended
        if not ended:
            log.error("synchronisation missed its deadline of %s s", deadline_s)
        self._contents.stop()
        self._readings.stop()
        self._centre.close()
        self._keep_equal()
        self._heads.close()
        return ended

    def _made(self) -> Centre:
        one = self._membership
        return Centre(one.url, one.token, measured=self._offset.measured)

    # --- the worker's thread

    def _answered(self) -> None:
        self.standing.be("online")
        trouble = self._heads.heard(self.round.head)
        self.standing.put(trouble=trouble, signed=self._heads.good, signed_by=self._heads.key_name)
        if self.round.equal and self.standing.state.history is None:
            self._equal()
        if not self.round.by_stream:
            self._listener.now()

    def _unanswered(self, no: NoAnswer) -> None:
        if no.state != self.standing.state.state:
            log.info("the centre: %s (%s)", no.state, no.reason)
            self._keep_equal()
        self.standing.be(no.state, no.reason)
        self._readings.unanswered(no)
        self._contents.unanswered(no)

    def _stepped(self) -> None:
        self.standing.put(refilled=self.round.tally.refilled)
        self._worker.stepped()

    def _beside(self) -> None:
        self._readings.run()
        self._contents.run()

    def _count(self) -> None:
        try:
            self._ask_reader(self._counted)
        except Exception:
            if not self._stopping:
                log.warning("what waits could not be counted", exc_info=True)

    def _counted(self, connection: Connection) -> None:
        waiting, shipped, oldest = waiting_count(connection)
        more = {}
        if time.monotonic() - self._exceptions_at > EXCEPTIONS_S:
            self._exceptions_at = time.monotonic()
            more = {"refused": refused(connection, limit=0).open, "exceptions": clash_count(connection)}
        self.standing.put(
            waiting=waiting + shipped, oldest_at=oldest, history=history_share(connection), **more
        )

    def _renewed(self, device: UUID) -> None:
        self._membership = msgspec.structs.replace(self._membership, device=device)
        memberships.keep(self._folder, self._membership)
        self._listener.again()

    def _equal(self) -> None:
        self.standing.put(equal_at=now())

    def _keep_equal(self) -> None:
        at = self.standing.state.equal_at
        if at is not None:
            self._keep(EQUAL, instant_text(at))

    def _keep(self, key: str, value: object) -> None:
        """Where the file takes nothing now, it is not known at the next start."""
        try:
            self._ask_writer(lambda workplace: local.put(workplace.connection, key, value))
        except Exception:
            log.warning("%s was not kept", key, exc_info=True)

    def _offset_moved(self, ms: int) -> None:
        self._measured(ms)
        self.standing.put(offset_ms=ms)
        if not self._stopping:
            self._keep(OFFSET, ms)

    # --- the listener's thread

    def hello(self, hello: Hello) -> None:
        """The stream is open: what came before it is pulled once."""
        self._offset.pinged(hello.now, _ms())
        self.round.by_stream = True
        self._worker.pull(now=True)

    def ping(self, ping: Ping) -> None:
        """It lives, and what it told is all there was."""
        self._offset.pinged(ping.now, _ms())
        state = self.standing.state
        if not self.round.ask_page and self.round.equal and not state.waiting and state.state == "online":
            self._equal()
        if time.monotonic() > self._heads.heard_at + ANCHOR_S:
            self._worker.pull()  # nothing new may have come for hours: then its signed head is asked for

    def group(self, asked: Position, page: FeedPage) -> None:
        """Taken where it follows what is here; where something is between, it is pulled."""
        self._follower.told(asked, page)

    def _followed(self, follows: bool) -> None:
        """On the writer's thread."""
        if not follows:
            self._worker.pull()
        self._worker.touched()

    def moved(self) -> None:
        """There is more than the stream tells."""
        self._worker.pull()

    def readings(self, newest: NewestReadings) -> None:
        """Taken as they are told; more than are told are asked for."""
        if not self._readings.told(newest):
            self._worker.beside()

    def lost(self) -> None:
        """Nobody tells any more: the worker asks."""
        if self.round.by_stream:
            self.round.by_stream = False
            if not self._stopping:
                self._worker.pull()


def history_share(connection: Connection) -> float | None:
    """How much of a new desk's history is here, 0 to 1; None: all."""
    state = exchange.history_state(connection)
    if state is None:
        return None
    until = max(1, int(state["until"]))
    cards = 1.0 if state["cards"] is None else int(state["cards"]) / until
    facts = 1.0 if state["facts"] is None else 1.0 - int(state["facts"]) / (until + 1)
    return round(0.2 * cards + 0.8 * max(0.0, facts), 3)


def _ms() -> int:
    return time.time_ns() // 1_000_000
