"""The queries of destruction: what personal values a record or an incident has here, and what is gone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from commandcenter.domain.change import decode
from commandcenter.domain.record import REGISTRY
from db.desk.engine import Connection
from db.desk.standing import private_of

_OF_ROW = 'SELECT id, bytes, number, absent FROM journal WHERE "row" = ?1 OR id = ?1 ORDER BY seq'
_ON_INCIDENT = "SELECT row_id FROM incident_timeline WHERE incident_id = ? ORDER BY happened_at, row_id"
_GONE = (
    "SELECT DISTINCT d.field, c.number FROM journal AS j JOIN destroyed AS d ON d.target_id = j.id"
    ' JOIN certificate AS c ON c.id = d.certificate_id WHERE (j."row" = ?1 OR j.id = ?1) AND d.former = 0'
    " ORDER BY c.happened_at, c.id"
)
_GONE_OF = (
    "SELECT d.field, c.number FROM destroyed AS d JOIN certificate AS c ON c.id = d.certificate_id"
    " WHERE d.target_id = ? AND d.former = 0 ORDER BY c.happened_at, c.id"
)


@dataclass(frozen=True, kw_only=True)
class Value:
    """A personal value that lies here: what a change stated of a field."""

    kind: str
    row: UUID
    change: UUID
    field: str
    sent: bool  # the centre has numbered it
    refused: bool

    @property
    def card(self) -> bool:
        """Whether its record is edited, so that former values are kept of it."""
        return REGISTRY[self.kind].nature == "card"


@dataclass(frozen=True, kw_only=True)
class Found:
    """What is there to be destroyed."""

    values: tuple[Value, ...]

    @property
    def rows(self) -> int:
        """Of how many records."""
        return len({one.row for one in self.values})

    @property
    def counts(self) -> dict[tuple[str, str], int]:
        """{(kind, field): how many values}."""
        out: dict[tuple[str, str], int] = {}
        for one in self.values:
            out[one.kind, one.field] = out.get((one.kind, one.field), 0) + 1
        return out


def personal_of(connection: Connection, kind: str, row: UUID, *, whole: bool = False) -> Found:
    """The personal values of a record, of every change that stated one; ``whole``: of an incident also those
    of everything on its timeline."""
    rows = [row]
    if whole and kind == "incident":
        rows += [UUID(bytes=id_) for (id_,) in connection.execute(_ON_INCIDENT, (row.bytes,))]
    return Found(values=tuple(one for id_ in dict.fromkeys(rows) for one in _of_row(connection, id_)))


def _of_row(connection: Connection, row: UUID) -> Iterator[Value]:
    for id_, data, number, absent in connection.execute(_OF_ROW, (row.bytes,)).fetchall():
        change = UUID(bytes=id_)
        kind = decode(data).kind
        if kind not in REGISTRY or absent == "hidden":
            continue
        for name, private in sorted(private_of(connection, change).items()):
            if private.value is not None:
                yield Value(
                    kind=kind,
                    row=row,
                    change=change,
                    field=name,
                    sent=number is not None,
                    refused=absent == "refused",
                )


def destroyed_of(connection: Connection, row: UUID) -> dict[str, str]:
    """{field: the certificate's spoken number} of what was destroyed of a record; of several the newest."""
    return dict(connection.execute(_GONE, (row.bytes,)).fetchall())


def destroyed_in(connection: Connection, change: UUID) -> dict[str, str]:
    """The same of one change."""
    return dict(connection.execute(_GONE_OF, (change.bytes,)).fetchall())


def awaited(connection: Connection) -> int:
    """How many certificates wait for the centre: what they name is still here."""
    found = connection.execute(
        "SELECT count(*) FROM certificate AS c JOIN journal AS j ON j.id = c.id WHERE j.number IS NULL"
    ).fetchone()
    return int(found[0])
