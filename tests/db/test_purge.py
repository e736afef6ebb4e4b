"""The proof of destruction at a desk: in any order of arrival the same state, and the words in no byte."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commandcenter.domain.change import Private
from commandcenter.domain.errors import Refused
from commandcenter.domain.purge import Destruction, Order
from commandcenter.protocol.messages import Numbered
from commandcenter.services.command import COMMANDS
from commandcenter.services.incidents import EditIncident
from commandcenter.services.purge import Certify, Signature, Signing
from commandcenter.services.sign_in import AtOnce, keep_credential
from commandcenter.services.workplace import Workplace
from commandcenter.words import Words
from db.desk import local, outbox, purge
from db.desk.backup import backup
from db.desk.carried import carry, certificates_of
from db.desk.exchange import Taken
from db.desk.incoming import Incoming
from db.desk.search import Indexer
from db.desk.verify import Finding, verify
from db.queries.exchange import refused_group
from db.queries.log import lines_by_id
from db.queries.purge import destroyed_of, personal_of
from db.queries.search import search
from tests.db.purging import GONE, KEPT, Night, certify, night, signers, wish, words_in
from tests.services.desk import Desk

NAMES = st.sampled_from(["name", "phone", "text"])
IDS = st.integers(1, 6).map(lambda n: UUID(int=n))
ORDERS = st.lists(
    st.builds(
        Order,
        certificate=IDS,
        changes=st.lists(IDS, max_size=3).map(tuple),
        rows=st.lists(IDS, max_size=2).map(tuple),
        fields=st.frozensets(NAMES, max_size=2),
    ),
    max_size=4,
)


@given(orders=ORDERS, data=st.data())
def test_certificates_are_a_set(orders: list[Order], data: st.DataObject) -> None:
    private = {name: Private(salt=bytes(16), value=name, former="before") for name in ("name", "phone")}
    one, other = Destruction(), Destruction()
    for order in orders:
        one |= order.destruction()
    for order in [*data.draw(st.permutations(orders)), *orders]:
        other |= order.destruction()
    change, row = data.draw(IDS), data.draw(IDS)
    left = one.left(change, row, private)
    assert left == other.left(change, row, private)
    assert one.left(change, row, left) == left, "twice is once"
    for name, value in left.items():
        assert not one.takes(change, row, name)
        assert value.former is None or not one.takes(change, row, name, former=True)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Night:
    """The night as the centre tells it."""
    with Desk(tmp_path_factory.mktemp("night") / "desk").working() as workplace:
        return night(workplace)


def receive(workplace: Workplace, numbered: Sequence[Numbered]) -> None:
    """Entries of the feed, a slice each."""
    for entry in numbered:

        def take(connection: object, device: UUID, entry: Numbered = entry) -> Taken:
            incoming = Incoming(workplace.connection, device)
            return Taken(change_set=incoming.take([entry]), new_lines=incoming.new_lines)

        workplace.exchange(take)


def state(workplace: Workplace) -> list[object]:
    """Everything that follows from the entries."""
    connection = workplace.connection
    tables = ("incident", "log_entry", "strike", "certificate", "private_value", "destroyed", "digest")
    return [sorted(connection.execute(f'SELECT * FROM "{table}"').fetchall(), key=repr) for table in tables]


@pytest.fixture(scope="module")
def wanted(made: Night, tmp_path_factory: pytest.TempPathFactory) -> list[object]:
    """What follows from the entries in their own order."""
    with Desk(tmp_path_factory.mktemp("wanted") / "desk").working() as workplace:
        receive(workplace, made.numbered)
        return state(workplace)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_order_of_arrival(
    made: Night, wanted: list[object], tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    order = data.draw(st.permutations(made.numbered))
    got = Desk(tmp_path_factory.mktemp("order") / "desk")
    with got.working() as workplace:
        receive(workplace, order)
        receive(workplace, order[:3])  # some come twice
        found = state(workplace)
        result = verify(workplace.connection)
        assert (result.findings, result.purged) == ([], 5), "line, counterpart, reason, place, its former"
        purge.scrub(workplace.connection)
        assert words_in(got.file) == set()
        assert personal_of(workplace.connection, "incident", made.incident).counts["incident", "known"] == 1
    assert found == wanted
    assert words_in(got.file) == set()


def test_what_a_certificate_leaves(made: Night, desk: Desk) -> None:
    with desk.working() as workplace:
        receive(workplace, made.before)
        indexer = Indexer(workplace.connection, lull_s=0)
        while indexer.more(1.0):
            pass
        assert search(workplace.connection, GONE[0]).hits
        local.keep_draft(workplace.connection, "form", {"text": f"前{GONE[0]}后"}, desk.clock.now())
        receive(workplace, made.after)
        assert not search(workplace.connection, GONE[0]).hits
        assert search(workplace.connection, KEPT).hits
        assert local.drafts(workplace.connection)["form"][0] == {"text": "前后"}
        assert destroyed_of(workplace.connection, made.line).keys() == {"text", "counterpart"}
        row = workplace.connection.execute("SELECT place, known FROM incident").fetchone()
        assert row == ("西湖公园门口", KEPT), "a later value stands, and what was not named"
        (line,) = lines_by_id(workplace.connection, [made.line])
        assert line.destroyed.startswith("XH-")
    with desk.working() as workplace:
        workplace.idle(0.01)
        assert not purge.wants_scrub(workplace.connection)
    assert words_in(desk.file) == set()


def test_before_its_number_it_is_a_wish(desk: Desk) -> None:
    with desk.working() as workplace:
        done = night(workplace)
        assert personal_of(workplace.connection, "log_entry", done.line).values
        assert verify(workplace.connection).purged == 0
        receive(workplace, done.numbered)
        assert not personal_of(workplace.connection, "log_entry", done.line).values
        assert verify(workplace.connection).findings == []
        workplace.execute(EditIncident(id=done.incident, fields={"place": "新地点"}))
        assert verify(workplace.connection).findings == [], "an own edit keeps no former value of that field"


def test_the_inbox_too(desk: Desk) -> None:
    with desk.working() as workplace:
        done = night(workplace)
        workplace.exchange(
            lambda c, _: Taken(outbox.refuse(c, done.line, "not_your_scope", {}, desk.clock.now()))
        )
        others = [one for one in done.numbered if GONE[0] not in str(one.p)]
        receive(workplace, others)
        group = refused_group(workplace.connection, done.line)
        assert group is not None
        assert [said.hidden for said in group.group.changes[0].fields if said.name == "text"] == [True]
        assert {finding.code for finding in verify(workplace.connection).findings} == set()
        purge.scrub(workplace.connection)
    assert GONE[0] not in words_in(desk.file)


def codes(findings: list[Finding]) -> set[str]:
    """What was found."""
    return {finding.code for finding in findings}


def test_verify_tells_destroyed_from_taken_away(made: Night, desk: Desk) -> None:
    with desk.working() as workplace:
        done = night(workplace)
        connection = workplace.connection
        body = connection.execute(
            "SELECT body FROM private_value WHERE change_id = ?", (done.line.bytes,)
        ).fetchone()
        receive(workplace, done.numbered)
        connection.execute(
            "INSERT INTO private_value (change_id, row_id, body) VALUES (?, ?, ?)",
            (done.line.bytes, done.line.bytes, *body),
        )
        assert "value_not_destroyed" in codes(verify(connection).findings)
        purge.rebuild(connection)
        assert verify(connection).findings == [], "made anew is carried out again"
        connection.execute("DELETE FROM destroyed WHERE former")
        assert codes(verify(connection).findings) == {"projection_differs"}
        purge.rebuild(connection)
        connection.execute(
            "DELETE FROM private_value WHERE change_id = (SELECT max(change_id) FROM private_value)"
        )
        assert "value_missing" in codes(verify(connection).findings)


def test_a_restored_file_destroys_first(made: Night, desk: Desk, tmp_path: Path) -> None:
    old = tmp_path / "old.sqlite3"
    with desk.working() as workplace:
        receive(workplace, made.before)
        backup(workplace.connection, desk.file, old)
        receive(workplace, made.after)
        clean = tmp_path / "clean.sqlite3"
        backup(workplace.connection, desk.file, clean)
    assert words_in(old) == set(GONE)
    assert words_in(clean) == set(), "the next backup has nothing of it"
    other = Desk(tmp_path / "restored")
    other.directory.make()
    old.replace(other.file)
    with other.working() as workplace:
        certificates = certificates_of(desk.file)
        workplace.exchange(lambda connection, device: carry(connection, device, certificates))
        assert not personal_of(workplace.connection, "log_entry", made.line).values
    assert words_in(other.file) == set()


# --- who signs


def test_two_persons_with_their_roles(desk: Desk) -> None:
    with desk.working() as workplace:
        officer, chief = signers(workplace)
        done = night(workplace)
        line = wish("log_entry", done.line)
        for who, code in (
            ((officer, officer), "two_persons_sign"),
            ((chief, officer), "may_not_assess"),
            ((chief, chief), "two_persons_sign"),
        ):
            with pytest.raises(Refused) as refused:
                certify(workplace, who, line)
            assert refused.value.code == code
        with pytest.raises(Refused, match="nothing_to_destroy"):
            certify(workplace, (officer, chief), wish("log_entry", done.line, fields=["late_reason"]))
        assert "Certify" not in COMMANDS
        assert Certify.name == "Certify"


def test_signing_wants_both_passwords(desk: Desk) -> None:
    with desk.working() as workplace:
        done = night(workplace)
        officer, chief = signers(workplace)
        here = AtOnce(workplace)
        signing = Signing(here, wish("log_entry", done.line))
        with pytest.raises(Refused, match="nobody_can_sign"):
            signing.assess(Signature(login="aq", password="一二三四五六"))
        keep_credential(here, officer, "aq", "一二三四五六")
        keep_credential(here, chief, "db", "六五四三二一")
        with pytest.raises(Refused, match="may_not_assess"):
            signing.assess(Signature(login="db", password="六五四三二一"))
        with pytest.raises(Refused, match="may_not_assess"):
            signing.approve(Signature(login="db", password="六五四三二一"))
        with pytest.raises(Refused, match="wrong_password"):
            signing.assess(Signature(login="aq", password="猜的口令"))
        assert signing.assess(Signature(login="aq", password="一二三四五六")) == officer
        with pytest.raises(Refused, match="two_persons_sign"):
            signing.approve(Signature(login="aq", password="一二三四五六"))
        outcome = signing.approve(Signature(login="db", password="六五四三二一"))
        row = workplace.connection.execute(
            "SELECT assessed_by_id, approved_by_id, typed_by_id FROM certificate WHERE id = ?",
            (outcome.ids[0].bytes,),
        ).fetchone()
        assert row == (officer.bytes, chief.bytes, chief.bytes)
        events = workplace.connection.execute("SELECT action, count FROM access_event").fetchall()
        assert ("purged", 2) in events
    assert Words("zh_CN")("purge.destroyed", number="XH-1")
