"""The proof of edits at a desk: bases, heads, the journal's both values, and nothing personal in it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from commandcenter.domain.change import Change, Edit, Grow, decode
from commandcenter.domain.errors import Refused
from commandcenter.services.incidents import CloseIncident, EditIncident, OpenIncident
from commandcenter.services.log import StrikeFact, WriteLogEntry
from commandcenter.services.registers import AddCard, EditCard
from commandcenter.services.workplace import Workplace
from db.desk.store import GROUP_MAX, Transaction, immediate
from db.queries.registers import row
from tests.services.desk import Desk


def changes(desk: Desk, of: UUID | None = None) -> list[Change]:
    """The journal, or what it says of one row."""
    with desk.reading() as connection:
        found = [decode(data) for (data,) in connection.execute("SELECT bytes FROM journal ORDER BY seq")]
    return [change for change in found if of in (None, change.row)]


def heads(desk: Desk, kind: str, id_: UUID) -> dict[str, Any]:
    """A row's heads."""
    with desk.reading() as connection:
        found = row(connection, kind, id_)
    assert found is not None
    kept: dict[str, Any] = found["heads"]
    return kept


def private(desk: Desk, change: UUID) -> str:
    """What lies beside the chain for one change, as text."""
    with desk.reading() as connection:
        (body,) = connection.execute(
            "SELECT body FROM private_value WHERE change_id = ?", (change.bytes,)
        ).fetchone()
    return str(body, "utf-8")


def test_two_editors_with_one_base(desk: Desk) -> None:
    """Two forms are open on one incident; the second to send has not seen the first one's value."""
    incident = desk.open_incident()
    with desk.working() as at:
        base = changes(desk, incident)[0].id
        at.execute(EditIncident(id=incident, fields={"event_code": "11A02"}, bases={"event_code": [base]}))
        at.execute(EditIncident(id=incident, fields={"event_code": "11A03"}, bases={"event_code": [base]}))
    _, first, second = changes(desk, incident)
    assert heads(desk, "incident", incident)["event_code"] == [first.id, second.id]
    assert first.edit == {"event_code": Edit(to="11A02", former="11A01", on=(base,))}
    assert second.edit == {"event_code": Edit(to="11A03", former="11A02", on=(base,))}
    desk.execute(
        EditIncident(id=incident, fields={"event_code": "11A04"}, bases={"event_code": [first.id, second.id]})
    )
    assert heads(desk, "incident", incident)["event_code"] == [changes(desk, incident)[-1].id]
    assert desk.codes() == set()


def test_an_edit_over_an_own_unsent_value_names_that_ones_bases_too(desk: Desk) -> None:
    incident = desk.open_incident()
    for title in ("甲", "乙", "丙"):
        desk.execute(EditIncident(id=incident, fields={"title": title}))
    made, first, second, third = changes(desk, incident)
    edits = [change.edit["title"] for change in (first, second, third) if change.edit]
    assert [set(edit.on) for edit in edits if isinstance(edit, Edit)] == [
        {made.id},
        {made.id, first.id},
        {made.id, first.id, second.id},
    ]
    assert heads(desk, "incident", incident)["title"] == [third.id]


def test_a_guarded_field_that_somebody_else_changed(desk: Desk) -> None:
    incident = desk.open_incident()
    opened = changes(desk, incident)[0].id
    desk.execute(EditIncident(id=incident, fields={"grade": "ordinary"}))
    seen = changes(desk, incident)[-1].id
    desk.execute(EditIncident(id=incident, fields={"grade": "larger"}, bases={"grade": [seen]}))
    with pytest.raises(Refused, match="stale") as refused:
        desk.execute(EditIncident(id=incident, fields={"grade": "major"}, bases={"grade": [seen]}))
    assert refused.value.field == "grade"
    with desk.working() as at:
        at.execute(CloseIncident(id=incident, base=opened))
    assert desk.codes() == set()


def test_a_set_grows_by_single_values(desk: Desk) -> None:
    fields = {"name": "测试员", "roles": ["leader", "duty_officer"]}
    person = desk.execute(AddCard(kind="person", fields=fields)).ids[0]
    desk.execute(EditCard(kind="person", id=person, fields={"roles": ["wall", "leader"]}))
    made, edited = changes(desk, person)
    assert made.set is not None
    assert made.set["roles"] == ["duty_officer", "leader"]
    assert edited.edit == {"roles": Grow(add=("wall",), drop={"duty_officer": (made.id,)})}
    assert heads(desk, "person", person)["roles"] == {"leader": [made.id], "wall": [edited.id]}
    desk.execute(EditCard(kind="person", id=person, fields={"roles": ["leader", "wall"]}))
    assert len(changes(desk, person)) == 2, "another order is no change"


def test_an_edit_that_changes_nothing_writes_nothing(desk: Desk) -> None:
    incident = desk.open_incident()
    before = len(changes(desk))
    outcome = desk.execute(EditIncident(id=incident, fields={"title": "内涝", "grade": None, "place": ""}))
    assert (outcome.changes, outcome.ids, outcome.change_set.touched) == (0, (), {})
    assert len(changes(desk)) == before


def test_one_command_is_one_group(desk: Desk) -> None:
    line = desk.write("一条")
    outcome = desk.execute(OpenIncident(title="内涝", event_code="11A01", from_entry_id=line))
    incident, event = changes(desk)[-2:]
    assert outcome.ids == (incident.row, event.row)
    assert incident.group == event.group == incident.id
    assert (incident.n, event.n) == (3, 4)
    assert outcome.change_set.of("incident") == {incident.row}


def test_a_group_has_an_end(desk: Desk) -> None:
    with desk.working() as at:
        before = at.connection.execute("SELECT count(*) FROM journal").fetchone()

        def too_much() -> None:
            with immediate(at.connection, desk.file):
                tx = transaction(at)
                for number in range(GROUP_MAX + 1):
                    tx.add("organisation", {"name": f"单位{number}", "level": "unit"})

        with pytest.raises(Refused, match="group_too_large"):
            too_much()
        assert at.connection.execute("SELECT count(*) FROM journal").fetchone() == before
    assert desk.codes() == set()


def transaction(at: Workplace) -> Transaction:
    """A transaction as the workplace opens one."""
    from db.desk.store import Author

    author = Author(person=None, roles=("unsigned",), device=at.device, scope=None, offset_ms=None)
    return Transaction(at.connection, author, at._situation(1800), at._mint)


def test_facts_are_not_edited(desk: Desk) -> None:
    line = desk.write("一条")
    with desk.working() as at, pytest.raises(Refused, match="facts_are_struck"):
        transaction(at).edit("log_entry", line, {"text": "改"})


def test_a_refused_command_leaves_nothing_behind(desk: Desk) -> None:
    """Also of its second half: the replacement is written before the strike is refused."""
    target = desk.write("一条")
    before = len(changes(desk))
    with pytest.raises(Refused, match="too_long"):
        desk.execute(StrikeFact(target_id=target, reason="长" * 201, replacement_text="改过的一条"))
    assert len(changes(desk)) == before
    assert desk.codes() == set()


def test_spoken_numbers_are_never_given_twice(desk: Desk) -> None:
    numbers = []
    for day in range(3):
        for _ in range(3):
            incident = desk.open_incident()
            with pytest.raises(Refused):
                desk.open_incident(code="99")
            with desk.reading() as connection:
                found = row(connection, "incident", incident)
            assert found is not None
            numbers.append(found["number"])
        desk.clock.move(days=1 if day else 0.4)  # past a midnight in Shanghai, not yet one in UTC
    assert len(set(numbers)) == 9
    assert numbers[0] == "SJ-20260728-1-01"
    assert numbers[3] == "SJ-20260729-1-01"
    assert numbers[8] == "SJ-20260730-1-03"


CLEAR = {
    "text": "林某某来电称孩子走失",
    "counterpart": "林某某 10012345678",
    "place": "东湖路某小区三栋",
    "known": "一人被困电梯",
    "name": "测试员某",
    "phone": "10087654321",
}


def test_nothing_personal_enters_the_chain_in_clear(desk: Desk) -> None:
    with desk.working() as at:
        line = at.execute(WriteLogEntry(text=CLEAR["text"], counterpart=CLEAR["counterpart"])).ids[0]
        incident = at.execute(OpenIncident(title="走失", event_code="11A01", place=CLEAR["place"])).ids[0]
        at.execute(EditIncident(id=incident, fields={"place": "别处", "known": CLEAR["known"]}))
        fields = {"name": CLEAR["name"], "phone": CLEAR["phone"]}
        person = at.execute(AddCard(kind="person", fields=fields)).ids[0]
        at.execute(EditCard(kind="person", id=person, fields={"phone": None}))
        at.execute(StrikeFact(target_id=line, reason="重复", replacement_text=CLEAR["text"] + "，已找到"))
    with desk.reading() as connection:
        journal = b"\n".join(data for (data,) in connection.execute("SELECT bytes FROM journal"))
        beside = b"\n".join(data for (data,) in connection.execute("SELECT body FROM private_value"))
    for what, clear in CLEAR.items():
        assert clear.encode() not in journal, what
        assert clear.encode() in beside, what
    assert b'"11A01"' in journal, "the search would find what is there"
    edit = changes(desk, incident)[-1]
    assert CLEAR["place"] in private(desk, edit.id), "the former value too lies beside the chain"
    assert desk.codes() == set()


def test_the_same_words_are_not_the_same_seal(desk: Desk) -> None:
    """Or whoever guesses a caller's words could look for them in the chain."""
    ids = [desk.write("同样的话") for _ in range(2)]
    seals = [change.set["text"] for id_ in ids for change in changes(desk, id_) if change.set]
    assert len(set(seals)) == 2


def test_times_say_who_knew_what_when(desk: Desk) -> None:
    desk.clock.offset = 90_000  # the centre is a minute and a half ahead of this desk
    filled = desk.write("程序填的时间")
    typed_at = desk.clock.instant - timedelta(minutes=10)
    typed = desk.execute(WriteLogEntry(text="人填的时间", happened_at=typed_at)).ids[0]
    with desk.reading() as connection:
        by_program, by_person = row(connection, "log_entry", filled), row(connection, "log_entry", typed)
    assert by_program is not None
    assert by_person is not None
    assert by_program["happened_at"] == desk.clock.instant + timedelta(seconds=90)
    assert by_person["happened_at"] == typed_at
    for values in (by_program, by_person):
        assert (values["typed_at"], values["typed_offset_ms"]) == (desk.clock.instant, 90_000)
    assert changes(desk, filled)[0].offset_ms == 90_000


@pytest.mark.parametrize("text", ["2026-07-28T20:00:00+08:00", "2026-07-28T12:00:00Z", "2026-07-28T20:00"])
def test_a_time_in_a_form_may_have_any_offset(text: str) -> None:
    from commandcenter.domain.record import typed_values

    expected = datetime(2026, 7, 28, 12, 0, tzinfo=UTC)
    assert typed_values("incident", {"occurred_at": text}) == {"occurred_at": expected}
