"""The tables: one per record kind, made from its definition, and those that journal and desk need."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)
from sqlalchemy.types import TypeEngine

from commandcenter.domain.record import REGISTRY, Kind
from db.columns import ColumnShape, columns_of
from db.types import Id, Instant, Json

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_TYPES: dict[ColumnShape, type[TypeEngine[Any]]] = {
    "text": Text,
    "code": Text,
    "reference": Id,
    "instant": Instant,
    "integer": BigInteger,
    "flag": Boolean,
    "codes": Json,
    "json": Json,
}


def _record_table(kind: Kind) -> Table:
    columns: list[Column[Any]] = [
        Column(name, _TYPES[shape](), primary_key=name == "id") for name, shape in columns_of(kind)
    ]
    table = Table(kind.name, metadata, *columns, sqlite_with_rowid=False)
    for name in kind.indexed:
        Index(None, table.c[name])
    return table


RECORDS: dict[str, Table] = {name: _record_table(kind) for name, kind in REGISTRY.items()}

journal = Table(
    "journal",
    metadata,
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),  # order of arrival here
    Column("id", Id(), nullable=False, unique=True),
    Column("device", Id()),
    Column("n", BigInteger()),
    Column("row", Id()),  # only where it is not the change's own id
    Column("bytes", LargeBinary(), nullable=False),
    Column("hash", LargeBinary()),  # this device's chain up to and with this entry
    Column("epoch", Integer()),  # the centre's number, once it has one; at the centre ``seq`` is that number
    Column("number", BigInteger()),
    Column("order_epoch", BigInteger()),  # only where it was offered again after a restore: its first number,
    Column("order_number", BigInteger()),  # which stays its place among the values of a field
    Column("absent", Text()),  # why it makes no row here: "refused" by the centre, "hidden" (scope lost)
    Column("note", Json()),  # what the centre remarked: a doubtful time, who gains or loses sight of it
    Column("scope_id", Id()),  # at the centre: whose entry it is, for the desks that may see only their own
    Column("incident_id", Id()),
    Column("kind", Text()),
)
Index("ix_journal_row", journal.c.row, sqlite_where=journal.c.row.is_not(None))

chain = Table(
    "chain",
    metadata,
    Column("device", Id(), primary_key=True),
    Column("n", BigInteger(), nullable=False),
    Column("hash", LargeBinary(), nullable=False),
    sqlite_with_rowid=False,
)

private_value = Table(
    "private_value",
    metadata,
    Column("change_id", Id(), primary_key=True),
    Column("row_id", Id(), nullable=False),
    Column("incident_id", Id()),  # purged by event
    Column("body", LargeBinary(), nullable=False),  # JSON {field: {"salt", "value", "former"}}
    sqlite_with_rowid=False,
)

# What certificates in effect destroy (domain.purge): a projection of them.
destroyed = Table(
    "destroyed",
    metadata,
    Column("target_id", Id(), nullable=False),  # a change, or a card
    Column("field", Text(), nullable=False),
    Column("former", Boolean(), nullable=False),  # of a card: its edits' former values
    Column("certificate_id", Id(), nullable=False),
    PrimaryKeyConstraint("target_id", "field", "former", "certificate_id"),
    sqlite_with_rowid=False,
)

timeline = Table(
    "timeline",
    metadata,
    Column("happened_at", Instant(), nullable=False),
    Column("row_id", Id(), nullable=False),
    Column("kind", Text(), nullable=False),
    Column("machine", Boolean(), nullable=False),
    Column("importance", Text(), nullable=False),
    Column("channel", Text(), nullable=False),
    Column("desk_id", Id(), nullable=False),
    Column("struck_id", Id()),  # the strike that counts
    PrimaryKeyConstraint("happened_at", "row_id"),
    sqlite_with_rowid=False,
)

incident_timeline = Table(
    "incident_timeline",
    metadata,
    Column("incident_id", Id(), nullable=False),
    Column("happened_at", Instant(), nullable=False),
    Column("row_id", Id(), nullable=False),
    Column("kind", Text(), nullable=False),
    Column("machine", Boolean(), nullable=False),
    PrimaryKeyConstraint("incident_id", "happened_at", "row_id"),
    sqlite_with_rowid=False,
)

# Lines per Asia/Shanghai day and per everything the log is filtered by: the scroll bar's scale.
day_count = Table(
    "day_count",
    metadata,
    Column("day", Integer(), nullable=False),
    Column("kind", Text(), nullable=False),
    Column("machine", Boolean(), nullable=False),
    Column("importance", Text(), nullable=False),
    Column("channel", Text(), nullable=False),
    Column("desk_id", Id(), nullable=False),
    Column("count", BigInteger(), nullable=False),
    PrimaryKeyConstraint("day", "machine", "kind", "importance", "channel", "desk_id"),
    sqlite_with_rowid=False,
)

# Where each deployment stands by its steps (domain.projections.engagement).
engagement = Table(
    "engagement",
    metadata,
    Column("deployment_id", Id(), primary_key=True),
    Column("team_id", Id(), nullable=False),
    Column("incident_id", Id(), nullable=False),
    Column("step", Text(), nullable=False),
    Column("step_id", Id(), nullable=False),
    Column("since_at", Instant(), nullable=False),
    Column("strength", BigInteger()),
    Column("knowingly", Boolean(), nullable=False),
    Column("ordered_at", Instant()),
    Column("under_way_at", Instant()),
    Column("arrived_at", Instant()),
    Column("ended_at", Instant()),
    sqlite_with_rowid=False,
)
Index(None, engagement.c.team_id)
Index(  # the open ones: few, however many there were
    "ix_engagement_open",
    engagement.c.team_id,
    engagement.c.since_at,
    sqlite_where=text("ended_at IS NULL"),
    postgresql_where=text("ended_at IS NULL"),
)
Index(None, engagement.c.incident_id)
Index(None, engagement.c.ended_at)  # who was out during the last hours

# Whether each shelter is open and how many people are in it (domain.projections.occupancy).
occupancy = Table(
    "occupancy",
    metadata,
    Column("shelter_id", Id(), primary_key=True),
    Column("state", Text(), nullable=False),
    Column("since_at", Instant(), nullable=False),
    Column("opened_at", Instant()),
    Column("incident_id", Id()),
    Column("people", BigInteger(), nullable=False),
    Column("counted_at", Instant()),
    Column("elderly", BigInteger()),
    Column("children", BigInteger()),
    Column("care", BigInteger()),
    sqlite_with_rowid=False,
)
Index(None, occupancy.c.incident_id)

# The text index (db.desk.search). A record's words, folded; ``slot`` is its place in the order of indexing.
search_document = Table(
    "search_document",
    metadata,
    Column("slot", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("row_id", Id(), nullable=False, unique=True),
    Column("kind", Text(), nullable=False),
    Column("happened_at", Instant(), nullable=False),  # of a card: when it was typed; shipped ones 1970
    Column("folded", Text(), nullable=False),
)

# A run of slots whose postings are complete; ``newest``: no document in it happened later.
search_block = Table(
    "search_block",
    metadata,
    Column("block", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("newest", Instant(), nullable=False),
)

# Which documents of a block hold a piece of text; the key is made of block and piece.
search_posting = Table(
    "search_posting",
    metadata,
    Column("key", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("places", LargeBinary(), nullable=False),
)

# Groups that the centre refused, for ever: at the centre and at the desk that sent them.
refusal = Table(
    "refusal",
    metadata,
    Column("group_id", Id(), primary_key=True),
    Column("device", Id(), nullable=False),
    Column("code", Text(), nullable=False),
    Column("arguments", Json(), nullable=False),
    Column("refused_at", Instant(), nullable=False),
    Column("answered_at", Instant()),  # at the desk: since when somebody has dealt with it
    sqlite_with_rowid=False,
)

# What a side holds of one kind in one scope, to be compared: how many rows, and the sum of their hashes.
digest = Table(
    "digest",
    metadata,
    Column("kind", Text(), nullable=False),
    Column("scope_id", Id(), nullable=False),  # sixteen zeros: of no scope
    Column("count", BigInteger(), nullable=False),
    Column("sum", BigInteger(), nullable=False),  # mod 2^64, as a signed number
    PrimaryKeyConstraint("kind", "scope_id"),
    sqlite_with_rowid=False,
)

# This desk's own affairs, never synchronised: who sits here, language, how far the text index has come.
local = Table(
    "local",
    metadata,
    Column("key", Text(), primary_key=True),
    Column("value", Json()),
    sqlite_with_rowid=False,
)

counter = Table(
    "counter",
    metadata,
    Column("name", Text(), primary_key=True),
    Column("n", BigInteger(), nullable=False),
    sqlite_with_rowid=False,
)

draft = Table(
    "draft",
    metadata,
    Column("key", Text(), primary_key=True),
    Column("body", Json(), nullable=False),
    Column("kept_at", Instant(), nullable=False),
    sqlite_with_rowid=False,
)

# Who has signed in at this desk with the centre's yes, and may again without it (db.desk.credentials).
credential = Table(
    "credential",
    metadata,
    Column("person_id", Id(), primary_key=True),
    Column("login", Text(), nullable=False, unique=True),
    Column("hash", Text(), nullable=False),  # argon2
    Column("learned_at", Instant(), nullable=False),
    Column("wrong", Integer(), nullable=False),  # tries in a row
    Column("seen_at", Instant()),  # the latest time of a try
    Column("locked_at", Instant()),
    sqlite_with_rowid=False,
)

# What stations measured: no journal, one row a key (DESIGN §3). ``value`` in thousandths of the unit.
reading = Table(
    "reading",
    metadata,
    Column("station_id", Id(), nullable=False),
    Column("quantity", Text(), nullable=False),
    Column("observed_at", Instant(), nullable=False),
    Column("value", BigInteger(), nullable=False),
    Column("received_at", Instant(), nullable=False),  # when a desk took it
    Column("source_id", Id()),  # the desk that did; None: another one, by the centre's word
    Column("sent", Boolean(), nullable=False),  # at a desk: whether the centre has it
    PrimaryKeyConstraint("station_id", "quantity", "observed_at"),
    sqlite_with_rowid=False,
)
Index(
    "ix_reading_unsent",
    reading.c.received_at,
    sqlite_where=text("NOT sent"),  # as text: SQLite's ``sent = 0`` is no condition to PostgreSQL
    postgresql_where=text("NOT sent"),
)

# When the newest reading of each series was observed.
reading_newest = Table(
    "reading_newest",
    metadata,
    Column("station_id", Id(), nullable=False),
    Column("quantity", Text(), nullable=False),
    Column("observed_at", Instant(), nullable=False),
    PrimaryKeyConstraint("station_id", "quantity"),
    sqlite_with_rowid=False,
)

# What is kept for ever of the hours whose readings were thinned out; the mean is total / count.
reading_hour = Table(
    "reading_hour",
    metadata,
    Column("station_id", Id(), nullable=False),
    Column("quantity", Text(), nullable=False),
    Column("hour_at", Instant(), nullable=False),
    Column("minimum", BigInteger(), nullable=False),
    Column("maximum", BigInteger(), nullable=False),
    Column("total", BigInteger(), nullable=False),
    Column("count", BigInteger(), nullable=False),
    PrimaryKeyConstraint("station_id", "quantity", "hour_at"),
    sqlite_with_rowid=False,
)
