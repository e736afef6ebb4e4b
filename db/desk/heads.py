"""The centre's signed heads at the desk: the newest one that was seen, and those that contradict others."""

from __future__ import annotations

from typing import Any

from commandcenter.domain.signed_head import Order, SignedHead, follows
from db.desk import local
from db.desk.engine import Connection

NEWEST = "centre.signed_head"
CONTRADICTING = "centre.heads_contradicting"  # pairs of heads: the proof, kept for good
MOST = 20


def as_json(head: SignedHead) -> dict[str, Any]:
    """As the file and the anchors have it."""
    return {"epoch": head.epoch, "n": head.n, "hash": head.hash, "at": head.at, "signature": head.signature}


def newest(connection: Connection) -> SignedHead | None:
    """The newest signed head that this desk saw; None: none."""
    found = local.get(connection, NEWEST)
    return None if found is None else SignedHead(**found)


def take(connection: Connection, head: SignedHead) -> Order:
    """Keep a head whose signature was checked, if it is newer; ``contradicts``: both are kept as a proof."""
    before = newest(connection)
    order: Order = "later" if before is None else follows(before, head)
    if order == "later":
        local.put(connection, NEWEST, as_json(head))
    elif order == "contradicts" and before is not None:
        kept = local.get(connection, CONTRADICTING) or []
        if len(kept) < MOST:
            local.put(connection, CONTRADICTING, [*kept, [as_json(before), as_json(head)]])
    return order


def contradictions(connection: Connection) -> list[tuple[SignedHead, SignedHead]]:
    """The pairs of heads that cannot be of one history."""
    return [(SignedHead(**one), SignedHead(**two)) for one, two in local.get(connection, CONTRADICTING) or ()]
