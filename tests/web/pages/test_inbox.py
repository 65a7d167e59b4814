"""The inbox: what is mine, what my roles may take, what I did."""

from __future__ import annotations

import re

import pytest
from flask import render_template_string

from engine import actor_of, case_view
from engine.domain.views import MANY, Page


def row_of(page: str, task_id: str) -> str:
    found = re.search(rf'<li class="row[^>]*id="row-{task_id}">.*?</li>', page, re.DOTALL)
    return found[0] if found else ""


@pytest.mark.parametrize("view", ["mine", "claimable", "done"])
def test_an_empty_list_says_what_would_fill_it_and_offers_the_way(browse, view: str) -> None:
    page = browse("caiwu").get(f"/?view={view}").text
    assert 'class="empty"' in page
    assert 'class="button button--main"' in page.split('class="empty"')[1]


def test_a_task_of_mine_stands_in_the_list_with_its_number_step_and_clock(office, browse) -> None:
    case = office.start("complaint-handling", "lina")
    task = office.task(case, "receive")
    number = case_view(office.engine, case, actor_of(office.people["root"])).number
    row = row_of(browse("lina").get("/?sort=-created").text, task)
    assert number in row
    assert "倾听" in row
    assert 'class="clock clock--' in row
    assert f'href="/tasks/{task}"' in row


def test_a_case_without_a_subject_yet_does_not_repeat_the_name_of_its_procedure(office, browse) -> None:
    task = office.task(office.start("complaint-handling", "lina"), "receive")
    assert "新案件，尚未填写" in row_of(browse("lina").get("/?sort=-created").text, task)


def test_the_list_is_searched_by_number(office, browse) -> None:
    one, other = (office.start("complaint-handling", "lina") for _ in range(2))
    number = case_view(office.engine, one, actor_of(office.people["root"])).number
    page = browse("lina").get(f"/?q={number}").text
    assert row_of(page, office.task(one, "receive"))
    assert not row_of(page, office.task(other, "receive"))


def test_a_background_refresh_gets_the_rows_and_the_counts_alone(office, browse) -> None:
    office.start("complaint-handling", "lina")
    answer = browse("lina").fragment("/")
    assert "<html" not in answer
    assert "data-rows" in answer
    assert 'id="inbox-tabs" hx-swap-oob' in answer


def test_a_task_of_my_role_is_claimed_in_place_and_then_put_back(office, browse) -> None:
    task = office.task(office.complaint(), "investigate")
    browser = browse("zhuguan")
    assert row_of(browser.get("/?view=claimable").text, task)
    claimed = browser.post(f"/tasks/{task}/claim", {"from": "list", "view": "claimable"})
    assert claimed.location == "/?view=claimable"
    assert not row_of(browser.get("/?view=claimable").text, task)
    assert row_of(browser.get("/?sort=-created").text, task)
    browser.post(f"/tasks/{task}/release")
    assert row_of(browser.get("/?view=claimable").text, task)


def test_what_i_completed_is_listed_as_done(office, browse) -> None:
    case = office.start("complaint-handling", "lina")
    task = office.task(case, "receive")
    office.complete(case, "receive", "lina", {"channel": "phone", **_complaint()})
    assert row_of(browse("lina").get("/?view=done").text, task)


def test_the_list_reads_in_english(office, browse) -> None:
    office.start("complaint-handling", "lina")
    browser = browse("lina")
    browser.speak("en")
    page = browser.get("/").text
    assert "To do" in page
    assert "待办" not in page


def _complaint() -> dict[str, str]:
    return {
        "complainant": "王芳",
        "contact": "13800138000",
        "content": "空调漏水",
        "complaint_time": "2026-11-02T09:30",
        "valid": "valid",
    }


@pytest.mark.parametrize(
    ("language", "pages", "count"),
    [("zh", "第 3 页，共 500 条以上", "500+"), ("en", "Page 3; more than 500 entries", "500+")],
)
def test_what_nobody_counted_to_the_end_says_so(app, language: str, pages: str, count: str) -> None:
    text = '{% from "_macros.html" import pager %}{{ pager(page) }}<b>{{ many|counted }}</b>'
    page = Page([None] * 50, MANY, 3, 50, more=True)
    with app.test_request_context("/", headers={"Accept-Language": language}):
        shown = render_template_string(text, page=page, many=MANY + 1)
    assert pages in shown
    assert 'rel="next"' in shown
    assert f"<b>{count}</b>" in shown
