"""The watch over a card with personal fields: that somebody read it, edited or copied it is noted, once."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication, QWidget

from commandcenter.domain.record import Kind
from commandcenter.services.audit import NoteAccess
from ui.workbench import Workbench

READ_AFTER_MS = 2000  # going past a card with the arrow keys is not reading it


class PersonalWatch(QObject):
    """Belongs to a form. Each card is noted once in a sitting: somebody else who sits down begins anew."""

    def __init__(self, workbench: Workbench, form: QWidget, kind: Kind) -> None:
        super().__init__(form)
        self._workbench, self._form, self._kind = workbench, form, kind
        self._id: UUID | None = None
        self._said: tuple[str, ...] = ()
        self._noted: set[tuple[str, UUID]] = set()
        self._sitting = workbench.directory.now.person
        self._timer = QTimer(self, singleShot=True, interval=READ_AFTER_MS)
        self._timer.timeout.connect(self.read)
        form.installEventFilter(self)
        workbench.directory.changed.connect(self._may_be_another)
        QApplication.clipboard().dataChanged.connect(self._copied)

    def shown(self, id_: UUID | None, said: Sequence[str] = ()) -> None:
        """A card is shown, or none; ``said``: its personal values."""
        self._said = tuple(said)
        wanted = id_ if said else None
        if wanted != self._id:
            self._id = wanted
            self._timer.stop()
            self._begin()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A card out of sight is read by nobody."""
        if event.type() == QEvent.Type.Show:
            self._begin()
        elif event.type() == QEvent.Type.Hide:
            self._timer.stop()
        return False

    def _begin(self) -> None:
        if self._id is not None and self._form.isVisible() and not self._timer.isActive():
            self._timer.start()

    def read(self) -> None:
        """It stayed open, or was edited."""
        self._note("opened_personal")

    def _copied(self) -> None:
        focus, text = QApplication.focusWidget(), QApplication.clipboard().text().strip()
        ours = focus is not None and self._form.isAncestorOf(focus)
        if ours and text and any(text in value for value in self._said):
            self.read()
            self._note("copied_personal")

    def _may_be_another(self) -> None:
        person = self._workbench.directory.now.person
        if person != self._sitting:
            self._sitting = person
            self._noted.clear()
        if self._id is not None and ("opened_personal", self._id) not in self._noted:
            self._begin()  # also where names were hidden until now

    def _note(self, action: str) -> None:
        id_ = self._id
        if id_ is None or self._workbench.directory.hidden or (action, id_) in self._noted:
            return
        self._noted.add((action, id_))
        note = NoteAccess(action=action, subject_kind=self._kind.name, subject_id=id_)
        self._workbench.bridge.execute(self._form, note)
