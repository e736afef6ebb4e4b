"""The broken variants: rules that look right and lose what people typed. The simulation has to find each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any
from unittest.mock import patch
from uuid import UUID

from commandcenter.domain.change import decode
from commandcenter.domain.errors import Refused
from commandcenter.domain.opened import Opened
from commandcenter.domain.purge import Destruction
from commandcenter.domain.record import REGISTRY, Kind
from db.centre import again, intake, judgement, rows
from db.centre import purge as centre_purge
from db.desk import incoming, outbox, standing, statements
from db.desk import purge as desk_purge
from db.desk.store import Transaction


@contextmanager
def numbers_as_base() -> Iterator[None]:
    """The base is the field's newest value at the commit, as a row's number would say it: what arrived while
    the form was open goes under unseen."""
    edit = Transaction.edit

    def without(
        self: Transaction, kind: str, id_: UUID, wanted: Mapping[str, Any], bases: Any = None
    ) -> bool:
        return edit(self, kind, id_, wanted, None)

    with patch.object(Transaction, "edit", without):
        yield


@contextmanager
def unsent_fields_skipped() -> Iterator[None]:
    """What arrives for a field that has an unsent value here is passed over."""
    original = standing.entries_of

    def skipping(connection: Any, kind: Kind, row: UUID) -> list[standing.Stored]:
        stored = original(connection, kind, row)
        unsent = {name for entry in stored if entry.order is None for name in entry.opened.edit or {}}
        out = []
        for entry in stored:
            if entry.order is not None and entry.opened.edit and unsent & entry.opened.edit.keys():
                kept = {name: edit for name, edit in entry.opened.edit.items() if name not in unsent}
                shown = Opened(id=entry.opened.id, edit=kept)
                entry = standing.Stored(change=entry.change, opened=shown, order=entry.order, seq=entry.seq)
            out.append(entry)
        return out

    def settled_in_place(self: Any, kind: Kind, row: UUID, was: Any) -> None:
        """The row stays as it was made with the skipping on: nobody looks again when the value is sent."""
        if was is not None and any(entry.order is None for entry in was):
            return
        card_again(self, kind, row, was)

    card_again = incoming.Incoming._card_again
    with (
        patch.object(incoming, "entries_of", skipping),
        patch.object(incoming.Incoming, "_card_again", settled_in_place),
    ):
        yield


@contextmanager
def offered_judged_again() -> Iterator[None]:
    """What was accepted before a restore is asked again whether it may stand."""
    one = judgement.one

    def judged(*arguments: Any, **named: Any) -> bool:
        try:
            return one(*arguments, **{**named, "judged": True})
        except Refused:
            return False

    def refolded(connection: Any, name: str, row: UUID) -> Any:
        """Edits are judged against the row as it is now, and dropped where a rule says no."""
        kind = REGISTRY[name]
        now = rows.read(connection, name, [row]).get(row)
        made = original(connection, name, row)
        if now is not None and made is not None:
            for field in ("state", "grade"):
                if field in kind.types and len(made["heads"].get(field, ())) > 1:
                    rows.write(connection, name, [], [now])
                    return now
        return made

    original = again.refold
    with patch.object(intake, "one", judged), patch.object(again, "refold", refolded):
        yield


@contextmanager
def cached_refusals() -> Iterator[None]:
    """A refusal carries the row as it was when the group was first refused, and the desk takes it whole."""
    refuse = outbox.refuse
    seen: dict[tuple[str, UUID], list[Any]] = {}

    def with_old_row(connection: Any, group: UUID, *arguments: Any) -> Any:
        before: dict[tuple[str, UUID], Sequence[Any]] = {}
        for id_ in outbox.group_ids(connection, group):
            (data,) = connection.execute("SELECT bytes FROM journal WHERE id = ?", (id_.bytes,)).fetchone()
            change = decode(data)
            kind = REGISTRY[change.kind]
            if kind.nature == "card" and change.edit is not None:
                codec = statements.CODECS[kind.name]
                raw = connection.execute(codec.select, (change.row.bytes,)).fetchone()
                key = (kind.name, change.row)
                if raw is not None:
                    before[key] = seen.setdefault(key, list(raw))
        out = refuse(connection, group, *arguments)
        for (name, _), raw in before.items():
            codec = statements.CODECS[name]
            marks = ", ".join("?" * len(raw))
            names = ", ".join(f'"{column}"' for column in codec.columns)
            connection.execute(f'INSERT OR REPLACE INTO "{name}" ({names}) VALUES ({marks})', raw)
        return out

    with patch.object(outbox, "refuse", with_old_row):
        yield


@contextmanager
def local_clocks_decide() -> Iterator[None]:
    """Of several values the one typed last by the desks' clocks is current."""
    original = standing.entries_of

    def by_clock(connection: Any, kind: Kind, row: UUID) -> list[standing.Stored]:
        stored = original(connection, kind, row)
        first = [entry for entry in stored if entry.change.set is not None]
        rest = [entry for entry in stored if entry.change.set is None]
        return first + sorted(rest, key=lambda entry: (entry.change.at is None, entry.change.at))

    def always_anew(self: Any, kind: Kind, change: Any, private: Any, entry: Any) -> None:
        stored = by_clock(self.connection, kind, change.row)
        self._card_again(kind, change.row, [one for one in stored if one.change.id != change.id])

    with (
        patch.object(incoming, "entries_of", by_clock),
        patch.object(incoming.Incoming, "_card", always_anew),
    ):
        yield


@contextmanager
def destroyed_once_only() -> Iterator[None]:
    """A certificate destroys what is there when it comes; what comes after it is taken in as it is."""

    def whole(self: Any, change: UUID, row: UUID, private: Mapping[str, Any]) -> dict[str, Any]:
        return dict(private)

    strip_desk, strip_centre = desk_purge._strip, centre_purge._strip
    left = Destruction.left

    def striking(original: Any) -> Any:
        def work(*arguments: Any) -> Any:
            with patch.object(Destruction, "left", left):
                return original(*arguments)

        return work

    with (
        patch.object(desk_purge, "_strip", striking(strip_desk)),
        patch.object(centre_purge, "_strip", striking(strip_centre)),
        patch.object(Destruction, "left", whole),
    ):
        yield


VARIANTS: dict[str, Callable[[], AbstractContextManager[None]]] = {
    "numbers instead of change ids as base": numbers_as_base,
    "fields with unsent values skipped": unsent_fields_skipped,
    "re-offered entries judged again": offered_judged_again,
    "cached refusals": cached_refusals,
    "local clocks deciding": local_clocks_decide,
    "certificates that destroy once only": destroyed_once_only,
}
