"""Views of an inbox, filters and orders, boards and calendars: what is counted is what is listed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from engine import (
    agenda,
    board,
    cancel_case,
    counts,
    inbox,
    keep_reply,
    list_copies,
    mark_copy_read,
    move_view,
    reassign_task,
    remove_reply,
    remove_view,
    replies,
    restore_reply,
    restore_view,
    save_draft,
    save_view,
    saved_views,
    similar_cases,
    steps_of,
    tasks,
    unassign_task,
    use_reply,
    view_counts,
    wallboard,
)
from engine.domain.views import InboxLine, Wanted
from engine.errors import Forbidden, Invalid, NotFound, NotPossibleNow
from engine.queries.inbox import InboxView
from engine.queries.ranges import BESIDE_ORDERS, ORDERS
from engine.store.models import Case, Shift, Substitution, Task
from tests.engine.test_inbox import draw
from tests.engine.world import SITE, World, at


def fill(world: World, dice: random.Random) -> None:
    """Cases in all kinds of states, at random."""
    draw(world)
    for n in range(14):
        world.clock.at += timedelta(minutes=dice.randrange(1, 240))
        case = world.start(dice.choice(["promise", "errand", "twin"]), data={"topic": f"灯{n}"})
        if dice.random() < 0.3:
            priority = dice.choice(["low", "high", "urgent"])
            tasks.set_priority(world.engine, case, by=world.people["an"], priority=priority, reason="急")
        for task_id, holder in world.rows(
            sa.select(Task.id, Task.assignee_id).where(Task.case_id == case, Task.status == "open")
        ):
            by = world.people[dice.choice(["an", "bo"])]
            if dice.random() < 0.6 and holder in (None, by.id):
                tasks.claim_task(world.engine, task_id, by=by)
                if dice.random() < 0.5:
                    save_draft(world.engine, task_id, by=by, typed={"note": ["x"]})
            if dice.random() < 0.4:
                tasks.urge_task(world.engine, task_id, by=world.people["an"])
    world.move("2026-11-04 11:00")


def everything(
    world: World, login: str, view: InboxView, wanted: Wanted, sort: str = "due"
) -> list[InboxLine]:
    """All lines of a view, page by page; their number is what was counted."""
    actor, found, page = world.people[login], [], 1
    while True:
        shown = inbox(world.engine, actor, view=view, wanted=wanted, sort=sort, page=page, size=4)
        found += shown.rows
        if not shown.has_next:
            assert shown.total == len(found)
            assert len({line.task_id for line in found}) == len(found)
            return found
        page += 1


def fits(world: World, line: InboxLine, wanted: Wanted) -> bool:
    """Say whether a line is as it is wanted, by what it shows."""
    due, now = line.clock.due_at, world.engine.now()
    midnight = at("2026-11-05 00:00")
    when = {
        "": True,
        "late": due is not None and due < now,
        "today": due is not None and now <= due < midnight,
        "week": due is not None and now <= due < at("2026-11-09 00:00"),
        "none": due is None,
    }[wanted.when]
    marks = {"draft": line.has_draft, "urged": line.urged > 0, "escalated": line.escalated is not None}
    holder = str(line.assignee_id) if line.assignee_id is not None else "none"
    return (
        when
        and wanted.procedure in ("", line.procedure)
        and wanted.step in ("", f"{line.procedure}/{line.node}")
        and wanted.site in ("", line.site)
        and wanted.priority in ("", line.priority)
        and wanted.holder in ("", holder)
        and wanted.text in line.subject + line.case_number
        and all(marks[mark] for mark in wanted.marks)
    )


def wishes(world: World, dice: random.Random, view: str) -> Iterator[Wanted]:
    """Filters, one by one and several together."""
    steps = [step for step, _ in steps_of(world.engine, "errand")]
    offered: dict[str, list[Any]] = {
        "procedure": ["promise", "errand"],
        "when": ["late", "today", "week", "none"],
        "priority": ["normal", "urgent", "high"],
        "site": [SITE, "branch"],
        "step": steps,
        "marks": [("draft",), ("urged",), ("escalated",), ("draft", "urged")],
    }
    if view == "team":
        offered["holder"] = ["none", *(str(world.people[login].id) for login in ("an", "bo"))]
    for name, values in offered.items():
        for value in values:
            yield Wanted(**{name: value})
    for _ in range(12):
        names = dice.sample(sorted(offered), 2)
        yield Wanted(**{name: dice.choice(offered[name]) for name in names})


@pytest.mark.parametrize("seed", range(3))
def test_whatever_is_asked_the_count_is_that_of_the_list(world: World, seed: int) -> None:
    dice = random.Random(seed)
    fill(world, dice)
    met = 0
    for login in ("an", "chen", "ding"):
        for view in ("mine", "claimable", "team", "watched"):
            whole = everything(world, login, view, Wanted())  # type: ignore[arg-type]
            for wanted in wishes(world, dice, view):
                expected = [line.task_id for line in whole if fits(world, line, wanted)]
                found = everything(world, login, view, wanted)  # type: ignore[arg-type]
                assert [line.task_id for line in found] == expected, (login, view, wanted)
                met += bool(expected)
        told, more = counts(world.engine, world.people[login]), view_counts(world.engine, world.people[login])
        shown = [len(everything(world, login, view, Wanted())) for view in ("mine", "claimable", "watched")]  # type: ignore[arg-type]
        assert [told.mine, told.claimable, more.watched] == shown
        assert more.team == (None if login == "an" else len(everything(world, login, "team", Wanted())))
    assert met > 30


@pytest.mark.parametrize("sort", [*ORDERS, *BESIDE_ORDERS])
def test_every_order_has_all_lines_once(world: World, sort: str) -> None:
    fill(world, random.Random(1))
    whole = {line.task_id for line in everything(world, "chen", "team", Wanted())}
    found = everything(world, "chen", "team", Wanted(), sort)
    assert {line.task_id for line in found} == whole
    keys = {
        "procedure": lambda line: line.procedure,
        "subject": lambda line: line.subject,
        "urged": lambda line: -line.urged,
        "priority": lambda line: ["urgent", "high", "normal", "low"].index(line.priority),
        "assignee": lambda line: (line.assignee is None, line.assignee or ""),
    }
    if sort in keys:
        ordered = [keys[sort](line) for line in found]
        assert ordered == sorted(ordered)


def test_a_team_is_who_holds_the_roles_below_and_what_they_hold_for_them(world: World) -> None:
    case = world.start("promise")
    other = world.errand()
    assert [line.case_id for line in everything(world, "chen", "team", Wanted(procedure="promise"))] == [case]
    # What the auditor has is the director's to lead, not the chief's.
    seen = {
        login: {line.node for line in everything(world, login, "team", Wanted(procedure="errand"))}
        for login in ("chen", "ding")
    }
    assert seen["chen"] < seen["ding"]
    assert {line.node for line in everything(world, "ding", "team", Wanted(procedure="errand"))} == set(
        world.open(other)
    )


def test_a_supervisor_reassigns_and_puts_back(world: World) -> None:
    case = world.start("promise")
    task, chief, an, bo = world.task(case, "fix"), *(world.people[login] for login in ("chen", "an", "bo"))
    tasks.claim_task(world.engine, task, by=an)
    columns = {one.member.name if one.member else "": one.total for one in board(world.engine, chief)}
    assert columns == {"": 0, "an": 1, "bo": 0}
    assert bo.id is not None
    reassign_task(world.engine, task, by=chief, to=bo.id, reason="an 请假")
    assert world.inbox(f"u:{bo.id}") == [("fix", "work")]
    unassign_task(world.engine, task, by=chief, reason="撤销")
    assert world.inbox("r:clerk@hq") == [("fix", "work")]
    assert [entry.detail["held_by"] for entry in world.told(case, "task_unassigned")] == ["bo"]
    with pytest.raises(NotPossibleNow):
        unassign_task(world.engine, task, by=chief, reason="再一次")
    tasks.claim_task(world.engine, task, by=an)
    with pytest.raises(Forbidden):
        unassign_task(world.engine, task, by=bo, reason="我要")


def test_a_board_says_who_is_away_and_who_is_on_duty(world: World) -> None:
    now, people = world.engine.now(), world.people
    hour = timedelta(hours=1)
    with world.engine.database.transaction() as session:
        session.add(
            Substitution(
                account_id=people["an"].id,
                substitute_id=people["bo"].id,
                starts_at=now - hour,
                ends_at=now + hour,
                at=now,
            )
        )
        session.add(
            Shift(
                account_id=people["bo"].id, role="clerk", site=SITE, starts_at=now - hour, ends_at=now + hour
            )
        )
    found = {one.member.name: one for one in board(world.engine, people["chen"]) if one.member}
    assert found["an"].away == (now + hour, "bo")
    assert (found["bo"].away, found["bo"].on_duty, found["an"].on_duty) == (None, True, False)
    assert [one.member for one in board(world.engine, people["an"])] == [None]


# What people arrange ---------------------------------------------------------------------------


def test_a_view_is_kept_moved_shared_deleted_and_brought_back(world: World) -> None:
    an, bo, fei = (world.people[login] for login in ("an", "bo", "fei"))
    first, second = (
        save_view(world.engine, by=an, name=name, query="when=late") for name in ("迟的", "急的")
    )
    assert save_view(world.engine, by=an, name=" 迟的 ", query="when=today", role="clerk") == first
    move_view(world.engine, second, by=an, up=True)
    assert [(one.name, one.query) for one in saved_views(world.engine, an)] == [
        ("急的", "when=late"),
        ("迟的", "when=today"),
    ]
    assert [(one.id, one.mine) for one in saved_views(world.engine, bo)] == [(first, False)]
    assert saved_views(world.engine, fei) == []
    remove_view(world.engine, first, by=an)
    assert [one.id for one in saved_views(world.engine, an)] == [second]
    restore_view(world.engine, first, by=an)
    assert [one.id for one in saved_views(world.engine, an)] == [second, first]
    for refused in (
        lambda: remove_view(world.engine, first, by=bo),
        lambda: move_view(world.engine, 999, by=an, up=True),
    ):
        with pytest.raises(NotFound):
            refused()
    with pytest.raises(Forbidden):
        save_view(world.engine, by=an, name="别人的", query="", role="auditor")
    with pytest.raises(Invalid):
        save_view(world.engine, by=an, name="  ", query="")


def test_texts_come_by_place_and_by_use(world: World) -> None:
    an, bo = world.people["an"], world.people["bo"]
    plain = keep_reply(world.engine, by=an, title="已联系", text="已电话联系用户。", role="clerk")
    there = keep_reply(
        world.engine, by=an, title="a 已修", text="已修复。", procedure="errand", node="work_a"
    )
    assert [one.id for one in replies(world.engine, an, procedure="errand", node="work_a")] == [there, plain]
    assert [one.id for one in replies(world.engine, an, procedure="errand", node="review")] == [plain]
    for one in (there, there, plain):
        use_reply(world.engine, one, by=an)
    assert [(one.id, one.used) for one in replies(world.engine, an)] == [(there, 2), (plain, 1)]
    assert [(one.id, one.mine) for one in replies(world.engine, bo)] == [(plain, False)]
    with pytest.raises(NotFound):
        keep_reply(world.engine, by=bo, title="改", text="改", reply_id=plain)
    remove_reply(world.engine, there, by=an)
    assert [one.id for one in replies(world.engine, an)] == [plain]
    restore_reply(world.engine, there, by=an)
    assert [one.id for one in replies(world.engine, an)] == [there, plain]


def test_what_is_copied_is_unread_until_it_is_read(world: World) -> None:
    case = world.start("promise")
    fei = world.people["fei"]
    assert fei.id is not None
    tasks.copy_case(world.engine, case, by=world.people["an"], people=[fei.id], note="请知悉")
    assert view_counts(world.engine, fei).copied == 1
    assert [(line.note, line.read) for line in list_copies(world.engine, fei).rows] == [("请知悉", False)]
    mark_copy_read(world.engine, case, by=fei)
    assert view_counts(world.engine, fei).copied == 0
    assert list_copies(world.engine, fei, text="没有").total == 0


# What people look ahead to ---------------------------------------------------------------------


def test_a_calendar_has_what_is_due_on_its_day_and_the_days_nobody_works(world: World) -> None:
    case = world.start("promise")
    (due,) = world.look(sa.select(Task.due_at).where(Task.case_id == case))
    tasks.claim_task(world.engine, world.task(case, "fix"), by=world.people["an"])
    first = date(2026, 11, 2)
    for login, team in (("an", False), ("chen", True)):
        days, more = agenda(
            world.engine, world.people[login], first=first, last=first + timedelta(days=6), team=team
        )
        found = [(day.day, item.what.zh) for day in days for item in day.items if item.kind == "task"]
        assert found == [(due.astimezone(world.engine.zone_of(SITE)).date(), found[0][1])]
        assert not more
        assert [day.day.isoweekday() for day in days if not day.working] == [6, 7]
    assert not [
        item
        for day in agenda(world.engine, world.people["bo"], first=first, last=first)[0]
        for item in day.items
        if item.kind == "task"
    ]


def test_a_wallboard_counts_and_names_nobody(world: World) -> None:
    case, other = world.start("promise"), world.start("promise")
    tasks.claim_task(world.engine, world.task(case, "fix"), by=world.people["an"])
    world.move("2026-11-03 10:00")
    found = wallboard(world.engine, SITE)
    assert (found.open_cases, found.waiting, found.late) == (2, 1, 2)
    assert [(one.count, one.waiting, one.late) for one in found.stages] == [(2, 1, 2)]
    assert found.longest is not None
    assert found.longest.oldest == at("2026-11-02 09:30")
    world.complete(other, "fix", by="bo")
    after = wallboard(world.engine, SITE)
    assert (after.done_today, after.open_cases) == (1, 2 - after.ended_today)
    said = repr(after)
    numbers = world.look(sa.select(Case.number))
    assert not [word for word in (*numbers, "an", "bo") if f"'{word}'" in said]
    assert wallboard(world.engine, "branch").open_cases == 0
    with pytest.raises(NotFound):
        wallboard(world.engine, "moon")


def test_a_wallboard_counts_what_a_timer_ended_and_not_what_was_given_up(world: World) -> None:
    world.draw("wait", 's:start -> a:user -> e:end\nlate:on(a, timer "PT1H") -> f:end')
    ended, given_up = world.start("wait"), world.start("wait")
    cancel_case(world.engine, given_up, by=world.people["an"], reason="重复")
    assert wallboard(world.engine, SITE).ended_today == 0
    world.move("2026-11-02 11:00")
    found = wallboard(world.engine, SITE)
    assert (found.ended_today, found.done_today, found.open_cases) == (1, 0, 0)
    assert world.look(sa.select(Case.status).where(Case.id == ended)) != ["cancelled"]
    # Tomorrow is another day.
    world.move("2026-11-03 09:00")
    assert wallboard(world.engine, SITE).ended_today == 0


def test_cases_about_the_same_stand_beside_each_other(world: World) -> None:
    draw(world)
    one, other, apart = (
        world.start("twin", data={"topic": topic})
        for topic in ("大堂东侧门禁失灵", "东侧门禁又失灵了", "茶水间卫生")
    )
    found = similar_cases(world.engine, one, world.people["an"])
    assert other in [line.line.case_id for line in found]
    assert found[0].line.case_id == other
    assert any(why.zh == "内容相近" for why in found[0].why)
    assert not [
        why for line in found if line.line.case_id == apart for why in line.why if why.zh == "内容相近"
    ]
    with pytest.raises(Forbidden):
        similar_cases(world.engine, one, world.people["guo"])
