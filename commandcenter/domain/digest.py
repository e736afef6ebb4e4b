"""The digest: by which two sides tell that they hold the same rows, kept with each change (DESIGN §5.11).

:func:`of_fact` and :func:`of_card` follow from the entries; :func:`of_content` from what a row really says.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from commandcenter.domain.change import Change, Edit, Private, Sealed, seal
from commandcenter.domain.clock import instant_text
from commandcenter.domain.fields import plain
from commandcenter.domain.purge import Destruction
from commandcenter.domain.record import Kind, settled

_HALF, _WHOLE = 2**63, 2**64
_STAMPS = ("typed_by_id", "typed_desk_id", "typed_at", "typed_offset_ms")
# A personal value as the content digest has it, where it is not its seal: a certificate destroyed it; or row
# and what lies beside the chain do not say the same.
_DESTROYED, _BARE = "destroyed", "bare"
_encoder = msgspec.json.Encoder(order="sorted")


def of_fact(row: UUID, order: tuple[int, int]) -> int:
    """The hash of a fact: its id and the number it was first given, 64 bits, signed."""
    return _signed(b"%s %d.%d" % (row.bytes, *order))


def of_card(row: UUID, heads: Mapping[str, Any]) -> int:
    """The hash of a card: its id and the heads of every field in their order; the values follow from them."""
    return _signed(row.bytes + _of_heads(heads))


def _of_heads(heads: Mapping[str, Any]) -> bytes:
    parts = []
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
    return b"".join(parts)


def stated_by(kind: Kind, row: Mapping[str, Any], name: str) -> UUID | None:
    """The change that stated what a row says of a field; None: nobody did."""
    if kind.nature == "fact":
        id_: UUID = row["id"]
        return id_
    heads = (row.get("heads") or {}).get(name)
    return heads[-1] if heads else None


def of_content(
    kind: Kind,
    row: Mapping[str, Any],
    private: Mapping[UUID, Mapping[str, Private]],
    changes: Mapping[UUID, Change],
    gone: Destruction,
) -> int:
    """The hash of what a row says: its values, its heads, who typed it where and when. Who may not see a
    personal value, and who has it, come to the same.

    ``private`` and ``changes``: of those that :func:`stated_by` names, for kinds with personal fields; the
    personal values beside them may be missing. ``gone``: what certificates destroyed of them. ValueError or
    TypeError for a row that no program wrote."""
    said: dict[str, Any] = {}
    for name, type_ in kind.types.items():
        value: Any = plain(type_, settled(type_, row.get(name)))
        if type_.personal:
            by = stated_by(kind, row, name)
            beside = private.get(by, {}).get(name) if by else None
            if by is not None and gone.takes(by, row["id"], name):
                value = _DESTROYED if value is None else _BARE
            elif beside is None:
                value = _sealed(changes.get(by) if by else None, name) if value is None else _BARE
            elif beside.value != value:
                value = _BARE
            elif value is not None:
                value = seal(beside.salt, value).digest
        if value is not None and value is not False and value != []:
            said[name] = value
    stamps = [
        instant_text(one) if isinstance(one, datetime) else one for one in (row.get(name) for name in _STAMPS)
    ]
    return _signed(row["id"].bytes + _encoder.encode([said, stamps]) + _of_heads(row.get("heads") or {}))


def _sealed(change: Change | None, name: str) -> str | None:
    """A value that is not here to be read, as the chain has it."""
    if change is None:
        return None
    if change.set is not None:
        value = change.set.get(name)
    else:
        edit = (change.edit or {}).get(name)
        value = edit.to if isinstance(edit, Edit) else None
    return value.digest if isinstance(value, Sealed) else None


def plus(total: int, more: int) -> int:
    """The sum mod 2^64, as a signed number."""
    return (total + more + _HALF) % _WHOLE - _HALF


def _signed(data: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "big", signed=True)
