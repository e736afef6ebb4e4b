"""The gallery: every page with sample data, rendered to PNG with no display."""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from commandcenter.domain.clock import SHANGHAI
from commandcenter.domain.errors import Unavailable
from commandcenter.runtime import DataDirectory, new_id
from commandcenter.services.reference import shipped_row_id
from commandcenter.services.samples import SampleClock, write_night
from commandcenter.services.workplace import Workplace
from db.desk.store import Mint
from ui.gallery_overview import OverviewScenes
from ui.gallery_sample import write_beside
from ui.gallery_shelters import ShelterScenes
from ui.gallery_teams import TeamScenes

if TYPE_CHECKING:
    from PySide6.QtCore import QMessageLogContext, QtMsgType
    from PySide6.QtWidgets import QApplication

    from ui.duty_room import DutyRoom
    from ui.gallery_exchange import SecondDesk
    from ui.pages.exchange import ExchangePage
    from ui.pages.log import LogPage

BEGIN = datetime(2026, 7, 28, 18, 0, tzinfo=SHANGHAI)
SHOWN_AT = BEGIN + timedelta(hours=14, minutes=2, seconds=7)
SETTLE_MS = 2500


def sample_directory(folder: Path, language: str) -> tuple[DataDirectory, dict[str, UUID], SecondDesk]:
    """A data directory with the sample night in it, and another desk that it has met."""
    from commandcenter.words import Words
    from ui.gallery_exchange import SecondDesk

    directory = DataDirectory(folder / "first")
    directory.make()
    clock = SampleClock(BEGIN)
    workplace = Workplace(
        directory.database, clock=clock, mint=Mint(new_id=new_id), backups=directory.backups
    )
    try:
        incidents = write_night(workplace, clock, BEGIN)
        write_beside(workplace, clock, BEGIN, SHOWN_AT, incidents, Words(language))
        clock.at = SHOWN_AT - timedelta(minutes=14)
        second = SecondDesk(folder, clock, incidents["flood-fuqiao"], Words(language))
        second.prepare(workplace)
        return directory, incidents, second
    finally:
        workplace.close()


def render(
    folder: Path,
    *,
    size: tuple[int, int],
    languages: Sequence[str],
    themes: Sequence[str],
    scale: int,
) -> list[Path]:
    """Render every page in every language and theme asked for; returns the files."""
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    os.environ.setdefault("QT_SCALE_FACTOR", "1")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Unavailable("cannot_write_file", path=str(folder), reason=error.strerror) from error
    from PySide6.QtCore import qInstallMessageHandler

    from commandcenter.words import Words
    from ui.app import prepare

    app = prepare(Words(languages[0]))
    qInstallMessageHandler(_heard_from_qt)
    made: list[Path] = []
    for language in languages:
        for theme in themes:
            with tempfile.TemporaryDirectory(prefix="licheng-gallery-") as scratch:
                directory, incidents, second = sample_directory(Path(scratch), language)
                try:
                    made += _render_one(
                        app, folder, directory, incidents, second, language, theme, size, scale
                    )
                finally:
                    second.close()
    return made


def _heard_from_qt(kind: QtMsgType, context: QMessageLogContext, message: str) -> None:
    """Qt's warnings go to the log, but for one that the offscreen plugin says at every window."""
    if "propagateSizeHints" not in message:
        logging.getLogger("qt").warning(message)


def _render_one(
    app: QApplication,
    folder: Path,
    directory: DataDirectory,
    incidents: dict[str, UUID],
    second: SecondDesk,
    language: str,
    theme_name: str,
    size: tuple[int, int],
    scale: int,
) -> Iterator[Path]:
    from commandcenter.words import Words
    from ui.app import look, make_shell
    from ui.duty_room import DutyRoom
    from ui.theme import apply

    words = Words(language)
    theme = look({}, theme_name, scale)
    apply(app, theme)
    shell = make_shell(words, theme, lambda: SHOWN_AT)
    shell.resize(*size)
    shell.show()
    room = DutyRoom(app, shell, words, theme, directory, "licheng", lambda: SHOWN_AT)
    try:
        scenes = Scenes(room, incidents, second)
        for name in Scenes.NAMES:
            scenes.play(name)
            settle(app, room)
            file = folder / f"{name}-{language}-{theme_name}.png"
            if not shell.grab().save(str(file)):
                raise Unavailable("cannot_write_file", path=str(file), reason="PNG")
            yield file
    finally:
        room.close()
        shell.close()
        shell.deleteLater()
        app.processEvents()


class Scenes(OverviewScenes, ShelterScenes, TeamScenes):
    """What brings each picture about, in an order in which one may follow the other."""

    NAMES = (
        "log",
        "log-line",
        "log-box",
        "log-strike",
        "log-purge",
        "log-open-incident",
        "incidents",
        "incident",
        "incident-dispatch",
        "overview",
        "monitor",
        "monitor-tell",
        "teams",
        "teams-step",
        "shelters",
        "shelters-count",
        "search",
        "registers",
        "register-person",
        "exchange-waiting",
        "exchange-refused",
        "exchange-resend",
        "exchange-exceptions",
        "news-badge",
        "news",
        "audit",
        "audit-access",
        "audit-not-allowed",
        "settings",
        "keys",
        "seat",
    )

    def __init__(self, room: DutyRoom, incidents: dict[str, UUID], second: SecondDesk) -> None:
        self._room, self._incidents, self._second = room, incidents, second

    def play(self, name: str) -> None:
        """Bring one about; its method has the name."""
        getattr(self, name.replace("-", "_"))()

    def _log(self) -> LogPage:
        from ui.pages.log import LogPage

        self._room.shell.show_page("log")
        page = self._room.page("log")
        assert isinstance(page, LogPage)
        return page

    def log(self) -> None:
        """The duty log, nothing chosen, the box at rest."""
        page = self._log()
        page.list.table.view.setFocus()

    def log_line(self) -> None:
        """A line chosen."""
        self._log().choose(6)

    def log_box(self) -> None:
        """A line half typed."""
        from ui.shell.draft import LineDraft

        self._log()
        room = self._room
        id_ = self._incidents["flood-fuqiao"]
        card = room.names.card(id_)
        room.shell.logbox.restore(
            LineDraft(
                text=room.workbench.words("gallery.line"),
                incident_id=str(id_),
                incident_label=f"{card.code} {card.name}" if card else "",
                channel="phone",
                direction="incoming",
                importance="important",
            )
        )
        room.shell.focus_box()

    def log_strike(self) -> None:
        """A line about to be struck."""
        from ui.shell.draft import LineDraft

        self._room.shell.logbox.restore(LineDraft())
        page = self._log()
        page.choose(4)
        page.list.table.view.acted.emit("strike")

    def log_purge(self) -> None:
        """A line whose personal data are about to be destroyed."""
        page = self._log()
        page.close_panels()
        page.choose(4)
        line = page.list.table.chosen_line()
        assert line is not None
        page.purge.open_for(line.kind, line.id)  # by its key only where people have passwords
        assert page.purge.panel is not None
        page.purge.panel.assessment.put_raw(page.workbench.words("gallery.assessment"))

    def log_open_incident(self) -> None:
        """An incident about to be opened from a line."""
        page = self._log()
        page.close_panels()
        page.choose(9)
        page.list.table.view.acted.emit("incident")

    def incidents(self) -> None:
        """The board."""
        self._log().close_panels()
        self._room.shell.show_page("incident")

    def incident(self) -> None:
        """One incident."""
        self._room.open("incident", self._incidents["flood-fuqiao"])

    def search(self) -> None:
        """Words found."""
        from ui.pages.search import SearchPage

        self._room.shell.show_page("search")
        page = self._room.page("search")
        assert isinstance(page, SearchPage)
        page.look_for(self._room.workbench.words("gallery.search"))

    def registers(self) -> None:
        """The communities and streets."""
        self._room.open("organisation", shipped_row_id("organisation", "350502005"))

    def register_person(self) -> None:
        """One person."""
        self._room.open("person", shipped_row_id("person", "sample-2"))

    def exchange_waiting(self) -> None:
        """What waits, while the centre does not answer."""
        from commandcenter.sync.state import SyncState

        since = SHOWN_AT - timedelta(minutes=12)
        self._room.sync.watch.tell(
            SyncState(state="no_answer", reason="unreachable", since=since, offset_ms=-3200, equal_at=since)
        )
        self._exchange("waiting")

    def exchange_refused(self) -> None:
        """What came back, and why."""
        self._exchange("refused")

    def exchange_resend(self) -> None:
        """About to be said again."""
        self._exchange("refused").open_resend()

    def exchange_exceptions(self) -> None:
        """A field with several values."""
        from commandcenter.sync.state import SyncState

        self._room.sync.watch.tell(
            SyncState(state="online", since=SHOWN_AT - timedelta(hours=2), equal_at=SHOWN_AT)
        )
        page = self._exchange("refused")
        page.resend.leave()
        page.show_tab("exceptions")

    def news_badge(self) -> None:
        """Something came from another desk while a line is being typed."""
        self._room.shell.show_page("incident")
        self._room.shell.focus_box()
        desktop = self._room.desktop
        taken = desktop.submit(self._second.news).result(20)
        desktop.tell(taken.change_set)

    def news(self) -> None:
        """What came."""
        self._room.sync.toggle_news()

    def _exchange(self, tab: str) -> ExchangePage:
        from ui.pages.exchange import ExchangePage

        self._room.shell.show_page("exchange")
        page = self._room.page("exchange")
        assert isinstance(page, ExchangePage)
        page.show_tab(tab)
        return page

    def audit(self) -> None:
        """The audit trail, as the duty chief sees it."""
        from ui.pages.audit import AuditPage

        self._sit("sample-1")
        self._room.shell.show_page("audit")
        page = self._room.page("audit")
        assert isinstance(page, AuditPage)
        page.focus_field()

    def audit_access(self) -> None:
        """Only sign-in, export, print and personal data."""
        from commandcenter.services.audit import NoteAccess
        from ui.pages.audit import AuditPage

        incident = self._incidents["flood-fuqiao"]
        for note in (
            NoteAccess(
                action="printed", subject_kind="incident", subject_id=incident, count=9, extent="form=paper"
            ),
            NoteAccess(
                action="exported",
                subject_kind="log_entry",
                count=128,
                extent="form=xlsx channel=phone day=20662",
            ),
            NoteAccess(
                action="opened_personal",
                subject_kind="person",
                subject_id=shipped_row_id("person", "sample-2"),
            ),
        ):
            self._room.desktop.execute(note)
        page = self._room.page("audit")
        assert isinstance(page, AuditPage)
        page.filters.press("access")

    def audit_not_allowed(self) -> None:
        """What anybody else reads there."""
        self._sit("sample-2")

    def _sit(self, person: str) -> None:
        from commandcenter.services.desk_affairs import TakeSeat

        seat = TakeSeat(person_id=shipped_row_id("person", person))
        self._room.bridge.execute(self._room, seat, lambda _outcome: self._room.names.read())

    def settings(self) -> None:
        """The settings."""
        self._room.shell.show_page("settings")

    def keys(self) -> None:
        """Every key."""
        self._log()
        self._room.shell.show_keys()

    def seat(self) -> None:
        """Who sits here."""
        self._room.shell.show_keys()
        self._room.choose_seat()


def settle(app: QApplication, room: DutyRoom) -> None:
    """Let questions be answered and painted: until nothing was under way for a while."""
    from PySide6.QtCore import QElapsedTimer, QEventLoop

    clock = QElapsedTimer()
    clock.start()
    quiet = QElapsedTimer()
    quiet.start()
    while clock.elapsed() < SETTLE_MS and quiet.elapsed() < 350:
        app.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)
        if room.desktop.busy():
            quiet.restart()
