"""The certificates of destruction carried from a desk's former file into the one that takes its place."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from uuid import UUID

import msgspec

from commandcenter.domain.purge import KIND
from commandcenter.protocol.messages import Numbered
from db.desk.engine import Connection, connect
from db.desk.exchange import Taken
from db.desk.incoming import Incoming

_OF = (
    f'SELECT j.bytes, j.epoch, j.number, j.order_epoch, j.order_number FROM "{KIND}" AS c'
    " JOIN journal AS j ON j.id = c.id WHERE j.number IS NOT NULL AND j.absent IS NULL ORDER BY j.id"
)


def certificates_of(former: Path) -> list[Numbered]:
    """The certificates in effect in a file; none where it cannot be read, or is older than they are."""
    try:
        other = connect(f"{former.absolute().as_uri()}?mode=ro", uri=True)
        try:
            found = other.execute(_OF).fetchall()
        finally:
            other.close()
    except sqlite3.DatabaseError:
        return []
    return [
        Numbered(
            n=number,
            epoch=epoch,
            e=msgspec.Raw(data),
            order=None if order_number is None else (order_epoch, order_number),
        )
        for data, epoch, number, order_epoch, order_number in found
    ]


def carry(connection: Connection, device: UUID, certificates: list[Numbered]) -> Taken:
    """Destroy in this file what certificates of the former one named, before anybody reads it; inside the
    caller's transaction. The feed tells them again, which does no harm."""
    incoming = Incoming(connection, device)
    change_set = incoming.take(certificates)
    return Taken(change_set=change_set, new_lines=incoming.new_lines)
