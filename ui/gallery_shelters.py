"""The gallery's pictures of shelters: the board in a night's work, heads about to be counted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from commandcenter.services.reference import shipped_row_id
from commandcenter.services.registers import EditCard
from commandcenter.services.samples import SampleClock
from commandcenter.services.shelters import CountHeads, MarkShelter, MovePeople, OpenShelters
from commandcenter.services.workplace import Workplace

if TYPE_CHECKING:
    from ui.duty_room import DutyRoom
    from ui.pages.shelters import SheltersPage

INCIDENT = "flood-fuqiao"


def write_sheltered(
    workplace: Workplace, clock: SampleClock, begin: datetime, incidents: Mapping[str, UUID]
) -> None:
    """Three of the plan's shelters open, one of them full; what they hold is invented."""
    full, half, new = (shipped_row_id("shelter", code) for code in ("BZ-A-04", "BZ-A-01", "BZ-A-02"))
    clock.at = begin + timedelta(minutes=230)
    for shelter, capacity in ((full, 130), (half, 120)):
        workplace.execute(EditCard(kind="shelter", id=shelter, fields={"capacity": capacity}))
    workplace.execute(OpenShelters(shelter_ids=[full, half], incident_id=incidents[INCIDENT]))
    for minute, shelter, people in ((245, full, 60), (250, half, 31), (270, full, 52)):
        clock.at = begin + timedelta(minutes=minute)
        workplace.execute(MovePeople(shelter_id=shelter, flow="in", people=people))
    clock.at = begin + timedelta(minutes=285)
    workplace.execute(CountHeads(shelter_id=full, people=137, elderly=41, children=22, care=3))
    workplace.execute(MarkShelter(shelter_id=full, step="full"))
    clock.at = begin + timedelta(minutes=300)
    workplace.execute(OpenShelters(shelter_ids=[new], incident_id=incidents[INCIDENT]))


class ShelterScenes:
    """A part of ``ui.gallery.Scenes``."""

    _room: DutyRoom

    def shelters(self) -> None:
        """The board of shelters."""
        self._shelters_page()

    def shelters_count(self) -> None:
        """Heads about to be counted."""
        page = self._shelters_page()
        page.tiles.choose_at(1)
        page.tiles.acted.emit("c")

    def _shelters_page(self) -> SheltersPage:
        from ui.pages.shelters import SheltersPage

        self._room.shell.show_page("shelter")
        page = self._room.page("shelter")
        assert isinstance(page, SheltersPage)
        return page
