"""The proof of destruction at the centre, on a file and on PostgreSQL: from push to backup and restore."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Engine, text

from commandcenter.domain.change import decode
from commandcenter.domain.clock import to_ms
from commandcenter.domain.errors import Refused
from commandcenter.domain.purge import require_signers
from commandcenter.protocol.messages import OfferRequest, Position, PushRequest
from commandcenter.server import restore
from commandcenter.services.first_start import shipped_changes
from commandcenter.services.reference import is_code
from db.centre import purge
from db.centre.backup import copy_to
from db.centre.engine import FILE, open_centre
from db.centre.judgement import Caller
from db.centre.store import CentreStore
from db.desk import exchange, outbox
from db.desk.exchange import Taken
from db.desk.incoming import Incoming
from db.desk.verify import verify
from db.queries.purge import personal_of
from tests.db.postgres import programs
from tests.db.purging import GONE, KEPT, Night, certify, night, signers, wish, words_in
from tests.server.databases import KINDS, centre_database
from tests.services.desk import Desk

NOW = datetime(2026, 7, 28, 6, 40, tzinfo=UTC)


@pytest.fixture(params=KINDS)
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """An empty centre's database."""
    with centre_database(request, tmp_path_factory) as made:
        yield made


def store_of(engine: Engine) -> CentreStore:
    """Its store."""
    store = CentreStore(engine, is_code=is_code, shipped=shipped_changes, now=lambda: NOW)
    store.open()
    return store


def caller(device: UUID, scope: UUID | None = None, *roles: str) -> Caller:
    """A desk of the district, or of a scope."""
    return Caller(
        device=device,
        devices=frozenset({device}),
        scope_id=scope,
        roles=("desk", *(roles or ("unsigned",))),
        scopes=frozenset({scope}),
        district_id=None if scope is None else UUID(int=0xD1),
    )


def round_(store: CentreStore, desk: Desk, speaker: Caller | None = None) -> None:
    """One push and the pages after it, by way of the real exchange."""
    with desk.working() as workplace:
        connection = workplace.connection
        who = speaker or caller(workplace.device)
        for _ in range(12):
            push = exchange.push_request(connection, NOW) if exchange.position(connection).epoch else None
            if push is not None:
                answer = store.push(who, push)
                workplace.exchange(lambda c, _, a=answer: exchange.take_push(c, a, NOW))  # type: ignore[misc]
            here = exchange.position(connection)
            page = store.feed(who, here)
            taken = workplace.exchange(lambda c, d, h=here, p=page: exchange.take_page(c, d, h, p))  # type: ignore[misc]
            assert not taken.differing
            if not (page.entries or taken.met_epoch or push):
                return
    raise AssertionError("no end")


def dump(engine: Engine) -> str:
    """Everything the database says, as text; bytes as text too."""
    if engine.dialect.name == "postgresql":
        where = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        done = subprocess.run(
            [programs() / "pg_dump", "--inserts", where], capture_output=True, text=True, check=True
        )
        return done.stdout
    purge.scrub(engine)
    file = Path(str(engine.url.database))
    return "".join(
        word for word in (*GONE, KEPT) if word in words_in(file) or word.encode() in file.read_bytes()
    )


def told(text_: str) -> set[str]:
    """Which of the words that are to go it says, in clear or as the hex of their bytes."""
    return {word for word in GONE if word in text_ or word.encode().hex() in text_}


def test_from_one_desk_to_another(engine: Engine, tmp_path: Path) -> None:
    store = store_of(engine)
    one, other, late = (Desk(tmp_path / name) for name in ("one", "other", "late"))
    with one.working() as workplace:
        who = signers(workplace)
        made = night(workplace)
    round_(store, one)
    round_(store, other)
    with other.working() as workplace:
        assert not personal_of(workplace.connection, "log_entry", made.line).values
        second = certify(workplace, who, wish("incident", made.incident, fields=["title"]))
        again = wish("log_entry", made.line)
        with pytest.raises(Refused, match="nothing_to_destroy"):
            certify(workplace, who, again)
    for desk in (other, one, late):
        round_(store, desk)
    for desk in (one, other, late):
        with desk.working() as workplace:
            assert verify(workplace.connection).findings == []
            found = workplace.connection.execute("SELECT id FROM certificate").fetchall()
            assert {UUID(bytes=id_) for (id_,) in found} == {*made.certificates, second}
            assert workplace.connection.execute("SELECT title, known FROM incident").fetchall() == [
                (None, KEPT)
            ]
            workplace.idle(0.01)
        assert words_in(desk.file) == set()
    said = dump(engine)
    assert told(said) == set()
    assert KEPT in said or KEPT.encode().hex() in said, "a dump that says nothing proves nothing"
    page = store.feed(caller(UUID(int=9)), Position(epoch=store.head().epoch, n=0), 1000)
    assert not any(entry.lacks for entry in page.entries if not entry.p)


def offers(store: CentreStore, made: Night, seed: int) -> None:
    """The night offered in another order, an entry at a time; a card before its edits, as every desk does."""
    entries = made.offered
    random.Random(seed).shuffle(entries)
    entries.sort(key=lambda entry: decode(bytes(entry.e)).id != made.incident)
    for entry in entries:
        request = OfferRequest(position=store.head(), entries=[entry])
        store.offer(caller(UUID(int=9)), request)


@pytest.mark.parametrize("seed", range(4))
def test_any_order_of_arrival(engine: Engine, tmp_path: Path, seed: int) -> None:
    with Desk(tmp_path / "desk").working() as workplace:
        made = night(workplace)
    store = store_of(engine)
    offers(store, made, seed)
    assert told(dump(engine)) == set()
    with engine.begin() as connection:
        rows = connection.execute(text("SELECT place, known FROM incident")).all()
        assert rows == [("西湖公园门口", KEPT)]
        assert connection.execute(text("SELECT text FROM log_entry")).all() == [(None,)]
        (beside,) = connection.execute(
            text("SELECT count(*) FROM private_value WHERE change_id = :id"),
            {"id": made.line if engine.dialect.name == "postgresql" else made.line.bytes},
        ).one()
        assert beside == 0


def test_the_intake_asks_the_rule_again(engine: Engine, tmp_path: Path) -> None:
    """A desk that lets anybody sign is not believed, and a street's is not the district's."""
    store = store_of(engine)
    desk = Desk(tmp_path / "desk")
    with desk.working() as workplace:
        night(workplace)
        connection = workplace.connection
        street, here, codes, through = caller(workplace.device, UUID(int=0x5A)), store.head(), [], 0
        while (parcel := outbox.next_parcel(connection, after=through)) is not None:
            through = parcel.through
            push = PushRequest(position=here, now=to_ms(NOW), groups=parcel.groups)
            codes += [one.code for one in store.push(street, push).verdicts]
        assert set(codes[-3:]) <= {"not_your_scope", "not_allowed"}, "the persons were refused before them"
    with engine.begin() as core:
        assert core.execute(text("SELECT count(*) FROM certificate")).scalar() == 0
        assert core.execute(text("SELECT count(*) FROM destroyed")).scalar() == 0


def test_the_rule_of_the_signers() -> None:
    officer, chief, other = (UUID(int=n) for n in (1, 2, 3))
    roles = {officer: ("security_officer",), chief: ("duty_chief",), other: ("duty_officer",)}
    for assessed, approved, by, district, code in (
        (officer, chief, chief, True, None),
        (officer, chief, chief, False, "not_your_scope"),
        (officer, chief, officer, True, "may_not_approve"),
        (officer, officer, officer, True, "two_persons_sign"),
        (other, chief, chief, True, "may_not_assess"),
        (officer, other, other, True, "may_not_approve"),
        (None, chief, chief, True, "may_not_assess"),
    ):
        said = {"assessed_by_id": assessed, "approved_by_id": approved}
        if code is None:
            require_signers(said, by, roles, district=district)
            continue
        with pytest.raises(Refused) as refused:
            require_signers(said, by, roles, district=district)
        assert refused.value.code == code


def test_a_signer_who_lost_the_role(engine: Engine, tmp_path: Path) -> None:
    """The counterexample for waiting: the centre says no, and nothing was destroyed anywhere."""
    store = store_of(engine)
    desk = Desk(tmp_path / "desk")
    with desk.working() as workplace:
        made = night(workplace)
    round_(store, desk)
    with engine.begin() as connection:
        connection.execute(text("UPDATE person SET roles = '[]'"))
    with desk.working() as workplace:
        officer, chief = signers_of(workplace.connection)
        refused = certify(workplace, (officer, chief), wish("incident", made.incident, fields=["known"]))
    round_(store, desk)
    with desk.working() as workplace:
        inbox = workplace.connection.execute("SELECT group_id, code FROM refusal").fetchall()
        assert (refused.bytes, "may_not_assess") in inbox or inbox[0][1] in ("may_not_assess", "not_allowed")
        assert personal_of(workplace.connection, "incident", made.incident).counts["incident", "known"] == 1
        assert verify(workplace.connection).findings == []


def signers_of(connection: object) -> tuple[UUID, UUID]:
    """Those of the night."""
    found = connection.execute("SELECT id, roles FROM person").fetchall()  # type: ignore[attr-defined]
    by_role = {roles: UUID(bytes=id_) for id_, roles in found}
    return by_role['["security_officer"]'], by_role['["duty_chief"]']


def test_a_restored_centre_destroys_before_it_tells(tmp_path: Path) -> None:
    data = tmp_path / "centre"
    engine = open_centre(None, data)
    from alembic import command

    from db.desk.upgrade import configuration

    with engine.begin() as core:
        command.upgrade(configuration(core), "head")
    store = store_of(engine)
    with Desk(tmp_path / "desk").working() as workplace:
        made = night(workplace)
    ask = caller(UUID(int=9))
    words = [one for one in made.offered if one.n <= len(made.before)]
    store.offer(ask, OfferRequest(position=store.head(), entries=words))
    old, clean = tmp_path / "old.sqlite3", tmp_path / "clean.sqlite3"
    copy_to(engine, old)
    store.offer(ask, OfferRequest(position=store.head(), entries=made.offered[len(words) :]))
    copy_to(engine, clean)
    engine.dispose()
    assert words_in(old) == set(GONE)
    assert words_in(clean) == set(), "the next backup has nothing of it"
    restore.file(data, old, store_of, NOW)
    engine = open_centre(None, data)
    try:
        page = store_of(engine).feed(ask, Position(epoch=store_of(engine).head().epoch, n=0), 1000)
        said = "".join(str(entry.p) for entry in page.entries)
        assert {word for word in GONE if word in said} == set()
        assert KEPT in said
        purge.scrub(engine)
    finally:
        engine.dispose()
    assert words_in(data / FILE) == set()


def test_a_desk_offers_certificates_first(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "desk")
    with desk.working() as workplace:
        made = night(workplace)
        workplace.exchange(lambda c, d: Taken(change_set=Incoming(c, d).take(made.numbered)))
        offered = outbox.to_offer(workplace.connection, 99, [(99, 0)])
    assert {one.n for one in offered[: len(made.certificates)]} == {
        one.n for one in made.after if b'"kind":"certificate"' in bytes(one.e)
    }
    assert not any(word in str(one.p) for one in offered for word in GONE)
