"""The bench of the start: process begin to the shell's first paint, and to the box and the newest lines.

``python -m tests.bench.start --profile DIRECTORY`` prints where the time goes.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

BARE = """
from PySide6.QtWidgets import QApplication, QMainWindow
import sys
class Window(QMainWindow):
    def paintEvent(self, event):
        super().paintEvent(event)
        sys.stdout.write("painted\\n"); sys.stdout.flush()
        app.quit()
app = QApplication(sys.argv[:1])
window = Window()
window.resize(1920, 1080)
window.show()
app.exec()
"""

# The program as `run` starts it, with an eye on its signals: nothing of it is changed.
OURS = """
import sys
from pathlib import Path
from commandcenter.runtime import DataDirectory
from ui.app import Application
application = Application(DataDirectory(Path(sys.argv[1])), "empty")
def say(word):
    sys.stdout.write(word + "\\n"); sys.stdout.flush()
def furnished(room):
    say("furnished")
    table = room.page("log").list.table
    def painted():
        if not table.window_.total:
            return  # nothing counted yet
        from PySide6.QtCore import QEvent, Qt
        from PySide6.QtGui import QKeyEvent
        editor = application.shell.logbox.editor
        before = editor.exact_text()
        key = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_7, Qt.KeyboardModifier.NoModifier, "7")
        application.app.sendEvent(application.app.focusWidget(), key)
        if editor.exact_text() == before + "7":
            say("lines")
            table.painted.disconnect(painted)
            application.app.quit()
    table.painted.connect(painted)
application.shell.painted.connect(lambda: say("painted"))
application.furnished.connect(furnished)
application.show()
application.app.exec()
application.close()
"""

# Where the time goes: the same steps one by one, with the processor's time of each in milliseconds.
LAPS = """
import sys, time
from pathlib import Path
begun = time.process_time()
print(f"{begun * 1e3:.1f} python")
def lap(word):
    global begun
    at = time.process_time()
    print(f"{(at - begun) * 1e3:.1f} {word}", flush=True)
    begun = time.process_time()
import commandcenter.runtime
lap("import: data directory")
import ui.first
lap("import: PySide6, as a bare window has it")
from PySide6.QtCore import Qt
lap("import: Qt's 93 enums with 1,195 members")
import ui.shell.window
lap("import: the shell's modules")
import ui.app as program
lap("import: the application")
directory = commandcenter.runtime.DataDirectory(Path(sys.argv[1]))
program.glimpse(directory)
lap("language, look and draft from the file")
words = program.Words()
words("shell.product"), words("log.name"), words("pages.log")
lap("catalogues")
app = program.prepare(words)
lap("QApplication")
theme = program.look({})
lap("fonts: fontconfig")
program.apply(app, theme)
lap("palette and style sheet")
shell = program.make_shell(words, theme, program.now)
lap("widgets made")
shell.resize(*program.first_size(app))
shell.painted.connect(lambda: app.exit())  # quit() would close the window
shell.show()
lap("widgets laid out")
app.exec()
lap("first paint")
import ui.pages.log
lap("import: the log page")
import ui.duty_room
lap("import: the duty room")
room = ui.duty_room.DutyRoom(app, shell, words, theme, directory, "empty", program.now)
lap("duty room and log page made")
room.page("log").list.table.painted.connect(lambda: app.exit())
app.exec()
lap("first lines asked, answered and painted, all threads")
room.close()
"""
BARE_LAPS = BARE.replace("from PySide6", LAPS[: LAPS.index("import comm")] + "from PySide6", 1).replace(
    "app.exec()", "lap('bare: PySide6, QApplication, window')\napp.exec()\nlap('bare: first paint')"
)


def profile(directory: Path, rounds: int = 5) -> list[tuple[str, float]]:
    """[(step, median processor time in ms)] of the program's start, then of the bare window's."""
    laps: dict[str, list[float]] = {}
    for turn in range(rounds + 1):
        for code in (LAPS, BARE_LAPS):
            for word in moments(code, str(directory)):
                value, _, step = word.partition(" ")
                if turn and step:
                    laps.setdefault(step, []).append(float(value))
    return [(step, statistics.median(values)) for step, values in laps.items()]


def moments(code: str, *arguments: str) -> dict[str, float]:
    """Seconds from the process's begin to each word it says."""
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    begin = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=Path(__file__).resolve().parents[2],
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        said = {line.strip(): time.perf_counter() - begin for line in process.stdout}
        complaint = process.stderr.read()
    if process.returncode:
        raise RuntimeError(f"the start ended with {process.returncode}: {complaint}")
    return said


def measure(directories: dict[str, Path], rounds: int) -> dict[str, float]:
    """Medians in seconds over interleaved rounds: "bare", and per directory "painted NAME", "lines NAME"."""
    taken: dict[str, list[float]] = {}
    for turn in range(rounds + 1):
        found = {"bare": moments(BARE)["painted"]}
        for name, directory in directories.items():
            said = moments(OURS, str(directory))
            found |= {f"{word} {name}": at for word, at in said.items()}
        if turn:  # the first warms the caches of files
            for name, value in found.items():
                taken.setdefault(name, []).append(value)
    return {name: statistics.median(values) for name, values in taken.items()}


if __name__ == "__main__":  # python -m tests.bench.start --profile DIRECTORY
    for name, ms in profile(Path(sys.argv[sys.argv.index("--profile") + 1])):
        sys.stdout.write(f"{ms:8.1f} ms  {name}\n")
