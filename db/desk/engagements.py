"""The desk's engagement projection: a row a deployment, made anew from its steps whenever one of them comes,
goes or is struck."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from commandcenter.domain.clock import from_ms, to_ms
from commandcenter.domain.projections.engagement import Engagement, StepSeen, engagement
from db.desk import statements
from db.desk.counting import counts
from db.desk.engine import Connection

KINDS: tuple[str, ...] = ("deployment_step",)
TABLE = "engagement"
_COLUMNS = statements.INSERTED["engagement"]
_INSERT = statements.insert_sql("engagement", _COLUMNS)
_DELETE = "DELETE FROM engagement WHERE deployment_id = ?"
_KEPT = f"SELECT {', '.join(_COLUMNS)} FROM engagement"
_STEPS = (
    "SELECT s.id, s.happened_at, s.team_id, s.incident_id, s.step, s.strength, s.knowingly"
    f" FROM deployment_step AS s WHERE s.deployment_id = ? AND {counts('s')}"
)
_INSTANTS = ("since_at", "ordered_at", "under_way_at", "arrived_at", "ended_at")
_IDS = ("deployment_id", "team_id", "incident_id", "step_id")


def keys(kind: str, values: Mapping[str, Any]) -> tuple[UUID, ...]:
    """The deployment that a step belongs to."""
    return (values["deployment_id"],)


def renew(connection: Connection, deployments: Iterable[UUID]) -> None:
    """Make the rows of these deployments anew."""
    for deployment in deployments:
        connection.execute(_DELETE, (deployment.bytes,))
        made = _made(connection, deployment)
        if made is not None:
            connection.execute(_INSERT, _row(made))


def rebuild(connection: Connection) -> None:
    """Make every row anew."""
    connection.execute("DELETE FROM engagement")
    renew(connection, _deployments(connection))


def differing(connection: Connection) -> int:
    """How many rows are not as the steps make them, or are missing; reads only."""
    due = {_row(made) for id_ in _deployments(connection) if (made := _made(connection, id_)) is not None}
    return len(due ^ set(connection.execute(_KEPT)))


def _deployments(connection: Connection) -> list[UUID]:
    found = connection.execute("SELECT DISTINCT deployment_id FROM deployment_step").fetchall()
    return [UUID(bytes=id_) for (id_,) in found]


def _made(connection: Connection, deployment: UUID) -> Engagement | None:
    return engagement(
        deployment,
        [
            StepSeen(
                id=UUID(bytes=id_),
                happened_at=from_ms(happened),
                team_id=UUID(bytes=team),
                incident_id=UUID(bytes=incident),
                step=step,
                strength=strength,
                knowingly=bool(knowingly),
            )
            for id_, happened, team, incident, step, strength, knowingly in connection.execute(
                _STEPS, (deployment.bytes,)
            )
            if incident is not None
        ],
    )


def _row(made: Engagement) -> tuple[Any, ...]:
    return tuple(_driver(getattr(made, name)) for name in _COLUMNS)


def _driver(value: Any) -> Any:
    if isinstance(value, UUID):
        return value.bytes
    if isinstance(value, bool):
        return int(value)
    return to_ms(value) if hasattr(value, "tzinfo") else value


def read(connection: Connection, where: str = "1", parameters: Sequence[Any] = ()) -> list[Engagement]:
    """The kept rows that fulfil a condition, the oldest first."""
    out = []
    for raw in connection.execute(f"{_KEPT} WHERE {where} ORDER BY since_at, deployment_id", parameters):
        values: dict[str, Any] = dict(zip(_COLUMNS, raw, strict=True))
        for name in _IDS:
            values[name] = UUID(bytes=values[name])
        for name in _INSTANTS:
            values[name] = None if values[name] is None else from_ms(values[name])
        values["knowingly"] = bool(values["knowingly"])
        out.append(Engagement(**values))
    return out


def of_team(connection: Connection, team: UUID) -> list[Engagement]:
    """What a team is bound by now."""
    return read(connection, "team_id = ? AND ended_at IS NULL", (team.bytes,))


def of_deployment(connection: Connection, deployment: UUID) -> Engagement | None:
    """Where one deployment stands; None if it is not known here, or none of its steps counts."""
    return next(iter(read(connection, "deployment_id = ?", (deployment.bytes,))), None)
