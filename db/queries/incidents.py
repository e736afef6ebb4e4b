"""The incidents' queries: the board of incidents, and one incident with what stands on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from commandcenter.domain.merge import heads_out
from db.desk.engine import Connection
from db.desk.statements import CODECS
from db.queries.purge import gone_from


@dataclass(frozen=True, kw_only=True)
class IncidentCard:
    """An incident as the board shows it. ``values``: the row by column, heads as ids."""

    id: UUID
    values: dict[str, Any]
    lines: int  # facts on its timeline
    # {field: the number of the certificate by which what stands there was destroyed}
    gone: Mapping[str, str] = field(default_factory=dict)


def board(connection: Connection, *, closed: bool, limit: int = 500) -> list[IncidentCard]:
    """The open incidents, worst and newest first; with ``closed`` the closed ones, newest first."""
    codec = CODECS["incident"]
    # the grades' order is the table's in commandcenter.domain.codes; none comes last
    order = (
        "CASE grade WHEN 'extremely_major' THEN 0 WHEN 'major' THEN 1 WHEN 'larger' THEN 2"
        " WHEN 'ordinary' THEN 3 ELSE 4 END, reported_at DESC, id DESC"
    )
    if closed:
        order = "closed_at DESC, id DESC"
    sql = f"{codec.select_all} WHERE state = ? AND retired IS NOT 1 ORDER BY {order} LIMIT ?"
    found = connection.execute(sql, ("closed" if closed else "open", limit)).fetchall()
    return [_card(connection, raw) for raw in found]


def incident(connection: Connection, id_: UUID) -> IncidentCard | None:
    """One incident; None if there is none."""
    raw = connection.execute(CODECS["incident"].select, (id_.bytes,)).fetchone()
    return None if raw is None else _card(connection, raw)


def _card(connection: Connection, raw: tuple[Any, ...]) -> IncidentCard:
    codec = CODECS["incident"]
    values = codec.row(raw)
    values["heads"] = heads_out(codec.kind, values["heads"])
    (lines,) = connection.execute(
        "SELECT count(*) FROM incident_timeline WHERE incident_id = ? AND machine = 0", (raw[0],)
    ).fetchone()
    gone = gone_from(connection, "incident", [values]).get(values["id"], {})
    return IncidentCard(id=values["id"], values=values, lines=lines, gone=gone)
