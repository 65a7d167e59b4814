"""A database that an earlier version left opens in this one, and its cases go on to their end."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
import sqlalchemy as sa

from engine import cases, jobs
from engine.store.models import Case
from tests.engine import invariants, server
from tests.engine.world import DATABASE, World
from tests.fault.golden import FOLDER, SITUATIONS

pytestmark = [
    pytest.mark.fault,
    pytest.mark.skipif(server.is_asked(), reason="what was kept is a file of SQLite"),
]
KEPT = sorted(FOLDER.glob("*.gz"))


def test_there_is_a_kept_database() -> None:
    assert KEPT


@pytest.mark.parametrize("kept", KEPT, ids=lambda kept: kept.stem)
def test_cases_of_an_earlier_version_go_on_to_their_end(kept: Path, tmp_path: Path) -> None:
    (tmp_path / DATABASE).write_bytes(gzip.decompress(kept.read_bytes()))
    world = World(tmp_path, found=True)
    world.clock.at = world.clock.at.replace(hour=3)
    try:
        assert invariants.broken(world.engine) == []
        # What an errand's messages began stands beside.
        found = world.look(
            sa.select(Case.id).where(Case.procedure.in_(["errand", "alarm", "rework"])).order_by(Case.id)
        )
        assert len(found) == len(SITUATIONS)
        begun, both, one, third, over, armed, fired, held, form = found
        assert world.open(begun) == ["intake"]
        assert world.open(third) == ["work_a", "work_b"]
        assert world.case(over).status == "ended"
        assert world.jobs(armed)

        world.complete(one, "work_b", by="fei")
        world.complete(one, "review", by="chen", answers={"verdict": "good"})
        for case in (both, third):
            world.round(case, "good")
        cases.resume_case(world.engine, held, by=world.people["chen"])
        world.round(held, "good")
        for case in (one, both, third, held):
            world.complete(case, "look", by="fei", answers={"seen": "是"})
            assert world.case(case).status == "ended"
        world.complete(form, "work", answers={"again": False})
        world.clock.at = world.clock.at.replace(day=5)
        jobs.run_due(world.engine)
        for case in (armed, fired):
            assert world.case(case).data["order"] == ["early", "later"]
        invariants.require(world.engine)
    finally:
        world.close()
