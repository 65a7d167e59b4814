"""Procedures that start by themselves: armed with their version, once each, nothing lost, nothing twice."""

from __future__ import annotations

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa

from engine import adjusting, cases, jobs, procedures, schedules
from engine.bundles import DIAGRAM, Bundle
from engine.domain.facts import SYSTEM, Actor, UserId
from engine.errors import Conflict, Forbidden, NotFound, ProcedureRefused
from engine.soundness import health
from engine.store.models import Case, Schedule, ScheduleEntry
from tests.drawing import Drawing
from tests.engine.world import SITE, ZONE, World, at

MONTHLY = 's:start(timer every_month("last working day", at="15:00")) -> a:user -> e:end'
DAILY = 's:start(timer every_day(at="10:00")) -> a:user -> e:end'
ADMIN = Actor(UserId(99), "root", admin=True)


@pytest.fixture
def root(world: World) -> Actor:
    """An administrator with an account."""
    return Actor(world.people["ding"].id, "root", admin=True)


def rows(world: World, procedure: str = "round") -> list[tuple[str, str, str, str]]:
    """(node, site, status, local due time) of a procedure's schedules."""
    found = world.rows(
        sa.select(Schedule.node, Schedule.site, Schedule.status, Schedule.due_at)
        .where(Schedule.procedure == procedure)
        .order_by(Schedule.node, Schedule.site)
    )
    return [(*row[:3], f"{row[3].astimezone(ZONE):%Y-%m-%d %H:%M}") for row in found]


def begun(world: World, procedure: str = "round", site: str = SITE) -> list[Case]:
    """The cases of a procedure at a site."""
    return list(
        world.look(sa.select(Case).where(Case.procedure == procedure, Case.site == site).order_by(Case.id))
    )


def schedule(world: World, procedure: str = "round", site: str = SITE) -> Schedule:
    """The schedule of a procedure at a site."""
    found: Schedule = world.look(
        sa.select(Schedule).where(Schedule.procedure == procedure, Schedule.site == site)
    )[0]
    return found


def told(world: World, schedule_id: int) -> list[tuple[str, str]]:
    """(kind, who) of what happened with a schedule."""
    return [
        (kind, by)
        for kind, by in world.rows(
            sa.select(ScheduleEntry.kind, ScheduleEntry.by)
            .where(ScheduleEntry.schedule_id == schedule_id)
            .order_by(ScheduleEntry.id)
        )
    ]


def bundle(text: str, process: str = "round", **properties: str) -> Bundle:
    """A procedure's files of a drawing whose nodes stand in the clerks' lane."""
    xml = Drawing(text, process=process, starters="clerk").xml().decode()
    said = "".join(
        f'<spiffworkflow:property name="{name}" value="{value}"/>' for name, value in properties.items()
    )
    nodes = re.findall(r'<bpmn:(?:\w+Event|\w+Task|callActivity) [^>]*?id="(\w+)"', xml)
    refs = "".join(f"<bpmn:flowNodeRef>{node}</bpmn:flowNodeRef>" for node in nodes)
    lane = (
        '<bpmn:laneSet id="lanes"><bpmn:lane id="lane" name="clerks"><bpmn:extensionElements>'
        '<spiffworkflow:properties><spiffworkflow:property name="role" value="clerk"/>'
        "</spiffworkflow:properties>"
        f"</bpmn:extensionElements>{refs}</bpmn:lane></bpmn:laneSet>"
    )
    head = "<spiffworkflow:properties>"
    xml = xml.replace(head, head + said, 1)
    return Bundle(
        process, {DIAGRAM: xml.replace("</bpmn:extensionElements>", f"</bpmn:extensionElements>{lane}", 1)}
    )


def draw(world: World, text: str, **properties: str) -> None:
    """Publish a drawing as the procedure ``round``."""
    procedures.publish(world.engine, bundle(text, **properties), by=SYSTEM)


# Arming --------------------------------------------------------------------------------------


def test_publishing_arms_the_next_start_at_every_site(world: World) -> None:
    draw(world, MONTHLY)
    assert rows(world) == [
        ("s", "branch", "armed", "2026-11-30 15:00"),
        ("s", "hq", "armed", "2026-11-30 15:00"),
    ]
    assert jobs.next_due(world.engine) == at("2026-11-30 15:00")


def test_a_procedure_may_name_the_sites_at_which_it_starts(world: World) -> None:
    draw(world, MONTHLY, schedule_sites="branch")
    assert [row[1] for row in rows(world)] == ["branch"]
    with pytest.raises(ProcedureRefused) as refused:
        procedures.publish(world.engine, bundle(MONTHLY, schedule_sites="moon"), by=SYSTEM)
    assert [finding.code for finding in refused.value.findings if finding.severity == "error"] == [
        "declaration"
    ]


def test_a_new_version_arms_its_own_and_the_old_ones_are_gone(world: World) -> None:
    draw(world, MONTHLY)
    draw(world, 's:start(timer every_week("mon", at="09:00")) -> a:user -> e:end')
    assert rows(world) == [
        ("s", "branch", "armed", "2026-11-09 09:00"),
        ("s", "hq", "armed", "2026-11-09 09:00"),
    ]
    draw(world, 't:start(timer every_day(at="18:00")) -> a:user -> e:end')
    assert [row for row in rows(world) if row[1] == "hq"] == [
        ("s", "hq", "gone", "2026-11-09 09:00"),
        ("t", "hq", "armed", "2026-11-02 18:00"),
    ]
    draw(world, "s:start -> a:user -> e:end")
    assert {row[2] for row in rows(world)} == {"gone"}
    world.move("2026-12-31 18:00")
    assert begun(world) == []
    # And it comes back, with its history.
    draw(world, MONTHLY)
    assert ("s", "hq", "armed", "2027-01-29 15:00") in rows(world)


def test_what_is_said_as_before_keeps_its_moment(world: World) -> None:
    draw(world, 's:start(timer "R/PT2H") -> a:user -> e:end')
    world.clock.at = at("2026-11-02 10:00")
    draw(world, 's:start(timer "R/PT2H") -> b:user -> e:end')
    assert rows(world)[1] == ("s", "hq", "armed", "2026-11-02 11:30")


def test_what_came_due_and_was_not_done_is_done_by_the_version_published_meanwhile(world: World) -> None:
    draw(world, DAILY)
    world.clock.at = at("2026-11-02 11:00")
    draw(world, 's:start(timer every_day(at="17:00")) -> b:user -> e:end')
    jobs.run_due(world.engine)
    (case,) = begun(world)
    assert world.open(case.id) == ["b"]
    assert rows(world)[1][3] == "2026-11-02 17:00"


def test_a_publication_that_fails_arms_nothing(world: World) -> None:
    with pytest.raises(ProcedureRefused) as refused:
        draw(world, "s:start(timer every_month(40, at='09:00')) -> a:user -> e:end")
    (finding,) = [found for found in refused.value.findings if found.severity == "error"]
    assert (finding.code, finding.element) == ("timer-words", "s")
    assert rows(world) == []


# Firing --------------------------------------------------------------------------------------


def test_it_starts_by_itself_and_says_so(world: World) -> None:
    draw(world, MONTHLY)
    assert world.move("2026-11-30 14:59") == 0
    assert world.move("2026-11-30 15:00") == 2
    (case,) = begun(world)
    assert (case.started_by, case.starter_name, case.site) == (None, SYSTEM.name, SITE)
    assert case.data == {"scheduled_at": "2026-11-30T15:00+08:00"}
    assert world.open(case.id) == ["a"]
    (entry,) = world.told(case.id, "case_started")
    assert entry.detail["schedule"] == "s"
    assert entry.detail["due"] == at("2026-11-30 15:00").isoformat()
    assert "missed" not in entry.detail
    assert [found.node for found in world.told(case.id, "passed")] == ["s"]
    assert rows(world)[1] == ("s", "hq", "armed", "2026-12-31 15:00")
    assert world.move("2026-11-30 15:01") == 0
    assert told(world, schedule(world).id) == [("armed", SYSTEM.name), ("fired", SYSTEM.name)]


def test_it_stands_beside_other_starts(world: World) -> None:
    draw(
        world,
        "s:start(timer every_day(at='10:00')) -> a:user -> e:end\nn:start -> a\nm:start(message m) -> a",
    )
    by_hand = world.start("round")
    (by_message,) = cases.send_message(world.engine, "m", site=SITE)
    world.move("2026-11-02 10:00")
    assert [case.id for case in begun(world)][:2] == [by_hand, by_message]
    for case, start in zip(begun(world), ("n", "m", "s"), strict=True):
        assert [found.node for found in world.told(case.id, "passed")] == [start]
        assert world.open(case.id) == ["a"]


def test_a_procedure_that_only_starts_by_itself_is_not_started_by_hand(world: World) -> None:
    draw(world, DAILY)
    with pytest.raises(Forbidden):
        world.start("round")


def test_two_workers_start_it_once(world: World) -> None:
    draw(world, DAILY)
    world.clock.at = at("2026-11-02 10:00")
    together = threading.Barrier(4)

    def work(_: int) -> int:
        together.wait()
        return jobs.run_due(world.engine)

    with ThreadPoolExecutor(4) as pool:
        done = sum(pool.map(work, range(4)))
    assert done == 2
    assert len(begun(world)) == len(begun(world, site="branch")) == 1


def test_who_stalls_beyond_the_lease_finds_that_another_did_it(world: World) -> None:
    draw(world, DAILY)
    world.clock.at = at("2026-11-02 10:00")
    first = schedules._take(world.engine)
    assert first is not None
    world.clock.at += world.settings.lease
    jobs.run_due(world.engine)
    assert schedules._attempt(world.engine, *first) is False
    assert len(begun(world)) == len(begun(world, site="branch")) == 1


def test_after_a_downtime_the_latest_starts_one_case_that_names_the_missed(world: World) -> None:
    draw(world, MONTHLY)
    world.move("2027-02-10 08:00")
    (case,) = begun(world)
    assert case.data["scheduled_at"] == "2027-01-29T15:00+08:00"
    (entry,) = world.told(case.id, "case_started")
    assert entry.detail["missed"] == [
        at("2026-11-30 15:00").isoformat(),
        at("2026-12-31 15:00").isoformat(),
    ]
    assert entry.detail["missed_count"] == 2
    assert entry.detail["late"] > 0
    assert rows(world)[1][3] == "2027-02-26 15:00"


def test_a_fixed_period_keeps_its_beat_and_ends_after_its_number(world: World) -> None:
    draw(world, 's:start(timer "R3/PT2H") -> e:end')
    world.move("2026-11-02 11:40")
    assert rows(world)[1] == ("s", "hq", "armed", "2026-11-02 13:30")
    # Of the two that are left, one is missed.
    world.move("2026-11-02 20:00")
    assert rows(world)[1][2] == "over"
    assert len(begun(world)) == 2
    draw(world, 's:start(timer "R3/PT2H") -> a:user -> e:end')
    assert rows(world)[1][2] == "over"


def test_once_is_once(world: World) -> None:
    draw(world, 's:start(timer "PT2H") -> e:end')
    world.move("2026-11-02 11:30")
    assert [case.status for case in begun(world)] == ["ended"]
    assert rows(world)[1][2] == "over"
    draw(world, 's:start(timer "PT2H") -> a:user -> e:end')
    world.move("2026-11-09 09:00")
    assert len(begun(world)) == 1


def test_after_a_restart_it_goes_on(world: World) -> None:
    draw(world, DAILY)
    world.reopen()
    world.move("2026-11-02 10:00")
    assert len(begun(world)) == 1


# When it fails -------------------------------------------------------------------------------


FAILS = "s:start(timer every_day(at='10:00')) -> c:script(n = nothing + 1) -> e:end"


def test_what_fails_backs_off_and_becomes_an_incident_that_is_tried_again(world: World, root: Actor) -> None:
    procedures.publish(world.engine, bundle(FAILS, schedule_sites=SITE), by=SYSTEM)
    world.move("2026-11-02 10:00")
    row = schedule(world)
    assert (row.status, row.attempts, begun(world)) == ("armed", 1, [])
    assert "nothing" in (row.error or "")
    assert (row.run_at - world.clock.at).total_seconds() == 5
    for _ in range(world.settings.job_attempts - 1):
        world.clock.at = schedule(world).run_at
        jobs.run_due(world.engine)
    row = schedule(world)
    assert (row.status, row.attempts) == ("incident", world.settings.job_attempts)
    assert "incident" in health(world.engine)["due work"]
    assert told(world, row.id)[-1][0] == "failed"
    assert schedules.retry_schedule(world.engine, row.id, by=root) is False
    assert schedule(world).status == "incident"
    # Mended by another version, what was promised still happens.
    procedures.publish(
        world.engine, bundle(FAILS.replace("nothing + 1", "1"), schedule_sites=SITE), by=SYSTEM
    )
    assert schedule(world).status == "armed"
    jobs.run_due(world.engine)
    (case,) = begun(world)
    assert case.data["scheduled_at"] == "2026-11-02T10:00+08:00"


def test_an_incident_that_works_again_goes_on(world: World, root: Actor) -> None:
    procedures.publish(world.engine, bundle(DAILY, schedule_sites=SITE), by=SYSTEM)
    with world.engine.database.transaction() as session:
        session.execute(
            sa.update(Schedule).values(status="incident", attempts=5, error="x", due_at=world.clock.at)
        )
    assert schedules.retry_schedule(world.engine, schedule(world).id, by=root) is True
    row = schedule(world)
    assert (row.status, row.attempts, row.error) == ("armed", 0, None)
    assert len(begun(world)) == 1
    with pytest.raises(NotFound):
        schedules.retry_schedule(world.engine, row.id, by=root)


def test_one_that_ends_its_worker_each_time_is_an_incident_in_the_end(world: World) -> None:
    procedures.publish(world.engine, bundle(DAILY, schedule_sites=SITE), by=SYSTEM)
    world.clock.at = at("2026-11-02 10:00")
    for _ in range(world.settings.job_attempts):
        assert schedules._take(world.engine) is not None
        world.clock.at += world.settings.lease
    jobs.run_due(world.engine)
    assert schedule(world).status == "incident"
    assert begun(world) == []


# What people do ------------------------------------------------------------------------------


def test_it_is_paused_and_resumed_by_its_owner(world: World) -> None:
    draw(world, DAILY)
    row, chief = schedule(world), world.people["chen"]
    with pytest.raises(Forbidden):
        schedules.pause_schedule(world.engine, row.id, by=world.people["an"])
    schedules.pause_schedule(world.engine, row.id, by=chief, reason="装修")
    with pytest.raises(Conflict):
        schedules.pause_schedule(world.engine, row.id, by=chief)
    world.move("2026-11-05 12:00")
    assert begun(world) == []
    assert len(begun(world, site="branch")) == 1
    # It stands still in the next version, too.
    draw(world, DAILY.replace("a:user", "b:user"))
    assert schedule(world).status == "paused"
    draw(world, 's:start(timer every_day(at="11:00")) -> b:user -> e:end')
    assert rows(world)[1] == ("s", "hq", "paused", "2026-11-06 11:00")
    schedules.resume_schedule(world.engine, row.id, by=chief)
    assert rows(world)[1] == ("s", "hq", "armed", "2026-11-06 11:00")
    with pytest.raises(Conflict):
        schedules.resume_schedule(world.engine, row.id, by=chief)
    assert told(world, row.id) == [
        ("armed", SYSTEM.name),
        ("paused", "chen"),
        ("armed", SYSTEM.name),
        ("resumed", "chen"),
    ]


def test_what_passed_while_it_stood_still_is_left_out(world: World) -> None:
    draw(world, DAILY)
    row, chief = schedule(world), world.people["chen"]
    schedules.pause_schedule(world.engine, row.id, by=chief)
    world.clock.at = at("2026-11-05 12:00")
    schedules.resume_schedule(world.engine, row.id, by=chief)
    jobs.run_due(world.engine)
    assert begun(world) == []
    assert rows(world)[1][3] == "2026-11-06 10:00"


def test_it_is_started_now_by_hand_and_its_next_moment_stays(world: World) -> None:
    draw(world, DAILY)
    row, chief = schedule(world), world.people["chen"]
    with pytest.raises(Forbidden):
        schedules.start_schedule_now(world.engine, row.id, by=world.people["an"])
    case = world.case(schedules.start_schedule_now(world.engine, row.id, by=chief))
    assert (case.started_by, case.site) == (chief.id, SITE)
    (entry,) = world.told(case.id, "case_started")
    assert (entry.detail["schedule"], entry.detail["by_hand"]) == ("s", True)
    assert rows(world)[1] == ("s", "hq", "armed", "2026-11-02 10:00")
    assert told(world, row.id)[-1] == ("started", "chen")
    with pytest.raises(NotFound):
        schedules.start_schedule_now(world.engine, 999, by=chief)


# When rules change ---------------------------------------------------------------------------


def test_a_day_that_is_closed_moves_it(world: World, root: Actor) -> None:
    draw(world, MONTHLY)
    moved: Any = adjusting.preview_day(world.engine, "office", date(2026, 11, 30), hours=(), by=root)
    assert sorted((line.site, line.new) for line in moved.starts) == [
        ("branch", at("2026-11-27 15:00")),
        ("hq", at("2026-11-27 15:00")),
    ]
    adjusting.set_day(world.engine, "office", date(2026, 11, 30), hours=(), by=root)
    assert rows(world)[1] == ("s", "hq", "armed", "2026-11-27 15:00")
    assert told(world, schedule(world).id)[-1] == ("moved", "root")
    adjusting.set_day(world.engine, "office", date(2026, 11, 30), hours=None, by=root)
    assert rows(world)[1] == ("s", "hq", "armed", "2026-11-30 15:00")
