"""The overview's query: the open incidents, the teams, and how much the log took today, in one answer."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from db.desk.engine import Connection
from db.queries.incidents import IncidentCard, board
from db.queries.log import LogFilter, day_counts
from db.queries.teams import Forces, forces

# What else a tile is made of: (its key, module, function of a connection). Each thing's queries name theirs.
MORE: tuple[tuple[str, str, str], ...] = (("shelter", "db.queries.shelters", "shelters_now"),)


@dataclass(frozen=True, kw_only=True)
class Overview:
    """``lines``: how many lines people wrote on the day asked for; ``incidents``: the open ones; ``more``:
    what each row of MORE answered, by its key."""

    incidents: tuple[IncidentCard, ...]
    forces: Forces
    lines: int
    more: Mapping[str, Any]


def overview(connection: Connection, day: int) -> Overview:
    """How things stand. ``day``: the Asia/Shanghai day number of today."""
    return Overview(
        incidents=tuple(board(connection, closed=False)),
        forces=forces(connection),
        lines=day_counts(connection, LogFilter(day=day)).total,
        more={key: getattr(importlib.import_module(module), name)(connection) for key, module, name in MORE},
    )
