"""The registers' commands: add, edit and retire a card of any kind that has a generic list and form."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from commandcenter.domain.errors import Refused
from commandcenter.domain.record import Kind, kind_of, typed_values
from commandcenter.services.command import Command, handles
from db.desk.store import Transaction


def _register(kind: str) -> Kind:
    found = kind_of(kind)
    if not found.register:
        raise Refused("not_a_register", kind=kind)
    return found


@dataclass(frozen=True, kw_only=True)
class AddCard(Command):
    """Add a card to a register (organisation, person, desk, setting, …)."""

    kind: str
    fields: dict[str, Any]


@handles(AddCard)
def add_card(tx: Transaction, command: AddCard) -> None:
    """One new card."""
    kind = _register(command.kind)
    tx.add(kind.name, typed_values(kind.name, command.fields))


@dataclass(frozen=True, kw_only=True)
class EditCard(Command):
    """Change a card's fields. ``bases``: per field the changes whose values were on the screen."""

    kind: str
    id: UUID
    fields: dict[str, Any]
    bases: dict[str, list[UUID]] = field(default_factory=dict)


@handles(EditCard)
def edit_card(tx: Transaction, command: EditCard) -> None:
    """The fields that differ."""
    kind = _register(command.kind)
    tx.edit(kind.name, command.id, typed_values(kind.name, command.fields), command.bases or None)


@dataclass(frozen=True, kw_only=True)
class RetireCard(Command):
    """Take a card out of every choice list, or (``retired`` false) back in; it stays readable."""

    kind: str
    id: UUID
    retired: bool = True


@handles(RetireCard)
def retire_card(tx: Transaction, command: RetireCard) -> None:
    """Nothing is deleted."""
    kind = _register(command.kind)
    tx.edit(kind.name, command.id, {"retired": command.retired})


@dataclass(frozen=True, kw_only=True)
class ChangeSetting(Command):
    """Give a setting a value, by its key."""

    key: str
    value: str | None
    source: str | None = None


@handles(ChangeSetting)
def change_setting(tx: Transaction, command: ChangeSetting) -> None:
    """The setting's card, made if the district had none."""
    id_ = tx.id_by("setting", "key", command.key)
    wanted = {"value": command.value, "source": command.source}
    if id_ is None:
        tx.add("setting", {"key": command.key, **wanted})
    else:
        tx.edit("setting", id_, wanted)
