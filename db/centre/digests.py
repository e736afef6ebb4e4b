"""The centre's digests: the differences of one transaction, gathered and written once."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Connection, bindparam, insert, select, update

from commandcenter.domain import digest
from db.tables import digest as digests

NO_SCOPE = UUID(int=0)
_DIGESTS = select(digests).where(digests.c.kind.in_(bindparam("kinds", expanding=True)))
_DIGEST_INSERT = insert(digests)
_DIGEST_UPDATE = (
    update(digests)
    .where((digests.c.kind == bindparam("b_kind")) & (digests.c.scope_id == bindparam("b_scope")))
    .values(count=bindparam("b_count"), sum=bindparam("b_sum"))
)


class Sums:
    """The digests' differences of one transaction."""

    def __init__(self) -> None:
        self._gathered: dict[tuple[str, UUID], tuple[int, int]] = {}

    def add(self, kind: str, scope: UUID | None, hash_: int, rows_: int = 1) -> None:
        key = (kind, scope or NO_SCOPE)
        count, total = self._gathered.get(key, (0, 0))
        self._gathered[key] = (count + rows_, digest.plus(total, hash_ * rows_))

    def flush(self, connection: Connection) -> None:
        if not self._gathered:
            return
        kinds = sorted({kind for kind, _ in self._gathered})
        held = {
            (kind, scope): (count, total)
            for kind, scope, count, total in connection.execute(_DIGESTS, {"kinds": kinds})
        }
        new, old = [], []
        for (kind, scope), (more, sum_) in self._gathered.items():
            if (kind, scope) in held:
                count, total = held[kind, scope]
                old.append(
                    {
                        "b_kind": kind,
                        "b_scope": scope,
                        "b_count": count + more,
                        "b_sum": digest.plus(total, sum_),
                    }
                )
            else:
                new.append({"kind": kind, "scope_id": scope, "count": more, "sum": sum_})
        if new:
            connection.execute(_DIGEST_INSERT, new)
        if old:
            connection.execute(_DIGEST_UPDATE, old)
