"""The desk's occupancy projection: a row a shelter that was ever opened, made anew from its steps, its last
head count and what came and went since."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from commandcenter.domain.clock import from_ms, to_ms
from commandcenter.domain.projections.occupancy import (
    CountSeen,
    FlowSeen,
    Occupancy,
    StepSeen,
    occupancy,
    standing,
)
from db.desk import statements
from db.desk.counting import counts
from db.desk.engine import Connection

KINDS: tuple[str, ...] = ("shelter_step", "head_count", "shelter_flow")
TABLE = "occupancy"
_COLUMNS = statements.INSERTED["occupancy"]
_INSERT = statements.insert_sql("occupancy", _COLUMNS)
_DELETE = "DELETE FROM occupancy WHERE shelter_id = ?"
_KEPT = f"SELECT {', '.join(_COLUMNS)} FROM occupancy"
_STEPS = (
    f"SELECT s.happened_at, s.id, s.step, s.incident_id FROM shelter_step AS s"
    f" WHERE s.shelter_id = ? AND {counts('s')}"
)
_COUNT = (
    "SELECT c.happened_at, c.id, c.people, c.elderly, c.children, c.care FROM head_count AS c"
    f" WHERE c.shelter_id = ? AND (c.happened_at, c.id) > (?, ?) AND {counts('c')}"
    " ORDER BY c.happened_at DESC, c.id DESC LIMIT 1"
)
_FLOWS = (
    "SELECT f.happened_at, f.id, f.people, f.flow FROM shelter_flow AS f"
    f" WHERE f.shelter_id = ? AND (f.happened_at, f.id) > (?, ?) AND {counts('f')}"
)
_INSTANTS = ("since_at", "opened_at", "counted_at")
_IDS = ("shelter_id", "incident_id")


def keys(kind: str, values: Mapping[str, Any]) -> tuple[UUID, ...]:
    """The shelter that a fact is about."""
    return (values["shelter_id"],)


def renew(connection: Connection, shelters: Iterable[UUID]) -> None:
    """Make the rows of these shelters anew."""
    for shelter in shelters:
        connection.execute(_DELETE, (shelter.bytes,))
        made = _made(connection, shelter)
        if made is not None:
            connection.execute(_INSERT, _row(made))


def rebuild(connection: Connection) -> None:
    """Make every row anew."""
    connection.execute("DELETE FROM occupancy")
    renew(connection, _shelters(connection))


def differing(connection: Connection) -> int:
    """How many rows are not as the facts make them, or are missing; reads only."""
    due = {_row(made) for id_ in _shelters(connection) if (made := _made(connection, id_)) is not None}
    return len(due ^ set(connection.execute(_KEPT)))


def _shelters(connection: Connection) -> list[UUID]:
    found = connection.execute("SELECT DISTINCT shelter_id FROM shelter_step").fetchall()
    return [UUID(bytes=id_) for (id_,) in found]


def _made(connection: Connection, shelter: UUID) -> Occupancy | None:
    stands = standing(
        StepSeen(
            happened_at=from_ms(at),
            id=UUID(bytes=id_),
            step=step,
            incident_id=None if incident is None else UUID(bytes=incident),
        )
        for at, id_, step, incident in connection.execute(_STEPS, (shelter.bytes,))
    )
    if stands is None:
        return None
    if stands.begin is None:
        return occupancy(shelter, stands, None, ())
    after = (to_ms(stands.begin[0]), stands.begin[1].bytes)
    found = connection.execute(_COUNT, (shelter.bytes, *after)).fetchone()
    count = None
    if found is not None:
        after = (found[0], found[1])
        count = CountSeen(
            happened_at=from_ms(found[0]),
            id=UUID(bytes=found[1]),
            people=found[2],
            elderly=found[3],
            children=found[4],
            care=found[5],
        )
    flows = (
        FlowSeen(happened_at=from_ms(at), id=UUID(bytes=id_), people=people if flow == "in" else -people)
        for at, id_, people, flow in connection.execute(_FLOWS, (shelter.bytes, *after))
    )
    return occupancy(shelter, stands, count, flows)


def _row(made: Occupancy) -> tuple[Any, ...]:
    return tuple(_driver(getattr(made, name)) for name in _COLUMNS)


def _driver(value: Any) -> Any:
    if isinstance(value, UUID):
        return value.bytes
    return to_ms(value) if hasattr(value, "tzinfo") else value


def read(connection: Connection, where: str = "1", parameters: Sequence[Any] = ()) -> list[Occupancy]:
    """The kept rows that fulfil a condition, by shelter."""
    out = []
    for raw in connection.execute(f"{_KEPT} WHERE {where} ORDER BY shelter_id", parameters):
        values: dict[str, Any] = dict(zip(_COLUMNS, raw, strict=True))
        for name in _IDS:
            values[name] = None if values[name] is None else UUID(bytes=values[name])
        for name in _INSTANTS:
            values[name] = None if values[name] is None else from_ms(values[name])
        out.append(Occupancy(**values))
    return out


def of_shelter(connection: Connection, shelter: UUID) -> Occupancy | None:
    """How a shelter stands; None where it was never opened."""
    return next(iter(read(connection, "shelter_id = ?", (shelter.bytes,))), None)
