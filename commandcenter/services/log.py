"""The duty log's commands: write a line, strike a fact."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from commandcenter.domain.errors import Refused
from commandcenter.domain.record import kind_of
from commandcenter.services.command import Command, filled_in_now, handles, incident_exists
from db.desk import local
from db.desk.counting import doubtful
from db.desk.store import Transaction


@dataclass(frozen=True, kw_only=True)
class WriteLogEntry(Command):
    """One line of the log. ``happened_at`` absent: now. ``draft``: the key of the draft this line was;
    it goes in the same transaction, so that no crash brings back a line that is in the log."""

    text: str
    incident_id: UUID | None = None
    channel: str | None = None
    direction: str | None = None
    counterpart: str | None = None
    importance: str = "normal"
    happened_at: datetime | None = None
    late_reason: str | None = None
    draft: str | None = None


@handles(WriteLogEntry)
def write_log_entry(tx: Transaction, command: WriteLogEntry) -> None:
    """A log entry, in its incident's scope if it has one."""
    incident = incident_exists(tx, command.incident_id)
    happened_at = command.happened_at or filled_in_now(tx)
    reason = command.late_reason
    tx.add(
        "log_entry",
        {
            "scope_id": incident["scope_id"] if incident else None,
            "happened_at": happened_at,
            "incident_id": command.incident_id,
            "text": command.text,
            "channel": command.channel,
            "direction": command.direction,
            "counterpart": command.counterpart,
            "importance": command.importance,
            "late_reason": reason,
        },
    )
    if command.draft is not None:
        local.keep_draft(tx.connection, command.draft, None, tx.now)


@dataclass(frozen=True, kw_only=True)
class ConfirmTime(Command):
    """Vouch for the time of a fact that the centre calls doubtful."""

    target_id: UUID


@handles(ConfirmTime)
def confirm_time(tx: Transaction, command: ConfirmTime) -> None:
    """From now on it counts."""
    found = tx.fact(command.target_id)
    if found is None:
        raise Refused("unknown_row", field="target_id", kind="fact", id=str(command.target_id))
    kind, target = found
    if not doubtful(tx.connection, (command.target_id.bytes,)):
        raise Refused("time_not_doubtful", field="target_id")
    tx.add(
        "time_confirmation",
        {
            "scope_id": target["scope_id"],
            "happened_at": filled_in_now(tx),
            "incident_id": target["incident_id"],
            "target_id": command.target_id,
            "target_kind": kind if kind_of(kind).public else None,
        },
    )


@dataclass(frozen=True, kw_only=True)
class StrikeFact(Command):
    """Declare a fact wrong. ``replacement_text`` writes the replacing line with it; ``replacement_id``
    names one that stands already."""

    target_id: UUID
    reason: str
    replacement_id: UUID | None = None
    replacement_text: str | None = None


@handles(StrikeFact)
def strike_fact(tx: Transaction, command: StrikeFact) -> None:
    """A strike, and with it the replacing line where its text is given; both stay, linked."""
    found = tx.fact(command.target_id)
    if found is None:
        raise Refused("unknown_row", field="target_id", kind="fact", id=str(command.target_id))
    kind, target = found
    if not kind_of(kind).strikable:
        raise Refused("cannot_be_struck", field="target_id", kind=kind)
    if tx.struck(command.target_id):
        raise Refused("already_struck", field="target_id")
    replacement = command.replacement_id
    if replacement is not None and tx.fact(replacement) is None:
        raise Refused("unknown_row", field="replacement_id", kind="fact", id=str(replacement))
    if command.replacement_text is not None:
        if replacement is not None or kind != "log_entry":
            raise Refused("two_replacements", field="replacement_text")
        values = {name: target[name] for name in kind_of(kind).types}
        values["text"] = command.replacement_text
        late_s = (filled_in_now(tx) - target["happened_at"]).total_seconds()
        if late_s > tx.situation.late_after_s:  # dated back to what it corrects: the strike says why
            values["late_reason"] = target["late_reason"] or command.reason
        replacement = tx.add("log_entry", values)
    tx.add(
        "strike",
        {
            "scope_id": target["scope_id"],
            "happened_at": filled_in_now(tx),
            "incident_id": target["incident_id"],
            "target_id": command.target_id,
            "reason": command.reason,
            "replacement_id": replacement,
            "target_kind": kind if kind_of(kind).public else None,
        },
    )
