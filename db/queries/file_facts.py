"""The file's facts: how large it is, how much stands in it, and the head of this desk's chain."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from uuid import UUID

from db.desk.engine import Connection
from db.desk.journal import newest
from db.desk.verify import head


@dataclass(frozen=True, kw_only=True)
class FileFacts:
    """``size``: bytes without the write-ahead log; ``entries``: changes in the journal."""

    size: int
    entries: int
    device: UUID | None
    head_n: int
    head_hash: str  # hex
    sqlite: str  # the version of the library


def file_facts(connection: Connection, device: UUID | None) -> FileFacts:
    """Read them; takes no time worth speaking of at any size."""
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    (page_size,) = connection.execute("PRAGMA page_size").fetchone()
    n, hash_ = (0, "") if device is None else head(connection, device)
    return FileFacts(
        size=pages * page_size,
        entries=newest(connection),
        device=device,
        head_n=n,
        head_hash=hash_,
        sqlite=sqlite3.sqlite_version,
    )
