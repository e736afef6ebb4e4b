"""The enrolment's part at the desk: its number and whose desk it is. Nobody gives this command by name."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar
from uuid import UUID

from commandcenter.domain.access import UNSIGNED
from commandcenter.services.command import HANDLERS, Command
from db.desk import exchange, local
from db.desk.store import Transaction


@dataclass(frozen=True, kw_only=True)
class JoinCentre(Command):
    """``scopes``: what the desk sees; empty: everything."""

    name: ClassVar[str] = "JoinCentre"
    journaled: ClassVar[bool] = False  # beside the card it changes what is this desk's own affair

    number: int
    scope_id: UUID
    scopes: tuple[UUID, ...]


def _join_centre(tx: Transaction, command: JoinCentre) -> None:
    # the last thing that is done here as at a desk where nobody has a password: from now on somebody signs in
    tx.author = replace(tx.author, person=None, roles=(UNSIGNED,))
    card = {"number": command.number, "organisation_id": command.scope_id, "scope_id": command.scope_id}
    tx.edit("desk", tx.author.device, card)
    local.put(tx.connection, exchange.ENROLLED, True)
    exchange.rescope(tx.connection, frozenset(command.scopes))


HANDLERS[JoinCentre] = _join_centre
