"""The proof that projections do not depend on the order of arrival: kept = rebuilt = counted by hand."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commandcenter.domain.clock import SHANGHAI, from_ms, to_ms
from commandcenter.domain.codes import DEPLOYMENT_STEPS
from commandcenter.domain.record import REGISTRY, make, values_of
from commandcenter.services.incidents import AttachLine, OpenIncident
from commandcenter.services.log import StrikeFact, WriteLogEntry
from db.desk import projections
from db.desk.store import insert_row
from tests.services.desk import Desk

TABLES = ("timeline", "incident_timeline", "day_count", "engagement")
DEPLOYMENTS = tuple(UUID(int=0xE0 + number) for number in range(2))
INCIDENTS = tuple(UUID(int=0xA0 + number) for number in range(3))
DESKS = (None, UUID(int=0xD1), UUID(int=0xD2))
# few different moments, on both sides of a Shanghai midnight and of 1970, so that times meet
MOMENTS = tuple(
    from_ms(ms)
    for ms in (-1, 0, 57_599_999, 57_600_000, 1_785_211_200_000, 1_785_254_399_999, 1_785_254_400_000)
)


@dataclass(frozen=True)
class Fact:
    """A fact as it arrives."""

    kind: str
    id: UUID
    values: dict[str, Any]
    desk: UUID | None


@st.composite
def histories(draw: st.DrawFn) -> list[Fact]:
    """Facts of every kind, many about one another, in any order of arrival."""
    count = draw(st.integers(1, 12))
    ids = [UUID(int=draw(st.integers(1, 2**64)) << 16 | number) for number in range(count)]
    anything = st.sampled_from([*ids, UUID(int=0xFFFF)])  # also what never arrives
    facts = []
    for id_ in ids:
        kind = draw(
            st.sampled_from(["log_entry", "strike", "incident_event", "deployment_step", "deployment_step"])
        )
        values: dict[str, Any] = {
            "happened_at": draw(st.sampled_from(MOMENTS)),
            "incident_id": draw(st.sampled_from([None, *INCIDENTS])),
        }
        if kind == "log_entry":
            values["text"] = "一条"
            values["importance"] = draw(st.sampled_from(["normal", "important", "urgent"]))
            values["channel"] = draw(st.sampled_from([None, "phone", "radio"]))
        elif kind == "strike":
            values |= {"target_id": draw(anything), "reason": "写错", "replacement_id": draw(anything)}
        elif kind == "deployment_step":
            deployment = draw(st.sampled_from(DEPLOYMENTS))
            values |= {"deployment_id": deployment, "team_id": UUID(int=deployment.int + 16)}
            values["incident_id"] = INCIDENTS[0]
            values["step"] = draw(st.sampled_from(DEPLOYMENT_STEPS))
            values["strength"] = draw(st.sampled_from([None, 3, 32]))
            values["knowingly"] = draw(st.booleans())
        else:
            values["event"] = draw(st.sampled_from(["opened", "attached", "graded", "closed"]))
            values["subject_id"] = draw(st.one_of(st.none(), anything))
        full = values_of(make(kind, id_, values))
        facts.append(Fact(kind, id_, full, draw(st.sampled_from(DESKS))))
    return draw(st.permutations(facts))


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    """An empty desk's file without the facts of its first start."""
    desk = Desk(tmp_path_factory.mktemp("projections") / "desk")
    desk.open().close()
    with closing(sqlite3.connect(desk.file, isolation_level=None)) as opened:
        yield opened


def feed(connection: sqlite3.Connection, facts: Sequence[Fact]) -> dict[str, list[tuple[Any, ...]]]:
    """Let the facts arrive; what the projections then hold, before and after being made anew."""
    connection.execute("BEGIN")
    try:
        for fact in facts:
            kind = REGISTRY[fact.kind]
            insert_row(connection, kind, fact.id, fact.id, fact.values, {"typed_desk_id": fact.desk})
            projections.keep(connection, kind, fact.id, fact.values, fact.desk)
        kept = contents(connection)
        assert projections.differing(connection) == {}, "verify would call this altered"
        assert projections.rebuild(connection) == len(facts)
        assert contents(connection) == kept, "kept differs from rebuilt"
        return kept
    finally:
        connection.execute("ROLLBACK")


def contents(connection: sqlite3.Connection) -> dict[str, list[tuple[Any, ...]]]:
    """Every projection's rows, in order."""
    return {table: sorted(connection.execute(f"SELECT * FROM {table}"), key=repr) for table in TABLES}


def engaged_by_hand(facts: Sequence[Fact]) -> Iterator[tuple[Any, ...]]:
    """Where each deployment stands, said once more in plain words."""
    struck = {fact.values["target_id"] for fact in facts if fact.kind == "strike"}
    for deployment in DEPLOYMENTS:
        steps = [
            (fact.values["happened_at"], fact.id, fact.values)
            for fact in facts
            if fact.kind == "deployment_step"
            and fact.values["deployment_id"] == deployment
            and fact.id not in struck
        ]
        if not steps:
            continue
        steps.sort(key=lambda step: step[:2])
        at, id_, last = steps[-1]
        firsts: list[int | None] = []
        for name in ("ordered", "under_way", "arrived"):
            times = [to_ms(when) for when, _, values in steps if values["step"] == name]
            firsts.append(times[0] if times else None)
        strengths = [values["strength"] for _, _, values in steps if values["strength"] is not None]
        yield (
            deployment.bytes, last["team_id"].bytes, INCIDENTS[0].bytes, last["step"], id_.bytes, to_ms(at),
            strengths[-1] if strengths else None, int(any(values["knowingly"] for *_, values in steps)),
            *firsts, to_ms(at) if last["step"] in ("returned", "cancelled") else None,
        )  # fmt: skip


def by_hand(facts: Sequence[Fact]) -> dict[str, list[tuple[Any, ...]]]:
    """What the projections ought to hold, said once more in plain words."""
    lines, incidents, counts = [], set(), Counter[tuple[Any, ...]]()
    known = {fact.id: fact for fact in facts}
    for fact in facts:
        kind = REGISTRY[fact.kind]
        at = to_ms(fact.values["happened_at"])
        desk = fact.desk.bytes if fact.desk else bytes(16)
        importance = fact.values.get("importance", "normal")
        channel = fact.values.get("channel") or ""
        strikes = [s for s in facts if s.kind == "strike" and s.values["target_id"] == fact.id]
        first = min(strikes, key=lambda s: (s.values["happened_at"], s.id), default=None)
        struck = first.id.bytes if first else None
        machine = int(kind.machine)
        lines.append((at, fact.id.bytes, fact.kind, machine, importance, channel, desk, struck))
        local = fact.values["happened_at"].astimezone(SHANGHAI).date()
        day = local.toordinal() - from_ms(0).date().toordinal()
        counts[day, fact.kind, machine, importance, channel, desk] += 1
        if fact.values["incident_id"]:
            incidents.add((fact.values["incident_id"].bytes, at, fact.id.bytes, fact.kind, machine))
        if fact.kind == "incident_event" and fact.values["event"] in ("opened", "attached") and not struck:
            subject = known.get(fact.values["subject_id"])
            if fact.values["incident_id"] and subject:
                incidents.add((
                    fact.values["incident_id"].bytes,
                    to_ms(subject.values["happened_at"]),
                    subject.id.bytes,
                    subject.kind,
                    int(REGISTRY[subject.kind].machine),
                ))  # fmt: skip
    return {
        "timeline": sorted(lines, key=repr),
        "incident_timeline": sorted(incidents, key=repr),
        "engagement": sorted(engaged_by_hand(facts), key=repr),
        "day_count": sorted(((*key, count) for key, count in counts.items()), key=repr),
    }


@settings(max_examples=120)
@given(data=st.data())
def test_kept_is_rebuilt_in_any_order_of_arrival(connection: sqlite3.Connection, data: st.DataObject) -> None:
    facts = data.draw(histories())
    due = by_hand(facts)
    assert feed(connection, facts) == due
    assert feed(connection, data.draw(st.permutations(facts))) == due


def test_of_several_strikes_the_first_by_time_counts_whatever_came_first(desk: Desk) -> None:
    """Two desks strike one line; here the later one arrives first, and before its target."""
    target, early, late = (UUID(int=number << 80) for number in (1, 9, 2))

    def fact(kind: str, id_: UUID, **values: Any) -> Fact:
        return Fact(kind, id_, values_of(make(kind, id_, values)), None)

    line = fact("log_entry", target, happened_at=MOMENTS[4], text="一条")
    first = fact("strike", early, happened_at=MOMENTS[5], target_id=target, reason="写错")
    second = fact("strike", late, happened_at=MOMENTS[6], target_id=target, reason="也写错")
    with closing(sqlite3.connect(desk.file, isolation_level=None)) as connection:
        for order in (
            (second, line, first),
            (second, first, line),
            (line, second, first),
            (first, second, line),
        ):
            timeline = {row[1]: row[-1] for row in feed(connection, order)["timeline"]}
            assert timeline[target.bytes] == early.bytes
            assert timeline[early.bytes] is None


def test_at_one_instant_the_smaller_id_counts(desk: Desk) -> None:
    target = UUID(int=1)
    strikes = [
        Fact("strike", id_, values_of(make("strike", id_, {
            "happened_at": MOMENTS[5], "target_id": target, "reason": "写错"})), None)
        for id_ in (UUID(int=0x80 << 120), UUID(int=0x7F << 120))
    ]  # fmt: skip
    line = Fact(
        "log_entry",
        target,
        values_of(make("log_entry", target, {"happened_at": MOMENTS[4], "text": "一条"})),
        None,
    )
    with closing(sqlite3.connect(desk.file, isolation_level=None)) as connection:
        timeline = {row[1]: row[-1] for row in feed(connection, [*strikes, line])["timeline"]}
    assert timeline[target.bytes] == strikes[1].id.bytes


def test_what_the_commands_keep_is_what_a_rebuild_makes(desk: Desk, tmp_path: Path) -> None:
    """The writer takes a short cut for facts that it mints itself; it must not show."""
    with desk.working() as at:
        line = at.execute(WriteLogEntry(text="一条", channel="phone")).ids[0]
        incident = at.execute(OpenIncident(title="内涝", event_code="11A01", from_entry_id=line)).ids[0]
        desk.clock.move(minutes=1)
        other = at.execute(WriteLogEntry(text="另一条", importance="urgent")).ids[0]
        at.execute(AttachLine(incident_id=incident, entry_id=other))
        at.execute(StrikeFact(target_id=other, reason="写错", replacement_text="另一条，改过"))
        at.connection.execute("BEGIN")
        before = contents(at.connection)
        assert projections.rebuild(at.connection) == len(before["timeline"])
        assert contents(at.connection) == before
        at.connection.execute("ROLLBACK")
