"""The enrolment code, as it is said aloud: which centre it is of, a secret for once, and a check character.

Twenty characters in groups of four, ``KKKK-KKKK-SSSS-SSSS-SSSC``: eight of the fingerprint of the centre's
key, so that a desk turns away from another centre before it sends anything; eleven of secret (54 bits); one
by which a slip of the tongue or the hand is found at the desk. Pure: no I/O, no clock, no randomness.
"""

from __future__ import annotations

import hashlib
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from commandcenter.domain.errors import Refused

# Neither 0 and O nor 1, I and L. A prime many, so that the check character finds every single wrong one and
# every two exchanged.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
KEY_LENGTH = 8
SECRET_LENGTH = 11
LENGTH = KEY_LENGTH + SECRET_LENGTH + 1
FINGERPRINT_LENGTH = 16
GROUP = 4
RANDOM_BYTES = 16  # what new_secret wants: far more than it keeps, so that every character is as likely
PUBLIC_KEY_BYTES = 32
DEVICE_ROLES = ("desk", "wall")  # what a machine may be used as

# Finding a key with the same eight characters takes 2^39 tries; at some 50 ms and 16 MB each, nobody does.
_SCRYPT_N, _SCRYPT_R, _SCRYPT_P = 2**14, 8, 1
_SALT = b"licheng centre key fingerprint 1"


@dataclass(frozen=True, kw_only=True)
class Code:
    """``secret``: what is shown to the centre, once; ``key_prefix``: the begin of its key's fingerprint."""

    secret: str
    key_prefix: str

    def __repr__(self) -> str:
        """Without the secret, which belongs in no log."""
        return f"Code(key_prefix={self.key_prefix!r})"


def parse_code(text: str) -> Code:
    """The code that somebody typed or heard: spaces, dashes, case and full-width letters do not matter.

    Refused ``code_mistyped``: it has another length, a character no code has, or its check fails."""
    characters = characters_of(text)
    if len(characters) != LENGTH or not set(characters) <= set(ALPHABET):
        raise Refused("code_mistyped", field="code", count=LENGTH)
    if _check(characters[:-1]) != characters[-1]:
        raise Refused("code_mistyped", field="code", count=LENGTH)
    return Code(secret=characters[KEY_LENGTH:-1], key_prefix=characters[:KEY_LENGTH])


def characters_of(text: str) -> str:
    """What counts of a code as it is being typed: no spaces, no dashes, capitals, half the width."""
    return "".join(
        character for character in unicodedata.normalize("NFKC", text).upper() if character.isalnum()
    )


def write_code(code: Code) -> str:
    """The code as it is printed and read aloud, in groups of four."""
    characters = code.key_prefix + code.secret
    return grouped(characters + _check(characters))


def new_secret(random: bytes) -> str:
    """A code's secret out of ``RANDOM_BYTES`` random bytes."""
    if len(random) != RANDOM_BYTES:
        raise ValueError(f"{RANDOM_BYTES} random bytes, not {len(random)}")
    return _characters(random, SECRET_LENGTH)


def matches(code: Code, public_key: bytes) -> bool:
    """Whether the code was made by the centre with this key (Ed25519, 32 bytes). Takes some 50 ms."""
    return fingerprint(public_key).replace("-", "").startswith(code.key_prefix)


@lru_cache(maxsize=16)
def fingerprint(public_key: bytes) -> str:
    """Sixteen characters in groups of four by which people compare a centre's key (Ed25519, 32 bytes)."""
    if len(public_key) != PUBLIC_KEY_BYTES:
        raise ValueError(f"a public key has {PUBLIC_KEY_BYTES} bytes, not {len(public_key)}")
    digest = hashlib.scrypt(public_key, salt=_SALT, n=_SCRYPT_N, r=_SCRYPT_R, p=_SCRYPT_P, dklen=32)
    return grouped(_characters(digest, FINGERPRINT_LENGTH))


def verify_signature(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether ``signature`` (64 bytes) over ``message`` was made by the holder of the key."""
    # loaded here: a desk that works alone starts without it
    from nacl.exceptions import CryptoError
    from nacl.exceptions import ValueError as WrongLength
    from nacl.signing import VerifyKey

    try:
        VerifyKey(public_key).verify(message, signature)
    except (CryptoError, WrongLength):
        return False
    return True


def _characters(data: bytes, count: int) -> str:
    number = int.from_bytes(data)
    out = []
    for _ in range(count):
        number, digit = divmod(number, len(ALPHABET))
        out.append(ALPHABET[digit])
    return "".join(out)


def _check(characters: str) -> str:
    weighed = (place * ALPHABET.index(character) for place, character in enumerate(characters, 1))
    return ALPHABET[sum(weighed) % len(ALPHABET)]


def grouped(characters: str) -> str:
    """As it is printed and read aloud: in groups of four."""
    return "-".join(characters[at : at + GROUP] for at in range(0, len(characters), GROUP))
