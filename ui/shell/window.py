"""The shell: header, rail, page, message, log box and status line in one window."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import shiboken6
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QApplication, QHBoxLayout, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from commandcenter.words import Words
from ui import icons
from ui.shell.chip import repaint_all
from ui.shell.draft import Choice, Limits
from ui.shell.editor import BOX_KEYS
from ui.shell.header import Header
from ui.shell.logbox import LogBox
from ui.shell.nav import PageEntry, Rail, page_key
from ui.shell.status import StatusLine
from ui.shell.strip import MessageStrip
from ui.theme import Theme, apply

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent, QPaintEvent, QResizeEvent, QShowEvent

    from ui.shell.keys import KeyHint, KeyOverlay

# as they come in the Latin and in the Chinese state of an input method
HELP_KEYS = ("?", "\uff1f")


class Shell(QMainWindow):
    """The frame around the pages. It knows widgets and words; what they mean is the caller's."""

    page_changed = Signal(str)
    page_again = Signal(str)  # the page that is shown was asked for by its key or its place in the rail
    painted = Signal()

    def __init__(
        self,
        words: Words,
        theme: Theme,
        *,
        now: Callable[[], datetime],
        pages: Sequence[PageEntry],
        channels: Sequence[Choice] = (),
        directions: Sequence[Choice] = (),
        importances: Sequence[Choice] = (),
        late_after: timedelta = timedelta(minutes=5),
        limits: Limits | None = None,
    ) -> None:
        super().__init__()
        icons.load()
        self._words, self._theme = words, theme
        self._entries = tuple(pages)
        self._page_widgets: dict[str, QWidget] = {}
        self._current = ""
        self._before_box: QWidget | None = None
        self._before_keys: QWidget | None = None
        self._overlay: KeyOverlay | None = None
        self._hints: tuple[KeyHint, ...] = ()
        self._was_painted = False
        self.setWindowTitle(words("shell.product"))
        self.header = Header(words, theme, now=now)
        self.rail = Rail(words, theme, pages)
        self.stack = QStackedWidget()
        # a page scrolls; it never pushes the log box or the clock off a small screen
        self.stack.setMinimumSize(1, 1)
        self.strip = MessageStrip(words, theme)
        self.logbox = LogBox(
            words,
            theme,
            now=now,
            channels=channels,
            directions=directions,
            importances=importances,
            late_after=late_after,
            limits=limits,
        )
        self.status = StatusLine(words, theme)
        self._compose()
        self._connect()

    def _compose(self) -> None:
        frame = self._frame = QWidget()
        outer = QVBoxLayout(frame)
        middle, column = QHBoxLayout(), QVBoxLayout()
        for layout in (outer, middle, column):
            layout.setContentsMargins(0, 0, 0, 0)
            layout.setSpacing(0)
        column.addWidget(self.strip)
        column.addWidget(self.stack, 1)
        middle.addWidget(self.rail)
        middle.addLayout(column, 1)
        outer.addWidget(self.header)
        outer.addLayout(middle, 1)
        outer.addWidget(self.logbox)
        outer.addWidget(self.status)
        self.setCentralWidget(frame)
        self.logbox.order_tabs()

    def _connect(self) -> None:
        self.rail.chosen.connect(self._choose_page)
        self.logbox.left.connect(self._leave_box)
        self.strip.closed.connect(self._give_focus_back)
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.connect(self._focus_moved)

    def _take_keys(self) -> None:
        for index, entry in enumerate(self._entries):
            if key := page_key(index):
                self._shortcut(key, lambda page=entry.id: self._choose_page(page))  # type: ignore[misc]
        for key in BOX_KEYS:
            self._shortcut(key, self.focus_box)
        for key in HELP_KEYS:
            self._shortcut(key, self.show_keys)
        self._shortcut("F1", self.show_keys)

    def _shortcut(self, key: str, act: Callable[[], None]) -> None:
        from PySide6.QtGui import QKeySequence, QShortcut

        shortcut = QShortcut(QKeySequence(key), self)
        shortcut.setAutoRepeat(False)
        shortcut.activated.connect(act)
        shortcut.activatedAmbiguously.connect(act)

    # ---- pages

    def add_page(self, page_id: str, widget: QWidget) -> None:
        """Give a page of the rail its widget. KeyError if the rail has no such page."""
        self.rail.button(page_id)
        old = self._page_widgets.pop(page_id, None)
        if old is not None:
            self.stack.removeWidget(old)
        self._page_widgets[page_id] = widget
        self.stack.addWidget(widget)
        if page_id == self._current or (old is None and not self._current):
            self._current = page_id
            self.stack.setCurrentWidget(widget)
            self.rail.show_page(page_id)

    def _choose_page(self, page_id: str) -> None:
        if page_id == self._current:
            self.page_again.emit(page_id)
        self.show_page(page_id)

    def show_page(self, page_id: str) -> None:
        """Show a page; the half-typed line stays in the box with its incident.

        ``page_changed`` is emitted first, so that a caller may build the page with ``add_page`` then.
        """
        self.rail.show_page(page_id)
        if page_id == self._current:
            return
        self._current = page_id
        focus = QApplication.focusWidget()
        in_page = focus is None or any(
            part.isAncestorOf(focus) for part in (self.stack, self.rail, self.header)
        )
        made = self._page_widgets.get(page_id)
        # asked first: Qt's stack puts the focus on whatever part takes Tab
        place = None if made is None else resting_place(made)
        self.page_changed.emit(page_id)
        widget = self._page_widgets.get(page_id)
        if widget is not None:
            self.stack.setCurrentWidget(widget)
            self._before_box = None
            if in_page:
                self._focus_page(place or widget.focusProxy())

    def page(self) -> str:
        """The id of the page shown, "" before any."""
        return self._current

    def _focus_page(self, place: QWidget | None = None) -> None:
        widget = self.stack.currentWidget()
        if widget is None:
            return
        target = place or resting_place(widget)
        if target is None:
            parts = [widget, *widget.findChildren(QWidget)]
            target = next((part for part in parts if takes_tab(part)), self.rail.button(self._current))
        target.setFocus(Qt.FocusReason.OtherFocusReason)

    # ---- box and overlay

    def focus_box(self) -> None:
        """Put the cursor in the log box."""
        if not self._overlay_open():
            self.logbox.focus()

    def _leave_box(self) -> None:
        target = self._before_box
        if target is not None and shiboken6.isValid(target) and target.isVisible() and target.isEnabled():
            target.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self._focus_page()

    def _give_focus_back(self) -> None:
        focus = QApplication.focusWidget()
        if focus is None or focus is self or self.strip.isAncestorOf(focus):
            self._focus_page()

    def _focus_moved(self, old: QWidget | None, new: QWidget | None) -> None:
        if new is None or old is None or not self.logbox.isAncestorOf(new):
            return
        if self.isAncestorOf(old) and not self.logbox.isAncestorOf(old) and old is not self._overlay:
            self._before_box = old

    def set_key_hints(self, hints: Sequence[KeyHint]) -> None:
        """The actions of the pages; the shell's own stand before them."""
        self._hints = tuple(hints)

    def key_hints(self) -> tuple[KeyHint, ...]:
        """Everything the overlay shows."""
        from ui.shell.keys import KeyHint

        words = self._words
        group = words("shell.keys.group_everywhere")
        own = [KeyHint("/", words("shell.keys.box"), group), KeyHint("?", words("shell.keys.help"), group)]
        if self._entries:
            last = page_key(min(len(self._entries), 10) - 1)
            key = f"{page_key(0)}…{last[-1]}" if len(self._entries) > 1 else page_key(0)
            own.append(KeyHint(key, words("shell.keys.pages"), group))
        own.append(KeyHint("Ctrl+F", words("shell.keys.search"), group))
        own.append(KeyHint("Tab", words("shell.keys.tab"), group))
        box = words("shell.keys.group_box")
        for key, name in (
            ("Enter", "send"),
            ("Shift+Enter", "break"),
            ("Esc", "leave"),
            ("Alt+1…9", "channel"),
            ("Alt+D", "direction"),
            ("Alt+C", "counterpart"),
            ("Alt+I", "importance"),
            ("!", "important"),
            ("Alt+T", "time"),
            ("Alt+R", "reason"),
            ("Alt+E", "move"),
        ):
            own.append(KeyHint(key, words(f"shell.keys.{name}"), box))
        return (*own, *self._hints)

    def show_keys(self) -> None:
        """Open the overlay of keys, or close it."""
        if self._overlay_open():
            self._hide_keys()
            return
        if self._overlay is None:
            from ui.shell.keys import KeyOverlay

            self._overlay = KeyOverlay(self._words, self._theme, self._frame)
            self._overlay.closed.connect(self._keys_closed)
        self._before_keys = QApplication.focusWidget()
        self._overlay.show_hints(self.key_hints())

    def _overlay_open(self) -> bool:
        return self._overlay is not None and self._overlay.isVisible()

    def _hide_keys(self) -> None:
        if self._overlay is not None:
            self._overlay.close_overlay()

    def _keys_closed(self) -> None:
        target = self._before_keys
        if target is not None and shiboken6.isValid(target) and target.isVisible():
            target.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self._focus_page()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Signs that arrive as text only, without a key of their own."""
        if event.text() in BOX_KEYS and not typing():
            self.focus_box()
        elif event.text() in HELP_KEYS and not typing():
            self.show_keys()
        else:
            super().keyPressEvent(event)

    # ---- look

    def set_theme(self, theme: Theme) -> None:
        """Take another look or scale, everywhere at once; what is typed stays."""
        self._theme = theme
        app = QApplication.instance()
        if isinstance(app, QApplication):
            apply(app, theme)
        for part in (self.header, self.rail, self.strip, self.logbox, self.status):
            part.set_theme(theme)
        if self._overlay is not None:
            self._overlay.set_theme(theme)
        repaint_all(self, theme)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The overlay covers everything."""
        super().resizeEvent(event)
        if self._overlay is not None:
            self._overlay.setGeometry(self._frame.rect())

    def paintEvent(self, event: QPaintEvent) -> None:
        """After the first paint: what nobody sees."""
        super().paintEvent(event)
        if not self._was_painted:
            self._was_painted = True
            QTimer.singleShot(0, self._after_first_paint)

    def _after_first_paint(self) -> None:
        self.painted.emit()
        self._take_keys()

    def showEvent(self, event: QShowEvent) -> None:
        """The first thing an officer does is write: the cursor is in the box."""
        super().showEvent(event)
        if not self._was_painted:
            self.logbox.focus()


def resting_place(page: QWidget) -> QWidget | None:
    """Where the focus was on this page, else where the page wants it first; None: it does not say."""
    last: QWidget | None = page.focusWidget()  # None, whatever the stubs say
    return page.focusProxy() if last is None else last


def takes_tab(widget: QWidget) -> bool:
    """Whether Tab can reach a widget now."""
    by_tab = bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus)
    return by_tab and widget.isEnabled() and widget.isVisible()


def typing() -> bool:
    """Whether a text field has the focus, so that signs are text and not keys."""
    from PySide6.QtWidgets import QAbstractSpinBox, QLineEdit, QPlainTextEdit, QTextEdit

    focus = QApplication.focusWidget()
    return isinstance(focus, (QLineEdit, QPlainTextEdit, QTextEdit, QAbstractSpinBox))
