"""The fixtures that several rooms share: desks on real files, a real PostgreSQL."""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.db.postgres import Cluster, cluster
from tests.services.desk import Desk

# No test wants a screen, however it is started; one that wants a real X server starts it itself.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

# The same examples on every machine that decides about a landing, new ones everywhere else.
settings.register_profile(
    "house",
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("house")


COLLECT_ALL = 50  # tests
_collected = count()


@pytest.fixture(autouse=True)
def _collected_here() -> Iterator[None]:
    """Cycles are collected on the main thread only, as in the program (`ui.app.Collector`).

    A window that a test left in a cycle would otherwise be destroyed by whatever thread of a later test
    happens to make an object, and the process would die there."""
    gc.disable()
    yield
    if next(_collected) % COLLECT_ALL == 0:
        gc.collect()
    else:
        gc.collect(1)


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A data directory of each profile after its first start, made once and copied by whoever needs one."""
    made: dict[str, Path] = {}

    def template(profile: str) -> Path:
        if profile not in made:
            desk = Desk(tmp_path_factory.mktemp(profile) / "desk", profile=profile)
            desk.open().close()
            made[profile] = desk.path
        return made[profile]

    return template


@pytest.fixture
def desk(tmp_path: Path, templates: Callable[[str], Path]) -> Desk:
    """An empty district's desk after its first start."""
    folder = tmp_path / "desk"
    shutil.copytree(templates("empty"), folder)
    return Desk(folder)


@pytest.fixture
def licheng(tmp_path: Path, templates: Callable[[str], Path]) -> Desk:
    """A desk of the Licheng profile after its first start."""
    folder = tmp_path / "licheng"
    shutil.copytree(templates("licheng"), folder)
    return Desk(folder, profile="licheng")


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A PostgreSQL cluster of this test session's own."""
    with cluster() as running:
        yield running
