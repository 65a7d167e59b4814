"""Two people at the same case at once: nobody's text is lost, and each is told who was first and when."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from engine import case_view, create_person, inbox, task_view
from tests.browser.conftest import PASSWORD
from tests.browser.test_desk import actor, complaint


def waiting(front: Any) -> str:
    """A complaint that waits for a supervisor to look into it: the address of the task."""
    front.go("/start")
    page = front.page
    with page.expect_navigation():
        page.locator("form", has_text="客户投诉处理").get_by_role("button", name="发起").click()
    page.get_by_label("直接", exact=True).check()
    page.get_by_label("投诉人", exact=False).first.fill("刘洋")
    page.get_by_label("联络方法").fill("13812345678")
    page.get_by_label("事由和经过").fill("电梯一周内三次停梯")
    return str(page.url)


def test_two_claim_one_task_and_the_second_keeps_what_was_typed(house: Any, enter: Any) -> None:
    front, boss = enter("front"), enter("super")
    address = waiting(front).removeprefix(house.address)
    page = front.page
    # What was typed is kept by itself.
    page.get_by_label("事由和经过").press_sequentially("，老人被困")
    expect(page.locator("[data-saved]")).not_to_be_empty()

    # A supervisor gives the task to somebody else while it is being typed into.
    boss.go(f"{address}/verbs/reassign")
    boss.page.get_by_placeholder("姓名两个字，或拼音首字母").fill("wht")
    expect(boss.page.locator("#people label")).to_have_count(1)
    boss.page.get_by_label("王海涛").check()
    boss.page.get_by_label("原因").fill("晓燕要去前台")
    with boss.page.expect_navigation():
        boss.page.get_by_role("button", name="改派", exact=True).click()

    # Whoever typed is told who has it now, and sees the text again.
    with page.expect_navigation():
        page.get_by_role("button", name="办理", exact=True).click()
    expect(page.get_by_text("王海涛").first).to_be_visible()
    expect(page.get_by_text("电梯一周内三次停梯，老人被困").first).to_be_visible()

    # And whoever has it now goes on with it.
    rep = enter("visit")
    rep.go(address)
    assert rep.page.get_by_label("事由和经过").input_value().startswith("电梯一周内三次停梯")
    with rep.page.expect_navigation():
        rep.page.get_by_role("button", name="办理", exact=True).click()

    # The first one comes back to the page later: it says who did it and when.
    front.go(address)
    expect(page.get_by_text("王海涛 于").first).to_be_visible()
    _forget_conflicts(front, boss, rep)


def registered(house: Any) -> str:
    """A complaint that any supervisor may take: the address of the open task."""
    complaint(house)
    create_person(house.engine, login="other", name="林岚", password=PASSWORD, roles=[("cs_supervisor", "*")])
    line = inbox(house.engine, actor(house, "super"), view="claimable").rows[0]
    return f"/tasks/{line.task_id}"


def test_two_press_claim_at_the_same_moment_and_one_has_it(house: Any, enter: Any) -> None:
    address = registered(house)
    people = {"陈静": enter("super"), "林岚": enter("other", width=390, height=844)}
    held: list[Any] = []

    def both(route: Any) -> None:
        # Neither order leaves before the other is there.
        held.append(route)
        if len(held) == 2:
            for one in held:
                one.continue_()

    for name, person in people.items():
        person.go(address)
        # Half typed, and a second has not passed.
        note = person.page.locator("#form-fields textarea").first
        person.note = note.get_attribute("id")
        person.page.route("**/claim", both)
        note.fill(f"{name}的记录")
        person.page.evaluate("void setTimeout(() => document.querySelector('[data-claim]').click())")
    for person in people.values():
        expect(person.page.locator("text=/已领取，现在由您办理|办理，|已领取此任务/").first).to_be_visible()
    holder = task_view(house.engine, address.removeprefix("/tasks/"), actor(house, "super")).assignee
    assert holder in people
    (loser,) = set(people) - {holder}
    won, lost = people[holder].page, people[loser].page
    expect(won.locator("#toasts")).to_contain_text("已领取，现在由您办理")
    expect(won.locator(f"#{people[holder].note}")).to_have_value(f"{holder}的记录")
    # The other one reads who and when, and still has the text.
    expect(lost.locator(".notice--warning").first).to_contain_text(
        f"此任务现在由 {holder} 办理，今天 09:30起"
    )
    expect(lost.locator("#lost")).to_contain_text(f"{loser}的记录")
    expect(lost.get_by_role("button", name="领取", exact=True)).to_have_count(0)
    people[loser].check_accessible()
    claims = [
        one for one in case_view(house.engine, 1, actor(house, "super")).history if one.kind == "task_claimed"
    ]
    assert [one.actor for one in claims] == [holder]
    _forget_conflicts(*people.values())


@pytest.mark.parametrize("from_list", [True, False], ids=["in the list", "on the page"])
def test_who_presses_claim_on_a_page_that_is_old_reads_who_has_it_since_when(
    house: Any, enter: Any, from_list: bool
) -> None:
    address = registered(house)
    first, second, again = enter("super"), enter("other"), enter("super")
    first.go(address)
    again.go(address)
    second.go("/?view=claimable" if from_list else address)
    with first.page.expect_navigation():
        first.page.get_by_role("button", name="领取", exact=True).click()
    house.later(minutes=7)
    with second.page.expect_navigation():
        second.page.locator("[data-claim]").first.click()
    expect(second.page.get_by_text("此任务现在由 陈静 办理，今天 09:30起")).to_be_visible()
    # Claiming again what one has is no mistake.
    with again.page.expect_navigation():
        again.page.get_by_role("button", name="领取", exact=True).click()
    expect(again.page.get_by_role("button", name="办理", exact=True)).to_be_visible()
    _forget_conflicts(first, second)


def _forget_conflicts(*people: Any) -> None:
    """A browser notes every refusal in its console; these are what the test is about."""
    for person in people:
        person.problems[:] = [said for said in person.problems if "409" not in said and "403" not in said]


def test_the_pages_of_verbs_are_accessible_and_fit_a_phone(house: Any, enter: Any) -> None:
    front = enter("front", width=390, height=844)
    address = waiting(front).removeprefix(house.address)
    case = front.page.locator("a[href^='/cases/']").first.get_attribute("href")
    pages = [f"{address}/verbs/{name}" for name in ("transfer", "delegate", "add_signers", "urge")]
    for path in [*pages, f"{case}/verbs/comment", f"{case}/verbs/copy", f"{case}/verbs/prioritise"]:
        front.go(path)
        front.check_accessible()
        width = front.page.evaluate("document.documentElement.scrollWidth")
        assert width <= 390, (path, width)
