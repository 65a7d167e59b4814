"""The inbox by keys alone, several at once, a list that refreshes under one's hands, a dragged card."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from engine import (
    Actor,
    actor_of,
    claim_task,
    complete_task,
    inbox,
    keep_reply,
    people,
    start_case,
    task_view,
)
from engine.tasks import first_answers

COMPLAINT = {
    "channel": "phone",
    "complainant": "刘洋",
    "unit_no": "3-1204",
    "contact": "13812345678",
    "content": "空调漏水",
}
PAGES = (
    "/?view=team",
    "/?view=watched",
    "/?view=copied",
    "/?view=claimable&when=none&priority=normal",
    "/views",
    "/replies",
    "/board",
    "/agenda?of=team",
    "/agenda?span=week",
    "/wallboard",
    "/cases/1/similar",
)


def actor(house: Any, login: str) -> Actor:
    return next(actor_of(who) for who in people(house.engine) if who.login == login)


def complaint(house: Any, *, registered: bool = True) -> str:
    """A complaint; the id of its open task."""
    front = actor(house, "front")
    begun = start_case(house.engine, "complaint-handling", by=front, site="tower-a")
    assert begun.task_id is not None
    if registered:
        answers = {**first_answers(house.engine, begun.task_id, front), **COMPLAINT}
        complete_task(house.engine, begun.task_id, by=front, answers=answers)
    return begun.task_id


def refresh(page: Any) -> None:
    """Let the list ask for itself, as it does every half minute."""
    with page.expect_response(lambda answer: answer.request.headers.get("x-background") == "1"):
        page.evaluate("document.dispatchEvent(new Event('list:changed'))")
    page.wait_for_timeout(50)


def test_a_list_is_walked_claimed_and_selected_by_keys(house: Any, enter: Any) -> None:
    for _ in range(3):
        complaint(house)
    person = enter("super", width=1440)
    page = person.page
    person.go("/")
    with page.expect_navigation():
        page.keyboard.press("g")
        page.keyboard.press("c")
    rows = page.locator("[data-row]")
    expect(rows).to_have_count(3)
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(rows.nth(1).locator("[data-open-row]")).to_be_focused()
    page.keyboard.press("k")
    expect(rows.nth(0).locator("[data-open-row]")).to_be_focused()
    page.keyboard.press("x")
    expect(page.locator("[data-selected]")).to_contain_text("1")
    page.keyboard.press("a")
    expect(page.locator("[data-select]:checked")).to_have_count(3)
    # While somebody types, letters are letters.
    page.keyboard.press("/")
    page.keyboard.type("jxc?")
    expect(page.locator("[data-list-search]")).to_have_value("jxc?")
    expect(page.locator("#keys")).not_to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    assert page.locator("#keys [data-key]").count() > 15
    page.keyboard.press("Escape")
    # Beside the list the task opens, and the list is walked on.
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator("#panel h2").first).to_be_visible()
    page.keyboard.press("j")
    expect(rows.nth(2).locator("[data-open-row]")).to_be_focused()
    with page.expect_navigation():
        page.keyboard.press("c")
    expect(rows).to_have_count(2)


def test_several_are_selected_and_claimed_at_once(house: Any, enter: Any) -> None:
    tasks = [complaint(house) for _ in range(3)]
    person = enter("super", width=390, height=844)
    page = person.page
    person.go("/?view=claimable")
    expect(page.get_by_role("button", name="领取", exact=True)).to_be_hidden()
    page.locator("[data-select-all]").check()
    # Somebody is quicker with one of them.
    open_task = page.locator("[data-select]").first.get_attribute("value")
    claim_task(house.engine, open_task, by=actor(house, "super"))
    with page.expect_navigation():
        page.locator("button[name=verb][value=claim]").click()
    expect(page.get_by_text("已领取 3 项")).to_be_visible()
    assert len(tasks) == 3


def test_a_list_that_refreshes_keeps_place_selection_focus_and_what_is_typed(house: Any, enter: Any) -> None:
    for _ in range(30):
        complaint(house, registered=False)
    person = enter("front", width=1440, height=500)
    page = person.page
    person.go("/")
    rows = page.locator("[data-row]")
    expect(rows).to_have_count(30)
    rows.nth(20).locator("[data-select]").check()
    rows.nth(18).locator("[data-open-row]").click()
    reply = page.locator("#panel textarea").first
    reply.fill("客户说空调从昨晚开始漏")
    page.locator("[data-list-search]").fill("没找完")
    rows.nth(19).locator("[data-open-row]").focus()
    where = rows.nth(19).evaluate("row => row.getBoundingClientRect().top")
    marked = rows.nth(20).get_attribute("id")
    # Two come in on top of those that are due at the same time, and the list is longer.
    for _ in range(2):
        complaint(house, registered=False)
    refresh(page)
    expect(rows).to_have_count(32)
    expect(reply).to_have_value("客户说空调从昨晚开始漏")
    expect(page.locator("[data-list-search]")).to_have_value("没找完")
    expect(page.locator("[data-select]:checked")).to_have_count(1)
    expect(page.locator(f"#{marked} [data-select]")).to_be_checked()
    assert page.evaluate("document.activeElement.matches('[data-open-row]')")
    assert page.evaluate("scrollY") > 600
    now = page.evaluate("document.activeElement.closest('[data-row]').getBoundingClientRect().top")
    assert abs(now - where) < 3


def test_a_text_is_put_in_by_its_menu_and_by_its_name(house: Any, enter: Any) -> None:
    front = actor(house, "front")
    keep_reply(house.engine, by=front, title="已联系", text="已电话联系用户，约定上门。")
    task = complaint(house, registered=False)
    person = enter("front")
    page = person.page
    person.go(f"/tasks/{task}")
    field = page.locator("textarea:visible").first
    field.click()
    page.keyboard.type("用户来电。 /已联")
    expect(page.locator(".replies__one:visible").first).to_be_visible()
    page.keyboard.press("Enter")
    expect(field).to_have_value("用户来电。 已电话联系用户，约定上门。")
    page.locator(".replies__button:visible").first.click()
    page.locator(".replies__one:visible").first.click()
    expect(field).to_have_value("用户来电。 已电话联系用户，约定上门。已电话联系用户，约定上门。")


def test_a_card_is_dragged_to_a_colleague_and_back_by_undo(house: Any, enter: Any) -> None:
    task = complaint(house, registered=False)
    holder, colleague = actor(house, "front"), actor(house, "visit")
    person = enter("super", width=1440)
    page = person.page
    person.go("/board")
    with page.expect_navigation():
        page.locator(f"[data-card='{task}']").drag_to(page.locator(f"[data-column='{colleague.id}']"))
    expect(page.locator(f"[data-column='{colleague.id}'] [data-card='{task}']")).to_be_visible()
    assert task_view(house.engine, task, actor(house, "super")).assignee_id == colleague.id
    with page.expect_navigation():
        page.get_by_role("button", name="撤销").click()
    expect(page.locator(f"[data-column='{holder.id}'] [data-card='{task}']")).to_be_visible()
    # The same by keys alone.
    card = page.locator(f"[data-card='{task}']")
    card.locator("summary").focus()
    page.keyboard.press("Enter")
    card.locator("select").select_option(str(colleague.id))
    with page.expect_navigation():
        card.get_by_role("button", name="移动").press("Enter")
    expect(page.locator(f"[data-column='{colleague.id}'] [data-card='{task}']")).to_be_visible()


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "dark")])
def test_axe_finds_nothing_on_the_pages_of_the_desk(house: Any, enter: Any, width: int, scheme: str) -> None:
    complaint(house)
    complaint(house, registered=False)
    keep_reply(house.engine, by=actor(house, "super"), title="已联系", text="已电话联系。")
    person = enter("super", width=width, language="zh-CN" if width == 1440 else "en-US")
    page = person.page
    page.emulate_media(color_scheme=scheme)
    for path in PAGES:
        person.go(path)
        person.check_accessible()
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, f"{path} is {wide} px too wide"
    person.go("/?view=claimable")
    page.locator("[data-select-all]").check()
    person.check_accessible()
    person.go("/wallboard")
    person.page.goto(page.locator(".hall__link").inner_text())
    person.check_accessible()


def test_a_list_follows_what_others_do_within_seconds(house: Any, enter: Any) -> None:
    complaint(house)
    boss = enter("super")
    asked: list[int] = []
    boss.page.on(
        "response", lambda answer: asked.append(answer.status) if "/notices/news" in answer.url else None
    )
    boss.go("/?view=claimable")
    rows = boss.page.locator("[data-rows] [data-row]")
    expect(rows).to_have_count(1)
    # Nothing happens: nothing is sent.
    boss.page.wait_for_event("response", lambda answer: "/notices/news" in answer.url, timeout=10_000)
    complaint(house)
    expect(rows).to_have_count(2, timeout=8_000)
    claim_task(
        house.engine,
        inbox(house.engine, actor(house, "super"), view="claimable").rows[0].task_id,
        by=actor(house, "super"),
    )
    expect(rows).to_have_count(1, timeout=8_000)
    assert 304 in asked
