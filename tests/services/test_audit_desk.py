"""The proof of what an auditor tried at a working desk: clocks, sets, several writers, a lane that fails."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any
from uuid import UUID

import pytest

from commandcenter.__main__ import main
from commandcenter.domain.change import ChangeSet, Edit, Grow, decode
from commandcenter.domain.errors import Refused, Unavailable
from commandcenter.lanes import ReaderLanes, WriterLane
from commandcenter.services.incidents import AttachLine, EditIncident
from commandcenter.services.log import StrikeFact, WriteLogEntry
from commandcenter.services.registers import AddCard, ChangeSetting, EditCard
from commandcenter.services.workplace import Workplace
from db.desk.engine import Connection
from db.queries.registers import row
from tests.services.desk import Desk

SOON_S = 10.0


@pytest.mark.parametrize("offset", [600_000, -2_400_000, 86_400_000])
def test_a_line_from_a_desk_whose_clock_is_known_to_be_wrong(desk: Desk, offset: int) -> None:
    desk.clock.offset = offset
    line = desk.write("钟不准，照写")
    with desk.reading() as connection:
        values = row(connection, "log_entry", line)
    assert values is not None
    assert (values["happened_at"] - values["typed_at"]).total_seconds() * 1000 == offset
    assert desk.codes() == set()


def roles(desk: Desk, person: UUID) -> tuple[tuple[str, ...], dict[str, list[UUID]]]:
    """(roles, the adds of each)."""
    with desk.reading() as connection:
        values = row(connection, "person", person)
    assert values is not None
    return values["roles"], values["heads"]["roles"]


def newest(desk: Desk) -> Any:
    """The newest entry's edit."""
    with desk.reading() as connection:
        (data,) = connection.execute("SELECT bytes FROM journal ORDER BY seq DESC LIMIT 1").fetchone()
    return decode(data).edit


def test_what_was_not_on_the_screen_is_not_dropped(desk: Desk) -> None:
    person = desk.execute(AddCard(kind="person", fields={"name": "甲", "roles": ["leader"]})).ids[0]
    seen = [id_ for ids in roles(desk, person)[1].values() for id_ in ids]
    desk.execute(EditCard(kind="person", id=person, fields={"roles": ["leader", "wall"]}))
    fields = {"roles": ["duty_chief"]}
    desk.execute(EditCard(kind="person", id=person, fields=fields, bases={"roles": seen}))
    assert roles(desk, person)[0] == ("duty_chief", "wall")
    assert newest(desk) == {"roles": Grow(add=("duty_chief",), drop={"leader": tuple(seen)})}
    desk.execute(EditCard(kind="person", id=person, fields={"roles": []}))
    assert roles(desk, person)[0] == ()
    assert desk.codes() == set()


def test_an_edit_that_says_nothing_is_none(desk: Desk) -> None:
    person = desk.execute(AddCard(kind="person", fields={"name": "甲", "roles": ["leader", "wall"]})).ids[0]
    for fields in ({"roles": ["wall", "leader", "wall"]}, {"phone": ""}, {"phone": None}, {"sample": False}):
        assert desk.execute(EditCard(kind="person", id=person, fields=fields)).changes == 0
    desk.execute(EditCard(kind="person", id=person, fields={"phone": "13900000000"}))
    desk.execute(EditCard(kind="person", id=person, fields={"phone": ""}))
    assert newest(desk)["phone"].to is None
    desk.execute(ChangeSetting(key="x", value=""))
    desk.execute(ChangeSetting(key="x", value="1"))
    desk.execute(ChangeSetting(key="x", value=""))
    assert newest(desk)["value"] == Edit(to=None, former="1", on=newest(desk)["value"].on)
    assert desk.codes() == set()


def test_an_edit_after_a_restore_is_based_on_unsent_edits_before_it(desk: Desk) -> None:
    """The desk goes on under a new id; what it has not sent is its own all the same (DESIGN §5.2)."""
    incident = desk.open_incident()
    desk.execute(EditIncident(id=incident, fields={"title": "甲"}))
    before = newest(desk)["title"].on
    with desk.working() as at:
        at.begin_new_chain()
    desk.execute(EditIncident(id=incident, fields={"title": "乙"}))
    assert set(before) < set(newest(desk)["title"].on)
    assert len(newest(desk)["title"].on) == 2


def test_own_lines_are_not_told_as_somebody_elses(desk: Desk) -> None:
    with desk.working() as one, desk.working() as other:
        one.execute(WriteLogEntry(text="甲一"))
        theirs = other.execute(WriteLogEntry(text="乙一")).ids[0]
        own = one.execute(WriteLogEntry(text="甲二")).ids[0]
        told = one.changes_by_others()
        assert told is not None
        assert told.of("log_entry") == {theirs}
        assert own not in told.of("log_entry")
        assert one.changes_by_others() is None
        own = one.execute(WriteLogEntry(text="甲三")).ids[0]
        theirs = other.execute(WriteLogEntry(text="乙二")).ids[0]
        told = one.changes_by_others()
        assert told is not None
        assert told.of("log_entry") == {theirs}
    assert desk.codes() == set()


def test_a_commit_stands_though_nobody_can_be_told(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    def changed(change_set: ChangeSet) -> None:
        raise RuntimeError("a page that is gone")

    lane = WriterLane(desk.open, changed)
    lane.start()
    id_ = lane.execute(WriteLogEntry(text="已经存下")).result(SOON_S).ids[0]
    assert "could not be told" in caplog.text
    desk.write("别人写的")  # told while idle: that must not end the lane either
    assert lane.execute(WriteLogEntry(text="还在写")).result(SOON_S).changes == 1
    assert lane.close(SOON_S)
    with desk.reading() as connection:
        assert row(connection, "log_entry", id_) is not None


def test_idle_work_that_fails_ends_nothing(
    desk: Desk, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = threading.Event()

    def idle(self: Workplace, budget_s: float) -> bool:
        tried.set()
        raise ValueError("our fault")

    monkeypatch.setattr(Workplace, "idle", idle)
    lane = WriterLane(desk.open, lambda change_set: None)
    lane.start()
    assert tried.wait(SOON_S)
    assert lane.execute(WriteLogEntry(text="还在写")).result(SOON_S).changes == 1
    assert lane.close(SOON_S)
    assert "idle work failed" in caplog.text


def test_whoever_waits_for_a_file_that_does_not_open_is_told(desk: Desk) -> None:
    """Also those behind one who gave up."""
    gate = threading.Event()

    def opening() -> Workplace:
        gate.wait(SOON_S)
        raise Unavailable("database_damaged", file="x", reason="y")

    lane = WriterLane(opening, lambda change_set: None)
    lane.start()
    futures = [lane.execute(WriteLogEntry(text=str(number))) for number in range(3)]
    assert futures[0].cancel()
    gate.set()
    for future in futures[1:]:
        with pytest.raises(Unavailable, match="database_damaged"):
            future.result(SOON_S)
    assert lane.execute(WriteLogEntry(text="太晚")).cancelled()
    assert lane.close(SOON_S)


def test_a_lane_that_never_began_can_be_closed(desk: Desk) -> None:
    assert WriterLane(desk.open, lambda change_set: None).close(SOON_S)


def test_a_question_that_no_reader_came_to_is_given_up_at_the_end(desk: Desk) -> None:
    ready: Future[Workplace] = Future()
    with desk.working() as workplace:
        readers = ReaderLanes(desk.file, ready, count=1)
        asked: list[Future[None]] = []
        question: Callable[[Connection], None] = lambda connection: None  # noqa: E731
        asked += [readers.ask(question) for _ in range(3)]
        ends = time.monotonic() + SOON_S
        while not asked[0].running() and time.monotonic() < ends:
            time.sleep(0.01)
        ending = threading.Thread(target=readers.close)
        ending.start()
        while not readers._pool._shutdown and time.monotonic() < ends:
            time.sleep(0.01)
        ready.set_result(workplace)
        ending.join(SOON_S)
    assert asked[0].result(SOON_S) is None
    assert all(answer.done() for answer in asked), "somebody would wait for ever"
    assert not readers.busy()
    assert readers.ask(question).cancelled()


def test_a_torn_anchor_takes_no_other_with_it(desk: Desk) -> None:
    desk.write("x")
    with desk.working() as at:
        desk.directory.note_anchor(at.connection, at.device, "close")
        with desk.directory.anchors.open("ab") as stream:
            stream.write(b'{"at": "2026-07-28T0')
        desk.directory.note_anchor(at.connection, at.device, "close")
    with desk.directory.anchors.open("ab") as stream:
        for odd in (b"\xff\xfe", b"[]", b"5", b'{"n": "x"}', b'{"n": 1, "device": 5, "hash": 6}',
                    b'{"n": 1, "restored": []}'):  # fmt: skip
            stream.write(odd + b"\n")
    assert desk.directory.known_anchors() == [desk.anchor(), desk.anchor()]


@pytest.mark.parametrize(
    ("command", "document"),
    [
        ("KeepDraft", '{"key": "\\ud800"}'),
        ("WriteLogEntry", '{"text": "x", "draft": "\\ud800"}'),
        ("ChangeSetting", '{"key": "\\ud800", "value": "1"}'),
        ("SetPreference", '{"key": "layout.\\ud800", "value": 1}'),
    ],
)
def test_half_a_character_in_a_key_is_refused(
    desk: Desk, command: str, document: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["do", command, document, "--data", str(desk.path), "--profile", "empty"]) == 2
    assert "control_character" in capsys.readouterr().out


def test_half_a_character_is_looked_for_nowhere(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["list", "log_entry", "--where", "text=\ud800", "--data", str(desk.path)]
    assert main(arguments) == 2
    assert "control_character" in capsys.readouterr().out


def test_a_number_too_large_for_others_is_refused(desk: Desk) -> None:
    with pytest.raises(Refused, match="too_large|wrong_type"):
        desk.execute(AddCard(kind="desk", fields={"number": 10**30}))
    with pytest.raises(Refused, match="wrong_type"):
        desk.execute(AddCard(kind="desk", fields={"number": True}))


def on_incident(desk: Desk, incident: UUID, line: UUID) -> bool:
    """Whether the line stands on the incident's timeline."""
    with desk.reading() as connection:
        sql = "SELECT 1 FROM incident_timeline WHERE incident_id = ? AND row_id = ?"
        return connection.execute(sql, (incident.bytes, line.bytes)).fetchone() is not None


def attaching(desk: Desk, line: UUID) -> list[UUID]:
    """The events that put the line on a timeline, oldest first."""
    with desk.reading() as connection:
        sql = "SELECT id FROM incident_event WHERE subject_id = ? ORDER BY id"
        return [UUID(bytes=id_) for (id_,) in connection.execute(sql, (line.bytes,))]


def test_a_line_attached_by_mistake_goes_when_that_is_struck(desk: Desk) -> None:
    """A struck fact counts nowhere (DESIGN §3), and a rebuild says the same."""
    incident, line = desk.open_incident(), desk.write("不属于这件事")
    for _ in range(2):
        desk.execute(AttachLine(incident_id=incident, entry_id=line))
    first, second = attaching(desk, line)
    desk.execute(StrikeFact(target_id=first, reason="挂错了"))
    assert on_incident(desk, incident, line), "another event still says so"
    desk.execute(StrikeFact(target_id=second, reason="挂错了"))
    assert not on_incident(desk, incident, line)
    own = desk.execute(WriteLogEntry(text="属于", incident_id=incident)).ids[0]
    assert on_incident(desk, incident, own)
    assert desk.codes() == set()
    assert main(["rebuild", "--data", str(desk.path), "--profile", "empty"]) == 0
    assert not on_incident(desk, incident, line)
    assert on_incident(desk, incident, own)
    assert desk.codes() == set()
