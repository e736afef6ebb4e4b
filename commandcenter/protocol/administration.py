"""The messages of administration: accounts, enrolment codes and lockouts, for whoever has a session.

    accounts            all of them; POST makes one, for a person whom the centre knows
    accounts/password   another password; the person is asked for it anew everywhere
    accounts/withdraw   they sign in no more, or again
    codes               an enrolment code, said once
    lockouts            who is locked out now and where; lockouts/release: five new tries

Every POST on accounts answers with all of them, as release does with the lockouts that are left.
"""

from __future__ import annotations

from uuid import UUID

import msgspec


class AccountLine(msgspec.Struct, kw_only=True):
    """One account; times in milliseconds since 1970."""

    person: UUID
    login: str
    created_at: int
    withdrawn_at: int | None


class AccountsAnswer(msgspec.Struct):
    """All there are, by login."""

    accounts: tuple[AccountLine, ...]


class AccountRequest(msgspec.Struct):
    """Let a person sign in."""

    person: UUID
    login: str
    password: str


class PasswordRequest(msgspec.Struct):
    """A new password for somebody."""

    person: UUID
    password: str


class AccountWithdrawal(msgspec.Struct):
    """``withdrawn`` false: opened again, with the password as it was."""

    person: UUID
    withdrawn: bool


class CodeRequest(msgspec.Struct):
    """``roles``: what the machine may be used as ("desk", "wall")."""

    scope: UUID
    roles: tuple[str, ...]


class CodeAnswer(msgspec.Struct):
    """``key``: the fingerprint of the centre's key; ``expires_at`` in milliseconds since 1970."""

    code: str
    key: str
    expires_at: int


class LockoutLine(msgspec.Struct):
    """Somebody locked out at a desk, until when in milliseconds since 1970."""

    person: UUID
    device: UUID
    until: int


class LockoutsAnswer(msgspec.Struct):
    """Who is locked out now, the oldest first."""

    lockouts: tuple[LockoutLine, ...]


class ReleaseRequest(msgspec.Struct):
    """Whom to let try again, and where."""

    person: UUID
    device: UUID


accounts_answer = msgspec.json.Decoder(AccountsAnswer)
account_request = msgspec.json.Decoder(AccountRequest)
password_request = msgspec.json.Decoder(PasswordRequest)
account_withdrawal = msgspec.json.Decoder(AccountWithdrawal)
code_request = msgspec.json.Decoder(CodeRequest)
code_answer = msgspec.json.Decoder(CodeAnswer)
lockouts_answer = msgspec.json.Decoder(LockoutsAnswer)
release_request = msgspec.json.Decoder(ReleaseRequest)
