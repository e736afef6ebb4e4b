"""The centre's signed heads as the desk takes them: checked, the newest kept here and beside the database."""

from __future__ import annotations

import json
import logging
import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from commandcenter.domain.clock import instant_text
from commandcenter.domain.signed_head import Order, SignedHead
from commandcenter.protocol.codes import fingerprint, verify_signature
from commandcenter.protocol.messages import Signed
from commandcenter.services.audit import NoteAccess
from commandcenter.sync.taking import AskWriter
from db.desk import heads

if TYPE_CHECKING:
    from commandcenter.services.workplace import Workplace

log = logging.getLogger(__name__)

Trouble = Literal["", "head_refused", "head_contradicted"]
ANCHOR_S = 3600.0  # one line beside the database in so long, and one at the end
ANCHORS = "anchors.jsonl"


class Heads:
    """Called on the worker's thread. Nothing it finds stops the exchange: the desk's own work is as good as
    before, and somebody has to look at the centre."""

    def __init__(self, folder: Path, key: str, ask_writer: AskWriter) -> None:
        """``key``: the centre's public key in hex, as it was pinned at enrolment."""
        self._file = folder / ANCHORS
        self._key = bytes.fromhex(key)
        self._ask_writer = ask_writer
        self._heard: Signed | None = None
        self._to_note: SignedHead | None = None
        self._noted_at = float("-inf")
        self._refused_at = float("-inf")
        self.heard_at = float("-inf")  # monotonic clock
        self.trouble: Trouble = ""
        self.good: Signed | None = None  # the newest that was signed right
        self.key_name = ""

    def heard(self, said: Signed | None) -> Trouble:
        """Take what the end of the feed said; the trouble that there is now."""
        if said is None:
            return self.trouble
        self.heard_at = time.monotonic()
        if said == self._heard:
            return self.trouble
        self._heard = said
        head = SignedHead(epoch=said.epoch, n=said.n, hash=said.hash, at=said.at, signature=said.signature)
        if not self._signed(head):
            self._refuse(head)
            return self.trouble

        def work(workplace: Workplace) -> Order:
            order = heads.take(workplace.connection, head)
            if order == "contradicts":
                workplace.execute(_event("head_contradicted", head))
            if heads.contradictions(workplace.connection):  # also one of before this start
                self.trouble = "head_contradicted"
            return order

        order = self._ask_writer(work)
        if order == "contradicts":
            log.error(
                "the centre signed two histories: (%d, %d) contradicts what it signed", head.epoch, head.n
            )
            self.trouble = "head_contradicted"
            self._note(head)
        elif order in ("later", "same"):
            self.good, self.key_name = said, fingerprint(self._key)
            if self.trouble == "head_refused":
                self.trouble = ""
            self._to_note = head
            if time.monotonic() >= self._noted_at + ANCHOR_S:
                self.close()
        return self.trouble

    def close(self) -> None:
        """Note the newest head beside the database, if it is not there yet."""
        head, self._to_note = self._to_note, None
        if head is not None:
            self._noted_at = time.monotonic()
            self._note(head)

    def _signed(self, head: SignedHead) -> bool:
        try:
            return verify_signature(self._key, head.message, bytes.fromhex(head.signature))
        except ValueError:
            return False

    def _refuse(self, head: SignedHead) -> None:
        if not self.trouble:
            self.trouble = "head_refused"
        if time.monotonic() < self._refused_at + ANCHOR_S:
            return
        self._refused_at = time.monotonic()
        log.error("the centre's head (%d, %d) is not signed by its key", head.epoch, head.n)
        self._ask_writer(lambda workplace: workplace.execute(_event("head_refused", head)))

    def _note(self, head: SignedHead) -> None:
        line = {"at": instant_text(datetime.now(UTC)), "why": "centre", "centre": heads.as_json(head)}
        try:
            with self._file.open("a+b") as stream:
                torn = False
                if stream.seek(0, os.SEEK_END):
                    stream.seek(-1, os.SEEK_END)
                    torn = stream.read(1) != b"\n"  # by a crash: it must not take this line with it
                stream.write(b"\n" * torn + json.dumps(line).encode() + b"\n")
                stream.flush()
                os.fsync(stream.fileno())
        except OSError:
            log.warning("the centre's head was not noted", exc_info=True)


def _event(action: str, head: SignedHead) -> NoteAccess:
    return NoteAccess(
        action=action, subject_kind="database", extent=f"epoch={head.epoch} n={head.n}", result="failed"
    )
