"""The gallery's pictures of teams: the board, a step about to be noted, teams about to be sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ui.duty_room import DutyRoom
    from ui.pages.incident import IncidentPage
    from ui.pages.teams import TeamsPage


class TeamScenes:
    """A part of ``ui.gallery.Scenes``."""

    _room: DutyRoom

    def incident_dispatch(self) -> None:
        """Teams about to be sent to the incident shown."""
        self._incident_page().forces.open_dispatch()

    def teams(self) -> None:
        """The board of teams."""
        self._incident_page().forces.close_panels()
        self._teams_page()

    def teams_step(self) -> None:
        """A step about to be noted with its time."""
        page = self._teams_page()
        page.tiles.choose_at(1)
        page.tiles.acted.emit("t")

    def _incident_page(self) -> IncidentPage:
        from ui.incidents_room import IncidentsRoom

        room = self._room.page("incident")
        assert isinstance(room, IncidentsRoom)
        return room.one

    def _teams_page(self) -> TeamsPage:
        from ui.pages.teams import TeamsPage

        self._room.shell.show_page("team")
        page = self._room.page("team")
        assert isinstance(page, TeamsPage)
        return page
