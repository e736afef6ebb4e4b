"""The words of the status line's connection: the state, what waits, what needs somebody."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from commandcenter.domain.clock import from_ms
from commandcenter.services.exchange_sentences import ExchangeWords
from commandcenter.sync.state import SyncState
from db.queries.exchange import Backlog

OFFSET_SHOWN_MS = 2_000
FRESH = timedelta(seconds=5)  # in touch with the centre a line waits a moment: that is no news
NEED_SOMEBODY = frozenset({"sign_in_again", "withdrawn", "too_old"})
QUIET = frozenset({"online", "not_enrolled"})


class Reach(NamedTuple):
    """What the status line says. ``short``: where there is no room for ``long``."""

    long: str
    short: str
    tone: str  # of the chip
    tip: str
    needs: str  # refused and to be settled; "" for nothing
    needs_quiet: str  # the same with its mark hollow: the other half of the blinking


def reach(put: ExchangeWords, state: SyncState, backlog: Backlog, now: datetime) -> Reach:
    """The state in words and shape, since when, and how much waits since when."""
    words, name = put.words, put.words(f"exchange.state.{state.state}")
    known = state.state != "not_enrolled"
    long = name
    if known and state.since is not None:
        since = put.when(state.since, now)
        long = words("exchange.status.since", state=name, since=since)
    parts, few = [long], [name]
    if known and backlog.waiting and not _just_now(state, backlog, now):
        waiting = words("exchange.status.waiting", count=f"{backlog.waiting:,}")
        few.append(waiting)
        age = put.age(backlog.oldest_at, now)
        parts.append(
            waiting + words("exchange.list") + words("exchange.status.oldest", age=age) if age else waiting
        )
    if known and state.history is not None:
        percent = int(min(max(state.history, 0.0), 1.0) * 100)
        parts.append(words("exchange.status.history", percent=percent))
    if known and state.offset_ms is not None and abs(state.offset_ms) > OFFSET_SHOWN_MS:
        key = "slow" if state.offset_ms > 0 else "fast"
        clock = words(f"exchange.status.{key}", seconds=f"{abs(state.offset_ms) / 1000:,.1f}")
        parts.append(clock)
    join = words("exchange.and").join
    tone = "plain" if state.trouble or state.state in NEED_SOMEBODY else "flat"
    what = [
        words(f"exchange.status.{key}", count=f"{count:,}")
        for key, count in (("refused", backlog.refused), ("exceptions", backlog.exceptions))
        if count
    ]
    said = words("exchange.list").join(what)
    return Reach(
        long=join(parts),
        short=join(few),
        tone=tone,
        tip="\n".join(
            part
            for part in (
                *parts,
                why(put, state),
                words(f"exchange.hint.{state.state}"),
                words("exchange.status.tip"),
            )
            if part
        ),
        needs=words("exchange.status.needs", what=said) if said else "",
        needs_quiet=words("exchange.status.needs_quiet", what=said) if said else "",
    )


def _just_now(state: SyncState, backlog: Backlog, now: datetime) -> bool:
    return state.state == "online" and backlog.oldest_at is not None and now - backlog.oldest_at < FRESH


def why(put: ExchangeWords, state: SyncState) -> str:
    """What stands in the way, where the threads know it."""
    if state.trouble:
        return put.words(f"exchange.trouble.{state.trouble}")
    key = f"exchange.reason.{state.reason}"
    return put.words(key) if state.reason and put.words.has(key) else ""


def compared(put: ExchangeWords, state: SyncState, now: datetime) -> str:
    """When this desk and the centre were last found equal; "" at a desk alone."""
    if state.state == "not_enrolled":
        return ""
    if state.equal_at is None:
        return put.words("exchange.status.never_equal")
    equal = put.words("exchange.status.equal", at=put.when(state.equal_at, now))
    head = state.signed
    if head is None:
        return equal
    at = put.when(from_ms(head.at), now)
    signed = put.words("exchange.status.signed", epoch=head.epoch, n=head.n, at=at, key=state.signed_by)
    return f"{equal} {signed}"
