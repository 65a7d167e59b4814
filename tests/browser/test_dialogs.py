"""A verb opens as a dialog over the page it was chosen on, and what is half typed behind it stays."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.test_desk import complaint


def more(page: Any, verb: str) -> Any:
    """Choose a verb under 更多; its dialog."""
    page.locator("[data-menu] summary").first.click()
    page.locator("[data-menu] a", has_text=verb).click()
    dialog = page.locator("#verb")
    expect(dialog).to_be_visible()
    return dialog


@pytest.fixture
def half_typed(house: Any, enter: Any) -> Any:
    """The front desk with a complaint that is being written down."""
    task = complaint(house, registered=False)
    front = enter("front")
    front.go(f"/tasks/{task}")
    front.page.get_by_label("事由和经过").fill("电梯一周内三次停梯")
    return front, task


def said(front: Any) -> Any:
    return front.page.get_by_label("事由和经过")


def test_signers_are_added_over_a_form_that_stays_as_it_is(half_typed: Any) -> None:
    front, task = half_typed
    page = front.page
    dialog = more(page, "加签…")
    assert page.url.endswith(f"/tasks/{task}")
    front.check_accessible()
    # What is missing is said in the dialog, beside its field, and it stays open.
    dialog.get_by_label("说明（可不填）").fill("请看一下电梯合同")
    dialog.get_by_role("button", name="加签", exact=True).click()
    expect(dialog.locator(".field--wrong")).to_contain_text("请选择在此站点工作的同事")
    expect(dialog.get_by_label("说明（可不填）")).to_have_value("请看一下电梯合同")
    front.check_accessible()
    # People follow what is typed, as on the page of its own.
    dialog.get_by_placeholder("姓名两个字，或拼音首字母").fill("cj")
    expect(dialog.locator("#people label")).to_have_count(1)
    dialog.get_by_label("陈静", exact=False).first.check()
    dialog.get_by_role("button", name="加签", exact=True).click()
    expect(dialog).to_be_hidden()
    expect(page.locator("#toasts")).to_contain_text("已加签")
    # The page says what became of it, around a form that nobody touched.
    expect(page.locator("#signing")).to_contain_text("陈静")
    expect(page.get_by_role("button", name="办理", exact=True)).to_have_count(0)
    expect(said(front)).to_have_value("电梯一周内三次停梯")
    assert page.url.endswith(f"/tasks/{task}")
    said(front).press_sequentially("，老人被困")
    expect(page.locator("[data-saved]")).to_contain_text("已自动保存")
    page.reload()
    expect(said(front)).to_have_value("电梯一周内三次停梯，老人被困")
    front.problems[:] = [text for text in front.problems if "422" not in text]


def test_escape_and_back_close_it_and_the_focus_returns(half_typed: Any) -> None:
    front, task = half_typed
    page = front.page
    dialog = more(page, "转办…")
    expect(dialog.get_by_placeholder("姓名两个字，或拼音首字母")).to_be_focused()
    # The page behind is out of reach for Tab.
    for _ in range(40):
        page.keyboard.press("Tab")
        assert page.evaluate(
            "document.activeElement === document.body || !!document.activeElement.closest('#verb')"
        )
    dialog.get_by_label("原因").fill("我要去前台")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.locator("[data-menu] summary").first).to_be_focused()
    # What was typed into it is there when it is opened again.
    dialog = more(page, "转办…")
    expect(dialog.get_by_label("原因")).to_have_value("我要去前台")
    # A slip beside it does not close what is half typed.
    page.mouse.click(5, 400)
    expect(dialog).to_be_visible()
    page.go_back()
    expect(dialog).to_be_hidden()
    assert page.url.endswith(f"/tasks/{task}")
    expect(said(front)).to_have_value("电梯一周内三次停梯")
    dialog = more(page, "退回…")
    dialog.locator("[data-close]").last.click()
    expect(dialog).to_be_hidden()
    assert page.url.endswith(f"/tasks/{task}")


def test_what_was_just_typed_goes_along_with_a_transfer(half_typed: Any, house: Any, enter: Any) -> None:
    front, task = half_typed
    page = front.page
    said(front).press_sequentially("，老人被困")
    dialog = more(page, "转办…")
    dialog.get_by_placeholder("姓名两个字，或拼音首字母").fill("cj")
    expect(dialog.locator("#people label")).to_have_count(1)
    dialog.get_by_label("陈静", exact=False).first.check()
    dialog.get_by_label("原因").fill("我要去前台")
    with page.expect_navigation():
        dialog.get_by_role("button", name="转办", exact=True).click()
    expect(page.locator("#toasts")).to_contain_text("已转办")
    assert page.url.removeprefix(house.address) == "/"
    boss = enter("super")
    boss.go(f"/tasks/{task}")
    expect(said(boss)).to_have_value("电梯一周内三次停梯，老人被困")


def test_a_refusal_is_said_in_the_dialog(half_typed: Any, house: Any) -> None:
    front, task = half_typed
    dialog = more(front.page, "催办…")
    dialog.get_by_label("留一句话").fill("客户在等")
    # Somebody else, in another window, was quicker.
    other = front.page.context.new_page()
    other.goto(f"{house.address}/tasks/{task}/verbs/urge")
    other.get_by_role("button", name="催办", exact=True).click()
    other.wait_for_url(f"**/tasks/{task}")
    dialog.get_by_role("button", name="催办", exact=True).click()
    expect(dialog.get_by_role("alert")).to_contain_text("请过一会儿再催")
    expect(dialog.get_by_label("留一句话")).to_have_value("客户在等")
    front.check_accessible()
    front.problems[:] = [text for text in front.problems if "409" not in text]


def test_on_a_phone_it_is_a_sheet_from_below(house: Any, enter: Any) -> None:
    task = complaint(house, registered=False)
    front = enter("front", width=390, height=844, language="en-US")
    front.go(f"/tasks/{task}")
    for verb in ("Hand over…", "Add signers…", "Send back…"):
        dialog = more(front.page, verb)
        box = dialog.bounding_box()
        assert box is not None
        assert (box["x"], box["width"], box["y"] + box["height"]) == (0, 390, 844)
        assert box["y"] >= 90
        front.check_accessible()
        assert front.page.evaluate("document.querySelector('#verb').scrollWidth <= 390")
        front.page.keyboard.press("Escape")
        expect(dialog).to_be_hidden()


def test_a_case_is_talked_about_urged_and_suspended_where_it_stands(house: Any, enter: Any) -> None:
    complaint(house)
    boss = enter("super")
    page = boss.page
    boss.go("/cases/1")
    drawn = page.locator(".djs-container")
    expect(drawn).to_be_visible()
    page.locator("#talk-text").fill("半句话")
    page.get_by_role("link", name="催办").first.click()
    dialog = page.locator("#verb")
    dialog.get_by_role("button", name="催办", exact=True).click()
    expect(dialog).to_be_hidden()
    expect(page.locator("#toasts")).to_contain_text("已催办")
    assert page.url.endswith("/cases/1")
    expect(page.locator("#talk-text")).to_have_value("半句话")
    expect(drawn).to_be_visible()
    dialog = more(page, "挂起案件…")
    boss.check_accessible()
    dialog.get_by_label("原因").fill("等业主回电")
    dialog.get_by_role("button", name="挂起案件").click()
    expect(dialog).to_be_hidden()
    expect(page.locator(".heading")).to_contain_text("已挂起")
    expect(page.locator("#talk-text")).to_have_value("半句话")


def test_beside_a_list_the_verb_leaves_the_list_where_it_is(house: Any, enter: Any) -> None:
    tasks = [complaint(house, registered=False) for _ in range(2)]
    front = enter("front", width=1440)
    page = front.page
    front.go("/")
    page.locator(f"a[href='/tasks/{tasks[0]}']").first.click()
    panel = page.locator("#panel")
    panel.get_by_label("事由和经过").fill("电梯停了")
    panel.locator("[data-menu] summary").first.click()
    panel.locator("[data-menu] a", has_text="转办…").click()
    dialog = page.locator("#verb")
    dialog.get_by_placeholder("姓名两个字，或拼音首字母").fill("cj")
    expect(dialog.locator("#people label")).to_have_count(1)
    dialog.get_by_label("陈静", exact=False).first.check()
    dialog.get_by_label("原因").fill("我要去前台")
    dialog.get_by_role("button", name="转办", exact=True).click()
    expect(dialog).to_be_hidden()
    expect(page.locator("[data-rows] [data-row]")).to_have_count(1)
    expect(page.locator("#toasts")).to_contain_text("已转办")
    expect(panel.locator("form")).to_have_count(0)
    assert page.url.removeprefix(house.address) == "/"


def test_without_a_script_the_verb_is_a_page(house: Any, enter: Any) -> None:
    task = complaint(house, registered=False)
    front = enter("front", scripts=False)
    front.go(f"/tasks/{task}")
    front.page.locator("[data-menu] summary").first.click()
    with front.page.expect_navigation():
        front.page.locator("[data-menu] a", has_text="催办…").click()
    assert front.page.url.endswith(f"/tasks/{task}/verbs/urge")
    with front.page.expect_navigation():
        front.page.get_by_role("button", name="催办", exact=True).click()
    expect(front.page.locator("#toasts")).to_contain_text("已催办")
