"""The swim lanes' query: what happened in an incident, sorted into lanes, struck facts left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from commandcenter.domain.record import REGISTRY
from db.desk.engine import Connection
from db.queries.log import LogLine, lines_by_id
from db.queries.teams import Sent, sent_to

MOST_POINTS = 2_000
MOST_OF_A_KIND = 400
# Kinds with a lane of their own form, and those that are no news on a line of time.
_OWN = frozenset({"log_entry", "incident_event", "deployment_step", "strike"})


@dataclass(frozen=True, kw_only=True)
class LanePoint:
    """A fact at its time (seconds since 1970). ``lane``: report, order or stage; ``values``: its codes."""

    id: UUID
    at: float
    lane: str
    text: str
    urgent: bool = False
    event: str = ""


@dataclass(frozen=True, kw_only=True)
class IncidentLanes:
    """``lines``: facts of other kinds, by kind, ascending; ``first`` and ``last``: when its first and last
    fact happened, None before there is one."""

    points: tuple[LanePoint, ...]
    sent: tuple[Sent, ...]
    lines: dict[str, tuple[LogLine, ...]]
    first: float | None
    last: float | None


_LINES = (
    "SELECT i.row_id, i.happened_at, e.text, e.direction, t.importance FROM incident_timeline AS i"
    " JOIN timeline AS t ON t.happened_at = i.happened_at AND t.row_id = i.row_id"
    " JOIN log_entry AS e ON e.id = i.row_id"
    " WHERE i.incident_id = ? AND i.kind = 'log_entry' AND t.struck_id IS NULL"
    " AND (t.importance <> 'normal' OR e.direction = 'outgoing')"
    " ORDER BY i.happened_at DESC, i.row_id DESC LIMIT ?"
)
_EVENTS = (
    "SELECT i.row_id, i.happened_at, e.event FROM incident_timeline AS i"
    " JOIN incident_event AS e ON e.id = i.row_id"
    " WHERE i.incident_id = ? AND i.kind = 'incident_event' AND e.event <> 'attached'"
    " ORDER BY i.happened_at DESC, i.row_id DESC LIMIT ?"
)
_SPAN = "SELECT min(happened_at), max(happened_at) FROM incident_timeline WHERE incident_id = ?"
_OTHERS = (
    "SELECT i.kind, i.row_id FROM incident_timeline AS i"
    " JOIN timeline AS t ON t.happened_at = i.happened_at AND t.row_id = i.row_id"
    " WHERE i.incident_id = ? AND i.kind = ? AND t.struck_id IS NULL"
    " ORDER BY i.happened_at DESC, i.row_id DESC LIMIT ?"
)


def incident_lanes(connection: Connection, incident: UUID) -> IncidentLanes:
    """An incident's facts by lane; of very many the newest."""
    key = incident.bytes
    points = [_line(*raw) for raw in connection.execute(_LINES, (key, MOST_POINTS))]
    points += [
        LanePoint(id=UUID(bytes=id_), at=at / 1000, lane="stage", text="", event=event)
        for id_, at, event in connection.execute(_EVENTS, (key, MOST_POINTS))
    ]
    points.sort(key=lambda point: (point.at, point.id))
    first, last = connection.execute(_SPAN, (key,)).fetchone()
    lines: dict[str, tuple[LogLine, ...]] = {}
    for kind, definition in REGISTRY.items():
        if definition.nature == "fact" and kind not in _OWN and not definition.machine:
            ids = [id_ for _, id_ in connection.execute(_OTHERS, (key, kind, MOST_OF_A_KIND))]
            if ids:
                found = lines_by_id(connection, [UUID(bytes=id_) for id_ in reversed(ids)])
                lines[kind] = tuple(found)
    return IncidentLanes(
        points=tuple(points),
        sent=sent_to(connection, incident),
        lines=lines,
        first=None if first is None else first / 1000,
        last=None if last is None else last / 1000,
    )


def _line(id_: bytes, at: int, text: Any, direction: str | None, importance: str) -> LanePoint:
    return LanePoint(
        id=UUID(bytes=id_),
        at=at / 1000,
        lane="order" if direction == "outgoing" else "report",
        text=text or "",
        urgent=importance == "urgent",
    )
