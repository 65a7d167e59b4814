"""While a case waits for somebody outside its clocks stand still; they go on by as much as they stood."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
import sqlalchemy as sa

from engine import cases, jobs, pausing
from engine.errors import CaseNotActive, Forbidden, Invalid
from engine.store.models import Inbox, Job, Pause, Task
from tests.engine import watched
from tests.engine.world import ZONE, World, at


def opened(world: World) -> int:
    """A case whose fixing is open since 09:30: due at 15:00, half of it over at 11:30."""
    watched.publish(world)
    case = world.start("watched")
    world.complete(case, "intake")
    return case


def pause(world: World, case: int, by: str = "an", reason: str = "parts") -> None:
    pausing.pause_case(world.engine, case, by=world.people[by], reason=reason, note="等泵")


def resume(world: World, case: int, by: str = "an") -> None:
    pausing.resume_clocks(world.engine, case, by=world.people[by])


def due(world: World, case: int, node: str) -> str:
    (found,) = world.look(
        sa.select(Task.due_at).where(Task.case_id == case, Task.node == node, Task.status == "open")
    )
    return f"{found.astimezone(ZONE):%m-%d %H:%M}"


def jobs_of(world: World, case: int, status: str = "armed") -> Sequence[tuple[str, str, str]]:
    """Those that are no clock's of the case itself."""
    return [job for job in world.jobs(case, status) if job[1]]


#: since → until → (half, due, half as much late) in working time, the update clock
PAUSES = [
    pytest.param(
        "2026-11-02 10:30", "2026-11-02 11:30", ["11-02 14:00", "11-02 16:00", "11-02 18:00"], id="an hour"
    ),
    pytest.param(
        "2026-11-02 10:30", "2026-11-02 13:00", ["11-02 14:30", "11-02 16:30", "11-03 09:30"], id="over noon"
    ),
    pytest.param(
        "2026-11-02 10:30", "2026-11-05 10:30", ["11-05 11:30", "11-05 15:00", "11-05 17:00"], id="days"
    ),
    pytest.param(
        "2026-11-02 12:10", "2026-11-02 13:20", ["11-02 15:00", "11-02 17:00"], id="while it is closed"
    ),
    pytest.param(
        "2026-11-02 10:30", "2026-11-09 10:30", ["11-09 11:30", "11-09 15:00", "11-09 17:00"], id="a week"
    ),
]


@pytest.mark.parametrize(("since", "until", "moments"), PAUSES)
def test_what_is_to_come_moves_by_the_working_time_that_passed(
    world: World, since: str, until: str, moments: list[str]
) -> None:
    case = opened(world)
    world.move(since)
    pause(world, case)
    world.move(until)
    resume(world, case)
    rungs = [moment for kind, _, moment in jobs_of(world, case) if kind != "timer"]
    assert rungs == moments
    assert due(world, case, "fix") == moments[-2]
    (shown,) = set(world.look(sa.select(Inbox.due_at).join(Task).where(Task.case_id == case)))
    assert f"{shown.astimezone(ZONE):%m-%d %H:%M}" == moments[-2]


def test_nobody_is_told_anything_while_they_stand_still(world: World) -> None:
    case = opened(world)
    pause(world, case)
    assert world.move("2026-12-24 12:00") == 1
    assert world.notices("an") == world.notices("chen") == []
    assert {kind for kind, _, _ in world.jobs(case)} == set()
    assert world.told(case, "clock_missed") == []
    assert due(world, case, "fix") == "11-02 15:00"


def test_timers_of_the_diagram_go_on_unless_they_are_drawn_to_wait(world: World) -> None:
    case = opened(world)
    world.move("2026-11-02 10:30")
    pause(world, case)
    assert [job for job in world.jobs(case) if job[0] == "timer"] == [("timer", "nag", "11-02 17:00")]
    world.move("2026-11-03 10:30")
    assert [entry.node for entry in world.told(case, "timer_fired")] == ["nag"]
    resume(world, case)
    # Five hours around the clock from 09:30, of which a day stood still.
    assert ("timer", "hold", "11-03 14:30") in world.jobs(case)
    world.move("2026-11-03 14:30")
    assert [entry.node for entry in world.told(case, "timer_fired")] == ["nag", "hold"]


def test_the_clocks_of_the_case_stand_still_too(world: World) -> None:
    case = opened(world)
    world.move("2026-11-02 10:30")
    pause(world, case)
    world.move("2026-11-03 10:30")
    resume(world, case)
    own = [(kind, moment) for kind, node, moment in world.jobs(case) if not node]
    assert own == [
        ("missed", "11-03 11:30"),
        ("escalate", "11-03 11:30"),
        ("missed", "11-04 09:30"),
        ("remind", "11-04 09:30"),
        ("missed", "11-05 09:30"),
        ("escalate", "11-05 09:30"),
    ]


def test_what_is_opened_meanwhile_begins_when_they_go_on(world: World) -> None:
    watched.publish(world)
    case = world.start("watched")
    pause(world, case)
    world.move("2026-11-02 10:30")
    world.complete(case, "intake")
    assert {kind for kind, node, _ in world.jobs(case, "paused") if node == "fix"} == {
        "notify",
        "reassign",
        "remind",
    }
    world.move("2026-11-02 11:30")
    resume(world, case)
    assert due(world, case, "fix") == "11-02 17:00"


def test_two_pauses_add_up(world: World) -> None:
    case = opened(world)
    for since, until in (("10:00", "10:30"), ("11:00", "11:30")):
        world.move(f"2026-11-02 {since}")
        pause(world, case)
        world.move(f"2026-11-02 {until}")
        resume(world, case)
    assert due(world, case, "fix") == "11-02 16:00"
    assert [row.reason for row in world.look(sa.select(Pause).where(Pause.case_id == case))] == ["parts"] * 2


def test_what_was_late_before_stays_late(world: World) -> None:
    case = opened(world)
    world.move("2026-11-02 16:00")
    pause(world, case)
    world.move("2026-11-03 16:00")
    resume(world, case)
    assert due(world, case, "fix") == "11-02 15:00"
    assert [job for job in jobs_of(world, case) if job[0] != "timer"] == [("reassign", "fix", "11-03 17:00")]


def test_a_task_done_meanwhile_leaves_nothing_behind_and_an_ended_case_is_paused_no_more(
    world: World,
) -> None:
    case = opened(world)
    pause(world, case)
    world.complete(case, "fix")
    world.complete(case, "review", by="chen")
    assert world.case(case).paused_at is None
    assert world.look(sa.select(Job.id).where(Job.case_id == case, Job.status.in_(["armed", "paused"]))) == []


def test_a_cancelled_case_is_paused_no_more(world: World) -> None:
    case = opened(world)
    pause(world, case)
    cases.cancel_case(world.engine, case, by=world.people["chen"], reason="误报")
    assert world.case(case).paused_at is None


def test_a_suspended_case_keeps_its_pause(world: World) -> None:
    case = opened(world)
    pause(world, case)
    cases.suspend_case(world.engine, case, by=world.people["chen"], reason="查账")
    with pytest.raises(CaseNotActive):
        resume(world, case)
    world.move("2026-11-03 09:30")
    cases.resume_case(world.engine, case, by=world.people["chen"])
    world.move("2026-11-03 10:30")
    resume(world, case)
    assert due(world, case, "fix") == "11-03 16:00"


def test_only_who_works_in_the_case_or_leads_it_may(world: World) -> None:
    case = opened(world)
    for login in ("fei", "guo"):
        with pytest.raises(Forbidden):
            pause(world, case, by=login)
    pause(world, case, by="chen")
    with pytest.raises(Forbidden):
        resume(world, case, by="fei")
    resume(world, case, by="bo")


def test_a_pause_needs_a_known_reason_and_a_case_that_runs(world: World) -> None:
    case = opened(world)
    with pytest.raises(Invalid):
        pause(world, case, reason="lunch")
    pause(world, case)
    with pytest.raises(CaseNotActive):
        pause(world, case)
    resume(world, case)
    with pytest.raises(CaseNotActive):
        resume(world, case)


def test_history_tells_the_pause_and_every_moment_that_moved(world: World) -> None:
    case = opened(world)
    pause(world, case)
    world.move("2026-11-02 10:30")
    resume(world, case)
    assert [entry.detail["reason_code"] for entry in world.told(case, "clocks_paused")] == ["parts"]
    (moved,) = [entry for entry in world.told(case, "moment_moved") if entry.node == "fix"]
    assert moved.detail["old"] == at("2026-11-02 15:00").isoformat()
    assert moved.detail["new"] == at("2026-11-02 16:00").isoformat()
    assert moved.detail["why"] == "pause"


def test_a_restart_in_the_middle_changes_nothing(world: World) -> None:
    case = opened(world)
    pause(world, case)
    world.reopen()
    world.move("2026-11-02 10:30")
    resume(world, case)
    world.reopen()
    assert due(world, case, "fix") == "11-02 16:00"
    world.move("2026-11-02 14:00")
    assert ("remind", "fix", "11-02 14:00") in world.jobs(case, "done")


def test_a_moment_that_the_procedure_set_itself_moves_as_well(world: World) -> None:
    case = world.errand()
    own = sa.select(Task).where(Task.case_id == case, Task.status == "open", Task.due_at.is_not(None))
    before = {task.id: (task.due_at, task.limit) for task in world.look(own)}
    assert before
    pausing.pause_case(world.engine, case, by=world.people["an"], reason="customer")
    world.move("2026-11-02 10:30")
    pausing.resume_clocks(world.engine, case, by=world.people["an"])
    for task in world.look(own.where(Task.id.in_(before))):
        assert task.due_at == before[task.id][0] + timedelta(hours=1)


def test_a_rung_that_a_worker_had_taken_up_is_not_climbed(world: World) -> None:
    case = opened(world)
    world.clock.at = at("2026-11-02 11:30")
    taken = jobs._take(world.engine)
    pause(world, case)
    assert jobs._work(world.engine, taken) == 0
    assert world.notices("an") == []
    assert world.jobs(case, "paused")
