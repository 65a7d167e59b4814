"""Every test of the engine gets a world of its own."""

from tests.engine.fixtures import world, worlds

__all__ = ["world", "worlds"]
