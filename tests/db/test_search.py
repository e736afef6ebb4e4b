"""The tests of search: every query finds exactly what a scan of the folded fields finds."""

from __future__ import annotations

import sqlite3
import threading
import time
import unicodedata
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commandcenter.domain.clock import day_number, to_ms
from commandcenter.domain.folding import FIELD_BREAK, fold, spans, words
from commandcenter.domain.record import REGISTRY
from commandcenter.services.incidents import AttachLine, EditIncident, OpenIncident
from commandcenter.services.log import StrikeFact, WriteLogEntry
from commandcenter.services.registers import AddCard, EditCard
from commandcenter.services.workplace import Workplace
from db.desk import postings
from db.desk import search as index
from db.desk.engine import Connection, open_reader
from db.desk.search import Indexer
from db.desk.statements import CODECS
from db.desk.store import Mint
from db.queries import search as question
from db.queries.log import LogFilter
from db.queries.search import Found, search

SHIPPED_BITS = postings.BLOCK_BITS
BLOCK = 512
START = datetime(2026, 7, 28, 6, 0, tzinfo=UTC)


@dataclass
class ScriptedClock:
    """A clock that stands still until it is told to go on."""

    at: datetime = START

    def now(self) -> datetime:
        """The instant it was set to."""
        return self.at

    def offset_ms(self) -> int | None:
        """Never measured."""
        return None


@dataclass
class Desk:
    """A desk's real file, its writer, and a reader."""

    workplace: Workplace
    clock: ScriptedClock
    file: Path
    readers: list[Connection] = field(default_factory=list)

    def write(self, text: str, **fields: object) -> UUID:
        """One line, a second after the one before."""
        self.clock.at += timedelta(seconds=1)
        return self.workplace.execute(WriteLogEntry(text=text, **fields)).ids[0]  # type: ignore[arg-type]

    def reader(self) -> Connection:
        """The desk's read-only connection."""
        if not self.readers:
            self.readers.append(open_reader(self.file))
        return self.readers[0]

    def index(self, slice_s: float = 1.0) -> None:
        """Index until nothing waits."""
        indexer = Indexer(self.workplace.connection, lull_s=0)
        while indexer.more(slice_s):
            pass
        assert index.pending(self.workplace.connection) == 0

    def find(self, text: str, **more: object) -> Found:
        """Ask."""
        return search(self.reader(), text, **more)  # type: ignore[arg-type]

    def ids(self, text: str, **more: object) -> list[UUID]:
        """The ids of what is found, newest first."""
        return [hit.id for hit in self.find(text, **more).hits]


def set_block(patch: pytest.MonkeyPatch, bits: int) -> None:
    """Blocks of 2 ** ``bits`` documents, and what follows from it."""
    block = 1 << bits
    for module in (postings, index, question):
        for name, value in (
            ("BLOCK_BITS", bits),
            ("BLOCK", block),
            ("BITMAP_BYTES", block // 8),
            ("LIST_MAX", block // 64),
        ):
            if hasattr(module, name):
                patch.setattr(module, name, value)


@pytest.fixture(scope="module", autouse=True)
def small_blocks() -> Iterator[None]:
    """Blocks small enough that a few seconds fill several."""
    with pytest.MonkeyPatch.context() as patch:
        set_block(patch, 9)
        assert postings.BLOCK == BLOCK
        yield


def open_desk(folder: Path) -> Desk:
    """A desk with an empty profile in ``folder``."""
    clock = ScriptedClock()
    file = folder / "desk.sqlite3"
    workplace = Workplace(
        file, clock=clock, mint=Mint(new_id=uuid.uuid4), backups=folder / "backups", profile="empty"
    )
    return Desk(workplace, clock, file)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A desk of its own."""
    desk = open_desk(tmp_path)
    yield desk
    for reader in desk.readers:
        reader.close()
    desk.workplace.close()


@pytest.fixture(scope="module")
def big_desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk with four sealed blocks and more, among them back-dated lines; shared, only read."""
    folder = tmp_path_factory.mktemp("big")
    desk = open_desk(folder)
    connection = desk.workplace.connection
    connection.execute("PRAGMA synchronous=OFF")
    incident = desk.workplace.execute(OpenIncident(title="江滨路内涝", event_code="11A02")).ids[0]
    for n in range(4 * BLOCK + 300):
        late = n % 37 == 0
        desk.write(
            f"第{n}次巡查：{'积水' if n % 3 else '树木倒伏'}，电话100{n * 7919 % 100_000_000:08d}",
            channel=("phone", "radio", None)[n % 3],
            importance="urgent" if n % 90 == 7 else "normal",
            incident_id=incident if n % 40 == 5 else None,
            happened_at=desk.clock.at - timedelta(hours=1, minutes=n % 50) if late else None,
            late_reason="补记" if late else None,
        )
    connection.execute("PRAGMA synchronous=FULL")
    desk.index()
    yield desk
    for reader in desk.readers:
        reader.close()
    desk.workplace.close()


def scan(connection: Connection, text: str) -> list[UUID]:
    """What LIKE would find: every record of every kind, field by field, newest first."""
    wanted = words(text)
    found = []
    for name, codec in CODECS.items():
        for raw in connection.execute(codec.select_all):
            row = codec.row(raw)
            fields = [fold(row[column] or "") for column in REGISTRY[name].searchable()]
            if wanted and fields and all(any(word in text for text in fields) for word in wanted):
                at = row["happened_at"] if codec.kind.nature == "fact" else row["typed_at"]
                found.append((to_ms(at) if at else 0, row["id"].bytes, row["id"]))
    return [id_ for _, _, id_ in sorted(found, reverse=True)]


# --- exactly what a scan finds

ODD = "积水内涝电话 \t\n。，“”!?-_%*'\"\\()[]{}#@１２３123ＡＢabĀā𠮷㐂🌀👨‍👩‍👧①㈱ﾊﾞßİıſﬁé́\u200f\u3000￥"
characters = st.one_of(st.sampled_from(ODD), st.characters(exclude_categories=("Cs", "Cc")))
texts = st.text(characters, max_size=12).map(lambda text: f"甲{text}")


@settings(max_examples=25, deadline=None)
@given(data=st.data(), lines=st.lists(texts, min_size=1, max_size=8), indexed=st.integers(0, 8))
def test_hits_are_those_of_a_scan(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, lines: list[str], indexed: int
) -> None:
    """Any text and any part of it, with some lines indexed, some not."""
    desk = open_desk(tmp_path_factory.mktemp("desk"))
    try:
        desk.workplace.connection.execute("PRAGMA synchronous=OFF")
        for number, line in enumerate(lines):
            if number == indexed:
                desk.index()
            desk.write(line, counterpart=None if {"\n", "\t"} & set(line) else line[::-1])
        for _ in range(12):
            line = data.draw(st.sampled_from(lines))
            start = data.draw(st.integers(0, len(line) - 1))
            query = line[start : start + data.draw(st.integers(1, 5))]
            if data.draw(st.booleans()):
                query += " " + data.draw(texts)[:2]
            assert desk.ids(query) == scan(desk.reader(), query), query
    finally:
        for reader in desk.readers:
            reader.close()
        desk.workplace.close()


@pytest.mark.parametrize(
    "query",
    ["积", "水", "1", "100", "1000", "11111", "00000", "倒伏", "第77", "树木 1007", "：树", "，电话",
     "次巡查：积水", "第2047次", "没有", "水积", "话1000 倒", "江滨", "内涝", '"积水，电"', "ＳＪ"],
)  # fmt: skip
def test_sealed_blocks_find_what_a_scan_finds(big_desk: Desk, query: str) -> None:
    """The newest fifty of many thousand, in order, and whether there are more."""
    expected = scan(big_desk.reader(), query)
    found = big_desk.find(query)
    assert [hit.id for hit in found.hits] == expected[:50]
    assert found.more == (len(expected) > 50)
    assert found.unindexed == 0
    assert big_desk.ids(query, limit=10_000) == expected


def test_pairs_that_share_a_hash_are_told_apart(big_desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """With all pairs in one bucket the index says little, and the hits stay the same."""
    connection = big_desk.workplace.connection
    queries = ("积水", "水积", "倒伏，", "第1400次")
    try:
        monkeypatch.setattr(postings, "PAIR_HASH", 0)
        index.rebuild(connection)
        assert {query: big_desk.ids(query) for query in queries} == {
            query: scan(connection, query)[:50] for query in queries
        }
    finally:
        monkeypatch.undo()
        index.rebuild(connection)


def test_blocks_as_they_ship(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same with blocks of the size that desks have."""
    set_block(monkeypatch, SHIPPED_BITS)
    connection = desk.workplace.connection
    connection.execute("PRAGMA synchronous=OFF")
    for n in range(postings.BLOCK + 100):
        late = n % 50 == 0
        desk.write(
            f"第{n}次{'积水' if n % 7 else '停电'}",
            happened_at=desk.clock.at - timedelta(hours=2) if late else None,
            late_reason="补记" if late else None,
        )
    desk.index()
    assert connection.execute("SELECT count(*) FROM search_block").fetchone() == (1,)
    for query in ("积", "积水", "停电", "第819", "次停", "77"):
        assert desk.ids(query, limit=9999) == scan(connection, query)


# --- words and quotes


def test_several_words_are_all_in_one_record(desk: Desk) -> None:
    """In any order and any field; a query in quotes keeps its spaces."""
    first = desk.write("东街积水 已处置", counterpart="李不存")
    second = desk.write("积水在东街")
    desk.write("东街停电")
    for _ in range(2):
        assert desk.ids("东街\u3000积水") == [second, first]
        assert desk.ids("李不存 积水") == [first]
        assert desk.ids('"积水 已"') == [first]
        assert desk.ids("“积水 已”") == [first]
        assert desk.ids("积水已") == []
        assert desk.ids("处置李不存") == []
        assert desk.ids(f"处置{FIELD_BREAK}李") == []
        assert desk.ids("  ") == desk.ids("") == desk.ids("\ud800") == []
        desk.index()


def test_folding_makes_equal(desk: Desk) -> None:
    """Full width, case and compatibility forms are the same; likes's wildcards are letters."""
    line = desk.write("ＵＰＳ故障１２％＿㈱ Straße")
    for query in ("ups", "UPS", "12%", "１２％", "_(株)", "STRASSE", "株"):
        assert desk.ids(query) == [line], query
    assert desk.ids("u%s") == []
    assert desk.ids("u_s") == []


def test_every_kind_with_words_is_searched(desk: Desk) -> None:
    """Log, incidents, organisations, persons; each hit says where."""
    desk.clock.at += timedelta(minutes=1)
    organisation = desk.workplace.execute(
        AddCard(kind="organisation", fields={"name": "甲乙街道", "level": "street", "duty_phone": "000-1"})
    ).ids[0]
    desk.clock.at += timedelta(minutes=1)
    person = desk.workplace.execute(AddCard(kind="person", fields={"name": "甲乙丙", "phone": "0"})).ids[0]
    desk.clock.at += timedelta(minutes=1)
    incident = desk.workplace.execute(OpenIncident(title="积水", event_code="11A02", known="甲乙路口")).ids[0]
    line = desk.write("到场", counterpart="甲乙", incident_id=incident)
    for _ in range(2):
        hits = desk.find("甲乙").hits
        assert [(hit.kind, hit.id, hit.field) for hit in hits] == [
            ("log_entry", line, "counterpart"),
            ("incident", incident, "known"),
            ("person", person, "name"),
            ("organisation", organisation, "name"),
        ]
        assert [hit.incident_id for hit in hits] == [incident, incident, None, None]
        assert hits[0].values["text"] == "到场"
        assert hits[0].happened_at == desk.clock.at
        assert desk.ids("甲乙", kind="person") == [person]
        assert desk.ids("甲乙", filter_=LogFilter()) == [line]
        desk.index()


# --- edits, the rest, crashes


def test_an_edited_card_is_found_by_its_new_words_only(desk: Desk) -> None:
    """Before the index has seen the edit, and after."""
    incident = desk.workplace.execute(OpenIncident(title="旧名字", event_code="11A02")).ids[0]
    person = desk.workplace.execute(AddCard(kind="person", fields={"name": "张旧"})).ids[0]
    desk.index()
    desk.workplace.execute(EditIncident(id=incident, fields={"title": "新名字"}))
    desk.workplace.execute(EditCard(kind="person", id=person, fields={"name": "张新"}))
    for _ in range(2):
        assert desk.ids("旧") == []
        assert desk.ids("新名") == [incident]
        assert desk.ids("张新") == [person]
        assert set(desk.ids("名字")) == {incident}
        desk.index()


def test_a_card_edited_after_its_block_was_sealed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Postings that still name its former words give no hit."""
    desk = open_desk(tmp_path)
    try:
        connection = desk.workplace.connection
        connection.execute("PRAGMA synchronous=OFF")
        card = desk.workplace.execute(
            AddCard(kind="organisation", fields={"name": "旧单位", "level": "unit"})
        ).ids[0]
        for n in range(BLOCK):
            desk.write(f"填满一块 {n}")
        desk.index()
        assert connection.execute("SELECT count(*) FROM search_block").fetchone() == (1,)
        desk.workplace.execute(EditCard(kind="organisation", id=card, fields={"name": "新单位"}))
        for _ in range(2):
            assert desk.ids("旧单位") == []
            assert desk.ids("单位") == desk.ids("新单", kind="organisation") == [card]
            desk.index()
        gone = connection.execute("SELECT id FROM log_entry LIMIT 1").fetchone()[0]
        before = connection.execute("SELECT count(*) FROM search_document").fetchone()[0]
        with desk.workplace.connection:
            connection.execute("BEGIN IMMEDIATE")
            index.forget(connection, gone)
            connection.execute("COMMIT")
        assert index.pending(connection) == BLOCK
        desk.index()
        assert connection.execute("SELECT count(*) FROM search_document").fetchone()[0] == before - 1
        assert desk.find("填满", limit=BLOCK).hits[-1].id != UUID(bytes=gone)
        assert len(desk.find("填满", limit=2 * BLOCK).hits) == BLOCK - 1
    finally:
        for reader in desk.readers:
            reader.close()
        desk.workplace.close()


def test_the_rest_is_searched_and_counted(desk: Desk) -> None:
    """Lines the index has not seen are found all the same, and the answer says how many there are."""
    old = desk.write("积水一")
    desk.index()
    new = desk.write("积水二")
    found = desk.find("积水")
    assert [hit.id for hit in found.hits] == [new, old]
    assert found.unindexed == 1
    desk.index()
    assert desk.find("积水").unindexed == 0


def test_new_lines_wait_for_a_lull(desk: Desk) -> None:
    """A line alone is taken in after half a second without another; many at once."""
    now = 0.0
    indexer = Indexer(desk.workplace.connection, lull_s=0.5, clock=lambda: now)
    indexer.more()
    now = 10.0
    indexer.more()
    assert index.pending(desk.workplace.connection) == 0
    desk.write("一")
    assert indexer.more() == 0
    now = 10.3
    desk.write("二")
    assert indexer.more() == 0
    now = 10.6
    assert indexer.more() == 0
    assert index.pending(desk.workplace.connection) == 2
    now = 10.9
    indexer.more()
    assert index.pending(desk.workplace.connection) == 0
    for n in range(70):
        desk.write(f"{n}")
    indexer.more()
    assert index.pending(desk.workplace.connection) == 0


def test_a_slice_leaves_commits_as_durable_as_before(desk: Desk) -> None:
    """Indexing does not wait for the disk; saving still does."""
    desk.write("一")
    desk.index()
    assert desk.workplace.connection.execute("PRAGMA synchronous").fetchone() == (2,)


class Crash(Exception):
    """The process ended here."""


def until_idle(indexer: Indexer) -> None:
    """Slices of about three looks at the clock, until nothing waits."""
    while indexer.more(0.003):
        pass


@pytest.mark.parametrize("crash_after", [1, 10, 60, 120])
def test_interrupted_indexing_loses_and_doubles_nothing(
    big_desk: Desk, tmp_path: Path, crash_after: int
) -> None:
    """A process killed between and within slices; the next one goes on from what was committed."""
    folder = tmp_path / "copy"
    folder.mkdir()
    copy = sqlite3.connect(folder / "desk.sqlite3")
    big_desk.workplace.connection.backup(copy)
    copy.close()
    desk = open_desk(folder)
    connection = desk.workplace.connection
    try:
        for table in ("search_document", "search_block", "search_posting"):
            connection.execute(f"DELETE FROM {table}")
        connection.execute("DELETE FROM local WHERE key = 'text_index'")
        ticks = 0

        def clock() -> float:
            nonlocal ticks
            ticks += 1
            if ticks > crash_after:
                raise Crash
            return ticks * 0.001

        indexer = Indexer(connection, lull_s=0, clock=clock)
        with pytest.raises(Crash):
            until_idle(indexer)
        assert not connection.in_transaction
        for query in ("第81", "树木 1007"):
            assert desk.ids(query) == scan(connection, query)[:50]
        desk.index(0.05)
        (documents,) = connection.execute("SELECT count(*) FROM search_document").fetchone()
        assert documents == sum(
            connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
            for name in ("log_entry", "incident", "organisation", "person")
        )
        for query in ("积水", "第81", "11111", "倒伏"):
            assert desk.ids(query, limit=9999) == scan(connection, query)
    finally:
        for reader in desk.readers:
            reader.close()
        desk.workplace.close()


def test_two_processes_may_index_one_file(desk: Desk) -> None:
    """They take one another's work away, and the hits stay right."""
    connection = desk.workplace.connection
    connection.execute("PRAGMA synchronous=OFF")
    for n in range(3 * BLOCK + 10):
        desk.write(f"第{n}行")
    other = sqlite3.connect(desk.file, isolation_level=None)
    try:
        indexers = [Indexer(connection, lull_s=0), Indexer(other, lull_s=0)]
        for turn in range(200):
            indexers[turn % 7 % 2].more(0.004)
        desk.index()
        for query in ("第1", "99行", "行", "0"):
            assert desk.ids(query, limit=9999) == scan(connection, query)
    finally:
        other.close()


# --- filters


@pytest.mark.parametrize("query", ["积水", "第1", "1000", "没有", "倒伏"])
def test_filters_let_through_what_the_log_shows(big_desk: Desk, query: str) -> None:
    """Channel, importance, incident, desk, day, kind: the lines it shows that hold the words."""
    connection = big_desk.workplace.connection
    rows = {}
    codec = CODECS["log_entry"]
    for raw in connection.execute(codec.select_all):
        row = codec.row(raw)
        rows[row["id"]] = row
    (incident,) = (UUID(bytes=id_) for (id_,) in connection.execute("SELECT id FROM incident"))
    lines = [id_ for id_ in scan(connection, query) if id_ in rows]
    day = day_number(to_ms(START))
    device = big_desk.workplace.device
    for filter_, fits in (
        (LogFilter(), lambda row: True),
        (LogFilter(channel="radio"), lambda row: row["channel"] == "radio"),
        (LogFilter(important=True), lambda row: row["importance"] != "normal"),
        (LogFilter(incident_id=incident), lambda row: row["incident_id"] == incident),
        (LogFilter(desk_id=device), lambda row: True),
        (LogFilter(desk_id=uuid.uuid4()), lambda row: False),
        (LogFilter(kind="log_entry", machine=True), lambda row: True),
        (LogFilter(kind="strike", machine=True), lambda row: False),
        (LogFilter(day=day), lambda row: day_number(to_ms(row["happened_at"])) == day),
        (LogFilter(day=day - 9), lambda row: False),
        (
            LogFilter(channel="phone", important=True),
            lambda row: row["channel"] == "phone" and row["importance"] == "urgent",
        ),
    ):
        expected = [id_ for id_ in lines if fits(rows[id_])]
        assert big_desk.ids(query, filter_=filter_) == expected[:50], filter_
        assert big_desk.ids(query, filter_=filter_, limit=9999) == expected, filter_


def test_filters_hold_for_lines_not_indexed_yet(desk: Desk) -> None:
    """The same answer before and after the index has seen a line; attached lines are the incident's."""
    incident = desk.workplace.execute(OpenIncident(title="事件", event_code="11A02")).ids[0]
    attached = desk.write("积水一", channel="radio")
    own = desk.write("积水二", importance="important", incident_id=incident)
    desk.workplace.execute(AttachLine(incident_id=incident, entry_id=attached))
    for _ in range(2):
        assert desk.ids("积水", filter_=LogFilter(channel="radio")) == [attached]
        assert desk.ids("积水", filter_=LogFilter(important=True)) == [own]
        assert desk.ids("积水", filter_=LogFilter(incident_id=incident)) == [own, attached]
        assert desk.ids("事件", filter_=LogFilter()) == []
        desk.index()


def test_a_struck_line_is_still_found(desk: Desk) -> None:
    """It stays visible; so it stays findable."""
    wrong = desk.write("误写积水")
    desk.workplace.execute(StrikeFact(target_id=wrong, reason="误", replacement_text="改为积水"))
    desk.index()
    assert len(desk.ids("积水")) == 2
    assert wrong in desk.ids("误写")


def ask_often(reader: Connection) -> None:
    """Long enough to be interrupted."""
    for _ in range(200):
        search(reader, "积水", limit=9999)


def test_a_search_can_be_interrupted(big_desk: Desk) -> None:
    """Another thread stops it; the connection answers the next question."""
    reader = open_reader(big_desk.file)
    stop = threading.Event()

    def interrupt() -> None:
        while not stop.is_set():
            reader.interrupt()
            time.sleep(0.0005)

    thread = threading.Thread(target=interrupt)
    thread.start()
    try:
        with pytest.raises(sqlite3.OperationalError, match="interrupted"):
            ask_often(reader)
    finally:
        stop.set()
        thread.join()
    assert not reader.in_transaction
    assert len(search(reader, "积水").hits) == 50
    reader.close()


def test_rebuild_makes_the_same_answers(big_desk: Desk) -> None:
    """Thrown away and made anew."""
    connection = big_desk.workplace.connection
    before = {query: big_desk.ids(query) for query in ("积水", "第1", "00", "江滨")}
    documents = index.rebuild(connection)
    assert documents == len(scan(connection, "第")) + 1
    assert {query: big_desk.ids(query) for query in before} == before
    assert index.pending(connection) == 0


# --- folding


@given(text=st.text(max_size=30), data=st.data())
def test_spans_cover_what_was_found(text: str, data: st.DataObject) -> None:
    """A part of the text is marked, each mark holds a word of the query, marks are in order and apart."""
    start = data.draw(st.integers(0, len(text)))
    query = text[start : start + data.draw(st.integers(0, 4))]
    marks = spans(text, query)
    wanted = [word for word in words(query) if word]
    assert bool(marks) == any(word in fold(text) for word in wanted)
    assert all(end < after for (_, end), (after, _) in pairwise(marks))
    for begin, end in marks:
        assert 0 <= begin < end <= len(text)
        assert any(word in fold(text[begin:end]) for word in wanted)


@pytest.mark.parametrize(
    ("text", "query", "marked"),
    [
        ("东街积水", "积水", ["积水"]),
        ("电话１２３４", "23", ["２３"]),
        ("㈱甲乙", "株", ["㈱"]),
        ("甲㈱乙", ")乙", ["㈱乙"]),
        ("cafe\u0301店", "é店", ["e\u0301店"]),
        ("한\u1112\u1161\u11ab국", "한", ["한\u1112\u1161\u11ab"]),
        ("积水积水 处 积水", "水 积", ["积水积水", "积水"]),
        ("aaa", "aa", ["aaa"]),
        ("Straße", "SS", ["ß"]),
        ("👨‍👩‍👧在场", "在", ["在"]),
        ("无", "有", []),
        ("无", "", []),
    ],
)
def test_spans_stand_in_the_text_as_typed(text: str, query: str, marked: list[str]) -> None:
    """Though folding changes lengths."""
    assert [text[begin:end] for begin, end in spans(text, query)] == marked


@given(text=st.text(max_size=40))
def test_folding_matches_the_standard(text: str) -> None:
    """NFKC, then case folding, whatever short cuts are taken."""
    assert fold(text) == unicodedata.normalize("NFKC", text).casefold()


def test_slices_are_short(desk: Desk) -> None:
    """A slice ends at the first look at the clock after its time (counted in looks, not in seconds)."""
    desk.workplace.connection.execute("PRAGMA synchronous=OFF")
    for n in range(300):
        desk.write(f"第{n}行")
    looks = 0

    def clock() -> float:
        nonlocal looks
        looks += 1
        return looks * 0.004

    indexer = Indexer(desk.workplace.connection, lull_s=0, clock=clock)
    left = [indexer.more(0.005)]
    while left[-1]:
        left.append(indexer.more(0.005))
    assert all(before - after <= 3 * 32 for before, after in pairwise(left))
    assert len(left) >= 2
