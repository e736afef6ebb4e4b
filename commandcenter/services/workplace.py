"""The workplace: a desk's file opened for writing, and the one way a command is carried out on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID

import commandcenter.services.audit
import commandcenter.services.deployments
import commandcenter.services.desk_affairs
import commandcenter.services.exceptions
import commandcenter.services.imports
import commandcenter.services.incidents
import commandcenter.services.levels
import commandcenter.services.log
import commandcenter.services.readings
import commandcenter.services.registers
import commandcenter.services.shelters
import commandcenter.services.sign_in
import commandcenter.services.welfare  # noqa: F401  these fill the commands' registry
from commandcenter.domain.access import UNSIGNED, acting_roles
from commandcenter.domain.change import ChangeSet
from commandcenter.domain.clock import Clock, whole_ms
from commandcenter.domain.purge import KIND as CERTIFICATE
from commandcenter.domain.record import Situation
from commandcenter.services import first_start
from commandcenter.services.command import HANDLERS, Command
from commandcenter.services.reference import is_code, shipped_row_id
from db.desk import local, purge
from db.desk.engine import Connection, checkpoint, explained, open_writer, write_ahead
from db.desk.exchange import Taken
from db.desk.journal import newest, tail
from db.desk.search import Indexer
from db.desk.store import Author, Mint, Transaction, immediate
from db.desk.upgrade import ensure

LATE_AFTER_S = 1800
SCRUBBED_AT_ONCE = 16_000_000  # bytes of a file that is written anew in a tenth of a second
CHECKPOINT_AFTER = 200  # commits; about 8 MB of write-ahead log


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a command did: the rows it made or edited, how many changes, and what was touched."""

    ids: tuple[UUID, ...]
    changes: int
    change_set: ChangeSet


class Workplace:
    """One desk's writer. Not thread-safe: it lives on the writer thread."""

    def __init__(
        self,
        file: Path,
        *,
        clock: Clock,
        mint: Mint,
        backups: Path,
        profile: str = "licheng",
        open_: Callable[[Path], Connection] = open_writer,
    ) -> None:
        """Open ``file``, making it with ``profile`` if it is not there. Unavailable if the world says no."""
        self.file = file
        self._clock = clock
        self._mint = mint
        self._sitting: local.Sitting | None = None
        self._unfolded = 0  # commits since the write-ahead log was folded in
        self._own: set[int] = set()  # own lines of the journal after one that has not been looked at
        self.connection = open_(file)
        self._indexer = Indexer(self.connection)
        try:
            ensure(self.connection, file, backups)
            with explained(file):
                write_ahead(self.connection)
                self.device = self._settled(profile)
                self._scrubs = purge.wants_scrub(self.connection)
                self._seen_version = local.data_version(self.connection)
                self._seen_seq = newest(self.connection)
        except BaseException:
            self.connection.close()
            raise

    def _settled(self, profile: str) -> UUID:
        device = local.get(self.connection, "device")
        if device is not None:
            return UUID(device)
        with immediate(self.connection, self.file):
            device = local.get(self.connection, "device")  # another process may have been faster
            if device is not None:
                return UUID(device)
            situation = self._situation(LATE_AFTER_S)
            author = Author(
                person=None,
                roles=(UNSIGNED,),
                device=self._mint.new_id(),
                scope=first_start.district_of(profile),
                offset_ms=situation.offset_ms,
            )
            tx = Transaction(self.connection, author, situation, self._mint)
            first_start.settle(tx, profile, "live")
            tx.close()
        return author.device

    def _situation(self, late_after_s: int) -> Situation:
        now = whole_ms(self._clock.now())
        offset = self._clock.offset_ms()
        return Situation(now=now, late_after_s=late_after_s, is_code=is_code, offset_ms=offset)

    def _read_sitting(self) -> local.Sitting:
        """Who sits here; read again only after something it depends on may have changed."""
        if self._sitting is None or self._sitting.version != local.data_version(self.connection):
            self._sitting = local.sitting(
                self.connection, self.device, shipped_row_id("setting", "late_after_s")
            )
        return self._sitting

    def execute(self, command: Command, by: UUID | None = None) -> Outcome:
        """Carry out one command in one transaction; when this returns it is on the disk. ``by``: a person who
        has proved who they are, where that is not who sits here.

        Refused or Unavailable: nothing was written."""
        with immediate(self.connection, self.file):
            sitting = self._read_sitting()
            situation = self._situation(sitting.late_after_s or LATE_AFTER_S)
            author = Author(
                person=sitting.person,
                roles=acting_roles(sitting.roles, passwords=sitting.passwords),
                device=self.device,
                scope=sitting.scope,
                offset_ms=situation.offset_ms,
                scopes=sitting.scopes,
            )
            tx = Transaction(self.connection, author, situation, self._mint)
            if by is not None:
                roles = acting_roles(tx.need("person", by)["roles"], passwords=sitting.passwords)
                tx.author = replace(author, person=by, roles=roles)
            HANDLERS[type(command)](tx, command)
            tx.close()
        if not command.journaled or tx.touched.keys() & {"person", "desk", "setting"}:
            self._sitting = None  # data_version tells of others' commits, not of this connection's own
        self._unfolded += 1
        self._note_own(tx)
        return Outcome(ids=tuple(tx.ids), changes=tx.changes, change_set=tx.change_set())

    def _note_own(self, tx: Transaction) -> None:
        """Remember which of the journal's lines this program wrote: they are nobody else's."""
        if tx.seq == self._seen_seq + tx.changes:
            self._seen_seq = tx.seq
        else:  # before them stands what somebody else wrote: read from the journal at the next look
            self._own.update(range(tx.seq - tx.changes + 1, tx.seq + 1))

    def exchange(self, work: Callable[[Connection, UUID], Taken]) -> Taken:
        """Take an answer of the centre in one transaction. Sees what ``db.desk.exchange`` does."""
        with immediate(self.connection, self.file):
            before = newest(self.connection)
            taken = work(self.connection, self.device)
        if taken.change_set.touched.keys() & {"person", "desk", "setting"}:
            self._sitting = None
        if CERTIFICATE in taken.change_set.touched:
            self._scrubs = purge.wants_scrub(self.connection)
        self._unfolded += 1
        if taken.new_lines:
            if before == self._seen_seq:
                self._seen_seq = before + taken.new_lines
            else:
                self._own.update(range(before + 1, before + taken.new_lines + 1))
        return taken

    def begin_new_chain(self) -> None:
        """Go on under a new device id after a restore.

        The desk wrote entries after the backup was made; going on in the old chain would fork it
        (DESIGN §5.14). The desk keeps its number and name; the old card is retired."""
        with immediate(self.connection, self.file):
            old = self.device
            sitting = self._read_sitting()
            situation = self._situation(LATE_AFTER_S)
            author = Author(
                person=sitting.person,
                roles=(UNSIGNED,),
                device=self._mint.new_id(),
                scope=sitting.scope,
                offset_ms=situation.offset_ms,
            )
            tx = Transaction(self.connection, author, situation, self._mint)
            card = tx.get("desk", old) or {"number": 1, "organisation_id": sitting.scope}
            names = ("number", "name", "organisation_id", "scope_id")
            tx.add("desk", {name: card.get(name) for name in names}, id_=author.device)
            local.put(self.connection, "device", str(author.device))
            # a group of its own: a clone may have retired the card already, and the new one must stand
            tx.close()
            retiring = tx.next_group()
            if retiring.get("desk", old) is not None:
                retiring.edit("desk", old, {"retired": True})
            retiring.close()
        self.device = author.device
        self._sitting = None
        self._note_own(tx)
        self._note_own(retiring)

    def changes_by_others(self) -> ChangeSet | None:
        """What other processes committed since the last look or own command; None if nothing."""
        version = local.data_version(self.connection)
        if version == self._seen_version:
            return None
        with explained(self.file):
            changes = tail(self.connection, self._seen_seq, self._own)
        self._seen_version = version
        self._seen_seq = changes.seq
        self._own.clear()
        return changes

    def idle(self, budget_s: float) -> bool:
        """Some of the work that waits until nobody does: the text index, then the checkpoint.

        True if more is waiting."""
        with explained(self.file):
            if self._indexer.more(budget_s):
                return True
            if self._unfolded >= CHECKPOINT_AFTER:
                checkpoint(self.connection)
                self._unfolded = 0
            if self._scrubs and purge.size(self.connection) <= SCRUBBED_AT_ONCE:
                self._scrubs = not purge.scrub(self.connection)
        return False

    def close(self) -> None:
        """Close the file; SQLite folds the write-ahead log in when this was the last connection. A large file
        that is to forget destroyed words is written anew before that: now nobody waits for it."""
        if self._scrubs:
            with explained(self.file):
                purge.scrub(self.connection)
        self.connection.close()
