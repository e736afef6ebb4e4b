"""The proposal: what taking a table in would do, row by row, with every problem at its cell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from commandcenter.documents.intake_cells import Reader, folded
from commandcenter.documents.intake_columns import Columns, title_key
from commandcenter.documents.intake_table import Faulty, RawCell, Table
from commandcenter.domain.access import require
from commandcenter.domain.errors import Refused
from commandcenter.domain.fields import Value, plain
from commandcenter.domain.record import Kind, Situation, make, settled, validate, values_of
from commandcenter.services.imports import GROUP, EditedCard, ImportRegister
from commandcenter.words import LANGUAGES, Words
from db.queries.imports import heads

Status = Literal["add", "edit", "same", "double", "wrong", "skip"]
STATES: tuple[Status, ...] = ("add", "edit", "same", "double", "wrong", "skip")
BELONGS = ("organisation_id", "parent_id")
Key = tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Problem:
    """What is wrong at a cell: ``column`` is its index, -1 for the whole row; ``error`` has the sentence."""

    column: int
    error: Refused


@dataclass(frozen=True, kw_only=True)
class Proposed:
    """One row. ``row``: its number in the file, from 1. ``values``: all of a new card, an edit's patch."""

    row: int
    status: Status
    title: str = ""
    id: UUID | None = None
    values: Mapping[str, Value]
    bases: Mapping[str, list[UUID]]
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Known:
    """What is here already: the register's cards, the names that cells refer to, and who asks."""

    cards: Sequence[dict[str, Any]]
    reader: Reader
    situation: Situation
    roles: tuple[str, ...]
    person: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """All rows below the header that hold anything."""

    kind: str
    rows: tuple[Proposed, ...]

    @property
    def counts(self) -> dict[Status, int]:
        """How many rows are of each state."""
        found = Counter(row.status for row in self.rows)
        return {status: found[status] for status in STATES}

    @property
    def writes(self) -> int:
        """How many cards accepting it would add or change."""
        return sum(row.status in ("add", "edit") for row in self.rows)

    def groups(self, kind: Kind, batch: UUID, file: str, size: int = GROUP) -> Iterator[ImportRegister]:
        """The commands that accept it, in order, under one batch."""
        meant = [row for row in self.rows if row.status in ("add", "edit")]
        for at in range(0, len(meant), size):
            part = meant[at : at + size]
            yield ImportRegister(
                kind=kind.name,
                batch=batch,
                file=file,
                last=at + size >= len(meant),
                add=[_plain(kind, row.values) for row in part if row.status == "add"],
                edit=[
                    EditedCard(id=row.id, fields=_plain(kind, row.values), bases=dict(row.bases))
                    for row in part
                    if row.status == "edit" and row.id is not None
                ],
            )


def _plain(kind: Kind, values: Mapping[str, Value]) -> dict[str, Any]:
    return {name: plain(kind.types[name], value) for name, value in values.items()}


def propose(kind: Kind, table: Table, columns: Columns, known: Known) -> Proposal:
    """What taking ``table`` in would do. A pure function: the same in gives the same out.

    A card is recognised by its code (or key), else by its name together with the organisation it belongs
    to, where the table says that. Refused ``import_no_title``, ``import_no_rows``."""
    if columns.at(kind.title) < 0:
        raise Refused("import_no_title", name=kind.title)
    judge = _Judge(kind, columns, known)
    rows = []
    for at in range(columns.header + 1, len(table.rows)):
        cells = table.rows[at]
        if any(not _is_empty(cell) for cell in cells):
            rows.append(judge.row(at + 1, cells))
    if not rows:
        raise Refused("import_no_rows", file=table.file)
    return Proposal(kind=kind.name, rows=tuple(rows))


def _is_empty(cell: RawCell) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


class _Judge:
    """Looks at one row after the other, and remembers which cards they were."""

    def __init__(self, kind: Kind, columns: Columns, known: Known) -> None:
        self.kind, self.columns, self.known = kind, columns, known
        self.once = [name for name, type_ in kind.types.items() if type_.merge == "once"]
        self.belongs = next((name for name in BELONGS if columns.at(name) >= 0), "")
        self.used = [(at, name) for at, name in enumerate(columns.fields) if name]
        self.titles = [title_key(title) for title in columns.titles]
        self.totals = {
            folded(word) for language in LANGUAGES for word in Words(language)("import.totals").split()
        }
        self.seen: dict[Key, int] = {}
        self.cards: dict[Key, list[dict[str, Any]]] = {}
        for card in known.cards:
            for key in self._keys(card):
                self.cards.setdefault(key, []).append(card)

    def _keys(self, values: Mapping[str, Any]) -> list[Key]:
        keys: list[Key] = [(name, folded(values[name])) for name in self.once if values.get(name)]
        title = values.get(self.kind.title)
        if title and self.kind.title not in self.once:
            keys.append(("", folded(title), str(values.get(self.belongs) or "") if self.belongs else ""))
        return keys

    def row(self, number: int, cells: Sequence[RawCell]) -> Proposed:
        """What this row would do."""
        if self._is_no_card(cells):
            return Proposed(row=number, status="skip", values={}, bases={})
        values, problems = self._read(cells)
        title = str(values.get(self.kind.title) or "")
        keys = self._keys(values)
        twice = next((self.seen[key] for key in keys if key in self.seen), None)
        for key in keys:
            self.seen.setdefault(key, number)
        if twice is not None and not problems:
            again = Problem(column=self.columns.at(self.kind.title), error=Refused("import_twice", row=twice))
            return Proposed(row=number, status="double", title=title, values={}, bases={}, problems=(again,))
        card, several = self._card(keys, values)
        if several:
            problems.append(Problem(column=self.columns.at(self.kind.title), error=several))
        if problems:
            wrong = tuple(problems)
            return Proposed(row=number, status="wrong", title=title, values={}, bases={}, problems=wrong)
        if card is None:
            return self._new(number, title, values)
        return self._change(number, title, values, card)

    def _is_no_card(self, cells: Sequence[RawCell]) -> bool:
        """The header again, a sum, or a remark beneath the table."""
        texts = [(at, cell) for at, cell in enumerate(cells) if not _is_empty(cell)]
        same = sum(
            isinstance(c, str) and title_key(c) == self.titles[at] for at, c in texts if at < len(self.titles)
        )
        if same > 1 and same == len(texts):
            return True
        first = texts[0][1]
        if isinstance(first, str) and folded(first).rstrip(":") in self.totals:
            return True
        title_at = self.columns.at(self.kind.title)
        return len(texts) == 1 and texts[0][0] != title_at and len(self.used) > 1

    def _read(self, cells: Sequence[RawCell]) -> tuple[dict[str, Value], list[Problem]]:
        values: dict[str, Value] = {}
        problems: list[Problem] = []
        for at, name in self.used:
            cell = cells[at] if at < len(cells) else None
            try:
                type_ = self.kind.types[name]
                value = settled(type_, self.known.reader.value(name, type_, cell))
                if value is None and type_.required:
                    raise Refused("required", field=name)
                if not _is_empty(cell) or isinstance(cell, Faulty):
                    values[name] = value
            except Refused as error:
                problems.append(Problem(column=at, error=error))
        return values, problems

    def _card(
        self, keys: Sequence[Key], values: Mapping[str, Value]
    ) -> tuple[dict[str, Any] | None, Refused | None]:
        for key in keys:
            found = self.cards.get(key, [])
            if key[0] == "":  # of the same name: but one of another code is another card
                found = [
                    card
                    for card in found
                    if all(
                        not values.get(name) or not card[name] or values[name] == card[name]
                        for name in self.once
                    )
                ]
            if len(found) > 1:
                return None, Refused("import_several_cards", count=len(found))
            if found:
                return found[0], None
        return None, None

    def _new(self, number: int, title: str, values: dict[str, Value]) -> Proposed:
        known = self.known
        try:
            require(self.kind.name, "add", known.roles, values, by=known.person)
            whole = values_of(make(self.kind.name, UUID(int=0), values))
            validate(self.kind, None, whole, known.situation)
        except Refused as error:
            return self._wrong(number, title, error)
        return Proposed(row=number, status="add", title=title, values=values, bases={})

    def _change(self, number: int, title: str, values: dict[str, Value], card: dict[str, Any]) -> Proposed:
        """An empty cell says nothing; what is set once stays; a flag that is off counts as nothing said."""
        notes: list[Problem] = []
        patch: dict[str, Value] = {}
        for name, value in values.items():
            if card[name] == value:
                continue
            if name in self.once:
                notes.append(
                    Problem(column=self.columns.at(name), error=Refused("cell_set_once", field=name))
                )
            else:
                patch[name] = value
        if not patch:
            return Proposed(
                row=number,
                status="same",
                title=title,
                id=card["id"],
                values={},
                bases={},
                problems=tuple(notes),
            )
        known = self.known
        try:
            require(self.kind.name, "edit", known.roles, patch, by=known.person, row_id=card["id"])
            validate(self.kind, card, patch, known.situation)
        except Refused as error:
            return self._wrong(number, title, error)
        return Proposed(
            row=number,
            status="edit",
            title=title,
            id=card["id"],
            values=patch,
            bases=heads(self.kind.name, card, set(patch)),
            problems=tuple(notes),
        )

    def _wrong(self, number: int, title: str, error: Refused) -> Proposed:
        problem = Problem(column=self.columns.at(error.field or ""), error=error)
        return Proposed(row=number, status="wrong", title=title, values={}, bases={}, problems=(problem,))
