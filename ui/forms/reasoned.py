"""The small inline form: a question, a reason, perhaps a text, and two keys: Ctrl+Enter and Esc."""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QWidget

from commandcenter.domain.errors import Refused
from ui.forms.drafts import DraftKeeper
from ui.forms.editors import Editor, LineText
from ui.forms.labelled import Labelled
from ui.panel import Panel
from ui.shell.chip import Label
from ui.shell.composing import is_enter
from ui.theme import SPACE, TYPE, Theme
from ui.workbench import Workbench

CONTROL = Qt.KeyboardModifier.ControlModifier


class ReasonedPanel(Panel):
    """The base of the strike and closing panels. ``rows``: the fields by the command's names for them."""

    closed = Signal()

    def __init__(self, workbench: Workbench, reason_caption: str) -> None:
        super().__init__(workbench.theme)
        self.workbench, self.words = workbench, workbench.words
        theme = workbench.theme
        self._drafts = DraftKeeper(workbench, self)
        self._sending = False
        self._key = ""
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.about = Label(theme, "", ink="muted")
        self.about.setWordWrap(True)
        self.reason = LineText(workbench, reason_caption)
        self.rows: dict[str, Labelled] = {"reason": Labelled(reason_caption, self.reason)}
        self.send = QPushButton()
        self.send.setDefault(True)
        self.send.clicked.connect(self.submit)
        self.away = QPushButton(self.words("forms.open.close"))
        self.away.clicked.connect(self.close_panel)
        self.hint = Label(theme, "", ink="muted", size=TYPE.small, elided=True)
        self.body.addWidget(self.about)
        self.body.addWidget(self.rows["reason"])
        self._feet = QHBoxLayout()
        for button in (self.send, self.away):
            self._feet.addWidget(button)
        self._feet.addWidget(self.hint, 1)
        self.body.addLayout(self._feet)
        self._wire(self.reason)
        self.reason.entered.connect(self.submit)
        self._space()
        self.setVisible(False)

    def add_row(self, name: str, row: Labelled) -> None:
        """Another field beneath the reason."""
        last = list(self.rows.values())[-1].editor
        self.rows[name] = row
        self.body.insertWidget(self.body.count() - 1, row)
        self._wire(row.editor)
        # Tab goes from field to field before it comes to the button that sends
        for before, after in pairwise((last.focusProxy(), row.editor.focusProxy(), self.send, self.away)):
            if before is not None and after is not None:
                QWidget.setTabOrder(before, after)

    def _wire(self, editor: Editor) -> None:
        editor.left.connect(self.close_panel)
        editor.typed.connect(self._keep)
        proxy = editor.focusProxy()
        if proxy is not None:
            proxy.installEventFilter(self)

    # ---- open and close

    def _show(self, key: str, prefill: dict[str, str]) -> None:
        """Show the panel with the draft of ``key``, else with what is filled in."""
        self._key = key
        raw = self._drafts.find(key) or prefill
        for name, row in self.rows.items():
            row.clear()
            row.editor.put_raw(str(raw.get(name) or ""))
        self.setVisible(True)
        self.reason.setFocus(Qt.FocusReason.OtherFocusReason)

    def close_panel(self) -> None:
        """Put it away; what was typed stays as a draft."""
        if self._key:
            self._keep()
            self._drafts.flush()
            self._key = ""
            self.setVisible(False)
            self.closed.emit()

    def is_open(self) -> bool:
        """Whether the panel is out."""
        return bool(self._key)

    def _body(self) -> dict[str, str] | None:
        """What a draft keeps; None where nothing was typed."""
        body = {name: raw for name, row in self.rows.items() if (raw := row.editor.raw())}
        return body or None

    def _keep(self) -> None:
        if self._key and not self._sending:
            self._drafts.keep(self._key, self._body())

    # ---- sending

    def submit(self) -> None:
        """Send, once; subclasses say what."""
        if self._sending or not self._key or any(row.editor.composing() for row in self.rows.values()):
            return
        for row in self.rows.values():
            row.clear()
        self._send()

    def _send(self) -> None:
        raise NotImplementedError

    def _sent(self) -> None:
        """It is on the disk: let it go."""
        self._sending = False
        self._drafts.keep(self._key, None)
        self._key = ""
        self.setVisible(False)
        self.closed.emit()

    def _failed(self, error: BaseException) -> None:
        self._sending = False
        row = self.rows.get(error.field or "") if isinstance(error, Refused) else None
        if isinstance(error, Refused) and (row is not None or error.field is not None):
            named = row or self.rows["reason"]
            named.refuse(self.words.sentence(error))
            named.editor.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self.workbench.say_error(error)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Ctrl+Enter sends from every field."""
        pressed = event if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress else None
        if pressed is not None and is_enter(pressed) and pressed.modifiers() & CONTROL:
            if not pressed.isAutoRepeat():
                self.submit()
            return True
        return super().eventFilter(watched, event)

    def hideEvent(self, event: QHideEvent) -> None:
        """What is half typed is on the disk before the panel goes."""
        super().hideEvent(event)
        self._drafts.flush()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc puts the panel away."""
        if event.key() == Qt.Key.Key_Escape:
            self.close_panel()
        else:
            super().keyPressEvent(event)

    # ---- look

    def _space(self) -> None:
        self._feet.setSpacing(self.workbench.theme.px(SPACE.s))

    def set_theme(self, theme: Theme) -> None:
        """Take another look or scale (labels are told by the shell)."""
        super().set_theme(theme)
        if hasattr(self, "rows"):  # the base calls this while it is being made
            self._space()
            for row in self.rows.values():
                row.editor.set_theme(theme)
