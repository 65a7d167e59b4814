"""Clocks and moments in words."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from engine.domain.views import Clock
from web import moments

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 4, 14, 0, tzinfo=ZONE)  # a Wednesday
OFFICE_DAY = timedelta(hours=7.5)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


@pytest.mark.parametrize(
    ("due", "left", "words"),
    [
        pytest.param("2026-11-04 14:40", None, "剩 40 分", id="minutes"),
        pytest.param("2026-11-04 15:10", 70, "剩 1 时 10 分", id="hours that run now"),
        pytest.param("2026-11-04 13:20", -40, "超时 40 分", id="late"),
        pytest.param("2026-11-04 13:20", None, "超时 40 分", id="late by the clock alone"),
        pytest.param("2026-11-09 14:00", 3 * 450, "剩 3 个工作日", id="working days over a weekend"),
        pytest.param("2026-11-09 13:55", 3 * 450 - 5, "剩 3 个工作日", id="a little less than three days"),
        pytest.param("2026-11-04 21:00", 415, "剩 6 时 55 分", id="this evening is never a working day away"),
        pytest.param("2026-11-05 21:00", 1130, "剩 1 个工作日", id="tomorrow is never two working days away"),
        pytest.param("2026-11-02 14:00", -900, "超时 2 个工作日", id="late by working days"),
        pytest.param("2026-11-07 14:00", 3 * 1440, "剩 3 天", id="days of a calendar that never closes"),
    ],
)
def test_a_clock_is_read_in_words(due: str, left: int | None, words: str) -> None:
    clock = Clock(at(due), None if left is None else timedelta(minutes=left), "green")
    assert moments.clock_words(clock, NOW, ZONE, "zh", working_day=OFFICE_DAY).words == words


def test_a_clock_without_a_due_moment_says_so() -> None:
    said = moments.clock_words(Clock(None, None, "none"), NOW, ZONE, "zh", working_day=OFFICE_DAY)
    assert (said.words, said.before, said.ticks) == ("无时限", "", False)


@pytest.mark.parametrize(
    ("due", "left", "ticks"),
    [
        pytest.param("2026-11-04 15:10", 70, True, id="the office is open all the while"),
        pytest.param("2026-11-05 10:00", 330, False, id="a night lies between"),
    ],
)
def test_only_a_clock_that_runs_now_ticks_in_the_browser(due: str, left: int, ticks: bool) -> None:
    clock = Clock(at(due), timedelta(minutes=left), "amber")
    assert moments.clock_words(clock, NOW, ZONE, "zh", working_day=OFFICE_DAY).ticks is ticks


@pytest.mark.parametrize(
    ("moment", "zh"),
    [
        ("2026-11-04 17:40", "今天 17:40"),
        ("2026-11-05 09:05", "明天 09:05"),
        ("2026-11-03 10:02", "昨天 10:02"),
        ("2026-11-06 17:30", "周五 17:30"),
        ("2026-03-05 17:30", "3月5日 17:30"),
        ("2025-03-05 17:30", "2025年3月5日"),
    ],
)
def test_a_moment_is_said_as_people_say_it(moment: str, zh: str) -> None:
    assert moments.in_words(at(moment), NOW, ZONE, "zh") == zh


def test_an_exact_moment_names_the_weekday_and_the_year() -> None:
    assert moments.exact(at("2026-11-06 17:30"), ZONE, "zh") == "2026年11月6日 周五 17:30"
    assert moments.exact(at("2026-11-06 17:30"), ZONE, "en") == "Fri 6 Nov 2026, 17:30"
