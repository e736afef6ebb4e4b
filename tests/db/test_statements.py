"""The desk's SQL against SQLAlchemy's: the same columns in the same order, and the same statements."""

from __future__ import annotations

import pytest
from sqlalchemy import insert
from sqlalchemy.dialects import sqlite

from db import tables
from db.desk import statements


@pytest.mark.parametrize("name", [*statements.CODECS, *statements.INSERTED])
def test_an_insert_names_every_column_of_its_table_in_order(name: str) -> None:
    table = tables.metadata.tables[name]
    columns = tuple(column.name for column in table.columns)
    own = statements.INSERTED.get(name) or statements.CODECS[name].columns
    if name == "journal":  # what only the centre says of an entry comes later
        columns = columns[: len(own)]
    assert own == columns
    statement = insert(table).values(dict.fromkeys(own))
    compiled = str(statement.compile(dialect=sqlite.dialect(paramstyle="qmark")))
    assert statements.insert_sql(name, own).replace('"', "") == compiled.replace('"', "")
