"""Who would get each task now: as it comes out, and a warning where nobody would."""

from __future__ import annotations

import pytest

from engine import procedures
from engine.queries.today import warnings, who_today
from tests.engine.test_assigning import give, on_duty
from tests.engine.world import World


@pytest.mark.parametrize(
    ("rules", "site", "who", "empty"),
    [
        pytest.param("", "hq", ["an、bo（待领）"], [], id="the queue"),
        pytest.param("least loaded", "hq", ["bo（手头任务最少，手头 0 件）"], [], id="who is less loaded"),
        pytest.param(
            "starter else queue", "hq", ["先按“发起人”", "an、bo（待领）"], [], id="what a case decides"
        ),
        pytest.param("on shift", "branch", ["guo（待领）"], ["“当班”现在没有人"], id="nobody on shift"),
    ],
)
def test_each_task_says_who_would_get_it(world: World, rules, site, who, empty) -> None:
    give(world, "before", "least loaded")
    world.draw("asked", f's:start -> b:user("clerk" | {rules}) -> e:end')
    with world.engine.database.look() as session:
        bundle = procedures.latest(world.engine, session, "asked").bundle
    (line,) = who_today(world.engine, bundle, sites=[site])
    assert [said.zh for said in line.who] == who
    assert [said.zh for said in line.empty] == empty


def test_what_is_foretold_is_what_happens(world: World) -> None:
    on_duty(world, "bo", "2026-11-02 08:00", "2026-11-02 20:00")
    task = give(world, "foretold", "on shift")
    with world.engine.database.look() as session:
        bundle = procedures.latest(world.engine, session, "foretold").bundle
    lines = [line for line in who_today(world.engine, bundle, sites=["hq"]) if line.node == "b"]
    assert lines[0].who[-1].zh.startswith("bo（")
    assert task.assignee_id == world.people["bo"].id


def test_a_role_that_nobody_holds_is_warned_of_with_the_one_above(world: World) -> None:
    bundle = world.bundle("orphan")
    assert [said.en for said in warnings(world.engine, bundle)][:1] == [
        "Head office, “保管”: nobody is Keeper"
    ]
