"""The sample night: an invented shift written through the same commands an operator uses."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from commandcenter.services.desk_affairs import TakeSeat
from commandcenter.services.incidents import CloseIncident, OpenIncident
from commandcenter.services.log import StrikeFact, WriteLogEntry
from commandcenter.services.reference import rows, shipped_row_id
from commandcenter.services.workplace import Workplace

OFFICERS = ("sample-2", "sample-3")  # who writes in turns


@dataclass
class SampleClock:
    """A clock that stands where the sample has come to."""

    at: datetime

    def now(self) -> datetime:
        """Where it stands."""
        return self.at

    def offset_ms(self) -> int | None:
        """Never measured."""
        return None


def write_night(workplace: Workplace, clock: SampleClock, begin: datetime) -> dict[str, UUID]:
    """Write the whole night from ``begin`` on; returns {incident key: incident id}."""
    incidents: dict[str, UUID] = {}
    entries: dict[int, UUID] = {}
    opening = {row["key"]: row for row in rows("sample_incidents.csv")}
    closing = sorted(
        (int(row["minute_offset"]) + int(row["closed_after"]), key)
        for key, row in opening.items()
        if row["closed_after"]
    )
    for number, row in enumerate(rows("sample_log.csv"), start=1):
        minute = int(row["minute_offset"])
        while closing and closing[0][0] <= minute:
            closed_at, key = closing.pop(0)
            clock.at = begin + timedelta(minutes=closed_at)
            workplace.execute(CloseIncident(id=incidents[key]))
        # seconds that differ from line to line, as they do when people write
        clock.at = begin + timedelta(minutes=minute, seconds=number * 17 % 60)
        officer = OFFICERS[number % 3 == 0]
        workplace.execute(TakeSeat(person_id=shipped_row_id("person", officer)))
        if row["strikes"]:
            outcome = workplace.execute(
                StrikeFact(
                    target_id=entries[int(row["strikes"])],
                    reason=row["reason"],
                    replacement_text=row["text"],
                )
            )
            entries[number] = outcome.ids[0]
            continue
        key = row["incident_key"]
        first = bool(key) and key not in incidents
        outcome = workplace.execute(
            WriteLogEntry(
                text=row["text"],
                incident_id=None if first or not key else incidents[key],
                channel=row["channel"] or None,
                direction=row["direction"] or None,
                counterpart=row["counterpart"] or None,
                importance=row["importance"] or "normal",
            )
        )
        entries[number] = outcome.ids[0]
        if first:
            clock.at += timedelta(seconds=40)
            incidents[key] = _open(workplace, opening[key], entries[number])
    for closed_at, key in closing:
        clock.at = begin + timedelta(minutes=closed_at)
        workplace.execute(CloseIncident(id=incidents[key]))
    return incidents


def _open(workplace: Workplace, row: dict[str, str], entry: UUID) -> UUID:
    outcome = workplace.execute(
        OpenIncident(
            title=row["title"],
            event_code=row["event_code"],
            grade=row["grade"] or None,
            street_id=shipped_row_id("organisation", row["street_code"]) if row["street_code"] else None,
            community_id=shipped_row_id("organisation", row["community_code"])
            if row["community_code"]
            else None,
            place=row["place"] or None,
            known=row["known"] or None,
            to_verify=row["to_verify"] or None,
            from_entry_id=entry,
        )
    )
    return outcome.ids[0]
