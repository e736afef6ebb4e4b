"""The signed head: the centre's word on how far its numbered feed had come, and with which hash."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Order = Literal["later", "same", "earlier", "contradicts"]

_SIGNED = b"licheng signed head\0"
# Two processes of one centre may read the head and sign it in another order; their clocks differ by this
# much at most.
LATE_MS = 60_000


@dataclass(frozen=True, kw_only=True)
class SignedHead:
    """With entry ``n`` of ``epoch`` the feed's chain had come to ``hash`` (hex) at ``at`` (ms since 1970,
    by the centre's clock, read before the head was); ``signature`` (hex) by the centre's Ed25519 key."""

    epoch: int
    n: int
    hash: str
    at: int
    signature: str = ""

    @property
    def message(self) -> bytes:
        """What is signed."""
        return _SIGNED + f"{self.epoch}.{self.n}.{self.hash}.{self.at}".encode()


def follows(newest: SignedHead, head: SignedHead) -> Order:
    """How ``head`` stands to the newest one that was kept before it.

    ``contradicts``: both cannot be of one history: one number with two hashes, or a later word that the feed
    stood at an earlier number, with no restore between them that would have opened a new epoch."""
    if (head.epoch, head.n) == (newest.epoch, newest.n):
        return "same" if head.hash == newest.hash else "contradicts"
    below = (head.epoch, head.n) < (newest.epoch, newest.n)
    if not below:
        return "later"
    return "contradicts" if head.at > newest.at + LATE_MS else "earlier"
