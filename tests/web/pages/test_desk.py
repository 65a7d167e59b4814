"""Views of the inbox, several tasks at once, texts typed often, the board, the calendar, the wallboard."""

from __future__ import annotations

import re
from html import unescape

import pytest
from flask import Flask

from engine import actor_of, save_view, set_priority
from web.bulk_verbs import BULK_VERBS
from web.keys import table

LINK = re.compile(r"http://[^/\s<]+(/wallboard/[\w.\-]+)")


def rows_in(page: str) -> set[str]:
    return set(re.findall(r'id="row-(\w+)"', page))


@pytest.mark.parametrize("view", ["mine", "claimable", "team", "watched", "copied", "done"])
def test_every_view_opens_and_marks_its_tab(browse, view: str) -> None:
    page = browse("zhuguan").get(f"/?view={view}")
    assert page.status_code == 200
    assert len(re.findall(r'class="tabs".*?</nav>', page.text, re.DOTALL)) == 1
    assert 'aria-current="page"' in page.text.split('class="tabs"')[1]


def test_only_who_leads_somebody_has_a_team(browse) -> None:
    assert "view=team" in browse("zhuguan").get("/").text.split('id="inbox-tabs"')[1].split("</div>")[0]
    assert "view=team" not in browse("jigong").get("/").text.split('id="inbox-tabs"')[1].split("</div>")[0]


def test_filters_stay_in_the_address_and_are_taken_off_one_by_one(office, browse) -> None:
    case = office.start("complaint-handling", "lina")
    task = office.task(case, "receive")
    set_priority(
        office.engine, case, by=actor_of(office.people["lina"]), priority="urgent", reason="客户在现场"
    )
    browser = browse("lina")
    narrowed = "/?view=mine&procedure=complaint-handling&priority=urgent&sort=priority"
    page = browser.get(narrowed).text
    assert task in rows_in(page)
    assert "特急" in page
    chips = [unescape(found) for found in re.findall(r'<a class="chip" href="([^"]+)"', page)]
    assert len(chips) == 2
    for chip in chips:
        assert task in rows_in(browser.get(chip).text)
    assert task not in rows_in(browser.get(narrowed.replace("urgent", "low")).text)
    # What is no filter narrows nothing.
    assert task in rows_in(browser.get("/?when=x&priority=y&site=z&holder=q&mark=m&step=s").text)


def test_a_view_is_saved_shown_moved_deleted_and_brought_back(browse) -> None:
    browser = browse("lina")
    saved = browser.post("/views", {"name": "迟的", "query": "view=mine&when=late&evil=1&page=3"})
    assert saved.location.startswith("/?view=mine&when=late&saved=")
    assert "迟的" in browser.get(saved.location).text
    browser.post("/views", {"name": "急的", "query": "priority=urgent&mark=draft&mark=urged"})
    page = browser.get("/views").text
    assert page.index("迟的") < page.index("急的")
    assert "mark=draft&amp;mark=urged" in page
    number = re.search(r"/views/(\d+)/move", page)
    assert number
    browser.post(f"/views/{number[1]}/move", {"to": "down"})
    page = browser.get("/views").text
    assert page.index("急的") < page.index("迟的")
    browser.post(f"/views/{number[1]}/remove")
    page = browser.get("/views").text
    undo = re.search(r'action="(/views/\d+/restore)"', page)
    assert undo
    browser.post(undo[1])
    assert "迟的" in browser.get("/views").text
    assert browser.post("/views", {"name": " ", "query": ""}).status_code == 303
    assert "视图要有一个名称" in browser.get("/").text


def test_nobody_touches_a_view_of_somebody_else(office, browse) -> None:
    view = save_view(office.engine, by=actor_of(office.people["wangwei"]), name="我的", query="")
    assert browse("lina").post(f"/views/{view}/remove").status_code == 404


# Several at once --------------------------------------------------------------------------------


def test_several_are_claimed_and_put_back_and_what_was_not_says_why(office, browse) -> None:
    tasks = [office.task(office.complaint(), "investigate") for _ in range(3)]
    browser = browse("zhuguan")
    chosen = {"verb": "claim", "_task": tasks, "_next": "/?view=claimable"}
    done = browser.post("/bulk", chosen)
    assert done.location == "/?view=claimable"
    assert "已领取 3 项" in browser.get("/").text
    assert set(tasks) <= rows_in(browser.get("/").text)
    browser.post(f"/tasks/{tasks[0]}/release")
    # The first is not theirs any more; the others are put back all the same.
    answer = browser.post("/bulk", {**chosen, "verb": "release"})
    assert answer.status_code == 200
    assert "2 项成功，1 项没有" in answer.text
    assert f"/tasks/{tasks[0]}" in answer.text
    assert set(tasks) <= rows_in(browser.get("/?view=claimable").text)


def test_nothing_selected_says_so(browse) -> None:
    browser = browse("lina")
    assert browser.post("/bulk", {"verb": "claim"}).status_code == 303
    assert "请先选择任务" in browser.get("/").text
    assert browser.post("/bulk", {"verb": "fly", "_task": "x"}).status_code == 400


def test_tasks_of_one_step_are_completed_with_one_form(office, browse) -> None:
    cases = [office.start("complaint-handling", "lina") for _ in range(2)]
    tasks = [office.task(case, "receive") for case in cases]
    browser = browse("lina")
    page = browser.post("/bulk", {"verb": "complete", "_task": tasks}).text
    assert "一起办理 2 项" in page
    token = re.search(r'name="_request" value="(\w+)"', page)
    assert token
    typed = {
        "complainant": "王芳",
        "contact": "13800138000",
        "content": "空调漏水",
        "complaint_time": "2026-11-02T09:30",
        "valid": "valid",
        "channel": "phone",
    }
    sent = {"_task": tasks, "_request": token[1], "_next": "/"}
    wrong = browser.post("/bulk/complete", {**sent, **typed, "content": ""})
    assert wrong.status_code == 422
    assert "需要改正" in wrong.text
    for case in cases:
        office.task(case, "receive")
    done = browser.post("/bulk/complete", {**sent, **typed})
    assert done.location == "/"
    assert "已办理 2 项" in browser.get("/").text
    # A second press of the button is answered as the first.
    assert browser.post("/bulk/complete", {**sent, **typed}).status_code in (303, 422)
    for case in cases:
        office.task(case, "investigate")


def test_tasks_of_different_steps_are_not_completed_together(office, browse) -> None:
    tasks = [
        office.task(office.complaint(), "investigate"),
        office.task(office.start("complaint-handling", "lina"), "receive"),
    ]
    page = browse("root").post("/bulk", {"verb": "complete", "_task": tasks}).text
    assert "只有同一流程、同一步骤的任务能一起办理" in page


def test_every_bulk_verb_has_a_view_and_what_it_asks_is_asked(office, browse) -> None:
    task = office.task(office.complaint(), "investigate")
    browser = browse("zhuguan")
    for key, verb in BULK_VERBS.items():
        assert verb.views
        if verb.asks:
            page = browser.post("/bulk", {"verb": key, "_task": task}).text
            assert all(f'name="_{name}"' in page for name in verb.asks)


# Texts ------------------------------------------------------------------------------------------


def test_a_text_is_kept_changed_offered_counted_and_deleted(office, browse) -> None:
    browser = browse("lina")
    browser.post(
        "/replies", {"title": "已联系", "text": "已电话联系。", "step": "complaint-handling/receive"}
    )
    page = browser.get("/replies").text
    number = re.search(r"/replies/(\d+)/remove", page)
    assert number
    task = office.task(office.start("complaint-handling", "lina"), "receive")
    offered = browser.get(f"/tasks/{task}/replies").json
    assert [one["title"] for one in offered] == ["已联系"]
    assert f'data-replies="/tasks/{task}/replies"' in browser.get(f"/tasks/{task}").text
    assert browser.post(f"/replies/{number[1]}/use").status_code == 204
    assert "用过 1 次" in browser.get("/replies").text
    changed = {"id": number[1], "title": "已联系", "text": "已上门。", "step": ""}
    browser.post("/replies", changed)
    assert "已上门。" in browser.get("/replies").text
    assert browser.post("/replies", {"title": "空", "text": ""}).status_code == 422
    browser.post(f"/replies/{number[1]}/remove")
    assert f"/replies/{number[1]}/restore" in browser.get("/replies").text


# Looking over others' shoulders -----------------------------------------------------------------


def test_the_board_moves_a_task_and_undoes_it(office, browse) -> None:
    task = office.task(office.start("complaint-handling", "lina"), "receive")
    browser = browse("zhuguan")
    assert f'data-card="{task}"' in browser.get("/board").text
    to = str(office.people["wangwei"].id)
    browser.post("/board/move", {"task": task, "to": to})
    page = browser.get("/board").text
    assert "已改派给 王伟" in page
    column = page.split(f'data-column="{to}"')[1].split("</section>")[0]
    assert task in column
    undo = re.search(r'<form method="post" action="/board/move" class="inline">(.*?)</form>', page)
    assert undo
    values = dict(re.findall(r'name="(\w+)" value="([^"]*)"', undo[1]))
    assert values["to"] == str(office.people["lina"].id)
    browser.post("/board/move", {name: value for name, value in values.items() if name != "csrf_token"})
    column = browser.get("/board").text.split(f'data-column="{to}"')[1].split("</section>")[0]
    assert task not in column


def test_who_leads_nobody_has_an_empty_board_and_moves_nothing(office, browse) -> None:
    task = office.task(office.start("complaint-handling", "lina"), "receive")
    browser = browse("jigong")
    assert "您还没有团队" in browser.get("/board").text
    assert browser.post("/board/move", {"task": task, "to": "1"}).status_code == 403


@pytest.mark.parametrize("span", ["month", "week"])
@pytest.mark.parametrize("day", ["", "2026-11-27", "x", "0001-01-01", "9999-12-31", "2024-02-29"])
def test_the_calendar_opens_on_any_day(browse, span: str, day: str) -> None:
    page = browse("zhuguan").get(f"/agenda?span={span}&day={day}&of=team")
    assert page.status_code == 200
    assert page.text.count("agenda__day") >= 7


def test_the_wallboard_opens_by_its_link_alone_until_it_is_revoked(app: Flask, office, browse) -> None:
    case = office.complaint()
    link = LINK.search(browse("zhuguan").get("/wallboard").text)
    assert link
    anybody = app.test_client()
    page = anybody.get(link[1])
    assert page.status_code == 200
    assert "在办案件" in page.text
    shown = page.text.split("<main")[1]
    for secret in ("王芳", "13800138000", "A-1203", "空调漏水", "李娜"):
        assert secret not in shown
    assert str(case) not in re.findall(r"/cases/(\d+)", shown)
    assert anybody.get(link[1] + "x").status_code == 404
    assert anybody.get("/wallboard").status_code == 303
    settings = app.extensions["guanjia-web"]
    for changed in ({"wallboard_epoch": 2}, {"wallboard_days": -1}):
        app.extensions["guanjia-web"] = type(settings)(**{**vars(settings), **changed})
        try:
            answer = anybody.get(link[1])
        finally:
            app.extensions["guanjia-web"] = settings
        assert answer.status_code == 404
        assert "已过期或已撤销" in answer.text


def test_only_who_leads_somebody_gives_out_links(browse) -> None:
    assert browse("jigong").get("/wallboard").status_code == 403


def test_similar_cases_stand_beside_a_task(office, browse) -> None:
    first, second = office.complaint(), office.complaint()
    browser = browse("zhuguan")
    found = browser.fragment(f"/cases/{second}/similar")
    assert f"/cases/{first}" in found
    assert "相同" in found
    task = office.task(second, "investigate")
    assert f'hx-get="/cases/{second}/similar"' in browser.get(f"/tasks/{task}").text
    assert browse("caiwu").get(f"/cases/{second}/similar").status_code == 403


def test_every_key_is_in_the_dialog_once(app: Flask, browse) -> None:
    page = browse("lina").get("/").text
    with app.test_request_context():
        keys = [" ".join(one.keys) for one in table()]
    assert re.findall(r'data-key="([^"]+)"', page) == keys
    assert len(set(keys)) == len(keys)
