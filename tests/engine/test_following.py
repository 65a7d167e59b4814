"""A customer follows a case by a link: what they read, what they write, and when the link is over."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from engine import CaseId, case_view, tasks
from engine.cases import cancel_case
from engine.errors import Forbidden, Invalid, LinkInvalid, LinkOver
from engine.store.models import Comment, Notice
from engine.tasks.following import MOST_A_DAY, READABLE
from tests.engine.world import World


@pytest.fixture
def case(world: World) -> CaseId:
    """A case of an's, whose open task is bo's."""
    case = world.start("promise", by="an")
    tasks.claim_task(world.engine, world.task(case, "fix"), by=world.people["bo"])
    return CaseId(case)


def word(world: World, case: CaseId) -> str:
    tasks.share_case(world.engine, case, by=world.people["an"])
    shared = case_view(world.engine, case, world.people["an"]).shared
    assert shared is not None
    return shared.rsplit("/", 1)[1]


def test_the_customer_reads_what_they_were_told_and_nothing_said_inside(world: World, case: CaseId) -> None:
    link, an = word(world, case), world.people["an"]
    tasks.comment_case(world.engine, case, by=an, text="客户很着急")
    tasks.comment_case(world.engine, case, by=an, text="明天上午到", is_public=True)
    page = tasks.follow_page(world.engine, link)
    assert [(text.zh, is_theirs) for _, text, is_theirs in page.said] == [("明天上午到", False)]
    assert (page.status, page.may_say) == ("active", True)


def test_what_the_customer_writes_is_a_comment_and_told_to_the_holder(world: World, case: CaseId) -> None:
    link = word(world, case)
    tasks.say_by_link(world.engine, link, "  我不在家，请改到下午。 ")
    (said,) = case_view(world.engine, case, world.people["bo"]).comments
    assert (said.by, said.text, said.is_public) == ("customer", "我不在家，请改到下午。", True)
    told = world.look(sa.select(Notice.account_id).where(Notice.case_id == case, Notice.zh.contains("留言")))
    assert told == [world.people["bo"].id]
    assert [entry.actor for entry in world.told(case, "customer_said")] == ["customer"]
    assert [is_theirs for *_, is_theirs in tasks.follow_page(world.engine, link).said] == [True]


def test_a_second_asking_gives_the_same_link_and_an_ended_one_is_worth_nothing(
    world: World, case: CaseId
) -> None:
    link, an = word(world, case), world.people["an"]
    assert word(world, case) == link
    tasks.unshare_case(world.engine, case, by=an)
    assert case_view(world.engine, case, an).shared is None
    for use in (
        lambda: tasks.follow_page(world.engine, link),
        lambda: tasks.say_by_link(world.engine, link, "?"),
    ):
        with pytest.raises(LinkInvalid):
            use()
    assert word(world, case) != link


def test_a_forged_word_opens_nothing(world: World, case: CaseId) -> None:
    link = word(world, case)
    payload, signature = link.split(".")
    for forged in ("", "x", f"{payload}.{signature[::-1]}", f"{payload}x.{signature}", link * 40):
        with pytest.raises(LinkInvalid):
            tasks.follow_page(world.engine, forged)


@pytest.mark.parametrize(
    ("text", "reason"),
    [pytest.param("  ", "empty", id="blank"), pytest.param("字" * 2001, "long", id="too long")],
)
def test_a_message_has_some_text_and_not_too_much(world: World, case: CaseId, text: str, reason: str) -> None:
    with pytest.raises(Invalid) as refused:
        tasks.say_by_link(world.engine, word(world, case), text)
    assert refused.value.facts["reason"] == reason
    assert world.look(sa.select(Comment)) == []


def test_nobody_floods_a_case(world: World, case: CaseId) -> None:
    link = word(world, case)
    for n in range(MOST_A_DAY):
        tasks.say_by_link(world.engine, link, str(n))
    with pytest.raises(Invalid) as refused:
        tasks.say_by_link(world.engine, link, "again")
    assert refused.value.facts["reason"] == "many"
    world.clock.at += timedelta(days=1)
    tasks.say_by_link(world.engine, link, "again")


def test_a_case_that_is_over_is_read_for_a_while_and_takes_nothing_more(world: World, case: CaseId) -> None:
    link = word(world, case)
    cancel_case(world.engine, case, by=replace(world.people["an"], admin=True), reason="误报")
    assert tasks.follow_page(world.engine, link).may_say is False
    with pytest.raises(LinkOver):
        tasks.say_by_link(world.engine, link, "还没好")
    world.clock.at += READABLE + timedelta(seconds=1)
    with pytest.raises(LinkInvalid):
        tasks.follow_page(world.engine, link)


def test_only_people_near_the_case_give_a_link_or_see_it(world: World, case: CaseId) -> None:
    word(world, case)
    guest = world.people["guo"]
    for verb in (tasks.share_case, tasks.unshare_case):
        with pytest.raises(Forbidden):
            verb(world.engine, case, by=guest)
    tasks.copy_case(world.engine, case, by=world.people["an"], people=[world.people["fei"].id])
    seen = case_view(world.engine, case, world.people["fei"])
    assert (seen.may_share, seen.shared) == (False, None)
