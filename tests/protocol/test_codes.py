"""The proof of enrolment codes: read however they were typed, no slip taken for a code, one centre each."""

from __future__ import annotations

import math
import unicodedata

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from nacl.signing import SigningKey

from commandcenter.domain.errors import Refused
from commandcenter.protocol.codes import (
    ALPHABET,
    KEY_LENGTH,
    LENGTH,
    RANDOM_BYTES,
    SECRET_LENGTH,
    Code,
    fingerprint,
    matches,
    new_secret,
    parse_code,
    verify_signature,
    write_code,
)

codes = st.builds(
    lambda prefix, random: Code(secret=new_secret(random), key_prefix=prefix),
    st.text(ALPHABET, min_size=KEY_LENGTH, max_size=KEY_LENGTH),
    st.binary(min_size=RANDOM_BYTES, max_size=RANDOM_BYTES),
)
FULL_WIDTH = {ord(c): chr(ord(c) + 0xFEE0) for c in ALPHABET + "-"}


def test_what_a_code_is_made_of() -> None:
    assert not set(ALPHABET) & set("01OIL")
    assert SECRET_LENGTH * math.log2(len(ALPHABET)) >= 50
    text = write_code(Code(secret="23456789ABC", key_prefix="XYZXYZXY"))
    assert [len(group) for group in text.split("-")] == [4] * 5
    assert len(text.replace("-", "")) == LENGTH
    assert "23456789ABC" not in repr(parse_code(text)), "no secret in a log"


@given(codes, st.sampled_from(["", " ", "-", "\u3000", " – ", "\t", "。"]), st.booleans(), st.booleans())
def test_a_code_is_read_however_it_was_typed(code: Code, gap: str, lower: bool, wide: bool) -> None:
    text = write_code(code).replace("-", gap)
    text = text.lower() if lower else text
    text = text.translate(FULL_WIDTH) if wide else text
    assert parse_code(f"  {text}\n") == code


@given(codes, st.integers(0, LENGTH - 1), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_found(code: Code, at: int, other: str) -> None:
    text = write_code(code).replace("-", "")
    slip = text[:at] + other + text[at + 1 :]
    if slip == text:
        return
    with pytest.raises(Refused, match="code_mistyped"):
        parse_code(slip)


@given(codes, st.integers(0, LENGTH - 1), st.integers(0, LENGTH - 1))
def test_two_exchanged_characters_are_found(code: Code, one: int, other: int) -> None:
    text = list(write_code(code).replace("-", ""))
    if text[one] == text[other]:
        return
    text[one], text[other] = text[other], text[one]
    with pytest.raises(Refused, match="code_mistyped"):
        parse_code("".join(text))


@given(st.text(max_size=40))
def test_anything_else_is_refused(text: str) -> None:
    said = "".join(c for c in unicodedata.normalize("NFKC", text).upper() if c.isalnum())
    assume(len(said) != LENGTH)
    with pytest.raises(Refused, match="code_mistyped"):
        parse_code(text)


def test_secrets_are_spread_over_the_whole_alphabet() -> None:
    first = {new_secret(n.to_bytes(RANDOM_BYTES))[0] for n in range(31)}
    last = {new_secret((n * 31**10).to_bytes(RANDOM_BYTES))[-1] for n in range(31)}
    assert first == last == set(ALPHABET)
    with pytest.raises(ValueError):
        new_secret(b"short")


def test_a_code_is_of_one_centre() -> None:
    ours, other = (bytes(SigningKey(bytes([n]) * 32).verify_key) for n in (1, 2))
    shown = fingerprint(ours)
    assert [len(group) for group in shown.split("-")] == [4] * 4
    assert fingerprint(ours) == shown != fingerprint(other)
    code = Code(secret=new_secret(bytes(RANDOM_BYTES)), key_prefix=shown.replace("-", "")[:KEY_LENGTH])
    assert matches(parse_code(write_code(code)), ours)
    assert not matches(code, other)
    with pytest.raises(ValueError):
        fingerprint(b"no key")


@settings(max_examples=30)
@given(st.binary(max_size=200), st.integers(0, 63), st.integers(1, 255), st.binary(max_size=70))
def test_a_signature_holds_for_one_message_and_one_key(message: bytes, at: int, by: int, junk: bytes) -> None:
    key, other = SigningKey(b"\1" * 32), SigningKey(b"\2" * 32)
    public, signature = bytes(key.verify_key), key.sign(message).signature
    assert verify_signature(public, message, signature)
    assert not verify_signature(bytes(other.verify_key), message, signature)
    assert not verify_signature(public, message + b"!", signature)
    spoilt = bytearray(signature)
    spoilt[at] ^= by
    assert not verify_signature(public, message, bytes(spoilt))
    assert not verify_signature(public, message, junk)
    assert not verify_signature(junk, message, signature)
