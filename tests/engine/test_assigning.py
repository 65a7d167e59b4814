"""Who gets a task by the rules of its step, and why it says so."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from engine.errors import ProcedureRefused
from engine.store.models import AccountRole, Shift, Substitution, Task, Turn
from tests.engine.world import SITE, World, at


def give(world: World, procedure: str, rules: str, candidates: str = '"clerk"', by: str = "an") -> Task:
    """Publish a procedure whose step ``b`` has rules, start a case, do its first step; the step's task."""
    world.draw(procedure, f"s:start -> a:user -> b:user({candidates} | {rules}) -> e:end")
    case = world.start(procedure, by=by)
    world.complete(case, "a", by=by)
    return world.look(sa.select(Task).where(Task.case_id == case, Task.node == "b"))[0]


def on_duty(world: World, login: str, since: str, until: str, role: str = "clerk", site: str = SITE) -> None:
    with world.engine.database.transaction() as session:
        session.add(
            Shift(
                account_id=world.people[login].id,
                role=role,
                site=site,
                starts_at=at(since),
                ends_at=at(until),
            )
        )


def goes_away(world: World, login: str, substitute: str, procedures: tuple[str, ...] = ()) -> None:
    now = world.engine.now()
    with world.engine.database.transaction() as session:
        session.add(
            Substitution(
                account_id=world.people[login].id,
                substitute_id=world.people[substitute].id,
                starts_at=now - timedelta(hours=1),
                ends_at=now + timedelta(days=1),
                procedures=list(procedures),
                at=now,
            )
        )


def holder(world: World, task: Task) -> str | None:
    return next((login for login, actor in world.people.items() if actor.id == task.assignee_id), None)


@pytest.mark.parametrize(
    ("rules", "by", "who", "because"),
    [
        pytest.param("starter", "bo", "bo", "rule:starter", id="the starter"),
        pytest.param("last handler", "bo", "bo", "rule:last", id="the last handler"),
        pytest.param("handler:a", "bo", "bo", "rule:handler", id="who did a step"),
        pytest.param("manager of starter", "bo", "chen", "rule:manager", id="the manager"),
        pytest.param("field:who else starter", "bo", "bo", "rule:starter", id="an empty field"),
        pytest.param('(handler("a"))', "bo", "bo", "rule:expression", id="an expression"),
        pytest.param("on shift else queue", "bo", None, "candidates", id="nobody on shift"),
        pytest.param("least loaded", "bo", "an", "rule:roles:least loaded", id="of equals the first"),
        pytest.param("on shift", "bo", None, "candidates", id="nobody left by any rule"),
    ],
)
def test_each_rule_gives_its_person(world: World, rules, by, who, because) -> None:
    task = give(world, "ruled", rules, by=by)
    assert holder(world, task) == who
    assert task.assigned_because == because
    assert task.why["zh"]
    assert task.why["en"]
    shown = world.inbox(f"u:{world.people[who].id}" if who else f"r:clerk@{SITE}")
    assert ("b", "work") in shown


def test_who_is_on_shift_now_gets_it_and_the_night_counts(world: World) -> None:
    on_duty(world, "an", "2026-11-01 20:00", "2026-11-02 08:00")
    on_duty(world, "bo", "2026-11-02 08:00", "2026-11-02 20:00")
    assert holder(world, give(world, "day", "on shift")) == "bo"
    world.clock.at = at("2026-11-02 20:00")
    assert give(world, "evening", "on shift").assignee_id is None
    assert holder(world, give(world, "later", "on shift today")) == "an"


def test_a_shift_of_another_site_or_role_does_not_count(world: World) -> None:
    on_duty(world, "bo", "2026-11-02 08:00", "2026-11-02 20:00", site="branch")
    on_duty(world, "bo", "2026-11-02 08:00", "2026-11-02 20:00", role="auditor")
    assert give(world, "elsewhere", "on shift").assignee_id is None


def test_the_least_loaded_gets_it_and_the_figures_are_kept(world: World) -> None:
    first = give(world, "load", "least loaded")
    case = world.start("load", by="bo")
    world.complete(case, "a", by="bo")
    second = world.look(sa.select(Task).where(Task.case_id == case, Task.node == "b"))[0]
    assert [holder(world, first), holder(world, second)] == ["an", "bo"]
    assert {one["id"]: one["load"] for one in second.why["among"]} == {
        world.people["an"].id: 1,
        world.people["bo"].id: 0,
    }
    assert second.why["zh"] == "按“手头任务最少”分派给bo：手头 0 件，an 1 件。"


def test_tasks_of_one_step_are_spread(world: World) -> None:
    world.draw(
        "spread",
        's:start -> f:and -> a:user("clerk" | least loaded) -> e:end\n'
        'f -> b:user("clerk" | least loaded) -> e',
    )
    case = world.start("spread")
    given = world.look(sa.select(Task.assignee_id).where(Task.case_id == case))
    assert sorted(given) == sorted([world.people["an"].id, world.people["bo"].id])


def test_turns_go_round_and_survive_a_restart(world: World) -> None:
    world.draw("turns", 's:start -> a:user("clerk" | round robin) -> e:end')
    seen = []
    for _ in range(4):
        case = world.start("turns")
        seen.append(world.look(sa.select(Task).where(Task.case_id == case))[0])
        world.reopen()
    assert [holder(world, task) for task in seen] == ["an", "bo", "an", "bo"]
    assert world.rows(sa.select(Turn.role, Turn.site)) == [("clerk", SITE)]
    assert "上一次是an" in seen[1].why["zh"]


def test_the_same_site_leaves_out_who_is_everywhere(world: World) -> None:
    with world.engine.database.transaction() as session:
        session.add(AccountRole(account_id=world.people["ding"].id, role="chief", site="*"))
    assert holder(world, give(world, "near", "site", '"chief"')) == "chen"


def test_who_is_away_is_passed_over_while_there_is_somebody_else(world: World) -> None:
    goes_away(world, "an", "bo")
    task = give(world, "gone", "starter else least loaded")
    assert holder(world, task) == "bo"
    assert task.why["away"] == [world.people["an"].id]
    assert holder(world, give(world, "only", "starter")) == "an"


def test_who_is_away_for_other_procedures_is_there_for_this_one(world: World) -> None:
    goes_away(world, "an", "bo", ("errand",))
    assert holder(world, give(world, "here", "starter else least loaded")) == "an"


def test_who_left_is_never_chosen(world: World) -> None:
    with world.engine.database.transaction() as session:
        session.execute(sa.text("UPDATE account SET active = false WHERE login = 'an'"))
    assert holder(world, give(world, "left", "starter else least loaded")) == "bo"


def test_a_step_of_a_role_nobody_holds_falls_to_the_one_above_with_the_reason(world: World) -> None:
    task = give(world, "kept", "on shift", '"keeper"')
    assert (task.assignee_id, task.candidates) == (None, ["chief"])
    assert task.assigned_because == "nobody:keeper"
    assert task.why["zh"] == "按“当班”没有找到人；因此由岗位待领。"


@pytest.mark.parametrize(
    ("rules", "code"),
    [
        pytest.param("on duty tomorrow", "assign-refused", id="no rule"),
        pytest.param("handler:nowhere", "assign-handler", id="no such step"),
        pytest.param("handler:s", "assign-handler", id="a step nobody does"),
        pytest.param("(1 +)", "assign-refused", id="no expression"),
    ],
)
def test_rules_that_cannot_be_used_are_not_published(world: World, rules, code) -> None:
    with pytest.raises(ProcedureRefused) as refused:
        world.draw("wrong", f's:start -> a:user("clerk" | {rules}) -> e:end')
    assert code in [finding.code for finding in refused.value.findings]


def test_a_task_without_rules_keeps_no_reason(world: World) -> None:
    case = world.start("errand")
    assert world.look(sa.select(Task.why).where(Task.case_id == case)) == [None]
