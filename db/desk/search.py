"""The text index's keeper: it follows the journal when the writer is idle, in slices of a few milliseconds.

A record's words, folded, are a *document*. Documents get slots in the order of indexing, never one twice.
8,192 slots are a *block*. When a block is full its *postings* are made: for every piece of text the
documents of the block that hold it, by their place in it, and with that the block is sealed. A
piece is a single character, or the hash of a pair (of three letters or digits, of four digits), or what
the log is filtered by. Postings say where it is worth looking, the documents decide (db.queries.search), so
a document that is gone or edited needs no cleaning up behind it, and a hash that two pairs share costs a
look and no wrong hit. What is not sealed yet is simply read.

Nothing is written when a line is saved, nothing is ever merged or rewritten, and every step writes to the
end of a table: so no step is longer than its slice. Slices do not wait for the disk: what a power cut takes
of them is made again, and a command's own commit brings all that was written before it to the disk.
"""

from __future__ import annotations

import time
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import commandcenter.domain.records  # noqa: F401  fills the registry
from commandcenter.domain.folding import FIELD_BREAK, fold
from commandcenter.domain.record import REGISTRY
from db.desk import local
from db.desk.engine import Connection
from db.desk.journal import kind_in
from db.desk.postings import (
    BLOCK,
    BLOCK_BITS,
    ORDER,
    PIECE_BITS,
    Pieces,
    facet,
    packed,
    pieces_of,
    shorts,
)

_STATE = "text_index"
LULL_S = 0.5  # new lines wait for a pause this long, or until there are as many as one look takes
_LINES = 32  # journal lines, documents or postings between two looks at the clock
_MEMORY = 400_000  # pieces whose hashes are kept at hand


@dataclass(frozen=True)
class State:
    """How far the index has come: the journal line, the next slot, and who may seal (a count of claims)."""

    seq: int = 0
    slot: int = 0
    claim: int = 0


@dataclass(frozen=True)
class Document:
    """A record's words. ``happened_at`` in ms; of a card when it was typed, 0 where it shipped."""

    row_id: bytes
    kind: str
    happened_at: int
    folded: str


_SEARCHABLE = {name: kind for name, kind in REGISTRY.items() if kind.searchable()}


def state(connection: Connection) -> State:
    """How far the index has come."""
    return State(*local.get(connection, _STATE, ()))


def _keep(connection: Connection, new: State) -> None:
    local.put(connection, _STATE, [new.seq, new.slot, new.claim])


def newest_seq(connection: Connection) -> int:
    """The journal's last line."""
    return int(connection.execute("SELECT coalesce(max(seq), 0) FROM journal").fetchone()[0])


def pending(connection: Connection) -> int:
    """How many lines wait for the index: those it has not seen, and those of full blocks not sealed."""
    now = state(connection)
    unsealed = (now.slot >> BLOCK_BITS) - _sealed_count(connection)
    return newest_seq(connection) - now.seq + unsealed * BLOCK


def _sealed_count(connection: Connection) -> int:
    return int(connection.execute("SELECT count(*) FROM search_block").fetchone()[0])


def read_documents(connection: Connection, after: int, lines: int) -> tuple[int, list[Document]]:
    """The documents that the next ``lines`` journal lines after ``after`` touch, as they are now, and the
    last line read (``after`` if there is none)."""
    wanted: dict[str, dict[bytes, None]] = {}
    rows = connection.execute(
        'SELECT seq, coalesce("row", id), bytes FROM journal WHERE seq > ? ORDER BY seq LIMIT ?',
        (after, lines),
    ).fetchall()
    for _, row_id, data in rows:
        kind = kind_in(data)
        if kind in _SEARCHABLE:
            wanted.setdefault(kind, {})[row_id] = None
    documents = [
        document for kind, ids in wanted.items() for document in _documents(connection, kind, list(ids))
    ]
    return (rows[-1][0] if rows else after), documents


def _documents(connection: Connection, name: str, ids: Sequence[bytes]) -> Iterator[Document]:
    kind = REGISTRY[name]
    when = "happened_at" if kind.nature == "fact" else "coalesce(typed_at, 0)"
    columns = ", ".join(f'"{column}"' for column in kind.searchable())
    for start in range(0, len(ids), 500):
        part = ids[start : start + 500]
        marks = ", ".join("?" * len(part))
        sql = f'SELECT id, {when}, {columns} FROM "{name}" WHERE id IN ({marks}) ORDER BY 2, 1'
        for row_id, happened_at, *texts in connection.execute(sql, part):
            yield Document(row_id, name, happened_at, FIELD_BREAK.join(fold(text) for text in texts if text))


def _no_places() -> array[int]:
    return array("H")


@dataclass
class _Sealing:
    """A full block whose postings are being made: read, then written, then sealed."""

    block: int
    claim: int
    read: int = 0  # places
    postings: defaultdict[int, array[int]] = field(default_factory=lambda: defaultdict(_no_places))
    unwritten: list[int] | None = None  # pieces, largest first; None while documents are being read


class Indexer:
    """What brings the index up to date, a slice at a time. Lives beside the writer, on its thread.

    Several processes may run one each on one file: no hit is lost, but they take one another's work away,
    so better only one does.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        lull_s: float = LULL_S,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._connection = connection
        self._lull_s = lull_s
        self._clock = clock
        self._sealing: _Sealing | None = None
        self._pieces = Pieces()
        self._seen = (0, 0.0)  # the journal's last line, and since when it has been that

    def more(self, budget_s: float = 0.008) -> int:
        """Work for about ``budget_s`` seconds, then commit. Returns the lines that could be taken in at
        once (0: nothing to do just now; :func:`pending` says what waits)."""
        now = state(self._connection)
        if self._worth_taking(now):
            self._take(self._clock() + budget_s)
        elif self._sealing is not None or self._begin(now):
            self._seal(self._clock() + budget_s)
        else:
            return 0
        return pending(self._connection)

    def _worth_taking(self, now: State) -> bool:
        newest, at = newest_seq(self._connection), self._clock()
        if newest != self._seen[0]:
            self._seen = (newest, at)
        waiting = newest - now.seq
        return waiting >= _LINES or (waiting > 0 and at - self._seen[1] >= self._lull_s)

    def _take(self, until: float) -> None:
        """Documents of the journal's next lines."""
        connection = self._connection
        with _slice(connection):
            now = state(connection)
            seq, slot = now.seq, now.slot
            while True:
                last, documents = read_documents(connection, seq, _LINES)
                if last == seq:
                    break
                seq = last
                slot = _enter(connection, documents, slot)
                if self._clock() >= until:
                    break
            _keep(connection, State(seq, slot, now.claim))

    def _begin(self, now: State) -> bool:
        """Claim the first full block that is not sealed; False if there is none."""
        connection = self._connection
        full = now.slot >> BLOCK_BITS
        if full == _sealed_count(connection):
            return False
        sealed = {block for (block,) in connection.execute("SELECT block FROM search_block")}
        block = next((n for n in range(full) if n not in sealed), None)
        if block is None:
            return False
        with _slice(connection):
            now = state(connection)
            _keep(connection, State(now.seq, now.slot, now.claim + 1))
            connection.execute("DELETE FROM search_posting WHERE key >= ? AND key < ?", _keys(block))
        self._sealing = _Sealing(block=block, claim=now.claim + 1)
        return True

    def _seal(self, until: float) -> None:
        sealing = self._sealing
        assert sealing is not None
        if sealing.unwritten is None:
            self._read(sealing, until)
        if sealing.unwritten is not None and self._clock() < until and not self._write(sealing, until):
            self._sealing = None

    def _read(self, sealing: _Sealing, until: float) -> None:
        """Take documents of the block apart until the time is up or all are."""
        postings, known = sealing.postings, self._pieces
        if len(known) > _MEMORY:
            known.clear()
        base = sealing.block << BLOCK_BITS
        while sealing.read < BLOCK:
            span = (base + sealing.read, base + sealing.read + _LINES)
            for row in self._connection.execute(_WORDS_AND_FACETS, span):
                slot, kind, folded, channel, importance, desk = row
                numbers_ = set(map(known.__getitem__, pieces_of(folded)))
                numbers_.add(facet("kind", kind))
                if channel is not None:
                    numbers_.add(facet("channel", channel))
                    numbers_.add(facet("desk", desk.hex()))
                    if importance != "normal":
                        numbers_.add(facet("important"))
                for number in numbers_:
                    postings[number].append(slot - base)
            sealing.read += _LINES
            if self._clock() >= until:
                return
        sealing.unwritten = sorted(postings, reverse=True)

    def _write(self, sealing: _Sealing, until: float) -> bool:
        """Write postings until the time is up or all are and the block is sealed. False: no more to do."""
        connection, unwritten = self._connection, sealing.unwritten
        assert unwritten is not None
        first, _ = _keys(sealing.block)
        with _slice(connection):
            if state(connection).claim != sealing.claim:
                return False  # another process has taken over, or the index is being made anew
            while unwritten:
                part = unwritten[: -_LINES - 1 : -1]
                del unwritten[-_LINES:]
                connection.executemany(
                    _POSTING, [(first | number, packed(sealing.postings.pop(number))) for number in part]
                )
                if unwritten and self._clock() >= until:
                    return True
            base = sealing.block << BLOCK_BITS
            rows = connection.execute(_BY_TIME, (base, base + BLOCK)).fetchall()
            order = [slot - base for slot, _ in rows]
            if order != sorted(order):
                connection.execute(_POSTING, (first | ORDER, shorts(order)))
            newest = rows[-1][1] if rows else 0
            connection.execute(
                "INSERT INTO search_block (block, newest) VALUES (?, ?)", (sealing.block, newest)
            )
        return False


_POSTING = "INSERT INTO search_posting (key, places) VALUES (?, ?)"
_BY_TIME = (
    "SELECT slot, happened_at FROM search_document WHERE slot >= ? AND slot < ? ORDER BY happened_at, row_id"
)
_WORDS_AND_FACETS = (
    "SELECT d.slot, d.kind, d.folded, t.channel, t.importance, t.desk_id FROM search_document AS d"
    " LEFT JOIN timeline AS t ON t.happened_at = d.happened_at AND t.row_id = d.row_id"
    " WHERE d.slot >= ? AND d.slot < ?"
)


def _keys(block: int) -> tuple[int, int]:
    return block << PIECE_BITS, (block + 1) << PIECE_BITS


def _enter(connection: Connection, documents: Sequence[Document], slot: int) -> int:
    """Give the documents slots, and take away those of cards' former words. Returns the next slot."""
    edited = [(document.row_id,) for document in documents if REGISTRY[document.kind].nature == "card"]
    connection.executemany("DELETE FROM search_document WHERE row_id = ?", edited)
    connection.executemany(
        "INSERT OR IGNORE INTO search_document (slot, row_id, kind, happened_at, folded)"
        " VALUES (?, ?, ?, ?, ?)",
        [
            (number, document.row_id, document.kind, document.happened_at, document.folded)
            for number, document in enumerate(documents, start=slot)
        ],
    )
    return slot + len(documents)


def forget(connection: Connection, row_id: bytes) -> None:
    """Take a record out of the index to the last trace, inside the caller's transaction: its document
    goes, and its block is sealed anew."""
    found = connection.execute(
        "DELETE FROM search_document WHERE row_id = ? RETURNING slot", (row_id,)
    ).fetchone()
    _unseal(connection, found)


def renew(connection: Connection, name: str, row_id: bytes) -> None:
    """Let the index say what a record says now that no line of the journal tells of: an edit was refused."""
    documents = list(_documents(connection, name, [row_id])) if name in _SEARCHABLE else []
    if not documents:
        forget(connection, row_id)
        return
    found = connection.execute(
        "UPDATE search_document SET folded = ? WHERE row_id = ? RETURNING slot",
        (documents[0].folded, row_id),
    ).fetchone()
    _unseal(connection, found)


def _unseal(connection: Connection, found: tuple[int] | None) -> None:
    if found is not None:
        block = found[0] >> BLOCK_BITS
        now = state(connection)
        _keep(connection, State(now.seq, now.slot, now.claim + 1))
        connection.execute("DELETE FROM search_block WHERE block = ?", (block,))
        connection.execute("DELETE FROM search_posting WHERE key >= ? AND key < ?", _keys(block))


def rebuild(connection: Connection, progress: Callable[[int], None] = lambda left: None) -> int:
    """Make the index anew from the rows, in slices of a fifth of a second, so that others can write
    between them. Returns the documents. ``progress`` is told the lines still waiting."""
    with _slice(connection):
        for table in ("search_document", "search_block", "search_posting"):
            connection.execute(f"DELETE FROM {table}")
        _keep(connection, State(claim=state(connection).claim + 1))
    indexer = Indexer(connection, lull_s=0)
    while left := indexer.more(0.2):
        progress(left)
    return int(connection.execute("SELECT count(*) FROM search_document").fetchone()[0])


@contextmanager
def _slice(connection: Connection) -> Iterator[None]:
    """One transaction that does not wait for the disk."""
    (before,) = connection.execute("PRAGMA synchronous").fetchone()
    connection.execute("PRAGMA synchronous=NORMAL")
    try:
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
    finally:
        connection.execute(f"PRAGMA synchronous={before}")
