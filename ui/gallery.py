"""The gallery: every page with sample data, rendered to PNG with no display."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
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

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from ui.duty_room import DutyRoom

BEGIN = datetime(2026, 7, 28, 18, 0, tzinfo=SHANGHAI)
SHOWN_AT = BEGIN + timedelta(hours=13, minutes=48, seconds=7)
SETTLE_MS = 2500


def sample_directory(folder: Path) -> tuple[DataDirectory, dict[str, UUID]]:
    """A data directory with the sample night in it."""
    directory = DataDirectory(folder)
    directory.make()
    clock = SampleClock(BEGIN)
    workplace = Workplace(
        directory.database, clock=clock, mint=Mint(new_id=new_id), backups=directory.backups
    )
    try:
        return directory, write_night(workplace, clock, BEGIN)
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
    from commandcenter.words import Words
    from ui.app import prepare

    app = prepare(Words(languages[0]))
    made: list[Path] = []
    for language in languages:
        for theme in themes:
            with tempfile.TemporaryDirectory(prefix="licheng-gallery-") as scratch:
                directory, incidents = sample_directory(Path(scratch))
                made += _render_one(app, folder, directory, incidents, language, theme, size, scale)
    return made


def _render_one(
    app: QApplication,
    folder: Path,
    directory: DataDirectory,
    incidents: dict[str, UUID],
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
        for name, prepare_page in scenes(room, incidents):
            prepare_page()
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


def scenes(room: DutyRoom, incidents: dict[str, UUID]) -> list[tuple[str, Callable[[], None]]]:
    """(file name, what brings the scene about) for every page and the states worth seeing."""

    from ui.shell.draft import LineDraft

    def log() -> None:
        room.shell.show_page("log")

    def log_line() -> None:
        log()
        room.page("log").focus_line(6)

    def box() -> None:
        log()
        key = next(iter(incidents))
        room.shell.logbox.restore(
            LineDraft(
                text=room.workbench.words("gallery.line"),
                incident_id=str(incidents[key]),
                incident_label=room.names.name("incident", incidents[key]),
                channel="phone",
                direction="incoming",
                importance="important",
            )
        )
        room.shell.focus_box()

    def board() -> None:
        room.shell.logbox.restore(LineDraft())
        room.shell.show_page("incident")

    def one() -> None:
        room.open("incident", incidents["flood-fuqiao"])

    def search() -> None:
        room.shell.show_page("search")
        room.page("search").look_for(room.workbench.words("gallery.search"))

    def registers() -> None:
        room.shell.show_page("register")

    def person() -> None:
        room.open("person", shipped_row_id("person", "sample-2"))

    def settings() -> None:
        room.shell.show_page("settings")

    def keys() -> None:
        log()
        room.shell.show_keys()

    def seat() -> None:
        room.shell.show_keys()
        room.choose_seat()

    return [
        ("log", log),
        ("log-line", log_line),
        ("log-box", box),
        ("incidents", board),
        ("incident", one),
        ("search", search),
        ("registers", registers),
        ("register-person", person),
        ("settings", settings),
        ("keys", keys),
        ("seat", seat),
    ]


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
