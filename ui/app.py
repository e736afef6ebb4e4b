"""The application: paints the shell first, then loads the rest of the program behind it."""

from __future__ import annotations

import gc
import importlib
import os
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

# isort: split
from ui import first  # noqa: F401  before anything else that is ours

# isort: split
from PySide6.QtCore import QLibraryInfo, QObject, Qt, QTimer, QTranslator, Signal
from PySide6.QtWidgets import QApplication

from commandcenter.domain import codes
from commandcenter.domain.errors import Unavailable
from commandcenter.lock import Lock
from commandcenter.runtime import DataDirectory, default_directory
from commandcenter.words import AUTHORITY, LANGUAGES, Words
from ui import fonts, input_method
from ui.drafts import LOG_BOX, from_json
from ui.shell.draft import Choice, LineDraft
from ui.shell.nav import PageEntry
from ui.shell.window import Shell
from ui.theme import SCALES, STYLE, Theme, ThemeName, apply

if TYPE_CHECKING:
    from ui.duty_room import DutyRoom

# The rail: (page, icon)
PAGES = (
    ("overview", "overview"),
    ("log", "log"),
    ("incident", "incident"),
    ("team", "team"),
    ("shelter", "place"),
    ("monitor", "chart"),
    ("search", "search"),
    ("register", "register"),
    ("exchange", "exchange"),
    ("audit", "history"),
    ("settings", "settings"),
    ("administration", "person"),
)


# One painting asks Python for a hundred cells, and each asking may wait for the thread that holds the
# interpreter: five milliseconds, as Python comes, are a window that stands still while changes pour in.
SWITCH_S = 0.0005
COLLECT_MS = 2_000
COLLECT_FROM = 10_000  # objects made since the last look
COLLECT_ALL = 150  # looks between two collections of everything: five minutes


def now() -> datetime:
    """The machine's clock."""
    return datetime.now(UTC)


def glimpse(directory: DataDirectory) -> tuple[dict[str, Any], LineDraft | None]:
    """Language, look, the district's name and the draft in the box, read before the first paint.

    What cannot be read now is told when the file is opened for good."""
    if not directory.database.is_file():
        return {}, None
    from db.desk import local
    from db.desk.engine import StoreError, open_reader

    try:
        connection = open_reader(directory.database)
        try:
            draft = local.drafts(connection).get(LOG_BOX)
            preferences = {**local.everything(connection), "district": local.district(connection)}
            return preferences, None if draft is None else from_json(draft[0])
        finally:
            connection.close()
    except (Unavailable, StoreError, ValueError, TypeError, KeyError):
        # a damaged, foreign or newer file: the desk's own opening explains it, in one sentence
        return {}, None


def look(preferences: dict[str, Any], theme: str | None = None, scale: int | None = None) -> Theme:
    """The Theme of the desk's preferences; what is given explicitly wins."""
    found = fonts.choose()
    name: ThemeName = "light" if (theme or preferences.get("theme")) == "light" else "dark"
    wanted = (scale or preferences.get("scale") or 100) / 100
    return Theme(
        name=name,
        scale=wanted if wanted in SCALES else 1.0,
        families=found.families,
        figures=found.figures,
    )


def make_shell(words: Words, theme: Theme, clock: Callable[[], datetime], late_after_s: int = 1800) -> Shell:
    """The window with its frame and no pages yet."""

    def choices(table: str) -> list[Choice]:
        return [Choice(code, words.label(f"log.{table}", code)) for code in codes.TABLES[table]]

    return Shell(
        words,
        theme,
        now=clock,
        pages=[PageEntry(page, words(f"pages.{page}"), icon) for page, icon in PAGES],
        channels=choices("channel"),
        directions=choices("direction"),
        importances=choices("importance"),
        late_after=timedelta(seconds=late_after_s),
    )


def prepare(words: Words) -> QApplication:
    """The QApplication, with input method, translations of Qt's own dialogs and no dark surprises."""
    plugins = Path(QLibraryInfo.path(QLibraryInfo.LibraryPath.PluginsPath))
    input_method.apply(os.environ, plugins)
    existing = QApplication.instance()
    app = existing if isinstance(existing, QApplication) else QApplication([*sys.argv[:1], *STYLE])
    app.setApplicationName("licheng-command-centre")
    app.setApplicationDisplayName("")
    return app


def translate(app: QApplication, language: str) -> None:
    """Qt's own dialogs in the language chosen."""
    if language == "en":
        return
    translator = QTranslator(app)
    if translator.load(f"qtbase_{language}", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)):
        app.installTranslator(translator)


# What the heavy half asks for that knows no Qt. Qt's classes are finished as they are first used, which two
# threads must not do at the same time: a window that imported its pages on a thread died now and then.
BEHIND = (
    "db.queries.log",
    "db.queries.news",
    "db.queries.exchange",
    "db.queries.clashes",
    "db.desk.exchange",
    "commandcenter.services.sign_in",
    "commandcenter.services.reference",
    "commandcenter.services.code_words",
    "commandcenter.services.exchange_sentences",
)
HALVES = ("ui.pages.log", "ui.duty_room")


class _Loader(QObject):
    """Imports the heavy half so that the box takes keys meanwhile: what knows no Qt on a thread, the screens
    on this one, a turn of the event loop for each."""

    loaded = Signal(object)
    _ready = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._left = list(HALVES)
        self._ready.connect(self._screens, Qt.ConnectionType.QueuedConnection)

    def start(self) -> None:
        """Begin; ``loaded`` comes with the last module, or with the exception."""
        threading.Thread(target=self._behind, name="loader", daemon=True).start()

    def _behind(self) -> None:
        try:
            for name in BEHIND:
                importlib.import_module(name)
        except BaseException as error:  # noqa: BLE001  told on the GUI thread
            self._ready.emit(error)
        else:
            self._ready.emit(None)

    def _screens(self, failed: BaseException | None) -> None:
        try:
            if failed is not None:
                raise failed
            module = importlib.import_module(self._left.pop(0))
        except BaseException as error:  # noqa: BLE001  told in one way
            self.loaded.emit(error)
            return
        if self._left:
            self._ready.emit(None)
        else:
            self.loaded.emit(module)


class Collector(QObject):
    """Collects cycles on the GUI thread only.

    Python collects on whichever thread happens to make an object; a window in a cycle would then be
    destroyed on a worker, and crash later, elsewhere (DESIGN §6)."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        gc.disable()
        self._ticks = 0
        self._timer = QTimer(self, interval=COLLECT_MS)
        self._timer.timeout.connect(self._collect)
        self._timer.start()

    def _collect(self) -> None:
        self._ticks += 1
        if self._ticks % COLLECT_ALL == 0:
            gc.collect()
        elif gc.get_count()[0] > COLLECT_FROM:
            gc.collect(1)

    def stop(self) -> None:
        """No more. It is not left to Python again: threads that outlive the window may still make objects."""
        self._timer.stop()


class Application(QObject):
    """One window on one data directory, from its first paint to its end."""

    furnished = Signal(object)  # the DutyRoom, once the heavy half is there

    def __init__(
        self, directory: DataDirectory, profile: str, *, language: str | None = None, theme: str | None = None
    ) -> None:
        preferences, draft = glimpse(directory)
        spoken = language or preferences.get("language") or AUTHORITY
        words = Words(spoken if spoken in LANGUAGES else AUTHORITY)
        self.app = prepare(words)
        super().__init__()
        self._directory, self._profile, self._words = directory, profile, words
        self._theme = look(preferences, theme)
        self.room: DutyRoom | None = None
        self._collector = Collector(self)
        self._switch_s = sys.getswitchinterval()
        sys.setswitchinterval(SWITCH_S)
        apply(self.app, self._theme)
        self.shell = make_shell(words, self._theme, now)
        if district := preferences.get("district"):  # else the name would change under the reader's eye
            product = words("shell.product_of", place=district[words.language])
            self.shell.header.set_product(product)
            self.shell.setWindowTitle(product)
        if draft is not None:
            self.shell.logbox.restore(draft)
        self._loader = _Loader()
        self._loader.loaded.connect(self._loaded, Qt.ConnectionType.QueuedConnection)
        self.shell.painted.connect(self._loader.start)
        self.shell.painted.connect(lambda: translate(self.app, words.language))

    def show(self) -> None:
        """Paint the window; everything else is loaded behind it."""
        self.shell.resize(*first_size(self.app))
        available = self.app.primaryScreen().availableGeometry()
        if available.width() <= self.shell.width():  # a title bar would push the status line off
            self.shell.setWindowState(Qt.WindowState.WindowMaximized)
        self.shell.show()

    def _loaded(self, module: Any) -> None:
        if isinstance(module, BaseException):
            raise module
        self.room = module.DutyRoom(
            self.app, self.shell, self._words, self._theme, self._directory, self._profile, now
        )
        self.furnished.emit(self.room)

    def close(self) -> None:
        """Keep what is typed, finish what was handed in."""
        self._collector.stop()
        sys.setswitchinterval(self._switch_s)
        if self.room is not None:
            self.room.close()


def run(data: Path | None, profile: str, *, language: str | None, theme: str | None) -> int:
    """Open the command centre; returns when its window is closed."""
    directory = DataDirectory(data or default_directory())
    directory.make()
    lock = Lock(directory.path, "window")
    if not lock.take():
        from ui.single import raise_other

        raise_other(directory.path)
        raise Unavailable("window_is_open")
    application = Application(directory, profile, language=language, theme=theme)
    # Python's own signal handlers run only between byte codes: a slow timer gives them the chance
    alive = QTimer()
    alive.timeout.connect(lambda: None)
    alive.start(200)
    stop_on_signals(application.app)
    application.show()
    try:
        return application.app.exec()
    finally:
        application.close()
        lock.release()


def first_size(app: QApplication) -> tuple[int, int]:
    """As large as the screen allows, up to the size the pages are drawn for."""
    available = app.primaryScreen().availableGeometry()
    return min(available.width(), 1920), min(available.height(), 1080)


def stop_on_signals(app: QApplication) -> None:
    """SIGINT and SIGTERM close the window as a person would: nothing handed in is lost."""
    import signal

    for name in ("SIGINT", "SIGTERM"):
        signal.signal(getattr(signal, name), lambda *_: app.quit())
