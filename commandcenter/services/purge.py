"""The destruction of personal data: what it would take, and the certificate that two people sign.

Both prove with their password who they are, at the same desk, one after the other; only then the certificate
is written. It is not in the registry of commands: naming two people is not their signature.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar
from uuid import UUID

from commandcenter.domain.access import APPROVERS, ASSESSORS, acting_roles
from commandcenter.domain.clock import day_of
from commandcenter.domain.errors import Refused
from commandcenter.domain.purge import KIND, require_signers
from commandcenter.services.audit import note
from commandcenter.services.command import HANDLERS, Command, filled_in_now
from commandcenter.services.sign_in import Centre, Desk, prove
from db.desk import local
from db.desk.store import Transaction
from db.queries.purge import Found, personal_of
from db.queries.registers import rows

if TYPE_CHECKING:
    from commandcenter.services.workplace import Outcome

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Signature:
    """One who signs: how they call themselves at sign-in, and their password."""

    login: str
    password: str


@dataclass(frozen=True, kw_only=True)
class Purge:
    """What is to be destroyed and why. ``changes``: of one record the changes meant; empty: all that this
    desk holds of it. ``fields``: empty: every personal one. ``whole``: of an incident, its lines too."""

    kind: str
    row: UUID
    basis: str
    assessment: str
    changes: Sequence[UUID] = ()
    fields: Sequence[str] = ()
    whole: bool = False


@dataclass(frozen=True, kw_only=True)
class Certify(Command):
    """Write the certificate in the name of who approves. Only :class:`Signing` gives it, after both have
    proved who they are; the intake asks the rule again."""

    purge: Purge
    assessed_by_id: UUID
    approved_by_id: UUID


def _certify(tx: Transaction, command: Certify) -> None:
    purge = command.purge
    found = personal_of(tx.connection, purge.kind, purge.row, whole=purge.whole)
    named = named_of(found, purge.changes, purge.fields)
    if not named.values:
        raise Refused("nothing_to_destroy", kind=purge.kind)
    approved = command.approved_by_id
    said = {"assessed_by_id": command.assessed_by_id, "approved_by_id": approved}
    roles = {person: tuple(tx.need("person", person)["roles"]) for person in said.values()}
    tx.author = replace(tx.author, person=approved, roles=acting_roles(roles[approved], passwords=True))
    require_signers(said, approved, roles, district=None in tx.author.scopes)
    tx.add(
        KIND,
        {
            **said,
            "happened_at": filled_in_now(tx),
            "number": _number(tx),
            "change_ids": tuple(sorted({str(one.change) for one in named.values})),
            "row_ids": tuple(sorted({str(one.row) for one in named.values if one.card})),
            "field_names": ",".join(sorted({one.field for one in named.values})),
            "basis": purge.basis,
            "assessment": purge.assessment,
        },
    )
    note(tx, "purged", subject_kind=purge.kind, subject_id=purge.row, count=len(named.values))


Certify.name = "Certify"
HANDLERS[Certify] = _certify


def named_of(found: Found, changes: Sequence[UUID], fields: Sequence[str]) -> Found:
    """Those of the values found that are meant. A certificate names changes and fields, so with several
    changes it takes each of the fields from each of them."""
    return Found(
        values=tuple(
            one
            for one in found.values
            if (not changes or one.change in changes) and (not fields or one.field in fields)
        )
    )


def _number(tx: Transaction) -> str:
    """XH-date-desk-sequence: minted here, said aloud, never given twice."""
    desk = tx.get("desk", tx.author.device)
    number = desk["number"] if desk else 0
    day = day_of(filled_in_now(tx))
    return f"XH-{day}-{number}-{tx.count_up(f'certificate-{day}-{number}'):02d}"


def may_sign(roles: Sequence[str]) -> tuple[bool, bool]:
    """(whether these roles may assess, whether they may approve)."""
    return not ASSESSORS.isdisjoint(roles), not APPROVERS.isdisjoint(roles)


class Signing:
    """Two people at one desk: the first assesses, the second approves. Blocks; not on the GUI's or the
    writer's thread."""

    def __init__(self, desk: Desk, purge: Purge, centre: Centre | None = None) -> None:
        self._desk, self._purge, self._centre = desk, purge, centre
        self.assessed_by: UUID | None = None

    def assess(self, signature: Signature) -> UUID:
        """The first signs. Refused as at sign-in, ``nobody_can_sign`` at a desk without passwords, or
        ``may_not_assess``."""
        values = self._desk.ask(local.everything).result()
        if not local.wants_password(values):
            raise Refused("nobody_can_sign")
        person = self._proved(signature)
        assess, _ = may_sign(self._roles(person))
        if not assess:
            raise Refused("may_not_assess", field="login")
        self.assessed_by = person
        return person

    def approve(self, signature: Signature) -> Outcome:
        """The second signs, and the certificate is written. Refused as at sign-in, ``two_persons_sign``,
        ``may_not_approve``, ``nothing_to_destroy``, ``not_your_scope``."""
        if self.assessed_by is None:
            raise Refused("may_not_assess", field="login")
        person = self._proved(signature)
        if person == self.assessed_by:
            raise Refused("two_persons_sign", field="login")
        _, approve = may_sign(self._roles(person))
        if not approve:
            raise Refused("may_not_approve", field="login")
        command = Certify(purge=self._purge, assessed_by_id=self.assessed_by, approved_by_id=person)
        return self._desk.execute(command).result()

    def _proved(self, signature: Signature) -> UUID:
        return prove(self._desk, signature.login, signature.password, self._centre)

    def _roles(self, person: UUID) -> tuple[str, ...]:
        found = self._desk.ask(lambda connection: rows(connection, "person", {"id": person})).result()
        if not found:  # a new desk that has not been told of them yet
            raise Refused("unknown_row", field="login", kind="person", id=str(person))
        return tuple(found[0]["roles"] or ())


def begin(work: Callable[[], T]) -> Future[T]:
    """A signature on a thread of its own: a password takes its time."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001  it belongs to the one who asked
            future.set_exception(error)

    threading.Thread(target=run, name="signature", daemon=True).start()
    return future
