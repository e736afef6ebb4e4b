"""The start is held: what makes it quick takes nothing away."""

from __future__ import annotations

import gc
import subprocess
import sys
import time
from concurrent.futures import Future
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from commandcenter import words
from commandcenter.lanes import ReaderLanes
from commandcenter.runtime import DataDirectory, Desktop, open_workplace
from ui import duty_room
from ui.app import Application, glimpse

SOON_S = 10


@pytest.fixture
def desk(tmp_path: Path) -> DataDirectory:
    """A directory with a desk in it."""
    directory = DataDirectory(tmp_path / "desk")
    open_workplace(directory, "empty").close()
    return directory


def test_imports_are_not_read_for_features_after_the_first() -> None:
    """PySide's function in the place of ``__import__`` is gone, and Qt still loads what is asked for."""
    code = (
        "import builtins, sys, ui.first\n"
        "assert builtins.__import__.__name__ != '__feature_import__'\n"
        "import linecache\nfrom ui.theme import TYPE\n"
        "assert not [file for file in linecache.cache if file.endswith('theme.py')]\n"
        "from PySide6.QtGui import QTextDocument\n"
        "assert QTextDocument.MetaInformation.DocumentTitle\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(words.FOLDER).parents[1])


def test_a_changed_catalogue_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was kept of a file counts only while the file is the same; nonsense there is passed over."""
    monkeypatch.setattr(words, "FOLDER", str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    (tmp_path / "en").mkdir()
    file = tmp_path / "en" / "boat.toml"

    def read() -> dict[str, str]:
        words.part.cache_clear()
        return words.part("en", "boat")

    try:
        file.write_text('name = "one"\n[sail]\n"of.two" = "a {b} \\u00a0"\n', encoding="utf-8")
        assert read() == {"name": "one", "sail.of.two": "a {b} \u00a0"}
        (kept,) = (tmp_path / "en" / "__pycache__").iterdir()
        assert read() == {"name": "one", "sail.of.two": "a {b} \u00a0"}
        file.write_text('name = "another"\n', encoding="utf-8")
        assert read() == {"name": "another"}
        kept.write_bytes(b"nonsense")
        assert read() == {"name": "another"}
        file.unlink()
        assert read() == {}
    finally:
        words.part.cache_clear()


def test_a_settled_file_is_read_before_the_writer_is_there(desk: DataDirectory) -> None:
    readers = ReaderLanes(desk.database, Future())
    try:
        asked = readers.ask(lambda connection: connection.execute("SELECT count(*) FROM local").fetchone())
        assert asked.result(SOON_S)[0] > 0
        assert readers.seen_early is not None
    finally:
        readers.close()


def test_a_file_that_is_not_ready_waits_for_the_writer(tmp_path: Path) -> None:
    """One that is not there, and one of an older program: nobody looks at it before the writer has."""
    desktop = Desktop(DataDirectory(tmp_path / "new"), profile="empty")
    try:
        asked = desktop.ask(lambda connection: connection.execute("SELECT count(*) FROM local").fetchone())
        time.sleep(0.05)
        assert not asked.done()
        desktop.start()
        assert asked.result(SOON_S)[0] > 0
    finally:
        desktop.close()


def test_what_others_wrote_before_the_writer_came_is_told(desk: DataDirectory) -> None:
    from commandcenter.services.log import WriteLogEntry

    told: list[frozenset[str]] = []
    desktop = Desktop(desk, profile="empty", changed=lambda changes: told.append(frozenset(changes.touched)))
    try:
        desktop.ask(lambda connection: None).result(SOON_S)  # the early look
        other = open_workplace(desk, "empty")
        other.execute(WriteLogEntry(text="别处写的"))
        other.close()
        desktop.start()
        desktop.ready.result(SOON_S)
        desktop.note_anchor("test").result(SOON_S)  # the writer's thread has gone on
        assert any("log_entry" in kinds for kinds in told)
    finally:
        desktop.close()


def test_a_window_closed_at_once_keeps_the_line(desk: DataDirectory, qapp: QApplication) -> None:
    """The writer opens a moment after the first lines; whoever is faster loses nothing."""
    application = Application(desk, "empty")
    application.shell.painted.disconnect()
    application.show()
    application._loaded(duty_room)
    application.shell.logbox.editor.insertPlainText("半句")
    application.close()
    application.shell.close()
    draft = glimpse(desk)[1]
    assert draft is not None
    assert draft.text == "半句"


def test_the_first_picture_has_the_districts_name(tmp_path: Path, qapp: QApplication) -> None:
    directory = DataDirectory(tmp_path / "licheng")
    open_workplace(directory, "licheng").close()
    application = Application(directory, "licheng")
    try:
        assert application.shell.windowTitle() == "鲤城区应急指挥中心"
    finally:
        application.close()
        application.shell.close()


def test_cycles_are_collected_on_the_gui_thread_only(tmp_path: Path, qapp: QApplication) -> None:
    """Also after the window is closed: a thread of its desk may live a moment longer."""
    gc.enable()
    application = Application(DataDirectory(tmp_path / "none"), "empty")
    assert not gc.isenabled()
    application.close()
    assert not gc.isenabled()
    application.shell.close()
