"""The import under way: one group after the other, with progress, and stopped between two if so wished."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from PySide6.QtCore import QObject, Signal

from commandcenter.services.command import Command
from commandcenter.services.imports import ImportRegister, UndoImport
from commandcenter.services.workplace import Outcome
from ui.workbench import Workbench


class ImportRun(QObject):
    """Hands the writer one group at a time, so that an operator's line never waits behind more than one."""

    ended = Signal(int, int, object)  # done, of how many, the error that ended it or None

    def __init__(self, workbench: Workbench, owner: QObject) -> None:
        super().__init__(owner)
        self._workbench = workbench
        self._commands: Iterator[Command] = iter(())
        self._key = ""
        self._done = self._total = 0
        self._stop = False
        self.running = False

    def accept(self, commands: Iterator[ImportRegister], total: int) -> None:
        """Carry out the groups of a proposal."""
        self._begin("import.working", commands, total)

    def undo(self, batch: UUID, total: int) -> None:
        """Undo a whole import."""

        def forever() -> Iterator[Command]:
            while True:
                yield UndoImport(batch=batch)

        self._begin("import.undoing", forever(), total)

    def cancel(self) -> None:
        """Stop after the group under way."""
        self._stop = True

    def _begin(self, key: str, commands: Iterator[Command], total: int) -> None:
        if self.running:
            return
        self._commands, self._key, self._total = commands, key, total
        self._done, self._stop, self.running = 0, False, True
        self._tell()
        self._next()

    def _tell(self) -> None:
        sentence = self._workbench.words(self._key, done=f"{self._done:,}", total=f"{self._total:,}")
        self._workbench.progress.emit(sentence, self.cancel)

    def _next(self) -> None:
        command = None if self._stop else next(self._commands, None)
        if command is None:
            self._end(None)
            return
        self._workbench.bridge.execute(
            self, command, lambda outcome: self._carried_out(command, outcome), self._end
        )

    def _carried_out(self, command: Command, outcome: Outcome) -> None:
        if isinstance(command, ImportRegister):
            self._done += len(command.add) + len(command.edit)
        elif outcome.changes == 0:
            self._done = self._total
            self._end(None)
            return
        else:
            self._done = min(self._total, self._done + outcome.changes)
        self._tell()
        self._next()

    def _end(self, error: BaseException | None) -> None:
        self.running = False
        self.ended.emit(self._done, self._total, error)
