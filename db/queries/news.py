"""The news' query: what came from other desks since a line of the journal, in words' reach."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from commandcenter.domain.change import decode
from db.desk import local
from db.desk.engine import Connection
from db.desk.exchange import history_state
from db.desk.journal import newest
from db.queries.exchange import Stated, stated
from db.queries.log import LogLine, lines_by_id

SHOWN = 100
LOOKED_AT = 2_000  # entries behind the line that are read; what is older was not news any more
SILENT = frozenset({"access_event", "setting"})


@dataclass(frozen=True, kw_only=True)
class Piece:
    """One thing that came. ``line``: the log's, where it is one."""

    seq: int
    change: Stated
    line: LogLine | None
    important: bool

    @property
    def id(self) -> UUID:
        """The change's id."""
        return self.change.id

    @property
    def at(self) -> datetime | None:
        """When it was typed."""
        return self.change.at


@dataclass(frozen=True, kw_only=True)
class News:
    """What came, the newest first, and the journal's last line looked at."""

    pieces: tuple[Piece, ...]
    upto: int


def begin(connection: Connection) -> int:
    """The line behind which news begins: the newest now."""
    return newest(connection)


def since(connection: Connection, after: int) -> News:
    """What others wrote and this file took in behind line ``after``.

    A desk that is being given its history, or begins its first, hears of no news: it is all old."""
    last = newest(connection)
    if last <= after:
        return News(pieces=(), upto=after)
    if history_state(connection) is not None or local.get(connection, "centre.cursor") is None:
        return News(pieces=(), upto=last)
    own = {row[0] for row in connection.execute("SELECT device FROM chain")}
    device = local.get(connection, "device")
    if device is not None:
        own.add(UUID(device).bytes)
    found = connection.execute(
        "SELECT seq, device, bytes FROM journal WHERE seq > ? AND seq > ? AND device IS NOT NULL"
        " AND number IS NOT NULL AND absent IS NULL ORDER BY seq DESC",
        (after, last - LOOKED_AT),
    )
    changes = []
    for seq, author, data in found:
        if author in own:
            continue
        change = decode(data)
        if change.kind not in SILENT:
            changes.append((seq, change))
        if len(changes) == SHOWN:
            break
    lines = {line.id: line for line in lines_by_id(connection, [change.row for _, change in changes])}
    return News(
        pieces=tuple(
            Piece(
                seq=seq,
                change=stated(connection, change),
                line=(line := lines.get(change.row)),
                important=_important(line),
            )
            for seq, change in changes
        ),
        upto=last,
    )


def _important(line: LogLine | None) -> bool:
    """A line that somebody called important, and a new incident."""
    if line is None:
        return False
    if line.kind == "incident_event":
        return line.values.get("event") in ("opened", "reopened")
    return (line.values.get("importance") or "normal") != "normal"
