"""The series' queries: what a chart shows of a range of time, by an index, never the whole of anything."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from commandcenter.domain.clock import from_ms, to_ms
from commandcenter.domain.readings import Reading
from db.desk import readings
from db.desk.counting import counts
from db.desk.engine import Connection
from db.desk.statements import CODECS

# What seven days of a reading a minute come to.
MOST_READINGS = 10_080
MOST_MARKS = 200
HOUR_MS = 3_600_000

# (seconds since 1970, value), ascending: thousands of them go to a chart ten times a second
Points = tuple[tuple[float, float], ...]


@dataclass(frozen=True, kw_only=True)
class StationNow:
    """A series that a station measures, and its newest reading; None where people only told of it.
    ``values``: the station's card by column, None where no card is here for it."""

    station_id: UUID
    quantity: str
    newest: Reading | None
    values: dict[str, Any] | None


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A line of the log on a chart's axis of time."""

    id: UUID
    at: datetime
    text: str
    incident_id: UUID | None


def stations(connection: Connection) -> tuple[StationNow, ...]:
    """Every series measured or told of: rivers and rain first, then by the station's code and name."""
    codec = CODECS["station"]
    measured_here = {(one.station_id.bytes, one.quantity): one for one in readings.newest(connection)}
    told_here = set(connection.execute("SELECT DISTINCT station_id, quantity FROM told_level"))
    found = []
    for station, quantity in measured_here.keys() | told_here:
        raw = connection.execute(codec.select, (station,)).fetchone()
        values = None if raw is None else codec.row(raw)
        if values is None or not values["retired"]:
            newest = measured_here.get((station, quantity))
            found.append(
                StationNow(station_id=UUID(bytes=station), quantity=quantity, newest=newest, values=values)
            )
    found.sort(key=_station_place)
    return tuple(found)


_FIRST = ("level", "rain")


def _station_place(one: StationNow) -> tuple[int, str, str, str, bytes]:
    values = one.values or {}
    rank = _FIRST.index(one.quantity) if one.quantity in _FIRST else len(_FIRST)
    return (
        rank,
        str(values.get("code") or "~"),
        str(values.get("name") or "~"),
        one.quantity,
        one.station_id.bytes,
    )


_MEASURED = (
    "SELECT observed_at, value FROM reading WHERE station_id = ? AND quantity = ?"
    " AND observed_at >= ? AND observed_at < ? ORDER BY observed_at DESC LIMIT ?"
)


def measured(
    connection: Connection, station: UUID, quantity: str, since: datetime, until: datetime
) -> Points:
    """What was measured from ``since`` to before ``until``, in the quantity's unit."""
    span = (station.bytes, quantity, to_ms(since), to_ms(until), MOST_READINGS)
    found = connection.execute(_MEASURED, span).fetchall()
    return tuple((at / 1000, value / 1000) for at, value in reversed(found))


_LINES = (
    "SELECT happened_at / 3600000, count(*) FROM timeline"
    " WHERE happened_at >= ? AND happened_at < ? AND machine = 0 AND kind = 'log_entry'"
    " AND struck_id IS NULL GROUP BY 1 ORDER BY 1"
)


def lines_per_hour(connection: Connection, since: datetime, until: datetime) -> Points:
    """How many lines people wrote in each hour that begins in the range; hours without any are nought. What
    was struck counts nowhere."""
    first = to_ms(since) // HOUR_MS
    last = (to_ms(until) - 1) // HOUR_MS
    counted = dict(connection.execute(_LINES, (first * HOUR_MS, (last + 1) * HOUR_MS)).fetchall())
    return tuple((hour * 3600.0, float(counted.get(hour, 0))) for hour in range(first, last + 1))


_BOUND = (
    "SELECT team_id, coalesce(ordered_at, under_way_at, arrived_at, since_at), ended_at FROM engagement"
    " WHERE {} AND coalesce(ordered_at, under_way_at, arrived_at, since_at) < ?"
)
_OUT_NOW = _BOUND.format("ended_at IS NULL")
_OUT_THEN = _BOUND.format("ended_at >= ?")


def teams_out(connection: Connection, since: datetime, until: datetime) -> Points:
    """How many teams were out: a value at the beginning, then one at each change; a team with two jobs is
    one."""
    begin, end = to_ms(since), to_ms(until)
    bound = connection.execute(_OUT_NOW, (end,)).fetchall()
    bound += connection.execute(_OUT_THEN, (begin, end)).fetchall()
    changes: list[tuple[int, int, bytes]] = []
    for team, from_, to in bound:
        changes.append((max(from_, begin), 1, team))
        if to is not None and to < end:
            changes.append((max(to, begin), -1, team))
    return _counted(begin, changes)


def _counted(begin: int, changes: Iterable[tuple[int, int, bytes]]) -> Points:
    jobs: dict[bytes, int] = {}
    out = 0
    points = [(begin / 1000, 0.0)]
    for at, step, team in sorted(changes, key=lambda change: (change[0], -change[1])):
        before = jobs.get(team, 0)
        jobs[team] = before + step
        out += int(jobs[team] > 0) - int(before > 0)
        if points[-1][0] == at / 1000:
            points[-1] = (at / 1000, float(out))
        elif points[-1][1] != out:
            points.append((at / 1000, float(out)))
    return tuple(points)


_MARKS = (
    "SELECT t.row_id, t.happened_at, e.text, e.incident_id FROM timeline AS t"
    " JOIN log_entry AS e ON e.id = t.row_id"
    " WHERE t.happened_at >= ? AND t.happened_at < ? AND t.kind = 'log_entry'"
    " AND t.importance <> 'normal' AND t.struck_id IS NULL"
    " ORDER BY t.happened_at DESC, t.row_id DESC LIMIT ?"
)


def marks(connection: Connection, since: datetime, until: datetime) -> tuple[Mark, ...]:
    """The important lines of a range that stand, the newest of them, ascending."""
    found = connection.execute(_MARKS, (to_ms(since), to_ms(until), MOST_MARKS)).fetchall()
    return tuple(
        Mark(
            id=UUID(bytes=id_),
            at=from_ms(at),
            text=text or "",
            incident_id=None if incident is None else UUID(bytes=incident),
        )
        for id_, at, text, incident in reversed(found)
    )


def teams_out_now(connection: Connection) -> int:
    """How many teams are out."""
    row = connection.execute(
        "SELECT count(DISTINCT team_id) FROM engagement WHERE ended_at IS NULL"
    ).fetchone()
    return int(row[0])


_TOLD = (
    "SELECT t.happened_at, t.value FROM told_level AS t WHERE t.station_id = ? AND t.quantity = ?"
    f" AND t.happened_at >= ? AND t.happened_at < ? AND {counts('t')} ORDER BY t.happened_at DESC LIMIT ?"
)


def told(connection: Connection, station: UUID, quantity: str, since: datetime, until: datetime) -> Points:
    """What people told of a series in a range, in its unit; struck ones and doubtful times nowhere."""
    span = (station.bytes, quantity, to_ms(since), to_ms(until), MOST_MARKS)
    return tuple(
        (at / 1000, value / 1000) for at, value in reversed(connection.execute(_TOLD, span).fetchall())
    )
