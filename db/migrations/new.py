"""The command that writes a migration: what the tables say now against what the migrations make."""

from __future__ import annotations

import subprocess
import sys

from alembic import command
from sqlalchemy import create_engine

from db.desk.upgrade import configuration, revisions


def main(arguments: list[str] | None = None) -> int:
    """``python -m db.migrations.new MESSAGE``; returns 0, or 2 without a message."""
    words = sys.argv[1:] if arguments is None else arguments
    if not words:
        sys.stderr.write("a migration wants a message, e.g.: python3 dev.py migration 'shelters'\n")
        return 2
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        config = configuration(connection)
        command.upgrade(config, "head")
        made = command.revision(
            config, message=" ".join(words), autogenerate=True, rev_id=f"{len(revisions()) + 1:04d}"
        )
    for script in made if isinstance(made, list) else [made]:
        if script is not None:  # Alembic's own lay-out is not the house's
            subprocess.run([sys.executable, "-m", "ruff", "format", "--quiet", script.path], check=True)
            subprocess.run(
                [sys.executable, "-m", "ruff", "check", "--fix", "--quiet", script.path], check=True
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
