"""Databases of earlier versions, with cases under way; ``python -m tests.fault.golden NAME`` keeps one.

It holds the toy procedures as they were then, and a case in every situation that a version must be able to
take over. A version that changes tables or the saved state keeps one of its own before it is released.
"""

from __future__ import annotations

import gzip
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from engine import cases, tasks
from tests.engine.world import DATABASE, World

FOLDER = Path(__file__).parent / "golden"
#: What the cases are in, in the order in which they were started.
SITUATIONS = (
    "begun",
    "two works open, clocks running",
    "one work done",
    "in its third round",
    "over",
    "timers armed",
    "one timer fired",
    "suspended",
    "its form half filled",
)


def fill(world: World) -> None:
    """Bring a case into each situation."""
    world.start("errand")
    world.errand()
    world.complete(world.errand(), "work_a")
    third = world.errand()
    world.round(third, "again")
    world.round(third, "again")
    over = world.errand()
    world.round(over, "good")
    world.complete(over, "look", by="fei", answers={"seen": "是"})
    world.start("alarm")
    world.start("alarm")
    world.move("2026-11-02 10:45")
    held = world.errand()
    cases.suspend_case(world.engine, held, by=world.people["chen"], reason="等配件")
    half = world.start("rework")
    tasks.save_draft(world.engine, world.task(half, "work"), by=world.people["an"], typed={"again": ["y"]})


def keep(name: str) -> Path:
    """Make a database and keep it under a name."""
    with TemporaryDirectory() as folder:
        world = World(Path(folder))
        fill(world)
        world.close()
        kept = FOLDER / f"{name}.gz"
        FOLDER.mkdir(exist_ok=True)
        # Without a time of its own, the same content is the same file.
        kept.write_bytes(gzip.compress((Path(folder) / DATABASE).read_bytes(), mtime=0))
        return kept


if __name__ == "__main__":
    sys.stdout.write(f"{keep(sys.argv[1])}\n")
