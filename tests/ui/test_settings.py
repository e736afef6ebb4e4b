"""The settings page: preferences, the desk's card, the lateness rule, backup and verification in words."""

from __future__ import annotations

import ast
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from commandcenter.runtime import DataDirectory
from commandcenter.services.log import WriteLogEntry
from commandcenter.services.reference import shipped_row_id
from commandcenter.words import LANGUAGES, Words
from db.desk.verify import Anchor, Finding, Verification
from db.queries.log import LogFilter
from db.queries.registers import row
from tests.ui.desk import Desk, open_desk
from ui.export import Exporter
from ui.pages.settings import SettingsPage
from ui.self_check import last_backup, program_version
from ui.verifying import finding_sentence, result_lines

KEY = Qt.Key


@pytest.fixture
def desk(qtbot: QtBot, tmp_path: Path) -> Iterator[Desk]:
    """A desk of the licheng profile."""
    with open_desk(qtbot, tmp_path / "desk") as made:
        yield made


def page_of(desk: Desk) -> SettingsPage:
    """The page on screen, read."""
    page = SettingsPage(desk.workbench)
    desk.show(page)
    desk.until(lambda: page.head_text() and page.late.minutes.raw() and page.desk.current())
    return page


def away(page: SettingsPage) -> None:
    """Leave the field."""
    other = page.window().findChild(QLineEdit, "elsewhere")
    assert isinstance(other, QLineEdit)
    other.setFocus()


def test_a_preference_is_kept_and_told(desk: Desk) -> None:
    page = page_of(desk)
    told: list[tuple[str, object]] = []
    desk.workbench.preference_chosen.connect(lambda key, value: told.append((key, value)))
    page.preferences["theme", "light"].click()
    page.preferences["scale", 150].click()
    page.preferences["language", "en"].click()
    assert told == [("theme", "light"), ("scale", 150), ("language", "en")]
    desk.until(lambda: desk.names.now.preferences.get("language") == "en")
    assert desk.names.now.preferences["theme"] == "light" and desk.names.now.preferences["scale"] == 150


def test_the_desk_is_named_in_place(desk: Desk) -> None:
    page = page_of(desk)
    box = page.desk.fields["name"].editor.focusProxy()
    assert isinstance(box, QLineEdit)
    box.setFocus()
    QTest.keyClicks(box, "East")
    away(page)
    device = desk.names.now.device
    desk.until(lambda: desk.names.name("desk", device) == "East")
    desk.until(lambda: page.desk.state.text().startswith("✓"))


def test_the_lateness_rule_is_in_minutes(desk: Desk) -> None:
    page = page_of(desk)
    late = page.late
    assert late.minutes.raw() == "30"

    def rule() -> dict[str, object]:
        found = desk.ask(
            lambda connection: row(connection, "setting", shipped_row_id("setting", "late_after_s"))
        )
        assert found is not None
        return found

    late.minutes.setFocus()
    late.minutes.select_all()
    QTest.keyClicks(late.minutes.line, "45")
    QTest.keyClick(late.minutes.line, KEY.Key_Return)
    desk.until(lambda: rule()["value"] == "2700")
    assert late.source.line.hasFocus()
    QTest.keyClicks(late.source.line, "Notice 7")
    away(page)
    desk.until(lambda: rule()["source"] == "Notice 7")
    assert rule()["value"] == "2700"
    for wrong in ("0", "2000", "x"):
        late.minutes.setFocus()
        late.minutes.select_all()
        QTest.keyClicks(late.minutes.line, wrong)
        away(page)
        desk.until(late.note.isVisible)
        assert late.note.text() == desk.workbench.words("refused.not_in_range", minimum=1, maximum=1440)
        assert late.minutes.raw() == wrong
        QTest.keyClick(late.minutes.line, KEY.Key_Escape)
        assert late.minutes.raw() == "45" and not late.note.isVisible()


def test_a_backup_is_made_checked_and_never_over_another(desk: Desk, tmp_path: Path) -> None:
    page = page_of(desk)
    assert last_backup(desk.desktop.directory.anchors) is None
    target = tmp_path / "copy.sqlite3"
    page.back_up(target)
    desk.until(lambda: str(target) in page.result.text())
    connection = sqlite3.connect(target)
    assert connection.execute("SELECT count(*) FROM desk").fetchone() == (1,)
    connection.close()
    desk.until(lambda: page._last.text() != desk.workbench.words("settings.data.never"))
    assert last_backup(desk.desktop.directory.anchors) is not None
    page.back_up(target)
    desk.until(lambda: page.result.text() == desk.workbench.words("unavailable.file_exists", file=target))


def test_verification_says_sound(desk: Desk) -> None:
    desk.do(WriteLogEntry(text="一行"))
    desk.desktop.note_anchor("test").result(10)
    page = page_of(desk)
    page.toggle_verify()
    desk.until(lambda: page.result.text().startswith("✓"))
    assert "1" in page.result.text()
    assert not page.verifier.running()
    page.verifier.start()
    page.toggle_verify()
    desk.until(lambda: page.result.text() == desk.workbench.words("settings.data.stopped"))


def test_verification_names_what_was_altered(qtbot: QtBot, tmp_path: Path) -> None:
    with open_desk(qtbot, tmp_path / "desk") as desk:
        line = desk.do(WriteLogEntry(text="真话"))
        other = sqlite3.connect(DataDirectory(tmp_path / "desk").database)
        other.execute("UPDATE log_entry SET text = '假话' WHERE id = ?", (line.bytes,))
        other.commit()
        other.close()
        page = page_of(desk)
        page.toggle_verify()
        desk.until(lambda: page.result.text().startswith("▲"))
        assert "值班记录" in page.result.text() and str(line)[-12:] in page.result.text()
        assert desk.workbench.words("settings.data.keep") in page.result.text()


def test_every_finding_has_its_words() -> None:
    source = Path(__file__).parents[2] / "db" / "desk" / "verify.py"
    codes = {
        keyword.value.value
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Finding"
        for keyword in node.keywords
        if keyword.arg == "code"
        and isinstance(keyword.value, ast.Constant)
        and isinstance(keyword.value.value, str)
    }
    assert len(codes) > 10
    for language in LANGUAGES:
        words = Words(language)
        for code in codes:
            finding = Finding(code=code, n=7, kind="log_entry", row=shipped_row_id("x", "y"), detail="d")
            assert "{" not in finding_sentence(words, finding)


def test_a_result_without_anchors_says_what_it_does_not_prove() -> None:
    words, device = Words("zh_CN"), shipped_row_id("desk", "x")
    result = Verification(entries=5, rows=5, heads={device: (4, "ab")})
    assert result_lines(words, result, device)[1][1] == words("settings.data.no_anchor")
    result.anchored = {device: 4}
    assert len(result_lines(words, result, device)[1]) == 1
    result.purged = 2
    assert result_lines(words, result, device)[1][-1] == words("settings.data.purged", count=2)


def test_the_head_and_the_report_are_copied(desk: Desk) -> None:
    page = page_of(desk)
    device, n, hash_ = page.head_text().rsplit(":", 2)
    anchor = Anchor(device=desk.names.now.device, n=int(n), hash=hash_)  # type: ignore[arg-type]
    assert device == str(anchor.device) and len(hash_) == 64
    page.copy_report()
    report = QGuiApplication.clipboard().text()
    for part in ("Python", "Qt", "SQLite", "Apache-2.0", program_version()):
        assert part and part in report
    assert desk.said[-1] == desk.workbench.words("settings.copied")


def test_after_how_long_names_are_hidden_is_in_minutes(desk: Desk) -> None:
    page = page_of(desk)
    desk.until(lambda: page.idle.minutes.raw() == "10")
    box = page.idle.minutes.line
    box.setFocus()
    box.selectAll()
    QTest.keyClicks(box, "3")
    away(page)
    desk.until(lambda: desk.names.now.idle_after_s == 180)
    assert page.late.minutes.raw() == "30"  # the other rule is another card


def test_nothing_leaves_while_names_are_hidden(desk: Desk, tmp_path: Path) -> None:
    desk.do(WriteLogEntry(text="who called"))
    window = desk.show()
    exporter = Exporter(desk.workbench, window)
    words = desk.workbench.words
    desk.names.hide(True)
    exporter.save(LogFilter())
    exporter.write(LogFilter(), tmp_path / "list.csv")
    exporter.print(LogFilter())
    desk.settle()
    assert desk.said == [words("export.hidden")] * 3
    assert not (tmp_path / "list.csv").exists()
    desk.names.hide(False)
    exporter.write(LogFilter(), tmp_path / "list.csv")
    desk.until((tmp_path / "list.csv").exists)
