"""The proof of what an auditor tried on a desk's file: forged rows, shifted salts, taken words, races."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from commandcenter.__main__ import main
from commandcenter.domain.change import Change, Edit, Sealed, decode, encode, shipped_id
from commandcenter.domain.errors import Unavailable
from commandcenter.services.first_start import shipped_changes
from commandcenter.services.incidents import EditIncident, OpenIncident
from commandcenter.services.log import StrikeFact, WriteLogEntry
from commandcenter.services.registers import AddCard
from db.desk import engine, upgrade
from db.desk.engine import open_writer, write_ahead
from db.desk.journal import tail
from db.desk.verify import Finding, verify
from tests.db.tampering import busy_night, chain_again
from tests.services.desk import Desk


def test_a_card_made_again_as_if_it_shipped(desk: Desk) -> None:
    """What stands in no chain must not put other values into a row that stands in one."""
    incident = desk.open_incident()
    with desk.raw() as connection:
        (data,) = connection.execute("SELECT bytes FROM journal WHERE id = ?", (incident.bytes,)).fetchone()
        set_ = {**(decode(data).set or {}), "event_code": "11B01"}
        id_ = shipped_id(incident, "incident", set_)
        forged = encode(Change(id=id_, group=id_, kind="incident", row=incident, set=set_))
        connection.execute(
            "INSERT INTO journal (id, row, bytes) VALUES (?, ?, ?)", (id_.bytes, incident.bytes, forged)
        )
        connection.execute(
            "UPDATE incident SET event_code = '11B01', heads = ?, typed_by_id = NULL, typed_desk_id = NULL,"
            " typed_at = NULL, typed_offset_ms = NULL",
            (json.dumps({name: [str(id_)] for name in set_}),),
        )
    assert {"shipped_altered", "row_made_twice", "row_altered"} <= desk.codes()


def test_a_line_added_as_if_it_shipped(desk: Desk) -> None:
    """Facts do not ship: without a chain nobody would have written it."""
    desk.write("真的")
    with desk.raw() as connection:
        row = UUID(int=77)
        set_ = {"happened_at": "2026-07-28T06:31:40.123Z", "importance": "normal", "text": "伪造"}
        id_ = shipped_id(row, "log_entry", set_)
        data = encode(Change(id=id_, group=id_, kind="log_entry", row=row, set=set_))
        connection.execute(
            "INSERT INTO journal (id, row, bytes) VALUES (?, ?, ?)", (id_.bytes, row.bytes, data)
        )
        connection.execute(
            "INSERT INTO log_entry (id, happened_at, text, importance)"
            " SELECT ?, happened_at, '伪造', 'normal' FROM log_entry",
            (row.bytes,),
        )
        connection.execute(
            "INSERT INTO timeline SELECT happened_at, ?, kind, machine, importance, channel, zeroblob(16),"
            " NULL FROM timeline",
            (row.bytes,),
        )
        connection.execute(
            "INSERT INTO day_count SELECT day, kind, machine, importance, channel, zeroblob(16), 1"
            " FROM day_count"
        )
    assert desk.codes() == {"shipped_altered"}


def test_an_officer_added_as_if_he_shipped(licheng: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """A person with a role, in no chain: only the ids of what did ship tell."""
    licheng.open().close()
    assert main(["verify", "--data", str(licheng.path)]) == 0
    with licheng.raw() as connection:
        row, set_ = UUID(int=78), {"roles": ["administrator"]}
        id_ = shipped_id(row, "person", set_)
        data = encode(Change(id=id_, group=id_, kind="person", row=row, set=set_))
        connection.execute(
            "INSERT INTO journal (id, row, bytes) VALUES (?, ?, ?)", (id_.bytes, row.bytes, data)
        )
        connection.execute(
            """INSERT INTO person (id, roles, heads) VALUES (?, '["administrator"]', ?)""",
            (row.bytes, json.dumps({"roles": {"administrator": [str(id_)]}})),
        )
    with licheng.reading() as connection:
        found = verify(connection, shipped=shipped_changes()).findings
    assert "shipped_altered" in {finding.code for finding in found}
    capsys.readouterr()
    assert main(["verify", "--data", str(licheng.path)]) == 2


def test_words_cut_by_moving_their_start_into_the_salt(desk: Desk) -> None:
    desk.write('已核实：并未"有人被困')
    with desk.raw() as connection:
        (body,) = connection.execute("SELECT body FROM private_value").fetchone()
        raw = json.loads(body)
        whole = json.dumps(raw["text"]["value"], ensure_ascii=False).encode()
        cut = whole.index(b'\\"') + 1
        raw["text"]["salt"] += whole[:cut].hex()
        raw["text"]["value"] = json.loads(whole[cut:])
        assert raw["text"]["value"] == "有人被困"
        connection.execute(
            "UPDATE private_value SET body = ?", (json.dumps(raw, ensure_ascii=False).encode(),)
        )
        connection.execute("UPDATE log_entry SET text = '有人被困'")
    assert "value_altered" in desk.codes()


def test_words_taken_away(desk: Desk) -> None:
    desk.write("有人看到的话")
    with desk.raw() as connection:
        connection.execute("DELETE FROM private_value")
        connection.execute("UPDATE log_entry SET text = NULL")
    assert desk.codes() == {"value_missing"}


def test_values_of_nobody_and_of_another_event(desk: Desk) -> None:
    """A purge goes by row and event: words filed elsewhere would outlive it."""
    desk.execute(OpenIncident(title="内涝", event_code="11A02", place="东湖路"))
    with desk.raw() as connection:
        connection.execute("INSERT INTO private_value VALUES (?, ?, NULL, ?)", (b"1" * 16, b"2" * 16, b"{}"))
    assert desk.codes() == {"row_without_entry"}
    with desk.raw() as connection:
        connection.execute("DELETE FROM private_value WHERE change_id = ?", (b"1" * 16,))
        connection.execute("UPDATE private_value SET incident_id = NULL")
    assert desk.codes() == {"value_altered"}


def test_what_no_entry_says_stands_in_no_row(desk: Desk) -> None:
    desk.write("x")
    with desk.raw() as connection:
        connection.execute("""UPDATE log_entry SET extra = '{"later": 1}'""")
    assert desk.codes() == {"row_altered"}


ODD = (None, "text", 7, b"\x01\x02", 1.5, "[]", "{}")
# what the centre says of an entry, and the arrival order, which any order of the seats keeps
UNJUDGED = {("journal", "epoch"), ("journal", "number"), ("journal", "seq")}


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> tuple[Desk, bytes]:
    """A desk after a busy night, and its file's bytes."""
    desk = Desk(tmp_path_factory.mktemp("odd") / "desk")
    busy_night(desk)
    return desk, desk.file.read_bytes()


def odd_values(file: Path) -> Iterator[tuple[str, str]]:
    """Every column of the tables that ``verify`` answers for."""
    with closing(sqlite3.connect(file)) as connection:
        for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            if table.startswith(("search", "alembic", "sqlite")) or table in ("local", "counter", "draft"):
                continue
            for column in connection.execute(f"PRAGMA table_info({table})").fetchall():
                yield table, column[1]


def test_no_value_in_any_column_ends_the_verification(busy: tuple[Desk, bytes]) -> None:
    """An odd value is found and named; it never brings the verification down, nor passes for sound."""
    desk, whole = busy
    tried = 0
    for table, column in odd_values(desk.file):
        if (table, column) in UNJUDGED:
            continue
        for value in ODD:
            desk.file.write_bytes(whole)
            with closing(sqlite3.connect(desk.file)) as connection, connection:
                before = connection.execute(f"SELECT * FROM {table}").fetchall()
                try:
                    connection.execute(f'UPDATE OR IGNORE {table} SET "{column}" = ?', (value,))
                except sqlite3.IntegrityError:
                    continue
                if connection.execute(f"SELECT * FROM {table}").fetchall() == before:
                    continue
            tried += 1
            assert desk.codes(), f"{table}.{column} = {value!r} passes"
    assert tried > 200


def test_an_entry_whose_values_are_of_no_shape(desk: Desk) -> None:
    """Chained anew by one who knows how: it is found, and the verification goes on."""
    desk.write("x")
    with desk.raw() as connection:
        (seq, data) = connection.execute(
            "SELECT seq, bytes FROM journal ORDER BY seq DESC LIMIT 1"
        ).fetchone()
        change = decode(data)
        forged = encode(
            Change(
                id=change.id, group=change.id, row=change.row, kind="log_entry", device=change.device,
                n=change.n, at=change.at, set={**(change.set or {}), "happened_at": "yesterday"},
            )
        )  # fmt: skip
        connection.execute("UPDATE journal SET bytes = ? WHERE seq = ?", (forged, seq))
        chain_again(connection)
    assert "entry_unreadable" in desk.codes()


def test_free_words_do_not_enter_the_chain_in_clear(desk: Desk) -> None:
    secret = "王某13900000000"
    with desk.working() as at:
        line = at.execute(
            WriteLogEntry(
                text="x", happened_at=desk.clock.instant.replace(hour=1), late_reason=f"{secret}报错时间"
            )
        ).ids[0]
        incident = at.execute(OpenIncident(title=f"{secret}走失", event_code="11A02")).ids[0]
        at.execute(EditIncident(id=incident, fields={"title": f"{secret}已找到"}))
        at.execute(StrikeFact(target_id=line, reason=f"应为{secret}"))
        fields = {"name": "社区", "level": "community", "duty_phone": secret}
        at.execute(AddCard(kind="organisation", fields=fields))
    with desk.reading() as connection:
        journal = b"\n".join(data for (data,) in connection.execute("SELECT bytes FROM journal"))
        edited = decode(connection.execute(
            "SELECT bytes FROM journal WHERE row = ?", (incident.bytes,)
        ).fetchone()[0]).edit  # fmt: skip
    assert secret.encode() not in journal
    assert edited is not None
    assert isinstance(edited["title"], Edit)
    assert isinstance(edited["title"].former, Sealed)
    assert desk.codes() == set()


def test_an_unreadable_entry_stops_nobody_from_hearing_of_the_rest(desk: Desk) -> None:
    line = desk.write("x")
    with desk.raw() as connection:
        connection.execute("INSERT INTO journal (id, bytes) VALUES (?, ?)", (b"9" * 16, b"\xff"))
    with desk.reading() as connection:
        heard = tail(connection, 0)
    assert line in heard.of("log_entry")
    assert heard.of("") == {UUID(bytes=b"9" * 16)}


def test_an_upgrade_keeps_the_file_as_it_was_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The copy is taken where nobody else can have upgraded already."""
    desk.write("升级之前")
    was = upgrade.SCHEMA
    monkeypatch.setattr(upgrade, "SCHEMA", was + 1)
    with closing(open_writer(desk.file)) as first, closing(open_writer(desk.file)) as second:
        seen = upgrade._age(second)
        assert upgrade.ensure(first, desk.file, desk.directory.backups) is False
        monkeypatch.setattr(upgrade, "_age", lambda connection: seen)  # the second was a moment too early
        assert upgrade.ensure(second, desk.file, desk.directory.backups) is False
    (kept,) = desk.directory.backups.iterdir()
    with closing(sqlite3.connect(kept)) as copy:
        assert copy.execute("PRAGMA user_version").fetchone() == (was,)
        assert copy.execute("SELECT text FROM log_entry").fetchone() == ("升级之前",)


def test_the_age_of_a_file_is_read_in_one_view(tmp_path: Path) -> None:
    """Version 0 read before, tables counted after another process made the file: no desk's file, it said."""

    class Watched:
        """A connection that says whether each read was inside one transaction."""

        def __init__(self, connection: sqlite3.Connection) -> None:
            self.connection = connection
            self.inside: list[bool] = []

        def execute(self, sql: str) -> sqlite3.Cursor:
            if sql.startswith(("SELECT", "PRAGMA")):
                self.inside.append(self.connection.in_transaction)
            return self.connection.execute(sql)

    with closing(open_writer(tmp_path / "desk.sqlite3")) as connection:
        watched = Watched(connection)
        assert upgrade._age(watched) == (0, 0)  # type: ignore[arg-type]
    assert watched.inside == [True, True]


class Contested:
    """A connection whose switch to the write-ahead log meets another's, as often as it is told."""

    def __init__(self, connection: sqlite3.Connection, times: int) -> None:
        self.connection = connection
        self.times = times

    def execute(self, sql: str) -> sqlite3.Cursor:
        self.times -= 1
        if self.times >= 0:
            error = sqlite3.OperationalError("database is locked")
            error.sqlite_errorcode = sqlite3.SQLITE_BUSY
            raise error
        return self.connection.execute(sql)


def test_the_switch_to_the_write_ahead_log_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite answers at once where two switch at the same time, as at everybody's first start."""
    waits: list[float] = []
    monkeypatch.setattr("db.desk.engine.time.sleep", waits.append)
    with closing(open_writer(tmp_path / "desk.sqlite3")) as connection:
        write_ahead(Contested(connection, 3))  # type: ignore[arg-type]
        assert len(waits) == 3
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        monkeypatch.setattr(engine, "BUSY_MS", 0)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            write_ahead(Contested(connection, 100))  # type: ignore[arg-type]


def test_a_failing_upgrade_is_the_worlds_doing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk in the middle of it is told as one, and the file is as it was."""
    desk = Desk(tmp_path / "fresh")

    def small(file: Path, **more: Any) -> sqlite3.Connection:
        opened: sqlite3.Connection = engine.connect(file, **more)
        opened.execute("PRAGMA max_page_count = 8")
        return opened

    monkeypatch.setattr(upgrade, "connect", small)
    with pytest.raises(Unavailable, match="disk_full"):
        desk.open()
    monkeypatch.undo()
    desk.write("现在可以了")
    assert desk.codes() == set()


def test_findings_are_told_with_their_place(desk: Desk) -> None:
    line = desk.write("x")
    with desk.raw() as connection:
        connection.execute("DELETE FROM private_value")
    (first, *_) = desk.verify().findings
    assert first == Finding(
        code="value_missing", device=desk.device(), n=2, kind="log_entry", row=line, detail="text"
    )
