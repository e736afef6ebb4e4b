"""The digest: by which two sides tell that they hold the same rows, kept with each change (DESIGN §5.11)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any
from uuid import UUID

_HALF, _WHOLE = 2**63, 2**64


def of_fact(row: UUID, order: tuple[int, int]) -> int:
    """The hash of a fact: its id and the number it was first given, 64 bits, signed."""
    return _signed(b"%s %d.%d" % (row.bytes, *order))


def of_card(row: UUID, heads: Mapping[str, Any]) -> int:
    """The hash of a card: its id and the heads of every field in their order; the values follow from them."""
    parts = [row.bytes]
    for name in sorted(heads):
        value = heads[name]
        parts.append(b"|" + name.encode())
        if isinstance(value, Mapping):
            for item in sorted(value):
                parts.append(
                    b"+" + item.encode() + b":" + b",".join(sorted(id_.bytes for id_ in value[item]))
                )
        else:
            parts.append(b"=" + b",".join(id_.bytes for id_ in value))
    return _signed(b"".join(parts))


def plus(total: int, more: int) -> int:
    """The sum mod 2^64, as a signed number."""
    return (total + more + _HALF) % _WHOLE - _HALF


def _signed(data: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "big", signed=True)
