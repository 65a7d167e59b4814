"""Words of the calendar: every month on its last working day at 15:00."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.domain import recurring
from engine.domain.calendars import Period, WorkCalendar
from engine.domain.recurring import IF_CLOSED, NAMED_DAYS, WORDS, Recurrence, recurrence_of
from engine.errors import BoundReached

ZONE = ZoneInfo("Asia/Shanghai")
WEEKDAY = (Period(time(9), time(12)), Period(time(14), time(18)))
OFFICE = WorkCalendar("office", "办公", "Office", ZONE, (WEEKDAY,) * 5 + ((),) * 2, country="CN")
BERLIN = WorkCalendar("berlin", "柏林", "Berlin", ZoneInfo("Europe/Berlin"), (WEEKDAY,) * 7)
NEVER = WorkCalendar("never", "不开", "Never", ZONE, ((),) * 7)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE).astimezone(UTC)


@pytest.mark.parametrize(
    ("said", "after", "expected"),
    [
        ('every_day(at="09:00")', "2026-11-02 09:00", "2026-11-03 09:00"),
        ('every_day("09:00")', "2026-11-02 08:59", "2026-11-02 09:00"),
        # Saturday, 10 October 2026 is a make-up day.
        ('every_working_day(at="09:00")', "2026-10-09 09:00", "2026-10-10 09:00"),
        ('every_working_day(at="09:00")', "2026-09-30 09:00", "2026-10-08 09:00"),
        ('every_week("mon", at="09:00")', "2026-11-02 09:30", "2026-11-09 09:00"),
        ('every_week("thu", at="09:00", if_closed="next")', "2026-09-25 09:00", "2026-10-08 09:00"),
        ('every_week("thu", at="09:00", if_closed="before")', "2026-09-25 09:00", "2026-09-30 09:00"),
        ('every_week("thu", at="09:00", if_closed="skip")', "2026-09-25 09:00", "2026-10-08 09:00"),
        ('every_month(31, at="15:00")', "2026-11-02 09:30", "2026-11-30 15:00"),
        ('every_month(31, at="15:00")', "2027-01-31 15:00", "2027-02-28 15:00"),
        ('every_month("last day", at="15:00")', "2028-02-01 00:00", "2028-02-29 15:00"),
        ('every_month("first working day", at="09:00")', "2026-09-30 09:00", "2026-10-08 09:00"),
        ('every_month("last working day", at="15:00")', "2026-10-31 09:00", "2026-11-30 15:00"),
        ('every_month("last working day", at="15:00")', "2026-10-01 09:00", "2026-10-30 15:00"),
        ('every_month(1, at="09:00", if_closed="next")', "2026-09-30 09:00", "2026-10-08 09:00"),
        ('every_quarter(1, at="09:00")', "2026-11-02 09:30", "2027-01-01 09:00"),
        ('every_quarter("last working day", at="17:00")', "2026-11-02 09:30", "2026-12-31 17:00"),
        ('every_year(1, 15, at="09:00")', "2026-11-02 09:30", "2027-01-15 09:00"),
        ('every_year(2, "last day", at="09:00")', "2027-03-01 00:00", "2028-02-29 09:00"),
    ],
)
def test_the_next_moment(said: str, after: str, expected: str) -> None:
    found = recurrence_of(said)
    assert found is not None
    assert found.following(local(after), OFFICE) == local(expected)


clocks = st.builds(time, st.integers(0, 23), st.integers(0, 59))
days = st.one_of(st.integers(1, 31).map(str), st.sampled_from(NAMED_DAYS))
closed = st.sampled_from(["", *IF_CLOSED])
recurrences = st.one_of(
    st.builds(Recurrence, st.sampled_from(["every_day", "every_working_day"]), clocks),
    st.builds(Recurrence, st.just("every_week"), clocks, st.sampled_from(["mon", "wed"]), if_closed=closed),
    st.builds(
        Recurrence, st.just("every_week"), clocks, st.just("sat"), if_closed=st.sampled_from(["", "next"])
    ),
    st.builds(Recurrence, st.sampled_from(["every_month", "every_quarter"]), clocks, days, if_closed=closed),
    # A public holiday is closed every year: to leave that out is to do nothing, ever.
    st.builds(
        Recurrence,
        st.just("every_year"),
        clocks,
        days,
        st.integers(1, 12),
        st.sampled_from(["", "next", "before"]),
    ),
)
moments = st.integers(0, 4 * 365 * 24 * 60).map(
    lambda n: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=n)
)
calendars = st.sampled_from([OFFICE, BERLIN])


@given(recurrences, moments, calendars)
def test_it_comes_later_at_its_time_and_none_lies_between(
    found: Recurrence, after: datetime, calendar: WorkCalendar
) -> None:
    due = found.following(after, calendar)
    assert due > after
    assert due.tzinfo is UTC
    # Nothing was left out: whoever asks at any moment before gets the same.
    for share in (0.0, 0.3, 0.999):
        asked = after + (due - after) * share
        if asked < due:
            assert found.following(asked, calendar) == due
    assert found.following(due - timedelta(microseconds=1), calendar) == due


@given(recurrences, moments)
def test_it_shows_its_time_on_a_day_that_it_means(found: Recurrence, after: datetime) -> None:
    due = found.following(after, OFFICE).astimezone(ZONE)
    assert due.time() == found.clock
    day = due.date()
    if found.if_closed or "working" in found.word or "working" in found.day:
        assert OFFICE.is_working_day(day)
    if found.if_closed in ("next", "before"):
        return
    if found.day == "last day":
        assert (day + timedelta(days=1)).day == 1
    if found.day == "last working day":
        later = [day + timedelta(days=n) for n in range(1, 32)]
        assert not any(OFFICE.is_working_day(d) for d in later if d.month == day.month)
    if found.word == "every_year":
        assert day.month == found.month


@given(recurrences)
def test_what_is_written_is_read(found: Recurrence) -> None:
    day = f'"{found.day}", ' if not found.day.isdigit() else f"{found.day}, "
    month = f"{found.month}, " if found.month else ""
    shut = f', if_closed="{found.if_closed}"' if found.if_closed else ""
    said = f'{found.word}({month}{day if found.day else ""}at="{found.clock:%H:%M}"{shut})'
    assert recurrence_of(said) == found
    assert found.words("zh")
    assert found.words("en")


@pytest.mark.parametrize(
    "said",
    [
        'every_month(32, at="09:00")',
        'every_month("monday", at="09:00")',
        'every_month(True, at="09:00")',
        'every_week("monday", at="09:00")',
        'every_week(1, at="09:00")',
        'every_day(at="25:00")',
        'every_day(at="9:00")',
        "every_day(at=9)",
        "every_day()",
        'every_year(13, 1, at="09:00")',
        'every_month(1, at="09:00", if_closed="tomorrow")',
        'every_month(1, hour="09:00")',
    ],
)
def test_what_is_wrongly_said_is_refused_with_a_sentence(said: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        recurrence_of(said)


@pytest.mark.parametrize("said", ["every(", 'due_in("x")', "every_day(at=clock)", '"R/P1D"', "f(*x)"])
def test_anything_else_is_none(said: str) -> None:
    assert recurrence_of(said) is None


def test_what_never_comes_says_so() -> None:
    with pytest.raises(BoundReached):
        WORDS["every_working_day"]("09:00").following(local("2026-11-02 09:30"), NEVER)
    with pytest.raises(BoundReached):
        WORDS["every_month"]("last working day", "09:00").following(local("2026-11-02 09:30"), NEVER)


def test_in_words() -> None:
    def said(text: str, lang: str) -> str:
        found = recurrence_of(text)
        assert found is not None
        return found.words(lang)

    assert said('every_month(1, at="09:00", if_closed="next")', "zh") == (
        "每月 1 日 09:00，遇休息日顺延到下一个工作日"
    )
    assert said('every_month(1, at="09:00", if_closed="next")', "en") == (
        "every month on day 1, or the next working day, at 09:00"
    )
    assert said('every_week("mon", at="09:00")', "zh") == "每周一 09:00"
    assert said('every_year(1, 15, at="09:00")', "zh") == "每年 1 月 15 日 09:00"
    assert said('every_quarter("last working day", at="17:00")', "en") == (
        "every quarter on the last working day, at 17:00"
    )


def test_an_hour_that_never_shows_and_one_that_shows_twice() -> None:
    # In Berlin 02:30 is missing on 28 March 2027, and there are two on 31 October 2027.
    found = recurring.every_day("02:30")
    moment = datetime(2027, 3, 26, tzinfo=UTC)
    seen: list[date] = []
    for _ in range(5):
        moment = found.following(moment, BERLIN)
        seen.append(moment.date())
    assert seen == sorted(set(seen))
