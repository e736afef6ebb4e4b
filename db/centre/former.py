"""What a restored centre may lack: the numbers of former epochs that were given after its backup was made.

Entries offered again are not judged (DESIGN §5.14). Nothing but those numbers is taken so, or a desk could
have anything entered by claiming that it stood before.
"""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from sqlalchemy import Connection, bindparam, select

from db.centre.tables import epoch as epochs
from db.tables import journal

_EPOCHS = select(epochs.c.epoch, epochs.c.after).order_by(epochs.c.epoch)
_KNOWN = select(journal.c.id, journal.c.order_number).where(
    journal.c.id.in_(bindparam("ids", expanding=True))
)


def lacking(connection: Connection) -> Callable[[int, int], bool]:
    """Whether an entry with this (epoch, number) may have been lost: given in an epoch that is over, behind
    where the next one that is known here began; or in one that is not known here, because the backup was made
    before it began."""
    began = [(int(epoch), int(after)) for epoch, after in connection.execute(_EPOCHS)]

    def may_lack(epoch: int, n: int) -> bool:
        if not began or epoch == began[-1][0]:
            return False
        if all(epoch != known for known, _ in began):
            return epoch < began[-1][0]
        following = next((after for other, after in began if other > epoch), began[-1][1])
        return n > following

    return may_lack


def taken_again(connection: Connection, ids: list[UUID]) -> dict[UUID, bool]:
    """{the change: whether it came by an offer} of those that are here."""
    found = connection.execute(_KNOWN, {"ids": ids}) if ids else ()
    return {id_: order is not None for id_, order in found}
