"""Deadlines and calendars that screens change: which counts, what moves, and that every process knows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pytest
import sqlalchemy as sa

from engine import adjusting, jobs, moving, pausing, procedures, steps
from engine.adjusting import NewLimit
from engine.domain.facts import SYSTEM, Actor, UserId
from engine.errors import Forbidden, Invalid, NotFound, ReasonMissing
from engine.store import locking, rows, saving
from engine.store.models import Case, Closure, DeadlineChange, Inbox, Task
from engine.wiring import open_engine
from tests.engine import watched
from tests.engine.world import ZONE, World, at


def admin(world: World) -> Actor:
    return Actor(UserId(world.people["ding"].id or 0), "ding", frozenset({("director", "*")}), admin=True)


def change(world: World, limit: str = "2 working hours", **more: object) -> int:
    new = NewLimit("watched.fix", limit, **{"reason": "试行", **more})  # type: ignore[arg-type]
    return adjusting.change_deadline(world.engine, new, by=admin(world))


def fixing(world: World) -> int:
    """A case whose fixing is open."""
    case = world.start("watched")
    world.complete(case, "intake")
    return case


def due(world: World, case: int, node: str = "fix") -> str:
    (found,) = world.look(
        sa.select(Task.due_at).where(Task.case_id == case, Task.node == node, Task.status == "open")
    )
    return f"{found.astimezone(ZONE):%m-%d %H:%M}"


def rungs(world: World, case: int, node: str = "fix") -> list[tuple[str, str]]:
    return [(kind, moment) for kind, at_node, moment in world.jobs(case) if at_node == node]


# Which counts -----------------------------------------------------------------------------------


def test_a_changed_limit_counts_for_what_begins_from_now_on(world: World) -> None:
    watched.publish(world, clocks={})
    before = fixing(world)
    change(world)
    after = fixing(world)
    assert (due(world, before), due(world, after)) == ("11-02 15:00", "11-02 11:30")
    assert rungs(world, after) == [
        ("remind", "11-02 10:30"),
        ("notify", "11-02 11:30"),
        ("reassign", "11-02 14:00"),
    ]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param([{"limit": "1 hour"}], "10:30", id="everywhere"),
        pytest.param(
            [{"limit": "1 hour"}, {"limit": "2 hours", "procedure": "watched"}], "11:30", id="procedure"
        ),
        pytest.param(
            [{"limit": "2 hours", "procedure": "watched"}, {"limit": "1 hour"}], "11:30", id="in any order"
        ),
        pytest.param(
            [{"limit": "2 hours", "procedure": "watched"}, {"limit": "3 hours", "site": "hq"}],
            "12:30",
            id="a site before a procedure",
        ),
        pytest.param(
            [{"limit": "2 hours", "priority": "normal"}, {"limit": "1 hour", "procedure": "watched"}],
            "11:30",
            id="a priority before a procedure",
        ),
        pytest.param(
            [
                {"limit": "5 hours", "site": "hq"},
                {"limit": "1 hour", "procedure": "watched", "priority": "normal"},
            ],
            "10:30",
            id="two before one",
        ),
        pytest.param([{"limit": "1 hour", "site": "branch"}], "15:00", id="another site"),
        pytest.param([{"limit": "1 hour", "priority": "urgent"}], "15:00", id="another priority"),
        pytest.param([{"limit": "1 hour", "procedure": "errand"}], "15:00", id="another procedure"),
        pytest.param([{"limit": "1 hour"}, {"limit": "2 hours"}], "11:30", id="the latest"),
        pytest.param([{"limit": "1 hour"}, {"limit": ""}], "15:00", id="taken back"),
        pytest.param(
            [{"limit": "1 hour"}, {"limit": "2 hours", "site": "hq"}, {"limit": "", "site": "hq"}],
            "10:30",
            id="one taken back leaves the other",
        ),
    ],
)
def test_the_most_special_change_counts(
    world: World, changes: Sequence[dict[str, str]], expected: str
) -> None:
    watched.publish(world, clocks={})
    for said in changes:
        change(world, **said)
    assert due(world, fixing(world)) == f"11-02 {expected}"


def test_a_changed_ladder_keeps_the_limit(world: World) -> None:
    watched.publish(world, clocks={})
    change(world, "", ladder=[{"when": "80%", "remind": "holder"}])
    case = fixing(world)
    assert due(world, case) == "11-02 15:00"
    assert rungs(world, case) == [("remind", "11-02 14:12")]


def test_another_process_knows_at_once_and_a_restart_forgets_nothing(world: World) -> None:
    watched.publish(world, clocks={})
    fixing(world)
    other = open_engine(world.settings, now=world.clock)
    new = NewLimit("watched.fix", "1 hour", reason="试行")
    adjusting.change_deadline(other, new, by=admin(world))
    assert due(world, fixing(world)) == "11-02 10:30"
    adjusting.set_day(other, "office", date(2026, 11, 3), hours=[], by=admin(world))
    case = world.start("promise")
    world.reopen()
    world.move("2026-11-02 17:00")
    late = world.start("promise")
    assert (due(world, case), due(world, late)) == ("11-02 15:00", "11-04 12:00")
    other.database.bind.dispose()


def test_open_tasks_get_it_when_that_is_asked_with_their_ladder(world: World) -> None:
    watched.publish(world, clocks={})
    case = fixing(world)
    world.move("2026-11-02 10:00")
    new = NewLimit("watched.fix", "1 working day", reason="试行", open_too=True)
    (line,) = adjusting.preview_deadline(world.engine, new, by=admin(world)).lines
    assert (line.old, line.new) == (at("2026-11-02 15:00"), at("2026-11-03 09:30"))
    assert adjusting.change_deadline(world.engine, new, by=admin(world)) == 1
    assert due(world, case) == "11-03 09:30"
    assert [moment for kind, moment in rungs(world, case) if kind != "timer"] == [
        "11-02 14:45",
        "11-03 09:30",
        "11-03 14:45",
    ]
    (told,) = world.told(case, "moment_moved")
    assert (told.detail["why"], told.detail["deadline"]) == ("deadline", "watched.fix")


def test_nobody_becomes_late_by_a_change(world: World) -> None:
    watched.publish(world, clocks={})
    case = fixing(world)
    world.move("2026-11-02 14:00")
    change(world, "30 minutes", open_too=True)
    assert due(world, case) == "11-02 14:00"
    assert rungs(world, case)[0] == ("notify", "11-02 14:00")


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ({"limit": "soon"}, Invalid),
        ({"priority": "huge"}, Invalid),
        ({"site": "moon"}, Invalid),
        ({"ladder": [{"when": "80%", "remind": "king"}]}, Invalid),
        ({"reason": " "}, ReasonMissing),
    ],
)
def test_what_is_not_right_is_refused_and_nothing_is_kept(
    world: World, said: dict[str, object], wrong: type[Exception]
) -> None:
    with pytest.raises(wrong):
        change(world, **said)  # type: ignore[arg-type]
    assert world.look(sa.select(DeadlineChange.id)) == []


def test_who_leads_a_procedure_may_change_its_deadlines_only(world: World) -> None:
    watched.publish(world, clocks={})
    chief = world.people["chen"]
    own = NewLimit("watched.fix", "1 hour", procedure="watched", site="hq", reason="试行")
    adjusting.change_deadline(world.engine, own, by=chief)
    for other in (
        NewLimit("watched.fix", "1 hour", reason="试行"),
        NewLimit("watched.fix", "1 hour", procedure="watched", reason="试行"),
    ):
        with pytest.raises(Forbidden):
            adjusting.change_deadline(world.engine, other, by=chief)
    with pytest.raises(NotFound):
        adjusting.change_deadline(world.engine, NewLimit("nothing", "1 hour", reason="x"), by=admin(world))


def test_another_priority_asks_the_deadlines_anew(world: World) -> None:
    watched.publish(world)
    change(world, "1 working hour", priority="urgent")
    case = fixing(world)
    assert due(world, case) == "11-02 15:00"
    with world.engine.database.transaction() as session:
        found = locking.lock_case(session, case)
        published = procedures.of_version(world.engine, session, found.version_id)
        step = steps.step_for(world.engine, session, found, published, world.people["chen"])
        rows.update(session, found, priority="urgent")
        step.tell("priority_set", priority="urgent")
        moving.reclock(step)
        saving.append_history(session, found, step.told)
    assert due(world, case) == "11-02 10:30"
    assert rungs(world, case)[:2] == [("remind", "11-02 10:00"), ("notify", "11-02 10:30")]


# Days of calendars ------------------------------------------------------------------------------


def test_a_closure_lists_every_moment_that_it_moves_and_then_moves_exactly_these(world: World) -> None:
    watched.publish(world)
    world.move("2026-11-02 16:00")
    case = fixing(world)
    day = date(2026, 11, 3)
    said = adjusting.preview_day(world.engine, "office", day, hours=[], by=admin(world))
    listed = {(line.kind, line.name.zh, line.old, line.new) for line in said.lines}
    assert ("task", "fix", at("2026-11-03 11:00"), at("2026-11-04 11:00")) in listed
    assert ("clock", "首次响应", at("2026-11-02 18:00"), at("2026-11-04 09:30")) not in listed
    assert ("clock", "解决", at("2026-11-04 16:00"), at("2026-11-05 16:00")) in listed
    assert ("timer", "nag", at("2026-11-03 14:30"), at("2026-11-04 14:30")) in listed
    assert said.cases == 1
    before = world.everything()
    assert world.everything() == before
    adjusting.set_day(world.engine, "office", day, hours=[], by=admin(world), name="停电")
    assert due(world, case) == "11-04 11:00"
    assert rungs(world, case) == [
        ("remind", "11-02 18:00"),
        ("notify", "11-04 11:00"),
        ("reassign", "11-04 14:30"),
    ]
    assert ("timer", "nag", "11-04 14:30") in world.jobs(case)
    (shown,) = set(world.look(sa.select(Inbox.due_at).join(Task).where(Task.case_id == case)))
    assert shown == at("2026-11-04 11:00")
    entries = world.told(case, "moment_moved")
    assert {entry.detail["why"] for entry in entries} == {"calendar"}
    assert adjusting.preview_day(world.engine, "office", day, hours=[], by=admin(world)).moments == 0
    world.move("2026-11-04 14:30")
    assert [entry.node for entry in world.told(case, "timer_fired")] == ["hold", "nag"]


def test_a_closure_that_is_taken_back_leaves_everything_as_it_was(world: World) -> None:
    watched.publish(world)
    world.move("2026-11-02 16:00")
    case = fixing(world)
    before = world.jobs(case)
    day = date(2026, 11, 3)
    adjusting.set_day(world.engine, "office", day, hours=[], by=admin(world))
    assert world.jobs(case) != before
    adjusting.set_day(world.engine, "office", day, hours=None, by=admin(world))
    assert world.jobs(case) == before
    assert due(world, case) == "11-03 11:00"
    assert world.look(sa.select(Closure.id)) == []


def test_a_weekend_may_be_worked_at_hours_of_its_own(world: World) -> None:
    watched.publish(world, clocks={})
    world.move("2026-11-06 16:00")
    case = fixing(world)
    assert due(world, case) == "11-09 11:00"
    adjusting.set_day(
        world.engine, "office", date(2026, 11, 7), hours=["10:00-11:00", "14:00-14:30"], by=admin(world)
    )
    assert due(world, case) == "11-09 09:30"
    adjusting.set_day(world.engine, "office", date(2026, 11, 7), hours=["10:00-16:00"], by=admin(world))
    assert due(world, case) == "11-07 12:00"


def test_a_closure_counts_with_the_pauses_of_a_case(world: World) -> None:
    watched.publish(world, clocks={})
    case = fixing(world)
    world.move("2026-11-02 10:00")
    pausing.pause_case(world.engine, case, by=world.people["an"], reason="parts")
    adjusting.set_day(world.engine, "office", date(2026, 11, 3), hours=[], by=admin(world))
    world.move("2026-11-04 10:00")
    pausing.resume_clocks(world.engine, case, by=world.people["an"])
    assert due(world, case) == "11-04 15:00"
    adjusting.set_day(world.engine, "office", date(2026, 11, 4), hours=["09:00-12:00"], by=admin(world))
    assert due(world, case) == "11-05 10:30"


def test_what_has_passed_stays(world: World) -> None:
    watched.publish(world)
    case = fixing(world)
    world.move("2026-11-02 16:00")
    adjusting.set_day(world.engine, "office", date(2026, 11, 2), hours=[], by=admin(world))
    assert due(world, case) == "11-02 15:00"
    assert ("missed", "", "11-02 11:30") in world.jobs(case, "done")


def test_only_administrators_change_calendars_and_only_with_hours_that_can_be_read(world: World) -> None:
    for verb in (adjusting.preview_day, adjusting.set_day):
        with pytest.raises(Forbidden):
            verb(world.engine, "office", date(2026, 11, 3), hours=[], by=world.people["chen"])
        with pytest.raises(NotFound):
            verb(world.engine, "moon", date(2026, 11, 3), hours=[], by=admin(world))
        for wrong in (["9-12"], ["12:00-09:00", "10:00-11:00"]):
            with pytest.raises(Invalid):
                verb(world.engine, "office", date(2026, 11, 3), hours=wrong, by=admin(world))


def test_very_many_cases_are_each_a_job_of_the_same_transaction(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched.publish(world)
    world.move("2026-11-02 16:00")
    cases = [fixing(world) for _ in range(3)]
    monkeypatch.setattr(adjusting, "AT_ONCE", 2)
    adjusting.set_day(world.engine, "office", date(2026, 11, 3), hours=[], by=admin(world))
    assert {due(world, case) for case in cases} == {"11-03 11:00"}
    world.reopen()
    assert jobs.run_due(world.engine) == 3
    assert {due(world, case) for case in cases} == {"11-04 11:00"}


def test_a_published_procedure_is_no_condition(world: World) -> None:
    assert adjusting.set_day(world.engine, "office", date(2027, 1, 4), hours=[], by=admin(world)) == 0
    assert SYSTEM.admin
    assert world.look(sa.select(Case.id)) == []
