"""The membership: how this desk is known at its centre, kept beside the database and never in it."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

import msgspec

from commandcenter.domain.errors import Unavailable
from commandcenter.protocol.codes import fingerprint

FILE = "centre.json"


class Membership(msgspec.Struct, frozen=True, kw_only=True):
    """``token`` and ``seed`` (of the desk's Ed25519 key, hex) are secret: they go into no log, no backup."""

    url: str
    token: str
    seed: str
    key: str  # the centre's public key, hex
    device: UUID  # under which id the centre knows this desk
    number: int
    scope_id: UUID
    scopes: tuple[UUID, ...]  # what it sees; empty: everything
    roles: tuple[str, ...]
    enrolled_at: datetime | None = None  # None: before this was kept

    def __repr__(self) -> str:
        """Without what is secret."""
        return f"Membership(url={self.url!r}, device={self.device}, number={self.number})"


@dataclass(frozen=True, kw_only=True)
class Belonging:
    """What people are told of a membership. ``key``: the fingerprint of the centre's key, by which two
    compare it; ``scopes``: what the desk sees, empty for everything."""

    url: str
    key: str
    number: int
    scope_id: UUID
    scopes: tuple[UUID, ...]
    roles: tuple[str, ...]
    enrolled_at: datetime | None


_decode = msgspec.json.Decoder(Membership).decode


def load(folder: Path) -> Membership | None:
    """The membership kept in ``folder``; None: it was never enrolled. Unavailable ``membership_damaged``."""
    try:
        return _decode((folder / FILE).read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError, ValueError) as error:
        raise Unavailable("membership_damaged", file=FILE) from error


def belonging(folder: Path) -> Belonging | None:
    """What may be shown of the membership in ``folder``; None: it was never enrolled. Blocks for some 50 ms
    the first time. Unavailable ``membership_damaged``."""
    found = load(folder)
    if found is None:
        return None
    return Belonging(
        url=found.url,
        key=fingerprint(bytes.fromhex(found.key)),
        number=found.number,
        scope_id=found.scope_id,
        scopes=found.scopes,
        roles=found.roles,
        enrolled_at=found.enrolled_at,
    )


def keep(folder: Path, membership: Membership) -> None:
    """Keep it for this user only, whole or not at all."""
    arriving = folder / f"{FILE}.arriving"
    with contextlib.suppress(FileNotFoundError):
        arriving.unlink()
    descriptor = os.open(arriving, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(msgspec.json.encode(membership))
        stream.flush()
        os.fsync(stream.fileno())
    arriving.replace(folder / FILE)
