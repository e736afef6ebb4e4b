"""The editors: one kind of typing each (words, notes, times), all of one shape to forms and fields."""

from __future__ import annotations

from typing import cast

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QFocusEvent, QTextCursor
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from commandcenter.domain.clock import instant_text, parse_instant
from ui.shell.chip import Label
from ui.shell.composing import TextLine, mark_refused
from ui.shell.draft import Limits
from ui.shell.editor import LineEditor
from ui.shell.when import DayWords, WhenError, parse_when, write_when
from ui.theme import SPACE, TYPE, Theme
from ui.workbench import Workbench

PASTE_CHARS = 100_000
# the window lost the focus, not the field: nothing was left
_STAYS = (
    Qt.FocusReason.ActiveWindowFocusReason,
    Qt.FocusReason.PopupFocusReason,
    Qt.FocusReason.MenuBarFocusReason,
)


class Unreadable(Exception):
    """What is typed is no value yet; the message is the sentence beside the field."""


class Editor(QWidget):
    """A value as JSON has it (text or None), typed by a person. ``raw`` is what stands there, readable or
    not: a draft keeps it and ``put_raw`` brings it back."""

    entered = Signal()  # Enter
    left = Signal()  # Esc
    lost = Signal()  # the focus went elsewhere
    typed = Signal()  # something else stands there now

    def __init__(self, workbench: Workbench, name: str) -> None:
        super().__init__()
        self.workbench = workbench
        self.words = workbench.words
        self.setAccessibleName(name)
        self._outer = QVBoxLayout(self)
        self._outer.setContentsMargins(0, 0, 0, 0)
        self._outer.setSpacing(0)

    def _adopt(self, part: QWidget) -> None:
        """Make ``part`` what is typed in."""
        part.setAccessibleName(self.accessibleName())
        self._outer.addWidget(part)
        self.setFocusProxy(part)
        part.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Notice the focus leaving."""
        if event.type() == QEvent.Type.FocusOut and cast(QFocusEvent, event).reason() not in _STAYS:
            self._focus_gone()
        return super().eventFilter(watched, event)

    def _focus_gone(self) -> None:
        self.lost.emit()

    def put(self, value: str | None) -> None:
        """Show a value; ``typed`` is not emitted."""
        raise NotImplementedError

    def raw(self) -> str:
        """What stands there."""
        raise NotImplementedError

    def put_raw(self, raw: str) -> None:
        """Put back what stood there; ``typed`` is not emitted."""
        raise NotImplementedError

    def revert(self, value: str | None) -> None:
        """Show a value again instead of what was typed; where words are typed, Ctrl+Z takes those back."""
        self.put(value)

    def value(self) -> str | None:
        """The value typed, None where nothing is. Unreadable if it is none."""
        raise NotImplementedError

    def text_of(self, value: str | None) -> str:
        """A value in words, for reading; "" for None."""
        return value or ""

    def composing(self) -> bool:
        """Whether an input method has a pre-edit open here."""
        return False

    def set_refused(self, refused: bool) -> None:
        """Show or take away the frame that says this was refused."""

    def select_all(self) -> None:
        """Select everything, so that typing replaces it."""

    def begin(self) -> None:
        """The focus came here to change the value: typing replaces it."""
        self.select_all()

    def set_theme(self, theme: Theme) -> None:
        """Take another look or scale."""


class LineText(Editor):
    """One line of words."""

    def __init__(self, workbench: Workbench, name: str, *, size: int = TYPE.body, bold: bool = False) -> None:
        super().__init__(workbench, name)
        self._size, self._bold = size, bold
        self.line = self._make()
        self._adopt(self.line)
        self.line.sent.connect(self.entered)
        self.line.left.connect(self.left)
        self.line.textEdited.connect(self.typed)
        self.set_theme(workbench.theme)

    def _make(self) -> TextLine:
        return TextLine()

    def put(self, value: str | None) -> None:
        """Show a value."""
        self.line.setText(value or "")

    def revert(self, value: str | None) -> None:
        """Show a value again, as one edit."""
        self._replace(value or "")

    def _replace(self, text: str) -> None:
        self.line.selectAll()
        self.line.insert(text)  # unlike setText it can be undone

    def raw(self) -> str:
        """What stands there."""
        return self.line.text()

    def put_raw(self, raw: str) -> None:
        """Put it back."""
        self.line.setText(raw)

    def value(self) -> str | None:
        """The words; None where there are none."""
        text = self.line.text()
        return text if text.strip() else None

    def composing(self) -> bool:
        """Whether a pre-edit is open."""
        return self.line.composing()

    def set_refused(self, refused: bool) -> None:
        """The danger frame."""
        mark_refused(self.line, refused)

    def select_all(self) -> None:
        """Select everything."""
        self.line.selectAll()

    def set_theme(self, theme: Theme) -> None:
        """Take another look or scale."""
        self.line.setFont(theme.font(self._size, bold=self._bold))


class WhenText(LineText):
    """A time as officers type it ("12:40", "07-28 12:40"), read in Asia/Shanghai; the value is RFC 3339."""

    def __init__(self, workbench: Workbench, name: str) -> None:
        super().__init__(workbench, name)
        self._day_words = DayWords.of(workbench.words)
        self._put: tuple[str, str | None] = ("", None)
        self.line.setPlaceholderText(workbench.words("forms.when_hint"))

    def put(self, value: str | None) -> None:
        """Show an instant as it is typed."""
        text = self.written(value)
        self._put = (text, value)
        self.line.setText(text)

    def revert(self, value: str | None) -> None:
        """Show an instant again, as one edit."""
        self._put = (self.written(value), value)
        self._replace(self._put[0])

    def written(self, value: str | None) -> str:
        """An instant as this editor reads it back."""
        return write_when(parse_instant(value), self.workbench.now()) if value else ""

    def value(self) -> str | None:
        """The instant; untouched it is exactly what was put (seconds' fractions are not shown)."""
        text = self.line.text()
        if text == self._put[0]:
            return self._put[1]
        if not text.strip():
            return None
        read = parse_when(text, self.workbench.now(), self._day_words)
        if isinstance(read, WhenError):
            raise Unreadable(self.words(f"shell.when.{read.code}"))
        return instant_text(read)

    def text_of(self, value: str | None) -> str:
        """The instant as it is typed."""
        return self.written(value)

    def set_theme(self, theme: Theme) -> None:
        """Figures of one width."""
        self.line.setFont(theme.font(self._size, figures=True))


class _Note(LineEditor):
    """Several lines, from so many rows to so many."""

    def __init__(self, theme: Theme, rows: tuple[int, int]) -> None:
        self._rows = rows
        super().__init__(theme, PASTE_CHARS)

    def _height(self) -> int:
        rows = max(self._rows[0], min(self._rows[1], round(self.document().size().height())))
        room = self._theme.px(SPACE.box) - self.fontMetrics().lineSpacing()
        return rows * self.fontMetrics().lineSpacing() + max(room, self._theme.px(SPACE.s))

    def _fit(self) -> None:
        super()._fit()
        over = self.document().size().height() > self._rows[1]
        policy = Qt.ScrollBarPolicy
        self.setVerticalScrollBarPolicy(policy.ScrollBarAsNeeded if over else policy.ScrollBarAlwaysOff)


class NoteText(Editor):
    """Several lines of words, exactly as typed. Enter sends, or breaks the line where ``breaks``."""

    def __init__(
        self, workbench: Workbench, name: str, *, rows: tuple[int, int] = (2, 6), breaks: bool = False
    ) -> None:
        super().__init__(workbench, name)
        self.box = _Note(workbench.theme, rows)
        self._breaks = breaks
        self._quiet = False
        self._adopt(self.box)
        self._limits = Limits()
        self.count = Label(workbench.theme, size=TYPE.small, ink="muted", figures=True)
        self.count.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.count.setVisible(False)
        self._outer.addWidget(self.count)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.box.sent.connect(self._enter)
        self.box.left.connect(self.left)
        self.box.textChanged.connect(self._changed)
        self.box.paste_refused.connect(self._paste_refused)

    def _enter(self) -> None:
        if self._breaks:
            self.box.insertPlainText("\n")
            self.box.ensureCursorVisible()
        else:
            self.entered.emit()

    def _changed(self) -> None:
        count, limits = len(self.box.exact_text()), self._limits
        self.count.setVisible(count >= limits.count_from)
        self.count.setText(f"{count:,} / {limits.max_chars:,}")
        self.count.set_ink("danger" if count > limits.max_chars else "muted")
        if not self._quiet:
            self.typed.emit()

    def _paste_refused(self, code: str, what: str) -> None:
        shown = what if code == "paste_too_long" else f"U+{ord(what):04X}"
        self.workbench.problem.emit(self.words(f"shell.logbox.refused_{code}", what=shown))

    def put(self, value: str | None) -> None:
        """Show a value."""
        self.put_raw(value or "")

    def revert(self, value: str | None) -> None:
        """Show a value again, as one edit."""
        if (value or "")[:1] in ("\ufeff", "\ufffe"):  # only set_exact_text keeps these at the start
            self.put(value)
            return
        cursor = self.box.textCursor()
        cursor.select(QTextCursor.SelectionType.Document)
        cursor.insertText(value or "")
        self.box.setTextCursor(cursor)

    def raw(self) -> str:
        """What stands there."""
        return self.box.exact_text()

    def put_raw(self, raw: str) -> None:
        """Put it back."""
        self._quiet = True
        self.box.set_exact_text(raw)
        self._quiet = False

    def value(self) -> str | None:
        """The words exactly; None where there are none."""
        text = self.box.exact_text()
        return text if text.strip() else None

    def composing(self) -> bool:
        """Whether a pre-edit is open."""
        return self.box.composing()

    def set_refused(self, refused: bool) -> None:
        """The danger frame."""
        self.box.set_refused(refused)

    def select_all(self) -> None:
        """Nothing: a note is mostly added to."""

    def set_theme(self, theme: Theme) -> None:
        """Take another look or scale."""
        self.box.set_theme(theme)
        self.box.setFont(theme.font(TYPE.body))
