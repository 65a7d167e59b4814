"""A process is killed anywhere in a step: before the commit it leaves no trace, after it it was done once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from engine import jobs, tasks
from engine.domain.facts import CaseId
from engine.store import failing
from engine.store.models import Case, Job, Schedule, ScheduleEntry, Task
from tests.engine import invariants
from tests.engine.test_schedules import DAILY, draw
from tests.engine.world import INTAKE, SITE, World, at
from tests.fault.processes import AFTER_COMMIT, BEFORE_COMMIT, killed

pytestmark = pytest.mark.fault
#: Where nothing but a delivery comes.
OUTSIDE = ("claimed", "delivered")


def registering(world: World) -> tuple[CaseId, str, str, dict[str, Any]]:
    """A step that opens two tasks with a timer and a ladder."""
    return world.start("errand"), "intake", "an", INTAKE


def ending(world: World) -> tuple[CaseId, str, str, dict[str, Any]]:
    """A step that issues a number, writes a register, throws a message and ends its case."""
    case = world.errand()
    world.round(case, "good")
    return case, "look", "fei", {"seen": "是"}


@pytest.mark.parametrize("step", [registering, ending])
def test_killed_at_any_write_a_step_leaves_no_trace_and_can_be_done_again(
    world: World, step: Callable[[World], tuple[CaseId, str, str, dict[str, Any]]]
) -> None:
    case, node, by, answers = step(world)
    task, actor = world.task(case, node), world.people[by]
    before = world.everything()
    world.keep("before")

    def complete() -> object:
        return tasks.complete_task(world.engine, task, by=actor, answers=answers, request_id="r1")

    complete()
    wanted = shape(world)
    places: list[int | str] = []
    write = 0
    while True:
        write += 1
        world.back_to("before")
        if not killed(world, complete, write):
            break
        places.append(write)
        assert world.everything() == before, f"a trace of the step, killed before write {write}"
        complete()
        assert shape(world) == wanted
        assert invariants.broken(world.engine) == []
    # The task, the case, the inboxes, the new rows, the history.
    assert len(places) >= 6
    # It survived, in another process: it is done, once.
    assert shape(world) == wanted

    world.back_to("before")
    assert killed(world, complete, BEFORE_COMMIT)
    world.reopen()
    assert world.everything() == before
    complete()
    assert shape(world) == wanted


def shape(world: World) -> list[Any]:
    """What a step made, without the ids that differ each time."""
    return [
        world.rows(sa.select(Task.node, Task.status, Task.done_by).order_by(Task.node, Task.status)),
        world.rows(
            sa.select(Job.kind, Job.node, Job.status, Job.due_at).order_by(Job.kind, Job.node, Job.due_at)
        ),
        world.rows(sa.select(Case.status, Case.revision, Case.data)),
        {name: len(rows) for name, rows in world.everything().items()},
    ]


def sending_back(world: World) -> Callable[[], object]:
    """Two works of a case are called back, and its first task is open anew."""
    work, by = world.task(world.errand(), "work_b"), world.people["fei"]
    return lambda: tasks.send_back(world.engine, work, by=by, to="intake", reason="请补充")


def withdrawing(world: World) -> Callable[[], object]:
    """A case stands again where it stood before its last completion."""
    case = world.start("errand")
    task, by = world.task(case, "intake"), world.people["an"]
    world.complete(case, "intake", answers=INTAKE)
    return lambda: tasks.withdraw(world.engine, task, by=by)


def handing_over(world: World) -> Callable[[], object]:
    """A task goes to somebody else, who is told."""
    task, by = world.task(world.errand(), "work_a"), world.people["an"]
    to = world.people["bo"].id
    assert to is not None
    tasks.claim_task(world.engine, task, by=by)
    return lambda: tasks.transfer_task(world.engine, task, by=by, to=to, reason="外出")


def asking_to_sign(world: World) -> Callable[[], object]:
    """Somebody signs before the holder goes on."""
    task, by = world.task(world.errand(), "work_a"), world.people["an"]
    signer = world.people["bo"].id
    assert signer is not None
    tasks.claim_task(world.engine, task, by=by)
    return lambda: tasks.add_signers(world.engine, task, by=by, people=[signer], place="before", rule="all")


@pytest.mark.parametrize("verb", [sending_back, withdrawing, handing_over, asking_to_sign])
def test_killed_at_any_write_a_verb_leaves_no_trace_and_can_be_done_again(
    world: World, verb: Callable[[World], Callable[[], object]]
) -> None:
    act = verb(world)
    before = world.everything()
    world.keep("before")
    act()
    wanted = shape(world)
    write = 0
    while True:
        write += 1
        world.back_to("before")
        if not killed(world, act, write):
            break
        assert world.everything() == before, f"a trace of it, killed before write {write}"
        act()
        assert shape(world) == wanted
        assert invariants.broken(world.engine) == []
    # The task, its inbox rows, the history at the least.
    assert write > 3
    assert shape(world) == wanted


def test_killed_after_the_commit_a_step_is_done_and_its_retry_gets_the_same_answer(world: World) -> None:
    case, node, by, answers = registering(world)
    task, actor = world.task(case, node), world.people[by]

    def complete() -> Any:
        return tasks.complete_task(world.engine, task, by=actor, answers=answers, request_id="r1")

    assert killed(world, complete, AFTER_COMMIT)
    world.reopen()
    assert world.open(case) == ["work_a", "work_b"]
    after = world.everything()
    assert complete().case_id == case
    assert world.everything() == after


def test_killed_at_any_write_a_timer_fires_once_all_the_same(world: World) -> None:
    case = world.start("alarm")
    world.clock.at = world.clock.at.replace(day=5)
    before = world.everything()
    world.keep("before")
    write = 0
    while True:
        write += 1
        world.back_to("before")
        if not killed(world, lambda: jobs.run_due(world.engine), write):
            break
        if world.everything() != before:
            # Killed in the second timer's step: the first one's is complete.
            assert world.case(case).data.get("order", ["early"]) == ["early"]
        # Whoever died in the middle of a job keeps it from others for a while.
        world.clock.at += world.settings.lease
        jobs.run_due(world.engine)
        world.clock.at -= world.settings.lease
        assert world.case(case).data["order"] == ["early", "later"]
        assert len(world.told(case, "timer_fired")) == 2
    assert write > 5
    assert world.case(case).data["order"] == ["early", "later"]


def test_killed_at_any_write_a_procedure_starts_by_itself_once_all_the_same(world: World) -> None:
    act = due_start(world)
    before = world.everything()
    world.keep("before")
    act()
    wanted = shape(world), begun(world)
    write = 0
    while True:
        write += 1
        world.back_to("before")
        if not killed(world, act, write):
            break
        left = world.everything()
        # What was taken up was counted; of the case, of its number and of the next start there is no trace.
        assert {name: rows for name, rows in left.items() if name != "schedule"} == {
            name: rows for name, rows in before.items() if name != "schedule"
        }
        world.clock.at += world.settings.lease
        act()
        world.clock.at -= world.settings.lease
        assert (shape(world), begun(world)) == wanted
        assert invariants.broken(world.engine) == []
    # The count, the number, the case, its task, its inbox row, the next start, the histories.
    assert write > 8
    assert (shape(world), begun(world)) == wanted


def begun(world: World) -> list[Any]:
    """What schedules say of themselves."""
    return [
        world.rows(sa.select(Schedule.status, Schedule.due_at, Schedule.attempts, Schedule.error)),
        world.rows(sa.select(ScheduleEntry.kind).order_by(ScheduleEntry.id)),
    ]


def due_start(world: World) -> Callable[[], object]:
    """What is to be done when a procedure is due to start by itself."""
    draw(world, DAILY, schedule_sites=SITE)
    world.clock.at = at("2026-11-02 10:00")
    return lambda: jobs.run_due(world.engine)


def due_timers(world: World) -> Callable[[], object]:
    """What is to be done when two timers of a case are due."""
    world.start("alarm")
    world.clock.at = world.clock.at.replace(day=5)
    return lambda: jobs.run_due(world.engine)


def one_step(world: World) -> Callable[[], object]:
    """A person's step."""
    case, node, by, answers = registering(world)
    task, actor = world.task(case, node), world.people[by]
    return lambda: tasks.complete_task(world.engine, task, by=actor, answers=answers, request_id="r1")


@pytest.mark.parametrize("work", [one_step, due_timers, due_start])
# tests/fault/test_deliveries.py has the others.
@pytest.mark.parametrize("place", [place for place in failing.FAILPOINTS if place not in OUTSIDE])
def test_killed_at_any_failpoint_it_is_done_once_when_it_is_done_again(
    world: World, work: Callable[[World], Callable[[], object]], place: str
) -> None:
    act = work(world)
    world.keep("before")
    act()
    wanted = done(world)
    world.back_to("before")
    came_there = killed(world, act, place)
    # A place that nothing leads to any more would be no test.
    assert came_there or (work is one_step and place == "taken") or (work is due_start and place == "locked")
    # Whoever died keeps what it took up for a while.
    world.clock.at += world.settings.lease
    act()
    world.clock.at -= world.settings.lease
    jobs.run_due(world.engine)
    assert done(world) == wanted
    assert invariants.broken(world.engine) == []


def done(world: World) -> list[Any]:
    """What was done, whenever that was."""
    return [
        world.rows(sa.select(Case.status, Case.revision, Case.data)),
        sorted(world.rows(sa.select(Task.node, Task.status))),
        sorted(world.rows(sa.select(Job.kind, Job.node, Job.status))),
    ]
