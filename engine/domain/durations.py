"""Durations of ISO 8601, as the timers of a diagram write them."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import datetime, timedelta

#: A hundred years, in months and in days: longer lasts no timer.
LONGEST_MONTHS, LONGEST = 1_200, timedelta(days=36_600)
_NUMBER = r"\d{1,9}(?:[.,]\d{1,6})?"
_DURATION = re.compile(
    r"P(?=.)(?:(?P<years>\d{1,9})Y)?(?:(?P<months>\d{1,9})M)?"
    rf"(?:(?P<weeks>{_NUMBER})W)?(?:(?P<days>{_NUMBER})D)?"
    rf"(?:T(?=\d)(?:(?P<hours>{_NUMBER})H)?(?:(?P<minutes>{_NUMBER})M)?(?:(?P<seconds>{_NUMBER})S)?)?",
    re.IGNORECASE,
)
_CYCLE = re.compile(r"R(?P<times>\d{0,9})/(?P<period>P.*)", re.IGNORECASE)


@dataclass(frozen=True)
class Duration:
    """A length of time of which months are as long as the calendar makes them."""

    months: int
    rest: timedelta

    def after(self, start: datetime) -> datetime:
        """The instant that lies this long after another; a month after the 31st is a month's last day.

        >>> str(duration_of("P1M").after(datetime(2026, 1, 31)))
        '2026-02-28 00:00:00'
        """
        month = start.month - 1 + self.months
        year, month = start.year + month // 12, month % 12 + 1
        day = min(start.day, monthrange(year, month)[1])
        return start.replace(year=year, month=month, day=day) + self.rest


def duration_of(text: str) -> Duration:
    """Read a duration; raises ValueError when it is none, or longer than a hundred years.

    >>> duration_of("P1Y2M3W")
    Duration(months=14, rest=datetime.timedelta(days=21))
    """
    found = _DURATION.fullmatch(text)
    if found is None:
        raise ValueError(f"{text[:40]} is no duration")
    given = {unit: float(said.replace(",", ".")) for unit, said in found.groupdict().items() if said}
    months = int(given.pop("years", 0) * 12 + given.pop("months", 0))
    try:
        rest = timedelta(**given)
    except OverflowError:
        rest = timedelta.max
    if months > LONGEST_MONTHS or rest > LONGEST:
        raise ValueError(f"{text[:40]} is longer than a hundred years")
    return Duration(months, rest)


def is_duration(text: str) -> bool:
    """Say whether a text is a duration above zero."""
    try:
        duration = duration_of(text)
    except ValueError:
        return False
    return bool(duration.months or duration.rest)


def cycle_of(text: str) -> tuple[int | None, str]:
    """How often a repeating timer rings, None without end, and its period; raises ValueError.

    >>> cycle_of("R3/PT1H")
    (3, 'PT1H')
    """
    found = _CYCLE.fullmatch(text)
    times = int(found["times"]) if found and found["times"] else None
    if found is None or times == 0:
        raise ValueError(f"{text[:40]} does not repeat")
    return times, found["period"]
