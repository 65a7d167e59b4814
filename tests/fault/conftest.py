"""Every fault meets a world of its own."""

from tests.engine.fixtures import world, worlds

__all__ = ["world", "worlds"]
