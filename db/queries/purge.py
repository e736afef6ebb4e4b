"""The queries of destruction: what personal values a record or an incident has here, and what is gone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
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
_ANY = "SELECT 1 FROM destroyed LIMIT 1"
_AT_ONCE = 400  # ids in one statement


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


def anything_destroyed(connection: Connection) -> bool:
    """Whether any certificate has destroyed anything: where none has, nothing need be asked of a row."""
    return connection.execute(_ANY).fetchone() is not None


def gone_from(
    connection: Connection, kind: str, rows: Sequence[Mapping[str, Any]]
) -> dict[UUID, dict[str, str]]:
    """{row: {field: the certificate's spoken number}}: which fields of these rows are empty because what
    stands there was destroyed; not what stood there once and was replaced since. ``rows`` as their table has
    them, a card's heads as ids or as text."""
    definition = REGISTRY[kind]
    out: dict[UUID, dict[str, str]] = {}
    if not rows or not definition.personal() or not anything_destroyed(connection):
        return out
    asked: dict[UUID, list[UUID]] = {}  # change -> the rows whose empty fields it may have stated
    empty: dict[tuple[UUID, UUID], set[str]] = {}
    for row in rows:
        for name in definition.personal():
            if row.get(name) not in (None, "", ()):
                continue
            # a fact is made by the change whose id it has
            heads = [row["id"]] if definition.nature == "fact" else (row.get("heads") or {}).get(name, ())
            for head in heads:
                change = head if isinstance(head, UUID) else UUID(head)
                asked.setdefault(change, []).append(row["id"])
                empty.setdefault((change, row["id"]), set()).add(name)
    changes = list(asked)
    for start in range(0, len(changes), _AT_ONCE):
        part = changes[start : start + _AT_ONCE]
        found = connection.execute(
            "SELECT d.target_id, d.field, c.number FROM destroyed AS d"
            " JOIN certificate AS c ON c.id = d.certificate_id WHERE d.former = 0"
            f" AND d.target_id IN ({', '.join('?' * len(part))}) ORDER BY c.happened_at, c.id",
            [change.bytes for change in part],
        )
        for target, name, number in found:
            change = UUID(bytes=target)
            for id_ in asked[change]:
                if name in empty[change, id_]:
                    out.setdefault(id_, {})[name] = number
    return out


def awaited(connection: Connection) -> tuple[str, ...]:
    """The spoken numbers of the certificates that wait for the centre, oldest first: what they name is still
    here. One that the centre refused waits for nothing."""
    found = connection.execute(
        "SELECT c.number FROM certificate AS c JOIN journal AS j ON j.id = c.id"
        " WHERE j.number IS NULL AND j.absent IS NULL ORDER BY c.happened_at, c.id"
    )
    return tuple(number for (number,) in found)
