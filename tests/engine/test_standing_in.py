"""Somebody is away, and somebody else does their work: sees it, does it in their name, and no more."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa

from engine import absences, actor_of, end_substitution, inbox, person, substitute, tasks
from engine.domain.facts import Actor
from engine.errors import Forbidden, Invalid
from engine.queries import counts, list_cases, task_view
from engine.store.models import Notice, Task
from tests.engine.world import World, at

SINCE, UNTIL = "2026-11-02 08:00", "2026-11-03 18:00"


def arrange(world: World, away: str, stand_in: str, by: str | None = None, **more) -> int:
    values = {"starts_at": at(SINCE), "ends_at": at(UNTIL), **more}
    return substitute(
        world.engine,
        world.people[away].id,
        by=world.people[by or away],
        substitute_id=world.people[stand_in].id,
        **values,
    )


def now(world: World, login: str) -> Actor:
    """Somebody as a request of theirs would find them."""
    found = person(world.engine, world.people[login].id)
    assert found is not None
    return actor_of(found)


def promise(world: World, holder: str = "an") -> tuple[int, str]:
    case = world.start("promise")
    task = world.task(case, "fix")
    tasks.claim_task(world.engine, task, by=world.people[holder])
    return case, task


def listed(world: World, login: str) -> list[tuple[str, str | None]]:
    return [(line.node, line.stands_in) for line in inbox(world.engine, now(world, login)).rows]


def test_the_stand_in_sees_the_tasks_of_the_absent_marked_as_theirs(world: World) -> None:
    case, task = promise(world)
    arrange(world, "an", "fei")
    assert listed(world, "fei") == [("fix", "an")]
    assert counts(world.engine, now(world, "fei")).mine == 1
    seen = task_view(world.engine, task, now(world, "fei"))
    assert (seen.may_complete, seen.stands_in) == (True, "an")
    assert [line.case_id for line in list_cases(world.engine, now(world, "fei")).rows] == [case]
    later, _ = promise(world)
    assert len(listed(world, "fei")) == 2
    assert later != case


def test_what_the_stand_in_does_is_told_with_both_names_and_stays_the_absent_ones(world: World) -> None:
    case, task = promise(world)
    arrange(world, "an", "fei")
    tasks.save_draft(world.engine, task, by=now(world, "fei"), typed={})
    tasks.complete_task(world.engine, task, by=now(world, "fei"), answers={})
    (done,) = world.told(case, "completed")
    assert (done.actor, done.detail["for"]) == ("fei", "an")
    row = world.look(sa.select(Task).where(Task.id == task))[0]
    assert (row.done_by, row.assignee_id) == (world.people["fei"].id, world.people["an"].id)


def test_it_ends_by_itself_at_its_time(world: World) -> None:
    _, task = promise(world)
    arrange(world, "an", "fei")
    world.move(UNTIL)
    assert listed(world, "fei") == []
    with pytest.raises(Forbidden):
        tasks.complete_task(world.engine, task, by=now(world, "fei"), answers={})


def test_it_begins_at_its_time(world: World) -> None:
    promise(world)
    arrange(world, "an", "fei", starts_at=at("2026-11-02 12:00"))
    assert listed(world, "fei") == []
    world.clock.at = at("2026-11-02 12:00")
    assert listed(world, "fei") == [("fix", "an")]


def test_only_what_is_personally_theirs_and_not_what_their_roles_could_take(world: World) -> None:
    case = world.start("promise")
    arrange(world, "an", "fei")
    assert listed(world, "fei") == []
    with pytest.raises(Forbidden):
        tasks.claim_task(world.engine, world.task(case, "fix"), by=now(world, "fei"))


def test_some_procedures_only(world: World) -> None:
    _, task = promise(world)
    arrange(world, "an", "fei", procedures=["errand"])
    assert listed(world, "fei") == []
    with pytest.raises(Forbidden):
        tasks.complete_task(world.engine, task, by=now(world, "fei"), answers={})
    arrange(world, "an", "bo", procedures=["promise"])
    assert listed(world, "bo") == [("fix", "an")]
    assert [line.node for line in inbox(world.engine, now(world, "bo"), text="处理").rows] == ["fix"]


def test_while_a_stand_in_is_away_their_stand_in_does_both_works(world: World) -> None:
    promise(world)
    arrange(world, "an", "bo")
    arrange(world, "bo", "fei")
    assert listed(world, "fei") == [("fix", "an")]
    assert {one.name for one in now(world, "fei").stands_in_for} == {"an", "bo"}


def test_a_claimed_task_of_the_absent_can_be_put_back(world: World) -> None:
    case, task = promise(world)
    arrange(world, "an", "fei")
    tasks.release_task(world.engine, task, by=now(world, "fei"))
    assert world.told(case, "task_released")[0].detail["for"] == "an"
    assert world.inbox("r:clerk@hq") == [("fix", "work")]


@pytest.mark.parametrize(
    ("away", "stand_in", "more", "field", "reason"),
    [
        pytest.param("bo", "an", {}, "substitute", "circle", id="each for the other"),
        pytest.param("an", "fei", {}, "substitute", "twice", id="two at once"),
        pytest.param("bo", "bo", {}, "substitute", "self", id="for oneself"),
        pytest.param("bo", "fei", {"ends_at": at(SINCE)}, "ends", "period", id="no time"),
        pytest.param("bo", "fei", {"procedures": ["none"]}, "procedures", "unknown", id="no procedure"),
    ],
)
def test_a_bad_choice_is_refused(world: World, away, stand_in, more, field, reason) -> None:
    arrange(world, "an", "bo")
    before = world.everything()
    with pytest.raises(Invalid) as refused:
        arrange(world, away, stand_in, **more)
    assert (refused.value.facts["field"], refused.value.facts["reason"]) == (field, reason)
    assert world.everything() == before


@pytest.mark.parametrize(
    ("by", "may"),
    [("an", True), ("chen", True), ("ding", True), ("bo", False), ("fei", False), ("guo", False)],
)
def test_oneself_or_a_supervisor_arranges_it(world: World, by: str, may: bool) -> None:
    if may:
        arrange(world, "an", "bo", by=by)
        return
    with pytest.raises(Forbidden):
        arrange(world, "an", "bo", by=by)


def test_the_stand_in_is_told_and_may_end_it(world: World) -> None:
    promise(world)
    number = arrange(world, "an", "fei", reason="年假")
    (said,) = world.look(sa.select(Notice).where(Notice.account_id == world.people["fei"].id))
    assert "代 an 办理" in said.zh
    assert "an" in said.en
    with pytest.raises(Forbidden):
        end_substitution(world.engine, number, by=world.people["guo"])
    end_substitution(world.engine, number, by=world.people["fei"])
    assert listed(world, "fei") == []
    (line,) = absences(world.engine, now(world, "an"))
    assert (line.state, line.is_mine, line.substitute, line.reason) == ("over", True, "fei", "年假")


def test_somebody_who_stands_in_for_nobody_sees_what_they_saw(world: World) -> None:
    promise(world)
    plain = world.people["bo"]
    assert inbox(world.engine, now(world, "bo")) == inbox(world.engine, replace(plain, stands_in_for=()))


@pytest.fixture
def signed_by_an(world: World) -> tuple[int, str]:
    """A task of bo's that an is asked to sign before it may be completed."""
    case, task = promise(world, "bo")
    tasks.add_signers(world.engine, task, by=world.people["bo"], people=[world.people["an"].id])
    return case, task


@pytest.mark.parametrize("procedures", [(), ("promise",)])
def test_the_stand_in_signs_what_the_absent_one_is_asked_to_sign(
    world: World, signed_by_an: tuple[int, str], procedures: tuple[str, ...]
) -> None:
    case, task = signed_by_an
    arrange(world, "an", "fei", procedures=procedures)
    (line,) = inbox(world.engine, now(world, "fei")).rows
    assert (line.node, line.to_sign, line.stands_in) == ("fix", True, "an")
    assert counts(world.engine, now(world, "fei")).mine == 1
    seen = task_view(world.engine, task, now(world, "fei"))
    assert ("sign" in seen.verbs, seen.signs_for, seen.may_complete) == (True, "an", False)
    assert [one.case_id for one in list_cases(world.engine, now(world, "fei")).rows] == [case]
    tasks.sign(world.engine, task, by=now(world, "fei"))
    (told,) = world.told(case, "signed")
    assert (told.actor, told.detail["for"]) == ("fei", "an")
    # Whoever signed in another's place sees what became of it.
    world.move(UNTIL)
    after = task_view(world.engine, task, now(world, "fei"))
    assert after.signing is not None
    assert [(one.name, one.by, one.answer) for one in after.signing.signers] == [("an", "fei", "agree")]
    tasks.complete_task(world.engine, task, by=world.people["bo"], answers={})


def test_a_stand_in_of_other_procedures_does_not_sign(world: World, signed_by_an: tuple[int, str]) -> None:
    _, task = signed_by_an
    arrange(world, "an", "fei", procedures=["errand"])
    assert listed(world, "fei") == []
    with pytest.raises(Forbidden):
        tasks.sign(world.engine, task, by=now(world, "fei"))


def test_whoever_does_the_work_does_not_sign_it_in_another_s_place(
    world: World, signed_by_an: tuple[int, str]
) -> None:
    _, task = signed_by_an
    arrange(world, "an", "bo")
    seen = task_view(world.engine, task, now(world, "bo"))
    assert ("sign" in seen.verbs, seen.signs_for) == (False, None)
    assert [line.to_sign for line in inbox(world.engine, now(world, "bo")).rows] == [False]
    with pytest.raises(Forbidden):
        tasks.sign(world.engine, task, by=now(world, "bo"))


def test_somebody_who_signs_for_two_signs_as_themselves_first(world: World) -> None:
    case, task = promise(world, "bo")
    both = [world.people["an"].id, world.people["fei"].id]
    tasks.add_signers(world.engine, task, by=world.people["bo"], people=both)
    arrange(world, "an", "fei")
    assert task_view(world.engine, task, now(world, "fei")).signs_for is None
    tasks.sign(world.engine, task, by=now(world, "fei"))
    assert task_view(world.engine, task, now(world, "fei")).signs_for == "an"
    tasks.sign(world.engine, task, by=now(world, "fei"))
    assert [entry.detail.get("for") for entry in world.told(case, "signed")] == [None, "an"]
