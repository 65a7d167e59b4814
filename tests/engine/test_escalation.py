"""A late task: its holder is reminded, then it stands before those above, exactly when the calendar says."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from engine import jobs, tasks
from engine.store.models import Inbox
from tests.engine.world import World, at

#: start → (half of the time, due, two working hours later, a working day later)
LADDERS = [
    pytest.param(
        "2026-11-02 09:30",
        ["2026-11-02 11:30", "2026-11-02 15:00", "2026-11-02 17:00", "2026-11-03 15:00"],
        id="over the noon break",
    ),
    pytest.param(
        "2026-11-06 16:00",
        ["2026-11-06 18:00", "2026-11-09 11:00", "2026-11-09 14:30", "2026-11-10 11:00"],
        id="over the weekend",
    ),
    pytest.param(
        "2026-09-30 16:00",
        ["2026-09-30 18:00", "2026-10-08 11:00", "2026-10-08 14:30", "2026-10-09 11:00"],
        id="over the National Day week",
    ),
    pytest.param(
        "2026-10-09 16:00",
        ["2026-10-09 18:00", "2026-10-10 11:00", "2026-10-10 14:30", "2026-10-12 11:00"],
        id="into a make-up Saturday",
    ),
]


@pytest.mark.parametrize(("start", "moments"), LADDERS)
def test_each_rung_is_climbed_at_its_moment_and_not_before(
    world: World, start: str, moments: list[str]
) -> None:
    world.move(start)
    case = world.start("promise")
    half, due, chief, director = moments
    assert jobs.next_due(world.engine) == at(half)
    for moment in moments:
        world.clock.at = at(moment) - timedelta(seconds=1)
        assert jobs.run_due(world.engine) == 0
        assert world.move(moment) == 1
    holder = [(half[5:], "reminder"), (due[5:], "reminder")]
    assert world.notices("an") == world.notices("bo") == holder
    assert world.notices("chen") == [(chief[5:], "escalation")]
    assert world.notices("ding") == [(director[5:], "escalation")]
    assert world.notices("fei") == world.notices("guo") == []
    assert world.inbox("r:clerk@hq") == [("fix", "work")]
    assert world.inbox("r:chief@hq") == world.inbox("r:director@hq") == [("fix", "watch")]
    assert [entry.detail["to"] for entry in world.told(case, "escalated")] == ["chief", "director"]


def test_a_server_that_was_down_climbs_every_missed_rung_once(world: World) -> None:
    case = world.start("promise")
    world.reopen()
    assert world.move("2026-11-05 12:00") == 4
    assert jobs.run_due(world.engine) == 0
    assert world.notices("chen") == world.notices("ding") == [("11-05 12:00", "escalation")]
    assert [entry.detail["to"] for entry in world.told(case, "escalated")] == ["chief", "director"]


def test_the_supervisor_reads_why_the_task_is_there(world: World) -> None:
    world.start("promise")
    world.move("2026-11-02 17:00")
    (reason,) = world.look(sa.select(Inbox.reason).where(Inbox.who == "r:chief@hq", Inbox.kind == "watch"))
    assert reason["zh"] == "“处理”已超时：应于 11月02日 15:00 前完成（处理）"
    assert reason["en"] == "“处理” is late: it was due by Nov 02, 15:00 (Fix)"
    assert reason["at"] == at("2026-11-02 17:00").isoformat()


def test_only_the_holder_is_reminded_of_a_task_that_was_taken(world: World) -> None:
    case = world.start("promise")
    tasks.claim_task(world.engine, world.task(case, "fix"), by=world.people["bo"])
    world.move("2026-11-02 15:00")
    assert world.notices("an") == []
    assert len(world.notices("bo")) == 2


def test_a_task_done_in_time_climbs_no_further(world: World) -> None:
    case = world.start("promise")
    world.move("2026-11-02 11:30")
    world.complete(case, "fix")
    assert world.jobs(case) == []
    assert world.move("2026-12-31 12:00") == 0
    assert world.notices("chen") == []
    (done,) = world.told(case, "completed")
    assert done.detail["late"] is False


def test_an_escalated_task_stays_its_holders_and_leaves_every_inbox_when_done(world: World) -> None:
    case = world.start("promise")
    world.move("2026-11-03 15:00")
    task = world.task(case, "fix")
    tasks.claim_task(world.engine, task, by=world.people["bo"])
    assert world.inbox("r:chief@hq") == [("fix", "watch")]
    tasks.release_task(world.engine, task, by=world.people["bo"])
    assert world.inbox("r:chief@hq") == [("fix", "watch")]
    world.complete(case, "fix", by="bo")
    assert world.inbox("r:chief@hq") == world.inbox("r:director@hq") == []
    assert world.told(case, "completed")[0].detail["late"] is True


def test_a_task_escalated_to_those_who_do_it_stays_their_work(world: World) -> None:
    case = world.start("orphan")
    assert world.inbox("r:chief@hq") == [("keep", "work")]
    world.move("2026-11-02 17:00")
    assert world.inbox("r:chief@hq") == [("keep", "watch"), ("keep", "work")]
    world.complete(case, "keep", by="chen")
    assert world.inbox("r:chief@hq") == []
