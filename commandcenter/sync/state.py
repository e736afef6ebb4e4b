"""The state of synchronisation as the desk's threads tell it: which one, since when, how much waits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from commandcenter.protocol.messages import Signed

State = Literal["not_enrolled", "online", "no_answer", "sign_in_again", "withdrawn", "too_old", "busy"]


@dataclass(frozen=True, kw_only=True)
class SyncState:
    """Where this desk stands with its centre; instants are aware UTC."""

    state: State = "not_enrolled"
    since: datetime | None = None  # since when it is this state
    # Why, where it is not online, as a code: starting, unreachable, timeout, certificate, proxy,
    # not_the_centre (something else answered: a login page, a proxy), fault, or what the centre said.
    reason: str = ""
    waiting: int = 0  # changes that the centre has not numbered
    oldest_at: datetime | None = None  # when the oldest of them was typed
    offset_ms: int | None = None  # centre − desk, last measured
    equal_at: datetime | None = None  # when this desk was last known to hold what the centre holds
    history: float | None = None  # of a new desk: how much of the history is here, 0 to 1; None: all of it
    refused: int = 0  # groups in the inbox that nobody has dealt with
    exceptions: int = 0
    # What is wrong with the centre's signed heads: "", head_refused (another key, or none, signed it),
    # head_contradicted (it signed two histories).
    trouble: str = ""
    signed: Signed | None = None  # the newest head that the centre signed, since the start
    signed_by: str = ""  # the fingerprint of its key
    refilled: int = 0  # kinds fetched again since the start, because their digests differed
