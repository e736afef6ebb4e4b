"""The rules of the house, read off the tree: names, words, sizes, catalogues, nothing of one machine."""

from __future__ import annotations

import ast
import io
import re
import string
import tokenize
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("commandcenter", "db", "ui", "resources")
NOT_OURS = {"build", "dist", "node_modules", "__pycache__"}

CHINESE = re.compile(
    "[\u3000-\u303f\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]"
)
VAGUE = {"util", "utils", "helper", "helpers", "common", "core", "manager", "managers", "misc"}
GPL_PARTS = {
    "QtCharts", "QtDataVisualization", "QtGraphs", "QtGraphsWidgets", "QtHttpServer", "QtNetworkAuth",
    "QtQuick3D", "QtVirtualKeyboard",
}  # fmt: skip
# In two halves, so that this file does not find itself.
REGISTRIES = (
    "pypi" + ".org",
    "pythonhosted" + ".org",
    "npmjs" + ".",
    "deb.debian" + ".org",
    "crates" + ".io",
)


@cache
def tree() -> tuple[Path, ...]:
    """Every file of the project, tracked or not yet, relative to the checkout."""

    def walk(folder: Path) -> Iterator[Path]:
        for entry in sorted(folder.iterdir()):
            if entry.is_dir():
                hidden = entry.name.startswith(".") and entry.name != ".ci"
                if not hidden and entry.name not in NOT_OURS and not entry.name.endswith(".egg-info"):
                    yield from walk(entry)
            elif entry.is_file():
                yield entry.relative_to(ROOT)

    return tuple(walk(ROOT))


def sources(*, tests: bool) -> list[Path]:
    """The Python files, with or without the tests."""
    return [file for file in tree() if file.suffix == ".py" and (tests or file.parts[0] != "tests")]


@cache
def text(file: Path) -> str:
    """A file's text."""
    return (ROOT / file).read_text(encoding="utf-8")


@cache
def parsed(file: Path) -> ast.Module:
    """A Python file's syntax tree."""
    return ast.parse(text(file), filename=str(file))


def docstring_lines(module: ast.Module) -> set[int]:
    """The lines that docstrings stand on."""
    lines: set[int] = set()
    for node in ast.walk(module):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            # Also the strings that stand under a field or a constant and describe it.
            for statement in body:
                if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
                    lines.update(range(statement.lineno, (statement.end_lineno or statement.lineno) + 1))
    return lines


def chinese_literals(source: str) -> list[int]:
    """The lines of string literals written with Chinese characters; escapes, comments and docstrings may."""
    allowed = docstring_lines(ast.parse(source))
    found = []
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        is_text = token.type == tokenize.STRING or tokenize.tok_name[token.type] == "FSTRING_MIDDLE"
        if is_text and token.start[0] not in allowed and CHINESE.search(token.string):
            found.append(token.start[0])
    return found


def imported(module: ast.Module) -> set[str]:
    """The dotted names a module imports, `from a import b` as a.b."""
    names: set[str] = set()
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def test_the_rooms_are_read() -> None:
    """A rule over an empty list would always hold."""
    read = {file.parts[0] for file in sources(tests=True)}
    assert {*ROOMS, "tests", "dev.py"} <= read


def test_chinese_stands_in_the_catalogues_only() -> None:
    assert chinese_literals('"""文档"""\nx = 1  # 注\ny = "\\uff1f"\nz = f"共{x}条"\n') == [4]
    found = {str(file): lines for file in sources(tests=False) if (lines := chinese_literals(text(file)))}
    assert not found, f"put these texts in resources/translations: {found}"


def test_package_files_are_empty() -> None:
    records = Path("commandcenter/domain/records/__init__.py")
    inits = [file for file in sources(tests=True) if file.name == "__init__.py" and file != records]
    assert [str(file) for file in inits if text(file).strip()] == []


def test_no_room_has_a_vague_name() -> None:
    vague = [
        str(file)
        for file in sources(tests=True)
        for part in (*file.parts[:-1], file.stem)
        if VAGUE & set(part.lower().split("_"))
    ]
    assert vague == []


def test_every_module_says_what_it_is() -> None:
    silent = [
        str(file)
        for file in sources(tests=True)
        if text(file).strip() and not (ast.get_docstring(parsed(file)) or "").strip()
    ]
    assert silent == []


def test_no_file_is_two_things() -> None:
    long = {
        str(file): count
        for file in sources(tests=False)
        if file.parts[:2] != ("db", "migrations") and (count := len(text(file).splitlines())) > 400
    }
    assert long == {}


def test_qts_gpl_parts_are_not_used() -> None:
    """They would put the whole program under the GPL; the import contracts cannot see inside PySide6."""
    used = {
        str(file): parts
        for file in sources(tests=True)
        if (parts := {part for name in imported(parsed(file)) for part in name.split(".")} & GPL_PARTS)
    }
    assert used == {}


def test_the_import_contract_knows_every_room() -> None:
    """A new module of the application has its storey in pyproject.toml before anything imports it."""
    project = tomllib.loads(text(Path("pyproject.toml")))
    layers = project["tool"]["importlinter"]["contracts"][0]["layers"]
    known = {name.strip(" ()") for layer in layers for name in layer.split("|")}
    rooms = {
        f"commandcenter.{file.parts[1].removesuffix('.py')}"
        for file in sources(tests=False)
        if file.parts[0] == "commandcenter" and file.parts[1] != "__init__.py"
    }
    assert rooms - known == set()


def flatten(table: dict[str, Any], prefix: str = "") -> dict[str, object]:
    """A catalogue's leaves by their dotted keys."""
    flat: dict[str, object] = {}
    for key, value in table.items():
        if isinstance(value, dict):
            flat |= flatten(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value
    return flat


def catalogue(language: str) -> dict[str, dict[str, object]]:
    """A language's catalogue: {file: {key: text}}."""
    folder = ROOT / "resources" / "translations" / language
    return {
        str(file.relative_to(folder)): flatten(tomllib.loads(file.read_text(encoding="utf-8")))
        for file in sorted(folder.rglob("*.toml"))
    }


def placeholders(sentence: str) -> set[str]:
    """The names in braces in a sentence."""
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


def test_both_catalogues_say_the_same_things() -> None:
    chinese, english = catalogue("zh_CN"), catalogue("en")
    assert chinese, "the catalogue is empty"
    assert chinese.keys() == english.keys()
    wrong: list[str] = []
    for file, texts in chinese.items():
        wrong += [f"{file}: {key} is in one language only" for key in texts.keys() ^ english[file].keys()]
        for key in texts.keys() & english[file].keys():
            here, there = texts[key], english[file][key]
            if not (isinstance(here, str) and isinstance(there, str) and here.strip() and there.strip()):
                wrong.append(f"{file}: {key} is no text, or empty")
            elif placeholders(here) != placeholders(there):
                wrong.append(f"{file}: {key} has {placeholders(here)} and {placeholders(there)}")
    assert wrong == []


@pytest.mark.parametrize("registry", REGISTRIES)
def test_no_file_names_a_registry(registry: str) -> None:
    """Where packages come from is the machine's setting, never the project's."""
    found = []
    for file in tree():
        content = (ROOT / file).read_bytes()
        if b"\0" not in content[:8192] and registry.encode() in content.lower():
            found.append(str(file))
    assert found == []
