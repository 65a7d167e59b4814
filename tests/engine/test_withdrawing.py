"""A completion is withdrawn: everything is as it was before it, or it is refused with why."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from SpiffWorkflow import TaskState

from engine import cases, jobs, procedures, tasks
from engine.bundles import DIAGRAM, Bundle
from engine.domain.facts import SYSTEM, CaseId, TaskId
from engine.errors import CannotWithdraw, CaseNotActive, GuanjiaError, NotPossibleNow, TaskCalledBack
from engine.store.models import Case, IssuedNumber, Job, RegisterRow, Subscription, Task
from tests.drawing import Drawing
from tests.engine.world import INTAKE, World

TIMED = """
    s:start -> a:user -> b:user -> c:user -> e:end
    late:on(a, timer "PT5H") -> e2:end
    tell:beside(a, timer "PT1H") -> r:user -> e3:end
    heard:on(a, message "stop") -> e4:end
    soon:on(b, timer "PT2H") -> e5:end
"""


def withdraw(world: World, task: TaskId, by: str, **more: Any) -> None:
    tasks.withdraw(world.engine, task, by=world.people[by], **more)


def standing(world: World) -> dict[str, Any]:
    """What is open, shown, armed and awaited, without what a round of completing and withdrawing leaves."""
    return {
        "tasks": world.rows(
            sa.select(Task.id, Task.node, Task.status, Task.due_at, Task.created_at)
            .where(Task.status == "open")
            .order_by(Task.id)
        ),
        "jobs": world.rows(
            sa.select(Job.kind, Job.key, Job.due_at, Job.run_at)
            .where(Job.status == "armed")
            .order_by(Job.kind, Job.key)
        ),
        "awaited": world.rows(sa.select(Subscription.key, Subscription.name).order_by(Subscription.key)),
        "cases": world.rows(sa.select(Case.subject, Case.data, Case.clocks, Case.status)),
        "states": [begun(state) for state in world.look(sa.select(Case.state))],
    }


def begun(state: str) -> Any:
    """A saved state without the ids of what has not begun."""
    saved = json.loads(state)
    for one in (saved["workflow"], *(sub for _, sub in saved["workflow"]["subs"])):
        for row in one["tasks"]:
            row[0] = row[0] if row[3] > TaskState.FUTURE else ""
    return saved


def registering(world: World) -> tuple[CaseId, str, str, dict[str, Any]]:
    return world.start("errand"), "intake", "an", INTAKE


def working(world: World) -> tuple[CaseId, str, str, dict[str, Any]]:
    case = world.errand()
    tasks.claim_task(world.engine, world.task(case, "work_a"), by=world.people["bo"])
    return case, "work_a", "bo", {}


def joining(world: World) -> tuple[CaseId, str, str, dict[str, Any]]:
    case = world.errand()
    world.complete(case, "work_a")
    tasks.claim_task(world.engine, world.task(case, "work_b"), by=world.people["fei"])
    return case, "work_b", "fei", {}


def going_round(world: World) -> tuple[CaseId, str, str, dict[str, Any]]:
    case = world.errand()
    world.complete(case, "work_a")
    world.complete(case, "work_b", by="fei")
    tasks.claim_task(world.engine, world.task(case, "review"), by=world.people["chen"])
    return case, "review", "chen", {"verdict": "again"}


def with_timers(world: World) -> tuple[CaseId, str, str, dict[str, Any]]:
    world.draw("timed", TIMED)
    case = world.start("timed")
    tasks.claim_task(world.engine, world.task(case, "a"), by=world.people["bo"])
    return case, "a", "bo", {}


@pytest.mark.parametrize("step", [registering, working, joining, going_round, with_timers])
def test_everything_stands_as_before(
    world: World, step: Callable[[World], tuple[CaseId, str, str, dict[str, Any]]]
) -> None:
    case, node, by, answers = step(world)
    task = world.task(case, node)
    before = standing(world)
    world.clock.at += timedelta(minutes=3)
    for _ in range(3):
        tasks.complete_task(world.engine, task, by=world.people[by], answers=answers)
        assert standing(world) != before
        world.clock.at += timedelta(seconds=20)
        assert tasks.may_withdraw(world.engine, [task], world.people[by]) == {task}
        withdraw(world, task, by)
        assert standing(world) == before
        assert world.inbox(f"u:{world.people[by].id}") == [(node, "work")]
        assert tasks.may_withdraw(world.engine, [task], world.people[by]) == set()
    # It goes on as if nothing had been.
    tasks.complete_task(world.engine, task, by=world.people[by], answers=answers)


def test_what_was_answered_is_the_draft_and_the_repeated_submission_counts_anew(world: World) -> None:
    case = world.start("errand")
    task = world.task(case, "intake")
    world.complete(case, "intake", answers=INTAKE, request_id="r1")
    withdraw(world, task, "an")
    state = tasks.form_fields(world.engine, task, world.people["an"])
    assert state is not None
    assert state.values["topic"] == INTAKE["topic"]
    assert [entry.kind for entry in world.told(case, "withdrawn")] == ["withdrawn"]
    world.complete(case, "intake", answers=INTAKE, request_id="r1")
    assert world.open(case) == ["work_a", "work_b"]


def test_a_task_of_a_role_is_its_doers_who_may_put_it_back(world: World) -> None:
    case = world.errand()
    task = world.task(case, "work_a")
    world.complete(case, "work_a", by="bo")
    withdraw(world, task, "bo")
    assert world.inbox(f"u:{world.people['bo'].id}") == [("work_a", "work")]
    tasks.release_task(world.engine, task, by=world.people["bo"])
    assert world.inbox("r:clerk@hq") == [("work_a", "work")]


def test_whose_task_vanishes_is_told_and_hears_why_when_they_open_it(world: World) -> None:
    world.draw("named", "s:start -> a:user -> b:user -> e:end", b="")
    case = world.errand()
    world.complete(case, "work_a")
    task = world.task(case, "work_b")
    world.complete(case, "work_b", by="fei")
    review = world.task(case, "review")
    withdraw(world, task, "fei")
    with pytest.raises(TaskCalledBack) as refused:
        tasks.complete_task(world.engine, review, by=world.people["chen"], answers={"verdict": "good"})
    assert (refused.value.facts["by"], refused.value.facts["how"]) == ("fei", "withdrawn")


def acted(verb: str) -> Callable[[World, CaseId], object]:
    def act(world: World, case: CaseId) -> object:
        engine, bo = world.engine, world.people["bo"]
        task = world.task(case, "work_a")
        match verb:
            case "claim":
                return tasks.claim_task(engine, task, by=bo)
            case "claim and release":
                tasks.claim_task(engine, task, by=bo)
                return tasks.release_task(engine, task, by=bo)
            case "draft":
                return tasks.save_draft(engine, task, by=bo, typed={"x": "1"})
            case "complete":
                return tasks.complete_task(engine, task, by=bo, answers={})
            case "comment":
                return tasks.comment_case(engine, case, by=bo, text="看过了")
            case "urge":
                return tasks.urge_task(engine, task, by=world.people["an"], note="快")
            case "send back":
                return tasks.send_back(engine, task, by=bo, to="intake", reason="错")
            case _:
                cases.suspend_case(engine, case, by=world.people["ding"], reason="等")
                return cases.resume_case(engine, case, by=world.people["ding"])

    return act


@pytest.mark.parametrize(
    "verb",
    ["claim", "claim and release", "draft", "complete", "comment", "urge", "send back", "suspend and resume"],
)
def test_once_somebody_acted_on_it_it_stays(world: World, verb: str) -> None:
    case = world.start("errand")
    task = world.task(case, "intake")
    world.complete(case, "intake", answers=INTAKE)
    acted(verb)(world, case)
    before = world.everything()
    with pytest.raises(CannotWithdraw) as refused:
        withdraw(world, task, "an")
    assert refused.value.facts["why"] in ("acted", "not_last")
    assert tasks.may_withdraw(world.engine, [task], world.people["an"]) == set()
    assert world.everything() == before


def test_what_others_do_beside_it_does_not_keep_it(world: World) -> None:
    case = world.errand()
    task = world.task(case, "work_a")
    world.complete(case, "work_a")
    tasks.claim_task(world.engine, world.task(case, "work_b"), by=world.people["fei"])
    tasks.save_draft(world.engine, world.task(case, "work_b"), by=world.people["fei"], typed={"x": "1"})
    withdraw(world, task, "an")
    assert world.open(case) == ["work_a", "work_b"]
    assert world.inbox(f"u:{world.people['fei'].id}") == [("work_b", "work")]


@pytest.mark.parametrize(
    ("drawing", "why"),
    [
        pytest.param(
            's:start -> a:user -> t:throw(message "m") -> b:user -> e:end', "thrown", id="a message"
        ),
        pytest.param('s:start -> a:user -> t:throw(signal "x") -> b:user -> e:end', "thrown", id="a signal"),
        pytest.param("s:start -> a:user -> e:end", "ended", id="the end"),
    ],
)
def test_what_cannot_be_taken_back_keeps_it(world: World, drawing: str, why: str) -> None:
    world.draw("final", drawing)
    case = world.start("final")
    task = world.task(case, "a")
    world.complete(case, "a")
    with pytest.raises(CannotWithdraw) as refused:
        withdraw(world, task, "an")
    assert refused.value.facts["why"] == why


@pytest.mark.parametrize(
    ("prepare", "by", "error", "why"),
    [
        pytest.param("", "an", NotPossibleNow, None, id="an open one"),
        pytest.param("done", "bo", CannotWithdraw, "other_person", id="somebody else's"),
        pytest.param("done and earlier", "an", CannotWithdraw, "not_last", id="an earlier one"),
        pytest.param("suspended", "an", CaseNotActive, None, id="one of a case that is held"),
        pytest.param("done, late", "an", CannotWithdraw, "late", id="after the time to undo"),
    ],
)
def test_it_is_refused_with_why(
    world: World, prepare: str, by: str, error: type[GuanjiaError], why: str | None
) -> None:
    case = world.start("errand")
    task, within = world.task(case, "intake"), None
    if prepare:
        world.complete(case, "intake", answers=INTAKE)
    if prepare == "done and earlier":
        world.complete(case, "work_a")
    if prepare == "suspended":
        cases.suspend_case(world.engine, case, by=world.people["ding"], reason="等")
    if prepare == "done, late":
        world.clock.at += timedelta(seconds=31)
        within = timedelta(seconds=30)
    before = world.everything()
    with pytest.raises(error) as refused:
        withdraw(world, task, by, within=within)
    assert refused.value.facts.get("why") == why
    assert world.everything() == before


def test_a_rung_that_came_due_meanwhile_is_climbed_once(world: World) -> None:
    case, node, by, answers = going_round(world)
    task = world.task(case, node)
    ladder = [job for job in world.jobs(case) if job[1] == node]
    assert ladder
    # Done just before the first of them, withdrawn after it.
    first = min(world.look(sa.select(Job.due_at).where(Job.case_id == case, Job.key.startswith(f"{task}:"))))
    world.clock.at = first - timedelta(seconds=10)
    jobs.run_due(world.engine)
    tasks.complete_task(world.engine, task, by=world.people[by], answers=answers)
    world.clock.at = first + timedelta(seconds=10)
    jobs.run_due(world.engine)
    withdraw(world, task, by)
    climbed = len(world.told(case, "told")) + len(world.told(case, "escalated"))
    jobs.run_due(world.engine)
    jobs.run_due(world.engine)
    assert len(world.told(case, "told")) + len(world.told(case, "escalated")) > climbed
    assert [job for job in world.jobs(case) if job[1] == node] == ladder[1:]


def test_a_timer_that_fired_meanwhile_keeps_it(world: World) -> None:
    case, node, by, answers = with_timers(world)
    task = world.task(case, node)
    tasks.complete_task(world.engine, task, by=world.people[by], answers=answers)
    world.clock.at += timedelta(hours=2)
    jobs.run_due(world.engine)
    with pytest.raises((CannotWithdraw, CaseNotActive)):
        withdraw(world, task, by)


def test_a_number_that_was_issued_is_not_issued_twice_and_a_row_is_corrected(world: World) -> None:
    register = world.bundle("errand").files["register.json"]
    text = """
        s:start -> a:user -> n:service(number/issue into no) -> w:service(register/write) -> b:user -> e:end
    """
    drawing = Drawing(text, process="noted", starters="clerk").xml().decode()
    for name, value in (("series", "errand"), ("register", "errands")):
        given = f'<spiffworkflow:parameter id="{name}" type="str" value="\'{value}\'"/>'
        given = f"<spiffworkflow:parameters>{given}</spiffworkflow:parameters>"
        drawing = drawing.replace("<spiffworkflow:parameters/>", given, 1)
    bundle = Bundle("noted", {DIAGRAM: drawing, "register.json": register})
    procedures.publish(world.engine, bundle, by=SYSTEM)
    case = world.start("noted")
    task = world.task(case, "a")
    world.complete(case, "a")
    numbers = world.look(sa.select(IssuedNumber.text))
    assert len(numbers) == 1
    withdraw(world, task, "an")
    assert len(world.look(sa.select(IssuedNumber.text).where(IssuedNumber.unused_at.is_not(None)))) == 1
    world.complete(case, "a")
    assert world.look(sa.select(IssuedNumber.text)) == numbers
    assert world.look(sa.select(IssuedNumber.text).where(IssuedNumber.unused_at.is_not(None))) == []
    assert world.case(case).data["no"] == numbers[0]
    assert len(world.look(sa.select(RegisterRow.id))) == 1
