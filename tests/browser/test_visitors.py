"""A visitor at the counter: registered with the keyboard; the host answers from a phone; the card is back."""

from __future__ import annotations

import time
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from engine.masters import bring_in
from tests.browser.conftest import House

SITE = "tower-a"
VISITORS = [
    {
        "visitor": "陈明 · 远山咨询",
        "name": "陈明",
        "company": "远山咨询",
        "phone": "13800138000",
        "purpose": "洽谈合同",
    }
]
PEOPLE = [
    {
        "person_no": "P0001",
        "name": "刘洋",
        "company": "启明科技",
        "department": "行政部",
        "phone": "13812345678",
    },
    {
        "person_no": "P0002",
        "name": "何伟",
        "company": "中科智联",
        "department": "综合部",
        "phone": "13766668888",
    },
]
CARDS = [{"card_no": f"V00{n}", "kind": "visitor", "status": "in_stock"} for n in range(1, 6)]


@pytest.fixture
def counter(house: House) -> House:
    """A house with regular visitors, hosts and cards."""
    for master, rows in (("visitors", VISITORS), ("people", PEOPLE), ("cards", CARDS)):
        bring_in(house.engine, master, SITE, rows)
    return house


class Keys:
    """A keyboard that counts."""

    def __init__(self, page: Page) -> None:
        self.page, self.count = page, 0

    def type(self, text: str) -> None:
        for letter in text:
            if letter.isascii():
                self.press(letter)
            else:
                # An input method takes two keys or so for a character.
                self.page.keyboard.insert_text(letter)
                self.count += 2

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)
        self.count += 1


def begin(person: Any) -> None:
    person.go("/start/visitor-reception/quick")
    person.page.keyboard.press("Enter")
    expect(person.page.locator("form[data-quick]")).to_be_visible()
    expect(person.page.get_by_label("姓名").first).to_be_focused()


def register(person: Any, visitor: str, host: str, card: str) -> int:
    """Register a regular visitor with the keyboard alone; give the number of keys."""
    keys, page = Keys(person.page), person.page
    keys.type(visitor)
    keys.press("Enter")
    expect(page.get_by_label("单位", exact=False).first).not_to_have_value("")
    expect(page.get_by_label("被访人姓名")).to_be_focused()
    keys.type(host)
    keys.press("Enter")
    expect(page.get_by_label("卡号")).to_be_focused()
    keys.type(card)
    keys.press("Enter")
    # The scanner's own line end sends nothing.
    expect(page.get_by_role("button", name="办理", exact=True)).to_be_focused()
    with page.expect_navigation():
        keys.press("Enter")
    return keys.count


def test_a_regular_visitor_is_registered_with_a_dozen_keys(counter: House, enter: Any) -> None:
    front = enter("front")
    begin(front)
    began = time.monotonic()
    assert register(front, "cm", "ly", "V001") <= 13
    assert time.monotonic() - began < 20
    expect(front.page.locator(".toast")).to_contain_text("陈明")
    # The next form stands there, with its first field ready.
    expect(front.page.get_by_label("姓名").first).to_be_focused()
    assert register(front, "陈明", "何伟", "V002") <= 20
    front.check_accessible()


def test_a_host_who_is_away_answers_from_a_phone(counter: House, enter: Any, browser: Browser) -> None:
    front = enter("front")
    page = front.page
    begin(front)
    register(front, "cm", "ly", "V001")
    front.go("/registers/visitor-log/board?site=tower-a")
    expect(page.locator(".counted__table")).to_contain_text("陈明")
    front.check_accessible()

    front.open_task("通知被访人，等候答复")
    page.get_by_role("link", name="整页打开").click()
    link = page.get_by_label("答复链接").input_value()
    context = browser.new_context(viewport={"width": 390, "height": 844}, locale="zh-CN")
    counter.contexts.append(context)
    phone = context.new_page()
    phone.goto(link)
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    with phone.expect_navigation():
        phone.get_by_role("button", name="不在").click()
    expect(phone.locator("main")).to_contain_text("刘洋 于")

    front.open_task("询问留言或等待")
    page.get_by_label("留下口信").check()
    front.done()
    front.open_task("记下留言")
    page.locator("#f-message").fill("合同请于周五前回传。")
    front.done()
    front.open_task("访客离开登记")
    page.get_by_label("访客卡已收回").check()
    front.done()
    front.go("/registers/visitor-log/board")
    expect(page.locator("#board")).to_contain_text("现在没有")
    front.go("/registers/card-ledger")
    expect(page.locator("#register-rows")).to_contain_text("收回")
