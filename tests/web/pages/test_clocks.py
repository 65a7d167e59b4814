"""Clocks on pages: a case is paused and goes on, a deadline and a day change after one saw what they move."""

from __future__ import annotations

import re
from datetime import date, timedelta

from engine import actor_of, case_view, set_day


def text_of(page: str) -> str:
    """A page's words without its tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_a_case_is_paused_with_a_reason_and_goes_on(office, browse) -> None:
    case = office.complaint()
    browser = browse("lina")
    asked = browser.get(f"/cases/{case}?ask=pause").text
    assert "等客户答复" in asked
    answer = browser.post(f"/cases/{case}/pause", {"reason": "customer", "note": "等照片"})
    assert answer.status_code == 303
    page = text_of(browser.get(f"/cases/{case}").text)
    assert "停表中：等客户答复" in page
    assert "等照片" in page
    task = office.task(case, "investigate")
    assert "停表中：等客户答复" in text_of(browse("zhuguan").get(f"/tasks/{task}").text)
    assert browser.post(f"/cases/{case}/unpause").status_code == 303
    page = text_of(browser.get(f"/cases/{case}").text)
    assert "停表中" not in page
    assert "恢复计时" in page
    browser.speak("en")
    assert "When the clocks stood still" in browser.get(f"/cases/{case}").text


def test_a_pause_without_a_reason_asks_again_and_who_has_no_part_in_it_may_not(office, browse) -> None:
    case = office.complaint()
    browser = browse("lina")
    assert "ask=pause" in browser.post(f"/cases/{case}/pause", {}).location
    assert browse("caiwu").post(f"/cases/{case}/pause", {"reason": "customer"}).status_code == 403


def test_the_clocks_of_a_case_stand_on_its_page_and_its_tasks_with_exact_moments(office, browse) -> None:
    case = office.complaint()
    browser = browse("zhuguan")
    view = case_view(office.engine, case, actor_of(office.people["zhuguan"]))
    assert {clock.kind for clock in view.clocks} == {"response", "solution", "update"}
    for address in (f"/cases/{case}", f"/tasks/{office.task(case, 'investigate')}"):
        page = text_of(browser.get(address).text)
        assert "首次响应" in page
        assert re.search(r"\d{4}年\d+月\d+日 周. \d\d:\d\d · (提醒|通知|升级给)", page)


def test_a_deadline_shows_what_it_moves_and_is_saved_after_that(office, browse) -> None:
    office.complaint()
    browser = browse("root")
    typed = {"limit": "8 working hours", "reason": "试行", "open_too": "yes"}
    shown = browser.post("/deadlines/complaint.investigate", typed)
    assert shown.status_code == 200
    assert "保存前看清" in shown.text
    assert "8 个工作小时" not in text_of(browser.get("/deadlines/complaint.investigate").text)
    assert browser.post("/deadlines/complaint.investigate", {**typed, "confirm": "yes"}).status_code == 303
    page = text_of(browser.get("/deadlines/complaint.investigate").text)
    assert "8 个工作小时" in page
    assert "试行" in page
    back = {"back": "yes", "reason": "试行结束", "confirm": "yes", "open_too": "yes"}
    assert browser.post("/deadlines/complaint.investigate", back).status_code == 303
    assert "恢复文件里的" in text_of(browser.get("/deadlines/complaint.investigate").text)


def test_what_cannot_be_read_is_said_at_its_field_and_only_those_above_may(office, browse) -> None:
    browser = browse("root")
    for typed, said in (
        ({"limit": "soon", "reason": "x"}, "不是时限"),
        ({"limit": "1 hour", "ladder": "80% holder", "reason": "x"}, "阶梯看不懂"),
        ({"limit": "1 hour", "reason": " "}, "请写明原因"),
    ):
        answer = browser.post("/deadlines/complaint.investigate", typed)
        assert answer.status_code == 422
        assert said in answer.text
    typed = {"limit": "1 hour", "reason": "x", "confirm": "yes"}
    assert browse("lina").post("/deadlines/complaint.investigate", typed).status_code == 403


def test_a_day_shows_what_it_moves_and_is_closed_after_that(office, browse) -> None:
    office.complaint()
    browser = browse("root")
    engine = office.engine
    today = engine.now().astimezone(engine.zone_of(office.site)).date()
    office_hours = engine.calendars["office"]
    day = next(
        found for ahead in range(1, 30) if office_hours.is_working_day(found := today + timedelta(days=ahead))
    )
    address = f"/calendars/office/{day.isoformat()}"
    shown = browser.post(address, {"what": "closed", "name": "停电检修"})
    assert "保存前看清" in shown.text
    assert "新时刻" in shown.text
    assert engine.calendars["office"].is_working_day(day)
    assert browser.post(address, {"what": "open", "hours": "9-12"}).status_code == 422
    answer = browser.post(address, {"what": "closed", "name": "停电检修", "confirm": "yes"})
    assert answer.status_code == 303
    assert "停电检修" in browser.get(answer.location).text
    assert not engine.calendars["office"].is_working_day(day)
    assert browse("lina").post(address, {"what": "usual", "confirm": "yes"}).status_code == 403
    set_day(engine, "office", day, hours=None, by=actor_of(office.people["root"]))
    assert engine.calendars["office"].is_working_day(day)


def test_a_month_says_why_a_day_is_off_or_worked(office, browse) -> None:
    page = text_of(browse("lina").get("/calendars/office?month=2026-10").text)
    assert "国庆节" in page
    assert "调休上班" in page
    assert browse("lina").get("/calendars/moon").status_code == 404
    assert date(2026, 10, 10).weekday() == 5
