"""The exchange as a user starts it: every desk a folder, every step and the centre processes of their own."""

from __future__ import annotations

import json
import os
import signal
import stat
from pathlib import Path
from typing import Any

import pytest

from commandcenter.lock import Lock
from commandcenter.runtime import DataDirectory
from commandcenter.sync import membership
from tests.cli.terminal import here, listed, process
from tests.sync.centre import STREET, CentreProcess, sync
from tests.sync.stranger import OURS, Asked, Reply, passed_on, stranger


def write(data: Path, text: str) -> None:
    """A line of the log."""
    answer = here("do", "WriteLogEntry", json.dumps({"text": text}), "--data", data)
    assert answer.code == 0, answer


def texts(data: Path) -> list[str]:
    """The log."""
    return [row["text"] for row in listed(data, "log_entry")]


def point(data: Path, url: str) -> None:
    """Let the desk ask at another address, as a cable or a proxy might."""
    found = membership.load(data)
    assert found is not None
    raw = json.loads((data / membership.FILE).read_text())
    (data / membership.FILE).write_text(json.dumps({**raw, "url": url}))


def test_two_desks_one_centre(centre: CentreProcess, tmp_path: Path) -> None:
    """Typed at A, listed at B; the centre is killed in between; nothing is pushed twice."""
    a, b = tmp_path / "a", tmp_path / "b"
    numbers = [centre.enrol(data).document["number"] for data in (a, b)]
    assert numbers == [1, 2]
    assert sync(a).code == 0
    write(a, "东海街道来电")
    done = sync(a).document
    assert (done["pushed"], done["refused"]) == (1, 0)
    centre.stop(signal.SIGKILL)
    write(a, "断线后又一条")
    answer = sync(a)
    assert (answer.code, answer.document["unavailable"]) == (3, "centre_no_answer")
    centre.start()
    assert sync(a).document["pushed"] == 1
    assert sync(b).code == 0
    assert texts(b) == ["东海街道来电", "断线后又一条"]
    assert {row["number"] for row in listed(b, "desk")} == {1, 2}
    assert sync(a).code == 0
    quiet = len(centre.requests())
    assert sync(a).document | {"position": 0} == {"pushed": 0, "pulled": 0, "refused": 0, "position": 0}
    assert centre.requests()[quiet:] == ["GET /v1/feed"]  # a round with nothing to do
    for kind in ("organisation", "person", "setting", "desk", "log_entry"):
        assert listed(a, kind) == listed(b, kind)


def test_the_secrets_lie_beside_the_database(centre: CentreProcess, tmp_path: Path) -> None:
    data = tmp_path / "a"
    assert centre.enrol(data).code == 0
    file = data / "centre.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    found = membership.load(data)
    assert found is not None
    assert here("backup", tmp_path / "copy", "--data", data).code == 0
    assert sync(data).code == 0
    said = [*data.rglob("*"), tmp_path / "copy", centre.log]
    for secret in (found.token.encode(), found.seed.encode()):
        assert [one for one in said if one.is_file() and secret in one.read_bytes()] == [file]
    assert found.token not in repr(found) and found.seed not in repr(found)


def test_a_code_is_shown_to_its_own_centre_only(centre: CentreProcess, tmp_path: Path) -> None:
    """Another centre, and somebody between who shows the right key without having it, get no code."""
    other = CentreProcess(tmp_path / "other")
    other.start()
    try:
        code = other.code()
        answer = process(["enrol", "--server", centre.url, "--code", code, "--data", tmp_path / "a"])
        assert (answer.code, answer.document["refused"]) == (2, "another_centre")
        told: dict[str, Any] = {}

        def between(asked: Asked) -> Reply:
            if "/v1/key" in asked.path:
                told["path"] = told.get("path", asked.path)
                return passed_on(Asked("GET", told["path"], asked.headers, b""), other.url)
            return passed_on(asked, other.url)

        with stranger(between) as server:
            arguments: list[str | Path] = [
                "enrol",
                "--server",
                server.url,
                "--code",
                code,
                "--data",
                tmp_path / "a",
            ]
            here("enrol", "--server", server.url, "--code", other.code(), "--data", tmp_path / "b")
            server.asked.clear()  # the next challenge is answered with the first one's signature
            answer = process(arguments)
            assert (answer.code, answer.document["refused"]) == (2, "another_centre")
            assert [asked.path.partition("?")[0] for asked in server.asked] == ["/v1/key"]
        assert not (tmp_path / "a" / "centre.json").exists()
        assert process([*arguments[:2], other.url, *arguments[3:]]).code == 0  # the code is still good
        answer = process(["enrol", "--server", centre.url, "--code", centre.code(), "--data", tmp_path / "a"])
        assert answer.document["refused"] == "enrolled_elsewhere"
    finally:
        other.stop()


@pytest.mark.parametrize(
    ("server", "code", "refused"),
    [
        ("centre:8710", "2222-2222-2222-2222-2222", "not_an_address"),
        ("http://", "2222-2222-2222-2222-2222", "not_an_address"),
        ("http://127.0.0.1:1", "hello", "code_mistyped"),
    ],
)
def test_what_is_mistyped_is_found_at_the_desk(tmp_path: Path, server: str, code: str, refused: str) -> None:
    answer = here("enrol", "--server", server, "--code", code, "--data", tmp_path / "a")
    assert (answer.code, answer.document["refused"]) == (2, refused)


def test_a_captive_portal_loses_nothing(centre: CentreProcess, tmp_path: Path) -> None:
    """A hotel's login page answers everything with 200: every change stays, and goes up afterwards."""
    a, b = tmp_path / "a", tmp_path / "b"
    for data in (a, b):
        assert centre.enrol(data).code == 0
    write(a, "门户之后")
    with stranger(lambda asked: (200, {"Content-Type": "text/html"}, b"<html>login")) as portal:
        point(a, portal.url)
        answer = sync(a)
        assert (answer.code, answer.document["unavailable"]) == (3, "centre_no_answer")
        assert "not_the_centre" in answer.document["sentence"]
    point(a, centre.url)
    assert sync(a).document["refused"] == 0
    assert sync(b).code == 0
    assert texts(b) == ["门户之后"]


def test_the_proxy_of_the_environment(
    centre: CentreProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The address is known to the proxy only."""
    data = tmp_path / "a"
    assert centre.enrol(data).code == 0
    point(data, "http://centre.example")
    with stranger(lambda asked: passed_on(asked, centre.url)) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        assert sync(data).code == 0
        assert proxy.asked and all(one.path.startswith("http://centre.example/v1/") for one in proxy.asked)


def test_a_parcel_that_is_too_large_is_halved(centre: CentreProcess, tmp_path: Path) -> None:
    """A proxy on the way takes no more than 8,000 bytes of this desk's."""
    data = tmp_path / "a"
    assert centre.enrol(data).code == 0

    def narrow(asked: Asked) -> Reply:
        if len(asked.body) > 8_000:
            return (413, OURS, b'{"code":"too_large"}')
        return passed_on(asked, centre.url)

    with stranger(narrow) as server:
        point(data, server.url)
        answer = sync(data)
        assert answer.code == 0, answer
        assert answer.document["pushed"] > 100
        pushes = [asked for asked in server.asked if asked.path == "/v1/push"]
        assert len(pushes) > 3 and len(pushes[0].body) > 8_000


def test_only_the_holder_of_the_lock_synchronises(centre: CentreProcess, tmp_path: Path) -> None:
    data = tmp_path / "a"
    assert centre.enrol(data).code == 0
    lock = Lock(DataDirectory(data).path, "window")
    assert lock.take()
    try:
        answer = sync(data)
        assert (answer.code, answer.document["unavailable"]) == (3, "directory_held")
        assert str(os.getpid()) in answer.document["sentence"] and "window" in answer.document["sentence"]
    finally:
        lock.release()
    assert sync(data).code == 0


def test_a_desk_that_was_never_enrolled(tmp_path: Path) -> None:
    answer = here("sync", "--once", "--data", tmp_path / "a")
    assert (answer.code, answer.document["refused"]) == (2, "not_enrolled")


def test_a_restored_desk_goes_on_under_a_new_id(centre: CentreProcess, tmp_path: Path) -> None:
    """The backup is older than what the centre has: what it lacks comes back, the chain begins anew."""
    a, b = tmp_path / "a", tmp_path / "b"
    for data in (a, b):
        assert centre.enrol(data).code == 0
    write(a, "备份之前")
    assert sync(a).code == 0
    assert here("backup", tmp_path / "copy", "--data", a).code == 0
    write(a, "备份之后")
    assert sync(a).code == 0
    assert here("restore", tmp_path / "copy", "--data", a).code == 0
    assert texts(a) == ["备份之前"]
    write(a, "恢复之后")
    answer = sync(a)
    assert (answer.code, answer.document.get("refused")) == (0, 0), answer
    assert sync(b).code == 0
    assert set(texts(a)) == set(texts(b)) == {"备份之前", "备份之后", "恢复之后"}
    assert sorted(row["number"] for row in listed(b, "desk") if not row["retired"]) == [1, 2]


def test_a_folder_from_before_the_enrolment(centre: CentreProcess, tmp_path: Path) -> None:
    """The restored database does not know of the centre; the desk does."""
    data = tmp_path / "a"
    write(data, "独自值守")
    assert here("backup", tmp_path / "copy", "--data", data).code == 0
    assert centre.enrol(data).code == 0
    assert sync(data).code == 0
    assert here("restore", tmp_path / "copy", "--data", data).code == 0
    answer = sync(data)
    assert (answer.code, answer.document.get("refused")) == (0, 0), answer
    assert texts(data) == ["独自值守"]


def test_a_streets_desk_keeps_what_it_wrote_alone(centre: CentreProcess, tmp_path: Path) -> None:
    """Its number and its scope are the centre's from now on; nothing is refused."""
    a, b = tmp_path / "a", tmp_path / "b"
    write(a, "接入之前")
    assert centre.enrol(a, STREET).code == 0
    assert centre.enrol(b).code == 0
    write(a, "接入之后")
    answer = sync(a)
    assert (answer.code, answer.document["refused"]) == (0, 0)
    assert sync(b).code == 0
    assert texts(b) == ["接入之前", "接入之后"]
    before, after = (row["scope_id"] for row in listed(b, "log_entry"))
    assert before != after
    desk = listed(a, "desk")[0]
    assert desk["scope_id"] == desk["organisation_id"] == after


def test_a_restored_centre_gets_back_what_it_lacks(centre: CentreProcess, tmp_path: Path) -> None:
    """The desks offer what they hold above the backup; nobody writes anything anew."""
    a, b = tmp_path / "a", tmp_path / "b"
    for data in (a, b):
        assert centre.enrol(data).code == 0
        assert sync(data).code == 0
    write(a, "备份之前")
    assert sync(a).code == 0
    copy = tmp_path / "centre-backup"
    assert process(["centre", "backup", copy, "--data", centre.folder]).code == 0
    write(a, "备份之后")
    assert sync(a).code == 0
    assert sync(b).code == 0
    centre.stop()
    assert process(["centre", "restore", copy, "--data", centre.folder]).code == 0
    centre.start()
    write(b, "恢复之后")
    for data in (b, a, b):
        answer = sync(data)
        assert (answer.code, answer.document.get("refused")) == (0, 0), answer
    assert set(texts(a)) == set(texts(b)) == {"备份之前", "备份之后", "恢复之后"}
    c = tmp_path / "c"
    assert centre.enrol(c).code == 0
    assert sync(c).code == 0
    assert set(texts(c)) == set(texts(a))


def test_a_command_in_somebodys_name(centre: CentreProcess, tmp_path: Path) -> None:
    """Alone a name is enough; with a centre the password is theirs, by the centre's word or from memory."""
    data = tmp_path / "a"
    people = listed(data, "person")
    line = '{"text": "代记"}'
    assert here("do", "WriteLogEntry", line, "--as", people[0]["name"], "--data", data).code == 0
    assert listed(data, "log_entry")[0]["typed_by_id"] == people[0]["id"]
    answer = here("do", "WriteLogEntry", line, "--as", "无此人", "--data", data)
    assert (answer.code, answer.document["refused"]) == (2, "unknown_person")

    password = b"correct horse battery\n"
    answer = process(["admin", "create", "lin", "--data", centre.folder], stdin=password)
    person = answer.document["person"]
    assert centre.enrol(data).code == 0
    assert sync(data).code == 0
    arguments: list[str | Path] = ["do", "WriteLogEntry", "-", "--as", "lin", "--data", data]
    wrong = process(arguments, stdin=b"not the password\n" + line.encode())
    assert (wrong.code, wrong.document["refused"]) == (2, "wrong_password")
    assert process(arguments, stdin=password + line.encode()).code == 0
    assert listed(data, "log_entry")[-1]["typed_by_id"] == person
    centre.stop()
    assert process(arguments, stdin=password + line.encode()).code == 0  # known here now
    assert process(arguments, stdin=b"not the password\n" + line.encode()).code == 2
    centre.start()
    assert sync(data).document["refused"] == 0
