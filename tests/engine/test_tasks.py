"""What people do with a task: take it, put it back, keep a draft, complete it once."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from engine import cases, tasks
from engine.bundles import DIAGRAM
from engine.domain.facts import SYSTEM, Actor, TaskId
from engine.errors import (
    AnswersInvalid,
    CaseNotActive,
    Forbidden,
    Invalid,
    RuntimeFailed,
    TaskAlreadyDone,
    TaskNotFound,
    TaskTaken,
)
from engine.procedures import publish
from engine.store.models import Task
from tests.engine.world import INTAKE, World, changed


def test_a_task_stands_in_the_inbox_of_its_role_until_somebody_takes_it(world: World) -> None:
    case = world.errand()
    task = world.task(case, "work_a")
    assert world.inbox("r:clerk@hq") == [("work_a", "work")]
    assert world.inbox("r:clerk@branch") == []

    tasks.claim_task(world.engine, task, by=world.people["bo"])
    assert world.inbox("r:clerk@hq") == []
    assert world.inbox(f"u:{world.people['bo'].id}") == [("work_a", "work")]

    tasks.release_task(world.engine, task, by=world.people["bo"])
    assert world.inbox("r:clerk@hq") == [("work_a", "work")]
    assert [entry.kind for entry in world.told(case, "task_claimed")] == ["task_claimed"]


def test_the_starter_goes_on_with_their_own_task(world: World) -> None:
    case = world.start("errand")
    assert world.inbox(f"u:{world.people['an'].id}") == [("intake", "work")]
    with pytest.raises(TaskTaken):
        world.complete(case, "intake", by="bo", answers=INTAKE)
    with pytest.raises(Forbidden):
        tasks.release_task(world.engine, world.task(case, "intake"), by=world.people["an"])


def test_only_one_of_two_takes_a_task(world: World) -> None:
    task = world.task(world.errand(), "work_a")
    tasks.claim_task(world.engine, task, by=world.people["bo"])
    with pytest.raises(TaskTaken) as refused:
        tasks.claim_task(world.engine, task, by=world.people["an"])
    assert refused.value.facts["by"] == "bo"
    with pytest.raises(TaskTaken):
        tasks.complete_task(world.engine, task, by=world.people["an"], answers={})


def test_taking_a_task_twice_says_so_once(world: World) -> None:
    case = world.errand()
    for _ in range(2):
        tasks.claim_task(world.engine, world.task(case, "work_a"), by=world.people["bo"])
    assert len(world.told(case, "task_claimed")) == 1


@pytest.mark.parametrize("login", ["fei", "guo", "chen"])
def test_a_task_is_refused_to_who_does_not_hold_its_role_here(world: World, login: str) -> None:
    task, actor = world.task(world.errand(), "work_a"), world.people[login]
    before = world.everything()
    verbs: list[Callable[[], object]] = [
        lambda: tasks.claim_task(world.engine, task, by=actor),
        lambda: tasks.complete_task(world.engine, task, by=actor, answers={}),
        lambda: tasks.save_draft(world.engine, task, by=actor, typed={"note": "x"}),
        lambda: tasks.form_fields(world.engine, task, actor),
    ]
    for verb in verbs:
        with pytest.raises(Forbidden):
            verb()
    assert world.everything() == before


def test_a_completed_task_says_who_and_when(world: World) -> None:
    case = world.errand()
    task = world.task(case, "work_a")
    world.complete(case, "work_a", by="bo")
    with pytest.raises(TaskAlreadyDone) as refused:
        tasks.complete_task(world.engine, task, by=world.people["an"], answers={})
    assert refused.value.facts["by"] == "bo"
    assert refused.value.facts["at"] == world.clock.at


def test_a_repeated_submission_gets_the_same_answer_without_a_second_effect(world: World) -> None:
    case = world.start("errand")
    task = world.task(case, "intake")
    first = world.complete(case, "intake", answers=INTAKE, request_id="r1")
    before = world.everything()
    again = tasks.complete_task(world.engine, task, by=world.people["an"], answers=INTAKE, request_id="r1")
    assert again == first
    assert world.everything() == before
    with pytest.raises(TaskAlreadyDone):
        tasks.complete_task(world.engine, task, by=world.people["an"], answers=INTAKE, request_id="r2")


def test_completing_leads_to_ones_own_next_task(world: World) -> None:
    case = world.start("errand")
    assert world.complete(case, "intake", answers=INTAKE).task_id is None
    case = world.start("rework")
    again = world.complete(case, "work", answers={"again": True})
    # The next round is the role's again, nobody's own.
    assert (again.case_id, again.task_id) == (case, None)


def test_a_cancelled_task_cannot_be_done(world: World) -> None:
    case = world.errand()
    task = world.task(case, "work_a")
    cases.cancel_case(world.engine, case, by=world.people["chen"], reason="不办了")
    with pytest.raises(CaseNotActive):
        tasks.complete_task(world.engine, task, by=world.people["an"], answers={})


def test_there_is_no_such_task(world: World) -> None:
    with pytest.raises(TaskNotFound):
        tasks.complete_task(world.engine, TaskId("0" * 32), by=world.people["an"], answers={})


def test_a_step_that_would_leave_the_case_waiting_for_ever_is_refused(world: World) -> None:
    case = world.start("knot")
    before = world.everything()
    with pytest.raises(RuntimeFailed) as refused:
        world.complete(case, "first", answers={"straight": False})
    assert refused.value.facts["element"] == "join"
    assert world.everything() == before


def test_an_interrupting_timer_takes_the_task_from_the_inbox(world: World) -> None:
    case = world.errand()
    world.complete(case, "work_a")
    world.complete(case, "work_b", by="fei")
    task = world.task(case, "review")
    world.move("2026-11-05 09:29")
    assert world.inbox("r:director@hq") == [("review", "watch")]
    assert world.move("2026-11-05 09:30") == 1
    assert world.open(case) == ["settle"]
    assert world.inbox("r:chief@hq") == []
    assert world.inbox("r:director@hq") == [("settle", "work")]
    with pytest.raises(CaseNotActive):
        tasks.complete_task(world.engine, task, by=world.people["chen"], answers={"verdict": "good"})
    world.complete(case, "settle", by="ding", answers={"verdict": "again"})
    assert world.open(case) == ["work_a", "work_b"]


def test_a_task_of_a_role_that_nobody_holds_falls_to_the_one_above(world: World) -> None:
    case = world.start("orphan")
    assert world.inbox("r:chief@hq") == [("keep", "work")]
    (opened,) = world.told(case, "task_opened")
    assert opened.detail["because"] == "nobody:keeper"
    world.complete(case, "keep", by="chen")


def test_a_step_that_would_open_a_task_for_nobody_is_refused(world: World) -> None:
    outside = changed(world.bundle("errand"), DIAGRAM, {'name="auditor"': 'name="visitor"'})
    publish(world.engine, outside, by=SYSTEM)
    case = world.start("errand")
    before = world.everything()
    with pytest.raises(RuntimeFailed) as refused:
        world.complete(case, "intake", answers=INTAKE)
    assert refused.value.facts["element"] == "work_b"
    assert world.everything() == before


def test_a_draft_stays_with_the_task(world: World) -> None:
    case = world.start("errand")
    task, an = world.task(case, "intake"), world.people["an"]
    tasks.save_draft(world.engine, task, by=an, typed={"topic": ["钥"]})
    state = tasks.form_fields(world.engine, task, an)
    assert state is not None
    assert state.values["topic"] == "钥"
    assert state.errors == {}
    world.complete(case, "intake", answers=INTAKE)
    assert world.look(sa.select(Task.draft).where(Task.id == task)) == [None]


def test_a_draft_has_a_size(world: World) -> None:
    task = world.task(world.start("errand"), "intake")
    with pytest.raises(Invalid):
        tasks.save_draft(world.engine, task, by=world.people["an"], typed={"topic": "长" * 70_000})


def test_somebody_without_any_role_sees_no_form(world: World) -> None:
    task = world.task(world.errand(), "work_a")
    with pytest.raises(Forbidden):
        tasks.form_fields(world.engine, task, Actor(None, "nobody"))


def test_wrong_answers_leave_everything_but_the_draft_as_it_was(world: World) -> None:
    case = world.start("errand")
    before = world.everything()
    with pytest.raises(AnswersInvalid):
        world.complete(case, "intake", answers={"topic": ""})
    assert world.everything() == before
