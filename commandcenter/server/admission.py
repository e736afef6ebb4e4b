"""The admission of machines: enrolment codes, the devices that used one, and their tokens.

Functions work in the transaction of their caller (on SQLite one that began IMMEDIATE, as ``engine.begin()``
does), but for :func:`redeem_code`: what it counts must stay counted when it refuses, so it takes a connection
with no transaction open and commits by itself. ``now`` is the centre's clock (aware UTC). What each did is
noted in the audit trail, in the same transaction (db.centre.audit).
"""

from __future__ import annotations

import binascii
import hashlib
import math
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from commandcenter.domain.clock import whole_ms
from commandcenter.domain.errors import Refused
from commandcenter.domain.lockout import counted, locked_until
from commandcenter.protocol.codes import (
    DEVICE_ROLES,
    KEY_LENGTH,
    PUBLIC_KEY_BYTES,
    RANDOM_BYTES,
    Code,
    new_secret,
    parse_code,
    write_code,
)
from commandcenter.server.centre_key import Random, make_key
from db.centre import accounts, admission, audit
from db.centre.accounts import Place
from db.centre.admission import AdmissionConnection, Device

NAME_MAX = 40
CODE_LASTS = timedelta(minutes=15)
CODES_KEPT = timedelta(days=30)
NUMBER_MAX = 99
# A number is minted into the names of incidents together with the day: it rests before another desk has it.
NUMBER_RESTS = timedelta(days=7)
SEEN_EVERY = timedelta(minutes=1)
TOKEN_BYTES = 32


# --- enrolment


@dataclass(frozen=True, kw_only=True)
class Enrolled:
    """What a machine gets for its code. ``token`` is said once and kept nowhere in clear."""

    token: str
    scope_id: UUID
    roles: tuple[str, ...]
    desk_number: int
    centre_key: bytes


def new_code(
    connection: AdmissionConnection,
    *,
    scope_id: UUID,
    roles: Iterable[str],
    by: UUID | None,
    now: datetime,
    random: Random = secrets.token_bytes,
) -> str:
    """A code with which one machine enrols for a scope within 15 minutes. ``roles``: what the machine may be
    ("desk", "wall"); ``by``: None from the command line. Refused ``required``, ``unknown_code``."""
    wanted = tuple(dict.fromkeys(roles))
    if not wanted:
        raise Refused("required", field="roles")
    for role in wanted:
        if role not in DEVICE_ROLES:
            raise Refused("unknown_code", field="roles", code=role)
    now = whole_ms(now)
    key = make_key(connection, now, random)
    prefix = key.fingerprint.replace("-", "")[:KEY_LENGTH]
    code = Code(secret=new_secret(random(RANDOM_BYTES)), key_prefix=prefix)
    admission.add_code(
        connection,
        hash_=_code_hash(code),
        scope_id=scope_id,
        roles=wanted,
        by=by,
        now=now,
        expires_at=now + CODE_LASTS,
    )
    extent = {"scope": scope_id, "role": ",".join(wanted)}
    audit.note(connection, now, "code_made", by=by, subject=("desk", None), extent=extent, scope_id=scope_id)
    return write_code(code)


def redeem_code(
    connection: AdmissionConnection,
    *,
    code: str,
    device: UUID,
    public_key: bytes,
    name: str,
    now: datetime,
    address: str,
    alone_until: int = 0,
    random: Random = secrets.token_bytes,
) -> Enrolled:
    """Enrol a machine. Takes a connection without a transaction and commits.

    ``address``: where the request comes from; five wrong codes in a row from one address make it wait for
    30 minutes. ``alone_until``: the length of the machine's chain now, kept from its first enrolment on.
    A machine that was known, by its id and key, keeps its number; its former token is void.

    Refused ``code_mistyped``, ``code_unknown``, ``code_used``, ``code_expired``, ``too_many_codes``
    (minutes); ``device_known``: the id is another machine's, take a new one, the code stays good;
    ``no_desk_number`` (max); ``required``, ``too_long``, ``control_character`` (name), ``wrong_type``
    (public_key)."""
    now, said = whole_ms(now), parse_code(code)
    name = _usable_name(name)
    if len(public_key) != PUBLIC_KEY_BYTES:
        raise Refused("wrong_type", field="public_key")
    place = Place("address", address)
    with connection.begin():
        # held until the end: of many who come at once from one address each knows what became of the last
        tries = accounts.tries_held(connection, place)
        until = locked_until(tries, now)
        if until is not None:
            minutes = max(1, math.ceil((until - now) / timedelta(minutes=1)))
            raise Refused("too_many_codes", field="code", minutes=minutes)
        enrolled: Enrolled | None = None
        hash_ = _code_hash(said)
        if admission.use_code(connection, hash_, device, now):  # what decides between two
            enrolled = _enrolled(connection, hash_, device, public_key, name, now, alone_until, random)
            accounts.clear_tries(connection, place)
        else:
            tries = counted(tries, now)
            accounts.keep_tries(connection, place, tries)
            if tries.locked_at is not None:  # somebody guesses codes: the lock is noted, and not each of them
                audit.note_failure(
                    connection,
                    now,
                    "locked_out",
                    None,
                    subject=("desk", None),
                    purpose=address,
                    result="refused",
                )
    if enrolled is None:
        raise _why_not(connection, hash_)
    return enrolled


def _enrolled(
    connection: AdmissionConnection,
    hash_: bytes,
    device: UUID,
    public_key: bytes,
    name: str,
    now: datetime,
    alone_until: int,
    random: Random,
) -> Enrolled:
    """What the code that was just used gives; a refusal undoes its use."""
    made = admission.code_row(connection, hash_)
    assert made is not None
    key = make_key(connection, now, random)
    admission.one_enrolment_at_a_time(connection)
    known = admission.device_by_id(connection, device)
    if known is not None and (known.public_key != public_key or known.renewed_as is not None):
        raise Refused("device_known")
    number = known.number if known is not None else None
    if number is None:
        number = _free_number(connection, now)
    token = random(TOKEN_BYTES)
    given: dict[str, Any] = {
        "device_id": device,
        "number": number,
        "name": name,
        "scope_id": made.scope_id,
        "roles": made.roles,
        "token_hash": hashlib.sha256(token).digest(),
        "now": now,
    }
    if known is None:
        admission.add_device(connection, **given, public_key=public_key, alone_until=alone_until)
    else:
        admission.admit_again(connection, **given)
    extent = {"scope": made.scope_id, "role": ",".join(made.roles), "number": number}
    audit.note(
        connection, now, "desk_enrolled", subject=("desk", device), extent=extent, scope_id=made.scope_id
    )
    return Enrolled(
        token=urlsafe_b64encode(token).decode().rstrip("="),
        scope_id=made.scope_id,
        roles=made.roles,
        desk_number=number,
        centre_key=key.public,
    )


def _code_hash(code: Code) -> bytes:
    # not salted: 54 random bits stand in no table, and a code is good for a quarter of an hour
    return hashlib.sha256(b"enrolment code\0" + code.secret.encode()).digest()


def _why_not(connection: AdmissionConnection, hash_: bytes) -> Refused:
    with connection.begin():
        found = admission.code_row(connection, hash_)
    if found is None:
        return Refused("code_unknown", field="code")
    if found.used_at is not None:
        return Refused("code_used", field="code")
    return Refused("code_expired", field="code", minutes=CODE_LASTS // timedelta(minutes=1))


def _usable_name(name: str) -> str:
    name = name.strip()
    if not name:
        raise Refused("required", field="name")
    if len(name) > NAME_MAX:
        raise Refused("too_long", field="name", max=NAME_MAX, count=len(name))
    for character in name:
        if not character.isprintable():
            raise Refused("control_character", field="name", code_point=f"U+{ord(character):04X}")
    return name


def _free_number(connection: AdmissionConnection, now: datetime) -> int:
    """The lowest number no desk ever had; where there is none, that of the desk withdrawn longest ago."""
    taken = admission.numbers(connection)
    for number in range(1, NUMBER_MAX + 1):
        if number not in taken:
            return number
    rested = admission.take_over_number(connection, withdrawn_before=now - NUMBER_RESTS)
    if rested is None:
        raise Refused("no_desk_number", max=NUMBER_MAX)
    return rested


def forget_codes(connection: AdmissionConnection, now: datetime) -> None:
    """Forget the codes that expired a month ago; to be called now and then."""
    admission.forget_codes(connection, whole_ms(now) - CODES_KEPT)


# --- devices


def device_of(connection: AdmissionConnection, token: str) -> Device | None:
    """Whose token this is; None: nobody's (or another was given since). Refused ``device_withdrawn``."""
    hash_ = _token_hash(token)
    found = None if hash_ is None else admission.device_by_token(connection, hash_)
    if found is not None and found.withdrawn_at is not None:
        raise Refused("device_withdrawn")
    return found


def good_tokens(connection: AdmissionConnection, tokens: Iterable[str]) -> frozenset[str]:
    """Those of ``tokens`` that are some device's that is not withdrawn."""
    hashes = {token: hash_ for token in tokens if (hash_ := _token_hash(token)) is not None}
    good = admission.good_tokens(connection, set(hashes.values()))
    return frozenset(token for token, hash_ in hashes.items() if hash_ in good)


def seen(connection: AdmissionConnection, device: Device, now: datetime) -> bool:
    """Note that a device spoke, at most once a minute; True if that was written. Asks the database only where
    ``device`` as it was read says that it is time."""
    now = whole_ms(now)
    if device.seen_at is not None and now - device.seen_at < SEEN_EVERY:
        return False
    return admission.put_seen(connection, device.id, now, unless_since=now - SEEN_EVERY)


def withdraw(connection: AdmissionConnection, device: UUID, now: datetime, by: UUID | None = None) -> None:
    """Hear a machine no more, by any id it has or had; twice is as good as once. Refused
    ``device_unknown``."""
    known = _known(connection, device)
    if admission.withdraw_device(connection, device, whole_ms(now)):
        audit.note(
            connection, now, "desk_withdrawn", by=by, subject=("desk", device), scope_id=known.scope_id
        )


def renew(connection: AdmissionConnection, old_device: UUID, new_device: UUID, now: datetime) -> Device:
    """Go on with a machine whose chain forked under a new id: number, scope and token stay, ``ids`` has
    both. Saying it twice is as good as once. Refused ``device_unknown``, ``device_known``: ``old_device``
    went on as another one, or ``new_device`` is somebody's already."""
    there = admission.device_by_id(connection, new_device)
    if there is not None:
        if old_device in there.ids and _known(connection, old_device).renewed_as == new_device:
            return there
        raise Refused("device_known")
    went_on = admission.renew_device(connection, old_device, new_device, whole_ms(now))
    if went_on is None:
        raise Refused("device_unknown")
    if went_on != new_device:
        raise Refused("device_known")
    heir = _known(connection, new_device)
    extent = {"number": heir.number, "desk": old_device}
    audit.note(
        connection, now, "desk_renewed", subject=("desk", new_device), extent=extent, scope_id=heir.scope_id
    )
    return heir


def devices(connection: AdmissionConnection) -> tuple[Device, ...]:
    """All devices there ever were, by number; those that have none any more last."""
    return admission.devices(connection)


def _known(connection: AdmissionConnection, device: UUID) -> Device:
    found = admission.device_by_id(connection, device)
    if found is None:
        raise Refused("device_unknown")
    return found


def _token_hash(token: str) -> bytes | None:
    """None: no token of ours looks like that."""
    try:
        data = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (binascii.Error, ValueError):
        return None
    return hashlib.sha256(data).digest() if len(data) == TOKEN_BYTES else None
