"""The audit trail: what is noted, what is listed, who may read it, and that no personal value is in it."""

from __future__ import annotations

import csv
import sqlite3
from dataclasses import replace
from datetime import date
from pathlib import Path
from uuid import UUID

import pytest

from commandcenter.documents.audit_trail import export_audit
from commandcenter.domain.access import AUDITORS, may_audit
from commandcenter.domain.change import decode, encode
from commandcenter.domain.codes import ACCESS_ACTIONS
from commandcenter.domain.errors import Refused
from commandcenter.domain.record import REGISTRY
from commandcenter.runtime import new_id
from commandcenter.services.audit import NoteAccess, extent_of
from commandcenter.services.audit_sentences import AuditWords
from commandcenter.services.command import parse
from commandcenter.services.desk_affairs import TakeSeat
from commandcenter.services.incidents import OpenIncident
from commandcenter.services.log import StrikeFact, WriteLogEntry
from commandcenter.services.reference import shipped_row_id
from commandcenter.services.registers import AddCard, EditCard
from commandcenter.words import LANGUAGES, Words
from db.desk.engine import open_reader
from db.queries.audit import AuditFilter, AuditLine, count, lines, may_read, page
from db.queries.log import LogFilter, day_counts
from db.queries.registers import rows
from tests.services.desk import Desk

CHIEF, OFFICER = (shipped_row_id("person", f"sample-{number}") for number in (1, 2))
SECRET = "林某某 13800001111"
ALL = AuditFilter()


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A desk of the licheng profile."""
    return Desk(tmp_path / "desk", profile="licheng")


def listed(desk: Desk, filter_: AuditFilter = ALL) -> list[AuditLine]:
    """Every entry of a filter, newest first; paged and counted, which must agree."""
    with desk.reading() as connection:
        out: list[AuditLine] = []
        before: UUID | None = None
        while True:
            found = page(connection, filter_, before, limit=3)
            out += found.lines
            if not found.more:
                break
            before = out[-1].id
        assert count(connection, filter_) == len(out)
        assert list(lines(connection, filter_)) == out[::-1]
    return out


def actions(desk: Desk, filter_: AuditFilter = ALL) -> list[str]:
    """What was done, newest first."""
    return [line.action for line in listed(desk, filter_)]


def test_an_access_is_one_fact_of_the_desks_organisation_and_no_incidents(desk: Desk) -> None:
    outcome = desk.execute(NoteAccess(action="exported", subject_kind="log_entry", count=7, purpose=SECRET))
    assert outcome.changes == 1
    with desk.reading() as connection:
        (row,) = rows(connection, "access_event")
        assert row["scope_id"] == shipped_row_id("organisation", "350502")
        assert (row["action"], row["count"], row["purpose"], row["result"]) == ("exported", 7, SECRET, "done")
        assert row["incident_id"] is None and row["happened_at"] == desk.clock.instant
        assert connection.execute("SELECT count(*) FROM incident_timeline").fetchone() == (0,)
    assert not desk.verify().findings


def test_what_is_no_action_is_refused(desk: Desk) -> None:
    for wrong in ({"action": "looked"}, {"action": "exported", "count": -1}, {"action": "", "count": 1}):
        with pytest.raises(Refused):
            desk.execute(NoteAccess(**wrong))


def test_nobody_writes_it_by_naming_a_command() -> None:
    with pytest.raises(Refused, match="unknown_command"):
        parse("NoteAccess", {"action": "purged"})


def test_an_access_cannot_be_struck(desk: Desk) -> None:
    (id_,) = desk.execute(NoteAccess(action="printed")).ids
    with pytest.raises(Refused, match="cannot_be_struck"):
        desk.execute(StrikeFact(target_id=id_, reason="抹去"))


def test_it_does_not_show_in_the_duty_log(desk: Desk) -> None:
    desk.write("夜班开始")
    for action in ACCESS_ACTIONS:
        desk.execute(NoteAccess(action=action))
    with desk.reading() as connection:
        assert day_counts(connection, LogFilter()).total == 1
        assert day_counts(connection, LogFilter(machine=True)).total == 1 + len(ACCESS_ACTIONS)


def test_who_takes_the_seat_is_noted_with_who_left_it(desk: Desk) -> None:
    for person in (OFFICER, OFFICER, CHIEF, None):
        desk.execute(TakeSeat(person_id=person))
    found = listed(desk, AuditFilter(what="access"))[::-1]
    said = [(line.action, line.by, line.row) for line in found]
    assert said == [
        ("signed_in", OFFICER, OFFICER),
        ("signed_out", OFFICER, OFFICER),
        ("signed_in", CHIEF, CHIEF),
        ("signed_out", CHIEF, CHIEF),
    ]
    desk.execute(TakeSeat(person_id=OFFICER))
    desk.write("接班")
    assert listed(desk)[0].by == OFFICER
    assert not desk.verify().findings


def test_changes_and_accesses_stand_in_one_list_by_time(desk: Desk) -> None:
    desk.execute(TakeSeat(person_id=CHIEF))
    incident = desk.open_incident()
    desk.clock.move(minutes=3)
    desk.execute(NoteAccess(action="printed", subject_kind="incident", subject_id=incident, count=1))
    desk.clock.move(minutes=3)
    desk.execute(EditCard(kind="person", id=OFFICER, fields={"phone": SECRET}))
    found = listed(desk)
    times = [line.at for line in found if line.at is not None]
    assert len(times) == len(found) and times == sorted(times, reverse=True)
    edit, printed = found[:2]
    assert (edit.action, edit.kind, edit.row, edit.by) == ("edited", "person", OFFICER, CHIEF)
    assert [(field.name, field.personal) for field in edit.fields] == [("phone", True)]
    assert (printed.action, printed.kind, printed.row) == ("printed", "incident", incident)
    opened = [line for line in found if line.kind in ("incident", "incident_event") and line.access is None]
    assert len({line.group for line in opened}) == 1 < len(opened)
    assert [line.n for line in found] == list(range(len(found), 0, -1))


def test_the_filters(desk: Desk) -> None:
    desk.execute(TakeSeat(person_id=CHIEF))
    desk.write("第一天")
    desk.clock.move(days=1)
    desk.execute(TakeSeat(person_id=OFFICER))
    desk.execute(AddCard(kind="organisation", fields={"name": "水厂", "level": "unit"}))
    desk.execute(EditCard(kind="person", id=CHIEF, fields={"phone": SECRET}))
    desk.execute(NoteAccess(action="exported", subject_kind="log_entry", count=1))
    desk.execute(NoteAccess(action="opened_personal", subject_kind="person", subject_id=CHIEF))
    everything = listed(desk)
    access = listed(desk, AuditFilter(what="access"))
    changes = listed(desk, AuditFilter(what="changes"))
    assert sorted(line.id for line in access + changes) == sorted(line.id for line in everything)
    assert all(line.access is not None for line in access) and not any(line.access for line in changes)
    assert actions(desk, AuditFilter(action="exported")) == ["exported"]
    assert actions(desk, AuditFilter(action="edited")) == ["edited"]
    assert actions(desk, AuditFilter(what="changes", action="exported")) == []
    assert actions(desk, AuditFilter(what="access", action="added")) == []
    of_chief = listed(desk, AuditFilter(person_id=CHIEF))
    assert {line.by for line in of_chief} == {CHIEF, OFFICER}  # the officer opened the chief's card
    assert of_chief[0].action == "opened_personal"
    first = (date(2026, 7, 28) - date(1970, 1, 1)).days
    days = [listed(desk, AuditFilter(day=first + more)) for more in (-1, 0, 1)]
    assert days[0] == [] and days[1] and [*days[2], *days[1]] == everything
    assert listed(desk, AuditFilter(desk_id=desk.device())) == everything
    assert listed(desk, AuditFilter(desk_id=new_id())) == []
    assert actions(desk, AuditFilter(person_id=OFFICER, day=first + 1, action="edited")) == ["edited"]


def test_a_day_begins_at_midnight_here(desk: Desk) -> None:
    desk.clock.instant = desk.clock.instant.replace(hour=15, minute=59, second=59, microsecond=999_000)
    desk.write("子夜前")
    desk.clock.move(milliseconds=1)
    desk.write("子夜")
    day = (date(2026, 7, 28) - date(1970, 1, 1)).days
    assert [len(listed(desk, AuditFilter(day=day + more, action="added"))) for more in (0, 1)] == [2, 1]


def test_no_personal_value_is_in_the_list_or_the_file(desk: Desk, tmp_path: Path) -> None:
    desk.execute(TakeSeat(person_id=CHIEF))
    desk.execute(WriteLogEntry(text=SECRET, counterpart=SECRET))
    desk.execute(OpenIncident(title="内涝", event_code="11A01", place=SECRET))
    desk.execute(EditCard(kind="person", id=OFFICER, fields={"phone": SECRET}))
    desk.execute(NoteAccess(action="exported", purpose=SECRET))
    found = listed(desk)
    assert any(line.sealed for line in found)
    assert SECRET not in repr(found)
    file = tmp_path / "audit.csv"
    with desk.reading() as connection:
        written = export_audit(
            connection, file, ALL, words=Words("zh_CN"), chain=(1, "ab" * 32), now=desk.clock.now()
        )
    text = file.read_text("utf-8-sig")
    assert written == len(found) and SECRET not in text
    table = list(csv.reader(text.splitlines()))
    assert sum(len(row) == 8 and row[3].startswith("#") for row in table) == len(found)


def test_a_shipped_row_is_nobodys_act(desk: Desk) -> None:
    desk.open().close()
    assert [line.kind for line in listed(desk)] == ["desk"]


def test_what_was_tampered_with_is_listed_as_unreadable(desk: Desk) -> None:
    desk.write("原文")
    with desk.raw() as connection:
        connection.execute("UPDATE journal SET bytes = ? WHERE n = 2", (b"{}",))
    assert actions(desk)[0] == ""
    put = AuditWords(Words("zh_CN"), lambda _kind, _id: "")
    assert put.action(listed(desk)[0]) == put.words("audit.unreadable")


def test_what_left_this_desks_sight_left_its_audit_trail(desk: Desk) -> None:
    id_ = desk.write("别处的事")
    with desk.raw() as connection:
        connection.execute("UPDATE journal SET absent = 'hidden' WHERE id = ?", (id_.bytes,))
    assert id_ not in {line.row for line in listed(desk)}


def test_no_field_is_mistaken_for_an_entrys_own_key() -> None:
    """The list looks for ``"kind":"…"``, ``"by":"…"`` in an entry's bytes: no record has such a field."""
    keys = {"at", "by", "kind", "set", "edit"}
    assert not {(name, field) for name, kind in REGISTRY.items() for field in keys & set(kind.types)}
    assert [name for name, kind in REGISTRY.items() if "action" in kind.types] == ["access_event"]


def test_who_may_read() -> None:
    for role in AUDITORS:
        assert may_audit([role], alone=False)
    for role in ("duty_officer", "leader", "wall", "street_user", "unsigned"):
        assert not may_audit([role], alone=False) and may_audit([role], alone=True)


def test_who_may_read_at_a_desk(desk: Desk, tmp_path: Path) -> None:
    def allowed(at: Desk) -> bool:
        with at.reading() as connection:
            return may_read(connection)

    desk.open().close()
    assert not allowed(desk)  # there is a duty chief who could
    desk.execute(TakeSeat(person_id=OFFICER))
    assert not allowed(desk)
    desk.execute(TakeSeat(person_id=CHIEF))
    assert allowed(desk)
    alone = Desk(tmp_path / "alone")
    alone.open().close()
    assert allowed(alone)
    alone.execute(AddCard(kind="person", fields={"name": "审计", "roles": ["auditor"]}))
    assert not allowed(alone)


def test_nobody_else_exports(desk: Desk, tmp_path: Path) -> None:
    desk.execute(TakeSeat(person_id=OFFICER))
    file = tmp_path / "audit.csv"
    with desk.reading() as connection, pytest.raises(Refused, match="no_auditor"):
        export_audit(connection, file, ALL, words=Words("en"), chain=(1, "00"), now=desk.clock.now())
    assert not file.exists()


@pytest.mark.parametrize("suffix", [".pdf", ".xlsx", ".csv"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_it_goes_to_every_format(desk: Desk, tmp_path: Path, suffix: str, language: str) -> None:
    desk.execute(TakeSeat(person_id=CHIEF))
    desk.execute(NoteAccess(action="exported", count=3, extent="form=xlsx channel=phone day=20662"))
    filter_ = AuditFilter(what="access", person_id=CHIEF, desk_id=desk.device(), day=20662)
    file = tmp_path / f"audit{suffix}"
    with desk.reading() as connection:
        written = export_audit(
            connection, file, filter_, words=Words(language), chain=(1, "ab" * 32), now=desk.clock.now()
        )
    assert written == 2 and file.stat().st_size > 100


def test_the_extent_says_codes_and_no_words(desk: Desk) -> None:
    filter_ = LogFilter(channel="phone", day=20662, important=True)
    assert extent_of("csv", filter_) == "form=csv important channel=phone day=20662"
    assert (
        extent_of("pdf", replace(filter_, channel="张某 的电话")) == "form=pdf important channel=* day=20662"
    )
    assert extent_of("paper") == "form=paper"
    assert extent_of("csv", AuditFilter()) == "form=csv"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_entry_has_words(desk: Desk, language: str) -> None:
    desk.execute(TakeSeat(person_id=CHIEF))
    desk.open_incident()
    desk.execute(EditCard(kind="person", id=OFFICER, fields={"roles": ["leader"], "phone": None}))
    for action in ACCESS_ACTIONS:
        desk.execute(NoteAccess(action=action, subject_kind="person", subject_id=CHIEF, result="failed"))
    put = AuditWords(Words(language), lambda _kind, id_: "甲" if id_ == CHIEF else "")
    for line in listed(desk):
        assert put.action(line) and put.action(line) != line.action
        assert put.subject(line) and put.who(line) and put.number(line)
        assert all(put.values(line.kind, field) and put.field(line.kind, field) for field in line.fields)
    (edit,) = listed(desk, AuditFilter(action="edited"))
    values = {field.name: put.values("person", field) for field in edit.fields}
    words = put.words
    assert values["phone"] == words("audit.personal")
    assert (
        words("codes.role.leader") in values["roles"] and words("codes.role.duty_officer") in values["roles"]
    )


def test_a_reader_cannot_write_it_away(desk: Desk) -> None:
    desk.execute(NoteAccess(action="exported"))
    connection = open_reader(desk.file)
    try:
        with pytest.raises(sqlite3.OperationalError):
            connection.execute("DELETE FROM access_event")
    finally:
        connection.close()


def test_who_did_it_is_found_beside_a_batch_too(desk: Desk) -> None:
    desk.execute(TakeSeat(person_id=OFFICER))
    id_, batch = desk.write("导入的"), new_id()
    with desk.raw() as connection:
        (data,) = connection.execute("SELECT bytes FROM journal WHERE id = ?", (id_.bytes,)).fetchone()
        entry = encode(replace(decode(data), batch=batch))
        connection.execute("UPDATE journal SET bytes = ? WHERE id = ?", (entry, id_.bytes))
    assert id_ in {line.id for line in listed(desk, AuditFilter(person_id=OFFICER))}
    assert listed(desk, AuditFilter(person_id=CHIEF)) == []
