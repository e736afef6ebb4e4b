"""The verification in words: run on a reader, told line by line, stopped when a person says so."""

from __future__ import annotations

from concurrent.futures import Future
from uuid import UUID

from PySide6.QtCore import QObject, Signal

from commandcenter.services.first_start import shipped_changes
from commandcenter.words import Words
from db.desk.engine import Connection
from db.desk.journal import newest
from db.desk.verify import MOST_FINDINGS, Finding, Verification, verify
from ui.register_words import kind_label
from ui.workbench import Workbench


class Verifier(QObject):
    """One verification at a time. ``told``: a sentence on the way; ``ended``: the result, None if stopped."""

    told = Signal(str)
    ended = Signal(object)
    _counted = Signal(int, int)  # from the reader's thread

    def __init__(self, workbench: Workbench, parent: QObject) -> None:
        super().__init__(parent)
        self._workbench = workbench
        self._running: Future[Verification] | None = None
        self._counted.connect(self._tell)

    def running(self) -> bool:
        """Whether one is under way."""
        return self._running is not None

    def start(self) -> None:
        """Check the whole file against everything noted beside it."""
        if self._running is not None:
            return
        desktop, counted = self._workbench.desktop, self._counted

        def question(connection: Connection) -> Verification:
            total = newest(connection)
            return verify(
                connection,
                desktop.directory.known_anchors(),
                lambda done: counted.emit(done, total),
                shipped=shipped_changes(),
            )

        self._tell(0, 0)
        self._running = self._workbench.bridge.ask(self, question, self._done, self._failed)

    def stop(self) -> None:
        """Give up; nothing is known then."""
        running, self._running = self._running, None
        if running is not None:
            self._workbench.desktop.cancel(running)
            self.ended.emit(None)

    def _tell(self, done: int, total: int) -> None:
        if self._running is not None or done == 0:
            shown = f"{total:,}" if total else "…"
            self.told.emit(self._workbench.words("settings.data.verifying", done=f"{done:,}", total=shown))

    def _done(self, result: Verification) -> None:
        if self._running is not None:
            self._running = None
            self.ended.emit(result)

    def _failed(self, error: BaseException) -> None:
        self._running = None
        self._workbench.say_error(error)
        self.ended.emit(None)


def result_lines(words: Words, result: Verification, device: UUID | None) -> tuple[bool, list[str]]:
    """(whether the file is sound, what to say of it line by line)."""
    lines: list[str] = []
    if result.findings:
        key = "found_many" if len(result.findings) >= MOST_FINDINGS else "found"
        lines.append(words(f"settings.data.{key}", count=len(result.findings)))
        lines += [finding_sentence(words, finding) for finding in result.findings]
        lines.append(words("settings.data.keep"))
    else:
        anchored = None if device is None else result.anchored.get(device)
        newest_n = result.heads.get(device, (0, ""))[0] if device else 0
        key = "sound" if anchored is None else "sound_anchored"
        counts = {"entries": f"{result.entries:,}", "rows": f"{result.rows:,}", "anchors": result.anchors}
        lines.append(words(f"settings.data.{key}", n=anchored, **counts))
        if (anchored or 0) < newest_n:
            which = "no_anchor" if anchored is None else "unanchored"
            lines.append(words(f"settings.data.{which}", n=anchored))
    if result.purged:
        lines.append(words("settings.data.purged", count=result.purged))
    return not result.findings, lines


def finding_sentence(words: Words, finding: Finding) -> str:
    """One finding in words."""
    kind = kind_label(words, finding.kind)
    row = "" if finding.row is None else str(finding.row)[-12:]
    return words(f"settings.finding.{finding.code}", n=finding.n, kind=kind, row=row, detail=finding.detail)
