"""Two people at the same case at once: nobody's text is lost, and each is told who was first and when."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import expect


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


def test_both_want_the_same_task(house: Any, enter: Any) -> None:
    front, boss, chief = enter("front"), enter("super"), enter("chief", width=390, height=844)
    waiting(front)
    front.done()
    address = None
    for person in (boss, chief):
        person.go("/?view=claimable")
        row = person.page.locator("[data-row]").first
        if row.count() and address is None:
            address = row.locator("[data-open-row]").get_attribute("href")
    assert address
    boss.go(address)
    second = enter("super")
    second.go(address)
    with boss.page.expect_navigation():
        boss.page.get_by_role("button", name="领取", exact=True).first.click()
    boss.check_accessible()
    # Claiming again what one has is no mistake.
    with second.page.expect_navigation():
        second.page.get_by_role("button", name="领取", exact=True).first.click()
    expect(second.page.get_by_role("button", name="办理", exact=True)).to_be_visible()
    _forget_conflicts(front, boss, chief, second)


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
