"""人员, 离岗委托, 排班 and the hand-over, as pages."""

from __future__ import annotations

import re

import pytest

from engine import person


def _names(page: str) -> str:
    return re.sub(r"<[^>]+>", " ", page)


@pytest.mark.parametrize(
    ("address", "login", "status"),
    [
        ("/people", "root", 200),
        ("/people", "zhuguan", 200),
        ("/people", "lina", 200),
        ("/away", "lina", 200),
        ("/roster", "lina", 200),
        ("/roster", "root", 200),
        ("/roster?role=front_desk&week=nonsense", "zhuguan", 200),
    ],
)
def test_the_pages_open(browse, address, login, status) -> None:
    assert browse(login).get(address).status_code == status


def test_a_supervisor_finds_those_whom_they_lead_and_nobody_else(office, browse) -> None:
    page = browse("zhuguan").get("/people").text
    assert "李娜" in page
    assert "周强" not in page
    theirs = office.people["diaodu"].id
    assert browse("zhuguan").get(f"/people/{theirs}").status_code == 403
    assert browse("root").get("/people?q=zq").text.count("周强") >= 1


def test_i_arrange_who_stands_in_and_they_find_my_tasks_marked(office, browse) -> None:
    task = office.task(office.start("complaint-handling", "lina"), "receive")
    browser = browse("lina")
    form = {"substitute": "王伟", "starts": "2020-01-01T08:00", "ends": "2099-01-01T08:00"}
    refused = browser.post("/away", form)
    assert refused.status_code == 422
    assert "一次最多 366 天" in refused.text
    now = office.engine.now()
    form["starts"], form["ends"] = (f"{now.year}-01-01T00:00", f"{now.year}-12-31T23:59")
    assert browser.post("/away", {**form, "substitute": "王"}).status_code in (303, 422)
    if "王伟 代 李娜" not in browser.get("/away").text:
        assert browser.post("/away", form).status_code == 303
    page = browser.get("/away").text
    assert "王伟 代 李娜" in page
    shown = browse("wangwei").get("/?sort=-created").text
    assert "代 李娜" in shown
    assert "离岗期间由您代办" in browse("wangwei").get(f"/tasks/{task}").text
    number = re.search(r"/away/(\d+)/end", page)[1]
    assert browser.post(f"/away/{number}/end").status_code == 303
    assert "代 李娜" not in browse("wangwei").get("/?sort=-created").text


def test_a_supervisor_plans_shifts_and_a_colleague_reads_them(office, browse) -> None:
    browser = browse("zhuguan")
    where = {"role": "front_desk", "site": office.site, "week": "2030-01-07"}
    lina = office.people["lina"].id
    added = browser.post(
        "/roster/add", {**where, "person": lina, "day": "0", "since": "20:00", "until": "08:00"}
    )
    assert added.status_code == 303
    address = f"/roster?role=front_desk&site={office.site}&week=2030-01-09"
    page = browse("lina").get(address).text
    assert "20:00–08:00" in page.replace(" ", "")
    assert "添加班次" not in page
    again = browser.post(
        "/roster/add", {**where, "person": lina, "day": "0", "since": "21:00", "until": "22:00"}
    )
    assert again.status_code == 422
    assert "那时已有班次" in again.text
    pasted = browser.post("/roster/paste", {**where, "text": "李娜\t\t早班"})
    assert pasted.status_code == 422
    assert "第 1 行" in pasted.text
    assert browser.post("/roster/copy", {**where, "week": "2030-01-14"}).status_code == 303
    assert browse("lina").post("/roster/copy", where).status_code == 403


def test_somebody_who_leaves_is_handed_over_and_let_in_no_more(office, browse, engine) -> None:
    from engine import actor_of, create_person, start_case

    made = create_person(
        engine,
        login="leaver",
        name="钱多",
        password="three-Blue-kettles",
        roles=[("front_desk", office.site)],
    )
    case = start_case(engine, "complaint-handling", by=actor_of(made), site=office.site).case_id
    browser = browse("root")
    address = f"/people/{made.id}/hand-over"
    page = browser.get(address).text
    assert "手头的任务 · 1" in page
    seen = re.search(r'name="seen" value="([0-9a-f]+)"', page)[1]
    refused = browser.post(address, {"seen": seen})
    assert refused.status_code == 422
    assert "请选择接收人" in refused.text
    refused = browser.post(address, {"seen": seen, "held": "吴刚", "started": "李娜"})
    assert "接收人没有相应岗位" in refused.text
    assert browser.post(f"/people/{made.id}/active", {"active": "0"}).location.endswith("/hand-over")
    done = browser.post(address, {"seen": seen, "held": "lina", "started": "李娜"})
    assert done.status_code == 303
    assert person(engine, made.id).active is False
    assert "管理员 把 钱多 的" in _names(browser.get(f"/cases/{case}").text)
    assert browser.post(f"/people/{made.id}/active", {"active": "1"}).status_code == 303
    assert person(engine, made.id).active


def test_only_administrators_hand_over(office, browse) -> None:
    assert browse("zhuguan").get(f"/people/{office.people['lina'].id}/hand-over").status_code == 403


def test_a_procedure_says_who_would_get_its_tasks(browse) -> None:
    page = browse("lina").get("/procedures/repair-work-order").text
    assert "今天由谁办理" in page
    assert "吴刚（待领）" in page
