"""The rule of destruction: which personal values certificates destroy, and who may sign one.

A pure function of the set of certificates that stand: two of them destroy what either names, in whatever
order they and what they name arrive, and none can be taken back.

A certificate names changes and fields. It destroys what those changes stated of those fields, salt and value;
and of the cards it names every *former* value that an edit of such a field repeats. A former value is a copy
of what another change stated, and of which one nobody can tell once that one is gone. What an edit itself
stated stays unless it is named.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from commandcenter.domain.access import APPROVERS, ASSESSORS
from commandcenter.domain.change import Change, Private
from commandcenter.domain.errors import Refused

KIND = "certificate"
_NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Destruction:
    """What certificates destroy: {change: fields}, and {card: fields whose former values go}."""

    values: Mapping[UUID, frozenset[str]] = field(default_factory=dict)
    formers: Mapping[UUID, frozenset[str]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.values or self.formers)

    def __or__(self, other: Destruction) -> Destruction:
        return Destruction(_united(self.values, other.values), _united(self.formers, other.formers))

    def takes(self, change: UUID, row: UUID, name: str, *, former: bool = False) -> bool:
        """Whether the value that a change of ``row`` stated of a field is destroyed, or its former one."""
        if name in self.values.get(change, _NOTHING):
            return True
        return former and name in self.formers.get(row, _NOTHING)

    def left(self, change: UUID, row: UUID, private: Mapping[str, Private]) -> dict[str, Private]:
        """What remains of a change's personal values."""
        out: dict[str, Private] = {}
        for name, value in private.items():
            if self.takes(change, row, name):
                continue
            if value.former is not None and self.takes(change, row, name, former=True):
                value = replace(value, former=None)
            out[name] = value
        return out


def _united(
    one: Mapping[UUID, frozenset[str]], other: Mapping[UUID, frozenset[str]]
) -> dict[UUID, frozenset[str]]:
    return {id_: one.get(id_, _NOTHING) | other.get(id_, _NOTHING) for id_ in one.keys() | other.keys()}


@dataclass(frozen=True)
class Order:
    """One certificate read: its changes, the cards among their records, its fields."""

    certificate: UUID
    changes: tuple[UUID, ...]
    rows: tuple[UUID, ...]
    fields: frozenset[str]

    def destruction(self) -> Destruction:
        """What it destroys."""
        return Destruction(dict.fromkeys(self.changes, self.fields), dict.fromkeys(self.rows, self.fields))


def order_of(certificate: UUID, said: Mapping[str, Any]) -> Order:
    """A certificate's order. ``said``: its values, as an entry or a row has them."""
    names = str(said.get("field_names") or "")
    return Order(
        certificate=certificate,
        changes=tuple(_ids(said.get("change_ids"))),
        rows=tuple(_ids(said.get("row_ids"))),
        fields=frozenset(name for name in names.split(",") if name),
    )


def _ids(items: Any) -> Iterable[UUID]:
    """Those that are ids: what is none names nothing, and is refused elsewhere."""
    for item in items if isinstance(items, list | tuple) else ():
        try:
            yield UUID(str(item))
        except ValueError:
            continue


def ordered(changes: Iterable[Change]) -> Destruction:
    """What the certificates among these entries destroy together."""
    found = Destruction()
    for change in changes:
        if change.kind == KIND and change.set is not None:
            found |= order_of(change.id, change.set).destruction()
    return found


def require_signers(
    said: Mapping[str, Any], by: UUID | None, roles_of: Mapping[UUID, Iterable[str]], *, district: bool
) -> None:
    """Refused unless a security officer assessed it and another person, a duty chief or administrator,
    approved it and gave the command; and that at a desk of the district, for it reaches every scope.

    ``by``: whose entry it is; ``roles_of``: the roles of both."""
    assessed, approved = _person(said.get("assessed_by_id")), _person(said.get("approved_by_id"))
    if not district:
        raise Refused("not_your_scope", kind=KIND)
    if assessed == approved:
        raise Refused("two_persons_sign", field="approved_by_id")
    if assessed is None or ASSESSORS.isdisjoint(roles_of.get(assessed, ())):
        raise Refused("may_not_assess", field="assessed_by_id")
    if approved is None or approved != by or APPROVERS.isdisjoint(roles_of.get(approved, ())):
        raise Refused("may_not_approve", field="approved_by_id")


def signers(change: Change) -> tuple[UUID, ...]:
    """Who signs a certificate; nobody where the entry is none, or does not say."""
    said = change.set or {}
    if change.kind != KIND:
        return ()
    found = (said.get("assessed_by_id"), said.get("approved_by_id"))
    try:
        return tuple(UUID(one) for one in found if isinstance(one, str))
    except ValueError:  # malformed: for the judgement to say
        return ()


def _person(value: Any) -> UUID | None:
    return value if value is None or isinstance(value, UUID) else UUID(str(value))
