"""The catalogue reader: every sentence a person sees, by key, in the language chosen."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from importlib.resources import files
from typing import Any, Protocol

LANGUAGES = ("zh_CN", "en")
AUTHORITY = "zh_CN"


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
        self._texts = catalogue(language)

    def __call__(self, key: str, /, **values: object) -> str:
        """The sentence for ``key`` with its ``{placeholders}`` filled. KeyError if it has none."""
        text = self._texts[key]
        return text.format_map(values) if values else text

    def has(self, key: str) -> bool:
        """Whether the catalogue has ``key``."""
        return key in self._texts

    def sentence(self, error: Told) -> str:
        """What the person is told of an error: one sentence, what happened and what to do."""
        return self(f"{error.group}.{error.code}", **error.values)

    def label(self, group: str, code: str | None) -> str:
        """The label of a code (``group`` + "." + code), or the code itself where none is written."""
        if code is None:
            return ""
        return self._texts.get(f"{group}.{code}", code)


@lru_cache(maxsize=len(LANGUAGES))
def catalogue(language: str) -> dict[str, str]:
    """All keys and texts of one language, flat: {"shell.nav.log": "值班", …}."""
    flat: dict[str, str] = {}
    folder = files("resources") / "translations" / language
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if file.name.endswith(".toml"):
            _flatten(file.name[:-5], tomllib.loads(file.read_text(encoding="utf-8")), flat)
    return flat


def _flatten(prefix: str, table: dict[str, Any], into: dict[str, str]) -> None:
    for key, value in table.items():
        name = f"{prefix}.{key}"
        if isinstance(value, dict):
            _flatten(name, value, into)
        else:
            into[name] = str(value)
