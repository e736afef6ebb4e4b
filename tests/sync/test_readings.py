"""Tests of readings between real desks and a real centre: entered at one, the newest at the other."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from commandcenter.domain.clock import whole_ms
from commandcenter.runtime import Desktop, new_id
from commandcenter.services.readings import EnterReading
from db.desk import readings
from tests.sync.centre import CentreProcess, until
from tests.sync.test_live import desk, quiet


def values(desktop: Desktop) -> list[int]:
    """The newest values here."""
    return [one.value for one in desktop.ask(readings.newest).result(10)]


def waiting(desktop: Desktop) -> int:
    """How many are still to be sent."""
    return len(desktop.ask(lambda connection: readings.unsent(connection, 100)).result(10))


def test_a_reading_goes_from_desk_to_desk(centre: CentreProcess, tmp_path: Path) -> None:
    for name in "ab":
        assert centre.enrol(tmp_path / name).code == 0
    at = whole_ms(datetime.now(UTC))
    station = new_id()

    def rain(value: int) -> EnterReading:
        return EnterReading(station_id=station, quantity="rain", observed_at=at, value=value)

    with desk(tmp_path / "a") as a:
        quiet(a)
        with desk(tmp_path / "b") as b:
            quiet(b)
            b.execute(rain(100)).result(10)
            until(lambda: waiting(b) == 0, "never sent")
            until(lambda: values(a) == [100], f"never came: {values(a)}")
            b.execute(rain(130)).result(10)  # corrected
            until(lambda: values(a) == [130], f"not corrected: {values(a)}")
            centre.stop()
            b.execute(rain(150)).result(10)
            assert waiting(b) == 1
            centre.start()
            until(lambda: values(a) == [150], "never came after it was away", 40)
            until(lambda: waiting(b) == 0, "never settled")
            assert a.sync_state().state == b.sync_state().state == "online"
