"""The fixtures of the centre's tests: both databases, and a centre that answers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from db.centre.engine import CentreEngine, open_centre
from tests.db.postgres import Cluster
from tests.server.running import Running, running


@pytest.fixture
def file_engine(tmp_path: Path) -> CentreEngine:
    """A centre's file."""
    return open_centre(None, tmp_path / "centre")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> CentreEngine:
    """Either database, empty."""
    if request.param == "sqlite":
        return open_centre(None, tmp_path / "centre")
    cluster: Cluster = request.getfixturevalue("postgres")
    return open_centre(cluster.new_database().render_as_string(False), tmp_path / "centre", connections=12)


@pytest.fixture
def centre(file_engine: CentreEngine) -> Iterator[Running]:
    """A centre on a file."""
    with running(file_engine) as one:
        yield one
