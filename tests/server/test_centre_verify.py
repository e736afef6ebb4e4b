"""Tests of the centre's verification: it finds each thing that was altered, and nothing where nothing was."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection, delete, func, insert, select, text, update

from commandcenter.runtime import new_id
from commandcenter.server.centre_key import make_key
from commandcenter.server.first_admin import person_entry
from commandcenter.server.heads import Heads, as_json, signed
from commandcenter.server.verification import check, document
from commandcenter.services.first_start import district_of, shipped_changes
from commandcenter.words import Words
from db.centre import heads
from db.centre.engine import CentreEngine, reading
from db.centre.tables import epoch, feed_head
from db.tables import RECORDS, chain, digest, journal, private_value
from tests.cli.terminal import here
from tests.server.running import Pen, made_store, now
from tests.simulation.drive import run

LINES = RECORDS["log_entry"]


def filled(engine: CentreEngine) -> Pen:
    """A centre with a person's card and six lines."""
    store, pen = made_store(engine), Pen()
    with engine.begin() as connection:
        make_key(connection, now())
    person_entry(store, new_id(), "chen", district_of("licheng"), new_id, now())
    store.push(pen.caller, pen.request(*"abcdef", position=store.head()))
    return pen


def _bytes(connection: Connection) -> None:
    old = bytes(connection.execute(select(journal.c.bytes).where(journal.c.seq == 4)).scalar_one())
    connection.execute(update(journal).where(journal.c.seq == 4).values(bytes=old.replace(b":0,", b":1,", 1)))


def _swapped(connection: Connection) -> None:
    for old, new in ((4, 99), (5, 4), (99, 5)):
        connection.execute(update(journal).where(journal.c.seq == old).values(seq=new, number=new))


def _dropped(connection: Connection) -> None:
    row = connection.execute(select(journal.c.id).where(journal.c.seq == 7)).scalar_one()
    connection.execute(delete(journal).where(journal.c.seq == 7))
    connection.execute(delete(LINES).where(LINES.c.id == row))


def _values(connection: Connection) -> None:
    connection.execute(
        delete(private_value).where(private_value.c.change_id.in_(select(LINES.c.id).limit(1)))
    )


TAMPERED: dict[str, tuple[Callable[[Connection], object], set[str]]] = {
    "an entry's bytes": (_bytes, {"entry_altered", "feed_head_differs", "row_altered"}),
    "the order": (_swapped, {"chain_twice", "entry_altered", "feed_head_differs", "digest_differs"}),
    "the newest dropped": (_dropped, {"feed_gap", "value", "digest_differs", "row_without_entry"}),
    "a personal value": (_values, {"value_missing", "row_altered"}),
    "a row": (lambda c: c.execute(update(LINES).values(channel="fax")), {"row_altered"}),
    "a card": (lambda c: c.execute(update(RECORDS["person"]).values(roles=["wall"])), {"row_altered"}),
    "a row too many": (
        lambda c: c.execute(insert(LINES), {"id": new_id(), "happened_at": now(), "text": "x"}),
        {"row_without_entry"},
    ),
    "a row gone": (lambda c: c.execute(delete(LINES)), {"row_missing"}),
    "a digest": (lambda c: c.execute(update(digest).values(sum=digest.c.sum + 1)), {"digest_differs"}),
    "the head": (lambda c: c.execute(update(feed_head).values(hash=bytes(32))), {"feed_head_differs"}),
    "a chain's head": (lambda c: c.execute(update(chain).values(hash=bytes(32))), {"chain_head_differs"}),
    "an epoch": (lambda c: c.execute(update(epoch).values(epoch=1)), {"epochs_differ", "epoch_differs"}),
    "whose it is": (lambda c: c.execute(update(journal).values(scope_id=new_id())), {"entry_misfiled"}),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_what_was_altered_is_found(engine: CentreEngine, tmp_path: Path, what: str) -> None:
    filled(engine)
    assert check(engine, tmp_path, [], now(), shipped=shipped_changes())[0].findings == []
    alter, codes = TAMPERED[what]
    with engine.begin() as connection:
        alter(connection)
    result, noted = check(engine, tmp_path, [], now(), shipped=shipped_changes())
    found = {finding.code for finding in result.findings}
    assert found & codes, f"{what}: {found}"
    assert noted is None, "what is not sound is not signed"
    for language in ("zh_CN", "en"):
        words = Words(language)
        said = document(result, None, words, lambda kind: kind)
        assert said["exit"] == 2 and all(one["sentence"] for one in said["findings"])
    engine.dispose()


def test_a_head_that_somebody_holds(engine: CentreEngine, tmp_path: Path) -> None:
    """What the file alone cannot tell: the newest entries removed with everything that spoke of them."""
    filled(engine)
    with engine.begin() as connection:
        key = make_key(connection, now())
        head = signed(connection, key, now())
        third = heads.newest(connection)
    held = tmp_path / "anchors.jsonl"
    forged = {**as_json(head), "hash": "00" * 32}
    held.write_bytes(b'{"torn\n' + json.dumps({"why": "centre", "centre": as_json(head)}).encode() + b"\n")
    result, noted = check(engine, tmp_path, [held], now(), shipped=shipped_changes())
    assert (result.findings, result.heads, third[1]) == ([], 1, head.n) and noted is not None
    with engine.begin() as connection:  # the last line goes without a trace in the file
        connection.execute(delete(journal).where(journal.c.seq >= head.n))
        before = connection.execute(select(func.max(journal.c.seq))).scalar_one()
        connection.execute(update(feed_head).values(n=before))
    codes = {one.code for one in check(engine, tmp_path, [held], now(), shipped=None)[0].findings}
    assert "older_than_head" in codes or "head_differs" in codes
    held.write_text(json.dumps({"why": "centre", "centre": forged}))
    codes = {one.code for one in check(engine, tmp_path, [held], now(), shipped=None)[0].findings}
    assert "head_not_ours" in codes
    engine.dispose()


def test_the_head_is_signed_once_and_not_too_often(engine: CentreEngine) -> None:
    pen = filled(engine)
    store, one = made_store(engine), Heads(engine)
    page = one.put_into(store.feed(pen.caller, store.head()))
    assert page.signed is not None and page.signed.n == page.head
    assert one.put_into(store.feed(pen.caller, store.head())).signed is page.signed
    store.push(pen.caller, pen.request("g", position=store.head()))
    assert one.put_into(store.feed(pen.caller, store.head())).signed is page.signed, "not five times a second"
    assert one.made == 1
    engine.dispose()


@pytest.mark.parametrize("seed", [5, 17, 31])
def test_a_centre_with_a_past_is_sound(seed: int) -> None:
    """Restores, forks, entries offered again: nothing is called altered that was not."""
    store = run(seed, 80).store
    with reading(store.engine) as connection:
        # what the simulation's desks say ships is not what the program ships
        found = [one for one in _checked(connection) if one != "shipped_altered"]
    assert found == []


def _checked(connection: Connection) -> list[str]:
    from db.centre.verify import verify

    return [one.code for one in verify(connection).findings]


def test_the_verb(tmp_path: Path) -> None:
    made = here("code", "new", "--scope", "350502", "--role", "desk", "--data", tmp_path)
    assert made.code == 0, made
    answer = here("centre", "verify", "--data", tmp_path, "--lang", "en")
    assert (answer.code, answer.document["sound"], answer.document["entries"]) == (0, True, 1), answer
    again = here("centre", "verify", "--data", tmp_path)
    assert (again.document["heads"], again.document["entries"]) == (1, 2), (
        "its own head, and the trail's entry"
    )
    missing = here("centre", "verify", "--data", tmp_path, "--heads", tmp_path / "none")
    assert (missing.code, missing.document["unavailable"]) == (3, "no_such_file")
    from db.centre.engine import open_centre

    engine = open_centre(None, tmp_path)
    with engine.begin() as connection:
        connection.execute(text("UPDATE access_event SET action = 'printed'"))
    engine.dispose()
    wrong = here("centre", "verify", "--data", tmp_path, "--lang", "en")
    assert wrong.code == 2 and "was altered" in wrong.document["findings"][0]["sentence"]
