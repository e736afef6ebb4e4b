"""The check that a centre and its desks hold the same, and every word that somebody was told is saved."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from commandcenter.domain.change import GENESIS, link
from commandcenter.domain.record import REGISTRY
from commandcenter.runtime import DataDirectory
from commandcenter.services.first_start import shipped_changes
from db.centre.digests import NO_SCOPE
from db.centre.engine import CentreEngine, reading
from db.centre.tables import feed_head
from db.desk import digests, projections, statements
from db.desk.engine import open_reader
from db.desk.verify import verify
from db.queries.clash import Clash
from db.queries.clashes import clashes
from db.tables import RECORDS, journal, refusal
from db.tables import digest as sums
from tests.campaigns.acknowledged import Lost

Rows = dict[str, dict[UUID, dict[str, Any]]]


@dataclass
class Said:
    """What the desks were told is saved: each change, and each text, which was typed once and never again."""

    changes: set[UUID] = field(default_factory=set)
    lines: dict[UUID, str] = field(default_factory=dict)
    titles: set[str] = field(default_factory=set)
    # (incident, field): the values that nobody has chosen between
    standing: dict[tuple[UUID, str], set[str]] = field(default_factory=dict)

    def note(self, ack: Mapping[str, Any]) -> None:
        """One acknowledgement."""
        self.changes.update(map(UUID, ack["ack"]))
        if "text" in ack:
            self.lines[UUID(ack["rows"][0])] = ack["text"]
        if "title" in ack:
            self.titles.add(ack["title"])


@dataclass
class Held:
    """What one side holds."""

    journal: dict[UUID, tuple[int, int, bytes]]  # {change: (epoch, number, its bytes)}
    rows: Rows
    sums: dict[tuple[str, UUID | None], tuple[int, int]]
    refused: int


def at_centre(engine: CentreEngine) -> Held:
    """The centre's, as of one moment; its numbers without a gap and its chain whole. Lost."""
    with reading(engine) as connection:
        entries = connection.execute(
            select(journal.c.id, journal.c.epoch, journal.c.number, journal.c.bytes).order_by(journal.c.seq)
        ).all()
        held = Held(
            journal={id_: (epoch, number, bytes(data)) for id_, epoch, number, data in entries},
            rows={
                kind: {row["id"]: _plain({**row}) for row in connection.execute(select(table)).mappings()}
                for kind, table in RECORDS.items()
            },
            sums={
                (kind, None if scope == NO_SCOPE else scope): (count, total)
                for kind, scope, count, total in connection.execute(select(sums))
                if count or total
            },
            refused=connection.execute(select(func.count()).select_from(refusal)).scalar_one(),
        )
        n, head = connection.execute(select(feed_head.c.n, feed_head.c.hash)).one()
    if [entry.number for entry in entries] != list(range(1, n + 1)):
        raise Lost("the centre's numbers have a gap, or one stands twice")
    chained = GENESIS
    for entry in entries:
        chained = link(chained, bytes(entry.bytes))
    if chained != bytes(head):
        raise Lost("the centre's chain is not what its entries make")
    return held


def at_desk(folder: Path) -> tuple[Held, list[Clash]]:
    """A desk's, and the exceptions it shows. Lost where something is unsent, or projections are not whole."""
    with closing(open_reader(DataDirectory(folder).database)) as connection:
        connection.execute("BEGIN")
        entries = connection.execute("SELECT id, epoch, number, bytes FROM journal ORDER BY seq").fetchall()
        rows: Rows = {}
        for kind, codec in statements.CODECS.items():
            made = (codec.row(raw) for raw in connection.execute(codec.select_all))
            rows[kind] = {row["id"]: _plain(row) for row in made}
        held = Held(
            journal={UUID(bytes=id_): (epoch, number, data) for id_, epoch, number, data in entries},
            rows=rows,
            sums=digests.held(connection),
            refused=connection.execute("SELECT count(*) FROM refusal").fetchone()[0],
        )
        differing = projections.differing(connection)
        found = [replace(clash, aside=False) for clash in clashes(connection, aside=True).clashes]
    if differing:
        raise Lost(f"{folder.name}: projections differ from what the facts make: {differing}")
    return held, found


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in row.items()}


def agree(engine: CentreEngine, folders: Iterable[Path], said: Said) -> int:
    """Every side holds the same and all that was said. Returns how many changes. Lost."""
    centre = at_centre(engine)
    _all_said(centre, said)
    shown: list[Clash] | None = None
    for folder in folders:
        desk, found = at_desk(folder)
        _same(folder.name, desk, centre)
        _clashes(folder.name, found, said)
        if shown is not None and found != shown:
            raise Lost(f"{folder.name} shows other exceptions than the desk before it")
        shown = found
    return len(centre.journal)


def _all_said(centre: Held, said: Said) -> None:
    lost = said.changes - centre.journal.keys()
    if lost:
        raise Lost(f"{len(lost)} acknowledged changes are not at the centre: {sorted(lost)[:5]}")
    lines = centre.rows["log_entry"]
    altered = [text for id_, text in said.lines.items() if id_ not in lines or lines[id_]["text"] != text]
    if altered:
        raise Lost(f"{len(altered)} acknowledged lines are lost or altered: {altered[:5]}")
    for what, field_ in (("log_entry", "text"), ("incident", "title"), ("incident", "number")):
        doubled = [v for v, n in Counter(row[field_] for row in centre.rows[what].values()).items() if n > 1]
        if doubled:
            raise Lost(f"doubled: {what} {doubled[:5]}")
    lacking = said.titles - {row["title"] for row in centre.rows["incident"].values()}
    if lacking:
        raise Lost(f"incidents lost: {lacking}")
    if centre.refused:
        raise Lost(f"{centre.refused} groups were refused, and nothing that is refused was written")


def _same(name: str, desk: Held, centre: Held) -> None:
    if desk.refused:
        raise Lost(f"{name}: {desk.refused} groups stand as refused")
    if desk.journal != centre.journal:
        here, there = desk.journal.keys(), centre.journal.keys()
        other = [id_ for id_ in here & there if desk.journal[id_] != centre.journal[id_]]
        raise Lost(
            f"{name}: the journal lacks {len(there - here)}, has {len(here - there)} more, "
            f"{len(other)} under another number or with other bytes: "
            f"{sorted(there ^ here)[:3]} {[(desk.journal[id_], centre.journal[id_]) for id_ in other[:2]]}"
        )
    for kind in REGISTRY:
        mine, due = desk.rows[kind], centre.rows[kind]
        if mine.keys() != due.keys():
            raise Lost(f"{name}: {kind} lacks {due.keys() - mine.keys()}, has {mine.keys() - due.keys()}")
        for id_, row in due.items():
            differing = {
                key: (mine[id_][key], value) for key, value in row.items() if mine[id_][key] != value
            }
            if differing:
                raise Lost(f"{name}: {kind} {id_} differs from the centre's: {differing}")
    if desk.sums != centre.sums:
        raise Lost(f"{name}: the digests differ: {set(desk.sums.items()) ^ set(centre.sums.items())}")


def _clashes(name: str, found: list[Clash], said: Said) -> None:
    """Exactly the fields over which people differ are listed, each once, with every value."""
    listed = [(clash.row, clash.field, {value.value for value in clash.values}) for clash in found]
    due = [(row, field_, values) for (row, field_), values in said.standing.items() if len(values) > 1]
    if sorted(map(str, map(_sorted, listed))) != sorted(map(str, map(_sorted, due))):
        raise Lost(f"{name}: exceptions listed {listed}, due {due}")


def _sorted(one: tuple[UUID, str, set[str]]) -> tuple[UUID, str, list[str]]:
    return one[0], one[1], sorted(map(str, one[2]))


def sound(folder: Path) -> int:
    """What ``verify`` would say of a desk's file, its anchors included: how many entries. Lost."""
    directory = DataDirectory(folder)
    with closing(sqlite3.connect(directory.database)) as file:
        (verdict,) = file.execute("PRAGMA integrity_check").fetchone()
    if verdict != "ok":
        raise Lost(f"{folder.name}: {verdict}")
    with closing(open_reader(directory.database)) as connection:
        result = verify(connection, directory.known_anchors(), shipped=shipped_changes())
    if result.findings:
        raise Lost(f"{folder.name}: verify finds {result.findings[:3]}")
    return result.entries
