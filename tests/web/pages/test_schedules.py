"""Procedures that start by themselves, on pages: when next, who may change it, what a case says of it."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from engine import Engine, list_schedules, procedures
from engine.domain.facts import SYSTEM
from engine.schedules import _begin
from engine.store.models import Case, Schedule
from tests.web.pages.test_clocks import text_of

ROSTER, ARCHIVE = "tenant-roster-distribution", "tenant-archive-filing"


def schedule(engine: Engine, node: str, site: str) -> Any:
    """The row of a start event at a site."""
    with engine.database.look() as session:
        return session.scalars(sa.select(Schedule).where(Schedule.node == node, Schedule.site == site)).one()


@pytest.fixture
def monthly(office) -> int:
    """The schedule of the monthly roster at the office."""
    return int(schedule(office.engine, "month_begins", office.site).id)


def test_a_procedure_says_that_it_starts_by_itself_and_when_next(office, browse, monthly) -> None:
    browser = browse("zhuguan")
    page = text_of(browser.get(f"/procedures/{ROSTER}").text)
    assert "每月第一个工作日 09:00" in page
    assert re.search(r"下次：\d{4}年\d+月\d+日 周. 09:00", page)
    assert "暂停" in page
    browser.speak("en")
    page = text_of(browser.get(f"/procedures/{ROSTER}").text)
    assert "every month on the first working day, at 09:00" in page
    assert re.search(r"Next: \w{3} \d+ \w{3} \d{4}, 09:00", page)


def test_the_page_of_timers_lists_what_starts_by_itself(office, browse) -> None:
    browser = browse("jigong")
    page = text_of(browser.get("/timers?status=starts").text)
    assert "入住用户名单整理分发" in page
    assert "每年 1 月第一个工作日 09:00" in page
    # Who does not lead the procedure reads, and changes nothing.
    assert "现在发起" not in page
    only = text_of(browser.get(f"/timers?status=starts&procedure={ROSTER}").text)
    assert "每年 1 月" not in only
    assert "没有自动发起的流程" in browser.get("/timers?status=starts&procedure=move-in").text


def test_its_owner_pauses_and_resumes_it_and_it_is_written_down(office, browse, monthly) -> None:
    browser, back = browse("zhuguan"), {"procedure": ROSTER}
    assert browse("mishu").post(f"/schedules/{monthly}/pause").status_code == 403
    answer = browser.post(f"/schedules/{monthly}/pause", back)
    assert (answer.status_code, answer.location) == (303, f"/procedures/{ROSTER}#schedules")
    page = text_of(browser.get(f"/procedures/{ROSTER}").text)
    assert "已暂停" in page
    assert "暂停 · 陈静" in page
    assert browser.post(f"/schedules/{monthly}/pause", back).status_code == 409
    assert browser.post(f"/schedules/{monthly}/resume", {}).location == "/timers?status=starts"
    page = text_of(browser.get(f"/procedures/{ROSTER}").text)
    assert "恢复 · 陈静" in page
    assert "下次：" in page
    assert browser.post("/schedules/999999/pause").status_code == 404


def test_its_owner_starts_it_now_and_the_case_says_so(office, browse, monthly) -> None:
    browser = browse("zhuguan")
    typed = {"procedure": ROSTER, "_request": "the-same"}
    answer = browser.post(f"/schedules/{monthly}/start", typed)
    assert answer.status_code == 303
    # A double click starts one case.
    assert browser.post(f"/schedules/{monthly}/start", typed).location == answer.location
    assert 'name="_request"' in browser.get(f"/procedures/{ROSTER}").text
    assert "陈静 提前发起了这个定时的案件" in text_of(browser.get(answer.location).text)
    browser.speak("en")
    assert "started this scheduled case ahead of time" in text_of(browser.get(answer.location).text)
    assert "Started ahead of time" in text_of(browser.get(f"/procedures/{ROSTER}").text)


def test_a_case_that_started_by_itself_says_so_and_what_was_missed(office, browse, monthly) -> None:
    engine = office.engine
    with engine.database.transaction() as session:
        row = session.get_one(Schedule, monthly)
        published = _published(engine, session)
        due = datetime.fromisoformat("2026-11-02T01:00:00+00:00")
        said = {
            "schedule": row.node,
            "due": due.isoformat(),
            "late": 60.0,
            "missed": [(due - timedelta(days=31)).isoformat()],
            "missed_count": 1,
        }
        case = _begin(engine, session, published, row, due, said, SYSTEM).id
    browser = browse("zhuguan")
    page = text_of(browser.get(f"/cases/{case}").text)
    assert "按排定的时间自动发起（2026年11月2日 周一 09:00）" in page
    assert "错过 1 次：2026年10月2日 周五 09:00" in page
    browser.speak("en")
    page = text_of(browser.get(f"/cases/{case}").text)
    assert "Started by itself, by the schedule (Mon 2 Nov 2026, 09:00)" in page
    with engine.database.look() as session:
        assert session.get_one(Case, case).started_by is None


def test_an_incident_is_shown_to_administrators_and_tried_again(office, browse, monthly) -> None:
    with office.engine.database.transaction() as session:
        session.execute(
            sa.update(Schedule)
            .where(Schedule.id == monthly)
            .values(status="incident", attempts=5, error="no such thing")
        )
    browser = browse("root")
    assert "no such thing" in browser.get("/incidents").text
    assert browser.post(f"/schedules/{monthly}/retry").status_code == 303
    assert "no such thing" not in browser.get("/incidents").text
    (line,) = [found for found in list_schedules(office.engine, SYSTEM) if found.id == monthly]
    assert line.status == "armed"


def test_a_closed_day_shows_the_starts_that_it_moves_before_it_is_saved(office, browse, monthly) -> None:
    due = schedule(office.engine, "month_begins", office.site).due_at
    day = due.astimezone(office.engine.zone_of(office.site)).date()
    calendar = office.engine.organisation.sites[office.site].calendar
    answer = browse("root").post(
        f"/calendars/{calendar}/{day.isoformat()}", {"what": "closed", "name": "停电检修"}
    )
    page = text_of(answer.text)
    assert "自动发起的时刻会挪动" in page
    assert "入住用户名单整理分发" in page


def _published(engine: Engine, session: Any) -> Any:
    return procedures.latest(engine, session, ROSTER)
