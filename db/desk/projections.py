"""The desk's projections kept with each change: log line, incident timeline, day counts, strikes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol
from uuid import UUID

from commandcenter.domain.clock import day_number, from_ms, to_ms
from commandcenter.domain.projections.timeline import StrikeSeen, attached, effective, placed
from commandcenter.domain.record import Kind
from db.desk import engagements, occupancies, search, statements
from db.desk.engine import Connection

NO_DESK = bytes(16)


class Kept(Protocol):
    """A projection with a table of its own. A key names what is made anew together: a deployment, a shelter,
    an item in a warehouse. Nothing is ever made anew from the beginning of time on a key press."""

    KINDS: tuple[str, ...]  # of the facts that it is made from
    TABLE: str

    def keys(self, kind: str, values: Mapping[str, Any], /) -> Iterable[Any]:
        """What a fact touches; hashable."""

    def renew(self, connection: Connection, keys: Iterable[Any], /) -> None:
        """Make what these keys name anew from the facts that count."""

    def rebuild(self, connection: Connection, /) -> None:
        """Make all of it anew."""

    def differing(self, connection: Connection, /) -> int:
        """How many rows are not as the facts make them, or are missing; reads only."""


KEPT: tuple[Kept, ...] = (engagements, occupancies)
_KEPT_OF: dict[str, Kept] = {kind: kept for kept in KEPT for kind in kept.KINDS}
# An event e of an incident that puts its subject on the timeline: see domain.projections.timeline.attached.
_ATTACHES = (
    "e.event IN ('opened', 'attached') AND e.incident_id IS NOT NULL"
    " AND NOT EXISTS (SELECT 1 FROM strike AS x WHERE x.target_id = e.id)"
)


def keep(
    connection: Connection,
    kind: Kind,
    row_id: UUID,
    values: Mapping[str, Any],
    desk: UUID | None,
    *,
    fresh: bool = False,
) -> None:
    """Enter a fact into every projection it touches; facts may come in any order.

    ``fresh``: minted in this transaction, so nothing that names it can have come before it.
    """
    line = placed(kind, row_id, values)
    if line is None:
        return
    desk_bytes = NO_DESK if desk is None else desk.bytes
    happened = to_ms(line.happened_at)
    row = row_id.bytes
    struck = None if fresh else _struck_by(connection, row)
    connection.execute(
        statements.TIMELINE_INSERT,
        (happened, row, line.kind, line.machine, line.importance, line.channel, desk_bytes, struck),
    )
    connection.execute(
        statements.DAY_COUNT_ADD,
        (day_number(happened), line.kind, line.machine, line.importance, line.channel, desk_bytes, 1),
    )
    if line.incident_id is not None:
        connection.execute(
            statements.INCIDENT_TIMELINE_INSERT,
            (line.incident_id.bytes, happened, row, line.kind, line.machine),
        )
    if not fresh:
        _attach_waiting(connection, row, happened, line.kind, line.machine)
    pair = attached(kind, values)
    if pair is not None and struck is None:
        _attach(connection, *pair)
    if kind.name == "strike":
        _strike(connection, values["target_id"].bytes)
    elif kind.name == "time_confirmation":
        _confirm(connection, values["target_id"].bytes)
    else:
        _renew(connection, ((kind.name, values),))


_AT_ONCE = 64  # ids in one question
_MARKS = ", ".join("?" * _AT_ONCE)
_NAMED = (
    f"SELECT target_id FROM strike WHERE target_id IN ({_MARKS})"
    f" UNION ALL SELECT subject_id FROM incident_event WHERE subject_id IN ({_MARKS})"
)


def keep_many(
    connection: Connection, facts: Sequence[tuple[Kind, UUID, Mapping[str, Any], UUID | None]]
) -> None:
    """:func:`keep` for many facts (kind, row, values, desk), none of them a strike or an incident event: a
    statement for each table. What a strike or an event names already is entered by itself."""
    ids = [row_id.bytes for _, row_id, _, _ in facts]
    named: set[bytes] = set()
    for begin in range(0, len(ids), _AT_ONCE):
        part = ids[begin : begin + _AT_ONCE]
        part += part[-1:] * (_AT_ONCE - len(part))
        named.update(found[0] for found in connection.execute(_NAMED, (*part, *part)))
    lines: list[tuple[Any, ...]] = []
    incidents: list[tuple[Any, ...]] = []
    days: dict[tuple[Any, ...], int] = {}
    for kind, row_id, values, desk in facts:
        row = row_id.bytes
        line = None if row in named else placed(kind, row_id, values)
        if line is None:
            keep(connection, kind, row_id, values, desk)
            continue
        desk_bytes = NO_DESK if desk is None else desk.bytes
        happened = to_ms(line.happened_at)
        what = (line.kind, line.machine, line.importance, line.channel, desk_bytes)
        lines.append((happened, row, *what, None))
        day = (day_number(happened), *what)
        days[day] = days.get(day, 0) + 1
        if line.incident_id is not None:
            incidents.append((line.incident_id.bytes, happened, row, line.kind, line.machine))
    connection.executemany(statements.TIMELINE_INSERT, lines)
    connection.executemany(statements.DAY_COUNT_ADD, [(*day, count) for day, count in days.items()])
    connection.executemany(statements.INCIDENT_TIMELINE_INSERT, incidents)
    _renew(connection, ((kind.name, values) for kind, _, values, _ in facts))


def forget(connection: Connection, kind: Kind, row_id: UUID) -> None:
    """Take a fact out of every projection, its row with it: the centre refused it, or it is no longer ours
    to see. Others' facts that name it stay."""
    codec = statements.CODECS[kind.name]
    raw = connection.execute(codec.select, (row_id.bytes,)).fetchone()
    if raw is None:
        return
    row = codec.row(raw)
    line = placed(kind, row_id, row)
    pair = attached(kind, row)
    connection.execute(f'DELETE FROM "{kind.name}" WHERE id = ?', (row_id.bytes,))
    search.forget(connection, row_id.bytes)
    if pair is not None:
        _detach(connection, pair[0].bytes, pair[1].bytes)
    if line is not None:
        happened, desk = to_ms(line.happened_at), row["typed_desk_id"]
        connection.execute(
            "DELETE FROM timeline WHERE happened_at = ? AND row_id = ?", (happened, row_id.bytes)
        )
        connection.execute("DELETE FROM incident_timeline WHERE row_id = ?", (row_id.bytes,))
        key = (
            *(day_number(happened), line.machine, line.kind, line.importance, line.channel),
            NO_DESK if desk is None else desk.bytes,
        )
        where = "day = ? AND machine = ? AND kind = ? AND importance = ? AND channel = ? AND desk_id = ?"
        connection.execute(f"UPDATE day_count SET count = count - 1 WHERE {where}", key)
        connection.execute(f"DELETE FROM day_count WHERE {where} AND count = 0", key)
    if kind.name == "strike":
        _strike(connection, row["target_id"].bytes)
    elif kind.name == "time_confirmation":
        _confirm(connection, row["target_id"].bytes)
    else:
        _renew(connection, ((kind.name, row),))


def renew_of(connection: Connection, kind: str, row: bytes) -> None:
    """Make anew what this fact touches: whether it counts has changed."""
    if kind in _KEPT_OF:
        codec = statements.CODECS[kind]
        raw = connection.execute(codec.select, (row,)).fetchone()
        if raw is not None:
            _renew(connection, ((kind, codec.row(raw)),))


def _renew(connection: Connection, facts: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
    touched: dict[str, tuple[Kept, set[Any]]] = {}
    for kind, values in facts:
        kept = _KEPT_OF.get(kind)
        if kept is not None:
            touched.setdefault(kept.TABLE, (kept, set()))[1].update(kept.keys(kind, values))
    for kept, keys in touched.values():
        kept.renew(connection, keys)


def _struck_by(connection: Connection, target: bytes) -> bytes | None:
    strikes = connection.execute(
        "SELECT happened_at, id, replacement_id FROM strike WHERE target_id = ?", (target,)
    )
    counts = effective(
        StrikeSeen(
            happened_at=from_ms(happened),
            id=UUID(bytes=id_),
            replacement_id=None if replacement is None else UUID(bytes=replacement),
        )
        for happened, id_, replacement in strikes
    )
    return None if counts is None else counts.id.bytes


def find_fact(connection: Connection, row: bytes) -> tuple[str, int] | None:
    """(kind, happened_at in ms) of the fact with this id, whichever kind it is; None if not here."""
    for kind in statements.FACT_KINDS:
        found = connection.execute(f'SELECT happened_at FROM "{kind}" WHERE id = ?', (row,)).fetchone()
        if found is not None:
            return kind, found[0]
    return None


def _strike(connection: Connection, target: bytes) -> None:
    found = find_fact(connection, target)
    if found is not None:
        struck = _struck_by(connection, target)
        connection.execute(
            "UPDATE timeline SET struck_id = ? WHERE happened_at = ? AND row_id = ?",
            (struck, found[1], target),
        )
        renew_of(connection, found[0], target)
        if found[0] == "incident_event":
            incident, subject, event = connection.execute(
                "SELECT incident_id, subject_id, event FROM incident_event WHERE id = ?", (target,)
            ).fetchone()
            if incident is None or subject is None:
                return
            if struck is not None:
                _detach(connection, incident, subject)
            elif event in ("opened", "attached"):
                _attach(connection, UUID(bytes=incident), UUID(bytes=subject))


def _confirm(connection: Connection, target: bytes) -> None:
    found = find_fact(connection, target)
    if found is not None:
        renew_of(connection, found[0], target)


def _attach(connection: Connection, incident_id: UUID, subject_id: UUID) -> None:
    found = find_fact(connection, subject_id.bytes)
    if found is not None:
        line = connection.execute(
            "SELECT kind, machine FROM timeline WHERE happened_at = ? AND row_id = ?",
            (found[1], subject_id.bytes),
        ).fetchone()
        if line is not None:
            connection.execute(
                statements.INCIDENT_TIMELINE_INSERT,
                (incident_id.bytes, found[1], subject_id.bytes, *line),
            )


def _detach(connection: Connection, incident_id: bytes, subject_id: bytes) -> None:
    """An event that was struck, or is gone, counts nowhere: what it put on its incident's timeline goes,
    unless the fact itself or another event says that it belongs there."""
    found = find_fact(connection, subject_id)
    if found is None:
        return
    own = connection.execute(f'SELECT incident_id FROM "{found[0]}" WHERE id = ?', (subject_id,)).fetchone()
    others = connection.execute(
        f"SELECT 1 FROM incident_event AS e WHERE e.subject_id = ? AND e.incident_id = ? AND {_ATTACHES}",
        (subject_id, incident_id),
    ).fetchone()
    if own[0] != incident_id and others is None:
        connection.execute(
            "DELETE FROM incident_timeline WHERE incident_id = ? AND happened_at = ? AND row_id = ?",
            (incident_id, found[1], subject_id),
        )


def _attach_waiting(connection: Connection, row: bytes, happened: int, kind: str, machine: bool) -> None:
    waiting = connection.execute(
        f"SELECT e.incident_id FROM incident_event AS e WHERE e.subject_id = ? AND {_ATTACHES}",
        (row,),
    ).fetchall()
    for (incident_id,) in waiting:
        connection.execute(statements.INCIDENT_TIMELINE_INSERT, (incident_id, happened, row, kind, machine))


def rebuild(connection: Connection) -> int:
    """Make every projection anew from the facts, inside the caller's transaction. Returns the lines."""
    for table in ("timeline", "incident_timeline", "day_count"):
        connection.execute(f"DELETE FROM {table}")
    lines = 0
    for name in statements.FACT_KINDS:
        codec = statements.CODECS[name]
        cursor = connection.execute(codec.select_all)
        for raw in cursor:
            row = codec.row(raw)
            keep(connection, codec.kind, row["id"], row, row["typed_desk_id"])
            lines += 1
    for kept in KEPT:
        kept.rebuild(connection)
    return lines


def differing(connection: Connection) -> dict[str, int]:
    """{projection: its rows that are not as the facts make them, and those that it lacks}; reads only."""
    found = {name: connection.execute(sql).fetchone()[0] for name, sql in _DIFFERING.items()}
    found |= {kept.TABLE: kept.differing(connection) for kept in KEPT}
    return {name: count for name, count in found.items() if count}


def _differing_sql() -> dict[str, str]:
    # day_number(): Asia/Shanghai, rounded down also before 1970
    local = "(happened_at + 28800000)"
    days = f"({local} - ({local} % 86400000 + 86400000) % 86400000) / 86400000"
    counted = (
        f"SELECT {days}, kind, machine, importance, channel, desk_id, count(*) FROM timeline"
        " GROUP BY 1, 2, 3, 4, 5, 6"
    )
    counts = "SELECT day, kind, machine, importance, channel, desk_id, count FROM day_count"
    lines, incidents = [], []
    for name in statements.FACT_KINDS:
        kind = statements.CODECS[name].kind
        machine = int(kind.machine)
        importance = (
            "coalesce(nullif(importance, ''), 'normal')" if "importance" in kind.types else "'normal'"
        )
        channel = "coalesce(channel, '')" if "channel" in kind.types else "''"
        lines.append(
            f"SELECT happened_at, id, '{name}', {machine}, {importance}, {channel},"
            f" coalesce(typed_desk_id, zeroblob(16)), (SELECT s.id FROM strike AS s WHERE s.target_id = f.id"
            f' ORDER BY s.happened_at, s.id LIMIT 1) FROM "{name}" AS f'
        )
        incidents.append(
            f"SELECT incident_id, happened_at, id, '{name}', {machine} FROM \"{name}\""
            " WHERE incident_id IS NOT NULL"
        )
        incidents.append(
            f"SELECT e.incident_id, f.happened_at, f.id, '{name}', {machine} FROM incident_event AS e"
            f' JOIN "{name}" AS f ON f.id = e.subject_id'
            f" WHERE {_ATTACHES}"
        )
    kept = "SELECT happened_at, row_id, kind, machine, importance, channel, desk_id, struck_id FROM timeline"
    on_incidents = "SELECT incident_id, happened_at, row_id, kind, machine FROM incident_timeline"
    return {
        "timeline": _difference(" UNION ALL ".join(lines), kept),
        "incident_timeline": _difference(" UNION ".join(incidents), on_incidents),
        "day_count": _difference(counted, counts),
    }


def _difference(due: str, kept: str) -> str:
    """How many rows stand in one of the two and not in the other."""
    return (
        f"WITH due AS MATERIALIZED ({due}), kept AS MATERIALIZED ({kept}) SELECT"
        " (SELECT count(*) FROM (SELECT * FROM due EXCEPT SELECT * FROM kept))"
        " + (SELECT count(*) FROM (SELECT * FROM kept EXCEPT SELECT * FROM due))"
    )


_DIFFERING = _differing_sql()
