"""Every test of the engine gets a world of its own; what must always hold is checked when it is over."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.wiring import Engine
from tests.engine import invariants
from tests.engine.world import DATABASE, World


@pytest.fixture(scope="session")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> tuple[World, Engine, bytes]:
    """A world with people and published procedures, and its database as it begins."""
    world = World(tmp_path_factory.mktemp("world"))
    # The last connection writes the log back into the file.
    world.close()
    return world, world.engine, (world.folder / DATABASE).read_bytes()


@pytest.fixture
def world(worlds: tuple[World, Engine, bytes]) -> Iterator[World]:
    """A fresh world; the invariants are checked after the test."""
    found, engine, template = worlds
    found.again(template, engine)
    yield found
    invariants.require(found.engine)
    found.close()
