"""What the desk keeps to know people by without the centre: password hashes, and their tries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from commandcenter.domain.clock import from_ms, to_ms
from commandcenter.domain.lockout import Tries, folded_login
from db.desk.engine import Connection

_COLUMNS = "person_id, login, hash, wrong, seen_at, locked_at"


@dataclass(frozen=True, kw_only=True)
class Credential:
    """One person who has signed in here with the centre's yes. ``hash``: argon2, in its own notation."""

    person: UUID
    login: str
    hash: str
    tries: Tries


def by_login(connection: Connection, login: str) -> Credential | None:
    """Whose login this is; None: nobody's who is known here."""
    return _found(connection, "login = ?", folded_login(login))


def by_person(connection: Connection, person: UUID) -> Credential | None:
    """What is kept of a person; None: nothing."""
    return _found(connection, "person_id = ?", person.bytes)


def with_tries(connection: Connection) -> list[Credential]:
    """Those who are or were locked out and have not signed in since, by login."""
    rows = connection.execute(f"SELECT {_COLUMNS} FROM credential WHERE locked_at IS NOT NULL ORDER BY login")
    return [_read(row) for row in rows]


def _found(connection: Connection, where: str, value: object) -> Credential | None:
    row = connection.execute(f"SELECT {_COLUMNS} FROM credential WHERE {where}", (value,)).fetchone()
    return None if row is None else _read(row)


def _read(row: tuple[bytes, str, str, int, int | None, int | None]) -> Credential:
    person, login, hash_, wrong, seen_at, locked_at = row
    tries = Tries(
        wrong=wrong,
        seen_at=None if seen_at is None else from_ms(seen_at),
        locked_at=None if locked_at is None else from_ms(locked_at),
    )
    return Credential(person=UUID(bytes=person), login=login, hash=hash_, tries=tries)


def keep(connection: Connection, person: UUID, login: str, hash_: str, now: datetime) -> None:
    """Keep a person's hash, its tries forgotten; a login belongs to the last who used it."""
    folded = folded_login(login)
    connection.execute("DELETE FROM credential WHERE login = ? AND person_id <> ?", (folded, person.bytes))
    connection.execute(
        "INSERT INTO credential (person_id, login, hash, learned_at, wrong) VALUES (?, ?, ?, ?, 0)"
        " ON CONFLICT (person_id) DO UPDATE SET login = excluded.login, hash = excluded.hash,"
        " learned_at = excluded.learned_at, wrong = 0, seen_at = NULL, locked_at = NULL",
        (person.bytes, folded, hash_, to_ms(now)),
    )


def keep_tries(connection: Connection, person: UUID, tries: Tries) -> None:
    """Remember a person's tries."""
    connection.execute(
        "UPDATE credential SET wrong = ?, seen_at = ?, locked_at = ? WHERE person_id = ?",
        (tries.wrong, _ms(tries.seen_at), _ms(tries.locked_at), person.bytes),
    )


def forget(connection: Connection, person: UUID) -> bool:
    """Keep nothing of a person any more. False if nothing was kept."""
    return bool(connection.execute("DELETE FROM credential WHERE person_id = ?", (person.bytes,)).rowcount)


def _ms(at: datetime | None) -> int | None:
    return None if at is None else to_ms(at)
