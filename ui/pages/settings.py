"""The settings page: this desk, the rules of duty, the data and its verification, and what this is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from uuid import UUID

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QKeySequence, QPalette, QResizeEvent, QShortcut
from PySide6.QtWidgets import (
    QBoxLayout,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from commandcenter.domain.change import ChangeSet
from commandcenter.domain.clock import SHANGHAI
from commandcenter.domain.record import REGISTRY
from commandcenter.services.desk_affairs import PREFERENCES, SetPreference
from db.desk.engine import Connection
from db.desk.verify import Verification
from db.queries.file_facts import FileFacts, file_facts
from ui.centre_panel import CentrePanel
from ui.facts_rows import Copied, Rows, flowing, hint
from ui.file_question import ask_where
from ui.fonts import missing_glyphs
from ui.late_rule import MinutesRule
from ui.panel import Panel
from ui.register_form import CardForm
from ui.self_check import Fact, facts, last_backup
from ui.shell.chip import Chip, Label
from ui.shell.keys import KeyHint
from ui.tables.days import whole_text
from ui.theme import SPACE
from ui.verifying import Verifier, result_lines
from ui.workbench import Page, Workbench

TWO_COLUMNS = 900  # pixels at 100 % from which two columns stand side by side
HASH_SHOWN = 16


class SettingsPage(Page):
    """Six groups; everything takes effect at once and says so."""

    kinds = frozenset({"desk", "person", "setting", "log_entry", "incident", "organisation"})

    def __init__(self, workbench: Workbench) -> None:
        super().__init__(workbench)
        self._facts: FileFacts | None = None
        self._report: list[Fact] = []
        self.verifier = Verifier(workbench, self)
        self.verifier.told.connect(self._verify_told)
        self.verifier.ended.connect(self._verified)
        px = workbench.theme.px
        ground = QWidget()
        columns = self._columns = QBoxLayout(QBoxLayout.Direction.LeftToRight, ground)
        columns.setContentsMargins(px(SPACE.m), px(SPACE.m), px(SPACE.m), px(SPACE.m))
        columns.setSpacing(px(SPACE.m))
        left = (self._desk(), self._centre(), self._duty())
        for group in (left, (self._data(), self._about(), self._idle(), self._welfare())):
            column = QVBoxLayout()
            column.setSpacing(px(SPACE.m))
            for panel in group:
                column.addWidget(panel)
            column.addStretch(1)
            columns.addLayout(column, 1)
        scroll = QScrollArea(self)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        for part in (scroll, scroll.viewport(), ground):
            palette = part.palette()
            palette.setColor(QPalette.ColorRole.Window, workbench.theme.colour("bg"))
            part.setPalette(palette)
        scroll.setWidget(ground)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scroll)
        for keys, act in (
            ("Alt+B", self.ask_backup),
            ("Alt+V", self.toggle_verify),
            ("Alt+C", self.copy_report),
        ):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(act)
        # wherever the cursor is: the page is on screen to be enrolled
        QShortcut(QKeySequence("Alt+J"), self).activated.connect(self.centre.to_form)
        self.setFocusProxy(next(iter(self.preferences.values())))
        workbench.directory.changed.connect(self._names_changed)
        self._names_changed()

    # ---- this desk

    def _desk(self) -> Panel:
        words, workbench = self.words, self.workbench
        form = self.desk = CardForm(
            workbench, REGISTRY["desk"], names=("number", "name"), title=words("settings.desk.title")
        )
        rows: dict[str, tuple[object, Callable[[object], str]]] = {
            "language": (words.language, lambda value: words(f"settings.language.{value}")),
            "theme": (workbench.theme.name, lambda value: words(f"settings.theme.{value}")),
            "scale": (
                round(workbench.theme.scale * 100),
                lambda value: words("settings.desk.percent", value=value),
            ),
            "sound": (
                workbench.directory.now.preferences.get("sound") is not False,
                lambda value: words(f"settings.sound.{'on' if value else 'off'}"),
            ),
        }
        self.preferences: dict[tuple[str, object], Chip] = {}
        grid = Rows(workbench)
        self._sitter = Chip(workbench.theme, key="")
        self._sitter.setToolTip(words("settings.desk.change_sitter_tip"))
        self._sitter.clicked.connect(workbench.seat_requested)
        for key, (current, text) in rows.items():
            chips: list[QWidget] = []
            for value in PREFERENCES[key]:
                chip = Chip(workbench.theme)
                on = value == current
                chip.show_text(text(value), "accent" if on else "plain", bold=on)
                chip.setAccessibleName(f"{words(f'settings.desk.{key}')} {text(value)}")
                chip.clicked.connect(lambda _on=False, key=key, value=value: self.prefer(key, value))
                self.preferences[key, value] = chip
                chips.append(chip)
            grid.add(words(f"settings.desk.{key}"), flowing(workbench, chips))
        grid.add(words("settings.desk.sitter"), flowing(workbench, [self._sitter]))
        form.body.insertWidget(0, grid)
        width = self._caption_width = max(form.caption_width(), grid.caption_width())
        form.set_caption_width(width)
        grid.set_caption_width(width)
        return form

    def prefer(self, key: str, value: object) -> None:
        """Keep a preference for the next start, and take it now."""
        directory = self.workbench.directory
        # the directory outlives this page, which another look replaces
        self.workbench.bridge.execute(
            directory, SetPreference(key=key, value=value), lambda _outcome: directory.read()
        )
        if key != "sound":  # nothing looks another way for it
            self.workbench.preference_chosen.emit(key, value)

    def _names_changed(self) -> None:
        now = self.workbench.directory.now
        sounds = now.preferences.get("sound") is not False
        for value in (True, False):
            chip = self.preferences["sound", value]
            chip.show_text(chip.text(), "accent" if value == sounds else "plain", bold=value == sounds)
        name = self.workbench.directory.name("person", now.person)
        self._sitter.show_text(
            name or self.words("seat.nobody"), "plain" if name else "strong", bold=bool(name)
        )
        if now.device is not None and self.isVisible():
            self.desk.read(now.device)
            self.late.read()
            self.idle.read()
            self.welfare.read()
            self.centre.read()

    # ---- the centre

    def _centre(self) -> Panel:
        self.centre = CentrePanel(self.workbench)
        width = max(self.centre.caption_width(), self._caption_width)
        self.centre.set_caption_width(width)
        return self.centre

    # ---- rules of duty

    def _duty(self) -> Panel:
        self.late = MinutesRule(self.workbench, key="late_after_s", name="duty")
        return self.late

    def _idle(self) -> Panel:
        self.idle = MinutesRule(self.workbench, key="idle_after_s", name="idle")
        return self.idle

    def _welfare(self) -> Panel:
        self.welfare = MinutesRule(self.workbench, key="welfare_after_s", name="welfare")
        return self.welfare

    # ---- data

    def _data(self) -> Panel:
        words, theme = self.words, self.workbench.theme
        panel = Panel(theme, words("settings.data.title"))
        grid = Rows(self.workbench)
        folder = self.workbench.desktop.directory
        self._file = Copied(self.workbench, str(folder.database))
        self._size, self._last = Label(theme), Label(theme)
        self._head = Copied(self.workbench, "", figures=True)
        grid.add(words("settings.data.file"), self._file)
        grid.add(words("settings.data.size"), self._size)
        grid.add(words("settings.data.last_backup"), self._last)
        grid.add(words("settings.data.head"), self._head)
        panel.body.addWidget(grid)
        panel.body.addWidget(hint(self.workbench, words("settings.data.head_hint")))
        self.backup_chip = Chip(theme, words("settings.data.backup"), key="Alt+B")
        self.backup_chip.setToolTip(words("settings.data.backup_tip"))
        self.backup_chip.clicked.connect(self.ask_backup)
        self.verify_chip = Chip(theme, words("settings.data.verify"), key="Alt+V")
        self.verify_chip.setToolTip(words("settings.data.verify_tip"))
        self.verify_chip.clicked.connect(self.toggle_verify)
        panel.body.addWidget(flowing(self.workbench, [self.backup_chip, self.verify_chip]))
        self.result = Label(theme, ink="muted")
        self.result.setWordWrap(True)
        self.result.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.result.setVisible(False)
        panel.body.addWidget(self.result)
        return panel

    def ask_backup(self) -> None:
        """Ask where to; nothing waits for the answer."""
        stamp = self.workbench.now().astimezone(SHANGHAI).strftime("%Y%m%d-%H%M")
        ask_where(
            self,
            self.words,
            self.words("settings.data.backup_title"),
            [self.words("settings.data.backup_filter")],
            Path.home() / self.words("settings.data.backup_name", stamp=stamp),
            lambda file, _filter: self.back_up(file if file.suffix else file.with_suffix(".sqlite3")),
            overwrites=False,  # a backup never overwrites
        )

    def back_up(self, target: Path) -> None:
        """Copy the database to ``target``, checked."""
        self._say_result(self.words("settings.data.backing_up"))

        def done(_head: tuple[int, str]) -> None:
            self._say_result(self.words("settings.data.backed_up", file=target), "accent")
            self._read_facts()

        def failed(error: BaseException) -> None:
            self._say_result(self.workbench.sentence(error), "danger")

        self.workbench.bridge.deliver(self, self.workbench.desktop.backup(target), done, failed)

    def toggle_verify(self) -> None:
        """Verify now, or stop."""
        if self.verifier.running():
            self.verifier.stop()
        else:
            self.verify_chip.show_text(self.words("settings.data.verify_stop"), "accent")
            self.verifier.start()

    def _verify_told(self, sentence: str) -> None:
        self._say_result(sentence)

    def _verified(self, result: Verification | None) -> None:
        self.verify_chip.show_text(self.words("settings.data.verify"))
        if result is None:
            self._say_result(self.words("settings.data.stopped"))
            return
        sound, lines = result_lines(self.words, result, self.workbench.directory.now.device)
        self._say_result("\n".join(lines), "accent" if sound else "danger")

    def _say_result(self, sentence: str, ink: str = "muted") -> None:
        self.result.setText(sentence)
        self.result.set_ink(ink)
        self.result.setVisible(bool(sentence))

    # ---- about

    def _about(self) -> Panel:
        words, theme = self.words, self.workbench.theme
        panel = Panel(theme, words("settings.about.title"))
        self._about_rows = Rows(self.workbench)
        self._about_labels: dict[str, Label] = {}
        panel.body.addWidget(self._about_rows)
        chip = self.report_chip = Chip(theme, words("settings.about.report"), key="Alt+C")
        chip.setToolTip(words("settings.about.report_tip"))
        chip.clicked.connect(self.copy_report)
        panel.body.addWidget(flowing(self.workbench, [chip]))
        return panel

    def report(self) -> str:
        """The self-check as text."""
        lines = [f"{self.words('settings.about.program')}: {self.workbench.directory.product()}"]
        lines += [f"{self.words(f'settings.about.{fact.key}')}: {fact.text}" for fact in self._report]
        return "\n".join(lines)

    def copy_report(self) -> None:
        """To the clipboard."""
        QGuiApplication.clipboard().setText(self.report())
        self.workbench.said.emit(self.words("settings.copied"))

    # ---- reading

    def refresh(self, change_set: ChangeSet | None) -> None:
        """Size, head and last backup; the desk's card and the rule."""
        self._read_facts()
        if change_set is None:
            self._names_changed()

    def _read_facts(self) -> None:
        device, directory = self.workbench.directory.now.device, self.workbench.desktop.directory
        words, families = self.words, self.workbench.theme.families
        warning = missing_glyphs(families[0] if families else "")

        def question(connection: Connection) -> tuple[FileFacts, datetime | None, list[Fact]]:
            found = file_facts(connection, device)
            return found, last_backup(directory.anchors), facts(words, directory.path, found.sqlite, warning)

        self.workbench.bridge.ask(self, question, lambda read: self._show_facts(*read), topic="facts")

    def _show_facts(self, found: FileFacts, backed_up: datetime | None, report: Sequence[Fact]) -> None:
        words = self.words
        self._facts, self._report = found, list(report)
        size, entries = f"{found.size / 1e6:,.1f}", f"{found.entries:,}"
        self._size.setText(words("settings.data.size_text", size=size, entries=entries))
        self._last.setText(
            words("settings.data.never") if backed_up is None else whole_text(backed_up, words)
        )
        self._last.set_ink("danger" if backed_up is None else "text")
        self._head.show_text(
            words("settings.data.head_text", n=f"{found.head_n:,}", hash=f"{found.head_hash[:HASH_SHOWN]}…"),
            anchor_text(found.device, found.head_n, found.head_hash),
        )
        for fact in report:
            label = self._about_labels.get(fact.key)
            if label is None:
                label = self._about_labels[fact.key] = Label(self.workbench.theme)
                label.setWordWrap(True)
                self._about_rows.add(words(f"settings.about.{fact.key}"), label)
            label.setText(fact.text)

    def head_text(self) -> str:
        """The chain's head as ``verify --anchor`` takes it."""
        return self._head.text()

    def focus_field(self, about: object = None) -> None:
        """The keyboard on the first choice, or on the one (preference, value) just made."""
        first = next(iter(self.preferences.values()))
        chip = self.preferences.get(about, first) if isinstance(about, tuple) else first
        chip.setFocus(Qt.FocusReason.OtherFocusReason)

    def key_hints(self) -> Sequence[KeyHint]:
        """The page's keys."""
        group = self.words("settings.keys.group")
        hints = (("Alt+B", "backup"), ("Alt+V", "verify"), ("Alt+C", "report"), ("Alt+J", "enrol"))
        return tuple(KeyHint(key, self.words(f"settings.keys.{name}"), group) for key, name in hints)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """One column where the width is small."""
        super().resizeEvent(event)
        wide = self.width() >= self.workbench.theme.px(TWO_COLUMNS)
        direction = QBoxLayout.Direction
        self._columns.setDirection(direction.LeftToRight if wide else direction.TopToBottom)


def anchor_text(device: UUID | None, n: int, hash_: str) -> str:
    """A chain's head in one word: DEVICE:N:HASH."""
    return "" if device is None else f"{device}:{n}:{hash_}"
