"""The sync page's commands: choose between values, answer a refusal, edit and resend what was refused."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from commandcenter.domain.errors import Refused
from commandcenter.domain.fields import plain
from commandcenter.domain.record import Kind, kind_of, typed_values
from commandcenter.services.command import Command, filled_in_now, handles
from commandcenter.services.incidents import EVENT_OF_FIELD, EditIncident, edit_incident
from commandcenter.services.log import StrikeFact, strike_fact
from db.desk import inbox
from db.desk.store import Transaction
from db.queries.exchange import Stated, refused_group

# Fields of an incident that its own commands change: where they have several values they are chosen too.
_OWN = ("state", "closed_at", "number", "retired")
_OF_STATE = {"open": "reopened", "closed": "closed"}


@dataclass(frozen=True, kw_only=True)
class ChooseValue(Command):
    """Settle a field that has several values: ``value``, one of them or another, with all that were seen as
    its ``bases``. What was not seen stays an exception."""

    kind: str
    id: UUID
    field: str
    value: Any = None
    bases: list[UUID] = dataclasses.field(default_factory=list)


@handles(ChooseValue)
def choose_value(tx: Transaction, command: ChooseValue) -> None:
    """An edit like any other; of an incident with the event it is."""
    kind = kind_of(command.kind)
    if kind.nature != "card":
        raise Refused("facts_are_struck", kind=kind.name)
    if not command.bases:  # a choice names what was seen
        raise Refused("required", field="bases")
    bases = {command.field: list(command.bases)}
    if kind.name == "incident" and command.field not in _OWN:
        edit_incident(tx, EditIncident(id=command.id, fields={command.field: command.value}, bases=bases))
        return
    wanted = typed_values(kind.name, {command.field: command.value})
    before = tx.need(kind.name, command.id)
    tx.edit(kind.name, command.id, wanted, bases)
    if kind.name == "incident" and command.field == "state" and wanted["state"] != before["state"]:
        _incident_event(tx, before, _OF_STATE[wanted["state"]])


def _incident_event(tx: Transaction, incident: Mapping[str, Any], event: str) -> None:
    tx.add(
        "incident_event",
        {
            "scope_id": incident["scope_id"],
            "happened_at": filled_in_now(tx),
            "incident_id": incident["id"],
            "event": event,
        },
    )


@dataclass(frozen=True, kw_only=True)
class KeepReplacement(Command):
    """Of several lines that replace one struck line keep one: the ``others`` are struck, for ``reason``."""

    keep_id: UUID
    others: list[UUID]
    reason: str


@handles(KeepReplacement)
def keep_replacement(tx: Transaction, command: KeepReplacement) -> None:
    """The others stay visible and count nowhere."""
    if command.keep_id in command.others:
        raise Refused("replaces_itself", field="keep_id")
    tx.need("log_entry", command.keep_id, "keep_id")
    for other in command.others:
        if not tx.struck(other):
            strike_fact(tx, StrikeFact(target_id=other, reason=command.reason))


@dataclass(frozen=True, kw_only=True)
class PutAside(Command):
    """An exception that nothing closes (a number given twice) was seen at this desk; ``away`` False: list it
    again."""

    journaled: ClassVar[bool] = False

    clash_id: UUID
    away: bool = True


@handles(PutAside)
def put_aside(tx: Transaction, command: PutAside) -> None:
    """This desk's own affair; another double has another id."""
    inbox.put_aside(tx.connection, command.clash_id, command.away)


@dataclass(frozen=True, kw_only=True)
class AnswerRefusal(Command):
    """Somebody has dealt with a refused group; ``answered`` False: list it again."""

    journaled: ClassVar[bool] = False

    group_id: UUID
    answered: bool = True


@handles(AnswerRefusal)
def answer_refusal(tx: Transaction, command: AnswerRefusal) -> None:
    """It stays in the chain with its verdict and in the inbox's past."""
    if not inbox.answer(tx.connection, command.group_id, tx.now if command.answered else None):
        raise Refused("unknown_row", field="group_id", kind="refusal", id=str(command.group_id))


@dataclass(frozen=True, kw_only=True)
class ResendRefused(Command):
    """Say again what the centre refused, as new changes. ``fields``: by the id of a refused change, what is
    to be said instead, ``bases``: by the same, what was on the screen. Records keep their ids, so that what
    refers to them can be sent again too; one whose id the centre has already gets a new one."""

    group_id: UUID
    fields: dict[str, dict[str, Any]] = dataclasses.field(default_factory=dict)
    bases: dict[str, dict[str, list[UUID]]] = dataclasses.field(default_factory=dict)


@handles(ResendRefused)
def resend_refused(tx: Transaction, command: ResendRefused) -> None:
    """One new group, and the refused one is dealt with."""
    found = refused_group(tx.connection, command.group_id)
    if found is None:
        raise Refused("unknown_row", field="group_id", kind="refusal", id=str(command.group_id))
    if found.answered_at is not None:
        raise Refused("already_answered")
    renamed: dict[UUID, UUID] = {}
    said: dict[tuple[UUID, str], tuple[Any, Any]] = {}  # (row, field) -> what was there, what it is given
    for change in found.group.changes:
        kind = kind_of(change.kind)
        instead = typed_values(kind.name, command.fields.get(str(change.id), {}))
        if change.created:
            _add_again(tx, kind, change, instead, renamed, said, taken=found.code == "row_exists")
        else:
            wanted = {**_wanted(tx, kind, change), **instead}
            before = tx.need(kind.name, change.row)
            said |= {(change.row, name): (before.get(name), value) for name, value in wanted.items()}
            bases = command.bases.get(str(change.id))
            tx.edit(kind.name, renamed.get(change.row, change.row), wanted, bases or None)
    inbox.answer(tx.connection, command.group_id, tx.now)


def _add_again(
    tx: Transaction,
    kind: Kind,
    change: Stated,
    instead: Mapping[str, Any],
    renamed: dict[UUID, UUID],
    said: Mapping[tuple[UUID, str], tuple[Any, Any]],
    *,
    taken: bool,
) -> None:
    values = typed_values(kind.name, {one.name: one.to for one in change.fields if one.name in kind.types})
    values |= instead
    for name, value in values.items():
        if isinstance(value, UUID) and value in renamed:
            values[name] = renamed[value]
    if kind.nature == "fact":
        values["scope_id"] = _scope(tx, values)
    if kind.machine:  # the program stated that time, and it is done now; a person's statement stands
        values["happened_at"] = filled_in_now(tx)
    if kind.name == "incident_event":
        _follow(values, said)
    here = tx.get(kind.name, change.row) is not None
    made = tx.add(kind.name, values, id_=None if taken or here else change.row)
    if made != change.row:
        renamed[change.row] = made


def _scope(tx: Transaction, values: Mapping[str, Any]) -> UUID | None:
    """Whose fact it is now: its incident's, as when it was written first; the desk's where there is none."""
    incident = values.get("incident_id")
    row = None if incident is None else tx.get("incident", incident)
    return (
        row["scope_id"]
        if row is not None
        else tx.author.scope
        if incident is None
        else values.get("scope_id")
    )


def _follow(values: dict[str, Any], said: Mapping[tuple[UUID, str], tuple[Any, Any]]) -> None:
    """The event of an edit says what the edit does now."""
    for name, event in EVENT_OF_FIELD.items():
        if values.get("event") == event and (values["incident_id"], name) in said:
            values["before"], values["after"] = said[values["incident_id"], name]


def _wanted(tx: Transaction, kind: Kind, change: Stated) -> dict[str, Any]:
    """The values that an edit asked for; of a set the one it would make of what is there now."""
    row = tx.need(kind.name, change.row)
    raw: dict[str, Any] = {}
    for one in change.fields:
        if one.name not in kind.types:
            continue
        if kind.types[one.name].merge == "grow":
            now = plain(kind.types[one.name], row.get(one.name)) or []
            assert isinstance(now, list)
            raw[one.name] = sorted((set(now) | set(one.added)) - set(one.dropped))
        else:
            raw[one.name] = one.to
    return typed_values(kind.name, raw)
