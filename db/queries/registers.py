"""The registers' queries: rows of any kind by field, one row, and the directory of names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from commandcenter.domain.clock import from_ms
from commandcenter.domain.errors import Refused
from commandcenter.domain.record import kind_of
from db.desk import local
from db.desk.engine import Connection
from db.desk.statements import CODECS
from db.queries.purge import anything_destroyed, destroyed_of


def rows(
    connection: Connection, kind: str, where: Mapping[str, Any] | None = None, limit: int | None = None
) -> list[dict[str, Any]]:
    """The rows of a kind whose fields equal ``where`` (Python values), oldest first.

    Refused ``unknown_kind``, ``unknown_field``. A card's ``heads`` are ids; a fact's row has ``struck_id``
    besides its columns."""
    from commandcenter.domain.merge import heads_out

    definition = kind_of(kind)
    codec = CODECS[definition.name]
    clauses, parameters = [], []
    for name, value in (where or {}).items():
        if name not in codec.columns:
            raise Refused("unknown_field", field=name, kind=kind)
        if value is None:
            clauses.append(f'"{name}" IS NULL')
        else:
            clauses.append(f'"{name}" = ?')
            parameters.append(codec.encode(name, value))
    sql = codec.select_all + (f" WHERE {' AND '.join(clauses)}" if clauses else "")
    sql += " ORDER BY happened_at, id" if definition.nature == "fact" else " ORDER BY id"
    if limit is not None:
        sql += " LIMIT ?"
        parameters.append(limit)
    out = [codec.row(raw) for raw in connection.execute(sql, parameters)]
    if definition.nature == "card":
        for row in out:
            row["heads"] = heads_out(codec.kind, row["heads"])
    else:
        struck = _struck(connection)
        for row in out:
            row["struck_id"] = struck.get(row["id"])
    return out


def _struck(connection: Connection) -> dict[UUID, UUID]:
    found = connection.execute(
        "SELECT target_id, id FROM strike AS s WHERE NOT EXISTS (SELECT 1 FROM strike AS e"
        " WHERE e.target_id = s.target_id AND (e.happened_at, e.id) < (s.happened_at, s.id))"
    )
    return {UUID(bytes=target): UUID(bytes=strike) for target, strike in found}


def row(connection: Connection, kind: str, id_: UUID) -> dict[str, Any] | None:
    """One row with its heads as ids; None if there is none."""
    from commandcenter.domain.merge import heads_out

    codec = CODECS[kind_of(kind).name]
    raw = connection.execute(codec.select, (id_.bytes,)).fetchone()
    if raw is None:
        return None
    found = codec.row(raw)
    if "heads" in found:
        found["heads"] = heads_out(codec.kind, found["heads"])
    return found


@dataclass(frozen=True, kw_only=True)
class Named:
    """A card as choice lists and rows show it."""

    id: UUID
    kind: str
    name: str
    name_en: str | None
    code: str | None  # organisation code, incident number, desk number
    parent_id: UUID | None
    retired: bool
    detail: str  # organisation level, roles of a person, state of an incident
    destroyed: str = ""  # the number of the certificate by which its name was destroyed


@dataclass(frozen=True, kw_only=True)
class Directory:
    """The names people choose from and rows refer to, frozen in memory (fewer than 20,000)."""

    cards: Mapping[UUID, Named]
    device: UUID | None
    person: UUID | None
    preferences: Mapping[str, Any]
    drafts: Mapping[str, tuple[Mapping[str, Any], datetime]]
    late_after_s: int
    idle_after_s: int = 600

    def of_kind(self, kind: str, *, retired: bool = False) -> list[Named]:
        """The cards of a kind, retired ones only if asked, in the order of their codes."""
        found = [card for card in self.cards.values() if card.kind == kind and (retired or not card.retired)]
        return sorted(found, key=lambda card: (card.code or "", card.name))


def directory(connection: Connection, late_after: UUID) -> Directory:
    """Read the directory. ``late_after``: the row id of the setting that says what is late."""
    cards: dict[UUID, Named] = {}
    asked = anything_destroyed(connection)
    for kind, sql in _NAMES.items():
        title = kind_of(kind).title
        for id_, name, name_en, code, parent, retired, detail in connection.execute(sql):
            key = UUID(bytes=id_)
            cards[key] = Named(
                id=key,
                kind=kind,
                name=name or "",
                name_en=name_en,
                code=None if code is None else str(code),
                parent_id=None if parent is None else UUID(bytes=parent),
                retired=bool(retired),
                detail=detail or "",
                destroyed=destroyed_of(connection, key).get(title, "") if asked and not name else "",
            )
    values = local.everything(connection)
    late = connection.execute("SELECT value FROM setting WHERE id = ?", (late_after.bytes,)).fetchone()
    idle = connection.execute("SELECT value FROM setting WHERE key = 'idle_after_s'").fetchone()
    device = values.get("device")
    return Directory(
        cards=cards,
        device=None if device is None else UUID(device),
        person=local.seated(values),
        preferences=values,
        drafts=local.drafts(connection),
        late_after_s=int(late[0]) if late and late[0] else 1800,
        idle_after_s=int(idle[0]) if idle and idle[0] else 600,
    )


_NAMES = {
    "organisation": "SELECT id, name, name_en, code, parent_id, retired, level FROM organisation",
    "person": "SELECT id, name, NULL, NULL, organisation_id, retired, roles FROM person",
    "desk": "SELECT id, name, NULL, number, organisation_id, retired, '' FROM desk",
    "team": "SELECT id, name, NULL, code, organisation_id, retired, category FROM team",
    "shelter": "SELECT id, name, NULL, code, organisation_id, retired, shelter_class FROM shelter",
    "station": "SELECT id, name, NULL, code, organisation_id, retired, station_kind FROM station",
    "incident": "SELECT id, title, NULL, number, street_id, retired, state FROM incident",
}


def last_typed_at(connection: Connection) -> datetime | None:
    """When this file's newest line was typed; None if there is none."""
    found = connection.execute("SELECT typed_at FROM log_entry ORDER BY id DESC LIMIT 1").fetchone()
    return None if found is None or found[0] is None else from_ms(found[0])
