"""The matching of a table's columns to the fields of a register: its header line found, its titles known."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from commandcenter.documents.intake_table import RawCell, Table
from commandcenter.domain.record import REGISTRY, Kind
from commandcenter.words import LANGUAGES, Words

HEADER_WITHIN = 30  # lines from the top
# Whose a card is and whether it is in use are not for a file to say.
NOT_IMPORTED = frozenset({"scope_id", "retired"})
# A desk is made by enrolling it.
NOT_KINDS = frozenset({"desk"})
_EXACT, _PART = 100, 40
_IN_BRACKETS = re.compile(r"\([^)]*\)|\[[^\]]*\]")


@dataclass(frozen=True, kw_only=True)
class Columns:
    """Which line names the columns, and the field of each: "" is left out. ``titles`` are as written."""

    header: int  # index of the line; -1: the table has none
    titles: tuple[str, ...]
    fields: tuple[str, ...]
    remembered: bool = False

    @property
    def signature(self) -> str:
        """What this layout is remembered by: its titles, whatever lines stand above them."""
        return hashlib.sha256("\x1f".join(map(title_key, self.titles)).encode()).hexdigest()[:16]

    def at(self, field: str) -> int:
        """The column of a field; -1 if none has it."""
        return self.fields.index(field) if field in self.fields else -1

    def with_field(self, column: int, field: str) -> Columns:
        """Corrected by a person: a field stands in one column only."""
        fields = ["" if name == field else name for name in self.fields]
        fields[column] = field
        return Columns(header=self.header, titles=self.titles, fields=tuple(fields))


def importable() -> list[str]:
    """The registers that a table can be taken into."""
    return [name for name, kind in REGISTRY.items() if kind.register and name not in NOT_KINDS]


def fields_of(kind: Kind) -> list[str]:
    """The fields a column can be of, in the order of the definition."""
    return [name for name in kind.types if name not in NOT_IMPORTED]


def title_key(text: str) -> str:
    """A title for comparing: without what stands in brackets, marks and white space."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    plain = _IN_BRACKETS.sub("", plain) or plain
    return "".join(sign for sign in plain if sign.isalnum())


def titles_of(kind: Kind) -> dict[str, str]:
    """The field by every title it goes by: its labels in each language, its name, and what offices write."""
    found: dict[str, str] = {}
    languages = [Words(language) for language in LANGUAGES]
    for name in fields_of(kind):
        for words in languages:
            found.setdefault(title_key(words.label(f"{kind.name}.fields", name)), name)
        found.setdefault(title_key(name), name)
    for name in fields_of(kind):
        own = (f"import.titles.{kind.name}_{name}", f"import.titles.{name}")
        for words in languages:
            for key in own:
                for title in words(key).split() if words.has(key) else ():
                    found.setdefault(title_key(title), name)
    return found


def match(kind: Kind, table: Table, remembered: Mapping[str, Any] | None = None) -> Columns:
    """The header line, and the field of each column. ``remembered``: {signature: fields}, corrected."""
    known = titles_of(kind)
    best, most = -1, 0
    for at, row in enumerate(table.rows[:HEADER_WITHIN]):
        score = sum(value for value, _ in _fields(row, known, table.width)[1])
        if score > most:
            best, most = at, score
    if best < 0:
        best = next((at for at, row in enumerate(table.rows) if sum(map(_is_text, row)) > 1), -1)
    return at_line(kind, table, best, remembered, known)


def at_line(
    kind: Kind,
    table: Table,
    header: int,
    remembered: Mapping[str, Any] | None = None,
    known: Mapping[str, str] | None = None,
) -> Columns:
    """The same with the header line said by a person."""
    row: Sequence[RawCell] = table.rows[header] if 0 <= header < len(table.rows) else ()
    titles = tuple(_title(row, at) for at in range(table.width))
    fields, _ = _fields(row, known or titles_of(kind), table.width)
    columns = Columns(header=header, titles=titles, fields=tuple(fields))
    kept = (remembered or {}).get(columns.signature)
    allowed = {"", *fields_of(kind)}
    if isinstance(kept, list) and len(kept) == table.width and allowed.issuperset(kept):
        return Columns(header=header, titles=titles, fields=tuple(kept), remembered=True)
    return columns


def _title(row: Sequence[RawCell], at: int) -> str:
    cell = row[at] if at < len(row) else None
    return " ".join(cell.split()) if isinstance(cell, str) else ""


def _is_text(cell: RawCell) -> bool:
    return isinstance(cell, str) and bool(cell.strip())


def _fields(
    row: Sequence[RawCell], known: Mapping[str, str], width: int
) -> tuple[list[str], list[tuple[int, str]]]:
    """The field of each column, and what each match was worth. The best title takes the field."""
    found: list[tuple[int, int, str]] = []
    for at in range(min(width, len(row))):
        title = title_key(_title(row, at))
        if not title or len(title) > 24:  # a sentence is no title
            continue
        if title in known:
            found.append((_EXACT, at, known[title]))
            continue
        for other, name in known.items():
            if len(other) > 1 and other in title:
                found.append((_PART + min(len(other), 20) - (len(title) - len(other)), at, name))
    fields = [""] * width
    worth: list[tuple[int, str]] = []
    taken: set[str] = set()
    for value, at, name in sorted(found, key=lambda match: (-match[0], match[1])):
        if value > 0 and not fields[at] and name not in taken:
            fields[at] = name
            taken.add(name)
            worth.append((value, name))
    return fields, worth
