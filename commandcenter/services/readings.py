"""The command that enters a reading: an import's or a station's. No journal; the centre gets it by itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar
from uuid import UUID

from commandcenter.domain.access import OPENERS
from commandcenter.domain.errors import Refused
from commandcenter.domain.readings import Reading, validate
from commandcenter.services.command import Command, filled_in_now, handles
from db.desk import readings
from db.desk.store import Transaction

# A station's readings wait for nobody to sign in.
ENTERERS = OPENERS | {"administrator"}


@dataclass(frozen=True, kw_only=True)
class EnterReading(Command):
    """What a station measured. ``value`` in thousandths of the quantity's unit. Entered again it is the same
    one; with another value it is corrected."""

    journaled: ClassVar[bool] = False

    station_id: UUID
    quantity: str
    observed_at: datetime
    value: int


@handles(EnterReading)
def enter_reading(tx: Transaction, command: EnterReading) -> None:
    """Kept until the centre has it, seven days at most."""
    if ENTERERS.isdisjoint(tx.author.roles):
        raise Refused("not_allowed", kind="reading", action="add")
    reading = Reading(
        station_id=command.station_id,
        quantity=command.quantity,
        observed_at=command.observed_at,
        value=command.value,
        received_at=filled_in_now(tx),
        source_id=tx.author.device,
    )
    validate(reading, reading.received_at)
    after = reading.observed_at + timedelta(milliseconds=1)
    there = readings.between(
        tx.connection, reading.station_id, reading.quantity, reading.observed_at, after, 1
    )
    if not there or there[0].value != reading.value:
        readings.enter(tx.connection, [reading])
