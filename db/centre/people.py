"""The questions about people and organisations that the centre's gate asks."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Connection, bindparam, select

from db.tables import RECORDS

_ORGANISATIONS = select(RECORDS["organisation"].c.id, RECORDS["organisation"].c.parent_id)
_ROLES = select(RECORDS["person"].c.roles).where(
    (RECORDS["person"].c.id == bindparam("person")) & RECORDS["person"].c.retired.is_not(True)
)

_NAMED = select(RECORDS["organisation"].c.id).where(
    (RECORDS["organisation"].c.code == bindparam("code")) & RECORDS["organisation"].c.retired.is_not(True)
)
_PERSONS = select(RECORDS["person"].c.id).where(
    (RECORDS["person"].c.name == bindparam("name")) & RECORDS["person"].c.retired.is_not(True)
)


def persons_named(connection: Connection, name: str) -> list[UUID]:
    """The persons of this name who are not retired; two may have the same."""
    return list(connection.execute(_PERSONS, {"name": name}).scalars())


def organisations_above(connection: Connection) -> dict[UUID, UUID | None]:
    """The organisation above each one."""
    return {row.id: row.parent_id for row in connection.execute(_ORGANISATIONS)}


def roles_of(connection: Connection, person: UUID) -> frozenset[str]:
    """A person's roles; none of one who is unknown or retired."""
    return frozenset(connection.execute(_ROLES, {"person": person}).scalar() or ())


def organisation_named(connection: Connection, code: str) -> UUID | None:
    """The organisation with this code that is not retired."""
    found: UUID | None = connection.execute(_NAMED, {"code": code}).scalars().first()
    return found
