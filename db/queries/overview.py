"""The overview's query: the open incidents, the teams, and how much the log took today, in one answer."""

from __future__ import annotations

from dataclasses import dataclass

from db.desk.engine import Connection
from db.queries.incidents import IncidentCard, board
from db.queries.log import LogFilter, day_counts
from db.queries.teams import Forces, forces


@dataclass(frozen=True, kw_only=True)
class Overview:
    """``lines``: how many lines people wrote on the day asked for; ``incidents``: the open ones."""

    incidents: tuple[IncidentCard, ...]
    forces: Forces
    lines: int


def overview(connection: Connection, day: int) -> Overview:
    """How things stand. ``day``: the Asia/Shanghai day number of today."""
    return Overview(
        incidents=tuple(board(connection, closed=False)),
        forces=forces(connection),
        lines=day_counts(connection, LogFilter(day=day)).total,
    )
