"""The window's first import: loads Qt, and keeps Qt's Python half from reading every module after it.

PySide6 puts its own function in the place of ``__import__``, so that a module may say ``from __feature__
import snake_case``. For that it reads the whole source of every module imported afterwards, and searches it
for the word PySide6: about 0.4 ms a module, a tenth of a start. No module here has features; the import is
given back as it was. What is not found where it is expected is left alone.
"""

from __future__ import annotations

import builtins
import gc

# A start makes objects that stay; going through them again and again costs it 12 ms to the
# first paint and 25 ms to the first lines, and finds nothing. Cycles are still collected, less often.
gc.set_threshold(50_000, 20, 50)

import PySide6.QtWidgets  # noqa: E402, F401

_plain = getattr(builtins, "__orig_import__", None)
if _plain is not None:
    builtins.__import__ = _plain
