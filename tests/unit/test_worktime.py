"""Working time passes only while the calendar is open."""

from __future__ import annotations

import time as stopwatch
import tomllib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.domain.calendars import parse_hours
from engine.domain.rules import after_pauses
from engine.domain.worktime import (
    ALWAYS,
    HORIZON,
    Period,
    WorkCalendar,
    add_working_days,
    add_working_time,
    end_of_working_day,
    next_at,
    parse_calendars,
    working_time_between,
)
from engine.errors import BoundReached, Misconfigured

CALENDARS = parse_calendars(
    tomllib.loads((Path(__file__).parents[2] / "bpmn" / "calendars.toml").read_text("utf-8"))
)
OFFICE, COMPLAINT, SHIFT = CALENDARS["office"], CALENDARS["complaint"], CALENDARS["shift-7x24"]
NIGHT = (Period(time(22), time(6)),)
BERLIN_NIGHTS = WorkCalendar("nights", "夜班", "Nights", ZoneInfo("Europe/Berlin"), (NIGHT,) * 7, "DE")
NEW_YORK = WorkCalendar(
    "ny",
    "纽约",
    "New York",
    ZoneInfo("America/New_York"),
    ((Period(time(0), time(2, 30)), Period(time(3), time(12)), Period(time(20), time(0))),) * 5 + ((), ()),
    "US",
)
#: Makes a make-up Sunday open on Saturday night's heels, which the week alone does not foresee.
NEXT_TO_NIGHT = replace(OFFICE, id="heels", week=((Period(time(0), time(12)),), (), (), (), (), NIGHT, ()))
EVERY = [OFFICE, COMPLAINT, SHIFT, BERLIN_NIGHTS, NEW_YORK, NEXT_TO_NIGHT]

every_calendar = pytest.mark.parametrize("calendar", EVERY, ids=lambda calendar: calendar.id)
moments = st.integers(0, 450 * 24 * 60).map(
    lambda minutes: datetime(2025, 12, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)
amounts = st.timedeltas(timedelta(), timedelta(days=12))


def at(text: str, zone: str = "Asia/Shanghai") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


@pytest.mark.parametrize(
    ("day", "works"),
    [
        pytest.param("2026-09-20", True, id="Sunday made up before National Day"),
        pytest.param("2026-09-25", False, id="Mid-Autumn Festival, a Friday"),
        pytest.param("2026-09-30", True, id="the eve"),
        pytest.param("2026-10-01", False, id="National Day"),
        pytest.param("2026-10-07", False, id="last day of the week off"),
        pytest.param("2026-10-08", True, id="first day back"),
        pytest.param("2026-10-10", True, id="Saturday made up after it"),
        pytest.param("2026-10-11", False, id="an ordinary Sunday"),
        pytest.param("2026-02-14", True, id="Saturday made up before Spring Festival"),
        pytest.param("2025-10-11", True, id="Saturday made up the year before"),
        pytest.param("2027-01-01", False, id="New Year's Day of a year not yet arranged"),
    ],
)
def test_the_office_keeps_chinese_holidays_and_makeup_days(day: str, works: bool) -> None:
    assert OFFICE.is_working_day(date.fromisoformat(day)) is works


def test_a_makeup_day_has_the_hours_of_monday() -> None:
    assert OFFICE.periods_on(date(2026, 10, 10)) == (
        (at("2026-10-10 09:00"), at("2026-10-10 12:00")),
        (at("2026-10-10 13:30"), at("2026-10-10 18:00")),
    )


def test_closures_and_openings_win_over_holidays_and_the_week() -> None:
    day, sunday, holiday = date(2026, 12, 24), date(2026, 12, 27), date(2026, 10, 1)
    closures, openings = frozenset({day, date(2026, 10, 10)}), frozenset({sunday, holiday})
    calendar = replace(OFFICE, closures=closures, openings=openings)
    assert not any(calendar.is_working_day(closed) for closed in closures)
    assert all(calendar.is_working_day(opened) for opened in openings)


def test_complaints_are_taken_every_day_holidays_too() -> None:
    assert COMPLAINT.periods_on(date(2026, 10, 1)) == ((at("2026-10-01 09:00"), at("2026-10-01 21:00")),)


@pytest.mark.parametrize(
    ("start", "hours", "due"),
    [
        pytest.param("2026-11-06 09:00", 3, "2026-11-06 12:00", id="ends with the morning, not after lunch"),
        pytest.param("2026-11-06 11:00", 2, "2026-11-06 14:30", id="over lunch"),
        pytest.param("2026-11-06 12:45", 1, "2026-11-06 14:30", id="from within lunch"),
        pytest.param("2026-11-06 07:00", 1, "2026-11-06 10:00", id="before opening"),
        pytest.param("2026-11-06 17:00", 2, "2026-11-09 10:00", id="over the weekend"),
        pytest.param("2026-11-06 18:00", 1, "2026-11-09 10:00", id="from the closing"),
        pytest.param("2026-11-07 10:00", 7.5, "2026-11-09 18:00", id="from Saturday, a whole day"),
        pytest.param("2026-09-30 17:00", 2, "2026-10-08 10:00", id="over the National Day week"),
        pytest.param("2026-10-09 17:00", 2, "2026-10-10 10:00", id="into a Saturday made up"),
        pytest.param("2026-11-08 03:00", 0, "2026-11-08 03:00", id="nothing takes no time"),
    ],
)
def test_working_hours_pass_only_while_the_office_is_open(start: str, hours: float, due: str) -> None:
    amount = timedelta(hours=hours)
    assert add_working_time(at(start), amount, OFFICE) == at(due)
    assert working_time_between(at(start), at(due), OFFICE) == amount
    assert working_time_between(at(due), at(start), OFFICE) == -amount


@pytest.mark.parametrize(
    ("start", "days", "due"),
    [
        pytest.param("2026-11-02 10:15", 3, "2026-11-05 10:15", id="within a week"),
        pytest.param("2026-11-05 10:15", 3, "2026-11-10 10:15", id="over the weekend"),
        pytest.param("2026-09-30 16:00", 3, "2026-10-10 16:00", id="over National Day, into a made-up day"),
        pytest.param("2026-10-03 16:00", 1, "2026-10-09 09:00", id="from a holiday: as if after it"),
        pytest.param("2026-11-06 20:00", 1, "2026-11-10 09:00", id="from Friday night"),
        pytest.param("2026-11-06 18:00", 1, "2026-11-09 18:00", id="from the closing"),
        pytest.param("2026-11-06 12:30", 1, "2026-11-09 13:30", id="from lunch"),
        pytest.param("2026-11-07 12:30", 0, "2026-11-09 09:00", id="none from Saturday: Monday morning"),
    ],
)
def test_working_days_end_at_the_same_clock_time(start: str, days: int, due: str) -> None:
    assert add_working_days(at(start), days, OFFICE) == at(due)


@pytest.mark.parametrize(
    ("start", "due"),
    [
        pytest.param("2026-11-06 16:00", "2026-11-07 12:00", id="after the short day's closing: its closing"),
        pytest.param("2026-11-06 09:00", "2026-11-07 10:00", id="before its opening: its opening"),
        pytest.param("2026-11-06 11:00", "2026-11-07 11:00", id="while it is open: the same time"),
    ],
)
def test_a_working_day_that_ends_on_a_shorter_day_ends_while_it_is_open(start: str, due: str) -> None:
    saturday = (Period(time(10), time(12)),)
    calendar = replace(OFFICE, week=(*OFFICE.week[:5], saturday, ()))
    assert add_working_days(at(start), 1, calendar) == at(due)


def half_past_five(start: datetime, calendar: WorkCalendar) -> datetime:
    return next_at(start, time(17, 30), calendar)


def eight_in_the_evening(start: datetime, calendar: WorkCalendar) -> datetime:
    return next_at(start, time(20), calendar)


@pytest.mark.parametrize(
    ("rule", "start", "due"),
    [
        (end_of_working_day, "2026-11-06 07:00", "2026-11-06 18:00"),
        (end_of_working_day, "2026-11-06 12:30", "2026-11-06 18:00"),
        (end_of_working_day, "2026-11-06 17:59", "2026-11-06 18:00"),
        (end_of_working_day, "2026-11-06 18:00", "2026-11-09 18:00"),
        (end_of_working_day, "2026-10-01 10:00", "2026-10-08 18:00"),
        (
            half_past_five,
            "2026-11-06 17:29",
            "2026-11-06 17:30",
        ),
        (
            half_past_five,
            "2026-11-06 17:30",
            "2026-11-09 17:30",
        ),
        (eight_in_the_evening, "2026-10-09 20:30", "2026-10-10 20:00"),
    ],
)
def test_points_of_the_day_are_those_of_a_working_day(
    rule: Callable[[datetime, WorkCalendar], datetime], start: str, due: str
) -> None:
    assert rule(at(start), OFFICE) == at(due)


@pytest.mark.parametrize(
    ("start", "hours", "due"),
    [
        pytest.param("2026-03-28 22:00", 7, "2026-03-29 06:00", id="the night of spring has seven hours"),
        pytest.param("2026-10-24 22:00", 9, "2026-10-25 06:00", id="the night of autumn has nine"),
        pytest.param("2026-11-06 22:00", 8, "2026-11-07 06:00", id="any other has eight"),
        pytest.param("2026-11-06 12:00", 9, "2026-11-07 23:00", id="the ninth hour is the next night's"),
    ],
)
def test_a_night_shift_counts_the_hours_that_really_pass(start: str, hours: int, due: str) -> None:
    start_at, due_at = at(start, "Europe/Berlin"), at(due, "Europe/Berlin")
    assert add_working_time(start_at, timedelta(hours=hours), BERLIN_NIGHTS) == due_at


def test_a_night_shift_belongs_to_the_day_it_starts_on() -> None:
    deep_night = at("2026-11-07 02:00", "Europe/Berlin")
    assert end_of_working_day(deep_night, BERLIN_NIGHTS) == at("2026-11-07 06:00", "Europe/Berlin")
    assert add_working_days(deep_night, 1, BERLIN_NIGHTS) == at("2026-11-08 02:00", "Europe/Berlin")


@every_calendar
@given(start=moments, later=amounts, amount=amounts)
def test_a_later_start_is_never_due_earlier(
    calendar: WorkCalendar, start: datetime, later: timedelta, amount: timedelta
) -> None:
    assert add_working_time(start, amount, calendar) <= add_working_time(start + later, amount, calendar)
    assert add_working_time(start, amount, calendar) <= add_working_time(start, amount + later, calendar)
    for rule in (end_of_working_day, half_past_five):
        assert start <= rule(start, calendar) <= rule(start + later, calendar)


# Only where clocks never change: in the hour that comes twice, 02:10 may be later than 02:50.
@pytest.mark.parametrize(
    "calendar", [OFFICE, COMPLAINT, SHIFT, NEXT_TO_NIGHT], ids=lambda calendar: calendar.id
)
@given(start=moments, later=amounts, days=st.integers(0, 10))
def test_working_days_from_a_later_start_never_end_earlier(
    calendar: WorkCalendar, start: datetime, later: timedelta, days: int
) -> None:
    due = add_working_days(start, days, calendar)
    assert start <= due <= add_working_days(start + later, days, calendar)
    assert due <= add_working_days(start, days + 1, calendar)


@every_calendar
@given(start=moments, first=amounts, second=amounts)
def test_working_time_can_be_added_in_parts(
    calendar: WorkCalendar, start: datetime, first: timedelta, second: timedelta
) -> None:
    halfway = add_working_time(start, first, calendar)
    assert add_working_time(halfway, second, calendar) == add_working_time(start, first + second, calendar)


@every_calendar
@given(start=moments, amount=amounts)
def test_what_was_added_is_found_between(calendar: WorkCalendar, start: datetime, amount: timedelta) -> None:
    due = add_working_time(start, amount, calendar)
    assert working_time_between(start, due, calendar) == amount
    assert working_time_between(due, start, calendar) == -amount


@every_calendar
@given(start=moments, middle=moments, end=moments)
def test_time_between_adds_up_by_any_way(
    calendar: WorkCalendar, start: datetime, middle: datetime, end: datetime
) -> None:
    by_the_middle = working_time_between(start, middle, calendar) + working_time_between(
        middle, end, calendar
    )
    assert by_the_middle == working_time_between(start, end, calendar)


@every_calendar
@given(start=moments, days=st.integers(0, 900), more=amounts)
def test_time_between_is_all_that_the_days_have_of_it(
    calendar: WorkCalendar, start: datetime, days: int, more: timedelta
) -> None:
    end = start + timedelta(days=days) + more
    first = calendar.wall(start).date() - timedelta(days=1)
    periods = (
        period for day in range(days + 16) for period in calendar.periods_on(first + timedelta(days=day))
    )
    cut = (max(timedelta(), min(closes, end) - max(opens, start)) for opens, closes in periods)
    assert working_time_between(start, end, calendar) == sum(cut, timedelta())


@every_calendar
@given(day=st.dates(date(2025, 1, 1), date(2028, 1, 1)))
def test_periods_follow_one_another_within_and_across_days(calendar: WorkCalendar, day: date) -> None:
    ends = [
        moment
        for d in (day, day + timedelta(days=1))
        for period in calendar.periods_on(d)
        for moment in period
    ]
    assert ends == sorted(ends)


@given(start=moments, first=st.integers(0, 40), second=st.integers(0, 40))
def test_working_days_of_an_office_can_be_added_in_parts(start: datetime, first: int, second: int) -> None:
    halfway = add_working_days(start, first, OFFICE)
    assert add_working_days(halfway, second, OFFICE) == add_working_days(start, first + second, OFFICE)


@given(start=moments, end=moments)
def test_around_the_clock_all_time_is_working_time(start: datetime, end: datetime) -> None:
    assert working_time_between(start, end, SHIFT) == end - start == working_time_between(start, end, ALWAYS)


def test_the_zone_of_a_moment_does_not_matter() -> None:
    here, there = at("2026-11-06 16:00"), at("2026-11-06 16:00").astimezone(ZoneInfo("America/New_York"))
    assert add_working_time(here, timedelta(hours=9), OFFICE) == add_working_time(
        there, timedelta(hours=9), OFFICE
    )


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        add_working_time(datetime(2026, 11, 6), timedelta(hours=1), OFFICE)  # noqa: DTZ001 - the point of it


def test_what_is_negative_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        add_working_time(at("2026-11-06 09:00"), timedelta(hours=-1), OFFICE)
    with pytest.raises(ValueError, match="negative"):
        add_working_days(at("2026-11-06 09:00"), -1, OFFICE)


@pytest.mark.parametrize("start", ["2026-11-06 09:00", "2199-12-31 09:00", "9999-12-31 23:00"])
def test_no_walk_goes_on_without_end(start: str) -> None:
    never = replace(OFFICE, week=((),) * 7)
    for walk in (
        lambda: add_working_time(at(start), timedelta(hours=1), never),
        lambda: add_working_time(at(start), timedelta(days=40_000), OFFICE),
        lambda: add_working_days(at(start), 1, never),
        lambda: add_working_days(at(start), 100_000, OFFICE),
        lambda: end_of_working_day(at(start), never),
        lambda: next_at(at(start), time(12), never),
    ):
        with pytest.raises(BoundReached, match="does not reach"):
            walk()


def test_a_due_moment_centuries_away_is_counted_up_to_the_horizon() -> None:
    counted = working_time_between(at("2026-11-06 09:00"), at("9999-12-31 23:00"), ALWAYS)
    assert counted == HORIZON


def test_a_hundred_working_days_are_reckoned_at_once() -> None:
    fresh = replace(OFFICE)
    begun = stopwatch.perf_counter()
    add_working_days(at("2026-01-05 09:00"), 100, fresh)
    first = stopwatch.perf_counter() - begun
    begun = stopwatch.perf_counter()
    for _ in range(100):
        working_time_between(at("2026-01-05 09:00"), at("2026-03-05 09:00"), fresh)
    # Generous for a busy machine; without the memory of days each takes fifty times as long.
    assert first < 0.5
    assert stopwatch.perf_counter() - begun < 0.5


# Reading -----------------------------------------------------------------------------------

WEEK = {"mon": ["09:00-12:00", "13:30-18:00"]}
GOOD = {"zh": "办公", "en": "Office", "timezone": "Asia/Shanghai", "holidays": "CN", "week": WEEK}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"zh": ""}, "zh: must not be blank"),
        ({"en": 3}, "en: must be a text"),
        ({"colour": "red"}, "colour: is not known"),
        ({"timezone": "Asia/Peking"}, "timezone: 'Asia/Peking' is not a time zone"),
        ({"timezone": "../../etc/passwd"}, "timezone: .* is not a time zone"),
        ({"holidays": "XX"}, "holidays: 'XX' is not a country"),
        ({"week": None}, "week: must be a table"),
        ({"week": {}}, "week: no day has hours"),
        ({"week": {"mon": []}, "openings": ["2026-12-27"]}, "week: no day has hours"),
        ({"week": {"monday": ["09:00-12:00"]}}, "week.monday: is not a day of the week"),
        ({"week": {"mon": "09:00-12:00"}}, "week.mon: must be a list of hours"),
        ({"week": {"mon": ["9:00-12:00"]}}, "week.mon: '9:00-12:00' is not a period"),
        ({"week": {"mon": ["09:00-25:00"]}}, "week.mon: '09:00-25:00' is not a period"),
        ({"week": {"mon": ["09:00-09:00"]}}, "week.mon: '09:00-09:00' has no length"),
        ({"week": {"mon": ["09:00-12:00", "11:00-13:00"]}}, "week.mon: the hours must follow"),
        ({"week": {"mon": ["22:00-06:00", "23:00-24:00"]}}, "week.mon: the hours must follow"),
        (
            {"week": {"mon": ["05:00-06:00"], "sun": ["22:00-05:30"]}},
            "week.mon: starts before the night",
        ),
        ({"closures": "2026-12-24"}, "closures: must be a list"),
        ({"closures": ["2026-13-24"]}, "closures: '2026-13-24' is not a day"),
        ({"openings": [20261224]}, "openings: 20261224 is not a day"),
        (
            {"closures": ["2026-12-24"], "openings": ["2026-12-24"]},
            "openings: 2026-12-24 stands among",
        ),
    ],
)
def test_a_wrong_calendar_is_refused_by_name_and_key(change: dict[str, object], said: str) -> None:
    with pytest.raises(Misconfigured, match=rf"\[desk\], {said}"):
        parse_calendars({"desk": GOOD | change})


def test_a_day_may_be_written_as_text_or_as_a_date_of_toml() -> None:
    calendar = parse_calendars({"desk": GOOD | {"closures": ["2026-12-24", date(2026, 12, 28)]}})["desk"]
    assert calendar.closures == {date(2026, 12, 24), date(2026, 12, 28)}


# Pauses ------------------------------------------------------------------------------------


@every_calendar
@given(start=moments, promised=amounts, before=amounts, length=amounts)
def test_a_pause_moves_a_moment_by_what_passed_in_it(
    calendar: WorkCalendar, start: datetime, promised: timedelta, before: timedelta, length: timedelta
) -> None:
    due, since = add_working_time(start, promised, calendar), start + before
    until = since + length
    moved = after_pauses(due, start, [(since, until)], calendar)
    passed = working_time_between(since, until, calendar)
    if due < since:
        assert moved == due
    else:
        assert working_time_between(due, moved, calendar) == passed
        # What was left when it began is left when it ends.
        assert working_time_between(until, moved, calendar) == working_time_between(since, due, calendar)


@every_calendar
@given(start=moments, promised=amounts, before=amounts, first=amounts, second=amounts)
def test_two_pauses_side_by_side_are_one(
    calendar: WorkCalendar,
    start: datetime,
    promised: timedelta,
    before: timedelta,
    first: timedelta,
    second: timedelta,
) -> None:
    due, since = add_working_time(start, promised, calendar), start + before
    middle, until = since + first, since + first + second
    once = after_pauses(due, start, [(since, until)], calendar)
    twice = after_pauses(due, start, [(since, middle), (middle, until)], calendar)
    assert working_time_between(start, once, calendar) == working_time_between(start, twice, calendar)


def test_two_pauses_that_meet_while_the_office_is_closed_are_one() -> None:
    # Due at the very beginning of the first, which brings it to the end of the day: the second moves it on.
    since, middle, until = (at(f"2026-11-02 {clock}") for clock in ("10:00", "20:00", "22:00"))
    until += timedelta(days=1)
    once = after_pauses(since, since, [(since, until)], OFFICE)
    assert after_pauses(since, since, [(since, middle), (middle, until)], OFFICE) == once


@every_calendar
@given(start=moments, first=amounts, more=amounts, before=amounts, length=amounts)
def test_a_later_promise_stays_later_whatever_the_pause(
    calendar: WorkCalendar,
    start: datetime,
    first: timedelta,
    more: timedelta,
    before: timedelta,
    length: timedelta,
) -> None:
    pause = [(start + before, start + before + length)]
    earlier = add_working_time(start, first, calendar)
    later = add_working_time(start, first + more, calendar)
    assert after_pauses(earlier, start, pause, calendar) <= after_pauses(later, start, pause, calendar)


def test_a_day_with_hours_of_its_own_goes_before_holidays_and_the_week() -> None:
    day = date(2026, 10, 1)
    changed = OFFICE.with_days({day: parse_hours(["10:00-11:00", "18:00-24:00"])})
    assert working_time_between(at("2026-10-01 00:00"), at("2026-10-02 00:00"), changed) == timedelta(hours=7)
    assert changed.kind_of(day) == "special"
    assert OFFICE.kind_of(day) == "holiday"
    assert OFFICE.kind_of(date(2026, 10, 10)) == "makeup"
    assert changed.with_days({}) == OFFICE
