"""The accounts: who may sign in, the check of a password, and lockouts.

``now`` is the centre's clock (aware UTC). What blocks in argon2 (some 100 ms and 64 MB a password) is called
on a thread of its own pool. Functions work in the transaction of their caller (on SQLite one that began
IMMEDIATE, as ``engine.begin()`` does), but for :func:`check_password`: what it counts must stay counted when
it refuses, so it takes a connection with no transaction open and commits by itself. What each did is noted in
the audit trail, in the same transaction (db.centre.audit); ``by``: who did it, None from the command line.
"""

from __future__ import annotations

import hmac
import secrets
import unicodedata
from datetime import datetime, timedelta
from functools import lru_cache
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from commandcenter.domain.clock import whole_ms
from commandcenter.domain.errors import Refused
from commandcenter.domain.lockout import LOCKED_FOR, counted, folded_login, locked_out
from commandcenter.server.centre_key import seed_of
from db.centre import accounts, audit
from db.centre.accounts import Account, Lockout, Place
from db.centre.admission import AdmissionConnection

LOGIN_MAX = 40
PASSWORD_MIN = 10
PASSWORD_MAX = 1000  # characters; a hash takes longer with every one
TRIES_KEPT = timedelta(days=1)

HASHER = PasswordHasher()  # argon2id with the library's defaults


def create_account(
    connection: AdmissionConnection,
    *,
    person_id: UUID,
    login: str,
    password: str,
    now: datetime,
    hasher: PasswordHasher = HASHER,
    by: UUID | None = None,
    role: str | None = None,
) -> None:
    """Let a person sign in; their record is written by the caller. ``role``: what they are made, for the
    audit trail. Blocks for one hash.

    Refused ``required``, ``too_long``, ``login_unusable``, ``login_taken``, ``account_exists``,
    ``password_too_short`` (min), ``password_is_login``."""
    folded = _usable_login(login)
    hash_ = _hashed(password, folded, hasher)
    if not accounts.add_account(
        connection, person_id=person_id, login=folded, hash_=hash_, now=whole_ms(now)
    ):
        if accounts.account_of(connection, person_id) is not None:
            raise Refused("account_exists", field="login")
        raise Refused("login_taken", field="login", login=folded)
    audit.note(connection, now, "account_made", by=by, subject=("person", person_id), extent={"role": role})


def set_password(
    connection: AdmissionConnection,
    *,
    person_id: UUID,
    password: str,
    now: datetime,
    hasher: PasswordHasher = HASHER,
    by: UUID | None = None,
) -> None:
    """Give a person a new password. Blocks for one hash. Refused ``no_account``, or what is wrong with it."""
    found = accounts.account_of(connection, person_id)
    if found is None:
        raise Refused("no_account")
    accounts.put_hash(connection, person_id, _hashed(password, found.login, hasher), whole_ms(now))
    _changed(connection, person_id, now, by, "password")


def withdraw_account(
    connection: AdmissionConnection, person_id: UUID, now: datetime, by: UUID | None = None
) -> None:
    """Nobody signs in as this person from now on. Refused ``no_account``."""
    if not accounts.put_withdrawn(connection, person_id, whole_ms(now)):
        raise Refused("no_account")
    _changed(connection, person_id, now, by, "withdrawn")


def reopen_account(
    connection: AdmissionConnection, person_id: UUID, now: datetime, by: UUID | None = None
) -> None:
    """The person signs in again, with the password as it was. Refused ``no_account``."""
    if not accounts.put_withdrawn(connection, person_id, None):
        raise Refused("no_account")
    _changed(connection, person_id, now, by, "reopened")


def _changed(
    connection: AdmissionConnection, person_id: UUID, now: datetime, by: UUID | None, what: str
) -> None:
    audit.note(
        connection, now, "account_changed", by=by, subject=("person", person_id), extent={"what": what}
    )


def check_password(
    connection: AdmissionConnection,
    *,
    login: str,
    password: str,
    device: UUID,
    now: datetime,
    hasher: PasswordHasher = HASHER,
) -> UUID:
    """Who signs in at ``device``: the person's id.

    Blocks for some 100 ms in argon2 and holds 64 MB meanwhile: callers run it on a thread of its own pool.
    Takes a connection without a transaction and commits: the try is counted, as wrong, before the password
    is looked at, and no lock is held while it is. An unknown or withdrawn login costs the same and is counted
    the same. Each yes is in the audit trail, of the noes at most ``audit.FAILURES_MOST`` an hour and device;
    what is tried during a lock is not. An unknown login is not written there: passwords get typed into it.

    Refused ``wrong_password`` (left), ``locked_out`` (minutes, until)."""
    now, folded = whole_ms(now), folded_login(login)
    with connection.begin():
        found = accounts.account_by_login(connection, folded) if _is_login(folded) else None
        # who tried an unknown name is not kept in clear: passwords get typed there
        mark = hmac.digest(seed_of(connection, now), folded.encode("utf-8", "surrogatepass"), "sha256").hex()
        place = Place("login", mark, device)
        if found is not None:
            place = Place("person", str(found.person_id), device)
        tries = counted(accounts.tries_held(connection, place), now)
        accounts.keep_tries(connection, place, tries)
    open_ = found is not None and found.withdrawn_at is None
    right = _verified(found.hash if found is not None and open_ else _dummy(hasher), password, hasher)
    if found is None or not open_ or not right:
        with connection.begin():
            locked = tries.locked_at is not None
            audit.note_failure(
                connection,
                now,
                "locked_out" if locked else "sign_in_failed",
                device,
                subject=("person", None if found is None else found.person_id),
                extent={"desk": device},
                result="refused",
                scope_id=audit.scope_of(connection, device),
            )
        if locked:
            raise locked_out(tries, now)
        raise Refused("wrong_password", field="password", left=tries.left)
    fresh = hasher.hash(_bytes(password)) if hasher.check_needs_rehash(found.hash) else None
    with connection.begin():
        accounts.clear_tries(connection, place)
        if fresh is not None:
            accounts.replace_hash(connection, found.person_id, old=found.hash, new=fresh)
        audit.note(
            connection,
            now,
            "signed_in",
            by=found.person_id,
            subject=("person", found.person_id),
            extent={"desk": device},
            scope_id=audit.scope_of(connection, device),
        )
    return found.person_id


def release_lockout(
    connection: AdmissionConnection, *, person: UUID, device: UUID, by: UUID, now: datetime
) -> bool:
    """Let a person try again at a device at once; False where nothing was counted. The caller knows whether
    ``by`` is a duty chief. Refused ``not_allowed``: nobody does this for themselves."""
    if by == person:
        raise Refused("not_allowed", kind="credential", action="release")
    if not accounts.release_tries(connection, Place("person", str(person), device), by=by, now=whole_ms(now)):
        return False
    audit.note(
        connection,
        now,
        "released",
        by=by,
        subject=("person", person),
        extent={"desk": device},
        scope_id=audit.scope_of(connection, device),
    )
    return True


def lockouts(connection: AdmissionConnection, now: datetime) -> tuple[Lockout, ...]:
    """Who is locked out now, and where; the oldest first."""
    return accounts.lockouts_since(connection, whole_ms(now) - LOCKED_FOR)


def forget_tries(connection: AdmissionConnection, now: datetime) -> None:
    """Forget what was last tried a day ago or earlier; to be called now and then."""
    accounts.forget_tries(connection, whole_ms(now) - TRIES_KEPT)


def list_accounts(connection: AdmissionConnection) -> tuple[Account, ...]:
    """All accounts by login, the withdrawn ones too; none before the first administrator was made."""
    return accounts.accounts(connection)


def _usable_login(login: str) -> str:
    folded = folded_login(login)
    if not folded:
        raise Refused("required", field="login")
    if len(folded) > LOGIN_MAX:
        raise Refused("too_long", field="login", max=LOGIN_MAX, count=len(folded))
    if not _is_login(folded):
        raise Refused("login_unusable", field="login")
    return folded


def _is_login(folded: str) -> bool:
    """Whether a login can be one: no spaces, nothing invisible, and it stays the same when folded again."""
    usable = 0 < len(folded) <= LOGIN_MAX and folded.isprintable() and " " not in folded
    return usable and folded_login(folded) == folded


def _hashed(password: str, login: str, hasher: PasswordHasher) -> str:
    length = len(unicodedata.normalize("NFC", password))
    if length < PASSWORD_MIN:
        raise Refused("password_too_short", field="password", min=PASSWORD_MIN)
    if length > PASSWORD_MAX:
        raise Refused("too_long", field="password", max=PASSWORD_MAX, count=length)
    if folded_login(password) == login:
        raise Refused("password_is_login", field="password")
    return hasher.hash(_bytes(password))


def _bytes(password: str) -> bytes:
    """A password as it is hashed: typed alike, hashed alike, whichever way the keyboard composes."""
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")


def _verified(hash_: str, password: str, hasher: PasswordHasher) -> bool:
    try:
        return hasher.verify(hash_, _bytes(password))
    except (VerificationError, InvalidHashError):
        return False


@lru_cache(maxsize=4)
def _dummy(hasher: PasswordHasher) -> str:
    """The hash of a password that nobody knows."""
    return hasher.hash(secrets.token_bytes(32))
