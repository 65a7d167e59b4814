"""A tenant moves in: papers missing once, reviews at the same time, a limit that passed, a unit looked up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from engine import bring_in
from engine.telling import drawn_signature

UNITS = [
    {"unit_no": "3-1205", "building": "启明楼 12 层", "area": 120, "status": "vacant"},
    {"unit_no": "3-1206", "building": "启明楼 12 层", "area": 95, "status": "vacant"},
    {"unit_no": "5-0502", "building": "远航楼 5 层", "area": 210, "status": "vacant"},
]


@pytest.fixture
def paper(tmp_path: Path) -> Path:
    """A scanned paper."""
    found = tmp_path / "营业执照.png"
    found.write_bytes(drawn_signature())
    return found


def hand_in(person: Any, field: str, paper: Path) -> None:
    """Upload a paper and wait until it is there."""
    with person.page.expect_response(lambda answer: answer.url.endswith("/files")):
        person.page.locator(f"input[type=file][data-name={field}]").set_input_files(paper)
    expect(person.page.locator(".files__item").first).to_be_visible()


def sign(person: Any) -> None:
    """Draw a signature."""
    canvas = person.page.locator("[data-signature] canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    mouse = person.page.mouse
    mouse.move(box["x"] + 20, box["y"] + 20)
    mouse.down()
    for step in range(1, 8):
        mouse.move(box["x"] + 20 + 15 * step, box["y"] + 20 + 8 * (step % 3))
    mouse.up()


def review(person: Any, answer: str = "通过") -> None:
    """Review for one's department."""
    person.open_task("部门审核")
    person.page.get_by_label(answer, exact=True).check()
    sign(person)
    person.done()


def test_a_tenant_moves_in_by_the_hands_of_several_people(house: Any, enter: Any, paper: Path) -> None:
    cards = [{"card_no": f"C20{n:02}", "kind": "tenant", "status": "in_stock"} for n in range(3)]
    bring_in(house.engine, "cards", "tower-a", cards)
    bring_in(house.engine, "units", "tower-a", UNITS)
    agent, keeper, cashier = enter("visit"), enter("house"), enter("money")

    agent.go("/start")
    form = agent.page.locator("form", has_text="入驻手续办理")
    with agent.page.expect_navigation():
        form.get_by_role("button", name="发起").click()
    page = agent.page
    for label, text in {
        "企业名称": "青木工作室",
        "联络人": "林涛",
        "联络电话": "13800138001",
        "紧急联络人": "林海",
        "紧急联系电话": "13800138002",
        "场地需求": "十人办公室",
        "计划入驻日": "2026-11-20",
    }.items():
        page.locator(".field", has=page.get_by_text(label, exact=False)).locator("input").first.fill(text)
    hand_in(agent, "documents", paper)
    agent.done()

    # One paper is missing: it goes back once.
    agent.open_task("初审资料")
    page.get_by_label("缺少资料").fill("身份证明")
    agent.done()
    agent.open_task("收取补充资料")
    hand_in(agent, "more_documents", paper)
    agent.done()
    agent.open_task("初审资料")
    page.get_by_label("资料齐全").check()
    page.get_by_label("物业管理部").check()
    page.get_by_label("财务部").check()
    agent.done()

    # Two departments have it before them at the same time.
    for person in (keeper, cashier):
        person.go("/?view=claimable")
        expect(person.page.locator("[data-row]", has_text="部门审核")).to_be_visible()
    review(keeper)

    # The other lets its limit pass: it reaches the supervisor, with the reason. Everybody has gone home.
    for person in (agent, keeper, cashier):
        person.page.goto("about:blank")
    house.move("2026-11-06 10:00")
    supervisor = enter("super")
    supervisor.page.wait_for_function(
        "() => fetch('/').then(r => r.text()).then(t => t.includes('部门审核'))"
    )
    supervisor.go("/")
    expect(supervisor.page.locator("[data-row]", has_text="部门审核")).to_contain_text("升级")
    agent, keeper, cashier = enter("visit"), enter("house"), enter("money")
    review(cashier)

    agent.open_task("签订入驻合同")
    agent.page.get_by_label("合同编号").fill("HT-2026-088")
    hand_in(agent, "file", paper)
    agent.done()
    cashier.open_task("收取费用")
    line = cashier.page.locator("[data-repeat-row]").first
    line.get_by_label("费用").fill("押金")
    line.get_by_label("金额").fill("20000")
    cashier.page.get_by_label("收据号").fill("SJ-0088")
    cashier.done()

    # The unit is found by the initials of its building, with the keyboard alone.
    keeper.open_task("安排单元")
    page = keeper.page
    ask = page.locator("[data-lookup-text]")
    ask.press_sequentially("qml 1206")
    expect(page.locator(".lookup__row")).to_have_count(1)
    ask.press("Enter")
    expect(page.locator(".lookup__chosen")).to_contain_text("3-1206")
    expect(page.get_by_label("楼栋")).to_have_value("启明楼 12 层")
    expect(page.locator("#masters")).to_contain_text("空置")
    keeper.check_accessible()
    keeper.done()

    # Several hands prepare it at the same time.
    keeper.open_task("准备办公场地")
    keeper.page.get_by_label("场地就绪").check()
    keeper.done()
    keeper.open_task("开通水电")
    keeper.page.get_by_label("水已开通").check()
    keeper.page.get_by_label("电已开通").check()
    keeper.done()
    look_a_card_up_without_a_script(enter("front", scripts=False))
    desk = enter("front")
    desk.open_task("登记人员")
    page = desk.page
    for number, name in enumerate(("林涛", "苏晴", "顾言")):
        if number:
            page.get_by_role("button", name="加一行").click()
        row = page.locator("[data-repeat-row]").nth(number)
        row.get_by_label("姓名").fill(name)
        card = row.get_by_label("卡号")
        card.press_sequentially(f"20{number:02}")
        expect(row.locator(".lookup__row")).to_have_count(1)
        card.press("Enter")
        expect(card).to_have_value(f"C20{number:02}")
        expect(row.get_by_label("姓名")).to_have_value(name)
    # One that is with somebody else is refused where it is typed.
    page.locator("[data-repeat-row]").nth(2).get_by_label("卡号").fill("C2999")
    page.get_by_label("门禁卡已发").check()
    desk.done()
    desk.open_task("登记人员")
    expect(page.locator("#form-fields").get_by_text("卡不在库、已发出或写了两次")).to_be_visible()
    expect(page.locator("#form-fields")).to_contain_text("C2999")
    card = page.locator("[data-repeat-row]").nth(2).get_by_label("卡号")
    card.fill("C2002")
    desk.check_accessible()
    desk.done()

    agent.open_task("交接并签字")
    agent.page.get_by_label("价目表已交付").check()
    sign(agent)
    agent.done()
    agent.page.wait_for_function(
        "() => fetch('/?view=claimable').then(r => r.text()).then(t => t.includes('回访，记录需求'))"
    )
    supervisor.go("/cases?status=ended")
    expect(supervisor.page.get_by_text("青木工作室（3-1206）").first).to_be_visible()
    supervisor.go("/registers/move-ins")
    expect(supervisor.page.get_by_text("HT-2026-088").first).to_be_visible()
    # A draft that was on its way when its task was done is refused, and need not be kept.
    for person in (agent, keeper, cashier, desk):
        person.problems[:] = [said for said in person.problems if "409" not in said]


def look_a_card_up_without_a_script(desk: Any) -> None:
    """In a row that repeats, with buttons alone."""
    desk.open_task("登记人员")
    page = desk.page
    page.get_by_role("button", name="加一行").click()
    row = page.locator("[data-repeat-row]").nth(0)
    row.get_by_label("姓名").fill("林涛")
    row.get_by_label("卡号").fill("c20")
    row.get_by_role("button", name="查找").click()
    row = page.locator("[data-repeat-row]").nth(0)
    expect(row.locator(".lookup__row")).to_have_count(3)
    row.get_by_role("button", name="C2001").click()
    row = page.locator("[data-repeat-row]").nth(0)
    expect(row.get_by_label("卡号")).to_have_value("C2001")
    expect(row.get_by_label("姓名")).to_have_value("林涛")


def test_a_tenant_is_looked_up_without_a_script(house: Any, enter: Any) -> None:
    tenants = [("T1", "启明科技", "13812345678"), ("T2", "启明软件", "13812345679")]
    rows = [{"tenant_no": no, "name": name, "contact_phone": phone} for no, name, phone in tenants]
    bring_in(house.engine, "tenants", "tower-a", rows)
    secretary = enter("secre", scripts=False)
    secretary.go("/start")
    with secretary.page.expect_navigation():
        secretary.page.locator("form", has_text="用户档案资料存档").get_by_role("button", name="发起").click()
    page = secretary.page
    page.get_by_label("文件编号").fill("QM-7")
    page.get_by_label("用户", exact=True).fill("启明")
    with page.expect_navigation():
        page.get_by_role("button", name="查找").click()
    with page.expect_navigation():
        page.get_by_role("button", name="启明科技").click()
    assert page.get_by_label("企业名称").input_value() == "启明科技"
    assert page.get_by_label("文件编号").input_value() == "QM-7"
    expect(page.locator("#masters")).to_contain_text("13812345678")
