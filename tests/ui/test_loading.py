"""What a window loads behind its first picture: Qt on the GUI thread, everything else on another."""

from __future__ import annotations

import json
import subprocess
import sys

from ui.app import BEHIND, HALVES
from ui.duty_room import LATER_BEHIND

SAID = """
import importlib, json, sys
for name in {behind} + {later}: importlib.import_module(name)
qt = sorted(name for name in sys.modules if name.split(".")[0] in ("PySide6", "shiboken6", "ui"))
import ui.app
for name in {behind}: importlib.import_module(name)
before = set(sys.modules)
for name in {halves}: importlib.import_module(name)
left = sorted(name for name in sys.modules.keys() - before if name.split(".")[0] in ("commandcenter", "db"))
print(json.dumps([qt, left]))
"""


def test_no_thread_but_the_gui_imports_qt_and_the_gui_hardly_anything_else() -> None:
    code = SAID.format(behind=BEHIND, later=LATER_BEHIND, halves=HALVES)
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    qt, left = json.loads(said.stdout)
    assert qt == [], "the loader's thread would finish classes of Qt beside the GUI thread"
    assert left == [], "name them in BEHIND: the box waits for them"
