"""The proof of the panel of destruction: two people, one desk, in a real window's page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from commandcenter.services.log import WriteLogEntry
from commandcenter.services.registers import AddCard
from commandcenter.services.sign_in import keep_credential
from tests.ui.desk import Desk, open_desk
from ui.purge_panel import PurgePanel


@pytest.fixture
def desk(qtbot: QtBot, tmp_path: Path) -> Iterator[Desk]:
    """A desk with its lanes."""
    with open_desk(qtbot, tmp_path) as made:
        yield made


def sign(desk: Desk, panel: PurgePanel, login: str, password: str) -> None:
    """Type both and send."""
    panel.login.setText(login)
    panel.password.setText(password)
    panel.submit()
    desk.until(lambda: not panel._busy)


def test_two_people_sign(desk: Desk) -> None:
    people = []
    for name, role, login in (("安全员", "security_officer", "aq"), ("带班", "duty_chief", "db")):
        card = AddCard(kind="person", fields={"name": name, "roles": [role]})
        people.append((desk.desktop.execute(card).result(20).ids[0], login))
    for id_, login in people:
        keep_credential(desk.desktop, id_, login, f"{login}-口令一二三")
    line = desk.desktop.execute(WriteLogEntry(text="报警人姓名")).result(20).ids[0]
    panel = PurgePanel(desk.workbench)
    desk.show(panel)
    panel.open_for("log_entry", line)
    desk.until(lambda: "1" in panel.what.text())
    panel.submit()
    assert panel.sentence.text() == desk.workbench.words("refused.required"), "no assessment"
    panel.assessment.put_raw("已过保存期")
    sign(desk, panel, "db", "db-口令一二三")
    assert panel.sentence.text() == desk.workbench.words("refused.may_not_assess")
    sign(desk, panel, "aq", "aq-口令一二三")
    assert not panel.assessment.isEnabled(), "what was signed is not changed under it"
    sign(desk, panel, "aq", "aq-口令一二三")
    assert panel.sentence.text() == desk.workbench.words("refused.two_persons_sign")
    sign(desk, panel, "db", "db-口令一二三")
    desk.until(lambda: not panel.is_open())
    found = desk.desktop.ask(lambda c: c.execute("SELECT assessment FROM certificate").fetchall()).result(20)
    assert found == [("已过保存期",)]


def test_esc_takes_the_signature_back(desk: Desk) -> None:
    card = AddCard(kind="person", fields={"name": "安全员", "roles": ["security_officer"]})
    id_ = desk.desktop.execute(card).result(20).ids[0]
    keep_credential(desk.desktop, id_, "aq", "aq-口令一二三")
    panel = PurgePanel(desk.workbench)
    desk.show(panel)
    panel.open_for("person", id_)
    panel.assessment.put_raw("本人要求")
    sign(desk, panel, "aq", "aq-口令一二三")
    panel.close_panel()
    panel.open_for("person", id_)
    assert panel._signing is None
    assert panel.assessment.isEnabled()
    assert panel.assessment.raw() == ""
