"""The desk's readings: entered once whatever comes twice, kept for the centre for seven days at most.

A range that was fetched from the centre is kept for seven days too, with the note that it is here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from commandcenter.domain.clock import from_ms, to_ms
from commandcenter.domain.readings import BUFFERED, Hour, Reading
from db.desk import local
from db.desk.engine import Connection

DROPPED = "readings_dropped"
REFUSED = "readings_refused"
FETCHED = "readings.fetched"  # [[station, quantity, from, to, fetched at]]: ranges that were fetched whole
# Within the last seven days a desk that was alone may still bring some: so long a range counts as whole.
WHOLE_FOR = timedelta(hours=1)

_COLUMNS = "station_id, quantity, observed_at, value, received_at, source_id"
_INSERT = (
    f"INSERT INTO reading ({_COLUMNS}, sent) VALUES (?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (station_id, quantity, observed_at) DO UPDATE SET value = excluded.value,"
    " received_at = excluded.received_at, source_id = excluded.source_id, sent = excluded.sent"
)
# As commandcenter.domain.readings.stands; NULL is the centre's word, which stands.
_ENTER = (
    f"{_INSERT} WHERE excluded.source_id < reading.source_id"
    " OR (excluded.source_id = reading.source_id AND (excluded.received_at, excluded.value)"
    " > (reading.received_at, reading.value))"
)
# An own one that comes back stays this desk's to correct.
_TAKE = (
    f"{_INSERT} WHERE reading.sent"
    " AND (excluded.value, excluded.received_at) <> (reading.value, reading.received_at)"
)
_NEWEST_PUT = (
    "INSERT INTO reading_newest (station_id, quantity, observed_at) VALUES (?, ?, ?)"
    " ON CONFLICT (station_id, quantity) DO UPDATE SET observed_at = excluded.observed_at"
    " WHERE excluded.observed_at > reading_newest.observed_at"
)
_NEWEST = (
    f"SELECT {', '.join(f'r.{name}' for name in _COLUMNS.split(', '))} FROM reading_newest AS n"
    " JOIN reading AS r USING (station_id, quantity, observed_at) ORDER BY station_id, quantity"
)
_RANGE = (
    f"SELECT {_COLUMNS} FROM reading WHERE station_id = ? AND quantity = ?"
    " AND observed_at >= ? AND observed_at < ? ORDER BY observed_at LIMIT ?"
)
_UNSENT = f"SELECT {_COLUMNS} FROM reading WHERE NOT sent ORDER BY received_at LIMIT ?"
_SETTLE = (
    "UPDATE reading SET sent = 1 WHERE station_id = ? AND quantity = ? AND observed_at = ?"
    " AND value = ? AND received_at = ?"
)
_COUNT_UP = (
    "INSERT INTO counter (name, n) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET n = counter.n + excluded.n"
)
_DROP = "DELETE FROM reading WHERE NOT sent AND received_at < ?"
_FORGET = (
    "DELETE FROM reading WHERE sent AND observed_at < ? AND NOT EXISTS (SELECT 1 FROM reading_newest AS n"
    " WHERE n.station_id = reading.station_id AND n.quantity = reading.quantity"
    " AND n.observed_at = reading.observed_at) AND NOT EXISTS (SELECT 1 FROM json_each(?) AS f"
    " WHERE f.value ->> 0 = lower(hex(station_id)) AND f.value ->> 1 = quantity"
    " AND observed_at >= f.value ->> 2 AND observed_at < f.value ->> 3)"
)
_HOUR_COLUMNS = "station_id, quantity, hour_at, minimum, maximum, total, count"
_PUT_HOUR = f"INSERT OR REPLACE INTO reading_hour ({_HOUR_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)"
_HOURS = (
    f"SELECT {_HOUR_COLUMNS} FROM reading_hour WHERE station_id = ? AND quantity = ?"
    " AND hour_at >= ? AND hour_at < ? ORDER BY hour_at LIMIT ?"
)
_QUANTITIES_OF = "SELECT quantity FROM reading_newest WHERE station_id = ? ORDER BY quantity"

_MS = timedelta(milliseconds=1)
_Raw = tuple[bytes, str, int, int, int, bytes | None]


def enter(connection: Connection, readings: Iterable[Reading]) -> None:
    """Enter readings of this desk's, to be sent; the same again, and what was corrected since, changes
    nothing."""
    _put(connection, _ENTER, readings, sent=False)


def take(connection: Connection, readings: Iterable[Reading]) -> None:
    """Take what the centre says; what is still to be sent stands until it is."""
    _put(connection, _TAKE, readings, sent=True)


def _put(connection: Connection, sql: str, readings: Iterable[Reading], *, sent: bool) -> None:
    for one in readings:
        at = to_ms(one.observed_at)
        source = None if one.source_id is None else one.source_id.bytes
        said = (one.station_id.bytes, one.quantity, at, one.value, to_ms(one.received_at), source, sent)
        connection.execute(sql, said)
        connection.execute(_NEWEST_PUT, (one.station_id.bytes, one.quantity, at))


def newest(connection: Connection) -> list[Reading]:
    """The newest of each series."""
    return [_read(raw) for raw in connection.execute(_NEWEST)]


def between(
    connection: Connection, station: UUID, quantity: str, since: datetime, until: datetime, limit: int
) -> list[Reading]:
    """A series from ``since`` to before ``until``, ascending."""
    said = (station.bytes, quantity, to_ms(since), to_ms(until), limit)
    return [_read(raw) for raw in connection.execute(_RANGE, said)]


def unsent(connection: Connection, limit: int) -> list[Reading]:
    """What the centre has not taken yet, the oldest first."""
    return [_read(raw) for raw in connection.execute(_UNSENT, (limit,))]


def settle(connection: Connection, sent: Sequence[Reading], refused: int = 0) -> None:
    """The centre has answered for these; one corrected meanwhile is still to be sent. ``refused``: how many
    of them it did not take."""
    for one in sent:
        key = (one.station_id.bytes, one.quantity, to_ms(one.observed_at))
        connection.execute(_SETTLE, (*key, one.value, to_ms(one.received_at)))
    if refused:
        connection.execute(_COUNT_UP, (REFUSED, refused))


def drop_old(connection: Connection, now: datetime) -> int:
    """Drop what waited for seven days, and count it; how many. Of what the centre has, the newest stays."""
    before = to_ms(now - BUFFERED)
    dropped = connection.execute(_DROP, (before,)).rowcount
    if dropped:
        connection.execute(_COUNT_UP, (DROPPED, dropped))
    kept = [one for one in local.get(connection, FETCHED) or () if one[4] >= before]
    if kept or dropped or local.get(connection, FETCHED):
        local.put(connection, FETCHED, kept)
    connection.execute(_FORGET, (before, json.dumps(kept)))
    return dropped


# --- ranges that were fetched


def quantities_of(connection: Connection, station: UUID) -> list[str]:
    """What is measured at a station, as far as it is known here."""
    return [quantity for (quantity,) in connection.execute(_QUANTITIES_OF, (station.bytes,))]


def holes(
    connection: Connection, station: UUID, quantity: str, since: datetime, until: datetime, now: datetime
) -> list[tuple[datetime, datetime]]:
    """The parts of a range, up to ``now``, that were not fetched yet, ascending."""
    at, end = to_ms(since), to_ms(min(until, now))
    buffered, whole_for = BUFFERED // _MS, WHOLE_FOR // _MS
    found = []
    for begin, to in sorted(
        (begin, to if to_ms(now) - fetched < whole_for else min(to, fetched - buffered))
        for hex_, name, begin, to, fetched in local.get(connection, FETCHED) or ()
        if (hex_, name) == (station.hex, quantity)
    ):
        if begin > at:
            found.append((at, min(begin, end)))
        at = max(at, to)
        if at >= end:
            break
    if at < end:
        found.append((at, end))
    return [(from_ms(begin), from_ms(to)) for begin, to in found if begin < to]


def take_hours(connection: Connection, hours: Iterable[Hour]) -> None:
    """Take hours of which the centre keeps only these figures."""
    for one in hours:
        said = (one.minimum, one.maximum, one.total, one.count)
        connection.execute(_PUT_HOUR, (one.station_id.bytes, one.quantity, to_ms(one.hour_at), *said))


def hours(
    connection: Connection, station: UUID, quantity: str, since: datetime, until: datetime, limit: int
) -> list[Hour]:
    """The hours of a series that begin from ``since`` to before ``until``, ascending, as far as fetched."""
    said = (station.bytes, quantity, to_ms(since), to_ms(until), limit)
    return [
        Hour(
            station_id=station,
            quantity=quantity,
            hour_at=from_ms(at),
            minimum=minimum,
            maximum=maximum,
            total=total,
            count=count,
        )
        for _, _, at, minimum, maximum, total, count in connection.execute(_HOURS, said)
    ]


def fetched(
    connection: Connection, station: UUID, quantity: str, since: datetime, until: datetime, now: datetime
) -> None:
    """Note that a range is here whole, as of ``now``; notes of its parts go."""
    begin, end = to_ms(since), to_ms(until)
    left = [
        one
        for one in local.get(connection, FETCHED) or ()
        if one[:2] != [station.hex, quantity] or not (begin <= one[2] and one[3] <= end)
    ]
    local.put(connection, FETCHED, [*left, [station.hex, quantity, begin, end, to_ms(now)]])


def counted(connection: Connection, name: str) -> int:
    """How many were ``DROPPED`` or ``REFUSED`` so far."""
    row = connection.execute("SELECT n FROM counter WHERE name = ?", (name,)).fetchone()
    return 0 if row is None else int(row[0])


def _read(raw: _Raw) -> Reading:
    station, quantity, observed, value, received, source = raw
    return Reading(
        station_id=UUID(bytes=station),
        quantity=quantity,
        observed_at=from_ms(observed),
        value=value,
        received_at=from_ms(received),
        source_id=None if source is None else UUID(bytes=source),
    )
