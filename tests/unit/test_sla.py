"""A limit is due when its calendar says, warns before, and climbs its ladder after."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.domain.sla import (
    Deadline,
    Limit,
    Rung,
    lateness,
    light,
    parse_deadlines,
    parse_limit,
    time_left,
)
from engine.domain.worktime import ALWAYS, Period, WorkCalendar
from engine.errors import Misconfigured

SHANGHAI = ZoneInfo("Asia/Shanghai")
WORKDAY = (Period(time(9), time(12)), Period(time(13, 30), time(18)))
OFFICE = WorkCalendar("office", "办公时间", "Office hours", SHANGHAI, (WORKDAY,) * 5 + ((), ()), "CN")
BERLIN = WorkCalendar("berlin", "柏林", "Berlin", ZoneInfo("Europe/Berlin"), (WORKDAY,) * 5 + ((), ()))


def at(text: str, zone: ZoneInfo = SHANGHAI) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("text", "limit", "zh", "en"),
    [
        ("30 minutes", Limit("minute", 30), "30 分钟", "30 minutes"),
        ("1 hour", Limit("hour", 1), "1 小时", "1 hour"),
        ("12  hours", Limit("hour", 12), "12 小时", "12 hours"),
        ("7 days", Limit("day", 7), "7 天", "7 days"),
        ("1 working hour", Limit("working hour", 1), "1 个工作小时", "1 working hour"),
        ("4 working hours", Limit("working hour", 4), "4 个工作小时", "4 working hours"),
        (" 3 working days ", Limit("working day", 3), "3 个工作日", "3 working days"),
        ("end of working day", Limit("end of working day"), "工作日结束前", "end of working day"),
        ("17:30", Limit("clock", clock=time(17, 30)), "工作日 17:30", "17:30 on a working day"),
    ],
)
def test_a_limit_reads_as_it_is_written(text: str, limit: Limit, zh: str, en: str) -> None:
    assert parse_limit(text) == limit
    assert (limit.words("zh"), limit.words("en")) == (zh, en)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "3",
        "days",
        "0 days",
        "-1 days",
        "1000 days",
        "1.5 hours",
        "3 Working Days",
        "3 weeks",
        "24:00",
        "5pm",
        "end of day",
        "3 working minutes",
        "三 days",
        "٣ days",
        "3 days + 1 hour",
    ],
)
def test_what_is_no_limit_is_refused_with_the_grammar(text: str) -> None:
    with pytest.raises(ValueError, match="is not a limit; write 30 minutes"):
        parse_limit(text)


@pytest.mark.parametrize(
    ("limit", "start", "due"),
    [
        ("30 minutes", "2026-11-06 17:45", "2026-11-06 18:15"),
        ("12 hours", "2026-11-06 17:45", "2026-11-07 05:45"),
        ("7 days", "2026-09-30 10:00", "2026-10-07 10:00"),
        ("4 working hours", "2026-09-30 16:00", "2026-10-08 11:00"),
        ("3 working days", "2026-09-30 16:00", "2026-10-10 16:00"),
        ("end of working day", "2026-09-30 16:00", "2026-09-30 18:00"),
        ("end of working day", "2026-10-01 16:00", "2026-10-08 18:00"),
        ("17:30", "2026-09-30 17:30", "2026-10-08 17:30"),
    ],
)
def test_a_limit_is_due_by_the_calendar(limit: str, start: str, due: str) -> None:
    assert parse_limit(limit).after(at(start), OFFICE) == at(due)


def test_days_end_at_the_same_clock_time_though_the_clocks_change_and_hours_do_not() -> None:
    start = at("2026-10-24 12:00", BERLIN.zone)
    assert parse_limit("1 day").after(start, BERLIN) == at("2026-10-25 12:00", BERLIN.zone)
    assert parse_limit("24 hours").after(start, BERLIN) == at("2026-10-25 11:00", BERLIN.zone)


# Ladders -----------------------------------------------------------------------------------

RESULT = {
    "zh": "责任部门给出处理结果",
    "en": "The responsible department gives its result",
    "limit": "3 working days",
    "source": "S1 四(三)2",
    "clause": "應在[X]個工作日內給出處理結果",
    "basis": "blank",
    "calendar": "",
    "ladder": [
        {"when": "80%", "remind": "holder"},
        {"when": "+1 working day", "escalate": "cs_manager"},
        {"when": "100%", "remind": "holder"},
        {"when": "+2 working hours", "escalate": "cs_supervisor"},
    ],
}


def deadline(**change: object) -> Deadline:
    return parse_deadlines({"complaint.result": RESULT | change})["complaint.result"]


def ladder_of(found: Deadline, start: str) -> list[tuple[datetime, str]]:
    due = found.due(at(start), OFFICE)
    return [(when, rung.to) for when, rung in found.rungs_at(at(start), due, OFFICE)]


def test_a_ladder_climbs_in_working_time_earliest_first() -> None:
    # Three days of 7.5 hours; four fifths of them are 18 hours.
    assert ladder_of(deadline(), "2026-11-05 09:00") == [
        (at("2026-11-09 12:00"), "holder"),
        (at("2026-11-10 09:00"), "holder"),
        (at("2026-11-10 11:00"), "cs_supervisor"),
        (at("2026-11-11 09:00"), "cs_manager"),
    ]


def test_a_ladder_of_calendar_time_climbs_around_the_clock() -> None:
    found = deadline(limit="10 hours", ladder=[{"when": "50%", "remind": "starter"}])
    assert ladder_of(found, "2026-11-06 17:00") == [(at("2026-11-06 22:00"), "starter")]


def test_a_share_of_a_time_that_is_all_closed_is_a_share_of_the_wait() -> None:
    found = deadline(limit="20:00", ladder=[{"when": "50%", "remind": "holder"}])
    assert ladder_of(found, "2026-11-06 18:00") == [(at("2026-11-06 19:00"), "holder")]


def test_a_due_moment_before_the_start_reminds_at_that_moment() -> None:
    start, due = at("2026-11-06 10:00"), at("2026-11-05 10:00")
    assert deadline().rungs_at(start, due, OFFICE)[0] == (due, Rung(0.8, "remind", "holder"))


@given(
    st.sampled_from(["45 minutes", "9 hours", "7 days", "5 working hours", "4 working days", "20:00"]),
    st.integers(0, 300 * 24 * 60),
    st.lists(st.integers(1, 100), min_size=1),
)
def test_shares_fall_between_start_and_due_in_their_order(
    limit: str, minutes: int, shares: list[int]
) -> None:
    start = at("2026-02-01 00:00") + timedelta(minutes=minutes)
    found = deadline(limit=limit, ladder=[{"when": f"{share}%", "remind": "holder"} for share in shares])
    due = found.due(start, OFFICE)
    timed = found.rungs_at(start, due, OFFICE)
    assert [rung.when for _, rung in timed] == sorted(share / 100 for share in shares)
    assert all(start <= when <= due for when, _ in timed)
    assert timed[-1][0] == due or max(shares) < 100


# The state of a clock ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "shown"),
    [
        ("2026-11-05 09:00", "green"),
        ("2026-11-09 11:59", "green"),
        pytest.param("2026-11-09 12:00", "amber", id="18 of 22.5 hours have passed"),
        ("2026-11-10 09:00", "amber"),
        ("2026-11-10 09:01", "red"),
    ],
)
def test_the_light_turns_amber_in_the_last_fifth_and_red_when_late(now: str, shown: str) -> None:
    start = at("2026-11-05 09:00")
    due = deadline().due(start, OFFICE)
    assert due == at("2026-11-10 09:00")
    assert light(at(now), start, due, OFFICE) == shown


def test_the_light_is_amber_in_the_last_working_hour_of_a_short_limit() -> None:
    start, due = at("2026-11-06 16:00"), at("2026-11-06 18:00")
    assert light(at("2026-11-06 16:59"), start, due, OFFICE) == "green"
    assert light(at("2026-11-06 17:00"), start, due, OFFICE) == "amber"


def test_without_a_due_moment_there_is_no_light() -> None:
    assert light(at("2026-11-06 16:00"), at("2026-11-06 16:00"), None, OFFICE) == "none"


def test_it_is_red_on_the_weekend_though_no_working_time_has_passed() -> None:
    start, due, now = at("2026-11-06 09:00"), at("2026-11-06 18:00"), at("2026-11-07 10:00")
    assert light(now, start, due, OFFICE) == "red"
    assert lateness(now, due, OFFICE) == timedelta()


def test_a_limit_of_calendar_time_is_shown_around_the_clock() -> None:
    found = deadline(limit="7 days")
    start = at("2026-09-30 10:00")
    due, now = found.due(start, OFFICE), at("2026-10-03 10:00")
    assert found.light(now, start, due, OFFICE) == "green"
    assert found.time_left(now, due, OFFICE) == timedelta(days=4)


def test_time_left_and_lateness_are_working_time() -> None:
    due = at("2026-11-06 17:00")
    assert time_left(at("2026-11-06 11:00"), due, OFFICE) == timedelta(hours=4.5)
    assert time_left(at("2026-11-09 10:00"), due, OFFICE) == timedelta(hours=-2)
    assert lateness(at("2026-11-09 10:00"), due, OFFICE) == timedelta(hours=2)
    assert lateness(at("2026-11-06 11:00"), due, OFFICE) == timedelta()
    assert lateness(at("2026-11-07 17:00"), due, ALWAYS) == timedelta(days=1)


# Reading -----------------------------------------------------------------------------------


def test_a_deadline_keeps_its_source_and_says_whose_figure_it_is() -> None:
    found = deadline()
    assert (found.name, found.limit, found.source) == (
        "complaint.result",
        Limit("working day", 3),
        "S1 四(三)2",
    )
    assert (found.basis, found.calendar) == ("blank", "")
    assert found.ladder[1] == Rung(Limit("working day", 1), "escalate", "cs_manager")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"zh": " "}, "zh: must not be blank"),
        ({"limit": "3 wks"}, "limit: '3 wks' is not a limit"),
        ({"limit": 3}, "limit: must be a text"),
        ({"basis": "guess"}, "basis: must be given or blank"),
        ({"limits": "3 days"}, "limits: is not known"),
        ({"calendar": "moon"}, "calendar: 'moon' is not in calendars.toml"),
        ({"ladder": "80%"}, "ladder: must be a list"),
        ({"ladder": ["80%"]}, "ladder 1: must be like"),
        ({"ladder": [{"when": "80%"}]}, "ladder 1: must have `when` and one of"),
        ({"ladder": [{"when": "80%", "remind": "holder", "escalate": "holder"}]}, "ladder 1: must have"),
        ({"ladder": [{"remind": "holder"}]}, "ladder 1: must have"),
        ({"ladder": [{"when": "1200%", "remind": "holder"}]}, "ladder 1, when: '1200%' is neither"),
        ({"ladder": [{"when": "2 hours", "remind": "holder"}]}, "ladder 1, when: '2 hours' is neither"),
        ({"ladder": [{"when": "+2 moons", "remind": "holder"}]}, "ladder 1, when: '2 moons' is not a limit"),
        ({"ladder": [{"when": "80%", "escalate": "king"}]}, "ladder.escalate: 'king' is neither holder"),
    ],
)
def test_a_wrong_deadline_is_refused_by_name_and_key(change: dict[str, object], said: str) -> None:
    with pytest.raises(Misconfigured, match=rf"\[complaint\.result\], {said}"):
        parse_deadlines(
            {"complaint.result": RESULT | change},
            roles={"cs_supervisor", "cs_manager"},
            calendars={"office"},
        )
