"""The proof of the command line's manners: one document, the right exit code, never a wait, never a fault."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from commandcenter.services.command import COMMANDS
from tests.cli.terminal import ROOT, Answer, do, here, listed, process
from tests.services.desk import Desk

TWO_LINES = ["log_entry", "--json"]


def test_the_first_start_makes_the_directory(tmp_path: Path) -> None:
    data = tmp_path / "new" / "desk"
    assert do(data, "WriteLogEntry", text="第一条").code == 0
    assert (data / "desk.sqlite3").exists()
    assert len(here("list", "organisation", "--data", data).rows) >= 90
    empty = tmp_path / "empty"
    assert here("list", "organisation", "--data", empty, "--profile", "empty").rows == []


def test_commands_lists_every_command_with_its_fields(licheng: Desk) -> None:
    rows = here("commands", "--json").rows
    assert {row["command"] for row in rows} == COMMANDS.keys()
    line = next(row for row in rows if row["command"] == "WriteLogEntry")
    fields = {field["name"]: field["required"] for field in line["fields"]}
    assert fields["text"] is True
    assert fields["happened_at"] is False


def test_list_and_search(licheng: Desk) -> None:
    for text, importance in (("东湖路积水", "urgent"), ("已通知", "normal")):
        assert do(licheng.path, "WriteLogEntry", text=text, importance=importance).code == 0
    answer = here("list", *TWO_LINES, "--where", "importance=urgent", "--data", licheng.path)
    assert [row["text"] for row in answer.rows] == ["东湖路积水"]
    assert answer.document["kind"] == "log_entry"
    assert len(here("list", "log_entry", "--limit", "1", "--data", licheng.path).rows) == 1
    found = here("search", "湖路", "--json", "--data", licheng.path).document
    assert (found["kind"], found["count"]) == ("hit", 1)
    assert found["rows"][0]["row"]["text"] == "东湖路积水"
    assert here("search", "东海", "--data", licheng.path).document["count"] == 0


def test_an_export_is_noted_in_the_audit_trail(licheng: Desk, tmp_path: Path) -> None:
    data = licheng.path
    assert do(data, "WriteLogEntry", text="东湖路积水").code == 0
    refused = here("export", tmp_path / "log.doc", "--data", data)
    assert refused.document["refused"] == "unknown_format"
    assert listed(data, "access_event") == []
    assert here("export", tmp_path / "log.csv", "--all", "--data", data).document["count"] == 1
    (row,) = listed(data, "access_event")
    assert (row["action"], row["subject_kind"], row["count"]) == ("exported", "log_entry", 1)
    assert row["extent"] == "form=csv machine"


def test_rebuild_backup_and_restore(licheng: Desk, tmp_path: Path) -> None:
    data, kept = licheng.path, tmp_path / "kept.sqlite3"
    assert do(data, "WriteLogEntry", text="备份之前").code == 0
    assert here("rebuild", "--data", data).document["lines"] == 1
    assert here("backup", kept, "--data", data).document["file"] == str(kept)
    assert here("backup", kept, "--data", data).document["unavailable"] == "file_exists"
    assert do(data, "WriteLogEntry", text="备份之后").code == 0
    answer = here("restore", kept, "--data", data)
    assert answer.code == 0
    assert Path(answer.document["kept"]).exists()
    assert [row["text"] for row in here("list", "log_entry", "--data", data).rows] == ["备份之前"]


def test_a_restore_never_gives_a_spoken_number_twice(licheng: Desk, tmp_path: Path) -> None:
    data, kept = licheng.path, tmp_path / "kept.sqlite3"

    def opened() -> str:
        (id_, _) = do(data, "OpenIncident", title="内涝", event_code="11A01").ids
        number: str = here("list", "incident", "--where", f"id={id_}", "--data", data).rows[0]["number"]
        return number

    numbers = [opened()]
    assert here("backup", kept, "--data", data).code == 0
    numbers.append(opened())
    assert here("restore", kept, "--data", data).code == 0
    numbers.append(opened())
    assert [number.rsplit("-", 1)[1] for number in numbers] == ["01", "02", "03"]


WRONG: dict[str, tuple[list[str], str]] = {
    "no verb": ([], "usage"),
    "no such verb": (["dance"], "usage"),
    "no command": (["do"], "usage"),
    "no JSON": (["do", "WriteLogEntry", "{text"], "not_json"),
    "a list": (["do", "WriteLogEntry", "[1]"], "not_an_object"),
    "a text": (["do", "WriteLogEntry", '"甲"'], "not_an_object"),
    "nothing": (["do", "WriteLogEntry", "null"], "not_an_object"),
    "too deep": (["do", "WriteLogEntry", "[" * 100_000], "not_json"),
    "too large a number": (["do", "WriteLogEntry", '{"text": ' + "9" * 5000 + "}"], "not_json"),
    "not a number": (["do", "WriteLogEntry", '{"text": NaN}'], "wrong_type"),
    "a command that is half a character": (["do", "\ud842"], "unknown_command"),
    "a field that is half a character": (
        ["do", "WriteLogEntry", '{"text": "甲", "\\ud842": 1}'],
        "unknown_field",
    ),
    "no such kind": (["list", "boat"], "unknown_kind"),
    "no such field": (["list", "log_entry", "--where", "colour=red"], "unknown_field"),
    "no condition": (["list", "log_entry", "--where", "colour"], "usage"),
    "no id": (["list", "log_entry", "--where", "id=5"], "wrong_type"),
    "no time": (["list", "log_entry", "--where", "happened_at=noon"], "wrong_type"),
    "no number": (["list", "desk", "--where", "number=one"], "wrong_type"),
    "a number too large": (["list", "desk", "--where", f"number={10**30}"], "wrong_type"),
    "no limit": (["list", "log_entry", "--limit", "many"], "usage"),
    "a limit below nothing": (["list", "log_entry", "--limit", "-1"], "usage"),
    "a limit too large": (["list", "log_entry", "--limit", str(10**30)], "usage"),
    "no language": (["commands", "--lang", "fr"], "usage"),
    "no profile": (["commands", "--profile", "atlantis"], "usage"),
    "no day": (["export", "x.csv", "--day", "tomorrow"], "wrong_type"),
    "no size": (["gallery", "x", "--size", "big"], "usage"),
}


@pytest.mark.parametrize("what", WRONG)
def test_wrong_usage_is_refused(licheng: Desk, what: str) -> None:
    arguments, code = WRONG[what]
    answer = here(*arguments, *(["--data", str(licheng.path)] if arguments else []))
    assert (answer.code, answer.document.get("refused")) == (2, code), answer
    assert answer.document["sentence"]
    assert answer.stderr == ""


def test_a_document_too_long(licheng: Desk) -> None:
    text = json.dumps({"text": "汉" * 4_000_001}, ensure_ascii=False)
    answer = process(["do", "WriteLogEntry", "-", "--data", licheng.path], stdin=text.encode())
    assert (answer.code, answer.document["refused"]) == (2, "document_too_long")


def test_a_bug_is_said_to_be_one(licheng: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("commandcenter.verbs.parse", broken)
    answer = do(licheng.path, "WriteLogEntry", text="一条")
    assert (answer.code, answer.document["fault"]) == (1, "fault")
    assert "ZeroDivisionError" in answer.stderr


@pytest.mark.parametrize(
    "arguments",
    [["do", "WriteLogEntry", '{"text": "一条"}'], ["list", "log_entry"], ["verify"]],
    ids=lambda a: a[0],
)
def test_no_verb_waits_for_an_answer(licheng: Desk, arguments: list[str]) -> None:
    """Standard input is a pipe on which nothing ever comes."""
    assert process([*arguments, "--data", licheng.path], timeout_s=30).code == 0


DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_without_a_display_it_says_so_and_names_gallery(licheng: Desk, language: str) -> None:
    answer: Answer = process(
        ["run", "--data", licheng.path, "--lang", language], without=DISPLAYS, timeout_s=30
    )
    assert (answer.code, answer.document["unavailable"]) == (3, "no_display")
    assert "gallery" in answer.document["sentence"]
    assert answer.stderr == ""


def test_bytes_that_are_no_text(licheng: Desk) -> None:
    command: list[str | bytes] = [
        sys.executable,
        "-m",
        "commandcenter",
        "do",
        b"\xff",
        "--data",
        str(licheng.path),
    ]
    done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    assert done.returncode == 2, done.stderr
    assert json.loads(done.stdout)["refused"] == "unknown_command"
    answer = process(["do", "WriteLogEntry", "-", "--data", licheng.path], stdin=b'{"text": "\xff"}')
    assert (answer.code, answer.document["refused"]) == (2, "not_json")


def test_json_is_utf8_whatever_the_machine_speaks(licheng: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "gb2312")
    document = json.dumps({"text": "𠮷😀"}, ensure_ascii=False).encode()
    assert process(["do", "WriteLogEntry", "-", "--data", licheng.path], stdin=document).code == 0
    assert process(["list", "log_entry", "--data", licheng.path]).rows[0]["text"] == "𠮷😀"
