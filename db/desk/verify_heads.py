"""The verification's look at the centre's signed heads that this desk keeps."""

from __future__ import annotations

from collections.abc import Iterator

from db.desk import heads
from db.desk.engine import Connection


def contradictions(connection: Connection) -> Iterator[tuple[int, str]]:
    """(n, detail) of each pair of heads that the centre signed and that cannot be of one history."""
    for one, two in heads.contradictions(connection):
        yield two.n, f"({one.epoch}, {one.n}) {one.hash[:16]} / ({two.epoch}, {two.n}) {two.hash[:16]}"
