"""Timers when the server was down, and when two servers believe it is theirs to fire them."""

from __future__ import annotations

import os

import pytest
import sqlalchemy as sa

from engine import jobs
from engine.store.models import History, Job
from tests.engine.world import World, at
from tests.fault.processes import AFTER_COMMIT, apart, killed, outcome

pytestmark = pytest.mark.fault


def test_timers_of_a_killed_server_fire_once_after_its_restart_the_oldest_first(world: World) -> None:
    assert killed(world, lambda: world.start("alarm"), AFTER_COMMIT)
    world.clock.at = at("2026-11-20 08:00")
    world.reopen()
    assert jobs.run_due(world.engine) == 2
    assert jobs.run_due(world.engine) == 0
    assert world.case(1).data["order"] == ["early", "later"]


def test_two_processes_on_one_database_fire_each_timer_once(world: World) -> None:
    cases = [world.start("alarm") for _ in range(12)]
    world.clock.at = at("2026-11-20 08:00")
    go, ready = os.pipe()
    told, tell = os.pipe()

    def run() -> None:
        # Both wait until nobody holds the pipe open any more.
        os.close(ready)
        os.read(go, 1)
        os.write(tell, bytes([jobs.run_due(world.engine)]))

    children = [apart(world, run) for _ in range(2)]
    os.close(ready)
    assert [outcome(child) for child in children] == [0, 0]
    assert sum(os.read(told, 2)) == 24
    for end in (go, told, tell):
        os.close(end)
    for case in cases:
        assert world.case(case).data["order"] == ["early", "later"]
    assert len(world.look(sa.select(History.id).where(History.kind == "timer_fired"))) == 24
    assert world.rows(
        sa.select(Job.status, Job.attempts, Job.error, sa.func.count()).group_by(
            Job.status, Job.attempts, Job.error
        )
    ) == [("done", 1, None, 24)]
    assert jobs.run_due(world.engine) == 0
