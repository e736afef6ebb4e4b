"""The centre in the settings and the administrators' page, against a centre process that really answers."""

from __future__ import annotations

import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from commandcenter.services.log import WriteLogEntry
from commandcenter.services.sign_in import sign_in
from commandcenter.sync import membership as memberships
from commandcenter.words import LANGUAGES, Words
from db.desk import local
from tests.cli.terminal import process
from tests.sync.centre import STREET, CentreProcess, free_port, until
from tests.ui.desk import Desk, open_desk
from ui.centre_panel import IN_WAY, CentrePanel
from ui.pages.administration import AdministrationPage
from ui.pages.settings import SettingsPage

KEY = Qt.Key
PASSWORD = "correct horse battery"
pytestmark = pytest.mark.timeout(120)


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever this machine's own proxies are."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[CentreProcess]:
    """A centre that answers."""
    running = CentreProcess(tmp_path / "centre")
    running.start()
    try:
        yield running
    finally:
        running.stop(signal.SIGTERM)


@pytest.fixture
def desk(qtbot: QtBot, tmp_path: Path) -> Iterator[Desk]:
    """A desk of the licheng profile."""
    with open_desk(qtbot, tmp_path / "desk") as made:
        yield made


def panel_of(desk: Desk) -> CentrePanel:
    """The panel on screen."""
    page = SettingsPage(desk.workbench)
    desk.show(page)
    desk.until(page.head_text)
    return page.centre


def type_in(panel: CentrePanel, address: str, code: str) -> None:
    """Address and code by keyboard, from Alt+J to Enter."""
    QTest.keyClick(panel.window(), KEY.Key_J, Qt.KeyboardModifier.AltModifier)
    assert panel.address.line.hasFocus() or panel.code.line.hasFocus()
    panel.address.line.setFocus()
    panel.address.line.selectAll()
    QTest.keyClicks(panel.address.line, address)
    QTest.keyClick(panel.address.line, KEY.Key_Tab)
    panel.code.line.setFocus()
    panel.code.line.selectAll()
    QTest.keyClicks(panel.code.line, code)
    QTest.keyClick(panel.code.line, KEY.Key_Return)


def test_a_code_is_checked_while_it_is_typed(desk: Desk) -> None:
    panel, words = panel_of(desk), desk.workbench.words
    line, note = panel.code.line, panel.notes["code"]
    line.setFocus()
    QTest.keyClicks(line, "99pz-76")
    assert note.text() == words("settings.centre.length", count=6, whole=20)
    QTest.keyClicks(line, "qt")
    assert "99PZ-76QT" in note.text()
    QTest.keyClicks(line, "0")
    assert note.text() == words("settings.centre.strange", sign="0")
    line.setText("")
    QTest.keyClicks(line, "99PZ 76QT BGMU XEZH WBUY")
    assert note.text() == words("refused.code_mistyped", count=20)
    panel.address.line.setFocus()
    QTest.keyClicks(panel.address.line, "http://10.1.2.3:80")
    assert panel.notes["address"].text() == words("settings.centre.in_clear")


def test_enrolled_in_the_window_it_synchronises_at_once(desk: Desk, centre: CentreProcess) -> None:
    panel, words = panel_of(desk), desk.workbench.words
    code = centre.code()
    type_in(panel, f"http://127.0.0.1:{free_port()}", code)
    desk.until(lambda: panel.result.text().endswith(words("settings.centre.unused")))
    type_in(panel, centre.url, code)
    QTest.qWait(1)
    desk.qtbot.waitUntil(lambda: panel.result.text() == words("settings.centre.enrolled"), timeout=15_000)
    known = memberships.belonging(desk.desktop.directory.path)
    assert known is not None and known.number == 1
    desk.until(lambda: panel.key.text() == known.key)
    assert panel.form.isHidden() and panel.code.raw() == ""
    # without a restart: what is written is at the centre
    desk.do(WriteLogEntry(text="after"))
    desk.qtbot.waitUntil(lambda: desk.desktop.sync_state().state == "online", timeout=15_000)
    until(lambda: any("push" in line for line in centre.requests()), "it never pushed")
    desk.until(lambda: local.wants_password(desk.names.now.preferences))
    # the same code a second time: used, said in one sentence, and the desk stays what it is
    type_in(panel, centre.url, code)
    desk.qtbot.waitUntil(lambda: panel.result.text() == words("refused.code_used"), timeout=15_000)
    assert desk.desktop.sync_state().state in ("online", "no_answer")


def test_it_is_given_up_while_nobody_answers(desk: Desk) -> None:
    panel, words = panel_of(desk), desk.workbench.words
    with socket.create_server(("127.0.0.1", 0)) as silent:
        type_in(panel, f"http://127.0.0.1:{silent.getsockname()[1]}", "99PZ 76QT BGMU XEZH WBUZ")
        desk.until(panel.cancel_chip.isVisible)
        desk.qtbot.wait(200)
        QTest.keyClick(panel.code.line, KEY.Key_Escape)
        desk.until(lambda: panel.result.text() == words("refused.enrolment_cancelled"))
    assert memberships.load(desk.desktop.directory.path) is None
    assert panel.enter.isVisible() and panel.code.raw()  # what was typed stays


def test_another_centre_is_shown_no_code(desk: Desk, centre: CentreProcess) -> None:
    panel, words = panel_of(desk), desk.workbench.words
    type_in(panel, centre.url, "99PZ 76QT BGMU XEZH WBUZ")
    desk.until(lambda: panel.result.text() == words("refused.another_centre"))
    assert not any("enrol" in line for line in centre.requests())


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_way_of_no_answer_has_its_sentence(language: str) -> None:
    words = Words(language)
    said = [words(f"settings.centre.no_answer_{reason}", url="u") for reason in (*IN_WAY, "other")]
    assert len(set(said)) == len(said) and all("u" in sentence for sentence in said)


def seat(desk: Desk, centre: CentreProcess) -> None:
    """The desk belongs to the centre, and its administrator sits there by the centre's word."""
    made = process(["admin", "create", "chief", *centre.place], stdin=(PASSWORD + "\n").encode())
    assert made.code == 0, made
    desk.desktop.sync.enrol(centre.url, centre.code()).done.result(20)
    desk.qtbot.waitUntil(lambda: desk.desktop.sync_state().state == "online", timeout=15_000)
    person = sign_in(desk.desktop, "chief", PASSWORD, desk.desktop.sync.sign_in())
    desk.names.read()
    desk.qtbot.waitUntil(lambda: desk.names.card(person) is not None, timeout=15_000)
    desk.until(lambda: desk.names.now.person == person)


def test_administrators_work_by_keyboard(desk: Desk, centre: CentreProcess) -> None:
    page = AdministrationPage(desk.workbench)
    desk.show(page)
    words = desk.workbench.words
    assert page.why.text() == words("administration.not_for_you")  # nobody at a desk alone
    seat(desk, centre)
    desk.until(lambda: [row.title for row in page.list.rows()] == ["chief"])
    page.list.setFocus()
    # an account
    other = next(c for c in desk.names.now.of_kind("person") if c.name != "chief")
    QTest.keyClick(page.list, KEY.Key_N)
    page.form.editors["person"].put(str(other.id))
    for name, text in (("login", "lin"), ("password", "ein gutes wort"), ("again", "ein anderes")):
        QTest.keyClicks(page.form.editors[name].line, text)
    QTest.keyClick(page.form.editors["again"].line, KEY.Key_Return)
    assert page.form.sentence.text() == words("administration.differs")
    page.form.editors["again"].put("ein gutes wort")
    page.form.send()
    desk.until(lambda: len(page.list.rows()) == 2)
    assert page.form.editors["password"].raw() == ""
    # withdrawn with two presses, and back with one
    assert page.list.choose(other.id)
    page.list.setFocus()
    QTest.keyClick(page.list, KEY.Key_D)
    assert page.acts["withdraw"].text() == words("administration.act_sure")
    QTest.keyClick(page.list, KEY.Key_D)
    desk.until(lambda: page.said.text() == words("administration.did_withdrew"))
    QTest.keyClick(page.list, KEY.Key_D)
    desk.until(lambda: page.said.text() == words("administration.did_reopened"))
    # a code, with which another machine enrols
    QTest.keyClick(page.list, KEY.Key_M)
    desk.until(lambda: len(page.list.rows()) == 1 and page.list.rows()[0].id == desk.names.now.device)
    QTest.keyClick(page.list, KEY.Key_N)
    scope = next(o.value for o in page.form._scopes() if o.code == STREET)
    page.form.editors["scope"].put(scope)
    page.form.send()
    desk.until(page.code.isVisible)
    answer = process(
        ["enrol", "--server", centre.url, "--code", page.code.text(), "--data", centre.folder.parent / "b"]
    )
    assert answer.code == 0 and answer.document["scope"] == scope
    # the centre is away: why not, and nothing stale
    centre.stop(signal.SIGKILL)
    page.read()
    desk.until(lambda: page.why.isVisible() and not page.list.rows())
    assert centre.url in page.why.text()


def test_a_session_is_wanted_not_only_a_role(desk: Desk, centre: CentreProcess) -> None:
    seat(desk, centre)
    desk.desktop.sync._session = None  # as after a start without the centre
    page = AdministrationPage(desk.workbench)
    desk.show(page)
    desk.until(lambda: page.why.text() == desk.workbench.words("refused.session_over"))
