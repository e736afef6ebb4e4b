"""The centre's store: what the endpoints ask of it, each call one transaction of the engine's pool."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar
from uuid import UUID

import msgspec
from sqlalchemy import Connection, Engine, insert, update
from sqlalchemy.exc import IntegrityError, OperationalError

from commandcenter.domain.clock import to_ms
from commandcenter.domain.errors import Refused
from commandcenter.domain.record import REGISTRY
from commandcenter.protocol.messages import (
    FEED_LIMIT,
    ContentPage,
    FeedPage,
    HistoryPage,
    OfferAnswer,
    Offered,
    OfferRequest,
    Position,
    PushAnswer,
    PushRequest,
)
from db.centre import audit, content, feed
from db.centre.engine import looking, reading
from db.centre.feed import Released, Sight
from db.centre.intake import Intake, arrived, open_feed
from db.centre.judgement import Caller
from db.centre.tables import epoch as epochs
from db.centre.tables import feed_head

T = TypeVar("T")
# Who speaks where the centre itself brings entries back.
OWN = Caller(
    device=UUID(int=0),
    devices=frozenset(),
    scope_id=None,
    roles=(),
    scopes=frozenset({None}),
    district_id=None,
)
TRIES = 8  # of a batch that met another one: a deadlock, or the same change taken at the same moment


class CentreStore:
    """The centre on its database. Thread-safe; holds nothing between two calls."""

    def __init__(
        self,
        engine: Engine,
        *,
        is_code: Callable[[str, str], bool],
        shipped: Callable[[], frozenset[UUID]],
        now: Callable[[], datetime],
    ) -> None:
        """``is_code``: (code table, code) -> is it one; ``shipped``: the changes that the program ships."""
        self.engine = engine
        self._is_code = is_code
        self._shipped = shipped
        self._now = now

    def open(self) -> None:
        """Begin the feed where there is none yet; two processes may."""
        try:
            with self.engine.begin() as connection:
                open_feed(connection, to_ms(self._now()) // 60_000)
        except IntegrityError:
            pass  # the other process was faster

    def head(self) -> Position:
        """The newest number given."""
        with looking(self.engine) as connection:
            return feed.head(connection)

    def push(self, caller: Caller, request: PushRequest) -> PushAnswer:
        """Judge and number a desk's groups. Refused ``entry_malformed``: the whole request is no push."""
        groups = [[arrived(sent) for sent in group] for group in request.groups if group]

        def work(connection: Connection) -> PushAnswer:
            here = feed.head(connection)
            began = feed.began(connection, request.position.epoch, here.epoch)
            if began:  # first the desk learns where the restored centre stands
                return PushAnswer(epoch=here.epoch, began=began, head=here.n, now=self._ms())
            outcome = self._intake(connection, caller).push(request, groups)
            if outcome.fork:
                audit.note_failure(
                    connection,
                    self._now(),
                    "chain_forked",
                    caller.device,
                    subject=("desk", caller.device),
                    result="failed",
                    scope_id=caller.scope_id,
                )
            return PushAnswer(
                epoch=here.epoch,
                head=here.n if outcome.head is None else outcome.head,
                now=self._ms(),
                fork=outcome.fork,
                verdicts=outcome.verdicts,
            )

        return self._written(work)

    def offer(self, caller: Caller, request: OfferRequest) -> OfferAnswer:
        """Take entries again that were numbered before a restore."""

        def work(connection: Connection) -> OfferAnswer:
            here = feed.head(connection)
            began = feed.began(connection, request.position.epoch, here.epoch)
            if began:
                return OfferAnswer(epoch=here.epoch, began=began, head=here.n, now=self._ms())
            outcome = self._intake(connection, caller).offer(request.entries)
            head = feed.head(connection).n
            return OfferAnswer(epoch=here.epoch, head=head, now=self._ms(), taken=outcome.taken)

        return self._written(work)

    def feed(
        self, caller: Caller, position: Position, limit: int = FEED_LIMIT, *, whole: bool = False
    ) -> FeedPage:
        """The entries after a position that this desk may see. ``whole``: its own with their bytes too."""
        with reading(self.engine) as connection:
            here = feed.head(connection)
            began = feed.began(connection, position.epoch, here.epoch)
            if began:
                return FeedPage(
                    epoch=here.epoch, began=began, head=here.n, now=self._ms(), to=position.n, more=True
                )
            found = feed.released(connection, position.n, limit)
            ahead = feed.certificates(connection, found, found[-1].n) if found else []
            sight = Sight(connection, caller, [*ahead, *found])
            numbered = [
                one
                for entry in (*ahead, *found)
                if (one := sight.numbered(entry, whole=whole or entry in ahead)) is not None
            ]
            to = found[-1].n if found else position.n
            more = to < here.n
            # read in the same transaction, so that it says what stood at ``to``
            digests = feed.digests(connection, caller) if not more and not found else None
            return FeedPage(
                epoch=here.epoch,
                head=here.n,
                now=self._ms(),
                entries=numbered,
                to=to,
                more=more,
                digests=digests,
            )

    def history(self, caller: Caller, class_: str, after: int, until: int) -> HistoryPage:
        """``cards``: entries of cards after ``after``, up to ``until``. ``facts``: entries of facts before
        ``until``, the newest first; ``after`` does not count. Refused ``unknown_class``."""
        with reading(self.engine) as connection:
            here = feed.head(connection)
            if class_ == "cards":
                found = feed.cards(connection, after, until, FEED_LIMIT)
            elif class_ == "facts":
                found = feed.facts(connection, until, FEED_LIMIT)
            else:
                raise Refused("unknown_class", name=class_)
            return self._history(connection, caller, here, found, found[-1].n if found else None)

    def refill(self, caller: Caller, kind: str, after: int) -> HistoryPage:
        """The entries of one kind after ``after``, ascending, its own with their bytes too."""
        with reading(self.engine) as connection:
            here = feed.head(connection)
            found = feed.of_kind(connection, kind, after, FEED_LIMIT)
            return self._history(connection, caller, here, found, found[-1].n if found else None)

    def incident(self, caller: Caller, incident: UUID, after: int) -> HistoryPage:
        """Everything of an incident after ``after``: for a desk that takes part in it from now on."""
        with reading(self.engine) as connection:
            here = feed.head(connection)
            found = feed.of_incident(connection, incident, after, FEED_LIMIT)
            return self._history(connection, caller, here, found, found[-1].n if found else None)

    def content(self, caller: Caller, kind: str, after: UUID | None) -> ContentPage:
        """What the rows of a kind after ``after`` say, hashed, of what this desk sees whole."""
        with reading(self.engine) as connection:
            here = feed.head(connection)
            page = ContentPage(epoch=here.epoch, head=here.n, now=self._ms(), fields=content.fields_of(kind))
            if kind in REGISTRY:
                page.everything = content.sees_all(REGISTRY[kind], caller)
                page.sums, page.through = content.piece(connection, caller, REGISTRY[kind], after)
            return page

    def _history(
        self,
        connection: Connection,
        caller: Caller,
        here: Position,
        found: Sequence[Released],
        next_: int | None,
    ) -> HistoryPage:
        found = [*feed.certificates(connection, found), *found]
        sight = Sight(connection, caller, found)
        numbered = [one for entry in found if (one := sight.numbered(entry, whole=True)) is not None]
        return HistoryPage(epoch=here.epoch, head=here.n, now=self._ms(), entries=numbered, next=next_)

    def newer(self, after: int, most: int = FEED_LIMIT) -> list[Released]:
        """The entries after a number, whosever they are: for the streams."""
        with reading(self.engine) as connection:
            return feed.released(connection, after, most)

    def sight(self, caller: Caller, entries: Sequence[Released]) -> Sight:
        """What of these entries a desk may see."""
        with reading(self.engine) as connection:
            return Sight(connection, caller, entries)

    def new_epoch(self) -> Position:
        """After a restore: numbers go on from here, in an epoch of their own."""
        with self.engine.begin() as connection:
            here = feed.head(connection)
            epoch = max(here.epoch + 1, to_ms(self._now()) // 60_000)
            connection.execute(insert(epochs), {"epoch": epoch, "after": here.n})
            connection.execute(update(feed_head), {"epoch": epoch})
            return Position(epoch=epoch, n=here.n)

    def carry(self, certificates: Sequence[tuple[bytes, tuple[int, int]]]) -> int:
        """After a restore: the certificates that the former database knew, as entries offered again, so that
        what they destroyed is told to nobody. How many were not here."""
        offered = [Offered(e=msgspec.Raw(data), epoch=epoch, n=n) for data, (epoch, n) in certificates]
        if not offered:
            return 0
        with self.engine.begin() as connection:
            return self._intake(connection, OWN).offer(offered).numbered

    def _intake(self, connection: Connection, caller: Caller) -> Intake:
        return Intake(
            connection=connection,
            caller=caller,
            now=self._now(),
            is_code=self._is_code,
            shipped=self._shipped,
        )

    def _written(self, work: Callable[[Connection], T]) -> T:
        for left in reversed(range(TRIES)):
            try:
                with self.engine.begin() as connection:
                    return work(connection)
            except (IntegrityError, OperationalError):
                # the same change taken twice at once, a deadlock: judged again, and then it is known
                if not left:
                    raise
        raise AssertionError

    def _ms(self) -> int:
        return to_ms(self._now())
