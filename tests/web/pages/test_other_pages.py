"""Start, timers, procedures, notices, search, incidents: each in both languages."""

from __future__ import annotations

import re

import pytest

from engine import actor_of, case_view

PAGES = (
    "/start",
    "/cases",
    "/registers",
    "/timers",
    "/timers?status=late",
    "/timers?status=paused",
    "/deadlines",
    "/deadlines?q=complaint",
    "/deadlines/complaint.result",
    "/calendars",
    "/calendars/office",
    "/calendars/office?month=2026-10",
    "/calendars/shift-7x24?day=2026-10-01",
    "/timers?status=done",
    "/timers?status=incident",
    "/procedures",
    "/procedures/complaint-handling",
    "/procedures/repair-work-order",
    "/notices",
    "/search",
    "/search?q=TS",
)


@pytest.mark.parametrize("address", PAGES)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_opens_in_both_languages(office, browse, address: str, language: str) -> None:
    office.complaint()
    browser = browse("zhuguan")
    browser.speak(language)
    answer = browser.get(address)
    assert answer.status_code == 200
    assert f'<html lang="{"en" if language == "en" else "zh-CN"}"' in answer.text
    assert len(re.findall(r"<h1", answer.text)) == 1


def test_starting_opens_the_first_task(office, browse) -> None:
    browser = browse("lina")
    page = browser.get("/start").text
    request_id = re.search(r'name="_request" value="(\w+)"', page)[1]
    form = {"site": office.site, "_request": request_id}
    first, second = (browser.post("/start/complaint-handling", form) for _ in range(2))
    assert first.status_code == 303
    assert first.location.startswith("/tasks/")
    assert first.location == second.location


def test_the_catalogue_is_searched_by_step(office, browse) -> None:
    page = browse("lina").get("/start?q=工作单").text
    assert "/start/repair-work-order" in page
    assert "/start/complaint-handling" not in page


def test_who_may_start_nothing_is_told_why(office, browse) -> None:
    assert "您还不能发起流程" in browse("caiwu").get("/start").text


def test_a_timer_says_when_exactly_and_why(office, browse) -> None:
    case = office.complaint()
    number = case_view(office.engine, case, actor_of(office.people["root"])).number
    page = browse("zhuguan").get("/timers").text
    row = next(part for part in page.split("<tr>") if number in part)
    assert re.search(r"\d{4}年\d{1,2}月\d{1,2}日", row)
    assert "投诉" in row


def test_a_procedure_tells_given_limits_from_our_proposals(office, browse) -> None:
    page = browse("zhuguan").get("/procedures/complaint-handling").text
    assert "手册规定" in page
    assert "手册留空，我们的建议" in page


def test_a_notice_is_read_by_opening_what_it_is_about(office, browse) -> None:
    office.repair()
    browser = browse("diaodu")
    page = browser.get("/notices").text
    assert "notices__item--unread" in page
    one = re.search(r'name="id" value="(\d+)">\s*<input type="hidden" name="(task|case)" value="(\w+)"', page)
    answer = browser.post("/notices/read", {"id": one[1], one[2]: one[3]})
    assert answer.location == f"/{one[2]}s/{one[3]}"
    browser.post("/notices/read")
    assert "notices__item--unread" not in browser.get("/notices").text


def test_the_palette_gets_lines_and_the_page_a_page(office, browse) -> None:
    case = office.complaint()
    number = case_view(office.engine, case, actor_of(office.people["root"])).number
    browser = browse("zhuguan")
    lines = browser.fragment(f"/search?q={number}")
    assert "<html" not in lines
    assert f'<a role="option" class="palette__row" href="/cases/{case}">' in lines
    assert f'href="/cases/{case}"' in browser.get(f"/search?q={number}").text


def test_without_incidents_the_administrator_is_told_that_all_is_well(browse) -> None:
    assert "目前一切正常" in browse("root").get("/incidents").text


@pytest.mark.parametrize(
    ("address", "status"),
    [
        pytest.param("/?page=99999999999999999999999", 200, id="a page far beyond"),
        pytest.param("/?page=-3&sort=%27&view=x&procedure=%00", 200, id="arguments that mean nothing"),
        pytest.param("/cases?status=zz&page=x", 200, id="a status that is none"),
        pytest.param("/timers?status=zz", 200, id="a tab that is none"),
        pytest.param("/registers/complaints?sort=-zz&f_zz=1&f_from=x", 200, id="filters that are none"),
        pytest.param("/cases/99999999999999999999", 404, id="a case's number beyond all"),
        pytest.param("/papers/99999999999999999999", 404, id="a paper's number beyond all"),
        pytest.param("/registers/complaints/rows/99999999999999999999", 404, id="a row's number beyond all"),
        pytest.param("/tasks/..%2f..%2fetc", 404, id="a path in place of a task"),
    ],
)
def test_what_nobody_would_ask_is_answered_calmly(office, browse, address: str, status: int) -> None:
    assert browse("zhuguan").get(address).status_code == status


def test_what_is_typed_is_text_and_nothing_else(office, browse) -> None:
    task = office.task(office.start("complaint-handling", "lina"), "receive")
    script = '"><script>alert(1)</script>'
    asked = browse("lina").post(f"/tasks/{task}/fields", {"content": script, "company": script}).text
    assert "<script>" not in asked
    assert "&lt;script&gt;" in asked
