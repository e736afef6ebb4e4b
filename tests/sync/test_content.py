"""Tests of the content digest: a row that a fault altered at a desk is found, mended and recorded."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from commandcenter.domain.clock import instant_text
from commandcenter.domain.record import REGISTRY
from commandcenter.runtime import DataDirectory, open_workplace
from commandcenter.services.incidents import EditIncident
from commandcenter.services.log import WriteLogEntry
from commandcenter.sync import worker
from commandcenter.sync.content import COMPARED_AT
from db.desk import content, local
from db.desk.verify import verify
from tests.cli.terminal import Answer, here
from tests.db.postgres import Cluster
from tests.server.databases import KINDS
from tests.sync.centre import STREET, CentreProcess, sync, until
from tests.sync.test_live import desk, quiet


@pytest.fixture(params=KINDS)
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[CentreProcess]:
    """A centre on a file, and one on PostgreSQL."""
    url = None
    if request.param == "postgresql":
        cluster: Cluster = request.getfixturevalue("postgres")
        url = cluster.new_database().render_as_string(hide_password=False)
    running = CentreProcess(tmp_path / "centre", database=url)
    running.start()
    try:
        yield running
    finally:
        running.stop()


@contextmanager
def opened(folder: Path) -> Iterator[sqlite3.Connection]:
    """The desk's file, as a fault meets it."""
    with closing(sqlite3.connect(folder / "desk.sqlite3")) as file, file:
        yield file


def do(data: Path, command: str, **said: Any) -> Answer:
    answer = here("do", command, json.dumps(said), "--data", data)
    assert answer.code == 0, answer
    return answer


def compare(data: Path) -> dict[str, Any]:
    """``sync --once --compare``."""
    answer = here("sync", "--once", "--compare", "--data", data)
    assert answer.code == 0, answer
    document: dict[str, Any] = answer.document
    assert "undecided" not in document
    return document


def events(data: Path) -> list[tuple[str, str, int]]:
    """What the audit trail says of contents."""
    with opened(data) as file:
        return list(
            file.execute(
                "SELECT subject_kind, result, count FROM access_event WHERE action = 'content_differed'"
                " ORDER BY happened_at, id"
            )
        )


def good(data: Path) -> None:
    """The desk's file says what its entries say, its projections too."""
    workplace = open_workplace(DataDirectory(data), "licheng")
    try:
        assert verify(workplace.connection).findings == []
    finally:
        workplace.close()


@pytest.fixture
def pair(either: CentreProcess, tmp_path: Path) -> tuple[Path, Path]:
    """Two desks that hold the same: lines, an incident of which a field was edited, registers."""
    a, b = tmp_path / "a", tmp_path / "b"
    for text in ("甲", "乙", "丙"):
        do(a, "WriteLogEntry", text=text, counterpart="东海街道")
    incident = do(a, "OpenIncident", title="内涝", event_code="11A01", place="东街").ids[0]
    do(a, "EditIncident", id=incident, fields={"place": "西街"}, bases={"place": []})
    for one in (a, b):
        assert either.enrol(one).code == 0
    for one in (a, b, a):
        assert here("sync", "--once", "--data", one).code == 0
    return a, b


KINDS_WRITTEN = ("log_entry", "incident")
TAMPERED = {
    "a fact's personal value": ("log_entry", "UPDATE log_entry SET text = '改' WHERE text = '甲'"),
    "another value of it": ("log_entry", "UPDATE log_entry SET typed_at = typed_at - 1000 WHERE text = '乙'"),
    "a card's value": ("incident", "UPDATE incident SET grade = 'major'"),
    "a card's heads": ("incident", "UPDATE incident SET heads = '{}'"),
    "a row that went": ("log_entry", "DELETE FROM log_entry WHERE text = '丙'"),
    "a row of no entry": (
        "organisation",
        "INSERT INTO organisation (id, name, heads, retired) VALUES (randomblob(16), '假', '{}', 0)",
    ),
    "a row that cannot be read": ("log_entry", "UPDATE log_entry SET scope_id = x'01' WHERE text = '甲'"),
    "a value beside the chain": (
        "log_entry",
        (
            "UPDATE private_value SET body = CAST(replace(CAST(body AS TEXT), '甲', '改') AS BLOB)"
            " WHERE change_id IN (SELECT id FROM log_entry WHERE text = '甲')"
        ),
    ),
}


def test_what_is_altered_is_found_mended_and_recorded(pair: tuple[Path, Path]) -> None:
    a, b = pair
    for one in pair:
        found = compare(one)
        assert found["compared"] > 100 and found["differed"] == [], "the registers too"
    recorded = []
    for what, (kind, sql) in TAMPERED.items():
        with opened(b) as file:
            assert file.execute(sql).rowcount >= 1, what
        found = compare(b)
        assert found["differed"], what
        assert {one["kind"] for one in found["differed"]} == {kind}, what
        assert all(one["mended"] for one in found["differed"]), (what, found)
        assert compare(b)["differed"] == [], what
        recorded += [kind] * len(found["differed"])
        good(b)
    assert [kind for kind, _, _ in events(b)] == recorded
    assert {result for _, result, _ in events(b)} == {"done"}
    with opened(a) as file, opened(b) as there:
        rows = "SELECT id, text, counterpart, typed_at, scope_id FROM log_entry ORDER BY id"
        assert file.execute(rows).fetchall() == there.execute(rows).fetchall()


def test_what_cannot_be_mended_is_told(pair: tuple[Path, Path]) -> None:
    """The entry itself says something else: no row made from it is the centre's."""
    _, b = pair
    altered = "CAST(replace(CAST(bytes AS TEXT), '11A01', '11A02') AS BLOB)"
    with opened(b) as file:
        changed = file.execute(f"UPDATE journal SET bytes = {altered} WHERE bytes <> {altered}")
        assert changed.rowcount == 1
        file.execute("UPDATE incident SET event_code = '11A02'")
    found = compare(b)["differed"]
    assert [(one["kind"], one["mended"]) for one in found] == [("incident", False)]
    assert [(kind, result) for kind, result, _ in events(b)] == [("incident", "failed")]


def test_unsent_work_is_no_difference(pair: tuple[Path, Path], either: CentreProcess) -> None:
    """What is still to be sent stands above what the centre has, and stays."""
    _, b = pair
    with desk(b) as one:
        quiet(one)
        assert one.sync.compare().result(60).differences == []
    with opened(b) as file:
        (incident,) = file.execute("SELECT id FROM incident").fetchone()
        file.execute(f"UPDATE local SET value = 'false' WHERE key = '{local.ENROLLED}'")
    workplace = open_workplace(DataDirectory(b), "licheng")
    connection = workplace.connection
    try:
        before = {name: content.piece(connection, REGISTRY[name], None, None) for name in KINDS_WRITTEN}
        edit = EditIncident(id=UUID(bytes=incident), fields={"grade": "major"}, bases={})
        workplace.execute(edit)
        workplace.execute(WriteLogEntry(text="未发"))
        for name in KINDS_WRITTEN:
            assert content.piece(connection, REGISTRY[name], None, None) == before[name]
            assert content.amiss(connection, REGISTRY[name], None, None) == []
    finally:
        workplace.close()
    assert compare(b)["differed"] == []


def test_a_street_sees_less_and_compares_what_it_sees(
    pair: tuple[Path, Path], either: CentreProcess, tmp_path: Path
) -> None:
    """Personal values of others' registers are hashes on both sides."""
    street = tmp_path / "street"
    assert either.enrol(street, STREET).code == 0
    do(street, "WriteLogEntry", text="街道自己的")
    assert sync(street).code == 0
    assert compare(street)["differed"] == []
    with opened(street) as file:
        assert file.execute("UPDATE log_entry SET text = '改'").rowcount == 1
        assert file.execute("UPDATE organisation SET name = '改' WHERE code = '350502002'").rowcount == 1
    found = compare(street)["differed"]
    assert {(one["kind"], one["mended"]) for one in found} == {("log_entry", True), ("organisation", True)}
    assert compare(street)["differed"] == []


def test_once_a_week_by_itself(
    centre: CentreProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "BESIDE_S", 0.1)  # a piece at each look
    data = tmp_path / "a"
    assert centre.enrol(data).code == 0
    here("do", "WriteLogEntry", '{"text": "一条"}', "--data", data)
    with desk(data) as one:
        quiet(one)
        until(lambda: one.ask(lambda c: local.get(c, COMPARED_AT)).result(10), "never begun")
        assert not [line for line in centre.requests() if "content" in line], "a new desk has just got it all"
    with opened(data) as file:
        file.execute("UPDATE log_entry SET text = '改'")
        long_ago = json.dumps(instant_text(datetime.now(UTC) - timedelta(days=8)))
        file.execute("UPDATE local SET value = ? WHERE key = ?", (long_ago, COMPARED_AT))
    with desk(data) as one:
        until(lambda: events(data) == [("log_entry", "done", 1)], "not compared", 120)
        assert one.sync_state().state == "online"
