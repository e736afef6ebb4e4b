"""The proof of the verb that destroys: it lists what would go, and wants two passwords for a certificate."""

from __future__ import annotations

import io
from pathlib import Path
from uuid import UUID

import pytest

from commandcenter.services.sign_in import AtOnce, keep_credential
from tests.cli.terminal import do, here, listed
from tests.services.desk import Desk


def test_two_passwords_and_a_certificate(licheng: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    data: Path = licheng.path
    people = {}
    for name, role in (("安全员", "security_officer"), ("带班", "duty_chief")):
        (people[name],) = do(data, "AddCard", kind="person", fields={"name": name, "roles": [role]}).ids
    (line,) = do(data, "WriteLogEntry", text="报警人姓名", counterpart="王某").ids
    would = here("purge", "log_entry", line, "--data", data)
    assert (would.code, would.document["count"], would.document["records"]) == (0, 2, 1)
    assert [row["field"] for row in would.document["rows"]] == ["counterpart", "text"]
    sign = ["purge", "log_entry", line, "--basis", "retention_over", "--assessment", "已过期"]
    sign += ["--assessor", "aq", "--approver", "db", "--data", str(data)]
    monkeypatch.setattr("sys.stdin", io.StringIO("甲的口令一二\n乙的口令三四\n"))
    assert here(*sign).document["refused"] == "nobody_can_sign"
    with licheng.working() as workplace:
        keep_credential(AtOnce(workplace), UUID(people["安全员"]), "aq", "甲的口令一二")
        keep_credential(AtOnce(workplace), UUID(people["带班"]), "db", "乙的口令三四")
    monkeypatch.setattr("sys.stdin", io.StringIO("甲的口令一二\n猜的\n"))
    assert here(*sign).document["refused"] == "wrong_password"
    assert listed(data, "certificate") == []
    monkeypatch.setattr("sys.stdin", io.StringIO("甲的口令一二\n乙的口令三四\n"))
    signed = here(*sign)
    assert (signed.code, signed.document["count"]) == (0, 2)
    (row,) = listed(data, "certificate")
    assert (row["number"], row["change_ids"]) == (signed.document["number"], [line])
    assert listed(data, "log_entry", f"id={line}")[0]["text"] == "报警人姓名", "until the centre has it"
    assert here("verify", "--data", data).document["sound"] is True
