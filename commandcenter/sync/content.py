"""The comparison of contents: what the rows here say against what the centre's say, and what is done where
they differ (DESIGN §5.11): once a week, and when somebody asks.

A piece of a kind at a time, so that nothing else waits for it. A piece is judged only where both sides stand
at the same number; whatever differs is recorded.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from commandcenter.domain.clock import instant_text, parse_instant, whole_ms
from commandcenter.domain.record import REGISTRY, Kind
from commandcenter.protocol.messages import ContentPage, content_page, history_page
from commandcenter.services.audit import NoteAccess
from commandcenter.sync.client import Centre, NoAnswer, TooLarge, unavailable
from commandcenter.sync.taking import AskWriter
from db.desk import content, local
from db.desk.content import Piece

if TYPE_CHECKING:
    from commandcenter.sync.round import AskReader, Round

log = logging.getLogger(__name__)

COMPARED_AT = "centre.compared_at"
EVERY = timedelta(days=7)
TRIES = 5  # of a piece: numbers come in meanwhile
LATER_S = 600.0  # where it could not be done
AT_ONCE = 50  # rows made anew in one transaction


@dataclass(frozen=True, kw_only=True)
class Difference:
    """What one piece differed in. ``made_anew``: how many rows were made anew from their entries, where
    fetching the kind again did not help; ``mended``: now both say the same."""

    kind: str
    scope: UUID | None
    made_anew: int
    mended: bool


@dataclass(kw_only=True)
class Compared:
    """What a comparison came to. ``undecided``: kinds that could not be judged, because numbers came in all
    the time, the history here is not whole yet, or the centre runs another program."""

    rows: int = 0
    differences: list[Difference] = field(default_factory=list)
    undecided: list[str] = field(default_factory=list)


@dataclass
class Contents:
    """:meth:`run` and :meth:`step` belong to the worker's thread, :meth:`ask` to any."""

    ask_writer: AskWriter
    ask_reader: AskReader
    centre: Centre
    round: Round
    again: Callable[[], None] = lambda: None  # asks for another :meth:`run` soon
    now: Callable[[], datetime] = lambda: whole_ms(datetime.now(UTC))
    compared: Compared = field(default_factory=Compared)
    _asked: list[Future[Compared]] = field(default_factory=list)
    _kinds: list[Kind] = field(default_factory=list)  # that are still to be compared
    _after: UUID | None = None
    _due_at: datetime | None = None
    _not_before: float = field(default=float("-inf"))

    def ask(self) -> Future[Compared]:
        """Compare now. Unavailable where the centre does not answer."""
        future: Future[Compared] = Future()
        self._asked.append(future)
        self.again()
        return future

    def run(self) -> None:
        """A piece, where somebody asked or a week is over. NoAnswer: it goes on there."""
        if not self._asked and (time.monotonic() < self._not_before or not (self._kinds or self._is_due())):
            return
        try:
            more = self.step()
        except (NoAnswer, TooLarge) as no:
            self._not_before = time.monotonic() + LATER_S
            said = no if isinstance(no, NoAnswer) else NoAnswer("no_answer", "too_large")
            self.unanswered(said)
            raise said from no
        if more:
            if self._asked:
                self.again()
        else:
            self._tell(lambda future: future.set_result(self.compared))

    def whole(self) -> Compared:
        """All of it, at once. NoAnswer, TooLarge."""
        while self.step():
            pass
        return self.compared

    def step(self) -> bool:
        """Compare the next piece; False: that was the last."""
        if not self._kinds:
            self.compared = Compared()
            self._kinds, self._after = list(REGISTRY.values()), None
        kind = self._kinds[0]
        through = self._piece(kind, self._after)
        if through is not None:
            self._after = through
            return True
        self._after = None
        del self._kinds[0]
        if self._kinds:
            return True
        self._finished()
        return False

    def unanswered(self, no: NoAnswer) -> None:
        """The centre is away: whoever asked is told."""
        self._tell(lambda future: future.set_exception(unavailable(no, self.centre.url)))

    def stop(self) -> None:
        """Nobody will be answered any more."""
        self._tell(lambda future: future.cancel())

    # --- when

    def _is_due(self) -> bool:
        if self._due_at is None:
            said = self.ask_reader(lambda connection: local.get(connection, COMPARED_AT))
            if said is None:  # what a new desk has came just now
                self._note_compared()
            else:
                self._due_at = parse_instant(said) + EVERY
        return self._due_at is not None and self.now() >= self._due_at

    def _note_compared(self) -> None:
        at = self.now()
        self.ask_writer(lambda workplace: local.put(workplace.connection, COMPARED_AT, instant_text(at)))
        self._due_at = at + EVERY

    def _finished(self) -> None:
        if self.compared.undecided:
            log.info("content not compared of %s", ", ".join(self.compared.undecided))
            self._not_before = time.monotonic() + LATER_S
        else:
            self._note_compared()
        log.info(
            "content compared: %d rows, %d differences", self.compared.rows, len(self.compared.differences)
        )

    def _tell(self, tell: Callable[[Future[Compared]], object]) -> None:
        asked, self._asked = self._asked, []
        for future in asked:
            tell(future)

    # --- a piece

    def _piece(self, kind: Kind, after: UUID | None) -> UUID | None:
        """Compare a piece, and mend it; the last id of it, None at the kind's end."""
        page, differing = self._judged(kind, after)
        if differing is None:
            if kind.name not in self.compared.undecided:
                self.compared.undecided.append(kind.name)
            return page.through
        self.compared.rows += sum(held.count for held in page.sums)
        if not differing:
            return page.through
        log.warning("the content of %s differs: it is fetched again", kind.name)
        self._refetch(kind)
        again, left = self._judged(kind, after)
        made_anew: list[UUID] = []
        if left:
            made_anew = self._make_anew(kind, after, again.through)
            again, left = self._judged(kind, after)
        for scope in sorted({*differing, *(left or ())}, key=str):
            mended = left is not None and scope not in left
            found = Difference(kind=kind.name, scope=scope, made_anew=len(made_anew), mended=mended)
            self.compared.differences.append(found)
            self._record(found)
        return again.through

    def _judged(self, kind: Kind, after: UUID | None) -> tuple[ContentPage, list[UUID | None] | None]:
        """(what the centre says, the scopes in which this desk says something else; None: undecided)."""
        asked = {"kind": kind.name} if after is None else {"kind": kind.name, "after": str(after)}
        for _ in range(TRIES):
            page = self.centre.get("/v1/content", content_page, **asked)
            if page.fields != sorted(kind.types):
                return page, None
            through = page.through
            here = self.ask_reader(lambda c: content.piece(c, kind, after, through))  # noqa: B023  at once
            differing = _differing(page, here)
            if not differing:
                return page, []
            if not here.whole:
                return page, None
            if (here.position.epoch, here.position.n) == (page.epoch, page.head):
                return page, differing
            self.round.ask_page = True
            self.round.run()
        return page, None

    def _refetch(self, kind: Kind) -> None:
        after: int | None = 0
        while after is not None:
            at = after
            page = self.centre.get("/v1/refill", history_page, kind=kind.name, after=after)
            if self.round.taking.page(page, at, content.take_again).met_epoch:
                return
            after = page.next

    def _make_anew(self, kind: Kind, after: UUID | None, through: UUID | None) -> list[UUID]:
        """Rows that say something else than their entries: let them say what these do."""
        rows = self.ask_reader(lambda c: content.amiss(c, kind, after, through))
        for begin in range(0, len(rows), AT_ONCE):
            part = rows[begin : begin + AT_ONCE]
            self.round.taking.once(lambda c, device: content.make_anew(c, kind, part))  # noqa: B023  at once
        return rows

    def _record(self, found: Difference) -> None:
        tell = log.warning if found.mended else log.error
        tell(
            "the content of %s differed: %d rows made anew, %s",
            found.kind,
            found.made_anew,
            "mended" if found.mended else "and it still differs",
        )
        event = NoteAccess(
            action="content_differed",
            subject_kind=found.kind,
            count=found.made_anew,
            extent="" if found.scope is None else f"scope={found.scope}",
            result="done" if found.mended else "failed",
        )
        self.ask_writer(lambda workplace: workplace.execute(event))


def _differing(page: ContentPage, here: Piece) -> list[UUID | None]:
    theirs = {held.scope: (held.count, held.sum) for held in page.sums}
    scopes = theirs.keys() | (here.sums.keys() if page.everything else ())
    return [scope for scope in scopes if here.sums.get(scope, (0, 0)) != theirs.get(scope, (0, 0))]
