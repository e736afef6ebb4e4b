"""The sync page's commands on two real desks and a real centre: choosing, answering, resending, verified."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from commandcenter.domain.errors import Refused
from commandcenter.services.exceptions import (
    AnswerRefusal,
    ChooseValue,
    KeepReplacement,
    PutAside,
    ResendRefused,
)
from commandcenter.services.exchange_sentences import ExchangeWords
from commandcenter.services.incidents import AttachLine, CloseIncident, EditIncident, OpenIncident
from commandcenter.services.log import StrikeFact, WriteLogEntry
from commandcenter.services.registers import AddCard, EditCard
from commandcenter.words import Words
from db.desk.verify import verify
from db.queries import news
from db.queries.clash import Clash
from db.queries.clashes import clash_count, clashes
from db.queries.exchange import RefusedGroup, refused, refused_count, waiting, waiting_count
from db.queries.log import lines_by_id
from db.queries.registers import row
from tests.simulation.world import Machine
from tests.ui.exchanged import Exchanged

PUT = ExchangeWords(Words("zh_CN"), lambda kind, id_: "")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Exchanged]:
    made = Exchanged(tmp_path)
    yield made
    made.close()


def opened(world: Exchanged) -> UUID:
    """An incident that both desks know."""
    id_ = world.do(world.here, OpenIncident(title="内涝", event_code="11A01"))
    world.settle()
    return id_


def both_edit(world: Exchanged, id_: UUID, field: str, here: str, there: str) -> None:
    """Both desks change a field on what they see, and meet afterwards."""
    for machine, value in ((world.here, here), (world.there, there)):
        found = row(machine.connection, "incident", id_)
        assert found is not None
        bases = {field: list(found["heads"].get(field, []))}
        world.do(machine, EditIncident(id=id_, fields={field: value}, bases=bases))
    world.settle()


def only(machine: Machine) -> Clash:
    """The one exception a desk has."""
    (found,) = clashes(machine.connection).clashes
    return found


def back(machine: Machine) -> RefusedGroup:
    """The one group in a desk's inbox."""
    (found,) = refused(machine.connection).groups
    return found


def test_both_desks_list_one_exception_with_every_value(world: Exchanged) -> None:
    id_ = opened(world)
    both_edit(world, id_, "place", "浮桥小区", "浮桥新村")
    here, there = only(world.here), only(world.there)
    assert here == there
    assert {value.value for value in here.values} == {"浮桥小区", "浮桥新村"}
    assert {value.desk for value in here.values} == {
        world.here.workplace.device,
        world.there.workplace.device,
    }
    assert [value.current for value in here.values] == [False, True]
    assert PUT.clash(here).startswith("SJ-") and PUT.clash(here).endswith("内涝 · 具体地点")


def test_choosing_closes_what_was_seen_and_nothing_else(world: Exchanged) -> None:
    id_ = opened(world)
    both_edit(world, id_, "place", "浮桥小区", "浮桥新村")
    seen = only(world.here)
    first = seen.values[0]
    # meanwhile the other desk writes a third value on what it saw, unseen here
    third = row(world.there.connection, "incident", id_)
    assert third is not None
    bases = {"place": list(third["heads"]["place"][-1:])}
    world.do(world.there, EditIncident(id=id_, fields={"place": "第三处"}, bases=bases))
    chosen = [value.id for value in seen.values]
    world.do(
        world.here,
        ChooseValue(kind="incident", id=id_, field="place", value=first.value, bases=chosen),
    )
    assert clash_count(world.here.connection) == 0
    world.settle()
    again = only(world.here)
    assert {value.value for value in again.values} == {first.value, "第三处"}
    world.do(
        world.there,
        ChooseValue(
            kind="incident", id=id_, field="place", value="第三处", bases=[v.id for v in again.values]
        ),
    )
    world.settle()
    assert [clash_count(machine.connection) for machine in world.world.machines] == [0, 0]
    world.world.check()


def test_a_choice_names_what_was_seen(world: Exchanged) -> None:
    id_ = opened(world)
    with pytest.raises(Refused, match="required"):
        world.do(world.here, ChooseValue(kind="incident", id=id_, field="place", value="x"))


def test_a_register_card_is_settled_too(world: Exchanged) -> None:
    unit = world.do(world.here, AddCard(kind="organisation", fields={"name": "一队", "level": "unit"}))
    world.settle()
    for machine, name in ((world.here, "一中队"), (world.there, "第一队")):
        world.do(machine, EditCard(kind="organisation", id=unit, fields={"name": name}))
    world.settle()
    seen = only(world.there)
    assert (seen.kind, seen.field) == ("organisation", "name")
    world.do(
        world.there,
        ChooseValue(
            kind="organisation", id=unit, field="name", value="第一支队", bases=[v.id for v in seen.values]
        ),
    )
    world.settle()
    for machine in world.world.machines:
        found = row(machine.connection, "organisation", unit)
        assert found is not None and found["name"] == "第一支队"
        assert clash_count(machine.connection) == 0


def test_a_stale_grade_comes_back_and_is_said_again_on_the_new_value(world: Exchanged) -> None:
    """The centre's own judgement; the event of the grade follows what is said now."""
    id_ = opened(world)
    for machine, grade in ((world.here, "major"), (world.there, "ordinary")):
        world.do(machine, EditIncident(id=id_, fields={"grade": grade}, bases={"grade": []}))
    world.settle()
    loser = next(machine for machine in world.world.machines if refused_count(machine.connection)[0])
    group = back(loser)
    assert group.code == "stale" and len(group.group.changes) == 2
    assert PUT.why(group).startswith("事件级别：您写时看到的值")
    found = row(loser.connection, "incident", id_)
    assert found is not None
    change = group.group.changes[0]
    world.do(
        loser,
        ResendRefused(
            group_id=group.id,
            fields={str(change.id): {"grade": "larger"}},
            bases={str(change.id): {"grade": found["heads"]["grade"]}},
        ),
    )
    assert refused_count(loser.connection) == (0, 1)
    with pytest.raises(Refused, match="already_answered"):
        world.do(loser, ResendRefused(group_id=group.id))
    world.settle()
    for machine in world.world.machines:
        found = row(machine.connection, "incident", id_)
        assert found is not None and found["grade"] == "larger"
    events = world.here.connection.execute(
        "SELECT after FROM incident_event WHERE event = 'graded' ORDER BY happened_at"
    ).fetchall()
    assert [after for (after,) in events][-1] == "larger"
    world.world.check()
    assert verify(loser.connection, ()).findings == []


def test_a_resent_line_keeps_its_record_so_its_dependents_can_follow(world: Exchanged) -> None:
    id_ = opened(world)
    line = world.do(world.here, WriteLogEntry(text="抽水泵两台到位"))
    world.refuse(world.here, line, "not_your_scope")
    assert lines_by_id(world.here.connection, [line]) == []
    (group,) = refused(world.here.connection).groups
    assert PUT.group(group.group) == "抽水泵两台到位"
    change = str(group.group.changes[0].id)
    world.do(world.here, ResendRefused(group_id=group.id, fields={change: {"text": "抽水泵三台到位"}}))
    world.do(world.here, AttachLine(incident_id=id_, entry_id=line))
    world.settle()
    for machine in world.world.machines:
        (found,) = lines_by_id(machine.connection, [line])
        assert found.text == "抽水泵三台到位"
    assert waiting_count(world.here.connection)[0] == 0
    world.world.check()
    assert verify(world.here.connection, ()).findings == []


def test_a_late_line_wants_its_reason_when_it_is_resent(world: Exchanged) -> None:
    line = world.do(world.here, WriteLogEntry(text="一行"))
    world.refuse(world.here, line, "not_your_scope")
    world.world.now += timedelta(hours=2)
    with pytest.raises(Refused, match="late_without_reason"):
        world.do(world.here, ResendRefused(group_id=line))
    assert refused_count(world.here.connection) == (1, 0)  # nothing was written
    world.do(world.here, ResendRefused(group_id=line, fields={str(line): {"late_reason": "中心退回"}}))
    assert refused_count(world.here.connection) == (0, 1)


def test_an_id_that_the_centre_has_already_is_minted_anew(world: Exchanged) -> None:
    line = world.do(world.here, WriteLogEntry(text="一行"))
    world.refuse(world.here, line, "row_exists")
    new = world.do(world.here, ResendRefused(group_id=line))
    assert new != line
    assert [one.text for one in lines_by_id(world.here.connection, [new])] == ["一行"]


def test_answering_and_bringing_back(world: Exchanged) -> None:
    line = world.do(world.here, WriteLogEntry(text="一行"))
    world.refuse(world.here, line, "seal_broken")
    before = waiting(world.here.connection).changes
    world.do(world.here, AnswerRefusal(group_id=line))
    assert refused(world.here.connection).groups == ()
    (group,) = refused(world.here.connection, answered=True).groups
    assert group.answered_at == world.world.now
    world.do(world.here, AnswerRefusal(group_id=line, answered=False))
    assert back(world.here).answered_at is None
    assert waiting(world.here.connection).changes == before  # nothing of it is journaled
    with pytest.raises(Refused, match="unknown_row"):
        world.do(world.here, AnswerRefusal(group_id=UUID(int=1)))


def test_a_line_replaced_twice_is_an_exception_until_one_is_kept(world: Exchanged) -> None:
    line = world.do(world.here, WriteLogEntry(text="转移 32 人"))
    world.settle()
    for machine, text in ((world.here, "转移 23 人"), (world.there, "转移 22 人")):
        world.do(machine, StrikeFact(target_id=line, reason="听误", replacement_text=text))
    world.settle()
    here, there = only(world.here), only(world.there)
    assert here == there and here.what == "replacement"
    assert [value.value for value in here.values] == ["转移 23 人", "转移 22 人"]
    assert [value.current for value in here.values] == [True, False]
    keep, other = here.values[1], here.values[0]
    world.do(world.there, KeepReplacement(keep_id=keep.id, others=[other.id], reason="重复更正"))
    world.settle()
    assert [clash_count(machine.connection) for machine in world.world.machines] == [0, 0]
    (found,) = lines_by_id(world.here.connection, [other.id])
    assert found.struck is not None
    world.world.check()


def test_a_number_given_twice_is_listed_until_it_was_seen(world: Exchanged) -> None:
    """Two disks of one image mint the same number; nothing closes it, so each desk puts it aside itself."""
    first, second = opened(world), opened(world)
    connection = world.here.connection
    connection.execute(
        "UPDATE incident SET number = (SELECT number FROM incident WHERE id = ?) WHERE id = ?",
        (first.bytes, second.bytes),
    )
    clash = only(world.here)
    assert clash.what == "number" and [value.id for value in clash.values] == [first, second]
    world.do(world.here, PutAside(clash_id=clash.id))
    assert clashes(connection).clashes == () and clashes(connection).aside == 1
    (again,) = clashes(connection, aside=True).clashes
    assert again.aside
    world.do(world.here, PutAside(clash_id=clash.id, away=False))
    assert clash_count(connection) == 1


def test_state_with_several_values_can_be_chosen(world: Exchanged) -> None:
    """Only a restored centre leaves a guarded field so: its re-offered entries are not judged again."""
    id_ = opened(world)
    world.do(world.here, CloseIncident(id=id_))
    world.settle()
    found = row(world.here.connection, "incident", id_)
    assert found is not None
    world.do(
        world.here,
        ChooseValue(kind="incident", id=id_, field="state", value="open", bases=found["heads"]["state"]),
    )
    world.settle()
    events = world.there.connection.execute(
        "SELECT event FROM incident_event WHERE incident_id = ? ORDER BY happened_at, id", (id_.bytes,)
    ).fetchall()
    assert [event for (event,) in events] == ["opened", "closed", "reopened"]


def test_news_is_what_others_wrote(world: Exchanged) -> None:
    after = news.begin(world.here.connection)
    world.do(world.here, WriteLogEntry(text="自己写的"))
    world.do(world.there, WriteLogEntry(text="平常的"))
    world.do(world.there, WriteLogEntry(text="要紧的", importance="urgent"))
    world.settle()
    found = news.since(world.here.connection, after)
    said = [(piece.line.text if piece.line else "", piece.important) for piece in found.pieces]
    assert said == [("要紧的", True), ("平常的", False)]
    assert news.since(world.here.connection, found.upto).pieces == ()


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_every_refusal_of_the_centre_has_its_sentence(language: str) -> None:
    put = ExchangeWords(Words(language), lambda kind, id_: "")
    codes = (
        *("unknown_row", "stale", "already_set", "not_allowed", "not_your_scope", "seal_broken"),
        *("entry_malformed", "row_exists", "not_a_group", "not_shipped", "not_your_chain", "unknown_kind"),
        *("unknown_field", "unknown_code", "incident_is_closed", "late_without_reason", "in_the_future"),
        *("required", "wrong_type", "replaces_itself", "class_without_grade", "not_to_oneself"),
    )
    unknown = put.reason("a_code_of_tomorrow", {})
    for code in codes:
        said = put.reason(code, {"kind": "x", "id": "y", "field": "z", "code": "q", "minutes": 30})
        assert said and "{" not in said and said != unknown.replace("a_code_of_tomorrow", code)
    assert "a_code_of_tomorrow" in unknown
