"""The gallery's pictures of the overview and of what is measured, with invented readings."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from commandcenter.services.levels import TellLevel
from commandcenter.services.readings import EnterReading
from commandcenter.services.registers import AddCard
from commandcenter.services.samples import SampleClock
from commandcenter.services.workplace import Workplace
from commandcenter.words import Words

if TYPE_CHECKING:
    from ui.duty_room import DutyRoom

READINGS = 84
EVERY = timedelta(minutes=10)
SILENT = range(30, 36)  # a gap is a gap


def _value(quantity: str, at: int) -> float:
    """A flood that comes and goes."""
    flood = math.exp(-(((at - 48) / 22) ** 2))
    return 4 * flood + 1.4 if quantity == "level" else max(0.0, 30 * flood - 4) * (1 + at % 3) / 3


def write_measured(workplace: Workplace, clock: SampleClock, until: datetime, words: Words) -> None:
    """Two sample stations with fourteen hours of a reading each ten minutes."""
    clock.at = until
    for quantity, kind in (("level", "river"), ("rain", "rain")):
        fields = {"name": words(f"gallery.station_{quantity}"), "station_kind": kind, "sample": True}
        if quantity == "level":
            fields |= {"warning_level": 5_200, "level_source": words("gallery.level_source")}
        station = workplace.execute(AddCard(kind="station", fields=fields)).ids[0]
        for at in range(READINGS):
            if at not in SILENT:
                workplace.execute(
                    EnterReading(
                        station_id=station,
                        quantity=quantity,
                        observed_at=until - EVERY * (READINGS - at),
                        value=round(_value(quantity, at) * 1000),
                    )
                )
        if quantity == "level":
            told = until - EVERY * 33
            workplace.execute(TellLevel(station_id=station, value=4_050, happened_at=told))


class OverviewScenes:
    """A part of ``ui.gallery.Scenes``."""

    _room: DutyRoom

    def overview(self) -> None:
        """How things stand."""
        self._room.shell.show_page("overview")

    def monitor(self) -> None:
        """Every series there is."""
        self._room.shell.show_page("monitor")

    def monitor_tell(self) -> None:
        """A level about to be taken down."""
        from ui.pages.monitor import MonitorPage

        page = self._room.page("monitor")
        assert isinstance(page, MonitorPage)
        page.open_tell()
        page.ask.reason.put_raw("5.31")
