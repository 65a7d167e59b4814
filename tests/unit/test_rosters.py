"""What a pasted roster says, and what of it cannot be read."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.domain.rosters import read_roster, shift_on

ZONE = ZoneInfo("Asia/Shanghai")
WEEK = date(2026, 11, 2)


def read(text: str) -> list[tuple[str, str, str]]:
    planned, problems = read_roster(text, WEEK, ZONE)
    assert problems == []
    return [(one.who, f"{one.starts_at:%m-%d %H:%M}", f"{one.ends_at:%m-%d %H:%M}") for one in planned]


@pytest.mark.parametrize(
    ("text", "shifts"),
    [
        pytest.param(
            "姓名\t2026-11-02\t2026-11-03\n吴刚\t08:00-20:00\t休\n",
            [("吴刚", "11-02 08:00", "11-02 20:00")],
            id="a table with dates",
        ),
        pytest.param(
            "吴刚\t\t20:00-08:00", [("吴刚", "11-03 20:00", "11-04 08:00")], id="a night, without dates"
        ),
        pytest.param(
            "姓名,周三\n吴刚,全天", [("吴刚", "11-04 00:00", "11-05 00:00")], id="a day of the week"
        ),
        pytest.param(
            "吴刚\t11/05\t早 8:00~12:00", [("吴刚", "11-05 08:00", "11-05 12:00")], id="a line a shift"
        ),
        pytest.param(
            "吴刚\t08:00-12:00 13:00-17:00",
            [("吴刚", "11-02 08:00", "11-02 12:00"), ("吴刚", "11-02 13:00", "11-02 17:00")],
            id="two in a day",
        ),
        pytest.param("吴刚\t16:00-24:00", [("吴刚", "11-02 16:00", "11-03 00:00")], id="until midnight"),
    ],
)
def test_a_paste_is_read(text: str, shifts: list[tuple[str, str, str]]) -> None:
    assert read(text) == shifts


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param("吴刚\t早班", 1, id="a word"),
        pytest.param("吴刚\t08:00-20:00\n\t08:00-20:00", 2, id="no name"),
        pytest.param("吴刚\t25:00-26:00", 1, id="no time"),
        pytest.param("吴刚" + "\t08:00-09:00" * 9, 1, id="too many columns"),
        pytest.param("", 0, id="nothing"),
        pytest.param("吴刚\t休", 0, id="no shift"),
        pytest.param("x\n" * 501, 0, id="too much"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_line(text: str, line: int) -> None:
    _, problems = read_roster(text, WEEK, ZONE)
    assert line in [one.line for one in problems]
    assert all(one.said.zh and one.said.en for one in problems)


@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.times(), st.times())
def test_a_shift_lasts_a_day_at_most_and_never_nothing(day: date, since: time, until: time) -> None:
    begins, ends = shift_on(day, since, until, ZONE)
    assert timedelta() < ends - begins <= timedelta(days=1)
    assert begins.date() == day


@given(st.text(alphabet="吴\t,\n0123456789:-休全天 周一/", max_size=60))
def test_no_paste_does_harm(text: str) -> None:
    planned, problems = read_roster(text, WEEK, ZONE)
    assert planned or problems
    assert all(isinstance(one.starts_at, datetime) for one in planned)
