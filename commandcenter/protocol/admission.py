"""The messages of admission: enrolling a machine, going on under a new id, signing in, machines.

    key       the centre's key, with its signature over what the asker made up; without a token
    enrol     a code, once -> a token; without a token
    renew     the machine's chain forked: it goes on under a new id
    sign-in   login and password -> the person, and for twelve hours a session for what administrators do
    devices   all machines, for an administrator; withdraw: one is heard no more

A session goes in the header line ``Licheng-Session`` beside the machine's token.
"""

from __future__ import annotations

from uuid import UUID

import msgspec

SESSION_HEADER = "Licheng-Session"
KEY_PROOF = b"licheng centre key\0"  # before the challenge, in what is signed
CHALLENGE_BYTES = 32


class KeyAnswer(msgspec.Struct):
    """``key``: Ed25519, 32 bytes in hex; ``signature`` over KEY_PROOF and the challenge, 64 bytes in hex."""

    key: str
    signature: str


class EnrolRequest(msgspec.Struct):
    """``public_key``: the machine's own, Ed25519, in hex; ``alone_until``: the length of its chain now."""

    code: str
    device: UUID
    public_key: str
    name: str
    alone_until: int = 0


class EnrolAnswer(msgspec.Struct):
    """``token`` is said once; ``number``: the desk's, as it is said aloud; ``scopes``: what it sees, ``null``
    among them: everything."""

    token: str
    scope_id: UUID
    roles: tuple[str, ...]
    number: int
    key: str
    scopes: tuple[UUID | None, ...] = ()
    district_id: UUID | None = None


class RenewRequest(msgspec.Struct):
    """``device``: the new id; the old one is the token's."""

    device: UUID


class RenewAnswer(msgspec.Struct):
    """``devices``: all ids that the machine has had."""

    device: UUID
    devices: tuple[UUID, ...]


class SignInRequest(msgspec.Struct):
    """What somebody typed."""

    login: str
    password: str


class SignInAnswer(msgspec.Struct):
    """``until``: to when the session is good, in milliseconds since 1970."""

    person: UUID
    session: str
    until: int


class Machine(msgspec.Struct, kw_only=True):
    """One device; times in milliseconds since 1970."""

    device: UUID
    number: int | None
    name: str
    scope_id: UUID
    roles: tuple[str, ...]
    enrolled_at: int
    seen_at: int | None
    withdrawn_at: int | None


class DevicesAnswer(msgspec.Struct):
    """All there ever were."""

    devices: tuple[Machine, ...]


class WithdrawRequest(msgspec.Struct):
    """Which is heard no more."""

    device: UUID


enrol_request = msgspec.json.Decoder(EnrolRequest)
enrol_answer = msgspec.json.Decoder(EnrolAnswer)
renew_request = msgspec.json.Decoder(RenewRequest)
renew_answer = msgspec.json.Decoder(RenewAnswer)
sign_in_request = msgspec.json.Decoder(SignInRequest)
sign_in_answer = msgspec.json.Decoder(SignInAnswer)
devices_answer = msgspec.json.Decoder(DevicesAnswer)
withdraw_request = msgspec.json.Decoder(WithdrawRequest)
key_answer = msgspec.json.Decoder(KeyAnswer)
