"""The centre's view of the desks' chains: in whose chain an entry is filed, and whether one goes on twice."""

from __future__ import annotations

from uuid import UUID, uuid5

from sqlalchemy import Connection, bindparam, insert, select, update

from commandcenter.domain.change import GENESIS, Change, link
from db.centre.judgement import Arrived
from db.tables import chain

_SEGMENT = select(chain.c.device).where((chain.c.n == bindparam("n")) & (chain.c.hash == bindparam("hash")))
_NEWEST = select(chain.c.n).where(chain.c.device == bindparam("device"))
_CHAIN_INSERT = insert(chain)
_CHAIN_UPDATE = (
    update(chain)
    .where(chain.c.device == bindparam("b_device"))
    .values(n=bindparam("b_n"), hash=bindparam("b_hash"))
)
_CHAINS = select(chain.c.device).where(chain.c.device.in_(bindparam("ids", expanding=True)))


class Segments:
    """In whose chain each entry is filed: a chain that goes on twice is two, and stops nobody (DESIGN
    §5.12)."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.forked = False
        self._heads: dict[tuple[int, bytes], UUID] = {}
        self._grown: dict[UUID, tuple[int, bytes]] = {}
        self._held: set[UUID] = set()  # chains that are known to be there
        self._previous = GENESIS

    def file(self, entry: Arrived, *, new: bool) -> tuple[UUID | None, bytes | None]:
        """(segment, the chain's hash with this entry); (None, None) for a row that ships."""
        change = entry.change
        if change.device is None or change.n is None:
            return None, None
        previous = self._previous if entry.before is None else entry.before
        hash_ = self._previous = link(previous, entry.data)
        if not new:
            return change.device, hash_
        segment = self._segment(change, change.device, change.n, previous)
        self._heads.pop((change.n - 1, previous), None)
        self._heads[change.n, hash_] = segment
        self._grown[segment] = (change.n, hash_)
        return segment, hash_

    def _segment(self, change: Change, device: UUID, n: int, previous: bytes) -> UUID:
        here = self._heads.get((n - 1, previous))
        if here is not None:
            return here
        if n > 1:
            found: UUID | None = (
                self.connection.execute(_SEGMENT, {"n": n - 1, "hash": previous}).scalars().first()
            )
            if found is not None:
                self._held.add(found)
                return found
        newest = self._grown.get(device, (None, None))[0]
        if newest is None:
            newest = self.connection.execute(_NEWEST, {"device": device}).scalar()
        # a gap is what a restored centre lacks, or what was taken out: noted by verify, and stops nobody
        if newest is None or newest < n:
            return device
        self.forked = True
        return uuid5(device, f"{n}:{previous.hex()}:{change.id}")

    def flush(self) -> None:
        """Write the chains' new heads."""
        held = self._held & self._grown.keys()
        if asked := [id_ for id_ in self._grown if id_ not in held]:
            held |= set(self.connection.execute(_CHAINS, {"ids": asked}).scalars())
        new = [{"device": id_, "n": n, "hash": h} for id_, (n, h) in self._grown.items() if id_ not in held]
        old = [{"b_device": id_, "b_n": n, "b_hash": h} for id_, (n, h) in self._grown.items() if id_ in held]
        if new:
            self.connection.execute(_CHAIN_INSERT, new)
        if old:
            self.connection.execute(_CHAIN_UPDATE, old)
