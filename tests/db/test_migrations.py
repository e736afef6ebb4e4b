"""The proof that migrations and tables say the same, on SQLite and on PostgreSQL, and mean the same."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, Engine, Integer, MetaData, Table, create_engine, insert, inspect, select

from commandcenter.domain.errors import Unavailable
from commandcenter.services.log import WriteLogEntry
from db.desk import upgrade
from db.desk.engine import open_writer
from db.desk.upgrade import SCHEMA, configuration, ensure, revisions
from db.tables import metadata
from db.types import Id, Instant, Json
from tests.db.postgres import Cluster
from tests.domain import strategies
from tests.services.desk import Desk


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An empty database of either kind."""
    if request.param == "sqlite":
        made = create_engine(f"sqlite:///{tmp_path / 'empty.sqlite3'}")
    else:
        cluster: Cluster = request.getfixturevalue("postgres")
        made = create_engine(cluster.new_database())
    yield made
    made.dispose()


def migrate(engine: Engine) -> None:
    """Run every migration."""
    with engine.begin() as connection:
        command.upgrade(configuration(connection), "head")


def test_the_migrations_make_the_tables(engine: Engine) -> None:
    migrate(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, metadata) == []
        made = set(inspect(connection).get_table_names())
    assert made == {table.name for table in metadata.sorted_tables} | {"alembic_version"}


def test_a_difference_would_be_seen(engine: Engine) -> None:
    migrate(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE log_entry RENAME COLUMN late_reason TO lately")
        connection.exec_driver_sql("DROP INDEX ix_strike_target_id")
        found = compare_metadata(MigrationContext.configure(connection), metadata)
    assert {entry[0] for entry in found} >= {"add_column", "remove_column", "add_index"}


def test_there_is_one_line_of_migrations_and_the_program_knows_their_number() -> None:
    found = revisions()
    assert list(found) == [f"{number:04d}" for number in range(1, SCHEMA + 1)]


def test_values_mean_the_same(engine: Engine) -> None:
    table = Table(
        "sample",
        MetaData(),
        Column("n", Integer, primary_key=True),
        Column("id", Id()),
        Column("at", Instant()),
        Column("body", Json()),
    )
    # what jsonb can hold: no NUL, no half surrogate; whole numbers as the program writes them
    characters = st.characters(codec="utf-8", exclude_characters="\0")
    documents = st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(characters, max_size=20),
        lambda inner: (
            st.lists(inner, max_size=4) | st.dictionaries(st.text(characters, max_size=8), inner, max_size=4)
        ),
        max_leaves=12,
    )
    numbers = iter(range(1, 1_000_000))
    with engine.begin() as connection:
        table.create(connection)

        @settings(max_examples=60)
        @given(
            id_=st.none() | strategies.ids,
            at=st.none() | strategies.instants,
            body=documents,
        )
        def round_trip(id_: Any, at: Any, body: Any) -> None:
            n = next(numbers)
            connection.execute(insert(table), {"n": n, "id": id_, "at": at, "body": body})
            row = connection.execute(select(table).where(table.c.n == n)).one()
            assert (row.id, row.at, row.body) == (id_, at, body)
            nothing = connection.execute(
                select(table.c.n).where(table.c.n == n, table.c.body.is_(None))
            ).all()
            assert bool(nothing) == (body is None), "no document is NULL, not the document null"
            if at is not None:
                assert row.at.utcoffset() is not None

        round_trip()
        order = list(
            connection.execute(select(table.c.id).where(table.c.id.is_not(None)).order_by(table.c.id))
        )
        assert [row.id for row in order] == sorted(row.id for row in order), "ids sort by age on both"


def test_an_upgrade_keeps_a_copy_first(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.write("升级之前")
    monkeypatch.setattr(upgrade, "SCHEMA", SCHEMA + 1)  # as the next program will
    desk.write("升级之后")
    (copy,) = desk.directory.backups.iterdir()
    assert copy.name == f"before-upgrade-{SCHEMA}-to-{SCHEMA + 1}.sqlite3"
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (SCHEMA,)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("SELECT text FROM log_entry").fetchall() == [("升级之前",)]
    with desk.raw() as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (SCHEMA + 1,)
    assert desk.codes() == set()


def test_an_upgrade_that_fails_leaves_the_file_as_it_was(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.write("一条")
    before = desk.file.read_bytes()

    def fails(*_: object, **__: object) -> None:
        raise RuntimeError("half way")

    monkeypatch.setattr(upgrade, "SCHEMA", SCHEMA + 1)
    monkeypatch.setattr(command, "upgrade", fails)
    with pytest.raises(RuntimeError, match="half way"):
        desk.open()
    assert desk.file.read_bytes() == before
    monkeypatch.undo()
    with desk.working() as workplace:
        workplace.execute(WriteLogEntry(text="照常"))
    assert desk.codes() == set()


def test_a_newer_file_is_left_alone(desk: Desk) -> None:
    with desk.raw() as connection:
        connection.execute(f"PRAGMA user_version = {SCHEMA + 1}")
    before = desk.file.read_bytes()
    with pytest.raises(Unavailable, match="database_newer"):
        desk.open()
    assert desk.file.read_bytes() == before


def test_ensure_says_whether_the_file_is_new(tmp_path: Path) -> None:
    file = tmp_path / "new.sqlite3"
    for made in (True, False):
        connection = open_writer(file)
        assert ensure(connection, file, tmp_path) is made
        connection.close()
