"""What is due happens once, in the order it was promised, and says so when it cannot."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest
import sqlalchemy as sa

from engine import cases, jobs
from engine.bundles import DIAGRAM
from engine.domain.facts import SYSTEM
from engine.errors import Forbidden, NotFound
from engine.procedures import publish
from engine.store import locking, rows
from engine.store.models import History, Job
from tests.engine.world import SITE, World, changed


def test_a_repeating_timer_opens_a_task_each_period_while_its_work_is_open(world: World) -> None:
    case = world.errand()
    assert ("timer", "nag_due", "11-03 09:30") in world.jobs(case)
    assert world.move("2026-11-03 09:29") == 0
    world.move("2026-11-03 09:30")
    assert world.open(case) == ["nag", "work_a", "work_b"]
    assert ("timer", "nag_due", "11-04 09:30") in world.jobs(case)
    world.move("2026-11-04 09:30")
    assert world.open(case) == ["nag", "nag", "work_a", "work_b"]

    world.complete(case, "work_a")
    assert [job for job in world.jobs(case) if job[0] == "timer"] == []


def test_a_task_of_an_earlier_round_stays_open_while_the_case_goes_round(world: World) -> None:
    each, once = (
        f'<bpmn:{kind}>{period}("errand.nag")</bpmn:{kind}>'
        for kind, period in (("timeCycle", "every"), ("timeDate", "due_in"))
    )
    publish(world.engine, changed(world.bundle("errand"), DIAGRAM, {each: once}), by=SYSTEM)
    case = world.errand()
    world.move("2026-11-03 09:30")
    for _ in range(3):
        world.complete(case, "work_b", by="fei")
        assert world.open(case) == ["nag", "work_a"]
        world.complete(case, "work_a")
        assert world.open(case) == ["nag", "review"]
        world.complete(case, "review", by="chen", answers={"verdict": "again"})
        assert world.open(case) == ["nag", "work_a", "work_b"]
    world.complete(case, "nag", by="chen")
    world.round(case, "good")
    assert world.open(case) == ["look"]


def test_an_interrupting_timer_with_a_period_fires_once_and_interrupts(world: World) -> None:
    once = '<bpmn:timeDate>due_in("errand.review")</bpmn:timeDate>'
    each = '<bpmn:timeCycle>every("errand.review")</bpmn:timeCycle>'
    publish(world.engine, changed(world.bundle("errand"), DIAGRAM, {once: each}), by=SYSTEM)
    case = world.errand()
    world.complete(case, "work_a")
    world.complete(case, "work_b", by="fei")
    world.move("2026-11-20 12:00")
    assert world.open(case) == ["settle"]
    assert [job for job in world.jobs(case) if job[0] == "timer"] == []


def test_a_catching_timer_with_a_period_lets_the_case_pass_once(world: World) -> None:
    message = '<bpmn:messageEventDefinition messageRef="message_survey_answered" />'
    timer = "<bpmn:timerEventDefinition><bpmn:timeCycle>{}</bpmn:timeCycle></bpmn:timerEventDefinition>"
    for period in ('every("errand.nag")', '"R3/PT2H"'):
        drawn = changed(world.bundle("survey"), DIAGRAM, {message: timer.format(period)})
        publish(world.engine, drawn, by=SYSTEM)
        (case,) = cases.send_message(world.engine, "survey.wanted", payload={"topic": "灯"}, site=SITE)
        world.complete(case, "ask")
        world.clock.at += timedelta(days=7)
        jobs.run_due(world.engine)
        world.clock.at += timedelta(days=7)
        assert jobs.run_due(world.engine) == 0
        assert world.open(case) == ["thank"]


def test_a_repeating_timer_that_was_missed_for_days_fires_once(world: World) -> None:
    case = world.errand()
    world.move("2026-11-06 10:00")
    assert world.open(case).count("nag") == 1
    # A full period after it fired; a weekend lies between.
    assert ("timer", "nag_due", "11-09 10:00") in world.jobs(case)
    (fired,) = world.told(case, "timer_fired")
    assert fired.detail["late"] == 3 * 86_400 + 30 * 60


def test_missed_timers_fire_once_the_oldest_promise_first(world: World) -> None:
    case = world.start("alarm")
    assert world.move("2026-11-20 08:00") == 2
    assert world.case(case).data["order"] == ["early", "later"]
    assert jobs.run_due(world.engine) == 0


def test_a_restart_forgets_no_timer_and_repeats_none(world: World) -> None:
    case = world.start("alarm")
    world.move("2026-11-02 10:30")
    world.reopen()
    assert jobs.next_due(world.engine) is not None
    world.move("2026-11-02 12:00")
    world.reopen()
    assert jobs.run_due(world.engine) == 0
    assert world.case(case).data["order"] == ["early", "later"]


def test_a_clock_that_goes_back_fires_nothing_twice(world: World) -> None:
    case = world.start("alarm")
    world.move("2026-11-02 10:30")
    assert world.move("2026-11-02 09:00") == 0
    assert world.move("2026-11-02 10:30") == 0
    assert world.case(case).data["order"] == ["early"]


def test_a_timer_is_not_due_before_the_moment_it_promised(world: World) -> None:
    world.start("alarm")
    assert jobs.tick(world.engine) == jobs.next_due(world.engine)
    assert world.move("2026-11-02 10:29") == 0
    assert world.move("2026-11-02 10:30") == 1


def test_one_job_is_done_once_whoever_comes_second(world: World) -> None:
    case = world.start("alarm")
    world.clock.at = world.clock.at.replace(day=3)
    (job_id, *_) = world.look(sa.select(Job.id).where(Job.case_id == case).order_by(Job.due_at))
    assert jobs.run_job(world.engine, job_id) is True
    assert jobs.run_job(world.engine, job_id) is False
    assert world.case(case).data["order"] == ["early"]


def failing(world: World) -> int:
    """A case whose first timer always fails, as its procedure divides by zero."""
    broken = changed(
        world.bundle("alarm"),
        DIAGRAM,
        {'order = get("order", []) + ["early"]': 'order = [1 / get("parts", 0)]'},
    )
    publish(world.engine, broken, by=SYSTEM)
    return world.start("alarm")


@pytest.mark.usefixtures("caplog")
def test_a_timer_that_cannot_fire_is_tried_again_and_then_shown(world: World) -> None:
    case, healthy = failing(world), world.start("promise")
    before = world.case(case).state
    world.move("2026-11-02 10:30")
    for attempt, wait in enumerate((5, 30, 120, 600), start=1):
        (job,) = world.look(sa.select(Job).where(Job.case_id == case, Job.attempts > 0))
        assert (job.status, job.attempts) == ("armed", attempt)
        assert (job.run_at - world.clock.at).total_seconds() == wait
        assert jobs.run_due(world.engine) == 0
        world.clock.at = job.run_at
        jobs.run_due(world.engine)
    (job,) = world.look(sa.select(Job).where(Job.case_id == case, Job.attempts > 0))
    assert (job.status, job.attempts) == ("incident", 5)
    assert "element='note_early'" in (job.error or "")
    assert world.case(case).state == before
    assert world.told(case, "timer_fired") == []
    # Others go on.
    world.complete(healthy, "fix")


def test_an_incident_is_retried_by_an_administrator(world: World) -> None:
    case = failing(world)
    world.move("2026-11-02 10:30")
    with world.engine.database.transaction() as session:
        job = session.scalars(sa.select(Job).where(Job.case_id == case, Job.attempts > 0)).one()
        job.status = "incident"
    with pytest.raises(Forbidden):
        jobs.retry_incident(world.engine, job.id, by=world.people["chen"])
    assert jobs.retry_incident(world.engine, job.id, by=SYSTEM) is False
    with pytest.raises(NotFound):
        jobs.retry_incident(world.engine, 999_999, by=SYSTEM)
    assert world.look(sa.select(Job.status).where(Job.id == job.id)) == ["incident"]

    with world.engine.database.transaction() as session:
        found = locking.lock_case(session, case)
        rows.update(session, found, data={**found.data, "parts": 2})
    assert jobs.retry_incident(world.engine, job.id, by=SYSTEM) is True
    assert world.case(case).data["order"] == [0.5]
    assert len(world.look(sa.select(History.id).where(History.kind == "timer_fired"))) == 1


def test_a_failing_job_is_logged_with_its_reason(world: World, caplog: pytest.LogCaptureFixture) -> None:
    failing(world)
    with caplog.at_level(logging.ERROR, logger="engine.jobs"):
        world.move("2026-11-02 10:30")
    (record,) = caplog.records
    assert record.exc_info is not None
    assert "note_early" in record.getMessage()


def test_a_case_goes_on_beside_an_incident_which_ends_with_what_it_was_about(world: World) -> None:
    case = world.start("alarm")
    with world.engine.database.transaction() as session:
        early, later = session.scalars(sa.select(Job).where(Job.case_id == case).order_by(Job.due_at))
        early.status = "incident"
        identity, later_due = early.id, later.due_at
    world.clock.at = later_due
    assert jobs.run_due(world.engine) == 1
    assert world.case(case).data["order"] == ["later"]
    assert world.look(sa.select(Job.status).where(Job.id == identity)) == ["incident"]
    cases.cancel_case(world.engine, case, by=SYSTEM, reason="误建")
    assert world.look(sa.select(Job.status).where(Job.id == identity)) == ["cancelled"]


def test_nobody_looks_again_and_again_at_what_stands_behind_another(world: World) -> None:
    case = world.start("alarm")
    cases.suspend_case(world.engine, case, by=SYSTEM, reason="等材料")
    world.clock.at += timedelta(days=1)
    assert jobs.run_due(world.engine) == 0
    following = jobs.next_due(world.engine)
    assert following is not None
    assert following > world.clock.at
    cases.resume_case(world.engine, case, by=SYSTEM)
    assert jobs.run_due(world.engine) == 2
    assert world.case(case).data["order"] == ["early", "later"]
