"""The contracts that every record type keeps: round trip, canonical bytes, access, tables, catalogue-free."""

from __future__ import annotations

import itertools
import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commandcenter.domain import change as entries
from commandcenter.domain.access import ACCESS, EVERYBODY, NOBODY, require
from commandcenter.domain.change import (
    Change,
    Edit,
    Grow,
    Private,
    Sealed,
    decode,
    encode,
    opened,
    seal_created,
)
from commandcenter.domain.codes import EVENT_CODE, ROLES, TABLES
from commandcenter.domain.errors import Refused
from commandcenter.domain.fields import check, from_plain, plain
from commandcenter.domain.record import REGISTRY, Kind, make, values_of
from commandcenter.services.reference import is_code
from db.desk.statements import CODECS
from db.desk.store import insert_row, keep_private
from db.tables import RECORDS
from tests.domain import strategies
from tests.services.desk import Desk

SALT = bytes(range(16))
DEVICE = UUID("01890000-0000-7000-8000-0000000000de")
FIRST = UUID("01890000-0000-7000-8000-000000000001")
SECOND = UUID("01890000-0000-7000-8000-000000000002")
THIRD = UUID("01890000-0000-7000-8000-000000000003")
CARD = UUID("01890000-0000-7000-8000-0000000000ca")
PERSON = UUID("01890000-0000-7000-8000-0000000000a1")
AT = datetime(2026, 7, 28, 6, 31, 40, 123_000, tzinfo=UTC)

every_kind = pytest.mark.parametrize("kind", strategies.KINDS, ids=lambda kind: kind.name)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty desk's file."""
    desk = Desk(tmp_path_factory.mktemp("records") / "desk")
    desk.open().close()
    return desk.file


@pytest.fixture
def connection(file: Path) -> Iterator[sqlite3.Connection]:
    """A connection whose changes are taken back."""
    with closing(sqlite3.connect(file, isolation_level=None)) as opened_file:
        opened_file.execute("BEGIN")
        yield opened_file
        opened_file.execute("ROLLBACK")


def salts() -> Iterator[bytes]:
    """A different salt every time."""
    return (number.to_bytes(16, "big") for number in itertools.count(1))


@every_kind
@settings(max_examples=40)
@given(data=st.data())
def test_round_trip(kind: Kind, connection: sqlite3.Connection, data: st.DataObject) -> None:
    """make → seal → encode → decode → open → insert → row: what was said comes back, to the character."""
    given_values = data.draw(strategies.records(kind))
    change_id, row_id = data.draw(st.tuples(strategies.ids, strategies.ids))
    values = values_of(make(kind.name, row_id, given_values))
    for name, type_ in kind.types.items():
        check(name, type_, values[name])
        said = given_values.get(name)
        if said not in (None, ""):  # no text and empty text are one
            assert values[name] == (tuple(sorted(said)) if type_.shape == "codes" else said)

    salt = salts()
    sealed, private = seal_created(kind, values, lambda: next(salt))
    change = Change(
        id=change_id, group=change_id, device=DEVICE, n=1, kind=kind.name, row=row_id, at=AT, set=sealed
    )
    written = encode(change)
    read = decode(written)
    assert read == change
    assert encode(read) == written
    assert read.set is not None
    for name in kind.personal():
        assert values[name] is None or isinstance(read.set[name], Sealed), "in clear"
        assert (name in private) == (values[name] is not None)
    back = values_of(
        make(
            kind.name,
            row_id,
            {name: opened(kind.types[name], value, private.get(name)) for name, value in read.set.items()},
        )
    )
    assert back == values

    connection.execute("SAVEPOINT one")
    keep_private(connection, kind, change_id, row_id, private, values)
    insert_row(connection, kind, change_id, row_id, values, {"typed_desk_id": DEVICE, "typed_at": AT})
    codec = CODECS[kind.name]
    row = codec.row(connection.execute(codec.select, (row_id.bytes,)).fetchone())
    connection.execute("ROLLBACK TO one")
    assert {name: row[name] for name in kind.types} == values
    assert (row["id"], row["typed_desk_id"], row["typed_at"], row["extra"]) == (row_id, DEVICE, AT, None)


@every_kind
@settings(max_examples=20)
@given(data=st.data())
def test_a_value_survives_as_json(kind: Kind, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(kind.types)))
    type_ = kind.types[name]
    value = data.draw(strategies.values(type_))
    due = tuple(sorted(value)) if isinstance(value, tuple) else value
    if value is None:
        due = {"flag": False, "codes": ()}.get(type_.shape)
    assert from_plain(type_, plain(type_, value)) == due


@every_kind
def test_access_is_listed_for_what_the_nature_allows(kind: Kind) -> None:
    """A fact is only ever added; a card is added and edited; nothing else exists, nobody unknown may."""
    listed = {action for name, action in ACCESS if name == kind.name}
    assert listed == ({"add"} if kind.nature == "fact" else {"add", "edit"})
    for action in listed:
        roles = ACCESS[kind.name, action]
        assert roles
        assert roles <= EVERYBODY
        for role in roles:
            require(kind.name, action, [role])
        for role in {*ROLES, *NOBODY, "somebody"} - roles:
            with pytest.raises(Refused, match="not_allowed"):
                require(kind.name, action, [role])
    for action in {"add", "edit", "delete", "strike"} - listed:
        with pytest.raises(Refused, match="not_allowed"):
            require(kind.name, action, EVERYBODY)


def test_access_lists_no_unknown_kind_or_role() -> None:
    assert {name for name, _ in ACCESS} == REGISTRY.keys()
    assert set(ROLES) == EVERYBODY - NOBODY
    with pytest.raises(Refused, match="not_allowed"):
        require("no_such_kind", "add", EVERYBODY)


@every_kind
def test_the_definition_is_whole(kind: Kind) -> None:
    table = RECORDS[kind.name]
    assert set(kind.types) < set(table.columns.keys())
    assert ("heads" in table.columns) == (kind.nature == "card")
    assert kind.title in {*kind.types, ""}
    assert not (kind.strikable and kind.nature == "card")
    for name, type_ in kind.types.items():
        assert type_.merge != "grow" or type_.shape == "codes", name
        assert not type_.personal or type_.shape == "text", name
        if type_.shape == "reference":
            assert type_.target == "" or type_.target in REGISTRY, name
            assert name.endswith("_id")
        if type_.shape == "instant":
            assert name.endswith("_at")
        if type_.table:
            assert type_.table == EVENT_CODE or type_.table in TABLES, name
            assert all(is_code(type_.table, code) for code in strategies.codes(type_.table))
            assert not is_code(type_.table, "")


# --- the entry's bytes are final: whoever changes one of these changes every chain there is


def golden(kind: str, **more: Any) -> Change:
    """A change with everything that does not vary here."""
    return Change(kind=kind, device=DEVICE, at=AT, **more)


def sealed(kind: str, values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Private]]:
    """The values sealed with the one salt of these examples."""
    return seal_created(REGISTRY[kind], values, lambda: SALT)


FACT = (
    b'{"at":"2026-07-28T06:31:40.123Z","by":"01890000-0000-7000-8000-0000000000a1",'
    b'"device":"01890000-0000-7000-8000-0000000000de","id":"01890000-0000-7000-8000-000000000001",'
    b'"kind":"log_entry","n":1,"offset":-250,"set":{"channel":"phone","counterpart":'
    b'{"#":"601fff15d4b696a7e731c96b822867c35ae52d6225de5595cdd39f7c0632603d"},"happened_at":"2026-07-28T06:31:40.123Z","importance":"normal",'
    b'"scope_id":"01890000-0000-7000-8000-0000000000ca","text":{"#":"7a882136b1bff7016f3fbdaf9c81222f47e545650032a38cd3357bb498f97629"}},"v":1}'
)
EDIT = (
    b'{"at":"2026-07-28T06:31:40.123Z","device":"01890000-0000-7000-8000-0000000000de","edit":{"grade":'
    b'{"from":null,"on":[],"to":"major"},"place":{"from":{"#":"62e04823c908e9d4edbd59ef5fc944f5bd820155b89244a04d445ec27be00bba"},"on":['
    b'"01890000-0000-7000-8000-000000000001","01890000-0000-7000-8000-000000000003"],"to":{"#":"ecd95198aae521627c20e5856e4daa1e807b427aa0e9996c22120c4e165f9926"}}},'
    b'"group":"01890000-0000-7000-8000-000000000001","id":"01890000-0000-7000-8000-000000000002",'
    b'"kind":"incident","n":2,"row":"01890000-0000-7000-8000-0000000000ca","v":1}'
)
GROW = (
    b'{"at":"2026-07-28T06:31:40.123Z","batch":"01890000-0000-7000-8000-000000000001",'
    b'"device":"01890000-0000-7000-8000-0000000000de","edit":{"roles":{"add":["duty_chief","leader"],'
    b'"drop":{"duty_officer":["01890000-0000-7000-8000-000000000001",'
    b'"01890000-0000-7000-8000-000000000002"]}}},"id":"01890000-0000-7000-8000-000000000003",'
    b'"kind":"person","n":3,"row":"01890000-0000-7000-8000-0000000000ca","v":1}'
)


def test_golden_bytes_of_a_fact_with_personal_text() -> None:
    set_, private = sealed(
        "log_entry",
        {
            "happened_at": AT,
            "text": "东湖路积水\n“约40厘米”/😀",
            "counterpart": "王某",
            "channel": "phone",
            "importance": "normal",
            "scope_id": CARD,
        },
    )
    change = golden("log_entry", id=FIRST, group=FIRST, row=FIRST, n=1, by=PERSON, offset_ms=-250, set=set_)
    assert private["text"].salt == SALT
    assert encode(change) == FACT
    assert decode(FACT) == change


def test_golden_bytes_of_a_card_edit_with_bases() -> None:
    edits, private = entries.seal_edited(
        REGISTRY["incident"],
        {
            "place": Edit(to="东湖路北段", former="东湖路", on=(THIRD, FIRST)),
            "grade": Edit(to="major", former=None),
        },
        lambda: SALT,
    )
    change = golden("incident", id=SECOND, group=FIRST, row=CARD, n=2, edit=edits)
    assert (private["place"].value, private["place"].former) == ("东湖路北段", "东湖路")
    assert encode(change) == EDIT
    assert encode(decode(EDIT)) == EDIT


def test_golden_bytes_of_a_growing_set() -> None:
    grow = Grow(add=("leader", "duty_chief"), drop={"duty_officer": (SECOND, FIRST)})
    change = golden("person", id=THIRD, group=THIRD, batch=FIRST, row=CARD, n=3, edit={"roles": grow})
    assert encode(change) == GROW
    assert encode(decode(GROW)) == GROW


def test_golden_hashes_of_the_chain() -> None:
    head = entries.GENESIS
    for data in (FACT, EDIT, GROW):
        head = entries.link(head, data)
    assert head.hex() == "d2e9985069dd208dc7606a570ae73b3c97a27b245b0f86cfd86e227913ca0934"


def test_golden_id_of_a_shipped_row() -> None:
    set_, _ = sealed("setting", {"key": "late_after_s", "value": "1800"})
    assert entries.shipped_id(CARD, "setting", set_) == UUID("cf05451b-70c1-5cd8-8630-622e5e6b4048")


@pytest.mark.parametrize(
    "data",
    [b"", b"{}", b"[]", b"null", b"\xff", FACT[:-1], FACT.replace(b'"v":1', b'"v":2'), b'{"v":1}',
     FACT.replace(b'"id":"0189', b'"id":"zzzz'), FACT.replace(b"2026-07-28T06:31:40.123Z", b"yesterday"),
     EDIT.replace(b'"on":[]', b'"on":5')],
)  # fmt: skip
def test_what_is_no_entry_is_said_to_be_none(data: bytes) -> None:
    with pytest.raises(ValueError):
        decode(data)


@given(
    data=st.binary(max_size=60)
    | st.recursive(
        st.none() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    ).map(lambda value: json.dumps(value).encode())
)
def test_any_bytes_are_an_entry_or_a_value_error(data: bytes) -> None:
    with pytest.raises(ValueError):
        decode(data)
