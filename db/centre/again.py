"""What is done again after a restore: entries completed and told anew, cards made of all their entries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Connection, bindparam, func, insert, select, update

from commandcenter.domain import digest
from commandcenter.domain.change import Change, Private, link
from commandcenter.domain.opened import NOTHING_GONE, seals_hold
from commandcenter.domain.purge import Destruction
from commandcenter.domain.record import REGISTRY
from commandcenter.protocol.messages import Note
from db.centre import heads, rows
from db.centre.digests import Sums
from db.centre.judgement import Arrived
from db.centre.tables import feed_head
from db.tables import journal, private_value

_HEAD = select(feed_head.c.epoch, feed_head.c.n, feed_head.c.hash).with_for_update()
_HEAD_UPDATE = update(feed_head).values(n=bindparam("b_n"), hash=bindparam("b_hash"))
_RENUMBER = (
    update(journal)
    .where(journal.c.id == bindparam("b_id"))
    .values(
        seq=bindparam("b_n"),
        number=bindparam("b_n"),
        epoch=bindparam("b_epoch"),
        order_epoch=func.coalesce(journal.c.order_epoch, journal.c.epoch),
        order_number=func.coalesce(journal.c.order_number, journal.c.number),
    )
)
_NOTE = update(journal).where(journal.c.id == bindparam("b_id")).values(note=bindparam("b_note"))
_PRIVATE = insert(private_value)
_body_encoder = msgspec.json.Encoder(order="sorted")


def beside(change: Change, private: Mapping[str, Private], incident: UUID | None) -> dict[str, Any]:
    """The row of ``private_value`` of an entry, by event."""
    body = {
        name: {"salt": value.salt.hex(), "value": value.value, "former": value.former}
        for name, value in private.items()
    }
    return {
        "change_id": change.id,
        "row_id": change.row,
        "incident_id": incident,
        "body": _body_encoder.encode(body),
    }


def complete(connection: Connection, entry: Arrived, gone: Destruction = NOTHING_GONE) -> bool:
    """An entry that came first from a desk that had not its personal values to see gets them now, all but
    those that certificates destroyed.

    False if there was nothing to complete. Before other rows are read: it changes one."""
    change = entry.change
    if not entry.private or not seals_hold(change, entry.private, gone=gone):
        return False
    if rows.private_of(connection, [change.id]):
        return False
    kind = REGISTRY[change.kind]
    incident = change.row if kind.name == "incident" else (change.set or {}).get("incident_id")
    whose = UUID(incident) if isinstance(incident, str) else incident
    connection.execute(_PRIVATE, [beside(change, entry.private, whose)])
    row = rows.refold(connection, kind, change.row)
    if row is not None:
        if kind.nature == "fact":
            row.pop("heads")
        rows.write(connection, kind.name, [], [row])
    return True


def tell_again(connection: Connection, completed: Sequence[Arrived]) -> None:
    """Give entries that were completed a new number, so that those who took them without their personal
    values hear of them; their place among the values of a field stays."""
    if not completed:
        return
    epoch, n, head = connection.execute(_HEAD).one()
    heads.moved(connection, [entry.change.id for entry in completed])
    for entry in completed:
        n += 1
        head = link(bytes(head), entry.data)
        connection.execute(_RENUMBER, {"b_id": entry.change.id, "b_n": n, "b_epoch": epoch})
    connection.execute(_HEAD_UPDATE, {"b_n": n, "b_hash": head})


def tell_sight(
    connection: Connection, last: Sequence[UUID], was: tuple[UUID, ...], now: tuple[UUID, ...]
) -> None:
    """Say in the last of an incident's offered entries who sees it now."""
    gain, loss = set(now) - set(was), set(was) - set(now)
    if last and (gain or loss):
        note = Note(gain=tuple(sorted(gain)), loss=tuple(sorted(loss)))
        connection.execute(_NOTE, {"b_id": last[-1], "b_note": msgspec.to_builtins(note)})


def refold(connection: Connection, name: str, row_id: UUID) -> rows.Row | None:
    """A card that got an entry from before: what it is now follows from all of them."""
    was = rows.read(connection, name, [row_id]).get(row_id)
    row = rows.refold(connection, REGISTRY[name], row_id)
    sums = Sums()
    if was is not None:
        sums.add(name, was["scope_id"], digest.of_card(row_id, was["heads"]), -1)
    if row is not None:
        sums.add(name, row["scope_id"], digest.of_card(row_id, row["heads"]))
        rows.write(connection, name, [] if was else [row], [row] if was else [])
    sums.flush(connection)
    return row
