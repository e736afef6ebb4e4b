"""The tables of who may speak to the centre: accounts, enrolment codes, devices, tries, and its own key."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Table, Text

from db.tables import metadata
from db.types import Id, Instant, Json

# Who may sign in. The person's record is beside it, in the journal; a hash never enters that.
account = Table(
    "account",
    metadata,
    Column("person_id", Id(), primary_key=True),
    Column("login", Text(), nullable=False, unique=True),  # folded
    Column("hash", Text(), nullable=False),  # argon2, in its own notation
    Column("created_at", Instant(), nullable=False),
    Column("changed_at", Instant(), nullable=False),  # the password
    Column("withdrawn_at", Instant()),
    sqlite_with_rowid=False,
)

# Tries that may have been wrong, each counted before it was judged: of a person or an unknown login at a
# device (commandcenter.domain.lockout), or of enrolment codes from an address.
attempt = Table(
    "attempt",
    metadata,
    Column("purpose", Text(), primary_key=True),  # "person", "login", "address"
    Column("subject", Text(), primary_key=True),
    Column("device", Id(), primary_key=True),  # sixteen zeros: none
    Column("wrong", Integer(), nullable=False),
    Column("seen_at", Instant()),
    Column("locked_at", Instant()),
    Column("released_by", Id()),
    Column("released_at", Instant()),
    sqlite_with_rowid=False,
)

enrolment_code = Table(
    "enrolment_code",
    metadata,
    Column("hash", LargeBinary(), primary_key=True),  # SHA-256 of the secret
    Column("scope_id", Id(), nullable=False),
    Column("roles", Json(), nullable=False),
    Column("made_by", Id()),
    Column("made_at", Instant(), nullable=False),
    Column("expires_at", Instant(), nullable=False),
    Column("used_at", Instant()),
    Column("used_by", Id()),  # the device
    sqlite_with_rowid=False,
)

# A device whose chain was renewed has a row for each of its ids; token and number are the newest one's.
device = Table(
    "device",
    metadata,
    Column("id", Id(), primary_key=True),
    Column("machine_id", Id(), nullable=False),  # its first id: the same for every id it ever had
    Column("renewed_as", Id()),  # the id under which it went on
    Column("number", Integer(), unique=True),  # 1 to 99, as people say it
    Column("name", Text(), nullable=False),
    Column("scope_id", Id(), nullable=False),
    Column("roles", Json(), nullable=False),
    Column("token_hash", LargeBinary(), unique=True),  # SHA-256
    Column("public_key", LargeBinary(), nullable=False),  # Ed25519
    Column("alone_until", BigInteger(), nullable=False),  # its chain's length when it first enrolled
    Column("enrolled_at", Instant(), nullable=False),
    Column("seen_at", Instant()),
    Column("withdrawn_at", Instant()),
    sqlite_with_rowid=False,
)
Index(None, device.c.machine_id)

# One row (``id`` 1), made once: the seed of the Ed25519 key with which the centre signs.
centre_key = Table(
    "centre_key",
    metadata,
    Column("id", Integer(), primary_key=True, autoincrement=False),
    Column("seed", LargeBinary(), nullable=False),
    Column("made_at", Instant(), nullable=False),
)
