"""The commands' registry: what an operator can do, by name, each handled in one transaction."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, TypeVar
from uuid import UUID

import msgspec

from commandcenter.domain.clock import whole_ms
from commandcenter.domain.errors import Refused
from db.desk.store import Transaction


@dataclass(frozen=True, kw_only=True)
class Command:
    """The base of every command: an imperative name and its fields."""

    name: ClassVar[str]
    # False for a desk's own affairs (drafts, preferences), which no journal and no other desk sees
    journaled: ClassVar[bool] = True


C = TypeVar("C", bound=Command)
Handler = Callable[[Transaction, Any], None]

COMMANDS: dict[str, type[Command]] = {}
HANDLERS: dict[type[Command], Handler] = {}


def handles(
    command: type[C],
) -> Callable[[Callable[[Transaction, C], None]], Callable[[Transaction, C], None]]:
    """Enter a command and its handler into the registry."""

    def enter(handler: Callable[[Transaction, C], None]) -> Callable[[Transaction, C], None]:
        command.name = command.__name__
        COMMANDS[command.name] = command
        HANDLERS[command] = handler
        return handler

    return enter


def parse(name: str, document: Any) -> Command:
    """A command from its name and JSON object. Refused where either is not one."""
    command = COMMANDS.get(name)
    if command is None:
        raise Refused("unknown_command", command=name)
    if not isinstance(document, dict):
        raise Refused("not_an_object", command=name)
    known = {field.name for field in dataclasses.fields(command)}
    unknown = sorted(document.keys() - known)
    if unknown:
        raise Refused("unknown_field", field=unknown[0], kind=name)
    for field in dataclasses.fields(command):
        no_default = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        if no_default and document.get(field.name) is None:
            raise Refused("required", field=field.name)
    try:
        parsed = msgspec.convert(document, command)
    except msgspec.ValidationError as error:
        raise Refused("wrong_type", field=_place(str(error)), reason=str(error)) from None
    for field in dataclasses.fields(parsed):
        value = getattr(parsed, field.name)
        if field.type != "Any" and isinstance(value, str) and (half := half_character(value)):
            raise Refused("control_character", field=field.name, code_point=half)
    times: dict[str, datetime] = {}
    for field in dataclasses.fields(parsed):
        if isinstance(value := getattr(parsed, field.name), datetime):
            try:
                times[field.name] = whole_ms(value)
            except OverflowError:  # the first or last day of the calendar, carried past it by its zone
                raise Refused("wrong_type", field=field.name) from None
    return dataclasses.replace(parsed, **times) if times else parsed


def half_character(text: str) -> str:
    """The first half of a surrogate pair in ``text``, which no file can hold, as U+D800; "" if none."""
    return next((f"U+{ord(half):04X}" for half in text if "\ud800" <= half <= "\udfff"), "")


def _place(message: str) -> str:
    """The field's name in a decoder's message ending "… at `$.happened_at`"."""
    return message.rpartition("`$.")[2].rstrip("`") if "`$." in message else ""


def described() -> list[dict[str, Any]]:
    """Every command with its fields: [{"command", "fields": [{"name", "type", "required"}]}]."""
    out = []
    for name in sorted(COMMANDS):
        fields = [
            {
                "name": field.name,
                "type": str(field.type),
                "required": field.default is dataclasses.MISSING
                and field.default_factory is dataclasses.MISSING,
            }
            for field in dataclasses.fields(COMMANDS[name])
        ]
        out.append({"command": name, "fields": fields})
    return out


def incident_exists(tx: Transaction, incident_id: UUID | None) -> dict[str, Any] | None:
    """The incident a command names; Refused ``unknown_row`` if there is none, None if none was named."""
    return None if incident_id is None else tx.need("incident", incident_id, "incident_id")


def filled_in_now(tx: Transaction) -> datetime:
    """The time the program fills in: the desk's clock corrected by its measured offset (DESIGN §3)."""
    return tx.situation.corrected
