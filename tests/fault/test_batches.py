"""Jobs that are done together: whole or not at all, each once, and none ruins the others."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from engine import jobs
from engine.bundles import DIAGRAM
from engine.domain.facts import SYSTEM, CaseId
from engine.procedures import publish
from engine.retrying import BACKOFF
from engine.store import due
from engine.store.models import History, Job
from tests.engine.world import World, at, changed
from tests.fault.processes import AFTER_COMMIT, BEFORE_COMMIT, killed, stopped, woken

pytestmark = pytest.mark.fault

FIRST_DUE = at("2026-11-02 10:30")
EARLY, LATER = ["early"], ["early", "later"]


def alarms(world: World, number: int) -> list[CaseId]:
    """Cases whose first timers are due."""
    found = [world.start("alarm") for _ in range(number)]
    world.clock.at = FIRST_DUE
    return found


def orders(world: World, cases: list[CaseId]) -> list[list[str]]:
    """Which timers each case has seen."""
    return [world.case(case).data.get("order", []) for case in cases]


def test_twenty_jobs_cost_one_commit_and_their_counting_one(world: World) -> None:
    cases = alarms(world, jobs.BATCH)
    commits = 0

    def count(_: object) -> None:
        nonlocal commits
        commits += 1

    bind = world.engine.database.bind
    event.listen(bind, "commit", count)
    try:
        assert jobs.run_due(world.engine) == jobs.BATCH
    finally:
        event.remove(bind, "commit", count)
    # The third finds nothing more to take up.
    assert commits <= 3
    assert orders(world, cases) == [EARLY] * jobs.BATCH


def test_a_batch_holds_one_job_of_a_case_the_oldest_promise_first(world: World) -> None:
    cases = alarms(world, 3)
    world.clock.at += timedelta(days=1)
    now = world.clock.at
    with world.engine.database.look() as session:
        taken = due.take(session, now, now + world.settings.lease, jobs.BATCH)
        session.rollback()
    assert [job.case_id for job in taken] == cases
    assert jobs.run_due(world.engine) == 6
    assert orders(world, cases) == [LATER] * 3


def test_a_job_that_fails_is_put_off_and_the_others_of_its_batch_are_done(world: World) -> None:
    words = {'order = get("order", []) + ["early"]': 'order = [1 / get("parts", 0)]'}
    well = [world.start("alarm")]
    publish(world.engine, changed(world.bundle("alarm"), DIAGRAM, words), by=SYSTEM)
    broken = world.start("alarm")
    publish(world.engine, world.bundle("alarm"), by=SYSTEM)
    well += alarms(world, 2)
    assert jobs.run_due(world.engine) == 3
    assert orders(world, well) == [EARLY] * 3
    (job,) = world.look(sa.select(Job).where(Job.case_id == broken, Job.attempts > 0))
    assert (job.status, job.attempts) == ("armed", 1)
    assert job.run_at == world.clock.at + timedelta(seconds=BACKOFF[0])
    assert world.told(broken, "timer_fired") == []


def test_killed_at_any_write_of_a_batch_each_of_its_jobs_is_done_once_all_the_same(world: World) -> None:
    cases = alarms(world, 3)
    before = world.everything()
    world.keep("before")
    places: list[int | str] = [BEFORE_COMMIT, AFTER_COMMIT]
    write = 0
    while True:
        place = places.pop(0) if places else (write := write + 1)
        world.back_to("before")
        if not killed(world, lambda: jobs.run_due(world.engine), place):
            break
        world.reopen()
        if place in (BEFORE_COMMIT, 1):
            assert world.everything() == before
        else:
            # Counted and nothing else: of the work there is no trace.
            assert set(world.look(sa.select(Job.attempts).where(Job.node == "early"))) == {1}
            assert orders(world, cases) == [[]] * 3
            assert jobs.run_due(world.engine) == 0
            world.clock.at += world.settings.lease
        assert jobs.run_due(world.engine) == 3
        assert orders(world, cases) == [EARLY] * 3
        assert len(world.look(sa.select(History.id).where(History.kind == "timer_fired"))) == 3
        world.clock.at = FIRST_DUE
    assert write > 10
    assert orders(world, cases) == [EARLY] * 3


def test_a_job_that_kills_its_worker_takes_the_others_of_its_batch_with_it_once(world: World) -> None:
    deadly, *others = alarms(world, 4)
    # The first write counts the attempts, the second is the work of the oldest.
    for attempt in range(1, world.settings.job_attempts + 1):
        assert killed(world, lambda: jobs.run_due(world.engine), 2)
        world.reopen()
        world.clock.at += world.settings.lease
        found = world.rows(
            sa.select(Job.case_id, Job.attempts).where(Job.node == "early").order_by(Job.case_id)
        )
        assert found == [(deadly, attempt), *((case, 1) for case in others)]
    # It is an incident now, and what was due after it in its case is no longer behind it.
    assert jobs.run_due(world.engine) == 3
    assert orders(world, others) == [EARLY] * 3
    assert world.look(sa.select(Job.status).where(Job.case_id == deadly, Job.node == "early")) == ["incident"]
    attempts = world.look(sa.select(Job.attempts).where(Job.node == "early", Job.case_id != deadly))
    assert list(attempts) == [2, 2, 2]


def test_a_worker_that_stood_still_beyond_its_lease_changes_nothing_when_it_goes_on(world: World) -> None:
    cases = alarms(world, 3)
    child = stopped(world, lambda: jobs.run_due(world.engine), AFTER_COMMIT)
    world.reopen()
    assert jobs.run_due(world.engine) == 0
    world.clock.at += world.settings.lease
    assert jobs.run_due(world.engine) == 3
    done = world.everything()
    assert woken(child) == 0
    assert world.everything() == done
    assert orders(world, cases) == [EARLY] * 3


def test_a_pass_ends_between_two_batches_when_it_is_told_to_stop(world: World) -> None:
    alarms(world, jobs.BATCH + 5)
    looks = iter([True, False])
    assert jobs.run_due(world.engine, going=lambda: next(looks)) == jobs.BATCH
    assert jobs.run_due(world.engine) == 5
