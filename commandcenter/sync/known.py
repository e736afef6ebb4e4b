"""What a desk still knows of its centre when it starts: how far the clocks differ, when both were equal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from commandcenter.domain.clock import parse_instant
from db.desk import local
from db.desk.engine import Connection

OFFSET, EQUAL = "centre.offset_ms", "centre.equal_at"


@dataclass(frozen=True, kw_only=True)
class Before:
    """As it was kept; None: never known."""

    offset_ms: int | None = None
    equal_at: datetime | None = None


def known_before(connection: Connection) -> Before:
    """Read it."""
    equal = local.get(connection, EQUAL)
    return Before(
        offset_ms=local.get(connection, OFFSET), equal_at=None if equal is None else parse_instant(equal)
    )
