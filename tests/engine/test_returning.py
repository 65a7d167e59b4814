"""A task is sent back: who gets it, with what, who is told, and what stays as it was."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from engine import cases, tasks
from engine.domain.facts import TaskId
from engine.errors import (
    CannotSendBack,
    CaseNotActive,
    Forbidden,
    ReasonMissing,
    TaskAlreadyDone,
    TaskCalledBack,
)
from engine.people import set_active
from engine.store.models import Case, Task
from tests.drawing import many
from tests.engine.world import INTAKE, World

WHY = "地址写错了"


def send_back(world: World, case: int, node: str, to: str, by: str, reason: str = WHY) -> None:
    tasks.send_back(world.engine, world.task(case, node), by=world.people[by], to=to, reason=reason)


def row(world: World, case: int, node: str) -> Task:
    """The latest task of a node."""
    return list(
        world.look(
            sa.select(Task)
            .where(Task.case_id == case, Task.node == node)
            .order_by(Task.created_at, Task.visit)
        )
    )[-1]


def test_it_goes_back_to_who_did_it_with_their_answers_and_says_who_and_why(world: World) -> None:
    case = world.errand()
    world.clock.at += world.settings.lease
    send_back(world, case, "work_b", "intake", "fei")

    assert world.open(case) == ["intake"]
    opened = row(world, case, "intake")
    assert opened.assignee_id == world.people["an"].id
    assert opened.sent_back is not None
    assert (opened.sent_back["by"], opened.sent_back["reason"]) == ("fei", WHY)
    assert opened.visit == 2
    state = tasks.form_fields(world.engine, TaskId(opened.id), world.people["an"])
    assert state is not None
    assert state.values["topic"] == INTAKE["topic"]
    assert state.values["items.0.name"] == "锁"
    told = world.told(case, "sent_back")
    assert [(one.node, one.detail["to"], one.detail["reason"]) for one in told] == [("work_b", "intake", WHY)]
    # What was sent back tells of it itself; the sister is told of as called back.
    assert [one.node for one in world.told(case, "task_cancelled")] == ["work_a"]
    assert [kind for _, kind in world.notices("an")] == ["sent_back"]

    world.complete(case, "intake", answers=INTAKE)
    assert world.open(case) == ["work_a", "work_b"]


def test_a_task_of_a_role_goes_to_who_did_it_and_may_be_put_back(world: World) -> None:
    case = world.errand()
    world.complete(case, "work_a", by="bo")
    world.complete(case, "work_b", by="fei")
    send_back(world, case, "review", "intake", "chen")
    world.complete(case, "intake", answers=INTAKE)
    # Nothing but what was sent back to goes to who did it.
    assert world.inbox("r:clerk@hq") == [("work_a", "work")]


def test_who_had_a_task_that_is_called_back_is_told_and_keeps_what_they_typed(world: World) -> None:
    case = world.errand()
    work = world.task(case, "work_a")
    tasks.claim_task(world.engine, work, by=world.people["bo"])
    tasks.save_draft(world.engine, work, by=world.people["bo"], typed={"note": ["已到现场"]})
    send_back(world, case, "work_b", "intake", "fei")

    gone = row(world, case, "work_a")
    assert (gone.status, gone.draft) == ("cancelled", {"note": ["已到现场"]})
    assert gone.called_back == {"by": "fei", "how": "sent_back", "reason": WHY}
    assert [kind for _, kind in world.notices("bo")] == ["called_back"]
    for verb in (
        lambda: tasks.complete_task(world.engine, work, by=world.people["bo"], answers={}),
        lambda: tasks.save_draft(world.engine, work, by=world.people["bo"], typed={"note": "x"}),
    ):
        with pytest.raises(TaskCalledBack) as refused:
            verb()
        assert refused.value.facts["by"] == "fei"
        assert refused.value.facts["at"] == world.clock.at


def test_what_is_done_again_has_its_own_deadline_from_now(world: World) -> None:
    case = world.errand()
    world.complete(case, "work_a")
    world.complete(case, "work_b", by="fei")
    first = row(world, case, "review")
    jobs = world.jobs(case)
    assert first.due_at is not None
    assert jobs
    world.clock.at = world.clock.at.replace(hour=5)
    send_back(world, case, "review", "intake", "chen")
    # The clocks of what was sent back are gone: nobody is reminded of it.
    assert [job for job in world.jobs(case) if job[1] == "review"] == []
    assert ("intake", "cancelled") not in world.rows(sa.select(Task.node, Task.status))
    world.complete(case, "intake", answers=INTAKE)
    world.complete(case, "work_a")
    world.complete(case, "work_b", by="fei")
    again = row(world, case, "review")
    assert again.due_at is not None
    assert again.due_at > first.due_at
    assert len([job for job in world.jobs(case) if job[1] == "review"]) == len(
        [job for job in jobs if job[1] == "review"]
    )


@pytest.mark.parametrize(
    ("node", "to", "by", "reason", "error"),
    [
        pytest.param("work_b", "intake", "fei", "  ", ReasonMissing, id="without a reason"),
        pytest.param("work_b", "intake", "chen", WHY, Forbidden, id="by somebody else"),
        pytest.param("work_b", "review", "fei", WHY, CannotSendBack, id="forward"),
        pytest.param("work_b", "work_a", "fei", WHY, CannotSendBack, id="to a sister branch"),
        pytest.param("work_b", "nowhere", "fei", WHY, CannotSendBack, id="to nowhere"),
    ],
)
def test_what_is_refused_changes_nothing(
    world: World, node: str, to: str, by: str, reason: str, error: type[Exception]
) -> None:
    case = world.errand()
    before = world.everything()
    with pytest.raises(error):
        send_back(world, case, node, to, by, reason)
    assert world.everything() == before


def test_a_task_of_a_suspended_case_or_one_that_is_done_is_not_sent_back(world: World) -> None:
    case = world.errand()
    work_a, work_b = world.task(case, "work_a"), world.task(case, "work_b")
    world.complete(case, "work_a")
    with pytest.raises(TaskAlreadyDone):
        tasks.send_back(world.engine, work_a, by=world.people["an"], to="intake", reason=WHY)
    cases.suspend_case(world.engine, case, by=world.people["ding"], reason="等")
    with pytest.raises(CaseNotActive):
        tasks.send_back(world.engine, work_b, by=world.people["fei"], to="intake", reason=WHY)


def test_the_lawful_ways_say_who_did_it_and_what_is_called_back(world: World) -> None:
    case = world.errand()
    work = world.task(case, "work_b")
    tasks.claim_task(world.engine, world.task(case, "work_a"), by=world.people["bo"])
    found = tasks.lawful_returns(world.engine, work, world.people["fei"])
    assert [
        (one.node, one.name.zh, one.by, [(name.zh, who) for name, who in one.calls_back]) for one in found
    ] == [("intake", "登记", "an", [("办理甲", "bo")])]


def test_who_left_or_lost_the_role_does_not_get_it_again(world: World) -> None:
    world.draw("two", "s:start -> a:user -> b:user -> e:end")
    case = world.start("two")
    world.complete(case, "a", by="bo")
    set_active(world.engine, world.people["bo"].id, active=False)
    send_back(world, case, "b", "a", "an")
    assert row(world, case, "a").assignee_id is None
    assert world.inbox("r:clerk@hq") == [("a", "work")]


def test_each_instance_goes_to_who_did_that_one(world: World) -> None:
    world.draw("several", "s:start -> a:user -> m:user -> c:user -> e:end", m=many("2", item="x", output="y"))
    case = world.start("several")
    world.complete(case, "a")
    for login in ("an", "bo"):
        found = world.look(sa.select(Task.id).where(Task.node == "m", Task.status == "open"))
        tasks.complete_task(world.engine, TaskId(min(found)), by=world.people[login], answers={})
    doers = {
        json_of(task.local): task.done_by for task in world.look(sa.select(Task).where(Task.status == "done"))
    }
    send_back(world, case, "c", "m", "an")
    opened = world.look(sa.select(Task).where(Task.node == "m", Task.status == "open"))
    assert {json_of(task.local): task.assignee_id for task in opened} == {
        local: doers[local] for local in map(json_of, (task.local for task in opened))
    }
    assert len(opened) == 2


def json_of(value: Any) -> str:
    return repr(sorted(value.items()))


def test_a_case_that_is_sent_back_a_hundred_times_stays_as_small_as_it_was(world: World) -> None:
    case = world.errand()
    sizes = []
    for _ in range(100):
        send_back(world, case, "work_b", "intake", "fei")
        world.complete(case, "intake", answers=INTAKE)
        sizes.append(len(world.look(sa.select(Case.state).where(Case.id == case))[0]))
    assert max(sizes) - min(sizes) < 100
