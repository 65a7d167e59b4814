"""修改岗位: an administrator changes what somebody may do, having seen what goes with it."""

from __future__ import annotations

import re

import pytest

from engine import person


@pytest.mark.parametrize(("login", "status"), [("root", 200), ("zhuguan", 403), ("lina", 403)])
def test_only_administrators_may(office, browse, login, status) -> None:
    address = f"/people/{office.people['diaodu'].id}/roles"
    assert browse(login).get(address).status_code == status
    assert browse(login).post(address, {"reason": "x"}).status_code == status


def test_a_role_is_added_at_once_when_nothing_hangs_on_it(office, browse) -> None:
    who = office.people["jigong"].id
    form = {
        "keep": f"eng_technician@{office.site}",
        "role-0": "eng_dispatcher",
        "site-0": office.site,
        "reason": "顶替周强",
    }
    assert browse("root").post(f"/people/{who}/roles", form).status_code == 303
    assert person(office.engine, who).roles == (
        ("eng_dispatcher", office.site),
        ("eng_technician", office.site),
    )
    page = browse("root").get(f"/people/{who}").text
    assert "岗位变更记录" in page
    assert "顶替周强" in page
    assert "上级：" in page
    assert "岗位变更记录" not in browse("jigong").get(f"/people/{who}").text
    assert "修改了您的岗位。新增岗位：工程部调度" in browse("jigong").get("/notices").text


def test_what_would_go_with_it_is_shown_before_it_is_saved(office, browse) -> None:
    case = office.start("complaint-handling", "lina")
    who = office.people["lina"].id
    browser, address = browse("root"), f"/people/{who}/roles"
    form = {"reason": "调岗", "role-0": "finance_cashier", "site-0": "*"}
    shown = browser.post(address, form)
    assert shown.status_code == 200
    assert "1 项手头的任务将不再由其办理" in shown.text
    before = person(office.engine, who).roles
    seen = re.search(r'name="seen" value="(\w+)"', shown.text)[1]
    refused = browser.post(address, {**form, "seen": seen, "held": "许文"})
    assert refused.status_code == 422
    assert "接收人没有相应岗位" in refused.text
    assert person(office.engine, who).roles == before
    assert browser.post(address, {**form, "seen": seen}).status_code == 303
    assert person(office.engine, who).roles == (("finance_cashier", "*"),)
    assert "1 项任务已交出" in browser.get(f"/people/{who}").text
    assert office.task(case, "receive")
    assert browse("lina").get("/?view=mine").text.count("data-row ") == 0


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"reason": ""}, "请写明原因"),
        ({"reason": "x", "keep": "cs_supervisor@tower-a"}, "没有改动"),
        ({"reason": "x", "keep": "cs_supervisor@tower-a", "role-0": "wizard"}, "没有这个岗位"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(office, browse, form, said) -> None:
    page = browse("root").post(f"/people/{office.people['zhuguan'].id}/roles", form)
    assert page.status_code == 422
    assert said in page.text


def test_the_last_administrator_cannot_dismiss_themselves(office, browse) -> None:
    root = office.people["root"]
    kept = [f"{role}@{site}" for role, site in root.roles]
    page = browse("root").post(f"/people/{root.id}/roles", {"keep": kept, "reason": "x"})
    assert page.status_code == 422
    assert "最后一位管理员" in page.text
