"""The log box: the line at the bottom of every page into which the night is written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QApplication, QHBoxLayout, QVBoxLayout, QWidget

from commandcenter.words import Words
from ui.shell.chip import Chip, Label
from ui.shell.composing import bind_keys, mark_refused
from ui.shell.draft import Choice, Limits, LineDraft
from ui.shell.editor import LineEditor
from ui.shell.line_check import fault, hint, is_late
from ui.shell.options import OptionRow
from ui.shell.when import DayWords, WhenError, leading_when, parse_when, write_when
from ui.theme import SPACE, TYPE, Theme

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent, QResizeEvent

IMPORTANT_SIGNS = ("!", "\uff01")
SAVING_SHOWN_AFTER_MS = 300
TAG_WIDTH = 260


class LogBox(QWidget):
    """Plain values in, signals out. A line belongs to the incident shown when its typing began.

    Enter hands the line over and keeps it until ``accepted()`` or ``refuse()`` is called; until then no
    second line is sent, and what is typed meanwhile is kept.
    """

    submitted = Signal(LineDraft)
    draft_changed = Signal(LineDraft)
    left = Signal()

    def __init__(
        self,
        words: Words,
        theme: Theme,
        *,
        now: Callable[[], datetime],
        channels: Sequence[Choice] = (),
        directions: Sequence[Choice] = (),
        importances: Sequence[Choice] = (),
        late_after: timedelta = timedelta(minutes=5),
        limits: Limits | None = None,
    ) -> None:
        super().__init__()
        self._words, self._theme, self._now = words, theme, now
        self._late_after, self._limits = late_after, limits or Limits()
        self._context: tuple[str | None, str] = (None, "")
        self._line: tuple[str | None, str] | None = None
        self._pending: LineDraft | None = None
        self._after: LineDraft | None = None
        self._when: datetime | WhenError | None = None
        self._day_words = DayWords.of(words)
        self._refused: str | None = None
        self._filling = self._keyed = False
        self._build(channels, directions, importances)
        self._connect()
        self._refresh()

    # ---- what the caller does

    def set_context(self, incident_id: str | None, label: str = "") -> None:
        """The incident of the page shown. A line that was begun keeps its own."""
        self._context = (incident_id, label)
        self._refresh()

    def draft(self) -> LineDraft:
        """What the box holds now."""
        happened = None if isinstance(self._when, WhenError) else self._when
        incident = self._line if self._line is not None else self._context
        return self._options.read(happened)._replace(
            text=self.editor.exact_text(),
            incident_id=incident[0],
            incident_label=incident[1],
            after=self._after,
        )

    def restore(self, draft: LineDraft) -> None:
        """Show a kept draft as it was left, incident included; tells nobody."""
        when = write_when(draft.happened_at, self._now()) if draft.happened_at else draft.happened_text
        self._filling = True
        self._after = draft.after
        self.editor.set_exact_text(draft.text)
        self._options.fill(draft, when)
        self._filling = False
        self._when = draft.happened_at
        if draft.happened_at is None and when.strip():
            self._when = parse_when(when, self._now(), self._day_words)
        self._line = None if draft.blank else (draft.incident_id, draft.incident_label)
        self._refused = None
        self._say("")
        self._refresh()

    def accepted(self) -> None:
        """The line handed over is durable: let it go. A line begun after it comes back."""
        self._pending = None
        self._saving_timer.stop()
        self._say("")
        if self._after is not None and not self._begun():
            self.restore(self._after)
        self._refresh()
        self.draft_changed.emit(self.draft())

    def refuse(self, field: str, sentence: str) -> None:
        """Say one sentence beside ``field`` (a LineDraft name) and keep all that was typed."""
        self._saving_timer.stop()
        if self._pending is not None:
            pending, self._pending = self._pending, None
            self.restore(pending._replace(after=self.draft() if self._begun() else pending.after))
            self.draft_changed.emit(self.draft())
        self._tell(field, sentence)

    def _tell(self, field: str, sentence: str) -> None:
        self._refused = field
        self._say(sentence, "danger")
        inside = self.isAncestorOf(QApplication.focusWidget() or self)
        part = self._options.part(field)
        target = part if part is not None and part.isVisible() else self.editor
        if inside:
            target.setFocus(Qt.FocusReason.OtherFocusReason)

    def pending(self) -> bool:
        """Whether a line was handed over and not answered yet."""
        return self._pending is not None

    def focus(self) -> None:
        """Put the cursor in the box."""
        self.editor.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def order_tabs(self) -> None:
        """Tab goes from the text through its options; to be called once the box is in its window."""
        for before, after in pairwise((self.editor, *self._options.stops(), self.incident_tag)):
            self.setTabOrder(before, after)

    def sentence(self) -> str:
        """The sentence shown beside a field now, "" if none."""
        return self._message.text() if not self._message.isHidden() else ""

    def set_theme(self, theme: Theme) -> None:
        """Take another look or scale (chips and labels are told by the shell)."""
        self._theme = theme
        self.editor.set_theme(theme)
        self._options.set_theme(theme)
        self._space()
        self.update()

    def _space(self) -> None:
        px = self._theme.px
        self._outer.setContentsMargins(px(SPACE.m), px(SPACE.xs + 1), px(SPACE.m), px(SPACE.xs))
        self._outer.setSpacing(px(SPACE.xs))
        self._row.setSpacing(px(SPACE.s))

    # ---- building

    def _build(
        self, channels: Sequence[Choice], directions: Sequence[Choice], importances: Sequence[Choice]
    ) -> None:
        words, theme = self._words, self._theme
        self.tag = Chip(theme, words("shell.logbox.tag"), key="/")
        self.tag.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.incident_tag = Chip(theme)
        self.incident_tag.set_max_text_width(TAG_WIDTH)
        self.editor = LineEditor(theme, self._limits.paste_chars)
        self.editor.setPlaceholderText(words("shell.logbox.placeholder"))
        self.editor.setAccessibleName(words("shell.logbox.name"))
        self._options = OptionRow(words, theme, channels, directions, importances)
        self._message = Label(theme, size=TYPE.small, ink="danger", bold=True)
        self._message.setWordWrap(True)
        self._message.setMinimumWidth(1)
        self._hint = Label(theme, size=TYPE.small, ink="muted", elided=True)
        self._count = Label(theme, size=TYPE.small, ink="muted", figures=True)
        outer = self._outer = QVBoxLayout(self)
        outer.addWidget(self._options)
        outer.addWidget(self._message)
        outer.addWidget(self._hint)
        row = self._row = QHBoxLayout()
        row.setAlignment(Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.tag)
        row.addWidget(self.incident_tag)
        row.addWidget(self.editor, 1)
        row.addWidget(self._count)
        outer.addLayout(row)
        self._space()
        self._saving_timer = QTimer(self, singleShot=True, interval=SAVING_SHOWN_AFTER_MS)

    def _connect(self) -> None:
        options = self._options
        self.editor.textChanged.connect(self._text_changed)
        self.editor.composing_changed.connect(lambda _on: self._begin())
        for field in (options.counterpart, options.when, options.reason):
            field.composing_changed.connect(lambda _on: self._begin())
        self.editor.sent.connect(self.submit)
        self.editor.left.connect(self.left)
        self.editor.paste_refused.connect(self._paste_refused)
        options.sent.connect(self.submit)
        options.left.connect(self.focus)
        options.changed.connect(self._changed)
        options.when_typed.connect(self._when_typed)
        self.tag.clicked.connect(self.focus)
        self.incident_tag.clicked.connect(self.move_to_context)
        self._saving_timer.timeout.connect(lambda: self._say(self._words("shell.logbox.saving"), "muted"))
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.connect(self._focus_moved)

    def _take_keys(self) -> None:
        """After the first paint: nobody sees them."""
        keys = {**self._options.keys(), "Alt+T": self.take_time, "Alt+E": self.move_to_context}
        bind_keys(self, keys, unless=self._composing)

    # ---- while typing

    def _composing(self) -> bool:
        return self.editor.composing() or self._options.composing()

    def _begun(self) -> bool:
        return self._composing() or not self._options.read(None)._replace(text=self.editor.exact_text()).blank

    def _begin(self) -> None:
        """Fix the incident when a line begins, free it when nothing is left of it."""
        if self._filling:
            return
        if not self._begun():
            self._line = None
            if self._after is not None and self._pending is None:
                QTimer.singleShot(0, self._bring_back)
        elif self._line is None:
            self._line = self._context
        self._refresh()

    def _bring_back(self) -> None:
        if self._after is not None and self._pending is None and not self._begun():
            self.restore(self._after)
            self.draft_changed.emit(self.draft())

    def _text_changed(self) -> None:
        if not self._filling:
            self._options.set_marked(self.editor.exact_text().startswith(IMPORTANT_SIGNS))
            self._changed()

    def _changed(self) -> None:
        if self._filling:
            return
        if self._refused is not None:
            self._refused = None
            self._say("")
        self._begin()
        if self._pending is None:
            self.draft_changed.emit(self.draft())

    def _when_typed(self, text: str) -> None:
        self._when = parse_when(text, self._now(), self._day_words) if text.strip() else None
        self._changed()

    def _late(self) -> bool:
        return is_late(self._when, self._now(), self._late_after)

    def take_time(self) -> None:
        """Take the time the line begins with as happened-at; without one, go to the time field."""
        offered = self._offered()
        if offered is None:
            self._options.when.setFocus()
            self._options.when.selectAll()
            return
        self._options.when.setText(offered[0])
        (self._options.reason if self._late() else self.editor).setFocus()

    def _offered(self) -> tuple[str, datetime] | None:
        text = self.editor.exact_text().lstrip("".join(IMPORTANT_SIGNS))
        if not text or self._options.when.text():
            return None
        return leading_when(text[:40], self._now(), self._day_words)

    def move_to_context(self) -> None:
        """Give the half-typed line to the page's incident: only ever by the operator's own key."""
        if self._line is not None and self._line != self._context:
            self._line = self._context
            self._changed()

    # ---- sending

    def submit(self) -> None:
        """Check what the box can check itself and hand the line over, once."""
        if self._composing():
            return
        if self._pending is not None:
            self._say(self._words("shell.logbox.still_saving"), "muted")
            return
        draft = self.draft()
        found = fault(
            draft,
            self._when,
            now=self._now(),
            late_after=self._late_after,
            limits=self._limits,
            words=self._words,
        )
        if found is not None:
            self._tell(*found)
            return
        if not self._late():
            draft = draft._replace(late_reason="")
        self._pending = draft
        self._saving_timer.start()
        self.restore(LineDraft(after=self._after))
        if self.isAncestorOf(QApplication.focusWidget() or self):
            self.editor.setFocus(Qt.FocusReason.OtherFocusReason)  # the next line begins with its words
        self.submitted.emit(draft)

    def _paste_refused(self, code: str, what: str) -> None:
        self._tell("text", self._words(f"shell.logbox.refused_{code}", what=what))

    # ---- showing

    def _say(self, sentence: str, ink: str = "danger") -> None:
        self._message.set_ink(ink)
        self._message.setText(sentence)
        self._show_said(self.active())
        self._place_message()
        self._mark_refused()

    def _show_said(self, active: bool) -> None:
        """A sentence takes the place of the hint, so that the box keeps its height."""
        self._message.setVisible(said := bool(self._message.text()))
        self._hint.setVisible(active and not said)

    def _place_message(self) -> None:
        part = self._options.part(self._refused or "")
        left, room = 0, self.width() - self._theme.px(480)
        if part is not None and part.isVisible():
            left = part.mapTo(self, part.rect().topLeft()).x() - self._theme.px(SPACE.m)
        elif self._refused is not None:
            left = self.editor.x() - self._theme.px(SPACE.m)
        self._message.setContentsMargins(max(0, min(left, room)), 0, 0, 0)

    def _mark_refused(self) -> None:
        for name in ("counterpart", "happened_at", "late_reason"):
            if (part := self._options.part(name)) is not None:
                mark_refused(part, name == self._refused)
        self.editor.set_refused(self._refused not in (None, "counterpart", "happened_at", "late_reason"))

    def _refresh(self) -> None:
        words, line = self._words, self._line if self._line is not None else self._context
        active = self.active()
        label = line[1] or (line[0] or words("shell.logbox.no_incident"))
        elsewhere = self._line is not None and self._line != self._context
        self.incident_tag.show_text(label, "strong" if elsewhere else "plain", bold=line[0] is not None)
        self.incident_tag.setToolTip(words("shell.logbox.incident_tip", incident=label))
        self.incident_tag.setAccessibleName(words("shell.logbox.incident_tip", incident=label))
        self.tag.show_text(words("shell.logbox.tag"), "accent" if active else "plain", bold=active)
        self._options.show_reason(self._late() or self._options.reason.hasFocus())
        self._options.setVisible(active)
        count = len(self.editor.exact_text())
        self._count.setVisible(count >= self._limits.count_from)
        self._count.setText(f"{count:,} / {self._limits.max_chars:,}")
        self._count.set_ink("danger" if count > self._limits.max_chars else "muted")
        offered = found[0] if (found := self._offered()) else None
        page = (self._context[1] or words("shell.logbox.no_incident")) if elsewhere else None
        self._hint.setText(hint(self.draft(), self._when, offered=offered, elsewhere=page, words=words))
        self._show_said(active)

    def active(self) -> bool:
        """Whether the box is in use: it has the focus, or holds a line."""
        focus = QApplication.focusWidget()
        return self._begun() or (focus is not None and self.isAncestorOf(focus))

    def _focus_moved(self, old: QWidget | None, new: QWidget | None) -> None:
        inside = new is not None and self.isAncestorOf(new)
        if new is not None and not inside and self._refused is not None and not self._begun():
            self._refused = None  # nothing stands there that could be wrong
            self._say("")
        if inside or (old is not None and self.isAncestorOf(old)):
            self._refresh()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The ground and the line above it."""
        if not self._keyed:
            self._keyed = True
            QTimer.singleShot(0, self._take_keys)
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._theme.brush("chrome"))
        painter.fillRect(0, 0, self.width(), self._theme.px(SPACE.hair), self._theme.brush("line"))
        painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A sentence stays beside its field."""
        super().resizeEvent(event)
        self.incident_tag.set_max_text_width(min(TAG_WIDTH, int(self.width() / self._theme.scale / 4)))
        self._place_message()
