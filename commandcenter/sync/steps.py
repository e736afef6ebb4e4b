"""The steps of a round: one request each, and what is known when it is planned."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from commandcenter.protocol.messages import OfferRequest, Position
from commandcenter.sync.client import Packed
from db.desk.outbox import Parcel


@dataclass
class Tally:
    """What a desk's rounds came to: changes sent and accepted, changes of others taken, groups refused."""

    pushed: int = 0
    pulled: int = 0
    refused: int = 0
    refilled: int = 0


@dataclass(frozen=True)
class Renew:
    """The centre is told of a new device id."""

    device: UUID


@dataclass(frozen=True)
class Offer:
    """Entries of a former epoch."""

    request: OfferRequest


@dataclass(frozen=True)
class Push:
    """The next groups of the outbox."""

    here: Position
    parcel: Parcel


@dataclass(frozen=True)
class Fill:
    """An incident that came into sight."""

    incident: UUID
    after: int


@dataclass(frozen=True)
class History:
    """What a new desk begins with."""

    class_: str
    after: int
    until: int


@dataclass(frozen=True)
class Page:
    """The feed after ``here``."""

    here: Position


@dataclass(frozen=True)
class Ready:
    """A push made ready while another one was under way."""

    push: Push
    body: Packed


Step = Renew | Offer | Push | Fill | History | Page
