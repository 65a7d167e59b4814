"""A job that ends its worker each time becomes an incident, and nobody else's work waits for it."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Session

from engine import jobs
from engine.domain.facts import SYSTEM
from engine.store import due
from engine.store.models import Job
from tests.engine.world import World
from tests.fault.processes import killed

pytestmark = pytest.mark.fault


def deadly(world: World) -> bool:
    """Do what is due in a process that is killed in the middle of the first job; False when it survived."""
    # The first write counts the attempt, the second is the job's own.
    died = killed(world, lambda: jobs.run_due(world.engine), 2)
    world.reopen()
    return died


def test_a_job_that_kills_its_worker_each_time_becomes_an_incident(world: World) -> None:
    case, healthy = world.start("alarm"), world.start("alarm")
    world.clock.at += timedelta(days=1)
    for attempt in range(1, world.settings.job_attempts + 1):
        assert deadly(world)
        (job,) = world.look(sa.select(Job).where(Job.case_id == case).order_by(Job.due_at).limit(1))
        assert (job.status, job.attempts) == ("armed", attempt)
        assert job.run_at == world.clock.at + world.settings.lease
        # Whoever comes after leaves it alone, and does everything else.
        if attempt == 2:
            jobs.run_due(world.engine)
            assert world.case(healthy).data["order"] == ["early", "later"]
        world.clock.at += world.settings.lease
    # What was due after it in its case waited for its turn, not for ever.
    assert jobs.run_due(world.engine) == 1
    assert world.case(case).data["order"] == ["later"]
    (job,) = world.look(sa.select(Job).where(Job.id == job.id))
    assert (job.status, job.attempts) == ("incident", world.settings.job_attempts)
    assert job.node in (job.error or "")

    # What killed it was mended: an administrator tries again.
    assert jobs.retry_incident(world.engine, job.id, by=SYSTEM) is True
    assert sorted(world.case(case).data["order"]) == ["early", "later"]


def test_a_retried_incident_is_not_seen_by_a_tick_that_comes_meanwhile(world: World) -> None:
    case = world.start("alarm")
    world.clock.at += timedelta(days=1)
    with world.engine.database.transaction() as session:
        job = session.scalars(sa.select(Job).where(Job.case_id == case).order_by(Job.due_at)).first()
        assert job is not None
        job.status = "incident"
    seen: list[int] = []

    def tick(_: Session) -> None:
        with world.engine.database.look() as session:
            seen.extend(found for found, _ in due.listed(session, world.engine.now(), 100))

    event.listen(Session, "after_commit", tick)
    try:
        assert jobs.retry_incident(world.engine, job.id, by=SYSTEM) is True
    finally:
        event.remove(Session, "after_commit", tick)
    assert seen
    assert job.id not in seen
    jobs.run_due(world.engine)
    assert len(world.told(case, "timer_fired")) == 2


def test_a_worker_that_stalled_beyond_its_lease_changes_nothing(world: World) -> None:
    case = world.start("alarm")
    world.clock.at += timedelta(days=1)
    stalled = jobs._take(world.engine)
    world.clock.at += world.settings.lease
    assert jobs.run_job(world.engine, stalled[0].job_id) is True
    assert jobs._work(world.engine, stalled) == 0
    assert len(world.told(case, "timer_fired")) == 1
