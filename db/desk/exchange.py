"""The desk's side of the exchange: what it asks the centre next, and how it takes the answers.

Every function runs inside the caller's transaction; none waits for the network. What was asked is answered
or asked again: an answer may be lost, a request may arrive twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from commandcenter.domain.change import ChangeSet
from commandcenter.domain.clock import to_ms
from commandcenter.protocol.messages import (
    LEFT_OUT,
    Answer,
    FeedPage,
    Held,
    HistoryPage,
    Numbered,
    OfferAnswer,
    OfferRequest,
    Position,
    PushAnswer,
    PushRequest,
)
from db.desk import digests, local, outbox
from db.desk.engine import Connection
from db.desk.incoming import Incoming
from db.desk.sight import leave, lose

ENROLLED = "centre.enrolled"
EPOCH, CURSOR, EPOCHS = "centre.epoch", "centre.cursor", "centre.epochs"
OFFERED_FOR = "centre.offered_for"  # the epoch into which everything was offered
HISTORY = "centre.history"  # {"cards": n, "until": n, "facts": n}: how far a new desk has come; null: whole
OWED = "centre.owed"  # entries whose personal values the centre lacks and this desk has
FILLS = "centre.fills"  # {incident id: number}: incidents that came into sight, fetched up to that number
SCOPES = "centre.scopes"
TREE = "centre.tree"  # true: somebody changed the organisations, and whose desk this is may mean more or less


@dataclass
class Taken:
    """What taking an answer came to."""

    change_set: ChangeSet = field(default_factory=lambda: ChangeSet({}))
    new_lines: int = 0
    renew: bool = False  # this desk's chain went on elsewhere: it needs a new device id
    shown: frozenset[UUID] = frozenset()  # rows that others made or changed
    differing: list[tuple[str, UUID | None]] = field(default_factory=list)
    met_epoch: bool = False  # the centre was restored: nothing of the answer was taken but that
    ask_whole: bool = False  # it named own entries that are not here: nothing was taken, ask for their bytes

    def and_then(self, later: Taken) -> Taken:
        """Both, taken in one transaction one after the other."""
        return Taken(
            change_set=self.change_set | later.change_set,
            new_lines=self.new_lines + later.new_lines,
            renew=self.renew or later.renew,
            shown=self.shown | later.shown,
            differing=later.differing,
            met_epoch=later.met_epoch,
            ask_whole=later.ask_whole,
        )


def position(connection: Connection) -> Position:
    """Where this desk stands in the feed."""
    return Position(epoch=int(local.get(connection, EPOCH, 0)), n=int(local.get(connection, CURSOR, 0)))


def scopes(connection: Connection) -> frozenset[UUID]:
    """The scopes that the centre gave this desk; empty: it sees everything."""
    return frozenset(UUID(id_) for id_ in local.get(connection, SCOPES) or ())


def push_request(connection: Connection, now: datetime) -> PushRequest | None:
    """The next unsent groups; None if nothing waits."""
    parcel = outbox.next_parcel(connection)
    if parcel is None:
        return None
    return PushRequest(position=position(connection), now=to_ms(now), groups=parcel.groups)


def take_push(connection: Connection, answer: PushAnswer, now: datetime) -> Taken:
    """Refusals enter the inbox; what was accepted is settled when its number comes in the feed."""
    if _met_epoch(connection, answer):
        return Taken(met_epoch=True)
    taken = Taken(renew=answer.fork)
    for verdict in answer.verdicts:
        if verdict.verdict == "refused":
            taken.change_set |= outbox.refuse(connection, verdict.group, verdict.code, verdict.arguments, now)
    outbox.raise_low_water(connection)
    return taken


def offer_request(connection: Connection, above: Position | None = None) -> OfferRequest | None:
    """Entries of former epochs that the restored centre may lack, after ``above`` (their first number);
    None when all were offered."""
    here = position(connection)
    if here.epoch == 0:
        return None
    if local.get(connection, OFFERED_FOR) == here.epoch:
        owed = [UUID(id_) for id_ in local.get(connection, OWED) or ()]
        again = outbox.offered(connection, owed)
        return OfferRequest(position=here, entries=again) if again else None
    entries = outbox.to_offer(connection, here.epoch, local.get(connection, EPOCHS) or (), above)
    return OfferRequest(position=here, entries=entries) if entries else None


def all_offered(connection: Connection) -> None:
    """Everything was taken: it is not offered again in this epoch."""
    local.put(connection, OFFERED_FOR, position(connection).epoch)


def take_offer(connection: Connection, answer: OfferAnswer) -> Taken:
    """What was taken is no longer owed; the numbers come in the feed."""
    if _met_epoch(connection, answer):
        return Taken(met_epoch=True)
    owed = local.get(connection, OWED)
    if owed:
        taken = {str(id_) for id_ in answer.taken}
        local.put(connection, OWED, [id_ for id_ in owed if id_ not in taken])
    return Taken()


def take_page(connection: Connection, device: UUID, asked: Position, page: FeedPage) -> Taken:
    """A page of the feed, or a slice of one; rows and cursor move together.

    A page that was asked from elsewhere, or in another epoch, is passed over."""
    if _met_epoch(connection, page):
        return Taken(met_epoch=True)
    here = position(connection)
    if asked.epoch != here.epoch or asked.n > here.n:
        return Taken()
    if _lacks(connection, page.entries):
        return Taken(ask_whole=True)
    taken = _take(connection, device, page.entries)
    if page.to > here.n:
        local.put(connection, CURSOR, page.to)
    if not page.more and local.get(connection, TREE) and _whole(connection):
        local.put(connection, TREE, None)
        now = local.seen_here(connection, device)
        if now:  # a desk whose card is not here, or says nothing, does not come to see everything
            taken.change_set |= rescope(connection, now)
    if page.digests is not None and page.to >= here.n and _whole(connection):
        taken.differing = _differing(connection, page.digests)
    outbox.raise_low_water(connection)
    return taken


def _lacks(connection: Connection, numbered: Sequence[Numbered]) -> bool:
    """Whether entries are only named that are not here: this disk is older than what its desk wrote."""
    return any(
        entry.e is LEFT_OUT
        and entry.id is not None
        and connection.execute("SELECT 1 FROM journal WHERE id = ?", (entry.id.bytes,)).fetchone() is None
        for entry in numbered
    )


def _take(connection: Connection, device: UUID, numbered: Sequence[Numbered]) -> Taken:
    mine = scopes(connection)
    incoming = Incoming(connection, device)
    change_set = incoming.take(numbered, mine)
    fills: dict[str, int] = dict(local.get(connection, FILLS) or {})
    changed = False
    for incident in incoming.lost:
        change_set |= lose(connection, incident, mine)
        changed = fills.pop(str(incident), None) is not None or changed
    for incident in incoming.gained:
        fills[str(incident)] = 0
        changed = True
    if changed:
        local.put(connection, FILLS, fills)
    if mine and "organisation" in change_set.touched:
        local.put(connection, TREE, True)
    if incoming.owed:
        owed = dict.fromkeys([*(local.get(connection, OWED) or ()), *map(str, incoming.owed)])
        local.put(connection, OWED, list(owed))
    return Taken(
        change_set=change_set,
        new_lines=incoming.new_lines,
        renew=incoming.elsewhere,
        shown=frozenset(incoming.shown),
    )


def _whole(connection: Connection) -> bool:
    return not local.get(connection, HISTORY) and not local.get(connection, FILLS)


def _differing(connection: Connection, held: Sequence[Held]) -> list[tuple[str, UUID | None]]:
    mine = digests.held(connection)
    theirs = {(one.kind, one.scope): (one.count, one.sum) for one in held}
    keys = theirs.keys() | (mine.keys() if not scopes(connection) else theirs.keys())
    return sorted((key for key in keys if mine.get(key, (0, 0)) != theirs.get(key, (0, 0))), key=str)


# --- what a new desk begins with


def begin_history(connection: Connection, answer: Answer) -> None:
    """A desk that holds nothing of the centre yet: cards first, then the tail, facts from the newest back."""
    local.put(connection, HISTORY, {"cards": 0, "until": answer.head, "facts": answer.head + 1})
    local.put(connection, CURSOR, answer.head)


def history_state(connection: Connection) -> dict[str, Any] | None:
    """How far the history has come; None: it is whole."""
    found: dict[str, Any] | None = local.get(connection, HISTORY)
    return found


def take_history(connection: Connection, device: UUID, class_: str, page: HistoryPage) -> Taken:
    """A page of ``cards`` or ``facts``; when both have come to their end the history is whole."""
    if _met_epoch(connection, page):
        return Taken(met_epoch=True)
    state = history_state(connection)
    if state is None:
        return Taken()
    taken = _take(connection, device, page.entries)
    state[class_] = page.next
    if page.next is None and class_ == "cards":
        state["cards"] = None
    local.put(connection, HISTORY, None if state["cards"] is None and state["facts"] is None else state)
    return taken


def rescope(connection: Connection, now: frozenset[UUID]) -> ChangeSet:
    """This desk sees other scopes from now on (empty: everything): what is no longer its to see goes, what
    came into sight is fetched as a new desk fetches it, while the feed goes on."""
    was = scopes(connection)
    if was == now:
        return ChangeSet({})
    local.put(connection, SCOPES, sorted(str(scope) for scope in now))
    here = position(connection)
    if here.epoch == 0:
        return ChangeSet({})
    if was and (not now or now - was):
        local.put(connection, HISTORY, {"cards": 0, "until": here.n, "facts": here.n + 1})
    return leave(connection, now) if now and (not was or was - now) else ChangeSet({})


# --- incidents that came into sight


def next_fill(connection: Connection) -> tuple[UUID, int] | None:
    """The next incident to fetch, and after which number."""
    fills = local.get(connection, FILLS) or {}
    return next(((UUID(id_), n) for id_, n in sorted(fills.items())), None)


def take_fill(connection: Connection, device: UUID, incident: UUID, page: HistoryPage) -> Taken:
    """A page of an incident; nothing if it went out of sight meanwhile."""
    if _met_epoch(connection, page):
        return Taken(met_epoch=True)
    fills: dict[str, int] = dict(local.get(connection, FILLS) or {})
    if str(incident) not in fills:
        return Taken()
    taken = _take(connection, device, page.entries)
    if page.next is None:
        del fills[str(incident)]
    else:
        fills[str(incident)] = page.next
    local.put(connection, FILLS, fills)
    return taken


def take_refill(connection: Connection, device: UUID, page: HistoryPage) -> Taken:
    """A page of a kind whose digest differs: what is missing here is entered, what is here stays."""
    if _met_epoch(connection, page):
        return Taken(met_epoch=True)
    return _take(connection, device, page.entries)


# --- a restored centre


def _met_epoch(connection: Connection, answer: Answer) -> bool:
    """Whether the centre stands in another epoch than this desk: then the desk goes back to the lowest
    number at which their ways part, and offers what the centre may lack (DESIGN §5.14)."""
    here = position(connection)
    if answer.epoch == here.epoch:
        return False
    theirs = {one.epoch: one.after for one in answer.began}
    if not theirs:
        return True  # said by an answer that was under way when another one told it
    mine = {int(epoch): int(after) for epoch, after in local.get(connection, EPOCHS) or ()}
    parted = [
        after
        for epoch in mine.keys() | theirs.keys()
        for after in (mine.get(epoch), theirs.get(epoch))
        if after is not None and mine.get(epoch) != theirs.get(epoch)
    ]
    lowest = min(parted, default=0)
    local.put(connection, EPOCHS, sorted(theirs.items()))
    local.put(connection, EPOCH, answer.epoch)
    local.put(connection, CURSOR, min(here.n, lowest))
    return True
