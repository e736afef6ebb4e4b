"""The desk's own commands: who sits here, how it looks, what is typed. Only who sat is journaled."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar
from uuid import UUID

from commandcenter.domain.access import acting_roles
from commandcenter.domain.errors import Refused
from commandcenter.services.audit import note
from commandcenter.services.command import Command, handles
from db.desk import local
from db.desk.store import Transaction

# What a desk may prefer, and the values it may take.
PREFERENCES: dict[str, tuple[object, ...]] = {
    "language": ("zh_CN", "en"),
    "theme": ("dark", "light"),
    "scale": (100, 125, 150, 175, 200),
    "sound": (True, False),  # one for what is important from another desk
}
DRAFT_MAX = 64_000


@dataclass(frozen=True, kw_only=True)
class TakeSeat(Command):
    """Say who sits at this desk; None: nobody."""

    journaled: ClassVar[bool] = False

    person_id: UUID | None = None


@handles(TakeSeat)
def take_seat(tx: Transaction, command: TakeSeat) -> None:
    """Every fact written from now on carries this person."""
    person = None
    if command.person_id is not None:
        person = tx.need("person", command.person_id, "person_id")
        if person["retired"]:
            raise Refused("retired", field="person_id")
        if local.wants_password(local.everything(tx.connection)):
            raise Refused("password_wanted", field="person_id")
    local.put(tx.connection, "person", None if command.person_id is None else str(command.person_id))
    if command.person_id == tx.author.person:
        return
    if tx.author.person is not None:
        note(tx, "signed_out", subject_kind="person", subject_id=tx.author.person)
    if person is not None:  # what follows is the newcomer's
        tx.author = replace(
            tx.author, person=command.person_id, roles=acting_roles(person["roles"], passwords=False)
        )
        note(tx, "signed_in", subject_kind="person", subject_id=command.person_id)


@dataclass(frozen=True, kw_only=True)
class SetPreference(Command):
    """Language, theme or scale of this desk."""

    journaled: ClassVar[bool] = False

    key: str
    value: Any


@handles(SetPreference)
def set_preference(tx: Transaction, command: SetPreference) -> None:
    """Kept for the next start."""
    if command.key.startswith("layout."):  # where the splitters and columns were left
        if len(str(command.value)) > DRAFT_MAX:
            raise Refused("too_long", field="value", max=DRAFT_MAX, count=len(str(command.value)))
    elif command.key not in PREFERENCES:
        raise Refused("unknown_setting", field="key", key=command.key)
    elif command.value not in PREFERENCES[command.key]:
        raise Refused("unknown_code", field="value", code=command.value)
    local.put(tx.connection, command.key, command.value)


@dataclass(frozen=True, kw_only=True)
class KeepDraft(Command):
    """Keep what is being typed somewhere (``key``); ``body`` None: it was sent or emptied."""

    journaled: ClassVar[bool] = False

    key: str
    body: dict[str, Any] | None = None


@handles(KeepDraft)
def keep_draft(tx: Transaction, command: KeepDraft) -> None:
    """As of now, for after a crash."""
    local.keep_draft(tx.connection, command.key, command.body, tx.now)
