"""The world of the engine's tests, one for each; what must always hold is checked when it is over."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from engine.wiring import Engine
from tests.engine import invariants, server
from tests.engine.world import World


@pytest.fixture(scope="session")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, Engine]]:
    """A world with people and published procedures, its database kept as it begins."""
    if server.is_asked():
        server.begin_empty()
    world = World(tmp_path_factory.mktemp("world"))
    engine = world.engine
    if not server.is_asked():
        # What survives a crash of the machine is tried elsewhere; here nobody waits for the disk.
        sa.event.listen(engine.database.bind, "connect", _in_haste)
    world.keep("filled")
    yield world, engine
    world.close()
    if server.is_asked():
        server.end()


def _in_haste(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA synchronous=OFF")


@pytest.fixture
def world(worlds: tuple[World, Engine]) -> Iterator[World]:
    """A fresh world; the invariants are checked after the test."""
    found, engine = worlds
    found.again("filled", engine)
    yield found
    invariants.require(found.engine)
    found.close()
