"""Somebody answers a task by a signed link, without signing in."""

from __future__ import annotations

from threading import Thread

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from engine import asking, cases, procedures, tasks
from engine.bundles import DIAGRAM
from engine.domain.facts import SYSTEM, CaseId
from engine.domain.linking import choice_of, choice_word, is_link, link_word
from engine.errors import GuanjiaError, LinkInvalid, LinkOver
from engine.store import answer_links
from engine.store.models import AnswerLink, FollowLink, Notice
from tests.engine.world import World, changed

ASKED = (
    '<spiffworkflow:property name="form" value="review" />'
    '<spiffworkflow:property name="answer_link" value="verdict" />'
    '<spiffworkflow:property name="answer_to" value="{to}" />'
    '<spiffworkflow:property name="answer_contact" value="\'13800138000\'" />'
    '<spiffworkflow:property name="answer_text" value="请复核：{{link}}" />'
)


def waiting(world: World, to: str = "'王总'") -> CaseId:
    """An errand whose review waits for somebody who was sent a link."""
    old = '<spiffworkflow:property name="form" value="review" />'
    bundle = changed(world.bundle("errand"), DIAGRAM, {old: ASKED.format(to=to)})
    procedures.publish(world.engine, bundle, by=SYSTEM)
    case = world.errand()
    world.complete(case, "work_a")
    world.complete(case, "work_b", by="fei")
    return case


def word(world: World, case: CaseId) -> str:
    """The word of the case's latest link."""
    (link,) = world.look(
        sa.select(AnswerLink).where(AnswerLink.case_id == case).order_by(AnswerLink.id.desc()).limit(1)
    )
    return asking.address(world.engine, link).rsplit("/", 1)[1]


def choice(world: World, case: CaseId, label: str) -> str:
    """The word of a button of the link's page."""
    found = tasks.answer_page(world.engine, word(world, case)).choices
    return next(chosen for chosen, said in found if said.zh == label)


def test_a_tap_completes_the_task_in_the_name_of_whom_it_asks(world: World) -> None:
    case = waiting(world)
    tasks.answer_by_link(world.engine, word(world, case), choice(world, case, "good"))
    assert world.case(case).data["verdict"] == "good"
    (done,) = world.told(case, "answered_by_link")
    assert (done.actor, done.detail["zh"]) == ("王总", "good")
    page = tasks.answer_page(world.engine, word(world, case))
    assert (page.state, page.answered_by, page.answer and page.answer.zh) == ("answered", "王总", "good")


def test_looking_changes_nothing(world: World) -> None:
    case = waiting(world)
    before = world.everything()
    for _ in range(3):
        tasks.answer_page(world.engine, word(world, case))
    assert world.everything() == before


def test_a_link_is_used_once(world: World) -> None:
    case = waiting(world)
    good, again = choice(world, case, "good"), choice(world, case, "again")
    link = word(world, case)
    tasks.answer_by_link(world.engine, link, good)
    before = world.everything()
    for late in (good, again):
        with pytest.raises(LinkOver):
            tasks.answer_by_link(world.engine, link, late)
    assert world.everything() == before


def test_two_answers_at_the_same_moment_are_one(world: World) -> None:
    case = waiting(world)
    link, said = word(world, case), [choice(world, case, "good"), choice(world, case, "again")]
    refused: list[GuanjiaError] = []

    def tap(chosen: str) -> None:
        try:
            tasks.answer_by_link(world.engine, link, chosen)
        except GuanjiaError as error:
            refused.append(error)

    both = [Thread(target=tap, args=(chosen,)) for chosen in said]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert len(refused) == 1
    assert len(world.told(case, "answered_by_link")) == 1


@pytest.mark.parametrize("over", ["completed", "cancelled", "suspended", "expired"])
def test_a_link_ends_with_what_it_asks(world: World, over: str) -> None:
    case = waiting(world)
    link, good = word(world, case), choice(world, case, "good")
    if over == "completed":
        world.complete(case, "review", by="chen", answers={"verdict": "good"})
    elif over == "cancelled":
        cases.cancel_case(world.engine, case, by=world.people["ding"], reason="重复")
    elif over == "suspended":
        cases.suspend_case(world.engine, case, by=world.people["ding"], reason="等待")
    else:
        world.clock.at += asking.LASTS
    with pytest.raises(LinkOver):
        tasks.answer_by_link(world.engine, link, good)
    assert tasks.answer_page(world.engine, link).choices == ()
    if over == "completed":
        assert tasks.answer_page(world.engine, link).answered_by == "chen"


def test_a_button_of_one_link_is_none_of_another(world: World) -> None:
    first, second = waiting(world), waiting(world)
    with pytest.raises(LinkInvalid):
        tasks.answer_by_link(world.engine, word(world, first), choice(world, second, "good"))
    assert world.open(first) == ["review"]


def test_what_is_told_holds_the_link_and_the_history_does_not(world: World) -> None:
    case = waiting(world)
    link = word(world, case)
    told = world.look(sa.select(Notice.zh).where(Notice.case_id == case))
    assert any(link in said for said in told)
    assert not any(link in str(entry.detail) for entry in world.told(case, "customer_told"))


def test_somebody_with_an_account_is_told_in_their_notices(world: World) -> None:
    case = waiting(world, to=str(world.people["bo"].id))
    told = world.look(sa.select(Notice.zh).where(Notice.account_id == world.people["bo"].id))
    assert any(word(world, case) in said for said in told)
    tasks.answer_by_link(world.engine, word(world, case), choice(world, case, "again"))
    (done,) = world.told(case, "answered_by_link")
    assert done.actor_id == world.people["bo"].id


def test_a_reminder_has_the_same_link(world: World) -> None:
    case = waiting(world)
    with world.engine.database.look() as session:
        (link,) = answer_links.open_at(session, case, "review")
    assert asking.address(world.engine, link).endswith(word(world, case))


@given(st.text(max_size=80), st.integers(1, 9), st.integers(1, 9))
def test_words_that_were_not_signed_for_it_open_nothing(said: str, link: int, other: int) -> None:
    genuine = link_word("secret", "key", link)
    assert is_link("secret", "key", link, said) == (said == genuine)
    assert not is_link("secret", "another", link, genuine)
    assert choice_of("secret", "key", link, said) is None
    if link != other:
        assert choice_of("secret", "key", other, choice_word("secret", "key", link, "yes")) is None


def test_what_was_said_with_a_link_is_not_what_the_customer_reads(world: World) -> None:
    case = waiting(world)
    tasks.share_case(world.engine, case, by=world.people["an"])
    (link,) = world.look(sa.select(FollowLink).where(FollowLink.case_id == case))
    page = tasks.follow_page(world.engine, asking.address(world.engine, link).rsplit("/", 1)[1])
    assert world.told(case, "customer_told")
    assert not any("请复核" in text.zh for _, text, _ in page.said)
