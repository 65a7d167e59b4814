"""The clocks of a whole case: armed when it starts, met by what happens in it, missed at their moment."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from engine import cases, jobs, tasks
from engine.store.models import CaseClock, Inbox, Task
from tests.engine import watched
from tests.engine.world import ZONE, World, at


def clocks(world: World, case: int) -> list[tuple[str, str, str]]:
    """(kind, due, what became of it) of a case's clocks, in order."""
    found = world.look(sa.select(CaseClock).where(CaseClock.case_id == case).order_by(CaseClock.id))
    return [
        (
            clock.kind,
            f"{clock.due_at.astimezone(ZONE):%m-%d %H:%M}",
            "met" if clock.met_at else "dropped" if clock.dropped_at else "runs",
        )
        for clock in found
    ]


def test_they_start_with_the_case_each_with_its_ladder_and_the_moment_it_is_missed(world: World) -> None:
    watched.publish(world)
    case = world.start("watched")
    assert clocks(world, case) == [
        ("response", "11-02 11:30", "runs"),
        ("solution", "11-04 09:30", "runs"),
        ("update", "11-03 09:30", "runs"),
    ]
    assert world.jobs(case) == [
        ("remind", "", "11-02 10:30"),
        ("missed", "", "11-02 11:30"),
        ("escalate", "", "11-02 11:30"),
        ("missed", "", "11-03 09:30"),
        ("remind", "", "11-03 09:30"),
        ("missed", "", "11-04 09:30"),
        ("escalate", "", "11-04 09:30"),
    ]


def test_taking_in_is_no_response_but_what_somebody_else_does_is(world: World) -> None:
    watched.publish(world)
    case = world.start("watched")
    world.complete(case, "intake")
    assert clocks(world, case)[0] == ("response", "11-02 11:30", "runs")
    world.complete(case, "fix", by="bo")
    assert clocks(world, case)[0] == ("response", "11-02 11:30", "met")
    (met, _) = world.told(case, "clock_met")
    assert (met.detail["clock"], met.detail["late"]) == ("response", False)


def test_a_second_task_of_the_starter_is_a_response(world: World) -> None:
    watched.publish(world)
    case = world.start("watched")
    world.complete(case, "intake")
    world.complete(case, "fix")
    assert clocks(world, case)[0][2] == "met"


def test_a_node_that_is_named_is_the_response_and_nothing_else(world: World) -> None:
    watched.publish(world, clocks=watched.CLOCKS | {"clock_response_met": "tell"})
    case = world.start("watched")
    world.complete(case, "intake", by="bo")
    assert clocks(world, case)[0][2] == "runs"
    world.complete(case, "fix", by="bo")
    assert clocks(world, case)[0][2] == "met"


def test_what_the_customer_is_told_starts_the_update_clock_again(world: World) -> None:
    watched.publish(world)
    case = world.start("watched")
    world.complete(case, "intake")
    world.move("2026-11-02 15:00")
    world.complete(case, "fix")
    assert clocks(world, case)[2:] == [("update", "11-03 09:30", "met"), ("update", "11-03 15:00", "runs")]
    world.complete(case, "review", by="chen")
    assert clocks(world, case)[1] == ("solution", "11-04 09:30", "met")
    assert clocks(world, case)[3] == ("update", "11-03 15:00", "dropped")
    assert world.jobs(case) == []


def test_a_promise_is_missed_at_its_moment_and_kept_late(world: World) -> None:
    watched.publish(world)
    case = world.start("watched")
    world.clock.at = at("2026-11-02 11:29")
    jobs.run_due(world.engine)
    assert world.told(case, "clock_missed") == []
    world.move("2026-11-02 11:30")
    (missed,) = world.told(case, "clock_missed")
    assert (missed.detail["clock"], missed.at) == ("response", at("2026-11-02 11:30"))
    world.clock.at = at("2026-11-02 11:31")
    world.complete(case, "intake", by="bo")
    (met,) = world.told(case, "clock_met")
    assert met.detail["late"] is True


def test_its_escalation_puts_every_open_task_before_the_role(world: World) -> None:
    watched.publish(world)
    case = world.start("watched")
    world.move("2026-11-02 11:30")
    assert world.notices("an") == [("11-02 11:30", "reminder")]
    assert world.inbox("r:chief@hq") == [("intake", "watch")]
    (reason,) = world.look(sa.select(Inbox.reason).where(Inbox.who == "r:chief@hq"))
    number = world.case(case).number
    assert reason["zh"] == f"案件 {number} 的首次响应已超时：应于 11月02日 11:30 前完成"


def test_a_cancelled_case_drops_its_clocks(world: World) -> None:
    watched.publish(world)
    case = world.start("watched")
    cases.cancel_case(world.engine, case, by=world.people["an"], reason="误报")
    assert {what for _, _, what in clocks(world, case)} == {"dropped"}
    assert world.jobs(case) == []


def test_they_outlive_a_restart(world: World) -> None:
    watched.publish(world)
    case = world.start("watched")
    world.reopen()
    world.move("2026-11-04 09:30")
    assert [entry.detail["clock"] for entry in world.told(case, "clock_missed")] == [
        "response",
        "update",
        "solution",
    ]


def test_a_rung_gives_the_task_to_a_role_and_tells_the_one_above_by_a_channel(world: World) -> None:
    watched.publish(world, clocks={})
    case = world.start("watched")
    world.complete(case, "intake")
    tasks.claim_task(world.engine, world.task(case, "fix"), by=world.people["bo"])
    world.move("2026-11-02 15:00")
    assert world.notices("chen") == [("11-02 15:00", "notice")]
    assert world.inbox("r:chief@hq") == []
    world.move("2026-11-02 17:00")
    assert world.inbox("r:chief@hq") == [("fix", "work")]
    assert world.inbox(f"u:{world.people['bo'].id}") == []
    (moved,) = world.told(case, "task_reassigned")
    assert moved.detail["to"] == "chief"
    world.complete(case, "fix", by="chen")


@pytest.mark.parametrize("moment", ["2026-11-02 11:29", "2026-11-02 11:31"])
def test_an_open_task_keeps_the_limit_that_it_was_given(world: World, moment: str) -> None:
    watched.publish(world, clocks={})
    case = world.start("watched")
    world.move(moment)
    world.complete(case, "intake")
    assert world.look(sa.select(Task.limit).where(Task.case_id == case, Task.node == "fix")) == [
        "4 working hours"
    ]
