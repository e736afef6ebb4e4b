"""The centre's heads: how far the feed's chain has come, and where an entry stood that was told again."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Connection, bindparam, insert, select

from db.centre.tables import feed_head
from db.tables import journal, local

_HEAD = select(feed_head.c.epoch, feed_head.c.n, feed_head.c.hash)
_PLACES = select(journal.c.id, journal.c.seq).where(journal.c.id.in_(bindparam("ids", expanding=True)))
_MOVED = "feed.moved."
_KEEP = insert(local)
_WHAT_STOOD = select(local.c.value).where(local.c.key == bindparam("b_key"))


def newest(connection: Connection) -> tuple[int, int, bytes]:
    """(epoch, n, hash) of the feed's chain as it stands."""
    epoch, n, hash_ = connection.execute(_HEAD).one()
    return epoch, n, bytes(hash_)


def moved(connection: Connection, ids: Sequence[UUID]) -> None:
    """Remember which numbers these entries have now, before they get new ones: the feed's chain has each of
    them there too, and without this nobody could compute it again."""
    found = connection.execute(_PLACES, {"ids": list(ids)}).all()
    if found:
        connection.execute(_KEEP, [{"key": f"{_MOVED}{seq}", "value": str(id_)} for id_, seq in found])


def stood_at(connection: Connection, n: int) -> UUID | None:
    """The entry that had this number and was told again under another one; None: none did."""
    said = connection.execute(_WHAT_STOOD, {"b_key": f"{_MOVED}{n}"}).scalar()
    return None if said is None else UUID(said)
