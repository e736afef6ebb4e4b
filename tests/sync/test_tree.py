"""Tests of a tree that changes under a street's desk: what it may see goes and comes with it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from commandcenter.runtime import DataDirectory, open_workplace
from commandcenter.services.reference import shipped_row_id
from db.desk import projections
from db.desk.verify import verify
from tests.cli.terminal import here, listed, process
from tests.sync.centre import STREET, CentreProcess, sync, until
from tests.sync.test_live import desk, quiet

OTHER = "350502002"


PASSWORD = b"correct horse battery\n"


def do(data: Path, command: str, *, by: str = "", **said: Any) -> dict[str, Any]:
    """A command; ``by``: in whose name, with the password."""
    if by:
        arguments: list[str | Path] = ["do", command, "-", "--as", by, "--data", data]
        answer = process(arguments, stdin=PASSWORD + json.dumps(said).encode())
    else:
        answer = here("do", command, json.dumps(said), "--data", data)
    assert answer.code == 0, answer
    document: dict[str, Any] = answer.document
    return document


def texts(data: Path) -> set[str]:
    return {row["text"] for row in listed(data, "log_entry")}


def titles(data: Path) -> set[str]:
    return {row["title"] for row in listed(data, "incident")}


def sound(data: Path) -> None:
    workplace = open_workplace(DataDirectory(data), "licheng")
    try:
        assert verify(workplace.connection).findings == []
        assert projections.differing(workplace.connection) == {}
    finally:
        workplace.close()


@pytest.mark.timeout(180)
def test_what_a_desk_sees_follows_the_tree(centre: CentreProcess, tmp_path: Path) -> None:
    """A community goes from one street to the other: its lines, its incidents and its people's phones too."""
    district, was, becomes, wrote = (tmp_path / name for name in ("district", "was", "becomes", "wrote"))
    street, other = (str(shipped_row_id("organisation", code)) for code in (STREET, OTHER))
    community = next(row for row in listed(wrote, "organisation") if row["parent_id"] == street)
    assert process(["admin", "create", "lin", "--data", centre.folder], stdin=PASSWORD).code == 0
    for data, scope in ((district, "350502"), (was, STREET), (becomes, OTHER), (wrote, community["code"])):
        assert centre.enrol(data, scope).code == 0
    do(wrote, "WriteLogEntry", text="社区的一条")
    for data in (wrote, district):
        assert sync(data).code == 0
    team = {"name": "社区队", "category": "grassroots", "duty_phone": "22300001"}
    do(wrote, "AddCard", by="lin", kind="team", fields=team)
    do(was, "WriteLogEntry", text="街道自己的")
    begun = do(wrote, "WriteLogEntry", text="社区来电")
    do(wrote, "OpenIncident", title="社区积水", event_code="11A01", from_entry_id=begun["ids"][0])
    for data in (wrote, was, district, becomes, was):
        assert sync(data).code == 0
    assert texts(was) == {"社区的一条", "街道自己的", "社区来电"} and titles(was) == {"社区积水"}
    assert texts(becomes) == set() and titles(becomes) == set()

    def phone(data: Path) -> Any:
        return next(row["duty_phone"] for row in listed(data, "team") if row["name"] == "社区队")

    assert (phone(was), phone(becomes)) == ("22300001", None)
    with desk(was) as one, desk(becomes) as two:
        for desktop in (one, two):
            quiet(desktop)
        moved = {"parent_id": other}
        do(district, "EditCard", by="lin", kind="organisation", id=community["id"], fields=moved)
        assert sync(district).code == 0

        def held(desktop: Any) -> set[str]:
            asked = desktop.ask(lambda c: c.execute("SELECT text FROM log_entry").fetchall())
            return {text for (text,) in asked.result(10)}

        until(lambda: held(one) == {"街道自己的"}, "still sees what is no longer its street's", 30)
        until(lambda: held(two) == {"社区的一条", "社区来电"}, "does not see what is its street's now", 30)
        do(wrote, "WriteLogEntry", text="搬过去以后的一条")
        assert sync(wrote).code == 0
        until(lambda: "搬过去以后的一条" in held(two), "the stream does not know", 30)
        assert held(one) == {"街道自己的"}
    assert (titles(was), titles(becomes)) == (set(), {"社区积水"})
    assert (phone(was), phone(becomes)) == (None, "22300001")
    for data in (was, becomes, district, wrote):
        assert sync(data).code == 0
        sound(data)
