"""The catalogue reader: every sentence a person sees, by key, in the language chosen."""

from __future__ import annotations

import os
from functools import cache
from importlib.machinery import SourceFileLoader
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from types import CodeType

LANGUAGES = ("zh_CN", "en")
AUTHORITY = "zh_CN"
# A path beside this package and not importlib.resources: that alone costs 10 ms of a start.
FOLDER = os.path.normpath(os.path.join(__file__, "../../resources/translations"))  # noqa: PTH118


class Told(Protocol):
    """An error that has a sentence: see commandcenter.domain.errors."""

    group: str
    code: str
    values: dict[str, object]


class Words:
    """One language's catalogue. ``words("shell.nav.log")``; a key's first part is its file's stem."""

    def __init__(self, language: str = AUTHORITY) -> None:
        if language not in LANGUAGES:
            raise ValueError(f"no catalogue for {language!r}: one of {', '.join(LANGUAGES)}")
        self.language = language

    def __call__(self, key: str, /, **values: object) -> str:
        """The sentence for ``key`` with its ``{placeholders}`` filled. KeyError if it has none."""
        text = self._find(key)
        if text is None:
            raise KeyError(f"{key} has no words in {self.language}")
        return text.format_map(values) if values else text

    def has(self, key: str) -> bool:
        """Whether the catalogue has ``key``."""
        return self._find(key) is not None

    def sentence(self, error: Told) -> str:
        """What the person is told of an error: one sentence, what happened and what to do."""
        return self(f"{error.group}.{error.code}", **error.values)

    def label(self, group: str, code: str | None) -> str:
        """The label of a code (``group`` + "." + code), or the code itself where none is written."""
        if code is None:
            return ""
        text = self._find(f"{group}.{code}")
        return code if text is None else text

    def _find(self, key: str) -> str | None:
        stem, _, rest = key.partition(".")
        return part(self.language, stem).get(rest)


@cache
def part(language: str, stem: str) -> dict[str, str]:
    """One catalogue file, flat: {"nav.log": "值班", …} without its stem; empty if there is no such file.

    Files are read when first needed: a window paints its first page with one of them."""
    file = os.path.join(FOLDER, language, f"{stem}.toml")  # noqa: PTH118
    if not os.path.isfile(file):  # noqa: PTH113
        return {}
    code = _Catalogue(stem, file).get_code(stem)
    found: dict[str, Any] = {"flat": {}}
    if code is not None:
        exec(code, found)
    flat: dict[str, str] = found["flat"]
    return flat


class _Catalogue(SourceFileLoader):
    """Python's own loader with TOML for a language: it keeps what was read beside the file as it does for
    modules (``__pycache__``, valid while the file's time and size are the same), and saves a start 4 ms."""

    def source_to_code(  # type: ignore[override]  # static in one base, not in the other
        self, data: Any, path: Any, *, _optimize: int = -1
    ) -> CodeType:
        """The file as a module that holds the flat table, and nothing else."""
        import tomllib

        flat: dict[str, str] = {}
        _flatten("", tomllib.loads(bytes(data).decode("utf-8")), flat)
        return compile(f"flat = {flat!r}", path, "exec", dont_inherit=True)


def catalogue(language: str) -> dict[str, str]:
    """All keys and texts of one language: {"shell.nav.log": "值班", …}."""
    from pathlib import Path

    return {
        f"{file.stem}.{key}": text
        for file in sorted(Path(FOLDER, language).glob("*.toml"))
        for key, text in part(language, file.stem).items()
    }


def _flatten(prefix: str, table: dict[str, Any], into: dict[str, str]) -> None:
    for key, value in table.items():
        name = f"{prefix}.{key}" if prefix else key
        if isinstance(value, dict):
            _flatten(name, value, into)
        else:
            into[name] = str(value)
