"""The centre's key: an Ed25519 key by which desks know their centre, made once and kept in its database."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from nacl.signing import SigningKey

from commandcenter.domain.clock import whole_ms
from commandcenter.protocol.codes import fingerprint
from db.centre import admission
from db.centre.admission import AdmissionConnection

Random = Callable[[int], bytes]


@dataclass(frozen=True)
class CentreKey:
    """The Ed25519 key by which desks know the centre; made once, kept in its database."""

    signing: SigningKey

    @property
    def public(self) -> bytes:
        """The public key, 32 bytes."""
        return bytes(self.signing.verify_key)

    @property
    def fingerprint(self) -> str:
        """By which people compare it."""
        return fingerprint(self.public)

    def sign(self, message: bytes) -> bytes:
        """The signature, 64 bytes; see commandcenter.protocol.codes.verify_signature."""
        return self.signing.sign(message).signature


def make_key(
    connection: AdmissionConnection, now: datetime, random: Random = secrets.token_bytes
) -> CentreKey:
    """The centre's key, made where there is none; of several first starts at once one makes it. To be kept by
    the caller, who commits."""
    return CentreKey(SigningKey(seed_of(connection, now, random)))


def centre_key_of(connection: AdmissionConnection) -> CentreKey | None:
    """The centre's key; None before its first start."""
    seed = admission.key_seed(connection)
    return None if seed is None else CentreKey(SigningKey(seed))


def seed_of(connection: AdmissionConnection, now: datetime, random: Random = secrets.token_bytes) -> bytes:
    """The seed of :func:`make_key`: what only this centre knows, also for marks that nobody else can make."""
    seed = admission.key_seed(connection)
    if seed is None:
        admission.add_key(connection, random(32), whole_ms(now))
        seed = admission.key_seed(connection)  # another's, where another was faster
        assert seed is not None
    return seed
