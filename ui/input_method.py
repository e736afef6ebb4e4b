"""The input method's choice: which one Qt is told to load before the program's first window."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from pathlib import Path

VARIABLES = ("QT_IM_MODULES", "QT_IM_MODULE")
SHARED_OBJECTS = (".so", ".dll", ".dylib")


def choose_module(environ: Mapping[str, str], plugins: Path) -> str | None:
    """The value QT_IM_MODULE must be set to, or None to leave the environment alone.

    ``plugins`` is Qt's ``platforminputcontexts`` folder. The wheel of PySide6 has no fcitx plugin, and
    the system's is built for another Qt; fcitx answers on ibus' interface too, so ibus takes its place.
    Reads the folder's names, changes nothing.
    """
    wanted = wanted_modules(environ)
    if not wanted or not any(name.startswith("fcitx") for name in wanted):
        return None
    present = plugin_names(plugins)
    for name in wanted:
        if name in present or (name.startswith("fcitx") and "fcitx5" in present):
            return None if not name.startswith("fcitx") or name in present else "fcitx5"
        if name.startswith("fcitx"):
            return "ibus"
    return None


def wanted_modules(environ: Mapping[str, str]) -> list[str]:
    """The modules the environment names, in order: Qt reads QT_IM_MODULES (6.7+) before QT_IM_MODULE."""
    for variable in VARIABLES:
        names = [name.strip().lower() for name in environ.get(variable, "").split(";")]
        if any(names):
            return [name for name in names if name]
    # XMODIFIERS=@im=fcitx without QT_IM_MODULE leaves Qt's choice to the desktop; it then finds none
    name = environ.get("XMODIFIERS", "").removeprefix("@im=").strip().lower()
    return [name] if name.startswith("fcitx") else []


def plugin_names(plugins: Path) -> set[str]:
    """The input context plugins in a folder, by the name Qt knows them ("ibus", "compose", ...)."""
    if not plugins.is_dir():
        return set()
    suffix = "platforminputcontextplugin"
    return {
        entry.name.removeprefix("lib").split(suffix)[0]
        for entry in plugins.iterdir()
        if suffix in entry.name and entry.name.endswith(SHARED_OBJECTS)
    }


def apply(environ: MutableMapping[str, str], plugins: Path) -> str | None:
    """Write the choice into ``environ`` (os.environ, before QApplication); returns it, None if unchanged."""
    module = choose_module(environ, plugins)
    if module is not None:
        environ["QT_IM_MODULE"] = module
        if environ.get("QT_IM_MODULES"):
            environ["QT_IM_MODULES"] = module
    return module
