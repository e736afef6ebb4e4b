"""The shelters' commands: open, count heads, note who came and left, say that it is full, close."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from commandcenter.domain.errors import Refused
from commandcenter.domain.projections.occupancy import Occupancy
from commandcenter.domain.records.head_count import GROUPS
from commandcenter.services.command import Command, filled_in_now, handles, incident_exists
from db.desk import occupancies
from db.desk.store import Transaction

SHELTERS_MAX = 200  # opened by one command


@dataclass(frozen=True, kw_only=True)
class OpenShelters(Command):
    """Open shelters, for an incident or ahead of one. ``happened_at`` absent: now."""

    shelter_ids: list[UUID]
    incident_id: UUID | None = None
    happened_at: datetime | None = None
    note: str | None = None


@handles(OpenShelters)
def open_shelters(tx: Transaction, command: OpenShelters) -> None:
    """All of them or none."""
    incident = incident_exists(tx, command.incident_id)
    if incident is not None and incident["state"] == "closed":
        raise Refused("incident_is_closed", field="incident_id")
    wanted = list(dict.fromkeys(command.shelter_ids))
    if not wanted:
        raise Refused("required", field="shelter_ids")
    if len(wanted) > SHELTERS_MAX:
        raise Refused("group_too_large", field="shelter_ids", max=SHELTERS_MAX)
    for id_ in wanted:
        shelter = tx.need("shelter", id_, "shelter_ids")
        if shelter["retired"]:
            raise Refused("shelter_is_retired", field="shelter_ids", shelter=shelter["name"])
        now = occupancies.of_shelter(tx.connection, id_)
        if now is not None and now.is_open:
            raise Refused("shelter_is_open", field="shelter_ids", shelter=shelter["name"])
        said = {"incident_id": command.incident_id, "step": "opened", "note": command.note}
        _note(tx, "shelter_step", shelter, now, command.happened_at, **said)


@dataclass(frozen=True, kw_only=True)
class MarkShelter(Command):
    """Say that an open shelter is ``full``, or has room again (``available``)."""

    shelter_id: UUID
    step: str
    happened_at: datetime | None = None
    note: str | None = None


@handles(MarkShelter)
def mark_shelter(tx: Transaction, command: MarkShelter) -> None:
    """Full is what is not full."""
    shelter, now = _open(tx, command.shelter_id)
    if command.step not in ("full", "available"):
        raise Refused("unknown_code", field="step", code=command.step)
    if (now.state == "full") == (command.step == "full"):
        raise Refused("shelter_is_so", field="step", shelter=shelter["name"])
    said = {"incident_id": now.incident_id, "step": command.step, "note": command.note}
    _note(tx, "shelter_step", shelter, now, command.happened_at, **said)


@dataclass(frozen=True, kw_only=True)
class CloseShelter(Command):
    """Close a shelter. ``knowingly``: although people are still counted in it."""

    shelter_id: UUID
    knowingly: bool = False
    happened_at: datetime | None = None
    note: str | None = None


@handles(CloseShelter)
def close_shelter(tx: Transaction, command: CloseShelter) -> None:
    """Refused ``people_inside`` with their number where that was not known."""
    shelter, now = _open(tx, command.shelter_id)
    if now.people > 0 and not command.knowingly:
        raise Refused("people_inside", field="shelter_id", shelter=shelter["name"], count=now.people)
    said = {"incident_id": now.incident_id, "step": "closed", "note": command.note}
    _note(tx, "shelter_step", shelter, now, command.happened_at, knowingly=now.people > 0, **said)


@dataclass(frozen=True, kw_only=True)
class CountHeads(Command):
    """How many people are in a shelter; the groups are of these."""

    shelter_id: UUID
    people: int
    elderly: int | None = None
    children: int | None = None
    care: int | None = None
    happened_at: datetime | None = None
    note: str | None = None


@handles(CountHeads)
def count_heads(tx: Transaction, command: CountHeads) -> None:
    """The last count by its own time holds."""
    shelter, now = _open(tx, command.shelter_id)
    said: dict[str, Any] = {name: getattr(command, name) for name in ("people", *GROUPS)}
    said |= {"incident_id": now.incident_id, "note": command.note}
    _note(tx, "head_count", shelter, now, command.happened_at, **said)


@dataclass(frozen=True, kw_only=True)
class MovePeople(Command):
    """People came ``in``, or went ``out``."""

    shelter_id: UUID
    flow: str
    people: int
    happened_at: datetime | None = None
    note: str | None = None


@handles(MovePeople)
def move_people(tx: Transaction, command: MovePeople) -> None:
    """More cannot leave than are there: then somebody counts first."""
    shelter, now = _open(tx, command.shelter_id)
    if command.flow == "out" and command.people > now.people:
        raise Refused("fewer_inside", field="people", shelter=shelter["name"], count=max(0, now.people))
    said = {"incident_id": now.incident_id, "flow": command.flow, "people": command.people}
    _note(tx, "shelter_flow", shelter, now, command.happened_at, note=command.note, **said)


def _open(tx: Transaction, shelter_id: UUID) -> tuple[dict[str, Any], Occupancy]:
    shelter = tx.need("shelter", shelter_id, "shelter_id")
    now = occupancies.of_shelter(tx.connection, shelter_id)
    if now is None or not now.is_open:
        raise Refused("shelter_is_closed", field="shelter_id", shelter=shelter["name"])
    return shelter, now


def _note(
    tx: Transaction,
    kind: str,
    shelter: dict[str, Any],
    now: Occupancy | None,
    happened_at: datetime | None,
    **said: Any,
) -> None:
    opened = None if now is None else now.opened_at
    if happened_at is not None and opened is not None and happened_at < opened:
        raise Refused("before_it_was_opened", field="happened_at", shelter=shelter["name"])
    at = happened_at or filled_in_now(tx)
    if happened_at is None and now is not None:  # another desk's clock may have been ahead
        at = max(at, now.since_at)
    base = {"scope_id": shelter["scope_id"], "shelter_id": shelter["id"], "happened_at": at}
    tx.add(kind, {**base, **said})
