"""The choice of a grade: its four words with bars and none, moved through with arrows or digits."""

from __future__ import annotations

import shiboken6
from PySide6.QtCore import QEvent, QRect, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from commandcenter.domain.codes import GRADES
from commandcenter.words import Words
from ui.forms.editors import Editor
from ui.shell.composing import is_enter
from ui.shell.grade import BARS, grade_size, paint_grade
from ui.theme import SPACE, TYPE, Theme
from ui.workbench import Workbench

# from no grade to the worst, as digits 0 to 4 choose them
DIGITS = ("0", "1", "2", "3", "4")
ORDER: tuple[str | None, ...] = (None, *reversed(GRADES))


def bars_of(grade: str | None) -> int:
    """How many of the four bars are filled for a grade; 0 for none."""
    return BARS - GRADES.index(grade) if grade in GRADES else 0


def grade_word(words: Words, grade: str | None) -> str:
    """The grade's word; that there is none for None."""
    return words.label("codes.grade", grade or "none")


def _own(event: QKeyEvent) -> bool:
    return is_enter(event) or event.key() == Qt.Key.Key_Escape or event.text() in DIGITS


class _Badges(QWidget):
    """All badges in rows; the chosen one has the accent's ring."""

    def __init__(self, owner: GradeChoice) -> None:
        super().__init__()
        self.owner = owner
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def rects(self, width: int) -> list[QRect]:
        """Where each badge stands within ``width``."""
        theme = self.owner.workbench.theme
        gap, pad = theme.px(SPACE.xs + 1), theme.px(SPACE.focus)
        x = y = pad
        out = []
        for grade in ORDER:
            size = grade_size(grade_word(self.owner.words, grade), theme)
            if grade is None:  # a word without bars
                metrics = QFontMetrics(theme.font(TYPE.body))
                word = metrics.horizontalAdvance(grade_word(self.owner.words, None))
                size.setWidth(word + 2 * theme.px(SPACE.s))
            if x > pad and x + size.width() + pad > width:
                x, y = pad, y + size.height() + gap
            out.append(QRect(x, y, size.width(), size.height()))
            x += size.width() + gap
        return out

    def hasHeightForWidth(self) -> bool:
        """Narrower means more rows."""
        return True

    def heightForWidth(self, width: int) -> int:
        """All rows."""
        return self.rects(width)[-1].bottom() + 1 + self.owner.workbench.theme.px(SPACE.focus)

    def sizeHint(self) -> QSize:
        """One row."""
        last = self.rects(1 << 20)[-1]
        pad = self.owner.workbench.theme.px(SPACE.focus)
        return QSize(last.right() + pad + 1, last.bottom() + pad + 1)

    def minimumSizeHint(self) -> QSize:
        """The widest badge."""
        return QSize(max(rect.width() for rect in self.rects(1)), self.sizeHint().height())

    def event(self, event: QEvent) -> bool:
        """Keep Enter, Esc and the digits from the window."""
        pressed = event if isinstance(event, QKeyEvent) else None
        if pressed is not None and event.type() == QEvent.Type.ShortcutOverride and _own(pressed):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows and digits choose."""
        owner, at = self.owner, ORDER.index(self.owner.value())
        if event.text() in DIGITS:
            owner.take(ORDER[int(event.text())])
        elif event.key() in (Qt.Key.Key_Right, Qt.Key.Key_Up):
            owner.take(ORDER[min(len(ORDER) - 1, at + 1)])
        elif event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Down):
            owner.take(ORDER[max(0, at - 1)])
        elif is_enter(event):
            owner.entered.emit()
        elif event.key() == Qt.Key.Key_Escape:
            owner.left.emit()
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A click chooses."""
        for grade, rect in zip(ORDER, self.rects(self.width()), strict=True):
            if rect.contains(event.position().toPoint()):
                self.owner.take(grade)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The badges."""
        theme, px = self.owner.workbench.theme, self.owner.workbench.theme.px
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for grade, rect in zip(ORDER, self.rects(self.width()), strict=True):
            chosen = grade == self.owner.value()
            if not self.isEnabled():
                painter.setOpacity(0.45)
            if grade is None:
                painter.setPen(QPen(theme.colour("edge" if chosen else "line"), px(SPACE.hair)))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                frame = QRectF(rect).adjusted(0.5, 0.5, -0.5, -0.5)
                painter.drawRoundedRect(frame, px(SPACE.radius_s), px(SPACE.radius_s))
                painter.setFont(theme.font(TYPE.body))
                painter.setPen(theme.colour("muted"))
                painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, grade_word(self.owner.words, None))
            else:
                paint_grade(painter, rect, bars_of(grade), grade_word(self.owner.words, grade), theme)
            if chosen:
                width = px(SPACE.focus) if self.hasFocus() else px(SPACE.hair)
                painter.setPen(QPen(theme.colour("accent"), width))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRoundedRect(QRectF(rect), px(SPACE.radius_s), px(SPACE.radius_s))
        painter.end()


class GradeChoice(Editor):
    """The grade as an editor: the value is its code, None for no grade."""

    def __init__(self, workbench: Workbench, name: str) -> None:
        super().__init__(workbench, name)
        self._grade: str | None = None
        self._name = name
        self.badges = _Badges(self)
        self._adopt(self.badges)
        self._tell()

    def _tell(self) -> None:
        said = f"{self._name} {grade_word(self.words, self._grade)}"
        self.badges.setAccessibleName(said)
        self.badges.update()

    def take(self, grade: str | None) -> None:
        """Choose by hand."""
        if grade != self._grade and self.isEnabled():
            self._grade = grade
            self._tell()
            self.typed.emit()

    def put(self, value: str | None) -> None:
        """Show a grade."""
        self._grade = value if value in GRADES else None
        self._tell()

    def raw(self) -> str:
        """Its code; "" for none."""
        return self._grade or ""

    def put_raw(self, raw: str) -> None:
        """Put it back."""
        self.put(raw or None)

    def value(self) -> str | None:
        """The code."""
        return self._grade

    def text_of(self, value: str | None) -> str:
        """The word."""
        return grade_word(self.words, value)

    def changeEvent(self, event: QEvent) -> None:
        """Disabled just as Tab came here (the class has no grades): the keyboard goes on, not nowhere."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.EnabledChange and not self.isEnabled():
            QTimer.singleShot(0, self._give_focus_on)

    def _give_focus_on(self) -> None:
        if not shiboken6.isValid(self) or self.isEnabled() or not self.isVisible():
            return
        holder: QWidget | None = self.window().focusWidget()  # None, whatever the stubs say
        if holder is not None and holder.isEnabled():
            return
        part = self.nextInFocusChain()
        while part is not None and part is not self:
            by_tab = part.focusPolicy() & Qt.FocusPolicy.TabFocus
            if by_tab and part.isEnabled() and part.isVisible():
                part.setFocus(Qt.FocusReason.TabFocusReason)
                return
            part = part.nextInFocusChain()

    def set_theme(self, theme: Theme) -> None:
        """Take another look or scale."""
        self.badges.updateGeometry()
        self.badges.update()
