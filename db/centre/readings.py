"""The centre's readings: entered once by one statement, the newest, ranges, and what is left of old hours."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Connection, bindparam, cast, delete, func, select, text
from sqlalchemy.dialects import postgresql, sqlite

from commandcenter.domain.clock import from_ms, to_ms
from commandcenter.domain.readings import KEPT_RAW, Hour, Reading, entered
from db.tables import reading, reading_hour, reading_newest
from db.types import Id, Instant

_HOUR_MS = 3_600_000

# As commandcenter.domain.readings.stands; both databases compare ids byte by byte.
_ENTER = text(
    "INSERT INTO reading (station_id, quantity, observed_at, value, received_at, source_id, sent)"
    " VALUES (:station_id, :quantity, :observed_at, :value, :received_at, :source_id, true)"
    " ON CONFLICT (station_id, quantity, observed_at) DO UPDATE SET value = excluded.value,"
    " received_at = excluded.received_at, source_id = excluded.source_id"
    " WHERE excluded.source_id < reading.source_id OR (excluded.source_id = reading.source_id"
    " AND (excluded.received_at, excluded.value) > (reading.received_at, reading.value))"
).bindparams(
    bindparam("station_id", type_=Id()),
    bindparam("observed_at", type_=Instant()),
    bindparam("received_at", type_=Instant()),
    bindparam("source_id", type_=Id()),
)
_NEWEST_PUT = text(
    "INSERT INTO reading_newest (station_id, quantity, observed_at)"
    " VALUES (:station_id, :quantity, :observed_at)"
    " ON CONFLICT (station_id, quantity) DO UPDATE SET observed_at = excluded.observed_at"
    " WHERE excluded.observed_at > reading_newest.observed_at"
).bindparams(bindparam("station_id", type_=Id()), bindparam("observed_at", type_=Instant()))

_r, _n, _h = reading.c, reading_newest.c, reading_hour.c
_SAID = (_r.station_id, _r.quantity, _r.observed_at, _r.value, _r.received_at, _r.source_id)
_NEWEST = (
    select(*_SAID)
    .join(
        reading_newest,
        (_n.station_id == _r.station_id) & (_n.quantity == _r.quantity) & (_n.observed_at == _r.observed_at),
    )
    .order_by(_r.station_id, _r.quantity)
)
_RANGE = (
    select(*_SAID)
    .where(_r.station_id == bindparam("station"), _r.quantity == bindparam("series"))
    .where(_r.observed_at >= bindparam("since"), _r.observed_at < bindparam("until"))
    .order_by(_r.observed_at)
    .limit(bindparam("most"))
)
_HOURS = (
    select(*reading_hour.c)
    .where(_h.station_id == bindparam("station"), _h.quantity == bindparam("series"))
    .where(_h.hour_at >= bindparam("since"), _h.hour_at < bindparam("until"))
    .order_by(_h.hour_at)
    .limit(bindparam("most"))
)


def _thinning(dialect: str) -> Any:
    """Fold what is older than ``cut`` into its hours; an hour that is there already takes it in."""
    if dialect == "postgresql":
        hour: Any = func.date_trunc("hour", _r.observed_at)  # a session's zone is UTC
        into: Any = postgresql.insert(reading_hour)
        lower: Any = func.least
        higher: Any = func.greatest
    else:
        hour = _r.observed_at.op("-", return_type=Instant())(
            _r.observed_at.op("%", return_type=BigInteger())(text(str(_HOUR_MS)))
        )
        into = sqlite.insert(reading_hour)
        lower, higher = func.min, func.max
    of_hours = (
        select(
            _r.station_id,
            _r.quantity,
            hour,
            func.min(_r.value),
            func.max(_r.value),
            cast(func.sum(_r.value), BigInteger),
            func.count(),
        )
        .where(_r.observed_at < bindparam("cut", type_=Instant()))
        .group_by(_r.station_id, _r.quantity, hour)
    )
    names = [column.name for column in reading_hour.columns]
    into = into.from_select(names, of_hours)
    came = into.excluded
    return into.on_conflict_do_update(
        index_elements=["station_id", "quantity", "hour_at"],
        set_={
            "minimum": lower(_h.minimum, came.minimum),
            "maximum": higher(_h.maximum, came.maximum),
            "total": _h.total + came.total,
            "count": _h["count"] + came["count"],
        },
    )


_THIN = {dialect: _thinning(dialect) for dialect in ("sqlite", "postgresql")}
_GONE = delete(reading).where(_r.observed_at < bindparam("cut", type_=Instant()))
_ALONE = text("SELECT pg_advisory_xact_lock(3502550003)")


def enter(connection: Connection, readings: Iterable[Reading]) -> None:
    """Enter readings, each with its source, in any order and any number of times."""
    # in the order of their keys, so that two who enter at once never wait for each other
    ordered = sorted(entered(readings).values(), key=lambda one: one.key)
    if not ordered:
        return
    said = [
        {
            "station_id": one.station_id,
            "quantity": one.quantity,
            "observed_at": one.observed_at,
            "value": one.value,
            "received_at": one.received_at,
            "source_id": one.source_id,
        }
        for one in ordered
    ]
    connection.execute(_ENTER, said)
    names = ("station_id", "quantity", "observed_at")
    last = {one.series: row for one, row in zip(ordered, said, strict=True)}
    connection.execute(_NEWEST_PUT, [{name: row[name] for name in names} for row in last.values()])


def newest(connection: Connection) -> list[Reading]:
    """The newest of each series."""
    return [_read(row) for row in connection.execute(_NEWEST)]


def between(
    connection: Connection, station: UUID, quantity: str, since: datetime, until: datetime, limit: int
) -> list[Reading]:
    """A series from ``since`` to before ``until``, ascending: what is kept raw."""
    return [_read(row) for row in connection.execute(_RANGE, _asked(station, quantity, since, until, limit))]


def hours(
    connection: Connection, station: UUID, quantity: str, since: datetime, until: datetime, limit: int
) -> list[Hour]:
    """The hours of a series that begin in the range and whose readings were thinned out."""
    found = connection.execute(_HOURS, _asked(station, quantity, since, until, limit))
    return [Hour(**row._mapping) for row in found]


def thin_out(connection: Connection, now: datetime) -> int:
    """Fold readings older than ninety days into their hours; how many. In a transaction of its own."""
    if connection.dialect.name == "postgresql":  # another process may do the same; on a file nobody can
        connection.execute(_ALONE)
    cut = to_ms(now - KEPT_RAW)
    whole = {"cut": from_ms(cut - cut % _HOUR_MS)}
    connection.execute(_THIN[connection.dialect.name], whole)
    return connection.execute(_GONE, whole).rowcount


def _asked(station: UUID, quantity: str, since: datetime, until: datetime, limit: int) -> dict[str, Any]:
    return {"station": station, "series": quantity, "since": since, "until": until, "most": limit}


def _read(row: Any) -> Reading:
    return Reading(**row._mapping)
