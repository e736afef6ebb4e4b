"""The audit trail's writer: what somebody did that changed no record is noted, one fact each."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from commandcenter.domain.records.access_event import EXTENT_MAX
from commandcenter.services.command import HANDLERS, Command, filled_in_now
from db.desk.store import Transaction


@dataclass(frozen=True, kw_only=True)
class NoteAccess(Command):
    """Note an access: ``action`` of the code table ``access_action``, what it was done to (a record, or
    only a kind or a page), how many rows left the program, and which part of them in codes (``extent``)."""

    action: str
    subject_kind: str | None = None
    subject_id: UUID | None = None
    count: int | None = None
    extent: str | None = None
    purpose: str | None = None
    result: str = "done"


def note_access(tx: Transaction, command: NoteAccess) -> None:
    """One access event, of the desk's organisation and no incident's."""
    note(
        tx,
        command.action,
        subject_kind=command.subject_kind,
        subject_id=command.subject_id,
        count=command.count,
        extent=command.extent,
        purpose=command.purpose,
        result=command.result,
    )


# Not in the registry of commands: a trail that anybody could write by naming a command would prove nothing.
NoteAccess.name = NoteAccess.__name__
HANDLERS[NoteAccess] = note_access


def note(
    tx: Transaction,
    action: str,
    *,
    subject_kind: str | None = None,
    subject_id: UUID | None = None,
    count: int | None = None,
    extent: str | None = None,
    purpose: str | None = None,
    result: str = "done",
) -> UUID:
    """Write the access event inside another command's transaction: both happen or neither.

    Its author is the transaction's: whoever signs in should be put there before this is called
    (``tx.author``), whoever signs out should still stand there."""
    return tx.add(
        "access_event",
        {
            "happened_at": filled_in_now(tx),
            "action": action,
            "subject_kind": subject_kind,
            "subject_id": subject_id,
            "count": count,
            "extent": extent,
            "purpose": purpose,
            "result": result,
        },
    )


def extent_of(form: str, filter_: Any = None) -> str:
    """What left the program, in codes: ``form=xlsx channel=phone``. ``filter_``: a dataclass whose fields are
    codes, ids, numbers and flags; what is not so is only said to be there (``*``)."""
    parts = [f"form={form}"]
    for field in () if filter_ is None else dataclasses.fields(filter_):
        value = getattr(filter_, field.name)
        if value is None or value is False or value == "" or value == field.default:
            continue
        name = field.name.removesuffix("_id")
        parts.append(name if value is True else f"{name}={_code(value)}")
    return " ".join(parts)[:EXTENT_MAX]


def _code(value: Any) -> str:
    text = str(value)
    return text if text.isascii() and text.isprintable() and " " not in text else "*"
