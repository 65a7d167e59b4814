"""Who is on duty: planned by whoever leads the role, and read by the rules."""

from __future__ import annotations

from datetime import date, time

import pytest
import sqlalchemy as sa

from engine import add_shifts, copy_week, import_shifts, remove_shift
from engine.errors import Forbidden, Invalid, NotFound
from engine.queries import roster
from engine.store.models import Shift
from tests.engine.test_assigning import give, holder
from tests.engine.world import SITE, ZONE, World

MONDAY = date(2026, 11, 2)
DAY, NIGHT = (time(8), time(20)), (time(20), time(8))


def plan(
    world: World, login: str = "bo", by: str = "chen", hours=DAY, days=(MONDAY,), role: str = "clerk"
) -> int:
    return add_shifts(
        world.engine,
        by=world.people[by],
        role=role,
        site=SITE,
        account_id=world.people[login].id,
        days=days,
        since=hours[0],
        until=hours[1],
    )


def planned(world: World) -> list[str]:
    rows = world.rows(sa.select(Shift.starts_at, Shift.ends_at).order_by(Shift.starts_at))
    return [f"{a.astimezone(ZONE):%m-%d %H:%M}–{b.astimezone(ZONE):%m-%d %H:%M}" for a, b in rows]


def test_what_is_planned_is_what_the_rules_read(world: World) -> None:
    assert plan(world) == 1
    assert holder(world, give(world, "ruled", "on shift")) == "bo"
    seen = roster(world.engine, world.people["an"], role="clerk", site=SITE, week=MONDAY)
    assert [(one.name, [len(day) for day in one.days]) for one in seen.people] == [
        ("an", [0] * 7),
        ("bo", [1, 0, 0, 0, 0, 0, 0]),
    ]
    assert seen.people[1].days[0][0].is_now
    assert not seen.may_plan


@pytest.mark.parametrize(
    ("by", "may"), [("chen", True), ("ding", True), ("an", False), ("fei", False), ("guo", False)]
)
def test_whoever_leads_the_role_plans_it(world: World, by: str, may: bool) -> None:
    if may:
        assert plan(world, by=by) == 1
        return
    with pytest.raises(Forbidden):
        plan(world, by=by)
    assert planned(world) == []


@pytest.mark.parametrize(
    ("login", "hours", "days", "field", "reason"),
    [
        pytest.param("bo", DAY, [MONDAY], "days", "twice", id="the same hours"),
        pytest.param(
            "bo", NIGHT, [date(2026, 11, 1)], "days", None, id="a night that ends as the day begins"
        ),
        pytest.param("bo", (time(19), time(21)), [MONDAY], "days", "twice", id="an hour of it"),
        pytest.param("fei", DAY, [MONDAY], "person", "role", id="another role"),
        pytest.param("guo", DAY, [MONDAY], "person", "role", id="another site"),
        pytest.param("bo", DAY, [], "days", "none", id="no day"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_changes(
    world: World, login, hours, days, field, reason
) -> None:
    plan(world)
    if reason is None:
        assert plan(world, login, hours=hours, days=days) == 1
        return
    with pytest.raises(Invalid) as refused:
        plan(world, login, hours=hours, days=days)
    assert (refused.value.facts["field"], refused.value.facts["reason"]) == (field, reason)
    assert len(planned(world)) == 1


def test_a_week_is_repeated_without_what_stands_already(world: World) -> None:
    plan(world, days=[MONDAY, date(2026, 11, 3)], hours=NIGHT)
    plan(world, days=[date(2026, 11, 9)], hours=(time(22), time(23)))
    done = copy_week(world.engine, by=world.people["chen"], role="clerk", site=SITE, week=date(2026, 11, 9))
    assert (done.added, done.left_out) == (1, 1)
    assert planned(world)[-1] == "11-10 20:00–11-11 08:00"
    again = copy_week(world.engine, by=world.people["chen"], role="clerk", site=SITE, week=date(2026, 11, 9))
    assert (again.added, again.left_out) == (0, 2)


def test_a_paste_is_taken_whole_or_not_at_all(world: World) -> None:
    def paste(text: str):
        return import_shifts(
            world.engine, text, by=world.people["chen"], role="clerk", site=SITE, week=MONDAY
        )

    count, problems = paste("an\t08:00-20:00\nbo\t20:00-08:00\nguo\t08:00-20:00\nan\t19:00-21:00")
    assert count == 0
    assert [(one.line, one.said.en) for one in problems] == [
        (3, "“guo” does not hold the role here"),
        (4, "“an” is on duty then already"),
    ]
    assert planned(world) == []
    assert paste("an\t08:00-20:00\nBO\t20:00-08:00") == (2, ())
    assert len(planned(world)) == 2


def test_a_shift_is_removed_by_whoever_plans(world: World) -> None:
    plan(world)
    (number,) = world.look(sa.select(Shift.id))
    with pytest.raises(Forbidden):
        remove_shift(world.engine, number, by=world.people["an"])
    remove_shift(world.engine, number, by=world.people["chen"])
    assert planned(world) == []
    with pytest.raises(NotFound):
        remove_shift(world.engine, number, by=world.people["chen"])


def test_who_works_elsewhere_does_not_read_it(world: World) -> None:
    with pytest.raises(Forbidden):
        roster(world.engine, world.people["guo"], role="clerk", site=SITE, week=MONDAY)
