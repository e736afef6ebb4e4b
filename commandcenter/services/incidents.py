"""The incident's commands: open, edit, attach a line, close, reopen."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from commandcenter.domain.clock import day_of
from commandcenter.domain.errors import Refused
from commandcenter.domain.record import typed_values
from commandcenter.services.command import Command, filled_in_now, handles
from db.desk.store import Transaction

# An edit of one of these is itself something that happened to the incident.
EVENT_OF_FIELD = {"grade": "graded", "event_code": "reclassified"}


@dataclass(frozen=True, kw_only=True)
class OpenIncident(Command):
    """Open an incident, from a line of the log if ``from_entry_id`` names one."""

    title: str
    event_code: str
    grade: str | None = None
    occurred_at: datetime | None = None
    reported_at: datetime | None = None
    street_id: UUID | None = None
    community_id: UUID | None = None
    place: str | None = None
    known: str | None = None
    to_verify: str | None = None
    from_entry_id: UUID | None = None


def spoken_number(tx: Transaction) -> str:
    """SJ-date-desk-sequence: minted here, said aloud, never given twice."""
    desk = tx.get("desk", tx.author.device)
    number = desk["number"] if desk else 0
    day = day_of(filled_in_now(tx))
    return f"SJ-{day}-{number}-{tx.count_up(f'incident-{day}-{number}'):02d}"


@handles(OpenIncident)
def open_incident(tx: Transaction, command: OpenIncident) -> None:
    """The incident, and the event that it was opened (with the line it began with)."""
    entry = None
    if command.from_entry_id is not None:
        entry = tx.need("log_entry", command.from_entry_id, "from_entry_id")
    _check_place(tx, command.street_id, command.community_id)
    now = filled_in_now(tx)
    reported_at = command.reported_at or (entry["happened_at"] if entry else now)
    incident_id = tx.add(
        "incident",
        {
            "number": spoken_number(tx),
            "title": command.title,
            "event_code": command.event_code,
            "grade": command.grade,
            "state": "open",
            "occurred_at": command.occurred_at,
            "reported_at": reported_at,
            "street_id": command.street_id,
            "community_id": command.community_id,
            "place": command.place,
            "known": command.known,
            "to_verify": command.to_verify,
        },
    )
    _event(tx, incident_id, "opened", subject_id=command.from_entry_id)


@dataclass(frozen=True, kw_only=True)
class EditIncident(Command):
    """Change fields in place. ``bases``: per field the changes whose values were on the screen."""

    id: UUID
    fields: dict[str, Any]
    bases: dict[str, list[UUID]] = field(default_factory=dict)


@handles(EditIncident)
def edit_incident(tx: Transaction, command: EditIncident) -> None:
    """The fields that differ; a new grade or class is an event of the incident too."""
    row = tx.need("incident", command.id, "id")
    wanted = typed_values("incident", command.fields)
    own = {"state", "closed_at", "number", "retired"} & wanted.keys()
    if own:
        raise Refused("not_edited_here", field=min(own))
    _check_place(tx, wanted.get("street_id"), wanted.get("community_id"))
    if not tx.edit("incident", command.id, wanted, command.bases or None):
        return
    for name, event in EVENT_OF_FIELD.items():
        if name in wanted and wanted[name] != row[name]:
            _event(tx, command.id, event, before=row[name], after=wanted[name])


@dataclass(frozen=True, kw_only=True)
class AttachLine(Command):
    """Put a line of the log on an incident's timeline."""

    incident_id: UUID
    entry_id: UUID


@handles(AttachLine)
def attach_line(tx: Transaction, command: AttachLine) -> None:
    """The line stays what it is; an event of the incident names it."""
    tx.need("incident", command.incident_id, "incident_id")
    entry = tx.need("log_entry", command.entry_id, "entry_id")
    if entry["incident_id"] == command.incident_id:
        raise Refused("already_there", field="entry_id")
    _event(tx, command.incident_id, "attached", subject_id=command.entry_id)


@dataclass(frozen=True, kw_only=True)
class CloseIncident(Command):
    """Close an incident; ``base``: the change that made its state what the screen showed."""

    id: UUID
    reason: str | None = None
    base: UUID | None = None


@handles(CloseIncident)
def close_incident(tx: Transaction, command: CloseIncident) -> None:
    """State and time of closing, and the event."""
    row = tx.need("incident", command.id, "id")
    if row["state"] == "closed":
        raise Refused("incident_is_closed", field="state")
    now = filled_in_now(tx)
    bases = {"state": [command.base]} if command.base else None
    tx.edit("incident", command.id, {"state": "closed", "closed_at": now}, bases)
    _event(tx, command.id, "closed", reason=command.reason)


@dataclass(frozen=True, kw_only=True)
class ReopenIncident(Command):
    """Reopen a closed incident, with the reason."""

    id: UUID
    reason: str
    base: UUID | None = None


@handles(ReopenIncident)
def reopen_incident(tx: Transaction, command: ReopenIncident) -> None:
    """State open again, and the event with its reason."""
    row = tx.need("incident", command.id, "id")
    if row["state"] != "closed":
        raise Refused("incident_is_open", field="state")
    if not command.reason.strip():
        raise Refused("required", field="reason")
    bases = {"state": [command.base]} if command.base else None
    tx.edit("incident", command.id, {"state": "open", "closed_at": None}, bases)
    _event(tx, command.id, "reopened", reason=command.reason)


def _event(tx: Transaction, incident_id: UUID, event: str, **particulars: Any) -> None:
    incident = tx.need("incident", incident_id)
    tx.add(
        "incident_event",
        {
            "scope_id": incident["scope_id"],
            "happened_at": filled_in_now(tx),
            "incident_id": incident_id,
            "event": event,
            **particulars,
        },
    )


def _check_place(tx: Transaction, street_id: UUID | None, community_id: UUID | None) -> None:
    if street_id is not None:
        tx.need("organisation", street_id, "street_id")
    if community_id is not None:
        community = tx.need("organisation", community_id, "community_id")
        if street_id is not None and community["parent_id"] != street_id:
            raise Refused("not_in_that_street", field="community_id")
