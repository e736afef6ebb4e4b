"""The ledger of what a writer was told is saved, and the check that a file has every bit of it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from commandcenter.runtime import DataDirectory, open_workplace
from commandcenter.services.workplace import Workplace
from db.desk.local import drafts
from db.desk.search import Indexer, rebuild
from db.desk.verify import verify
from tests.campaigns.writer import DRAFT


@dataclass
class Ledger:
    """Everything acknowledged so far."""

    lines: dict[UUID, str] = field(default_factory=dict)
    incidents: dict[UUID, str | None] = field(default_factory=dict)  # id -> what is known
    strikes: dict[UUID, UUID] = field(default_factory=dict)  # target -> strike
    draft: str | None = None
    shared: bool = False  # several writers: one draft is kept over the other
    begun: bool = False  # a new writer has begun and was told nothing yet: its first draft may be there
    closed: bool = False

    def note(self, said: dict[str, Any]) -> None:
        """Take one acknowledgement in."""
        self.begun = "ready" in said
        if "id" in said:
            self.lines[UUID(said["id"])] = said["text"]
        if "draft" in said:
            self.draft = said["draft"]
        if "incident" in said:
            self.incidents[UUID(said["incident"])] = None
        if "known" in said:
            self.incidents[UUID(said["of"])] = said["known"]
        if "strike" in said:
            self.strikes[UUID(said["target"])] = UUID(said["strike"])
        self.closed = self.closed or "closed" in said

    def read(self, output: bytes) -> int:
        """Take in a writer's output; a line torn by its end was not acknowledged. Returns the number."""
        whole = output.split(b"\n")[:-1]
        for line in whole:
            self.note(json.loads(line))
        return len(whole)


class Lost(AssertionError):
    """Something acknowledged is not in the file, or the file is not as it was written."""


def check(folder: Path, ledger: Ledger, anchors: bool = True) -> int:
    """Open the directory as the next start would and compare. Returns the lines in the file.

    Lost, where anything is missing, doubled or altered; beyond what was acknowledged there may be at most
    what one command writes, for its answer may have been on the way."""
    directory = DataDirectory(folder)
    workplace = open_workplace(directory, "empty")
    try:
        return _compare(workplace, ledger, directory if anchors else None)
    finally:
        workplace.close()


def _compare(workplace: Workplace, ledger: Ledger, directory: DataDirectory | None) -> int:
    connection = workplace.connection
    (verdict,) = connection.execute("PRAGMA integrity_check").fetchone()
    _must(verdict == "ok", f"integrity: {verdict}")
    stored = {UUID(bytes=id_): text for id_, text in connection.execute("SELECT id, text FROM log_entry")}
    missing = {text for id_, text in ledger.lines.items() if stored.get(id_) != text}
    _must(not missing, f"acknowledged lines lost or altered: {sorted(missing)}")
    replacing = {
        UUID(bytes=id_)
        for (id_,) in connection.execute("SELECT replacement_id FROM strike WHERE replacement_id IS NOT NULL")
    }
    own = {id_: text for id_, text in stored.items() if id_ not in replacing}
    _must(len(set(own.values())) == len(own), "a line stands twice")
    known = {UUID(bytes=id_): what for id_, what in connection.execute("SELECT id, known FROM incident")}
    for incident, value in ledger.incidents.items():
        _must(incident in known, f"incident {incident} lost")
        _must(value is None or known[incident] is not None, f"an edit of incident {incident} lost")
    struck = dict(connection.execute("SELECT row_id, struck_id FROM timeline WHERE struck_id IS NOT NULL"))
    for target, strike in ledger.strikes.items():
        _must(struck.get(target.bytes) == strike.bytes, f"the strike of {target} lost")
    result = verify(connection, directory.known_anchors() if directory is not None else ())
    _must(not result.findings, f"verify: {result.findings}")
    if not ledger.shared:
        found = drafts(connection).get(DRAFT)
        text = None if found is None else str(found[0]["text"])
        # one command may have been on the way: the line that ends the draft, or the next draft
        sent = text is None and own.keys() > ledger.lines.keys()
        next_ = (ledger.draft is None or ledger.begun) and text not in ledger.lines.values()
        _must(text == ledger.draft or sent or next_, f"the draft is {text!r}, not {ledger.draft!r}")
    return len(stored)


def _must(holds: bool, otherwise: str) -> None:
    if not holds:
        raise Lost(otherwise)


def index_is_whole(folder: Path) -> None:
    """The text index that the killed process left behind goes on to hold every record's words once."""
    workplace = open_workplace(DataDirectory(folder), "empty")
    connection = workplace.connection
    sql = "SELECT row_id, kind, happened_at, folded FROM search_document ORDER BY row_id"
    try:
        indexer = Indexer(connection, lull_s=0)
        while indexer.more(0.05):
            pass
        kept = connection.execute(sql).fetchall()
        rebuild(connection)
        _must(kept == connection.execute(sql).fetchall(), "the text index differs from a new one")
    finally:
        workplace.close()


def merged(ledgers: Iterable[Ledger]) -> Ledger:
    """Several processes' acknowledgements on one directory, as one."""
    whole = Ledger(shared=True)
    for ledger in ledgers:
        whole.lines |= ledger.lines
        whole.incidents |= ledger.incidents
        whole.strikes |= ledger.strikes
    return whole
