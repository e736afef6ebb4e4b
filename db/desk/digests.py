"""The desk's digests: what its server layer holds of each kind and scope, kept with each change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from commandcenter.domain.digest import plus
from db.desk.engine import Connection

NO_SCOPE = bytes(16)
_ADD = (
    "INSERT INTO digest (kind, scope_id, count, sum) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (kind, scope_id) DO UPDATE SET count = excluded.count, sum = excluded.sum"
)


@dataclass
class Digests:
    """Differences gathered over a slice and written once, in the slice's transaction."""

    connection: Connection
    _gathered: dict[tuple[str, bytes], tuple[int, int]] = field(default_factory=dict)

    def add(self, kind: str, scope: UUID | None, hash_: int, rows: int = 1) -> None:
        """A row more (``rows`` 1), or (−1) one less, with its hash."""
        key = (kind, NO_SCOPE if scope is None else scope.bytes)
        count, total = self._gathered.get(key, (0, 0))
        self._gathered[key] = (count + rows, plus(total, hash_ * rows))

    def flush(self) -> None:
        """Write what was gathered."""
        for (kind, scope), (rows, sum_) in self._gathered.items():
            if rows == 0 and sum_ == 0:
                continue
            found = self.connection.execute(
                "SELECT count, sum FROM digest WHERE kind = ? AND scope_id = ?", (kind, scope)
            ).fetchone()
            count, total = found or (0, 0)
            self.connection.execute(_ADD, (kind, scope, count + rows, plus(total, sum_)))
        self._gathered.clear()


def held(connection: Connection) -> dict[tuple[str, UUID | None], tuple[int, int]]:
    """{(kind, scope): (count, sum)} of what this desk holds; what is empty is left out."""
    return {
        (kind, None if scope == NO_SCOPE else UUID(bytes=scope)): (count, sum_)
        for kind, scope, count, sum_ in connection.execute("SELECT kind, scope_id, count, sum FROM digest")
        if count or sum_
    }


def differing(
    mine: Mapping[tuple[str, UUID | None], tuple[int, int]],
    theirs: Iterable[tuple[str, UUID | None, int, int]],
) -> list[tuple[str, UUID | None]]:
    """The kinds and scopes of which the centre says something else than this desk holds."""
    return [
        (kind, scope)
        for kind, scope, count, sum_ in theirs
        if mine.get((kind, scope), (0, 0)) != (count, sum_)
    ]
