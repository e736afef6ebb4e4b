"""The Alembic environment: runs the migrations on the connection that the caller opened."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

import db.centre.admission_tables
import db.centre.tables  # noqa: F401  the centre's own, in the same schema
from db.tables import metadata


def _render(type_: str, obj: Any, autogen_context: AutogenContext) -> str | Literal[False]:
    module = type(obj).__module__
    return f"types.{type(obj).__name__}()" if type_ == "type" and module == "db.types" else False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    transactional_ddl=True,
    render_as_batch=connection.dialect.name == "sqlite",
    render_item=_render,
)
with context.begin_transaction():
    context.run_migrations()
