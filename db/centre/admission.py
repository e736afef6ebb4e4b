"""The questions and writes about enrolment codes, devices and the centre's key.

What they mean stands in commandcenter.server.admission. Each works in the transaction of its
caller, on SQLite and on PostgreSQL alike.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, delete, insert, or_, select, update

from db.centre.accounts import unless_there
from db.centre.admission_tables import centre_key, device, enrolment_code

AdmissionConnection = Connection  # its name for those who speak no SQL


@dataclass(frozen=True, kw_only=True)
class CodeRow:
    """An enrolment code as it is kept."""

    scope_id: UUID
    roles: tuple[str, ...]
    expires_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Device:
    """An enrolled machine. ``ids``: every id it ever had, this one among them; ``number`` is None once it was
    given up; ``alone_until``: its chain's length when it first enrolled; ``roles``: "desk", "wall"."""

    id: UUID
    ids: frozenset[UUID]
    renewed_as: UUID | None
    number: int | None
    name: str
    scope_id: UUID
    roles: tuple[str, ...]
    public_key: bytes
    alone_until: int
    enrolled_at: datetime
    seen_at: datetime | None
    withdrawn_at: datetime | None


# --- enrolment codes

_NEW_CODE = insert(enrolment_code)
_USE_CODE = (
    update(enrolment_code)
    .where(
        (enrolment_code.c.hash == bindparam("b_hash"))
        & enrolment_code.c.used_at.is_(None)
        & (enrolment_code.c.expires_at > bindparam("b_now"))
    )
    .values(used_at=bindparam("b_now"), used_by=bindparam("b_device"))
)
_CODE = select(
    enrolment_code.c.scope_id, enrolment_code.c.roles, enrolment_code.c.expires_at, enrolment_code.c.used_at
).where(enrolment_code.c.hash == bindparam("b_hash"))
_FORGET_CODES = delete(enrolment_code).where(enrolment_code.c.expires_at < bindparam("b_before"))


def add_code(
    connection: Connection,
    *,
    hash_: bytes,
    scope_id: UUID,
    roles: Iterable[str],
    by: UUID | None,
    now: datetime,
    expires_at: datetime,
) -> None:
    """Keep a new code, hashed."""
    values = {"hash": hash_, "scope_id": scope_id, "roles": list(roles), "made_by": by, "made_at": now}
    connection.execute(_NEW_CODE, {**values, "expires_at": expires_at})


def use_code(connection: Connection, hash_: bytes, device_id: UUID, now: datetime) -> bool:
    """Use a code up; True for exactly one of all who try, and only before it expires."""
    done = connection.execute(_USE_CODE, {"b_hash": hash_, "b_device": device_id, "b_now": now})
    return done.rowcount == 1


def code_row(connection: Connection, hash_: bytes) -> CodeRow | None:
    """A code by its hash."""
    row = connection.execute(_CODE, {"b_hash": hash_}).one_or_none()
    return None if row is None else CodeRow(**{**row._mapping, "roles": tuple(row.roles)})


def forget_codes(connection: Connection, before: datetime) -> None:
    """Sweep away the codes that expired before this time."""
    connection.execute(_FORGET_CODES, {"b_before": before})


# --- devices

_same = device.alias("same")
_SHOWN = [device.c[name] for name in Device.__dataclass_fields__ if name != "ids"]
# one line for every id that the machine had
_DEVICES = select(*_SHOWN, _same.c.id.label("also")).join(_same, _same.c.machine_id == device.c.machine_id)
_BY_TOKEN = _DEVICES.where(device.c.token_hash == bindparam("b_token"))
_BY_ID = _DEVICES.where(device.c.id == bindparam("b_id"))
_ALL_DEVICES = _DEVICES.order_by(
    device.c.number.is_(None), device.c.number, device.c.enrolled_at, device.c.id
)
_GOOD_TOKENS = select(device.c.token_hash).where(
    device.c.token_hash.in_(bindparam("b_tokens", expanding=True)) & device.c.withdrawn_at.is_(None)
)
_NUMBERS = select(device.c.number).where(device.c.number.is_not(None))
_OLDEST_WITHDRAWN = (
    select(device.c.id, device.c.number)
    .where(device.c.number.is_not(None) & (device.c.withdrawn_at < bindparam("b_before")))
    .order_by(device.c.withdrawn_at, device.c.number)
    .limit(1)
)
_GIVE_UP_NUMBER = update(device).where(device.c.id == bindparam("b_id")).values(number=None)
_NEW_DEVICE = insert(device)
_AGAIN = (
    update(device)
    .where(device.c.id == bindparam("b_id"))
    .values(
        **{name: bindparam(f"b_{name}") for name in ("number", "name", "scope_id", "roles", "token_hash")},
        withdrawn_at=None,
        enrolled_at=bindparam("b_now"),
    )
)
_WITHDRAW = (
    update(device)
    .where(
        device.c.machine_id.in_(select(_same.c.machine_id).where(_same.c.id == bindparam("b_id")))
        & device.c.withdrawn_at.is_(None)
    )
    .values(withdrawn_at=bindparam("b_now"))
)
_SEEN = (
    update(device)
    .where(
        (device.c.id == bindparam("b_id"))
        & or_(device.c.seen_at.is_(None), device.c.seen_at <= bindparam("b_before"))
    )
    .values(seen_at=bindparam("b_now"))
)
_RENEWABLE = select(device).where(device.c.id == bindparam("b_id")).with_for_update()
_RENEWED = (
    update(device)
    .where(device.c.id == bindparam("b_id"))
    .values(renewed_as=bindparam("b_new"), number=None, token_hash=None)
)


def _gathered(rows: Iterable[Any]) -> tuple[Device, ...]:
    """The devices of a result that has a line for every id of each."""
    ids: dict[UUID, set[UUID]] = {}
    found: dict[UUID, dict[str, Any]] = {}
    for row in rows:
        values = dict(row._mapping)
        ids.setdefault(row.id, set()).add(values.pop("also"))
        found[row.id] = {**values, "roles": tuple(row.roles), "public_key": bytes(row.public_key)}
    return tuple(Device(**values, ids=frozenset(ids[id_])) for id_, values in found.items())


def device_by_token(connection: Connection, token_hash: bytes) -> Device | None:
    """Whose token it is, withdrawn or not."""
    return next(iter(_gathered(connection.execute(_BY_TOKEN, {"b_token": token_hash}))), None)


def device_by_id(connection: Connection, device_id: UUID) -> Device | None:
    """The device with this id, as it was when it last spoke under it."""
    return next(iter(_gathered(connection.execute(_BY_ID, {"b_id": device_id}))), None)


def devices(connection: Connection) -> tuple[Device, ...]:
    """All there ever were, by number, those without one last."""
    return _gathered(connection.execute(_ALL_DEVICES))


def good_tokens(connection: Connection, token_hashes: Iterable[bytes]) -> frozenset[bytes]:
    """Those of the tokens whose device is not withdrawn."""
    rows = connection.execute(_GOOD_TOKENS, {"b_tokens": list(token_hashes)})
    return frozenset(bytes(token) for (token,) in rows)


def numbers(connection: Connection) -> frozenset[int]:
    """The desk numbers that somebody has."""
    return frozenset(number for (number,) in connection.execute(_NUMBERS))


def take_over_number(connection: Connection, *, withdrawn_before: datetime) -> int | None:
    """The number of the device that was withdrawn longest ago, which gives it up; None: there is none."""
    row = connection.execute(_OLDEST_WITHDRAWN, {"b_before": withdrawn_before}).one_or_none()
    if row is None:
        return None
    connection.execute(_GIVE_UP_NUMBER, {"b_id": row.id})
    number: int = row.number
    return number


def add_device(
    connection: Connection,
    *,
    device_id: UUID,
    number: int,
    name: str,
    scope_id: UUID,
    roles: Iterable[str],
    token_hash: bytes,
    public_key: bytes,
    alone_until: int,
    now: datetime,
) -> None:
    """Keep a device that enrols for the first time."""
    connection.execute(
        _NEW_DEVICE,
        {
            "id": device_id,
            "machine_id": device_id,
            "number": number,
            "name": name,
            "scope_id": scope_id,
            "roles": list(roles),
            "token_hash": token_hash,
            "public_key": public_key,
            "alone_until": alone_until,
            "enrolled_at": now,
        },
    )


def admit_again(
    connection: Connection,
    *,
    device_id: UUID,
    number: int,
    name: str,
    scope_id: UUID,
    roles: Iterable[str],
    token_hash: bytes,
    now: datetime,
) -> None:
    """Keep what a known device got when it enrolled once more; its key and its chain are as they were."""
    values = {"b_number": number, "b_name": name, "b_scope_id": scope_id, "b_roles": list(roles)}
    connection.execute(_AGAIN, {**values, "b_id": device_id, "b_token_hash": token_hash, "b_now": now})


def withdraw_device(connection: Connection, device_id: UUID, now: datetime) -> bool:
    """Withdraw the machine that has or had this id; False where there is none, or it was withdrawn before."""
    return connection.execute(_WITHDRAW, {"b_id": device_id, "b_now": now}).rowcount > 0


def put_seen(connection: Connection, device_id: UUID, now: datetime, *, unless_since: datetime) -> bool:
    """Write when a device was heard of, unless that was done after ``unless_since``."""
    return (
        connection.execute(_SEEN, {"b_id": device_id, "b_now": now, "b_before": unless_since}).rowcount == 1
    )


def renew_device(connection: Connection, old: UUID, new: UUID, now: datetime) -> UUID | None:
    """Go on under the id ``new`` with number, scope and token of ``old``. Returns the id under which ``old``
    goes on: another than ``new`` where it was renewed before; None where there is no such device."""
    row = connection.execute(_RENEWABLE, {"b_id": old}).one_or_none()
    if row is None:
        return None
    if row.renewed_as is not None:
        went_on: UUID = row.renewed_as
        return went_on
    connection.execute(_RENEWED, {"b_id": old, "b_new": new})  # first: token and number are unique
    heir = {**row._mapping, "id": new, "renewed_as": None, "alone_until": 0, "enrolled_at": now}
    connection.execute(_NEW_DEVICE, heir)
    return new


# --- the centre's key

_NEW_KEY = unless_there(centre_key)
_KEY = select(centre_key.c.seed).where(centre_key.c.id == 1)
_KEY_HELD = _KEY.with_for_update()


def add_key(connection: Connection, seed: bytes, now: datetime) -> None:
    """Keep the centre's key, unless there is one."""
    connection.execute(_NEW_KEY[connection.dialect.name], {"id": 1, "seed": seed, "made_at": now})


def key_seed(connection: Connection) -> bytes | None:
    """The seed of the centre's key; None before its first start."""
    seed = connection.execute(_KEY).scalar()
    return None if seed is None else bytes(seed)


def one_enrolment_at_a_time(connection: Connection) -> None:
    """Wait until no other transaction gives out a desk number."""
    connection.execute(_KEY_HELD)
