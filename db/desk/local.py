"""This desk's own affairs, never synchronised: who sits here, preferences, drafts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from commandcenter.domain.clock import from_ms, to_ms
from db.desk.engine import Connection

# The window reads its preferences and its draft before it paints: nothing heavy is loaded for that.
if TYPE_CHECKING:
    from uuid import UUID

    from commandcenter.domain.access import Scopes

ENROLLED = "centre.enrolled"  # the desk has met a centre
PASSWORDS = "sign_in.passwords"  # somebody has signed in here with a password once
PROVED = "sign_in.proved"  # who proved with it to be the person in the chair
MASKED = "sign_in.masked"  # names are hidden: nobody is known to be there


def get(connection: Connection, key: str, default: Any = None) -> Any:
    """The local value called ``key``, as JSON has it."""
    row = connection.execute("SELECT value FROM local WHERE key = ?", (key,)).fetchone()
    return default if row is None or row[0] is None else json.loads(row[0])


def put(connection: Connection, key: str, value: Any) -> None:
    """Keep a local value (JSON)."""
    connection.execute(
        "INSERT INTO local (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        (key, json.dumps(value)),  # escaped: half a character has no bytes of its own
    )


def everything(connection: Connection) -> dict[str, Any]:
    """All local values by key."""
    return {key: json.loads(value) for key, value in connection.execute("SELECT key, value FROM local")}


def district(connection: Connection) -> dict[str, str] | None:
    """The district's name by language, for the head of the window; None if there is none."""
    row = connection.execute(
        "SELECT name, name_en FROM organisation WHERE level = 'district' AND retired IS NOT 1"
        " ORDER BY code, name LIMIT 1"
    ).fetchone()
    return None if row is None else {"zh_CN": row[0], "en": row[1] or row[0]}


def keep_draft(connection: Connection, key: str, body: dict[str, Any] | None, now: datetime) -> None:
    """Keep what is being typed; None when it was sent or emptied."""
    if body is None:
        connection.execute("DELETE FROM draft WHERE key = ?", (key,))
        return
    connection.execute(
        "INSERT INTO draft (key, body, kept_at) VALUES (?, ?, ?)"
        " ON CONFLICT (key) DO UPDATE SET body = excluded.body, kept_at = excluded.kept_at",
        (key, json.dumps(body), to_ms(now)),
    )


def drafts(connection: Connection) -> dict[str, tuple[dict[str, Any], datetime]]:
    """All drafts: {key: (body, when it was kept)}."""
    rows = connection.execute("SELECT key, body, kept_at FROM draft")
    return {key: (json.loads(body), from_ms(kept_at)) for key, body, kept_at in rows}


def wants_password(values: Mapping[str, Any]) -> bool:
    """Whether one must prove who one is at this desk. ``values``: all local values. Once somebody has, or
    the desk has met a centre, that stays so."""
    return bool(values.get(ENROLLED) or values.get(PASSWORDS))


def seated(values: Mapping[str, Any]) -> UUID | None:
    """Who sits here. ``values``: all local values. Where passwords are wanted a name alone is nobody, and
    while names are hidden nobody is known to be in the chair."""
    from uuid import UUID

    person = values.get("person")
    if person is None:
        return None
    if wants_password(values) and (values.get(PROVED) != person or values.get(MASKED)):
        return None
    return UUID(person)


class Sitting(NamedTuple):
    """Who sits at the desk, in which roles, for which organisation, under which lateness rule."""

    version: int  # the file's data_version this was read at
    person: UUID | None
    roles: tuple[str, ...]
    scope: UUID | None
    late_after_s: int | None
    passwords: bool  # whether one proves here who one is
    scopes: Scopes  # whose rows are written here


def data_version(connection: Connection) -> int:
    """A number that changes when another connection has committed to the file."""
    return int(connection.execute("PRAGMA data_version").fetchone()[0])


def sitting(connection: Connection, device: UUID, late_after: UUID) -> Sitting:
    """Read who sits here. ``late_after``: the row id of the setting that says what is late."""
    from uuid import UUID

    from commandcenter.domain.access import DISTRICT

    version = data_version(connection)
    values = everything(connection)
    person = seated(values)
    roles: tuple[str, ...] = ()
    if person is not None:
        row = connection.execute("SELECT roles FROM person WHERE id = ?", (person.bytes,)).fetchone()
        roles = tuple(json.loads(row[0] or "[]")) if row else ()
    desk = connection.execute("SELECT organisation_id FROM desk WHERE id = ?", (device.bytes,)).fetchone()
    scope = None if not desk or desk[0] is None else UUID(bytes=desk[0])
    enrolled = bool(values.get(ENROLLED))
    late = connection.execute("SELECT value FROM setting WHERE id = ?", (late_after.bytes,)).fetchone()
    return Sitting(
        version=version,
        person=person,
        roles=roles,
        scope=scope,
        late_after_s=int(late[0]) if late and late[0] else None,
        passwords=wants_password(values),
        scopes=_written_here(connection, scope) if enrolled else DISTRICT,
    )


def seen_here(connection: Connection, device: UUID) -> frozenset[UUID]:
    """The scopes of an enrolled desk by the organisations as they stand here; empty: it sees everything."""
    from uuid import UUID

    row = connection.execute("SELECT organisation_id FROM desk WHERE id = ?", (device.bytes,)).fetchone()
    found = _written_here(connection, None if not row or row[0] is None else UUID(bytes=row[0]))
    return frozenset(scope for scope in found if scope is not None)


def _written_here(connection: Connection, scope: UUID | None) -> Scopes:
    """The scopes of a desk of ``scope`` once there is a centre: everything for the district's own."""
    from uuid import UUID

    from commandcenter.domain.access import DISTRICT, scopes_of

    levels: dict[UUID, tuple[UUID | None, str]] = {
        UUID(bytes=id_): (None if parent is None else UUID(bytes=parent), level)
        for id_, parent, level in connection.execute("SELECT id, parent_id, level FROM organisation")
    }
    if scope is None or (scope in levels and levels[scope][1] == "district"):
        return DISTRICT
    return scopes_of(scope, {id_: parent for id_, (parent, _) in levels.items()})
