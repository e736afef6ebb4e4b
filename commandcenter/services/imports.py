"""The import's commands: many cards of a register in groups under one batch, and the whole of it undone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from commandcenter.domain.clock import instant_text
from commandcenter.domain.errors import Refused
from commandcenter.domain.record import REGISTRY, kind_of, typed_values
from commandcenter.services.audit import note
from commandcenter.services.command import Command, handles
from db.desk import batches, local
from db.desk.journal import newest
from db.desk.store import Transaction
from db.queries.imports import IMPORTS

GROUP = 400  # cards of one command: a group holds 500 changes, and the line in the audit trail is one
KEPT = 50  # imports that can be undone


@dataclass(frozen=True, kw_only=True)
class EditedCard:
    """A card that a table changes, and the changes whose values were shown when it was accepted."""

    id: UUID
    fields: dict[str, Any]
    bases: dict[str, list[UUID]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ImportRegister(Command):
    """Take a part of a table into a register. Every part carries the same ``batch``; ``last`` ends it."""

    kind: str
    batch: UUID
    add: list[dict[str, Any]] = field(default_factory=list)
    edit: list[EditedCard] = field(default_factory=list)
    file: str = ""  # where it came from, for whoever undoes it; stays at this desk
    last: bool = True


@handles(ImportRegister)
def import_register(tx: Transaction, command: ImportRegister) -> None:
    """All cards of this part, or none."""
    kind = kind_of(command.kind)
    if not kind.register:
        raise Refused("not_a_register", kind=command.kind)
    if len(command.add) + len(command.edit) > GROUP:
        raise Refused("group_too_large", max=GROUP)
    known: list[dict[str, Any]] = local.get(tx.connection, IMPORTS, [])
    entry = _entry(known, command.batch)
    if entry is None:
        entry = {
            "batch": str(command.batch),
            "kind": kind.name,
            "file": command.file,
            "at": instant_text(tx.now),
            "first": newest(tx.connection) + 1,
            "added": 0,
            "edited": 0,
            "undone_to": newest(tx.connection),
            "undone": False,
        }
        known.append(entry)
    if entry["undone"] or entry["undone_to"] >= entry["first"] or entry["kind"] != kind.name:
        raise Refused("import_is_over")
    tx.batch = command.batch
    for fields in command.add:
        tx.add(kind.name, typed_values(kind.name, fields))
    entry["added"] += tx.changes
    for card in command.edit:
        tx.edit(kind.name, card.id, typed_values(kind.name, card.fields), card.bases or None)
    entry["edited"] += tx.changes - len(command.add)
    if command.last:
        count = entry["added"] + entry["edited"]
        note(tx, "imported", subject_kind=kind.name, count=count, extent=f"batch={command.batch}")
    entry["last"] = max(tx.seq, entry.get("last", 0), entry["first"] - 1)
    local.put(tx.connection, IMPORTS, known[-KEPT:])


@dataclass(frozen=True, kw_only=True)
class UndoImport(Command):
    """Undo a part of an import: the cards it added are retired, what it changed is as it was; repeated
    until nothing changes any more. What somebody has changed since stays as they left it."""

    batch: UUID


@handles(UndoImport)
def undo_import(tx: Transaction, command: UndoImport) -> None:
    """At most a group; where it ended is kept, so that it goes on there, also after a break."""
    known: list[dict[str, Any]] = local.get(tx.connection, IMPORTS, [])
    entry = _entry(known, command.batch)
    if entry is None:
        raise Refused("unknown_import", field="batch")
    if entry["undone"]:
        return
    finished = True
    for seq, change in batches.entries(
        tx.connection, command.batch, max(entry["undone_to"], entry["first"] - 1), entry["last"]
    ):
        if tx.changes >= GROUP:
            finished = False
            break
        entry["undone_to"] = seq
        kind = REGISTRY.get(change.kind)
        row = tx.get(change.kind, change.row) if kind is not None and kind.register else None
        if kind is None or row is None:  # the line of the audit trail, or refused by the centre since
            continue
        if change.set is not None:
            tx.edit(kind.name, change.row, {"retired": True})
        else:
            tx.edit(kind.name, change.row, batches.restored(tx.connection, kind, change, row))
    if finished:
        entry["undone"] = True
        count = entry["added"] + entry["edited"]
        note(tx, "import_undone", subject_kind=entry["kind"], count=count, extent=f"batch={command.batch}")
    local.put(tx.connection, IMPORTS, known)


def _entry(known: list[dict[str, Any]], batch: UUID) -> dict[str, Any] | None:
    return next((entry for entry in known if entry["batch"] == str(batch)), None)
