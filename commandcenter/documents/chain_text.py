"""The chain's head as pages carry it: this desk's, and the newest one that the centre signed."""

from __future__ import annotations

from commandcenter.domain.clock import SHANGHAI, from_ms
from commandcenter.words import Words
from db.desk import heads
from db.desk.engine import Connection


def chain_text(connection: Connection, chain: tuple[int, str], words: Words) -> str:
    """``#12 · 9f2c…``, and where a centre signed one ``centre (epoch, n) · 1a2b… · 2026-07-28 14:31``:
    whoever keeps the page can hold both against the files."""
    own = f"#{chain[0]} · {chain[1][:32]}"
    head = heads.newest(connection)
    if head is None:
        return own
    at = f"{from_ms(head.at).astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
    said = words("documents.paper.centre_head", epoch=head.epoch, n=head.n, hash=head.hash[:32], at=at)
    return f"{own} · {said}"
