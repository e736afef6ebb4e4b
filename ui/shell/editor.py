"""The editor of the log box: one to five lines, exact text, and hands off while an input method composes."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QMimeData, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QGuiApplication,
    QInputMethodEvent,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPolygonF,
    QResizeEvent,
    QTextCursor,
)
from PySide6.QtWidgets import QPlainTextEdit, QSizePolicy, QWidget

from ui.shell.composing import belongs_to_input_method, is_enter
from ui.shell.draft import BIDI_MARKS, code_point, first_control, first_not_held
from ui.theme import SPACE, TYPE, Theme

MAX_LINES = 5


# what leads to the box, as it comes in the Latin and in the Chinese state of an input method
BOX_KEYS = ("/", "\u3001", "\uff0f")


class LineEditor(QPlainTextEdit):
    """A multi-line text box whose Enter sends; it knows whether a pre-edit is open."""

    sent = Signal()
    left = Signal()
    composing_changed = Signal(bool)
    paste_refused = Signal(str, str)  # "not_held" or "paste_too_long", and what: "U+FDD0", "120,000"

    def __init__(self, theme: Theme, paste_chars: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._paste_chars = paste_chars
        self._preedit = ""
        self._marks: list[tuple[int, bool]] = []
        self.setTabChangesFocus(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.textChanged.connect(self._find_marks)
        self.document().documentLayout().documentSizeChanged.connect(self._fit)
        self.verticalScrollBar().valueChanged.connect(self._stay_at_top)
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """Take another look or scale."""
        self._theme = theme
        self.setFont(theme.font(TYPE.line))
        self.document().setDocumentMargin(0)
        self._fit()
        self.update()

    # ---- text, exactly

    def exact_text(self) -> str:
        """The text as typed: U+00A0 and U+2028 stay; only Qt's own paragraph sign becomes LF."""
        return self.document().toRawText().replace("\u2029", "\n")

    def set_exact_text(self, text: str) -> None:
        """Put ``text`` in, cursor at its end. A U+FEFF at the start survives PySide's conversion."""
        if self._preedit:
            QGuiApplication.inputMethod().reset()
            self._preedit = ""
        guarded = text[:1] in ("\ufeff", "\ufffe")
        self.setPlainText(f"x{text}" if guarded else text)
        if guarded:
            cursor = QTextCursor(self.document())
            cursor.deleteChar()
            self.document().clearUndoRedoStacks()
        self.moveCursor(QTextCursor.MoveOperation.End)

    def set_refused(self, refused: bool) -> None:
        """Show or take away the frame that says this text was refused."""
        if bool(self.property("refused")) != refused:
            self.setProperty("refused", refused)
            self.style().unpolish(self)
            self.style().polish(self)

    def composing(self) -> bool:
        """Whether an input method has a pre-edit open here."""
        return bool(self._preedit)

    def insertFromMimeData(self, source: QMimeData) -> None:
        """Paste or drop; what cannot be held exactly is refused whole, never altered in silence."""
        text = source.text()
        if (sign := first_not_held(text)) is not None:
            self.paste_refused.emit("not_held", code_point(sign))
        elif len(text) > self._paste_chars:
            self.paste_refused.emit("paste_too_long", f"{len(text):,}")
        else:
            super().insertFromMimeData(source)

    # ---- keys

    def inputMethodEvent(self, event: QInputMethodEvent) -> None:
        """Follow the pre-edit."""
        before, self._preedit = self._preedit, event.preeditString()
        super().inputMethodEvent(event)
        if bool(before) != bool(self._preedit):
            self.composing_changed.emit(bool(self._preedit))

    def event(self, event: QEvent) -> bool:
        """Keep the window's shortcuts away from keys that belong to the input method."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            if self._preedit and belongs_to_input_method(event):
                event.accept()
                return True
            if event.key() == Qt.Key.Key_Escape or is_enter(event):
                event.accept()
                return True
        # QWidget.event turns Tab into a focus change before keyPressEvent sees it
        if self._preedit and event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            mine = not belongs_to_input_method(event)
            return super().event(event) if mine else True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter sends, Shift+Enter breaks the line, Esc leaves; none of them while composing."""
        if self._preedit and belongs_to_input_method(event):
            event.accept()
        elif is_enter(event):
            if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
                self.insertPlainText("\n")
                self.ensureCursorVisible()
            elif not event.isAutoRepeat():
                self.sent.emit()
        elif event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        elif event.text() in BOX_KEYS and self.document().isEmpty():
            event.accept()  # the key that leads here, pressed by somebody who is here already
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Leaving ends the composition: Qt has committed or dropped the pre-edit by now."""
        super().focusOutEvent(event)
        if self._preedit and not self.textCursor().block().layout().preeditAreaText():
            self._preedit = ""
            self.composing_changed.emit(False)

    # ---- size and marks

    def sizeHint(self) -> QSize:
        """Wide, and as high as the text, one to five lines."""
        return QSize(self._theme.px(320), self._height())

    def _height(self) -> int:
        return self._lines_height() + max(self._theme.px(SPACE.box) - self.fontMetrics().lineSpacing(), 4)

    def _lines_height(self) -> int:
        """The height of the first lines, as laid out: a line with Chinese may be taller than the font's."""
        left, height = MAX_LINES, 0.0
        block = self.document().firstBlock()
        while block.isValid() and left > 0:
            full = self.blockBoundingRect(block).height()
            lines = max(1, block.layout().lineCount())
            height += full * min(left, lines) / lines
            left -= lines
            block = block.next()
        return max(self.fontMetrics().lineSpacing(), round(height))

    def _fit(self) -> None:
        height = self._height()
        if height != self.height() or height != self.minimumHeight():
            self.setFixedHeight(height)
        over = self.document().size().height() > MAX_LINES
        policy = Qt.ScrollBarPolicy
        self.setVerticalScrollBarPolicy(policy.ScrollBarAsNeeded if over else policy.ScrollBarAlwaysOff)
        margin = max(0, (self._theme.px(SPACE.box) - self.fontMetrics().lineSpacing()) // 2 - 1)
        self.setViewportMargins(self._theme.px(SPACE.s), margin, self._theme.px(SPACE.xs), margin)

    def _stay_at_top(self) -> None:
        """A text that fits is shown from its first line; Qt scrolls before the box has grown."""
        if self.document().size().height() <= MAX_LINES:
            self.verticalScrollBar().setValue(0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A narrower box wraps more."""
        super().resizeEvent(event)
        self._fit()

    def _find_marks(self) -> None:
        marks, at = [], 0
        for sign in self.exact_text():
            bad = sign < "\u00a0" and first_control(sign) is not None
            if bad or sign in BIDI_MARKS:
                marks.append((at, bad))
            at += 2 if sign > "\uffff" else 1
        self._marks = marks

    def paintEvent(self, event: QPaintEvent) -> None:
        """The text, and a small flag where a direction mark or control character stands."""
        super().paintEvent(event)
        if not self._marks:
            return
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        cursor = QTextCursor(self.document())
        size = self._theme.px(SPACE.xs)
        for at, bad in self._marks:
            cursor.setPosition(at)
            rect = QRectF(self.cursorRect(cursor))
            if rect.bottom() < 0 or rect.top() > self.viewport().height():
                continue
            colour = self._theme.colour("danger" if bad else "accent")
            x, top = rect.center().x(), rect.top()
            painter.fillRect(QRectF(x - 0.5, top, 1, rect.height()), colour)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour)
            painter.drawPolygon(
                QPolygonF([QPointF(x - size, top), QPointF(x + size, top), QPointF(x, top + size)])
            )
        painter.end()
