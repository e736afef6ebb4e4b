"""The desk's half of administration: what is asked of the centre in the session of who sits here."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from commandcenter.domain.errors import Refused
from commandcenter.protocol import administration as messages
from commandcenter.protocol.admission import (
    SESSION_HEADER,
    DevicesAnswer,
    WithdrawRequest,
    devices_answer,
)
from commandcenter.sync.client import Centre, NoAnswer, TooLarge, unavailable
from commandcenter.sync.membership import Membership

M = TypeVar("M")


@dataclass(frozen=True)
class Session:
    """The centre's word on who sits here, good ``until`` (milliseconds since 1970); never written down."""

    person: UUID
    word: str
    until: int

    def __repr__(self) -> str:
        """Without what is secret."""
        return f"Session(person={self.person})"


class Administering:
    """One errand: ask, and :meth:`close`. Each question blocks.

    Refused ``session_over``, ``not_allowed``, or what the centre says; Unavailable: it does not answer."""

    def __init__(self, membership: Membership, session: Session) -> None:
        self._url = membership.url
        self._centre = Centre(membership.url, membership.token)
        self._centre.session.headers[SESSION_HEADER] = session.word

    def close(self) -> None:
        """Let the connection go."""
        self._centre.close()

    def accounts(self) -> tuple[messages.AccountLine, ...]:
        """All accounts."""
        return self._ask("/v1/accounts", None, messages.accounts_answer).accounts

    def create(self, person: UUID, login: str, password: str) -> tuple[messages.AccountLine, ...]:
        """Let a person sign in; all accounts."""
        request = messages.AccountRequest(person, login, password)
        return self._ask("/v1/accounts", request, messages.accounts_answer).accounts

    def set_password(self, person: UUID, password: str) -> tuple[messages.AccountLine, ...]:
        """Give a person another password; all accounts."""
        request = messages.PasswordRequest(person, password)
        return self._ask("/v1/accounts/password", request, messages.accounts_answer).accounts

    def withdraw_account(self, person: UUID, *, withdrawn: bool) -> tuple[messages.AccountLine, ...]:
        """They sign in no more, or again; all accounts."""
        request = messages.AccountWithdrawal(person, withdrawn)
        return self._ask("/v1/accounts/withdraw", request, messages.accounts_answer).accounts

    def devices(self) -> DevicesAnswer:
        """All machines there ever were."""
        return self._ask("/v1/devices", None, devices_answer)

    def withdraw_device(self, device: UUID) -> DevicesAnswer:
        """A machine is heard no more."""
        return self._ask("/v1/devices/withdraw", WithdrawRequest(device), devices_answer)

    def code(self, scope: UUID, role: str) -> messages.CodeAnswer:
        """A code with which one machine enrols."""
        return self._ask("/v1/codes", messages.CodeRequest(scope, (role,)), messages.code_answer)

    def lockouts(self) -> tuple[messages.LockoutLine, ...]:
        """Who is locked out now, and where."""
        return self._ask("/v1/lockouts", None, messages.lockouts_answer).lockouts

    def release(self, person: UUID, device: UUID) -> tuple[messages.LockoutLine, ...]:
        """Let somebody try again; who is locked out still."""
        request = messages.ReleaseRequest(person, device)
        return self._ask("/v1/lockouts/release", request, messages.lockouts_answer).lockouts

    def _ask(self, path: str, request: Any, decoder: msgspec.json.Decoder[M]) -> M:
        try:
            if request is None:
                return self._centre.get(path, decoder)
            return self._centre.post(path, request, decoder, may_refuse=True)
        except NoAnswer as no:
            if no.reason in ("unknown_session", "no_session"):
                raise Refused("session_over") from no
            if no.reason == "not_allowed":
                raise Refused("not_allowed", kind="credential", action="administer") from no
            raise unavailable(no, self._url) from no
        except TooLarge as error:
            raise unavailable(NoAnswer("no_answer", "too_large"), self._url) from error


def is_good(session: Session | None, person: UUID | None) -> bool:
    """Whether this is the session of who sits here, and not over."""
    return session is not None and session.person == person and session.until > time.time_ns() // 1_000_000
