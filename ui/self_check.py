"""The self-check: what this program runs on, and the last backup, read for a page and for a report."""

from __future__ import annotations

import contextlib
import importlib.metadata
import json
import os
import platform
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import qVersion

from commandcenter.domain.clock import parse_instant

DISTRIBUTION = "licheng-command-centre"
LICENCE = "Apache-2.0"


@dataclass(frozen=True)
class Fact:
    """One line of the self-check: its key in the catalogue (settings.about) and what it says."""

    key: str
    text: str


def program_version() -> str:
    """The version installed; what the source says where it runs from a checkout; "" if neither does."""
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        return importlib.metadata.version(DISTRIBUTION)
    project = Path(__file__).parents[1] / "pyproject.toml"
    if project.is_file():
        import tomllib

        return str(tomllib.loads(project.read_text(encoding="utf-8")).get("project", {}).get("version", ""))
    return ""


def facts(words: Callable[..., str], folder: Path, sqlite: str, font_warning: str | None) -> list[Fact]:
    """Everything the report has, in its order."""
    free = ""
    with contextlib.suppress(OSError):
        free = words("settings.about.free_text", size=f"{shutil.disk_usage(folder).free / 1e9:,.1f}")
    return [
        Fact("version", program_version()),
        Fact("python", platform.python_version()),
        Fact("qt", qVersion()),
        Fact("sqlite", sqlite),
        Fact("system", platform.platform(terse=True)),
        Fact("fonts", words(f"settings.about.fonts_{font_warning or 'ok'}")),
        Fact("input_method", os.environ.get("QT_IM_MODULE") or words("settings.about.none")),
        Fact("free", free),
        Fact("licence", LICENCE),
    ]


def last_backup(anchors: Path) -> datetime | None:
    """When the last backup was made, from the heads noted beside the database; None if never."""
    latest = None
    if anchors.is_file():
        for line in anchors.read_text(encoding="utf-8").splitlines():
            with contextlib.suppress(ValueError, KeyError, TypeError):  # a line torn by a crash
                noted = json.loads(line)
                if noted["why"] == "backup":
                    latest = parse_instant(noted["at"])
    return latest
