"""The round: what a desk asks its centre, in which order, and how it takes what comes.

Knows no threads: the writer is asked by ``ask_writer``, and between two slices the operator comes first. No
transaction is open while a request is under way.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol, TypeVar
from uuid import UUID

import msgspec

from commandcenter.domain.clock import to_ms, whole_ms
from commandcenter.protocol import admission
from commandcenter.protocol.messages import (
    FEED_LIMIT,
    PUSH_BYTES,
    FeedPage,
    OfferRequest,
    Position,
    PushRequest,
    Sent,
    feed_page,
    history_page,
    offer_answer,
    push_answer,
)
from commandcenter.sync.client import Centre, NoAnswer, TooLarge
from commandcenter.sync.slices import P, Pace, part, slices
from db.desk import exchange, local, outbox
from db.desk.engine import Connection
from db.desk.exchange import Taken

if TYPE_CHECKING:
    from commandcenter.services.workplace import Workplace

T = TypeVar("T")
log = logging.getLogger(__name__)

SETTLES_S = 2.0  # how long an accepted group may take to come back on the stream
FEWEST_BYTES = 1  # a parcel has one group at least
PUSHES_IN_VAIN = 3


class AskWriter(Protocol):
    """Runs work on the writer, behind the operator's commands, and waits for it."""

    def __call__(self, work: Callable[[Workplace], T]) -> T: ...


@dataclass
class Tally:
    """What a desk's rounds came to: changes sent and accepted, changes of others taken, groups refused."""

    pushed: int = 0
    pulled: int = 0
    refused: int = 0
    refilled: int = 0


@dataclass(frozen=True)
class _Renew:
    device: UUID


@dataclass(frozen=True)
class _Offer:
    request: OfferRequest


@dataclass(frozen=True)
class _Push:
    request: PushRequest


@dataclass(frozen=True)
class _Fill:
    incident: UUID
    after: int


@dataclass(frozen=True)
class _History:
    class_: str
    after: int
    until: int


@dataclass(frozen=True)
class _Page:
    here: Position


class _Head(msgspec.Struct):
    id: UUID
    group: UUID | None = None


_head = msgspec.json.Decoder(_Head)
_Step = _Renew | _Offer | _Push | _Fill | _History | _Page


@dataclass
class Round:
    """One desk's exchange with ``centre``. ``known_as``: under which device id the centre knows this desk;
    ``renewed`` is told when that changed. ``taken`` hears of each slice on the writer's thread, ``stepped``
    of each answer on this one.

    ``ask_page`` and ``by_stream`` may be set by another thread."""

    ask_writer: AskWriter
    centre: Centre
    known_as: UUID
    renewed: Callable[[UUID], None] = lambda device: None
    taken: Callable[[Taken], None] = lambda taken: None
    stepped: Callable[[], None] = lambda: None
    now: Callable[[], datetime] = lambda: whole_ms(datetime.now(UTC))
    tally: Tally = field(default_factory=Tally)
    pace: Pace = field(default_factory=Pace)
    ask_page: bool = True  # there is something new, or may be
    by_stream: bool = False  # numbers come on the stream: what was accepted need not be asked for
    equal: bool = False  # the last page was the feed's end, and nothing differed
    settle_at: float | None = None  # by when what was accepted is to have come back (monotonic clock)

    def __post_init__(self) -> None:
        self._accepted: set[UUID] = set()  # groups with a yes, whose numbers have not come yet
        self._read_since = False  # the feed was read to its end after the last yes
        self._offered: Position | None = None
        self._pushed = False  # the last step was a push
        self._push_bytes = PUSH_BYTES
        self._in_vain = 0
        self._again: dict[str, int] = {}  # kinds fetched again, and the head they were fetched at

    def run(self) -> None:
        """Ask and take until nothing is left to ask. NoAnswer: nothing was lost, it goes on there."""
        while self.step():
            pass

    def step(self) -> bool:
        """One request and its answer; False: there is nothing to ask."""
        planned = self.ask_writer(self._planned)
        self._pushed = isinstance(planned, _Push)
        if planned is None:
            return False
        match planned:
            case _Renew(device):
                self._renew(device)
            case _Offer(request):
                self._offer(request)
            case _Push(request):
                self._push(request)
            case _Fill(incident, after):
                self._fill(incident, after)
            case _History(class_, after, until):
                self._history(class_, after, until)
            case _Page(here):
                self._page(here)
        self.stepped()
        return True

    def follow(self, asked: Position, page: FeedPage) -> bool:
        """Take a group that the stream told; False where it does not follow what is here."""
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

        taken = self._take(take)
        return follows and not (taken.ask_whole or taken.met_epoch or taken.renew)

    # --- what next

    def _planned(self, workplace: Workplace) -> _Step | None:
        """On the writer's thread, and short."""
        connection = workplace.connection
        if workplace.device != self.known_as:
            return _Renew(workplace.device)
        here = exchange.position(connection)
        if not here.epoch:
            return _Page(here)
        if local.get(connection, exchange.OFFERED_FOR) != here.epoch:
            offer = exchange.offer_request(connection, self._offered)
            if offer is not None:
                return _Offer(offer)
            exchange.all_offered(connection)
            self._offered = None
        owed = exchange.offer_request(connection)
        if owed is not None:
            return _Offer(owed)
        history = exchange.history_state(connection)
        # What a new desk and its centre both have from the start gets its number by being read: nothing of it
        # need be sent.
        if history is not None and history["cards"] is not None:
            return _History("cards", history["cards"] or 0, history["until"])
        if self.ask_page and not here.n:
            return _Page(here)
        push = self._next_push(connection, here, whole=history is None)
        if push is not None:
            return push
        fill = exchange.next_fill(connection)
        if fill is not None:
            return _Fill(*fill)
        if self.ask_page:
            return _Page(here)
        if history is not None:
            return _History("facts", 0, history["facts"])
        return None

    def _next_push(self, connection: Connection, here: Position, *, whole: bool) -> _Step | None:
        """The oldest groups that have no yes yet; or a page, where a yes is not followed by its number."""
        parcel = outbox.next_parcel(connection, self._push_bytes)
        if parcel is None:
            self.settle_at = None
            self._accepted.clear()
            self._in_vain = 0
            return None
        if self._accepted.issuperset(_head.decode(group[0].e).id for group in parcel.groups):
            if not self._read_since:
                told = self.by_stream and not parcel.more
                waits = told and self.settle_at is not None and time.monotonic() <= self.settle_at
                return None if waits else _Page(here)
            if not whole:  # their numbers lie in the part of the history that is still to come
                return None
            self._accepted.clear()
            self._in_vain += 1
            if self._in_vain > PUSHES_IN_VAIN:
                self._in_vain = 0
                raise NoAnswer("no_answer", "not_settled")
        return _Push(PushRequest(position=here, now=to_ms(self.now()), groups=parcel.groups))

    # --- the steps

    def _renew(self, device: UUID) -> None:
        self.centre.post("/v1/renew", admission.RenewRequest(device), admission.renew_answer)
        self.known_as = device
        self.renewed(device)

    def _offer(self, request: OfferRequest) -> None:
        answer = self.centre.post("/v1/offer", request, offer_answer)
        if self._take(lambda connection, device: exchange.take_offer(connection, answer)).met_epoch:
            return
        last = request.entries[-1]
        self._offered = Position(epoch=last.epoch, n=last.n)
        self.ask_page = True

    def _push(self, request: PushRequest) -> None:
        try:
            answer = self.centre.post("/v1/push", request, push_answer)
        except TooLarge:
            if len(request.groups) == 1:
                raise NoAnswer("no_answer", "too_large") from None
            self._push_bytes = max(FEWEST_BYTES, sum(map(_size, request.groups)) // 2)
            return
        taken = self._take(lambda connection, device: exchange.take_push(connection, answer, self.now()))
        if taken.met_epoch:
            return
        self._push_bytes = PUSH_BYTES
        yes = {verdict.group for verdict in answer.verdicts if verdict.verdict != "refused"}
        changes = {_head.decode(group[0].e).id: len(group) for group in request.groups}
        self.tally.pushed += sum(changes.get(group, 0) for group in yes - self._accepted)
        self.tally.refused += len(answer.verdicts) - len(yes)
        self._accepted |= yes
        self._read_since = False
        self.settle_at = time.monotonic() + SETTLES_S
        self.ask_page = self.ask_page or not self.by_stream

    def _page(self, here: Position) -> None:
        self.ask_page = False  # whatever is new from now on asks for another
        whole: dict[str, int] = {}
        try:
            page = self._ask_page(here, whole)
            taken = self._take_page(here, page)
            if taken.ask_whole:  # the disk is older than what its desk wrote
                page = self._ask_page(here, {"whole": 1})
                taken = self._take_page(here, page)
        except BaseException:
            self.ask_page = True
            raise
        if taken.met_epoch or page.more or page.entries:
            self.ask_page = True
        if taken.met_epoch:
            self._accepted.clear()
            self._offered = None
        self.equal = not (self.ask_page or taken.differing)
        self._read_since = self._read_since or not self.ask_page
        if taken.differing:
            self._refill(sorted({kind for kind, _ in taken.differing}), page.head)

    def _ask_page(self, here: Position, whole: dict[str, int]) -> FeedPage:
        return self.centre.get("/v1/feed", feed_page, epoch=here.epoch, n=here.n, limit=FEED_LIMIT, **whole)

    def _take_page(self, here: Position, page: FeedPage) -> Taken:
        def take(connection: Connection, device: UUID, slice_: FeedPage) -> Taken:
            first = exchange.position(connection).epoch == 0
            taken = exchange.take_page(connection, device, here, slice_)
            if taken.met_epoch and first and slice_.head > FEED_LIMIT:  # a new desk, and much to come
                exchange.begin_history(connection, slice_)
            return taken

        return self._sliced(page, here.n, take)

    def _fill(self, incident: UUID, after: int) -> None:
        page = self.centre.get("/v1/refill", history_page, incident=incident, after=after)
        self._sliced(page, after, lambda c, d, slice_: exchange.take_fill(c, d, incident, slice_))

    def _history(self, class_: str, after: int, until: int) -> None:
        page = self.centre.get(
            "/v1/history", history_page, **{"class": class_, "after": after, "until": until}
        )
        at = after if class_ == "cards" else until
        taken = self._sliced(page, at, lambda c, d, slice_: exchange.take_history(c, d, class_, slice_))
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
            self.tally.refilled += 1
            log.warning("the digest of %s differs: it is fetched again", kind)
            after: int | None = 0
            while after is not None:
                at = after
                page = self.centre.get("/v1/refill", history_page, kind=kind, after=after)
                if self._sliced(page, at, exchange.take_refill).met_epoch:
                    break
                after = page.next
            self.ask_page = True

    # --- taking

    def _sliced(self, page: P, at: int, take: Callable[[Connection, UUID, P], Taken]) -> Taken:
        """Take a page slice by slice; what the last one came to, or the one that ended it."""
        left = len(page.entries)
        taken = Taken()
        for entries in slices(page.entries, self.pace):
            left -= len(entries)
            taken = self._take(_of(take, part(page, entries, last=left == 0, at=at)), len(entries))
            if taken.met_epoch or taken.ask_whole:
                break
        return taken

    def _take(self, work: Callable[[Connection, UUID], Taken], entries: int = 0) -> Taken:
        """One slice on the writer, in one transaction."""

        def timed(workplace: Workplace) -> tuple[Taken, float]:
            took = 0.0

            def measured(connection: Connection, device: UUID) -> Taken:
                # without the commit: a disk that is slow is as slow for a smaller slice
                nonlocal took
                began = time.perf_counter()
                taken = work(connection, device)
                took = time.perf_counter() - began
                return taken

            taken = workplace.exchange(measured)
            if taken.renew:
                workplace.begin_new_chain()
            self.taken(taken)
            return taken, took

        taken, took = self.ask_writer(timed)
        if entries:
            self.pace.took(entries, took)
        self.tally.pulled += taken.new_lines
        return taken


def _of(take: Callable[[Connection, UUID, P], Taken], slice_: P) -> Callable[[Connection, UUID], Taken]:
    return lambda connection, device: take(connection, device, slice_)


def _size(group: list[Sent]) -> int:
    return sum(len(entry.e) for entry in group)
