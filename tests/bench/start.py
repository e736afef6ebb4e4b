"""The bench of the start: process begin to the shell's first paint, and to the box and the newest lines."""

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
        from PySide6.QtTest import QTest
        editor = application.shell.logbox.editor
        before = editor.exact_text()
        QTest.keyClick(editor, "7")
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


def moments(code: str, *arguments: str) -> dict[str, float]:
    """Seconds from the process's begin to each word it says."""
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    begin = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=Path(__file__).resolve().parents[2],
    ) as process:
        assert process.stdout is not None
        return {line.strip(): time.perf_counter() - begin for line in process.stdout}


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
