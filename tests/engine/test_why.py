"""Why a task is here, why I cannot do it, why it was escalated, when what will fire."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from engine import tasks, why
from engine.errors import Forbidden
from engine.store.models import Job
from tests.engine.test_assigning import give
from tests.engine.test_standing_in import arrange, now, promise
from tests.engine.world import World


def asked(world: World, task: str, login: str):
    return why(world.engine, task, now(world, login))


def test_a_task_of_a_role_says_whose_it_is_and_who_may_take_it(world: World) -> None:
    case = world.start("promise")
    said = asked(world, world.task(case, "fix"), "bo")
    assert said.mine.zh == "它在您的待领中，因为您在总部担任办事员。"
    assert said.here[0].en == "This step is done by Clerk at Head office: whoever takes it first."
    assert said.cannot == ()


@pytest.mark.parametrize(
    ("login", "zh", "en"),
    [
        pytest.param(
            "chen",
            ["办理需要在总部担任办事员，您没有这个岗位。", "能办理的人：an、bo。"],
            "Who can: an, bo.",
            id="another role",
        ),
    ],
)
def test_who_cannot_do_it_reads_what_it_takes_and_whom_to_ask(world: World, login, zh, en) -> None:
    case = world.start("promise")
    said = asked(world, world.task(case, "fix"), login)
    assert [one.zh for one in said.cannot] == zh
    assert said.cannot[-1].en == en


def test_a_task_somebody_took_says_who_and_when(world: World) -> None:
    _, task = promise(world, "an")
    said = asked(world, task, "bo")
    assert [one.zh for one in said.cannot] == ["现在由 an 办理。", "您也能办理：请 an 放回或转给您。"]
    assert "an 于 11月02日 09:30 领取。" in [one.zh for one in said.here]
    assert asked(world, task, "an").mine.zh == "它在您的待办中，因为由您办理。"


def test_a_stand_in_reads_for_whom(world: World) -> None:
    _, task = promise(world, "an")
    arrange(world, "an", "fei")
    said = asked(world, task, "fei")
    assert (said.mine.zh, said.cannot) == ("它在您的待办中，因为 an 离岗期间由您代办。", ())


def test_a_rule_says_its_figures(world: World) -> None:
    task = give(world, "ruled", "least loaded")
    assert asked(world, task.id, "an").here[0].zh.endswith("分派给an：手头 0 件，bo 0 件。")


def test_a_done_task_says_by_whom_and_when(world: World) -> None:
    _, task = promise(world)
    tasks.complete_task(world.engine, task, by=world.people["an"], answers={})
    said = asked(world, task, "bo")
    assert said.cannot[0].zh == "an 已于 11月02日 09:30 办理。"
    assert said.coming == ()


def test_every_moment_that_will_come_is_one_that_will_fire(world: World) -> None:
    case = world.start("promise")
    task = world.task(case, "fix")
    said = asked(world, task, "an")
    moments = [(one.at, one.kind) for one in said.coming]
    jobs = world.rows(sa.select(Job.due_at, Job.kind).where(Job.case_id == case, Job.status == "armed"))
    assert sorted(moments) == sorted([*jobs, (said.coming[1].at, "due")])
    assert [one.what.zh for one in said.coming if one.kind == "escalate"] == [
        "升级至主管（到期后 2 个工作小时）",
        "升级至总监（到期后 1 个工作日）",
    ]
    assert all(one.what.en for one in said.coming)


def test_an_escalation_says_when_to_whom_and_why(world: World) -> None:
    case = world.start("promise")
    world.move("2026-11-02 17:00")
    said = asked(world, world.task(case, "fix"), "chen")
    ((_, to, reason),) = said.escalated
    assert (to.zh, said.mine.zh) == ("主管", "它在您的待办中，因为已升级给主管。")
    assert "已超时" in reason.zh
    assert "is late" in reason.en


def test_nobody_asks_about_what_they_may_not_see(world: World) -> None:
    case = world.start("promise")
    with pytest.raises(Forbidden):
        asked(world, world.task(case, "fix"), "guo")
