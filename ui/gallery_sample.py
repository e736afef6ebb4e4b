"""The gallery's night beside the log: teams sent, shelters filled, stations read; all of it invented."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from commandcenter.services.sample_forces import write_forces
from commandcenter.services.samples import SampleClock
from commandcenter.services.workplace import Workplace
from commandcenter.words import Words
from ui.gallery_overview import write_measured
from ui.gallery_shelters import write_sheltered


def write_beside(
    workplace: Workplace,
    clock: SampleClock,
    begin: datetime,
    shown_at: datetime,
    incidents: Mapping[str, UUID],
    words: Words,
) -> None:
    """Everything through the commands an operator uses."""
    write_forces(workplace, clock, begin, incidents)
    write_sheltered(workplace, clock, begin, incidents)
    write_measured(workplace, clock, shown_at - timedelta(minutes=15), words)
