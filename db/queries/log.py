"""The log's queries: how many lines a day, a page of lines anywhere, where a line stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from commandcenter.domain.clock import day_number, day_span, from_ms, to_ms
from commandcenter.domain.record import REGISTRY
from db.desk.counting import doubtful
from db.desk.engine import Connection
from db.desk.statements import CODECS
from db.queries.purge import gone_from


@dataclass(frozen=True, kw_only=True)
class LogFilter:
    """Which lines are meant. The default is what people wrote."""

    machine: bool = False  # include what the program wrote
    important: bool = False  # only important and urgent
    channel: str | None = None
    desk_id: UUID | None = None
    incident_id: UUID | None = None  # the incident's timeline instead of the whole log
    kind: str | None = None
    day: int | None = None  # one Asia/Shanghai day (day number)


@dataclass(frozen=True, kw_only=True)
class Struck:
    """The strike that counts for a line."""

    id: UUID
    reason: str
    at: datetime
    by_id: UUID | None
    replacement_id: UUID | None
    destroyed: str = ""  # the number of the certificate by which the reason was destroyed


@dataclass(frozen=True, kw_only=True)
class LogLine:
    """One line as lists show it, whatever kind of fact it is. ``values``: the row by column."""

    id: UUID
    kind: str
    happened_at: datetime
    machine: bool
    values: dict[str, Any]
    struck: Struck | None
    replaces_id: UUID | None  # the struck line that this one replaces
    # {field: the number of the certificate by which it was destroyed}
    gone: Mapping[str, str] = field(default_factory=dict)
    doubtful: bool = False  # the centre doubts its time, and nobody has vouched for it: it decides nothing

    @property
    def destroyed(self) -> str:
        """The number of the certificate by which its words were destroyed; "" for none."""
        return self.gone.get(_SAYS.get(self.kind, ""), "")

    @property
    def text(self) -> str:
        """The words of a log entry; "" for other facts."""
        return self.values.get("text") or ""


@dataclass(frozen=True, kw_only=True)
class DayCounts:
    """Lines per day, newest day first: the scale of the scroll bar. ``first[i]``: position of day i."""

    filter: LogFilter
    days: tuple[int, ...]
    counts: tuple[int, ...]
    first: tuple[int, ...]
    total: int


def _conditions(filter_: LogFilter) -> tuple[str, list[Any]]:
    """The WHERE of everything but day and incident, on columns that timeline and day_count share (as t)."""
    clauses: list[str] = []
    parameters: list[Any] = []
    if not filter_.machine:
        clauses.append("t.machine = 0")
    if filter_.kind is not None:
        clauses.append("t.kind = ?")
        parameters.append(filter_.kind)
    if filter_.important:
        clauses.append("t.importance <> 'normal'")
    if filter_.channel is not None:
        clauses.append("t.channel = ?")
        parameters.append(filter_.channel)
    if filter_.desk_id is not None:
        clauses.append("t.desk_id = ?")
        parameters.append(filter_.desk_id.bytes)
    return " AND ".join(clauses) or "1", parameters


def day_counts(connection: Connection, filter_: LogFilter) -> DayCounts:
    """How many lines the filter has on each day."""
    where, parameters = _conditions(filter_)
    if filter_.incident_id is None:
        if filter_.day is not None:
            where += " AND t.day = ?"
            parameters.append(filter_.day)
        sql = (
            f"SELECT t.day, sum(t.count) FROM day_count AS t WHERE {where} GROUP BY t.day ORDER BY t.day DESC"
        )
    else:
        # an incident's own lines are few enough to be counted from its index
        source, more = _incident_source(filter_)
        where, parameters = f"{where} AND {more[0]}", [*parameters, *more[1]]
        sql = (
            f"SELECT (t.happened_at + 28800000) / 86400000 AS day, count(*) FROM {source}"
            f" WHERE {where} GROUP BY day ORDER BY day DESC"
        )
    days, counts, first, total = [], [], [], 0
    for day, count in connection.execute(sql, parameters):
        if filter_.day is not None and day != filter_.day:
            continue
        days.append(day)
        counts.append(count)
        first.append(total)
        total += count
    return DayCounts(filter=filter_, days=tuple(days), counts=tuple(counts), first=tuple(first), total=total)


def _incident_source(filter_: LogFilter) -> tuple[str, tuple[str, list[Any]]]:
    assert filter_.incident_id is not None
    source = (
        "incident_timeline AS i JOIN timeline AS t ON t.happened_at = i.happened_at AND t.row_id = i.row_id"
    )
    return source, ("i.incident_id = ?", [filter_.incident_id.bytes])


def page(connection: Connection, counts: DayCounts, first: int, wanted: int) -> list[LogLine]:
    """Up to ``wanted`` lines from position ``first`` (0 = newest), newest first.

    ``counts`` was read before; if lines came since, the page is one from then: never torn, at worst old.
    Within the day found by the counts lines are skipped along the index: never an OFFSET into the log.
    """
    filter_ = counts.filter
    where, parameters = _conditions(filter_)
    source = "timeline AS t"
    if filter_.incident_id is not None:
        source, more = _incident_source(filter_)
        where, parameters = f"{where} AND {more[0]}", [*parameters, *more[1]]
        order = "i.happened_at DESC, i.row_id DESC"
        span = "i.happened_at >= ? AND i.happened_at < ?"
    else:
        order = "t.happened_at DESC, t.row_id DESC"
        span = "t.happened_at >= ? AND t.happened_at < ?"
    sql = (
        "SELECT t.happened_at, t.row_id, t.kind, t.machine, t.struck_id"
        f" FROM {source} WHERE {where} AND {span} ORDER BY {order} LIMIT ? OFFSET ?"
    )
    lines: list[tuple[Any, ...]] = []
    for day, skip in _days_from(counts, first):
        if len(lines) >= wanted:
            break
        lines += connection.execute(sql, (*parameters, *day_span(day), wanted - len(lines), skip)).fetchall()
    return _lines(connection, lines)


def _days_from(counts: DayCounts, first: int) -> Iterator[tuple[int, int]]:
    """The days from the one that holds position ``first``, each with the lines to skip in it."""
    low, high = 0, len(counts.days)
    while low < high:
        middle = (low + high) // 2
        if counts.first[middle] + counts.counts[middle] <= first:
            low = middle + 1
        else:
            high = middle
    for index in range(low, len(counts.days)):
        yield counts.days[index], max(0, first - counts.first[index])


def position(connection: Connection, counts: DayCounts, happened_at: datetime, id_: UUID) -> int:
    """The position of a line in its filter; where it would stand if the filter hides it."""
    at = to_ms(happened_at)
    day = day_number(at)
    place = 0
    for index, counted in enumerate(counts.days):
        if counted > day:
            place = counts.first[index] + counts.counts[index]
    where, parameters = _conditions(counts.filter)
    source = "timeline AS t"
    if counts.filter.incident_id is not None:
        source, more = _incident_source(counts.filter)
        where, parameters = f"{where} AND {more[0]}", [*parameters, *more[1]]
    newer = connection.execute(
        f"SELECT count(*) FROM {source} WHERE {where} AND t.happened_at < ?"
        " AND (t.happened_at > ? OR (t.happened_at = ? AND t.row_id > ?))",
        (*parameters, day_span(day)[1], at, at, id_.bytes),
    ).fetchone()
    return place + int(newer[0])


def lines_by_id(connection: Connection, ids: Sequence[UUID]) -> list[LogLine]:
    """The lines with these ids, in the order asked; what is not a fact here is left out."""
    found = []
    for id_ in ids:
        for kind in (name for name, codec in CODECS.items() if codec.kind.nature == "fact"):
            at = connection.execute(f'SELECT happened_at FROM "{kind}" WHERE id = ?', (id_.bytes,)).fetchone()
            if at is not None:
                found += connection.execute(
                    "SELECT happened_at, row_id, kind, machine, struck_id FROM timeline"
                    " WHERE happened_at = ? AND row_id = ?",
                    (at[0], id_.bytes),
                ).fetchall()
                break
    return _lines(connection, found)


# The field that a fact of a kind is read by.
_SAYS = {"log_entry": "text", "strike": "reason"}


def _lines(connection: Connection, raw: Sequence[tuple[Any, ...]]) -> list[LogLine]:
    rows = _rows(connection, raw)
    strikes = _rows_of(connection, "strike", [line[4] for line in raw if line[4] is not None])
    replaced = _replaced(connection, [line[1] for line in raw if line[2] == "log_entry"])
    doubted: set[bytes] = set()
    for part in _parts([line[1] for line in raw]):
        doubted |= doubtful(connection, part)
    gone = _gone(connection, raw, rows, strikes)
    out = []
    for happened, row_id, kind, machine, struck_id in raw:
        values = rows.get(row_id)
        if values is None:
            continue
        strike = strikes.get(struck_id) if struck_id is not None else None
        out.append(
            LogLine(
                id=UUID(bytes=row_id),
                kind=kind,
                happened_at=from_ms(happened),
                machine=bool(machine),
                values=values,
                struck=None
                if strike is None
                else Struck(
                    id=strike["id"],
                    reason=strike["reason"] or "",
                    at=strike["happened_at"],
                    by_id=strike["typed_by_id"],
                    replacement_id=strike["replacement_id"],
                    destroyed=gone.get(strike["id"], {}).get("reason", ""),
                ),
                replaces_id=replaced.get(row_id),
                gone=gone.get(values["id"], {}),
                doubtful=row_id in doubted,
            )
        )
    return out


def _gone(
    connection: Connection,
    raw: Sequence[tuple[Any, ...]],
    rows: Mapping[bytes, dict[str, Any]],
    strikes: Mapping[bytes, dict[str, Any]],
) -> dict[UUID, dict[str, str]]:
    by_kind: dict[str, list[dict[str, Any]]] = {"strike": list(strikes.values())}
    for line in raw:
        if line[1] in rows:
            by_kind.setdefault(line[2], []).append(rows[line[1]])
    out: dict[UUID, dict[str, str]] = {}
    for kind, found in by_kind.items():
        out |= gone_from(connection, kind, found)
    return out


def _rows(connection: Connection, raw: Sequence[tuple[Any, ...]]) -> dict[bytes, dict[str, Any]]:
    by_kind: dict[str, list[bytes]] = {}
    for line in raw:
        by_kind.setdefault(line[2], []).append(line[1])
    out: dict[bytes, dict[str, Any]] = {}
    for kind, ids in by_kind.items():
        out |= _rows_of(connection, kind, ids)
    for kind, ids in by_kind.items():
        _name_things(connection, kind, [out[id_] for id_ in ids if id_ in out])
    return out


def _name_things(connection: Connection, kind: str, facts: Sequence[dict[str, Any]]) -> None:
    """The line of a fact about a card says which: ``values["thing"]``, its title."""
    of = REGISTRY[kind].of
    if not of:
        return
    target = REGISTRY[kind].types[of].target
    ids = sorted({fact[of].bytes for fact in facts if fact[of] is not None})
    things = _rows_of(connection, target, ids) if ids else {}
    for fact in facts:
        thing = things.get(fact[of].bytes) if fact[of] is not None else None
        fact["thing"] = "" if thing is None else thing[REGISTRY[target].title] or ""


def _rows_of(connection: Connection, kind: str, ids: Sequence[bytes]) -> dict[bytes, dict[str, Any]]:
    codec = CODECS[kind]
    out: dict[bytes, dict[str, Any]] = {}
    for part in _parts(ids):
        marks = ", ".join("?" * len(part))
        sql = codec.select_all + f" WHERE id IN ({marks})"
        for values in connection.execute(sql, part):
            out[values[0]] = codec.row(values)
    return out


def _replaced(connection: Connection, ids: Sequence[bytes]) -> dict[bytes, UUID]:
    out: dict[bytes, UUID] = {}
    for part in _parts(ids):
        marks = ", ".join("?" * len(part))
        sql = f"SELECT replacement_id, target_id FROM strike WHERE replacement_id IN ({marks})"
        out |= {line: UUID(bytes=target) for line, target in connection.execute(sql, part)}
    return out


def _parts(ids: Sequence[bytes], size: int = 500) -> Iterator[Sequence[bytes]]:
    for start in range(0, len(ids), size):
        yield ids[start : start + size]
