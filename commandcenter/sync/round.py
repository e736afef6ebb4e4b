"""The round: what a desk asks its centre, in which order, and how it takes what comes.

Knows no threads but one: while the centre answers, what comes next is made ready. The writer is asked by
``ask_writer``, and between two slices the operator comes first. No transaction is open while a request is
under way.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol, TypeVar
from uuid import UUID

from commandcenter.domain.clock import to_ms, whole_ms
from commandcenter.protocol import admission
from commandcenter.protocol.messages import (
    FEED_LIMIT,
    PUSH_BYTES,
    FeedPage,
    OfferRequest,
    Position,
    PushAnswer,
    PushRequest,
    Signed,
    feed_page,
    history_page,
    offer_answer,
    push_answer,
)
from commandcenter.services.audit import NoteAccess
from commandcenter.sync.ahead import ahead
from commandcenter.sync.client import Centre, NoAnswer, Packed, TooLarge
from commandcenter.sync.steps import Fill, History, Offer, Page, Push, Ready, Renew, Step, Tally
from commandcenter.sync.taking import AskWriter, Taking
from db.desk import exchange, local, outbox
from db.desk.engine import Connection
from db.desk.exchange import Taken
from db.desk.outbox import Parcel

if TYPE_CHECKING:
    from commandcenter.services.workplace import Workplace

T = TypeVar("T")


class AskReader(Protocol):
    """Runs a query beside the writer, and waits for it."""

    def __call__(self, question: Callable[[Connection], T]) -> T: ...


log = logging.getLogger(__name__)

SETTLES_S = 2.0  # how long an accepted group may take to come back on the stream
FEWEST_BYTES = 1  # a parcel has one group at least
FIRST_BYTES = 32_000  # so much is gathered on the writer itself, the rest beside it
PUSHES_IN_VAIN = 3
# While there is something to push, what others wrote is asked for after so long.
PAGE_AFTER_S = 0.5


@dataclass
class Round:
    """One desk's exchange with ``centre``. ``known_as``: under which device id the centre knows this desk;
    ``renewed`` is told when that changed. ``taken`` hears of each commit on the writer's thread, ``stepped``
    of each answer on this one. ``ask_reader`` asks beside the writer; None: the writer itself. ``hurried``:
    whether an operator's command waits for the writer.

    ``ask_page`` and ``by_stream`` may be set by another thread."""

    ask_writer: AskWriter
    centre: Centre
    known_as: UUID
    renewed: Callable[[UUID], None] = lambda device: None
    taken: Callable[[Taken], None] = lambda taken: None
    stepped: Callable[[], None] = lambda: None
    ask_reader: AskReader | None = None
    hurried: Callable[[], bool] = lambda: False
    now: Callable[[], datetime] = lambda: whole_ms(datetime.now(UTC))
    ask_page: bool = True  # there is something new, or may be
    by_stream: bool = False  # numbers come on the stream: what was accepted need not be asked for
    equal: bool = False  # the last page was the feed's end, and nothing differed
    head: Signed | None = None  # the newest head that the centre told, as it came
    settle_at: float | None = None  # by when what was accepted is to have come back (monotonic clock)
    _tally: Tally = field(default_factory=Tally)

    def __post_init__(self) -> None:
        self.taking = Taking(self.ask_writer, self.taken, self.hurried)
        self._through = 0  # the journal's line up to which everything has a yes or a no
        self._read_since = False  # the feed was read to its end after the last yes
        self._paged_at = 0.0
        self._offered: Position | None = None
        self._push_bytes = PUSH_BYTES
        self._ready: Ready | None = None
        self._page_ahead: tuple[Position, Future[FeedPage]] | None = None
        self._in_vain = 0
        self._again: dict[str, int] = {}  # kinds fetched again, and the head they were fetched at
        self._recorded: set[str] = set()  # those of which it was written down

    @property
    def tally(self) -> Tally:
        """What it came to so far."""
        self._tally.pulled = self.taking.new_lines
        return self._tally

    def run(self) -> None:
        """Ask and take until nothing is left to ask. NoAnswer: nothing was lost, it goes on there."""
        try:
            while self.step():
                pass
        finally:
            self._drop_ahead()

    def step(self) -> bool:
        """One request and its answer; False: there is nothing to ask."""
        planned = self.ask_writer(self._planned)
        if planned is None:
            return False
        if not isinstance(planned, Page):
            self._hold_ahead()
        match planned:
            case Renew(device):
                self._renew(device)
            case Offer(request):
                self._offer(request)
            case Push():
                self._push(planned)
            case Fill(incident, after):
                self._fill(incident, after)
            case History(class_, after, until):
                self._history(class_, after, until)
            case Page(here):
                self._page(here)
        self.stepped()
        return True

    def follow(self, workplace: Workplace, asked: Position, page: FeedPage) -> bool:
        """Take what the stream told, on the writer's thread; False where it does not follow what is here."""
        follows = False

        def take(connection: Connection, device: UUID) -> Taken:
            nonlocal follows
            here = exchange.position(connection)
            history = exchange.history_state(connection)
            cards_to_come = history is not None and history["cards"] is not None
            if here.epoch != asked.epoch or asked.n > here.n or cards_to_come:
                return Taken()
            follows = True
            if page.to <= here.n:
                return Taken()
            return exchange.take_page(connection, device, asked, page)

        taken = self.taking.on_writer(workplace, take)
        return follows and not (taken.ask_whole or taken.met_epoch or taken.renew)

    # --- what next

    def _planned(self, workplace: Workplace) -> Step | None:
        """On the writer's thread, and short."""
        connection = workplace.connection
        if workplace.device != self.known_as:
            return Renew(workplace.device)
        here = exchange.position(connection)
        if not here.epoch:
            return Page(here)
        if local.get(connection, exchange.OFFERED_FOR) != here.epoch:
            offer = exchange.offer_request(connection, self._offered)
            if offer is not None:
                return Offer(offer)
            exchange.all_offered(connection)
            self._offered = None
        owed = exchange.offer_request(connection)
        if owed is not None:
            return Offer(owed)
        history = exchange.history_state(connection)
        # What a new desk and its centre both have from the start gets its number by being read: nothing of it
        # need be sent.
        if history is not None and history["cards"] is not None:
            return History("cards", history["cards"] or 0, history["until"])
        if self.ask_page and not here.n:
            return Page(here)
        push = self._next_push(connection, here, whole=history is None)
        late = self.ask_page and time.monotonic() > self._paged_at + PAGE_AFTER_S
        if push is not None and not late:
            return push
        fill = exchange.next_fill(connection)
        if fill is not None:
            return Fill(*fill)
        if self.ask_page:
            return Page(here)
        if push is None and history is not None:
            return History("facts", 0, history["facts"])
        return push

    def _next_push(self, connection: Connection, here: Position, *, whole: bool) -> Step | None:
        """The oldest groups that have no yes yet; or a page, where a yes is not followed by its number."""
        if self._ready is not None and self._ready.push.here.epoch == here.epoch:
            return self._ready.push
        self._ready = None
        limit = min(FIRST_BYTES, self._push_bytes)
        parcel = outbox.next_parcel(connection, limit, self._through)
        if parcel is None and not outbox.is_waiting(connection):
            self.settle_at = None
            self._in_vain = 0
            return None
        if parcel is None:
            if not self._read_since:
                waits = self.settle_at is not None and time.monotonic() <= self.settle_at
                return None if self.by_stream and waits else Page(here)
            if not whole:  # their numbers lie in the part of the history that is still to come
                return None
            self._in_vain += 1
            self._through = 0
            if self._in_vain > PUSHES_IN_VAIN:
                self._in_vain = 0
                raise NoAnswer("no_answer", "not_settled")
            parcel = outbox.next_parcel(connection, limit)
        return None if parcel is None else Push(here, parcel)

    # --- the steps

    def _renew(self, device: UUID) -> None:
        self.centre.post("/v1/renew", admission.RenewRequest(device), admission.renew_answer)
        self.known_as = device
        self._through = 0
        self.renewed(device)

    def _offer(self, request: OfferRequest) -> None:
        answer = self.centre.post("/v1/offer", request, offer_answer)
        taken = self.taking.once(lambda connection, device: exchange.take_offer(connection, answer))
        if taken.met_epoch:
            return
        last = request.entries[-1]
        self._offered = Position(epoch=last.epoch, n=last.n)
        self.ask_page = True

    def _push(self, push: Push) -> None:
        ready, self._ready = self._ready, None
        body = ready.body if ready is not None and ready.push is push else self._packed(push)
        try:
            answer = self._pushed(push, body)
        except TooLarge:
            self._ready = None
            if len(push.parcel.groups) == 1:
                raise NoAnswer("no_answer", "too_large") from None
            self._push_bytes = max(FEWEST_BYTES, push.parcel.size // 2)
            return
        refused = [verdict for verdict in answer.verdicts if verdict.verdict == "refused"]
        if refused or answer.fork or answer.epoch != push.here.epoch:
            taken = self.taking.once(lambda c, device: exchange.take_push(c, answer, self.now()))
            if taken.met_epoch or taken.renew:
                self._begin_anew()
            if taken.met_epoch:
                return
        if len(answer.verdicts) != len(push.parcel.groups):
            raise NoAnswer("no_answer", "not_understood")
        self._push_bytes = PUSH_BYTES
        self._tally.pushed += push.parcel.changes
        for verdict in refused:
            self._tally.refused += 1
            self._tally.pushed -= push.parcel.changes_of(verdict.group)
        if not answer.fork:
            self._through = max(self._through, push.parcel.through)
        self._read_since = False
        self.settle_at = time.monotonic() + SETTLES_S
        self.ask_page = self.ask_page or not self.by_stream

    def _pushed(self, push: Push, body: Packed) -> PushAnswer:
        """The centre's answer; while it works, the next parcel is made ready."""
        if not push.parcel.more:
            return self.centre.post("/v1/push", body, push_answer)
        answer = ahead(lambda: self.centre.post("/v1/push", body, push_answer))
        try:
            parcel = self._parcel_after(push.parcel.through)
            if parcel is not None:
                following = Push(push.here, parcel)
                self._ready = Ready(following, self._packed(following))
        except BaseException:
            answer.exception()  # the session is asked one thing at a time
            raise
        return answer.result()

    def _parcel_after(self, after: int) -> Parcel | None:
        def next_parcel(connection: Connection) -> Parcel | None:
            return outbox.next_parcel(connection, self._push_bytes, after)

        if self.ask_reader is not None:
            return self.ask_reader(next_parcel)
        return self.ask_writer(lambda workplace: next_parcel(workplace.connection))

    def _packed(self, push: Push) -> Packed:
        request = PushRequest(position=push.here, now=to_ms(self.now()), groups=push.parcel.groups)
        return self.centre.packed(request)

    def _begin_anew(self) -> None:
        """What was accepted in another epoch, or under another device id, says nothing here."""
        self._through = 0
        self._ready = None
        self._offered = None
        self._drop_ahead()

    def _page(self, here: Position) -> None:
        self.ask_page = False  # whatever is new from now on asks for another
        self._paged_at = time.monotonic()
        try:
            page = self._came_ahead(here) or self._ask_page(here, {})
            if page.more and page.epoch == here.epoch and page.entries:
                following = Position(epoch=page.epoch, n=page.to)
                self._page_ahead = (following, ahead(lambda: self._ask_page(following, {})))
            taken = self._take_page(here, page)
            if taken.ask_whole:  # the disk is older than what its desk wrote
                self._drop_ahead()
                page = self._ask_page(here, {"whole": 1})
                taken = self._take_page(here, page)
        except BaseException:
            self.ask_page = True
            raise
        if taken.met_epoch or page.more or page.entries:
            self.ask_page = True
        if taken.met_epoch or taken.renew:
            self._begin_anew()
        self.head = page.signed or self.head
        self.equal = not (self.ask_page or taken.differing)
        self._read_since = self._read_since or not self.ask_page
        if taken.differing:
            self._refill(sorted({kind for kind, _ in taken.differing}), page.head)

    def _ask_page(self, here: Position, whole: dict[str, int]) -> FeedPage:
        return self.centre.get("/v1/feed", feed_page, epoch=here.epoch, n=here.n, limit=FEED_LIMIT, **whole)

    def _came_ahead(self, here: Position) -> FeedPage | None:
        """The page after ``here`` if it was asked for while the one before it was taken."""
        asked, self._page_ahead = self._page_ahead, None
        if asked is None:
            return None
        page = asked[1].result()
        return page if asked[0] == here else None

    def _hold_ahead(self) -> None:
        """Something else is asked first: what came ahead is still good if it is not the feed's end."""
        if self._page_ahead is not None and not self._page_ahead[1].result().more:
            self._page_ahead = None

    def _drop_ahead(self) -> None:
        """The session is asked one thing at a time."""
        asked, self._page_ahead = self._page_ahead, None
        if asked is not None:
            asked[1].exception()

    def _take_page(self, here: Position, page: FeedPage) -> Taken:
        def take(connection: Connection, device: UUID, slice_: FeedPage) -> Taken:
            first = exchange.position(connection).epoch == 0
            taken = exchange.take_page(connection, device, here, slice_)
            if taken.met_epoch and first and slice_.head > FEED_LIMIT:  # a new desk, and much to come
                exchange.begin_history(connection, slice_)
            return taken

        return self.taking.page(page, here.n, take)

    def _fill(self, incident: UUID, after: int) -> None:
        page = self.centre.get("/v1/refill", history_page, incident=incident, after=after)
        self.taking.page(page, after, lambda c, d, slice_: exchange.take_fill(c, d, incident, slice_))

    def _history(self, class_: str, after: int, until: int) -> None:
        page = self.centre.get(
            "/v1/history", history_page, **{"class": class_, "after": after, "until": until}
        )
        at = after if class_ == "cards" else until
        taken = self.taking.page(page, at, lambda c, d, slice_: exchange.take_history(c, d, class_, slice_))
        # what came meanwhile, where nobody tells of it; and at the end the digests
        if taken.met_epoch or not self.by_stream or page.next is None:
            self.ask_page = True

    def _refill(self, kinds: list[str], head: int) -> None:
        """Fetch kinds again whose digests differ: once at each head, for it helps or it does not."""
        for kind in kinds:
            if self._again.get(kind) == head:
                log.error("the digest of %s still differs after it was fetched again", kind)
                continue
            self._again[kind] = head
            self._tally.refilled += 1
            log.warning("the digest of %s differs: it is fetched again", kind)
            if kind not in self._recorded:  # once: an entry of each time would move the head each time
                self._recorded.add(kind)
                event = NoteAccess(action="content_differed", subject_kind=kind, extent="digest")
                self.ask_writer(lambda workplace: workplace.execute(event))  # noqa: B023  at once
            after: int | None = 0
            while after is not None:
                at = after
                page = self.centre.get("/v1/refill", history_page, kind=kind, after=after)
                if self.taking.page(page, at, exchange.take_refill).met_epoch:
                    break
                after = page.next
            self.ask_page = True
