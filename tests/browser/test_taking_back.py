"""Two people and what is taken back: an undo within seconds, a case that is sent back while another types."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect


def begin(person: Any, procedure: str) -> Any:
    person.go("/start")
    with person.page.expect_navigation():
        person.page.locator("form", has_text=procedure).get_by_role("button", name="发起").click()
    return person.page


def register(person: Any) -> None:
    page = begin(person, "客户投诉处理")
    page.get_by_label("电话", exact=True).check()
    page.get_by_label("投诉人", exact=False).first.fill("刘洋")
    page.get_by_label("联络方法").fill("13812345678")
    page.get_by_label("事由和经过").fill("电梯一周内三次停梯")
    person.done()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_who_completed_too_soon_undoes_it_and_finds_the_text_again(
    house: Any, enter: Any, scripts: bool
) -> None:
    front = enter("front", scripts=scripts)
    page = begin(front, "工程维修")
    page.locator("input[name=source][value=phone]").check()
    page.locator("[name=report_dept]").fill("前台一班")
    page.locator("[name=reporter]").fill("李晓燕")
    front.done()
    undo = page.get_by_role("button", name=re.compile("撤销"))
    expect(undo).to_be_visible()
    if scripts:
        expect(undo).to_contain_text(re.compile(r"撤销 (30|2\d)"))
    with page.expect_navigation():
        undo.click()
    expect(page.get_by_text("已撤回，您填写的内容还在。")).to_be_visible()
    expect(page.locator("[name=report_dept]")).to_have_value("前台一班")
    expect(page.locator("[name=reporter]")).to_have_value("李晓燕")
    front.done()


def test_who_types_while_another_sends_the_case_back_loses_nothing_and_hears_who(
    house: Any, enter: Any
) -> None:
    front, supervisor = enter("front"), enter("super", width=390, height=844)
    register(front)
    front.open_task("当日答复")
    page = front.page
    typed = page.locator("#form-fields textarea").first
    typed.fill("已致电说明，答应明早到场")

    supervisor.open_task("调查，定责任部门和时限")
    supervisor.page.get_by_text("更多").first.click()
    supervisor.page.get_by_role("link", name="退回…").click()
    expect(supervisor.page.get_by_role("dialog", name="退回")).to_be_visible()
    supervisor.check_accessible()
    supervisor.page.get_by_label(re.compile("倾听、安抚并登记投诉")).check()
    supervisor.page.get_by_label("原因").fill("单元号没有填")
    with supervisor.page.expect_navigation():
        supervisor.page.get_by_role("button", name="退回", exact=True).click()

    with page.expect_navigation():
        page.get_by_role("button", name="办理", exact=True).click()
    expect(page.get_by_text(re.compile("陈静 于.*退回了案件.*单元号没有填"))).to_be_visible()
    expect(page.get_by_text("已致电说明，答应明早到场").first).to_be_visible()
    front.problems[:] = [said for said in front.problems if "409" not in said]

    front.open_task("倾听、安抚并登记投诉")
    expect(page.get_by_text(re.compile("陈静 于.*退回：单元号没有填"))).to_be_visible()
    expect(page.get_by_label("事由和经过")).to_have_value("电梯一周内三次停梯")
    page.get_by_label("单元号").fill("3-1204")
    front.done()
