"""The centre's schema: made anew or brought up to date at the start, by one of the processes that start."""

from __future__ import annotations

from alembic import command
from sqlalchemy import Connection, Engine, text

from commandcenter.domain.errors import Unavailable
from db.centre.engine import schema_of
from db.desk.upgrade import configuration, revisions

# Whoever brings the schema up to date holds this; the number means nothing to anybody else.
_LOCK = text("SELECT pg_advisory_xact_lock(3502550002)")
_PATIENTLY = (text("SET LOCAL lock_timeout = 0"), text("SET LOCAL statement_timeout = 0"))


def newest() -> str:
    """The newest migration that this program knows."""
    return revisions()[-1]


def bring_up_to_date(engine: Engine) -> None:
    """Make the tables or add what is new. Safe when several processes start together.

    Unavailable ``database_newer`` where a newer program was here."""
    before = schema_of(engine)
    if before == newest():
        return
    if before is not None and before not in revisions():
        raise Unavailable("database_newer", file=engine.url.database or "?")
    with engine.begin() as connection:
        _alone(connection)
        command.upgrade(configuration(connection), "head")


def _alone(connection: Connection) -> None:
    """On a file BEGIN IMMEDIATE has seen to it."""
    if connection.dialect.name == "postgresql":
        for statement in (*_PATIENTLY, _LOCK):
            connection.execute(statement)
