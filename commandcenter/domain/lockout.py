"""The lockout: five wrong passwords in a row lock a person at a desk for thirty minutes. Pure."""

from __future__ import annotations

import math
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta

from commandcenter.domain.clock import SHANGHAI
from commandcenter.domain.errors import Refused

TRIES = 5
LOCKED_FOR = timedelta(minutes=30)


@dataclass(frozen=True, kw_only=True)
class Tries:
    """What is remembered of one person's tries at one desk."""

    wrong: int = 0  # in a row, each counted before it was judged
    seen_at: datetime | None = None  # the latest time any of them was made at: no earlier one is believed
    locked_at: datetime | None = None

    @property
    def left(self) -> int:
        """How many tries there still are."""
        return max(0, TRIES - self.wrong)

    @property
    def until(self) -> datetime | None:
        """When the lock ends by itself; None: not locked."""
        return None if self.locked_at is None else self.locked_at + LOCKED_FOR


def locked_until(tries: Tries, now: datetime) -> datetime | None:
    """Until when the person is locked out at ``now``; None: they may try. A clock that went back since the
    last try counts as standing still: nobody waits less for it."""
    believed = now if tries.seen_at is None else max(now, tries.seen_at)
    return tries.until if tries.until is not None and believed < tries.until else None


def counted(tries: Tries, now: datetime) -> Tries:
    """The tries with one more, which is counted as wrong until it proves right; the fifth locks at once, so
    that none made beside it is a sixth. Refused ``locked_out``."""
    if locked_until(tries, now) is not None:
        raise locked_out(tries, now)
    believed = now if tries.seen_at is None else max(now, tries.seen_at)
    wrong = 1 if tries.locked_at is not None else tries.wrong + 1  # the lock has run out: five new ones
    return Tries(wrong=wrong, seen_at=believed, locked_at=believed if wrong >= TRIES else None)


def locked_out(tries: Tries, now: datetime) -> Refused:
    """The refusal, with the minutes left and the time of day (Asia/Shanghai) at which the lock ends."""
    until = tries.until
    assert until is not None
    believed = now if tries.seen_at is None else max(now, tries.seen_at)
    local = until.astimezone(SHANGHAI)
    same_day = local.date() == now.astimezone(SHANGHAI).date()
    return Refused(
        "locked_out",
        minutes=max(1, math.ceil((until - believed).total_seconds() / 60)),
        until=f"{local:%H:%M}" if same_day else f"{local:%Y-%m-%d %H:%M}",
    )


def folded_login(login: str) -> str:
    """A login as it is compared: full-width letters, case and spaces around it do not matter."""
    return unicodedata.normalize("NFKC", login).strip().casefold()
