"""Count time while a calendar is open: working hours and working days, forwards and between moments.

Every moment that goes in must be aware; every moment that comes out is UTC, because Python compares
and subtracts two moments of one zone by their clocks, which is wrong when the clocks change.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import islice

from engine.domain.calendars import (
    ALWAYS,
    LAST,
    Opening,
    Period,
    WorkCalendar,
    always,
    as_utc,
    parse_calendars,
)
from engine.errors import BoundReached

__all__ = [
    "ALWAYS",
    "HORIZON",
    "Period",
    "WorkCalendar",
    "add_working_days",
    "add_working_time",
    "always",
    "end_of_working_day",
    "next_at",
    "parse_calendars",
    "working_time_between",
]

#: How far ahead is searched and counted: a wrong limit must not walk through centuries.
HORIZON = timedelta(days=20 * 366)

_DAY = timedelta(days=1)


def add_working_time(start: datetime, amount: timedelta, calendar: WorkCalendar) -> datetime:
    """Give the moment (UTC) at which ``amount`` of open time has passed since ``start``.

    An amount that ends with a period ends at its closing, not at the next opening; none gives
    ``start``. Raises ValueError for a negative amount, :class:`BoundReached` beyond the horizon.
    """
    if amount < timedelta():
        raise ValueError("the working time to add must not be negative")
    moment = as_utc(start)
    if not amount:
        return moment
    for _, opens, closes in _openings_after(moment, calendar):
        begin = max(opens, moment)
        if amount <= closes - begin:
            return begin + amount
        amount -= closes - begin
    raise _too_far(calendar)


def working_time_between(start: datetime, end: datetime, calendar: WorkCalendar) -> timedelta:
    """Give the open time from ``start`` to ``end``; negative when ``end`` is before ``start``.

    It counts at most :data:`HORIZON` of calendar time.
    """
    first, last = as_utc(start), as_utc(end)
    if last < first:
        return -_between(last, first, calendar)
    return _between(first, last, calendar)


def _between(first: datetime, last: datetime, calendar: WorkCalendar) -> timedelta:
    begun, before = calendar.open_until(first)
    ended, until = calendar.open_until(min(last, first + HORIZON))
    return calendar.open_in_years(begun, ended) + until - before


def add_working_days(start: datetime, days: int, calendar: WorkCalendar) -> datetime:
    """Give the moment (UTC) at the same clock time, ``days`` working days on.

    A start while closed counts as the next opening: what arrives on Saturday arrived on Monday
    morning. Where the day reached is closed at that clock time, the closing before it counts, or
    its first opening. Raises ValueError for negative days, :class:`BoundReached` beyond the horizon.
    """
    if days < 0:
        raise ValueError("the working days to add must not be negative")
    moment = as_utc(start)
    arrival = next(_openings_after(moment, calendar, closing=True), None)
    if arrival is None:
        raise _too_far(calendar)
    first, opens, _ = arrival
    wall = calendar.wall(max(opens, moment))
    ahead = (day for day in _days(first, first + HORIZON) if calendar.is_working_day(day))
    reached = next(islice(ahead, days, None), None)
    if reached is None:
        raise _too_far(calendar)
    return _while_open(calendar.instant(wall + (reached - first)), calendar.periods_on(reached))


def end_of_working_day(start: datetime, calendar: WorkCalendar) -> datetime:
    """Give the next end (UTC) of a working day: today's if it is still to come, else the next one's."""
    moment = as_utc(start)
    for day, _, _ in _openings_after(moment, calendar):
        return calendar.periods_on(day)[-1][1]
    raise _too_far(calendar)


def next_at(start: datetime, clock: time, calendar: WorkCalendar) -> datetime:
    """Give the next moment (UTC) after ``start`` at which a working day's clock shows ``clock``.

    The clock may show it outside the hours of that day.
    """
    moment = as_utc(start)
    first = calendar.wall(moment).date()
    for day in _days(first, first + HORIZON):
        shown = calendar.instant(datetime.combine(day, clock))
        if shown > moment and calendar.is_working_day(day):
            return shown
    raise _too_far(calendar)


def _days(first: date, last: date) -> Iterator[date]:
    bounded = min(last, LAST.date())
    for ordinal in range(first.toordinal(), bounded.toordinal() + 1):
        yield date.fromordinal(ordinal)


def _openings_after(
    moment: datetime, calendar: WorkCalendar, *, closing: bool = False
) -> Iterator[tuple[date, datetime, datetime]]:
    """Yield (day, opening, closing) that are not yet over; ``closing``: one that ends now is not over."""
    # The night shift of the day before may still be on.
    first = calendar.wall(moment).date() - _DAY
    for day in _days(first, first + HORIZON):
        for opens, closes in calendar.periods_on(day):
            if closes > moment or (closing and closes == moment):
                yield day, opens, closes


def _while_open(moment: datetime, openings: tuple[Opening, ...]) -> datetime:
    """Give the last moment of these openings not after ``moment``, else the first of all."""
    reached = [min(moment, closes) for opens, closes in openings if opens <= moment]
    return reached[-1] if reached else openings[0][0]


def _too_far(calendar: WorkCalendar) -> BoundReached:
    return BoundReached(
        f"The calendar {calendar.id} does not reach that far ahead.", days=HORIZON.days, until=LAST.year
    )
