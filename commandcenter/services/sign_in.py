"""Sign-in at the desk: by the centre's word, or without it by what the desk remembers; lockout; hiding names.

A password is checked on the caller's thread (argon2 takes 50–300 ms), never on the writer's. Around that the
writer does two short things: it counts the try, before anything is judged, and it records the answer. So a
try that is cut off, and any number made at once, still count. What records an answer is not in the registry
of commands: nobody signs in by naming it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Protocol, TypeVar
from uuid import UUID

from commandcenter.domain.access import RELEASERS, acting_roles
from commandcenter.domain.errors import Refused, Unavailable
from commandcenter.domain.lockout import Tries, counted, locked_out
from commandcenter.services.audit import note
from commandcenter.services.command import HANDLERS, Command, handles
from db.desk import credentials, local
from db.desk.credentials import Credential
from db.desk.engine import Connection
from db.desk.store import Transaction

if TYPE_CHECKING:
    from commandcenter.services.workplace import Outcome, Workplace

T = TypeVar("T")
C = TypeVar("C", bound=Command)

# Asks the centre: who this is. Refused: its no. Unavailable: no answer, and the desk decides alone.
Centre = Callable[[str, str], UUID]
PASSWORD_MAX = 1000  # characters; hashing takes longer with every one


class Desk(Protocol):
    """What signing in needs of the runtime: see commandcenter.runtime.Desktop, and :class:`AtOnce`."""

    def execute(self, command: Command) -> Future[Outcome]: ...

    def ask(self, question: Callable[[Connection], T]) -> Future[T]: ...


class AtOnce:
    """A workplace of a program without lanes, as :class:`Desk`."""

    def __init__(self, workplace: Workplace) -> None:
        self._workplace = workplace

    def execute(self, command: Command) -> Future[Outcome]:
        """Carried out when this returns."""
        return _now(lambda: self._workplace.execute(command))

    def ask(self, question: Callable[[Connection], T]) -> Future[T]:
        """Answered when this returns."""
        return _now(lambda: question(self._workplace.connection))


def _now(work: Callable[[], T]) -> Future[T]:
    future: Future[T] = Future()
    try:
        future.set_result(work())
    except BaseException as error:  # noqa: BLE001  it belongs to the one who asked
        future.set_exception(error)
    return future


# ---- what a person does


def start(desk: Desk, login: str, password: str, centre: Centre | None = None) -> Future[UUID]:
    """:func:`sign_in` on a thread of its own."""
    future: Future[UUID] = Future()

    def work() -> None:
        try:
            future.set_result(sign_in(desk, login, password, centre))
        except BaseException as error:  # noqa: BLE001  it belongs to the one who asked
            future.set_exception(error)

    threading.Thread(target=work, name="sign-in", daemon=True).start()
    return future


def sign_in(desk: Desk, login: str, password: str, centre: Centre | None = None) -> UUID:
    """Sit down at the desk; returns who. Blocks; not on the GUI's or the writer's thread.

    Refused ``wrong_password`` (left), ``locked_out`` (minutes, until), ``not_known_here`` (login),
    ``retired``, ``required``, ``too_long``; or what the centre says."""
    return _prove(desk, login, password, centre, sit=True)


def prove(desk: Desk, login: str, password: str, centre: Centre | None = None) -> UUID:
    """Who this is, without sitting down: for a program that acts in somebody's name once. See
    :func:`sign_in`."""
    return _prove(desk, login, password, centre, sit=False)


def keep_credential(desk: Desk, person_id: UUID, login: str, password: str) -> None:
    """Remember somebody of whom the centre said yes, so that they may sign in here without it. Blocks."""
    desk.execute(_Keep(person_id=person_id, login=login, hash=_hash(password))).result()


def forget_credential(desk: Desk, person_id: UUID) -> None:
    """Remember somebody no more: the centre closed the account, or changed its password."""
    desk.execute(_Forget(person_id=person_id)).result()


def _prove(desk: Desk, login: str, password: str, centre: Centre | None, *, sit: bool) -> UUID:
    for field, value in (("login", login.strip()), ("password", password)):
        if not value:
            raise Refused("required", field=field)
        if len(value) > PASSWORD_MAX:
            raise Refused("too_long", field=field, max=PASSWORD_MAX, count=len(value))
    known = desk.ask(lambda connection: credentials.by_login(connection, login)).result()
    if known is not None:
        desk.execute(_CountTry(person_id=known.person)).result()
    person = _by_centre(desk, centre, known, login, password)
    if person is not None:
        return _record(desk, person, sit=sit)
    if known is None:
        raise Refused("not_known_here", field="login", login=login.strip())
    if _matches(known.hash, password):
        return _record(desk, known.person, sit=sit, hash_=known.hash)
    raise _wrong(desk, known.person)


def _by_centre(
    desk: Desk, centre: Centre | None, known: Credential | None, login: str, password: str
) -> UUID | None:
    """Who the centre says this is; None: there is none, or it does not answer."""
    if centre is None:
        return None
    try:
        person = centre(login, password)
    except Unavailable:
        return None
    except Refused:
        if known is not None:
            desk.execute(_Failed(person_id=known.person)).result()
        raise
    keep_credential(desk, person, login, password)
    return person


def _wrong(desk: Desk, person: UUID) -> Refused:
    desk.execute(_Failed(person_id=person)).result()
    after = desk.ask(lambda connection: credentials.by_person(connection, person)).result()
    tries = Tries() if after is None else after.tries
    if tries.locked_at is not None:
        return locked_out(tries, tries.locked_at)
    return Refused("wrong_password", field="password", left=tries.left)


def _record(desk: Desk, person: UUID, *, sit: bool, hash_: str | None = None) -> UUID:
    desk.execute(_Proved(person_id=person, hash=hash_, sit=sit)).result()
    return person


def _hash(password: str) -> str:
    from argon2 import PasswordHasher

    return PasswordHasher().hash(_bytes(password))


def _matches(hash_: str, password: str) -> bool:
    from argon2 import PasswordHasher
    from argon2.exceptions import InvalidHashError, VerificationError

    try:
        return PasswordHasher().verify(hash_, _bytes(password))
    except (VerificationError, InvalidHashError):
        return False


def _bytes(password: str) -> bytes:
    """A password as it is hashed: typed alike, hashed alike, whichever way the keyboard composes."""
    import unicodedata

    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")


# ---- what the writer records


def _within(command: type[C]) -> Callable[[Callable[[Transaction, C], None]], None]:
    """Enter a handler for a command that only this module gives."""

    def enter(handler: Callable[[Transaction, C], None]) -> None:
        command.name = command.__name__
        HANDLERS[command] = handler

    return enter


@dataclass(frozen=True, kw_only=True)
class _Inner(Command):
    journaled: ClassVar[bool] = False

    person_id: UUID


@dataclass(frozen=True, kw_only=True)
class _CountTry(_Inner):
    """One more try, wrong until it proves right."""


@_within(_CountTry)
def _count_try(tx: Transaction, command: _CountTry) -> None:
    found = credentials.by_person(tx.connection, command.person_id)
    if found is not None:
        credentials.keep_tries(tx.connection, found.person, counted(found.tries, tx.now))


@dataclass(frozen=True, kw_only=True)
class _Failed(_Inner):
    """The try that was counted was wrong: it stays, and is noted."""


@_within(_Failed)
def _failed(tx: Transaction, command: _Failed) -> None:
    found = credentials.by_person(tx.connection, command.person_id)
    note(tx, "sign_in_failed", subject_kind="person", subject_id=command.person_id, result="failed")
    if found is not None and found.tries.locked_at is not None:
        note(tx, "locked_out", subject_kind="person", subject_id=command.person_id)


@dataclass(frozen=True, kw_only=True)
class _Proved(_Inner):
    """Somebody proved who they are; ``hash``: with this one, None: the centre said so."""

    hash: str | None
    sit: bool


@_within(_Proved)
def _proved(tx: Transaction, command: _Proved) -> None:
    found = credentials.by_person(tx.connection, command.person_id)
    if command.hash is not None and (found is None or found.hash != command.hash):
        raise Refused("wrong_password", field="password", left=0 if found is None else found.tries.left)
    person = tx.get("person", command.person_id)  # None: a new desk that has not been told of them yet
    if person is not None and person["retired"]:
        raise Refused("retired", field="login")
    if found is not None:
        credentials.keep_tries(tx.connection, command.person_id, Tries())
    if not command.sit:
        return
    values = local.everything(tx.connection)
    name = str(command.person_id)
    again = bool(values.get(local.MASKED)) and values.get(local.PROVED) == name
    if tx.author.person is not None and tx.author.person != command.person_id:
        note(tx, "signed_out", subject_kind="person", subject_id=tx.author.person)
    for key, value in (("person", name), (local.PROVED, name), (local.MASKED, None)):
        local.put(tx.connection, key, value)
    roles = acting_roles(person["roles"] if person else (), passwords=True)
    tx.author = replace(tx.author, person=command.person_id, roles=roles)
    note(tx, "unmasked" if again else "signed_in", subject_kind="person", subject_id=command.person_id)


@dataclass(frozen=True, kw_only=True)
class _Keep(_Inner):
    login: str
    hash: str


@_within(_Keep)
def _keep(tx: Transaction, command: _Keep) -> None:
    credentials.keep(tx.connection, command.person_id, command.login, command.hash, tx.now)
    local.put(tx.connection, local.PASSWORDS, True)  # from now on a name alone is nobody


@dataclass(frozen=True, kw_only=True)
class _Forget(_Inner):
    pass


@_within(_Forget)
def _forget(tx: Transaction, command: _Forget) -> None:
    credentials.forget(tx.connection, command.person_id)
    if local.get(tx.connection, local.PROVED) == str(command.person_id):
        leave(tx)


def leave(tx: Transaction) -> None:
    """Nobody sits here from now on."""
    if tx.author.person is not None:
        note(tx, "signed_out", subject_kind="person", subject_id=tx.author.person)
    for key in ("person", local.PROVED, local.MASKED):
        local.put(tx.connection, key, None)


# ---- commands


@dataclass(frozen=True, kw_only=True)
class SignOut(Command):
    """Leave the chair: lines are nobody's until somebody signs in."""

    journaled: ClassVar[bool] = False


@handles(SignOut)
def sign_out(tx: Transaction, command: SignOut) -> None:
    """Nobody sits here."""
    leave(tx)


@dataclass(frozen=True, kw_only=True)
class HideNames(Command):
    """The chair may be empty: names and phones are hidden and lines are nobody's until somebody signs in.
    At a desk without passwords there is nothing to record."""

    journaled: ClassVar[bool] = False


@handles(HideNames)
def hide_names(tx: Transaction, command: HideNames) -> None:
    """Kept, so that a second start shows nothing either."""
    if tx.author.person is not None and local.wants_password(local.everything(tx.connection)):
        note(tx, "masked", subject_kind="person", subject_id=tx.author.person)
        local.put(tx.connection, local.MASKED, True)


@dataclass(frozen=True, kw_only=True)
class ReleaseLockout(Command):
    """Let somebody try again at once: by a duty chief or an administrator, and nobody for themselves."""

    journaled: ClassVar[bool] = False

    person_id: UUID


@handles(ReleaseLockout)
def release_lockout(tx: Transaction, command: ReleaseLockout) -> None:
    """The person's tries at this desk are forgotten."""
    author = tx.author
    if author.person in (None, command.person_id) or RELEASERS.isdisjoint(author.roles):
        raise Refused("not_allowed", kind="credential", action="release")
    found = credentials.by_person(tx.connection, command.person_id)
    if found is None:
        raise Refused("unknown_row", field="person_id", kind="credential", id=str(command.person_id))
    # the latest time seen is kept: no earlier one is believed after this either
    credentials.keep_tries(tx.connection, found.person, Tries(seen_at=found.tries.seen_at))
    note(tx, "released", subject_kind="person", subject_id=command.person_id)
