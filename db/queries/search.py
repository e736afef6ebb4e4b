"""The search query: the newest records that hold every word, found through the text index."""

from __future__ import annotations

import dataclasses
import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from commandcenter.domain.clock import day_span
from commandcenter.domain.folding import FIELD_BREAK, fold, words
from commandcenter.domain.record import REGISTRY
from db.desk.engine import Connection
from db.desk.postings import BLOCK, BLOCK_BITS, ORDER, PIECE_BITS, facet, in_all, numbers, piece, pieces_for
from db.desk.search import newest_seq, pending, read_documents, state
from db.desk.statements import CODECS
from db.queries.log import LogFilter
from db.queries.purge import gone_from

_SLAB = 4  # blocks whose postings are fetched at once, doubled as the search goes back in time
_SLAB_MAX = 32
_MANY = 100  # candidates; fewer are looked at whichever block they are of
_PIECES_MAX = 8
_REST_LINES = 500

# A found document: (happened_at in ms, row id, kind). Newest first is the largest first.
_Place = tuple[int, bytes, str]


@dataclass(frozen=True, kw_only=True)
class Hit:
    """A record found. ``values``: the row by column; ``field``: where the first word stands."""

    kind: str
    id: UUID
    happened_at: datetime | None  # of a card when it was typed; None if it shipped
    values: dict[str, Any]
    field: str
    incident_id: UUID | None  # of an incident its own
    # {field: the number of the certificate by which what stands there was destroyed}
    gone: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True)
class Found:
    """The newest hits, newest first; ``unindexed``: lines the index has yet to take in (they were searched
    all the same); ``more``: whether there are further hits."""

    hits: tuple[Hit, ...]
    unindexed: int
    more: bool


def search(
    connection: Connection,
    text: str,
    filter_: LogFilter | None = None,
    kind: str | None = None,
    limit: int = 50,
) -> Found:
    """The newest ``limit`` records with every word of ``text`` somewhere in their searchable fields.

    Words are parted by white space; a query in quotes is one word. Exactly what LIKE finds in the folded
    fields. ``kind``: only records of that kind. ``filter_``: only the log's lines that it lets through.
    Another thread may stop it with ``connection.interrupt()``.
    """
    wanted = words(text)
    with _one_view(connection):
        unindexed = pending(connection)
        if not wanted or not all(wanted) or not _storable(text):
            return Found((), unindexed, False)
        search_ = _Search(connection, wanted, filter_, kind, limit + 1)
        places = search_.run()
        return Found(tuple(_hits(connection, places[:limit], wanted)), unindexed, len(places) > limit)


@contextmanager
def _one_view(connection: Connection) -> Iterator[None]:
    """One consistent view of the file for several statements, all of which one interrupt ends."""
    own = not connection.in_transaction
    if own:
        connection.execute("BEGIN")
    # SQLite forgets an interrupt when no statement is running, so one runs from first to last.
    running = connection.execute("SELECT 1 UNION ALL SELECT 2")
    running.fetchone()
    try:
        yield
    finally:
        running.close()
        if own and connection.in_transaction:
            connection.execute("ROLLBACK")


def _storable(text: str) -> bool:
    """Whether any field could hold it: half a surrogate pair and the break between fields cannot be."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return FIELD_BREAK not in text


class _Search:
    """One question. ``wanted``: how many places are asked for."""

    def __init__(
        self,
        connection: Connection,
        words_: Sequence[str],
        filter_: LogFilter | None,
        kind: str | None,
        wanted: int,
    ) -> None:
        self.connection = connection
        self.words = words_
        self.wanted = wanted
        self.incident_id = filter_.incident_id if filter_ else None
        self.where, self.parameters = _conditions(filter_, kind)
        self.pieces = _needed(words_, filter_, kind)
        matches = "".join(" AND instr(d.folded, ?) > 0" for _ in words_)
        self.where = f"{matches} AND {self.where}"
        self.parameters = [*words_, *self.parameters]

    def run(self) -> list[_Place]:
        """The newest places, newest first."""
        fresh, edited = self._rest()
        # documents of cards edited since hold former words; ask for so many more and drop them
        self.wanted += len(edited)
        best = _Best(self.wanted)
        best.add(fresh)
        if self.incident_id is not None:
            best.add(place for place in self._of_incident() if place[1] not in edited)
        else:
            best.add(place for place in self._unsealed() if place[1] not in edited)
            self._sealed(best, edited)
        return best.newest()[: self.wanted - len(edited)]

    def _rest(self) -> tuple[list[_Place], set[bytes]]:
        """Hits among the lines the index has not seen, and the cards among them."""
        seq, last = state(self.connection).seq, newest_seq(self.connection)
        found: dict[bytes, _Place] = {}
        edited: set[bytes] = set()
        while seq < last:
            seq, documents = read_documents(self.connection, seq, _REST_LINES)
            for document in documents:
                if REGISTRY[document.kind].nature == "card":
                    edited.add(document.row_id)
                if all(word in document.folded for word in self.words):
                    row = (document.happened_at, document.row_id, document.kind, document.folded)
                    if self._let_through(row):
                        found[document.row_id] = row[:3]
        return list(found.values()), edited

    def _let_through(self, row: tuple[int, bytes, str, str]) -> bool:
        sql = (
            "WITH d (happened_at, row_id, kind, folded) AS (VALUES (?, ?, ?, ?))"
            f" SELECT 1 FROM d WHERE 1 {self.where}"
        )
        return self.connection.execute(sql, (*row, *self.parameters)).fetchone() is not None

    def _of_incident(self) -> list[_Place]:
        """An incident's lines are few: each is looked at, along its timeline, newest first."""
        assert self.incident_id is not None
        sql = (
            "SELECT d.happened_at, d.row_id, d.kind FROM incident_timeline AS i"
            " CROSS JOIN search_document AS d ON d.row_id = i.row_id"
            f" WHERE i.incident_id = ? {self.where}"
            " ORDER BY i.happened_at DESC, i.row_id DESC LIMIT ?"
        )
        parameters = (self.incident_id.bytes, *self.parameters, self.wanted)
        return self.connection.execute(sql, parameters).fetchall()

    def _unsealed(self) -> list[_Place]:
        """Hits in the documents of blocks that have no postings yet."""
        slots = state(self.connection).slot
        sealed = {block for (block,) in self.connection.execute("SELECT block FROM search_block")}
        out: list[_Place] = []
        for block in range((slots + BLOCK - 1) >> BLOCK_BITS):
            if block not in sealed:
                sql = (
                    "SELECT d.happened_at, d.row_id, d.kind FROM search_document AS d"
                    f" WHERE d.slot >= ? AND d.slot < ? {self.where}"
                    " ORDER BY d.happened_at DESC, d.row_id DESC LIMIT ?"
                )
                span = (block << BLOCK_BITS, (block + 1) << BLOCK_BITS)
                out += self.connection.execute(sql, (*span, *self.parameters, self.wanted))
        return out

    def _sealed(self, best: _Best, edited: set[bytes]) -> None:
        """Hits in sealed blocks, the block with the newest line first, until no older one can matter."""
        blocks = self.connection.execute(
            "SELECT block, newest FROM search_block ORDER BY newest DESC"
        ).fetchall()
        start, size = 0, _SLAB
        while start < len(blocks) and not best.full_after(blocks[start][1]):
            slab = blocks[start : start + size]
            postings = self._postings([block for block, _ in slab])
            slots: list[int] = []
            for block, newest in slab:
                if best.full_after(newest):
                    break  # nothing older matters; what is gathered still does
                places = in_all(postings.get(block, ()), len(self.pieces))
                if len(places) > _MANY:
                    best.add(hit for hit in self._newest_of(block, places) if hit[1] not in edited)
                    continue
                slots += [block << BLOCK_BITS | place for place in places]
                if len(slots) > _MANY:
                    best.add(hit for hit in self._looked_at(slots) if hit[1] not in edited)
                    slots = []
            best.add(hit for hit in self._looked_at(slots) if hit[1] not in edited)
            start, size = start + size, min(size * 2, _SLAB_MAX)

    def _postings(self, blocks: Sequence[int]) -> dict[int, list[bytes]]:
        keys = ",".join(str(block << PIECE_BITS | number) for block in blocks for number in self.pieces)
        out: dict[int, list[bytes]] = {}
        for key, places in self.connection.execute(
            f"SELECT key, places FROM search_posting WHERE key IN ({keys})"
        ):
            out.setdefault(key >> PIECE_BITS, []).append(places)
        return out

    def _newest_of(self, block: int, places: Sequence[int]) -> list[_Place]:
        """Of one block's many candidates those that hold the words, newest first, until enough are found."""
        row = self.connection.execute(
            "SELECT places FROM search_posting WHERE key = ?", (block << PIECE_BITS | ORDER,)
        ).fetchone()
        if row is not None:
            among = set(places)
            places = [place for place in reversed(numbers(row[0])) if place in among]
        out: list[_Place] = []
        start, size = 0, self.wanted + self.wanted // 4
        while start < len(places) and len(out) < self.wanted:
            out += self._looked_at([block << BLOCK_BITS | place for place in places[start : start + size]])
            start, size = start + size, 512
        return out

    def _looked_at(self, slots: Sequence[int]) -> list[_Place]:
        """Those of the documents that do hold the words."""
        if not slots:
            return []
        return self.connection.execute(
            "SELECT d.happened_at, d.row_id, d.kind FROM search_document AS d"
            f" WHERE d.slot IN ({','.join(map(str, slots))}) {self.where}",
            self.parameters,
        ).fetchall()


class _Best:
    """The newest places seen so far."""

    def __init__(self, wanted: int) -> None:
        self._wanted = wanted
        self._heap: list[_Place] = []

    def add(self, places: Iterable[_Place]) -> None:
        """Keep what is among the newest."""
        for place in places:
            if len(self._heap) < self._wanted:
                heapq.heappush(self._heap, place)
            else:
                heapq.heappushpop(self._heap, place)

    def full_after(self, ms: int) -> bool:
        """Whether nothing that happened at ``ms`` or earlier can be among the newest any more."""
        return len(self._heap) >= self._wanted and self._heap[0][0] > ms

    def newest(self) -> list[_Place]:
        """What was kept, newest first."""
        return sorted(self._heap, reverse=True)


def _needed(words_: Sequence[str], filter_: LogFilter | None, kind: str | None) -> list[int]:
    """The pieces that every hit has, the longest first, so many as pay."""
    texts = sorted(
        {text for word in words_ for text in pieces_for(word)}, key=lambda text: (-len(text), text)
    )
    if len(texts) > _PIECES_MAX:  # spread over the words rather than all from one end
        texts = texts[:: -(-len(texts) // _PIECES_MAX)]
    out = {piece(text) for text in texts}
    for one in {kind, filter_.kind if filter_ else None} - {None}:
        out.add(facet("kind", str(one)))
    if filter_ is not None:
        if filter_.channel is not None:
            out.add(facet("channel", filter_.channel))
        if filter_.desk_id is not None:
            out.add(facet("desk", filter_.desk_id.hex))
        if filter_.important:
            out.add(facet("important"))
    return sorted(out)


def _conditions(filter_: LogFilter | None, kind: str | None) -> tuple[str, list[Any]]:
    """What a document must be besides holding the words; a filter lets only lines of the log through."""
    clauses, parameters = ["1"], list[Any]()
    if kind is not None:
        clauses.append("d.kind = ?")
        parameters.append(kind)
    if filter_ is None:
        return " AND ".join(clauses), parameters
    lines = ["t.happened_at = d.happened_at", "t.row_id = d.row_id"]
    for used, clause, value in (
        (not filter_.machine, "t.machine = 0", None),
        (filter_.important, "t.importance <> 'normal'", None),
        (filter_.kind is not None, "t.kind = ?", filter_.kind),
        (filter_.channel is not None, "t.channel = ?", filter_.channel),
        (filter_.desk_id is not None, "t.desk_id = ?", filter_.desk_id and filter_.desk_id.bytes),
    ):
        if used:
            lines.append(clause)
            parameters += [] if value is None else [value]
    if filter_.day is not None:
        lines.append("t.happened_at >= ? AND t.happened_at < ?")
        parameters += day_span(filter_.day)
    clauses.append(f"EXISTS (SELECT 1 FROM timeline AS t WHERE {' AND '.join(lines)})")
    if filter_.incident_id is not None:
        clauses.append(
            "EXISTS (SELECT 1 FROM incident_timeline AS i WHERE i.incident_id = ?"
            " AND i.happened_at = d.happened_at AND i.row_id = d.row_id)"
        )
        parameters.append(filter_.incident_id.bytes)
    return " AND ".join(clauses), parameters


def _hits(connection: Connection, places: Sequence[_Place], words_: Sequence[str]) -> Iterator[Hit]:
    rows: dict[bytes, dict[str, Any]] = {}
    for kind in {kind for _, _, kind in places}:
        ids = [row_id for _, row_id, of in places if of == kind]
        codec = CODECS[kind]
        for start in range(0, len(ids), 500):
            part = ids[start : start + 500]
            sql = f"{codec.select_all} WHERE id IN ({', '.join('?' * len(part))})"
            for raw in connection.execute(sql, part):
                rows[raw[0]] = codec.row(raw)
    gone: dict[UUID, dict[str, str]] = {}
    for kind in {kind for _, _, kind in places}:
        gone |= gone_from(connection, kind, [rows[row_id] for _, row_id, of in places if of == kind])
    for _, row_id, kind in places:
        values = rows[row_id]
        fact = REGISTRY[kind].nature == "fact"
        yield Hit(
            kind=kind,
            id=values["id"],
            happened_at=values["happened_at"] if fact else values["typed_at"],
            values=values,
            field=_field(kind, values, words_),
            incident_id=values["id"] if kind == "incident" else values.get("incident_id"),
            gone=gone.get(values["id"], {}),
        )


def _field(kind: str, values: dict[str, Any], words_: Sequence[str]) -> str:
    names = REGISTRY[kind].searchable()
    return next((name for name in names if words_[0] in fold(values.get(name) or "")), names[0])
