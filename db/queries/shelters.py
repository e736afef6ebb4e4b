"""The shelters' queries: each with its people, an incident's, the nearest with room, people over time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from commandcenter.domain.clock import from_ms, to_ms
from commandcenter.domain.projections.occupancy import Occupancy
from db.desk import occupancies
from db.desk.counting import counts
from db.desk.engine import Connection
from db.desk.statements import CODECS

KINDS = frozenset(
    {"shelter", "shelter_step", "head_count", "shelter_flow", "strike", "time_confirmation", "organisation"}
)
_ORDER = {"full": 0, "opened": 1, "closed": 2}


@dataclass(frozen=True, kw_only=True)
class ShelterNow:
    """A shelter and how it stands; ``occupancy`` None: never opened. ``values``: the card by column."""

    id: UUID
    values: Mapping[str, Any]
    occupancy: Occupancy | None
    organisation: str  # its community's or street's name
    street: UUID | None  # the street it lies in, or that it is itself of

    @property
    def state(self) -> str:
        """``closed``, ``opened`` or ``full``."""
        return self.occupancy.state if self.occupancy is not None else "closed"

    @property
    def people(self) -> int:
        """How many are in it."""
        return self.occupancy.people if self.occupancy is not None else 0

    @property
    def free(self) -> int | None:
        """For how many more there is room; None where no capacity is registered."""
        capacity = self.values["capacity"]
        return None if capacity is None else max(0, int(capacity) - max(0, self.people))

    @property
    def over(self) -> int:
        """How many more there are than it is declared for."""
        capacity = self.values["capacity"]
        return 0 if capacity is None else max(0, self.people - int(capacity))


@dataclass(frozen=True, kw_only=True)
class Shelters:
    """All of them: the full first, then the open, the fullest first, then by number."""

    shelters: tuple[ShelterNow, ...]

    @property
    def open_count(self) -> int:
        """How many are open."""
        return sum(one.state != "closed" for one in self.shelters)

    @property
    def people(self) -> int:
        """In all of them."""
        return sum(max(0, one.people) for one in self.shelters)

    @property
    def capacity(self) -> int | None:
        """Of the open ones together; None where one of them has none registered."""
        found = [one.values["capacity"] for one in self.shelters if one.state != "closed"]
        return None if None in found else sum(found)


def shelters_now(connection: Connection) -> Shelters:
    """Every shelter but those that are retired and closed."""
    stands = {one.shelter_id: one for one in occupancies.read(connection)}
    tree = _tree(connection)
    out = []
    codec = CODECS["shelter"]
    for raw in connection.execute(codec.select_all):
        values = codec.row(raw)
        now = stands.get(values["id"])
        if values["retired"] and (now is None or not now.is_open):
            continue
        out.append(_now(values, now, tree))
    out.sort(key=lambda one: (_ORDER[one.state], -one.people, *_place(one.values)))
    return Shelters(shelters=tuple(out))


def of_incident(connection: Connection, incident: UUID) -> tuple[ShelterNow, ...]:
    """Those that were opened for an incident and are open."""
    tree = _tree(connection)
    codec = CODECS["shelter"]
    out = []
    for now in occupancies.read(connection, "incident_id = ? AND state <> 'closed'", (incident.bytes,)):
        raw = connection.execute(codec.select, (now.shelter_id.bytes,)).fetchone()
        if raw is not None:
            out.append(_now(codec.row(raw), now, tree))
    out.sort(key=lambda one: (-one.people, *_place(one.values)))
    return tuple(out)


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A shelter that can be opened. ``near``: 0 in the same community, 1 in the same street, 2 elsewhere."""

    shelter: ShelterNow
    near: int


def proposals(
    connection: Connection,
    *,
    street: UUID | None,
    community: UUID | None,
    people: int = 0,
    earthquake: bool = False,
) -> tuple[Proposal, ...]:
    """The shelters that are not open, the nearest with room for ``people`` first, as the tree of
    organisations tells what is near: no coordinates are registered. Earthquake shelters come first where
    ``earthquake``, else last."""
    wanted = "earthquake" if earthquake else "disaster"
    found = []
    for one in shelters_now(connection).shelters:
        if one.state != "closed":
            continue
        if community is not None and one.values["organisation_id"] == community:
            near = 0
        elif street is not None and one.street == street:
            near = 1
        else:
            near = 2
        found.append(Proposal(shelter=one, near=near))
    found.sort(
        key=lambda found_: (
            found_.shelter.values["shelter_class"] != wanted,
            (found_.shelter.free or 0) < people,
            found_.near,
            -(found_.shelter.free or 0),
            *_place(found_.shelter.values),
        )
    )
    return tuple(found)


_EVENTS = (
    f"SELECT s.happened_at, s.id, s.shelter_id, s.step, NULL, NULL FROM shelter_step AS s WHERE {counts('s')}"
    " AND s.happened_at >= ?1 AND s.happened_at <= ?2"
    " UNION ALL SELECT c.happened_at, c.id, c.shelter_id, NULL, c.people, NULL FROM head_count AS c"
    f" WHERE {counts('c')} AND c.happened_at >= ?1 AND c.happened_at <= ?2"
    " UNION ALL SELECT f.happened_at, f.id, f.shelter_id, NULL, NULL,"
    " CASE f.flow WHEN 'in' THEN f.people ELSE -f.people END FROM shelter_flow AS f"
    f" WHERE {counts('f')} AND f.happened_at >= ?1 AND f.happened_at <= ?2"
    " ORDER BY 1, 2"
)


# of each shelter the last opening or closing before a moment; SQLite takes the step from the row of max()
_LAST_BEFORE = (
    "SELECT max(s.happened_at), s.step FROM shelter_step AS s WHERE s.happened_at < ?"
    f" AND s.step IN ('opened', 'closed') AND {counts('s')} GROUP BY s.shelter_id"
)


def people_series(connection: Connection, since: datetime, to: datetime) -> list[tuple[datetime, int]]:
    """(when, how many people are in all shelters from then on) between two moments; what was open before
    ``since`` is told at ``since``. Reads the facts of that time, and of the openings that reach into it."""
    before = connection.execute(_LAST_BEFORE, (to_ms(since),)).fetchall()
    begin = min([to_ms(since), *(at for at, step in before if step == "opened")])
    people: dict[bytes, int] = {}
    is_open: dict[bytes, bool] = {}
    out: list[tuple[datetime, int]] = []
    for at, _, shelter, step, counted, moved in connection.execute(_EVENTS, (begin, to_ms(to))):
        if step == "closed":
            is_open[shelter], people[shelter] = False, 0
        elif step is not None and not is_open.get(shelter):
            is_open[shelter], people[shelter] = True, 0
        elif counted is not None and is_open.get(shelter):
            people[shelter] = counted
        elif moved is not None and is_open.get(shelter):
            people[shelter] += moved
        total = sum(max(0, one) for one in people.values())
        when = max(from_ms(at), since)
        if out and out[-1][0] == when:
            out[-1] = (when, total)
        else:
            out.append((when, total))
    return out


def _now(values: Mapping[str, Any], now: Occupancy | None, tree: _Tree) -> ShelterNow:
    organisation = values["organisation_id"]
    name, _, level = tree.get(organisation, ("", None, "")) if organisation is not None else ("", None, "")
    street = organisation if level == "street" else tree.get(organisation, ("", None, ""))[1]
    return ShelterNow(id=values["id"], values=values, occupancy=now, organisation=name, street=street)


_Tree = dict[UUID, tuple[str, UUID | None, str]]


def _tree(connection: Connection) -> _Tree:
    found: Iterable[tuple[bytes, str | None, bytes | None, str | None]] = connection.execute(
        "SELECT id, name, parent_id, level FROM organisation"
    )
    return {
        UUID(bytes=id_): (name or "", None if parent is None else UUID(bytes=parent), level or "")
        for id_, name, parent, level in found
    }


def _place(values: Mapping[str, Any]) -> tuple[int, str, bytes]:
    """By number as people count, then by name."""
    code = str(values["code"] or "")
    number = int(code) if code.isdecimal() and code.isascii() else 10**9
    return number, code or values["name"] or "", values["id"].bytes
