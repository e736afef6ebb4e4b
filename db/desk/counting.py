"""What counts: a fact that is neither struck nor of a doubtful time that nobody has confirmed (DESIGN §3)."""

from __future__ import annotations

from collections.abc import Sequence

from db.desk.engine import Connection

_DOUBTFUL = (
    "EXISTS (SELECT 1 FROM journal AS j WHERE j.id = {0}.id AND json_extract(j.note, '$.doubtful'))"
    " AND NOT EXISTS (SELECT 1 FROM time_confirmation AS v WHERE v.target_id = {0}.id)"
)


def counts(alias: str) -> str:
    """The condition that the fact ``alias`` counts, for a WHERE."""
    struck = f"EXISTS (SELECT 1 FROM strike AS x WHERE x.target_id = {alias}.id)"
    return f"NOT {struck} AND NOT ({_DOUBTFUL.format(alias)})"


def doubtful(connection: Connection, ids: Sequence[bytes]) -> set[bytes]:
    """Those of these facts whose time is doubtful; at most some hundreds are asked for."""
    if not ids:
        return set()
    marks = ", ".join("?" * len(ids))
    sql = f"SELECT f.id FROM journal AS f WHERE f.id IN ({marks}) AND f.note IS NOT NULL AND {_DOUBTFUL}"
    return {id_ for (id_,) in connection.execute(sql.format("f"), ids)}
