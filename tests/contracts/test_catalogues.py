"""The catalogues against the program: every kind, field, code and error has its words in both languages."""

from __future__ import annotations

import ast
import string
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import pytest

import commandcenter.domain.records  # noqa: F401  fills the registry
from commandcenter.domain.codes import EVENT_CODE, TABLES
from commandcenter.domain.record import REGISTRY
from commandcenter.services.code_words import code_label
from commandcenter.services.reference import event_codes
from commandcenter.words import LANGUAGES, Words, catalogue
from tests.contracts.test_house import parsed, sources

ERRORS = {"Refused": "refused", "Unavailable": "unavailable"}


@dataclass(frozen=True)
class Site:
    """One place that raises an error: what it says and which values it gives."""

    where: str
    group: str
    code: str
    given: frozenset[str]
    open: bool  # gives **values, which cannot be read here


@cache
def sites() -> tuple[Site, ...]:
    """Every ``Refused("…")`` and ``Unavailable("…")`` of the program, whatever it is imported as."""
    found = []
    for file in sources(tests=False):
        for node in ast.walk(parsed(file)):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name not in ERRORS or not node.args:
                continue
            first = node.args[0]
            # one of two codes by a condition is two codes
            options = [first.body, first.orelse] if isinstance(first, ast.IfExp) else [first]
            given = frozenset(keyword.arg for keyword in node.keywords if keyword.arg)
            spread = any(keyword.arg is None for keyword in node.keywords)
            found += [
                Site(f"{file}:{node.lineno}", ERRORS[name], option.value, given, spread)
                for option in options
                if isinstance(option, ast.Constant) and isinstance(option.value, str)
            ]
    return tuple(found)


def placeholders(sentence: str) -> set[str]:
    """The names in braces."""
    return {name.split(":")[0] for _, name, _, _ in string.Formatter().parse(sentence) if name}


def test_the_program_is_read() -> None:
    """Rules over nothing would always hold."""
    codes = {site.code for site in sites()}
    assert {"unknown_kind", "required", "too_long", "file_exists", "directory_in_use"} <= codes
    assert any("max" in site.given for site in sites())


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_and_field_has_a_label(language: str) -> None:
    words = Words(language)
    wanted = [f"{kind}.name" for kind in REGISTRY]
    wanted += [f"{name}.fields.{field}" for name, kind in REGISTRY.items() for field in kind.types]
    wanted += [f"{name}.add" for name, kind in REGISTRY.items() if kind.register]
    assert [key for key in wanted if not words.has(key)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_label_is_of_a_field_that_is_gone(language: str) -> None:
    known = {f"{name}.fields.{field}" for name, kind in REGISTRY.items() for field in kind.types}
    labels = {
        key for key in catalogue(language) if key.split(".")[0] in REGISTRY and key.split(".")[1] == "fields"
    }
    assert labels - known == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_has_a_label(language: str) -> None:
    words = Words(language)
    silent = [
        f"{table}.{code}"
        for table, codes in TABLES.items()
        for code in codes
        if not (words.has(f"codes.{table}.{code}") or words.has(f"log.{table}.{code}"))
    ]
    assert silent == []
    used = {type_.table for kind in REGISTRY.values() for type_ in kind.types.values() if type_.table}
    assert used <= {*TABLES, EVENT_CODE}
    for code in event_codes():
        assert code_label(words, EVENT_CODE, code) not in ("", code)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_error_has_a_sentence_its_raiser_can_fill(language: str) -> None:
    words, texts = Words(language), catalogue(language)
    wrong = []
    for site in sites():
        key = f"{site.group}.{site.code}"
        if not words.has(key):
            wrong.append(f"{site.where}: {key} has no sentence")
        elif not site.open and (lacking := placeholders(texts[key]) - site.given):
            wrong.append(f"{site.where}: {key} wants {sorted(lacking)}")
    assert wrong == []


def test_all_files_of_a_kind_are_there() -> None:
    for language in LANGUAGES:
        folder = files("resources") / "translations" / language
        assert {f"{kind}.toml" for kind in REGISTRY} <= {entry.name for entry in folder.iterdir()}
