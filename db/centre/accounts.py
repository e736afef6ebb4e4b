"""The questions and writes about accounts and counted tries.

What they mean stands in commandcenter.server.accounts. Each works in the transaction of its
caller, on SQLite and on PostgreSQL alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, Insert, Table, bindparam, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from commandcenter.domain.lockout import Tries
from db.centre.admission_tables import account, attempt

NO_DEVICE = UUID(int=0)


def unless_there(table: Table) -> dict[str, Insert]:
    """Insert a row unless a key of it is taken: the statement for each sort of database. Says how many."""
    made = {
        "sqlite": sqlite.insert(table).on_conflict_do_nothing(),
        "postgresql": postgresql.insert(table).on_conflict_do_nothing(),
    }
    return {name: insert.execution_options(preserve_rowcount=True) for name, insert in made.items()}


@dataclass(frozen=True, kw_only=True)
class Account:
    """Who may sign in. ``hash``: argon2, in its own notation."""

    person_id: UUID
    login: str
    hash: str
    created_at: datetime
    withdrawn_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Lockout:
    """Somebody who is locked out at a device; ``locked_at``: since when."""

    person_id: UUID
    device: UUID
    locked_at: datetime


# --- accounts

_NEW_ACCOUNT = unless_there(account)
_ACCOUNTS = select(
    *(account.c[name] for name in ("person_id", "login", "hash", "created_at", "withdrawn_at"))
)
_BY_LOGIN = _ACCOUNTS.where(account.c.login == bindparam("b_login"))
_BY_PERSON = _ACCOUNTS.where(account.c.person_id == bindparam("b_person"))
_ALL_ACCOUNTS = _ACCOUNTS.order_by(account.c.login)
_PASSWORD = (
    update(account)
    .where(account.c.person_id == bindparam("b_person"))
    .values(hash=bindparam("b_hash"), changed_at=bindparam("b_now"))
)
_REHASH = (
    update(account)
    .where((account.c.person_id == bindparam("b_person")) & (account.c.hash == bindparam("b_old")))
    .values(hash=bindparam("b_new"))
)
_ACCOUNT_ENDS = (
    update(account)
    .where(account.c.person_id == bindparam("b_person"))
    .values(withdrawn_at=bindparam("b_withdrawn_at"))
)


def add_account(connection: Connection, *, person_id: UUID, login: str, hash_: str, now: datetime) -> bool:
    """Add an account; False, and nothing written, where the person or the login has one."""
    done = connection.execute(
        _NEW_ACCOUNT[connection.dialect.name],
        {"person_id": person_id, "login": login, "hash": hash_, "created_at": now, "changed_at": now},
    )
    return done.rowcount == 1


def account_by_login(connection: Connection, login: str) -> Account | None:
    """The account with this folded login."""
    row = connection.execute(_BY_LOGIN, {"b_login": login}).one_or_none()
    return None if row is None else Account(**row._mapping)


def account_of(connection: Connection, person_id: UUID) -> Account | None:
    """A person's account."""
    row = connection.execute(_BY_PERSON, {"b_person": person_id}).one_or_none()
    return None if row is None else Account(**row._mapping)


def accounts(connection: Connection) -> tuple[Account, ...]:
    """All accounts by login, the withdrawn ones too."""
    return tuple(Account(**row._mapping) for row in connection.execute(_ALL_ACCOUNTS))


def put_hash(connection: Connection, person_id: UUID, hash_: str, now: datetime) -> bool:
    """Write a new password's hash; False where there is no account."""
    done = connection.execute(_PASSWORD, {"b_person": person_id, "b_hash": hash_, "b_now": now})
    return done.rowcount == 1


def replace_hash(connection: Connection, person_id: UUID, *, old: str, new: str) -> None:
    """Write the same password's hash with newer parameters, unless the password was changed meanwhile."""
    connection.execute(_REHASH, {"b_person": person_id, "b_old": old, "b_new": new})


def put_withdrawn(connection: Connection, person_id: UUID, at: datetime | None) -> bool:
    """Close an account, or with None open it again; False where there is none."""
    done = connection.execute(_ACCOUNT_ENDS, {"b_person": person_id, "b_withdrawn_at": at})
    return done.rowcount == 1


# --- tries


@dataclass(frozen=True)
class Place:
    """Whose tries are counted: ``purpose`` "person", "login" or "address", and at which device."""

    purpose: str
    subject: str
    device: UUID = NO_DEVICE

    @property
    def key(self) -> dict[str, object]:
        """As the statements take it."""
        return {"b_purpose": self.purpose, "b_subject": self.subject, "b_device": self.device}


_AT = (
    (attempt.c.purpose == bindparam("b_purpose"))
    & (attempt.c.subject == bindparam("b_subject"))
    & (attempt.c.device == bindparam("b_device"))
)
_FIRST_TRY = unless_there(attempt)
_TRIES = select(attempt.c.wrong, attempt.c.seen_at, attempt.c.locked_at).where(_AT)
_TRIES_LOCKED = _TRIES.with_for_update()
_KEEP_TRIES = (
    update(attempt)
    .where(_AT)
    .values(wrong=bindparam("b_wrong"), seen_at=bindparam("b_seen_at"), locked_at=bindparam("b_locked_at"))
)
_PROVED = update(attempt).where(_AT).values(wrong=0, locked_at=None)
_RELEASE = (
    update(attempt)
    .where(_AT & (attempt.c.wrong > 0))
    .values(wrong=0, locked_at=None, released_by=bindparam("b_by"), released_at=bindparam("b_now"))
)
_LOCKOUTS = (
    select(attempt.c.subject, attempt.c.device, attempt.c.locked_at)
    .where((attempt.c.purpose == "person") & (attempt.c.locked_at > bindparam("b_since")))
    .order_by(attempt.c.locked_at, attempt.c.subject)
)
_FORGET_TRIES = delete(attempt).where(attempt.c.seen_at < bindparam("b_before"))


def tries_held(connection: Connection, place: Place) -> Tries:
    """The tries at a place, held until the transaction ends: whoever comes beside this one waits."""
    first = {"purpose": place.purpose, "subject": place.subject, "device": place.device, "wrong": 0}
    while True:
        connection.execute(_FIRST_TRY[connection.dialect.name], first)
        row = connection.execute(_TRIES_LOCKED, place.key).one_or_none()
        if row is not None:  # else it was swept away between the two
            return Tries(**row._mapping)


def keep_tries(connection: Connection, place: Place, tries: Tries) -> None:
    """Write what :func:`tries_held` held."""
    values = {"b_wrong": tries.wrong, "b_seen_at": tries.seen_at, "b_locked_at": tries.locked_at}
    connection.execute(_KEEP_TRIES, {**place.key, **values})


def clear_tries(connection: Connection, place: Place) -> None:
    """What was counted proved right: five new tries."""
    connection.execute(_PROVED, place.key)


def release_tries(connection: Connection, place: Place, *, by: UUID, now: datetime) -> bool:
    """Five new tries by somebody's word; False where none were counted."""
    return connection.execute(_RELEASE, {**place.key, "b_by": by, "b_now": now}).rowcount == 1


def lockouts_since(connection: Connection, since: datetime) -> tuple[Lockout, ...]:
    """Who was locked out after ``since`` and is not released, the oldest first."""
    rows = connection.execute(_LOCKOUTS, {"b_since": since})
    return tuple(
        Lockout(person_id=UUID(subject), device=at, locked_at=locked) for subject, at, locked in rows
    )


def forget_tries(connection: Connection, before: datetime) -> None:
    """Sweep away what was last tried before this time."""
    connection.execute(_FORGET_TRIES, {"b_before": before})
