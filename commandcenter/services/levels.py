"""The command that takes down what somebody read off a gauge."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from commandcenter.services.command import Command, filled_in_now, handles
from db.desk.store import Transaction


@dataclass(frozen=True, kw_only=True)
class TellLevel(Command):
    """Somebody told what a station shows. ``value`` in thousandths of the quantity's unit; ``happened_at``:
    when it was read off, absent: now."""

    station_id: UUID
    value: int
    quantity: str = "level"
    happened_at: datetime | None = None
    incident_id: UUID | None = None
    told_by: str | None = None
    note: str | None = None


@handles(TellLevel)
def tell_level(tx: Transaction, command: TellLevel) -> None:
    """A fact of the station's scope."""
    station = tx.need("station", command.station_id, "station_id")
    tx.add(
        "told_level",
        {
            "scope_id": station["scope_id"],
            "happened_at": command.happened_at or filled_in_now(tx),
            "incident_id": command.incident_id,
            "station_id": command.station_id,
            "quantity": command.quantity,
            "value": command.value,
            "told_by": command.told_by,
            "note": command.note,
        },
    )
