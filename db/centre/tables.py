"""The tables that only the centre fills: the feed's head, its epochs, and who may speak to it."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, Table

from db.tables import metadata

# One row (``id`` 1): the newest number given. Whoever numbers changes holds it locked until the commit, so
# that numbers appear in their order (DESIGN §5.4).
feed_head = Table(
    "feed_head",
    metadata,
    Column("id", Integer(), primary_key=True, autoincrement=False),
    Column("epoch", Integer(), nullable=False),
    Column("n", BigInteger(), nullable=False),
    Column("hash", LargeBinary(), nullable=False),  # the chain of the numbered feed up to here
)

# Each epoch and the number after which it began: a restored centre opens a new one.
epoch = Table(
    "epoch",
    metadata,
    Column("epoch", Integer(), primary_key=True, autoincrement=False),
    Column("after", BigInteger(), nullable=False),
)
