"""A complaint from the first call to the archive, as the people of a department do it."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import expect

CONTENT = "三层走廊空调出风口漏水，滴到工位上"


def register(person: Any, *, channel: str = "直接") -> None:
    person.go("/start")
    with person.page.expect_navigation():
        person.page.locator("form", has_text="客户投诉处理").get_by_role("button", name="发起").click()
    page = person.page
    page.get_by_label(channel, exact=True).check()
    page.get_by_label("投诉人", exact=False).first.fill("刘洋")
    page.get_by_label("单元号").fill("3-1204")
    page.get_by_label("联络方法").fill("13812345678")
    page.get_by_label("事由和经过").fill(CONTENT)
    person.done()


def investigate(person: Any) -> None:
    person.open_task("调查，定责任部门和时限")
    page = person.page
    page.get_by_label("物业本身造成").check()
    page.get_by_label("调查结论").fill("冷凝水管保温层破损")
    page.locator("#form-fields").get_by_label("责任部门").select_option(label="工程部")
    person.done()


def handle(person: Any, result: str) -> None:
    person.open_task("调查处理并反馈结果")
    page = person.page
    page.get_by_label("处理措施").fill("更换保温层")
    page.get_by_label("处理结果").fill(result)
    page.get_by_label("已解决").check()
    person.done()


def reply(person: Any, *, satisfied: bool) -> None:
    person.open_task("答复投诉人，征求意见")
    page = person.page
    page.get_by_label("当面", exact=True).check()
    page.get_by_label("回复内容").fill("已处理，请您确认")
    if satisfied:
        page.get_by_label("投诉人满意").check()
        expect(page.get_by_label("不满意原因")).to_be_hidden()
    else:
        page.get_by_label("不满意原因").fill("又开始滴水")
    person.done()


def coordinate(person: Any) -> None:
    person.open_task("再次协调责任部门")
    person.page.get_by_label("办理要求").fill("不要只做临时处理")
    person.done()


def test_a_complaint_goes_to_the_archive_through_two_rounds_of_not_satisfied(house: Any, enter: Any) -> None:
    front, supervisor, engineer = enter("front"), enter("super"), enter("engin")
    register(front)
    investigate(supervisor)
    handle(engineer, "已不滴水")
    for round_result in ("保温层已更换", "吊顶恢复原样"):
        reply(front, satisfied=False)
        coordinate(supervisor)
        handle(engineer, round_result)
    reply(front, satisfied=True)

    supervisor.open_task("结果向内部反馈")
    supervisor.page.locator("#form-fields").get_by_label("内部反馈").fill("纳入季度巡检")
    supervisor.done()
    secretary = enter("secre")
    secretary.open_task("投诉记录单统计汇总")
    secretary.page.locator("select[name=sheet_category]").select_option("facility")
    secretary.done()

    # Three days after, the clock of the running server brings the revisit.
    house.move("2026-11-10 10:00")
    visitor = enter("visit")
    visitor.page.wait_for_function(
        "() => fetch('/?view=claimable').then(r => r.text()).then(t => t.includes('回访，记录需求'))"
    )
    visitor.open_task("回访，记录需求和满意度")
    visitor.page.get_by_label("电话", exact=True).check()
    visitor.page.locator("#form-fields").get_by_label("满意度").fill("5")
    visitor.done()

    # A session ends overnight: everybody signs in anew.
    supervisor = enter("super")
    supervisor.go("/cases?status=ended")
    expect(supervisor.page.get_by_text("3-1204").first).to_be_visible()
    supervisor.go("/registers/complaints")
    expect(supervisor.page.get_by_text("刘洋")).to_be_visible()
    with supervisor.page.expect_download() as exported:
        supervisor.page.get_by_role("link", name="导出 Excel").click()
    assert exported.value.suggested_filename.endswith(".xlsx")


def test_what_is_late_reminds_its_holder_then_reaches_the_supervisor_with_the_reason(
    house: Any, enter: Any
) -> None:
    register(enter("front"), channel="电话")
    # A phone complaint is answered the same day; nobody does.
    house.move("2026-11-03 10:00")
    front, supervisor = enter("front"), enter("super")
    supervisor.page.wait_for_function(
        "() => fetch('/').then(r => r.text()).then(t => t.includes('当日答复投诉人'))"
    )
    supervisor.go("/")
    row = supervisor.page.locator("[data-row]", has_text="当日答复投诉人")
    expect(row).to_contain_text("升级")
    row.locator("[data-open-row]").click()
    expect(supervisor.page.get_by_text("已超时：").first).to_be_visible()
    front.go("/notices")
    expect(front.page.get_by_text("当日答复投诉人").first).to_be_visible()


def test_a_wrong_answer_says_so_beside_its_field_and_nothing_typed_is_lost(house: Any, enter: Any) -> None:
    front = enter("front")
    front.go("/start")
    with front.page.expect_navigation():
        front.page.locator("form", has_text="客户投诉处理").get_by_role("button", name="发起").click()
    front.page.get_by_label("联络方法").fill("12")
    front.page.get_by_label("事由和经过").fill(CONTENT)
    front.page.get_by_role("button", name="办理", exact=True).click()
    expect(front.page.locator(".field--wrong").first).to_be_visible()
    assert front.page.get_by_label("事由和经过").input_value() == CONTENT
    front.check_accessible()
    # The browser tells every answer that is not a success; this one is meant.
    front.problems[:] = [said for said in front.problems if "422" not in said]


def test_what_was_typed_is_kept_without_a_button(house: Any, enter: Any) -> None:
    front = enter("front", width=390, height=844)
    front.go("/start")
    with front.page.expect_navigation():
        front.page.locator("form", has_text="客户投诉处理").get_by_role("button", name="发起").click()
    front.page.get_by_label("事由和经过").fill(CONTENT)
    with front.page.expect_response(lambda answer: "/draft" in answer.url) as saved:
        front.page.get_by_label("事由和经过").blur()
    assert saved.value.ok
    front.page.reload()
    assert front.page.get_by_label("事由和经过").input_value() == CONTENT
